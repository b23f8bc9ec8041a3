// SPDX-License-Identifier: GPL-2.0-only
/*
 * Says "ready" and computes for ever without a single exit of its own: only
 * the host's interrupts can take the CPU away from it.
 */
#include "guest.h"

void test_main(void)
{
	u64 n;

	print("ready\n");
	irq_enable();
	for (n = 0;; n++)
		barrier();
}
