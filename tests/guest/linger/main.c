// SPDX-License-Identifier: GPL-2.0-only
/*
 * A guest that asks its store and computes until the answer is there, without
 * an exit of its own.  On a host with one CPU it has gone on for a moment when
 * the store gets that CPU; but the moment ends, and not with the host's
 * tick, which comes every 4 ms or later.  With an exit it ends at once.
 */
#include "hcheck.h"
#include "store.h"

#define ROUNDS	60u
#define TRIES	10u
#define MS	1000000ul

static char value[64];
static u32 failed, went_on, soon, after_exit;

static void ask(void)
{
	u64 start = xen_now();

	store_ask("domid");
	/* The event is out.  Who was interrupted for it finds an answer. */
	went_on += !store_has_answer();
	while (!store_has_answer())
		;
	soon += xen_now() - start < 3 * MS;
	failed += !!store_answer(value, sizeof(value));
}

static void ask_and_exit(void)
{
	store_ask("domid");
	cpuid(0, 0);
	after_exit += store_has_answer();
	while (!store_has_answer())
		;
	failed += !!store_answer(value, sizeof(value));
}

static void run_rounds(void)
{
	u32 i;

	went_on = 0;
	soon = 0;
	after_exit = 0;
	for (i = 0; i < ROUNDS; i++) {
		ask();
		ask_and_exit();
	}
	print("# of %u times it went on %u, the answer came soon %u, at an exit %u\n",
	      ROUNDS, went_on, soon, after_exit);
}

static bool mostly(u32 count)
{
	return count > ROUNDS / 2;
}

void test_main(void)
{
	u32 tries = 0;

	if (!need_xen())
		return;
	if (!check("events set up", xen_init_events()) ||
	    !check("a store", store_init()))
		return;
	/* The first request starts the store's process. */
	irq_enable();
	check("a first answer", !store_read("domid", value, sizeof(value)));
	/* A busy machine may stop the host again and again for a while. */
	do {
		run_rounds();
	} while (++tries < TRIES &&
		 !(mostly(went_on) && mostly(soon) && mostly(after_exit)));
	check_eq("answers that failed", failed, 0);
	check("the guest goes on first", mostly(went_on));
	check("the wait ends before the host's tick", mostly(soon));
	check("the wait ends with an exit", mostly(after_exit));
}
