# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh disable=SC2015,SC2154,SC1091
#
# Boots Linux guests and kills runners, keepers, stores and viewers at random
# moments, 20 in all, fewer on a slow host.  Every guest must get to its end,
# once, as if nothing had been.
# Then keeper and runner die together and `lodge recover` is asked to help, and
# `lodge create` is killed on its way.

. "$T/lib.sh"
. "$T/domains.sh"

total=$(amount 20 8)
each=5
name=victim
console=/var/log/lodge/$name-console.log
seed=$(cat "$T/seed")
killed=0

boot()
{
	rm -rf /var/log/lodge
	"$lodge" create -q -n $name -m 64 -k "$T/vmlinuz" -r "$T/guest.cpio" \
		-a "console=hvc0 quiet $1"
}

start_viewer()
{
	"$lodge" console $name </dev/null >/run/seen 2>/run/view-errors &
	viewer=$!
}

is_alive()
{
	kill -0 "$1" 2>/dev/null
}

# kill_one ROLE: only what was alive and died of it counts.
kill_one()
{
	if [ "$1" = tool ]; then
		is_alive "$viewer" || start_viewer
		pid=$viewer
	else
		until_true "keeper and runner" has_both_or_end || return 1
		pid=$(pid_of "$1" $name)
	fi
	[ -n "$pid" ] && kill -KILL "$pid" 2>/dev/null || return 0
	killed=$((killed + 1))
	echo "killed the $1 at $(uptime_ms) ms"
}

# Neither is killed while the other one is away, which a keeper that died young
# is for a while: then only recover helps, and that is a check of its own.
has_both_or_end()
{
	{ has_role keeper $name && has_role runner $name; } || is_over
}

# A keeper that was killed as the very last thing leaves its directory behind.
is_over()
{
	is_gone $name || { ! is_listed && ! has_role keeper $name &&
		! has_role runner $name; }
}

is_listed()
{
	"$lodge" list --json $name >/dev/null 2>&1
}

# Then destroy finds no domain, and tidies up.
tidy()
{
	is_gone $name && return
	! "$lodge" destroy $name 2>/run/said && cat /run/said &&
		grep -q 'no such domain' /run/said && is_gone $name
}

ended_well()
{
	until_true "end of the boot" is_over && tidy || return 1
	inits=$(grep -c '^guest: init' $console)
	done=$(grep -c '^guest: done' $console)
	[ "$inits" = 1 ] && [ "$done" = 1 ] ||
		{ echo "init $inits times, done $done times"; return 1; }
	"$lodge" dmesg $name | grep -q 'shut down (power-off)' ||
		{ "$lodge" dmesg $name | tail -n 2; return 1; }
}

# One boot with kills at random times.
round()
{
	boot '' || return 1
	start_viewer
	n=0
	while [ $n -lt $each ] && ! is_over; do
		n=$((n + 1))
		random $((boot_ms / each))
		usleep $((random * 1000))
		random 4
		case $random in
		0) kill_one runner ;;
		1) kill_one keeper ;;
		2) kill_one tool ;;
		3) kill_one store ;;
		esac || return 1
	done
	ended_well || return 1
	wait
	nothing_left
}

# A boot that nobody disturbs: how long it takes, and that it works at all.
measure_boot()
{
	start=$(uptime_ms)
	boot '' && ended_well || return 1
	echo $(($(uptime_ms) - start)) >/run/boot-ms
}

# The shell of a check is its own: what it found is handed on in files.
rounds()
{
	boot_ms=$(cat /run/boot-ms)
	tries=0
	while [ $killed -lt "$total" ] && [ $tries -lt 12 ]; do
		tries=$((tries + 1))
		round >/run/round 2>&1 ||
			{ cat /run/round; echo "boot $tries"; return 1; }
		cat /run/round >>/run/rounds
	done
	[ $killed -ge "$total" ] ||
		{ echo "only $killed kills in $tries boots"; return 1; }
}

booted()
{
	grep -q '^guest: init' $console 2>/dev/null
}

recover_goes_on()
{
	boot lodge_do=clock && until_true "init" booted && kill_both $name || return 1
	! has_role keeper $name && ! has_role runner $name || return 1
	"$lodge" list | grep -q 'no runner: lodge recover' || return 1
	before=$(grep -c '^guest: time' $console)
	"$lodge" recover $name || return 1
	has_role keeper $name && has_role runner $name || return 1
	until_true "line of the guest" more_lines || return 1
	[ "$(grep -c '^guest: init' $console)" = 1 ] || return 1
	"$lodge" recover $name | grep -q 'nothing to do' &&
		"$lodge" destroy $name && nothing_left
}

