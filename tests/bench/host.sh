# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# shellcheck disable=SC1091,SC2154 # lib.sh and domains.sh; set by eval
#
# The benchmarks inside the host: each result is a line "SYSTEM NAME AVERAGE
# MINIMUM" for tests/bench/run, SYSTEM one of lodge, kvm, kvm-huge, qemu and
# host.  KVM and lodge cannot have the CPU at the same time: first all of
# KVM's, then all of lodge's.

. "$T/lib.sh"
. "$T/domains.sh"

b=$T/bench
part=$1

# Seconds of the host's clock, after which a peer is given up.
peer_limit=60

# A RAM disk without a file system: what is left is the way there.
disk=/dev/ram0

# relay_results SYSTEM: lines "bench NAME AVERAGE MINIMUM" on stdin; false if
# there are none
relay_results()
{
	tr -d '\r' | {
		figures=0
		while read -r word rest; do
			if [ "$word" = bench ]; then
				result "bench $1 $rest"
				figures=$((figures + 1))
			else
				echo "$1: $word $rest"
			fi
		done
		[ $figures != 0 ]
	}
}

# value SYSTEM NAME NUMBER
value()
{
	result "bench $1 $2 $3 $3"
}

enable_kvm()
{
	modprobe kvm_intel 2>/dev/null || modprobe kvm_amd
}

disable_kvm()
{
	rmmod kvm_intel 2>/dev/null || rmmod kvm_amd
	rmmod kvm
}

# --- memory of idle guests ---------------------------------------------------

free_kib()
{
	sync
	echo 3 >/proc/sys/vm/drop_caches
	usleep 300000
	# The pages on the per-CPU free lists are free, too.
	awk '/^MemFree:/ { free = $2 }
	     $1 == "count:" { free += 4 * $2 }
	     END { print free }' /proc/meminfo /proc/zoneinfo
}

nr_idle=8

# idle_memory SYSTEM START STOP GUEST_KIB: names of functions, each is given
# a number; GUEST_KIB prints what one guest's own pages take.
idle_memory()
{
	"$2" 0
	before=$(free_kib)
	i=1
	while [ $i -le $nr_idle ]; do
		"$2" $i
		i=$((i + 1))
	done
	after=$(free_kib)
	pages=$("$4" 1)
	i=0
	while [ $i -le $nr_idle ]; do
		"$3" $i
		i=$((i + 1))
	done
	echo "$1: $nr_idle guests took $((before - after)) KiB, the pages of one are $pages KiB"
	value "$1" idle_memory_kib $(((before - after) / nr_idle - pages))
}

kvm_idle_start()
{
	"$b/kvm" -S -m 4 "$T/idle.elf" >"/tmp/idle$1" &
	eval "kvm_pid$1=$!"
	until_true "output" grep -q ready "/tmp/idle$1"
}

kvm_idle_stop()
{
	eval "kill \$kvm_pid$1; wait \$kvm_pid$1"
}

kvm_idle_pages()
{
	eval "pid=\$kvm_pid$1"
	sed -n 's/^RssShmem:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$pid/status"
}

lodge_idle_start()
{
	"$lodge" create -q -n "idle$1" -m 4 -k "$T/idle.elf"
	until_true "output" grep -q ready "/var/log/lodge/idle$1-console.log"
}

lodge_idle_stop()
{
	"$lodge" destroy "idle$1"
}

lodge_idle_pages()
{
	bytes=$("$lodge" info --json "idle$1" | value_of populated)
	echo $((bytes / 1024))
}

static_process_start()
{
	"$b/native" wait </dev/zero >/dev/null &
	eval "static_pid$1=$!"
}

static_process_stop()
{
	eval "kill \$static_pid$1; wait \$static_pid$1"
}

static_process_pages()
{
	echo 0
}

# --- the parts -----------------------------------------------------------------

# Before the host has what booted.c gives it.
bare_part()
{
	"$b/stopwatch" fork_exec_wait_bare 20 "$b/true" | relay_results host
	load_module && create_to_output command_to_output_bare 4 &&
		unload_module
}

host_part()
{
	"$b/native" | relay_results host
	"$b/stopwatch" fork_exec_wait 20 "$b/true" | relay_results host
}

kvm_exits()
{
	"$b/kvm" -m 128 "$T/bench.elf" | relay_results kvm
}

