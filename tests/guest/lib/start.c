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
	if (!have_xen) {
		/* firmware may have left the 8259s on the exception vectors */
		outb(0xff, 0x21);
		outb(0xff, 0xa1);
	}
	test_main();
	report_done();
}
