# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh disable=SC2015,SC2154,SC1091
#
# The back end of docs/writing-a-backend.md: its guest gets each answer once,
# whoever of back end, store and keeper is killed; and what is wrong with a
# source is said at once.

. "$T/lib.sh"
. "$T/domains.sh"

name=dice
log=/var/log/lodge/$name-console.log

# make_config SOURCE
make_config()
{
	cat >/run/dice.cfg <<END
name = "$name"
kernel = "$T/entropy.elf"
memory = 4
entropy = [ "$1" ]
END
}

says()
{
	grep -q "$1" $log 2>/dev/null
}

# Ended, one way or the other.
is_over()
{
	says '^done: ' || is_gone $name
}

kill_one()
{
	pid=$(pid_of "$1" $name)
	[ -n "$pid" ] && kill -KILL "$pid" && killed=$((killed + 1))
	usleep 40000
}

# A back end that is confined; then deaths in the middle of its work.
guest_is_served()
{
	rm -rf /var/log/lodge
	make_config /dev/urandom
	"$lodge" create -q /run/dice.cfg && until_true "work" says '^asks' ||
		return 1
	"$lodge" info $name >/run/info
	killed=0
	# A slow host's processes would die before they have done anything.
	until is_over || [ $killed -ge 24 ]; do
		kill_one entropy-0
		kill_one store
		kill_one entropy-0
		kill_one keeper
	done
	echo "$killed killed"
	until_true "end" is_gone $name && nothing_left
}

was_served()
{
	sed 's/\r$//' $log | grep '^not ok' && return 1
	says '^done: [0-9]* ok, 0 failed' || { tail -n 5 $log; return 1; }
}

was_confined()
{
	grep '^entropy-0 .* user 18900000[0-9]*, call filter, user of its own$' \
		/run/info || { cat /run/info; return 1; }
}

# refused SOURCE WORDS
refused()
{
	make_config "$1"
	! "$lodge" create -q /run/dice.cfg 2>/run/said || return 1
	cat /run/said
	grep -q "$2" /run/said && nothing_left
}

check load load_module
check served guest_is_served
check answers was_served
check confined was_confined
check no-source refused /none/there 'cannot open /none/there'
check no-device refused /etc/passwd '/etc/passwd is no character device'
check relative refused urandom 'is no absolute path'
check unload unload_module
finish
