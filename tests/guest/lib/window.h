/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A window of 512 single pages above the identity map, for tests that want a
 * page absent, read-only, not executable or open to user mode.  Pages that
 * are not mapped fault: what follows a mapped one is a hole to straddle into.
 */
#ifndef LODGE_GUEST_WINDOW_H
#define LODGE_GUEST_WINDOW_H

#include "cpu.h"

#define WINDOW_BASE	0x8000000000ul
#define WINDOW_PAGES	512

#define PTE_P		BIT(0)
#define PTE_W		BIT(1)
#define PTE_U		BIT(2)
#define PTE_A		BIT(5)
#define PTE_D		BIT(6)
#define PTE_PS		BIT(7)
#define PTE_NX		BIT(63)

/* An address that no canonical pointer has. */
#define NON_CANONICAL	0x0000800000000000ul

extern u64 boot_pml4[512], boot_pdpt[512], boot_pd[2048];
extern u64 window_pdpt[512], window_pd[512], window_pt[512];

static inline void *window_address(unsigned int idx)
{
	return (void *)(WINDOW_BASE + idx * PAGE_SIZE);
}

static inline void *window_map(unsigned int idx, u64 gpa, u64 flags)
{
	WRITE_ONCE(window_pt[idx], (gpa & ~(PAGE_SIZE - 1)) | flags | PTE_P);
	invlpg((u64)window_address(idx));
	return window_address(idx);
}

static inline void window_unmap(unsigned int idx)
{
	WRITE_ONCE(window_pt[idx], 0);
	invlpg((u64)window_address(idx));
}

#endif
