/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the measuring programs share: the clock, which counts instructions in
 * an emulated host, and the end of a program that cannot go on.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <errno.h>

static inline uint64_t ticks(void)
{
	uint32_t lo, hi;

	__asm__ volatile("lfence; rdtsc; lfence"
			 : "=a"(lo), "=d"(hi) :: "memory");
	return (uint64_t)hi << 32 | lo;
}

static inline __attribute__((noreturn, format(printf, 1, 2)))
void die(const char *fmt, ...)
{
	int err = errno;
	va_list ap;

	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, ": %s\n", strerror(err));
	exit(1);
}

/* One line of the form that the guest program prints, too. */
static inline void result(const char *name, uint64_t average, uint64_t minimum)
{
	printf("bench %s %llu %llu\n", name, (unsigned long long)average,
	       (unsigned long long)minimum);
	fflush(stdout);
}

#endif /* BENCH_H */
