// SPDX-License-Identifier: GPL-2.0-only
/*
 * Control and debug registers.  The rules of the architecture are pure
 * functions of the old and the new values; the interpreters around them fetch
 * the values, apply what follows from a change (long mode, PAE entries,
 * flushes), and leave fixed bits and entry controls to the vendor.
 */
#include <linux/mm.h>

#include <asm/debugreg.h>
#include <asm/fpu/types.h>
#include <asm/msr-index.h>
#include <asm/processor-flags.h>
#include <asm/trapnr.h>

#include "domain.h"
#include "emul/cpuid.h"
#include "emul/emul.h"
#include "emul/lapic.h"
#include "mmu/guest_mem.h"
#include "vcpu.h"

#define CR0_DEFINED	(X86_CR0_PE | X86_CR0_MP | X86_CR0_EM | X86_CR0_TS | \
			 X86_CR0_ET | X86_CR0_NE | X86_CR0_WP | X86_CR0_AM | \
			 X86_CR0_NW | X86_CR0_CD | X86_CR0_PG)
#define CR0_LMSW	(X86_CR0_PE | X86_CR0_MP | X86_CR0_EM | X86_CR0_TS)
#define CR0_FLUSH	(X86_CR0_PE | X86_CR0_PG)
#define CR0_PDPTRS	(X86_CR0_PG | X86_CR0_CD | X86_CR0_NW)
#define CR4_FLUSH	(X86_CR4_PGE | X86_CR4_PAE | X86_CR4_PSE | \
			 X86_CR4_PCIDE | X86_CR4_SMEP)
#define CR4_PDPTRS	(X86_CR4_PAE | X86_CR4_PSE | X86_CR4_PGE | \
			 X86_CR4_SMEP)
#define CR3_PAE_BASE	0xffffffe0ull

#define NR_PDPTRS	4

/* Access rights: type of a TSS. */
#define SEG_TYPE_MASK		0xfu
#define SEG_TYPE_TSS16_BUSY	3u
#define SEG_TYPE_TSS_BUSY	11u

/**
 * struct cr_state - the values that the rules look at
 * @cr0: CR0
 * @cr3: CR3
 * @cr4: CR4
 * @efer: EFER
 * @cs_l: the code segment has L set
 */
struct cr_state {
	u64 cr0;
	u64 cr3;
	u64 cr4;
	u64 efer;
	bool cs_l;
};

/* May CR0 become @new?  SDM, "MOV to Control Registers", #GP conditions. */
static bool cr0_is_valid(const struct cr_state *s, u64 new)
{
	bool pg = s->cr0 & X86_CR0_PG;

	if (new >> 32)
		return false;
	if ((new & X86_CR0_PG) && !(new & X86_CR0_PE))
		return false;
	if ((new & X86_CR0_NW) && !(new & X86_CR0_CD))
		return false;
	if ((new & X86_CR0_PG) && !pg && (s->efer & EFER_LME) &&
	    (!(s->cr4 & X86_CR4_PAE) || s->cs_l))
		return false;
	if (!(new & X86_CR0_PG) && pg &&
	    (((s->efer & EFER_LMA) && s->cs_l) || (s->cr4 & X86_CR4_PCIDE)))
		return false;
	return true;
}

/* Undefined bits of the lower half are ignored; ET is one. */
static u64 cr0_value(u64 new)
{
	return (new & CR0_DEFINED) | X86_CR0_ET;
}

/* LMSW sets the lower four bits and cannot clear PE. */
static u64 cr0_after_lmsw(u64 old, u16 source)
{
	return (old & ~(u64)(CR0_LMSW & ~X86_CR0_PE)) | (source & CR0_LMSW);
}

/* EFER with LMA as it follows from CR0.PG and LME. */
static u64 efer_after_cr0(u64 efer, u64 cr0)
{
	efer &= ~(u64)EFER_LMA;
	if ((efer & EFER_LME) && (cr0 & X86_CR0_PG))
		efer |= EFER_LMA;
	return efer;
}

