/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a caller may do with nodes, and the doing: every function checks the
 * caller's rights and quotas and works inside a transaction.  They return 0
 * or a negative errno that the protocol knows.
 */
#ifndef LODGE_STORE_ACCESS_H
#define LODGE_STORE_ACCESS_H

#include "txn.h"

#define PERM_OWNER	4	/* beside PERM_READ and PERM_WRITE */

/* Xen's default quotas of an unprivileged domain. */
#define QUOTA_NODES	1000
#define QUOTA_NODE_SIZE	2048
#define QUOTA_PERMS	5

/* Domain 0 is privileged: it may do anything and has no quotas. */
static inline bool is_privileged(uint32_t domid)
{
	return !domid;
}

/*
 * The node at @path if @domid has all rights in @need.  A missing node is
 * -ENOENT only to those who may know: who has no @need on the nearest node
 * above gets -EACCES.
 */
int access_find(struct txn *txn, uint32_t domid, const char *path,
		unsigned int need, struct node **node);

int access_write(struct txn *txn, uint32_t domid, const char *path,
		 const void *value, uint32_t len);
int access_mkdir(struct txn *txn, uint32_t domid, const char *path);
int access_remove(struct txn *txn, uint32_t domid, const char *path);
int access_set_perms(struct txn *txn, uint32_t domid, const char *path,
		     const struct perms *perms);

/* Commits; -ENOSPC when the caller's nodes would exceed its quota by now. */
int access_commit(struct txn *txn, uint32_t domid);

/* May @domid hear of a change at @path, which may be gone by now? */
bool access_may_see(struct tree *tree, uint32_t domid, const char *path);

#endif /* LODGE_STORE_ACCESS_H */
