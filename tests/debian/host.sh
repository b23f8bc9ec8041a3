# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh disable=SC2015,SC2154,SC1091
#
# Inside the host: Debian boots in a domain, somebody logs in at its console,
# looks at the network, and switches it off.

. "$T/lib.sh"
. "$T/domains.sh"

name=debian
console=/var/log/lodge/$name-console.log

# The machine's disk, if it has one.
disk=$T/root.img
for node in /dev/vda /dev/sda; do
	[ ! -b $node ] || disk=$node
done

serve_files()
{
	mkdir -p /run/www
	dd if=/dev/urandom of=/run/www/data bs=64k count=64 2>/dev/null
	sum=$(md5sum </run/www/data)
	httpd -h /run/www >/dev/null 2>&1
}

# What somebody sees and types; the sums are the guest's, since what is typed
# is shown, too.
session()
{
	cat <<END_SESSION
wait 3000
see guest login:
type root
see root@guest:~#
wait 900
type apt-get --version
see apt 2.6
type systemctl is-system-running --wait; systemctl list-units --failed --no-pager
see loaded units listed
type ip -4 -o addr show | cat
see inet 10.76.0.
type ping -c 3 -W 20 10.76.0.1 && echo pinged \$((40 + 2))
see pinged 42
type wget -q -O data 10.76.0.1/data && md5sum <data
see $sum
type systemctl poweroff
END_SESSION
}

# What it says, as it comes; what a guest says is no word of the host's.
show_console()
{
	until [ -e $console ]; do usleep 100000; done
	tail -n +1 -f $console | sed 's/^/| /'
}

# Ends with the domain; the terminal is for people, the log for the test.
boots_and_is_used()
{
	cat >/run/debian.cfg <<END_CFG
name = "$name"
kernel = "$T/vmlinuz"
ramdisk = "$T/initrd"
memory = 512
root = "/dev/xvda ro"
extra = "console=hvc0"
disk = [ "$disk,raw,xvda,rw" ]
vif = [ "mode=nat" ]
END_CFG
	session | "$T/typist" "$lodge" create /run/debian.cfg --console \
		>/run/said
	tail -n 4 /run/said
	grep -qx 'status 0' /run/said
}

# has_said TEXT
has_said()
{
	tr -d '\r' <$console | grep "$1"
}

has_dhcp()
{
	has_said 'inet 10\.76\.0\.[12][0-9]*/24'
}

powered_off()
{
	"$lodge" dmesg $name 2>/dev/null
	grep 'domain shut down (power-off)' \
		"/var/log/lodge/$name-hypervisor.log" && is_gone $name
}

nothing_of_the_network()
{
	[ ! -e /sys/class/net/lodgenat0 ] && [ ! -e /run/lodge-nat ] &&
		! pidof dnsmasq
}

# Both what it says of itself and what is so.
is_clean()
{
	e2fsck -n "$disk" | grep ': clean,' && e2fsck -fn "$disk"
}

tell()
{
	[ "$lib_failed" != 0 ] || return
	tail -n 60 $console
	cat "/var/log/lodge/$name-keeper.log"
}

check load load_module
check files serve_files
show_console &
check session boots_and_is_used
kill $!
tell
check systemd has_said 'Reached target.*poweroff.target\|Reached target.*Power Off'
check no-failed-units has_said '^0 loaded units listed'
check dhcp has_dhcp
check poweroff powered_off
check nothing-left nothing_left
check network nothing_of_the_network
check file-system is_clean
splats kernel-log
check unload unload_module
finish
