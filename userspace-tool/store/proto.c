// SPDX-License-Identifier: GPL-2.0-only
/*
 * The XenStore protocol.  A handler parses its arguments and acts inside
 * rq->txn, which is the client's transaction or one made for this request
 * alone.  It returns 0 or a negative errno; the table says whether a success
 * is then committed and answered with "OK", or the handler has answered.
 */
#include "proto.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "access.h"
#include "limit.h"
#include "path.h"
#include "state.h"
#include "watch.h"

#define DOMID_SELF	0x7ff0u

struct request {
	struct conn *conn;
	uint32_t domid;
	const char *payload;
	uint32_t len;
	struct txn *txn;
	char *path;		/* PATH_SIZE bytes, see resolve() */
};

/* --- answers --- */

static void reply(struct request *rq, const void *data, size_t len)
{
	conn_queue(rq->conn, &rq->conn->hdr, data, len);
}

static void reply_string(struct request *rq, const char *text)
{
	reply(rq, text, strlen(text) + 1);
}

static void reply_error(struct request *rq, int error)
{
	struct xsd_sockmsg hdr = rq->conn->hdr;
	const char *text = "EINVAL";
	size_t i;

	for (i = 0; i < sizeof(xsd_errors) / sizeof(xsd_errors[0]); i++) {
		if (xsd_errors[i].errnum == -error)
			text = xsd_errors[i].errstring;
	}
	hdr.type = XS_ERROR;
	conn_queue(rq->conn, &hdr, text, strlen(text) + 1);
}

/* --- arguments --- */

/*
 * The payload's next string at *@at, which moves behind its NUL.  NULL when
 * no NUL is left.
 */
static const char *next_string(const struct request *rq, uint32_t *at)
{
	const char *s = rq->payload + *at;
	const char *nul = memchr(s, 0, rq->len - *at);

	if (!nul)
		return NULL;
	*at = nul + 1 - rq->payload;
	return s;
}

/* The payload as exactly @nr strings. */
static bool get_strings(const struct request *rq, const char **s,
			unsigned int nr)
{
	uint32_t at = 0;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		s[i] = next_string(rq, &at);
		if (!s[i])
			return false;
	}
	return at == rq->len;
}

static bool resolve(struct request *rq, const char *name, bool special)
{
	return path_resolve(name, rq->conn->home, special, rq->path);
}

/* A request whose payload is one path. */
static bool get_path(struct request *rq)
{
	const char *name;

	return get_strings(rq, &name, 1) && resolve(rq, name, false);
}

static bool get_number(const char *s, uint32_t *number)
{
	unsigned long long n;
	char *end;

	if (*s < '0' || *s > '9')
		return false;
	errno = 0;
	n = strtoull(s, &end, 10);
	*number = n;
	return !errno && !*end && n <= UINT32_MAX;
}

static bool get_domid(const struct request *rq, uint32_t *domid)
{
	const char *s;

	if (!get_strings(rq, &s, 1) || !get_number(s, domid))
		return false;
	if (*domid == DOMID_SELF)
		*domid = rq->domid;
	return true;
}

static int find_readable(struct request *rq, struct node **node)
{
	if (!get_path(rq))
		return -EINVAL;
	return access_find(rq->txn, rq->domid, rq->path, PERM_READ, node);
}

/* --- reading --- */

static int do_read(struct request *rq)
{
	struct node *node;
	int ret = find_readable(rq, &node);

	if (!ret)
		reply(rq, node->data, node->value_len);
	return ret;
}

static int do_directory(struct request *rq)
{
	struct node *node;
	int ret = find_readable(rq, &node);

	if (ret)
		return ret;
	if (node->children_len > XENSTORE_PAYLOAD_MAX)
		return -E2BIG;
	reply(rq, node_children(node), node->children_len);
	return 0;
}

