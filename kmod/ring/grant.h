/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The grant table of a domain: its frames and their place in the guest, and
 * the host's use of what the guest grants to domain 0.  Version 1 only: its
 * frame numbers reach further than the memory that a domain can have.
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
#define GRANT_PER_FRAME		512	/* entries of version 1 */
#define GRANT_MAX_REFS		(GRANT_MAX_FRAMES * GRANT_PER_FRAME)

/* Uses are kept by blocks, which are made when one of theirs is needed. */
#define GRANT_USE_BLOCK		256
#define GRANT_NR_BLOCKS		(GRANT_MAX_REFS / GRANT_USE_BLOCK)

#define GRANT_NO_GFN		(~0ull)

struct grant_table {
	/* Frames and their places; below domain->xen.lock, above s2.lock. */
	struct mutex lock;
	unsigned int nr_frames;		/* lock to write; read anywhere */
	struct page *frames[GRANT_MAX_FRAMES];
	u64 gfn[GRANT_MAX_FRAMES];	/* where it was put last, ~0 nowhere */
	unsigned int version;
	/* Counts of use, and the busy bits that go with them; above s2.lock. */
	spinlock_t use_lock;
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
 * 0, -EINVAL, -ENOMEM.
 */
int grant_map_frame(struct domain *d, unsigned int idx, u64 gfn);
/* Make the table at least nr frames large; 0, -EINVAL, -ENOMEM. */
int grant_grow(struct domain *d, unsigned int nr);

/**
 * grant_pin() - use a page that the guest has granted to domain 0
 * @d: the domain; the caller holds a reference until grant_unpin()
 * @ref: grant reference, any number
 * @write: also write to the page
 * @pin: out, on success
 *
 * Until grant_unpin() the grant's busy bits are set, so that the guest knows
 * not to use the page for something else, and the page stays, also if the
 * guest gives it back meanwhile.  May sleep; any process context, work items
 * included.
 * Return: 0; -ENOENT the guest grants nothing by that reference; -EACCES not
 * to domain 0, or not for writing; -ENXIO no RAM at its frame; -EBUSY it is in
 * use for another frame, or too often; -EAGAIN the guest keeps changing it;
 * -ENOMEM.
 */
int grant_pin(struct domain *d, u32 ref, bool write, struct grant_pin *pin);

/* End that use.  All accesses to the page are over.  Does not sleep. */
void grant_unpin(struct domain *d, const struct grant_pin *pin);

/**
 * grant_pin_list() - pin several, all or none
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
