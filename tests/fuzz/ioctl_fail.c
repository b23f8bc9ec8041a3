// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lives a domain's life call by call, and in each call makes the first thing
 * fail that can (an allocation, a copy from or to this program), then the
 * second, and so on until nothing is left to fail.  A call that fails must
 * have changed nothing, so it must succeed when it is made again.  What such a
 * failure may leak or leave locked is for the kernel's checkers to say.
 *
 * Needs a kernel with CONFIG_FAULT_INJECTION; the script that starts it sets
 * what may fail.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../flat_start.h"
#include "grant_guest.h"

#define MEMORY		(8ull << 20)
#define CODE		0x100000ull
#define PAGE		4096u
#define MAX_FAILURES	500	/* in one call; far beyond what is needed */

/*
 * The guest: writes to a page in each 512 KiB, asks for event channels, maps
 * its shared page and a grant table frame, gives two pages back and takes them
 * again, takes a page out of the middle of a block, has its hypercall page
 * filled, and powers itself off.  None of it may fail for want of memory, which
 * is not the guest's: after a wrong result it asks for a reboot instead.
 */
extern const unsigned char guest_start[], guest_end[];

#define STRING(x)	#x
#define AT(label)	"0x100000 + " label " - guest_start"
#define CALL(nr, a1, a2, result)					\
	"mov $" STRING(nr) ", %eax\n"					\
	"mov $" a1 ", %ebx\n mov $" a2 ", %ecx\n mov $1, %edx\n"	\
	"call do_call\n"						\
	"cmp $" STRING(result) ", %eax\n jne failed\n"
#define HYPERCALL(nr, cmd, arg, result)					\
	CALL(nr, STRING(cmd), AT(arg), result)
#define EXPECT_ZERO(size, at)						\
	"cmp" size " $0, " at "\n jne failed\n"

asm(".pushsection .rodata\n"
    ".code32\n"
    "guest_start:\n"
    "mov $0x101000, %esp\n"
    "mov $0x80000, %edi\n"
    "1: movl $1, (%edi)\n add $0x80000, %edi\n"
    "cmp $0x800000, %edi\n jb 1b\n"
    HYPERCALL(32, 6, "alloc_unbound", 0)	/* event_channel_op */
    HYPERCALL(32, 1, "bind_virq", 0)
    HYPERCALL(12, 7, "map_shared_info", 0)	/* memory_op: add_to_physmap */
    HYPERCALL(12, 7, "map_grant_table", 0)
    HYPERCALL(12, 1, "reservation", 2)		/* decrease_reservation */
    HYPERCALL(12, 6, "reservation", 2)		/* populate_physmap */
    HYPERCALL(12, 15, "remove", 0)		/* remove_from_physmap */
    HYPERCALL(20, 2, "setup_table", 0)		/* grant_table_op, one */
    EXPECT_ZERO("w", AT("setup_table + 8"))
    CALL(13, AT("multicall"), "1", 0)
    EXPECT_ZERO("l", AT("multicall + 4"))
    "mov $0x40000000, %ecx\n mov $0x40000, %eax\n xor %edx, %edx\n"
    "wrmsr\n cmpb $0xb8, 0x40000\n jne failed\n"
    HYPERCALL(29, 2, "poweroff", 0)		/* sched_op: shutdown */
    "2: hlt\n jmp 2b\n"
    "failed: movl $1, " AT("poweroff") "\n"
    HYPERCALL(29, 2, "poweroff", 0)
    "jmp 2b\n"
    "do_call: push %edi\n"
    "guest_call: vmcall\n"
    "pop %edi\n ret\n"
    ".balign 8\n"
    "alloc_unbound: .short 0x7ff0, 0\n .long 0\n"
    "bind_virq: .long 0, 0, 0\n"
    /* domid, size, space, idx, gpfn */
    "map_shared_info: .short 0x7ff0, 0\n .long 0, 0, 0x1\n"
    "map_grant_table: .short 0x7ff0, 0\n .long 1, 0, 0x600\n"
    /* extent_start, nr_extents, order, address bits, domid */
    "reservation: .long " AT("frames") ", 2, 0, 0\n"
    ".short 0x7ff0, 0\n"
    "frames: .long 0x500, 0x501\n"
    "remove: .short 0x7ff0, 0\n .long 0x700\n"
    /* domid, frames, status, list */
    "setup_table: .short 0x7ff0, 0\n .long 2\n .short 9, 0\n"
    ".long " AT("grant_frames") "\n"
    "grant_frames: .long 0, 0\n"
    /* call, result, arguments: event_channel_op, bind_ipi */
    "multicall: .long 32, 9, 7, " AT("bind_ipi") ", 0, 0, 0, 0\n"
    "bind_ipi: .long 0, 0\n"
    "poweroff: .long 0\n"
    "guest_end:\n"
    ".code64\n"
    ".popsection\n");

