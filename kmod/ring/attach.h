/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Attach slots: the places of a domain where a back end can take hold.  A
 * slot owns what must outlive its holder: the ring page that it may map, the
 * recovery area, its event channels.
 */
#ifndef LODGE_RING_ATTACH_H
#define LODGE_RING_ATTACH_H

#include <linux/eventfd.h>
#include <linux/spinlock.h>
#include <linux/types.h>

struct domain;
struct lodge_attach;
struct page;

#define ATTACH_MAX_SLOTS	2	/* store, console; devices come later */
#define ATTACH_MAX_CHANNELS	1

struct attach_file;

/*
 * lock: holder, eventfd; irq-safe, since a raise may come from any context.
 * Leaf below evtchn_table.lock.
 */
struct attach_slot {
	struct domain *domain;		/* c */
	u32 role;			/* c */
	u32 devid;			/* c */
	struct page *ring;		/* c: fixed page, also mapped in the guest */
	void *recovery;			/* made at its first mmap, then constant */
	u32 port[ATTACH_MAX_CHANNELS];	/* a: guest port of each channel, 0 none */
	spinlock_t lock;
	struct attach_file *holder;	/* l */
	struct eventfd_ctx *eventfd[ATTACH_MAX_CHANNELS];	/* l */
};

/*
 * The two slots, their pages in the guest, their ports.  After evtchn_init();
 * when it fails, nothing is left.
 */
int attach_init(struct domain *d);
void attach_hangup(struct domain *d);	/* domain died: POLLHUP, unmap, no more */
void attach_exit(struct domain *d);	/* last reference: free */

/*
 * ioctls on the domain file; the caller has checked @arg->size.  attach gives
 * an fd (not written to @arg) or -errno; -EBUSY fills @arg->holder.
 */
int attach_open(struct domain *d, struct lodge_attach *arg);
int attach_revoke(struct domain *d, u32 role, u32 devid);

/* The guest's end was signalled: wake the holder.  Any context. */
void attach_signal(struct attach_slot *slot, u32 channel);

#endif /* LODGE_RING_ATTACH_H */
