// SPDX-License-Identifier: GPL-2.0-only
/*
 * A wild jump to a mapped address with no RAM behind it.  There is nothing to
 * fetch an instruction from, so no exception of the guest's own comes of it:
 * the hypervisor has to end the domain.
 */
#include "guest.h"

void test_main(void)
{
	print("ready\n");
	console_drain(5000);
	__asm__ volatile("jmp *%0" :: "r"(0xfd000000ul));
	report_fail("wild jump", "the guest is still here");
}
