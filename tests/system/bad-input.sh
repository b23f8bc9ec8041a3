# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh disable=SC2015,SC2154,SC1091
#
# Each case: exit code 1, one line "lodge: create OBJECT: WHY" beside hints,
# and no domain, process, directory or log that was not there before.

. "$T/lib.sh"
. "$T/domains.sh"

# one_line STATUS TEXT CMD...
one_line()
{
	wanted=$1 text=$2
	shift 2
	"$@" >/run/said 2>&1 </dev/null
	status=$?
	cat /run/said
	[ $status = "$wanted" ] || { echo "exit code $status"; return 1; }
	grep -v -e '^hint: ' -e '^lodge: warning: ' /run/said >/run/line
	[ "$(wc -l </run/line)" = 1 ] || { echo "not one line"; return 1; }
	grep -qi "^lodge: create [^ ]*: .*$text" /run/line
}

leaves_nothing()
{
	nothing_left || return 1
	[ ! -e /var/log/lodge ] || { ls /var/log/lodge; return 1; }
}

refused()
{
	one_line 1 "$@" && leaves_nothing
}

# refuse NAME TEXT ARGUMENT... of lodge create
refuse()
{
	name=$1 text=$2
	shift 2
	check "$name" refused "$text" "$lodge" create "$@"
}

# config LINE...: /run/x.cfg
config()
{
	printf '%s\n' "$@" >/run/x.cfg
}

runs_to_its_end()
{
	"$lodge" create "$@" --console </dev/null >/run/out 2>/run/err &&
		grep -q '^done: [0-9]* ok, 0 failed' /run/out ||
		{ cat /run/out /run/err; return 1; }
	rm -r /var/log/lodge
}

warns_and_runs()
{
	config 'name = "warn"' "kernel = \"$hello\"" 'memory = 4' 'vga = 1'
	runs_to_its_end /run/x.cfg || return 1
	grep -q '^lodge: warning: /run/x.cfg:4: unknown key "vga"' /run/err ||
		{ cat /run/err; return 1; }
	nothing_left
}

as_tester()
{
	su tester -c "$*"
}

# The device's group came after /run/lodge: the hint tells what is to be done.
let_group_in()
{
	chgrp lodge /dev/lodge &&
		sed -i 's/^lodge:x:900:.*/lodge:x:900:tester/' /etc/group &&
		refused_with_hint &&
		grep -q '^hint: as root: install .* 1770 .*/run/lodge' \
			/run/said &&
		chgrp lodge /run/lodge && chmod 1770 /run/lodge
}

refused_with_hint()
{
	one_line 1 'cannot make /run/lodge/idle.elf: permission denied' \
		su tester -c "'$lodge' create -m 4 -k '$T/idle.elf'" &&
		nothing_left
}

# Another user's folder stands where the domain's would be.
name_squatted()
{
	mkdir -m 700 /run/lodge/squatted &&
		one_line 1 "squatted: it belongs to user 0" su tester -c \
			"'$lodge' create -m 4 -n squatted -k '$T/idle.elf'" &&
		grep -q '^hint: another name' /run/said &&
		! grep -q 'install -d' /run/said &&
		rmdir /run/lodge/squatted && nothing_left
}

# What a stranger may not, a member of the group may, with its own domains.
member_has_domains()
{
	"$lodge" create -q -n roots -m 4 -k "$T/idle.elf" &&
		as_tester "$lodge" create -q -n testers -m 4 -k "$T/idle.elf" ||
		return 1
	as_tester "$lodge" list | grep -q testers || return 1
	# A user's back ends are its own, but confined; the store comes when asked.
	ask_store testers >/run/said || return 1
	[ "$(as_tester "$lodge" info testers | grep -c \
		"user 1000, call filter, its owner's user")" = 2 ] || return 1
	! as_tester "$lodge" list | grep -q roots || return 1
	! as_tester "$lodge" destroy roots 2>/run/said || return 1
	cat /run/said
	grep -q '^lodge: destroy roots: it belongs to another user' /run/said &&
		! as_tester "$lodge" dmesg roots 2>/run/said &&
		grep -q '^lodge: dmesg roots: it belongs to another' /run/said &&
		is_state roots blocked || return 1
	as_tester "$lodge" destroy testers && ! is_state testers blocked &&
		as_tester "$lodge" create -q -n testers -m 4 -k "$T/idle.elf" &&
		"$lodge" destroy testers && "$lodge" destroy roots &&
		nothing_left
}

hello=$T/hello.elf
head -c 1000000 "$T/vmlinuz" >/run/truncated
head -c 100 "$hello" >/run/truncated-elf
: >/run/empty
echo "hello, kernel" >/run/text
truncate -s 64M /run/large

check load load_module
refuse image-truncated 'truncated' -m 64 -k /run/truncated
refuse image-truncated-elf 'truncated' -m 64 -k /run/truncated-elf
refuse image-empty 'is empty' -m 64 -k /run/empty
refuse image-text 'not a kernel image' -m 64 -k /run/text
refuse image-zeros 'not a kernel image' -m 64 -k /run/large
refuse image-missing 'no such file' -m 64 -k /run/nowhere
refuse image-32-bit '32-bit kernel .* has no PVH entry' -m 64 -k "$T/elf32"
refuse image-no-note 'has no PVH entry' -m 64 -k /bin/busybox
refuse image-oversized 'does not fit memory' -m 16 -k "$T/vmlinuz"
refuse ramdisk-oversized 'ramdisk .* does not fit memory' \
	-m 64 -k "$hello" -r /run/large
refuse ramdisk-missing 'no such file' -m 64 -k "$hello" -r /run/nowhere
refuse memory-0 'memory is 0 MiB' -m 0 -k "$hello"
refuse memory-1 'memory is 1 MiB' -m 1 -k "$hello"
refuse memory-of-host 'the host cannot back 4096 MiB' -m 4096 -k "$hello"
refuse memory-most 'the host cannot back 1048576 MiB' -m 1048576 -k "$hello"
refuse vcpus-0 'vcpus is 0' -m 4 -c 0 -k "$hello"
refuse vcpus-1000 'vcpus is 1000' -m 4 -c 1000 -k "$hello"
refuse name-path 'is not usable' -m 4 -n ../etc -k "$hello"
refuse name-dots 'is not usable' -m 4 -n .. -k "$hello"
refuse name-empty 'name is empty' -m 4 -n '' -k "$hello"
refuse name-escape 'is not usable' -m 4 -n "$(printf 'a\033[31mb')" -k "$hello"
refuse config-missing 'no such file' /run/nowhere.cfg
config 'name = "x"' 'memory = "much"'
refuse config-type 'x.cfg:2: memory must be a number' /run/x.cfg
config 'name = "x"' 'kernel = '
refuse config-syntax 'x.cfg:.*syntax error' /run/x.cfg
check config-unknown-key warns_and_runs
check name-odd runs_to_its_end -n 007+_.-x -m 4 -k "$hello"
check no-permission refused 'cannot open /dev/lodge: permission denied' \
	su tester -c "'$lodge' create -m 4 -k '$hello'"
check group-hint let_group_in
check name-squatted name_squatted
check group-member member_has_domains
splats kernel-log
check unload unload_module
finish
