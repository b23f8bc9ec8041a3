// SPDX-License-Identifier: GPL-2.0-only
/*
 * Calls every ioctl of every kind of lodge's files with random bytes and with
 * structures that are right but for a field or two, from several processes
 * that share the files, for a given time, and longer as long as a call was never
 * accepted: a slow host makes few in that time.  Whether the kernel took it well is
 * for its log to say; this program fails if the module refuses everything, and
 * leaves no domain behind.
 *
 * usage: ioctl_fuzz SECONDS [SEED]
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../flat_start.h"
#include "grant_guest.h"

#define PROCESSES	3
#define PATIENCE	9	/* times the given time, more */
#define POOL		8
#define PAGE		4096
#define ARG_BYTES	8192
#define SIGNAL_MS	20

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof(*(a)))

enum kind { DEVICE, DOMAIN, VCPU, ATTACH, NR_KINDS };

static const char * const kind_names[NR_KINDS] = {
	"device", "domain", "vCPU", "attach file",
};

struct call;
typedef void (*fill_fn)(void *arg);

/**
 * struct call - one ioctl
 * @size: of its structure, 0: the argument is no pointer
 * @fill: makes an argument that should be accepted
 * @gives: kind of the file that @fd_at holds on success, NR_KINDS: none
 * @count_at: where success puts a number of what was done, 0: nowhere
 */
struct call {
	const char *name;
	unsigned long cmd;
	size_t size;
	enum kind kind;
	fill_fn fill;
	enum kind gives;
	size_t fd_at;
	size_t count_at;
};

/* Successes by call, in memory that all processes share. */
struct shared {
	unsigned long done[32];
	unsigned long ok[32];
};

static struct shared *shared;
static unsigned long long state;
static int pools[NR_KINDS][POOL];
static int event_fd;
static int io_fds[6];			/* files to move bytes from and to */
static int guest = -1;			/* with ports and grants */
static int guest_attach = -1;
static sigjmp_buf page_gone;
static unsigned char *mapped;		/* survives the jump */
static unsigned char *arg_page;		/* ends where nothing is mapped */
static unsigned char *read_only;
static unsigned char *data;		/* a buffer that arguments point to */

static unsigned int rnd(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state >> 16;
}

static unsigned int below(unsigned int n)
{
	return rnd() % n;
}

static unsigned long long odd_value(void)
{
	static const unsigned long long values[] = {
		0, 1, 2, 3, 4, 5, 63, 64, 65, 1023, 1024, 4095, 4096, 0x7fef,
		0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff,
		LODGE_ACPI_BASE, LODGE_SPECIAL_BASE, LODGE_LOWMEM_MAX,
		LODGE_HIGHMEM_BASE, LODGE_MEMORY_MIN, LODGE_MEMORY_MAX,
		1ull << 63, ~0ull, ~0ull - 4095, 0x00007ffffffff000ull,
		0xffff888000000000ull, 0xffffffff81000000ull,
	};

	switch (below(4)) {
	case 0:
		return rnd();
	case 1:
		return (unsigned long long)rnd() << 32 | rnd();
	case 2:
		return (uintptr_t)data;
	default:
		return values[below(ARRAY_SIZE(values))];
	}
}

static void random_bytes(void *to, size_t n)
{
	unsigned char *p = to;

	while (n--)
		*p++ = rnd();
}

/* --- arguments that should do ------------------------------------------------- */

static void name_domain(char *name)
{
	snprintf(name, LODGE_NAME_LEN, "fuzz-%u-%u", (unsigned int)getuid(),
		 below(6));
}

static void fill_size(void *arg)
{
	(void)arg;
}

static void fill_create(void *arg)
{
	struct lodge_domain_create *c = arg;

	c->domid = below(4) ? LODGE_DOMID_ANY : 1 + below(20);
	c->nr_vcpus = 1 + below(3);
	c->memory = LODGE_MEMORY_MIN + PAGE * below(1024);
	name_domain(c->name);
	random_bytes(c->uuid, sizeof(c->uuid));
}

static void fill_open(void *arg)
{
	struct lodge_domain_open *o = arg;

	o->domid = 1 + below(20);
	if (below(2))
		return;
	o->domid = LODGE_DOMID_ANY;
	name_domain(o->name);
}

static void fill_list(void *arg)
{
	struct lodge_domain_list *l = arg;

	l->first = below(20);
	l->count = 1 + below(4);
	l->infos = (uintptr_t)data;
}

