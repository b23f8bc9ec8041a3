# SPDX-License-Identifier: GPL-2.0-only
#
# Builds the module against a kernel's build tree and the tool, and starts the
# demo, the tests and the benchmarks.  Thin over kbuild.

KDIR ?= /lib/modules/$(shell uname -r)/build

all: module tool

module:
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules

tool:
	$(MAKE) -C userspace-tool

setup:
	tests/host/setup

demo: setup
	tests/demo

test: setup
	tests/run

test-debian: setup
	tests/debian/run

test-long: setup
	tests/run --long

bench: setup
	tests/bench/run

install: all
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules_install
	$(MAKE) -C userspace-tool install

clean:
	-$(MAKE) -C $(KDIR) M=$(CURDIR) clean
	$(MAKE) -C userspace-tool clean
	$(MAKE) -C tests/guest clean
	$(MAKE) -C tests/bench clean

.PHONY: all module tool setup demo test test-long test-debian bench install clean
