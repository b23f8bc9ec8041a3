# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# Runs each guest program of the list and judges it by two things: its own
# last line on the console, and how its domain ended.

. "$T/lib.sh"
. "$T/domains.sh"

log=/var/log/lodge
mkdir -p /run/guests

make_config()
{
	cat >/run/guests/cfg <<END
name = "$1"
kernel = "$T/$1.elf"
memory = $2
vcpus = ${3:-1}
on_poweroff = "destroy"
on_reboot = "destroy"
on_crash = "destroy"
END
}

# has_registers NAME: a crash must leave the vCPU's state in the log, also one
# that Xen has end as a reboot.
has_registers()
{
	case $1 in
	crash_shutdown) return 0 ;;
	crash_*) "$T/lodge" dmesg "$1" | grep -q ' rip [0-9a-f]\{16\}' ;;
	*) return 0 ;;
	esac
}

# failed_checks NAME: those that the host's emulator is not to blame for.
failed_checks()
{
	grep '^not ok' /run/guests/out | while read -r line; do
		while read -r name check; do
			[ "$name" = "$1" ] || continue
			case ${line#not ok } in
			"$check"*) continue 2 ;;
			esac
		done </run/guests/quirks
		echo "$line"
	done
}

# verdict_is_in NAME: it came to its end, and counted no more than is known.
verdict_is_in()
{
	grep -q '^done: [0-9]* ok, 0 failed' /run/guests/out ||
		grep -q '^ready' /run/guests/out ||
		grep -q '^bench ' /run/guests/out ||
		{ grep -q "^$1 " /run/guests/quirks &&
		  grep -q '^done: ' /run/guests/out; }
}

# run_to_end NAME TIMEOUT EXPECT
run_to_end()
{
	timeout "$2" "$T/lodge" create /run/guests/cfg --console \
		>/run/guests/out 2>/run/guests/err </dev/null
	status=$?
	if [ "$status" -ge 124 ]; then
		"$T/lodge" destroy "$1" 2>/dev/null
		fail "$1" "no end after $2 s:" "$(tail -n 1 /run/guests/out)"
		return
	fi
	end=$(end_of "$1")
	if [ "$end" != "$3" ]; then
		fail "$1" "ended as '$end', not $3:" "$(tail -n 1 /run/guests/out)"
	elif [ -n "$(failed_checks "$1")" ]; then
		fail "$1" "$(failed_checks "$1" | head -n 4 | tr '\n' ' ')"
	elif ! has_registers "$1"; then
		fail "$1" "no registers in the log"
	elif ! verdict_is_in "$1"; then
		fail "$1" "no verdict:" "$(tail -n 1 /run/guests/out)"
	else
		pass "$1"
	fi
}

# wait_for_ready NAME: until its first line is in the console's log.
wait_for_ready()
{
	tries=0
	until grep -q ready "$log/$1-console.log" 2>/dev/null; do
		tries=$((tries + 1))
		[ "$tries" -lt 100 ] || return 1
		usleep 50000
	done
}

# run_on NAME SECONDS: it must not end by itself, nor keep the host from us.
run_on()
{
	rm -f "$log/$1-console.log"
	if ! "$T/lodge" create /run/guests/cfg 2>/run/guests/err; then
		fail "$1" "$(tail -n 1 /run/guests/err)"
		return
	fi
	if ! wait_for_ready "$1"; then
		fail "$1" "it printed nothing"
	elif ! sleep "$2" || ! "$T/lodge" list | grep -q "^$1 "; then
		fail "$1" "it did not run on"
	else
		pass "$1"
	fi
	"$T/lodge" destroy "$1"
}

# The file of bugs in this host's emulator that no hypervisor can make good.
quirks_of_host()
{
	if dmesg | grep -q 'DMI: QEMU'; then
		echo quirks.qemu
	elif dmesg | grep -q 'DMI: .*Bochs' && grep -q svm /proc/cpuinfo; then
		echo quirks.bochs-svm
	fi
}

: >/run/guests/quirks
quirks=$(quirks_of_host)
[ -z "$quirks" ] || grep -v '^#' "$T/$quirks" >/run/guests/quirks

# The usual 50 us of an emulator's host may pass between two instructions.
insmod "$T/lodge.ko" linger_us=1000 || fail load "insmod refused"
while read -r name mem timeout expect vcpus; do
	case $name in
	'#'*|'') continue ;;
	esac
	want "$name" || continue
	if grep -q "^$name \*" /run/guests/quirks; then
		skip "$name" "the emulator: see tests/guest/$quirks"
		continue
	fi
	make_config "$name" "$mem" "$vcpus"
	case $expect in
	run) run_on "$name" 1 ;;
	*) run_to_end "$name" "$timeout" "$expect" ;;
	esac </dev/null
	splats "$name.kernel-log"
done <"$T/list"
check unload rmmod lodge
finish
