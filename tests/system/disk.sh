# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh disable=SC2015,SC2034,SC2154,SC1091
#
# Linux guests with disks.  The guest's half is tests/guest/linux/disk-init.

. "$T/lib.sh"
. "$T/domains.sh"

name=disks
console=/var/log/lodge/$name-console.log
seed=$(cat "$T/seed")

# boot WHAT DISK...: with the initramfs; xl's syntax, one disk a word
boot()
{
	boot_what=$1
	shift
	"$lodge" destroy $name 2>/dev/null
	rm -rf /var/log/lodge
	{
		echo "name = \"$name\""
		echo "kernel = \"${kernel:-$T/vmlinuz}\""
		[ "$boot_what" = root ] ||
			echo "ramdisk = \"${ramdisk:-$T/guest.cpio}\""
		echo "memory = ${memory:-128}"
		echo "vcpus = ${vcpus:-1}"
		echo "extra = \"console=hvc0 quiet lodge_do=$boot_what ${words:-}\""
		printf 'disk = ['
		comma=
		for disk in "$@"; do
			printf '%s "%s"' "$comma" "$disk"
			comma=,
		done
		echo ' ]'
		printf '%s\n' "${more:-}"
	} >/run/disk.cfg
	"$lodge" create -q /run/disk.cfg
}

said()
{
	tr -d '\r' 2>/dev/null <$console | grep -q "guest: $1"
}

# hear WORDS: until the guest has said them
hear()
{
	until_true "\"$1\" of the guest" said "$1" && return
	tail -n 5 $console
	tail -n 5 /var/log/lodge/$name-keeper.log
	return 1
}

ended()
{
	hear 'done' && until_true end is_gone $name && nothing_left
}

# a file of so many MiB
image()
{
	rm -f "$1"
	truncate -s "${2}M" "$1"
}

# holds FILE SEED KIB: what disk-init's pattern wrote there, or to an NBD server
holds()
{
	yes "pattern $2 of the guest" | head -c $(($3 * 1024)) >/run/wanted
	case $1 in
	nbd:*)
		"$T/qemu-img" convert -O raw "$1" /run/nbd.raw || return 1
		head -c $(($3 * 1024)) /run/nbd.raw ;;
	*)
		head -c $(($3 * 1024)) "$1" ;;
	esac | cmp - /run/wanted
}

has_written()
{
	hear 'root read' && hear 'root clean' && ended &&
		e2fsck -fn /run/root.img && mkdir -p /run/mnt &&
		mount -o loop,ro /run/root.img /run/mnt &&
		holds /run/mnt/written root 2048 && umount /run/mnt
}

root_file_system()
{
	cp "$T/root.img" /run/root.img
	words='root=/dev/xvda rw' boot root "/run/root.img,raw,xvda,rw" &&
		has_written
}

debian()
{
	cp "$T/root.img" /run/root.img
	kernel=$T/debian-vmlinuz ramdisk=$T/debian.cpio memory=256 \
		boot switch "phy:/run/root.img,xvda,w" && has_written
}

hot()
{
	image /run/hot.img 16
	boot hot && hear 'hot ready' &&
		"$lodge" block-attach $name /run/hot.img,,xvdb,w &&
		hear 'hot 1 there, 32768 sectors' && hear 'hot 1 written' &&
		holds /run/hot.img hot1 1024 &&
		"$lodge" block-list --json $name | grep -q '"connected"' &&
		"$lodge" block-detach $name xvdb && hear 'hot 1 gone' &&
		[ "$("$lodge" block-list $name | wc -l)" = 1 ] &&
		"$lodge" block-attach $name format=raw vdev=xvdb \
			target=/run/hot.img &&
		hear 'hot 2 written' && holds /run/hot.img hot2 1024 &&
		"$lodge" block-detach --force $name xvdb && ended
}

