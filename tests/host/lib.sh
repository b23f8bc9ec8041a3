# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# Helpers for scripts that run inside a test host (busybox sh): one line per
# check in the form that tests/run reads, a look at the kernel's log, and the
# exit status.  Use: . "$T/lib.sh"; ...; finish

lib_failed=0
lib_mark=
lib_only=${1:-}
LODGE_RESULTS=${LODGE_RESULTS:-}
lib_splats=${LODGE_SPLATS:-/etc/splats}

# One result line: on the console, where kernel messages may cut into it, and
# on the line of its own that tests/run reads.
result()
{
	echo "$1"
	[ -z "$LODGE_RESULTS" ] || echo "$1" >>"$LODGE_RESULTS"
}

# shown NAME: whether the result of NAME was asked for, or is part of it.
shown()
{
	[ -z "$lib_only" ] && return
	for lib_want in $lib_only; do
		case $1 in
		"$lib_want"|"$lib_want".*) return 0 ;;
		esac
	done
	return 1
}

pass()
{
	! shown "$1" || result "ok $1"
}

# fail NAME WHY...
fail()
{
	lib_name=$1
	shift
	result "not ok $lib_name: $*"
	lib_failed=$((lib_failed + 1))
}

skip()
{
	lib_name=$1
	shift
	! shown "$lib_name" || result "skip $lib_name: $*"
}

# relay PREFIX FILE: pass on the result lines that a program left in FILE.
relay()
{
	while IFS= read -r lib_line; do
		case $lib_line in
		'ok '*) pass "$1${lib_line#ok }" ;;
		'not ok '*)
			result "not ok $1${lib_line#not ok }"
			lib_failed=$((lib_failed + 1)) ;;
		'skip '*)
			lib_line=${lib_line#skip }
			skip "$1${lib_line%%: *}" "${lib_line#*: }" ;;
		*) echo "$lib_line" ;;
		esac
	done <"$2"
}

# want NAME: whether this run is about NAME (tests/run BATCH/NAME asks for it).
want()
{
	case "${lib_only:+ $lib_only }" in
	''|*" $1 "*) return 0 ;;
	esac
	return 1
}

# amount FULL SHORT: how often or how long.  A slow host's short form is enough
# where a quick one does the same at full length; tests/run --long has the full
# form on every host.
amount()
{
	if [ -e "$T/short" ]; then
		echo "$2"
	else
		echo "$1"
	fi
}

# left_out NAME: the short form leaves it out, and says so, unless some check
# was asked for
left_out()
{
	[ -e "$T/short" ] && [ -z "$lib_only" ] || return 1
	skip "$1" "left out on a slow host, --long has it"
}

# want_full NAME: want, but for the short form
want_full()
{
	want "$1" && ! left_out "$1"
}

# check NAME CMD...: CMD decides; what it printed tells why it failed.  It runs
# also when another check was asked for, since that one may build on it; then
# only its failure is told.
check()
{
	lib_check=$1
	shift
	if lib_out=$("$@" 2>&1); then
		pass "$lib_check"
	else
		fail "$lib_check" "status $?:" \
			"$(echo "$lib_out" | tail -n 3 | tr '\n' ' ')"
	fi
}

# The kernel's log since the last mark; all of it if it has wrapped since.
lib_new_lines()
{
	dmesg | awk -v mark="$lib_mark" '
		{ line[n++] = $0 }
		mark != "" && index($0, mark) { n = 0 }
		END { for (i = 0; i < n; i++) print line[i] }'
}

lib_set_mark()
{
	lib_marks=$((${lib_marks:-0} + 1))
	lib_mark="lodge-test: mark $$.$lib_marks"
	echo "<7>$lib_mark" >/dev/kmsg
}

# splats NAME: fail NAME if the kernel complained since the last call.
splats()
{
	lib_new=$(lib_new_lines | grep -E -f "$lib_splats.pattern" |
		  grep -v -E -f "$lib_splats.benign" | head -n 3)
	lib_set_mark
	[ -z "$lib_new" ] && return 0
	fail "$1" "kernel log: $(echo "$lib_new" | tr '\n' ' ')"
	return 1
}

# finish: end the script, with status 1 if anything failed.
finish()
{
	[ "$lib_failed" = 0 ]
	exit
}

lib_set_mark
