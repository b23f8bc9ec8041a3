// SPDX-License-Identifier: GPL-2.0-only
/*
 * A back end without a protocol, and one that misbehaves: channels, copies and
 * mappings through what the guest program "grants" grants, and what is left of
 * them when the guest revokes, the holder is killed, the slot is revoked or the
 * domain destroyed.
 *
 * usage: grants DOMAIN
 */
#include <errno.h>
#include <fcntl.h>
#include <lodge.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../fuzz/grant_guest.h"
#include "../guest/grants/protocol.h"
#include "backend.h"

#define PERMIT		0x01
#define STATUS_UNBOUND	1
#define STATUS_BOUND	2

/* --- the calls ------------------------------------------------------------ */

static int unbind(int fd, __u32 channel)
{
	return call(fd, LODGE_ATTACH_UNBIND, &channel);
}

static int map_refs(int fd, unsigned int flags, const __u32 *refs,
		    unsigned int nr, __u64 *offset)
{
	struct lodge_grant_map m = {
		.size = sizeof(m),
		.count = nr,
		.flags = flags,
		.refs = (uintptr_t)refs,
	};
	int err = call(fd, LODGE_GRANT_MAP, &m);

	*offset = m.offset;
	return err;
}

static int unmap_at(int fd, __u64 offset)
{
	return call(fd, LODGE_GRANT_UNMAP, &offset);
}

static void *map_at(int fd, __u64 offset, unsigned int nr, int prot)
{
	void *at = mmap(NULL, nr * PAGE, prot, MAP_SHARED, fd, offset);

	return at == MAP_FAILED ? NULL : at;
}

#define READ_WRITE	(PROT_READ | PROT_WRITE)

/* References from @first on, at an address. */
static unsigned char *map_run(int fd, unsigned int first, unsigned int nr,
			      __u64 *offset)
{
	unsigned char *at = NULL;
	__u32 refs[NR_DATA];
	unsigned int i;

	for (i = 0; i < nr; i++)
		refs[i] = first + i;
	if (!map_refs(fd, LODGE_GRANT_MAP_WRITE, refs, nr, offset))
		at = map_at(fd, *offset, nr, READ_WRITE);
	if (!at)
		give_up("mapping");
	return at;
}

/* --- slots and channels ------------------------------------------------------- */

static void test_attach(void)
{
	int holder = 0;

	begin("attach");
	net = attach(0);
	if (net < 0)
		give_up("attach");
	want(attach_to(domain, LODGE_ROLE_NET, 0, &holder), -EBUSY);
	want(holder, getpid());
	want(attach_to(domain, 6, 0, NULL), -EINVAL);
	want(revoke_slot(77), 0);
	want(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, net, LODGE_MMAP_RING) ==
	     MAP_FAILED, 1);
	end();
}

static void test_bind(void)
{
	unsigned int i;

	begin("bind");
	want(bind_port(net, LODGE_MAX_CHANNELS, control.ports[0]), -EINVAL);
	want(bind_port(net, 0, 0), -EINVAL);
	want(bind_port(net, 0, 1), -EINVAL);	/* the store's */
	want(bind_port(net, 0, 4095), -EINVAL);
	want(bind_port(net, 0, ~0u), -EINVAL);
	for (i = 0; i < NR_PORTS; i++) {
		events[i] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		want(set_eventfd(net, i, events[i]), 0);
		want(wait_event(events[i], 0), 1);
		want(bind_port(net, i, control.ports[i]), 0);
		want(wait_event(events[i], 0), 1);
	}
	want(bind_port(net, 1, control.ports[1]), 0);
	want(bind_port(net, 1, control.ports[2]), -EBUSY);
	want(bind_port(net, 9, control.ports[2]), -EINVAL);
	end();
}

