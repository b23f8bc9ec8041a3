// SPDX-License-Identifier: GPL-2.0-only
/*
 * Permissions, quotas and the changes of nodes.  See access.h.
 */
#include "access.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "limit.h"
#include "path.h"

static unsigned int rights_of(uint32_t domid, const struct node *node)
{
	const struct perms *p = &node->perms;
	unsigned int i;

	if (is_privileged(domid) || p->entry[0].domid == domid)
		return PERM_READ | PERM_WRITE | PERM_OWNER;
	for (i = 1; i < p->nr; i++) {
		if (p->entry[i].domid == domid)
			return p->entry[i].mode;
	}
	return p->entry[0].mode;
}

static bool has_rights(uint32_t domid, const struct node *node,
		       unsigned int need)
{
	return (rights_of(domid, node) & need) == need;
}

/* The answer for a missing node, by the nearest node above it. */
static int missing(struct txn *txn, uint32_t domid, const char *path,
		   unsigned int need)
{
	char at[PATH_SIZE], above[PATH_SIZE];
	struct node *node = NULL;
	int ret;

	strcpy(at, path);
	while (!node && strcmp(at, "/")) {
		path_parent(at, above);
		strcpy(at, above);
		ret = txn_lookup(txn, at, &node);
		if (ret)
			return ret;
	}
	return node && has_rights(domid, node, need) ? -ENOENT : -EACCES;
}

int access_find(struct txn *txn, uint32_t domid, const char *path,
		unsigned int need, struct node **node)
{
	int ret = txn_lookup(txn, path, node);

	if (ret)
		return ret;
	if (!*node)
		return missing(txn, domid, path, need);
	return has_rights(domid, *node, need) ? 0 : -EACCES;
}

/* Puts a new version of a node in place; consumes @node, NULL is -ENOMEM. */
static int replace(struct txn *txn, uint32_t domid, const char *path,
		   struct node *node, enum txn_event event)
{
	if (!node)
		return -ENOMEM;
	if (!is_privileged(domid) && node_size(node) > QUOTA_NODE_SIZE) {
		limit_hit(LIMIT_NODE_SIZE);
		node_put(node);
		return -ENOSPC;
	}
	return txn_set(txn, path, node, event);
}

/* The new node's rights are its parent's, owned by the one who makes it. */
static int create_child(struct txn *txn, uint32_t domid, const char *parent,
			const char *path, const void *value, uint32_t len,
			enum txn_event event)
{
	struct perms perms;
	struct node *node;
	int ret;

	if (!is_privileged(domid) && txn_owned(txn) >= QUOTA_NODES) {
		limit_hit(LIMIT_NODES);
		return -ENOSPC;
	}
	ret = txn_lookup(txn, parent, &node);
	if (ret)
		return ret;
	perms = node->perms;
	if (!is_privileged(domid))
		perms.entry[0].domid = domid;
	ret = replace(txn, domid, parent,
		      node_with_child(node, path_last(path)), EVENT_NONE);
	if (ret)
		return ret;
	return replace(txn, domid, path, node_new(&perms, value, len, NULL, 0),
		       event);
}

/* Creates @path and what is missing above it, from the top down. */
static int create(struct txn *txn, uint32_t domid, const char *path,
		  const void *value, uint32_t len)
{
	char at[PATH_SIZE], parent[PATH_SIZE];
	const char *slash = path;
	struct node *node;
	int ret;

	while ((slash = strchr(slash + 1, '/'))) {
		memcpy(at, path, slash - path);
		at[slash - path] = 0;
		ret = txn_lookup(txn, at, &node);
		if (ret)
			return ret;
		if (node)
			continue;
		path_parent(at, parent);
		ret = create_child(txn, domid, parent, at, NULL, 0,
				   EVENT_NONE);
		if (ret)
			return ret;
	}
	path_parent(path, parent);
	return create_child(txn, domid, parent, path, value, len,
			    EVENT_SUBTREE);
}

