# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh disable=SC2015,SC2154,SC1091
#
# What confines console and store; keys that reach a guest's shell, leaving its console and coming back, a
# console whose reader goes away; guests that are asked to power off and to
# reboot; and a boot whose console and store are killed again and again.

. "$T/lib.sh"
. "$T/domains.sh"

name=talks
console=/var/log/lodge/$name-console.log

# boot WHAT
boot()
{
	# Of a check that failed.
	"$lodge" destroy $name 2>/dev/null
	rm -rf /var/log/lodge
	"$lodge" create -q -n $name -m 64 -k "$T/vmlinuz" -r "$T/guest.cpio" \
		-a "console=hvc0 quiet lodge_do=$1"
}

# at_terminal LINE... -- CMD...: what typist says is left in /run/said.
at_terminal()
{
	: >/run/lines
	while [ "$1" != -- ]; do
		echo "$1" >>/run/lines
		shift
	done
	shift
	"$T/typist" "$@" </run/lines >/run/said
	typist=$?
	tail -n 4 /run/said
	return $typist
}

# left STATUS: the terminal is usable again
left()
{
	grep -qx "status $1" /run/said && grep -qx 'terminal as before' /run/said
}

# The sums are the guest's: what is typed is echoed, too.
keys_reach_it()
{
	boot shell && at_terminal 'type ' 'see # ' \
		"type echo sum \$((40 + 2))" 'see sum 42' leave -- \
		"$lodge" console $name && left 0 && is_state $name blocked
}

# status_of ROLE KEY: as the kernel has it
status_of()
{
	sed -n "s/^$2:[[:space:]]*//p" "/proc/$(pid_of "$1" $name)/status"
}

is_confined()
{
	user=$((1890000000 + $("$lodge" list --json $name | value_of domid)))
	[ "$(status_of "$1" Seccomp)" = 2 ] &&
		[ "$(status_of "$1" NoNewPrivs)" = 1 ] &&
		[ "$(status_of "$1" CapEff)" = 0000000000000000 ] &&
		[ -z "$(status_of "$1" Groups)" ] &&
		[ "$(status_of "$1" Uid | tr '\t' ' ')" = \
			"$user $user $user $user" ] &&
		"$lodge" info $name | grep -q \
			"^$1 .* user $user, call filter, user of its own$" ||
		{ cat "/proc/$(pid_of "$1" $name)/status"; "$lodge" info $name
		  return 1; }
}

helpers_are_confined()
{
	is_confined console && is_confined store &&
		"$lodge" info $name | grep -q '^keeper .* user 0, no sandbox'
}

# A back end that opens a file is no longer, and the next one serves.
forbidden_call()
{
	for role in console store; do
		pid=$(pid_of $role $name)
		"$T/force_call" "$pid" >/run/forced
		cat /run/forced
		grep -qx 'it is dead' /run/forced &&
			until_true "new $role" is_new $role $name "$pid" &&
			grep "$role $pid was killed by signal 31 (its" \
				/var/log/lodge/$name-keeper.log || return 1
	done
	is_confined console && is_confined store
}

# Back again; and the guest's end is the console's.
keys_end_it()
{
	at_terminal "type echo sum \$((40 + 3))" 'see sum 43' 'type exit' \
		'see guest: done' -- "$lodge" console $name && left 0 &&
		until_true "end" is_gone $name && nothing_left
}

# Its output goes to a reader that has had enough, its keys are typed here.
reader_goes()
{
	boot clock && at_terminal -- sh -c \
		"'$lodge' console $name | head -n 2 >/run/head" &&
		left 0 && [ "$(wc -l </run/head)" = 2 ] &&
		until_true "tick" is_state $name blocked &&
		"$lodge" destroy $name && nothing_left
}

count()
{
	grep -c "^guest: $1" $console 2>/dev/null
}

says()
{
	[ "$(count "$1")" = "$2" ]
}

# The kernel is there before its driver listens.
asks()
{
	until_true "ear for requests" accepts "$@"
}

accepts()
{
	timeout 60 "$lodge" "$@" $name 2>/run/said && return
	grep -q 'does not listen' /run/said || cat /run/said
	return 1
}

reboots_when_asked()
{
	boot wait && until_true "first boot" says waits 1 && asks reboot &&
		until_true "second boot" says waits 2 &&
		[ "$(count 'asked to reboot')" = 1 ]
}

powers_off_when_asked()
{
	asks shutdown --wait && until_true "end" is_gone $name &&
		[ "$(count 'asked to power off')" = 1 ] && nothing_left
}

old_log_is_full()
{
	[ "$(stat -c %s $console.1 2>/dev/null)" = $((4 << 20)) ]
}

# The console can open no file, and yet its full log goes on.  To search the
# full one for words takes the host longer than the guest's boot.
full_log_goes_on()
{
	rm -rf /var/log/lodge && mkdir -m 700 /var/log/lodge &&
		head -c $((4 << 20)) /dev/zero >$console &&
		"$lodge" create -q -n $name -m 64 -k "$T/vmlinuz" \
			-r "$T/guest.cpio" \
			-a "console=hvc0 quiet lodge_do=wait" &&
		until_true "next log" old_log_is_full &&
		until_true "boot" says waits 1 &&
		[ "$(stat -c %s $console)" -lt 100000 ] &&
		"$lodge" destroy $name && nothing_left
}

# Output that the dead console held may be lost; the boot goes on.
helpers_killed()
{
	boot wait || return 1
	for n in 1 2 3; do
		kill_role console $name && kill_role store $name ||
			{ echo "turn $n"; return 1; }
	done
	until_true "end of the boot" says waits 1 &&
		kill_role console $name || return 1
	# The new store knows the guest's watch, and that it may be asked.
	kill_role store $name || return 1
	asks shutdown --wait && until_true "end" is_gone $name &&
		[ "$(count 'asked to power off')" = 1 ] && nothing_left
}

check load load_module
check keys keys_reach_it
check confined helpers_are_confined
check forbidden-call forbidden_call
check keys-again keys_end_it
check log full_log_goes_on
check reader-goes reader_goes
check reboot reboots_when_asked
check shutdown powers_off_when_asked
check helpers-killed helpers_killed
check unload unload_module
finish
