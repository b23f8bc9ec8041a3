// SPDX-License-Identifier: GPL-2.0-only
/*
 * The file of the store's state.  See db.h for the contract.
 *
 * Nothing is synced: the file need not survive the host, only the process,
 * and what a process has written is the kernel's.  Nothing is locked either:
 * a domain has one store process.
 */
#include "db.h"

#include <endian.h>
#include <errno.h>
#include <lmdb.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/*
 * Address space, not memory: the file grows as it is needed, to this at most.
 * A guest that uses all of its quotas, ten transactions of 1024 large nodes
 * above all, comes to some 110 MiB; LMDB keeps what the commit before had
 * until the next one.
 */
#define MAP_BYTES	(256u << 20)

#define KEY_SIZE	9

static int to_errno(int ret)
{
	if (ret == MDB_MAP_FULL)
		return -ENOSPC;
	return ret < 0 ? -EIO : -ret;
}

/*
 * LMDB takes a name and nothing else.  The process may have no right to open
 * files any more: open_held.c makes a copy of the descriptor of this open().
 */
int db_open(struct db *db, int fd, bool fresh)
{
	const unsigned int flags = MDB_NOSUBDIR | MDB_NOSYNC | MDB_NOMETASYNC |
				   MDB_NOLOCK | MDB_NOTLS | MDB_NORDAHEAD;
	char path[32];
	int ret;

	if (fresh && ftruncate(fd, 0))
		return -errno;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	ret = mdb_env_create(&db->env);
	if (ret)
		return to_errno(ret);
	ret = mdb_env_set_mapsize(db->env, MAP_BYTES);
	if (!ret)
		ret = mdb_env_open(db->env, path, flags, 0600);
	if (ret)
		db_close(db);
	return to_errno(ret);
}

void db_close(struct db *db)
{
	if (db->txn)
		mdb_txn_abort(db->txn);
	if (db->env)
		mdb_env_close(db->env);
	db->txn = NULL;
	db->env = NULL;
}

static int begin(struct db *db, unsigned int flags, MDB_txn **txn,
		 MDB_dbi *dbi)
{
	int ret = mdb_txn_begin(db->env, NULL, flags, txn);

	if (ret)
		return ret;
	ret = mdb_dbi_open(*txn, NULL, 0, dbi);
	if (ret) {
		mdb_txn_abort(*txn);
		*txn = NULL;
	}
	return ret;
}

/* False when an error waits for the commit. */
static bool begin_write(struct db *db, MDB_dbi *dbi)
{
	if (db->error)
		return false;
	if (db->txn)
		db->error = mdb_dbi_open(db->txn, NULL, 0, dbi);
	else
		db->error = begin(db, 0, &db->txn, dbi);
	return !db->error;
}

/* Big-endian, so that LMDB's order is that of the numbers. */
static MDB_val make_key(char *key, enum db_kind kind, uint64_t id)
{
	uint64_t be = htobe64(id);

	key[0] = kind;
	memcpy(key + 1, &be, sizeof(be));
	return (MDB_val){ .mv_size = KEY_SIZE, .mv_data = key };
}

static bool is_kind(const MDB_val *key, enum db_kind kind)
{
	return key->mv_size == KEY_SIZE &&
	       *(char *)key->mv_data == (char)kind;
}

static uint64_t key_id(const MDB_val *key)
{
	uint64_t be;

	memcpy(&be, (char *)key->mv_data + 1, sizeof(be));
	return be64toh(be);
}

void db_put(struct db *db, enum db_kind kind, uint64_t id,
	    const struct iovec *parts, unsigned int nr)
{
	char text[KEY_SIZE];
	MDB_val key = make_key(text, kind, id), data = { 0 };
	unsigned int i;
	MDB_dbi dbi;
	char *to;

	if (!begin_write(db, &dbi))
		return;
	for (i = 0; i < nr; i++)
		data.mv_size += parts[i].iov_len;
	db->error = mdb_put(db->txn, dbi, &key, &data, MDB_RESERVE);
	if (db->error)
		return;
	to = data.mv_data;
	for (i = 0; i < nr; i++) {
		if (parts[i].iov_len)
			memcpy(to, parts[i].iov_base, parts[i].iov_len);
		to += parts[i].iov_len;
	}
}

void db_del(struct db *db, enum db_kind kind, uint64_t id)
{
	char text[KEY_SIZE];
	MDB_val key = make_key(text, kind, id);
	MDB_dbi dbi;
	int ret;

	if (!begin_write(db, &dbi))
		return;
	ret = mdb_del(db->txn, dbi, &key, NULL);
	if (ret != MDB_NOTFOUND)
		db->error = ret;
}

void db_del_below(struct db *db, enum db_kind kind, uint64_t id)
{
	char text[KEY_SIZE];
	MDB_val key, data;
	MDB_cursor *cursor;
	MDB_dbi dbi;
	int ret;

	if (!begin_write(db, &dbi))
		return;
	db->error = mdb_cursor_open(db->txn, dbi, &cursor);
	if (db->error)
		return;
	do {
		key = make_key(text, kind, 0);
		ret = mdb_cursor_get(cursor, &key, &data, MDB_SET_RANGE);
		if (ret || !is_kind(&key, kind) || key_id(&key) >= id)
			break;
		ret = mdb_cursor_del(cursor, 0);
	} while (!ret);
	mdb_cursor_close(cursor);
	if (ret != MDB_NOTFOUND)
		db->error = ret;
}

int db_commit(struct db *db)
{
	int ret = db->error;

	if (ret && db->txn)
		mdb_txn_abort(db->txn);
	else if (db->txn)
		ret = mdb_txn_commit(db->txn);
	db->txn = NULL;
	db->error = 0;
	return to_errno(ret);
}

int db_load(struct db *db, enum db_kind kind, db_take *take, void *ctx)
{
	char text[KEY_SIZE];
	MDB_val key = make_key(text, kind, 0), data;
	MDB_cursor *cursor;
	MDB_txn *txn;
	MDB_dbi dbi;
	int ret, err = 0;

	ret = begin(db, MDB_RDONLY, &txn, &dbi);
	if (ret)
		return to_errno(ret);
	ret = mdb_cursor_open(txn, dbi, &cursor);
	if (!ret) {
		ret = mdb_cursor_get(cursor, &key, &data, MDB_SET_RANGE);
		while (!ret && !err && is_kind(&key, kind)) {
			err = take(ctx, key_id(&key), data.mv_data,
				   data.mv_size);
			ret = mdb_cursor_get(cursor, &key, &data, MDB_NEXT);
		}
		mdb_cursor_close(cursor);
	}
	mdb_txn_abort(txn);
	return err || ret == MDB_NOTFOUND ? err : to_errno(ret);
}
