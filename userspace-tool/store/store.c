// SPDX-License-Identifier: GPL-2.0-only
/*
 * The store process's main loop: it sleeps in poll() until the guest has
 * notified, a client has said something, or the domain is gone.  Everything
 * runs in this one thread, so a request is never half-way seen by another.
 */
#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conn.h"
#include "lodge.h"
#include "path.h"
#include "watch.h"

#define CLIENTS_MAX	64

/* Messages that one connection moves before the others get their turn. */
#define TURN_MAX	64

enum { POLL_EVENT, POLL_HANGUP, POLL_LISTEN, POLL_CLIENTS };

struct server {
	struct store store;
	const struct store_channel *channel;
	struct conn *guest;
	bool guest_stopped;
	int listen_fd;
	unsigned int nr_clients;
	struct pollfd poll[POLL_CLIENTS + CLIENTS_MAX];
	struct conn *polled[CLIENTS_MAX];
};

/* --- the guest --- */

static void map_ring(struct conn *guest, struct xenstore_domain_interface *page)
{
	guest->requests = (struct byte_ring){
		.buf = (uint8_t *)page->req,
		.size = XENSTORE_RING_SIZE,
		.cons = (_Atomic uint32_t *)&page->req_cons,
		.prod = (_Atomic uint32_t *)&page->req_prod,
	};
	guest->responses = (struct byte_ring){
		.buf = (uint8_t *)page->rsp,
		.size = XENSTORE_RING_SIZE,
		.cons = (_Atomic uint32_t *)&page->rsp_cons,
		.prod = (_Atomic uint32_t *)&page->rsp_prod,
	};
}

/* A guest that broke the protocol is told by the page, and left alone. */
static void stop_guest(struct server *s)
{
	struct xenstore_domain_interface *page = s->channel->page;

	if (s->guest_stopped)
		return;
	s->guest_stopped = true;
	conn_break(s->guest);
	state_commit(&s->store);
	page->error = XENSTORE_ERROR_PROTO;
	s->guest->moved = true;
}

/* The safe rule: notify after every change of our two indices. */
static void kick_guest(struct server *s)
{
	if (!s->guest->moved)
		return;
	s->guest->moved = false;
	s->channel->kick(s->channel->ctx);
}

static void take_event(struct server *s)
{
	uint64_t count;

	/* A failed read means that there was nothing to reset. */
	if (read(s->channel->event_fd, &count, sizeof(count)) < 0)
		return;
	s->guest->readable = true;
}

/* --- clients --- */

