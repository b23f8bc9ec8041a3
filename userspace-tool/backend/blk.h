/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The back end of a disk.
 */
#ifndef LODGE_BACKEND_BLK_H
#define LODGE_BACKEND_BLK_H

#include "backend/device.h"

/* What a disk counts: indices of struct device_stats. */
enum blk_counter {
	BLK_READS,
	BLK_WRITES,
	BLK_FLUSHES,
	BLK_DISCARDS,
	BLK_BYTES_READ,
	BLK_BYTES_WRITTEN,
	BLK_ERRORS,		/* the medium's */
	BLK_REFUSED,		/* requests that made no sense */
	NR_BLK_COUNTERS
};

_Static_assert(NR_BLK_COUNTERS <= DEVICE_COUNTERS, "no room to count");

extern const struct backend backend_blk;

#endif /* LODGE_BACKEND_BLK_H */
