# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh disable=SC2012,SC2015,SC2086,SC2116,SC2154,SC1091
#
# Guests that fetch from each other, from the host and from a world behind it,
# and compare what comes; a back end that is killed meanwhile; interfaces that
# come and go; a guest with a false address, and one with little room.

. "$T/lib.sh"
. "$T/domains.sh"

world=192.0.2.1 host=192.0.2.254
bulk=$(cat "$T/bulk")	# bytes of a large transfer
limit=${limit:-30}	# seconds that a fetch may take
mib=1048576

# boot NAME VIF WORDS: $vcpus and $memory may ask for more than the least.
boot()
{
	cat >/run/net.cfg <<END
name = "$1"
kernel = "$T/vmlinuz"
ramdisk = "$T/guest.cpio"
memory = ${memory:-96}
vcpus = ${vcpus:-1}
cmdline = "$(echo console=hvc0 quiet lodge_do=net lodge_limit=$limit $3)"
vif = [ "$2" ]
END
	"$lodge" create -q /run/net.cfg
}

# count NAME TEXT
count()
{
	grep -c "^guest: $2" "/var/log/lodge/$1-console.log" 2>/dev/null
}

has_said()
{
	[ "$(count "$1" "$2")" -ge "${3:-1}" ]
}

never_wrong()
{
	! has_said "$1" "wrong sum"
}

# fetches NAME: some more, all of them right
fetches()
{
	wanted=$(($(count "$1" 'fetched [0-9]') + ${2:-2}))
	until_true "fetch by $1" has_said "$1" 'fetched [0-9]' "$wanted" &&
		never_wrong "$1"
}

# For the log of a run that failed.
tell()
{
	[ "$lib_failed" != 0 ] || return
	for name in one two inside away; do
		tail -n 12 "/var/log/lodge/$name-console.log" \
			"/var/log/lodge/$name-keeper.log"
		"$lodge" network-list --json $name
	done 2>/dev/null
	ip -s link 2>/dev/null || ifconfig -a
}

# As the guests do: see their init.
get()
{
	printf 'GET /%s HTTP/1.0\r\n\r\n' "$2" | timeout "$limit" nc "$1" 80
}

# host_fetches ADDRESS [BYTES]
host_fetches()
{
	get "$1" data | tail -c "${2:-$mib}" >/run/got
	[ "$(md5sum </run/got)" = "$(get "$1" sum | tail -c 36)" ]
}

serve_host()
{
	mkdir -p /run/www
	dd if=/dev/urandom of=/run/www/data bs=64k count=$((bulk >> 16)) \
		2>/dev/null
	md5sum </run/www/data >/run/www/sum
	httpd -h /run/www >/dev/null 2>&1
}

# What stays must not keep the check's output open.
# A network namespace behind a pair of devices: it has no way to the guests.
make_world()
{
	serve_host
	"$T/ip" link add world0 type veth peer name world1
	ip addr add $host/24 dev world0
	ip link set world0 up
	unshare -n sleep 10000 >/dev/null 2>&1 &
	world_pid=$!
	echo "$world_pid" >/run/world
	usleep 300000
	"$T/ip" link set world1 netns "$world_pid" &&
		nsenter -t "$world_pid" -n ip addr add $world/24 dev world1 &&
		nsenter -t "$world_pid" -n ip link set world1 up &&
		nsenter -t "$world_pid" -n httpd -h /run/www >/dev/null 2>&1 &&
		echo 1 >/proc/sys/net/ipv4/ip_forward
}

make_bridge()
{
	ip link add br0 type bridge && ip addr add 10.9.0.1/24 dev br0 &&
		ip link set br0 up
}

refuses_no_bridge()
{
	! boot alone bridge=nowhere '' 2>/run/said &&
		grep -q 'there is no bridge nowhere' /run/said &&
		grep -q '^hint: ip link add' /run/said && is_gone alone &&
		nothing_left
}

two_on_a_bridge()
{
	boot one bridge=br0 "lodge_ip=10.9.0.2/24 lodge_peer=10.9.0.3 lodge_spoof=10.9.0.66" &&
		vcpus=2 boot two bridge=br0,ip=10.9.0.3 \
			"lodge_ip=10.9.0.3/24 lodge_peer=10.9.0.2 lodge_spoof=10.9.0.67" &&
		until_true "answer for one" has_said one "answer from" &&
		until_true "answer for two" has_said two "answer from"
}

