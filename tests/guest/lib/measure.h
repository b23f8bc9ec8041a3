/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Benchmarks' figures.  Each is a line "bench NAME AVERAGE MINIMUM", in ticks of
 * the TSC.
 *
 * A measurement is a number of rounds of a batch of operations: the average is
 * over all, the minimum is the best round divided by its size, so one interrupt
 * of the host spoils one round only.
 */
#ifndef LODGE_GUEST_MEASURE_H
#define LODGE_GUEST_MEASURE_H

#include "types.h"

/* What reading the clock costs is taken off from here on. */
void measure_init(void);

u64 measure_ticks(void);

/* Ticks since @start. */
u64 measure_since(u64 start);

void measure_result(const char *name, u64 average, u64 minimum);
void measure(const char *name, void (*op)(void), u32 rounds, u32 batch);

#endif
