// SPDX-License-Identifier: GPL-2.0-only
/*
 * What outlives the process.  See state.h for the contract.
 *
 * Of the guest's stream of requests a request is done when a commit says that
 * the stream was taken up to behind it; what it made is part of the same
 * commit.  There are two kinds, numbered in one sequence:
 *
 * - A mark is a pair of stream positions in the recovery area: requests taken
 *   up to @in, answers made up to @out; and the beginning of a request, if one
 *   was taken in part.  It is complete at the moment when one word is stored,
 *   which says which of two places holds the valid one.  It is all that a
 *   request needs that changed nothing and whose answer fits the ring: the
 *   answer is put into the ring before, where the guest does not see it yet.
 * - A record commit is a transaction of LMDB: changes of the tree and of the
 *   guest's watches and transactions, a part of a request, every message that
 *   is not sent yet, and the positions.  A mark with the same number follows.
 *
 * Only then are the ring's indices moved, the answers' first or the requests'
 * first, it does not matter.  The guest does not overwrite a request before
 * that, so what is not committed can be done again, and nobody has seen
 * anything of it.  How far messages have been sent needs no commit: the ring's
 * own index says it, and it moves in one store.
 *
 * So whoever comes next takes the commit with the higher number and
 * - after a mark: moves both indices to where it says; all bytes are there;
 * - after records: moves the index of requests to where they say, and goes on
 *   to send the recorded messages at the ring's index of answers.
 *
 * The first record commit has no predecessor that LMDB could go back to.  The
 * mark says whether there was one; if not, what is found in the file is dropped,
 * be it half of a first commit or what another domain of this name left.
 *
 * Positions have 64 bits; the ring's indices are their lower halves.
 */
#include "state.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "conn.h"
#include "crash_point.h"
#include "limit.h"
#include "path.h"
#include "proto.h"
#include "setup.h"
#include "store.h"
#include "watch.h"

#define POSITION_VERSION	1

/* Requests taken in part are mostly headers.  What is longer is a record. */
#define PART_MAX		1024

struct mark {
	uint64_t seq;
	uint64_t in;
	uint64_t out;
	uint32_t has_db;
	uint32_t part_len;
	uint8_t part[PART_MAX];
};

/*
 * In the recovery area, which is zero at a domain's start.  Only store
 * processes of this domain write there, one at a time.
 */
struct area {
	_Atomic uint32_t current;
	uint32_t reserved;
	int64_t start_time;	/* the first process's, for the initial tree */
	struct mark mark[2];
};

/* The records' heads.  They are read by the same program that wrote them. */

struct position {
	uint32_t version;
	uint32_t broken;
	uint64_t seq;
	uint64_t in;
	uint64_t end;		/* of all answers */
	uint64_t tree_gen;
	uint32_t last_txn_id;
	uint32_t reserved;
};

/* Behind it: permissions, value and children's names, path. */
struct node_head {
	uint64_t gen;
	uint32_t nr_perms;
	uint32_t value_len;
	uint32_t children_len;
	uint32_t reserved;
};

/* Behind it: path, token. */
struct watch_head {
	uint64_t skip;
};

struct txn_head {
	int32_t owned_delta;
	int32_t error;
};

/* Behind it: if there is a node, that as above; else the path. */
struct entry_head {
	uint64_t base_gen;
	uint32_t txn_id;
	uint32_t event;
	uint32_t changed;
	uint32_t has_node;
};

_Static_assert(sizeof(struct area) <= 4096, "one page is mapped");

#define PART(p, n)	((struct iovec){ (void *)(p), n })

/* --- writing --- */

static void keep_node(void *ctx, uint64_t id, const char *path,
		      const struct node *node);

/* The records, ready for changes; NULL: nothing is kept, or an error. */
static struct db *open_records(struct store *store)
{
	struct state *s = &store->state;
	int ret;

	if (store->error || store->channel->records < 0)
		return NULL;
	if (s->db.env)
		return &s->db;
	ret = db_open(&s->db, store->channel->records, !s->has_db);
	if (ret) {
		store->error = ret;
		return NULL;
	}
	if (!s->has_db)
		tree_each(store->tree, keep_node, store);
	return &s->db;
}

static struct node_head make_node_head(const struct node *node)
{
	return (struct node_head){
		.gen = node->gen,
		.nr_perms = node->perms.nr,
		.value_len = node->value_len,
		.children_len = node->children_len,
	};
}

