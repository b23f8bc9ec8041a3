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

#include "proto.h"
#include "watch.h"

struct message {
	struct message *next;
	uint32_t hash;		/* of an event's payload */
	uint32_t size;
	uint32_t sent;
	char data[];		/* header and payload */
};

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
	conn->nr_queued--;
	conn->bytes_queued -= m->size;
	free(m);
}

void conn_break(struct conn *conn)
{
	conn->broken = true;
	while (conn->first)
		drop_message(conn);
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

static struct message *new_message(const struct xsd_sockmsg *hdr,
				   const void *data, size_t len)
{
	struct message *m = malloc(sizeof(*m) + sizeof(*hdr) + len);

	if (!m)
		return NULL;
	m->next = NULL;
	m->hash = 0;
	m->size = sizeof(*hdr) + len;
	m->sent = 0;
	memcpy(m->data, hdr, sizeof(*hdr));
	if (len)
		memcpy(m->data + sizeof(*hdr), data, len);
	return m;
}

static void append(struct conn *conn, struct message *m)
{
	if (conn->nr_queued == QUEUE_MAX ||
	    conn->bytes_queued + m->size > QUEUE_BYTES_MAX) {
		free(m);
		conn->broken = true;
		return;
	}
	*conn->last = m;
	conn->last = &m->next;
	conn->nr_queued++;
	conn->bytes_queued += m->size;
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
	m->hash = path_hash(path);
	if (is_waiting(conn, m))
		free(m);
	else
		append(conn, m);
}

static ssize_t put_bytes(struct conn *conn, const void *data, size_t len)
{
	ssize_t n;

	if (conn->fd < 0) {
		n = ring_write_bytes(&conn->responses, data, len);
		conn->moved |= n > 0;
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

	while (!conn->broken && (m = conn->first)) {
		n = put_bytes(conn, m->data + m->sent, m->size - m->sent);
		if (n < 0)
			conn->broken = true;
		if (n <= 0)
			break;
		progress = true;
		m->sent += n;
		if (m->sent == m->size)
			drop_message(conn);
	}
	return progress;
}

/* --- input --- */

static ssize_t get_bytes(struct conn *conn, void *data, size_t len)
{
	ssize_t n;

	if (conn->fd < 0) {
		n = ring_read_bytes(&conn->requests, data, len);
		conn->moved |= n > 0;
	} else {
		n = recv(conn->fd, data, len, MSG_DONTWAIT);
		if (!n)
			return -ECONNRESET;
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			n = 0;
	}
	if (!n)
		conn->readable = false;
	return n;
}

/* Header first, then as much as it announces; never more than fits. */
static ssize_t get_piece(struct conn *conn)
{
	size_t at;

	if (conn->have < sizeof(conn->hdr))
		return get_bytes(conn, (char *)&conn->hdr + conn->have,
				 sizeof(conn->hdr) - conn->have);
	at = conn->have - sizeof(conn->hdr);
	return get_bytes(conn, conn->payload + at, conn->hdr.len - at);
}

static bool is_complete(const struct conn *conn)
{
	return conn->have >= sizeof(conn->hdr) &&
	       conn->have == sizeof(conn->hdr) + conn->hdr.len;
}

bool conn_receive(struct conn *conn)
{
	ssize_t n;

	if (conn->broken || !conn->readable || conn->nr_queued >= QUEUE_BUSY)
		return false;
	n = get_piece(conn);
	if (n < 0)
		conn->broken = true;
	if (n <= 0)
		return false;
	conn->have += n;
	if (conn->have == sizeof(conn->hdr) &&
	    conn->hdr.len > XENSTORE_PAYLOAD_MAX) {
		conn->broken = true;
		return false;
	}
	if (is_complete(conn)) {
		conn->have = 0;
		/* Strings end, whatever was sent. */
		conn->payload[conn->hdr.len] = 0;
		proto_handle(conn);
	}
	return true;
}
