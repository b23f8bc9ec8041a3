// SPDX-License-Identifier: GPL-2.0-only
/*
 * Grant I/O on files of each kind that it serves: what the guest has in its
 * pages and what is in the file are compared, and grants that do not allow it.
 */
#include "io.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static struct ring ring;
static int attach_fd;

/* --- disks ---------------------------------------------------------------- */

static const struct disk {
	const char *check, *path;
	int flags;
	int discards;		/* the result */
} disks[] = {
	{ "tmpfs", "/run/io-tmpfs/file", 0, 0 },
	{ "ext4", "/run/io-ext4/file", 0, 0 },
	{ "ext4-direct", "/run/io-ext4/file", O_DIRECT, 0 },
	{ "disk", "/dev/ram0", 0, -EOPNOTSUPP },
	{ "disk-direct", "/dev/ram0", O_DIRECT, -EOPNOTSUPP },
	{ "loop", "/dev/loop0", 0, 0 },
	{ "loop-direct", "/dev/loop0", O_DIRECT, 0 },
};

static int run(unsigned int operation, int fd, __u64 offset, unsigned int ref,
	       unsigned int nr)
{
	struct lodge_io_request req = pages(operation, fd, offset, ref, nr);

	return ring_run(&ring, &req);
}

static void disk_pages(int fd)
{
	unsigned int i;

	for (i = 0; i < 3; i++)
		fill_page(REF_DATA + i, 10 + i);
	want(run(LODGE_IO_WRITE, fd, 2 * PAGE, REF_DATA, 3), 3 * PAGE);
	for (i = 0; i < 3; i++) {
		want(file_bad(fd, (2 + i) * PAGE, 10 + i), 0);
		fill_page(REF_DATA + 4 + i, 99);
	}
	want(run(LODGE_IO_READ, fd, 2 * PAGE, REF_DATA + 4, 3), 3 * PAGE);
	for (i = 0; i < 3; i++)
		want(page_bad(REF_DATA + 4 + i, 10 + i), 0);
	want(page_bad(REF_DATA, 10), 0);
}

/* Sectors of pages, as a disk request has them. */
static void disk_sectors(int fd)
{
	struct lodge_io_request req;
	struct lodge_io_segment *segs;
	unsigned char a[PAGE], b[PAGE];

	req = pages(LODGE_IO_WRITE, fd, 5 * PAGE + 1024, REF_DATA, 2);
	segs = (void *)(uintptr_t)req.segments;
	segs[0].offset = 512;
	segs[0].length = 1024;
	segs[1].offset = PAGE - 512;
	segs[1].length = 512;
	want(ring_run(&ring, &req), 1536);
	fill_page(REF_DATA + 8, 0);
	req = pages(LODGE_IO_READ, fd, 5 * PAGE + 1024, REF_DATA + 8, 1);
	segs = (void *)(uintptr_t)req.segments;
	segs[0].offset = 2048;
	segs[0].length = 1536;
	want(ring_run(&ring, &req), 1536);
	want(from_guest(REF_DATA + 8, 0, b, PAGE), 0);
	want(b[2047] | b[2048 + 1536], 0);
	want(from_guest(REF_DATA, 0, a, PAGE), 0);
	want(memcmp(b + 2048, a + 512, 1024), 0);
	want(from_guest(REF_DATA + 1, 0, a, PAGE), 0);
	want(memcmp(b + 3072, a + PAGE - 512, 512), 0);
}

static void disk_end(int fd, off_t size)
{
	want(run(LODGE_IO_READ, fd, size - PAGE, REF_DATA + 8, 2), PAGE);
	want(run(LODGE_IO_READ, fd, size, REF_DATA + 8, 1), 0);
	want(run(LODGE_IO_READ, fd, 1ull << 62, REF_DATA + 8, 1), 0);
	want(run(LODGE_IO_READ, fd, INT64_MAX, REF_DATA + 8, 1) < 0, 1);
}

static void disk_discard(int fd, int result)
{
	struct lodge_io_request req =
		pages(LODGE_IO_DISCARD, fd, 3 * PAGE, 0, 0);

	req.length = PAGE;
	want(ring_run(&ring, &req), result);
	want(file_bad(fd, 2 * PAGE, 10), 0);
	want(file_bad(fd, 3 * PAGE, result ? 11 : 0), 0);
	want(file_bad(fd, 4 * PAGE, 12), 0);
}

static void test_disk(const struct disk *d)
{
	int fd = open(d->path, O_RDWR | O_CLOEXEC | d->flags);
	off_t size = lseek(fd, 0, SEEK_END);

	begin(d->check);
	if (fd < 0 || size < 8 * (off_t)PAGE)
		give_up(d->path);
	disk_pages(fd);
	disk_sectors(fd);
	want(run(LODGE_IO_SYNC, fd, 0, 0, 0), 0);
	disk_discard(fd, d->discards);
	disk_end(fd, size);
	want(lseek(fd, 0, SEEK_END), size);
	want(busy_bits(REF_DATA) | busy_bits(REF_DATA + 8), 0);
	close(fd);
	end();
}

