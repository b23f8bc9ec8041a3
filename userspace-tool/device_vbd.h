/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a disk shall be: the keys of xl's disk specification and a few of our
 * own.
 */
#ifndef LODGE_DEVICE_VBD_H
#define LODGE_DEVICE_VBD_H

#include "device_config.h"

enum vbd_key {
	VBD_TARGET,		/* absolute path, or see device_nbd.h */
	VBD_FORMAT,		/* "raw" */
	VBD_VDEV,
	VBD_ACCESS,		/* "r", "w" or "w!" */
	VBD_DEVTYPE,		/* "disk" */
	VBD_BACKENDTYPE,	/* taken and forgotten */
	VBD_DISCARD,		/* "0" or "1", also as switches: */
	VBD_NO_DISCARD,
	VBD_SECTOR_SIZE,	/* "512" or "4096"; NULL: as the medium has it */
	VBD_IOPS,		/* requests a second */
	VBD_BPS,		/* bytes a second */
	VBD_DIRECT_IO_SAFE,	/* taken and forgotten */
	NR_VBD_KEYS
};

extern const char * const device_vbd_keys[];

const char *device_vbd_prepare(struct device_config *device, const char *text,
			       struct failure *failure);
int device_vbd_check(struct device_config *device, unsigned int index,
		     struct failure *failure);

/* The number of "xvda", "hdb", "sda1" or a decimal; 0 or -1. */
int device_vbd_number(const char *vdev, uint32_t *number);

#endif /* LODGE_DEVICE_VBD_H */