/* The tree's report of a change. */
static void keep_node(void *ctx, uint64_t id, const char *path,
		      const struct node *node)
{
	struct db *db = open_records(ctx);
	struct node_head head;

	if (!db)
		return;
	if (!node) {
		db_del(db, DB_NODE, id);
		return;
	}
	head = make_node_head(node);
	db_put(db, DB_NODE, id, (struct iovec[]){
		PART(&head, sizeof(head)),
		PART(node->perms.entry,
		     node->perms.nr * sizeof(node->perms.entry[0])),
		PART(node->data, node->value_len + node->children_len),
		PART(path, strlen(path) + 1) }, 4);
}

void state_keep_watch(struct conn *conn, uint64_t id, const char *path,
		      size_t skip, const char *token)
{
	struct watch_head head = { .skip = skip };
	struct db *db = conn->kept ? open_records(conn->store) : NULL;

	if (db)
		db_put(db, DB_WATCH, id, (struct iovec[]){
			PART(&head, sizeof(head)),
			PART(path, strlen(path) + 1),
			PART(token, strlen(token) + 1) }, 3);
}

void state_drop_watch(struct conn *conn, uint64_t id)
{
	struct db *db = conn->kept ? open_records(conn->store) : NULL;

	if (db)
		db_del(db, DB_WATCH, id);
}

static void keep_entry(struct db *db, uint32_t txn_id,
		       const struct txn_entry *e)
{
	struct entry_head head = {
		.base_gen = e->base_gen,
		.txn_id = txn_id,
		.event = e->event,
		.changed = e->changed,
		.has_node = !!e->node,
	};
	struct iovec parts[5] = { PART(&head, sizeof(head)) };
	struct node_head node;
	unsigned int nr = 1;

	if (e->node) {
		node = make_node_head(e->node);
		parts[nr++] = PART(&node, sizeof(node));
		parts[nr++] = PART(e->node->perms.entry,
				   node.nr_perms * sizeof(struct perm));
		parts[nr++] = PART(e->node->data,
				   node.value_len + node.children_len);
	}
	parts[nr++] = PART(e->path, strlen(e->path) + 1);
	db_put(db, DB_ENTRY, e->id, parts, nr);
}

void state_keep_txn(struct conn *conn, struct txn *txn)
{
	struct txn_head head = {
		.owned_delta = txn->owned_delta,
		.error = txn->error,
	};
	struct db *db = conn->kept ? open_records(conn->store) : NULL;
	struct txn_entry *e;

	if (!db)
		return;
	db_put(db, DB_TXN, txn->id,
	       (struct iovec[]){ PART(&head, sizeof(head)) }, 1);
	for (e = txn->first; e; e = e->next) {
		if (e->kept)
			continue;
		if (!e->id)
			e->id = ++conn->store->state.last_entry_id;
		keep_entry(db, txn->id, e);
		e->kept = true;
	}
}

void state_drop_txn(struct conn *conn, const struct txn *txn)
{
	struct db *db = conn->kept ? open_records(conn->store) : NULL;
	const struct txn_entry *e;

	if (!db)
		return;
	db_del(db, DB_TXN, txn->id);
	for (e = txn->first; e; e = e->next) {
		if (e->id)
			db_del(db, DB_ENTRY, e->id);
	}
}

/* --- commits --- */

static void copy_part(struct mark *mark, const struct conn *guest)
{
	const size_t head = sizeof(guest->hdr), have = guest->have;

	mark->part_len = have <= PART_MAX ? have : 0;
	if (!mark->part_len)
		return;
	memcpy(mark->part, &guest->hdr, have < head ? have : head);
	if (have > head)
		memcpy(mark->part + head, guest->payload, have - head);
}

/* The valid mark is not touched: the other one is made, then chosen. */
static void set_mark(struct store *store)
{
	const struct conn *guest = store->guest;
	struct state *s = &store->state;
	struct area *area = s->area;
	uint32_t next = !atomic_load_explicit(&area->current,
					      memory_order_relaxed);
	struct mark *mark = &area->mark[next];

	mark->seq = s->seq;
	mark->in = guest->in;
	mark->out = guest->end;
	mark->has_db = s->has_db;
	copy_part(mark, guest);
	crash_point();
	/* A kill keeps the order of our stores; so must the compiler. */
	atomic_store_explicit(&area->current, next, memory_order_release);
	crash_point();
}

