// SPDX-License-Identifier: GPL-2.0-only
/*
 * HLT with interrupts off on the only vCPU is how kernels without another way
 * power off.
 */
#include "guest.h"

void test_main(void)
{
	print("ready\n");
	console_drain(5000);
	__asm__ volatile("cli; hlt");
	report_fail("HLT with IF clear", "the guest is still here");
}
