// SPDX-License-Identifier: GPL-2.0-only
/*
 * The back end of the guest's primary console.  A guest spins while its ring
 * is full, so the ring is always drained, whether anybody looks or not: what
 * the terminal does not take waits in a backlog of bounded size, the oldest
 * goes first.  The log gets everything.
 */
#include "backend/console.h"

#include "helper.h"
#include "lib/attach.h"
#include "lib/ring.h"
#include "log.h"
#include "msg.h"
#include "run_dir.h"
#include "sandbox.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xen/io/console.h>

#define BACKLOG_BYTES	(64u << 10)
#define DRAIN_ROUNDS	32
#define FINAL_FLUSH_MS	1000

/**
 * struct console - the console helper
 * @in: host to guest
 * @out: guest to host
 * @start: index of the backlog's oldest byte
 * @used: bytes in the backlog
 * @more: the last drain stopped before the ring was empty
 * @log_error: the last one that was reported
 */
struct console {
	struct byte_ring in;
	struct byte_ring out;
	int attach_fd;
	int event_fd;
	int master;
	const struct run_dir *dir;
	struct log_file log;
	uint32_t start;
	uint32_t used;
	int more;
	int log_error;
};

static uint8_t backlog[BACKLOG_BYTES];
static volatile sig_atomic_t asked_to_end;

static void on_term(int signal)
{
	(void)signal;
	asked_to_end = 1;
}

static void set_signals(void)
{
	struct sigaction term = { .sa_handler = on_term };
	sigset_t block;

	sigaction(SIGTERM, &term, NULL);
	attach_end_on_revoke();
	/* Taken in ppoll() only, so that no request to end is missed. */
	sigemptyset(&block);
	sigaddset(&block, SIGTERM);
	sigprocmask(SIG_BLOCK, &block, NULL);
}

static int map_rings(struct console *c)
{
	struct xencons_interface *page = attach_map_ring(c->attach_fd);

	if (!page)
		return -errno;
	c->in = (struct byte_ring){
		.buf = (uint8_t *)page->in,
		.size = sizeof(page->in),
		.cons = (_Atomic uint32_t *)&page->in_cons,
		.prod = (_Atomic uint32_t *)&page->in_prod,
	};
	c->out = (struct byte_ring){
		.buf = (uint8_t *)page->out,
		.size = sizeof(page->out),
		.cons = (_Atomic uint32_t *)&page->out_cons,
		.prod = (_Atomic uint32_t *)&page->out_prod,
	};
	return 0;
}

static void backlog_push(struct console *c, const uint8_t *data, uint32_t n)
{
	uint32_t end, first;

	if (c->used + n > BACKLOG_BYTES) {
		c->start += c->used + n - BACKLOG_BYTES;
		c->used = BACKLOG_BYTES - n;
	}
	end = (c->start + c->used) % BACKLOG_BYTES;
	first = n < BACKLOG_BYTES - end ? n : BACKLOG_BYTES - end;
	memcpy(backlog + end, data, first);
	memcpy(backlog, data + first, n - first);
	c->used += n;
}

/* Give the terminal what it takes.  Its errors lose nothing but the view. */
static void backlog_flush(struct console *c)
{
	uint32_t at, n;
	ssize_t done;

	while (c->used) {
		at = c->start % BACKLOG_BYTES;
		n = BACKLOG_BYTES - at;
		n = n < c->used ? n : c->used;
		done = write(c->master, backlog + at, n);
		if (done <= 0)
			return;
		c->start += done;
		c->used -= done;
	}
	/* Empty: begin at the front again, so that few pages are ever used. */
	c->start = 0;
}

static void report_log(struct console *c, int err)
{
	if (err && err != c->log_error)
		log_event("console: %s: %s", c->log.path, msg_errno(err));
	c->log_error = err;
}

/* A console without a log is still a console. */
static void hold_log(struct console *c, const char *name)
{
	log_init(&c->log, name, "console");
	report_log(c, log_hold(&c->log));
}

static void write_log(struct console *c, const uint8_t *data, size_t n)
{
	if (c->log.fd >= 0)
		report_log(c, log_append(&c->log, data, n));
}

