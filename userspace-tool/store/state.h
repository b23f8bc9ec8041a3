/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What outlives the process: the tree, and all that the guest could miss.
 * The head of state.c says how, and why nothing is lost or done twice.
 * Only the guest's connection is kept; clients connect anew.
 */
#ifndef LODGE_STORE_STATE_H
#define LODGE_STORE_STATE_H

#include "db.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct area;
struct conn;
struct store;
struct txn;

/**
 * struct state - of one process
 * @area: the recovery area; NULL: not looked at yet
 * @db: of the records
 * @seq: number of the last commit
 * @in: where it left the guest's requests
 * @broken: whether it left the guest's connection broken
 * @has_db: a commit with records was made, maybe by an earlier process
 * @last_entry_id: of a transaction's kept entries
 */
struct state {
	struct area *area;
	struct db db;
	uint64_t seq;
	uint64_t in;
	bool broken;
	bool has_db;
	uint64_t last_entry_id;
};

/*
 * Goes on where an earlier process was killed, or begins.  Does nothing when
 * that was done already.  0, or a negative errno, which is store->error, too:
 * then the process has to end.
 */
int state_recover(struct store *store);

/*
 * After each request, and before any of what it says or did is to be seen.
 * Errors as above.
 */
int state_commit(struct store *store);

void state_close(struct store *store);

/* Changes of the connection that the next commit shall keep. */
void state_keep_watch(struct conn *conn, uint64_t id, const char *path,
		      size_t skip, const char *token);
void state_drop_watch(struct conn *conn, uint64_t id);
void state_keep_txn(struct conn *conn, struct txn *txn);
void state_drop_txn(struct conn *conn, const struct txn *txn);

#endif /* LODGE_STORE_STATE_H */
