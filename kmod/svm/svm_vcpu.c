// SPDX-License-Identifier: GPL-2.0-only
/*
 * An SVM vCPU: allocation, and registers between the neutral names of vendor.h
 * and the VMCB.
 */
#include <linux/gfp.h>
#include <linux/pgtable.h>
#include <linux/seq_buf.h>
#include <linux/slab.h>

#include <asm/debugreg.h>
#include <asm/tlbflush.h>
#include <asm/trapnr.h>

#include "domain.h"
#include "svm/svm.h"

/*
 * The nested table is walked in the paging mode of the host.  Where that has
 * five levels, one more table with one entry stands above the root.
 */
static hpa_t nested_root(struct svm_vcpu *v, struct domain *d)
{
	const struct s2_table *s2 = &d->ram.s2;

	if (!v->top)
		return s2_root_hpa(s2);
	v->top[0] = s2->fmt->table(page_hfn(s2->root));
	return __pa(v->top);
}

struct vcpu *svm_vcpu_alloc(struct domain *d)
{
	struct svm_vcpu *v = kzalloc(sizeof(*v), GFP_KERNEL_ACCOUNT);

	BUILD_BUG_ON(offsetof(struct svm_vcpu, vcpu.gpr) != 0);

	if (!v)
		return ERR_PTR(-ENOMEM);
	v->vmcb = vmcb_alloc();
	if (!v->vmcb)
		goto free_vcpu;
	if (pgtable_l5_enabled()) {
		v->top = (void *)get_zeroed_page(GFP_KERNEL_ACCOUNT);
		if (!v->top)
			goto free_vmcb;
	}
	v->vcpu.domain = d;
	v->vmcb_hpa = __pa(v->vmcb);
	v->cpu = -1;
	vmcb_setup(v->vmcb, nested_root(v, d));
	v->vmcb->save.dr6 = DR6_RESERVED;
	return &v->vcpu;

free_vmcb:
	vmcb_free(v->vmcb);
free_vcpu:
	kfree(v);
	return ERR_PTR(-ENOMEM);
}

void svm_vcpu_free(struct vcpu *vcpu)
{
	struct svm_vcpu *v = to_svm(vcpu);

	free_page((unsigned long)v->top);
	vmcb_free(v->vmcb);
	kfree(v);
}

/* Where the VMCB has each register that is just a field, and in which part. */
#define FIELD(name, parts_)	{ offsetof(struct vmcb, name), parts_ }

static const struct {
	u16 offset;
	u16 parts;
} reg_field[NR_VREGS] = {
	[VREG_RSP] = FIELD(save.rsp, 0),
	[VREG_RIP] = FIELD(save.rip, 0),
	[VREG_RFLAGS] = FIELD(save.rflags, 0),
	[VREG_CR0] = FIELD(save.cr0, VMCB_CR),
	[VREG_CR2] = FIELD(save.cr2, VMCB_CR2),
	[VREG_CR3] = FIELD(save.cr3, VMCB_CR),
	[VREG_DR7] = FIELD(save.dr7, VMCB_DR),
	[VREG_SYSENTER_CS] = FIELD(save.sysenter_cs, 0),
	[VREG_SYSENTER_ESP] = FIELD(save.sysenter_esp, 0),
	[VREG_SYSENTER_EIP] = FIELD(save.sysenter_eip, 0),
	[VREG_PAT] = FIELD(save.g_pat, VMCB_NPT),
	[VREG_KERNEL_GS_BASE] = FIELD(save.kernel_gs_base, 0),
	[VREG_STAR] = FIELD(save.star, 0),
	[VREG_LSTAR] = FIELD(save.lstar, 0),
	[VREG_CSTAR] = FIELD(save.cstar, 0),
	[VREG_SFMASK] = FIELD(save.sfmask, 0),
	[VREG_TSC_OFFSET] = FIELD(control.tsc_offset, VMCB_INTERCEPTS),
};

static u64 *field(struct svm_vcpu *v, enum vcpu_reg reg)
{
	return (void *)v->vmcb + reg_field[reg].offset;
}