extern const unsigned char guest_call[];

/* One life; descriptors are -1 while there is none. */
static struct {
	int dev, domain, other, vcpu, attach, event, null;
	int guest, device;	/* one that grants, and a hold on a device */
	__u64 offset;
	unsigned char *grants;
	unsigned char *ring, *recovery;
	__u32 vendor;
	pthread_t runner;
	int run_result;
	long run_nth;
} life;

static unsigned long failures;		/* failures that were provoked */
static unsigned long survived;		/* calls that succeeded in spite of one */
static int bad;

/* --- making things fail ------------------------------------------------------- */

static int nth_file(void)
{
	int fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);

	if (fd < 0) {
		perror("/proc/thread-self/fail-nth");
		exit(2);
	}
	return fd;
}

static void arm(int fd, long nth)
{
	char text[24];
	int n = snprintf(text, sizeof(text), "%ld", nth);

	if (pwrite(fd, text, n, 0) != n) {
		perror("arming fail-nth");
		exit(2);
	}
}

/*
 * Return: whether the failure came; none is armed any more.  If it did not,
 * it may come to this very read or write, and then is spent, too.
 */
static int disarm(int fd)
{
	char text[24] = "";

	if (pread(fd, text, sizeof(text) - 1, 0) < 1) {
		if (errno == EFAULT)
			return 0;
		perror("reading fail-nth");
		exit(2);
	}
	if (!atol(text))
		return 1;
	if (pwrite(fd, "0", 1, 0) != 1 && errno != EFAULT) {
		perror("disarming fail-nth");
		exit(2);
	}
	return 0;
}

/* --- the calls of a life: 0 or -errno ------------------------------------------- */

static int call(int fd, unsigned long request, void *arg)
{
	return ioctl(fd, request, arg) ? -errno : 0;
}

static int do_info(void)
{
	struct lodge_info info = { .size = sizeof(info) };
	int err = call(life.dev, LODGE_INFO, &info);

	life.vendor = info.vendor;
	return err;
}

static int do_create(void)
{
	struct lodge_domain_create c = {
		.size = sizeof(c),
		.domid = LODGE_DOMID_ANY,
		.nr_vcpus = 2,
		.memory = MEMORY,
		.name = "fail",
	};
	int err = call(life.dev, LODGE_DOMAIN_CREATE, &c);

	if (!err)
		life.domain = c.fd;
	return err;
}

static int do_open(void)
{
	struct lodge_domain_open o = {
		.size = sizeof(o),
		.domid = LODGE_DOMID_ANY,
		.name = "fail",
	};
	int err = call(life.dev, LODGE_DOMAIN_OPEN, &o);

	if (!err)
		life.other = o.fd;
	return err;
}

static int do_list(void)
{
	static struct lodge_domain_info infos[4];
	struct lodge_domain_list l = {
		.size = sizeof(l),
		.count = 4,
		.infos = (uintptr_t)infos,
	};

	return call(life.dev, LODGE_DOMAIN_LIST, &l);
}