static void free_requests(struct store *store)
{
	struct conn *guest = store->guest;

	if (guest->in != store->state.in) {
		ring_set_cons(&guest->requests, guest->in);
		guest->moved = true;
	}
	store->state.in = guest->in;
	crash_point();
}

/* Puts all that waits into the ring, unseen.  False if it does not fit. */
static bool stage_answers(struct conn *guest)
{
	uint64_t at = guest->out;
	const struct message *m;
	ssize_t n;

	for (m = guest->first; m; m = m->next) {
		n = ring_stage_bytes(&guest->responses, at, m->data + m->sent,
				     m->size - m->sent);
		if (n < 0 || (size_t)n < m->size - m->sent)
			return false;
		at += n;
		crash_point();
	}
	return true;
}

static void commit_mark(struct store *store)
{
	struct conn *guest = store->guest;

	store->state.seq++;
	set_mark(store);
	if (guest->first) {
		ring_set_prod(&guest->responses, guest->end);
		guest->moved = true;
	}
	crash_point();
	conn_drop_queue(guest);
	guest->out = guest->end;
	free_requests(store);
}

static void put_input(struct db *db, const struct conn *guest)
{
	const size_t head = sizeof(guest->hdr), have = guest->have;

	if (!have) {
		db_del(db, DB_INPUT, 0);
		return;
	}
	db_put(db, DB_INPUT, 0, (struct iovec[]){
		PART(&guest->hdr, have < head ? have : head),
		PART(guest->payload, have < head ? 0 : have - head) }, 2);
}

static void put_output(struct db *db, const struct conn *guest)
{
	const struct message *m;

	db_del_below(db, DB_OUTPUT,
		     guest->first ? guest->first->pos : guest->end);
	for (m = guest->unsaved; m; m = m->next)
		db_put(db, DB_OUTPUT, m->pos,
		       (struct iovec[]){ PART(m->data, m->size) }, 1);
}

static int commit_records(struct store *store)
{
	struct conn *guest = store->guest;
	struct state *s = &store->state;
	struct db *db = open_records(store);
	struct position pos = {
		.version = POSITION_VERSION,
		.broken = guest->broken,
		.seq = s->seq + 1,
		.in = guest->in,
		.end = guest->end,
		.tree_gen = tree_last_gen(store->tree),
		.last_txn_id = guest->last_txn_id,
	};

	if (store->error)
		return store->error;
	if (db) {
		put_input(db, guest);
		put_output(db, guest);
		db_put(db, DB_POSITION, 0,
		       (struct iovec[]){ PART(&pos, sizeof(pos)) }, 1);
		crash_point();
		store->error = db_commit(db);
		if (store->error)
			return store->error;
		s->has_db = true;
	}
	crash_point();
	s->seq++;
	s->broken = guest->broken;
	guest->unsaved = NULL;
	set_mark(store);
	free_requests(store);
	return 0;
}

static bool is_changed(const struct store *store)
{
	const struct conn *guest = store->guest;
	const struct state *s = &store->state;

	return db_is_dirty(&s->db) || guest->unsaved || guest->in != s->in ||
	       guest->broken != s->broken;
}

int state_commit(struct store *store)
{
	struct conn *guest = store->guest;

	if (state_recover(store))
		return store->error;
	if (!is_changed(store))
		return 0;
	if (db_is_dirty(&store->state.db) || guest->broken || guest->have > PART_MAX ||
	    !stage_answers(guest))
		return commit_records(store);
	commit_mark(store);
	return 0;
}

/* --- reading --- */

/* What is left of a record. */
struct reader {
	const char *at;
	size_t left;
};

static const void *read_bytes(struct reader *r, size_t len)
{
	const void *at = r->at;

	if (len > r->left)
		return NULL;
	r->at += len;
	r->left -= len;
	return at;
}

/* Copies, because a record need not be aligned. */
static bool read_head(struct reader *r, void *head, size_t len)
{
	const void *at = read_bytes(r, len);

	if (at)
		memcpy(head, at, len);
	return at;
}

static const char *read_string(struct reader *r, size_t size)
{
	size_t len = strnlen(r->at, r->left);

	return len < r->left && len < size ? read_bytes(r, len + 1) : NULL;
}