static void fill_reason(void *arg)
{
	*(__u32 *)arg = below(6);
}

static void fill_memory(void *arg)
{
	struct lodge_memory *m = arg;

	m->gpa = below(4) ? below(LODGE_MEMORY_MIN) :
		 LODGE_ACPI_BASE + below(LODGE_ACPI_SIZE);
	m->length = below(3 * PAGE);
	m->data = (uintptr_t)data;
}

static void fill_log(void *arg)
{
	struct lodge_log *l = arg;

	l->length = below(2 * PAGE);
	l->data = (uintptr_t)data;
}

static void fill_vcpu_open(void *arg)
{
	struct lodge_vcpu_open *o = arg;

	o->id = below(2);
}

static void fill_attach(void *arg)
{
	struct lodge_attach *a = arg;

	a->role = 1 + below(5);
	a->devid = a->role < LODGE_ROLE_BLOCK ? 0 : below(3);
}

static void fill_slot(void *arg)
{
	struct lodge_slot *s = arg;

	s->role = 1 + below(5);
	s->devid = s->role < LODGE_ROLE_BLOCK ? 0 : below(3);
}

/* Somewhere in memory. */
static void fill_state(void *arg)
{
	flat_start(arg, below(LODGE_MEMORY_MIN));
}

static void fill_eventfd(void *arg)
{
	struct lodge_attach_eventfd *e = arg;

	e->fd = below(4) ? event_fd : -1;
}

static void fill_bind(void *arg)
{
	struct lodge_attach_bind *b = arg;

	b->channel = below(LODGE_MAX_CHANNELS);
	b->port = GRANT_GUEST_PORT + below(GRANT_GUEST_PORTS);
}

static void fill_channel(void *arg)
{
	*(__u32 *)arg = 0;
}

/* Segments and references stay as they are made here: others share them. */
static void fill_copy(void *arg)
{
	struct lodge_grant_segment *s = (void *)(data + 32 * PAGE);
	struct lodge_grant_copy *c = arg;
	unsigned int i;

	c->count = 1 + below(8);
	c->segments = (uintptr_t)s;
	for (i = 0; i < c->count; i++) {
		memset(&s[i], 0, sizeof(s[i]));
		s[i].ref = GRANT_GUEST_REF + below(GRANT_GUEST_REFS + 1);
		s[i].offset = below(PAGE);
		s[i].length = below(PAGE - s[i].offset + 1);
		s[i].flags = below(8) ? below(2) : rnd();
		s[i].data = below(8) ? (uintptr_t)data + below(PAGE) :
			    odd_value();
	}
}

static void fill_map(void *arg)
{
	struct lodge_grant_map *m = arg;
	__u32 *refs = (void *)(data + 40 * PAGE);
	unsigned int i;

	m->count = 1 + below(4);
	m->flags = below(2);
	m->refs = (uintptr_t)refs;
	for (i = 0; i < m->count; i++)
		refs[i] = GRANT_GUEST_REF + 2 * below(GRANT_GUEST_REFS / 2);
}

static void fill_offset(void *arg)
{
	*(__u64 *)arg = LODGE_MMAP_GRANTS + PAGE * below(3);
}

/* --- arguments of grant I/O -------------------------------------------------- */

static void fill_io_open(void *arg)
{
	struct lodge_io_open *o = arg;

	o->ring = below(2);
	o->nr_entries = below(8) ? 16 : 1 << below(10);
	o->eventfd = below(2) ? event_fd : -1;
}

static void fill_ring(void *arg)
{
	*(__u32 *)arg = below(2);
}

/* What the ring takes next; 0 if there is none, or it goes meanwhile. */
static __u32 ring_count(unsigned int ring)
{
	volatile __u32 count = 0;
	const struct lodge_io_table *table;

	mapped = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, guest_attach,
		      LODGE_MMAP_IO_TABLE + ring * LODGE_MMAP_IO_STRIDE);
	if (mapped == MAP_FAILED)
		return 0;
	table = (const void *)mapped;
	if (!sigsetjmp(page_gone, 1))
		count = *(volatile const __u32 *)&table->count;
	munmap(mapped, PAGE);
	return count;
}

static void fill_segments(struct lodge_io_segment *segs, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		segs[i].grant = GRANT_GUEST_REF + below(GRANT_GUEST_REFS + 1);
		segs[i].offset = below(PAGE);
		segs[i].length = 1 + below(PAGE - segs[i].offset);
	}
}

