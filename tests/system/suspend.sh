# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh disable=SC1091,SC2015,SC2154
#
# Suspends the host to memory, once idle and then with a domain that computes
# and one that tells the time.  The machine wakes by itself.  Virtualization is
# off on the way down and comes back, and guests do not notice more than that
# their clocks stood still or went on.

. "$T/lib.sh"
. "$T/domains.sh"

console=/var/log/lodge/clock-console.log

# How long it took is left in $away, in seconds.
sleep_and_wake()
{
	away=$(uptime_ms)
	echo mem >/sys/power/state &&
		dmesg | grep -q 'ACPI: PM: Low-level resume complete' ||
		return 1
	away=$((($(uptime_ms) - away + 999) / 1000))
}

create_both()
{
	"$lodge" create -q -n spin -m 4 -k "$T/spin.elf" &&
		"$lodge" create -q -n clock -m 64 -k "$T/vmlinuz" \
			-r "$T/guest.cpio" \
			-a "console=hvc0 quiet lodge_do=clock"
}

# Field 5 of `guest: time T uptime U` is the guest's uptime in seconds.
uptimes()
{
	sed -n 's/^guest: time [0-9]* uptime \([0-9]*\).*/\1/p' "$console"
}

# Its clock runs, and made no jump of more than the host was away.
domains_go_on()
{
	until_true "tick" ticks_reach $(($(ticks) + 3)) &&
		until_true "progress" has_run_since spin \
			$(($(cpu_ns spin) + 50000000)) || return 1
	uptimes | awk -v most=$((longest + 3)) '
		NR > 1 && ($1 < last || $1 > last + most) {
			print "from " last " to " $1 " s"; bad = 1 }
		{ last = $1 }
		END { exit bad }'
}

# A guest that died says why.
first_tick()
{
	until_true "tick" ticks_reach 1 && return
	tail -n 5 "$console"
	"$lodge" dmesg clock
	return 1
}

turns()
{
	n=0
	longest=0
	while [ $n -lt 3 ]; do
		n=$((n + 1))
		sleep_and_wake || { echo "in turn $n"; return 1; }
		[ "$away" -le $longest ] || longest=$away
		domains_go_on || {
			echo "in turn $n, away for $longest s at most"
			return 1
		}
	done
}

check load load_module
check without-domain sleep_and_wake
check create create_both
check first-tick first_tick
check with-domains turns
splats with-domains.kernel-log
check destroy-spin "$lodge" destroy spin
check destroy-clock "$lodge" destroy clock
check unload unload_module
finish