/* May CR4 become @new? */
static bool cr4_is_valid(const struct cr_state *s, u64 new, u64 allowed)
{
	u64 set = new & ~s->cr4;

	if (new & ~allowed)
		return false;
	if ((set & X86_CR4_PCIDE) &&
	    (!(s->efer & EFER_LMA) || (s->cr3 & CR3_PCID_MASK)))
		return false;
	return !(s->efer & EFER_LMA) || (new & X86_CR4_PAE);
}

/* Does this mode page through four PAE entries that the CPU has loaded? */
static bool uses_pdptrs(u64 cr0, u64 cr4, u64 efer)
{
	return vendor->holds_pdptrs && (cr0 & X86_CR0_PG) &&
	       (cr4 & X86_CR4_PAE) && !(efer & EFER_LMA);
}

/* Reserved bits of one of them: 1, 2, 5-8 and above the physical width. */
static bool pdptr_is_valid(u64 entry, u8 phys_bits)
{
	u64 reserved = GENMASK_ULL(63, phys_bits) | GENMASK_ULL(8, 5) |
		       GENMASK_ULL(2, 1);

	return !(entry & _PAGE_PRESENT) || !(entry & reserved);
}

static bool xcr0_is_valid(u64 new, u64 allowed)
{
	u64 avx512 = new & XFEATURE_MASK_AVX512;

	if ((new & ~allowed) || !(new & XFEATURE_MASK_FP))
		return false;
	if ((new & XFEATURE_MASK_YMM) && !(new & XFEATURE_MASK_SSE))
		return false;
	return !avx512 || (avx512 == XFEATURE_MASK_AVX512 &&
			   (new & XFEATURE_MASK_YMM));
}

static void cr_state_read(struct vcpu *vcpu, struct cr_state *s)
{
	struct vcpu_segment cs;

	vendor->read_seg(vcpu, VSEG_CS, &cs);
	s->cr0 = vcpu_read_reg(vcpu, VREG_CR0);
	s->cr3 = vcpu_read_reg(vcpu, VREG_CR3);
	s->cr4 = vcpu_read_reg(vcpu, VREG_CR4);
	s->efer = vcpu_read_reg(vcpu, VREG_EFER);
	s->cs_l = cs.attr & SEG_ATTR_L;
}

/*
 * The CPU loads the four entries when CR3 is written without an exit.  After
 * a change of CR0 or CR4 that we emulate, it is for us to do.
 *
 * Return: whether they are valid; for #GP if not.
 */
static bool pdptrs_fetch(struct vcpu *vcpu, u64 cr3, u64 pdptr[NR_PDPTRS])
{
	unsigned int i;
	int err;

	err = guest_mem_read(&vcpu->domain->ram, cr3 & CR3_PAE_BASE, pdptr,
			     NR_PDPTRS * sizeof(*pdptr));
	for (i = 0; i < NR_PDPTRS; i++) {
		/* Where nothing is, ones are read. */
		if (err)
			pdptr[i] = ~0ull;
		if (!pdptr_is_valid(pdptr[i], cpuid_phys_bits()))
			return false;
	}
	return true;
}

static void pdptrs_load(struct vcpu *vcpu, const u64 pdptr[NR_PDPTRS])
{
	unsigned int i;

	for (i = 0; i < NR_PDPTRS; i++)
		vcpu_write_reg(vcpu, VREG_PDPTR0 + i, pdptr[i]);
}

/* A 16-bit TSS is not allowed in long mode; the entry would fail. */
static void tr_enter_long_mode(struct vcpu *vcpu)
{
	struct vcpu_segment tr;

	vendor->read_seg(vcpu, VSEG_TR, &tr);
	if ((tr.attr & SEG_TYPE_MASK) != SEG_TYPE_TSS16_BUSY)
		return;
	tr.attr = (tr.attr & ~SEG_TYPE_MASK) | SEG_TYPE_TSS_BUSY;
	vendor->write_seg(vcpu, VSEG_TR, &tr);
}

static enum vmexit_action cr0_write(struct vcpu *vcpu, u64 value)
{
	u64 pdptr[NR_PDPTRS];
	struct cr_state s;
	u64 efer, changed;
	bool pae;

	cr_state_read(vcpu, &s);
	if (!cr0_is_valid(&s, value))
		return vcpu_inject_gp(vcpu);
	value = cr0_value(value);
	changed = value ^ s.cr0;
	efer = efer_after_cr0(s.efer, value);

