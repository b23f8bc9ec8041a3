# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh disable=SC2015,SC2034,SC2154,SC1091
#
# What the guest program "hostile_rings" does to its own back ends must be its
# own affair: its neighbour's disk, network and store go on, files keep what they
# have and how long they are, processes live, memory is bounded, and nothing is
# left.

. "$T/lib.sh"
. "$T/domains.sh"
. "$T/crash_init.sh"

domains_limit=400
seed=$(cat "$T/seed")
rounds=$(cat "$T/rounds")
log=/var/log/lodge
console=$log/neighbour-console.log
slab_before=

# --- the host ---

set_up()
{
	mkdir -p /run/www
	dd if=/dev/urandom of=/run/www/data bs=64k count=16 2>/dev/null
	md5sum </run/www/data >/run/www/sum
	ip link add br0 type bridge && ip addr add 10.9.0.1/24 dev br0 &&
		ip link set br0 up && httpd -h /run/www >/dev/null 2>&1 &&
		"$T/ip" neigh add 10.9.0.9 lladdr 00:16:3e:00:00:09 dev br0 ||
		return 1
	truncate -s 4M /run/neighbour.img
	truncate -s 1M /run/own.img
	dd if=/dev/urandom of=/run/fixed.img bs=64k count=16 2>/dev/null
	cp /run/fixed.img /run/fixed.was
}

# Short and long packets, for the ring of those that come in.
send_packets()
{
	while :; do
		ping -c 1 -W 1 -s 100 10.9.0.9
		ping -c 1 -W 1 -s 6000 10.9.0.9
	done >/dev/null 2>&1
}

# --- the neighbour ---

neighbour_goes_on()
{
	goes_on || return 1
	echo "disk $(count disk), network $(count network), store $(count store)"
	! tr -d '\r' <$console | grep '^guest: wrong'
}

neighbour_is_ready()
{
	tr -d '\r' <$console 2>/dev/null |
		grep -q '^guest: init$'
}

neighbour_starts()
{
	cat >/run/neighbour.cfg <<-END
		name = "neighbour"
		kernel = "$T/vmlinuz"
		ramdisk = "$T/guest.cpio"
		memory = 128
		extra = "console=hvc0 loglevel=4"
	END
	"$lodge" create -q /run/neighbour.cfg &&
		until_true "its init" neighbour_is_ready &&
		"$lodge" block-attach neighbour /run/neighbour.img,,xvda,w &&
		"$lodge" network-attach neighbour bridge=br0,ip=10.9.0.2 &&
		neighbour_goes_on
}

# --- the hostile one ---

# Its processes, as "PID NAME".
hostile_processes()
{
	for hostile_pid in $(lodge_pids); do
		domains_has_file "$hostile_pid" /run/lodge/hostile/lock &&
			echo "$hostile_pid $(cat "/proc/$hostile_pid/comm")"
	done 2>/dev/null
}

# The most that any of them ever had, in KiB, into /run/most, until it is killed.
watch_memory()
{
	echo 0 >/run/most
	while :; do
		hostile_processes >/run/hostile-processes
		while read -r watched _; do
			awk '$1 == "VmHWM:" { print $2 }' \
				"/proc/$watched/status" 2>/dev/null
		done </run/hostile-processes |
			sort -n - /run/most | tail -n 1 >/run/most.new
		mv /run/most.new /run/most
		usleep 300000
	done
}

# It is at console and store now, or it has ended.
has_spoilt()
{
	"$lodge" dmesg hostile | grep -q spoils || is_state hostile shutdown
}

device_pids()
{
	for device in blk-xvda blk-xvdb net-0; do
		pid_of $device hostile
	done | tr '\n' ' '
}

show_logs()
{
	tail -n 5 $log/hostile-console.log
	tail -n 5 $log/hostile-keeper.log
	"$lodge" dmesg hostile | tail -n 3
	return 1
}

# attack SEED ROUNDS
attack()
{
	rm -f $log/hostile-*
	cat >/run/hostile.cfg <<-END
		name = "hostile"
		kernel = "$T/hostile_rings.elf"
		memory = 8
		vcpus = 2
		extra = "seed=$1 rounds=$2"
		disk = [ "/run/own.img,raw,xvda,w",
			 "/run/fixed.img,raw,xvdb,r" ]
		vif = [ "bridge=br0,mac=00:16:3e:00:00:09" ]
		on_poweroff = "preserve"
	END
	"$lodge" create -q /run/hostile.cfg || return 1
	watch_memory &
	watcher=$!
	device_pids >/run/pids
	until_true "end of its devices" has_spoilt || show_logs
	device_pids >/run/pids-after
	until_true "its end" is_state hostile shutdown || show_logs
	# Where the console is spoilt, the hypervisor's log has the rest.
	{
		cat $log/hostile-console.log
		"$lodge" dmesg hostile
	} | tr -d '\r' >/run/hostile.said
	"$lodge" destroy hostile && until_true "its last process" is_gone hostile
	kill $watcher
	grep -e ' connections, ' -e 'not ok' -e 'done:' /run/hostile.said
	grep -q 'done: [0-9]* ok, 0 failed' /run/hostile.said
}

devices_lived()
{
	echo "$(cat /run/pids), then $(cat /run/pids-after)"
	[ "$(wc -w </run/pids)" = 3 ] && cmp /run/pids /run/pids-after
}

# Each device that was stopped was so with a reason.
was_told()
{
	stopped=$(sed -n 's/.* connections, \([0-9]*\) stopped.*/\1/p' \
		/run/hostile.said | awk '{ n += $1 } END { print n }')
	sed -n 's/.* has stopped: //p' $log/hostile-keeper.log* |
		sed 's/[0-9][0-9]*/N/g' | sort | uniq -c
	reasons=$(cat $log/hostile-keeper.log* | grep -c ' has stopped: .')
	echo "$stopped stopped, $reasons reasons"
	[ "$stopped" -gt 0 ] && [ "$reasons" -ge "$stopped" ]
}

# A write beyond the end of its own would make it longer.
files_are_whole()
{
	wc -c /run/own.img
	cmp /run/fixed.img /run/fixed.was &&
		[ "$(wc -c </run/own.img)" = $((1 << 20)) ] &&
		tr -d '\0' </run/own.img | grep -q .
}

memory_was_bounded()
{
	echo "at most $(cat /run/most) KiB in a process"
	[ "$(cat /run/most)" -gt 0 ] && [ "$(cat /run/most)" -lt 16384 ]
}

unreclaimable()
{
	echo 3 >/proc/sys/vm/drop_caches
	usleep 500000
	sed -n 's/^SUnreclaim: *\([0-9]*\) kB/\1/p' /proc/meminfo
}

# The second time costs nothing that stays.
slab_is_as_before()
{
	slab=$(unreclaimable)
	echo "SUnreclaim $slab_before, then $slab KiB"
	[ $((slab - slab_before)) -lt 1024 ]
}

neighbour_ends()
{
	"$lodge" destroy neighbour && nothing_left
}

echo "seed $seed, $rounds rounds"
check load load_module
check set-up set_up
check neighbour neighbour_starts
send_packets &
sender=$!
if ! left_out attack-once; then
	check attack-once attack $((seed + 1)) 1
	slab_before=$(unreclaimable)
fi
check attack attack "$seed" "$rounds"
check told was_told
check processes devices_lived
check neighbour-goes-on neighbour_goes_on
check files files_are_whole
check memory memory_was_bounded
[ -z "$slab_before" ] || check slab slab_is_as_before
kill $sender
check neighbour-ends neighbour_ends
splats kernel-log
check unload unload_module
finish