static int do_domain_info(void)
{
	struct lodge_domain_info info = { .size = sizeof(info) };

	return call(life.domain, LODGE_DOMAIN_INFO, &info);
}

static int do_stats(void)
{
	struct lodge_domain_stats stats = { .size = sizeof(stats) };

	return call(life.domain, LODGE_DOMAIN_STATS, &stats);
}

static int do_log(void)
{
	static char text[PAGE];
	struct lodge_log l = {
		.size = sizeof(l),
		.length = sizeof(text),
		.data = (uintptr_t)text,
	};

	return call(life.domain, LODGE_DOMAIN_LOG, &l);
}

/* A short copy is no error of the call: go on behind it. */
static int transfer(unsigned long request, __u64 gpa, void *data, __u64 n)
{
	struct lodge_memory m = { .size = sizeof(m) };
	int err;

	for (; n; n -= m.length) {
		m.gpa = gpa;
		m.data = (uintptr_t)data;
		m.length = n;
		err = call(life.domain, request, &m);
		if (err)
			return err;
		gpa += m.length;
		data = (char *)data + m.length;
	}
	return 0;
}

static int do_write(void)
{
	static unsigned char code[PAGE];
	size_t n = guest_end - guest_start;

	memcpy(code, guest_start, n);
	/* AMD's instruction differs in its last byte. */
	if (life.vendor == LODGE_VENDOR_SVM)
		code[guest_call - guest_start + 2] = 0xd9;
	return transfer(LODGE_WRITE_MEMORY, CODE, code, n);
}

static int do_write_big(void)
{
	static unsigned char data[512 << 10];

	return transfer(LODGE_WRITE_MEMORY, 2 << 20, data, sizeof(data));
}

static int do_read(void)
{
	static unsigned char data[3 * PAGE];

	return transfer(LODGE_READ_MEMORY, CODE, data, sizeof(data));
}

static int do_vcpu_open(void)
{
	struct lodge_vcpu_open o = { .size = sizeof(o) };
	int err = call(life.domain, LODGE_VCPU_OPEN, &o);

	if (!err)
		life.vcpu = o.fd;
	return err;
}

static int do_set_state(void)
{
	struct lodge_vcpu_state s = { 0 };

	flat_start(&s, CODE);
	return call(life.vcpu, LODGE_VCPU_SET_STATE, &s);
}

static int do_get_state(void)
{
	struct lodge_vcpu_state s = { .size = sizeof(s) };

	return call(life.vcpu, LODGE_VCPU_GET_STATE, &s);
}

static int do_attach(void)
{
	struct lodge_attach a = {
		.size = sizeof(a),
		.role = LODGE_ROLE_CONSOLE,
	};
	int err = call(life.domain, LODGE_ATTACH, &a);

	if (!err)
		life.attach = a.fd;
	return err;
}

static int map(unsigned char **at, __u64 offset, size_t size)
{
	*at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED,
		   life.attach, offset);
	return *at == MAP_FAILED ? -errno : 0;
}

static int do_map_ring(void)
{
	return map(&life.ring, LODGE_MMAP_RING, PAGE);
}

static int do_map_recovery(void)
{
	return map(&life.recovery, LODGE_MMAP_RECOVERY, LODGE_RECOVERY_SIZE);
}

static int do_eventfd(void)
{
	struct lodge_attach_eventfd e = {
		.size = sizeof(e),
		.fd = life.event,
	};

	return call(life.attach, LODGE_ATTACH_EVENTFD, &e);
}

static int do_notify(void)
{
	__u32 channel = 0;

	return call(life.attach, LODGE_ATTACH_NOTIFY, &channel);
}

static int do_attach_device(void)
{
	struct lodge_attach a = {
		.size = sizeof(a),
		.role = LODGE_ROLE_BLOCK,
		.devid = 51712,
	};
	int err = call(life.guest, LODGE_ATTACH, &a);

	if (!err)
		life.device = a.fd;
	return err;
}

