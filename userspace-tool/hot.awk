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

# Large and seldom written are the console's backlog and the C library's list of
# what to call at a fork.
function inputs(sections, zeroed,	i)
{
	for (i = 0; i < nr; i++)
		if (!zeroed || hot[i] !~ /console|register-atfork/)
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
	# Not .data.rel.ro, which is made read-only.
	print "SECTIONS {\n\t.data.hot : {"
	inputs(".data .data.rel .data.rel.local")
	print "\t}\n}\nINSERT AFTER .data;"
	print "SECTIONS {\n\t.bss.hot (NOLOAD) : {"
	inputs(".bss .bss.* COMMON", 1)
	print "\t}\n}\nINSERT BEFORE .bss;"
}
