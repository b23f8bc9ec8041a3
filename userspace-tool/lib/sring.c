// SPDX-License-Identifier: GPL-2.0-only
/*
 * Request rings that are shared with a guest.  See sring.h for the contract
 * and docs/grant-io.md for why the steps stand in this order.
 *
 * Indices run freely: a difference of two is a count, also when they wrap.
 */
#include "sring.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "compiler.h"

struct sring_header {
	_Atomic uint32_t req_prod;
	_Atomic uint32_t req_event;
	_Atomic uint32_t rsp_prod;
	_Atomic uint32_t rsp_event;
	uint8_t unused[48];
};

_Static_assert(sizeof(struct sring_header) == SRING_HEADER_BYTES,
	       "the entries start there");

static bool is_stopped(const struct sring *ring)
{
	return ring->reason[0];
}

/* The first reason stays. */
__printf(2, 3)
static int stop(struct sring *ring, const char *format, ...)
{
	va_list args;

	if (is_stopped(ring))
		return -EPROTO;
	va_start(args, format);
	vsnprintf(ring->reason, sizeof(ring->reason), format, args);
	va_end(args);
	return -EPROTO;
}

/* --- shared memory --- */

static uint8_t *entry_bytes(const struct sring *ring, uint32_t index)
{
	size_t place = index & (ring->nr_entries - 1);

	return ring->entries + place * ring->entry_size;
}

/*
 * Atomic words, so that each is read once, whatever the compiler thinks of
 * memory that nobody it knows of writes.  Wide ones where all entries lie at
 * multiples of 8.
 */
static void copy_request(const struct sring *ring, uint32_t index, void *to)
{
	uint8_t *from = entry_bytes(ring, index);
	uint32_t bytes = ring->layout->request_size, i = 0, word;
	uint64_t wide;

	for (; ring->entry_size % 8 == 0 && i + 8 <= bytes; i += 8) {
		wide = atomic_load_explicit((_Atomic uint64_t *)(from + i),
					    memory_order_relaxed);
		memcpy((uint8_t *)to + i, &wide, 8);
	}
	for (; i < bytes; i += 4) {
		word = atomic_load_explicit((_Atomic uint32_t *)(from + i),
					    memory_order_relaxed);
		memcpy((uint8_t *)to + i, &word, 4);
	}
}

static void copy_response(const struct sring *ring, uint32_t index,
			  const void *from)
{
	_Atomic uint32_t *to = (_Atomic uint32_t *)entry_bytes(ring, index);
	uint32_t word, i;

	for (i = 0; i < ring->layout->response_size / 4u; i++) {
		memcpy(&word, (const uint8_t *)from + 4 * i, 4);
		atomic_store_explicit(to + i, word, memory_order_relaxed);
	}
}

/*
 * How many requests wait; -EPROTO when the index cannot be.  Sequentially
 * consistent, for sring_sleep(); it also is the acquire that pairs with the
 * guest's barrier between a request and the index that announces it.
 */
static int count_waiting(struct sring *ring)
{
	uint32_t prod = atomic_load(&ring->header->req_prod);

	if (prod - ring->published > ring->nr_entries)
		return stop(ring, "%s ring: request index %u, with %u answered and %u entries",
			    ring->layout->name, prod, ring->published,
			    ring->nr_entries);
	if (prod - ring->published < ring->fetched - ring->published)
		return stop(ring, "%s ring: request index went back from %u to %u",
			    ring->layout->name, ring->fetched, prod);
	return (int)(prod - ring->fetched);
}

/* --- take-over --- */

uint32_t sring_count(const struct sring_layout *layout, unsigned int nr_pages)
{
	uint32_t size = layout->request_size > layout->response_size ?
			layout->request_size : layout->response_size;
	uint32_t fit, n = 1;

	if (!nr_pages || nr_pages > layout->max_pages ||
	    nr_pages & (nr_pages - 1))
		return 0;
	fit = (nr_pages * SRING_PAGE_BYTES - SRING_HEADER_BYTES) / size;
	while (2 * n <= fit)
		n *= 2;
	return n <= SRING_MAX_ENTRIES ? n : 0;
}

/*
 * All responses of an entry are published at once.  Those that a holder stated
 * and has not published stand less than a ring ahead.
 */
static bool is_published(const struct sring *ring, const struct io_entry *entry)
{
	uint32_t behind = ring->published - entry->rsp_index;

	return entry->stated && behind >= entry->nr_indices &&
	       behind <= ring->nr_entries;
}

static int read_entry(const struct sring *ring, uint32_t entry,
		      struct io_entry *out)
{
	return ring->table.ops->read(ring->table.table, entry, out);
}

/*
 * Each request that was submitted is in the table until it was answered, so
 * the table tells where the responses must stand: an index that differs was
 * changed by the guest, and says nothing about what it has seen.
 */
