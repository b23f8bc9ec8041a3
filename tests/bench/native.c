// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guest program's compute loop and pointer chase, in the host itself.  With
 * "wait" it only waits: what an idle static process takes.
 */
#include "bench.h"

#include <unistd.h>

#include "../guest/bench/work.h"

#define ROUNDS	8

static uint64_t *chase_at;

static void run_compute(void)
{
	work_compute();
}

static void run_chase(void)
{
	chase_at = work_chase(chase_at);
}

static void measure(const char *name, void (*op)(void))
{
	uint64_t best = ~0ull, sum = 0, t;
	int i;

	op();
	for (i = 0; i < ROUNDS; i++) {
		t = ticks();
		op();
		t = ticks() - t;
		sum += t;
		if (t < best)
			best = t;
	}
	result(name, sum / ROUNDS, best);
}

int main(int argc, char **argv)
{
	void *lines = aligned_alloc(4096, WORK_CHASE_SIZE);

	if (argc > 1 && !strcmp(argv[1], "wait"))
		return pause();
	if (!lines)
		die("no memory");
	measure("compute_100k", run_compute);
	chase_at = work_chase_prepare(lines);
	measure("pointer_chase_100k", run_chase);
	return 0;
}