static int do_bind(void)
{
	struct lodge_attach_bind b = {
		.size = sizeof(b),
		.channel = 1,
		.port = GRANT_GUEST_PORT,
	};

	return call(life.device, LODGE_ATTACH_BIND, &b);
}

static int do_unbind(void)
{
	__u32 channel = 1;

	return call(life.device, LODGE_ATTACH_UNBIND, &channel);
}

static int do_copy(void)
{
	static unsigned char page[PAGE];
	struct lodge_grant_segment s = {
		.ref = GRANT_GUEST_REF,
		.length = PAGE,
		.data = (uintptr_t)page,
	};
	struct lodge_grant_copy c = {
		.size = sizeof(c),
		.count = 1,
		.segments = (uintptr_t)&s,
	};

	return call(life.device, LODGE_GRANT_COPY, &c) ?: s.status;
}

static int do_map_grants(void)
{
	const __u32 refs[] = { GRANT_GUEST_REF, GRANT_GUEST_REF + 2 };
	struct lodge_grant_map m = {
		.size = sizeof(m),
		.count = 2,
		.flags = LODGE_GRANT_MAP_WRITE,
		.refs = (uintptr_t)refs,
	};
	int err = call(life.device, LODGE_GRANT_MAP, &m);

	if (!err)
		life.offset = m.offset;
	return err;
}

static int do_unmap_grants(void)
{
	return call(life.device, LODGE_GRANT_UNMAP, &life.offset);
}

static int do_mmap_grants(void)
{
	life.grants = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
			   life.device, life.offset);
	return life.grants == MAP_FAILED ? -errno : 0;
}

static void undo_unmap_grants(void)
{
	do_map_grants();
}

/* The map goes with its only mapping. */
static void undo_mmap_grants(void)
{
	life.grants[0] = 1;
	munmap(life.grants, 2 * PAGE);
	if (do_map_grants())
		perror("mapping again");
}

static int do_io_open(void)
{
	struct lodge_io_open o = {
		.size = sizeof(o),
		.nr_entries = LODGE_IO_MAX_ENTRIES,
		.eventfd = life.event,
	};

	return call(life.device, LODGE_IO_OPEN, &o);
}

/* Shows how many were taken: one whose end could not be told is among them. */
static struct lodge_io_table *table;

static void map_table(void)
{
	table = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, life.device,
		     LODGE_MMAP_IO_TABLE);
	if (table == MAP_FAILED) {
		perror("the table");
		exit(2);
	}
}

/* Enough segments to need memory of their own. */
static int do_io_submit(void)
{
	static struct lodge_io_segment segs[20];
	struct lodge_io_request req = {
		.nr_indices = 1,
		.operation = LODGE_IO_WRITE,
		.nr_segments = 20,
		.fd = life.null,
		.segments = (uintptr_t)segs,
	};
	struct lodge_io_submit s = {
		.size = sizeof(s),
		.nr_requests = 1,
		.requests = (uintptr_t)&req,
	};
	unsigned int i;

	for (i = 0; i < 20; i++)
		segs[i] = (struct lodge_io_segment){ GRANT_GUEST_REF, 0, 512 };
	req.ring_index = table->count;
	return call(life.device, LODGE_IO_SUBMIT, &s) ?: -(int)s.error;
}

static int do_io_close(void)
{
	__u32 ring = 0;

	return call(life.device, LODGE_IO_CLOSE, &ring);
}

static int do_revoke(void)
{
	struct lodge_slot slot = {
		.size = sizeof(slot),
		.role = LODGE_ROLE_CONSOLE,
	};

	return call(life.domain, LODGE_REVOKE, &slot);
}

static int do_unpause(void)
{
	return call(life.domain, LODGE_DOMAIN_UNPAUSE, NULL);
}

static int do_destroy(void)
{
	return call(life.domain, LODGE_DOMAIN_DESTROY, NULL);
}

