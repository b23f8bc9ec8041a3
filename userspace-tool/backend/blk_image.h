/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The file or block device behind a disk: opened by the keeper, measured by
 * the back end.
 */
#ifndef LODGE_BACKEND_BLK_IMAGE_H
#define LODGE_BACKEND_BLK_IMAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "device_config.h"

/**
 * struct blk_image - what the medium is like
 * @fd: open
 * @is_block: a block device; else a file
 * @read_only: the guest may not write
 * @sector_size: what the guest is told: 512 or 4096
 * @physical_size: what the medium does at once
 * @sectors: of 512 bytes, a multiple of @sector_size
 * @discard: it can
 * @discard_granularity: in bytes
 */
struct blk_image {
	int fd;
	bool is_block;
	bool read_only;
	uint32_t sector_size;
	uint32_t physical_size;
	uint64_t sectors;
	bool discard;
	uint32_t discard_granularity;
};

/*
 * Open @path for @config, whose target it is or stands for.  The fd, or -1 or
 * -EBUSY with reason and remedy; see struct backend.
 */
int blk_image_open(const struct device_config *config, const char *path,
		   struct failure *failure);

/* Fill in @image for an open file; 0 or -1. */
int blk_image_measure(const struct device_config *config, int fd,
		      struct blk_image *image, struct failure *failure);

/* Its size again; 0 or -errno. */
int blk_image_size(struct blk_image *image);

#endif /* LODGE_BACKEND_BLK_IMAGE_H */
