// SPDX-License-Identifier: GPL-2.0-only
/*
 * Connections.  See conn.h for the contract.
 */
#include "conn.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "crash_point.h"
#include "limit.h"
#include "proto.h"
#include "watch.h"

#define container_of(p, type, member) \
	((type *)((char *)(p) - offsetof(type, member)))

struct conn *conn_create(struct store *store, uint32_t domid, int fd)
{
	struct conn *conn = calloc(1, sizeof(*conn));

	if (!conn)
		return NULL;
	conn->store = store;
	conn->domid = domid;
	snprintf(conn->home, sizeof(conn->home), "/local/domain/%u", domid);
	conn->fd = fd;
	conn->last = &conn->first;
	conn->next = store->conns;
	store->conns = conn;
	return conn;
}

static void drop_message(struct conn *conn)
{
	struct message *m = conn->first;

	conn->first = m->next;
	if (!conn->first)
		conn->last = &conn->first;
	if (conn->unsaved == m)
		conn->unsaved = m->next;
	conn->nr_queued--;
	conn->bytes_queued -= m->size;
	free(m);
}

void conn_drop_queue(struct conn *conn)
{
	while (conn->first)
		drop_message(conn);
}

void conn_break(struct conn *conn)
{
	conn->broken = true;
	conn_drop_queue(conn);
	watch_clear(conn);
	txns_clear(conn);
}

void conn_destroy(struct conn *conn)
{
	struct conn **link = &conn->store->conns;

	conn_break(conn);
	while (*link != conn)
		link = &(*link)->next;
	*link = conn->next;
	if (conn->fd >= 0)
		close(conn->fd);
	free(conn);
}

/* --- output --- */

static struct message *alloc_message(size_t size)
{
	struct message *m = malloc(sizeof(*m) + size);

	if (!m)
		return NULL;
	m->next = NULL;
	m->hash = 0;
	m->size = size;
	m->sent = 0;
	return m;
}

static struct message *new_message(const struct xsd_sockmsg *hdr,
				   const void *data, size_t len)
{
	struct message *m = alloc_message(sizeof(*hdr) + len);

	if (!m)
		return NULL;
	memcpy(m->data, hdr, sizeof(*hdr));
	if (len)
		memcpy(m->data + sizeof(*hdr), data, len);
	return m;
}

static void link_last(struct conn *conn, struct message *m)
{
	*conn->last = m;
	conn->last = &m->next;
	conn->nr_queued++;
	conn->bytes_queued += m->size;
}

static void append(struct conn *conn, struct message *m)
{
	if (conn->nr_queued == QUEUE_MAX ||
	    conn->bytes_queued + m->size > QUEUE_BYTES_MAX) {
		limit_hit(LIMIT_QUEUE);
		free(m);
		conn->broken = true;
		return;
	}
	m->pos = conn->end;
	conn->end += m->size;
	if (!conn->unsaved)
		conn->unsaved = m;
	link_last(conn, m);
}

static uint32_t event_hash(const struct message *m)
{
	return path_hash(m->data + sizeof(struct xsd_sockmsg));
}

int conn_restore_message(struct conn *conn, uint64_t pos, const void *data,
			 size_t size)
{
	const struct message *last;
	struct message *m;
	struct xsd_sockmsg hdr;

	/* Without a gap, up to the end of the stream. */
	last = conn->first ? container_of(conn->last, struct message, next) :
			     NULL;
	if (size < sizeof(hdr) || (last && last->pos + last->size != pos) ||
	    pos + size > conn->end)
		return -EIO;
	m = alloc_message(size);
	if (!m)
		return -ENOMEM;
	m->pos = pos;
	memcpy(m->data, data, size);
	memcpy(&hdr, data, sizeof(hdr));
	if (hdr.type == XS_WATCH_EVENT)
		m->hash = event_hash(m);
	link_last(conn, m);
	return 0;
}

/* False when there are not so many bytes. */
bool conn_skip_sent(struct conn *conn, uint64_t nr_bytes)
{
	struct message *m;

	if (nr_bytes > conn->end - conn->out)
		return false;
	conn->out += nr_bytes;
	while ((m = conn->first) && m->pos + m->size <= conn->out)
		drop_message(conn);
	if (m && m->pos < conn->out)
		m->sent = conn->out - m->pos;
	return true;
}

void conn_queue(struct conn *conn, const struct xsd_sockmsg *hdr,
		const void *data, size_t len)
{
	struct xsd_sockmsg out = *hdr;
	struct message *m;

	if (conn->broken)
		return;
	out.len = len;
	m = new_message(&out, data, len);
	if (m)
		append(conn, m);
	else
		conn->broken = true;
}

static bool is_waiting(const struct conn *conn, const struct message *event)
{
	const struct message *m;

	for (m = conn->first; m; m = m->next) {
		if (m->hash == event->hash && m->size == event->size &&
		    !m->sent && !memcmp(m->data, event->data, m->size))
			return true;
	}
	return false;
}

