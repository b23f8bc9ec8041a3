// SPDX-License-Identifier: GPL-2.0-only
/*
 * Benchmarks' figures, see measure.h.
 */
#include "measure.h"

#include "print.h"

static u64 tsc_cost;

u64 measure_ticks(void)
{
	u32 lo, hi;

	__asm__ volatile("lfence; rdtsc; lfence"
			 : "=a"(lo), "=d"(hi) :: "memory");
	return (u64)hi << 32 | lo;
}

u64 measure_since(u64 start)
{
	return measure_ticks() - start - tsc_cost;
}

void measure_result(const char *name, u64 average, u64 minimum)
{
	print("bench %s %lu %lu\n", name, average, minimum);
}

void measure(const char *name, void (*op)(void), u32 rounds, u32 batch)
{
	u64 best = ~0ul, sum = 0, t;
	u32 r, i;

	op();
	for (r = 0; r < rounds; r++) {
		t = measure_ticks();
		for (i = 0; i < batch; i++)
			op();
		t = measure_since(t);
		sum += t;
		if (t < best)
			best = t;
	}
	measure_result(name, sum / rounds / batch, best / batch);
}

void measure_init(void)
{
	u64 best = ~0ul, t;
	u32 i;

	for (i = 0; i < 100; i++) {
		t = measure_ticks();
		t = measure_ticks() - t;
		if (t < best)
			best = t;
	}
	tsc_cost = best;
}
