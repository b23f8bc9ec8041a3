// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module's I/O table.  See io_slot.h.
 */
#include "io_slot.h"

#include <errno.h>
#include <lodge.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#define PAGE_BYTES	4096
#define BATCH		16	/* requests of a call */

_Static_assert(IO_OPAQUE_BYTES == LODGE_IO_OPAQUE, "opaque bytes");
_Static_assert(IO_INLINE_BYTES == LODGE_IO_INLINE, "inline bytes");
_Static_assert(IO_MAX_SEGMENTS == LODGE_IO_MAX_SEGMENTS, "segments");
_Static_assert(sizeof(struct io_segment) == sizeof(struct lodge_io_segment),
	       "a segment is passed on as it is");

static size_t head_bytes(uint32_t nr_entries)
{
	size_t n = sizeof(struct lodge_io_table) +
		   nr_entries * sizeof(struct lodge_io_entry);

	return (n + PAGE_BYTES - 1) & -(size_t)PAGE_BYTES;
}

static size_t stated_bytes(uint32_t nr_entries)
{
	size_t n = nr_entries * sizeof(struct lodge_io_stated);

	return (n + PAGE_BYTES - 1) & -(size_t)PAGE_BYTES;
}

/* --- the functions of the table ------------------------------------------- */

static uint32_t get_submitted(void *table)
{
	const struct io_slot *slot = table;

	return __atomic_load_n(&slot->head->count, __ATOMIC_ACQUIRE);
}

static void fill(struct lodge_io_request *to, const struct io_request *from)
{
	memset(to, 0, sizeof(*to));
	to->ring_index = from->ring_index;
	to->nr_indices = from->nr_indices;
	to->operation = from->operation;
	to->nr_segments = from->nr_segments;
	to->inline_length = from->inline_length;
	to->fd = from->fd;
	to->packet_indices = from->packet_indices;
	to->extra_byte = from->extra_byte;
	to->offset = from->offset;
	to->length = from->length;
	to->segments = (uintptr_t)from->segments;
	memcpy(to->opaque, from->opaque, sizeof(to->opaque));
	memcpy(to->inline_data, from->inline_data, sizeof(to->inline_data));
}

/* How many were taken; *@refused: why the next one was not, or 0. */
static int submit_batch(struct io_slot *slot, const uint32_t *retire,
			uint32_t nr_retire, const struct io_request *requests,
			uint32_t nr, int *refused)
{
	struct lodge_io_request batch[BATCH];
	struct lodge_io_submit submit = {
		.size = sizeof(submit),
		.ring = slot->ring,
		.nr_retire = nr_retire,
		.nr_requests = nr,
		.retire = (uintptr_t)retire,
		.requests = (uintptr_t)batch,
	};
	uint32_t i;

	for (i = 0; i < nr; i++)
		fill(&batch[i], &requests[i]);
	if (ioctl(slot->attach_fd, LODGE_IO_SUBMIT, &submit))
		return -errno;
	*refused = -(int)submit.error;
	return (int)submit.nr_requests;
}

static int submit(void *table, const uint32_t *retire, uint32_t nr_retire,
		  const struct io_request *requests, uint32_t nr)
{
	uint32_t done = 0, batch;
	int n, refused = 0;

	while (done < nr && !refused) {
		batch = nr - done < BATCH ? nr - done : BATCH;
		n = submit_batch(table, retire, done ? 0 : nr_retire,
				 requests + done, batch, &refused);
		if (n < 0)
			return n;
		done += n;
	}
	/* EAGAIN: no room for now.  The caller meets others as the first. */
	return done || refused == -EAGAIN ? (int)done : refused;
}

