# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# The demo inside the host: load the module, run one domain from Debian's own
# kernel with its console here, remove the module.

say()
{
	echo
	echo "### $*"
}

say "insmod lodge.ko"
insmod "$T/lodge.ko" || exit 1
dmesg | grep lodge: | tail -n 1

say "lodge create -n demo -m 256 -k vmlinuz -r initrd --console"
"$T/lodge" create -n demo -m 256 -k "$T/vmlinuz" -r "$T/guest.cpio" \
	-a "console=hvc0 loglevel=6" --console || exit 1

say "lodge list"
"$T/lodge" list

say "rmmod lodge"
rmmod lodge || exit 1
