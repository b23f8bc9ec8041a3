/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Bounded waits by the TSC, and Xen's clock.
 */
#ifndef LODGE_GUEST_TIME_H
#define LODGE_GUEST_TIME_H

#include "cpu.h"

/* Ticks of the TSC in a millisecond; a guess of 1 GHz until Xen tells. */
extern u64 tsc_khz;

static inline u64 time_deadline(u64 ms)
{
	return rdtsc() + ms * tsc_khz;
}

static inline bool time_after(u64 deadline)
{
	return (s64)(rdtsc() - deadline) >= 0;
}

/* Wait for @cond to hold, at most @ms; the value is whether it holds. */
#define wait_until(cond, ms) ({				\
	u64 end__ = time_deadline(ms);			\
	bool is__;					\
							\
	while (!(is__ = !!(cond)) && !time_after(end__)) \
		cpu_relax();				\
	is__;						\
})

#endif
