// SPDX-License-Identifier: GPL-2.0-only
/*
 * A data breakpoint on the stack to which #DB itself is delivered: writing the
 * frame of one #DB raises the next, so that a CPU left alone with it never
 * reaches an instruction boundary where it would look at the host's
 * interrupts.  The host must stay responsive all the same.
 */
#include "guest.h"

static u8 stack[4096] __aligned(4096);

void test_main(void)
{
	static u8 handler[16] __aligned(16) = { 0x48, 0xcf };
	u64 frame = (u64)stack + sizeof(stack) - 40;

	print("ready\n");
	console_drain(5000);
	irq_disable();
	trap_set_ist(2, (u64)stack + sizeof(stack));
	idt_set(X86_DB, (u64)handler, 0x8e);	/* iretq */
	idt[X86_DB].ist = 2;
	/* DR0: eight bytes, write; local and global enable */
	write_dr0_safe(frame);
	write_dr7_safe(0x400 | 9 << 16 | 3);
	__asm__ volatile("int $1");
	/* reached where the CPU drops breakpoints during delivery */
	for (;;)
		WRITE_ONCE(*(u64 *)frame, 0);
}
