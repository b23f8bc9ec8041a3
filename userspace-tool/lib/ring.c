// SPDX-License-Identifier: GPL-2.0-only
/*
 * Byte rings that are shared with a guest.  See ring.h for the contract.
 */
#include "ring.h"

#include <errno.h>
#include <string.h>

static size_t min_size(size_t a, size_t b)
{
	return a < b ? a : b;
}

/*
 * The index that the other side moves is loaded with acquire: the bytes (or
 * the room) it announces are ours to use only after it.  Our own index is in
 * guest memory too, so a guest can spoil it; all it gains is an error.
 */
ssize_t ring_room(const struct byte_ring *ring)
{
	uint32_t prod = atomic_load_explicit(ring->prod, memory_order_relaxed);
	uint32_t cons = atomic_load_explicit(ring->cons, memory_order_acquire);
	uint32_t used = prod - cons;

	return used > ring->size ? -EPROTO : (ssize_t)(ring->size - used);
}

ssize_t ring_peek_bytes(const struct byte_ring *ring, uint32_t at, void *data,
			size_t length)
{
	uint32_t prod = atomic_load_explicit(ring->prod, memory_order_acquire);
	uint32_t start = at & (ring->size - 1);
	size_t n, first;

	if (prod - at > ring->size)
		return -EPROTO;
	n = min_size(length, prod - at);
	first = min_size(n, ring->size - start);
	memcpy(data, ring->buf + start, first);
	memcpy((uint8_t *)data + first, ring->buf, n - first);
	return n;
}

/*
 * Release: the copy is done before the producer may reuse the room.  And a
 * producer may notify only when it finds that all before was taken, so it must
 * see this index, or we the bytes that it adds.  The fence pairs with the
 * producer's, between its index and its look at ours.
 */
void ring_set_cons(struct byte_ring *ring, uint32_t cons)
{
	atomic_store_explicit(ring->cons, cons, memory_order_release);
	atomic_thread_fence(memory_order_seq_cst);
}

ssize_t ring_stage_bytes(struct byte_ring *ring, uint32_t at, const void *data,
			 size_t length)
{
	uint32_t cons = atomic_load_explicit(ring->cons, memory_order_acquire);
	uint32_t start = at & (ring->size - 1);
	size_t n, first;

	if (at - cons > ring->size)
		return -EPROTO;
	n = min_size(length, ring->size - (at - cons));
	first = min_size(n, ring->size - start);
	memcpy(ring->buf + start, data, first);
	memcpy(ring->buf, (const uint8_t *)data + first, n - first);
	return n;
}

/*
 * Release: the bytes are there before the consumer sees the index.  The fence
 * is for a consumer that notifies only when it finds the ring full.
 */
void ring_set_prod(struct byte_ring *ring, uint32_t prod)
{
	atomic_store_explicit(ring->prod, prod, memory_order_release);
	atomic_thread_fence(memory_order_seq_cst);
}

ssize_t ring_read_bytes(struct byte_ring *ring, void *data, size_t length)
{
	uint32_t cons = atomic_load_explicit(ring->cons, memory_order_relaxed);
	ssize_t n = ring_peek_bytes(ring, cons, data, length);

	if (n > 0)
		ring_set_cons(ring, cons + n);
	return n;
}

ssize_t ring_write_bytes(struct byte_ring *ring, const void *data,
			 size_t length)
{
	uint32_t prod = atomic_load_explicit(ring->prod, memory_order_relaxed);
	ssize_t n = ring_stage_bytes(ring, prod, data, length);

	if (n > 0)
		ring_set_prod(ring, prod + n);
	return n;
}
