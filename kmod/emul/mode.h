/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Small questions about the mode a vCPU is in, which several interpreters of
 * x86 instructions ask.
 */
#ifndef LODGE_EMUL_MODE_H
#define LODGE_EMUL_MODE_H

#include <asm/msr-index.h>

#include "vcpu.h"

/* Is 64-bit code running (long mode and CS.L)? */
static inline bool vcpu_in_64bit_code(struct vcpu *vcpu)
{
	struct vcpu_segment cs;

	if (!(vcpu_read_reg(vcpu, VREG_EFER) & EFER_LMA))
		return false;
	vendor->read_seg(vcpu, VSEG_CS, &cs);
	return cs.attr & SEG_ATTR_L;
}

/* SS.DPL is the privilege level in every mode. */
static inline u8 vcpu_cpl(struct vcpu *vcpu)
{
	struct vcpu_segment ss;

	vendor->read_seg(vcpu, VSEG_SS, &ss);
	return SEG_ATTR_DPL(ss.attr);
}

#endif /* LODGE_EMUL_MODE_H */
