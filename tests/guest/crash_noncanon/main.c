// SPDX-License-Identifier: GPL-2.0-only
/*
 * A jump to a non-canonical address with no IDT: #GP, then a triple fault.
 * With an IDT it is an ordinary exception, which is checked first.
 */
#include "guest.h"

static void jump(void *to)
{
	__asm__ volatile("jmp *%0" :: "r"(to));
}

void test_main(void)
{
	check_trap("jump to a non-canonical address",
		   trap_try(jump, (void *)NON_CANONICAL), GP0);
	/* the fetch bit of the error code exists when NX or SMEP is on */
	check_trap("jump to an absent page",
		   trap_try(jump, window_address(5)),
		   TRAP(X86_PF, rdmsr(MSR_EFER) & EFER_NXE ? 16 : 0));
	print("ready\n");
	console_drain(5000);
	load_idtr(0, 0);
	jump((void *)NON_CANONICAL);
}