# A process that is stopped does not hear of orders, and is no reason to keep
# a device.  One that takes its time is left alone: see "hot".
stuck()
{
	image /run/hot.img 16
	boot hot && hear 'hot ready' &&
		"$lodge" block-attach $name /run/hot.img,,xvdb,w &&
		hear 'hot 1 written' || return 1
	stuck_pid=$(pid_of blk-xvdb $name)
	kill -STOP "$stuck_pid" &&
		"$lodge" block-detach --force $name xvdb &&
		[ ! -e "/proc/$stuck_pid" ] && hear 'hot 1 gone' &&
		grep -q "$stuck_pid does not answer and is killed" \
			/var/log/lodge/$name-keeper.log &&
		"$lodge" block-attach $name /run/hot.img,,xvdb,w &&
		hear 'hot 2 written' &&
		"$lodge" block-detach --force $name xvdb && ended || return 1
	[ "$(grep -c 'is killed' /var/log/lodge/$name-keeper.log)" = 1 ]
}

# In the background of the guest's rounds.
attach_twice()
{
	image /run/a.img 16
	image /run/b.img 16
	boot rounds /run/a.img,,xvda,w && hear 'rounds ready' || return 1
	! "$lodge" block-attach $name /run/a.img,,xvdb,w 2>/run/said &&
		grep -q "another domain's disk" /run/said &&
		grep -q '^hint: ' /run/said &&
	! "$lodge" block-attach $name /run/b.img,,xvda,w 2>/run/said &&
		grep -q 'there is a disk xvda already' /run/said &&
	! "$lodge" block-attach $name /run/none,,xvdb,w 2>/run/said &&
		grep -q 'cannot open /run/none' /run/said &&
	! "$lodge" block-detach $name xvdc 2>/run/said &&
		grep -q 'no such disk' /run/said &&
		"$lodge" block-attach $name /run/b.img,,xvdb,w && ended
}

# refused WORDS DISK: `create` says so within two seconds, and nothing is left
refused()
{
	refused_from=$(uptime_ms)
	! boot rounds "$2" 2>/run/said && grep -q "$1" /run/said &&
		[ $(($(uptime_ms) - refused_from)) -lt 2000 ] && nothing_left &&
		return
	cat /run/said
	return 1
}

bad_disks()
{
	image /run/a.img 16
	: >/run/empty.img
	refused 'xvda: cannot open /run/none: no such file' /run/none,,xvda,w &&
		refused 'is a directory' /run,,xvda,w &&
		refused 'smaller than a sector' /run/empty.img,,xvda,w &&
		refused 'disk.cfg:[0-9]*: access' /run/a.img,,xvda,x
}

# kill_rounds DISK: what serves it dies again and again under the guest's I/O
kill_rounds()
{
	image /run/enough.img 1
	boot rounds "$1,,xvda,w" && hear 'rounds ready' || return 1
	kills=0 total=$(amount 40 12)
	while [ $kills -lt "$total" ]; do
		random 60
		usleep $((random * 1000))
		case $kills in
		*7) kill_role store $name || return 1 ;;
		$((total / 2 - 1))) kill_role keeper $name || return 1 ;;
		*) kill_role blk-xvda $name || return 1 ;;
		esac
		kills=$((kills + 1))
		is_state $name crashed && return 1
	done
	"$lodge" block-list $name
	"$lodge" block-attach $name /run/enough.img,,xvdb,r &&
		hear 'rounds' && ended && ! said 'round .* is wrong' || return 1
	rounds=$(tr -d '\r' <$console | sed -n 's/^guest: rounds \(.*\) done/\1/p')
	echo "$kills kills, $rounds rounds"
	holds "$1" "$rounds" 2048
}

kill_file()
{
	image /run/a.img 16
	kill_rounds /run/a.img
}

kill_direct()
{
	kill_rounds /dev/ram0
}

# Requests are under way for long: most kills meet some.
kill_slow()
{
	echo "0 $(blockdev --getsz /dev/ram0) delay /dev/ram0 0 20" |
		dmsetup create slow || return 1
	# Nobody makes its node under /dev/mapper here.
	kill_rounds "/dev/dm-$(dmsetup info -c --noheadings -o minor slow)"
	slow_status=$?
	dmsetup remove slow && return $slow_status
}

