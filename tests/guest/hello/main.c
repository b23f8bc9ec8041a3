// SPDX-License-Identifier: GPL-2.0-only
/*
 * The smallest guest: says where it is, checks the state that PVH promises,
 * and powers off.
 */
#include "guest.h"

void test_main(void)
{
	const struct hvm_start_info *si = start_info();
	u8 byte;

	if (have_xen) {
		print("hello from domain %u, vCPU %u, Xen leaves at %x\n",
		      xen_domid, xen_vcpu_id, xen_base);
		check("console ring", console_ring);
	} else {
		print("hello from a machine without Xen\n");
	}
	check_eq("start_info magic", si->magic, XEN_HVM_START_MAGIC_VALUE);
	check("start_info version", si->version >= 1);
	check_eq("long mode", rdmsr(MSR_EFER) & (EFER_LME | EFER_LMA),
		 EFER_LME | EFER_LMA);
	check_trap("fixup of #GP", read8_safe(NON_CANONICAL, &byte), GP0);
	check_trap("fixup of #PF", read8_safe(WINDOW_BASE, &byte),
		   TRAP(X86_PF, 0));
}
