// SPDX-License-Identifier: GPL-2.0-only
/*
 * HLT wakes for a timer, for an event that was pending before it with IF
 * clear, and never sleeps over one.  A lost wake-up shows as a wait that only
 * the guard timer ends, which is counted.
 */
#include "guest.h"

#define MS	1000000ul
#define US	1000ul
#define ROUNDS	10000
#define GUARD_NS	(500 * MS)

static u32 timer_port, ipi_port;

static void test_timer(void)
{
	u32 before = event_count[timer_port];
	u64 start = xen_now();

	timer_set(start + 5 * MS, 0);
	/* The console's back end may have an event for us meanwhile. */
	while (event_count[timer_port] == before &&
	       xen_now() < start + 1000 * MS) {
		irq_enable_and_halt();
		irq_disable();
	}
	check_eq("HLT wakes for the timer", event_count[timer_port],
		 before + 1);
	check_range("in its time", xen_now() - start, 5 * MS, 1000 * MS);
}

static void test_pending_before(void)
{
	u64 start = xen_now(), before = upcall_count;

	evtchn_send(ipi_port);
	timer_set(start + GUARD_NS, 0);
	irq_enable_and_halt();
	irq_disable();
	timer_stop();
	check("event pending before STI; HLT", upcall_count > before);
	check("is not slept over", xen_now() - start < GUARD_NS);
}

/* The timer fires while IF is clear, well before the HLT. */
static void test_timer_before(void)
{
	u32 before = event_count[timer_port];
	u64 start = xen_now(), took;

	timer_set(start + MS, 0);
	while (xen_now() < start + 3 * MS)
		cpu_relax();
	check_eq("IF clear holds the timer's event back",
		 event_count[timer_port], before);
	start = xen_now();
	irq_enable_and_halt();
	irq_disable();
	took = xen_now() - start;
	check_eq("STI; HLT takes it", event_count[timer_port], before + 1);
	check("at once", took < GUARD_NS);
}

/*
 * Deadlines from the past to a few microseconds ahead, so that the timer
 * falls before, on and after the HLT.
 */
static void test_rounds(void)
{
	u64 start = xen_now(), now, worst = 0;
	u32 i, before, lost = 0, wakes = 0;

	for (i = 0; i < ROUNDS; i++) {
		before = event_count[timer_port];
		now = xen_now();
		timer_set(now + (i % 64) * US / 4, 0);
		while (event_count[timer_port] == before) {
			irq_enable_and_halt();
			irq_disable();
			wakes++;
			if (xen_now() - now > GUARD_NS) {
				lost++;
				break;
			}
		}
		now = xen_now() - now;
		if (now > worst)
			worst = now;
	}
	print("# %u rounds: %lu us each, worst %lu us, %u wake-ups\n", ROUNDS,
	      (xen_now() - start) / US / ROUNDS, worst / US, wakes);
	check_eq("no wake-up lost", lost, 0);
	check("no wake-up without a reason", wakes <= ROUNDS + ROUNDS / 4);
}

static void test_ipi_rounds(void)
{
	u32 i, before, guard, lost = 0;

	timer_set(xen_now() + GUARD_NS, 0);
	for (i = 0; i < ROUNDS && lost < 10; i++) {
		before = event_count[ipi_port];
		guard = event_count[timer_port];
		evtchn_send(ipi_port);
		while (event_count[ipi_port] == before &&
		       event_count[timer_port] == guard) {
			irq_enable_and_halt();
			irq_disable();
		}
		lost += event_count[ipi_port] == before;
		if (event_count[timer_port] != guard)
			timer_set(xen_now() + GUARD_NS, 0);
	}
	timer_stop();
	check_eq("an event sent to ourselves ends each HLT", lost, 0);
}

static void test_masked(void)
{
	u64 start = xen_now();
	u64 before;

	evtchn_set_mask(ipi_port, true);
	evtchn_send(ipi_port);
	before = upcall_count;
	timer_set(start + 5 * MS, 0);
	irq_enable_and_halt();
	irq_disable();
	check_eq("a masked event does not wake", upcall_count, before + 1);
	check("the timer does", xen_now() - start >= 5 * MS);
	evtchn_clear(ipi_port);
	evtchn_set_mask(ipi_port, false);
}

static volatile u32 lapic_irqs;

static bool lapic_irq(struct regs *r)
{
	lapic_irqs++;
	lapic_write(LAPIC_EOI, 0);
	return true;
}

static void test_lapic(void)
{
	u64 start = xen_now();

	lapic_enable();
	lapic_write(LAPIC_SVR, 0x1ff);
	trap_hook[0x41] = lapic_irq;
	lapic_send_self(0x41);
	timer_set(start + GUARD_NS, 0);
	irq_enable_and_halt();
	irq_disable();
	timer_stop();
	check_eq("a pending local interrupt ends HLT", lapic_irqs, 1);
	check("at once", xen_now() - start < GUARD_NS);
}

void test_main(void)
{
	if (!need_xen())
		return;
	if (!check("events set up", xen_init_events()))
		return;
	check_hcall("bind the timer", evtchn_bind_virq(VIRQ_TIMER, xen_vcpu_id,
						       &timer_port), 0);
	check_hcall("bind an IPI", evtchn_bind_ipi(xen_vcpu_id, &ipi_port), 0);
	evtchn_set_mask(timer_port, false);
	evtchn_set_mask(ipi_port, false);
	test_timer();
	test_pending_before();
	test_timer_before();
	test_masked();
	test_lapic();
	test_ipi_rounds();
	test_rounds();
}
