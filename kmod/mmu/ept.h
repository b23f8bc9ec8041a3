/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Intel's extended page tables as a format of the second-stage walker, and
 * the pointer that makes hardware use one.
 */
#ifndef LODGE_MMU_EPT_H
#define LODGE_MMU_EPT_H

#include <linux/bits.h>

#include "mmu/s2.h"

extern const struct s2_format ept_format;

/* For a CPU that does not set accessed and dirty bits: it ignores theirs. */
extern const struct s2_format ept_format_no_ad;

/* EPTP: write-back walks of four levels, accessed and dirty bits on. */
#define EPTP_WB			6ull
#define EPTP_WALK_4		(3ull << 3)
#define EPTP_ACCESSED_DIRTY	BIT_ULL(6)

static inline u64 ept_pointer(const struct s2_table *s2, bool accessed_dirty)
{
	return s2_root_hpa(s2) | EPTP_WB | EPTP_WALK_4 |
	       (accessed_dirty ? EPTP_ACCESSED_DIRTY : 0);
}

#endif /* LODGE_MMU_EPT_H */
