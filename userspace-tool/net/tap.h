/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The tap of a network interface.
 */
#ifndef LODGE_NET_TAP_H
#define LODGE_NET_TAP_H

#include "msg.h"

#include <stdbool.h>

#define TUN_DEVICE	"/dev/net/tun"

/*
 * Make the tap @name, or open the one that is there; @nr files in @fds, one a
 * queue.  0 or -1.
 */
int tap_open(const char *name, int *fds, unsigned int nr,
	     struct failure *failure);

/*
 * It stays when all its files are closed, so that the death of a process does
 * not take it out of the host's network.  0 or -errno.
 */
int tap_persist(int fd);

/* Whether packets go through this queue.  0 or -errno; no right is needed. */
int tap_use_queue(int fd, bool use);

/* What packets to the guest may leave undone: TUN_F_*.  0 or -errno. */
int tap_set_offloads(int fd, unsigned int offloads);

/* Whether the host sees a cable in it.  0 or -errno. */
int tap_set_carrier(int fd, bool on);

/* Has somebody removed it?  If not, its carrier is on afterwards. */
bool tap_is_gone(int fd);

#endif /* LODGE_NET_TAP_H */
