# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# Boots unmodified Linux kernels to userspace and back, and looks at what they
# say of the platform they found.

. "$T/lib.sh"
. "$T/domains.sh"
. "$T/linux.sh"

insmod "$T/lodge.ko" || fail load "insmod refused"
want small && boot_linux small "$T/small-vmlinuz" 128 poweroff
vcpus=2
want smp && boot_linux smp "$T/small-vmlinuz" 128 poweroff
abi=2-level
want two-level && boot_linux two-level "$T/small-vmlinuz" 128 poweroff \
	xen.fifo_events=0
abi=
vcpus=1
# On a slow host only the batch debian-host does.
want_full debian && boot_linux debian "$T/debian-vmlinuz" 256 poweroff
vcpus=8
want_full eight && boot_linux eight "$T/debian-vmlinuz" 256 poweroff
vcpus=1
want reboot && boot_linux reboot "$T/small-vmlinuz" 128 reboot lodge_do=reboot
want panic && boot_linux panic "$T/small-vmlinuz" 128 crash \
	"lodge_do=panic panic=1"
splats kernel-log
check unload rmmod lodge
finish