u64 svm_read_reg(struct vcpu *vcpu, enum vcpu_reg reg)
{
	struct svm_vcpu *v = to_svm(vcpu);

	if (likely(reg_field[reg].offset))
		return *field(v, reg);
	switch (reg) {
	case VREG_CR4:
		return v->cr4;
	case VREG_EFER:
		return v->efer;
	case VREG_DEBUGCTL:
		return v->vmcb->save.dbgctl;
	case VREG_TSC_AUX:
		return v->tsc_aux;
	default:
		return 0;
	}
}

/*
 * MCE is the host's at all times: a machine check that finds it clear shuts
 * the whole machine down, whoever is running.  The guest must not see it.
 */
static void write_cr4(struct svm_vcpu *v, u64 value)
{
	u64 hw = (value & ~(u64)X86_CR4_MCE) |
		 (cr4_read_shadow() & X86_CR4_MCE);

	v->cr4 = value;
	v->vmcb->save.cr4 = hw;
	vmcb_changed(v->vmcb, VMCB_CR);
	if (hw != value)
		vmcb_intercept(v->vmcb, INTERCEPT_CR4_READ);
	else
		vmcb_let_go(v->vmcb, INTERCEPT_CR4_READ);
}

/*
 * VMRUN refuses a guest without SVME.  LME without paging means something only
 * to a write of CR0, which exits; and not every CPU finds its way back to the
 * host from LME without PAE.
 */
static void write_efer(struct svm_vcpu *v, u64 value)
{
	u64 hw = value | EFER_SVME;

	if (!(value & EFER_LMA))
		hw &= ~(u64)EFER_LME;
	v->efer = value;
	v->vmcb->save.efer = hw;
	vmcb_changed(v->vmcb, VMCB_CR);
}

/* Without the feature DEBUGCTL is kept for the guest, and does nothing. */
static void write_debugctl(struct svm_vcpu *v, u64 value)
{
	v->vmcb->save.dbgctl = value;
	vmcb_changed(v->vmcb, VMCB_LBR);
	if (svm_caps.lbr)
		v->vmcb->control.virt_ext = value ? LBR_CTL_ENABLE_MASK : 0;
}

static void write_tsc_aux(struct svm_vcpu *v, u64 value)
{
	/* Preemption would swap the MSR in between. */
	preempt_disable();
	v->tsc_aux = value;
	if (v->loaded)
		wrmsrl(MSR_TSC_AUX, value);
	preempt_enable();
}

void svm_write_reg(struct vcpu *vcpu, enum vcpu_reg reg, u64 value)
{
	struct svm_vcpu *v = to_svm(vcpu);

	if (likely(reg_field[reg].offset)) {
		*field(v, reg) = value;
		vmcb_changed(v->vmcb, reg_field[reg].parts);
		return;
	}
	switch (reg) {
	case VREG_CR4:
		write_cr4(v, value);
		break;
	case VREG_EFER:
		write_efer(v, value);
		break;
	case VREG_DEBUGCTL:
		write_debugctl(v, value);
		break;
	case VREG_TSC_AUX:
		write_tsc_aux(v, value);
		break;
	default:
		/* PAE entries: read from memory at each walk. */
		break;
	}
}

static struct vmcb_seg *segment(struct svm_vcpu *v, enum vcpu_seg seg)
{
	struct vmcb_save_area *save = &v->vmcb->save;
	struct vmcb_seg *const segs[NR_VSEGS] = {
		&save->es, &save->cs, &save->ss, &save->ds, &save->fs,
		&save->gs, &save->ldtr, &save->tr, &save->gdtr, &save->idtr,
	};

	return segs[seg];
}

/* Attributes in a VMCB: a descriptor's bits 55:52 and 47:40, side by side. */
static u32 attr_from_vmcb(u16 attrib)
{
	u32 attr = (attrib & 0xff) | (attrib & 0xf00) << 4;

	return attr & SEG_ATTR_P ? attr : attr | SEG_ATTR_UNUSABLE;
}

static u16 attr_to_vmcb(u32 attr)
{
	if (attr & SEG_ATTR_UNUSABLE)
		return 0;
	return (attr & 0xff) | (attr >> 4 & 0xf00);
}

