// SPDX-License-Identifier: GPL-2.0-only
/*
 * From the entry assembly to the test and out again.
 */
#include "guest.h"

void guest_start(void);

void guest_start(void)
{
	trap_init();
	xen_detect();
	console_init();
	test_main();
	report_done();
}
