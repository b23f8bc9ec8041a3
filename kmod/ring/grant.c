// SPDX-License-Identifier: GPL-2.0-only
/*
 * The frames of a domain's grant table.  They belong to the module; the guest
 * chooses at which of its frames it sees them, and may move them.
 */
#include "ring/grant.h"

#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/nospec.h>

#include "domain.h"
#include "mmu/guest_ram.h"

static int grow_locked(struct grant_table *g, unsigned int nr)
{
	struct page *page;

	lockdep_assert_held(&g->lock);
	if (nr > GRANT_MAX_FRAMES)
		return -EINVAL;
	while (g->nr_frames < nr) {
		page = alloc_page(GFP_GUEST | __GFP_ZERO);
		if (!page)
			return -ENOMEM;
		g->frames[g->nr_frames] = page;
		g->gfn[g->nr_frames] = GRANT_NO_GFN;
		/* Pairs with shared_entry(): the frame, then the number. */
		smp_store_release(&g->nr_frames, g->nr_frames + 1);
	}
	return 0;
}

int grant_grow(struct domain *d, unsigned int nr)
{
	struct grant_table *g = &d->grant;
	int ret;

	mutex_lock(&g->lock);
	ret = grow_locked(g, nr);
	mutex_unlock(&g->lock);
	return ret;
}

int grant_map_frame(struct domain *d, unsigned int idx, u64 gfn)
{
	struct grant_table *g = &d->grant;
	u64 old;
	int ret;

	if (idx >= GRANT_MAX_FRAMES)
		return -EINVAL;
	idx = array_index_nospec(idx, GRANT_MAX_FRAMES);

	mutex_lock(&g->lock);
	ret = grow_locked(g, idx + 1);
	if (!ret)
		ret = guest_ram_map_special(&d->ram, GFN(gfn), g->frames[idx],
					    S2_READ | S2_WRITE);
	if (!ret) {
		old = g->gfn[idx];
		g->gfn[idx] = gfn;
		/* Only if it still is there: the guest may have emptied it. */
		if (old != GRANT_NO_GFN && old != gfn)
			guest_ram_unmap_special(&d->ram, GFN(old),
						g->frames[idx]);
	}
	mutex_unlock(&g->lock);
	return ret;
}

int grant_init(struct domain *d)
{
	struct grant_table *g = &d->grant;

	mutex_init(&g->lock);
	spin_lock_init(&g->use_lock);
	g->version = 1;
	return grant_grow(d, 1);
}

void grant_destroy(struct domain *d)
{
	struct grant_table *g = &d->grant;

	grant_use_free(g);
	while (g->nr_frames)
		put_page(g->frames[--g->nr_frames]);
}
