/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The keeper's wait for the first request to the store.  Many small guests
 * never make one, and nor does anybody else: so a new domain has no store
 * process until its guest notifies it or a client connects.
 */
#ifndef LODGE_KEEPER_STORE_H
#define LODGE_KEEPER_STORE_H

#include <poll.h>

struct keeper;

/**
 * struct keeper_store - the store's slot, held by the keeper meanwhile
 * @attach_fd: -1: it does not wait
 * @event_fd: the guest's notifications
 */
struct keeper_store {
	int attach_fd;
	int event_fd;
};

#define KEEPER_STORE_POLL	3

/*
 * Begin to wait, if nobody can have asked before and no device is about to.
 * Returns whether it waits; else the store is to be started at once.
 */
int keeper_store_wait(struct keeper *keeper);
int keeper_store_waits(const struct keeper *keeper);

/* The end of the wait: the slot is free for the store. */
void keeper_store_end_wait(struct keeper *keeper);

/* Fills KEEPER_STORE_POLL entries; and ends the wait if one of them asks. */
void keeper_store_poll(const struct keeper *keeper, struct pollfd *p);
void keeper_store_handle(struct keeper *keeper, const struct pollfd *p);

#endif /* LODGE_KEEPER_STORE_H */