static int read_node(struct reader *r, struct node **node)
{
	const void *entries, *data;
	struct perms perms = { 0 };
	struct node_head head;

	if (!read_head(r, &head, sizeof(head)) || !head.nr_perms ||
	    head.nr_perms > PERMS_MAX)
		return -EIO;
	entries = read_bytes(r, head.nr_perms * sizeof(struct perm));
	data = read_bytes(r, (size_t)head.value_len + head.children_len);
	if (!entries || !data)
		return -EIO;
	perms.nr = head.nr_perms;
	memcpy(perms.entry, entries, perms.nr * sizeof(struct perm));
	*node = node_new(&perms, data, head.value_len,
			 (const char *)data + head.value_len,
			 head.children_len);
	if (!*node)
		return -ENOMEM;
	(*node)->gen = head.gen;
	return 0;
}

static int take_position(void *ctx, uint64_t id, const void *data, size_t len)
{
	struct position *pos = ctx;

	(void)id;
	if (len != sizeof(*pos))
		return -EIO;
	memcpy(pos, data, len);
	return pos->version == POSITION_VERSION ? 0 : -EIO;
}

static int take_node(void *ctx, uint64_t id, const void *data, size_t len)
{
	struct store *store = ctx;
	struct reader r = { data, len };
	struct node *node;
	const char *path;
	int ret;

	ret = read_node(&r, &node);
	if (ret)
		return ret;
	path = read_string(&r, PATH_SIZE);
	ret = path ? tree_restore(store->tree, id, path, node) : -EIO;
	node_put(node);
	return ret;
}

static int take_watch(void *ctx, uint64_t id, const void *data, size_t len)
{
	struct store *store = ctx;
	struct reader r = { data, len };
	const char *path, *token;
	struct watch_head head;

	if (!read_head(&r, &head, sizeof(head)))
		return -EIO;
	path = read_string(&r, PATH_SIZE);
	token = path ? read_string(&r, len) : NULL;
	if (!token || head.skip > strlen(path))
		return -EIO;
	return watch_restore(store->guest, id, path, head.skip, token);
}

static int take_txn(void *ctx, uint64_t id, const void *data, size_t len)
{
	struct store *store = ctx;
	struct reader r = { data, len };
	struct txn_head head;
	struct txn *txn;

	if (!read_head(&r, &head, sizeof(head)) || id > UINT32_MAX)
		return -EIO;
	txn = txn_open(store->guest, id);
	if (!txn)
		return -ENOMEM;
	txn->owned_delta = head.owned_delta;
	txn->error = head.error;
	return 0;
}

static int take_entry(void *ctx, uint64_t id, const void *data, size_t len)
{
	struct store *store = ctx;
	struct reader r = { data, len };
	struct node *node = NULL;
	struct entry_head head;
	struct txn_entry *e;
	struct txn *txn;
	const char *path;
	int ret = 0;

	if (!read_head(&r, &head, sizeof(head)))
		return -EIO;
	txn = txn_find(store->guest, head.txn_id);
	if (head.has_node)
		ret = read_node(&r, &node);
	if (ret)
		return ret;
	path = read_string(&r, PATH_SIZE);
	if (!txn || !path) {
		node_put(node);
		return -EIO;
	}
	e = txn_restore(txn, path, node);
	if (!e)
		return -ENOMEM;
	e->base_gen = head.base_gen;
	e->id = id;
	e->changed = head.changed;
	e->kept = true;
	e->event = head.event;
	store->state.last_entry_id = id;
	return 0;
}

static int take_input(void *ctx, uint64_t id, const void *data, size_t len)
{
	struct conn *guest = ((struct store *)ctx)->guest;
	const size_t head = sizeof(guest->hdr);

	(void)id;
	memcpy(&guest->hdr, data, len < head ? len : head);
	guest->have = len;
	if (len < head)
		return 0;
	if (guest->hdr.len > XENSTORE_PAYLOAD_MAX ||
	    len - head >= guest->hdr.len)
		return -EIO;
	memcpy(guest->payload, (const char *)data + head, len - head);
	return 0;
}

static int take_output(void *ctx, uint64_t id, const void *data, size_t len)
{
	return conn_restore_message(((struct store *)ctx)->guest, id, data,
				    len);
}