both_fetch()
{
	fetches one && fetches two && host_fetches 10.9.0.2 &&
		host_fetches 10.9.0.3
}

only_without_protection()
{
	until_true "end of one's attempt" has_said one spoof &&
		until_true "end of two's attempt" has_said two spoof &&
		has_said one 'spoof answered' && has_said two 'spoof silent'
}

backend_killed()
{
	for n in 1 2 3 4 5; do
		kill_role net-0 two && fetches two 1 ||
			{ echo "turn $n"; return 1; }
	done
	fetches one && fetches two
}

# Where the host's end of a domain's first interface is.
tap_of()
{
	"$lodge" network-list --json "$1" | value_of vifname
}

# is_new_tap NAME INDEX: another device than that of INDEX has the name.
is_new_tap()
{
	[ "$(cat "/sys/class/net/$1/ifindex" 2>/dev/null || echo "$2")" != "$2" ]
}

# The guest's connection goes on with a new tap.
tap_removed()
{
	tap=$(tap_of two) index=$(cat "/sys/class/net/$tap/ifindex") &&
		"$T/ip" link del "$tap" &&
		until_true "new tap" is_new_tap "$tap" "$index" &&
		fetches two && fetches one && host_fetches 10.9.0.3 &&
		connected two 1
}

devices_of()
{
	grep '^guest: fetched' "/var/log/lodge/$1-console.log" | tail -n 1
}

sees()
{
	devices_of one | grep -q "$1"
}

sees_no()
{
	! sees "$1"
}

# connected NAME COUNT
connected()
{
	[ "$("$lodge" network-list "$1" | grep -c connected)" = "$2" ]
}

comes_and_goes()
{
	"$lodge" network-attach one bridge=br0 &&
		until_true "eth1" sees eth1 &&
		until_true "connection" connected one 2 &&
		"$lodge" network-detach one 1 && until_true "no eth1" sees_no eth1 &&
		connected one 1 &&
		[ "$(ls -d /sys/class/net/vif* | wc -l)" = 2 ] && fetches one
}

# At the end of a domain nothing of its network is left.
goes_with_it()
{
	"$lodge" destroy one && "$lodge" destroy two && nothing_left &&
		! ls -d /sys/class/net/vif* 2>/dev/null
}

# Two streams each way: a guest with two vCPUs has two queues.
bulk_words="lodge_bytes=$bulk lodge_streams=2"

# uses_its_queues NAME
uses_its_queues()
{
	[ -z "$vcpus" ] ||
		until_true "second queue of $1" has_said "$1" "queues $vcpus"
}

# Both ways at once.
much_on_a_bridge()
{
	boot one bridge=br0 "lodge_ip=10.9.0.2/24 lodge_peer=10.9.0.3 $bulk_words
		lodge_ip6=fd00::2/64 lodge_peer6=fd00::3" &&
		boot two bridge=br0 "lodge_ip=10.9.0.3/24 lodge_peer=10.9.0.2
			lodge_ip6=fd00::3/64 lodge_peer6=fd00::2 $bulk_words" &&
		fetches one 1 && fetches two 1 && host_fetches 10.9.0.2 "$bulk"
}

all_queues()
{
	uses_its_queues one && uses_its_queues two
}

ipv6()
{
	has_said one 'answer from fd00::3' && has_said two 'answer from fd00::2'
}

# Its interface comes back with it, under a new name.
rebooted()
{
	"$lodge" reboot one &&
		until_true "return of one" has_said one serves 2 &&
		fetches one 1 && fetches two 1 && connected one 1 &&
		[ "$(ls -d /sys/class/net/vif* | wc -l)" = 2 ]
}

long_packets()
{
	mtu=lodge_mtu=9000
	boot one bridge=br0,mtu=9000 "lodge_ip=10.9.0.2/24 lodge_peer=10.9.0.3 $mtu" &&
		boot two bridge=br0,mtu=9000,rate=2Mb/s \
			"lodge_ip=10.9.0.3/24 lodge_peer=10.9.0.2 $mtu" &&
		fetches one && fetches two &&
		has_said one 'answer from -s 8972 10.9.0.3' &&
		has_said two 'answer from -s 8972 10.9.0.2' &&
		! has_said one '.*fragments [1-9]' &&
		! has_said two '.*fragments [1-9]'
}

# fetch_ms ADDRESS
fetch_ms()
{
	began=$(uptime_ms)
	host_fetches "$1" || return 1
	took=$(($(uptime_ms) - began))
}

