/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of guest RAM ask each other: what may be at a frame, and the
 * reservation that goes with a page.
 */
#ifndef LODGE_MMU_RAM_FRAMES_H
#define LODGE_MMU_RAM_FRAMES_H

#include "mmu/guest_ram.h"

/* The first frame of the 2 MiB block that @gfn is in. */
static inline gfn_t ram_block_start(gfn_t gfn)
{
	return GFN(gfn.v & ~(GFNS_PER_2M - 1));
}

/* Is all of that block RAM? */
bool ram_covers_2m(const struct guest_ram *ram, gfn_t gfn);

/* Can the guest address it, and is it not its local APIC's? */
bool ram_is_addressable(gfn_t gfn);

/* Holes take RAM as well, but for the region of the module's own pages. */
bool ram_may_hold(const struct guest_ram *ram, gfn_t gfn);

/*
 * RAM's own tables are bounded by its size.  Pages that a guest spreads over
 * holes could each need three more: those are limited.  Needs the s2 lock,
 * under which @leaf was found.
 */
bool ram_has_table_room(const struct guest_ram *ram, gfn_t gfn,
			const struct s2_leaf *leaf);

/* One page more of what the domain was promised; -ENOSPC. */
int ram_reserve_page(struct guest_ram *ram);
void ram_unreserve_pages(struct guest_ram *ram, u64 pages);

#endif /* LODGE_MMU_RAM_FRAMES_H */
