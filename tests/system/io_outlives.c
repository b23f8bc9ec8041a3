// SPDX-License-Identifier: GPL-2.0-only
/*
 * I/O that outlives its holder: killed, revoked while it is stopped, or its
 * domain destroyed, with the disk held up meanwhile.  The next holder finds the
 * entries busy, the guest finds its grants in use, and in the end the right
 * bytes are in the right places, whatever the guest did to its grants.
 */
#include "io.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../fuzz/grant_guest.h"

#define DEVID		1
#define DELAY_MS	200

static int disk;	/* that can be held up */
static int medium;	/* what is beneath it */

/* --- a holder in a process of its own ------------------------------------- */

/*
 * What it submits: a write of two pages, a read, and a sync, which a disk
 * without a cache of its own does not need to see and so cannot hold up.
 */
static void submit_three(struct ring *r)
{
	struct lodge_io_request req;
	int err;

	req = pages(LODGE_IO_WRITE, disk, 4 * PAGE, REF_DATA, 2);
	memcpy(req.opaque, "write", 6);
	err = ring_take(r, &req) < 0;
	req = pages(LODGE_IO_READ, disk, 8 * PAGE, REF_DATA + 4, 1);
	memcpy(req.opaque, "read", 5);
	req.inline_length = 0;
	err |= ring_take(r, &req) < 0;
	req = pages(LODGE_IO_SYNC, disk, 0, 0, 0);
	memcpy(req.opaque, "sync", 5);
	err |= ring_take(r, &req) < 0;
	if (err)
		_exit(1);
}

/*
 * Submits, says so, and waits for a byte.  If it is still there then, it tells
 * how it was refused: 0 as it should be.
 */
static void child_holds(int said, int go)
{
	int fd = attach(DEVID), wrong = 0;
	struct lodge_io_submit s;
	struct ring r;
	char byte = 0;

	if (fd < 0)
		_exit(2);
	ring_begin(&r, fd, 0, NR_PLACES);
	submit_three(&r);
	if (write(said, &byte, 1) != 1 || read(go, &byte, 1) != 1)
		_exit(3);
	wrong |= touch((void *)r.table) != SIGBUS;
	wrong |= (touch((void *)r.stated) != SIGBUS) << 1;
	wrong |= (ring_submit(&r, &s, NULL, 0, NULL, 0) != -ENODEV) << 2;
	wrong |= (open_ring(fd, 0, NR_PLACES, -1) != -ENODEV) << 3;
	wrong |= (close_ring(fd, 0) != -ENODEV) << 4;
	byte = wrong;
	if (write(said, &byte, 1) != 1)
		_exit(4);
	pause();
}

/* --- what the next holder finds ------------------------------------------- */

static void fill_medium(__u64 offset, unsigned int seed)
{
	static unsigned char page[PAGE] __attribute__((aligned(PAGE)));
	unsigned int i;

	for (i = 0; i < PAGE; i++)
		page[i] = seed ? seed * 37 + i * 13 + (i >> 8) : 0;
	want(pwrite(medium, page, PAGE, offset), PAGE);
}

static void prepare(void)
{
	fill_page(REF_DATA, 40);
	fill_page(REF_DATA + 1, 41);
	fill_page(REF_DATA + 4, 0);
	fill_medium(4 * PAGE, 0);
	fill_medium(5 * PAGE, 0);
	fill_medium(8 * PAGE, 44);
}

static void expect_held(void)
{
	want(busy_bits(REF_DATA), BUSY_READ);
	want(busy_bits(REF_DATA + 1), BUSY_READ);
	want(busy_bits(REF_DATA + 4), BUSY_READ | BUSY_WRITE);
	want(ask(CMD_REVOKE, REF_DATA, 0), 1);
	want(ask(CMD_REVOKE, REF_DATA + 4, 0), 1);
}