static int check_published(struct sring *ring)
{
	uint32_t unanswered = 0, i;
	struct io_entry entry;
	int err;

	for (i = 0; i < ring->table.nr_entries; i++) {
		err = read_entry(ring, i, &entry);
		if (err)
			return err;
		if (entry.state != IO_FREE && !is_published(ring, &entry))
			unanswered += entry.nr_indices;
	}
	if (ring->submitted - unanswered != ring->published)
		return stop(ring, "%s ring: response index %u, must be %u",
			    ring->layout->name, ring->published,
			    ring->submitted - unanswered);
	return 0;
}

/*
 * Retire what is out.  Take back what was stated but never got out: it would
 * be believed once responses of ours have passed that index.
 */
static int settle(struct sring *ring, uint32_t i)
{
	const struct io_table *table = &ring->table;
	struct io_entry entry;
	int err;

	err = read_entry(ring, i, &entry);
	if (err || entry.state == IO_FREE || !entry.stated)
		return err;
	if (is_published(ring, &entry))
		return table->ops->retire(table->table, &i, 1);
	return table->ops->withdraw(table->table, i);
}

int sring_open(struct sring *ring, void *pages, unsigned int nr_pages,
	       const struct sring_layout *layout, const struct io_table *table)
{
	uint32_t i;
	int err;

	memset(ring, 0, sizeof(*ring));
	ring->nr_entries = sring_count(layout, nr_pages);
	if (!ring->nr_entries || table->nr_entries != ring->nr_entries ||
	    (uintptr_t)pages % SRING_PAGE_BYTES)
		return -EINVAL;
	ring->header = pages;
	ring->entries = (uint8_t *)pages + SRING_HEADER_BYTES;
	ring->layout = layout;
	ring->table = *table;
	ring->entry_size = layout->request_size > layout->response_size ?
			   layout->request_size : layout->response_size;
	ring->submitted = table->ops->submitted(table->table);
	ring->fetched = ring->submitted;
	ring->published = atomic_load(&ring->header->rsp_prod);
	ring->rsp_next = ring->published;

	err = check_published(ring);
	for (i = 0; !err && i < ring->nr_entries; i++)
		err = settle(ring, i);
	if (err)
		return err;
	err = count_waiting(ring);
	return err < 0 ? err : 0;
}

/* --- requests --- */

int sring_fetch(struct sring *ring, void *request, uint32_t *index)
{
	int waiting;

	if (is_stopped(ring))
		return -EPROTO;
	if (ring->full)
		return 0;
	waiting = count_waiting(ring);
	if (waiting <= 0)
		return waiting;
	copy_request(ring, ring->fetched, request);
	*index = ring->fetched++;
	return 1;
}

static bool is_in_order(const struct sring *ring,
			const struct io_request *requests, uint32_t nr)
{
	uint32_t index = ring->submitted, i;

	for (i = 0; i < nr; i++) {
		if (requests[i].ring_index != index ||
		    !requests[i].nr_indices ||
		    requests[i].nr_indices > ring->fetched - index)
			return false;
		index += requests[i].nr_indices;
	}
	return true;
}

/*
 * What was published is retired in the same call, before anything is taken: else
 * responses could get so far ahead of a statement that it seems not published.
 * When retiring fails, so does the call, and the holder ends.
 */
static int retire_and_submit(struct sring *ring,
			     const struct io_request *requests, uint32_t nr)
{
	const struct io_table *table = &ring->table;
	uint32_t nr_retire = ring->nr_out, i;
	int taken = table->ops->submit(table->table, ring->batch, nr_retire,
				       requests, nr);

	for (i = 0; i < nr_retire; i++)
		ring->in_batch[ring->batch[i] / 64] &=
			~(1ull << ring->batch[i] % 64);
	ring->nr_out = 0;
	ring->nr_batch -= nr_retire;
	memmove(ring->batch, ring->batch + nr_retire,
		ring->nr_batch * sizeof(*ring->batch));
	return taken;
}

int sring_submit(struct sring *ring, const struct io_request *requests,
		 uint32_t nr)
{
	int taken, i;

	if (is_stopped(ring))
		return -EPROTO;
	if (!nr)
		return 0;
	taken = is_in_order(ring, requests, nr) ?
		retire_and_submit(ring, requests, nr) : -EINVAL;
	for (i = 0; i < taken; i++)
		ring->submitted += requests[i].nr_indices;
	/* What was not taken still stands in the ring. */
	if (taken < (int)nr)
		ring->fetched = ring->submitted;
	if (taken >= 0 && taken < (int)nr)
		ring->full = true;
	return taken;
}

int sring_receive(struct sring *ring, const struct io_request *request)
{
	const struct io_table *table = &ring->table;
	uint32_t offered = ring->fetched - ring->submitted, used;
	int taken;

	if (is_stopped(ring))
		return -EPROTO;
	if (request->operation != IO_RECEIVE || request->nr_indices > offered ||
	    !is_in_order(ring, request, 1))
		return -EINVAL;
	taken = retire_and_submit(ring, request, 1);
	used = table->ops->submitted(table->table) - ring->submitted;
	ring->submitted += used;
	ring->fetched = ring->submitted;
	if (taken < 0)
		return taken;
	return used <= offered ? (int)used : -EINVAL;
}

