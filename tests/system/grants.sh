# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh disable=SC1091,SC2154
#
# The checks are in grants.c, which talks to the guest program of that name.

. "$T/lib.sh"
. "$T/domains.sh"

guest_has_ended()
{
	[ "$(end_of grants)" = poweroff ]
}

guest_passed()
{
	cat /var/log/lodge/grants-console.log
	grep -q '^done: [0-9]* ok, 0 failed' /var/log/lodge/grants-console.log
}

check load load_module
check create "$lodge" create -q -n grants -m 4 -k "$T/grants.elf"
timeout 200 "$T/grants" grants >/run/said 2>&1
status=$?
relay "" /run/said
[ "$status" = 0 ] || fail backend "status $status:" "$(tail -n 1 /run/said)"
splats kernel-log
check guest-ends until_true "end of the guest" guest_has_ended
check guest guest_passed
check nothing-left nothing_left
check unload unload_module
finish
