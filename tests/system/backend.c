// SPDX-License-Identifier: GPL-2.0-only
/*
 * What test back ends share: their results, the calls of an attach file, and
 * the guest program "grants", which does as it is told.
 */
#include "backend.h"

#include <errno.h>
#include <fcntl.h>
#include <lodge.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

int dev, domain, net, events[NR_PORTS], failed;
struct control control;
const char *check_suffix = "";
static const char *check_name;
static bool check_failed;
static sigjmp_buf touched;

/* --- results -------------------------------------------------------------- */

void begin(const char *name)
{
	check_name = name;
	check_failed = false;
}

void end(void)
{
	if (!check_failed)
		printf("ok %s%s\n", check_name, check_suffix);
	failed |= check_failed;
}

void want_at(int line, const char *what, long got, long expected)
{
	if (got == expected || check_failed)
		return;
	printf("not ok %s%s: %s is %ld, not %ld (line %d)\n", check_name,
	       check_suffix, what, got, expected, line);
	check_failed = true;
}

void give_up(const char *what)
{
	printf("not ok %s%s: %s: %s\n", check_name ? check_name : "set-up",
	       check_suffix, what, strerror(errno));
	exit(1);
}

/* --- the calls ------------------------------------------------------------ */

int call(int fd, unsigned long request, void *arg)
{
	return ioctl(fd, request, arg) ? -errno : 0;
}

int attach_to(int to, unsigned int role, unsigned int devid, int *holder)
{
	struct lodge_attach a = {
		.size = sizeof(a),
		.role = role,
		.devid = devid,
	};
	int err = call(to, LODGE_ATTACH, &a);

	if (holder)
		*holder = a.holder;
	return err ?: a.fd;
}

int attach(unsigned int devid)
{
	return attach_to(domain, LODGE_ROLE_NET, devid, NULL);
}

int revoke_slot(unsigned int devid)
{
	struct lodge_slot slot = {
		.size = sizeof(slot),
		.role = LODGE_ROLE_NET,
		.devid = devid,
	};

	return call(domain, LODGE_REVOKE, &slot);
}

int bind_port(int fd, unsigned int channel, unsigned int port)
{
	struct lodge_attach_bind b = {
		.size = sizeof(b),
		.channel = channel,
		.port = port,
	};

	return call(fd, LODGE_ATTACH_BIND, &b);
}

int notify(int fd, __u32 channel)
{
	return call(fd, LODGE_ATTACH_NOTIFY, &channel);
}

int set_eventfd(int fd, unsigned int channel, int event)
{
	struct lodge_attach_eventfd e = {
		.size = sizeof(e),
		.channel = channel,
		.fd = event,
	};

	return call(fd, LODGE_ATTACH_EVENTFD, &e);
}

/* What came since the last look, 0: nothing in time. */
unsigned long wait_event(int fd, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	uint64_t n = 0;

	if (poll(&p, 1, ms) == 1 && read(fd, &n, sizeof(n)) < 0)
		n = 0;
	return n;
}

int copy_many(int fd, struct lodge_grant_segment *segments, __u32 *count)
{
	struct lodge_grant_copy c = {
		.size = sizeof(c),
		.count = *count,
		.segments = (uintptr_t)segments,
	};
	int err = call(fd, LODGE_GRANT_COPY, &c);

	*count = c.count;
	return err;
}

/* One segment's status, or the call's error. */
int copy(int fd, unsigned int flags, unsigned int ref,
	 unsigned int offset, void *data, unsigned int length)
{
	struct lodge_grant_segment s = {
		.ref = ref,
		.offset = offset,
		.length = length,
		.flags = flags,
		.status = 1,
		.data = (uintptr_t)data,
	};
	__u32 count = 1;

	return copy_many(fd, &s, &count) ?: s.status;
}

int from_guest(unsigned int ref, unsigned int offset, void *data,
	       unsigned int length)
{
	return copy(net, 0, ref, offset, data, length);
}