more_lines()
{
	[ "$(grep -c '^guest: time' $console)" -ge $((before + 2)) ]
}

# Whatever create had done, destroy ends it.
killed_create()
{
	n=0
	while [ $n -lt 10 ]; do
		n=$((n + 1))
		"$lodge" create -q -n $name -m 4 -k "$T/idle.elf" &
		pid=$!
		random 30
		usleep $((random * 1000))
		kill -KILL $pid 2>/dev/null
		wait $pid 2>/dev/null
		"$lodge" destroy $name 2>/run/said ||
			grep -q 'no such domain' /run/said ||
			{ cat /run/said; return 1; }
		nothing_left || { echo "after create number $n"; return 1; }
	done
}

# What create leaves that is killed when it has made the directory only, and a
# keeper that is killed between its domain and its directory.
leftover_goes()
{
	mkdir -m 700 /run/lodge/$name && tidy || return 1
	# The folder of all directories is nobody's.
	! "$lodge" destroy "" 2>/run/said && [ -d /run/lodge ] || return 1
	mkdir -m 700 /run/lodge/$name && touch /run/lodge/$name/lock \
		/run/lodge/$name/config && tidy
}

# The keeper dies before it can tell how it went, with none, one or two of its
# helpers started; the store waits for a request.
killed_keeper()
{
	for n in 0 1 2; do
		timeout 60 "$T/trace_create" keeper $n "$lodge" create -q \
			-n $name -m 4 -k "$T/idle.elf" >/run/said 2>&1
		status=$?
		cat /run/said
		[ $status = 1 ] && grep -q "^lodge: create $name: .*keeper" \
			/run/said && nothing_left || {
			echo "status $status, fork $n"
			return 1
		}
	done
}

# INT, TERM and HUP, when there is a domain already, but nobody to keep it.
interrupted_create()
{
	for n in 2 15 1; do
		"$T/trace_create" signal $n "$lodge" create -q -n $name \
			-m 4 -k "$T/idle.elf"
		status=$?
		[ $status = $((128 + n)) ] && nothing_left ||
			{ echo "status $status, signal $n"; return 1; }
	done
	# Unless it is ignored.
	trap '' HUP
	"$T/trace_create" signal 1 "$lodge" create -q -n $name \
		-m 4 -k "$T/idle.elf"
	status=$?
	trap - HUP
	[ $status = 0 ] && until_true "start" is_state $name blocked &&
		"$lodge" destroy $name && nothing_left
}

# KILL leaves a domain without a kernel, of which nobody shall make a guest.
half_made()
{
	"$T/trace_create" signal 9 "$lodge" create -q -n $name -m 4 \
		-k "$T/idle.elf"
	! "$lodge" recover $name 2>/run/said || return 1
	cat /run/said
	grep -q "^lodge: recover $name: it was never complete" /run/said &&
		grep -q "^hint: .*lodge destroy $name" /run/said &&
		! "$lodge" recover --all 2>/run/said &&
		"$lodge" destroy $name && nothing_left
}

# The runner's new keeper starts a store for a domain that is being destroyed.
destroyed_without_keeper()
{
	n=0 times=$(amount 20 8)
	while [ $n -lt "$times" ]; do
		"$lodge" create -q -n $name -m 4 -k "$T/idle.elf" || return 1
		# shellcheck disable=SC2046 # two pids
		kill -KILL $(pid_of store $name) $(pid_of keeper $name)
		usleep $((n * 6000 / times))
		"$lodge" destroy $name && nothing_left ||
			{ echo "try number $n"; return 1; }
		n=$((n + 1))
	done
}

echo "SEED=$seed"
check load load_module
check undisturbed measure_boot
echo "an undisturbed boot takes $(cat /run/boot-ms) ms"
check "$total-kills" rounds
[ ! -r /run/rounds ] || cat /run/rounds
check recover recover_goes_on
check killed-create killed_create
check leftover leftover_goes
check killed-keeper killed_keeper
check interrupted-create interrupted_create
check half-made half_made
check destroy-without-keeper destroyed_without_keeper
check unload unload_module
finish
