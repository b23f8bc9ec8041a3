// SPDX-License-Identifier: GPL-2.0-only
/*
 * The clock: never backward, at the TSC's rate, a sane wall clock, and
 * runstate times that add up.
 */
#include "guest.h"

#define MS	1000000ul
#define READS	100000
#define Y2024	1704067200ull
#define Y2124	4859827200ull

static void test_record(void)
{
	const vcpu_time_info_t *t = &vcpu_info->time;

	check("multiplier", t->tsc_to_system_mul);
	check("multiplier is normal", t->tsc_to_system_mul >> 31 ||
	      t->tsc_to_system_mul == 0x80000000);
	check("shift", t->tsc_shift > -32 && t->tsc_shift < 32);
	check("version is even", !(t->version & 1));
	check("version has moved", t->version);
	check("TSC timestamp is not ahead", t->tsc_timestamp <= rdtsc());
}

static void test_monotonic(void)
{
	struct sweep s = { "monotonic over 100000 reads" };
	u64 last = xen_now(), now;
	u32 i;

	for (i = 0; i < READS; i++) {
		now = xen_now();
		s.checked++;
		if ((s64)(now - last) < 0)
			sweep_fail(&s, "read %u, got %lu after %lu", i, now,
				   last);
		last = now;
	}
	sweep_end(&s);
}

/* Over a fifth of a second, across updates of the record, if any. */
static void test_rate(void)
{
	u64 tsc0, tsc1, ns0, ns1, by_tsc;
	const vcpu_time_info_t *t = &vcpu_info->time;

	ns0 = time_record_now(t, &tsc0);
	while (xen_now() < ns0 + 200 * MS)
		cpu_relax();
	ns1 = time_record_now(t, &tsc1);
	by_tsc = time_scale(tsc1 - tsc0, t->tsc_to_system_mul, t->tsc_shift);
	check_range("time as the TSC has it", by_tsc, (ns1 - ns0) * 999 / 1000,
		    (ns1 - ns0) * 1001 / 1000);
	by_tsc = (tsc1 - tsc0) * 1000000 / cpuid(xen_base + 3, 0).ecx;
	if (cpuid(xen_base + 3, 0).ecx)
		check_range("time as the CPUID rate has it", by_tsc,
			    (ns1 - ns0) * 99 / 100, (ns1 - ns0) * 101 / 100);
}

static void test_wall_clock(void)
{
	u64 sec = (u64)shared_info->wc_sec_hi << 32 | shared_info->wc_sec;
	u64 now = sec + xen_now() / 1000000000;

	check("wall clock version is even", !(shared_info->wc_version & 1));
	check("wall clock nanoseconds", shared_info->wc_nsec < 1000000000);
	check_range("wall clock", now, Y2024, Y2124);
	print("# now %lu, up %lu ms\n", now, xen_now() / MS);
}

static void read_runstate(struct vcpu_runstate_info *info)
{
	hypercall3(__HYPERVISOR_vcpu_op, VCPUOP_get_runstate_info, xen_vcpu_id,
		   (u64)info);
}

static u64 runstate_sum(const struct vcpu_runstate_info *info)
{
	return info->time[0] + info->time[1] + info->time[2] + info->time[3];
}

static void test_runstate(void)
{
	struct vcpu_runstate_info a, b;
	u64 start, took, grown;
	u32 port;

	read_runstate(&a);
	start = xen_now();
	evtchn_bind_virq(VIRQ_TIMER, xen_vcpu_id, &port);
	evtchn_set_mask(port, false);
	timer_set(start + 50 * MS, 0);
	/* The console's back end may have an event for us meanwhile. */
	while (!event_count[port] && xen_now() < start + 1000 * MS) {
		irq_enable_and_halt();
		irq_disable();
	}
	while (xen_now() < start + 70 * MS)
		cpu_relax();
	read_runstate(&b);
	took = xen_now() - start;
	grown = runstate_sum(&b) - runstate_sum(&a);
	check_eq("it runs", b.state, RUNSTATE_running);
	check_range("the sum grows as time does", grown, took * 8 / 10,
		    took * 12 / 10 + MS);
	check_range("blocked while halted",
		    b.time[RUNSTATE_blocked] - a.time[RUNSTATE_blocked],
		    20 * MS, took);
	check("it ran a while", b.time[RUNSTATE_running] >
	      a.time[RUNSTATE_running]);
	check("entry time is not ahead", b.state_entry_time <= xen_now());
	check("runnable does not shrink", b.time[RUNSTATE_runnable] >=
	      a.time[RUNSTATE_runnable]);
	check("offline does not shrink", b.time[RUNSTATE_offline] >=
	      a.time[RUNSTATE_offline]);
}

static void test_moved_record(void)
{
	u64 before = xen_now(), after;

	check_hcall("register_vcpu_info", xen_register_vcpu_info(), 0);
	after = xen_now();
	check_range("the clock goes on in the new place", after - before, 0,
		    1000 * MS);
	test_record();
}

/* Forward, and back to where it was, give or take the time between. */
static void test_moved_tsc(void)
{
	u64 tsc = rdtsc(), start = xen_now();

	wrmsr(MSR_TSC, tsc + (1ul << 50));
	check("a write moves the TSC", rdtsc() - tsc >= 1ul << 50);
	check_range("the clock goes on with the TSC moved", xen_now() - start,
		    0, 1000 * MS);
	test_record();
	test_monotonic();
	wrmsr(MSR_TSC, tsc);
	check_range("and with the TSC moved back", xen_now() - start, 0,
		    5000 * MS);
}

void test_main(void)
{
	if (!need_xen())
		return;
	if (!check("events set up", xen_init_events()))
		return;
	test_record();
	test_monotonic();
	test_rate();
	test_wall_clock();
	test_runstate();
	test_moved_record();
	test_monotonic();
	test_moved_tsc();
}
