// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guest-physical addresses that no memory backs.  A hole reads as ones and
 * swallows writes; the local APIC's page is the one device.  Hardware has
 * checked privilege and segment limits before it reported the access, so what
 * is left is to fetch the instruction, decode it, and do what it says.
 */
#include <linux/bitops.h>

#include "domain.h"
#include "emul/code.h"
#include "emul/emul.h"
#include "emul/insn.h"
#include "emul/linear.h"
#include "vcpu.h"

/* Registers as an operand: a byte, a word, or all of it. */

static u64 operand_read(struct vcpu *vcpu, const struct mem_insn *insn)
{
	u64 v;

	if (insn->has_imm)
		return insn->imm;
	v = vcpu_read_gpr(vcpu, insn->reg);
	return insn->reg_high ? v >> 8 : v;
}

static void operand_write(struct vcpu *vcpu, const struct mem_insn *insn,
			  u64 v)
{
	u64 old = vcpu_read_gpr(vcpu, insn->reg);

	switch (insn->reg_size) {
	case 1:
		if (insn->reg_high)
			v = (old & ~0xff00ull) | (v & 0xff) << 8;
		else
			v = (old & ~0xffull) | (v & 0xff);
		break;
	case 2:
		v = (old & ~0xffffull) | (v & 0xffff);
		break;
	case 4:
		v = (u32)v;
		break;
	}
	vcpu_write_gpr(vcpu, insn->reg, v);
}

/* Arithmetic: read, compute, write back what is to be written back. */
static int mmio_alu(struct vcpu *vcpu, const struct mem_insn *insn, gva_t gva,
		    u64 mem, struct linear_fault *fault)
{
	bool to_mem = insn->op == INSN_ALU_MEM;
	u64 rflags = vcpu_read_reg(vcpu, VREG_RFLAGS);
	u64 reg = operand_read(vcpu, insn);
	u64 result;
	int err;

	result = insn_alu(insn->alu, insn->size, to_mem ? mem : reg,
			  to_mem ? reg : mem, &rflags);
	if (insn->alu != ALU_CMP && insn->alu != ALU_TEST) {
		if (to_mem) {
			err = linear_write(vcpu, gva, &result, insn->size,
					   fault);
			if (err)
				return err;
		} else {
			operand_write(vcpu, insn, result);
		}
	}
	vcpu_write_reg(vcpu, VREG_RFLAGS, rflags);
	return 0;
}

static int mmio_single(struct vcpu *vcpu, const struct code_mode *code,
		       const struct mem_insn *insn, struct linear_fault *fault)
{
	gva_t gva = code_operand(vcpu, code, insn);
	u64 mem = 0, reg;
	int err;

	if (insn->op == INSN_STORE) {
		reg = operand_read(vcpu, insn);
		return linear_write(vcpu, gva, &reg, insn->size, fault);
	}
	err = linear_read(vcpu, gva, &mem, insn->size, fault);
	if (err)
		return err;
	switch (insn->op) {
	case INSN_LOAD:
		if (insn->sign)
			mem = sign_extend64(mem, 8 * insn->size - 1);
		break;
	case INSN_XCHG:
		reg = operand_read(vcpu, insn);
		err = linear_write(vcpu, gva, &reg, insn->size, fault);
		if (err)
			return err;
		break;
	default:
		return mmio_alu(vcpu, insn, gva, mem, fault);
	}
	operand_write(vcpu, insn, mem);
	return 0;
}

/* One element of MOVS, STOS or LODS. */
static int mmio_string_element(struct vcpu *vcpu, const struct mem_insn *insn,
			       const struct string_regs *s, u64 src_base,
			       u64 dst_base, struct linear_fault *fault)
{
	gva_t src = src_base + (vcpu->gpr[GPR_RSI] & s->addr_mask);
	gva_t dst = dst_base + (vcpu->gpr[GPR_RDI] & s->addr_mask);
	u64 data = vcpu->gpr[GPR_RAX];
	int err;

	if (insn->op != INSN_STOS) {
		data = 0;
		err = linear_read(vcpu, src, &data, insn->size, fault);
		if (err)
			return err;
	}
	if (insn->op == INSN_LODS) {
		operand_write(vcpu, insn, data);
	} else {
		err = linear_write(vcpu, dst, &data, insn->size, fault);
		if (err)
			return err;
		string_advance(vcpu, s, GPR_RDI);
	}
	if (insn->op != INSN_STOS)
		string_advance(vcpu, s, GPR_RSI);
	return 0;
}

/* Returns 0 when it is complete, 1 when there is more to do, or an error. */
static int mmio_string(struct vcpu *vcpu, const struct code_mode *code,
		       const struct mem_insn *insn, struct linear_fault *fault)
{
	u64 src_base = code_segment_base(vcpu, code->bits, insn->seg);
	u64 dst_base = code_segment_base(vcpu, code->bits, INSN_ES);
	struct string_regs s;
	unsigned int i;
	int err;

	string_begin(vcpu, insn->addr_size, insn->size, insn->rep, &s);
	for (i = 0; s.count && i < STRING_BATCH; i++) {
		err = mmio_string_element(vcpu, insn, &s, src_base, dst_base,
					  fault);
		if (err)
			return err;
		string_count_down(vcpu, &s, insn->rep);
	}
	return s.count ? 1 : 0;
}

static int mmio_execute(struct vcpu *vcpu, const struct code_mode *code,
			const struct mem_insn *insn, struct linear_fault *fault)
{
	switch (insn->op) {
	case INSN_MOVS:
	case INSN_STOS:
	case INSN_LODS:
		return mmio_string(vcpu, code, insn, fault);
	default:
		return mmio_single(vcpu, code, insn, fault);
	}
}

enum vmexit_action emul_mmio(struct vcpu *vcpu, const struct vmexit *x)
{
	u8 bytes[INSN_MAX_LEN];
	struct linear_fault fault;
	struct code_mode code;
	struct mem_insn insn;
	unsigned int len;
	int err;

	/* Any step may have to bring in a page; nothing has changed yet. */
	if (vcpu->atomic)
		return VMEXIT_AGAIN;
	if (x->s2.exec)
		return vcpu_crash(vcpu, "execution at gpa %#llx, where nothing is",
				  x->s2.gpa);
	if (x->s2.walk)
		return vcpu_crash(vcpu, "page tables at gpa %#llx, where nothing is",
				  x->s2.gpa);

	code_mode_read(vcpu, &code);
	err = code_fetch(vcpu, &code, bytes, &len, &fault);
	if (err)
		return linear_failed(vcpu, err, &fault);
	if (insn_decode_mem(bytes, len, code.bits, &insn))
		return vcpu_crash(vcpu, "access to gpa %#llx, a hole, by unknown code %*ph",
				  x->s2.gpa, (int)len, bytes);
	err = mmio_execute(vcpu, &code, &insn, &fault);
	if (err < 0)
		return linear_failed(vcpu, err, &fault);
	if (!err)
		vendor->advance_rip(vcpu, insn.len);
	return VMEXIT_RESUME;
}
