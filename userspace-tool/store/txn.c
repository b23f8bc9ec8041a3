// SPDX-License-Identifier: GPL-2.0-only
/*
 * Transactions.  See txn.h for the contract.
 */
#include "txn.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "limit.h"

void txn_init(struct txn *txn, struct tree *tree, bool privileged)
{
	memset(txn, 0, sizeof(*txn));
	txn->tree = tree;
	txn->last = &txn->first;
	txn->max_entries = privileged ? UINT_MAX : TXN_NODES_MAX;
}

void txn_clear(struct txn *txn)
{
	struct txn_entry *e, *next;

	for (e = txn->first; e; e = next) {
		next = e->next;
		node_put(e->node);
		free(e);
	}
	txn->first = NULL;
	txn->last = &txn->first;
}

/* Takes over the reference to @node. */
static struct txn_entry *append_entry(struct txn *txn, const char *path,
				      uint32_t hash, struct node *node)
{
	size_t len = strlen(path) + 1;
	struct txn_entry *e = malloc(sizeof(*e) + len);

	if (!e) {
		node_put(node);
		return NULL;
	}
	e->next = NULL;
	e->node = node;
	e->base_gen = node ? node->gen : 0;
	e->id = 0;
	e->changed = false;
	e->kept = false;
	e->event = EVENT_NONE;
	e->hash = hash;
	memcpy(e->path, path, len);
	*txn->last = e;
	txn->last = &e->next;
	txn->nr_entries++;
	return e;
}

static struct txn_entry *add_entry(struct txn *txn, const char *path,
				   uint32_t hash)
{
	return append_entry(txn, path, hash, tree_lookup(txn->tree, path));
}

struct txn_entry *txn_restore(struct txn *txn, const char *path,
			      struct node *node)
{
	return append_entry(txn, path, path_hash(path), node);
}

static int find_entry(struct txn *txn, const char *path,
		      struct txn_entry **entry)
{
	uint32_t hash = path_hash(path);
	struct txn_entry *e;

	for (e = txn->first; e; e = e->next) {
		if (e->hash == hash && !strcmp(e->path, path))
			break;
	}
	if (!e && txn->nr_entries >= txn->max_entries) {
		limit_hit(LIMIT_TXN_NODES);
		return -ENOSPC;
	}
	if (!e)
		e = add_entry(txn, path, hash);
	*entry = e;
	return e ? 0 : -ENOMEM;
}

int txn_lookup(struct txn *txn, const char *path, struct node **node)
{
	struct txn_entry *e;
	int ret = find_entry(txn, path, &e);

	*node = ret ? NULL : e->node;
	return ret;
}

int txn_set(struct txn *txn, const char *path, struct node *node,
	    enum txn_event event)
{
	struct txn_entry *e;
	int ret = find_entry(txn, path, &e);

	if (ret) {
		node_put(node);
		return ret;
	}
	txn->owned_delta += tree_is_owned(txn->tree, node) -
			    tree_is_owned(txn->tree, e->node);
	node_put(e->node);
	e->node = node;
	e->changed = true;
	e->kept = false;
	/* A later change of a child must not hide that the node changed. */
	if (event != EVENT_NONE)
		e->event = event;
	return 0;
}

unsigned int txn_owned(const struct txn *txn)
{
	return tree_owned(txn->tree) + txn->owned_delta;
}

static bool conflicts(const struct txn *txn)
{
	const struct txn_entry *e;

	for (e = txn->first; e; e = e->next) {
		if (tree_gen(txn->tree, e->path) != e->base_gen)
			return true;
	}
	return false;
}

int txn_commit(struct txn *txn)
{
	struct tree_change *changes;
	const struct txn_entry *e;
	size_t nr = 0;
	int ret;

	if (txn->error)
		return txn->error;
	if (conflicts(txn))
		return -EAGAIN;
	changes = calloc(txn->nr_entries + 1, sizeof(*changes));
	if (!changes)
		return -ENOMEM;
	for (e = txn->first; e; e = e->next) {
		if (!e->changed)
			continue;
		changes[nr].path = e->path;
		changes[nr++].node = e->node;
	}
	ret = nr ? tree_apply(txn->tree, changes, nr) : 0;
	free(changes);
	return ret;
}
