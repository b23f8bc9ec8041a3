# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Shell functions that the host scripts share: where the cache is, how progress
# is reported, and how a cache entry is built exactly once even when two
# builders start at the same time or one is interrupted.  Sourced, never run.

# shellcheck disable=SC2034 # for the scripts that source this
host_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
export LC_ALL=C

# Everything here speaks on stderr: stdout belongs to the result.
say()
{
	echo "$*" >&2
}

die()
{
	say "$*"
	exit 1
}

cache_dir()
{
	local dir=${LODGE_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/lodge}

	mkdir -p "$dir"
	echo "$dir"
}

# The busybox of guests, of the kind that their kernel, GUEST, can run.
guest_busybox()
{
	if [ "${GUEST:-}" = debian-i386 ]; then
		echo "$("$host_dir/kernel" debian-i386)/busybox"
	else
		echo /bin/busybox
	fi
}

# as_root CMD...: run a command as root, by sudo if need be.
as_root()
{
	if [ "$(id -u)" = 0 ]; then
		"$@"
	else
		sudo "$@"
	fi
}

# with_progress WHAT LOG CMD...: run CMD with its output in LOG and say every
# 20 s that it still runs.  On failure the end of LOG is shown.
with_progress()
{
	local what=$1 log=$2 pid ticker='' status=0 start=$SECONDS
	shift 2

	"$@" >"$log" 2>&1 </dev/null &
	pid=$!
	trap 'kill "$pid" "$ticker" 2>/dev/null; exit 143' INT TERM HUP
	(
		trap 'kill "$nap" 2>/dev/null; exit' TERM
		while :; do
			sleep 20 & nap=$!
			wait "$nap"
			say "  $what: $((SECONDS - start)) s so far"
		done
	) >/dev/null &
	ticker=$!
	wait "$pid" || status=$?
	kill "$ticker" 2>/dev/null || true
	wait "$ticker" 2>/dev/null || true
	trap - INT TERM HUP
	if [ "$status" != 0 ]; then
		say "$what failed (status $status); the end of $log:"
		tail -n 30 "$log" >&2
		return "$status"
	fi
	say "  $what: done in $((SECONDS - start)) s"
}

# build_once FOLDER FUNCTION: make FOLDER exist.  FUNCTION fills the folder
# that it gets as argument; only a complete one gets its real name, so what
# an interrupted build left is never taken for a result.  Call it as a plain
# command: in a condition the shell would not stop at FUNCTION's first error.
build_once()
{
	local folder=$1 build=$2

	[ -d "$folder" ] && return 0
	(
		flock -n 9 || {
			say "waiting for another builder of $(basename "$folder")"
			flock 9
		}
		[ -d "$folder" ] && exit 0
		rm -rf "$folder.tmp"
		mkdir -p "$folder.tmp"
		"$build" "$folder.tmp" 9>&-
		mv "$folder.tmp" "$folder"
	) 9>"$folder.lock"
}