static int read_entry(void *table, uint32_t entry, struct io_entry *out)
{
	const struct io_slot *slot = table;
	const struct lodge_io_entry *from;
	const struct lodge_io_stated *stated;

	if (entry >= slot->nr_entries)
		return -EINVAL;
	from = &slot->entries[entry];
	stated = &slot->stated[entry];
	out->state = __atomic_load_n(&from->state, __ATOMIC_ACQUIRE);
	if (out->state == LODGE_IO_FREE)
		return 0;
	out->ring_index = from->ring_index;
	out->nr_indices = from->nr_indices;
	out->result = from->result;
	out->stated = __atomic_load_n(&stated->stated, __ATOMIC_ACQUIRE);
	out->rsp_index = stated->rsp_index;
	out->inline_length = from->inline_length;
	memcpy(out->inline_data, from->inline_data, sizeof(out->inline_data));
	memcpy(out->opaque, from->opaque, sizeof(out->opaque));
	return 0;
}

static int state_index(void *table, uint32_t entry, uint32_t rsp_index)
{
	const struct io_slot *slot = table;

	if (entry >= slot->nr_entries)
		return -EINVAL;
	slot->stated[entry].rsp_index = rsp_index;
	__atomic_store_n(&slot->stated[entry].stated, 1, __ATOMIC_RELEASE);
	return 0;
}

static int withdraw(void *table, uint32_t entry)
{
	const struct io_slot *slot = table;

	if (entry >= slot->nr_entries)
		return -EINVAL;
	__atomic_store_n(&slot->stated[entry].stated, 0, __ATOMIC_RELEASE);
	return 0;
}

static int retire(void *table, const uint32_t *entries, uint32_t nr)
{
	const struct io_slot *slot = table;
	struct lodge_io_submit submit = {
		.size = sizeof(submit),
		.ring = slot->ring,
		.nr_retire = nr,
		.retire = (uintptr_t)entries,
	};

	if (ioctl(slot->attach_fd, LODGE_IO_SUBMIT, &submit))
		return -errno;
	return -(int)submit.error;
}

static const struct io_table_ops slot_ops = {
	.submitted = get_submitted,
	.submit = submit,
	.read = read_entry,
	.state_index = state_index,
	.withdraw = withdraw,
	.retire = retire,
};

/* --- life ----------------------------------------------------------------- */

static void *map_area(const struct io_slot *slot, uint64_t at, size_t bytes,
		      int prot)
{
	void *area = mmap(NULL, bytes, prot, MAP_SHARED, slot->attach_fd,
			  (off_t)(at + slot->ring * LODGE_MMAP_IO_STRIDE));

	return area == MAP_FAILED ? NULL : area;
}

static int map_table(struct io_slot *slot)
{
	slot->head = map_area(slot, LODGE_MMAP_IO_TABLE,
			      head_bytes(slot->nr_entries), PROT_READ);
	if (!slot->head)
		return -errno;
	slot->entries = (const struct lodge_io_entry *)(slot->head + 1);
	slot->stated = map_area(slot, LODGE_MMAP_IO_STATED,
				stated_bytes(slot->nr_entries),
				PROT_READ | PROT_WRITE);
	return slot->stated ? 0 : -errno;
}

int io_slot_open(struct io_slot *slot, int attach_fd, unsigned int ring,
		 uint32_t nr_entries, int eventfd, struct io_table *table)
{
	struct lodge_io_open open = {
		.size = sizeof(open),
		.ring = ring,
		.nr_entries = nr_entries,
		.eventfd = eventfd,
	};
	int err;

	memset(slot, 0, sizeof(*slot));
	slot->attach_fd = attach_fd;
	slot->ring = ring;
	slot->nr_entries = nr_entries;
	if (ioctl(attach_fd, LODGE_IO_OPEN, &open))
		return -errno;
	err = map_table(slot);
	if (err) {
		io_slot_leave(slot);
		return err;
	}
	table->ops = &slot_ops;
	table->table = slot;
	table->nr_entries = nr_entries;
	return 0;
}

void io_slot_leave(struct io_slot *slot)
{
	if (slot->head)
		munmap((void *)slot->head, head_bytes(slot->nr_entries));
	if (slot->stated)
		munmap(slot->stated, stated_bytes(slot->nr_entries));
	slot->head = NULL;
	slot->stated = NULL;
}

int io_slot_close(struct io_slot *slot)
{
	__u32 ring = slot->ring;

	if (ioctl(slot->attach_fd, LODGE_IO_CLOSE, &ring))
		return -errno;
	io_slot_leave(slot);
	return 0;
}
