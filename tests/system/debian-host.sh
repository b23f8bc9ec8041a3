# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# On a stock Debian kernel: the module loads, a guest program and Debian's
# kernel run, and nothing is left in the log.

. "$T/lib.sh"
. "$T/domains.sh"
. "$T/linux.sh"

insmod "$T/lodge.ko" || fail load "insmod refused"
want hello && check hello "$T/lodge" create -n hello -k "$T/hello.elf" -m 4 \
	--console
want debian && boot_linux debian "$T/debian-vmlinuz" 256 poweroff
splats kernel-log
check unload rmmod lodge
finish
