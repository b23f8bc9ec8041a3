/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Places where a test kills the store.  Elsewhere they are nothing.
 */
#ifndef LODGE_STORE_CRASH_POINT_H
#define LODGE_STORE_CRASH_POINT_H

#ifdef STORE_CRASH_POINTS
void crash_point(void);
#else
static inline void crash_point(void)
{
}
#endif

#endif /* LODGE_STORE_CRASH_POINT_H */