	pae = uses_pdptrs(value, s.cr4, efer) && (changed & CR0_PDPTRS);
	if (pae && !pdptrs_fetch(vcpu, s.cr3, pdptr))
		return vcpu_inject_gp(vcpu);

	if (efer & ~s.efer & EFER_LMA)
		tr_enter_long_mode(vcpu);
	if (efer != s.efer)
		vcpu_write_reg(vcpu, VREG_EFER, efer);
	vcpu_write_reg(vcpu, VREG_CR0, value);
	if (pae)
		pdptrs_load(vcpu, pdptr);
	if (changed & CR0_FLUSH)
		set_bit(VCPU_REQ_FLUSH_VCPU, &vcpu->requests);
	return VMEXIT_SKIP_INSN;
}

static enum vmexit_action cr4_write(struct vcpu *vcpu, u64 value)
{
	u64 pdptr[NR_PDPTRS];
	struct cr_state s;
	u64 changed;
	bool pae;

	cr_state_read(vcpu, &s);
	if (!cr4_is_valid(&s, value, cpuid_cr4_allowed()))
		return vcpu_inject_gp(vcpu);
	changed = value ^ s.cr4;

	pae = uses_pdptrs(s.cr0, value, s.efer) && (changed & CR4_PDPTRS);
	if (pae && !pdptrs_fetch(vcpu, s.cr3, pdptr))
		return vcpu_inject_gp(vcpu);

	vcpu_write_reg(vcpu, VREG_CR4, value);
	cpuid_cr4_changed(vcpu, value);
	if (pae)
		pdptrs_load(vcpu, pdptr);
	if (changed & CR4_FLUSH)
		set_bit(VCPU_REQ_FLUSH_VCPU, &vcpu->requests);
	return VMEXIT_SKIP_INSN;
}

static enum vmexit_action cr8_write(struct vcpu *vcpu, u64 value)
{
	if (value > 0xf)
		return vcpu_inject_gp(vcpu);
	lapic_write_cr8(vcpu, value);
	return VMEXIT_SKIP_INSN;
}

static enum vmexit_action cr_mov_to(struct vcpu *vcpu, u8 cr, u8 gpr)
{
	u64 value = vcpu_read_gpr(vcpu, gpr);

	/* Outside 64-bit code the upper half of the source is not there. */
	if (!vcpu_in_64bit_code(vcpu))
		value = (u32)value;
	switch (cr) {
	case 0:
		return cr0_write(vcpu, value);
	case 4:
		return cr4_write(vcpu, value);
	case 8:
		return cr8_write(vcpu, value);
	default:
		/* CR3 is written without an exit; the rest does not exist. */
		return vcpu_inject_ud(vcpu);
	}
}

static enum vmexit_action cr_mov_from(struct vcpu *vcpu, u8 cr, u8 gpr)
{
	u64 value;

	switch (cr) {
	case 0:
		value = vcpu_read_reg(vcpu, VREG_CR0);
		break;
	case 3:
		value = vcpu_read_reg(vcpu, VREG_CR3);
		break;
	case 4:
		value = vcpu_read_reg(vcpu, VREG_CR4);
		break;
	case 8:
		value = lapic_read_cr8(vcpu);
		break;
	default:
		return vcpu_inject_ud(vcpu);
	}
	vcpu_write_gpr(vcpu, gpr, value);
	return VMEXIT_SKIP_INSN;
}

enum vmexit_action emul_cr(struct vcpu *vcpu, const struct vmexit *x)
{
	u64 cr0;

	switch (x->cr.op) {
	case CR_OP_WRITE:
		return cr_mov_to(vcpu, x->cr.cr, x->cr.gpr);
	case CR_OP_READ:
		return cr_mov_from(vcpu, x->cr.cr, x->cr.gpr);
	case CR_OP_CLTS:
		cr0 = vcpu_read_reg(vcpu, VREG_CR0);
		vcpu_write_reg(vcpu, VREG_CR0, cr0 & ~(u64)X86_CR0_TS);
		return VMEXIT_SKIP_INSN;
	case CR_OP_LMSW:
		cr0 = vcpu_read_reg(vcpu, VREG_CR0);
		return cr0_write(vcpu, cr0_after_lmsw(cr0, x->cr.lmsw));
	}
	return vcpu_inject_ud(vcpu);
}

