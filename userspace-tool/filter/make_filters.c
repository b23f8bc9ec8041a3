// SPDX-License-Identifier: GPL-2.0-only
/*
 * Prints the system call filters of the back ends as C source.  It runs while
 * the tool is built: the tool itself has the finished programs among its
 * constants and no library that makes them.
 *
 * A call that is not listed kills the process.  None that is listed opens a
 * file, makes a process, or makes memory executable; and the only sockets are
 * those by which devices reach their store.
 */
#include "sandbox_kind.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/fs.h>
#include <linux/if_tun.h>
#include <lodge.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

/**
 * struct rule - a call that is allowed
 * @call: number
 * @nr: of the conditions; all must hold
 * @conditions: on its arguments, which count from 0
 */
struct rule {
	int call;
	unsigned int nr;
	struct scmp_arg_cmp conditions[2];
};

/* The kernel takes these arguments as 32-bit numbers. */
#define IS(arg, value) \
	SCMP_CMP(arg, SCMP_CMP_MASKED_EQ, ~0u, (unsigned int)(value))

#define ANY(call)		{ SCMP_SYS(call), 0, { { 0 } } }
#define ONLY(call, arg, value)	{ SCMP_SYS(call), 1, { IS(arg, value) } }
#define BOTH(call, a, b)	{ SCMP_SYS(call), 2, { a, b } }
#define WITHOUT(call, arg, bit) \
	{ SCMP_SYS(call), 1, { SCMP_CMP(arg, SCMP_CMP_MASKED_EQ, bit, 0) } }

/* Everybody's: wait, read and write what is open, tell the time, end. */
static const struct rule common[] = {
	ANY(clock_gettime),
	ANY(close),
	ANY(exit),
	ANY(exit_group),
	ANY(getpid),
	ANY(poll),
	ANY(ppoll),
	ANY(read),
	ANY(restart_syscall),
	ANY(rt_sigreturn),
	ANY(write),
	ONLY(ioctl, 1, LODGE_ATTACH_NOTIFY),
};

/* A log that goes on in place; whether somebody looks at the console. */
static const struct rule console[] = {
	ANY(ftruncate),
	ANY(pread64),
	ANY(pwrite64),
	ONLY(fcntl, 1, F_GETLK),
};

/* Memory, clients, and LMDB's ways with a file that it got a copy of. */
static const struct rule store[] = {
	ANY(accept4),
	ANY(brk),
	ANY(fstatfs),
	ANY(ftruncate),
	ANY(lseek),
	ANY(madvise),
	ANY(mremap),
	ANY(munmap),
	ANY(pread64),
	ANY(pwrite64),
	ANY(recvfrom),
	ANY(sendto),
	ANY(uname),
	ANY(writev),
	ONLY(fcntl, 1, F_DUPFD_CLOEXEC),
	ONLY(fcntl, 1, F_GETFD),
	ONLY(fcntl, 1, F_GETFL),
	ONLY(fcntl, 1, F_SETFD),
	ONLY(fcntl, 1, F_SETFL),
	/* Both may be what the C library makes of fstat(). */
	ANY(fstat),
	ONLY(newfstatat, 3, AT_EMPTY_PATH),
	WITHOUT(mmap, 2, PROT_EXEC),
};

/* Its address: the folder's "store", where the process is. */
#define STORE_ADDRESS \
	(offsetof(struct sockaddr_un, sun_path) + sizeof("store"))

/*
 * Rings and grants that come and go with the front end, and the store, which
 * is connected to again when it has died.  By its length an address can hardly
 * be another's: the name has five letters.
 */
static const struct rule device[] = {
	ANY(brk),
	ANY(epoll_ctl),
	ANY(epoll_pwait),
	ANY(eventfd2),
	ANY(munmap),
	ANY(recvfrom),
	ANY(sendto),
	BOTH(setsockopt, IS(1, SOL_SOCKET), IS(2, SO_RCVTIMEO)),
	BOTH(setsockopt, IS(1, SOL_SOCKET), IS(2, SO_SNDTIMEO)),
	BOTH(socket, IS(0, AF_UNIX),
	     IS(1, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK)),
	ONLY(connect, 2, STORE_ADDRESS),
	ONLY(fcntl, 1, F_SETFL),
	ONLY(ioctl, 1, LODGE_ATTACH_BIND),
	ONLY(ioctl, 1, LODGE_ATTACH_EVENTFD),
	ONLY(ioctl, 1, LODGE_ATTACH_UNBIND),
	ONLY(ioctl, 1, LODGE_GRANT_COPY),
	ONLY(ioctl, 1, LODGE_GRANT_MAP),
	ONLY(ioctl, 1, LODGE_GRANT_UNMAP),
	ONLY(ioctl, 1, LODGE_IO_CLOSE),
	ONLY(ioctl, 1, LODGE_IO_OPEN),
	ONLY(ioctl, 1, LODGE_IO_SUBMIT),
	WITHOUT(mmap, 2, PROT_EXEC),
};

