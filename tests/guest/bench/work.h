/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Work that never leaves the guest: the same code is compiled into the guest
 * program and into a program of the host, which says what it costs there.
 */
#ifndef BENCH_WORK_H
#define BENCH_WORK_H

#define WORK_ROUNDS	100000
#define WORK_CHASE_SIZE	0x200000ul

static __attribute__((__noinline__)) void work_compute(void)
{
	unsigned long x = 88172645463325252ul;
	unsigned int i;

	for (i = 0; i < WORK_ROUNDS; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		__asm__ volatile("" : "+r"(x));
	}
}

static __attribute__((__noinline__)) void *work_chase(void *at)
{
	unsigned int i;

	for (i = 0; i < WORK_ROUNDS; i++)
		at = *(void * volatile *)at;
	return at;
}

/* One cycle through all cache lines of @base, a large odd stride apart. */
static inline void *work_chase_prepare(void *base)
{
	unsigned long lines = WORK_CHASE_SIZE / 64, i, at = 0, next;

	for (i = 0; i < lines; i++) {
		next = (at + 12289) % lines;
		*(void **)((char *)base + at * 64) = (char *)base + next * 64;
		at = next;
	}
	return base;
}

#endif /* BENCH_WORK_H */
