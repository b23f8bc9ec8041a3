/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The first words between an NBD server and its client, up to where the
 * kernel's client goes on: the "fixed newstyle" negotiation with NBD_OPT_GO of
 * the NBD protocol's description.  The server may be anybody's.
 */
#ifndef LODGE_NET_NBD_CLIENT_H
#define LODGE_NET_NBD_CLIENT_H

#include "msg.h"

#include <netinet/in.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

#define NBD_SERVER_MS	5000	/* that a server has for all of it */
#define NBD_NAME_MAX	255

/**
 * struct nbd_target - where the export is
 * @address: of the server
 * @length: of @address
 * @name: of the export; "" is the server's only one, or its default
 */
struct nbd_target {
	union {
		struct sockaddr any;
		struct sockaddr_un local;
		struct sockaddr_in ip4;
		struct sockaddr_in6 ip6;
	} address;
	socklen_t length;
	char name[NBD_NAME_MAX + 1];
};

/**
 * struct nbd_export - what the server says of it
 * @size: in bytes
 * @flags: NBD_FLAG_* of <linux/nbd.h>, which is the protocol's numbers
 * @block_size: 512, or a larger power of two that requests must keep to
 */
struct nbd_export {
	uint64_t size;
	uint16_t flags;
	uint32_t block_size;
};

/*
 * Ask for the export @name on the connected socket @fd, for @ms at most.  0: the
 * next bytes on it are requests and replies; or -1 with reason and remedy.
 */
int nbd_negotiate(int fd, const char *name, int ms, struct nbd_export *e,
		  struct failure *failure);

/* Connect and negotiate; the socket, or -1. */
int nbd_open_export(const struct nbd_target *target, struct nbd_export *e,
		    struct failure *failure);

#endif /* LODGE_NET_NBD_CLIENT_H */
