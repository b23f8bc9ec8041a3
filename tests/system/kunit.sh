# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# Loads each KUnit module, which runs its suites at once, and turns the kernel
# log's KTAP lines into results: one per case, named suite.case.  A module that
# reports no case fails: silence must not pass for success.

. "$T/lib.sh"

# Cases are indented by four blanks; deeper lines are parameters of one case.
ktap_results()
{
	sed 's/^\[[^]]*\] //' | awk '
	/^ +# Subtest: / { if (!suite) suite = $3; next }
	/^    (not )?ok [0-9]+ (- )?/ {
		bad = $1 == "not"
		line = $0
		sub(/^ *(not )?ok [0-9]+ (- )?/, "", line)
		name = line
		sub(/ .*/, "", name)
		if (line ~ /# SKIP/) {
			sub(/.*# SKIP */, "", line)
			print "skip " suite "." name ": " line
		} else if (bad)
			print "not ok " suite "." name ": " why
		else
			print "ok " suite "." name
		why = ""
		next
	}
	/^(not )?ok [0-9]+ (- )?/ { suite = ""; next }
	/^    # .*(FAILED|ASSERTION|EXPECTATION)/ {
		if (!why) { why = $0; sub(/^ *# /, "", why) }
		next
	}
	why && /^ {4,}[^ #]/ && more++ < 40 { why = why " " $0; gsub(/ +/, " ", why) }'
}

run_module()
{
	name=$(basename "$1" .ko)
	lib_set_mark
	if ! insmod "$1"; then
		fail "$name.load" "insmod failed"
		return
	fi
	lib_new_lines >/run/ktap
	rmmod "$name" || fail "$name.unload" "rmmod failed"
	ktap_results </run/ktap >/run/results
	relay '' /run/results
	[ -s /run/results ] || fail "$name.cases" "it reported none"
	splats "$name.kernel-log"
}

found=
for module in "$T"/kunit/*.ko; do
	[ -e "$module" ] || continue
	found=1
	run_module "$module"
done
[ -n "$found" ] || skip modules "no KUnit module was built"
finish
