# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
#
# Test programs, and mistakes put into what they test, each of which they must
# find.  Compiling with sanitizers takes longer than most of the tests, so each
# source is compiled once, and a mistake costs one file more.  Sourced, never
# run, in the top folder of the tree; $work is a folder of the test's own.

flags=(-Wall -Wextra -Werror -O1 -g -std=gnu11 -D_GNU_SOURCE -Iuapi
       -Iuserspace-tool -Itests/tool)
sanitizers=("-fsanitize=address,undefined" -fno-sanitize-recover=all)
objects=$work/objects
# What mistakes are put into, and what it is linked with.
sources=() libs=()

# A mistake is found if a line of what run_mistaken says is like the one, or
# else its exit status like the other.  The test defines run_mistaken: it ends
# in exec timeout, for $work/mistaken.
telling_line='^not ok\|ERROR: AddressSanitizer\|runtime error'
telling_status=''
mkfifo "$work/mistaken.out"

# build PROGRAM SOURCE...: compiles those that have not been, two at a time.
build()
{
	local program=$1 source parts=() new=()
	shift

	for source in "${@%.c}"; do
		parts+=("$objects/$source.o")
		[ ! -e "$objects/$source.o" ] || continue
		mkdir -p "$objects/${source%/*}"
		new+=("$source")
	done
	printf '%s\n' "${new[@]}" | xargs -r -P 2 -I '{}' gcc "${flags[@]}" \
		"${sanitizers[@]}" -c -o "$objects/{}.o" '{}.c'
	gcc "${sanitizers[@]}" -o "$program" "${parts[@]}" "${libs[@]}"
}

# tell_results PREFIX COMMAND...: a program's results, with a prefix to their
# names.  They stay in $work/out.
tell_results()
{
	local prefix=$1 status=0
	shift

	"$@" >"$work/out" 2>&1 || status=$?
	sed "s/^\(ok\|not ok\) /&$prefix/" "$work/out"
	[ "$status" = 0 ] || grep -q '^not ok' "$work/out" ||
		echo "not ok ${prefix}program: it ended with status $status"
}

# find_mistake: the first that tells of it.  The program's remaining work is of
# no use, so it is ended then.
find_mistake()
{
	local pid line status=0

	run_mistaken >"$work/mistaken.out" 2>&1 &
	pid=$!
	if line=$(grep -m 1 "$telling_line" "$work/mistaken.out"); then
		kill "$pid" 2>/dev/null || true
		wait "$pid" || true
		echo "$line"
		return
	fi
	wait "$pid" || status=$?
	# A pattern is meant.
	# shellcheck disable=SC2254
	case $status in
	$telling_status) echo "status $status" ;;
	*) return 1 ;;
	esac
}

# mistake NAME FILE SED-SCRIPT: with it in that file of the tool, the test must
# fail.
mistake()
{
	local source=userspace-tool/$2 object=$objects/userspace-tool/${2%.c}.o
	local found

	sed "$3" "$source" >"$work/mistaken.c"
	if cmp -s "$source" "$work/mistaken.c"; then
		echo "not ok mistake_$1: the source has changed, it puts in nothing"
		return
	fi
	mv "$object" "$work/right.o"
	gcc "${flags[@]}" "${sanitizers[@]}" -w -iquote "${source%/*}" -c \
		-o "$object" "$work/mistaken.c"
	build "$work/mistaken" "${sources[@]}"
	mv "$work/right.o" "$object"
	# What a server said in it is no text for a terminal.
	if found=$(find_mistake | tr -cd '[:print:]'); then
		echo "  found: $found"
		echo "ok mistake_$1"
	else
		echo "not ok mistake_$1: no test found it"
	fi
}