void svm_read_seg(struct vcpu *vcpu, enum vcpu_seg seg, struct vcpu_segment *s)
{
	struct svm_vcpu *v = to_svm(vcpu);
	const struct vmcb_seg *from = segment(v, seg);

	*s = (struct vcpu_segment){
		.base = from->base,
		.limit = from->limit,
	};
	if (seg > VSEG_TR)
		return;
	s->selector = from->selector;
	s->attr = attr_from_vmcb(from->attrib);
	/* Not every CPU keeps SS.DPL equal to the privilege level. */
	if (seg == VSEG_SS)
		s->attr = (s->attr & ~(3u << 5)) | v->vmcb->save.cpl << 5;
}

void svm_write_seg(struct vcpu *vcpu, enum vcpu_seg seg,
		   const struct vcpu_segment *s)
{
	struct svm_vcpu *v = to_svm(vcpu);
	struct vmcb_seg *to = segment(v, seg);

	to->base = s->base;
	to->limit = s->limit;
	vmcb_changed(v->vmcb, VMCB_SEG | VMCB_DT);
	if (seg > VSEG_TR)
		return;
	to->selector = s->selector;
	to->attrib = attr_to_vmcb(s->attr);
	if (seg == VSEG_SS)
		v->vmcb->save.cpl = SEG_ATTR_DPL(s->attr);
}

/* With BTF the trap comes after branches only. */
static bool is_stepping(const struct vmcb *vmcb)
{
	return (vmcb->save.rflags & X86_EFLAGS_TF) &&
	       !(vmcb->save.dbgctl & DEBUGCTLMSR_BTF);
}

/* A single step over an emulated instruction still traps. */
static noinline void trap_step(struct svm_vcpu *v)
{
	v->vcpu.dr6 = (v->vcpu.dr6 & ~(u64)DR_TRAP_BITS) | DR_STEP;
	v->vmcb->save.dr7 &= ~DR7_GD;
	vmcb_changed(v->vmcb, VMCB_DR);
	vcpu_inject_exception(&v->vcpu, X86_TRAP_DB, false, 0);
}

void svm_advance_rip(struct vcpu *vcpu, u8 len)
{
	struct svm_vcpu *v = to_svm(vcpu);
	struct vmcb *vmcb = v->vmcb;
	u64 old = vmcb->save.rip;
	u64 new = old + len;

	/* Outside 64-bit code the instruction pointer wraps at 4 GiB. */
	if (unlikely((old ^ new) >> 32) &&
	    !(attr_from_vmcb(vmcb->save.cs.attrib) & SEG_ATTR_L))
		new = (u32)new;
	vmcb->save.rip = new;
	vmcb->control.int_state &= ~SVM_INTERRUPT_SHADOW_MASK;
	if (unlikely(vmcb->save.rflags & X86_EFLAGS_TF) && is_stepping(vmcb))
		trap_step(v);
}

/* The next slice takes translations of its own. */
void svm_flush(struct vcpu *vcpu)
{
	asid_drop(&to_svm(vcpu)->asid);
}

void svm_dump(struct vcpu *vcpu, struct seq_buf *s)
{
	const struct svm_vcpu *v = to_svm(vcpu);
	const struct vmcb_control_area *c = &v->vmcb->control;

	seq_buf_printf(s, "svm: exit %#x info %#llx %#llx event %#x/%#x\n",
		       c->exit_code, c->exit_info_1, c->exit_info_2,
		       c->exit_int_info, c->exit_int_info_err);
	if (c->exit_code == SVM_EXIT_SHUTDOWN)
		seq_buf_printf(s, "svm: after a shutdown the state is what the CPU left of it\n");
	seq_buf_printf(s, "svm: hardware cr4 %#llx efer %#llx cpl %u injected %#x/%#x\n",
		       v->vmcb->save.cr4, v->vmcb->save.efer,
		       v->vmcb->save.cpl, c->event_inj, c->event_inj_err);
	seq_buf_printf(s, "svm: shadow %#x virtual interrupt %#x next rip %#llx asid %u\n",
		       c->int_state, c->int_ctl, c->next_rip, c->asid);
	seq_buf_printf(s, "svm: intercepts %*ph nested cr3 %#llx nmi %d\n",
		       24, c->intercepts, c->nested_cr3, v->nmi);
}
