// SPDX-License-Identifier: GPL-2.0-only
/*
 * How true the singleshot timer is: against the clock that the guest reads
 * and against the TSC, over delays from microseconds to a tenth of a second.
 * Never early beyond the clock's rounding, and not absurdly late.
 */
#include "guest.h"

#define MS		1000000ul
#define US		1000ul
#define EARLY_NS	(1 * US)
#define LATE_NS		(100 * MS)
#define ROUNDS		20

static u32 port;
static volatile u64 fired_ns, fired_tsc;

static void on_event(u32 p)
{
	if (p != port)
		return;
	fired_tsc = rdtsc();
	fired_ns = xen_now();
}

static u64 ticks_to_ns(u64 ticks)
{
	const vcpu_time_info_t *t = &vcpu_info->time;

	return time_scale(ticks, t->tsc_to_system_mul, t->tsc_shift);
}

static bool shoot(u64 delay, bool halt, s64 *late, s64 *late_tsc)
{
	u64 deadline, tsc, end = time_deadline(delay / MS + 2000);

	fired_ns = 0;
	deadline = time_record_now(&vcpu_info->time, &tsc) + delay;
	if (timer_set(deadline, 0))
		return false;
	while (!fired_ns && !time_after(end)) {
		if (halt) {
			irq_enable_and_halt();
			irq_disable();
		} else {
			irq_enable();
			while (!fired_ns && !time_after(end))
				cpu_relax();
			irq_disable();
		}
	}
	*late = (s64)(fired_ns - deadline);
	*late_tsc = (s64)(ticks_to_ns(fired_tsc - tsc) - delay);
	return fired_ns;
}

static void test_delay(u64 delay, bool halt)
{
	s64 late, late_tsc, worst = -1000000000000, best = 1000000000000;
	s64 sum = 0;
	char name[64];
	u32 i;

	format(name, sizeof(name), "%lu us, %s", delay / US,
	       halt ? "halted" : "spinning");
	for (i = 0; i < ROUNDS; i++) {
		if (!shoot(delay, halt, &late, &late_tsc)) {
			report_fail(name, "round %u, the timer did not fire",
				    i);
			return;
		}
		sum += late;
		if (late > worst)
			worst = late;
		if (late < best)
			best = late;
		if (late_tsc < best)
			best = late_tsc;
	}
	print("# %s: late by %ld ns on average, %ld..%ld\n", name,
	      sum / ROUNDS, best, worst);
	if (best < -(s64)EARLY_NS)
		report_fail(name, "early, got %ld want %ld ns or more", best,
			    -(s64)EARLY_NS);
	else if (worst > (s64)LATE_NS)
		report_fail(name, "late, got %ld want %lu ns or less", worst,
			    LATE_NS);
	else
		report_ok(name);
}

static void test_past(void)
{
	u64 start = xen_now();

	fired_ns = 0;
	check_hcall("a deadline in the past", timer_set(start - MS, 0), 0);
	irq_enable();
	check("fires at once", wait_until(fired_ns, 500));
	irq_disable();
	fired_ns = 0;
	check_hcall("deadline 0", timer_set(0, 0), 0);
	irq_enable();
	check("fires at once too", wait_until(fired_ns, 500));
	irq_disable();
}

static void test_unbound(void)
{
	u32 before = event_count[port];

	evtchn_close(port);
	check_hcall("timer with no port", timer_set(1, 0), 0);
	check_hcall("bind the timer again",
		    evtchn_bind_virq(VIRQ_TIMER, xen_vcpu_id, &port), 0);
	evtchn_set_mask(port, false);
	irq_enable();
	check("an event with no port is dropped",
	      !wait_until(event_count[port] != before, 5));
	irq_disable();
}

void test_main(void)
{
	static const u64 delays[] = {
		1, 10, 50, 100, 500, 1000, 5000, 20000, 100000
	};
	unsigned int i;

	if (!need_xen())
		return;
	if (!check("events set up", xen_init_events()))
		return;
	check_hcall("bind the timer", evtchn_bind_virq(VIRQ_TIMER, xen_vcpu_id,
						       &port), 0);
	evtchn_set_mask(port, false);
	event_hook = on_event;
	test_past();
	for (i = 0; i < ARRAY_SIZE(delays); i++)
		test_delay(delays[i] * US, true);
	for (i = 0; i + 2 < ARRAY_SIZE(delays); i++)
		test_delay(delays[i] * US, false);
	test_unbound();
}
