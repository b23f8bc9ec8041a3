# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh disable=SC1091,SC2015,SC2034,SC2154
#
# Create, boot to the first output, destroy: CYCLES times.  Then the host must
# be as it was after the first few: its memory, its slab, its stacks, its
# processes.  One page lost in each cycle is more than the noise.

. "$T/lib.sh"
. "$T/domains.sh"

warm=10
cycles=100
[ ! -r "$T/cycles" ] || cycles=$(cat "$T/cycles")

field()
{
	sed -n "s/^$1: *\([0-9]*\) kB/\1/p" /proc/meminfo
}

# Free pages that wait in per-CPU lists count for no field of meminfo.
pcp_kib()
{
	awk '$1 == "count:" { n += $2 } END { print n * 4 }' /proc/zoneinfo
}

# Of users; the kernel's own threads come and go with its work.
user_processes()
{
	ps | grep -vc '\['
}

# Memory in KiB after everything that can be given back was.
measure()
{
	rm -rf /var/log/lodge
	for round in 1 2 3; do
		sync
		echo 3 >/proc/sys/vm/drop_caches
		# An RCU grace period or two, and the deferred frees.
		usleep 300000
	done
	echo 1 >/proc/sys/vm/stat_refresh
	echo "$(($(field MemAvailable) + $(pcp_kib)))" \
		"$(field SUnreclaim) $(field KernelStack)" \
		"$(field PageTables) $(user_processes)"
}

# compare BEFORE AFTER: five fields each
compare()
{
	# shellcheck disable=SC2086
	set -- $1 $2
	# The host's own caches grow a little in the time; a page a cycle is
	# 400 KiB in the short form, and 12,000 in the long one.
	noise=$((256 + cycles / 10))
	echo "memory $1 -> $6, SUnreclaim $2 -> $7," \
		"KernelStack $3 -> $8, PageTables $4 -> $9, processes $5 -> ${10}"
	[ $(($1 - $6)) -le $noise ] && [ $(($7 - $2)) -le $noise ] &&
		[ $(($8 - $3)) -le 64 ] && [ $(($9 - $4)) -le 16 ] &&
		[ "$5" = "${10}" ]
}

check load load_module
check warm-up run_cycles "$warm"
before=$(measure)
start=$(uptime_ms)
check "$cycles-cycles" run_cycles "$cycles"
echo "$cycles cycles took $(($(uptime_ms) - start)) ms of the host's time"
check nothing-left nothing_left
after=$(measure)
compare "$before" "$after"
check memory compare "$before" "$after"
check unload unload_module
finish
