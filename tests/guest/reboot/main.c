// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guest asks for a reboot.
 */
#include "guest.h"

void test_main(void)
{
	struct sched_shutdown down = { .reason = SHUTDOWN_reboot };

	if (!need_xen())
		return;
	print("ready\n");
	console_drain(5000);
	hypercall2(__HYPERVISOR_sched_op, SCHEDOP_shutdown, (u64)&down);
	report_fail("shutdown", "the guest is still here");
}
