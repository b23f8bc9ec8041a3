# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh disable=SC2015,SC2034,SC2154,SC3013,SC1091
#
# A guest that does not notice.  Its half is tests/guest/linux/crash-init: it
# says "wrong" when it does.

. "$T/lib.sh"
. "$T/domains.sh"
. "$T/crash_init.sh"

name=crash
console=/var/log/lodge/$name-console.log
seed=$(cat "$T/seed")
roles='blk-xvda net-0 store console keeper runner'

all_right()
{
	! tr -d '\r' <$console | grep '^guest: wrong'
}

serve_host()
{
	mkdir -p /run/www
	dd if=/dev/urandom of=/run/www/data bs=64k count=16 2>/dev/null
	md5sum </run/www/data >/run/www/sum
	ip link add br0 type bridge && ip addr add 10.9.0.1/24 dev br0 &&
		ip link set br0 up && httpd -h /run/www >/dev/null 2>&1
}

has_version()
{
	[ "$(count 'grants of version')" = "${version:-1}" ]
}

has_begun()
{
	tr -d '\r' <$console 2>/dev/null | grep '^guest: init$'
}

# attach DISK ACCESS: once the guest is ready for devices
attach()
{
	until_true "the guest's init" has_begun &&
		"$lodge" block-attach $name "$1,,xvda,$2" &&
		"$lodge" network-attach $name bridge=br0,ip=10.9.0.2
}

# boot DISK ACCESS: $words are for the guest's kernel
boot()
{
	rm -rf /var/log/lodge
	cat >/run/crash.cfg <<-END
		name = "$name"
		kernel = "$T/vmlinuz"
		ramdisk = "$T/guest.cpio"
		memory = 128
		extra = "console=hvc0 loglevel=4 ${words:-}"
	END
	"$lodge" create -q /run/crash.cfg && attach "$1" "${2:-w}" && goes_on
}

# The processes of the only domain there is, by their names.
victims()
{
	for victim in $(lodge_pids); do
		read -r comm 2>/dev/null <"/proc/$victim/comm" || continue
		case " $roles " in
		*" ${comm#lodge-} "*) echo "$victim:${comm#lodge-}" ;;
		esac
	done
}

# Any of them.  Keeper and runner bring each other back, so not both at once.
kill_one()
{
	# shellcheck disable=SC2046 # one word a process
	set -- $(victims)
	[ $# -gt 0 ] || return 0
	random $#
	shift "$random"
	kill -KILL "${1%:*}" 2>/dev/null
	case $1 in
	*:keeper|*:runner)
		until_true "new ${1#*:}" is_new "${1#*:}" $name "${1%:*}" ;;
	esac
}

killed()
{
	n=0
	while [ "$n" -lt "$(cat "$T/kills")" ]; do
		usleep 50000
		kill_one || return 1
		n=$((n + 1))
	done
	all_right && goes_on && all_right || return 1
	echo "$n kills; disk $(count disk), network $(count network), store $(count store)"
}

# --- holders that are stopped, lose their hold, and then go on ---

is_stopped()
{
	[ "$(cut -d' ' -f3 "/proc/$1/stat")" = T ]
}

has_ended()
{
	[ ! -e "/proc/$1" ]
}

# stop PROCESS ROLE DEVID: into $stopped
stop()
{
	until_true "$1" has_role "$1" $name || return 1
	stopped=$(pid_of "$1" $name)
	random 40
	usleep $((random * 1000))
	kill -STOP "$stopped" &&
		until_true "stop of $1" is_stopped "$stopped" &&
		"$T/revoke" $name "$2" "$3"
}

# It has nothing any more, and finds out.
go_on()
{
	usleep 200000
	kill -CONT "$stopped" &&
		until_true "end of the stopped" has_ended "$stopped" && goes_on &&
		! grep "$stopped was killed" /var/log/lodge/$name-keeper.log
}

stopped_alone()
{
	stop "$@" && go_on && is_new "$1" $name "$stopped"
}

# lets_go PID: it closes the file with its role, as if it had died
lets_go()
{
	for lock in "/proc/$1/fd/"*; do
		[ "$lock" -ef /run/lodge/$name/lock ] &&
			"$T/force_call" "$1" close "${lock##*/}"
	done
	domains_has_file "$1" /run/lodge/$name/lock && return 1
	return 0
}

# A new keeper does not know of the one that is stopped, and has the disk served
# by another one, which it meets when it goes on.
stopped_beside_next()
{
	until_true blk-xvda has_role blk-xvda $name || return 1
	stopped=$(pid_of blk-xvda $name)
	until_true "a process without its role" lets_go "$stopped" || return 1
	random 40
	usleep $((random * 1000))
	kill -STOP "$stopped" &&
		until_true stop is_stopped "$stopped" &&
		"$T/revoke" $name 3 51712 && kill_role keeper $name &&
		until_true successor has_role blk-xvda $name && goes_on &&
		is_stopped "$stopped" && go_on
}

stopped()
{
	n=0
	while [ "$n" -lt $(($(cat "$T/kills") / 100 + 1)) ]; do
		stopped_alone blk-xvda 3 51712 && stopped_alone net-0 4 0 &&
			stopped_beside_next || return 1
		n=$((n + 1))
	done
	all_right && echo "$((n * 3)) stopped; disk $(count disk)"
}

# --- the end ---

# The guest's count of its disk's requests, the module's of those that were
# taken from the ring, and the ring's of responses: the same, whoever died.
counts_agree()
{
	"$lodge" block-list --json $name >/run/counts
	[ "$(value_of taken </run/counts)" = "$(count requests)" ] &&
		[ "$(value_of answered </run/counts)" = "$(count requests)" ]
}

each_once()
{
	until_true "count of the guest's" is_beyond requests 0 &&
		until_true "agreement of counts" counts_agree &&
		echo "$(count requests) requests" && return
	echo "guest $(count requests), taken $(value_of taken </run/counts)," \
		"answered $(value_of answered </run/counts)"
	return 1
}

ended()
{
	"$lodge" shutdown $name && each_once &&
		"$lodge" block-detach $name xvda && until_true end is_gone $name &&
		all_right && tr -d '\r' <$console | grep -q '^guest: ends' &&
		nothing_left
}

# After a failure; and the next one begins without what failed.
tell()
{
	[ "$lib_failed" != 0 ] || return
	tail -n 20 $console
	tail -n 20 /var/log/lodge/$name-keeper.log
	"$lodge" destroy $name 2>/dev/null && until_true end is_gone $name
}

# Writes reach the disk 200 ms late: one of a dead holder would show.
slow_disk()
{
	echo "0 $(blockdev --getsz /dev/ram1) delay /dev/ram1 0 0 /dev/ram1 0 200" |
		dmsetup create slow &&
		boot "/dev/dm-$(dmsetup info -c --noheadings -o minor slow)"
}

check load load_module
mknod /dev/ram0 b 1 0 2>/dev/null
mknod /dev/ram1 b 1 1 2>/dev/null
check world serve_host
if ! left_out killed; then
	check boot boot /dev/ram0
	check version has_version
	check killed killed
	check end ended
	tell
fi
check slow-boot slow_disk
check slow-killed killed
check slow-end ended
tell
# Several may have the disk open then.
check stopped-boot boot /dev/ram0 'w!'
check stopped stopped
check stopped-end ended
tell
splats kernel-log
check unload unload_module
finish