void conn_queue_event(struct conn *conn, const char *path, const char *token)
{
	char payload[XENSTORE_PAYLOAD_MAX];
	size_t path_len = strlen(path) + 1, token_len = strlen(token) + 1;
	struct xsd_sockmsg hdr = { .type = XS_WATCH_EVENT };
	struct message *m;

	/* A client that sets such a token cannot be told of such a path. */
	if (conn->broken || path_len + token_len > sizeof(payload))
		return;
	memcpy(payload, path, path_len);
	memcpy(payload + path_len, token, token_len);
	hdr.len = path_len + token_len;
	m = new_message(&hdr, payload, hdr.len);
	if (!m) {
		conn->broken = true;
		return;
	}
	m->hash = event_hash(m);
	if (is_waiting(conn, m))
		free(m);
	else
		append(conn, m);
}

static ssize_t put_bytes(struct conn *conn, const void *data, size_t len)
{
	ssize_t n;

	if (conn->fd < 0) {
		n = ring_stage_bytes(&conn->responses, conn->out, data, len);
		crash_point();
		if (n > 0) {
			ring_set_prod(&conn->responses, conn->out + n);
			conn->moved = true;
		}
		crash_point();
		return n;
	}
	n = send(conn->fd, data, len, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	return n;
}

bool conn_send(struct conn *conn)
{
	bool progress = false;
	struct message *m;
	ssize_t n;

	/* Without a commit nothing may be seen. */
	if (conn->store->error)
		return false;
	while (!conn->broken && (m = conn->first)) {
		n = put_bytes(conn, m->data + m->sent, m->size - m->sent);
		if (n < 0)
			conn->broken = true;
		if (n <= 0)
			break;
		progress = true;
		m->sent += n;
		conn->out += n;
		if (m->sent == m->size)
			drop_message(conn);
	}
	return progress;
}

/* --- input --- */

static ssize_t get_bytes(struct conn *conn, void *data, size_t len)
{
	ssize_t n = recv(conn->fd, data, len, MSG_DONTWAIT);

	if (!n)
		return -ECONNRESET;
	return n < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : n;
}

/* Header first, then as much as it announces; never more than fits. */
static ssize_t get_from_socket(struct conn *conn)
{
	ssize_t n;
	size_t at;

	if (conn->have < sizeof(conn->hdr)) {
		n = get_bytes(conn, (char *)&conn->hdr + conn->have,
			      sizeof(conn->hdr) - conn->have);
	} else {
		at = conn->have - sizeof(conn->hdr);
		n = get_bytes(conn, conn->payload + at, conn->hdr.len - at);
	}
	if (n > 0)
		conn->have += n;
	if (conn->have == sizeof(conn->hdr) &&
	    conn->hdr.len > XENSTORE_PAYLOAD_MAX)
		return -EPROTO;
	return n;
}

/* Up to @need bytes more of the request. */
static ssize_t get_from_ring_to(struct conn *conn, void *to, size_t need)
{
	ssize_t n = ring_peek_bytes(&conn->requests, conn->in, to, need);

	if (n > 0) {
		conn->in += n;
		conn->have += n;
	}
	return n;
}

/*
 * As much of the request as there is, in one go, because each time is a
 * commit.  All of it: Linux notifies only when the ring was empty before it
 * wrote, so what is left in the ring hides what comes after.
 */
static ssize_t get_from_ring(struct conn *conn)
{
	const size_t head = sizeof(conn->hdr), before = conn->have;
	ssize_t n = 0;

	if (conn->have < head)
		n = get_from_ring_to(conn, (char *)&conn->hdr + conn->have,
				     head - conn->have);
	if (n >= 0 && conn->have >= head) {
		if (conn->hdr.len > XENSTORE_PAYLOAD_MAX)
			return -EPROTO;
		n = get_from_ring_to(conn, conn->payload + conn->have - head,
				     conn->hdr.len + head - conn->have);
	}
	return n < 0 ? n : (ssize_t)(conn->have - before);
}

/* Nothing is recovered for the sake of a ring that was never used. */
static bool may_receive(struct conn *conn)
{
	char byte;

	if (conn->broken || conn->store->error || !conn->readable)
		return false;
	if (conn->fd < 0 && !conn->store->state.area &&
	    !ring_peek_bytes(&conn->requests, conn->in, &byte, 1)) {
		conn->readable = false;
		return false;
	}
	if (conn->nr_queued < QUEUE_BUSY)
		return true;
	if (conn->kept)
		limit_hit(LIMIT_REQUESTS);
	return false;
}

static bool is_complete(const struct conn *conn)
{
	return conn->have >= sizeof(conn->hdr) &&
	       conn->have == sizeof(conn->hdr) + conn->hdr.len;
}

bool conn_receive(struct conn *conn)
{
	ssize_t n;

	if (!may_receive(conn) || state_recover(conn->store) || conn->broken)
		return false;
	n = conn->fd < 0 ? get_from_ring(conn) : get_from_socket(conn);
	if (!n)
		conn->readable = false;
	if (n < 0) {
		conn->broken = true;
		conn->have = 0;	/* what spoilt it is not kept */
	}
	if (n <= 0)
		return false;
	crash_point();
	if (is_complete(conn)) {
		conn->have = 0;
		/* Strings end, whatever was sent. */
		conn->payload[conn->hdr.len] = 0;
		proto_handle(conn);
		crash_point();
	}
	return !state_commit(conn->store);
}
