// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a user's files must not do to others: a domain whose file never answers
 * has all of its rings wait for it, and another domain's I/O goes on; and the
 * memory that a file takes counts as the user's who has it written to.
 */
#include "io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../fuzz/grant_guest.h"

#define NR_SLOTS	LODGE_MAX_DEVICES
#define NR_RINGS	(NR_SLOTS * LODGE_IO_MAX_RINGS)

static int slots[NR_SLOTS];
static struct ring stuck[NR_RINGS], ring;

/* --- a file that never answers -------------------------------------------- */

/* Without O_DIRECT: what must be read is waited for. */
static int open_again(int fd)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		give_up("the disk, with the page cache");
	return fd;
}

static void open_rings(int guest)
{
	unsigned int i;

	for (i = 0; i < NR_SLOTS; i++) {
		slots[i] = attach_to(guest, LODGE_ROLE_OTHER, i, NULL);
		errno = -slots[i];
		if (slots[i] < 0)
			give_up("a slot");
	}
	for (i = 0; i < NR_RINGS; i++)
		ring_begin(&stuck[i], slots[i / LODGE_IO_MAX_RINGS],
			   i % LODGE_IO_MAX_RINGS, 1);
}

static void close_rings(void)
{
	unsigned int i;

	for (i = 0; i < NR_RINGS; i++)
		ring_end(&stuck[i], false);
	for (i = 0; i < NR_SLOTS; i++)
		close(slots[i]);
}

/* Each ring reads a page there. */
static void get_stuck(int fd, __u64 offset)
{
	struct lodge_io_request req;
	unsigned int i;

	for (i = 0; i < NR_RINGS; i++) {
		req = pages(LODGE_IO_READ, fd, offset, GRANT_GUEST_REF, 1);
		want(ring_take(&stuck[i], &req), 0);
	}
}

static void expect_stuck(void)
{
	unsigned int i;

	for (i = 0; i < NR_RINGS; i++)
		want(ring_state(&stuck[i], 0), LODGE_IO_BUSY);
}

/* More of them than the module has workers for one domain: in turns. */
static void expect_all_done(void)
{
	unsigned int i;

	for (i = 0; i < NR_RINGS; i++) {
		want(ring_wait(&stuck[i], 0), PAGE);
		want(ring_retire(&stuck[i], 0), 0);
	}
}

static void expect_others_go_on(int file)
{
	struct lodge_io_request req =
		pages(LODGE_IO_WRITE, file, 0, REF_DATA, 1);

	want(ring_run(&ring, &req), PAGE);
	req = pages(LODGE_IO_SYNC, file, 0, 0, 0);
	want(ring_run(&ring, &req), 0);
}

static void test_stuck(int file)
{
	int guest = grant_guest_make(dev, "io-stuck");
	int direct = delayed_make(), disk = open_again(direct);

	begin("stuck-elsewhere");
	if (guest < 0)
		give_up("a guest");
	open_rings(guest);
	delayed_hold();
	get_stuck(disk, 0);
	expect_others_go_on(file);
	expect_stuck();
	delayed_release();
	expect_all_done();
	end();

	/* It goes as soon as it is told to, and its files are gone, too. */
	begin("stuck-and-destroyed");
	delayed_hold();
	get_stuck(disk, 1 << 23);
	want(call(guest, LODGE_DOMAIN_DESTROY, NULL), 0);
	close_rings();
	close(guest);
	expect_others_go_on(file);
	delayed_release();
	close(disk);
	delayed_remove(direct);
	end();
}

/* --- memory --------------------------------------------------------------- */

#define GROUP		"/sys/fs/cgroup/io-others"
#define WRITTEN		(4l << 20)

static void put_string(const char *path, const char *s)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || dprintf(fd, "%s", s) < 0)
		give_up(path);
	close(fd);
}

static long group_bytes(void)
{
	FILE *f = fopen(GROUP "/memory.current", "re");
	long n;

	if (!f || fscanf(f, "%ld", &n) != 1)
		give_up(GROUP);
	fclose(f);
	return n;
}

static void write_much(int file)
{
	struct lodge_io_segment *segs;
	struct lodge_io_request req;
	long at, size = LODGE_IO_MAX_SEGMENTS * (long)PAGE;
	unsigned int i;

	for (at = 0; at < WRITTEN; at += size) {
		req = pages(LODGE_IO_WRITE, file, at, REF_DATA,
			    LODGE_IO_MAX_SEGMENTS);
		segs = (void *)(uintptr_t)req.segments;
		for (i = 0; i < LODGE_IO_MAX_SEGMENTS; i++)
			segs[i].grant = REF_DATA + i % NR_DATA;
		want(ring_run(&ring, &req), size);
	}
}

/* Of a file that has no place but memory: it could not be taken back. */
static void test_memory(void)
{
	int file = memfd_create("io-others", MFD_CLOEXEC);
	long before;

	begin("memory-of-files");
	put_string("/sys/fs/cgroup/cgroup.subtree_control", "+memory");
	if (mkdir(GROUP, 0755) || file < 0)
		give_up(GROUP);
	put_string(GROUP "/cgroup.procs", "0");
	before = group_bytes();
	write_much(file);
	/* The kernel counts by the 64 pages. */
	want(group_bytes() - before > WRITTEN / 2, 1);
	close(file);
	put_string("/sys/fs/cgroup/cgroup.procs", "0");
	want(rmdir(GROUP), 0);
	end();
}

void test_others(void)
{
	int fd = attach(1), file = memfd_create("io-others", MFD_CLOEXEC);

	if (fd < 0 || file < 0)
		give_up("a slot and a file");
	ring_begin(&ring, fd, 0, NR_PLACES);
	test_stuck(file);
	test_memory();
	ring_end(&ring, true);
	close(fd);
	close(file);
}