static void expect_landed(void)
{
	want(busy_bits(REF_DATA) | busy_bits(REF_DATA + 1) |
	     busy_bits(REF_DATA + 4), 0);
	want(file_bad(medium, 4 * PAGE, 40), 0);
	want(file_bad(medium, 5 * PAGE, 41), 0);
	want(page_bad(REF_DATA + 4, 44), 0);
}

/* The slot, its ring, and the entries as they were left. */
static void take_over(struct ring *r, int entries[3])
{
	static const char * const names[] = { "write", "read", "sync" };
	int fd = attach(DEVID);
	unsigned int i;

	errno = -fd;
	if (fd < 0)
		give_up("the next holder");
	ring_begin(r, fd, 0, NR_PLACES);
	want(wait_event(r->event, 0) >= 1, 1);
	want(r->table->count, 3);
	for (i = 0; i < 3; i++) {
		entries[i] = ring_find(r, i);
		want(entries[i] >= 0, 1);
		want(strcmp((const char *)ring_entry(r, entries[i])->opaque,
			    names[i]), 0);
	}
	for (i = 0; i < 2; i++) {
		want(ring_state(r, entries[i]), LODGE_IO_BUSY);
		want(ring_retire(r, entries[i]), -EBUSY);
	}
	want(ring_wait(r, entries[2]), 0);
	wait_event(r->event, 0);
	want(close_ring(fd, 0), -EBUSY);
	want(open_ring(fd, 0, 2 * NR_PLACES, -1), -EINVAL);
}

static void finish(struct ring *r, const int entries[3])
{
	want(ring_wait(r, entries[0]), 2 * PAGE);
	want(ring_wait(r, entries[1]), PAGE);
	want(ring_wait(r, entries[2]), 0);
	expect_landed();
	want(ring_retire(r, entries[0]), 0);
	want(close_ring(r->attach, 0), -EBUSY);
	want(ring_retire(r, entries[1]), 0);
	want(ring_retire(r, entries[2]), 0);
	ring_end(r, true);
	close(r->attach);
}

static void test_killed(void)
{
	int entries[3];
	struct child c;
	struct ring r;

	begin("killed-with-io");
	prepare();
	delayed_hold();
	c = start_child(child_holds);
	end_child(&c);
	expect_held();
	take_over(&r, entries);
	/* What it submits itself is not in the way of what is there. */
	want(ring_run(&r, &(struct lodge_io_request){
		.nr_indices = 1, .operation = LODGE_IO_NONE, .fd = -1 }), 0);
	expect_held();
	want(file_bad(medium, 4 * PAGE, 0), 0);
	want(wait_event(r.event, 0), 0);
	delayed_release();
	finish(&r, entries);
	end();
}

static void test_revoked(void)
{
	int entries[3];
	struct child c;
	struct ring r;
	char byte = 1;

	begin("revoked-with-io");
	prepare();
	delayed_hold();
	c = start_child(child_holds);
	kill(c.pid, SIGSTOP);
	want(revoke_slot(DEVID), 0);
	take_over(&r, entries);
	expect_held();
	kill(c.pid, SIGCONT);
	if (write(c.go, &byte, 1) != 1 || read(c.said, &byte, 1) != 1)
		give_up("the first holder");
	want(byte, 0);
	delayed_release();
	finish(&r, entries);
	end_child(&c);
	end();
}

/* Nobody is there when it ends. */
static void test_nobody(void)
{
	struct timespec pause_10ms = { .tv_nsec = 10000000 };
	struct child c;
	struct ring r;
	int i, fd;

	begin("ended-without-holder");
	prepare();
	delayed_hold();
	c = start_child(child_holds);
	end_child(&c);
	delayed_release();
	for (i = 0; i < LIMIT_MS / 10 && busy_bits(REF_DATA + 4); i++)
		nanosleep(&pause_10ms, NULL);
	fd = attach(DEVID);
	ring_begin(&r, fd, 0, NR_PLACES);
	for (i = 0; i < 3; i++) {
		ring_wait(&r, ring_find(&r, i));
		want(ring_retire(&r, ring_find(&r, i)), 0);
	}
	expect_landed();
	ring_end(&r, true);
	close(fd);
	end();
}

