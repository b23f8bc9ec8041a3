# SPDX-License-Identifier: GPL-2.0-only
#
# Turns hot.list into a linker script that puts what it names together: code,
# constants, and data of which each page is copied that is written after a fork.

function pattern(kind, name)
{
	if (kind == "own")
		return "build/" name ".o"
	if (kind == "libc")
		return "*libc.a:" name ".o"
	return name
}

function print_inputs(names, sections)
{
	for (i = 0; i < nr; i++)
		if (hot[i] in names)
			printf "\t\t%s(%s)\n", hot[i], sections
}

BEGIN {
	# Not .data.rel.ro, which is made read-only.
	data = ".data .data.rel .data.rel.local .data.[!r]*"
	bss = ".bss .bss.* COMMON"
}

/^(own|libc|file) / {
	for (i = 2; i <= NF; i++) {
		name = hot[nr++] = pattern($1, $i)
		all[name]
		rest[name]
		# The console's backlog is large and seldom written.
		if (name !~ /console/)
			zeroed[name]
	}
}

/^written / {
	for (i = 3; i <= NF; i++) {
		name = pattern($2, $i)
		written[name]
		delete rest[name]
		delete zeroed[name]
	}
}

END {
	print "SECTIONS {\n\t.text.hot : {"
	print_inputs(all, ".text .text.*")
	print "\t}\n}\nINSERT BEFORE .text;"
	print "SECTIONS {\n\t.rodata.hot : {"
	print_inputs(all, ".rodata .rodata.*")
	print "\t}\n}\nINSERT AFTER .rodata;"
	print "SECTIONS {\n\t.data.hot : {"
	print_inputs(rest, data)
	print "\t\t. = ALIGN(4096);"
	print_inputs(written, data)
	print "\t}\n}\nINSERT AFTER .data;"
	print "SECTIONS {\n\t.bss.hot (NOLOAD) : {"
	print_inputs(written, bss)
	print_inputs(zeroed, bss)
	print "\t}\n}\nINSERT BEFORE .bss;"
}
