/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The keeper's care for disks that NBD servers have: when a connection dies,
 * requests wait for a while, and the keeper tries to make another one.
 */
#ifndef LODGE_KEEPER_NBD_H
#define LODGE_KEEPER_NBD_H

#include <stdint.h>

struct keeper;

/**
 * struct keeper_nbd - what a keeper knows of connections
 * @fd: where the kernel tells of those that die; -1: no disk has one
 */
struct keeper_nbd {
	int fd;
};

/* Listen if that is needed, try what is due.  The time of the next try. */
uint64_t keeper_nbd_start_due(struct keeper *keeper, uint64_t now);

/* The kernel has told something. */
void keeper_nbd_hear(struct keeper *keeper);

#endif /* LODGE_KEEPER_NBD_H */