/* Whole names from @offset that fit @room; their length. */
static size_t names_that_fit(const struct node *node, uint32_t offset,
			     size_t room)
{
	const char *names = node_children(node);
	size_t at = offset, len;

	while (at < node->children_len) {
		len = strnlen(names + at, node->children_len - at) + 1;
		if (at + len - offset > room)
			break;
		at += len;
	}
	return at > offset ? at - offset : 0;
}

static int do_directory_part(struct request *rq)
{
	char part[XENSTORE_PAYLOAD_MAX];
	struct node *node;
	const char *s[2];
	uint32_t offset;
	size_t at, len;
	int ret;

	if (!get_strings(rq, s, 2) || !resolve(rq, s[0], false) ||
	    !get_number(s[1], &offset))
		return -EINVAL;
	ret = access_find(rq->txn, rq->domid, rq->path, PERM_READ, &node);
	if (ret)
		return ret;
	if (offset > node->children_len)
		offset = node->children_len;
	at = 1 + snprintf(part, sizeof(part), "%llu",
			  (unsigned long long)node->gen);
	len = names_that_fit(node, offset, sizeof(part) - at - 1);
	memcpy(part + at, node_children(node) + offset, len);
	at += len;
	if (offset + len == node->children_len)
		part[at++] = 0;
	reply(rq, part, at);
	return 0;
}

static const char perm_letter[] = { 'n', 'r', 'w', 'b' };

static int do_get_perms(struct request *rq)
{
	char text[PERMS_MAX * sizeof("b4294967295")];
	const struct perm *p;
	struct node *node;
	unsigned int i;
	size_t at = 0;
	int ret;

	ret = find_readable(rq, &node);
	if (ret)
		return ret;
	for (i = 0; i < node->perms.nr; i++) {
		p = &node->perms.entry[i];
		at += 1 + sprintf(text + at, "%c%u", perm_letter[p->mode & 3],
				  p->domid);
	}
	reply(rq, text, at);
	return 0;
}

/* --- changes --- */

static int do_write(struct request *rq)
{
	uint32_t at = 0;
	const char *name = next_string(rq, &at);

	if (!name || !resolve(rq, name, false))
		return -EINVAL;
	return access_write(rq->txn, rq->domid, rq->path, rq->payload + at,
			    rq->len - at);
}

static int do_mkdir(struct request *rq)
{
	return get_path(rq) ? access_mkdir(rq->txn, rq->domid, rq->path) :
			      -EINVAL;
}

static int do_rm(struct request *rq)
{
	return get_path(rq) ? access_remove(rq->txn, rq->domid, rq->path) :
			      -EINVAL;
}

static bool get_perm(const char *s, struct perm *perm)
{
	const char *letter = memchr(perm_letter, *s, sizeof(perm_letter));

	if (!letter)
		return false;
	perm->mode = letter - perm_letter;
	return get_number(s + 1, &perm->domid);
}

static int do_set_perms(struct request *rq)
{
	struct perms perms = { 0 };
	uint32_t at = 0;
	const char *s = next_string(rq, &at);

	if (!s || !resolve(rq, s, is_privileged(rq->domid)))
		return -EINVAL;
	while (at < rq->len) {
		if (perms.nr == PERMS_MAX)
			return -ENOSPC;
		s = next_string(rq, &at);
		if (!s || !get_perm(s, &perms.entry[perms.nr++]))
			return -EINVAL;
	}
	if (!perms.nr)
		return -EINVAL;
	return access_set_perms(rq->txn, rq->domid, rq->path, &perms);
}

/* --- watches --- */

static int get_watch(struct request *rq, const char **token, size_t *skip)
{
	const char *s[2];

	if (!get_strings(rq, s, 2) || !resolve(rq, s[0], true))
		return -EINVAL;
	*token = s[1];
	*skip = strlen(rq->path) - strlen(s[0]);
	return 0;
}

static int do_watch(struct request *rq)
{
	const char *token;
	size_t skip;
	int ret;

	ret = get_watch(rq, &token, &skip);
	if (!ret)
		ret = watch_add(rq->conn, rq->path, skip, token);
	if (ret)
		return ret;
	/* The answer first, then the one event that comes with a new watch. */
	reply_string(rq, "OK");
	conn_queue_event(rq->conn, rq->path + skip, token);
	return 0;
}

