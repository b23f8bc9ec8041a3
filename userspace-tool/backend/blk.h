/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The back end of a disk.
 */
#ifndef LODGE_BACKEND_BLK_H
#define LODGE_BACKEND_BLK_H

#include "backend/device.h"

extern const struct backend backend_blk;

#endif /* LODGE_BACKEND_BLK_H */
