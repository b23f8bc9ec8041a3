// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of a ring's requests, which outlives every holder: how far the ring
 * was consumed, what is under way, and what is done and not yet retired.  The
 * memory that holders map is written here and never read: a holder can confuse
 * nobody but itself.
 */
#include "ring/io.h"

#include <linux/err.h>
#include <linux/eventfd.h>
#include <linux/mm.h>
#include <linux/nospec.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

static struct lodge_io_entry *shown_entry(const struct io_ring *ring, u32 entry)
{
	/* The entries follow the head, which has the size of one. */
	BUILD_BUG_ON(sizeof(struct lodge_io_table) !=
		     sizeof(struct lodge_io_entry));
	return (struct lodge_io_entry *)(ring->shown + 1) + entry;
}

size_t io_ring_shown_size(u32 nr_entries)
{
	return sizeof(struct lodge_io_table) +
	       nr_entries * sizeof(struct lodge_io_entry);
}

size_t io_ring_stated_size(u32 nr_entries)
{
	return nr_entries * sizeof(struct lodge_io_stated);
}

/* --- the ring ------------------------------------------------------------- */

static void *alloc_shown(size_t size)
{
	return __vmalloc(PAGE_ALIGN(size),
			 GFP_KERNEL_ACCOUNT | __GFP_ZERO | __GFP_NOWARN);
}

static void ring_free(struct io_ring *ring)
{
	if (ring->eventfd)
		eventfd_ctx_put(ring->eventfd);
	io_receive_free(ring);
	kfree(ring->state);
	/* Nobody has them mapped: closing and revoking came before. */
	vfree(ring->stated);
	vfree(ring->shown);
	kfree(ring);
}

struct io_ring *io_ring_alloc(struct attach_slot *slot,
			      struct io_queue *io_queue, u32 nr_entries)
{
	struct io_ring *ring = kzalloc(sizeof(*ring), GFP_KERNEL_ACCOUNT);

	if (!ring)
		return ERR_PTR(-ENOMEM);
	ring->shown = alloc_shown(io_ring_shown_size(nr_entries));
	ring->stated = alloc_shown(io_ring_stated_size(nr_entries));
	ring->state = kcalloc(nr_entries, sizeof(*ring->state),
			      GFP_KERNEL_ACCOUNT);
	if (!ring->shown || !ring->stated || !ring->state) {
		ring_free(ring);
		return ERR_PTR(-ENOMEM);
	}
	refcount_set(&ring->refs, 1);
	ring->slot = slot;
	ring->io_queue = io_queue;
	ring->nr_entries = nr_entries;
	ring->shown->nr_entries = nr_entries;
	bitmap_fill(ring->free, nr_entries);
	spin_lock_init(&ring->lock);
	init_llist_head(&ring->ended);
	INIT_WORK(&ring->end_work, io_end_work);
	spin_lock_init(&ring->queue_lock);
	INIT_LIST_HEAD(&ring->queue);
	INIT_WORK(&ring->queue_work, io_queue_work);
	return ring;
}

void io_ring_get(struct io_ring *ring)
{
	refcount_inc(&ring->refs);
}

void io_ring_put(struct io_ring *ring)
{
	if (refcount_dec_and_test(&ring->refs))
		ring_free(ring);
}

void io_ring_set_eventfd(struct io_ring *ring, struct eventfd_ctx *ctx)
{
	spin_lock(&ring->lock);
	/* The new holder looks at what the old one left. */
	if (ctx)
		eventfd_signal(ctx, 1);
	swap(ring->eventfd, ctx);
	ring->turn++;
	spin_unlock(&ring->lock);
	if (ctx)
		eventfd_ctx_put(ctx);
}

/* --- entries -------------------------------------------------------------- */

int io_table_find_free(const struct io_ring *ring)
{
	unsigned long i = find_first_bit(ring->free, ring->nr_entries);

	return i < ring->nr_entries ? (int)i : -EAGAIN;
}

void io_table_take(struct io_ring *ring, u32 entry,
		   const struct lodge_io_request *req, u32 nr_indices)
{
	struct lodge_io_entry *shown = shown_entry(ring, entry);

	__clear_bit(entry, ring->free);
	/* Free until now, so no other CPU looks at it. */
	ring->state[entry] = LODGE_IO_BUSY;
	shown->ring_index = req->ring_index;
	shown->nr_indices = nr_indices;
	shown->result = 0;
	shown->inline_length = 0;
	memcpy(shown->opaque, req->opaque, sizeof(shown->opaque));
	/* A holder that sees the state sees what is in the entry. */
	smp_store_release(&shown->state, LODGE_IO_BUSY);
	ring->count += nr_indices;
	WRITE_ONCE(ring->shown->count, ring->count);
}

/*
 * The lock keeps an entry that is retired at once from being taken again
 * before all of this has happened.
 */
void io_table_done(struct io_ring *ring, u32 entry, s32 result,
		   const u8 *inline_data, u32 inline_length, u64 asked_in)
{
	struct lodge_io_entry *shown = shown_entry(ring, entry);

	shown->result = result;
	shown->inline_length = inline_length;
	if (inline_length)
		memcpy(shown->inline_data, inline_data, inline_length);
	spin_lock(&ring->lock);
	ring->state[entry] = LODGE_IO_DONE;
	/* A holder that sees the state sees the result. */
	smp_store_release(&shown->state, LODGE_IO_DONE);
	/* Who waits in a call may have lost the slot meanwhile. */
	if (ring->eventfd && asked_in != ring->turn)
		eventfd_signal(ring->eventfd, 1);
	spin_unlock(&ring->lock);
}

void io_table_take_done(struct io_ring *ring, u32 entry,
			const struct lodge_io_request *req, u32 nr_indices,
			s32 result)
{
	io_table_take(ring, entry, req, nr_indices);
	io_table_done(ring, entry, result, NULL, 0, ring->turn);
}

int io_table_retire(struct io_ring *ring, u32 entry)
{
	u8 state;

	if (entry >= ring->nr_entries)
		return -EINVAL;
	entry = array_index_nospec(entry, ring->nr_entries);
	spin_lock(&ring->lock);
	state = ring->state[entry];
	if (state == LODGE_IO_DONE) {
		ring->state[entry] = LODGE_IO_FREE;
		/* Else the next request here would inherit the statement. */
		WRITE_ONCE(ring->stated[entry].stated, 0);
		/* A holder that finds it free finds no statement. */
		smp_store_release(&shown_entry(ring, entry)->state,
				  LODGE_IO_FREE);
	}
	spin_unlock(&ring->lock);
	if (state != LODGE_IO_DONE)
		return state == LODGE_IO_BUSY ? -EBUSY : -EINVAL;
	__set_bit(entry, ring->free);
	return 0;
}
