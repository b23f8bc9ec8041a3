# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh disable=SC2015,SC2154,SC1091
#
# insmod fails with ENODEV and one log line that names what is missing, which
# is $MISSING; nothing of the module stays, and doctor knows why.

. "$T/lib.sh"

missing='this CPU has no VMX'
[ ! -r "$T/missing" ] || missing=$(cat "$T/missing")

refused()
{
	! insmod "$T/lodge.ko" 2>/run/said || return 1
	cat /run/said
	grep -q 'No such device' /run/said
}

# busybox's insmod tries a second system call when the first fails.
one_line()
{
	dmesg | grep 'lodge: ' | grep -v 'out-of-tree' |
		sed 's/^\[[^]]*\] //' | uniq >/run/lines
	cat /run/lines
	[ "$(wc -l </run/lines)" = 1 ] && grep -q "$missing" /run/lines
}

nothing_stays()
{
	[ ! -e /dev/lodge ] && [ ! -d /sys/module/lodge ] &&
		[ ! -e /run/lodge ]
}

doctor_knows()
{
	"$T/lodge" doctor >/run/doctor
	[ $? = 1 ] && grep -Eq '^missing +(cpu|ept|npt) ' /run/doctor &&
		grep -q -e '-> ' /run/doctor ||
		{ cat /run/doctor; return 1; }
}

check insmod refused
check log-line one_line
check nothing-stays nothing_stays
check doctor doctor_knows
# The second time must not differ.
check insmod-again refused
finish
