/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Attach slots: the places of a domain where a back end can take hold.  A
 * slot owns what must outlive its holder: the ring page that it may map, the
 * recovery area, its event channels.  The store's and the console's exist from
 * the start, those of devices from the first attach on, and none of them goes
 * before the domain does.
 */
#ifndef LODGE_RING_ATTACH_H
#define LODGE_RING_ATTACH_H

#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#include <uapi/lodge.h>

struct attach_file;
struct domain;
struct eventfd_ctx;
struct io_queue;
struct io_ring;
struct page;

#define ATTACH_NR_FIXED		2	/* store, console */
#define ATTACH_MAX_SLOTS	(ATTACH_NR_FIXED + LODGE_MAX_DEVICES)

/* One event channel between a slot and a port of the guest. */
struct attach_channel {
	u32 port;			/* evtchn.lock; read anywhere; 0 none */
	struct eventfd_ctx *eventfd;	/* l */
};

/*
 * f: attach_file.lock of the holder
 * lock: holder, eventfds; irq-safe, since a raise may come from any context.
 * Leaf below evtchn_table.lock.
 */
struct attach_slot {
	struct domain *domain;		/* c */
	u32 role;			/* c */
	u32 devid;			/* c */
	unsigned int index;		/* c: in attach_table.slot */
	unsigned int nr_channels;	/* c */
	struct page *ring;		/* c: fixed page, also mapped in the guest */
	void *recovery;			/* made at its first mmap, then constant */
	struct io_ring *io[LODGE_IO_MAX_RINGS];	/* f, by the holder */
	spinlock_t lock;
	struct attach_file *holder;	/* l */
	struct attach_channel channel[];
};

struct attach_table {
	struct mutex lock;		/* to write; above attach_file.lock */
	struct attach_slot *slot[ATTACH_MAX_SLOTS];	/* a: NULL, then constant */
	struct io_queue *io_queue;	/* NULL, then constant: before a device's slot */
};

/* Does the slot have a ring page and a channel of its own, or only devices' */
static inline bool attach_slot_is_fixed(const struct attach_slot *slot)
{
	return slot->index < ATTACH_NR_FIXED;
}

/*
 * The two fixed slots, their pages in the guest, their ports.  After
 * evtchn_init(); when it fails, nothing is left.
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
