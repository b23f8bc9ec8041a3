/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The XenStore of one domain: a process that answers the guest on its ring
 * and the host's tools on a Unix socket.
 */
#ifndef LODGE_STORE_STORE_H
#define LODGE_STORE_STORE_H

#include <stdint.h>

/**
 * struct store_setup - what the initial tree says of the domain
 * @domid: its id
 * @name: its name
 * @uuid: 16 bytes
 * @memory_kib: memory it shall use
 * @maxmem_kib: memory it may use
 * @vcpus: vCPUs that are online at the start
 * @maxvcpus: vCPUs it has
 * @store_port: its event channel of the store ring
 * @console_port: its event channel of the console ring
 * @start_time: when it started, in seconds since 1970
 */
struct store_setup {
	unsigned int domid;
	const char *name;
	const unsigned char *uuid;
	uint64_t memory_kib;
	uint64_t maxmem_kib;
	unsigned int vcpus;
	unsigned int maxvcpus;
	unsigned int store_port;
	unsigned int console_port;
	int64_t start_time;
};

/**
 * struct store_channel - how the guest is reached, and what outlives us
 * @page: the ring page
 * @event_fd: readable after the guest has notified us; reading resets it
 * @hangup_fd: POLLHUP there when the domain is gone
 * @kick: notifies the guest
 * @map_recovery: the slot's recovery area, at least a page, or NULL and errno
 * @ctx: for both
 * @records: file that keeps the state, open; -1: nothing is kept
 * @log: takes a line for the log, may be NULL
 */
struct store_channel {
	void *page;
	int event_fd;
	int hangup_fd;
	void (*kick)(void *ctx);
	void *(*map_recovery)(void *ctx);
	void *ctx;
	int records;
	void (*log)(const char *line);
};

/*
 * Serves until the domain is gone.  @listen_fd is a listening Unix socket; one
 * byte goes to @ready_fd (-1: none) when guest and clients are served.  0 when
 * the domain is gone, or -errno.  The process may be killed at any instant;
 * the next one goes on with the same page, recovery area and records.  Needs
 * no module, so tests can drive it.
 */
int store_serve(const struct store_channel *channel, int listen_fd,
		const struct store_setup *setup, int ready_fd);

#endif /* LODGE_STORE_STORE_H */