/* Many at once, with the file closed behind them. */
static void test_many(const char *check, const char *path, int flags)
{
	struct lodge_io_request many[NR_PLACES];
	int fd = open(path, O_RDWR | O_CLOEXEC | flags);
	struct lodge_io_submit s;
	unsigned int i;
	int entry;

	begin(check);
	for (i = 0; i < 8; i++)
		fill_page(REF_DATA + i, 60 + i);
	for (i = 0; i < NR_PLACES; i++) {
		many[i] = pages(LODGE_IO_WRITE, fd, (i % 8) * PAGE,
				REF_DATA + i % 8, 1);
		many[i].ring_index = ring.table->count + i;
		memcpy(many[i].opaque, &i, sizeof(i));
	}
	want(ring_submit(&ring, &s, NULL, 0, many, NR_PLACES), 0);
	close(fd);
	want(s.nr_requests, NR_PLACES);
	for (i = 0; i < NR_PLACES; i++) {
		entry = ring_find(&ring, many[i].ring_index);
		want(entry >= 0, 1);
		want(ring_wait(&ring, entry), PAGE);
		want(memcmp(ring_entry(&ring, entry)->opaque, &i, sizeof(i)),
		     0);
		want(ring_retire(&ring, entry), 0);
	}
	fd = open(path, O_RDWR | O_CLOEXEC | flags);
	for (i = 0; i < 8; i++)
		want(file_bad(fd, i * PAGE, 60 + i), 0);
	close(fd);
	end();
}

/* 1 MiB: the guest has 16 pages, so they come again and again. */
static void test_large(void)
{
	int fd = open("/dev/ram0", O_RDWR | O_DIRECT | O_CLOEXEC);
	struct lodge_io_segment *segs;
	struct lodge_io_request req;
	unsigned int i, bad = 0;

	begin("large");
	for (i = 0; i < NR_DATA; i++)
		fill_page(REF_DATA + i, 30 + i);
	req = pages(LODGE_IO_WRITE, fd, PAGE, REF_DATA, LODGE_IO_MAX_SEGMENTS);
	segs = (void *)(uintptr_t)req.segments;
	for (i = 0; i < LODGE_IO_MAX_SEGMENTS; i++)
		segs[i].grant = REF_DATA + i % NR_DATA;
	want(ring_run(&ring, &req), LODGE_IO_MAX_SEGMENTS * PAGE);
	for (i = 0; i < LODGE_IO_MAX_SEGMENTS; i++)
		bad += file_bad(fd, (1 + i) * PAGE, 30 + i % NR_DATA) != 0;
	want(bad, 0);
	want(busy_bits(REF_DATA), 0);
	close(fd);
	end();
}

/* --- grants that do not allow it ------------------------------------------ */

static void refused(int fd, unsigned int ref, int write_result)
{
	struct lodge_io_request req = pages(LODGE_IO_WRITE, fd, 0, REF_DATA, 3);
	struct lodge_io_segment *segs = (void *)(uintptr_t)req.segments;
	const unsigned int count = ring.table->count;

	segs[1].grant = ref;
	want(ring_run(&ring, &req), write_result);
	req.operation = LODGE_IO_READ;
	want(ring_run(&ring, &req), -EFAULT);
	want(ring.table->count, count + 2);
	want(busy_bits(REF_DATA) | busy_bits(REF_DATA + 2), 0);
}

static void test_refused_grants(void)
{
	int direct = open("/dev/ram0", O_RDWR | O_DIRECT | O_CLOEXEC);
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	begin("refused-grants");
	refused(direct, REF_NOTHING, -EFAULT);
	refused(direct, REF_FOREIGN, -EFAULT);
	refused(direct, REF_NO_RAM, -EFAULT);
	refused(direct, ~0u, -EFAULT);
	refused(direct, 0, -EFAULT);
	refused(direct, REF_READ_ONLY, 3 * PAGE);
	refused(null, REF_NOTHING, -EFAULT);
	refused(null, REF_READ_ONLY, 3 * PAGE);
	want(busy_bits(REF_READ_ONLY), 0);
	/* RAM that nobody has touched yet is RAM. */
	want(run(LODGE_IO_READ, direct, 0, REF_UNTOUCHED, 1), PAGE);
	close(direct);
	close(null);
	end();
}

/* --- characters ----------------------------------------------------------- */