int to_guest(unsigned int ref, unsigned int offset, void *data,
	     unsigned int length)
{
	return copy(net, LODGE_GRANT_TO_GUEST, ref, offset, data, length);
}

static void on_fault(int signal)
{
	siglongjmp(touched, signal);
}

/* The signal that a look at @at brings, 0 none. */
int touch(volatile unsigned char *at)
{
	int signal = sigsetjmp(touched, 1);

	if (!signal)
		(void)*at;
	return signal;
}

/* --- a second back end ------------------------------------------------------ */

struct child start_child(void (*run)(int said, int go))
{
	int said[2], go[2];
	struct child c;
	char byte;

	if (pipe(said) || pipe(go))
		give_up("pipe");
	c.pid = fork();
	if (!c.pid) {
		run(said[1], go[0]);
		_exit(4);
	}
	close(said[1]);
	close(go[0]);
	c.said = said[0];
	c.go = go[1];
	if (read(c.said, &byte, 1) != 1)
		give_up("the child");
	return c;
}

void end_child(struct child *c)
{
	kill(c->pid, SIGKILL);
	waitpid(c->pid, NULL, 0);
	close(c->said);
	close(c->go);
}

/* --- the guest ------------------------------------------------------------- */

void tell(unsigned int command, unsigned int ref, unsigned int value)
{
	const unsigned int at = offsetof(struct control, number);
	struct control c = { .command = command, .ref = ref, .value = value };

	control.number++;
	/* The number last: the guest looks at that first. */
	if (to_guest(REF_CONTROL, offsetof(struct control, command), &c.command,
		     3 * sizeof(c.command)) ||
	    to_guest(REF_CONTROL, at, &control.number, sizeof(c.number)) ||
	    (notify(net, 0) && command != CMD_END))
		give_up("a command");
}

unsigned int ask(unsigned int command, unsigned int ref,
		 unsigned int value)
{
	struct control c;

	tell(command, ref, value);
	do {
		if (!wait_event(events[0], LIMIT_MS))
			give_up("no answer");
		if (from_guest(REF_CONTROL, 0, &c, sizeof(c)))
			give_up("the answer");
	} while (c.answered != control.number);
	return c.result;
}

unsigned int busy_bits(unsigned int ref)
{
	return ask(CMD_FLAGS, ref, 0) & (BUSY_READ | BUSY_WRITE);
}

/* While it changes, the page of commands is not granted. */
int use_version(unsigned int version)
{
	struct control c;

	tell(CMD_VERSION, 0, version);
	do {
		if (!wait_event(events[0], LIMIT_MS))
			give_up("no answer");
	} while (from_guest(REF_CONTROL, 0, &c, sizeof(c)) ||
		 c.answered != control.number);
	return (int)c.result;
}

void wait_for_guest(void)
{
	int tries;

	for (tries = 0; tries < LIMIT_MS / 20; tries++) {
		if (!from_guest(REF_CONTROL, 0, &control, sizeof(control)) &&
		    control.magic == GRANTS_MAGIC)
			return;
		usleep(20000);
	}
	give_up("no guest");
}

static void open_domain(const char *name)
{
	struct lodge_domain_open open_arg = {
		.size = sizeof(open_arg),
		.domid = LODGE_DOMID_ANY,
	};

	snprintf(open_arg.name, sizeof(open_arg.name), "%s", name);
	dev = open(LODGE_DEVICE, O_RDWR | O_CLOEXEC);
	if (dev < 0 || ioctl(dev, LODGE_DOMAIN_OPEN, &open_arg))
		give_up(name);
	domain = open_arg.fd;
}

void backend_init(const char *name)
{
	struct sigaction action = { .sa_handler = on_fault };

	setvbuf(stdout, NULL, _IOLBF, 0);
	sigaction(SIGBUS, &action, NULL);
	sigaction(SIGSEGV, &action, NULL);
	open_domain(name);
}