static void test_channels(void)
{
	unsigned int i, before;

	begin("channels");
	for (i = 1; i < NR_PORTS; i++)
		wait_event(events[i], 0);
	for (i = 1; i < NR_PORTS; i++) {
		want(ask(CMD_STATUS, 0, i), STATUS_BOUND);
		want(ask(CMD_SEND, 0, i), 0);
		want(wait_event(events[i], LIMIT_MS), 1);
		before = ask(CMD_EVENTS, 0, i);
		want(notify(net, i), 0);
		want(ask(CMD_EVENTS, 0, i), before + 1);
	}
	end();
}

static void test_close(void)
{
	unsigned int port;

	begin("close");
	want(unbind(net, 2), 0);
	want(ask(CMD_STATUS, 0, 2), STATUS_UNBOUND);
	want(notify(net, 2), 0);
	want(bind_port(net, 2, control.ports[2]), 0);
	want(ask(CMD_CLOSE, 0, 2), 0);
	want(notify(net, 2), 0);
	want(unbind(net, 2), 0);
	port = ask(CMD_ALLOC, 0, 2);
	want(bind_port(net, 2, port), 0);
	wait_event(events[2], 0);
	want(ask(CMD_SEND, 0, 2), 0);
	want(wait_event(events[2], LIMIT_MS), 1);
	end();
}

static void test_many_devices(void)
{
	unsigned int i;
	int fd;

	begin("many-devices");
	/* Of this domain net 0 and 1 are there by the other tests. */
	for (i = 0; i < LODGE_MAX_DEVICES; i++) {
		fd = attach(i);
		if (fd >= 0)
			close(fd);
		want(fd >= 0, i != 0);
	}
	want(attach_to(domain, LODGE_ROLE_BLOCK, 0, NULL), -ENOSPC);
	end();
}

/* --- copies --------------------------------------------------------------------- */

static void test_copy(void)
{
	unsigned char page[PAGE], back[PAGE];
	unsigned int i, bad = 0;

	begin("copy");
	for (i = 0; i < PAGE; i++)
		page[i] = i * 7;
	want(ask(CMD_FILL, REF_DATA, 0x5a), 0);
	memset(back, 0, sizeof(back));
	want(from_guest(REF_DATA, 0, back, PAGE), 0);
	for (i = 0; i < PAGE; i++)
		bad += back[i] != 0x5a;
	want(bad, 0);
	want(to_guest(REF_DATA, 1, page, PAGE - 2), 0);
	want(from_guest(REF_FAR, 0, back, PAGE), 0);
	want(back[0] == 0x5a && back[PAGE - 1] == 0x5a, 1);
	want(memcmp(back + 1, page, PAGE - 2), 0);
	want(to_guest(REF_DATA, PAGE - 1, page, 1), 0);
	want(from_guest(REF_READ_ONLY, 8, back, 8), 0);
	memset(back, 1, sizeof(back));
	want(from_guest(REF_UNTOUCHED, 0, back, PAGE), 0);
	want(back[0] | back[PAGE - 1], 0);
	want(busy_bits(REF_DATA) | busy_bits(REF_UNTOUCHED), 0);
	end();
}

static void test_copy_refusals(void)
{
	unsigned char page[PAGE];

	begin("copy-refusals");
	want(from_guest(REF_DATA, 0, page, 0), -EINVAL);
	want(from_guest(REF_DATA, PAGE, page, 1), -EINVAL);
	want(from_guest(REF_DATA, 1, page, PAGE), -EINVAL);
	want(from_guest(REF_DATA, 0xffff, page, 0xffff), -EINVAL);
	want(copy(net, 2, REF_DATA, 0, page, 1), -EINVAL);
	want(from_guest(REF_NOTHING, 0, page, 1), -ENOENT);
	want(from_guest(0, 0, page, 1), -ENOENT);
	want(from_guest(1024, 0, page, 1), -ENOENT);
	want(from_guest(64 * 512, 0, page, 1), -ENOENT);
	want(from_guest(~0u, 0, page, 1), -ENOENT);
	want(from_guest(REF_FOREIGN, 0, page, 1), -EACCES);
	want(to_guest(REF_READ_ONLY, 0, page, 1), -EACCES);
	want(from_guest(REF_NO_RAM, 0, page, 1), -ENXIO);
	want(from_guest(REF_DATA, 0, NULL, 8), -EFAULT);
	want(to_guest(REF_DATA, 0, (void *)8, 8), -EFAULT);
	want(from_guest(REF_DATA, 0, (void *)~0xffful, 8), -EFAULT);
	want(from_guest(REF_DATA, 0, (void *)0xffff888000000000ul, 8), -EFAULT);
	want(busy_bits(REF_DATA) | busy_bits(REF_NO_RAM), 0);
	end();
}