static int do_unwatch(struct request *rq)
{
	const char *token;
	size_t skip;
	int ret;

	ret = get_watch(rq, &token, &skip);
	if (!ret)
		ret = watch_remove(rq->conn, rq->path, token);
	if (!ret)
		reply_string(rq, "OK");
	return ret;
}

static int do_reset_watches(struct request *rq)
{
	watch_clear(rq->conn);
	txns_clear(rq->conn);
	reply_string(rq, "OK");
	return 0;
}

/* --- transactions --- */

static struct txn **find_link(struct conn *conn, uint32_t id)
{
	struct txn **link = &conn->txns;

	while (*link && (*link)->id != id)
		link = &(*link)->next;
	return link;
}

struct txn *txn_find(struct conn *conn, uint32_t id)
{
	return *find_link(conn, id);
}

struct txn *txn_open(struct conn *conn, uint32_t id)
{
	struct txn *txn = malloc(sizeof(*txn));

	if (!txn)
		return NULL;
	txn_init(txn, conn->store->tree, is_privileged(conn->domid));
	txn->id = id;
	txn->next = conn->txns;
	conn->txns = txn;
	conn->nr_txns++;
	return txn;
}

static void drop_txn(struct conn *conn, struct txn **link)
{
	struct txn *txn = *link;

	*link = txn->next;
	conn->nr_txns--;
	state_drop_txn(conn, txn);
	txn_clear(txn);
	free(txn);
}

void txns_clear(struct conn *conn)
{
	while (conn->txns)
		drop_txn(conn, &conn->txns);
}

static uint32_t new_txn_id(struct conn *conn)
{
	do {
		conn->last_txn_id++;
	} while (!conn->last_txn_id || txn_find(conn, conn->last_txn_id));
	return conn->last_txn_id;
}

static int do_transaction_start(struct request *rq)
{
	struct conn *conn = rq->conn;
	struct txn *txn;
	char text[16];

	if (conn->hdr.tx_id)
		return -EBUSY;
	if (!is_privileged(rq->domid) && conn->nr_txns >= QUOTA_TXNS) {
		limit_hit(LIMIT_TXNS);
		return -ENOSPC;
	}
	txn = txn_open(conn, new_txn_id(conn));
	if (!txn)
		return -ENOMEM;
	state_keep_txn(conn, txn);
	snprintf(text, sizeof(text), "%u", txn->id);
	reply_string(rq, text);
	return 0;
}

static int do_transaction_end(struct request *rq)
{
	struct conn *conn = rq->conn;
	const char *verb;
	int ret = 0;

	if (!get_strings(rq, &verb, 1) ||
	    (strcmp(verb, "T") && strcmp(verb, "F")))
		return -EINVAL;
	if (!conn->hdr.tx_id)
		return -ENOENT;
	if (*verb == 'T')
		ret = access_commit(rq->txn, rq->domid);
	if (!ret) {
		reply_string(rq, "OK");
		if (*verb == 'T')
			watch_fire_txn(conn->store, rq->txn);
	}
	drop_txn(conn, find_link(conn, conn->hdr.tx_id));
	return ret;
}

/* --- domains --- */

static int do_get_domain_path(struct request *rq)
{
	char path[HOME_SIZE];
	uint32_t domid;

	if (!get_domid(rq, &domid))
		return -EINVAL;
	snprintf(path, sizeof(path), "/local/domain/%u", domid);
	reply_string(rq, path);
	return 0;
}

static int do_is_domain_introduced(struct request *rq)
{
	uint32_t domid;

	if (!get_domid(rq, &domid))
		return -EINVAL;
	reply_string(rq, !domid || domid == rq->conn->store->domid ? "T" :
								      "F");
	return 0;
}

/* A store of one domain has none to introduce, release or resume. */
static int do_nothing(struct request *rq)
{
	(void)rq;
	return -ENOSYS;
}

