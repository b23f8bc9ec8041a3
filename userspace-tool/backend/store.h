/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The back end of the guest's XenStore.
 */
#ifndef LODGE_BACKEND_STORE_H
#define LODGE_BACKEND_STORE_H

struct sandbox;
struct store_setup;

/*
 * Serve the store ring of @attach_fd and the clients of @listen_fd until the
 * domain is gone.  @records is the file that keeps the tree.  It is
 * confined to @box and what it has been given here.  One byte to @ready_fd says
 * that it serves.  Returns the exit status.
 */
int store_run(int attach_fd, int listen_fd, const struct store_setup *setup,
	      int records, struct sandbox *box, int ready_fd);

#endif /* LODGE_BACKEND_STORE_H */
