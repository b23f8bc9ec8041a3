/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A disk that an NBD server has: the kernel makes a block device of it, which
 * is then served as any other.
 */
#ifndef LODGE_BACKEND_BLK_NBD_H
#define LODGE_BACKEND_BLK_NBD_H

#include "backend/device.h"

/*
 * In the keeper: open the device, made if there is none yet.  The fd, or -1 with
 * reason and remedy.
 */
int blk_nbd_open(const struct device_config *config,
		 const struct device_domain *domain, struct failure *failure);

/* In the keeper: end it; nobody has it open any more. */
void blk_nbd_forget(const struct device_config *config,
		    const struct device_domain *domain);

#endif /* LODGE_BACKEND_BLK_NBD_H */
