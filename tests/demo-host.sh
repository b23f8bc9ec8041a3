# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# The demo inside the host: load the module, run one domain from Debian's own
# kernel, with its root on a disk image and a network interface, and kill what
# serves both while it uses them.  Then remove the module.

say()
{
	echo
	echo "### $*"
}

# pid_of ROLE
pid_of()
{
	"$T/lodge" info demo |
		awk -v role="$1" '$1 == role && $2 == "pid" { print $3 + 0 }'
}

# kill_one ROLE: before your eyes
kill_one()
{
	pid=$(pid_of "$1")
	say "kill -9 $pid    # $1"
	kill -9 "$pid"
	tries=0
	new=
	while [ $tries -lt 100 ]; do
		new=$(pid_of "$1")
		[ -z "$new" ] || [ "$new" = "$pid" ] || break
		usleep 20000
		tries=$((tries + 1))
	done
	echo "the keeper has started another one: $new"
}

wait_for()
{
	tries=0
	until tr -d '\r' </run/demo.out | grep -q "$1"; do
		usleep 100000
		tries=$((tries + 1))
		[ $tries -lt 1200 ] || exit 1
	done
}

for module in crc32c_generic tun bridge nf_tables nft_chain_nat nft_masq; do
	modprobe -q $module
done
echo 1 >/proc/sys/net/ipv4/ip_forward

say "insmod lodge.ko"
insmod "$T/lodge.ko" || exit 1
dmesg | grep lodge: | tail -n 1

cp "$T/root.img" /run/root.img
cat >/run/demo.cfg <<END_CFG
name = "demo"
memory = 256
kernel = "$T/vmlinuz"
ramdisk = "$T/guest.cpio"
extra = "console=hvc0 loglevel=4"
disk = [ "/run/root.img,raw,xvda,rw" ]
vif = [ "mode=nat" ]
END_CFG
say "cat demo.cfg"
sed 's/^/    /' /run/demo.cfg
say "lodge create demo.cfg --console"
: >/run/demo.out
"$T/lodge" create /run/demo.cfg --console 2>&1 </dev/null |
	tee /run/demo.out &
create=$!
wait_for "seq=4 "
say "lodge list; lodge block-list demo; lodge network-list demo"
"$T/lodge" list
"$T/lodge" block-list demo
"$T/lodge" network-list demo
kill_one blk-xvda
wait_for "seq=10 "
kill_one net-0
wait_for "seq=16 "
kill_one store
wait $create
grep -q 'guest: done' /run/demo.out || exit 1

say "rmmod lodge"
rmmod lodge || exit 1