/* Each segment stands for itself. */
static void test_copy_batch(void)
{
	static struct lodge_grant_segment s[LODGE_GRANT_COPY_MAX + 1];
	static unsigned char out[LODGE_GRANT_COPY_MAX][16];
	unsigned int i, bad = 0;
	__u32 count = LODGE_GRANT_COPY_MAX;

	begin("copy-batch");
	for (i = 0; i < NR_DATA; i++)
		ask(CMD_FILL, REF_DATA + i, i);
	for (i = 0; i < LODGE_GRANT_COPY_MAX; i++) {
		s[i].ref = i % 5 == 4 ? REF_NOTHING : REF_DATA + i % NR_DATA;
		s[i].length = 16;
		s[i].data = (uintptr_t)out[i];
		memset(out[i], 0xff, 16);
	}
	want(copy_many(net, s, &count), 0);
	want(count, LODGE_GRANT_COPY_MAX);
	for (i = 0; i < LODGE_GRANT_COPY_MAX; i++) {
		if (i % 5 == 4)
			bad += s[i].status != -ENOENT || out[i][0] != 0xff;
		else
			bad += s[i].status || out[i][15] != i % NR_DATA;
	}
	want(bad, 0);
	count = 0;
	want(copy_many(net, s, &count), -EINVAL);
	count = LODGE_GRANT_COPY_MAX + 1;
	want(copy_many(net, s, &count), -EINVAL);
	count = 1;
	want(copy_many(net, NULL, &count), -EFAULT);
	end();
}

