// SPDX-License-Identifier: GPL-2.0-only
/*
 * The back end of a disk.
 */
#include "backend/blk.h"

#include <stdlib.h>

#include "backend/blk_image.h"
#include "device_vbd.h"

/**
 * struct blk - one disk
 * @image: what is behind it
 */
struct blk {
	struct blk_image image;
};

static int open_files(const struct device_config *config,
		      const struct device_domain *domain,
		      struct device_files *files, struct failure *failure)
{
	(void)domain;
	files->fd[0] = blk_image_open(config, failure);
	return files->fd[0] < 0 ? -1 : 0;
}

static int start(struct device *d, struct failure *failure)
{
	struct blk *blk = calloc(1, sizeof(*blk));

	if (!blk)
		return failure_set(failure, "out of memory");
	d->private = blk;
	/* One that goes needs no medium. */
	if (d->files.fd[0] < 0)
		return 0;
	return blk_image_measure(d->config, d->files.fd[0], &blk->image,
				 failure);
}

static void put_nodes(struct device *d)
{
	const struct blk *blk = d->private;

	device_put(d, XENBUS_FRONT, "virtual-device", "%u", d->config->devid);
	device_put(d, XENBUS_FRONT, "device-type", "disk");
	device_put(d, XENBUS_BACK, "removable", "0");
	device_put(d, XENBUS_BACK, "bootable", "1");
	device_put(d, XENBUS_BACK, "dev", "%s", d->config->label);
	device_put(d, XENBUS_BACK, "type", blk->image.is_block ? "phy" :
		   "file");
	device_put(d, XENBUS_BACK, "params", "%s",
		   d->config->values[VBD_TARGET]);
	device_put(d, XENBUS_BACK, "mode", blk->image.read_only ? "r" : "w");
	device_put(d, XENBUS_BACK, "device-type", "disk");
	device_put(d, XENBUS_BACK, "discard-enable", "%d",
		   blk->image.discard);
}

static void put_features(struct device *d)
{
	const struct blk *blk = d->private;

	device_put(d, XENBUS_BACK, "feature-flush-cache", "%d",
		   !blk->image.read_only);
}

static void put_info(struct device *d)
{
	const struct blk *blk = d->private;

	device_put(d, XENBUS_BACK, "sectors", "%llu",
		   (unsigned long long)blk->image.sectors);
}

static int connect(struct device *d)
{
	device_fault(d, "disks cannot be connected yet");
	return -1;
}

static void nothing(struct device *d)
{
	(void)d;
}

const struct backend backend_blk = {
	.name = "blk",
	.connect_states = 1u << XENBUS_INITIALISED | 1u << XENBUS_CONNECTED,
	.open = open_files,
	.start = start,
	.put_nodes = put_nodes,
	.put_features = put_features,
	.connect = connect,
	.put_info = put_info,
	.kick = nothing,
	.disconnect = nothing,
};