# 8 megabits at 2 a second, of which the guest may have one second in store.
limited()
{
	fetch_ms 10.9.0.3 && slow=$took && fetch_ms 10.9.0.2 &&
		echo "with a limit $slow ms, without $took ms" &&
		[ $slow -ge 2500 ] && [ $slow -ge "$took" ]
}

is_told()
{
	[ "$(grep -c "^packet $1" /var/log/lodge/few-console.log)" -ge "$2" ]
}

# Four pages are posted, and a packet with all offloads may take eighteen.
little_room()
{
	cat >/run/few.cfg <<-END
		name = "few"
		kernel = "$T/net_few.elf"
		memory = 4
		vif = [ "bridge=br0,mac=00:16:3e:00:00:09" ]
	END
	"$lodge" create -q /run/few.cfg &&
		"$T/ip" neigh add 10.9.0.9 lladdr 00:16:3e:00:00:09 dev br0 &&
		until_true "connection" connected few 1 || return 1
	ping -c 4 -s 1000 -W 1 10.9.0.9 >/dev/null
	ping -c 4 -s 6000 -W 1 10.9.0.9 >/dev/null
	until_true "packets" is_told 1042 4 && until_true "more" is_told 1514 8 &&
		! grep '^wrong\|^not ok' /var/log/lodge/few-console.log &&
		"$lodge" destroy few && nothing_left
}

behind_nat()
{
	memory=256 boot inside mode=nat,ip=10.76.0.5 "lodge_ip=10.76.0.5/24
		lodge_gateway=10.76.0.1 lodge_peer=$world $bulk_words" &&
		fetches inside && uses_its_queues inside &&
		host_fetches 10.76.0.5 "$bulk" &&
		! nsenter -t "$(cat /run/world)" -n ping -c 1 -W 1 10.76.0.5 &&
		"$lodge" destroy inside && nothing_left &&
		[ ! -e /sys/class/net/lodgenat0 ]
}

# The guest has not come to its interface yet.
tap_removed_early()
{
	boot inside mode=nat,ip=10.76.0.5 \
		"lodge_ip=10.76.0.5/24 lodge_gateway=10.76.0.1 lodge_peer=$world" &&
		"$T/ip" link del "$(tap_of inside)" && fetches inside &&
		"$lodge" destroy inside && nothing_left
}

# Without a keeper and a runner, `destroy` undoes it all.
left_by_the_dead()
{
	boot inside mode=nat,ip=10.76.0.5 \
		"lodge_ip=10.76.0.5/24 lodge_gateway=10.76.0.1 lodge_peer=$world" &&
		fetches inside || return 1
	runner=$(pid_of runner inside)
	kill -STOP "$runner" && kill -9 "$(pid_of keeper inside)" "$runner" &&
		"$lodge" destroy inside && nothing_left &&
		[ ! -e /sys/class/net/lodgenat0 ] &&
		! ls -d /sys/class/net/vif* 2>/dev/null
}

routed()
{
	memory=256 boot away mode=routed,ip=198.51.100.2 "lodge_route=1
		lodge_ip=198.51.100.2/32 lodge_peer=$host $bulk_words" &&
		fetches away && uses_its_queues away &&
		host_fetches 198.51.100.2 "$bulk" &&
		"$lodge" destroy away && nothing_left &&
		! ip route | grep 198.51.100.2
}

network_tests()
{
	check two-on-a-bridge two_on_a_bridge
	check antispoof only_without_protection
	check both-fetch both_fetch
	tell
	check backend-killed backend_killed
	check tap-removed tap_removed
	check attach-detach comes_and_goes
	check end goes_with_it
	check little-room little_room
	check nat behind_nat
	check tap-removed-early tap_removed_early
	check left-by-the-dead left_by_the_dead
	check routed routed
	tell
}

# Of net-much: many bytes, queues, other lengths, a limit.
much_tests()
{
	# A fetch that the reboot cut off ends only with its limit.
	domains_limit=$((4 * limit))
	vcpus=2 memory=256
	check much much_on_a_bridge
	check queues all_queues
	check ipv6 ipv6
	check reboot rebooted
	check much-end goes_with_it
	check much-nat behind_nat
	check much-routed routed
	vcpus='' memory=''
	check long-packets long_packets
	check rate limited
	check long-end goes_with_it
	tell
}

check load load_module
check world make_world
check bridge make_bridge
check no-bridge refuses_no_bridge
"${tests:-network_tests}"
check unload unload_module
finish
