// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a read of the store costs a guest, and an event to a back end that does
 * nothing but answer it: tests/bench/echo, which the host starts when it reads
 * here which port.  The guest sleeps until the answer comes.
 */
#include "guest.h"
#include "measure.h"
#include "store.h"

#define ROUNDS	16
#define BATCH	64
#define SETTLE_MS	20

static u32 port;

static void op_echo(void)
{
	u32 seen = event_count[port];

	evtchn_send(port);
	for (;;) {
		irq_disable();
		if (READ_ONCE(event_count[port]) != seen)
			break;
		irq_enable_and_halt();
	}
	irq_enable();
}

static char value[64];
static u32 failures;

static void op_read(void)
{
	failures += !!store_read("domid", value, sizeof(value));
}

static bool find_echo(void)
{
	if (evtchn_alloc_unbound(DOMID_SELF, 0, &port) ||
	    port >= NR_COUNTED_PORTS)
		return false;
	evtchn_set_mask(port, false);
	print("echo wanted at port %u\n", port);
	/* Its first answers are to nothing: it has bound the port. */
	if (!wait_until(READ_ONCE(event_count[port]), 60000))
		return false;
	wait_until(false, SETTLE_MS);
	return true;
}

void test_main(void)
{
	if (!check("events", xen_init_events()) ||
	    !check("a store", store_init()))
		return;
	irq_enable();
	measure_init();
	op_read();
	print("# domid is %s\n", value);
	measure("store_read", op_read, ROUNDS, BATCH);
	check_eq("reads that failed", failures, 0);
	if (check("an echo", find_echo()))
		measure("event_echo", op_echo, ROUNDS, BATCH);
}
