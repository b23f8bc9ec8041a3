// SPDX-License-Identifier: GPL-2.0-only
/*
 * Exits of a CPU that says which instruction exited, but not how long it was
 * or what its operands were (SVM without next RIP or decode assists).  The
 * bytes at RIP say it.  Nothing is changed before all of them are here, so
 * that the exit can be looked at again where sleeping is allowed.
 */
#include "domain.h"
#include "emul/code.h"
#include "emul/emul.h"
#include "emul/insn.h"
#include "emul/linear.h"
#include "vcpu.h"

/* What each instruction exits as. */
static const u8 system_kind[] = {
	[SYSTEM_CPUID] = VMEXIT_CPUID,
	[SYSTEM_HLT] = VMEXIT_HLT,
	[SYSTEM_PAUSE] = VMEXIT_PAUSE,
	[SYSTEM_RDMSR] = VMEXIT_MSR_READ,
	[SYSTEM_WRMSR] = VMEXIT_MSR_WRITE,
	[SYSTEM_HYPERCALL] = VMEXIT_HYPERCALL,
	[SYSTEM_XSETBV] = VMEXIT_XSETBV,
	[SYSTEM_CACHE] = VMEXIT_CACHE,
	[SYSTEM_CLTS] = VMEXIT_CR_ACCESS,
	[SYSTEM_LMSW] = VMEXIT_CR_ACCESS,
	[SYSTEM_MOV_FROM_CR] = VMEXIT_CR_ACCESS,
	[SYSTEM_MOV_TO_CR] = VMEXIT_CR_ACCESS,
	[SYSTEM_MOV_FROM_DR] = VMEXIT_DR_ACCESS,
	[SYSTEM_MOV_TO_DR] = VMEXIT_DR_ACCESS,
	[SYSTEM_STRING_IO] = VMEXIT_IO,
	[SYSTEM_INT1] = VMEXIT_EXCEPTION,
};

/* Do the bytes say what the CPU said? */
static bool is_what_exited(const struct vmexit *x,
			   const struct system_insn *insn)
{
	if (system_kind[insn->op] != x->insn)
		return false;
	switch (insn->op) {
	case SYSTEM_CLTS:
	case SYSTEM_LMSW:
		return x->cr.op == CR_OP_WRITE && x->cr.cr == 0;
	case SYSTEM_MOV_FROM_CR:
		return x->cr.op == CR_OP_READ && x->cr.cr == insn->reg;
	case SYSTEM_MOV_TO_CR:
		return x->cr.op == CR_OP_WRITE && x->cr.cr == insn->reg;
	case SYSTEM_MOV_FROM_DR:
		return x->dr.read && x->dr.dr == insn->reg;
	case SYSTEM_MOV_TO_DR:
		return !x->dr.read && x->dr.dr == insn->reg;
	default:
		return true;
	}
}

static int lmsw_source(struct vcpu *vcpu, const struct code_mode *code,
		       const struct system_insn *insn, u16 *source,
		       struct linear_fault *fault)
{
	if (insn->in_memory)
		return linear_read(vcpu, code_operand(vcpu, code, &insn->mem),
				   source, sizeof(*source), fault);
	*source = vcpu_read_gpr(vcpu, insn->gpr);
	return 0;
}

static gva_t string_operand(struct vcpu *vcpu, const struct code_mode *code,
			    const struct vmexit *x)
{
	u64 index = vcpu->gpr[x->io.in ? GPR_RDI : GPR_RSI];

	return code_segment_base(vcpu, code->bits, x->io.seg) +
	       (index & GENMASK_ULL(8 * x->io.addr_size - 1, 0));
}

static int complete_operands(struct vcpu *vcpu, const struct code_mode *code,
			     const struct system_insn *insn, struct vmexit *x,
			     struct linear_fault *fault)
{
	int err = 0;

	switch (insn->op) {
	case SYSTEM_CLTS:
		x->cr.op = CR_OP_CLTS;
		break;
	case SYSTEM_LMSW:
		x->cr.op = CR_OP_LMSW;
		err = lmsw_source(vcpu, code, insn, &x->cr.lmsw, fault);
		break;
	case SYSTEM_MOV_FROM_CR:
	case SYSTEM_MOV_TO_CR:
		x->cr.gpr = insn->gpr;
		break;
	case SYSTEM_MOV_FROM_DR:
	case SYSTEM_MOV_TO_DR:
		x->dr.gpr = insn->gpr;
		break;
	case SYSTEM_STRING_IO:
		x->io.addr_size = insn->mem.addr_size;
		/* INS stores to ES, whatever the prefixes are. */
		x->io.seg = x->io.in ? VSEG_ES : insn->mem.seg;
		x->io.gva = string_operand(vcpu, code, x);
		break;
	default:
		break;
	}
	if (!err)
		x->kind = x->insn;
	x->insn_len = insn->len;
	return err;
}

enum vmexit_action emul_decode(struct vcpu *vcpu, struct vmexit *x)
{
	u8 bytes[INSN_MAX_LEN];
	struct linear_fault fault;
	struct system_insn insn;
	struct code_mode code;
	unsigned int len;
	int err;

	code_mode_read(vcpu, &code);
	err = code_fetch(vcpu, &code, bytes, &len, &fault);
	if (!err && (insn_decode_system(bytes, len, code.bits, &insn) ||
		     !is_what_exited(x, &insn))) {
		/*
		 * Another vCPU wrote the code, or its mapping, since the CPU
		 * fetched it.  The CPU takes what is there now.
		 */
		set_bit(VCPU_REQ_FLUSH_VCPU, &vcpu->requests);
		return VMEXIT_RESUME;
	}
	if (!err)
		err = complete_operands(vcpu, &code, &insn, x, &fault);
	return err ? linear_failed(vcpu, err, &fault) : VMEXIT_RESUME;
}