/* By the clock: each write takes a while, and nothing holds it up. */
static void test_killed_by_clock(void)
{
	struct child c;
	struct ring r;
	int i, fd;

	begin("killed-with-slow-io");
	prepare();
	delayed_set(DELAY_MS);
	c = start_child(child_holds);
	end_child(&c);
	fd = attach(DEVID);
	ring_begin(&r, fd, 0, NR_PLACES);
	want(r.table->count, 3);
	for (i = 0; i < 3; i++) {
		want(ring_wait(&r, ring_find(&r, i)) < 0, 0);
		want(ring_retire(&r, ring_find(&r, i)), 0);
	}
	expect_landed();
	ring_end(&r, true);
	close(fd);
	delayed_set(0);
	end();
}

/* --- guests that do what they must not ------------------------------------ */

static void test_spoilt_grants(void)
{
	struct lodge_io_request req;
	struct ring r;
	int fd = attach(DEVID), write_entry, read_entry;
	unsigned int frame;

	begin("grants-spoilt-with-io");
	ring_begin(&r, fd, 0, NR_PLACES);
	prepare();
	delayed_hold();
	req = pages(LODGE_IO_WRITE, disk, 4 * PAGE, REF_DATA, 2);
	write_entry = ring_take(&r, &req);
	req = pages(LODGE_IO_READ, disk, 8 * PAGE, REF_DATA + 4, 1);
	read_entry = ring_take(&r, &req);
	/* Revoked by force, another frame, and given up altogether. */
	ask(CMD_FORCE, REF_DATA, 0);
	frame = ask(CMD_SET_FRAME, REF_DATA, 0x10);
	want(ask(CMD_BALLOON, REF_DATA + 1, 0), 1);
	want(ask(CMD_BALLOON, REF_DATA + 4, 0), 1);
	delayed_release();
	want(ring_wait(&r, write_entry), 2 * PAGE);
	want(ring_wait(&r, read_entry), PAGE);
	want(file_bad(medium, 4 * PAGE, 40), 0);
	want(file_bad(medium, 5 * PAGE, 41), 0);
	want(busy_bits(REF_DATA) | busy_bits(REF_DATA + 1) |
	     busy_bits(REF_DATA + 4), 0);
	ask(CMD_SET_FRAME, REF_DATA, frame);
	ask(CMD_FORCE, REF_DATA, 1);
	want(ask(CMD_POPULATE, REF_DATA + 1, 0), 1);
	want(ask(CMD_POPULATE, REF_DATA + 4, 0), 1);
	/* What was read went to the page that is gone. */
	want(page_bad(REF_DATA + 4, 0), 0);
	want(ring_retire(&r, write_entry), 0);
	want(ring_retire(&r, read_entry), 0);
	ring_end(&r, true);
	close(fd);
	end();
}

/* --- as much as there can be ---------------------------------------------- */

static void test_segments_limit(void)
{
	const unsigned int nr = LODGE_IO_RING_SEGMENTS / LODGE_IO_MAX_SEGMENTS;
	struct lodge_io_segment *segs;
	struct lodge_io_request req;
	struct lodge_io_submit s;
	unsigned int i, j;
	struct ring r;
	int fd = attach(DEVID);

	begin("segments-in-flight");
	ring_begin(&r, fd, 0, NR_PLACES);
	delayed_hold();
	for (i = 0; i < nr; i++) {
		req = pages(LODGE_IO_READ, disk, i << 20, REF_DATA,
			    LODGE_IO_MAX_SEGMENTS);
		segs = (void *)(uintptr_t)req.segments;
		for (j = 0; j < LODGE_IO_MAX_SEGMENTS; j++)
			segs[j].grant = REF_DATA + j % NR_DATA;
		want(ring_take(&r, &req), i);
	}
	req = pages(LODGE_IO_WRITE, disk, 0, REF_DATA, 1);
	req.ring_index = r.table->count;
	want(ring_submit(&r, &s, NULL, 0, &req, 1), 0);
	want(s.error, EAGAIN);
	want(r.table->count, nr);
	want(busy_bits(REF_DATA), BUSY_READ | BUSY_WRITE);
	delayed_release();
	for (i = 0; i < nr; i++) {
		want(ring_wait(&r, i), 1 << 20);
		want(ring_retire(&r, i), 0);
	}
	want(ring_run(&r, &req), PAGE);
	want(busy_bits(REF_DATA) | busy_bits(REF_DATA + NR_DATA - 1), 0);
	ring_end(&r, true);
	close(fd);
	end();
}

