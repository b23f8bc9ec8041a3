// SPDX-License-Identifier: GPL-2.0-only
/*
 * The calls of grant I/O themselves: what opening, mapping, submitting and
 * closing refuse, and that nothing happens when they do.
 */
#include "io.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define RACERS		3
#define RACER_REQUESTS	300

static int attach_fd;

static void test_open(void)
{
	struct lodge_io_open o = { .size = sizeof(o) - 1, .nr_entries = 32 };
	int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	int closed = dup(event), null = open("/dev/null", O_RDWR | O_CLOEXEC);

	begin("open");
	close(closed);
	want(call(attach_fd, LODGE_IO_OPEN, &o), -EINVAL);
	want(call(attach_fd, LODGE_IO_OPEN, NULL), -EFAULT);
	want(open_ring(attach_fd, LODGE_IO_MAX_RINGS, 32, -1), -EINVAL);
	want(open_ring(attach_fd, ~0u, 32, -1), -EINVAL);
	want(open_ring(attach_fd, 0, 0, -1), -EINVAL);
	want(open_ring(attach_fd, 0, 3, -1), -EINVAL);
	want(open_ring(attach_fd, 0, 2 * LODGE_IO_MAX_ENTRIES, -1), -EINVAL);
	want(open_ring(attach_fd, 0, 32, -2), -EINVAL);
	want(open_ring(attach_fd, 0, 32, closed), -EBADF);
	want(open_ring(attach_fd, 0, 32, null), -EINVAL);
	want(close_ring(attach_fd, 0), -EINVAL);
	want(close_ring(attach_fd, LODGE_IO_MAX_RINGS), -EINVAL);
	want(close_ring(attach_fd, ~0u), -EINVAL);
	want(call(attach_fd, LODGE_IO_CLOSE, NULL), -EFAULT);

	want(open_ring(attach_fd, 0, 1, -1), 0);
	want(open_ring(attach_fd, 7, LODGE_IO_MAX_ENTRIES, event), 0);
	want(wait_event(event, 0), 1);
	want(open_ring(attach_fd, 7, 32, event), -EINVAL);
	want(wait_event(event, 0), 0);
	want(open_ring(attach_fd, 7, LODGE_IO_MAX_ENTRIES, event), 0);
	want(wait_event(event, 0), 1);
	want(close_ring(attach_fd, 7), 0);
	want(close_ring(attach_fd, 7), -EINVAL);
	want(close_ring(attach_fd, 0), 0);
	close(event);
	close(null);
	end();
}

static int map_error(size_t size, int prot, int flags, off_t at)
{
	void *map = mmap(NULL, size, prot, flags, attach_fd, at);

	if (map == MAP_FAILED)
		return errno;
	munmap(map, size);
	return 0;
}

/* Its table has two pages, what is stated one. */
static void test_mmap(void)
{
	const off_t table = LODGE_MMAP_IO_TABLE + 2 * LODGE_MMAP_IO_STRIDE;
	const off_t stated = LODGE_MMAP_IO_STATED + 2 * LODGE_MMAP_IO_STRIDE;
	const int rw = PROT_READ | PROT_WRITE;
	struct ring r;

	begin("mmap");
	ring_begin(&r, attach_fd, 2, NR_PLACES);
	want(r.table->nr_entries, NR_PLACES);
	want(r.table->count, 0);
	want(map_error(PAGE, rw, MAP_SHARED, table), EACCES);
	want(map_error(PAGE, PROT_WRITE, MAP_SHARED, table), EACCES);
	want(mprotect((void *)r.table, PAGE, rw) ? errno : 0, EACCES);
	want(map_error(PAGE, PROT_READ, MAP_PRIVATE, table), EINVAL);
	want(map_error(PAGE, PROT_READ | PROT_EXEC, MAP_SHARED, table),
	     EINVAL);
	want(map_error(3 * PAGE, PROT_READ, MAP_SHARED, table), EINVAL);
	want(map_error(2 * PAGE, PROT_READ, MAP_SHARED, table + PAGE), EINVAL);
	want(map_error(PAGE, PROT_READ, MAP_SHARED, table + PAGE), 0);
	want(map_error(PAGE, PROT_READ, MAP_SHARED, table + 2 * PAGE), EINVAL);
	want(map_error(2 * PAGE, rw, MAP_SHARED, stated), EINVAL);
	want(map_error(PAGE, rw, MAP_SHARED, stated), 0);
	/* Of rings that are not there. */
	want(map_error(PAGE, PROT_READ, MAP_SHARED, LODGE_MMAP_IO_TABLE),
	     EINVAL);
	want(map_error(PAGE, PROT_READ, MAP_SHARED, LODGE_MMAP_IO_TABLE +
		       LODGE_IO_MAX_RINGS * LODGE_MMAP_IO_STRIDE), EINVAL);
	want(map_error(PAGE, rw, MAP_SHARED, LODGE_MMAP_IO_STATED +
		       LODGE_IO_MAX_RINGS * LODGE_MMAP_IO_STRIDE), EINVAL);

	r.stated[NR_PLACES - 1].rsp_index = 5;
	want(touch((void *)r.table), 0);
	want(close_ring(attach_fd, 2), 0);
	want(touch((void *)r.table), SIGBUS);
	want(touch((void *)r.stated), SIGBUS);
	/* The next one there has nothing of it. */
	want(open_ring(attach_fd, 2, NR_PLACES, -1), 0);
	want(r.stated[NR_PLACES - 1].rsp_index, 0);
	want(close_ring(attach_fd, 2), 0);
	ring_end(&r, false);
	end();
}