/* --- each failure of one call ------------------------------------------------------ */

static void complain(const char *name, long nth, const char *what, int err)
{
	printf("%s, failure %ld: %s (%s)\n", name, nth, what, strerror(-err));
	bad = 1;
}

/*
 * undo takes the call back, so that it can be made again after a success in
 * spite of the failure; without one the call may simply be repeated.
 */
static void fail_each(const char *name, int (*make)(void), void (*undo)(void))
{
	int fd = nth_file(), came, err;
	long nth;

	for (nth = 1; nth <= MAX_FAILURES; nth++) {
		arm(fd, nth);
		err = make();
		came = disarm(fd);
		if (!came)
			break;
		failures++;
		survived += !err;
		if (err && err != -ENOMEM && err != -EFAULT && err != -ENFILE)
			complain(name, nth, "an odd error", err);
		if (!err && undo)
			undo();
	}
	close(fd);
	if (nth > MAX_FAILURES)
		complain(name, nth, "there is no end to failures", 0);
	else if (err)
		complain(name, nth, "refused with nothing to fail", err);
	printf("%-16s %3ld failures\n", name, nth - 1);
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void undo_create(void)
{
	do_destroy();
	close_fd(&life.domain);
}

static void undo_open(void)
{
	close_fd(&life.other);
}

static void undo_vcpu_open(void)
{
	close_fd(&life.vcpu);
}

static void undo_attach(void)
{
	close_fd(&life.attach);
}

static void undo_attach_device(void)
{
	close_fd(&life.device);
}

static void undo_map_grants(void)
{
	do_unmap_grants();
}

static void undo_io_open(void)
{
	do_io_close();
}

static void undo_io_close(void)
{
	do_io_open();
}

static void undo_bind(void)
{
	do_unbind();
}

static void undo_map_ring(void)
{
	munmap(life.ring, PAGE);
}

static void undo_map_recovery(void)
{
	munmap(life.recovery, LODGE_RECOVERY_SIZE);
}

/* --- the guest's run ------------------------------------------------------------------ */

static void *run(void *unused)
{
	int fd = nth_file(), err;

	arm(fd, life.run_nth);
	do
		err = call(life.vcpu, LODGE_VCPU_RUN, NULL);
	while (err == -EINTR);
	life.run_result = err;
	life.run_nth = disarm(fd) ? life.run_nth : 0;
	close(fd);
	return unused;
}

/* A failure may have paused the domain: then the user says «go on». */
static int watch(void)
{
	struct pollfd p = { .fd = life.domain, .events = POLLIN };
	struct lodge_domain_info info = { .size = sizeof(info) };
	int err;

	for (;;) {
		if (poll(&p, 1, 20000) != 1)
			return -ETIME;
		err = call(life.domain, LODGE_DOMAIN_INFO, &info);
		if (err)
			return err;
		if (info.state == LODGE_STATE_SHUTDOWN)
			return info.shutdown_reason ==
			       LODGE_SHUTDOWN_POWEROFF ? 0 : -EPROTO;
		if (info.paused)
			do_unpause();
	}
}

static int begin_life(void)
{
	int err = do_create();

	if (!err)
		err = do_write();
	if (!err)
		err = do_vcpu_open();
	return err ?: do_set_state();
}

static void end_life(void)
{
	do_destroy();
	close_fd(&life.attach);
	close_fd(&life.vcpu);
	close_fd(&life.other);
	close_fd(&life.domain);
}

/* Return: whether the failure came. */
static int run_once(long nth)
{
	int err = begin_life();

	if (err) {
		complain("run", nth, "no domain", err);
		return 0;
	}
	life.run_nth = nth;
	if (pthread_create(&life.runner, NULL, run, NULL)) {
		perror("pthread_create");
		exit(2);
	}
	do_unpause();
	err = watch();
	if (err)
		complain("run", nth, "the guest did not get to its end", err);
	do_destroy();
	pthread_join(life.runner, NULL);
	if (life.run_result && life.run_result != -ENODEV)
		complain("run", nth, "an odd error", life.run_result);
	end_life();
	return life.run_nth != 0;
}

static void fail_each_of_run(void)
{
	long nth = 1;

	while (nth <= MAX_FAILURES && run_once(nth))
		nth++;
	failures += nth - 1;
	if (nth > MAX_FAILURES)
		complain("run", nth, "there is no end to failures", 0);
	printf("%-16s %3ld failures\n", "run", nth - 1);
}

/* --- a device's back end -------------------------------------------------------------- */

static void fail_each_of_device(void)
{
	life.guest = grant_guest_make(life.dev, "grants");
	if (life.guest < 0) {
		complain("grants", 0, "no domain", -errno);
		return;
	}
	fail_each("attach-device", do_attach_device, undo_attach_device);
	fail_each("bind", do_bind, undo_bind);
	fail_each("unbind", do_unbind, NULL);
	fail_each("copy", do_copy, NULL);
	fail_each("map-grants", do_map_grants, undo_map_grants);
	fail_each("mmap-grants", do_mmap_grants, undo_mmap_grants);
	undo_mmap_grants();
	fail_each("unmap-grants", do_unmap_grants, undo_unmap_grants);
	fail_each("io-open", do_io_open, undo_io_open);
	fail_each("io-close", do_io_close, undo_io_close);
	undo_io_close();
	map_table();
	fail_each("io-submit", do_io_submit, NULL);
	munmap(table, PAGE);
	call(life.guest, LODGE_DOMAIN_DESTROY, NULL);
	close_fd(&life.device);
	close_fd(&life.guest);
}

/* --- all of it ---------------------------------------------------------------------- */

static void fail_each_of_life(void)
{
	fail_each("info", do_info, NULL);
	fail_each("create", do_create, undo_create);
	fail_each("open", do_open, undo_open);
	fail_each("list", do_list, NULL);
	fail_each("domain-info", do_domain_info, NULL);
	fail_each("write-memory", do_write, NULL);
	fail_each("write-big", do_write_big, NULL);
	fail_each("read-memory", do_read, NULL);
	fail_each("vcpu-open", do_vcpu_open, undo_vcpu_open);
	fail_each("set-state", do_set_state, NULL);
	fail_each("get-state", do_get_state, NULL);
	fail_each("attach", do_attach, undo_attach);
	fail_each("map-ring", do_map_ring, undo_map_ring);
	fail_each("map-recovery", do_map_recovery, undo_map_recovery);
	fail_each("eventfd", do_eventfd, NULL);
	fail_each("notify", do_notify, NULL);
	fail_each("revoke", do_revoke, NULL);
	undo_map_ring();
	undo_map_recovery();
	fail_each("stats", do_stats, NULL);
	fail_each("log", do_log, NULL);
	end_life();
	fail_each_of_device();
	fail_each_of_run();
}

int main(void)
{
	struct lodge_info info = { .size = sizeof(info) };

	setvbuf(stdout, NULL, _IOLBF, 0);
	life.domain = life.other = life.vcpu = life.attach = -1;
	life.guest = life.device = -1;
	life.dev = open(LODGE_DEVICE, O_RDWR | O_CLOEXEC);
	life.event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	life.null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (life.dev < 0) {
		perror(LODGE_DEVICE);
		return 2;
	}
	fail_each_of_life();
	if (call(life.dev, LODGE_INFO, &info) || info.nr_domains ||
	    info.memory_reserved) {
		printf("%u domains and %llu bytes are left\n", info.nr_domains,
		       (unsigned long long)info.memory_reserved);
		bad = 1;
	}
	printf("%lu failures provoked, %lu of them survived\n", failures,
	       survived);
	/* A kernel that lets nothing fail proves nothing. */
	if (failures < 50) {
		printf("too few: is fault injection on?\n");
		bad = 1;
	}
	return bad;
}
