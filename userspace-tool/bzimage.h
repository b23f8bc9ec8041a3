/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A bzImage is a boot loader around a compressed ELF kernel; a PVH loader
 * wants only the kernel.
 */
#ifndef LODGE_TOOL_BZIMAGE_H
#define LODGE_TOOL_BZIMAGE_H

#include "blob.h"

bool bzimage_is(const struct blob *file);

/*
 * Unpacks the kernel in @file into @kernel, which the caller closes.  Refuses
 * one that would unpack to more than @limit bytes.
 */
int bzimage_unpack(const struct blob *file, uint64_t limit,
		   struct blob *kernel, struct pvh_error *err);

#endif /* LODGE_TOOL_BZIMAGE_H */