/* What a holder has not asked for is not in its child either. */
static void test_fork(void)
{
	struct ring r;
	int status = 0;
	pid_t pid;

	begin("fork");
	ring_begin(&r, attach_fd, 0, NR_PLACES);
	pid = fork();
	if (!pid)
		_exit(touch((void *)r.table) * 16 + touch((void *)r.stated));
	waitpid(pid, &status, 0);
	want(WIFEXITED(status) ? WEXITSTATUS(status) : -1,
	     SIGSEGV * 16 + SIGSEGV);
	ring_end(&r, true);
	end();
}

static void test_none(void)
{
	struct lodge_io_request req = pages(LODGE_IO_NONE, -1, 0, 0, 0);
	const struct lodge_io_entry *entry;
	struct ring r;
	int i;

	begin("none");
	ring_begin(&r, attach_fd, 0, NR_PLACES);
	wait_event(r.event, 0);
	memcpy(req.opaque, "0123456789abcdef", 16);
	req.nr_indices = 3;
	i = ring_take(&r, &req);
	want(i >= 0, 1);
	entry = ring_entry(&r, i);
	want(ring_state(&r, i), LODGE_IO_DONE);
	want(entry->result, 0);
	want(entry->ring_index, 0);
	want(entry->nr_indices, 3);
	want(memcmp(entry->opaque, "0123456789abcdef", 16), 0);
	want(r.table->count, 3);
	/* Its holder waited for it in the call. */
	want(wait_event(r.event, 0), 0);
	r.stated[i].rsp_index = 9;
	r.stated[i].stated = 1;
	want(close_ring(attach_fd, 0), -EBUSY);
	want(ring_retire(&r, i), 0);
	want(r.stated[i].stated, 0);
	want(ring_state(&r, i), LODGE_IO_FREE);
	want(ring_retire(&r, i), -EINVAL);
	want(ring_retire(&r, NR_PLACES), -EINVAL);
	want(ring_retire(&r, ~0u), -EINVAL);
	ring_end(&r, true);
	end();
}

/* --- refusals of submit --------------------------------------------------- */

static void test_submit_refusals(void)
{
	struct lodge_io_request none = pages(LODGE_IO_NONE, -1, 0, 0, 0);
	struct lodge_io_submit s;
	struct ring r, other;
	__u32 zero = 0;

	begin("submit-refusals");
	ring_begin(&r, attach_fd, 0, NR_PLACES);
	other = r;
	other.number = 1;
	want(ring_submit(&other, &s, NULL, 0, &none, 1), -EINVAL);
	other.number = LODGE_IO_MAX_RINGS;
	want(ring_submit(&other, &s, NULL, 0, &none, 1), -EINVAL);
	other.number = ~0u;
	want(ring_submit(&other, &s, NULL, 0, &none, 1), -EINVAL);
	want(ring_submit(&r, &s, &zero, NR_PLACES + 1, &none, 1), -EINVAL);
	want(ring_submit(&r, &s, &zero, 0, &none, NR_PLACES + 1), -EINVAL);
	want(ring_submit(&r, &s, &zero, ~0u, &none, ~0u), -EINVAL);
	want(call(attach_fd, LODGE_IO_SUBMIT, NULL), -EFAULT);
	memset(&s, 0, sizeof(s));
	want(call(attach_fd, LODGE_IO_SUBMIT, &s), -EINVAL);
	s.size = sizeof(s);
	s.reserved = 1;
	want(call(attach_fd, LODGE_IO_SUBMIT, &s), -EINVAL);
	s.reserved = 0;
	s.error = 77;
	want(call(attach_fd, LODGE_IO_SUBMIT, &s), 0);
	want(s.error, 0);

	want(ring_submit(&r, &s, NULL, 1, &none, 1), 0);
	want(s.error, EFAULT);
	want(s.nr_requests, 0);
	want(ring_submit(&r, &s, NULL, 0, NULL, 1), 0);
	want(s.error, EFAULT);
	/* An entry that cannot be retired ends it before any request. */
	want(ring_submit(&r, &s, &zero, 1, &none, 1), 0);
	want(s.error, EINVAL);
	want(s.nr_retire, 0);
	want(s.nr_requests, 0);
	want(r.table->count, 0);
	ring_end(&r, true);
	end();
}

