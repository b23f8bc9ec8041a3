/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Watches: who wants to hear of which paths.
 */
#ifndef LODGE_STORE_WATCH_H
#define LODGE_STORE_WATCH_H

#include "conn.h"

#define QUOTA_WATCHES	128

/*
 * @path is absolute; @skip is how much of it the client did not write: events
 * show paths in the form in which the watch was set.  -EEXIST, -E2BIG when
 * over the quota, -ENOMEM.  The caller fires the first event.
 */
int watch_add(struct conn *conn, const char *path, size_t skip,
	      const char *token);
int watch_remove(struct conn *conn, const char *path, const char *token);
void watch_clear(struct conn *conn);

/* For whoever keeps watches elsewhere, too, see state.h. */
int watch_restore(struct conn *conn, uint64_t id, const char *path,
		  size_t skip, const char *token);

/* A change at @path that is not a transaction's. */
void watch_fire(struct store *store, const char *path, enum txn_event event);

/* All changes of a committed transaction. */
void watch_fire_txn(struct store *store, const struct txn *txn);

#endif /* LODGE_STORE_WATCH_H */