/* --- domains that go ------------------------------------------------------ */

/* A fixed slot has no rings. */
static void expect_none_of_it(int guest)
{
	struct lodge_io_submit s = { .size = sizeof(s) };
	int fd = attach_to(guest, LODGE_ROLE_STORE, 0, NULL);

	want(open_ring(fd, 0, NR_PLACES, -1), -EPERM);
	want(close_ring(fd, 0), -EPERM);
	want(call(fd, LODGE_IO_SUBMIT, &s), -EPERM);
	close(fd);
}

static void wait_for_medium(__u64 offset, unsigned int seed)
{
	struct timespec pause_10ms = { .tv_nsec = 10000000 };
	int i;

	for (i = 0; i < LIMIT_MS / 10 && file_bad(medium, offset, seed); i++)
		nanosleep(&pause_10ms, NULL);
	want(file_bad(medium, offset, seed), 0);
}

/* Its pages live until the I/O has ended, and with them all that it needs. */
static void test_destroyed(void)
{
	int guest = grant_guest_make(dev, "io-gone"), fd;
	static unsigned char page[PAGE];
	struct lodge_io_request req;
	struct lodge_io_submit s;
	struct pollfd p = { .events = POLLIN };
	struct ring r;
	unsigned int i;

	begin("destroyed-with-io");
	if (guest < 0)
		give_up("a guest");
	expect_none_of_it(guest);
	fd = attach_to(guest, LODGE_ROLE_OTHER, 7, NULL);
	ring_begin(&r, fd, 0, NR_PLACES);
	for (i = 0; i < PAGE; i++)
		page[i] = 55 * 37 + i * 13 + (i >> 8);
	want(copy(fd, LODGE_GRANT_TO_GUEST, GRANT_GUEST_REF, 0, page, PAGE), 0);
	fill_medium(4 * PAGE, 0);
	delayed_hold();
	req = pages(LODGE_IO_WRITE, disk, 4 * PAGE, GRANT_GUEST_REF, 1);
	want(ring_take(&r, &req), 0);
	req = pages(LODGE_IO_READ, disk, 8 * PAGE, GRANT_GUEST_REF + 2, 1);
	want(ring_take(&r, &req), 1);
	req = pages(LODGE_IO_SYNC, disk, 0, 0, 0);
	want(ring_take(&r, &req), 2);
	want(call(guest, LODGE_DOMAIN_DESTROY, NULL), 0);
	want(touch((void *)r.table), SIGBUS);
	want(touch((void *)r.stated), SIGBUS);
	want(ring_submit(&r, &s, NULL, 0, NULL, 0), -ENODEV);
	want(close_ring(fd, 0), -ENODEV);
	p.fd = fd;
	want(poll(&p, 1, 0), 1);
	want(p.revents, POLLHUP);
	ring_end(&r, false);
	close(fd);
	close(guest);
	want(file_bad(medium, 4 * PAGE, 0), 0);
	delayed_release();
	wait_for_medium(4 * PAGE, 55);
	end();
}

void test_outliving(void)
{
	disk = delayed_make();
	medium = open(DELAYED_ON, O_RDWR | O_DIRECT | O_CLOEXEC);
	if (medium < 0)
		give_up(DELAYED_ON);
	test_killed();
	test_revoked();
	test_nobody();
	test_killed_by_clock();
	test_spoilt_grants();
	test_segments_limit();
	test_destroyed();
	delayed_remove(disk);
	close(medium);
}
