// SPDX-License-Identifier: GPL-2.0-only
/*
 * A ring of grant I/O as its holder sees it: the calls, the mapped table, and
 * pages of the guest that are filled and compared.
 */
#include "io.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

int open_ring(int attach, unsigned int number, unsigned int nr_entries,
	      int event)
{
	struct lodge_io_open o = {
		.size = sizeof(o),
		.ring = number,
		.nr_entries = nr_entries,
		.eventfd = event,
	};

	return call(attach, LODGE_IO_OPEN, &o);
}

int close_ring(int attach, __u32 number)
{
	return call(attach, LODGE_IO_CLOSE, &number);
}

static size_t table_size(const struct ring *r)
{
	return sizeof(struct lodge_io_table) +
	       r->nr_entries * sizeof(struct lodge_io_entry);
}

static size_t stated_size(const struct ring *r)
{
	return r->nr_entries * sizeof(struct lodge_io_stated);
}

void ring_begin(struct ring *r, int attach, unsigned int number,
		unsigned int nr_entries)
{
	const off_t at = number * LODGE_MMAP_IO_STRIDE;

	r->attach = attach;
	r->number = number;
	r->nr_entries = nr_entries;
	r->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	errno = -open_ring(attach, number, nr_entries, r->event);
	if (errno)
		give_up("opening a ring");
	r->table = mmap(NULL, table_size(r), PROT_READ, MAP_SHARED, attach,
			LODGE_MMAP_IO_TABLE + at);
	r->stated = mmap(NULL, stated_size(r), PROT_READ | PROT_WRITE,
			 MAP_SHARED, attach, LODGE_MMAP_IO_STATED + at);
	if (r->table == MAP_FAILED || r->stated == MAP_FAILED)
		give_up("mapping a ring");
}

void ring_end(struct ring *r, bool close_it)
{
	if (close_it)
		want(close_ring(r->attach, r->number), 0);
	munmap((void *)r->table, table_size(r));
	munmap(r->stated, stated_size(r));
	close(r->event);
}

const struct lodge_io_entry *ring_entry(const struct ring *r, unsigned int i)
{
	return (const struct lodge_io_entry *)(r->table + 1) + i;
}

unsigned int ring_state(const struct ring *r, unsigned int i)
{
	return __atomic_load_n(&ring_entry(r, i)->state, __ATOMIC_ACQUIRE);
}

static unsigned int ring_count(const struct ring *r)
{
	return __atomic_load_n(&r->table->count, __ATOMIC_ACQUIRE);
}

int ring_find(const struct ring *r, unsigned int ring_index)
{
	unsigned int i;

	for (i = 0; i < r->nr_entries; i++)
		if (ring_state(r, i) != LODGE_IO_FREE &&
		    ring_entry(r, i)->ring_index == ring_index)
			return i;
	return -ENOENT;
}

int ring_submit(struct ring *r, struct lodge_io_submit *s, const __u32 *retire,
		unsigned int nr_retire, struct lodge_io_request *requests,
		unsigned int nr_requests)
{
	*s = (struct lodge_io_submit){
		.size = sizeof(*s),
		.ring = r->number,
		.nr_retire = nr_retire,
		.nr_requests = nr_requests,
		.retire = (uintptr_t)retire,
		.requests = (uintptr_t)requests,
	};
	return call(r->attach, LODGE_IO_SUBMIT, s);
}

int ring_take(struct ring *r, struct lodge_io_request *req)
{
	struct lodge_io_submit s;
	int err;

	req->ring_index = ring_count(r);
	err = ring_submit(r, &s, NULL, 0, req, 1);
	if (err)
		return err;
	if (s.error || s.nr_requests != 1)
		return -(int)s.error;
	return ring_find(r, req->ring_index);
}

int ring_retire(struct ring *r, unsigned int entry)
{
	struct lodge_io_submit s;

	return ring_submit(r, &s, &entry, 1, NULL, 0) ?: -(int)s.error;
}

int ring_wait(struct ring *r, unsigned int entry)
{
	while (ring_state(r, entry) != LODGE_IO_DONE) {
		if (!wait_event(r->event, LIMIT_MS)) {
			errno = ETIMEDOUT;
			give_up("an entry that is never done");
		}
	}
	return ring_entry(r, entry)->result;
}

int ring_run(struct ring *r, struct lodge_io_request *req)
{
	int result, entry = ring_take(r, req);

	if (entry < 0)
		return entry;
	result = ring_wait(r, entry);
	want(ring_retire(r, entry), 0);
	return result;
}

/* --- pages ---------------------------------------------------------------- */

/* A request's segments stay where they are until as many have been made. */
struct lodge_io_request pages(unsigned int operation, int fd, __u64 offset,
			      unsigned int ref, unsigned int nr)
{
	static struct lodge_io_segment all[64][LODGE_IO_MAX_SEGMENTS];
	static unsigned int next;
	struct lodge_io_segment *segs = all[next++ % 64];
	struct lodge_io_request req = {
		.nr_indices = 1,
		.operation = operation,
		.nr_segments = nr,
		.fd = fd,
		.offset = offset,
		.segments = (uintptr_t)segs,
	};
	unsigned int i;

	for (i = 0; i < nr && i < LODGE_IO_MAX_SEGMENTS; i++)
		segs[i] = (struct lodge_io_segment){ ref + i, 0, PAGE };
	return req;
}

static void make_page(unsigned char *page, unsigned int seed)
{
	unsigned int i;

	for (i = 0; i < PAGE; i++)
		page[i] = seed ? seed * 37 + i * 13 + (i >> 8) : 0;
}

void fill_page(unsigned int ref, unsigned int seed)
{
	unsigned char page[PAGE];

	make_page(page, seed);
	want(to_guest(ref, 0, page, PAGE), 0);
}

static int count_bad(const unsigned char *page, unsigned int seed)
{
	unsigned char right[PAGE];
	unsigned int i, bad = 0;

	make_page(right, seed);
	for (i = 0; i < PAGE; i++)
		bad += page[i] != right[i];
	return bad;
}

int page_bad(unsigned int ref, unsigned int seed)
{
	unsigned char page[PAGE];
	int err = from_guest(ref, 0, page, PAGE);

	return err ?: count_bad(page, seed);
}

int file_bad(int fd, __u64 offset, unsigned int seed)
{
	static unsigned char page[PAGE] __attribute__((aligned(PAGE)));
	ssize_t n = pread(fd, page, PAGE, offset);

	if (n != PAGE)
		return n < 0 ? -errno : -ENODATA;
	return count_bad(page, seed);
}
