// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counting checks and ending the guest.
 */
#include "xen.h"

#include <xen/sched.h>

#include "console.h"
#include "report.h"
#include "trap.h"

#define SWEEP_SHOWN	8

static unsigned int nr_ok, nr_failed;

void report_ok(const char *name)
{
	nr_ok++;
	print("ok %s\n", name);
}

static void fail_line(const char *name, const char *fmt, va_list ap)
{
	char buf[256];

	vformat(buf, sizeof(buf), fmt, ap);
	print("not ok %s: %s\n", name, buf);
}

void report_fail(const char *name, const char *fmt, ...)
{
	va_list ap;

	nr_failed++;
	va_start(ap, fmt);
	fail_line(name, fmt, ap);
	va_end(ap);
}

bool check(const char *name, bool cond)
{
	if (cond)
		report_ok(name);
	else
		report_fail(name, "condition, got false want true");
	return cond;
}

bool check_eq(const char *name, u64 got, u64 want)
{
	if (got == want)
		report_ok(name);
	else
		report_fail(name, "value, got %lx want %lx", got, want);
	return got == want;
}

bool check_hcall(const char *name, s64 got, s64 want)
{
	if (got == want)
		report_ok(name);
	else
		report_fail(name, "result, got %ld want %ld", got, want);
	return got == want;
}

static void describe(char *buf, size_t size, u32 trap)
{
	if (!trap)
		format(buf, size, "none");
	else
		format(buf, size, "%u(%x)", TRAP_VECTOR(trap), trap & 0xffff);
}

bool check_trap(const char *name, u32 got, u32 want)
{
	char a[24], b[24];

	if (got == want) {
		report_ok(name);
		return true;
	}
	describe(a, sizeof(a), got);
	describe(b, sizeof(b), want);
	report_fail(name, "exception, got %s want %s", a, b);
	return false;
}

bool check_range(const char *name, u64 got, u64 min, u64 max)
{
	bool is = got >= min && got <= max;

	if (is)
		report_ok(name);
	else
		report_fail(name, "value, got %lu want %lu..%lu", got, min,
			    max);
	return is;
}

void sweep_fail(struct sweep *s, const char *fmt, ...)
{
	va_list ap;

	if (s->bad++ >= SWEEP_SHOWN)
		return;
	nr_failed++;
	va_start(ap, fmt);
	fail_line(s->name, fmt, ap);
	va_end(ap);
}

void sweep_end(struct sweep *s)
{
	if (!s->bad)
		report_ok(s->name);
	else
		print("# %s: %u of %u differ\n", s->name, s->bad, s->checked);
}

static void exit_plain(void)
{
	outb(0, 0xf4);		/* QEMU's isa-debug-exit */
	load_idtr(0, 0);
	__asm__ volatile("ud2");
}

void guest_exit(void)
{
	struct sched_shutdown down = { .reason = SHUTDOWN_poweroff };

	console_drain(5000);
	irq_disable();
	if (!have_xen)
		exit_plain();
	hypercall2(__HYPERVISOR_sched_op, SCHEDOP_shutdown, (u64)&down);
	for (;;)
		__asm__ volatile("cli; hlt");
}

void report_done(void)
{
	print("done: %u ok, %u failed\n", nr_ok, nr_failed);
	guest_exit();
}