/* Empty the out ring, in bounded work.  0 or -EPROTO. */
static int drain(struct console *c)
{
	uint8_t data[2048];
	ssize_t n = 0;
	int round;

	for (round = 0; round < DRAIN_ROUNDS; round++) {
		n = ring_read_bytes(&c->out, data, sizeof(data));
		if (n <= 0)
			break;
		attach_notify(c->attach_fd, 0);
		backlog_push(c, data, n);
		backlog_flush(c);
		write_log(c, data, n);
	}
	c->more = n > 0;
	return n < 0 ? (int)n : 0;
}

/* Keys from the terminal into the in ring, as many as have room. */
static int feed(struct console *c)
{
	uint8_t data[sizeof(((struct xencons_interface *)0)->in)];
	ssize_t room = ring_room(&c->in);
	ssize_t n;

	if (room <= 0)
		return (int)room;
	n = read(c->master, data, (size_t)room);
	if (n <= 0)
		return 0;
	n = ring_write_bytes(&c->in, data, n);
	if (n > 0)
		attach_notify(c->attach_fd, 0);
	return n < 0 ? (int)n : 0;
}

/* A `lodge console` gets the last words; nobody else is waited for. */
static void flush_finally(struct console *c)
{
	struct pollfd p = { .fd = c->master, .events = POLLOUT };

	backlog_flush(c);
	if (!c->used || !run_dir_has_holder(c->dir, ROLE_VIEWER))
		return;
	while (c->used && poll(&p, 1, FINAL_FLUSH_MS) > 0 &&
	       (p.revents & POLLOUT))
		backlog_flush(c);
}

static int illegal_ring(void)
{
	log_event("console: the guest's ring indices make no sense; its console has stopped");
	return HELPER_GUEST_FAULT;
}

/* 1: go on; 0: the end; -EPROTO. */
static int serve_once(struct console *c, const sigset_t *unblocked)
{
	const struct timespec now = { 0 };
	struct pollfd p[3] = {
		{ .fd = c->attach_fd },
		{ .fd = c->event_fd, .events = POLLIN },
		{ .fd = c->master },
	};
	ssize_t room = ring_room(&c->in);
	uint64_t count;

	if (room < 0)
		return (int)room;
	p[2].events = (room ? POLLIN : 0) | (c->used ? POLLOUT : 0);
	if (ppoll(p, 3, c->more ? &now : NULL, unblocked) < 0 && errno != EINTR)
		return 0;
	if (asked_to_end || (p[0].revents & (POLLHUP | POLLERR)))
		return 0;
	if (p[1].revents && read(c->event_fd, &count, sizeof(count)) < 0 &&
	    errno != EAGAIN)
		return 0;
	if (p[2].revents & POLLIN && feed(c))
		return -EPROTO;
	if (p[2].revents & POLLOUT)
		backlog_flush(c);
	return drain(c) ? -EPROTO : 1;
}

static int serve(struct console *c)
{
	sigset_t unblocked;
	int more;

	sigemptyset(&unblocked);
	do {
		more = serve_once(c, &unblocked);
	} while (more > 0);
	if (more < 0 || drain(c))
		return illegal_ring();
	flush_finally(c);
	return 0;
}

static int confine(struct console *c, struct sandbox *box)
{
	const char *step;
	int err;

	sandbox_keep(box, c->attach_fd);
	sandbox_keep(box, c->event_fd);
	sandbox_keep(box, c->master);
	sandbox_keep(box, c->log.fd);
	sandbox_keep(box, c->log.old_fd);
	err = sandbox_enter(box, &step);
	if (err)
		log_event("console: its sandbox: %s: %s", step, msg_errno(err));
	return err;
}

int console_run(int attach_fd, int master, const struct run_dir *dir,
		const char *name, struct sandbox *box, int ready_fd)
{
	struct console c = {
		.attach_fd = attach_fd,
		.master = master,
		.dir = dir,
	};
	int err = map_rings(&c);

	set_signals();
	hold_log(&c, name);
	c.event_fd = err ? err : attach_bind(attach_fd, 0);
	if (c.event_fd < 0) {
		log_event("console: %s", msg_errno(c.event_fd));
		return HELPER_SETUP_FAILED;
	}
	if (confine(&c, box))
		return HELPER_SETUP_FAILED;
	if (write(ready_fd, "c", 1) < 0)
		log_event("console: nobody to report to");
	close(ready_fd);
	return serve(&c);
}
