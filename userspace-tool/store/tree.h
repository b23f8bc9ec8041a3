/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The store's nodes by their absolute path.  A node never changes: a new one
 * takes its place, so whoever holds a reference has a stable view.  All
 * changes come through tree_apply(), a set at a time, whole or not at all.
 * Nothing here knows what a path means; children are part of the content.
 */
#ifndef LODGE_STORE_TREE_H
#define LODGE_STORE_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PERMS_MAX	16

#define PERM_READ	1
#define PERM_WRITE	2

struct perm {
	uint32_t domid;
	uint32_t mode;	/* PERM_* */
};

/* The first entry names the owner; its mode is that of everybody else. */
struct perms {
	unsigned int nr;
	struct perm entry[PERMS_MAX];
};

/**
 * struct node - one node of the tree
 * @refs: references
 * @gen: generation of the tree that brought it, 0 before it is in the tree
 * @perms: who may do what
 * @value_len: bytes of the value
 * @children_len: bytes of the children's names, each NUL-terminated
 * @data: the value, then the names
 */
struct node {
	unsigned int refs;
	uint64_t gen;
	struct perms perms;
	uint32_t value_len;
	uint32_t children_len;
	char data[];
};

static inline const char *node_children(const struct node *node)
{
	return node->data + node->value_len;
}

/* Each makes a new node with one reference, or returns NULL: no memory. */
struct node *node_new(const struct perms *perms, const void *value,
		      uint32_t value_len, const void *children,
		      uint32_t children_len);
struct node *node_with_value(const struct node *node, const void *value,
			     uint32_t value_len);
struct node *node_with_perms(const struct node *node,
			     const struct perms *perms);
struct node *node_with_child(const struct node *node, const char *name);
struct node *node_without_child(const struct node *node, const char *name);

struct node *node_get(struct node *node);
void node_put(struct node *node);	/* NULL is allowed */

/* Bytes that count against a quota of node size. */
size_t node_size(const struct node *node);

struct tree;

/* More than all guests' quotas: what clients of the host may put there. */
#define TREE_BYTES_MAX	(16u << 20)

/* @quota_domid: whose nodes tree_owned() counts. */
struct tree *tree_create(uint32_t quota_domid);
void tree_destroy(struct tree *tree);

/* A reference to the node at @path, or NULL. */
struct node *tree_lookup(struct tree *tree, const char *path);

/* Its generation; 0 when there is no such node. */
uint64_t tree_gen(struct tree *tree, const char *path);

struct slot;

/* A path's new node; NULL removes it. */
struct tree_change {
	const char *path;
	struct node *node;
	struct slot *slot;	/* for tree_apply() itself */
};

/*
 * Does all changes, to different paths, or none: 0, -ENOMEM, or -ENOSPC when
 * the tree would have more than TREE_BYTES_MAX.
 */
int tree_apply(struct tree *tree, struct tree_change *changes, size_t nr);

unsigned int tree_owned(const struct tree *tree);
bool tree_is_owned(const struct tree *tree, const struct node *node);

/*
 * For whoever keeps the tree elsewhere, too.  Each path has a number as long
 * as it is in the tree.  tree_on_change() has every later change reported
 * (@node NULL: removed); tree_restore() puts back what was kept, and
 * tree_restore_gen() the generation.
 */
typedef void tree_report(void *ctx, uint64_t id, const char *path,
			 const struct node *node);
void tree_on_change(struct tree *tree, tree_report *report, void *ctx);
void tree_each(struct tree *tree, tree_report *report, void *ctx);
int tree_restore(struct tree *tree, uint64_t id, const char *path,
		 struct node *node);
uint64_t tree_last_gen(const struct tree *tree);
void tree_restore_gen(struct tree *tree, uint64_t gen);

/* For whoever compares many paths. */
uint32_t path_hash(const char *path);

#endif /* LODGE_STORE_TREE_H */