/* Taken whole or not at all, in order, up to the first that is not. */
static void test_batch(void)
{
	struct lodge_io_request many[NR_PLACES];
	__u32 retire[NR_PLACES];
	struct lodge_io_submit s;
	struct ring r;
	unsigned int i;

	begin("batch");
	ring_begin(&r, attach_fd, 0, NR_PLACES);
	for (i = 0; i < NR_PLACES; i++) {
		many[i] = pages(LODGE_IO_NONE, -1, 0, 0, 0);
		many[i].ring_index = i;
		retire[i] = i;
	}
	many[5].ring_index = 6;
	want(ring_submit(&r, &s, NULL, 0, many, NR_PLACES), 0);
	want(s.error, ESTALE);
	want(s.nr_requests, 5);
	want(r.table->count, 5);
	many[5].ring_index = 5;
	want(ring_submit(&r, &s, NULL, 0, many + 5, NR_PLACES - 5), 0);
	want(s.error, 0);
	want(s.nr_requests, NR_PLACES - 5);
	/* The table is full. */
	many[0].ring_index = NR_PLACES;
	want(ring_take(&r, &many[0]), -EAGAIN);
	retire[7] = 6;
	want(ring_submit(&r, &s, retire, NR_PLACES, many, 1), 0);
	want(s.error, EINVAL);
	want(s.nr_retire, 7);
	want(s.nr_requests, 0);
	retire[7] = 7;
	/* What is retired makes room in the same call. */
	want(ring_submit(&r, &s, retire + 7, NR_PLACES - 7, many, 1), 0);
	want(s.error, 0);
	want(s.nr_retire, NR_PLACES - 7);
	want(s.nr_requests, 1);
	want(ring_retire(&r, ring_find(&r, NR_PLACES)), 0);
	ring_end(&r, true);
	end();
}

static void test_request_refusals(void)
{
	struct lodge_io_request req;
	struct ring r;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), closed = dup(null);

	begin("request-refusals");
	ring_begin(&r, attach_fd, 0, NR_PLACES);
	close(closed);
	req = pages(LODGE_IO_RECEIVE + 1, null, 0, REF_DATA, 1);
	want(ring_take(&r, &req), -EINVAL);
	req = pages(LODGE_IO_NONE, null, 0, 0, 0);
	want(ring_take(&r, &req), -EINVAL);
	req = pages(LODGE_IO_WRITE, null, 0, REF_DATA, 1);
	req.nr_indices = NR_PLACES + 1;
	want(ring_take(&r, &req), -EINVAL);
	req = pages(LODGE_IO_WRITE, null, 0, REF_DATA, 1);
	req.inline_length = LODGE_IO_INLINE + 1;
	want(ring_take(&r, &req), -EINVAL);
	req = pages(LODGE_IO_WRITE, null, 0, REF_DATA, 1);
	((struct lodge_io_segment *)(uintptr_t)req.segments)->length++;
	want(ring_take(&r, &req), -EINVAL);
	req = pages(LODGE_IO_WRITE, null, 0, REF_DATA,
		    LODGE_IO_MAX_SEGMENTS + 1);
	want(ring_take(&r, &req), -E2BIG);
	req = pages(LODGE_IO_WRITE, null, 0, REF_DATA, 1);
	req.segments = 8;
	want(ring_take(&r, &req), -EFAULT);
	req.segments = 0xffff888000000000ull;
	want(ring_take(&r, &req), -EFAULT);
	req = pages(LODGE_IO_WRITE, closed, 0, REF_DATA, 1);
	want(ring_take(&r, &req), -EBADF);
	req = pages(LODGE_IO_WRITE, -1, 0, REF_DATA, 1);
	want(ring_take(&r, &req), -EBADF);
	want(r.table->count, 0);
	want(busy_bits(REF_DATA), 0);
	ring_end(&r, true);
	close(null);
	end();
}

