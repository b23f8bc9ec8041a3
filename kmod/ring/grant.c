// SPDX-License-Identifier: GPL-2.0-only
/*
 * The frames of a domain's grant table.  They belong to the module; the guest
 * chooses at which of its frames it sees them, and may move them.  Version 2
 * has frames with the entries' busy bits beside those with the entries.
 */
#include "ring/grant.h"

#include <linux/bits.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/nospec.h>

#include "domain.h"
#include "mmu/guest_ram.h"
#include "ring/grant_entry.h"

/* As Xen has it; the kernel's copy of the interface does not name it. */
#define MAP_STATUS	BIT_ULL(31)	/* of an index: a status frame */

/* Frames of entries that a status frame is for. */
#define FRAMES_PER_STATUS	(GRANT_PER_STATUS / GRANT_PER_FRAME_V2)

static int add_frame(struct grant_frame *frame)
{
	frame->page = alloc_page(GFP_GUEST | __GFP_ZERO);
	frame->gfn = GRANT_NO_GFN;
	return frame->page ? 0 : -ENOMEM;
}

/* Have the busy bits of @nr frames of entries. */
static int grow_status(struct grant_table *g, unsigned int nr)
{
	int err;

	lockdep_assert_held(&g->lock);
	while (g->nr_status * FRAMES_PER_STATUS < nr) {
		err = add_frame(&g->status[g->nr_status]);
		if (err)
			return err;
		g->nr_status++;
	}
	return 0;
}

static int grow_locked(struct grant_table *g, unsigned int nr)
{
	int err;

	lockdep_assert_held(&g->lock);
	if (nr > GRANT_MAX_FRAMES)
		return -EINVAL;
	if (g->version == 2) {
		err = grow_status(g, nr);
		if (err)
			return err;
	}
	while (g->nr_frames < nr) {
		err = add_frame(&g->shared[g->nr_frames]);
		if (err)
			return err;
		/* Pairs with grant_entry_find(): the frame, then the number. */
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

static int get_shared(struct grant_table *g, u64 idx, struct grant_frame **out)
{
	int err;

	if (idx >= GRANT_MAX_FRAMES)
		return -EINVAL;
	idx = array_index_nospec(idx, GRANT_MAX_FRAMES);
	err = grow_locked(g, idx + 1);
	*out = &g->shared[idx];
	return err;
}

/* One that is not there yet brings all the entries that it is for. */
static int get_status(struct grant_table *g, u64 idx, struct grant_frame **out)
{
	int err = 0;

	if (idx >= GRANT_MAX_STATUS)
		return -EINVAL;
	idx = array_index_nospec(idx, GRANT_MAX_STATUS);
	if (idx >= g->nr_status)
		err = grow_locked(g, (idx + 1) * FRAMES_PER_STATUS);
	*out = &g->status[idx];
	return err;
}

int grant_map_frame(struct domain *d, u64 idx, u64 gfn)
{
	struct grant_table *g = &d->grant;
	struct grant_frame *frame;
	u64 old;
	int ret;

	mutex_lock(&g->lock);
	if (g->version == 2 && idx & MAP_STATUS)
		ret = get_status(g, idx & ~MAP_STATUS, &frame);
	else
		ret = get_shared(g, idx, &frame);
	if (!ret)
		ret = guest_ram_map_special(&d->ram, GFN(gfn), frame->page,
					    S2_READ | S2_WRITE);
	if (!ret) {
		old = frame->gfn;
		frame->gfn = gfn;
		/* Only if it still is there: the guest may have emptied it. */
		if (old != GRANT_NO_GFN && old != gfn)
			guest_ram_unmap_special(&d->ram, GFN(old), frame->page);
	}
	mutex_unlock(&g->lock);
	return ret;
}

/* Nobody looks at them: the version is 1. */
static void drop_status(struct domain *d)
{
	struct grant_table *g = &d->grant;
	struct grant_frame *frame;

	lockdep_assert_held(&g->lock);
	while (g->nr_status) {
		frame = &g->status[--g->nr_status];
		if (frame->gfn != GRANT_NO_GFN)
			guest_ram_unmap_special(&d->ram, GFN(frame->gfn),
						frame->page);
		put_page(frame->page);
	}
}

int grant_set_version(struct domain *d, unsigned int version)
{
	struct grant_table *g = &d->grant;
	int err = 0;

	mutex_lock(&g->lock);
	if (version != g->version) {
		if (version == 2)
			err = grow_status(g, g->nr_frames);
		if (!err)
			err = grant_entry_convert(g, version);
		if (g->version == 1)
			drop_status(d);
	}
	mutex_unlock(&g->lock);
	return err;
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
	while (g->nr_status)
		put_page(g->status[--g->nr_status].page);
	while (g->nr_frames)
		put_page(g->shared[--g->nr_frames].page);
}
