// SPDX-License-Identifier: GPL-2.0-only
/*
 * Entry bits of Intel's extended page tables (SDM, "The Extended Page Table
 * Mechanism").  All memory is write-back with the guest's PAT ignored: no
 * device is passed through, so a guest that asks for another type would only
 * make itself slow and the host's own cached view of the page wrong.
 */
#include "mmu/ept.h"

#include <linux/bits.h>

#define EPT_READ	BIT_ULL(0)
#define EPT_WRITE	BIT_ULL(1)
#define EPT_EXEC	BIT_ULL(2)
#define EPT_TYPE_WB	(6ull << 3)
#define EPT_IGNORE_PAT	BIT_ULL(6)
#define EPT_LARGE	BIT_ULL(7)
#define EPT_ACCESSED	BIT_ULL(8)
#define EPT_DIRTY	BIT_ULL(9)
#define EPT_ADDRESS	GENMASK_ULL(51, 12)

/* Ignored by hardware in a leaf, and everywhere in a not-present entry. */
#define EPT_SPECIAL	BIT_ULL(52)
#define EPT_EMPTIED	BIT_ULL(53)

/* S2_READ, S2_WRITE, S2_EXEC have the hardware's positions. */
#define EPT_PERM	(EPT_READ | EPT_WRITE | EPT_EXEC)

static u64 ept_leaf(hfn_t hfn, enum s2_level level, unsigned int perm)
{
	u64 entry = hfn_hpa(hfn) | EPT_TYPE_WB | EPT_IGNORE_PAT;

	entry |= perm & EPT_PERM;
	if (perm & S2_SPECIAL)
		entry |= EPT_SPECIAL;
	if (level != S2_4K)
		entry |= EPT_LARGE;
	return entry;
}

/* Rights are decided by the leaf alone. */
static u64 ept_table(hfn_t hfn)
{
	return hfn_hpa(hfn) | EPT_PERM;
}

static unsigned int ept_perm(u64 entry)
{
	return (entry & EPT_PERM) | (entry & EPT_SPECIAL ? S2_SPECIAL : 0);
}

const struct s2_format ept_format = {
	.name = "ept",
	.leaf = ept_leaf,
	.table = ept_table,
	.perm = ept_perm,
	.present = EPT_PERM,
	.large = EPT_LARGE,
	.address = EPT_ADDRESS,
	.accessed = EPT_ACCESSED,
	.dirty = EPT_DIRTY,
	.emptied = EPT_EMPTIED,
};

/* The walker takes every leaf for accessed and dirty then. */
const struct s2_format ept_format_no_ad = {
	.name = "ept (no accessed and dirty bits)",
	.leaf = ept_leaf,
	.table = ept_table,
	.perm = ept_perm,
	.present = EPT_PERM,
	.large = EPT_LARGE,
	.address = EPT_ADDRESS,
	.emptied = EPT_EMPTIED,
};