/* The segment array ends where memory does: what was done is told. */
static void test_copy_short(void)
{
	struct lodge_grant_segment *s;
	char *pages = mmap(NULL, 2 * PAGE, READ_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned char byte;
	__u32 count = 3;
	int i;

	begin("copy-short");
	munmap(pages + PAGE, PAGE);
	s = (void *)(pages + PAGE - 2 * sizeof(*s));
	for (i = 0; i < 2; i++) {
		s[i].ref = REF_DATA;
		s[i].length = 1;
		s[i].data = (uintptr_t)&byte;
	}
	want(copy_many(net, s, &count), 0);
	want(count, 2);
	munmap(pages, PAGE);
	end();
}

/* What version 2 can grant besides whole pages. */
static void test_copy_parts(void)
{
	unsigned char page[PAGE];
	const bool v2 = *check_suffix;

	begin("copy-parts");
	memset(page, 0x31, sizeof(page));
	want(ask(CMD_FILL, REF_DATA, 0x30), 0);
	want(to_guest(REF_SUB_PAGE, SUB_PAGE_OFFSET, page, SUB_PAGE_LENGTH),
	     v2 ? 0 : -ENOENT);
	want(to_guest(REF_SUB_PAGE, SUB_PAGE_OFFSET, page, SUB_PAGE_LENGTH + 1),
	     v2 ? -EACCES : -ENOENT);
	want(to_guest(REF_SUB_PAGE, SUB_PAGE_OFFSET - 1, page, 1),
	     v2 ? -EACCES : -ENOENT);
	want(from_guest(REF_SUB_PAGE, 0, page, PAGE), v2 ? -EACCES : -ENOENT);
	want(ask(CMD_COUNT_BAD, REF_DATA, 0x30), v2 ? SUB_PAGE_LENGTH : 0);
	want(from_guest(REF_TRANSITIVE, 0, page, 1), -ENOENT);
	want(from_guest(REF_FAR_FRAME, 0, page, 1), v2 ? -ENXIO : -ENOENT);
	want(busy_bits(REF_SUB_PAGE) | busy_bits(REF_TRANSITIVE) |
	     busy_bits(REF_FAR_FRAME), 0);
	end();
}

/* --- maps ------------------------------------------------------------------------- */

static void test_map(void)
{
	unsigned char *at;
	__u64 offset;

	begin("map");
	ask(CMD_FILL, REF_DATA + 3, 0x11);
	ask(CMD_FILL, REF_DATA + 4, 0x22);
	at = map_run(net, REF_DATA + 3, 2, &offset);
	want(busy_bits(REF_DATA + 3), BUSY_READ | BUSY_WRITE);
	want(ask(CMD_REVOKE, REF_DATA + 3, 0), 1);
	want(at[0] == 0x11 && at[PAGE - 1] == 0x11 && at[PAGE] == 0x22, 1);
	ask(CMD_FILL, REF_DATA + 4, 0x33);
	want(at[2 * PAGE - 1], 0x33);
	memset(at, 0x44, PAGE);
	want(ask(CMD_COUNT_BAD, REF_DATA + 3, 0x44), 0);
	/* A copy into a mapping, and one through a grant that is mapped. */
	want(from_guest(REF_DATA + 3, 0, at + PAGE, PAGE), 0);
	want(ask(CMD_COUNT_BAD, REF_DATA + 4, 0x44), 0);
	want(busy_bits(REF_DATA + 3), BUSY_READ | BUSY_WRITE);

	/* Cut in two, it is still whole. */
	munmap(at, PAGE);
	want(busy_bits(REF_DATA + 3), BUSY_READ | BUSY_WRITE);
	want(touch(at + PAGE), 0);
	munmap(at + PAGE, PAGE);
	want(busy_bits(REF_DATA + 3) | busy_bits(REF_DATA + 4), 0);
	want(unmap_at(net, offset), -EINVAL);
	want(ask(CMD_REVOKE, REF_DATA + 3, 0), 0);
	want(from_guest(REF_DATA + 3, 0, control.ports, 4), -ENOENT);
	ask(CMD_FORCE, REF_DATA + 3, PERMIT);
	end();
}

static void test_map_read_only(void)
{
	const __u32 refs[] = { REF_READ_ONLY, REF_DATA };
	unsigned char *at;
	__u64 offset;

	begin("map-read-only");
	want(map_refs(net, LODGE_GRANT_MAP_WRITE, refs, 1, &offset), -EACCES);
	want(map_refs(net, 0, refs, 2, &offset), 0);
	want(busy_bits(REF_READ_ONLY) | busy_bits(REF_DATA), BUSY_READ);
	want(map_at(net, offset, 2, READ_WRITE) != NULL, 0);
	want(errno, EACCES);
	at = map_at(net, offset, 2, PROT_READ);
	want(at != NULL, 1);
	want(mprotect(at, 2 * PAGE, READ_WRITE) ? errno : 0, EACCES);
	want(touch(at + PAGE), 0);
	munmap(at, 2 * PAGE);
	want(busy_bits(REF_READ_ONLY) | busy_bits(REF_DATA), 0);
	end();
}

static void test_map_refusals(void)
{
	static __u32 many[LODGE_GRANT_MAP_MAX + 1];
	static const struct {
		__u32 ref;
		int err;
	} cases[] = {
		{ REF_NOTHING, -ENOENT },
		{ REF_FOREIGN, -EACCES },
		{ REF_NO_RAM, -ENXIO },
		{ 64 * 512, -ENOENT },
		{ ~0u, -ENOENT },
	};
	unsigned int i;
	__u32 refs[2];
	__u64 offset;

	begin("map-refusals");
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		refs[0] = REF_DATA;
		refs[1] = cases[i].ref;
		want(map_refs(net, 0, refs, 2, &offset), cases[i].err);
		want(busy_bits(REF_DATA), 0);
	}
	want(map_refs(net, 2, refs, 1, &offset), -EINVAL);
	want(map_refs(net, 0, refs, 0, &offset), -EINVAL);
	want(map_refs(net, 0, many, LODGE_GRANT_MAP_MAX + 1, &offset), -EINVAL);
	want(map_refs(net, 0, NULL, 1, &offset), -EFAULT);
	want(map_refs(net, 0, refs, 1, &offset), 0);
	want(map_at(net, offset, 2, PROT_READ) != NULL, 0);
	want(map_at(net, offset + PAGE, 1, PROT_READ) != NULL, 0);
	want(map_at(net, offset, 1, PROT_READ | PROT_EXEC) != NULL, 0);
	want(unmap_at(net, offset + 1), -EINVAL);
	want(unmap_at(net, offset), 0);
	want(unmap_at(net, offset), -EINVAL);
	want(busy_bits(REF_DATA), 0);
	end();
}

