/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a PVH loader needs from an ELF kernel: where its segments go and where
 * vCPU 0 starts.
 */
#ifndef LODGE_TOOL_KERNEL_ELF_H
#define LODGE_TOOL_KERNEL_ELF_H

#include "blob.h"

#define ELF_SEGMENTS_MAX	32

/* One PT_LOAD with memory; @filesz <= @memsz, and the file holds it all. */
struct elf_segment {
	uint64_t gpa;
	uint64_t memsz;
	uint64_t offset;
	uint64_t filesz;
};

struct elf_kernel {
	unsigned int nr_segments;
	struct elf_segment segment[ELF_SEGMENTS_MAX];
	uint32_t entry;
	bool is_x86_64;		/* else it is for i386 */
};

bool elf_is(const struct blob *blob);

/*
 * Checks an ELF kernel for a guest with RAM at 0 .. @ram_end: after success
 * the segments are inside RAM and disjoint, and the entry is inside one.
 */
int elf_parse(const struct blob *blob, uint64_t ram_end,
	      struct elf_kernel *kernel, struct pvh_error *err);

#endif /* LODGE_TOOL_KERNEL_ELF_H */