/* Of each operation one that should do, more or less. */
static void fill_request(struct lodge_io_request *r, __u32 index,
			 struct lodge_io_segment *segs)
{
	memset(r, 0, sizeof(*r));
	r->ring_index = index;
	r->nr_indices = 1;
	r->operation = below(LODGE_IO_RECEIVE + 1);
	r->fd = io_fds[below(ARRAY_SIZE(io_fds))];
	r->segments = (uintptr_t)segs;
	random_bytes(r->opaque, sizeof(r->opaque));
	switch (r->operation) {
	case LODGE_IO_NONE:
		r->fd = -1;
		return;
	case LODGE_IO_SYNC:
		return;
	case LODGE_IO_DISCARD:
		r->length = 1 + below(16 * PAGE);
		break;
	default:
		r->nr_segments = 1 + below(8);
		r->inline_length = below(LODGE_IO_INLINE + 1);
		fill_segments(segs, r->nr_segments);
	}
	r->offset = below(2) ? 0 : below(16 * PAGE);
	if (r->operation == LODGE_IO_RECEIVE) {
		r->nr_indices = r->nr_segments;
		r->packet_indices = 1 + below(r->nr_segments);
		r->extra_byte = below(r->inline_length + 1);
	}
}

/* Those who close it do so as often, whether it is open or not. */
static void open_ring(unsigned int ring)
{
	struct lodge_io_open o = {
		.size = sizeof(o),
		.ring = ring,
		.nr_entries = 16,
		.eventfd = event_fd,
	};

	ioctl(guest_attach, LODGE_IO_OPEN, &o);
}

/* As with copies, what it points to may be changed by others. */
static void fill_submit(void *arg)
{
	struct lodge_io_segment *segs = (void *)(data + 44 * PAGE);
	struct lodge_io_request *r = (void *)(data + 45 * PAGE);
	struct lodge_io_submit *s = arg;
	__u32 *retire = (void *)(data + 46 * PAGE);
	unsigned int i;
	__u32 index;

	s->ring = below(2);
	if (below(4))
		open_ring(s->ring);
	/* One that is not done ends the call: often none, then. */
	s->nr_retire = below(2) ? 0 : 1 + below(3);
	s->nr_requests = 1 + below(3);
	s->retire = (uintptr_t)retire;
	s->requests = (uintptr_t)r;
	for (i = 0; i < s->nr_retire; i++)
		retire[i] = below(16);
	index = ring_count(s->ring);
	for (i = 0; i < s->nr_requests; i++) {
		fill_request(&r[i], index, &segs[8 * i]);
		index += r[i].nr_indices;
		if (!below(16))
			random_bytes((char *)&r[i] + 4 * below(12), 4);
	}
}

