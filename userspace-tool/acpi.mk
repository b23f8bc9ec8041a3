# SPDX-License-Identifier: GPL-2.0-only
#
# The guest's DSDT is written in ASL; iasl turns it into the C array that
# acpi.c includes.  Included by the Makefile, which sets O, the folder of
# what is built.

IASL ?= iasl

override CFLAGS += -I$O

$O/acpi.o: $O/dsdt.hex

$O/dsdt.hex: dsdt.asl
	@mkdir -p $O
	$(IASL) -vs -tc -p $(basename $@) $< >/dev/null
