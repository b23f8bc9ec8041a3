/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A file that holds the store's state: records of a few kinds, each with a
 * number, in LMDB.  Changes gather and are committed together; a process that
 * is killed leaves the last commit.  (LMDB's keys have at most 511 bytes and
 * paths 3072, so nodes have numbers, too, and carry their path as content.)
 */
#ifndef LODGE_STORE_DB_H
#define LODGE_STORE_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

enum db_kind {
	DB_POSITION = 'p',
	DB_INPUT = 'i',
	DB_OUTPUT = 'o',
	DB_NODE = 'n',
	DB_WATCH = 'w',
	DB_TXN = 't',
	DB_ENTRY = 'e',
};

/**
 * struct db - the file, open or not
 * @env: NULL: not open
 * @txn: NULL: nothing to commit
 * @error: the first one since the last commit, which will report it
 */
struct db {
	struct MDB_env *env;
	struct MDB_txn *txn;
	int error;
};

/*
 * @fd: the file, open for reading and writing; it is not closed.  @fresh: what
 * is in it is of no use.  0 or a negative errno.
 */
int db_open(struct db *db, int fd, bool fresh);
void db_close(struct db *db);

/* Errors wait for db_commit(). */
void db_put(struct db *db, enum db_kind kind, uint64_t id,
	    const struct iovec *parts, unsigned int nr);
void db_del(struct db *db, enum db_kind kind, uint64_t id);
/* All of the kind with a number below @id. */
void db_del_below(struct db *db, enum db_kind kind, uint64_t id);

/* Is there something to commit, if only an error? */
static inline bool db_is_dirty(const struct db *db)
{
	return db->txn || db->error;
}

int db_commit(struct db *db);

/* Calls @take for each record of a kind, in the order of their numbers. */
typedef int db_take(void *ctx, uint64_t id, const void *data, size_t len);
int db_load(struct db *db, enum db_kind kind, db_take *take, void *ctx);

#endif /* LODGE_STORE_DB_H */
