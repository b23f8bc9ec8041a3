/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A transaction: a private layer over the tree.  It holds each node as it was
 * at the first look and every change made since; the commit is refused when
 * any node that was looked at has changed in the tree.  A request outside a
 * transaction gets one of its own, so there is one way to change the tree.
 */
#ifndef LODGE_STORE_TXN_H
#define LODGE_STORE_TXN_H

#include "tree.h"

/* Most nodes that an unprivileged transaction may touch. */
#define TXN_NODES_MAX	1024

/* What the watches hear of a changed path. */
enum txn_event {
	EVENT_NONE,	/* only a child came or went */
	EVENT_SUBTREE,	/* watches of the path and of its ancestors */
	EVENT_EXACT,	/* went with an ancestor: watches of the path itself */
};

struct txn_entry {
	struct txn_entry *next;
	struct node *node;	/* NULL: does not exist */
	uint64_t base_gen;	/* the tree's, at the first look */
	uint64_t id;		/* among kept entries; 0: not kept yet */
	bool changed;
	bool kept;		/* as it is now, see state.h */
	enum txn_event event;
	uint32_t hash;
	char path[];
};

struct txn {
	struct txn *next;	/* for the connection's list */
	uint32_t id;
	struct tree *tree;
	struct txn_entry *first;
	struct txn_entry **last;
	unsigned int nr_entries;
	unsigned int max_entries;
	int owned_delta;	/* change of tree_owned() at the commit */
	int error;		/* a request failed half-way: never commit */
};

void txn_init(struct txn *txn, struct tree *tree, bool privileged);
void txn_clear(struct txn *txn);

/*
 * The node at @path, or NULL, into @node; the transaction keeps the
 * reference, which is good until the next txn_set() of this path.  0, -ENOMEM,
 * or -ENOSPC when the transaction touches too many nodes.
 */
int txn_lookup(struct txn *txn, const char *path, struct node **node);

/* Replaces (NULL: removes) a node.  Takes over the caller's reference. */
int txn_set(struct txn *txn, const char *path, struct node *node,
	    enum txn_event event);

unsigned int txn_owned(const struct txn *txn);

/*
 * Puts back an entry that was kept, behind those put back before.  Takes over
 * the reference to @node.  The entry, or NULL without memory.
 */
struct txn_entry *txn_restore(struct txn *txn, const char *path,
			      struct node *node);

/* 0, -EAGAIN: conflict, -ENOMEM, -ENOSPC, @error.  The entries stay for the watches. */
int txn_commit(struct txn *txn);

#endif /* LODGE_STORE_TXN_H */
