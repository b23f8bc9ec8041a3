/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A back end's hold on one device slot of one domain: take it, map its ring
 * page, hear from the guest and notify it.  Every function returns 0 (or a
 * file descriptor) or -errno and prints nothing.
 */
#ifndef LODGE_LIB_ATTACH_H
#define LODGE_LIB_ATTACH_H

#include <stdint.h>
#include <sys/types.h>

struct lodge_grant_segment;

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

/*
 * For devices.  Bind a channel to the port that the front end names, or let go
 * of it.
 */
int attach_bind_port(int attach_fd, unsigned int channel, uint32_t port);
int attach_unbind_port(int attach_fd, unsigned int channel);

/*
 * Map @nr granted pages in a row, for writing, too, if @write.  NULL with errno
 * set when that fails.  Unmapping gives the grants back, touched or not.
 */
void *attach_map_grants(int attach_fd, const uint32_t *refs, unsigned int nr,
			int write);
int attach_unmap_grants(void *pages, unsigned int nr);

/*
 * Copy @nr segments; each gets its status.  0, or -errno when not all have one.
 */
int attach_copy_grants(int attach_fd, struct lodge_grant_segment *segments,
		       unsigned int nr);

#endif /* LODGE_LIB_ATTACH_H */