/* Fills what a file may map, and finds room again after one is gone. */
static void test_map_limit(void)
{
	static __u32 refs[LODGE_GRANT_MAP_MAX];
	__u64 offset[LODGE_GRANT_MAPPED_MAX / LODGE_GRANT_MAP_MAX + 1], again;
	unsigned int i, nr = LODGE_GRANT_MAPPED_MAX / LODGE_GRANT_MAP_MAX;

	begin("map-limit");
	for (i = 0; i < LODGE_GRANT_MAP_MAX; i++)
		refs[i] = REF_DATA + i % NR_DATA;
	for (i = 0; i < nr; i++)
		want(map_refs(net, 0, refs, LODGE_GRANT_MAP_MAX, &offset[i]),
		     0);
	want(map_refs(net, 0, refs, 1, &again), -ENOSPC);
	want(unmap_at(net, offset[3]), 0);
	want(map_refs(net, 0, refs, 2, &again), 0);
	want(again, offset[3]);
	want(unmap_at(net, again), 0);
	for (i = 0; i < nr; i++)
		want(unmap_at(net, offset[i]), i == 3 ? -EINVAL : 0);
	want(busy_bits(REF_DATA), 0);
	end();
}

static void test_unmap_under_mapping(void)
{
	const __u32 other = REF_DATA + 6;
	unsigned char *at;
	__u64 offset, again;

	begin("unmap-under-mapping");
	at = map_run(net, REF_DATA + 5, 1, &offset);
	want(touch(at), 0);
	want(unmap_at(net, offset), 0);
	want(busy_bits(REF_DATA + 5), 0);
	want(touch(at), SIGBUS);
	/* Nor does it get what comes to the same offset. */
	want(map_refs(net, 0, &other, 1, &again), 0);
	want(again, offset);
	want(touch(at), SIGBUS);
	munmap(at, PAGE);
	want(busy_bits(REF_DATA + 6), BUSY_READ);
	want(unmap_at(net, again), 0);
	end();
}

/* Neither a pipe nor a child keeps this page. */
static void want_no_reference(unsigned char *at)
{
	struct iovec v = { .iov_base = at, .iov_len = PAGE };
	unsigned char byte;
	int pipes[2];

	want(touch(at), 0);
	if (pipe(pipes))
		give_up("pipe");
	want(vmsplice(pipes[1], &v, 1, 0) < 0 ? errno : 0, EFAULT);
	want(madvise(at, PAGE, MADV_DOFORK) ? errno : 0, EINVAL);
	/* Copies are fine. */
	want(write(pipes[1], at, 1), 1);
	want(read(pipes[0], &byte, 1), 1);
	close(pipes[0]);
	close(pipes[1]);
}

