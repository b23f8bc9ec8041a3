/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The XenStore protocol: one function for each message type, in one table.
 */
#ifndef LODGE_STORE_PROTO_H
#define LODGE_STORE_PROTO_H

#include "conn.h"

#define QUOTA_TXNS	10

/* Answers the request that stands in conn->hdr and conn->payload. */
void proto_handle(struct conn *conn);

/* The open transaction, or NULL; a new one with that id, or NULL. */
struct txn *txn_find(struct conn *conn, uint32_t id);
struct txn *txn_open(struct conn *conn, uint32_t id);

/* Drops all open transactions of a connection. */
void txns_clear(struct conn *conn);

#endif /* LODGE_STORE_PROTO_H */
