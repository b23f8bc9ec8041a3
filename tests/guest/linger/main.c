// SPDX-License-Identifier: GPL-2.0-only
/*
 * A guest that asks its store and computes until the answer is there, without
 * an exit of its own.  On a host with one CPU it has gone on for a moment when
 * the store gets that CPU; but the moment ends, and not with the host's
 * tick, which comes every 4 ms or later.
 */
#include "hcheck.h"
#include "store.h"

#define ROUNDS	60u
#define MS	1000000ul

static char value[64];
static u32 failed, went_on, soon;

static void ask(void)
{
	u64 start = xen_now();

	store_ask("domid");
	/* The event is out.  Who was interrupted for it finds an answer. */
	went_on += !store_has_answer();
	while (!store_has_answer())
		;
	soon += xen_now() - start < 2 * MS;
	failed += !!store_answer(value, sizeof(value));
}

void test_main(void)
{
	u32 i;

	if (!need_xen())
		return;
	if (!check("events set up", xen_init_events()) ||
	    !check("a store", store_init()))
		return;
	/* The first request starts the store's process. */
	irq_enable();
	check("a first answer", !store_read("domid", value, sizeof(value)));
	for (i = 0; i < ROUNDS; i++)
		ask();
	print("# %u times, it went on %u times, the answer came soon %u times\n",
	      ROUNDS, went_on, soon);
	check_eq("answers that failed", failed, 0);
	check("the guest goes on first", went_on > ROUNDS / 2);
	/* A busy machine may stop the host for longer now and then. */
	check("the wait ends before the host's tick", soon > ROUNDS / 2);
}
