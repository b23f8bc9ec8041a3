/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a test says.  Each check prints one line, "ok NAME" or "not ok NAME:
 * what"; report_done() prints "done: N ok, N failed" and powers off.  A sweep
 * over thousands of numbers is one check: struct sweep counts what differs
 * and shows the first few.
 */
#ifndef LODGE_GUEST_REPORT_H
#define LODGE_GUEST_REPORT_H

#include "print.h"

void report_ok(const char *name);
void report_fail(const char *name, const char *fmt, ...) __printf(2, 3);
void report_done(void) __noreturn;
void guest_exit(void) __noreturn;

/* All return whether the check held. */
bool check(const char *name, bool cond);
bool check_eq(const char *name, u64 got, u64 want);
bool check_hcall(const char *name, s64 got, s64 want);
bool check_trap(const char *name, u32 got, u32 want);
bool check_range(const char *name, u64 got, u64 min, u64 max);

struct sweep {
	const char *name;
	u32 checked, bad;
};

void sweep_fail(struct sweep *s, const char *fmt, ...) __printf(2, 3);
void sweep_end(struct sweep *s);

#endif
