# SPDX-License-Identifier: GPL-2.0-only
#
# Turns hot.list into a linker script that puts what it names together: code,
# constants, and the zeroed data that is written after a fork.

function pattern(kind, name)
{
	if (kind == "own")
		return "build/" name ".o"
	if (kind == "libc")
		return "*libc.a:" name ".o"
	return name
}

function inputs(sections,	i)
{
	for (i = 0; i < nr; i++)
		printf "\t\t%s(%s)\n", hot[i], sections
}

/^(own|libc|file) / {
	for (i = 2; i <= NF; i++)
		hot[nr++] = pattern($1, $i)
}

END {
	print "SECTIONS {\n\t.text.hot : {"
	inputs(".text .text.*")
	print "\t}\n}\nINSERT BEFORE .text;"
	print "SECTIONS {\n\t.rodata.hot : {"
	inputs(".rodata .rodata.*")
	print "\t}\n}\nINSERT AFTER .rodata;"
	print "SECTIONS {\n\t.bss.hot (NOLOAD) : {"
	print "\t\tEXCLUDE_FILE(*console.o) build/*(.bss .bss.*)"
	print "\t\tEXCLUDE_FILE(*:pthread_keys.o) *libc.a:*(.bss .bss.*)"
	print "\t}\n}\nINSERT BEFORE .bss;"
}
