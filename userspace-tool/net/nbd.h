/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's NBD devices, by netlink: /dev/nbdN over a socket that the kernel
 * keeps, whoever dies.  A device carries an identifier, by which any process
 * finds it again.  Each function returns 0 or more, or -errno, and prints
 * nothing.
 */
#ifndef LODGE_NET_NBD_H
#define LODGE_NET_NBD_H

#include "net/nbd_client.h"

#include <stdbool.h>
#include <stdint.h>

/* Requests wait so long for another connection. */
#define NBD_PATIENCE_S	60

/* The number of the device with @id; -ENOENT: there is none. */
int nbd_find(const char *id);

/*
 * Have the kernel make a device of @socket, which is negotiated: its number.
 * -ENOENT: the kernel has no NBD; -ENOSYS: it does not know identifiers.
 */
int nbd_attach(const char *id, int socket, const struct nbd_export *e,
	       bool read_only);

/*
 * Give the device, whose connection is dead, another one to the same export.
 * Requests that wait go on.
 */
int nbd_reattach(unsigned int number, const char *id, int socket);

/* Its size in bytes, 0 if that is not known. */
uint64_t nbd_size(unsigned int number);

/* A file on which the kernel tells of connections that die. */
int nbd_listen(void);

/* The number of the next device of which it tells; -EAGAIN: of none. */
int nbd_hear(int fd);

/* Ends it, also under those who have it open; requests under way fail. */
int nbd_detach(unsigned int number);

#endif /* LODGE_NET_NBD_H */
