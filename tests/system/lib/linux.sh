# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# Boots one Linux guest with its console here and judges its output.  Sourced
# after domains.sh.

# boot_linux NAME KERNEL MIB EXPECT [WORDS]: EXPECT is how the domain must end;
# $vcpus may ask for more than one vCPU; $abi is how it must see its event
# channels.
boot_linux()
{
	cat >/run/linux.cfg <<END
name = "$1"
kernel = "$2"
ramdisk = "$T/guest.cpio"
memory = $3
vcpus = ${vcpus:-1}
extra = "console=hvc0 loglevel=6 ${5:-}"
on_reboot = "destroy"
on_crash = "destroy"
END
	timeout 400 "$T/lodge" create /run/linux.cfg --console \
		>/run/linux.out 2>/run/linux.err </dev/null
	# Marked, so that a guest's panic is not taken for the host's.
	tr -d '\r' </run/linux.out | sed 's/^/| /'
	end=$(end_of "$1")
	if ! grep -q '^guest: hypervisor xen' /run/linux.out; then
		fail "$1" "no init:" "$(tail -n 2 /run/linux.out | tr '\n' ' ')" \
			"$(tail -n 1 /run/linux.err)"
	elif ! tr -d '\r' </run/linux.out |
	       grep -qx "guest: cpus ${vcpus:-1}"; then
		fail "$1" "it does not have ${vcpus:-1} CPUs"
	elif ! grep -q '^guest: clock source xen' /run/linux.out; then
		fail "$1" "$(grep 'clock source' /run/linux.out)"
	elif ! tr -d '\r' </run/linux.out |
	       grep -qx "guest: event channels ${abi:-FIFO-based}"; then
		fail "$1" "$(grep 'event channels' /run/linux.out)"
	elif grep -E 'WARNING:|BUG:|Call Trace' /run/linux.out |
	     grep -v -e RETBleed -e 'Return Stack Overflow: WARNING' |
	     grep -q . && [ "$4" != crash ]; then
		fail "$1" "the guest complained"
	elif [ "$end" != "$4" ]; then
		fail "$1" "ended as '$end', not $4"
	else
		pass "$1"
	fi
}
