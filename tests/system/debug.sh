# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh disable=SC2015,SC2154,SC1091
#
# A few lives of a domain; grant I/O; a life in which each allocation fails once; then
# every ioctl with random bytes, as root and as an unprivileged member of the
# device's group.  The kernel's log decides: the checkers report what went
# wrong, and kmemleak what was lost, at the end.

. "$T/lib.sh"
. "$T/domains.sh"
. "$T/io.sh"

seconds=$(amount 4 2)
cycles=$(amount 5 2)
[ ! -r "$T/seconds" ] || { seconds=$(cat "$T/seconds"); cycles=50; }
seed=$(date +%s)

runs_to_its_end()
{
	"$lodge" create -n hello -m 4 -k "$T/hello.elf" --console </dev/null \
		>/run/hello && grep -q '^done: [0-9]* ok, 0 failed' /run/hello ||
		{ cat /run/hello; return 1; }
}

# run NAME CMD...: what it prints goes to the console, too
run()
{
	name=$1
	shift
	"$@" >/run/said 2>&1
	status=$?
	cat /run/said
	if [ $status = 0 ]; then
		pass "$name"
	else
		fail "$name" "status $status:" "$(tail -n 2 /run/said | tr '\n' ' ')"
	fi
}

fuzz()
{
	run "$@"
	splats "$1.kernel-log"
}

# Every allocation and every copy from or to a user may fail when a task asks
# for it, silently; a program then says which one (fail-nth).
let_things_fail()
{
	for dir in failslab fail_page_alloc fail_usercopy; do
		dir=/sys/kernel/debug/$dir
		echo 0 >$dir/verbose || return 1
		[ ! -e $dir/ignore-gfp-wait ] || echo N >$dir/ignore-gfp-wait
		[ ! -e $dir/min-order ] || echo 0 >$dir/min-order
	done
	echo N >/sys/kernel/debug/fail_page_alloc/ignore-gfp-highmem
}

# The kernel itself tells, with a stack, when a guest's FPU state could not be
# allocated.  That much is no mistake; all else in the log counts.
log_without_fpu()
{
	dmesg | awk '
	/vmalloc error:/ { text = ""; inside = 1; known = 0 }
	inside { text = text $0 "\n" }
	inside && /fpu_alloc_guest_fpstate/ { known = 1 }
	!inside { print }
	inside && /pages reserved/ { inside = 0; if (!known) printf "%s", text }
	END { if (inside) printf "%s", text }'
}

# Quiet on the console, whose log is judged as well; a real report comes with
# a level that passes.
fail_each_call()
{
	dmesg -n 4
	run ioctl-fail "$T/ioctl_fail"
	log_without_fpu >/run/log
	dmesg -c >/dev/null
	dmesg -n 5
	if grep -E -f /etc/splats.pattern /run/log |
	   grep -v -E -f /etc/splats.benign >/run/complaints; then
		fail ioctl-fail.kernel-log "$(head -n 3 /run/complaints |
			tr '\n' ' ')"
	else
		pass ioctl-fail.kernel-log
	fi
}

let_group_in()
{
	chgrp lodge /dev/lodge && chmod 660 /dev/lodge &&
		sed -i 's/^lodge:x:900:.*/lodge:x:900:tester/' /etc/group
}

check load load_module
check hello runs_to_its_end
check cycles run_cycles $cycles
splats cycles.kernel-log
left_out grant-io || io_run
check let-things-fail let_things_fail
fail_each_call
check nothing-left-of-failures nothing_left
echo "seed $seed, $seconds s each"
fuzz fuzz-root "$T/ioctl_fuzz" "$seconds" "$seed"
check let-group-in let_group_in
fuzz fuzz-group su tester -c "$T/ioctl_fuzz $seconds $seed"
check nothing-left nothing_left
check hello-after runs_to_its_end
check unload unload_module
finish
