# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh disable=SC2015,SC2154,SC1091
#
# A few lives of a domain, then every ioctl with random bytes, as root and as
# an unprivileged member of the device's group.  The kernel's log decides: the
# checkers report what went wrong, and kmemleak what was lost, at the end.

. "$T/lib.sh"
. "$T/domains.sh"

seconds=4
cycles=5
[ ! -r "$T/seconds" ] || { seconds=$(cat "$T/seconds"); cycles=50; }
seed=$(date +%s)

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

run_cycles()
{
	n=0
	while [ $n -lt $cycles ]; do
		n=$((n + 1))
		cycle || { echo "in cycle $n"; return 1; }
	done
}

runs_to_its_end()
{
	"$lodge" create -n hello -m 4 -k "$T/hello.elf" --console </dev/null \
		>/run/hello && grep -q '^done: [0-9]* ok, 0 failed' /run/hello ||
		{ cat /run/hello; return 1; }
}

# fuzz NAME CMD...: the table goes to the console, too
fuzz()
{
	name=$1
	shift
	"$@" >/run/fuzz 2>&1
	status=$?
	cat /run/fuzz
	if [ $status = 0 ]; then
		pass "$name"
	else
		fail "$name" "status $status:" "$(tail -n 2 /run/fuzz | tr '\n' ' ')"
	fi
	splats "$name.kernel-log"
}

let_group_in()
{
	chgrp lodge /dev/lodge && chmod 660 /dev/lodge &&
		sed -i 's/^lodge:x:900:.*/lodge:x:900:tester/' /etc/group
}

check load load_module
check hello runs_to_its_end
check cycles run_cycles
splats cycles.kernel-log
echo "seed $seed, $seconds s each"
fuzz fuzz-root "$T/ioctl_fuzz" "$seconds" "$seed"
check let-group-in let_group_in
fuzz fuzz-group su tester -c "$T/ioctl_fuzz $seconds $seed"
check nothing-left nothing_left
check hello-after runs_to_its_end
check unload unload_module
finish