static void accept_client(struct server *s)
{
	int fd = accept4(s->listen_fd, NULL, NULL,
			 SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return;
	if (conn_create(&s->store, 0, fd))
		s->nr_clients++;
	else
		close(fd);
}

static void reap_broken(struct server *s)
{
	struct conn *conn, *next;

	for (conn = s->store.conns; conn; conn = next) {
		next = conn->next;
		if (!conn->broken)
			continue;
		if (conn == s->guest) {
			stop_guest(s);
		} else {
			conn_destroy(conn);
			s->nr_clients--;
		}
	}
}

/* --- the loop --- */

/* True when it stopped for the sake of the others. */
static bool take_turn(struct conn *conn)
{
	unsigned int i;
	bool progress;

	for (i = 0; i < TURN_MAX; i++) {
		progress = conn_send(conn);
		progress |= conn_receive(conn);
		if (!progress)
			return false;
	}
	return true;
}

/* One turn for everybody; true if somebody has more to do. */
static bool take_turns(struct server *s)
{
	struct conn *conn;
	bool more = false;

	for (conn = s->store.conns; conn; conn = conn->next)
		more |= take_turn(conn);
	/* What one did may have given others something to send. */
	for (conn = s->store.conns; conn; conn = conn->next)
		conn_send(conn);
	reap_broken(s);
	kick_guest(s);
	return more;
}

static nfds_t fill_poll(struct server *s)
{
	unsigned int n = 0;
	struct conn *conn;

	/* Whoever comes when all places are taken waits in the backlog. */
	s->poll[POLL_LISTEN].fd = s->nr_clients < CLIENTS_MAX ? s->listen_fd :
								-1;
	for (conn = s->store.conns; conn; conn = conn->next) {
		if (conn == s->guest)
			continue;
		s->poll[POLL_CLIENTS + n] = (struct pollfd){
			.fd = conn->fd,
			.events = (conn->nr_queued < QUEUE_BUSY ? POLLIN : 0) |
				  (conn->first ? POLLOUT : 0),
		};
		s->polled[n++] = conn;
	}
	return POLL_CLIENTS + n;
}

static void mark_readable(struct server *s, nfds_t nr)
{
	nfds_t i;

	for (i = POLL_CLIENTS; i < nr; i++) {
		if (s->poll[i].revents & (POLLIN | POLLHUP | POLLERR))
			s->polled[i - POLL_CLIENTS]->readable = true;
	}
}

/* Tells the clients; what does not fit their sockets is lost with us. */
static void say_goodbye(struct server *s)
{
	struct conn *conn;

	watch_fire(&s->store, PATH_RELEASE, EVENT_SUBTREE);
	for (conn = s->store.conns; conn; conn = conn->next) {
		if (conn != s->guest)
			conn_send(conn);
	}
}

static int serve(struct server *s)
{
	bool more = take_turns(s);
	nfds_t nr;

	while (!s->store.error) {
		nr = fill_poll(s);
		if (poll(s->poll, nr, more ? 0 : -1) < 0) {
			if (errno == EINTR)
				continue;
			return -errno;
		}
		if (s->poll[POLL_HANGUP].revents) {
			say_goodbye(s);
			return 0;
		}
		if (s->poll[POLL_EVENT].revents)
			take_event(s);
		mark_readable(s, nr);
		if (s->poll[POLL_LISTEN].revents)
			accept_client(s);
		more = take_turns(s);
	}
	return s->store.error;
}

static int say_ready(int ready_fd)
{
	int err;

	if (ready_fd < 0)
		return 0;
	err = write(ready_fd, "s", 1) == 1 ? 0 : -errno;
	close(ready_fd);
	return err;
}

static int init_server(struct server *s, const struct store_setup *setup)
{
	int flags = fcntl(s->listen_fd, F_GETFL);

	if (flags < 0 || fcntl(s->listen_fd, F_SETFL, flags | O_NONBLOCK))
		return -errno;
	s->store.setup = setup;
	s->store.channel = s->channel;
	s->store.domid = setup->domid;
	s->store.tree = tree_create(setup->domid);
	if (!s->store.tree)
		return -ENOMEM;
	s->guest = conn_create(&s->store, setup->domid, -1);
	if (!s->guest)
		return -ENOMEM;
	s->store.guest = s->guest;
	s->guest->kept = true;
	map_ring(s->guest, s->channel->page);
	/* Requests may have come before we did. */
	s->guest->readable = true;
	s->poll[POLL_EVENT] = (struct pollfd){
		.fd = s->channel->event_fd, .events = POLLIN };
	s->poll[POLL_HANGUP] = (struct pollfd){ .fd = s->channel->hangup_fd };
	s->poll[POLL_LISTEN].events = POLLIN;
	return 0;
}

/* Did a process before us come so far that there may be work to finish? */
static bool was_begun(const struct server *s)
{
	const struct xenstore_domain_interface *page = s->channel->page;
	const int records = s->channel->records;
	struct stat st;

	return page->req_prod || page->rsp_prod ||
	       (records >= 0 && !fstat(records, &st) && st.st_size);
}

/*
 * The tree is filled by the first request of all: the start of a domain does
 * not wait for what its guest may never ask for.
 */
static int recover(struct server *s)
{
	return was_begun(s) ? state_recover(&s->store) : 0;
}

static void exit_server(struct server *s)
{
	/* Who has no guest connection any more changes nothing. */
	state_close(&s->store);
	if (s->guest)
		s->guest->kept = false;
	while (s->store.conns)
		conn_destroy(s->store.conns);
	tree_destroy(s->store.tree);
}

int store_serve(const struct store_channel *channel, int listen_fd,
		const struct store_setup *setup, int ready_fd)
{
	struct server s = { .channel = channel, .listen_fd = listen_fd };
	int ret;

	ret = init_server(&s, setup);
	if (!ret)
		ret = recover(&s);
	if (!ret)
		ret = say_ready(ready_fd);
	if (!ret)
		ret = serve(&s);
	exit_server(&s);
	return ret;
}
