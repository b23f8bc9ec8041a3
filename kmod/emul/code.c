// SPDX-License-Identifier: GPL-2.0-only
/*
 * Instruction bytes and operand addresses in the mode that the guest is in.
 */
#include "emul/code.h"

#include <linux/build_bug.h>
#include <linux/mm.h>

#include <asm/msr-index.h>

#include "emul/insn.h"
#include "emul/linear.h"
#include "vcpu.h"

void code_mode_read(struct vcpu *vcpu, struct code_mode *code)
{
	struct vcpu_segment cs;

	vendor->read_seg(vcpu, VSEG_CS, &cs);
	code->rip = vcpu_read_reg(vcpu, VREG_RIP);
	if ((vcpu_read_reg(vcpu, VREG_EFER) & EFER_LMA) &&
	    (cs.attr & SEG_ATTR_L)) {
		code->base = 0;
		code->bits = 64;
		return;
	}
	code->base = cs.base;
	code->rip = (u32)code->rip;
	code->bits = cs.attr & SEG_ATTR_DB ? 32 : 16;
}

int code_fetch(struct vcpu *vcpu, const struct code_mode *code, u8 *bytes,
	       unsigned int *len, struct linear_fault *fault)
{
	gva_t gva = code->base + code->rip;
	unsigned int left = PAGE_SIZE - offset_in_page(gva);
	int err;

	*len = INSN_MAX_LEN;
	err = linear_read(vcpu, gva, bytes, *len, fault);
	if (err != -EFAULT || left >= INSN_MAX_LEN)
		return err;
	*len = left;
	return linear_read(vcpu, gva, bytes, left, fault);
}

u64 code_segment_base(struct vcpu *vcpu, unsigned int bits, u8 seg)
{
	struct vcpu_segment s;

	if (bits == 64 && seg < INSN_FS)
		return 0;
	BUILD_BUG_ON((int)INSN_ES != VSEG_ES || (int)INSN_GS != VSEG_GS);
	vendor->read_seg(vcpu, (enum vcpu_seg)seg, &s);
	return s.base;
}

gva_t code_operand(struct vcpu *vcpu, const struct code_mode *code,
		   const struct mem_insn *insn)
{
	u64 address = insn->disp;

	if (insn->rip_relative)
		address += code->rip + insn->len;
	if (insn->base != INSN_NO_REG)
		address += vcpu_read_gpr(vcpu, insn->base);
	if (insn->index != INSN_NO_REG)
		address += vcpu_read_gpr(vcpu, insn->index) << insn->shift;
	address &= GENMASK_ULL(8 * insn->addr_size - 1, 0);
	return address + code_segment_base(vcpu, code->bits, insn->seg);
}
