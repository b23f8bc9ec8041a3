/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a source of entropy shall be.
 */
#ifndef LODGE_DEVICE_ENTROPY_H
#define LODGE_DEVICE_ENTROPY_H

#include "device_config.h"

enum entropy_key {
	ENTROPY_SOURCE,		/* absolute path; /dev/urandom */
	NR_ENTROPY_KEYS
};

extern const char * const device_entropy_keys[];

int device_entropy_check(struct device_config *device, unsigned int index,
			 struct failure *failure);

#endif /* LODGE_DEVICE_ENTROPY_H */
