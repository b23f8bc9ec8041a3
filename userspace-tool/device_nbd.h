/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A disk's target that is an NBD server's export, written as QEMU writes it:
 *
 *	nbd:unix:/PATH[:exportname=NAME]
 *	nbd:ADDRESS:PORT[:exportname=NAME]	IPv6 in brackets
 */
#ifndef LODGE_DEVICE_NBD_H
#define LODGE_DEVICE_NBD_H

#include "msg.h"
#include "net/nbd_client.h"

#include <stdbool.h>

#define NBD_PREFIX	"nbd:"

/* Whether a disk's target is meant so. */
bool device_nbd_is(const char *target);

/* 0, or -1 when it makes no sense. */
int device_nbd_read(const char *text, struct nbd_target *target,
		    struct failure *failure);

#endif /* LODGE_DEVICE_NBD_H */
