// SPDX-License-Identifier: GPL-2.0-only
/*
 * An upcall comes with interrupts on, and once for each event: also when the
 * guest turns interrupts off behind it and goes on, without an exit of its own,
 * for longer than the host's timer waits.  A kernel that takes an interrupt
 * under a lock of its own stands still for ever.
 */
#include "hcheck.h"

#define ROUNDS	50u
#define MS	1000000ul
#define OFF	(12 * MS)

static u32 port;
static trap_hook_t take_upcall;
static u32 upcalls, masked;

static bool count_upcall(struct regs *r)
{
	upcalls++;
	if (!(r->rflags & RFLAGS_IF))
		masked++;
	return take_upcall(r);
}

static bool send_one(void)
{
	u32 before = event_count[port];
	u64 end;

	irq_enable();
	if (evtchn_send(port))
		return false;
	irq_disable();
	end = xen_now() + OFF;
	while (xen_now() < end)
		;
	return event_count[port] == before + 1;
}

void test_main(void)
{
	u32 i, good = 0;

	if (!need_xen())
		return;
	if (!check("events set up", xen_init_events()))
		return;
	take_upcall = trap_hook[UPCALL_VECTOR];
	trap_hook[UPCALL_VECTOR] = count_upcall;
	if (!check_hcall("bind IPI", evtchn_bind_ipi(0, &port), 0))
		return;
	check_hcall("unmask", evtchn_unmask(port), 0);
	/* What has come up to here is taken here, behind the shadow of STI. */
	irq_enable();
	cpu_relax();
	irq_disable();
	upcalls = 0;
	for (i = 0; i < ROUNDS; i++)
		good += send_one();
	check_eq("each event was taken", good, ROUNDS);
	check_eq("each came with one upcall", upcalls, ROUNDS);
	check_eq("none came with interrupts off", masked, 0);
}