kvm_part()
{
	enable_kvm || return 1
	kvm_exits
	"$b/kvm" -H -m 128 "$T/bench.elf" | relay_results kvm-huge
	for i in 1 2 3; do
		"$b/kvm" -s
	done | sort -n -k 3 | head -n 1 | relay_results kvm
	"$b/stopwatch" -t ready -a "killall kvm" command_to_output_4m 10 \
		"$b/kvm" -m 4 "$T/idle.elf" | relay_results kvm
	disable_kvm
}

# create_to_output NAME MIB
create_to_output()
{
	"$b/stopwatch" -t ready -a "$lodge destroy bench" "$1" 10 \
		"$lodge" create -n bench -m "$2" -k "$T/idle.elf" --console |
		relay_results lodge
	until_true "end of the processes" no_domain
}

lodge_exits()
{
	"$lodge" create -n bench -m 128 -k "$T/bench.elf" --console </dev/null |
		relay_results lodge
	until_true "end of the processes" no_domain
}

# The guest waits for an echo, which goes with it.
lodge_store()
{
	log=/var/log/lodge/store-console.log
	"$lodge" create -q -n store -m 4 -k "$T/bench_store.elf" &&
		until_true "port" grep -q '^echo wanted' $log || return 1
	"$b/echo" store "$(sed -n 's/^echo wanted at port \([0-9]*\).*/\1/p' $log)"
	until_true "end of the processes" no_domain &&
		relay_results lodge <$log && ! grep '^not ok' $log
}

lodge_part()
{
	lodge_exits
	"$b/start" 4 | relay_results lodge
	create_to_output command_to_output_4m 4
	create_to_output command_to_output_1g 1024
	check store lodge_store
}

# The last of all: dropping caches marks the pages of a file system in RAM so
# that page faults there no longer map their neighbours, too.
memory_part()
{
	idle_memory host static_process_start static_process_stop \
		static_process_pages
	idle_memory lodge lodge_idle_start lodge_idle_stop lodge_idle_pages
	check unload unload_module
	enable_kvm || return 1
	idle_memory kvm kvm_idle_start kvm_idle_stop kvm_idle_pages
	disable_kvm
}

# --- a Linux guest -------------------------------------------------------------

linux_args="quiet loglevel=0 nokaslr mitigations=off tsc=reliable panic=-1"

qemu_linux()
{
	enable_kvm || return 1
	"$b/stopwatch" -t "guest: init" -o /tmp/qemu -a true linux_to_init 1 \
		/usr/bin/qemu-system-x86_64 -M microvm,rtc=off,pit=off,pic=off \
		-no-user-config -nodefaults -display none -enable-kvm \
		-cpu host -m 256 -no-reboot -kernel "$T/vmlinux" \
		-initrd "$T/guest.cpio" \
		-chardev stdio,id=out -device virtio-serial-device \
		-device virtconsole,chardev=out \
		-append "console=hvc0 $linux_args" | relay_results qemu
	cat /tmp/qemu
	disable_kvm
}

lodge_linux()
{
	"$b/stopwatch" -t "guest: init" -o /tmp/lodge -a true linux_to_init 1 \
		"$lodge" create -n linux -m 256 -k "$T/vmlinux" \
		-r "$T/guest.cpio" -a "console=hvc0 $linux_args" --console |
		relay_results lodge
	cat /tmp/lodge
	until_true "end of the processes" no_domain
}

# A host that has just started has none yet, and then no guest goes on for a moment
# after it woke a back end.  They come within seconds.
fine_timers()
{
	tries=0
	until grep -q 'resolution: *1 nsecs' /proc/timer_list; do
		tries=$((tries + 1))
		[ "$tries" -lt 400 ] || return 1
		usleep 50000
	done
}

# --- a Linux guest's disk --------------------------------------------------------

# Of QEMU's ways this one was the fastest: with the kernel's older asynchronous
# calls it took a hundredth more, with a thread for the disk nearly a half.
#
# A virtio console waits for QEMU with interrupts off, and Bochs lets no other
# thread have the CPU then: so this guest's results go to its kernel's log, which
# is written to a serial line byte by byte.
qemu_disk()
{
	enable_kvm || return 1
	timeout $peer_limit /usr/bin/qemu-system-x86_64 -M microvm,rtc=off,pit=off,pic=off \
		-no-user-config -nodefaults -display none -enable-kvm \
		-cpu host -m 128 -no-reboot -kernel "$T/vmlinux" \
		-initrd "$T/disk.cpio" -serial stdio \
		-drive "file=$disk,if=none,id=disk,format=raw,cache=none,aio=io_uring" \
		-device virtio-blk-device,drive=disk \
		-append "$linux_args console=ttyS0 loglevel=5 printk.time=0 results=/dev/kmsg" \
		</dev/null | relay_results qemu
	disable_kvm
}

