// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tree in memory: a hash table of paths.  See tree.h for the contract.
 */
#include "tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "limit.h"

#define BUCKETS	512

/* A path's place in the table.  It is empty only inside tree_apply(). */
struct slot {
	struct slot *next;
	struct node *node;
	uint64_t id;
	uint32_t hash;
	char path[];
};

struct tree {
	uint64_t gen;
	uint64_t last_id;
	uint32_t quota_domid;
	unsigned int nr_owned;
	size_t bytes;		/* of all paths and nodes */
	tree_report *report;
	void *report_ctx;
	struct slot *bucket[BUCKETS];
};

/* --- nodes --- */

struct node *node_new(const struct perms *perms, const void *value,
		      uint32_t value_len, const void *children,
		      uint32_t children_len)
{
	struct node *node;

	node = malloc(sizeof(*node) + value_len + children_len);
	if (!node)
		return NULL;
	node->refs = 1;
	node->gen = 0;
	node->perms = *perms;
	node->value_len = value_len;
	node->children_len = children_len;
	if (value_len)
		memcpy(node->data, value, value_len);
	if (children_len)
		memcpy(node->data + value_len, children, children_len);
	return node;
}

struct node *node_with_value(const struct node *node, const void *value,
			     uint32_t value_len)
{
	return node_new(&node->perms, value, value_len, node_children(node),
			node->children_len);
}

struct node *node_with_perms(const struct node *node,
			     const struct perms *perms)
{
	return node_new(perms, node->data, node->value_len,
			node_children(node), node->children_len);
}

struct node *node_with_child(const struct node *node, const char *name)
{
	size_t len = strlen(name) + 1;
	struct node *copy;

	copy = malloc(sizeof(*copy) + node->value_len + node->children_len +
		      len);
	if (!copy)
		return NULL;
	memcpy(copy, node, sizeof(*node) + node->value_len +
	       node->children_len);
	memcpy(copy->data + copy->value_len + copy->children_len, name, len);
	copy->children_len += len;
	copy->refs = 1;
	copy->gen = 0;
	return copy;
}

struct node *node_without_child(const struct node *node, const char *name)
{
	const char *children = node_children(node);
	const char *at = children, *end = children + node->children_len;
	size_t len = strlen(name) + 1;
	struct node *copy;
	char *to;

	while (at < end && strcmp(at, name))
		at += strlen(at) + 1;
	copy = node_new(&node->perms, node->data, node->value_len, children,
			node->children_len);
	if (!copy || at == end)
		return copy;
	to = copy->data + copy->value_len + (at - children);
	memmove(to, to + len, end - at - len);
	copy->children_len -= len;
	return copy;
}

struct node *node_get(struct node *node)
{
	if (node)
		node->refs++;
	return node;
}

void node_put(struct node *node)
{
	if (node && !--node->refs)
		free(node);
}

size_t node_size(const struct node *node)
{
	return node->perms.nr * sizeof(struct perm) + node->value_len +
	       node->children_len;
}

/* --- the tree --- */

/* Eight bytes at a time: paths are long, and most differ at their ends. */
uint32_t path_hash(const char *path)
{
	size_t len = strlen(path);
	uint64_t hash = len, word;

	for (; len >= sizeof(word); len -= sizeof(word)) {
		memcpy(&word, path, sizeof(word));
		path += sizeof(word);
		hash = (hash ^ word) * 0x9e3779b97f4a7c15ull;
		hash ^= hash >> 32;
	}
	while (len--)
		hash = (hash ^ (unsigned char)*path++) * 0x100000001b3ull;
	return hash ^ hash >> 32;
}

struct tree *tree_create(uint32_t quota_domid)
{
	struct tree *tree = calloc(1, sizeof(*tree));

	if (tree)
		tree->quota_domid = quota_domid;
	return tree;
}

void tree_destroy(struct tree *tree)
{
	struct slot *slot, *next;
	unsigned int i;

	if (!tree)
		return;
	for (i = 0; i < BUCKETS; i++) {
		for (slot = tree->bucket[i]; slot; slot = next) {
			next = slot->next;
			node_put(slot->node);
			free(slot);
		}
	}
	free(tree);
}

/* The link that points to the path's slot, or the end of its chain. */
static struct slot **find_link(struct tree *tree, const char *path,
			       uint32_t hash)
{
	struct slot **link = &tree->bucket[hash % BUCKETS];

	while (*link && ((*link)->hash != hash || strcmp((*link)->path, path)))
		link = &(*link)->next;
	return link;
}

static struct slot *find_slot(struct tree *tree, const char *path)
{
	return *find_link(tree, path, path_hash(path));
}

