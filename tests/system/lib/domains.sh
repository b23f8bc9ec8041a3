# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh disable=SC2010,SC2034,SC2046,SC2154,SC3013
#
# What scripts that make domains share: waiting for a state of things, finding
# a domain's processes, and proving that nothing is left of it.  Sourced after
# lib.sh.

lodge=$T/lodge
domains_limit=60	# seconds of the host's clock; far beyond what is needed

# As a number that the shell takes for decimal.
uptime_ms()
{
	awk '{ printf "%d\n", $1 * 1000 }' /proc/uptime
}

# until_true WHAT CMD...: look every 50 ms until CMD succeeds; in the end say
# that WHAT never came.
until_true()
{
	domains_what=$1
	shift
	domains_end=$(($(uptime_ms) + domains_limit * 1000))
	until "$@"; do
		if [ "$(uptime_ms)" -ge "$domains_end" ]; then
			echo "no $domains_what after $domains_limit s" >&2
			return 1
		fi
		usleep 50000
	done
}

load_module()
{
	insmod "$T/lodge.ko" && [ -c /dev/lodge ]
}

# random N: into $random, 0 to N - 1.  Repeatable from a $seed, unlike the
# shell's own.
random()
{
	seed=$(((seed * 1103515245 + 12345) % 2147483648))
	random=$((seed / 65536 % $1))
}

# Every process that runs the tool, whatever it calls itself.
lodge_pids()
{
	for domains_proc in /proc/[0-9]*; do
		[ "$domains_proc/exe" -ef "$lodge" ] &&
			echo "${domains_proc#/proc/}"
	done
	return 0
}

# pid_of ROLE NAME: the keeper, runner, console or store of a domain.  A role
# is a process name; the domain is told by the file of its run directory that
# each of them has open.
pid_of()
{
	for domains_pid in $(lodge_pids); do
		read -r domains_comm 2>/dev/null \
			<"/proc/$domains_pid/comm" || continue
		[ "$domains_comm" = "lodge-$1" ] &&
			domains_has_file "$domains_pid" \
				"/run/lodge/$2/lock" &&
			echo "$domains_pid"
	done
	return 0
}

domains_has_file()
{
	for domains_fd in "/proc/$1/fd/"*; do
		[ "$domains_fd" -ef "$2" ] && return 0
	done
	return 1
}

has_role()
{
	[ -n "$(pid_of "$1" "$2")" ]
}

# is_new ROLE NAME PID: another process than PID plays the role now
is_new()
{
	domains_now=$(pid_of "$1" "$2")
	[ -n "$domains_now" ] && [ "$domains_now" != "$3" ]
}

# kill_role ROLE NAME: and wait for the next one
kill_role()
{
	until_true "$1" has_role "$1" "$2" || return 1
	domains_victim=$(pid_of "$1" "$2")
	kill -KILL "$domains_victim" &&
		until_true "new $1" is_new "$1" "$2" "$domains_victim"
}

# ask_store NAME [NODE]: what the node holds; a store that was not asked before
# is started by that
ask_store()
{
	"$T/ask_store" "/run/lodge/$1/store" "${2:-/local}"
}

has_no_runner()
{
	[ "$("$lodge" list --json "$1" | value_of runner)" = false ]
}

# kill_both NAME: keeper and runner, stopped first, so that neither can replace
# the other.
kill_both()
{
	domains_keeper=$(pid_of keeper "$1") domains_runner=$(pid_of runner "$1")
	[ -n "$domains_keeper" ] && [ -n "$domains_runner" ] || return 1
	kill -STOP "$domains_keeper" "$domains_runner"
	kill -KILL "$domains_keeper" "$domains_runner"
	until_true "death of the runner" has_no_runner "$1"
}

is_gone()
{
	[ ! -e "/run/lodge/$1" ]
}

# value_of KEY: of the only line `"KEY": VALUE` in JSON on stdin.
value_of()
{
	sed -n "s/^ *\"$1\": *\"\{0,1\}\([^\",]*\).*/\1/p"
}

# is_state NAME STATE
is_state()
{
	[ "$("$lodge" list --json "$1" 2>/dev/null | value_of state)" = "$2" ]
}

cpu_ns()
{
	"$lodge" list --json "$1" | value_of cpu_ns
}

has_run_since()
{
	[ "$(cpu_ns "$1")" -gt "$2" ]
}

# A domain that computes gets further.
goes_on()
{
	until_true "progress of $1" has_run_since "$1" $(($(cpu_ns "$1") + 50000000))
}

# cycle: a short life: create, first output, destroy.
cycle()
{
	"$lodge" create -n cycle -m 4 -k "$T/idle.elf" --console </dev/null |
	{
		read -r line
		"$lodge" destroy cycle || echo "destroy failed"
		[ "${line%?}" = ready ] || [ "$line" = ready ] ||
			echo "first output: $line"
	} >/run/cycle
	[ ! -s /run/cycle ] || { cat /run/cycle; return 1; }
}

# run_cycles N
run_cycles()
{
	n=0
	while [ "$n" -lt "$1" ]; do
		n=$((n + 1))
		cycle || { echo "in cycle $n"; return 1; }
	done
}

# end_of NAME: the reason that the hypervisor log gives for the domain's end.
end_of()
{
	"$lodge" dmesg "$1" |
		sed -n 's/.*domain shut down (\([^)]*\)).*/\1/p' | tr -d -
}

references()
{
	cat /sys/module/lodge/refcnt
}

no_domain()
{
	[ "$(references)" = 0 ] && [ -z "$(lodge_pids)" ]
}

# Fails and tells what is left of domains that are all said to be gone.
nothing_left()
{
	# What was killed is gone only when the kernel has let go of it.
	until_true "end of the processes" no_domain || {
		echo "references $(references), processes" $(lodge_pids)
		return 1
	}
	if ls -A /run/lodge 2>/dev/null | grep .; then
		echo "left in /run/lodge:" $(ls -A /run/lodge/*)
		return 1
	fi
	if "$lodge" list --json | grep '"name"'; then
		echo "left in the list"
		return 1
	fi
}

unload_module()
{
	nothing_left && rmmod lodge && [ ! -e /dev/lodge ] &&
		[ ! -d /sys/module/lodge ]
}

# Lines that a Linux guest with lodge_do=clock has printed to the log $console,
# which may not be there yet.
ticks()
{
	cat "$console" 2>/dev/null | grep -c '^guest: time'
}

ticks_reach()
{
	[ "$(ticks)" -ge "$1" ]
}
