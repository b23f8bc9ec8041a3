/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a ring's requests become: entries of an I/O table that outlives the
 * process that submits them.  docs/grant-io.md tells the protocol.  The table
 * stands behind a few functions, so that the module's calls, or a model of
 * them, can be that table.
 */
#ifndef LODGE_LIB_IO_TABLE_H
#define LODGE_LIB_IO_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#define IO_OPAQUE_BYTES		16
#define IO_INLINE_BYTES		64
#define IO_MAX_SEGMENTS		256	/* 1 MiB in pages of 4 KiB */

enum io_operation {
	IO_NONE,	/* nothing to move: done by being taken */
	IO_READ,	/* from the file into granted pages */
	IO_WRITE,	/* from granted pages to the file */
	IO_SYNC,
	IO_DISCARD,
	IO_RECEIVE,	/* packets from the file, as many as there are */
};

/* Bytes of one granted page. */
struct io_segment {
	uint32_t grant;
	uint16_t offset;
	uint16_t length;
};

/**
 * struct io_request - one entry, as it is submitted
 * @ring_index: where in the ring the request stands
 * @nr_indices: how many places of the ring it takes from there on, at least 1;
 *	a packet may take several, and is consumed whole or not at all
 * @operation: enum io_operation
 * @fd: the file; -1 for IO_NONE
 * @nr_segments: entries of @segments
 * @inline_length: bytes of @inline_data that are in use
 * @packet_indices: IO_RECEIVE: places that the largest packet may take
 * @extra_byte: IO_RECEIVE: 0, or see below
 * @offset: in the file, in bytes
 * @length: bytes to discard; 0 for the others, which @segments tell
 * @segments: what is moved, in this order, after @inline_data
 * @inline_data: bytes that come first, as a tap's packet header
 * @opaque: given back by the table, for the response
 *
 * IO_RECEIVE offers @nr_indices places, with one segment each.  In the step in
 * which the table takes it, packets are read while there are packets and at
 * least @packet_indices places are left.  Each packet becomes an entry that is
 * done and names the places that its bytes needed, at least one; its first
 * @inline_length bytes stand in the entry.  The places that no packet needed
 * are not consumed.  A place whose grant is refused becomes, with those offered
 * before it for the same packet, an entry with the result -EFAULT; the packet is
 * lost if it had been read.
 *
 * With @extra_byte, the second place of a packet gets no bytes, so that the
 * response can carry what is not data: a packet of one place takes it as well
 * when byte @extra_byte - 1 of its inline data is not zero, a longer one always.
 */
struct io_request {
	uint32_t ring_index;
	uint32_t nr_indices;
	uint32_t operation;
	int32_t fd;
	uint16_t nr_segments;
	uint16_t inline_length;
	uint16_t packet_indices;
	uint8_t extra_byte;
	uint64_t offset;
	uint64_t length;
	const struct io_segment *segments;
	uint8_t inline_data[IO_INLINE_BYTES];
	uint8_t opaque[IO_OPAQUE_BYTES];
};

enum io_state {
	IO_FREE,
	IO_BUSY,	/* the file has it; its pages are held */
	IO_DONE,	/* the result is there, no page is held */
};

/**
 * struct io_entry - one entry, as the table shows it
 * @state: enum io_state; the rest means nothing while it is IO_FREE
 * @ring_index: as submitted
 * @nr_indices: as submitted; so many responses are due
 * @result: bytes moved, or -errno; once it is IO_DONE
 * @stated: a response index was stated
 * @rsp_index: the one that was stated, of the first response
 * @inline_length: bytes of @inline_data that are in use
 * @inline_data: what was read before the segments were filled
 * @opaque: as submitted
 */
struct io_entry {
	uint32_t state;
	uint32_t ring_index;
	uint32_t nr_indices;
	int32_t result;
	bool stated;
	uint32_t rsp_index;
	uint16_t inline_length;
	uint8_t inline_data[IO_INLINE_BYTES];
	uint8_t opaque[IO_OPAQUE_BYTES];
};

/**
 * struct io_table_ops - what a table can do; 0 or -errno if not said otherwise
 * @submitted: ring index of the next request that the table will take
 * @submit: free entries as @retire does, then take requests in this order;
 *	returns how many it took, from the first on (fewer: it has no room until
 *	an entry is retired), or -errno when the first one is refused.  Each is
 *	taken whole, with the count, or not at all.  IO_RECEIVE stands alone;
 *	@submitted tells what it used
 * @read: show an entry
 * @state_index: say at which index the first response to a done entry will
 *	stand
 * @withdraw: take that back
 * @retire: free done entries, and what was stated of them; in this order, each
 *	whole or not at all
 *
 * The holder may die before, in or after any of these.
 */
struct io_table_ops {
	uint32_t (*submitted)(void *table);
	int (*submit)(void *table, const uint32_t *retire, uint32_t nr_retire,
		      const struct io_request *requests, uint32_t nr);
	int (*read)(void *table, uint32_t entry, struct io_entry *out);
	int (*state_index)(void *table, uint32_t entry, uint32_t rsp_index);
	int (*withdraw)(void *table, uint32_t entry);
	int (*retire)(void *table, const uint32_t *entries, uint32_t nr);
};

/**
 * struct io_table - a table and its functions
 * @ops: the functions
 * @table: their first argument
 * @nr_entries: entries are numbered from 0 to this, less one
 */
struct io_table {
	const struct io_table_ops *ops;
	void *table;
	uint32_t nr_entries;
};

#endif /* LODGE_LIB_IO_TABLE_H */
