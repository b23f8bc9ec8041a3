# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh disable=SC2154
#
# How far a guest is that runs tests/guest/linux/crash-init: it counts on its
# console, whose log is $console.  Sourced after domains.sh.

# count WORD: how far the guest is with it
count()
{
	tr -d '\r' <"$console" 2>/dev/null |
		sed -n "s/^guest: $1 \([0-9]*\)\$/\1/p" | tail -n 1
}

is_beyond()
{
	[ "$(count "$1")" -gt "$2" ] 2>/dev/null
}

# More of everything, from now on.
goes_on()
{
	for what in disk network store; do
		at=$(count "$what")
		until_true "more of $what" is_beyond "$what" "${at:-0}" ||
			return 1
	done
}
