/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What C and assembly say to each other about one entry.
 */
#ifndef LODGE_VMX_VMX_ENTER_H
#define LODGE_VMX_VMX_ENTER_H

/* flags */
#define VMX_ENTER_RESUME_BIT	0
#define VMX_ENTER_RESUME	1	/* VMRESUME, not VMLAUNCH */
#define VMX_ENTER_SPEC_CTRL	2	/* swap IA32_SPEC_CTRL around the guest */

/* result */
#define VMX_ENTERED		0
#define VMX_ENTER_FAILED	1
#define VMX_ENTER_CPU_OFF	2

#ifndef __ASSEMBLY__
#include <linux/types.h>

unsigned int vmx_enter_guest(u64 *gpr, u64 *host_rsp, unsigned int flags,
			     u32 guest_spec_ctrl, u32 host_spec_ctrl);

/* Where the hardware goes on after an exit; HOST_RIP. */
extern const char vmx_exit[];
#endif

#endif /* LODGE_VMX_VMX_ENTER_H */
