/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A back end's hold on one device slot of one domain: take it, map its ring
 * page, hear from the guest and notify it.  Every function returns 0 (or a
 * file descriptor) or -errno and prints nothing.
 */
#ifndef LODGE_LIB_ATTACH_H
#define LODGE_LIB_ATTACH_H

#include <sys/types.h>

/*
 * Take hold of slot (@role, @devid).  Returns the attach file.  -EBUSY puts
 * the pid of the living holder into @holder, when that is not NULL.
 */
int attach_slot(int domain_fd, unsigned int role, unsigned int devid,
		pid_t *holder);

/* Map the slot's ring page; NULL with errno set when that fails. */
void *attach_map_ring(int attach_fd);

/* Map the first page of the slot's recovery area, or the same. */
void *attach_map_recovery(int attach_fd);

/*
 * From now on, a touch of a ring page that was taken away ends the process
 * with status 0: the domain is gone or the slot revoked.
 */
void attach_end_on_revoke(void);

/* A non-blocking eventfd that the guest's notifications of @channel signal. */
int attach_bind(int attach_fd, unsigned int channel);

/* Notify the guest. */
int attach_notify(int attach_fd, unsigned int channel);

#endif /* LODGE_LIB_ATTACH_H */
