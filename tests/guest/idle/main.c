// SPDX-License-Identifier: GPL-2.0-only
/*
 * Says "ready" and halts with interrupts on for ever: for tests of pause,
 * destroy and the cost of an idle domain.
 */
#include "guest.h"

void test_main(void)
{
	print("ready\n");
	for (;;)
		irq_enable_and_halt();
}