#define CALL(kind, name, type, fill) \
	{ #name, name, sizeof(type), kind, fill, NR_KINDS, 0, 0 }
#define PLAIN(kind, name) \
	{ #name, name, 0, kind, NULL, NR_KINDS, 0, 0 }
#define MAKER(kind, name, type, fill, gives) \
	{ #name, name, sizeof(type), kind, fill, gives, offsetof(type, fd), 0 }
#define COUNTER(kind, name, type, fill, count) \
	{ #name, name, sizeof(type), kind, fill, NR_KINDS, 0, \
	  offsetof(type, count) }

static const struct call calls[] = {
	CALL(DEVICE, LODGE_INFO, struct lodge_info, fill_size),
	MAKER(DEVICE, LODGE_DOMAIN_CREATE, struct lodge_domain_create,
	      fill_create, DOMAIN),
	MAKER(DEVICE, LODGE_DOMAIN_OPEN, struct lodge_domain_open, fill_open,
	      DOMAIN),
	CALL(DEVICE, LODGE_DOMAIN_LIST, struct lodge_domain_list, fill_list),
	CALL(DOMAIN, LODGE_DOMAIN_INFO, struct lodge_domain_info, fill_size),
	PLAIN(DOMAIN, LODGE_DOMAIN_PAUSE),
	PLAIN(DOMAIN, LODGE_DOMAIN_UNPAUSE),
	CALL(DOMAIN, LODGE_DOMAIN_SHUTDOWN, __u32, fill_reason),
	PLAIN(DOMAIN, LODGE_DOMAIN_DESTROY),
	CALL(DOMAIN, LODGE_READ_MEMORY, struct lodge_memory, fill_memory),
	CALL(DOMAIN, LODGE_WRITE_MEMORY, struct lodge_memory, fill_memory),
	CALL(DOMAIN, LODGE_DOMAIN_LOG, struct lodge_log, fill_log),
	MAKER(DOMAIN, LODGE_VCPU_OPEN, struct lodge_vcpu_open, fill_vcpu_open,
	      VCPU),
	MAKER(DOMAIN, LODGE_ATTACH, struct lodge_attach, fill_attach, ATTACH),
	CALL(DOMAIN, LODGE_REVOKE, struct lodge_slot, fill_slot),
	CALL(DOMAIN, LODGE_DOMAIN_STATS, struct lodge_domain_stats, fill_size),
	PLAIN(VCPU, LODGE_VCPU_RUN),
	CALL(VCPU, LODGE_VCPU_GET_STATE, struct lodge_vcpu_state, fill_size),
	CALL(VCPU, LODGE_VCPU_SET_STATE, struct lodge_vcpu_state, fill_state),
	CALL(ATTACH, LODGE_ATTACH_EVENTFD, struct lodge_attach_eventfd,
	     fill_eventfd),
	CALL(ATTACH, LODGE_ATTACH_NOTIFY, __u32, fill_channel),
	CALL(ATTACH, LODGE_ATTACH_BIND, struct lodge_attach_bind, fill_bind),
	CALL(ATTACH, LODGE_ATTACH_UNBIND, __u32, fill_channel),
	CALL(ATTACH, LODGE_GRANT_COPY, struct lodge_grant_copy, fill_copy),
	CALL(ATTACH, LODGE_GRANT_MAP, struct lodge_grant_map, fill_map),
	CALL(ATTACH, LODGE_GRANT_UNMAP, __u64, fill_offset),
	CALL(ATTACH, LODGE_IO_OPEN, struct lodge_io_open, fill_io_open),
	COUNTER(ATTACH, LODGE_IO_SUBMIT, struct lodge_io_submit, fill_submit,
		nr_requests),
	CALL(ATTACH, LODGE_IO_CLOSE, __u32, fill_ring),
};

#define NR_CALLS	ARRAY_SIZE(calls)

/* --- one try --------------------------------------------------------------------- */

/* Any file may be given to any call; mostly the right kind is. */
static int some_fd(enum kind kind)
{
	if (!below(16))
		kind = below(NR_KINDS);
	if (!below(64))
		return event_fd;
	if (kind == ATTACH && below(2))
		return guest_attach;
	return pools[kind][below(POOL)];
}

static void keep_fd(enum kind kind, int fd)
{
	int *slot = &pools[kind][below(POOL)];

	if (*slot >= 0)
		close(*slot);
	*slot = fd;
}

/* Change some of what is right; the size stays right more often. */
static void spoil(unsigned char *arg, size_t size)
{
	unsigned int i, n = 1 + below(3);
	unsigned long long value;
	size_t at, width;

	for (i = 0; i < n; i++) {
		width = size >= 8 && below(2) ? 8 : 4;
		at = below(size / 4) * 4;
		if (at + width > size)
			at = size - width;
		if (!at && below(8))
			continue;
		value = odd_value();
		memcpy(arg + at, &value, width);
	}
}

static void make_argument(const struct call *c, unsigned char *arg)
{
	unsigned int how = below(8);

	if (!how) {
		random_bytes(arg, c->size);
		return;
	}
	memset(arg, 0, c->size);
	c->fill(arg);
	if (c->size > 8)
		*(__u32 *)arg = c->size;
	if (how > 3)
		spoil(arg, c->size);
}

/* Pages that are not there, cannot be written, or are the kernel's. */
static void *bad_pointer(void)
{
	switch (below(4)) {
	case 0:
		return read_only;
	case 1:
		return arg_page + ARG_BYTES - below(64);
	default:
		return (void *)(uintptr_t)odd_value();
	}
}

static void try_call(const struct call *c)
{
	unsigned char *arg = arg_page + ARG_BYTES - c->size;
	void *given = arg;
	int fd = some_fd(c->kind), ret;

	if (c->size) {
		make_argument(c, arg);
		if (!below(16))
			given = bad_pointer();
	} else {
		given = below(8) ? NULL : (void *)(uintptr_t)odd_value();
	}
	ret = ioctl(fd, c->cmd, given);
	shared->done[c - calls]++;
	if (ret < 0)
		return;
	/* Others may change the page that it was put into; never mind. */
	if (!c->count_at || *(__u32 *)((char *)given + c->count_at))
		shared->ok[c - calls]++;
	if (c->gives != NR_KINDS) {
		memcpy(&fd, (char *)given + c->fd_at, sizeof(fd));
		keep_fd(c->gives, fd);
	}
}

static void try_unknown(void)
{
	unsigned long cmd = below(2) ? rnd() :
		_IOC(below(4), LODGE_IOCTL, below(256), below(512));

	ioctl(some_fd(below(NR_KINDS)), cmd, arg_page);
}

static void on_bus_error(int signal)
{
	(void)signal;
	siglongjmp(page_gone, 1);
}

static void try_map(void)
{
	static const off_t places[] = {
		LODGE_MMAP_RING, LODGE_MMAP_RECOVERY, LODGE_MMAP_GRANTS,
		LODGE_MMAP_IO_TABLE, LODGE_MMAP_IO_STATED,
		LODGE_MMAP_IO_STATED + LODGE_MMAP_IO_STRIDE,
	};
	off_t at = places[below(ARRAY_SIZE(places))];
	const volatile int prot = PROT_READ | (below(2) ? PROT_WRITE : 0);
	size_t n = PAGE * (1 + below(5));
	unsigned char byte;

	if (!below(4))
		at = odd_value() & ~(PAGE - 1ull);
	mapped = mmap(NULL, n, prot, below(4) ? MAP_SHARED : MAP_PRIVATE,
		      some_fd(ATTACH), at);
	if (mapped == MAP_FAILED)
		return;
	/* Another process may revoke the slot, and the page goes. */
	if (!sigsetjmp(page_gone, 1)) {
		byte = *(volatile unsigned char *)mapped;
		if (prot & PROT_WRITE)
			mapped[below(PAGE)] = byte + 1;
	}
	munmap(mapped, n);
}

static void try_rest(void)
{
	struct pollfd p = { .events = POLLIN | POLLPRI | POLLOUT };
	char byte;

	p.fd = some_fd(below(NR_KINDS));
	poll(&p, 1, 0);
	if (p.fd != pools[DEVICE][0] && read(p.fd, &byte, 0) < 0)
		return;
}

/*
 * What a back end needs: random guests offer none of it.  Its file is in no
 * pool, or it would not live long enough.
 */
static void renew_guest(void)
{
	struct lodge_attach attach = {
		.size = sizeof(attach),
		.role = LODGE_ROLE_BLOCK + below(3),
		.devid = below(3),
	};
	char name[LODGE_NAME_LEN];

	if (guest >= 0) {
		ioctl(guest, LODGE_DOMAIN_DESTROY, 0);
		close(guest);
	}
	snprintf(name, sizeof(name), "fuzz-guest-%d", (int)getpid());
	guest = grant_guest_make(pools[DEVICE][0], name);
	if (guest < 0 || ioctl(guest, LODGE_ATTACH, &attach))
		return;
	if (guest_attach >= 0)
		close(guest_attach);
	guest_attach = attach.fd;
}

static void one_step(void)
{
	if (!below(1024))
		renew_guest();
	switch (below(64)) {
	case 0:
		try_unknown();
		break;
	case 1:
		try_map();
		break;
	case 2:
		try_rest();
		break;
	case 3:
		keep_fd(1 + below(NR_KINDS - 1), -1);
		break;
	default:
		try_call(&calls[below(NR_CALLS)]);
	}
}

/* --- the run --------------------------------------------------------------------- */

static void on_signal(int signal)
{
	(void)signal;
}

/* A vCPU that runs ends its run for a signal. */
static void start_signals(unsigned int ms)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct itimerval every = {
		.it_interval.tv_usec = ms * 1000,
		.it_value.tv_usec = ms * 1000,
	};

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &every, NULL);
}

static time_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

static bool each_was_accepted(void)
{
	unsigned int i;

	for (i = 0; i < NR_CALLS; i++)
		if (!__atomic_load_n(&shared->ok[i], __ATOMIC_RELAXED))
			return false;
	return true;
}

static void fuzz(unsigned int seconds, unsigned long long seed)
{
	time_t end = now() + seconds, last = end + PATIENCE * seconds;

	state = seed * 2654435761u + 88172645463325252ull;
	start_signals(SIGNAL_MS);
	/* The one there is belongs to the parent, and to the other children. */
	guest = -1;
	renew_guest();
	while (now() < end || (now() < last && !each_was_accepted()))
		one_step();
	_exit(0);
}

static void *map(size_t n, int prot)
{
	void *p = mmap(NULL, n, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED) {
		perror("mmap");
		exit(2);
	}
	return p;
}

/* Of each kind that grant I/O tells apart, and one that it refuses. */
static void open_io_files(void)
{
	io_fds[0] = memfd_create("fuzz", MFD_CLOEXEC);
	io_fds[1] = open("/dev/null", O_RDWR | O_CLOEXEC);
	io_fds[2] = open("/dev/zero", O_RDWR | O_CLOEXEC);
	io_fds[3] = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
	io_fds[4] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	io_fds[5] = event_fd;
	if (ftruncate(io_fds[0], 16 * PAGE)) {
		perror("memfd");
		exit(2);
	}
}

static void set_up(void)
{
	int i, k;

	signal(SIGBUS, on_bus_error);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	arg_page = map(ARG_BYTES + PAGE, PROT_READ | PROT_WRITE);
	munmap(arg_page + ARG_BYTES, PAGE);
	read_only = map(ARG_BYTES, PROT_READ);
	data = map(64 * PAGE, PROT_READ | PROT_WRITE);
	event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	open_io_files();
	for (k = 0; k < NR_KINDS; k++)
		for (i = 0; i < POOL; i++)
			pools[k][i] = -1;
	for (i = 0; i < POOL; i++)
		pools[DEVICE][i] = open(LODGE_DEVICE, O_RDWR | O_CLOEXEC);
	if (shared == MAP_FAILED || pools[DEVICE][0] < 0) {
		perror(LODGE_DEVICE);
		exit(2);
	}
	/* Files that all processes share. */
	start_signals(SIGNAL_MS);
	for (i = 0; i < 2000; i++) {
		if (i % 256 == 0)
			renew_guest();
		try_call(&calls[below(NR_CALLS)]);
	}
	start_signals(0);
}

static int destroy_all(void)
{
	struct lodge_domain_info *infos = (void *)data;
	struct lodge_domain_list list = { .size = sizeof(list), .count = 64,
					  .infos = (uintptr_t)infos };
	struct lodge_domain_open open = { .size = sizeof(open) };
	unsigned int i;

	if (ioctl(pools[DEVICE][0], LODGE_DOMAIN_LIST, &list))
		return -1;
	for (i = 0; i < list.count; i++) {
		if (infos[i].owner != getuid())
			continue;
		open.domid = infos[i].domid;
		if (ioctl(pools[DEVICE][0], LODGE_DOMAIN_OPEN, &open) ||
		    ioctl(open.fd, LODGE_DOMAIN_DESTROY, 0))
			return -1;
		close(open.fd);
	}
	return 0;
}

/* Every call must have done its work now and then, or nothing was tested. */
static int report(void)
{
	unsigned int i, never = 0;

	for (i = 0; i < NR_CALLS; i++) {
		printf("%-12s %-22s %9lu calls %9lu accepted\n",
		       kind_names[calls[i].kind], calls[i].name,
		       shared->done[i], shared->ok[i]);
		never += !shared->ok[i];
	}
	if (never)
		printf("%u calls were never accepted\n", never);
	return never ? 1 : 0;
}

static int child_failed(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) < 0)
		return 1;
	if (WIFEXITED(status) && !WEXITSTATUS(status))
		return 0;
	printf("a fuzzing process ended with %#x\n", status);
	return 1;
}

int main(int argc, char **argv)
{
	unsigned int seconds = argc > 1 ? atoi(argv[1]) : 60;
	unsigned long long seed = argc > 2 ? strtoull(argv[2], NULL, 0) :
				  (unsigned long long)time(NULL);
	pid_t pids[PROCESSES];
	int i, failed = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("seed %llu\n", seed);
	state = seed + 88172645463325252ull;
	set_up();
	for (i = 0; i < PROCESSES; i++) {
		pids[i] = fork();
		if (!pids[i])
			fuzz(seconds, seed + i);
	}
	for (i = 0; i < PROCESSES; i++)
		failed |= child_failed(pids[i]);
	if (destroy_all()) {
		perror("destroying what is left");
		failed = 1;
	}
	return report() | failed;
}
