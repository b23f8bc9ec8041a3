// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ticks for each 4 KiB request to a disk with O_DIRECT: one at a time, and 32 in
 * flight.  In the host it is a command, in a guest the only program: as process
 * 1 it measures the first disk that appears and powers off.
 *
 * usage: disk DEVICE
 */
#include "bench.h"

#include <fcntl.h>
#include <linux/aio_abi.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BYTES	4096
#define SPAN	1024	/* requests go round in so many blocks: 4 MiB */
#define DEPTH	32
#define ROUNDS	12
#define SINGLE	128	/* requests of a round */
#define DEEP	1024

static unsigned char *buffers;
static aio_context_t aio;
static unsigned int next_block;

static off_t next_offset(void)
{
	/* Not in order, so that no two can be joined. */
	next_block = (next_block + 769) % SPAN;
	return (off_t)next_block * BYTES;
}

static void single(int fd, bool write)
{
	int i;

	for (i = 0; i < SINGLE; i++) {
		ssize_t n = write ? pwrite(fd, buffers, BYTES, next_offset()) :
			    pread(fd, buffers, BYTES, next_offset());

		if (n != BYTES)
			die("a request");
	}
}

/* One call for all that may be submitted, as programs do that want much. */
static void submit(int fd, bool write, const unsigned int *slots, int nr)
{
	static struct iocb cb[DEPTH];
	struct iocb *list[DEPTH];
	int i;

	for (i = 0; i < nr; i++) {
		struct iocb *one = list[i] = &cb[slots[i]];

		memset(one, 0, sizeof(*one));
		one->aio_data = slots[i];
		one->aio_lio_opcode = write ? IOCB_CMD_PWRITE : IOCB_CMD_PREAD;
		one->aio_fildes = fd;
		one->aio_buf = (uintptr_t)(buffers + slots[i] * BYTES);
		one->aio_nbytes = BYTES;
		one->aio_offset = next_offset();
	}
	if (syscall(SYS_io_submit, aio, nr, list) != nr)
		die("io_submit");
}

static void deep(int fd, bool write)
{
	struct io_event events[DEPTH];
	unsigned int slots[DEPTH];
	int started = DEPTH, done = 0, n, nr, i;

	for (i = 0; i < DEPTH; i++)
		slots[i] = i;
	submit(fd, write, slots, DEPTH);
	while (done < DEEP) {
		n = syscall(SYS_io_getevents, aio, 1, DEPTH, events, NULL);
		if (n < 1)
			die("io_getevents");
		nr = 0;
		for (i = 0; i < n; i++) {
			if (events[i].res != BYTES)
				die("a request");
			if (started + nr < DEEP)
				slots[nr++] = events[i].data;
		}
		if (nr)
			submit(fd, write, slots, nr);
		started += nr;
		done += n;
	}
}

static void measure(const char *name, int fd, bool write,
		    void (*run)(int fd, bool write), unsigned int requests)
{
	uint64_t total = 0, least = ~0ull, t;
	int i;

	/* The first round brings in what is needed once. */
	run(fd, write);
	for (i = 0; i < ROUNDS; i++) {
		t = ticks();
		run(fd, write);
		t = (ticks() - t) / requests;
		total += t;
		least = t < least ? t : least;
	}
	result(name, total / ROUNDS, least);
}

static int open_first_disk(void)
{
	static const char * const names[] = { "/dev/xvda", "/dev/vda" };
	unsigned int tries, i;
	int fd;

	for (tries = 0; tries < 1000; tries++) {
		for (i = 0; i < 2; i++) {
			fd = open(names[i], O_RDWR | O_DIRECT);
			if (fd >= 0)
				return fd;
		}
		usleep(10000);
	}
	return -1;
}

static int open_disk(int argc, char **argv)
{
	if (getpid() != 1)
		return argc == 2 ? open(argv[1], O_RDWR | O_DIRECT) : -1;
	mkdir("/dev", 0755);
	mount("dev", "/dev", "devtmpfs", 0, NULL);
	/* A parameter of the kernel's that it does not know is a variable. */
	if (getenv("results") && !freopen(getenv("results"), "w", stdout))
		return -1;
	return open_first_disk();
}

int main(int argc, char **argv)
{
	int fd = open_disk(argc, argv);

	buffers = mmap(NULL, DEPTH * BYTES, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (fd < 0 || buffers == MAP_FAILED ||
	    syscall(SYS_io_setup, DEPTH, &aio))
		die("set-up");
	measure("disk_read_1", fd, false, single, SINGLE);
	measure("disk_write_1", fd, true, single, SINGLE);
	measure("disk_read_32", fd, false, deep, DEEP);
	measure("disk_write_32", fd, true, deep, DEEP);
	if (getpid() == 1)
		reboot(RB_POWER_OFF);
	return 0;
}
