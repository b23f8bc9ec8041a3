/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A connection: the guest's ring or a client's socket.  It collects a request
 * from whatever pieces arrive, hands it to the protocol, and keeps what is to
 * be sent until the other side takes it.
 */
#ifndef LODGE_STORE_CONN_H
#define LODGE_STORE_CONN_H

#include <errno.h>	/* before xs_wire.h, for its table of errors */
#include <stdbool.h>
#include <stdint.h>

#include <xen/io/xs_wire.h>

#include "lib/ring.h"
#include "state.h"
#include "txn.h"

/* Xen's quota of outstanding requests: while so much waits, none is read. */
#define QUEUE_BUSY	20
/* Who lets so many pile up is not listening any more. */
#define QUEUE_MAX	8192
#define QUEUE_BYTES_MAX	(8u << 20)

#define HOME_SIZE	32

struct store;
struct store_channel;
struct watch;

/* A message that waits for its reader. */
struct message {
	struct message *next;
	uint64_t pos;		/* of its first byte in the stream */
	uint32_t hash;		/* of an event's payload */
	uint32_t size;
	uint32_t sent;
	char data[];		/* header and payload */
};

/*
 * The guest's connection is @kept: it outlives the process.  Its requests are
 * taken up to @in and the ring's index follows at the commit; its messages are
 * sent up to @out and made up to @end.  All three are positions in the streams.
 */
struct conn {
	struct conn *next;
	struct store *store;
	uint32_t domid;
	char home[HOME_SIZE];	/* relative paths are below it */

	/* A socket, or (fd -1) the two halves of the ring page. */
	int fd;
	struct byte_ring requests;
	struct byte_ring responses;
	bool readable;		/* there may be input */
	bool moved;		/* the ring moved since the last kick */
	bool broken;		/* protocol error or end: never used again */
	bool kept;
	uint64_t in;
	uint64_t out;
	uint64_t end;

	/* The request that is being received. */
	size_t have;
	struct xsd_sockmsg hdr;
	char payload[XENSTORE_PAYLOAD_MAX + 1];

	struct message *first;	/* to send; the first may be sent in part */
	struct message **last;
	struct message *unsaved;	/* the first that no commit has seen */
	unsigned int nr_queued;
	size_t bytes_queued;

	struct watch *watches;	/* in the order they were set */
	unsigned int nr_watches;
	uint64_t last_watch_id;
	struct txn *txns;
	unsigned int nr_txns;
	uint32_t last_txn_id;
};

struct store {
	struct tree *tree;
	const struct store_setup *setup;
	const struct store_channel *channel;
	uint32_t domid;		/* of the guest */
	struct conn *conns;
	struct conn *guest;	/* among them */
	struct state state;
	int error;		/* nothing can be kept: the process must end */
};

/* @fd: a non-blocking socket, or -1; then the caller sets the rings. */
struct conn *conn_create(struct store *store, uint32_t domid, int fd);
void conn_destroy(struct conn *conn);

/* Nothing more is read or sent; drops all state of the connection. */
void conn_break(struct conn *conn);

/* Queues a message.  Without memory, or with too much queued, breaks it. */
void conn_queue(struct conn *conn, const struct xsd_sockmsg *hdr,
		const void *data, size_t len);

/* Queues a watch event, unless the same one is still waiting. */
void conn_queue_event(struct conn *conn, const char *path, const char *token);

/* Drops all messages: they are in the ring, or nobody will have them. */
void conn_drop_queue(struct conn *conn);

/* Messages that were kept: back into the queue, and a part of it off again. */
int conn_restore_message(struct conn *conn, uint64_t pos, const void *data,
			 size_t size);
bool conn_skip_sent(struct conn *conn, uint64_t nr_bytes);

/* Each moves what can be moved; true if anything did. */
bool conn_send(struct conn *conn);
bool conn_receive(struct conn *conn);

#endif /* LODGE_STORE_CONN_H */
