# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh disable=SC2015,SC2154,SC1091
#
# A domain that computes is bound to CPU 1, which is taken offline and brought
# back: the domain goes on elsewhere, then there again.  Another domain sleeps
# through it.  CPUs also come while no domain exists, or with the first.

. "$T/lib.sh"
. "$T/domains.sh"

cpu=/sys/devices/system/cpu/cpu1/online

create_domain()
{
	"$lodge" create -q -n "$1" -m 4 -k "$T/$1.elf"
}

# bind MASK: all threads of the runner
bind()
{
	runner=$(pid_of runner spin)
	for task in "/proc/$runner/task/"*; do
		taskset -p "$1" "${task##*/}" >/dev/null || return 1
	done
}

turns()
{
	first=$(pid_of runner spin)
	n=0 total=$(amount 4 2)
	while [ $n -lt "$total" ]; do
		n=$((n + 1))
		bind 2 && goes_on spin && echo 0 >$cpu && goes_on spin &&
			echo 1 >$cpu && bind 2 && goes_on spin ||
			{ echo "in turn $n"; return 1; }
	done
	# It never failed and had to be started again.
	[ "$(pid_of runner spin)" = "$first" ] && is_state idle blocked
}

# VMX goes on with the first domain on the CPUs that are there.
first_domain_with_one_cpu()
{
	"$lodge" destroy spin && "$lodge" destroy idle && nothing_left &&
		echo 0 >$cpu && create_domain spin && goes_on spin &&
		echo 1 >$cpu && bind 2 && goes_on spin
}

destroyed_on_an_offline_cpu()
{
	bind 2 && goes_on spin && echo 0 >$cpu && "$lodge" destroy spin &&
		nothing_left && echo 1 >$cpu
}

check load load_module
check create create_domain spin
check create-idle create_domain idle
check offline-online turns
splats offline-online.kernel-log
check first-domain first_domain_with_one_cpu
check destroy-offline destroyed_on_an_offline_cpu
splats kernel-log
check unload unload_module
finish
