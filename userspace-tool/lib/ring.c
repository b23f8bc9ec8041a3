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

ssize_t ring_read_bytes(struct byte_ring *ring, void *data, size_t length)
{
	uint32_t cons = atomic_load_explicit(ring->cons, memory_order_relaxed);
	uint32_t prod = atomic_load_explicit(ring->prod, memory_order_acquire);
	uint32_t start = cons & (ring->size - 1);
	size_t n, first;

	if (prod - cons > ring->size)
		return -EPROTO;
	n = min_size(length, prod - cons);
	if (!n)
		return 0;
	first = min_size(n, ring->size - start);
	memcpy(data, ring->buf + start, first);
	memcpy((uint8_t *)data + first, ring->buf, n - first);
	/* The copy is done before the producer may reuse the room. */
	atomic_store_explicit(ring->cons, cons + n, memory_order_release);
	return n;
}

ssize_t ring_write_bytes(struct byte_ring *ring, const void *data,
			 size_t length)
{
	uint32_t prod = atomic_load_explicit(ring->prod, memory_order_relaxed);
	uint32_t cons = atomic_load_explicit(ring->cons, memory_order_acquire);
	uint32_t start = prod & (ring->size - 1);
	size_t n, first;

	if (prod - cons > ring->size)
		return -EPROTO;
	n = min_size(length, ring->size - (prod - cons));
	if (!n)
		return 0;
	first = min_size(n, ring->size - start);
	memcpy(ring->buf + start, data, first);
	memcpy(ring->buf, (const uint8_t *)data + first, n - first);
	/* The bytes are there before the consumer sees the index. */
	atomic_store_explicit(ring->prod, prod + n, memory_order_release);
	return n;
}
