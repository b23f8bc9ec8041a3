// SPDX-License-Identifier: GPL-2.0-only
/*
 * Watches.  See watch.h for the contract.
 */
#include "watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "access.h"
#include "limit.h"
#include "path.h"
#include "state.h"

struct watch {
	struct watch *next;
	uint64_t id;	/* grows in the order of the list */
	size_t skip;
	char *token;
	char path[];	/* with its NUL; the token follows */
};

static struct watch **find_link(struct conn *conn, const char *path,
				const char *token)
{
	struct watch **link = &conn->watches;

	while (*link && (strcmp((*link)->path, path) ||
			 strcmp((*link)->token, token)))
		link = &(*link)->next;
	return link;
}

int watch_restore(struct conn *conn, uint64_t id, const char *path,
		  size_t skip, const char *token)
{
	struct watch **link = find_link(conn, path, token);
	size_t len = strlen(path) + 1;
	struct watch *w;

	if (*link)
		return -EEXIST;
	w = malloc(sizeof(*w) + len + strlen(token) + 1);
	if (!w)
		return -ENOMEM;
	w->next = NULL;
	w->id = id;
	conn->last_watch_id = id;
	w->skip = skip;
	w->token = w->path + len;
	strcpy(w->path, path);
	strcpy(w->token, token);
	*link = w;
	conn->nr_watches++;
	return 0;
}

int watch_add(struct conn *conn, const char *path, size_t skip,
	      const char *token)
{
	int ret;

	if (!is_privileged(conn->domid) && conn->nr_watches >= QUOTA_WATCHES &&
	    !*find_link(conn, path, token)) {
		limit_hit(LIMIT_WATCHES);
		return -E2BIG;
	}
	ret = watch_restore(conn, conn->last_watch_id + 1, path, skip, token);
	if (!ret)
		state_keep_watch(conn, conn->last_watch_id, path, skip, token);
	return ret;
}

int watch_remove(struct conn *conn, const char *path, const char *token)
{
	struct watch **link = find_link(conn, path, token);
	struct watch *w = *link;

	if (!w)
		return -ENOENT;
	*link = w->next;
	conn->nr_watches--;
	state_drop_watch(conn, w->id);
	free(w);
	return 0;
}

void watch_clear(struct conn *conn)
{
	struct watch *w;

	while ((w = conn->watches)) {
		conn->watches = w->next;
		state_drop_watch(conn, w->id);
		free(w);
	}
	conn->nr_watches = 0;
}

static bool matches(const struct watch *w, const char *path,
		    enum txn_event event)
{
	if (event == EVENT_EXACT)
		return !strcmp(path, w->path);
	return path_is_below(path, w->path);
}

static void fire_conn(struct conn *conn, const char *path,
		      enum txn_event event)
{
	const struct watch *w;
	bool may_see = false;

	for (w = conn->watches; w && !conn->broken; w = w->next) {
		if (!matches(w, path, event))
			continue;
		/* Looked up once, and only when somebody is interested. */
		if (!may_see)
			may_see = access_may_see(conn->store->tree,
						 conn->domid, path);
		if (!may_see)
			return;
		conn_queue_event(conn, path + w->skip, w->token);
	}
}

void watch_fire(struct store *store, const char *path, enum txn_event event)
{
	struct conn *conn;

	for (conn = store->conns; conn; conn = conn->next)
		fire_conn(conn, path, event);
}

void watch_fire_txn(struct store *store, const struct txn *txn)
{
	const struct txn_entry *e;

	for (e = txn->first; e; e = e->next) {
		if (e->changed && e->event != EVENT_NONE)
			watch_fire(store, e->path, e->event);
	}
}