/* --- the table --- */

#define F_PRIVILEGED	1	/* for domain 0 only */
#define F_CHANGES	2	/* commit a success, then say OK */

static const struct message_type {
	int (*handle)(struct request *rq);
	unsigned int flags;
} types[] = {
	[XS_CONTROL] = { do_nothing, F_PRIVILEGED },
	[XS_DIRECTORY] = { do_directory, 0 },
	[XS_READ] = { do_read, 0 },
	[XS_GET_PERMS] = { do_get_perms, 0 },
	[XS_WATCH] = { do_watch, 0 },
	[XS_UNWATCH] = { do_unwatch, 0 },
	[XS_TRANSACTION_START] = { do_transaction_start, 0 },
	[XS_TRANSACTION_END] = { do_transaction_end, 0 },
	[XS_INTRODUCE] = { do_nothing, F_PRIVILEGED },
	[XS_RELEASE] = { do_nothing, F_PRIVILEGED },
	[XS_GET_DOMAIN_PATH] = { do_get_domain_path, 0 },
	[XS_WRITE] = { do_write, F_CHANGES },
	[XS_MKDIR] = { do_mkdir, F_CHANGES },
	[XS_RM] = { do_rm, F_CHANGES },
	[XS_SET_PERMS] = { do_set_perms, F_CHANGES },
	[XS_IS_DOMAIN_INTRODUCED] = { do_is_domain_introduced, 0 },
	[XS_RESUME] = { do_nothing, F_PRIVILEGED },
	[XS_SET_TARGET] = { do_nothing, F_PRIVILEGED },
	[XS_RESET_WATCHES] = { do_reset_watches, 0 },
	[XS_DIRECTORY_PART] = { do_directory_part, 0 },
};

static const struct message_type *find_type(uint32_t type)
{
	if (type >= sizeof(types) / sizeof(types[0]) || !types[type].handle)
		return NULL;
	return &types[type];
}

/* Outside a transaction: the change is one by itself. */
static int handle_alone(struct request *rq, const struct message_type *type)
{
	struct txn txn;
	int ret;

	txn_init(&txn, rq->conn->store->tree, is_privileged(rq->domid));
	rq->txn = &txn;
	ret = type->handle(rq);
	if (!ret && (type->flags & F_CHANGES)) {
		ret = access_commit(&txn, rq->domid);
		if (!ret) {
			reply_string(rq, "OK");
			watch_fire_txn(rq->conn->store, &txn);
		}
	}
	txn_clear(&txn);
	return ret;
}

static int handle_in_txn(struct request *rq, const struct message_type *type)
{
	int ret;

	rq->txn = txn_find(rq->conn, rq->conn->hdr.tx_id);
	if (!rq->txn)
		return -ENOENT;
	ret = type->handle(rq);
	if (type->flags & F_CHANGES) {
		if (!ret)
			reply_string(rq, "OK");
		else if (ret == -ENOSPC || ret == -ENOMEM)
			rq->txn->error = ret;	/* parents may have been made */
	}
	/* A look at a node is part of a transaction, too.  It may have ended. */
	rq->txn = txn_find(rq->conn, rq->conn->hdr.tx_id);
	if (rq->txn)
		state_keep_txn(rq->conn, rq->txn);
	return ret;
}

static int handle(struct request *rq, const struct message_type *type)
{
	if (!type)
		return -ENOSYS;
	if ((type->flags & F_PRIVILEGED) && !is_privileged(rq->domid))
		return -EACCES;
	return rq->conn->hdr.tx_id ? handle_in_txn(rq, type) :
				     handle_alone(rq, type);
}

void proto_handle(struct conn *conn)
{
	char path[PATH_SIZE];
	struct request rq = {
		.path = path,
		.conn = conn,
		.domid = conn->domid,
		.payload = conn->payload,
		.len = conn->hdr.len,
	};
	int ret = handle(&rq, find_type(conn->hdr.type));

	if (ret)
		reply_error(&rq, ret);
}
