# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh disable=SC2015,SC2154,SC2209,SC1091
#
# Random operations on a few domains, for a given time: create, pause, unpause,
# kill, recover, restart, shut down, destroy, several at once; CPUs leave and
# come back, memory is compacted, guests crash.  A model of one word a domain
# says what must be true after each step.

. "$T/lib.sh"
. "$T/domains.sh"

seconds=$(cat "$T/seconds")
seed=$(cat "$T/seed")
slots=4
domains_limit=300	# four guests and a checker share two emulated CPUs
other_cpu=/sys/devices/system/cpu/cpu1/online

# The model: $state_N of domain mN is absent, running or paused; $guest_N is
# idle (waits for an event), spin (computes) or linux (prints the time).
state()
{
	eval "echo \$state_$1"
}

guest()
{
	eval "echo \$guest_$1"
}

become()
{
	eval "state_$1=$2"
}

log_of()
{
	echo "/var/log/lodge/m$1-console.log"
}

# said WORDS N: how often the guest has said it; its log may not be there yet
said()
{
	cat "$(log_of "$2")" 2>/dev/null | grep -c "^guest: $1"
}

says_more()
{
	[ "$(said "$1" "$2")" -gt "$3" ]
}

# --- what must be true ------------------------------------------------------

holds_still()
{
	still=$(cpu_ns "m$1")
	usleep 20000
	[ "$(cpu_ns "m$1")" = "$still" ] || { echo "m$1 runs, paused"; return 1; }
}

lives()
{
	case $(guest "$1") in
	idle) until_true "sleep of m$1" is_state "m$1" blocked ;;
	spin) goes_on "m$1" ;;
	linux) until_true "line of m$1" says_more time "$1" "$(said time "$1")" ;;
	esac
}

# The domain of slot N is as the model says.
agrees()
{
	case $(state "$1") in
	absent) is_gone "m$1" ;;
	running) lives "$1" ;;
	paused) is_state "m$1" paused && holds_still "$1" ;;
	esac || {
		echo "m$1 ($(guest "$1")) is not $(state "$1"):" \
			"$("$lodge" list "m$1" 2>&1 | tail -n 1)"
		return 1
	}
}

# --- steps on a domain ---------------------------------------------------------

config()
{
	printf '%s\n' "name = \"m$1\"" 'on_reboot = "restart"' \
		'on_crash = "destroy"' >"/run/m$1.cfg"
	case $2 in
	linux)
		random 2
		printf '%s\n' "kernel = \"$T/vmlinuz\"" 'memory = 64' \
			"ramdisk = \"$T/guest.cpio\"" "vcpus = $((random + 1))" \
			'extra = "console=hvc0 quiet lodge_do=clock"' ;;
	*)
		random 60
		printf '%s\n' "kernel = \"$T/$2.elf\"" \
			"memory = $((random + 4))" ;;
	esac >>"/run/m$1.cfg"
}

do_create()
{
	random 4
	case $random in
	0) kind=idle ;;
	1) kind=spin ;;
	*) kind=linux ;;
	esac
	rm -f "$(log_of "$1")"
	config "$1" $kind && "$lodge" create -q "/run/m$1.cfg" || return 1
	eval "guest_$1=$kind"
	become "$1" running
}

do_destroy()
{
	"$lodge" destroy "m$1" && become "$1" absent
}

do_pause()
{
	"$lodge" pause "m$1" && become "$1" paused
}

do_unpause()
{
	"$lodge" unpause "m$1" && become "$1" running
}

do_kill()
{
	case $(($2 % 4)) in
	0) kill_role runner "m$1" ;;
	1) kill_role keeper "m$1" ;;
	2) kill_role console "m$1" ;;
	3) ask_store "m$1" && kill_role store "m$1" ;;
	esac
}

do_kill_both()
{
	until_true "both" has_both "$1" && kill_both "m$1" &&
		"$lodge" recover "m$1" && has_both "$1"
}

has_both()
{
	has_role keeper "m$1" && has_role runner "m$1"
}

domid()
{
	"$lodge" list --json "m$1" 2>/dev/null | value_of domid
}

# restarted N OLD-ID: as another domain that is listed
restarted()
{
	id=$(domid "$1")
	[ -n "$id" ] && [ "$id" != "$2" ]
}

# The keeper or the runner may be away for a moment, not for good.
do_reboot()
{
	"$lodge" reboot --force "m$1" &&
		until_true "restart of m$1" restarted "$1" "$2"
}

# Asked nicely, if it listens.
do_shutdown()
{
	timeout 60 "$lodge" shutdown --wait "m$1" 2>/run/said ||
		"$lodge" shutdown --force --wait "m$1" || return 1
	until_true "end of m$1" is_gone "m$1" && become "$1" absent
}

do_view()
{
	"$lodge" console "m$1" </dev/null >/run/seen 2>&1 &
	viewer=$!
	"$lodge" info --json "m$1" >/run/json && "$lodge" dmesg "m$1" >/run/log
	status=$?
	kill -KILL $viewer 2>/dev/null
	wait $viewer 2>/dev/null
	return $status
}