loop_disk()
{
	losetup /dev/loop0 "$disk"
	"$b/disk" /dev/loop0 | relay_results loop
	losetup -d /dev/loop0
}

lodge_disk()
{
	cat >/tmp/disk.cfg <<-END
		name = "disk"
		memory = 128
		kernel = "$T/vmlinux"
		ramdisk = "$T/disk.cpio"
		cmdline = "console=hvc0 $linux_args"
		disk = [ "phy:$disk,xvda,w" ]
	END
	"$lodge" create /tmp/disk.cfg --console </dev/null |
		relay_results lodge
	until_true "end of the processes" no_domain
}

# --- a Linux guest's network -----------------------------------------------------

make_bridge()
{
	ip link add br0 type bridge && ip addr add 10.66.0.1/24 dev br0 &&
		ip link set br0 up
}

lodge_net()
{
	cat >/tmp/net.cfg <<-END
		name = "net"
		memory = 128
		kernel = "$T/vmlinux"
		ramdisk = "$T/net.cpio"
		cmdline = "console=hvc0 $linux_args"
		vif = [ "bridge=br0" ]
	END
	"$lodge" create -q /tmp/net.cfg && "$b/net" | relay_results lodge &&
		until_true "end of the processes" no_domain
}

qemu_net()
{
	enable_kvm && "$T/ip" tuntap add dev tap0 mode tap vnet_hdr &&
		"$T/ip" link set tap0 master br0 up || return 1
	timeout $peer_limit /usr/bin/qemu-system-x86_64 \
		-M microvm,rtc=off,pit=off,pic=off \
		-no-user-config -nodefaults -display none -enable-kvm \
		-cpu host -m 128 -no-reboot -kernel "$T/vmlinux" \
		-initrd "$T/net.cpio" \
		-chardev stdio,id=out -device virtio-serial-device \
		-device virtconsole,chardev=out \
		-netdev tap,id=net,ifname=tap0,script=no,downscript=no,vhost=on \
		-device virtio-net-device,netdev=net \
		-append "console=hvc0 $linux_args" </dev/null &
	"$b/net" | relay_results qemu && wait $! && disable_kvm
}

# --- what a domain's processes have for themselves ---------------------------------

# One of each kind is there: keeper, runner, store, console, disk and network.
private_kib()
{
	for pid in $(lodge_pids); do
		echo "$(cat "/proc/$pid/comm"): $(awk '
			/^Private|^Pss:/ { printf "%s %s ", $1, $2 }' \
			"/proc/$pid/smaps_rollup")" >&2
		cat "/proc/$pid/smaps_rollup"
	done | awk '/^Private_(Clean|Dirty):/ { sum += $2 } END { print sum }'
}

lodge_processes()
{
	make_bridge
	cat >/tmp/all.cfg <<-END
		name = "all"
		memory = 96
		kernel = "$T/vmlinux"
		ramdisk = "$T/guest.cpio"
		cmdline = "console=hvc0 $linux_args lodge_do=net lodge_ip=10.66.0.2/24 lodge_peer=10.66.0.1"
		disk = [ "phy:$disk,xvda,w" ]
		vif = [ "bridge=br0" ]
	END
	"$lodge" create -q /tmp/all.cfg &&
		until_true "traffic" grep -q "^guest: answer" \
			/var/log/lodge/all-console.log || return 1
	[ "$(lodge_pids | wc -w)" = 6 ] || return 1
	value lodge private_kib "$(private_kib)"
	"$lodge" destroy all && until_true "end of the processes" no_domain
}

case $part in
exits)
	"$b/native" | relay_results host
	check kvm enable_kvm
	kvm_exits
	check kvm-off disable_kvm
	check load load_module
	lodge_exits
	check unload unload_module ;;
small)
	check bare bare_part
	check booted "$b/booted"
	host_part
	check kvm kvm_part
	check load load_module
	lodge_part
	memory_part ;;
linux)
	check qemu qemu_linux
	check load load_module
	lodge_linux
	check processes lodge_processes
	check unload unload_module ;;
net)
	check fine-timers fine_timers
	check bridge make_bridge
	check load load_module
	check lodge lodge_net
	check unload unload_module
	check qemu qemu_net ;;
disk)
	check fine-timers fine_timers
	"$b/disk" "$disk" | relay_results host
	loop_disk
	check load load_module
	lodge_disk
	check unload unload_module
	check qemu qemu_disk ;;
esac
finish
