/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The grant table of a domain: its frames and their place in the guest.
 * Mapping and copying through grants is the back ends' half and comes with
 * them; what a guest does with its own table works.
 */
#ifndef LODGE_RING_GRANT_H
#define LODGE_RING_GRANT_H

#include <linux/mutex.h>
#include <linux/types.h>

struct domain;
struct page;

#define GRANT_MAX_FRAMES	64

#define GRANT_NO_GFN		(~0ull)

struct grant_table {
	/* All of it; below domain->xen.lock, above s2.lock. */
	struct mutex lock;
	unsigned int nr_frames;
	struct page *frames[GRANT_MAX_FRAMES];
	u64 gfn[GRANT_MAX_FRAMES];	/* where it was put last, ~0 nowhere */
	unsigned int version;
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

#endif /* LODGE_RING_GRANT_H */
