/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From a configuration to a paused domain that is ready to run.
 */
#ifndef LODGE_BUILD_H
#define LODGE_BUILD_H

#include "config.h"

struct pvh_image;

/* Read and check the image files; needs no domain.  0 or -1. */
int build_open_image(const struct domain_config *config,
		     struct pvh_image **image, struct failure *failure);

/*
 * Make the domain and load @image, which is closed, into it.  Returns the domain file and sets
 * @domid, or -1 with nothing left behind.
 */
int build_domain(const struct domain_config *config, struct pvh_image *image,
		 uint32_t *domid, struct failure *failure);

/* Open the module's device; the fd, or -1 with the reason in words. */
int build_open_device(struct failure *failure);

#endif /* LODGE_BUILD_H */
