/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Byte rings that are shared with a guest: the only code that touches their
 * indices.  A ring has one producer and one consumer, on different sides of
 * the page; the guest may write anything anywhere at any time, so an index is
 * fetched once per call and checked before it is used.
 */
#ifndef LODGE_LIB_RING_H
#define LODGE_LIB_RING_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/**
 * struct byte_ring - one direction of a shared page
 * @buf: the bytes, in shared memory
 * @size: a power of two
 * @cons: free-running index of the consumer, in shared memory
 * @prod: free-running index of the producer, in shared memory
 */
struct byte_ring {
	uint8_t *buf;
	uint32_t size;
	_Atomic uint32_t *cons;
	_Atomic uint32_t *prod;
};

/* Room for writing, or -EPROTO when the indices make no sense. */
ssize_t ring_room(const struct byte_ring *ring);

/*
 * Copy up to @length bytes out of or into the ring and move our index.  Return
 * the number of bytes copied (0: empty or full), or -EPROTO.  The caller
 * notifies the other side after a result above 0.
 */
ssize_t ring_read_bytes(struct byte_ring *ring, void *data, size_t length);
ssize_t ring_write_bytes(struct byte_ring *ring, const void *data,
			 size_t length);

/*
 * The halves of these two, for who keeps its own index elsewhere and moves the
 * shared one later.  @at is our own index: the bytes at it are copied out, or
 * put there unseen by the other side, until ring_set_*() moves the index.
 */
ssize_t ring_peek_bytes(const struct byte_ring *ring, uint32_t at, void *data,
			size_t length);
ssize_t ring_stage_bytes(struct byte_ring *ring, uint32_t at, const void *data,
			 size_t length);
void ring_set_cons(struct byte_ring *ring, uint32_t cons);
void ring_set_prod(struct byte_ring *ring, uint32_t prod);

#endif /* LODGE_LIB_RING_H */
