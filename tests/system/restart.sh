# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh disable=SC2015,SC2154,SC1091
#
# Domains that restart or stay when they have ended.  A restart is disturbed in
# every way: its keeper dies before it or in its middle, or somebody destroys
# the domain, which must then stay away.

. "$T/lib.sh"
. "$T/domains.sh"

name=again
console=/var/log/lodge/$name-console.log

# config KERNEL MIB LINE...
config()
{
	printf '%s\n' "name = \"$name\"" "kernel = \"$T/$1.elf\"" \
		"memory = $2" >/run/restart.cfg
	shift 2
	printf '%s\n' "$@" >>/run/restart.cfg
	rm -rf /var/log/lodge
}

create_domain()
{
	config "$@" && "$lodge" create -q /run/restart.cfg
}

domid()
{
	"$lodge" list --json $name 2>/dev/null | value_of domid
}

starts()
{
	grep -c ready $console 2>/dev/null
}

# started N: for the Nth time, and it waits for events now.
started()
{
	[ "$(starts)" = "$1" ] && is_state $name blocked
}

force_reboot()
{
	"$lodge" reboot --force $name
}

restarts()
{
	create_domain idle 4 'on_reboot = "restart"' &&
		until_true "start" started 1 || return 1
	first=$(domid) uuid=$("$lodge" list --json $name | value_of uuid)
	force_reboot && until_true "second start" started 2 || return 1
	[ "$(domid)" != "$first" ] &&
		[ "$("$lodge" list --json $name | value_of uuid)" = "$uuid" ] &&
		"$lodge" destroy $name && nothing_left
}

# slowed_down: the loop has come to where each turn waits.
slowed_down()
{
	[ "$(starts)" -ge 4 ] && is_state $name shutdown
}

# Between two lives there is no domain for a moment, and a keeper that makes
# one: destroy means that one, too.
no_more_lives()
{
	create_domain reboot 4 'on_reboot = "restart"' || return 1
	[ "$1" != slow ] || until_true "delay" slowed_down || return 1
	usleep "${2:-0}"
	"$lodge" destroy $name && nothing_left
}

destroys_a_loop()
{
	no_more_lives slow || return 1
	n=0
	while [ $n -lt 16 ]; do
		no_more_lives fast $((n * 17000)) ||
			{ echo "try number $n"; return 1; }
		n=$((n + 1))
	done
}

stays_away()
{
	create_domain crash_jump 4 'on_crash = "preserve"' &&
		until_true "crash" is_state $name crashed &&
		has_role keeper $name || return 1
	kill_role keeper $name && is_state $name crashed &&
		"$lodge" destroy $name && nothing_left
}

reservable()
{
	"$lodge" doctor | sed -n 's/.* \([0-9]*\) MiB may still .*/\1/p'
}

# A keeper that the runner started must not keep what the runner had open: the
# restarted domain would need the memory of two.
keeper_keeps_nothing()
{
	create_domain idle 300 'on_reboot = "restart"' &&
		until_true "start" started 1 || return 1
	before=$(reservable)
	for n in 2 3 4; do
		kill_role keeper $name && force_reboot &&
			until_true "start number $n" started $n || {
			cat /var/log/lodge/$name-keeper.log
			return 1
		}
	done
	after=$(reservable)
	echo "reservable: $before MiB, then $after MiB"
	[ $((before - after)) -lt 100 ] &&
		"$lodge" destroy $name && nothing_left
}

is_unlisted()
{
	[ -z "$(domid)" ] && [ -d /run/lodge/$name ]
}

no_keeper()
{
	! has_role keeper $name
}

# The keeper, about to make the new domain, waits for a store that does not
# end, and is killed there.
kill_in_restart()
{
	create_domain idle 4 'on_reboot = "restart"' &&
		until_true "start" started 1 || return 1
	ask_store $name && kill -STOP "$(pid_of store $name)" && force_reboot &&
		until_true "end of the old domain" is_unlisted &&
		kill -KILL "$(pid_of keeper $name)" &&
		until_true "end of the keeper" no_keeper || return 1
	! "$lodge" info $name >/run/said 2>&1 &&
		grep -q '^hint: .*lodge recover' /run/said || return 1
}

recovers()
{
	kill_in_restart && "$lodge" recover "$@" >/run/said || return 1
	grep -q "^$name: restarted" /run/said &&
		until_true "second start" started 2 &&
		"$lodge" recover --all | grep -q "^$name: .*nothing to do" &&
		force_reboot && until_true "third start" started 3 &&
		"$lodge" destroy $name && nothing_left
}

destroyed_in_restart()
{
	kill_in_restart && "$lodge" destroy $name && nothing_left || return 1
	! "$lodge" recover $name 2>/run/said &&
		grep -q 'no such domain' /run/said
}

# Before the restart has begun: the runner's new keeper carries it out.
killed_at_the_end()
{
	create_domain idle 4 'on_reboot = "restart"' &&
		until_true "start" started 1 || return 1
	old=$(pid_of keeper $name)
	kill -STOP "$old" && force_reboot && kill -KILL "$old" &&
		until_true "second start" started 2 &&
		"$lodge" destroy $name && nothing_left
}

# The kernel has gone: no restart, but one can be asked for when it is back.
restart_fails()
{
	cp "$T/idle.elf" /run/kernel.elf
	config idle 4 'on_reboot = "restart"'
	sed -i 's|^kernel.*|kernel = "/run/kernel.elf"|' /run/restart.cfg
	"$lodge" create -q /run/restart.cfg &&
		until_true "start" started 1 && rm /run/kernel.elf &&
		force_reboot && until_true "end of the keeper" no_keeper ||
		return 1
	grep -q 'restart: .*kernel.elf' /var/log/lodge/$name-keeper.log &&
		! "$lodge" recover $name 2>/run/said &&
		grep -q "^lodge: recover $name: .*kernel.elf" /run/said ||
		return 1
	cp "$T/idle.elf" /run/kernel.elf && "$lodge" recover --all &&
		until_true "second start" started 2 &&
		"$lodge" destroy $name && nothing_left
}

check load load_module
check restart restarts
check preserve stays_away
check destroy-loop destroys_a_loop
check keeper-killed-before keeper_keeps_nothing
check keeper-killed-at-the-end killed_at_the_end
check keeper-killed-within recovers $name
check recover-all recovers --all
check destroy-within destroyed_in_restart
check restart-fails restart_fails
check unload unload_module
finish