/* Nothing keeps a page that its holder has lost. */
static void test_no_references(void)
{
	struct lodge_io_open table = {
		.size = sizeof(table),
		.nr_entries = 4,
		.eventfd = -1,
	};
	__u32 ring = 0;
	unsigned char *at;
	__u64 offset;

	begin("no-references");
	at = map_run(net, REF_DATA + 5, 1, &offset);
	want_no_reference(at);
	munmap(at, PAGE);
	at = map_at(net, LODGE_MMAP_RECOVERY, 1, READ_WRITE);
	want_no_reference(at);
	munmap(at, PAGE);
	want(ioctl(net, LODGE_IO_OPEN, &table), 0);
	at = map_at(net, LODGE_MMAP_IO_STATED, 1, READ_WRITE);
	want_no_reference(at);
	want(ioctl(net, LODGE_IO_CLOSE, &ring), 0);
	want(touch(at), SIGBUS);
	munmap(at, PAGE);
	end();
}

/* --- guests and holders that go --------------------------------------------------- */

static void test_ballooned(void)
{
	unsigned char *at, byte;
	__u64 offset;

	begin("ballooned-while-mapped");
	ask(CMD_FILL, REF_DATA + 7, 0x77);
	at = map_run(net, REF_DATA + 7, 1, &offset);
	want(ask(CMD_BALLOON, REF_DATA + 7, 0), 1);
	want(touch(at + 5), 0);
	want(at[5], 0x77);
	at[5] = 0x78;
	/* Another user would write where nobody is. */
	want(to_guest(REF_DATA + 7, 0, at, 1) < 0, 0);
	munmap(at, PAGE);
	want(from_guest(REF_DATA + 7, 0, &byte, 1), -ENXIO);
	want(ask(CMD_POPULATE, REF_DATA + 7, 0), 1);
	want(from_guest(REF_DATA + 7, 5, &byte, 1), 0);
	want(byte, 0);
	want(busy_bits(REF_DATA + 7), 0);
	end();
}

/* A guest that breaks the rules hurts itself at most. */
static void test_forced(void)
{
	unsigned int frame;
	unsigned char *at;
	__u64 offset;

	begin("revoked-while-mapped");
	ask(CMD_FILL, REF_DATA + 8, 0x55);
	at = map_run(net, REF_DATA + 8, 1, &offset);
	ask(CMD_FORCE, REF_DATA + 8, 0);
	want(touch(at), 0);
	want(at[9], 0x55);
	want(to_guest(REF_DATA + 8, 0, at, 1), -ENOENT);
	ask(CMD_FORCE, REF_DATA + 8, PERMIT);
	frame = ask(CMD_SET_FRAME, REF_DATA + 8, 0x10);
	want(from_guest(REF_DATA + 8, 0, at, 1), -EBUSY);
	ask(CMD_SET_FRAME, REF_DATA + 8, frame);
	ask(CMD_FORCE, REF_DATA + 8, 0);
	munmap(at, PAGE);
	want(ask(CMD_FLAGS, REF_DATA + 8, 0), 0);
	ask(CMD_FORCE, REF_DATA + 8, PERMIT);
	end();
}

/*
 * A second back end, in a process of its own: attaches, binds the port to
 * channel 5, maps, and says so through the pipe.  Then it waits for a byte,
 * touches its page, and tells which signal came.
 */
static void child_holds(int said, int go)
{
	unsigned char *at;
	__u64 offset;
	char byte = 0;
	int fd = attach(1);

	if (fd < 0 || bind_port(fd, 5, control.ports[3]))
		_exit(1);
	at = map_run(fd, REF_DATA + 9, 2, &offset);
	at[0] = 0x99;
	if (write(said, &byte, 1) != 1 || read(go, &byte, 1) != 1)
		_exit(2);
	byte = touch(at);
	if (notify(fd, 5) != -ENODEV || unmap_at(fd, offset) != -ENODEV)
		byte = 100;
	if (write(said, &byte, 1) != 1)
		_exit(3);
	pause();
}

