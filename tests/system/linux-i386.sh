# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh disable=SC2154
#
# A 32-bit guest with its root on xvda and pings on eth0, whose disk and network
# lose their process meanwhile; on one vCPU, and on two.

. "$T/lib.sh"
. "$T/domains.sh"

domains_limit=400
log=/var/log/lodge/i386-console.log

has_pinged()
{
	[ "$(grep -c '^guest: 64 bytes from 10.76.0.1' "$log")" -ge "$1" ]
}

ended()
{
	[ -n "$(end_of i386)" ]
}

# kill_it ROLE
kill_it()
{
	kill -9 "$(pid_of "$1" i386)"
}

said()
{
	tr -d '\r' <"$log" | grep -q "^guest: $1"
}

# run VCPUS
run()
{
	rm -f "$log"
	cp "$T/root.img" /run/root.img
	cat >/run/i386.cfg <<END
name = "i386"
kernel = "$T/vmlinuz"
ramdisk = "$T/guest.cpio"
memory = 256
vcpus = $1
extra = "console=hvc0 loglevel=6"
disk = [ "/run/root.img,raw,xvda,rw" ]
vif = [ "mode=nat" ]
END
	"$lodge" create -q /run/i386.cfg &&
		until_true ping has_pinged 3 && kill_it blk-xvda &&
		until_true ping has_pinged 10 && kill_it net-0 &&
		until_true end ended &&
		said '24 packets transmitted, 24 packets received' &&
		said 'wrote and read back [1-9][0-9]* MiB.* all of it right' &&
		said 'kernel messages since: 0 of trouble' && said done
}

insmod "$T/lodge.ko" || fail load "insmod refused"
echo 1 >/proc/sys/net/ipv4/ip_forward
for vcpus in 1 2; do
	want vcpus-$vcpus || continue
	check vcpus-$vcpus run $vcpus
	# Marked, so that what it complains about is not taken for the host's.
	tr -d '\r' <"$log" | sed 's/^/| /'
done
splats kernel-log
check unload rmmod lodge
finish