static void test_characters(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int zero = open("/dev/zero", O_RDWR | O_CLOEXEC);
	int tty = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	struct lodge_io_request req;

	begin("characters");
	want(run(LODGE_IO_WRITE, null, 0, REF_DATA, 4), 4 * PAGE);
	want(run(LODGE_IO_READ, null, 0, REF_DATA, 1), 0);
	req = pages(LODGE_IO_WRITE, null, 4096, REF_DATA, 1);
	want(ring_take(&ring, &req), -EINVAL);
	req = pages(LODGE_IO_SYNC, null, 0, 0, 0);
	want(ring_take(&ring, &req), -EOPNOTSUPP);
	want(run(LODGE_IO_READ, zero, 0, REF_DATA, 1), PAGE);
	want(page_bad(REF_DATA, 0), 0);
	/* Nothing to read, and nobody waits for it. */
	want(run(LODGE_IO_READ, tty, 0, REF_DATA, 1), -EAGAIN);
	close(null);
	close(zero);
	close(tty);
	end();
}

static void test_random(void)
{
	int fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC), i, entry;
	struct lodge_io_request req;
	static const unsigned char nothing[LODGE_IO_INLINE];
	unsigned char page[PAGE];
	unsigned int zeros = 0;

	begin("random");
	fill_page(REF_DATA, 0);
	req = pages(LODGE_IO_READ, fd, 0, REF_DATA, 1);
	req.inline_length = LODGE_IO_INLINE;
	entry = ring_take(&ring, &req);
	want(ring_state(&ring, entry), LODGE_IO_DONE);
	want(ring_entry(&ring, entry)->result, PAGE + LODGE_IO_INLINE);
	want(ring_entry(&ring, entry)->inline_length, LODGE_IO_INLINE);
	want(memcmp(ring_entry(&ring, entry)->inline_data, nothing,
		    LODGE_IO_INLINE) != 0, 1);
	want(ring_retire(&ring, entry), 0);
	want(from_guest(REF_DATA, 0, page, PAGE), 0);
	for (i = 0; i < (int)PAGE; i++)
		zeros += !page[i];
	want(zeros < 100, 1);
	close(fd);
	end();
}

/* --- a file system that is frozen ------------------------------------------ */

/* The writer waits; the holder does not.  SIGALRM ends it if it does. */
static void test_frozen(void)
{
	int direct = open("/run/io-ext4/file", O_RDWR | O_DIRECT | O_CLOEXEC);
	int plain = open("/run/io-ext4/file", O_RDWR | O_CLOEXEC);
	int root = open("/run/io-ext4", O_RDONLY | O_CLOEXEC);
	struct lodge_io_request req;
	int first, second, none;

	begin("frozen-file-system");
	fill_page(REF_DATA, 70);
	fill_page(REF_DATA + 1, 71);
	wait_event(ring.event, 0);
	want(ioctl(root, FIFREEZE, 0), 0);
	alarm(60);
	req = pages(LODGE_IO_WRITE, direct, 0, REF_DATA, 1);
	first = ring_take(&ring, &req);
	req = pages(LODGE_IO_WRITE, plain, PAGE, REF_DATA + 1, 1);
	second = ring_take(&ring, &req);
	req = pages(LODGE_IO_NONE, -1, 0, 0, 0);
	none = ring_take(&ring, &req);
	want(ring_state(&ring, none), LODGE_IO_DONE);
	want(wait_event(ring.event, 100), 0);
	want(ring_state(&ring, first), LODGE_IO_BUSY);
	want(ring_state(&ring, second), LODGE_IO_BUSY);
	want(busy_bits(REF_DATA), BUSY_READ);
	want(ioctl(root, FITHAW, 0), 0);
	alarm(0);
	want(ring_wait(&ring, first), PAGE);
	want(ring_wait(&ring, second), PAGE);
	want(ring_retire(&ring, first), 0);
	want(ring_retire(&ring, second), 0);
	want(ring_retire(&ring, none), 0);
	want(file_bad(direct, 0, 70), 0);
	want(file_bad(direct, PAGE, 71), 0);
	want(busy_bits(REF_DATA) | busy_bits(REF_DATA + 1), 0);
	close(direct);
	close(plain);
	close(root);
	end();
}

void test_files(void)
{
	unsigned int i;

	attach_fd = attach(1);
	if (attach_fd < 0)
		give_up("attach");
	ring_begin(&ring, attach_fd, 0, NR_PLACES);
	wait_event(ring.event, 0);
	for (i = 0; i < sizeof(disks) / sizeof(*disks); i++)
		test_disk(&disks[i]);
	test_many("many", "/run/io-ext4/file", 0);
	test_many("many-direct", "/dev/ram0", O_DIRECT);
	test_many("many-loop", "/dev/loop0", O_DIRECT);
	test_large();
	test_refused_grants();
	test_characters();
	test_random();
	test_frozen();
	begin("files-end");
	ring_end(&ring, true);
	close(attach_fd);
	end();
}