static void test_killed(void)
{
	unsigned int before;
	struct child c;
	int fd, holder;

	begin("killed-while-mapped");
	want(unbind(net, 3), 0);
	c = start_child(child_holds);
	want(attach_to(domain, LODGE_ROLE_NET, 1, &holder), -EBUSY);
	want(holder, c.pid);
	want(busy_bits(REF_DATA + 9), BUSY_READ | BUSY_WRITE);
	want(bind_port(net, 3, control.ports[3]), -EINVAL);
	end_child(&c);
	want(busy_bits(REF_DATA + 9) | busy_bits(REF_DATA + 10), 0);
	want(ask(CMD_READ, REF_DATA + 9, 0) & 0xff, 0x99);
	want(ask(CMD_REVOKE, REF_DATA + 9, 0), 0);
	ask(CMD_FORCE, REF_DATA + 9, PERMIT);

	/* Its channel is the next holder's, pending both ways. */
	want(ask(CMD_STATUS, 0, 3), STATUS_BOUND);
	before = ask(CMD_EVENTS, 0, 3);
	fd = attach(1);
	want(fd >= 0, 1);
	want(ask(CMD_EVENTS, 0, 3), before + 1);
	wait_event(events[3], 0);
	want(set_eventfd(fd, 5, events[3]), 0);
	want(wait_event(events[3], 0), 1);
	want(bind_port(fd, 5, control.ports[3]), 0);
	wait_event(events[3], 0);
	want(ask(CMD_SEND, 0, 3), 0);
	want(wait_event(events[3], LIMIT_MS), 1);
	want(unbind(fd, 5), 0);
	close(fd);
	end();
}

static void test_revoked(void)
{
	struct child c;
	char byte = 1;
	int fd;

	begin("slot-revoked-while-mapped");
	c = start_child(child_holds);
	want(revoke_slot(1), 0);
	want(busy_bits(REF_DATA + 9) | busy_bits(REF_DATA + 10), 0);
	fd = attach(1);
	want(fd >= 0, 1);
	if (write(c.go, &byte, 1) != 1 || read(c.said, &byte, 1) != 1)
		give_up("the child");
	want(byte, SIGBUS);
	end_child(&c);
	want(unbind(fd, 5), 0);
	close(fd);
	want(bind_port(net, 3, control.ports[3]), 0);
	end();
}

/* A child has no part in its parent's mapping. */
static void test_forked(void)
{
	unsigned char *at;
	int status = 0;
	__u64 offset;
	pid_t pid;

	begin("fork-while-mapped");
	at = map_run(net, REF_DATA + 11, 1, &offset);
	want(touch(at), 0);
	pid = fork();
	if (!pid)
		_exit(touch(at));
	waitpid(pid, &status, 0);
	want(WIFEXITED(status) ? WEXITSTATUS(status) : -1, SIGSEGV);
	want(busy_bits(REF_DATA + 11), BUSY_READ | BUSY_WRITE);
	munmap(at, PAGE);
	want(busy_bits(REF_DATA + 11), 0);
	end();
}

static void copy_until_revoked(void)
{
	unsigned char page[PAGE];
	int fd, err;

	do
		fd = attach(2);
	while (fd == -EBUSY);
	if (fd < 0)
		_exit(1);
	do
		err = copy(fd, LODGE_GRANT_TO_GUEST, REF_DATA + 12, 0, page,
			   PAGE);
	while (!err);
	_exit(err == -ENODEV ? 0 : 2);
}

static void wait_for_holder(unsigned int devid)
{
	int fd;

	while ((fd = attach(devid)) >= 0) {
		close(fd);
		usleep(1000);
	}
	want(fd, -EBUSY);
}

static void test_revoked_copy(void)
{
	int i, status, bad = 0;
	pid_t pid;

	begin("slot-revoked-while-copying");
	for (i = 0; i < 20; i++) {
		pid = fork();
		if (!pid)
			copy_until_revoked();
		wait_for_holder(2);
		bad += revoke_slot(2) != 0;
		waitpid(pid, &status, 0);
		bad += status != 0;
	}
	want(bad, 0);
	want(busy_bits(REF_DATA + 12), 0);
	end();
}

