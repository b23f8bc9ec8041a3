# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh disable=SC2154
#
# What the program "io" needs around it, and its run.  Sourced after domains.sh.

io_set_up()
{
	mkdir -p /run/io-tmpfs /run/io-ext4 &&
		mount -t tmpfs io-tmpfs /run/io-tmpfs &&
		"$T/mke2fs" -q -F -t ext4 -b 4096 /dev/ram1 &&
		mount -t ext4 /dev/ram1 /run/io-ext4 || return 1
	for io_file in tmpfs/file ext4/file tmpfs/loop; do
		dd if=/dev/zero of=/run/io-$io_file bs=64k count=4 2>/dev/null ||
			return 1
	done
	losetup /dev/loop0 /run/io-tmpfs/loop || return 1
	# What comes out of a tap is only what the test sends.
	echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6
}

io_tear_down()
{
	losetup -d /dev/loop0 && umount /run/io-tmpfs && umount /run/io-ext4
}

io_guest_has_ended()
{
	[ "$(end_of io)" = poweroff ]
}

io_guest_passed()
{
	cat /var/log/lodge/io-console.log
	grep -q '^done: [0-9]* ok, 0 failed' /var/log/lodge/io-console.log
}

# The domain "io", the program on it, and their ends.
io_run()
{
	check io-set-up io_set_up
	check io-create "$lodge" create -q -n io -m 4 -k "$T/grants.elf"
	timeout 250 "$T/io" io >/run/said 2>&1
	io_status=$?
	relay "" /run/said
	splats io-kernel-log
	if [ "$io_status" != 0 ]; then
		fail io-backend "status $io_status:" "$(tail -n 1 /run/said)"
		"$lodge" destroy io
		return
	fi
	check io-guest-ends until_true "end of the guest" io_guest_has_ended
	check io-guest io_guest_passed
	check io-tear-down io_tear_down
}