kill_queues()
{
	vcpus=2 words='xen_blkfront.max_queues=2 xen_blkfront.max_ring_page_order=2' \
		kill_rounds /dev/ram1
}

# --- an NBD server ---

nbd=nbd:unix:/run/nbd.sock

# serve_nbd IMAGE: to one client at a time, so nobody can connect twice
serve_nbd()
{
	rm -f /run/nbd.sock
	"$T/qemu-nbd" --fork --persistent --shared=1 --format=qcow2 \
		--socket=/run/nbd.sock --pid-file=/run/nbd.pid "$1"
}

nbd_is_away()
{
	[ ! -d "/proc/$(cat /run/nbd.pid)" ]
}

stop_nbd()
{
	kill "$(cat /run/nbd.pid)" && until_true "server's end" nbd_is_away
}

nbd_devices()
{
	cat /sys/block/nbd*/backend 2>/dev/null
}

no_nbd_device()
{
	[ -z "$(nbd_devices)" ]
}

root_nbd()
{
	"$T/qemu-img" convert -f raw -O qcow2 "$T/root.img" /run/root.qcow2 &&
		serve_nbd /run/root.qcow2 || return 1
	words='root=/dev/xvda rw' boot root "$nbd,,xvda,w" &&
		hear 'root read' && hear 'root clean' && ended &&
		no_nbd_device &&
		"$T/qemu-img" convert -O raw "$nbd" /run/root.img && stop_nbd &&
		e2fsck -fn /run/root.img
}

# The server goes and comes; so does the disk.
hot_nbd()
{
	"$T/qemu-img" create -q -f qcow2 /run/hot.qcow2 16M &&
		serve_nbd /run/hot.qcow2 || return 1
	boot hot && hear 'hot ready' &&
		"$lodge" block-attach $name "$nbd,,xvdb,w" &&
		hear 'hot 1 there, 32768 sectors' && hear 'hot 1 written' &&
		nbd_devices | grep -q '^lodge: .*, disk 51728$' &&
		stop_nbd && "$lodge" block-detach --force $name xvdb &&
		hear 'hot 1 gone' && no_nbd_device &&
	! "$lodge" block-attach $name "$nbd,,xvdb,w" 2>/run/said &&
		grep -q 'disk xvdb: nbd:.*: cannot reach the server' /run/said &&
		grep -q '^hint: qemu-nbd' /run/said &&
		serve_nbd /run/hot.qcow2 &&
		"$lodge" block-attach $name "$nbd,,xvdb,w" &&
		hear 'hot 2 written' && "$lodge" block-detach $name xvdb &&
		ended && no_nbd_device && holds "$nbd" hot2 1024 && stop_nbd
}

kill_nbd()
{
	"$T/qemu-img" create -q -f qcow2 /run/a.qcow2 16M &&
		serve_nbd /run/a.qcow2 && kill_rounds "$nbd" &&
		no_nbd_device && stop_nbd
}

# The server is stopped under I/O and another one started; requests wait.
restart_nbd()
{
	"$T/qemu-img" create -q -f qcow2 /run/a.qcow2 16M &&
		serve_nbd /run/a.qcow2 || return 1
	boot rounds "$nbd,,xvda,w" && hear 'rounds ready' || return 1
	for n in 1 2; do
		usleep 500000
		stop_nbd && usleep 200000 && serve_nbd /run/a.qcow2 &&
			until_true "keeper's word" keeper_said "$n" \
				'the server is back' || return 1
	done
	image /run/enough.img 1 &&
		"$lodge" block-attach $name /run/enough.img,,xvdb,r &&
		ended && ! said 'round .* is wrong' && no_nbd_device && stop_nbd
}

# keeper_said TIMES WORDS
keeper_said()
{
	[ "$(grep -c "$2" /var/log/lodge/$name-keeper.log)" = "$1" ]
}

