# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh disable=SC2015,SC2154,SC1091
#
# What a user does with domains that run: list, info, pause, unpause, destroy
# one beside another; and rmmod, which has to wait.

. "$T/lib.sh"
. "$T/domains.sh"

console=/var/log/lodge/clock-console.log

create_both()
{
	"$lodge" create -q -n idle -m 4 -k "$T/idle.elf" &&
		"$lodge" create -q -n clock -m 64 -k "$T/vmlinuz" \
			-r "$T/guest.cpio" \
			-a "console=hvc0 quiet lodge_do=clock"
}

# How far the guest's clock is behind: it says the time, and the host looks at
# its own as soon as it sees that line.
look_at_clocks()
{
	until_true "tick" ticks_reach $(($(ticks) + 2)) || return 1
	now=$(date +%s)
	told=$(sed -n 's/^guest: time \([0-9]*\).*/\1/p' "$console" | tail -n 1)
	late=$((now - told))
	echo "the guest's clock is $late s behind"
	[ "$late" -ge -1 ] && [ "$late" -le 1 ]
}

# A busy machine may have the host look late, but not each time; a clock that
# is wrong stays so.
clock_is_right()
{
	for _ in 1 2 3 4; do
		! look_at_clocks || return 0
	done
	return 1
}

list_shows_both()
{
	"$lodge" list --json >/run/list
	names=$(value_of name </run/list | sort | tr '\n' ' ')
	[ "$names" = "clock idle " ] || { echo "listed: $names"; return 1; }
	[ "$(value_of memory </run/list | sort -n | tr '\n' ' ')" = \
		"4194304 67108864 " ] || { cat /run/list; return 1; }
	"$lodge" list | grep -Eq '^idle +[0-9]+ +4 +1 ' &&
		"$lodge" list | grep -Eq '^clock +[0-9]+ +64 +1 '
}

# One that is not there costs the exit code, not the others' entries.
list_named()
{
	"$lodge" list --json clock nosuch idle >/run/list 2>/run/said
	[ $? = 1 ] && grep -q '^lodge: list nosuch: no such domain' /run/said &&
		[ "$(value_of name </run/list | tr '\n' ' ')" = "clock idle " ]
}

info_tells()
{
	"$lodge" info clock >/run/info && "$lodge" info --json clock >/run/json ||
		return 1
	grep -q '^vcpus  *1 (1 have a thread' /run/info &&
		grep -Eq '^exits [a-z_-]+ +[1-9]' /run/info &&
		[ "$(value_of vcpus </run/json)" = 1 ] &&
		[ "$(value_of cpu_ns </run/json)" -gt 0 ] ||
		{ cat /run/info /run/json; return 1; }
}

pause_holds()
{
	"$lodge" pause clock && is_state clock paused || return 1
	before=$(ticks)
	# The subject of the test is that time passes.
	sleep 5
	[ "$(ticks)" -le $((before + 1)) ] ||
		{ echo "it printed while paused"; return 1; }
	"$lodge" unpause clock
}

rmmod_is_refused()
{
	! rmmod lodge 2>/run/rmmod || return 1
	cat /run/rmmod
	[ "$(references)" -ge 2 ] && [ -c /dev/lodge ] &&
		until_true "tick" ticks_reach $(($(ticks) + 1))
}

name_is_taken()
{
	"$lodge" create -n idle -m 4 -k "$T/idle.elf" >/run/said 2>&1
	[ $? = 1 ] && grep -q 'a domain of this name exists' /run/said &&
		is_state idle blocked
}

destroy_one()
{
	"$lodge" destroy idle || return 1
	! "$lodge" info idle 2>/dev/null || return 1
	until_true "tick" ticks_reach $(($(ticks) + 2))
}

dmesg_after_the_end()
{
	"$lodge" shutdown --force --wait clock &&
		until_true "keeper's end" is_gone clock || return 1
	"$lodge" dmesg clock >/run/log
	grep -q 'shut down (power-off): by request of the host' /run/log ||
		{ cat /run/log; return 1; }
}

# Digits that are no id, however many.
no_such_id()
{
	for id in 99999 4294967295 4294967296 99999999999999999999; do
		"$lodge" dmesg $id >/run/said 2>&1
		[ $? = 1 ] && grep -q "^lodge: dmesg $id: no such domain" \
			/run/said || { echo "$id:"; cat /run/said; return 1; }
	done
}

# It says so in its last line and by its status.
doctor_agrees()
{
	"$lodge" doctor >/run/said || { cat /run/said; return 1; }
	grep -q '^This host can run domains' /run/said &&
		grep -Eq '^(ok|unknown) +(ept pages|npt) ' /run/said
}

check load load_module
check doctor doctor_agrees
check create create_both
check clock-runs until_true "tick" ticks_reach 1
check clock-before clock_is_right
check list list_shows_both
check list-named list_named
check info info_tells
check pause pause_holds
check clock-after-pause clock_is_right
check rmmod-busy rmmod_is_refused
check name-taken name_is_taken
check dmesg-no-such-id no_such_id
check destroy-one destroy_one
check dmesg dmesg_after_the_end
check unload unload_module
finish