enum vmexit_action emul_xsetbv(struct vcpu *vcpu, const struct vmexit *x)
{
	u64 value = vcpu_edx_eax(vcpu);

	if (!(vcpu_read_reg(vcpu, VREG_CR4) & X86_CR4_OSXSAVE))
		return vcpu_inject_ud(vcpu);
	if (vcpu_cpl(vcpu) || (u32)vcpu->gpr[GPR_RCX] ||
	    !xcr0_is_valid(value, cpuid_xcr0_allowed()))
		return vcpu_inject_gp(vcpu);
	/* While the guest's own XCR0 is loaded, the variable must not move. */
	if (vcpu->atomic)
		return VMEXIT_AGAIN;
	vcpu->xcr0 = value;
	return VMEXIT_SKIP_INSN;
}

/* Debug registers.  Bits that do not exist read as they do on hardware. */
#define DR6_FIXED_ONE		0xffff0ff0ull
#define DR6_VOLATILE		0x0000e00full
#define DR7_FIXED_ONE		0x00000400ull
#define DR7_VOLATILE		0xffff23ffull

static u64 dr6_value(u64 v)
{
	return (v & DR6_VOLATILE) | DR6_FIXED_ONE;
}

static u64 dr7_value(u64 v)
{
	return (v & DR7_VOLATILE) | DR7_FIXED_ONE;
}

static u64 dr_read(struct vcpu *vcpu, u8 dr)
{
	if (dr < ARRAY_SIZE(vcpu->dr))
		return vcpu->dr[dr];
	return dr == DR_STATUS ? dr6_value(vcpu->dr6) :
				 vcpu_read_reg(vcpu, VREG_DR7);
}

static enum vmexit_action dr_write(struct vcpu *vcpu, u8 dr, u64 value)
{
	if (dr < ARRAY_SIZE(vcpu->dr)) {
		vcpu->dr[dr] = value;
	} else {
		if (value >> 32)
			return vcpu_inject_gp(vcpu);
		if (dr == DR_STATUS)
			vcpu->dr6 = dr6_value(value);
		else
			vcpu_write_reg(vcpu, VREG_DR7, dr7_value(value));
	}
	vcpu->dr_dirty = true;
	return VMEXIT_SKIP_INSN;
}

/* DR7.GD: somebody guards the debug registers and gets a #DB instead. */
static enum vmexit_action dr_guarded(struct vcpu *vcpu, u64 dr7)
{
	vcpu->dr6 = dr6_value(vcpu->dr6) | DR6_BD;
	vcpu_write_reg(vcpu, VREG_DR7, dr7 & ~DR7_GD);
	return vcpu_inject_exception(vcpu, X86_TRAP_DB, false, 0);
}

enum vmexit_action emul_dr(struct vcpu *vcpu, const struct vmexit *x)
{
	u64 dr7 = vcpu_read_reg(vcpu, VREG_DR7);
	u8 dr = x->dr.dr & 7;
	u64 value;

	if (dr == 4 || dr == 5) {
		if (vcpu_read_reg(vcpu, VREG_CR4) & X86_CR4_DE)
			return vcpu_inject_ud(vcpu);
		dr += 2;
	}
	if (vcpu_cpl(vcpu))
		return vcpu_inject_gp(vcpu);
	if (dr7 & DR7_GD)
		return dr_guarded(vcpu, dr7);
	if (x->dr.read) {
		vcpu_write_gpr(vcpu, x->dr.gpr, dr_read(vcpu, dr));
		return VMEXIT_SKIP_INSN;
	}
	/* The guest's debug registers are loaded with interrupts turned off. */
	if (vcpu->atomic)
		return VMEXIT_AGAIN;
	value = vcpu_read_gpr(vcpu, x->dr.gpr);
	if (!vcpu_in_64bit_code(vcpu))
		value = (u32)value;
	return dr_write(vcpu, dr, value);
}
