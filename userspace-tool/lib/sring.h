/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The back end's side of a request ring that is shared with a guest, over an
 * I/O table: the only code that touches the indices of such a ring.
 *
 * A holder fetches requests, submits each of them in the order of the ring
 * (also those that it refuses, as IO_NONE: each request has an entry of the
 * table), answers the entries that are done, publishes the answers, and goes
 * to sleep after sring_sleep() let it.  It may die anywhere; the next holder
 * opens the ring and goes on.
 *
 * The guest may write anything anywhere at any time.  A request is copied
 * once.  Indices that make no sense stop this ring, for good, with a reason;
 * all calls but sring_abandon() then return -EPROTO.  Nothing is logged here.
 *
 * One thread at a time may use a struct sring.
 */
#ifndef LODGE_LIB_SRING_H
#define LODGE_LIB_SRING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "io_table.h"
#include "sring_layout.h"

#define SRING_PAGE_BYTES	4096
#define SRING_HEADER_BYTES	64
#define SRING_MAX_ENTRIES	512

struct sring_header;

/**
 * struct sring - a holder's view of one ring
 * @header: first bytes of the pages
 * @entries: the bytes after them
 * @layout: how an entry lies there
 * @table: where its requests go
 * @entry_size: bytes of an entry
 * @nr_entries: a power of two
 * @fetched: index of the next request to copy
 * @submitted: index of the next request to submit
 * @rsp_next: index of the next response to write
 * @published: responses below this index belong to the guest
 * @full: the table took less than it was given
 * @nr_batch: entries in @batch
 * @batch: entries of the table whose response is written, not yet retired
 * @nr_out: so many of these, the first ones, are published: they are retired
 *	with the next submission
 * @in_batch: a bit for each entry of the table
 * @reason: why the ring was stopped; empty while it works
 */
struct sring {
	struct sring_header *header;
	uint8_t *entries;
	const struct sring_layout *layout;
	struct io_table table;
	uint32_t entry_size;
	uint32_t nr_entries;
	uint32_t fetched;
	uint32_t submitted;
	uint32_t rsp_next;
	uint32_t published;
	bool full;
	uint32_t nr_batch;
	uint32_t nr_out;
	uint32_t batch[SRING_MAX_ENTRIES];
	uint64_t in_batch[SRING_MAX_ENTRIES / 64];
	char reason[128];
};

/*
 * Entries of a ring of @nr_pages pages, or 0 when there is no such ring.  Its
 * table must have exactly that many.
 */
uint32_t sring_count(const struct sring_layout *layout, unsigned int nr_pages);

/*
 * Begin to hold a ring: a new one, or one that another holder left.  @pages
 * are mapped one after the other.  What the table says was answered is
 * retired; what was not is to be answered by the caller: sring_next_done().
 * 0; -EINVAL wrong arguments; -EPROTO stopped; -errno of the table.
 */
int sring_open(struct sring *ring, void *pages, unsigned int nr_pages,
	       const struct sring_layout *layout, const struct io_table *table);

/*
 * Copy the next request to @request (layout->request_size bytes) and its
 * ring index to @index.  Returns 1, or 0 when there is none, or none can be
 * taken until something is answered; -EPROTO.
 */
int sring_fetch(struct sring *ring, void *request, uint32_t *index);

/*
 * Submit requests that were fetched, in the order of their indices, without a
 * gap.  Returns how many of @requests were taken.  Those that were not will be fetched
 * again, also after an error: -EINVAL wrong order; -EPROTO; -errno of the table.
 */
int sring_submit(struct sring *ring, const struct io_request *requests,
		 uint32_t nr);

/*
 * Submit one IO_RECEIVE, which offers requests that were fetched, from the
 * first one on that was not submitted.  Returns how many of them were used up,
 * each by an entry that is done; the others will be fetched again.  0: no
 * packet came.  -EINVAL wrong order; -EPROTO; -errno of the table.
 */
int sring_receive(struct sring *ring, const struct io_request *request);

/*
 * Copy once more a request that was submitted and whose response is not
 * published.  It stands there still only in a ring that is answered in its
 * order, and only as far as a response is shorter.  For what is given back to
 * the guest as it is, as its id: nothing was checked in this copy.  0; -EINVAL
 * there is no such request; -EPROTO.
 */
int sring_peek(struct sring *ring, uint32_t index, void *request);

/*
 * The next entry of the table, from *@entry on, that is done and has no answer
 * yet: 1, with its number in *@entry; 0 none; -EPROTO; -errno of the table.
 */
int sring_next_done(struct sring *ring, uint32_t *entry, struct io_entry *out);

/*
 * The same for a ring that is answered in its order: the entry whose answer
 * stands next.  *@entry says where to look first.
 */
int sring_next_in_order(struct sring *ring, uint32_t *entry,
			struct io_entry *out);

/*
 * Write the responses to an entry that is done: as many, one behind the other,
 * as it took places of the ring.  The guest sees them after sring_publish(),
 * all at once.  0; -EINVAL no such answer is due; -EPROTO; -errno of the
 * table.
 */
int sring_answer(struct sring *ring, uint32_t entry, const void *responses);

/*
 * Hand all written responses to the guest.  Their entries are retired in the
 * call that submits the next requests.  Returns 1 when the guest is to be
 * notified, else 0; -EPROTO.
 */
int sring_publish(struct sring *ring);

/*
 * Ask to be notified of the next request.  1: there is one already, go on;
 * 0: wait for the channel, or for the table; -EPROTO.
 */
int sring_sleep(struct sring *ring);

/* The same, of the @nr-th request from now on: one alone is not enough. */
int sring_sleep_for(struct sring *ring, uint32_t nr);

/* How many requests stand in the ring that were not fetched; -EPROTO. */
int sring_waiting(struct sring *ring);

/*
 * For a ring that was stopped or that the guest gives up: retire what is done
 * without an answer.  Returns how many entries are still busy, or -errno of the
 * table.  The ring is stopped afterwards.
 */
int sring_abandon(struct sring *ring);

#endif /* LODGE_LIB_SRING_H */
