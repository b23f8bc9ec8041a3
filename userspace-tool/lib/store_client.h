/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A client of a domain's XenStore over its Unix socket: a request at a time,
 * transactions, and watches, for a poll loop.
 *
 * Whoever watches treats what it watches as a level: an event says only that
 * something has changed, and what it is now is to be read.  The store's
 * process may die at any time; every call then gives -ECONNRESET or the like,
 * and nothing is known of the last request.  So a client does only what may be
 * done twice.
 */
#ifndef LODGE_LIB_STORE_CLIENT_H
#define LODGE_LIB_STORE_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct store_client - one connection
 * @fd: readable when there is an event; -1: not connected
 * @lost: 0, or the -errno that ended the connection: all further calls give it
 * @next_id: of the next request
 * @changed: an event came since the caller cleared it
 */
struct store_client {
	int fd;
	int lost;
	uint32_t next_id;
	bool changed;
};

/*
 * Connect to the socket at @path.  It waits for nothing: the socket's backlog
 * takes the connection also while the store's process is being started again.
 * 0 or -errno (-EAGAIN: the backlog is full).
 */
int store_open(struct store_client *client, const char *path);
void store_close(struct store_client *client);

/*
 * Read the value of @node into @value, NUL-terminated, cut at @size.  Returns
 * its length or -errno; the store's own errors come as their errno.  @tx is a
 * transaction, or 0.
 */
int store_read(struct store_client *client, uint32_t tx, const char *node,
	       char *value, size_t size);

/* These give 0 or -errno. */
int store_write(struct store_client *client, uint32_t tx, const char *node,
		const char *value);
int store_mkdir(struct store_client *client, uint32_t tx, const char *node);
int store_rm(struct store_client *client, uint32_t tx, const char *node);

/*
 * @owner may do all, @reader may read, domain 0 may do all anyway.  Nodes that
 * are made below it later get the same.
 */
int store_set_perms(struct store_client *client, uint32_t tx, const char *node,
		    uint32_t owner, uint32_t reader);

/* -EAGAIN from the end of one: somebody else was faster, do it all again. */
int store_begin(struct store_client *client, uint32_t *tx);
int store_end(struct store_client *client, uint32_t tx, bool commit);

/*
 * Ask for events of @node and all below, without waiting for the answer.  The
 * first event comes at once.
 */
int store_watch(struct store_client *client, const char *node);

/*
 * The fd is readable: take what is there, and set @changed when an event is
 * among it.  0 or -errno.
 */
int store_receive(struct store_client *client);

#endif /* LODGE_LIB_STORE_CLIENT_H */
