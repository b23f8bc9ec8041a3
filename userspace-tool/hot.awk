# SPDX-License-Identifier: GPL-2.0-only
#
# Turns hot.list into a linker script that puts what it names together: code,
# constants, and data of which each page is copied that is written after a fork.
# What each process writes there must fit in a page: the linker looks.

function pattern(kind, name)
{
	if (kind == "own")
		return "build/" name ".o"
	if (kind == "libc")
		return "*libc.a:" name ".o"
	return name
}

function print_input(name, sections)
{
	printf "\t\t%s(%s)\n", name, sections
}

function print_inputs(names, sections)
{
	for (i = 0; i < nr; i++)
		if (hot[i] in names)
			print_input(hot[i], sections)
}

# Those from @first up to @end.
function print_written(first, end, sections)
{
	for (i = first; i < end; i++)
		print_input(written[i], sections)
}

BEGIN {
	# Not .data.rel.ro, which is made read-only.
	data = ".data .data.rel .data.rel.local .data.rel.local.* .data.[!r]*"
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
		if (!(name in all)) {
			print "hot.list: " $i " is written, but not above" >"/dev/stderr"
			failed = 1
			exit 1
		}
		written[nr_written++] = name
		delete rest[name]
		delete zeroed[name]
	}
}

END {
	if (failed)
		exit 1
	print "SECTIONS {\n\t.text.hot : {"
	print_inputs(all, ".text .text.*")
	print "\t}\n}\nINSERT BEFORE .text;"
	print "SECTIONS {\n\t.rodata.hot : {"
	print_inputs(all, ".rodata .rodata.*")
	print "\t}\n}\nINSERT AFTER .rodata;"
	print "SECTIONS {\n\t.data.hot : {"
	print_inputs(rest, data)
	print "\t\t. = ALIGN(4096);\n\t\thot_page = .;"
	print_written(0, nr_written, data)
	print "\t}\n}\nINSERT AFTER .data;"
	print "SECTIONS {\n\t.bss.hot (NOLOAD) : {"
	print_written(0, nr_written - 1, bss)
	print "\t\thot_page_end = .;"
	print_written(nr_written - 1, nr_written, bss)
	print_inputs(zeroed, bss)
	print "\t}\n}\nINSERT BEFORE .bss;"
	print "ASSERT(hot_page_end - hot_page <= 4096, \"hot.list: written\");"
}