/* Limits, and a medium whose size changes. */
static const struct rule block[] = {
	ANY(fstat),
	ANY(timerfd_settime),
	ONLY(ioctl, 1, BLKGETSIZE64),
	ONLY(newfstatat, 3, AT_EMPTY_PATH),
};

/* A limit; what a tap may leave to the guest, its queues and its carrier. */
static const struct rule net[] = {
	ANY(timerfd_settime),
	ONLY(ioctl, 1, TUNSETCARRIER),
	ONLY(ioctl, 1, TUNSETOFFLOAD),
	ONLY(ioctl, 1, TUNSETQUEUE),
};

struct list {
	const struct rule *rules;
	size_t nr;
};

static const struct list common_list = { common, ARRAY_SIZE(common) };
static const struct list console_list = { console, ARRAY_SIZE(console) };
static const struct list store_list = { store, ARRAY_SIZE(store) };
static const struct list device_list = { device, ARRAY_SIZE(device) };
static const struct list block_list = { block, ARRAY_SIZE(block) };
static const struct list net_list = { net, ARRAY_SIZE(net) };

static const struct {
	const char *name;
	const char *index;
	const struct list *lists[3];
} kinds[NR_SANDBOX_KINDS] = {
	[SANDBOX_CONSOLE] = {
		"console", "SANDBOX_CONSOLE", { &common_list, &console_list }
	},
	[SANDBOX_STORE] = {
		"store", "SANDBOX_STORE", { &common_list, &store_list }
	},
	[SANDBOX_BLOCK] = {
		"block", "SANDBOX_BLOCK",
		{ &common_list, &device_list, &block_list }
	},
	[SANDBOX_NET] = {
		"net", "SANDBOX_NET",
		{ &common_list, &device_list, &net_list }
	},
	[SANDBOX_ENTROPY] = {
		"entropy", "SANDBOX_ENTROPY", { &common_list, &device_list }
	},
};

static void end(const char *what, int err)
{
	fprintf(stderr, "make_filters: %s: %s\n", what, strerror(err));
	exit(1);
}

static void allow(scmp_filter_ctx filter, const struct list *list)
{
	const struct rule *rules = list->rules;
	size_t i;
	int err;

	for (i = 0; i < list->nr; i++) {
		err = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW,
					     rules[i].call, rules[i].nr,
					     rules[i].conditions);
		if (err)
			end("a rule", -err);
	}
}

/* One array; returns how many instructions it has. */
static size_t print_program(const char *name, scmp_filter_ctx filter)
{
	int fd = memfd_create(name, 0);
	struct sock_filter insn;
	size_t nr = 0;
	int err;

	if (fd < 0)
		end("memfd_create", errno);
	err = seccomp_export_bpf(filter, fd);
	if (err)
		end("export", -err);
	lseek(fd, 0, SEEK_SET);
	printf("static const struct sock_filter %s[] = {\n", name);
	for (; read(fd, &insn, sizeof(insn)) == sizeof(insn); nr++)
		printf("\t{ 0x%02x, %u, %u, 0x%08x },\n", insn.code, insn.jt,
		       insn.jf, insn.k);
	printf("};\n\n");
	close(fd);
	return nr;
}

static size_t print_kind(size_t kind)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	size_t nr, i;

	/* A tree, not a list; other architectures' calls kill, too. */
	if (!filter ||
	    seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2) ||
	    seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH,
			     SCMP_ACT_KILL_PROCESS))
		end("no filter", ENOMEM);
	for (i = 0; i < ARRAY_SIZE(kinds[kind].lists); i++)
		if (kinds[kind].lists[i])
			allow(filter, kinds[kind].lists[i]);
	nr = print_program(kinds[kind].name, filter);
	seccomp_release(filter);
	return nr;
}

int main(void)
{
	size_t nr[NR_SANDBOX_KINDS], i;

	printf("/* Made by filter/make_filters.c. */\n#include \"sandbox.h\"\n\n");
	for (i = 0; i < NR_SANDBOX_KINDS; i++)
		nr[i] = print_kind(i);
	printf("const struct sock_fprog sandbox_filters[NR_SANDBOX_KINDS] = {\n");
	for (i = 0; i < NR_SANDBOX_KINDS; i++)
		printf("\t[%s] = { %zu, (struct sock_filter *)%s },\n",
		       kinds[i].index, nr[i], kinds[i].name);
	printf("};\n");
	return fflush(stdout) || ferror(stdout);
}