static int load_stream(struct store *store, const struct position *pos)
{
	struct db *db = &store->state.db;
	struct conn *guest = store->guest;
	uint32_t sent;
	int ret;

	guest->in = pos->in;
	guest->have = 0;
	ret = db_load(db, DB_INPUT, take_input, store);
	guest->end = pos->end;
	if (!ret)
		ret = db_load(db, DB_OUTPUT, take_output, store);
	if (ret)
		return ret;
	/* The guest can write its page; what it spoils is its own. */
	guest->out = guest->first ? guest->first->pos : guest->end;
	sent = atomic_load_explicit(guest->responses.prod,
				    memory_order_relaxed) -
	       (uint32_t)guest->out;
	if (pos->broken || !conn_skip_sent(guest, sent))
		guest->broken = true;
	return 0;
}

static int load_records(struct store *store, const struct mark *mark)
{
	struct state *s = &store->state;
	struct position pos = { 0 };
	static const struct {
		enum db_kind kind;
		db_take *take;
	} kinds[] = {
		{ DB_NODE, take_node }, { DB_WATCH, take_watch },
		{ DB_TXN, take_txn }, { DB_ENTRY, take_entry },
	};
	unsigned int i;
	int ret;

	ret = db_load(&s->db, DB_POSITION, take_position, &pos);
	if (!ret && !pos.version)
		return -ENOENT;
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]) && !ret; i++)
		ret = db_load(&s->db, kinds[i].kind, kinds[i].take, store);
	if (ret)
		return ret;
	tree_restore_gen(store->tree, pos.tree_gen);
	store->guest->last_txn_id = pos.last_txn_id;
	s->broken = pos.broken;
	if (pos.seq < mark->seq)
		return 0;
	s->seq = pos.seq;
	return load_stream(store, &pos);
}

/* --- the next process --- */

static int fill_tree(struct store *store)
{
	struct store_setup setup = *store->setup;

	setup.start_time = store->state.area->start_time;
	return setup_tree(store->tree, &setup);
}

/* A mark is the last commit until load_stream() knows better. */
static int take_mark(struct store *store, const struct mark *mark)
{
	struct conn *guest = store->guest;
	struct state *s = &store->state;

	s->seq = mark->seq;
	s->has_db = mark->has_db;
	guest->in = mark->in;
	guest->out = mark->out;
	guest->end = mark->out;
	if (mark->seq)
		return mark->part_len > PART_MAX ? -EIO :
		       take_input(store, 0, mark->part, mark->part_len);
	guest->in = *guest->requests.cons;
	guest->out = *guest->responses.prod;
	guest->end = guest->out;
	if (!s->area->start_time)
		s->area->start_time = store->setup->start_time;
	return 0;
}

static int recover(struct store *store)
{
	const struct store_channel *channel = store->channel;
	struct state *s = &store->state;
	struct conn *guest = store->guest;
	const struct mark *mark;
	int ret;

	limit_set_log(channel->log);
	s->area = channel->map_recovery(channel->ctx);
	if (!s->area)
		return -errno;
	mark = &s->area->mark[s->area->current & 1];
	ret = take_mark(store, mark);
	if (ret)
		return ret;
	ret = -ENOENT;
	if (s->has_db && channel->records >= 0) {
		ret = db_open(&s->db, channel->records, false);
		if (!ret)
			ret = load_records(store, mark);
		if (ret == -ENOENT) {
			limit_log("the records are gone, the tree is new");
			db_close(&s->db);
			s->has_db = false;
		}
	}
	if (ret == -ENOENT)
		ret = fill_tree(store);
	if (ret)
		return ret;
	tree_on_change(store->tree, keep_node, store);
	if (!mark->seq && !s->seq)
		return 0;
	/* What the one before us did not come to: mark, indices, kick. */
	if (s->seq != mark->seq)
		set_mark(store);
	ring_set_cons(&guest->requests, guest->in);
	if (!guest->first && !guest->broken)
		ring_set_prod(&guest->responses, guest->out);
	guest->moved = true;
	return 0;
}

int state_recover(struct store *store)
{
	if (store->error || store->state.area)
		return store->error;
	store->error = recover(store);
	store->state.in = store->guest->in;
	return store->error;
}

void state_close(struct store *store)
{
	db_close(&store->state.db);
}
