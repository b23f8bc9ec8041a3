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

/* The number of the device with @id; -ENOENT: there is none. */
int nbd_find(const char *id);

/*
 * Have the kernel make a device of @socket, which is negotiated: its number.
 * -ENOENT: the kernel has no NBD; -ENOSYS: it does not know identifiers.
 */
int nbd_attach(const char *id, int socket, const struct nbd_export *e,
	       bool read_only);

/* Ends it, also under those who have it open; requests under way fail. */
int nbd_detach(unsigned int number);

#endif /* LODGE_NET_NBD_H */