int sring_peek(struct sring *ring, uint32_t index, void *request)
{
	if (is_stopped(ring))
		return -EPROTO;
	if (index - ring->published >= ring->submitted - ring->published)
		return -EINVAL;
	copy_request(ring, index, request);
	return 0;
}

int sring_waiting(struct sring *ring)
{
	return is_stopped(ring) ? -EPROTO : count_waiting(ring);
}

int sring_sleep_for(struct sring *ring, uint32_t nr)
{
	int waiting;

	if (is_stopped(ring))
		return -EPROTO;
	if (ring->full)
		return 0;
	/*
	 * A store, then a load of another word: both sequentially consistent,
	 * which is a full barrier between them.  Pairs with the guest's between
	 * its store of req_prod and its look at req_event: one of the two sees
	 * what the other wrote.
	 */
	atomic_store(&ring->header->req_event, ring->fetched + nr);
	waiting = count_waiting(ring);
	return waiting < 0 ? waiting : waiting >= (int)nr;
}

int sring_sleep(struct sring *ring)
{
	return sring_sleep_for(ring, 1);
}

/* --- responses --- */

static bool is_in_batch(const struct sring *ring, uint32_t entry)
{
	return ring->in_batch[entry / 64] >> (entry % 64) & 1;
}

int sring_next_done(struct sring *ring, uint32_t *entry, struct io_entry *out)
{
	uint32_t unanswered = ring->submitted - ring->rsp_next, i;
	int err;

	if (is_stopped(ring))
		return -EPROTO;
	for (i = *entry; i < ring->nr_entries && unanswered; i++) {
		if (is_in_batch(ring, i))
			continue;
		err = read_entry(ring, i, out);
		if (err)
			return err;
		if (out->state == IO_DONE) {
			*entry = i;
			return 1;
		}
		if (out->state == IO_BUSY)
			unanswered -= out->nr_indices < unanswered ?
				      out->nr_indices : unanswered;
	}
	return 0;
}

int sring_next_in_order(struct sring *ring, uint32_t *entry,
			struct io_entry *out)
{
	uint32_t n, i = *entry;
	int err;

	if (is_stopped(ring))
		return -EPROTO;
	if (ring->rsp_next == ring->submitted)
		return 0;
	for (n = 0; n < ring->nr_entries; n++, i++) {
		i &= ring->nr_entries - 1;
		if (is_in_batch(ring, i))
			continue;
		err = read_entry(ring, i, out);
		if (err)
			return err;
		if (out->state != IO_FREE && out->ring_index == ring->rsp_next) {
			*entry = i;
			return out->state == IO_DONE;
		}
	}
	return 0;
}

int sring_answer(struct sring *ring, uint32_t entry, const void *responses)
{
	const struct io_table *table = &ring->table;
	const uint8_t *response = responses;
	struct io_entry e;
	uint32_t i;
	int err;

	if (is_stopped(ring))
		return -EPROTO;
	if (entry >= ring->nr_entries || is_in_batch(ring, entry))
		return -EINVAL;
	err = read_entry(ring, entry, &e);
	if (err)
		return err;
	/* Responses never pass the submitted count. */
	if (e.state != IO_DONE ||
	    e.nr_indices > ring->submitted - ring->rsp_next)
		return -EINVAL;
	err = table->ops->state_index(table->table, entry, ring->rsp_next);
	if (err)
		return err;
	for (i = 0; i < e.nr_indices; i++)
		copy_response(ring, ring->rsp_next++,
			      response + i * ring->layout->response_size);
	ring->batch[ring->nr_batch++] = entry;
	ring->in_batch[entry / 64] |= 1ull << (entry % 64);
	return 0;
}

int sring_publish(struct sring *ring)
{
	uint32_t from = ring->published, to = ring->rsp_next, event;

	if (is_stopped(ring))
		return -EPROTO;
	if (from == to)
		return 0;
	/*
	 * The responses, and what was stated of them, come before the index.
	 * It is a full barrier, too, between index and event; pairs with the
	 * guest's between its store of rsp_event and its look at rsp_prod.
	 */
	atomic_store(&ring->header->rsp_prod, to);
	event = atomic_load(&ring->header->rsp_event);
	ring->published = to;
	ring->nr_out = ring->nr_batch;
	ring->full = false;
	return to - event < to - from;
}

/* --- the end --- */

int sring_abandon(struct sring *ring)
{
	const struct io_table *table = &ring->table;
	struct io_entry entry;
	int err, busy = 0;
	uint32_t i;

	stop(ring, "%s ring: given up", ring->layout->name);
	ring->nr_batch = 0;
	ring->nr_out = 0;
	for (i = 0; i < ring->nr_entries; i++) {
		err = read_entry(ring, i, &entry);
		if (!err && entry.state == IO_DONE)
			err = table->ops->retire(table->table, &i, 1);
		if (err)
			return err;
		busy += entry.state == IO_BUSY;
	}
	return busy;
}
