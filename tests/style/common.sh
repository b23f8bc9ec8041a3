# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the checks of the sources share: which files there are, folders of
# links to build in, and one verdict from a file of findings.  Sourced, never
# run; the current folder becomes the top of the tree.

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=../host/common.sh
. tests/host/common.sh

cache=$(cache_dir)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

# Every file that is, or could be, in the repository; folders as arguments.
# Without git (an unpacked release) every file is.
source_files()
{
	local file

	{ git ls-files -co --exclude-standard -- "$@" 2>/dev/null ||
		find "${@:-.}" -type f | sed 's|^\./||'; } | sort -u |
	while IFS= read -r file; do
		[ ! -f "$file" ] || echo "$file"
	done
}

# verdict NAME FINDINGS: NAME is ok if the file of findings is empty.
verdict()
{
	local more

	if [ ! -s "$2" ]; then
		echo "ok $1"
		return
	fi
	more=$(($(wc -l <"$2") - 1))
	cat "$2"
	echo "not ok $1: $(head -n 1 "$2")$( ((more)) && echo " and $more more lines")"
	failed=1
}

# The build tree of the small kernel if it has been built; nothing is built
# for the sake of these checks.
small_kernel()
{
	local newest

	newest=$(find "$cache/" -maxdepth 2 -path '*/kernel-small-*/release' \
		-printf '%T@ %h\n' | sort -n | tail -n 1 | cut -d' ' -f2-)
	[ -n "$newest" ] || return 1
	echo "$newest/build"
}

# build_folder NAME: a folder of the cache, one per checkout.
build_folder()
{
	echo "$cache/style-$1-$(echo "$PWD" | sha256sum | cut -c1-8)"
}

# link_sources TO PATH...: sources as links, so that what a build writes stays
# out of the tree.
link_sources()
{
	local to=$1 file
	shift

	mkdir -p "$to"
	for file in $(source_files "$@"); do
		[ -L "$to/$file" ] && continue
		mkdir -p "$to/$(dirname "$file")"
		ln -s "$PWD/$file" "$to/$file"
	done
	find "$to" -xtype l -delete
}
