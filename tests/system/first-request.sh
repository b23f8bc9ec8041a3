# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh disable=SC1091,SC2015,SC2154
#
# A domain has no store process until its guest or a client asks one; and it
# has one soon whenever it cannot be known that nobody did.

. "$T/lib.sh"
. "$T/domains.sh"

name=quiet
console=/var/log/lodge/$name-console.log
store_role=1	# of enum lodge_role

start_idle()
{
	rm -rf /var/log/lodge
	"$lodge" create -q -n $name -m 4 -k "$T/idle.elf" &&
		until_true "start" is_state $name blocked
}

has_store()
{
	has_role store $name
}

says_started()
{
	"$lodge" info --json $name | tr -d ' \n' |
		grep -q "\"store_started\":$1"
}

not_asked()
{
	! has_store && "$lodge" info $name >/run/info &&
		grep -qx 'store  *not started: nobody has asked it yet' \
			/run/info && grep -q '^console .* call filter' /run/info &&
		says_started false || { cat /run/info; return 1; }
}

# By the time that it answers it is confined.
is_confined()
{
	grep -Eq '^Seccomp:[[:space:]]+2$' "/proc/$(pid_of store $name)/status" &&
		"$lodge" info $name >/run/info &&
		grep -q '^store .* call filter, user of its own$' /run/info &&
		says_started true || { cat /run/info; return 1; }
}

destroyed()
{
	"$lodge" destroy $name && nothing_left
}

client_asks()
{
	start_idle && not_asked && usleep 2000000 && not_asked || return 1
	domain=$("$lodge" list --json $name)
	id=$(echo "$domain" | value_of domid)
	uuid=$(echo "$domain" | value_of uuid)
	created=$(echo "$domain" | value_of created_ns)
	[ "$(ask_store $name "/local/domain/$id/name")" = $name ] &&
		is_confined || return 1
	# The domain's time, not that of the store.
	started=$(ask_store $name "/vm/$uuid/start_time")
	[ "$started" = "${created%?????????}" ] ||
		{ echo "started $started, created $created"; return 1; }
	kill_role store $name && ask_store $name >/dev/null && is_confined &&
		destroyed
}

guest_asks()
{
	rm -rf /var/log/lodge
	"$lodge" create -q --paused -n $name -m 64 -k "$T/vmlinuz" \
		-r "$T/guest.cpio" -a "console=hvc0 quiet lodge_do=clock" &&
		not_asked && "$lodge" unpause $name &&
		until_true "store" has_store &&
		until_true "tick" ticks_reach 1 && is_confined && destroyed
}

# The next keeper does not know whether somebody asked.
keeper_dies()
{
	start_idle && not_asked && kill_role keeper $name &&
		until_true "store" has_store && destroyed
}

both_die()
{
	start_idle && not_asked && kill_both $name &&
		"$lodge" recover $name >/dev/null &&
		until_true "store" has_store && destroyed
}

# Somebody takes the slot away from the keeper.
revoked()
{
	start_idle && not_asked && "$T/revoke" $name $store_role 0 &&
		until_true "store" has_store && destroyed
}

second_start()
{
	[ "$(grep -c ready "$console" 2>/dev/null)" = 2 ] &&
		is_state $name blocked
}

# A domain that restarts is a new one.
restarted()
{
	printf '%s\n' "name = \"$name\"" "kernel = \"$T/idle.elf\"" \
		'memory = 4' 'on_reboot = "restart"' >/run/restart.cfg
	rm -rf /var/log/lodge
	"$lodge" create -q /run/restart.cfg &&
		until_true "start" is_state $name blocked || return 1
	ask_store $name && has_store &&
		"$lodge" reboot --force $name &&
		until_true "second start" second_start && not_asked && destroyed
}

check load load_module
check client-asks client_asks
check guest-asks guest_asks
check keeper-dies keeper_dies
check both-die both_die
check revoked revoked
check restarted restarted
check unload unload_module
finish
