// SPDX-License-Identifier: GPL-2.0-only
/*
 * A triple fault: no vector can be delivered.  The domain must end with the
 * reason that Xen gives it, reboot, and with its registers in the log.
 */
#include "guest.h"

void test_main(void)
{
	print("ready\n");
	console_drain(5000);
	load_idtr(0, 0);
	__asm__ volatile("ud2");
	report_fail("triple fault", "the guest is still here");
}
