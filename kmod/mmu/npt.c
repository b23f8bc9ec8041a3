// SPDX-License-Identifier: GPL-2.0-only
/*
 * Entry bits of AMD's nested page tables (APM, "Nested Paging"): long-mode
 * page tables, whose every access counts as a user's.  Memory types are zero,
 * which the host's PAT makes write-back; the guest's own PAT may ask for less,
 * which the CPU keeps coherent.
 */
#include "mmu/npt.h"

#include <linux/bits.h>

#define NPT_PRESENT	BIT_ULL(0)
#define NPT_WRITE	BIT_ULL(1)
#define NPT_USER	BIT_ULL(2)
#define NPT_ACCESSED	BIT_ULL(5)
#define NPT_DIRTY	BIT_ULL(6)
#define NPT_LARGE	BIT_ULL(7)
#define NPT_ADDRESS	GENMASK_ULL(51, 12)
#define NPT_NO_EXEC	BIT_ULL(63)

/* Available to software in a leaf, and in a not-present entry. */
#define NPT_SPECIAL	BIT_ULL(9)
#define NPT_EMPTIED	BIT_ULL(10)

static u64 npt_leaf(hfn_t hfn, enum s2_level level, unsigned int perm)
{
	/* What is present can be read. */
	u64 entry = hfn_hpa(hfn) | NPT_PRESENT | NPT_USER;

	if (perm & S2_WRITE)
		entry |= NPT_WRITE;
	if (!(perm & S2_EXEC))
		entry |= NPT_NO_EXEC;
	if (perm & S2_SPECIAL)
		entry |= NPT_SPECIAL;
	if (level != S2_4K)
		entry |= NPT_LARGE;
	return entry;
}

/* Rights are decided by the leaf alone. */
static u64 npt_table(hfn_t hfn)
{
	return hfn_hpa(hfn) | NPT_PRESENT | NPT_WRITE | NPT_USER;
}

static unsigned int npt_perm(u64 entry)
{
	return S2_READ |
	       (entry & NPT_WRITE ? S2_WRITE : 0) |
	       (entry & NPT_NO_EXEC ? 0 : S2_EXEC) |
	       (entry & NPT_SPECIAL ? S2_SPECIAL : 0);
}

const struct s2_format npt_format = {
	.name = "npt",
	.leaf = npt_leaf,
	.table = npt_table,
	.perm = npt_perm,
	.present = NPT_PRESENT,
	.large = NPT_LARGE,
	.address = NPT_ADDRESS,
	.accessed = NPT_ACCESSED,
	.dirty = NPT_DIRTY,
	.emptied = NPT_EMPTIED,
};
