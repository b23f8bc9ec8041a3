// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bits of CR3 that must be refused, each with #GP(0) and nothing changed.
 */
#include "guest.h"

void test_main(void)
{
	u64 cr3 = read_cr3();
	u32 width = cpuid(0x80000008, 0).eax & 0xff;

	check_trap("CR3: bit 63 without PCIDs", write_cr3_safe(cr3 | 1ul << 63),
		   GP0);
	if (width < 52)
		check_trap("CR3: beyond the physical width",
			   write_cr3_safe(cr3 | 1ul << width), GP0);
	check_eq("CR3 is unchanged", read_cr3(), cr3);
	check_trap("CR3: reload", write_cr3_safe(cr3), 0);
}