/* Its page is all that a fixed slot's holder has. */
static void test_fixed_slot(int guest)
{
	const __u32 ref = GRANT_GUEST_REF;
	unsigned char byte;
	__u64 offset;
	int fd = attach_to(guest, LODGE_ROLE_STORE, 0, NULL);

	begin("fixed-slot");
	want(fd >= 0, 1);
	want(bind_port(fd, 0, GRANT_GUEST_PORT), -EPERM);
	want(unbind(fd, 0), -EPERM);
	want(copy(fd, 0, ref, 0, &byte, 1), -EPERM);
	want(map_refs(fd, 0, &ref, 1, &offset), -EPERM);
	want(map_at(fd, LODGE_MMAP_GRANTS, 1, PROT_READ) != NULL, 0);
	close(fd);
	end();
}

static void test_destroyed(void)
{
	int guest = grant_guest_make(dev, "grants-gone"), fd;
	struct pollfd p = { .events = POLLIN };
	unsigned char *at, byte;
	__u64 offset;

	if (guest < 0)
		give_up("a guest");
	test_fixed_slot(guest);
	begin("destroyed-while-mapped");
	fd = attach_to(guest, LODGE_ROLE_BLOCK, 51712, NULL);
	want(fd >= 0, 1);
	want(bind_port(fd, 0, GRANT_GUEST_PORT), 0);
	want(copy(fd, 0, GRANT_GUEST_REF + 1, 0, &byte, 1), 0);
	want(copy(fd, LODGE_GRANT_TO_GUEST, GRANT_GUEST_REF + 1, 0, &byte, 1),
	     -EACCES);
	at = map_run(fd, GRANT_GUEST_REF, 1, &offset);
	want(touch(at), 0);
	want(call(guest, LODGE_DOMAIN_DESTROY, NULL), 0);
	want(touch(at), SIGBUS);
	want(copy(fd, 0, GRANT_GUEST_REF, 0, &byte, 1), -ENODEV);
	want(bind_port(fd, 1, GRANT_GUEST_PORT + 1), -ENODEV);
	p.fd = fd;
	want(poll(&p, 1, 0), 1);
	want(p.revents, POLLHUP);
	munmap(at, PAGE);
	close(fd);
	close(guest);
	end();
}

/* The table does not change its form under a grant in use. */
static void test_version(void)
{
	const __u32 part = REF_SUB_PAGE;
	unsigned char *at;
	__u64 offset;

	begin("version");
	at = map_run(net, REF_DATA + 4, 1, &offset);
	want(touch(at), 0);
	want(use_version(2), -EBUSY);
	want(use_version(3), -EINVAL);
	want(use_version(1), 0);
	want(busy_bits(REF_DATA + 4), BUSY_READ | BUSY_WRITE);
	munmap(at, PAGE);
	want(use_version(2), 0);
	want(use_version(1), 0);
	want(use_version(2), 0);
	at = map_run(net, REF_DATA + 4, 1, &offset);
	want(touch(at), 0);
	want(use_version(1), -EBUSY);
	want(ask(CMD_REVOKE, REF_DATA + 4, 0), 1);
	munmap(at, PAGE);
	want(ask(CMD_REVOKE, REF_DATA + 4, 0), 0);
	ask(CMD_FORCE, REF_DATA + 4, PERMIT);
	want(map_refs(net, 0, &part, 1, &offset), -EACCES);
	end();
}

static void test_grants(void)
{
	test_copy();
	test_copy_parts();
	test_copy_refusals();
	test_copy_batch();
	test_copy_short();
	test_map();
	test_map_read_only();
	test_map_refusals();
	test_map_limit();
	test_unmap_under_mapping();
	test_no_references();
	test_ballooned();
	test_forced();
	test_killed();
	test_revoked();
	test_forked();
	test_revoked_copy();
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	backend_init(argv[1]);
	test_attach();
	wait_for_guest();
	test_bind();
	test_channels();
	test_close();
	test_grants();
	test_version();
	check_suffix = "-v2";
	test_grants();
	check_suffix = "";
	test_destroyed();
	test_many_devices();
	/* It may be gone before its answer could be read. */
	tell(CMD_END, 0, 0);
	return failed;
}