static int file_error(struct ring *r, int fd, unsigned int operation)
{
	struct lodge_io_request req = pages(operation, fd, 0, REF_DATA, 1);
	int err;

	if (fd < 0)
		give_up("a file");
	if (operation == LODGE_IO_RECEIVE)
		req.packet_indices = 1;
	err = ring_take(r, &req);
	close(fd);
	return err;
}

static void test_wrong_files(void)
{
	int pipes[2], sockets[2];
	struct ring r;

	begin("wrong-files");
	ring_begin(&r, attach_fd, 0, NR_PLACES);
	if (pipe(pipes) || socketpair(AF_UNIX, SOCK_STREAM, 0, sockets))
		give_up("pipe");
	want(file_error(&r, pipes[0], LODGE_IO_READ), -EOPNOTSUPP);
	want(file_error(&r, pipes[1], LODGE_IO_WRITE), -EOPNOTSUPP);
	want(file_error(&r, sockets[0], LODGE_IO_READ), -EOPNOTSUPP);
	want(file_error(&r, sockets[1], LODGE_IO_RECEIVE), -EOPNOTSUPP);
	want(file_error(&r, open("/", O_RDONLY), LODGE_IO_READ), -EOPNOTSUPP);
	want(file_error(&r, eventfd(0, 0), LODGE_IO_READ), -EOPNOTSUPP);
	want(file_error(&r, dup(dev), LODGE_IO_READ), -EOPNOTSUPP);
	want(file_error(&r, dup(attach_fd), LODGE_IO_READ), -EOPNOTSUPP);
	want(file_error(&r, open("/dev/ptmx", O_RDWR), LODGE_IO_READ),
	     -EOPNOTSUPP);
	want(file_error(&r, open("/run/io-tmpfs/file", O_PATH), LODGE_IO_READ),
	     -EBADF);
	want(file_error(&r, open("/run/io-tmpfs/file", O_RDONLY),
			LODGE_IO_WRITE), -EBADF);
	want(file_error(&r, open("/run/io-tmpfs/file", O_WRONLY),
			LODGE_IO_READ), -EBADF);
	want(file_error(&r, open("/run/io-tmpfs/file", O_RDWR),
			LODGE_IO_RECEIVE), -EOPNOTSUPP);
	want(file_error(&r, open("/dev/null", O_RDONLY), LODGE_IO_WRITE),
	     -EBADF);
	want(file_error(&r, open("/dev/null", O_WRONLY), LODGE_IO_RECEIVE),
	     -EBADF);
	want(r.table->count, 0);
	want(busy_bits(REF_DATA), 0);
	ring_end(&r, true);
	end();
}

/* --- several at once ------------------------------------------------------ */

/* Take requests at the count, as long as others leave some to take. */
static void race(unsigned int number)
{
	struct lodge_io_request req = pages(LODGE_IO_NONE, -1, 0, 0, 0);
	unsigned int taken = 0;
	struct ring r;
	int i;

	ring_begin(&r, attach_fd, number, NR_PLACES);
	while (taken < RACER_REQUESTS) {
		i = ring_take(&r, &req);
		if (i == -ESTALE)
			continue;
		if (i < 0)
			_exit(1);
		taken++;
		if (ring_retire(&r, i))
			_exit(2);
	}
	_exit(0);
}

static void test_race(void)
{
	pid_t pids[RACERS];
	struct ring r;
	int i, status;

	begin("submitted-by-several");
	ring_begin(&r, attach_fd, 3, NR_PLACES);
	for (i = 0; i < RACERS; i++) {
		pids[i] = fork();
		if (!pids[i])
			race(3);
	}
	for (i = 0; i < RACERS; i++) {
		waitpid(pids[i], &status, 0);
		want(status, 0);
	}
	/* Each was taken once, whoever did it. */
	want(r.table->count, RACERS * RACER_REQUESTS);
	ring_end(&r, true);
	end();
}

void test_calls(void)
{
	attach_fd = attach(1);
	if (attach_fd < 0)
		give_up("attach");
	test_open();
	test_mmap();
	test_fork();
	test_none();
	test_submit_refusals();
	test_batch();
	test_request_refusals();
	test_wrong_files();
	test_race();
	close(attach_fd);
}