# Both die; who comes next finds the device, since the server takes one client.
recover_nbd()
{
	"$T/qemu-img" create -q -f qcow2 /run/a.qcow2 16M &&
		serve_nbd /run/a.qcow2 || return 1
	boot rounds "$nbd,,xvda,w" && hear 'rounds ready' || return 1
	before=$(nbd_devices)
	blk=$(pid_of blk-xvda $name)
	kill_both $name && kill -KILL "$blk" && "$lodge" recover $name || return 1
	[ "$(nbd_devices)" = "$before" ] && image /run/enough.img 1 &&
		"$lodge" block-attach $name /run/enough.img,,xvdb,r &&
		ended && ! said 'round .* is wrong' && no_nbd_device && stop_nbd
}

read_only()
{
	image /run/a.img 16
	boot readonly /run/a.img,,xvda,r && hear 'read-only seen' &&
		hear 'write refused' && ended &&
		! tr -d "\\0" </run/a.img | grep -q .
}

features()
{
	image /run/a.img 16
	image /run/l.img 16
	boot features /run/a.img,,xvda,w /run/l.img,,xvdb,w,sector-size=4096 &&
		hear 'block 4096' && hear 'cache write back' &&
		hear 'large sectors written' && holds /run/l.img large 1024 &&
		hear 'discarded' && hear 'resize from 32768' &&
		head -c 1048576 /run/a.img | tr -d '\0' | wc -c | grep -qx 0 &&
		truncate -s 20M /run/a.img &&
		"$lodge" block-resize $name xvda && hear 'resized to 40960' &&
		ended
}

limit()
{
	image /run/a.img 16
	boot speed /run/a.img,,xvda,w,iops=40 && hear '80 requests took' &&
		ended || return 1
	took=$(tr -d '\r' <$console | sed -n 's/.*requests took \(.*\) ms/\1/p')
	echo "80 requests took $took ms"
	[ "$took" -gt 1500 ]
}

# The domain's next life has the disks of its last.
reboots()
{
	image /run/a.img 16
	boot hot && hear 'hot ready' &&
		"$lodge" block-attach $name /run/a.img,,xvdb,w &&
		hear 'hot 1 written' && "$lodge" reboot --force $name &&
		until_true 'second life' has_role runner $name || return 1
	until_true 'second disk' holds_again
	"$lodge" destroy $name && nothing_left
}

holds_again()
{
	"$lodge" block-list $name 2>/dev/null | grep -q connected
}

# The I/O of the first life has the disk for a second more.
crashes()
{
	dd if=/dev/zero of=/dev/ram0 bs=1M count=1 2>/dev/null
	echo "0 $(blockdev --getsz /dev/ram0) delay /dev/ram0 0 0 /dev/ram0 0 1000" |
		dmsetup create late || return 1
	late=/dev/dm-$(dmsetup info -c --noheadings -o minor late)
	more='on_crash = "restart"' words=panic=1 boot crash "$late,,xvda,w" &&
		hear crashes && hear 'second life' && ended
	crash_status=$?
	dmsetup remove late && return $crash_status
}

check load load_module
mknod /dev/ram0 b 1 0 2>/dev/null
mknod /dev/ram1 b 1 1 2>/dev/null
want root && check root root_file_system
want_full debian && check debian debian
want hot && check hot hot
want_full stuck && check stuck stuck
want_full refusals && check refusals attach_twice
want_full create-refusals && check create-refusals bad_disks
want_full read-only && check read-only read_only
want_full features && check features features
want_full limit && check limit limit
want_full kill-file && check kill-file kill_file
want_full kill-direct && check kill-direct kill_direct
want kill-slow && check kill-slow kill_slow
want kill-queues && check kill-queues kill_queues
if [ -e "$T/qemu-nbd" ]; then
	want nbd-root && check nbd-root root_nbd
	want nbd-hot && check nbd-hot hot_nbd
	want nbd-restart && check nbd-restart restart_nbd
	want nbd-kill && check nbd-kill kill_nbd
	want nbd-recover && check nbd-recover recover_nbd
fi
want reboot && check reboot reboots
want crash && check crash crashes
splats kernel-log
check unload rmmod lodge
finish