# Everybody wants something else of the same domain; in the end it must go.
# Their answers depend on who was first, but each is an answer.
do_all_at_once()
{
	runner=$(pid_of runner "m$1") keeper=$(pid_of keeper "m$1")
	pids=
	for what in "pause m$1" "list" "unpause m$1" "info m$1" \
		    "reboot --force m$1" "destroy m$1" "dmesg m$1" \
		    "recover m$1" "pause m$1"; do
		# shellcheck disable=SC2086 # words
		"$lodge" $what >/run/said 2>&1 &
		pids="$pids $!"
	done
	[ -z "$keeper" ] || kill -KILL "$keeper" 2>/dev/null
	[ -z "$runner" ] || kill -KILL "$runner" 2>/dev/null
	for pid in $pids; do
		wait "$pid"
		status=$?
		[ $status -le 1 ] || { echo "exit status $status"; return 1; }
	done
	"$lodge" destroy "m$1" 2>/run/said ||
		grep -q 'no such domain' /run/said ||
		{ cat /run/said; return 1; }
	until_true "end of m$1" is_gone "m$1" && become "$1" absent
}

# --- steps on the host -----------------------------------------------------------

do_cpu()
{
	read -r online <$other_cpu
	echo $((1 - online)) >$other_cpu
}

do_move()
{
	for task in "/proc/$(pid_of runner "m$1")/task/"*; do
		# It may not be there any more, and a CPU may be away.
		taskset -p $((1 + $2 % 3)) "${task##*/}" >/dev/null 2>&1
	done
	return 0
}

do_memory()
{
	echo 3 >/proc/sys/vm/drop_caches &&
		echo 1 >/proc/sys/vm/compact_memory
}

# A guest that runs to its end while the others go on.
do_short_life()
{
	"$lodge" create -n short -m 4 -k "$T/hello.elf" --console </dev/null \
		>/run/short && grep -q '^done: [0-9]* ok, 0 failed' /run/short ||
		{ cat /run/short; return 1; }
	until_true "end of short" is_gone short
}

do_crash()
{
	"$lodge" create -q -n crash -m 4 -k "$T/crash_jump.elf" &&
		until_true "end of crash" is_gone crash &&
		[ "$(end_of crash)" = crash ]
}

do_rmmod()
{
	"$lodge" list --json >/run/list
	grep -q '"name"' /run/list || return 0
	! rmmod lodge 2>/run/said
}

# --- the run --------------------------------------------------------------------

# One step; $1 is its slot.  Another number is drawn first for those that
# choose, so that a seed means the same steps on every host.
step()
{
	random 1000
	dice=$random
	random 20
	what="$(state "$1") $random"
	case $what in
	'absent '?|'absent 1'[0-5]) what=create ;;
	'running '[0-1]) what=destroy ;;
	'running '[2-4]) what=pause ;;
	'running '[5-8]|'paused '[0-1]) what=kill ;;
	'running 9'|'paused 2') what=kill_both ;;
	'running 10') what=reboot ;;
	'running 11') what=shutdown ;;
	'running 12'|'paused 3') what=view ;;
	'running 13'|'paused 4') what=all_at_once ;;
	'running 14'|'paused 5') what=move ;;
	'paused 6') what=destroy ;;
	'paused '?|'paused 1'[0-5]) what=unpause ;;
	*' 16') what=memory ;;
	*' 17') what=short_life ;;
	*' 18') what=crash ;;
	*' 19') what=rmmod ;;
	*) what=cpu ;;
	esac
	echo "step $steps: $what m$1 ($(state "$1") $(guest "$1"))" \
		"at $(uptime_ms) ms" >>/run/steps
	case $what in
	kill|move) "do_$what" "$1" "$dice" ;;
	reboot) do_reboot "$1" "$(domid "$1")" ;;
	cpu|memory|short_life|crash|rmmod) "do_$what" ;;
	*) "do_$what" "$1" ;;
	esac
}

mixed()
{
	end=$(($(uptime_ms) + seconds * 1000))
	steps=0
	n=0
	while [ $n -lt $slots ]; do
		n=$((n + 1))
		become $n absent
		eval "guest_$n="
	done
	while [ "$(uptime_ms)" -lt $end ]; do
		steps=$((steps + 1))
		random $slots
		slot=$((random + 1))
		step $slot && agrees $slot || return 1
		random $slots
		agrees $((random + 1)) || return 1
	done
}

each_ends()
{
	echo 1 >$other_cpu
	for domain in $("$lodge" list --json | value_of name); do
		"$lodge" destroy "$domain" || return 1
	done
	nothing_left
}

: >/run/steps
echo "SEED=$seed, $seconds s"
check load load_module
check mixed mixed
cut -d' ' -f3 /run/steps | sort | uniq -c
if [ "$lib_failed" != 0 ]; then
	tail -n 20 /run/steps
	for log in /var/log/lodge/m*-keeper.log /var/log/lodge/m*-console.log
	do
		echo "$log"
		# Marked, so that a guest's panic is not taken for the host's.
		tail -n 8 "$log" | sed 's/^/| /'
	done
	for n in $(seq $slots); do
		"$lodge" dmesg "m$n" | tail -n 8
	done
fi
splats mixed.kernel-log
check end each_ends
check unload unload_module
finish
