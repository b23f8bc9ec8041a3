/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Grant I/O: bytes between pages that the guest grants and a file, on behalf
 * of a slot's holder but not in its name: what was taken is done, whoever
 * lives.  io_check.c looks at what is asked for, io_table.c keeps it, io_op.c
 * and io_receive.c do it, attach_io.c has the calls.
 */
#ifndef LODGE_RING_IO_H
#define LODGE_RING_IO_H

#include <linux/atomic.h>
#include <linux/bitmap.h>
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/list.h>
#include <linux/llist.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include <uapi/lodge.h>

struct attach_slot;
struct eventfd_ctx;
struct io_op;
struct page;

/*
 * Where a domain's operations wait for files: one for each domain, so that
 * files that never answer are waited for by their own domain only.
 */
struct io_queue {
	struct workqueue_struct *workers;	/* c */
	struct work_struct free_work;
};

/*
 * One ring's table.  Field keys:
 *   c  constant
 *   h  only the slot's holder, inside a call that keeps it from being revoked,
 *      one call at a time
 *   l  lock			q  queue_lock
 * Lifetime: the slot holds a reference until the table is closed, each entry
 * that is busy holds one, and so does the worker while it is queued.
 */
struct io_ring {
	refcount_t refs;
	struct attach_slot *slot;	/* c: outlives all busy entries */
	struct io_queue *io_queue;	/* c: the domain's; outlives the worker */
	u32 nr_entries;			/* c */
	u32 count;			/* h: ring index of the next request */
	/* What holders see; written here, never read. */
	struct lodge_io_table *shown;	/* c: head and entries */
	struct lodge_io_stated *stated;	/* c */
	u8 *state;			/* l; to BUSY also h */
	DECLARE_BITMAP(free, LODGE_IO_MAX_ENTRIES);	/* h */
	atomic_t nr_segments;		/* a: of busy entries */
	/* Of io_receive.c: pages for what was longer than expected. */
	struct page **spill;		/* h */
	u32 nr_spill;			/* h */
	u32 expected;			/* h: places of the next packet */

	/* Ends of operations against retiring, and against the next holder. */
	spinlock_t lock;
	struct eventfd_ctx *eventfd;	/* l */
	u64 turn;			/* l, and h may read: rises as eventfd is set */

	struct llist_head ended;	/* what the block layer has ended */
	struct work_struct end_work;
	spinlock_t queue_lock;		/* holders against the worker */
	struct list_head queue;		/* q: what must wait for its turn */
	struct work_struct queue_work;
};

/* --- io_table.c ----------------------------------------------------------- */

/* Make one, with a reference for the slot; ERR_PTR(-ENOMEM). */
struct io_ring *io_ring_alloc(struct attach_slot *slot,
			      struct io_queue *io_queue, u32 nr_entries);
void io_ring_get(struct io_ring *ring);
void io_ring_put(struct io_ring *ring);

/* Bytes of what is shown, and of the array of statements. */
size_t io_ring_shown_size(u32 nr_entries);
size_t io_ring_stated_size(u32 nr_entries);

/* Have @ctx signalled, or nothing; uses up the caller's reference. */
void io_ring_set_eventfd(struct io_ring *ring, struct eventfd_ctx *ctx);

static inline bool io_ring_is_idle(const struct io_ring *ring)
{
	return bitmap_weight(ring->free, ring->nr_entries) == ring->nr_entries;
}

/* The number of a free entry; -EAGAIN there is none. */
int io_table_find_free(const struct io_ring *ring);

/* Take a request: @entry is busy with it, and the count rises by @nr_indices. */
void io_table_take(struct io_ring *ring, u32 entry,
		   const struct lodge_io_request *req, u32 nr_indices);

/*
 * A busy entry is done.  @inline_data: @inline_length bytes.  @asked_in: the
 * ring's turn when a holder asked who waits for it in that call, so that only
 * another holder is signalled; 0: nobody waits.  Process context.
 */
void io_table_done(struct io_ring *ring, u32 entry, s32 result,
		   const u8 *inline_data, u32 inline_length, u64 asked_in);

/* 0; -EINVAL there is no such entry in use; -EBUSY it is not done. */
int io_table_retire(struct io_ring *ring, u32 entry);

/* Take a request that is done with @result by being taken. */
void io_table_take_done(struct io_ring *ring, u32 entry,
			const struct lodge_io_request *req, u32 nr_indices,
			s32 result);

/* --- io_check.c ----------------------------------------------------------- */

enum io_way {
	IO_DIRECT,	/* asynchronous */
	IO_QUEUED,	/* one after the other, in a worker */
	IO_AT_ONCE,	/* in the holder's call, without waiting */
};

/* 0; -EINVAL, -E2BIG, -ESTALE.  @segs may be NULL if they are too many. */
int io_check_request(const struct io_ring *ring,
		     const struct lodge_io_request *req,
		     const struct lodge_io_segment *segs);

/* 0; -EBADF, -EOPNOTSUPP, -EINVAL.  @file may be NULL. */
int io_choose_way(const struct file *file, const struct lodge_io_request *req,
		  enum io_way *way);

/* --- io_op.c -------------------------------------------------------------- */

int io_init(void);
void io_exit(void);

/* NULL: no memory. */
struct io_queue *io_queue_alloc(u32 domid);
/*
 * All operations have ended.  Does not sleep; @q may be NULL.  The queue's own
 * workers may call it, and it goes when they have returned.
 */
void io_queue_free(struct io_queue *q);

/* The work of a ring's two queues; for io_ring_alloc(). */
void io_end_work(struct work_struct *work);
void io_queue_work(struct work_struct *work);

/**
 * io_take() - take a request of the holder's
 * @ring: its table
 * @req: a private copy, not checked yet
 * @segs: @req->nr_segments segments, the same; NULL when there are too many
 * @file: what @req->fd names, or NULL; the caller keeps its reference
 * @op: out: what must be handed to io_issue() outside of locks, or NULL
 *
 * May sleep, for a bounded time.
 * Return: 0 it was taken; -errno as struct lodge_io_submit says, nothing has
 * happened.
 */
int io_take(struct io_ring *ring, const struct lodge_io_request *req,
	    const struct lodge_io_segment *segs, struct file *file,
	    struct io_op **op);

/* What a file says of restarting a call means nothing in a table. */
static inline long io_result(long n)
{
	switch (n) {
	case -ERESTARTSYS:
	case -ERESTARTNOINTR:
	case -ERESTARTNOHAND:
	case -ERESTART_RESTARTBLOCK:
		return -EINTR;
	default:
		return n;
	}
}

/* Start what was taken.  May sleep, as long as the file likes. */
void io_issue(struct io_op *op);

/* --- io_receive.c --------------------------------------------------------- */

/*
 * Take packets for a LODGE_IO_RECEIVE that was checked, as many as there are
 * and fit.  0, also when there was none; -ENOMEM.
 */
int io_receive(struct io_ring *ring, const struct lodge_io_request *req,
	       const struct lodge_io_segment *segs, struct file *file);

/* What a ring has for that, when it goes. */
void io_receive_free(struct io_ring *ring);

#endif /* LODGE_RING_IO_H */
