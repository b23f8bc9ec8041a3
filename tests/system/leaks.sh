# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh disable=SC1091,SC2015,SC2154
#
# All that makes the module allocate: short lives, a Linux guest, random
# ioctls, a domain whose processes are killed, the module's own life.  The scan
# for leaks is the host's, after this script.

. "$T/lib.sh"
. "$T/domains.sh"
. "$T/linux.sh"

kmemleak_is_on()
{
	echo scan >/sys/kernel/debug/kmemleak
}

# Nobody is left to say good-bye to the module.
kill_all()
{
	"$lodge" create -q -n victim -m 4 -k "$T/idle.elf" || return 1
	# shellcheck disable=SC2046 # one word a process
	kill -KILL $(lodge_pids) && "$lodge" destroy victim && nothing_left
}

check kmemleak-is-on kmemleak_is_on
check load load_module
check cycles run_cycles 20
boot_linux linux "$T/small-vmlinuz" 128 poweroff
check kill-all kill_all
check fuzz "$T/ioctl_fuzz" 2 "$(date +%s)"
check nothing-left nothing_left
check unload unload_module
finish
