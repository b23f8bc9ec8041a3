/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A disk that an NBD server has: the kernel makes a block device of it, which
 * is then served as any other.
 */
#ifndef LODGE_BACKEND_BLK_NBD_H
#define LODGE_BACKEND_BLK_NBD_H

#include "backend/device.h"

/*
 * In the keeper: open the device, made if there is none yet.  The fd, or -1
 * or -EBUSY with reason and remedy.
 */
int blk_nbd_open(const struct device_config *config,
		 const struct device_domain *domain, struct failure *failure);

/*
 * In the keeper: the kernel told that the connection of /dev/nbd@number is
 * dead.  Whether that is this disk's.
 */
bool blk_nbd_is(const struct device_config *config,
		const struct device_domain *domain, unsigned int number);

/*
 * In the keeper: another connection in the place of a dead one.  0, or -1 with
 * the reason.
 */
int blk_nbd_reconnect(const struct device_config *config,
		      const struct device_domain *domain,
		      struct failure *failure);

/*
 * In the keeper: end it.  Who has it open still gets errors, also for what is
 * under way.
 */
void blk_nbd_forget(const struct device_config *config,
		    const struct device_domain *domain);

#endif /* LODGE_BACKEND_BLK_NBD_H */