int access_write(struct txn *txn, uint32_t domid, const char *path,
		 const void *value, uint32_t len)
{
	struct node *node;
	int ret = access_find(txn, domid, path, PERM_WRITE, &node);

	if (ret == -ENOENT)
		return create(txn, domid, path, value, len);
	if (ret)
		return ret;
	return replace(txn, domid, path, node_with_value(node, value, len),
		       EVENT_SUBTREE);
}

int access_mkdir(struct txn *txn, uint32_t domid, const char *path)
{
	struct node *node;
	int ret = access_find(txn, domid, path, PERM_WRITE, &node);

	return ret == -ENOENT ? create(txn, domid, path, NULL, 0) : ret;
}

/*
 * Removes @path, which is a buffer of PATH_SIZE, and all below it.  Depth is
 * bounded by the length of a path.
 */
static int remove_tree(struct txn *txn, char *path, enum txn_event event)
{
	size_t len = strlen(path);
	struct node *node;
	const char *name;
	int ret;

	ret = txn_lookup(txn, path, &node);
	if (ret || !node)
		return ret;
	node_get(node);
	for (name = node_children(node);
	     !ret && name < node_children(node) + node->children_len;
	     name += strlen(name) + 1) {
		snprintf(path + len, PATH_SIZE - len, "/%s", name);
		ret = remove_tree(txn, path, EVENT_EXACT);
	}
	path[len] = 0;
	node_put(node);
	return ret ? ret : txn_set(txn, path, NULL, event);
}

static int remove_missing(struct txn *txn, const char *path)
{
	char parent[PATH_SIZE];
	struct node *node;
	int ret;

	path_parent(path, parent);
	ret = txn_lookup(txn, parent, &node);
	if (ret)
		return ret;
	return node ? 0 : -ENOENT;
}

int access_remove(struct txn *txn, uint32_t domid, const char *path)
{
	char at[PATH_SIZE], parent[PATH_SIZE];
	struct node *node;
	int ret;

	ret = access_find(txn, domid, path, PERM_WRITE, &node);
	if (ret == -ENOENT)
		return remove_missing(txn, path);
	if (ret)
		return ret;
	if (!strcmp(path, "/"))
		return -EINVAL;
	strcpy(at, path);
	ret = remove_tree(txn, at, EVENT_SUBTREE);
	if (ret)
		return ret;
	path_parent(path, parent);
	ret = txn_lookup(txn, parent, &node);
	if (ret)
		return ret;
	/* Others removed it before a transaction looked: it will conflict. */
	if (!node)
		return 0;
	node = node_without_child(node, path_last(path));
	return node ? txn_set(txn, parent, node, EVENT_NONE) : -ENOMEM;
}

int access_set_perms(struct txn *txn, uint32_t domid, const char *path,
		     const struct perms *perms)
{
	struct node *node;
	int ret = access_find(txn, domid, path, PERM_WRITE | PERM_OWNER,
			      &node);

	if (ret)
		return ret;
	if (!is_privileged(domid) && perms->nr > QUOTA_PERMS) {
		limit_hit(LIMIT_PERMS);
		return -ENOSPC;
	}
	if (!is_privileged(domid) && perms->entry[0].domid != domid)
		return -EPERM;
	return replace(txn, domid, path, node_with_perms(node, perms),
		       EVENT_SUBTREE);
}

int access_commit(struct txn *txn, uint32_t domid)
{
	/* Others may have committed since the quota was looked at. */
	if (!is_privileged(domid) && txn->owned_delta > 0 &&
	    txn_owned(txn) > QUOTA_NODES) {
		limit_hit(LIMIT_NODES);
		return -ENOSPC;
	}
	return txn_commit(txn);
}

bool access_may_see(struct tree *tree, uint32_t domid, const char *path)
{
	char at[PATH_SIZE], above[PATH_SIZE];
	struct node *node;
	bool may;

	if (is_privileged(domid))
		return true;
	strcpy(at, path);
	while (!(node = tree_lookup(tree, at)) && strcmp(at, "/")) {
		path_parent(at, above);
		strcpy(at, above);
	}
	may = node && has_rights(domid, node, PERM_READ);
	node_put(node);
	return may;
}
