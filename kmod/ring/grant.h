/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The grant table of a domain: its frames and their place in the guest, and
 * the host's use of what the guest grants to domain 0.
 */
#ifndef LODGE_RING_GRANT_H
#define LODGE_RING_GRANT_H

#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/types.h>

struct domain;
struct grant_use;
struct page;

#define GRANT_MAX_FRAMES	64
#define GRANT_PER_FRAME_V1	512	/* entries */
#define GRANT_PER_FRAME_V2	256
#define GRANT_PER_STATUS	2048	/* version 2's busy bits in a frame */
#define GRANT_MAX_STATUS	(GRANT_MAX_FRAMES * GRANT_PER_FRAME_V2 / \
				 GRANT_PER_STATUS)
/* Of version 1, which has the most. */
#define GRANT_MAX_REFS		(GRANT_MAX_FRAMES * GRANT_PER_FRAME_V1)

/* Uses are kept by blocks, which are made when one of theirs is needed. */
#define GRANT_USE_BLOCK		256
#define GRANT_NR_BLOCKS		(GRANT_MAX_REFS / GRANT_USE_BLOCK)

#define GRANT_NO_GFN		(~0ull)

/* A page of the table, and at which frame the guest has it. */
struct grant_frame {
	struct page *page;
	u64 gfn;		/* where it was put last, ~0 nowhere */
};

struct grant_table {
	/* Frames, their places, version; below domain->xen.lock, above s2.lock. */
	struct mutex lock;
	unsigned int nr_frames;		/* lock to write; read anywhere */
	unsigned int nr_status;		/* lock; 0 in version 1 */
	struct grant_frame shared[GRANT_MAX_FRAMES];
	struct grant_frame status[GRANT_MAX_STATUS];
	/* Counts of use, and the busy bits that go with them; above s2.lock. */
	spinlock_t use_lock;
	unsigned int version;		/* 1, 2; lock and use_lock to write */
	unsigned int nr_used;		/* use_lock: in use, not the reserved */
	struct grant_use **use;		/* a: NULL, then constant; so each block */
};

/**
 * struct grant_pin - a granted page in the host's hands
 * @page: the page, referenced
 * @ref: the grant
 * @write: the host may write to it
 */
struct grant_pin {
	struct page *page;
	u32 ref;
	bool write;
};

int grant_init(struct domain *d);
void grant_destroy(struct domain *d);
/*
 * Map frame idx (growing the table) at gfn; it leaves the frame where it was.
 * With bit 31 it is one of the status frames, which version 2 has.
 * 0, -EINVAL, -ENOMEM.
 */
int grant_map_frame(struct domain *d, u64 idx, u64 gfn);
/* Make the table at least nr frames large; 0, -EINVAL, -ENOMEM. */
int grant_grow(struct domain *d, unsigned int nr);
/*
 * Change the form of the entries (1 or 2), which empties all but the reserved
 * ones.  0, also when it is the form they have; -EBUSY any other is in use;
 * -ENOMEM.
 */
int grant_set_version(struct domain *d, unsigned int version);

/**
 * grant_pin() - use a page that the guest has granted to domain 0
 * @d: the domain; the caller holds a reference until grant_unpin()
 * @ref: grant reference, any number
 * @offset: the first byte that will be used
 * @length: bytes; not over the page's end
 * @write: also write to the page
 * @pin: out, on success
 *
 * Until grant_unpin() the grant's busy bits are set, so that the guest knows
 * not to use the page for something else, and the page stays, also if the
 * guest gives it back meanwhile.  May sleep; any process context, work items
 * included.
 * Return: 0; -ENOENT the guest grants nothing by that reference; -EACCES not
 * to domain 0, not for writing, or not all of these bytes; -ENXIO no RAM at its
 * frame; -EBUSY it is in use for another frame, or too often; -EAGAIN the guest
 * keeps changing it; -ENOMEM.
 */
int grant_pin(struct domain *d, u32 ref, u32 offset, u32 length, bool write,
	      struct grant_pin *pin);

/* End that use.  All accesses to the page are over.  Does not sleep. */
void grant_unpin(struct domain *d, const struct grant_pin *pin);

/**
 * grant_pin_list() - pin several whole pages, all or none
 * @refs: @nr of them; the caller bounds it
 * @pins: out, @nr
 *
 * A reference may be there more than once.  Return: as grant_pin().
 */
int grant_pin_list(struct domain *d, const u32 *refs, unsigned int nr,
		   bool write, struct grant_pin *pins);
void grant_unpin_list(struct domain *d, const struct grant_pin *pins,
		      unsigned int nr);

/* grant_pin.c's part of grant_destroy(). */
void grant_use_free(struct grant_table *g);

#endif /* LODGE_RING_GRANT_H */
