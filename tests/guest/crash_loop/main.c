// SPDX-License-Identifier: GPL-2.0-only
/*
 * An exception whose handler is the same exception, for ever and without an
 * exit of its own: the frame is written to one place over and over, so nothing
 * is used up.  The host must stay responsive, and the domain must be there to
 * be destroyed.
 */
#include "guest.h"

static const u8 ud2[] __aligned(16) = { 0x0f, 0x0b };

void test_main(void)
{
	static u8 code[16] __aligned(16);
	unsigned int i;

	print("ready\n");
	console_drain(5000);
	irq_disable();
	memcpy(code, ud2, sizeof(ud2));
	for (i = 0; i < 32; i++) {
		trap_hook[i] = NULL;
		idt_set(i, (u64)code, 0x8e);
	}
	/* each #UD starts again at the top of this stack */
	idt[X86_UD].ist = 1;
	__asm__ volatile("ud2");
	report_fail("endless exceptions", "the guest is still here");
}