struct node *tree_lookup(struct tree *tree, const char *path)
{
	struct slot *slot = find_slot(tree, path);

	return slot ? node_get(slot->node) : NULL;
}

uint64_t tree_gen(struct tree *tree, const char *path)
{
	struct slot *slot = find_slot(tree, path);

	return slot ? slot->node->gen : 0;
}

/* Makes sure that the path has a slot, which may be empty. */
static int reserve_slot(struct tree *tree, struct tree_change *change)
{
	uint32_t hash = path_hash(change->path);
	struct slot **link = find_link(tree, change->path, hash);
	size_t len = strlen(change->path) + 1;

	change->slot = *link;
	if (change->slot)
		return 0;
	change->slot = malloc(sizeof(struct slot) + len);
	if (!change->slot)
		return -ENOMEM;
	*link = change->slot;
	change->slot->next = NULL;
	change->slot->node = NULL;
	change->slot->id = ++tree->last_id;
	change->slot->hash = hash;
	memcpy(change->slot->path, change->path, len);
	return 0;
}

static void drop_slot(struct tree *tree, struct slot *slot)
{
	struct slot **link = &tree->bucket[slot->hash % BUCKETS];

	while (*link != slot)
		link = &(*link)->next;
	*link = slot->next;
	free(slot);
}

static size_t slot_bytes(const struct slot *slot, const struct node *node)
{
	return node ? sizeof(*node) + node->value_len + node->children_len +
		      sizeof(*slot) + strlen(slot->path) : 0;
}

static void set_node(struct tree *tree, const struct tree_change *change)
{
	struct slot *slot = change->slot;

	tree->nr_owned -= tree_is_owned(tree, slot->node);
	tree->bytes -= slot_bytes(slot, slot->node);
	node_put(slot->node);
	slot->node = node_get(change->node);
	if (slot->node)
		slot->node->gen = tree->gen;
	tree->nr_owned += tree_is_owned(tree, slot->node);
	tree->bytes += slot_bytes(slot, slot->node);
	if (tree->report)
		tree->report(tree->report_ctx, slot->id, slot->path,
			     slot->node);
}

/* A change that lets the tree grow must leave it below its limit. */
static bool fits(const struct tree *tree, const struct tree_change *changes,
		 size_t nr)
{
	size_t before = 0, after = 0, i;

	for (i = 0; i < nr; i++) {
		before += slot_bytes(changes[i].slot, changes[i].slot->node);
		after += slot_bytes(changes[i].slot, changes[i].node);
	}
	return after <= before ||
	       tree->bytes + (after - before) <= TREE_BYTES_MAX;
}

int tree_apply(struct tree *tree, struct tree_change *changes, size_t nr)
{
	int ret = 0;
	size_t i;

	for (i = 0; i < nr && !ret; i++)
		ret = reserve_slot(tree, &changes[i]);
	if (ret) {
		nr = i - 1;	/* the last one has no slot */
	} else if (!fits(tree, changes, nr)) {
		limit_hit(LIMIT_TREE);
		ret = -ENOSPC;
	} else {
		tree->gen++;
		for (i = 0; i < nr; i++)
			set_node(tree, &changes[i]);
	}
	for (i = 0; i < nr; i++) {
		if (!changes[i].slot->node)
			drop_slot(tree, changes[i].slot);
	}
	return ret;
}

void tree_on_change(struct tree *tree, tree_report *report, void *ctx)
{
	tree->report = report;
	tree->report_ctx = ctx;
}

void tree_each(struct tree *tree, tree_report *report, void *ctx)
{
	const struct slot *slot;
	unsigned int i;

	for (i = 0; i < BUCKETS; i++) {
		for (slot = tree->bucket[i]; slot; slot = slot->next) {
			if (slot->node)
				report(ctx, slot->id, slot->path, slot->node);
		}
	}
}

int tree_restore(struct tree *tree, uint64_t id, const char *path,
		 struct node *node)
{
	struct tree_change change = { .path = path, .node = node };
	uint64_t gen = node->gen;
	int ret = reserve_slot(tree, &change);

	if (ret)
		return ret;
	change.slot->id = id;
	if (id > tree->last_id)
		tree->last_id = id;
	set_node(tree, &change);
	node->gen = gen;
	return 0;
}

uint64_t tree_last_gen(const struct tree *tree)
{
	return tree->gen;
}

void tree_restore_gen(struct tree *tree, uint64_t gen)
{
	tree->gen = gen;
}

unsigned int tree_owned(const struct tree *tree)
{
	return tree->nr_owned;
}

bool tree_is_owned(const struct tree *tree, const struct node *node)
{
	return node && node->perms.entry[0].domid == tree->quota_domid;
}
