// SPDX-License-Identifier: GPL-2.0-only
/*
 * A VMX vCPU: allocation, the initial VMCS, and registers between the neutral
 * names of vendor.h and VMCS fields.
 */
#include <linux/mm.h>
#include <linux/seq_buf.h>
#include <linux/slab.h>

#include <asm/debugreg.h>
#include <asm/desc.h>
#include <asm/tlbflush.h>
#include <asm/trapnr.h>
#include <asm/vmx.h>

#include "domain.h"
#include "mmu/ept.h"
#include "vmx/vmx.h"
#include "vmx/vmx_enter.h"
#include "vmx/vmx_insn.h"

/* Control-register bits that the guest changes without an exit. */
#define CR0_GUEST_OWNED	(X86_CR0_TS | X86_CR0_MP | X86_CR0_EM |		\
			 X86_CR0_WP | X86_CR0_AM)
#define CR4_GUEST_OWNED	(X86_CR4_VME | X86_CR4_PVI | X86_CR4_TSD |	\
			 X86_CR4_DE | X86_CR4_PSE | X86_CR4_PAE |	\
			 X86_CR4_PGE | X86_CR4_PCE |			\
			 X86_CR4_OSFXSR | X86_CR4_OSXMMEXCPT |		\
			 X86_CR4_UMIP | X86_CR4_FSGSBASE |		\
			 X86_CR4_SMEP | X86_CR4_SMAP)

/* Exceptions whose delivery a guest could repeat without an exit for ever. */
#define EXCEPTIONS	(BIT(X86_TRAP_DB) | BIT(X86_TRAP_AC) | BIT(X86_TRAP_MC))

/* VPIDs in use; 0 is the host's. */
static DECLARE_BITMAP(vpids, 65536) = { 1 };
static DEFINE_SPINLOCK(vpids_lock);

static u16 vpid_alloc(void)
{
	unsigned long id = 0;

	if (!vmx_caps.vpid)
		return 0;
	spin_lock(&vpids_lock);
	id = find_first_zero_bit(vpids, 65536);
	if (id < 65536)
		__set_bit(id, vpids);
	else
		id = 0;
	spin_unlock(&vpids_lock);
	return id;
}

static void vpid_free(u16 vpid)
{
	if (!vpid)
		return;
	spin_lock(&vpids_lock);
	__clear_bit(vpid, vpids);
	spin_unlock(&vpids_lock);
}

u64 vmx_eptp(const struct domain *d)
{
	return ept_pointer(&d->ram.s2, vmx_caps.ept_vpid & VMX_EPT_AD_BIT);
}

/* Host fields that are the same on every CPU and for ever. */
static void setup_host_fields(void)
{
	struct desc_ptr idt;
	u64 v;

	vmcs_write(HOST_CR0, read_cr0());
	vmcs_write(HOST_CS_SELECTOR, __KERNEL_CS);
	vmcs_write(HOST_SS_SELECTOR, __KERNEL_DS);
	vmcs_write(HOST_DS_SELECTOR, 0);
	vmcs_write(HOST_ES_SELECTOR, 0);
	vmcs_write(HOST_TR_SELECTOR, GDT_ENTRY_TSS * 8);
	vmcs_write(HOST_RIP, (unsigned long)vmx_exit);
	store_idt(&idt);
	vmcs_write(HOST_IDTR_BASE, idt.address);
	rdmsrl(MSR_IA32_SYSENTER_CS, v);
	vmcs_write(HOST_IA32_SYSENTER_CS, v);
	rdmsrl(MSR_IA32_SYSENTER_EIP, v);
	vmcs_write(HOST_IA32_SYSENTER_EIP, v);
	rdmsrl(MSR_EFER, v);
	vmcs_write(HOST_IA32_EFER, v);
	rdmsrl(MSR_IA32_CR_PAT, v);
	vmcs_write(HOST_IA32_PAT, v);
}

static void setup_controls(struct vmx_vcpu *v)
{
	u32 secondary = vmx_caps.secondary;

	if (!v->vpid)
		secondary &= ~SECONDARY_EXEC_ENABLE_VPID;
	v->primary = vmx_caps.primary;
	v->entry_controls = vmx_caps.entry;

	vmcs_write(PIN_BASED_VM_EXEC_CONTROL, vmx_caps.pin);
	vmcs_write(CPU_BASED_VM_EXEC_CONTROL, v->primary);
	vmcs_write(SECONDARY_VM_EXEC_CONTROL, secondary);
	vmcs_write(VM_EXIT_CONTROLS, vmx_caps.exit);
	vmcs_write(VM_ENTRY_CONTROLS, v->entry_controls);

	vmcs_write(MSR_BITMAP, __pa(vmx_msr_bitmap));
	vmcs_write(EPT_POINTER, vmx_eptp(v->vcpu.domain));
	if (v->vpid)
		vmcs_write(VIRTUAL_PROCESSOR_ID, v->vpid);
	if (secondary & SECONDARY_EXEC_PAUSE_LOOP_EXITING) {
		vmcs_write(PLE_GAP, 128);
		vmcs_write(PLE_WINDOW, 4096);
	}
	vmcs_write(EXCEPTION_BITMAP, EXCEPTIONS);
	vmcs_write(PAGE_FAULT_ERROR_CODE_MASK, 0);
	vmcs_write(PAGE_FAULT_ERROR_CODE_MATCH, 0);
	vmcs_write(CR3_TARGET_COUNT, 0);
	vmcs_write(VM_EXIT_MSR_STORE_COUNT, 0);
	vmcs_write(VM_EXIT_MSR_LOAD_COUNT, 0);
	vmcs_write(VM_ENTRY_MSR_LOAD_COUNT, 0);
	vmcs_write(VM_ENTRY_MSR_LOAD_ADDR, __pa(v->perf->entry));
	vmcs_write(VM_EXIT_MSR_LOAD_ADDR, __pa(v->perf->exit));
	vmcs_write(VM_ENTRY_INTR_INFO_FIELD, 0);
	vmcs_write(CR0_GUEST_HOST_MASK, ~(u64)CR0_GUEST_OWNED);
	vmcs_write(CR4_GUEST_HOST_MASK,
		   ~(CR4_GUEST_OWNED & vmx_caps.cr4_fixed1));
}

void vmx_vmcs_setup(struct vmx_vcpu *v)
{
	setup_controls(v);
	setup_host_fields();
	vmcs_write(VMCS_LINK_POINTER, ~0ull);
	vmcs_write(GUEST_ACTIVITY_STATE, GUEST_ACTIVITY_ACTIVE);
	vmcs_write(GUEST_PENDING_DBG_EXCEPTIONS, 0);
	vmcs_write(GUEST_IA32_DEBUGCTL, 0);
}

struct vcpu *vmx_vcpu_alloc(struct domain *d)
{
	struct vmx_vcpu *v = kzalloc(sizeof(*v), GFP_KERNEL_ACCOUNT);
	struct vmcs *vmcs;
	int err = -ENOMEM;

	BUILD_BUG_ON(offsetof(struct vmx_vcpu, vcpu.gpr) != 0);
	/* A power of two, so that kmalloc aligns it as the hardware asks. */
	BUILD_BUG_ON_NOT_POWER_OF_2(sizeof(struct vmx_perf));

	if (!v)
		return ERR_PTR(err);
	v->perf = kzalloc(sizeof(*v->perf), GFP_KERNEL_ACCOUNT);
	if (!v->perf)
		goto free_vcpu;
	vmcs = vmcs_alloc();
	if (!vmcs)
		goto free_perf;
	vmcs_home_init(&v->home, vmcs);
	v->vcpu.domain = d;
	v->vpid = vpid_alloc();
	v->host_cpu = -1;

	local_irq_disable();
	err = vmcs_load(&v->home);
	if (!err)
		vmx_vmcs_setup(v);
	local_irq_enable();
	if (err)
		goto free_vpid;
	return &v->vcpu;

free_vpid:
	vmcs_clear(&v->home);
	vpid_free(v->vpid);
	vmcs_free(vmcs);
free_perf:
	kfree(v->perf);
free_vcpu:
	kfree(v);
	return ERR_PTR(err);
}

void vmx_vcpu_free(struct vcpu *vcpu)
{
	struct vmx_vcpu *v = to_vmx(vcpu);

	vpid_free(v->vpid);
	vmcs_free(v->home.vmcs);
	kfree(v->perf);
	kfree(v);
}

/* VMCS field of each register that is just a field; 0 for the others. */
static const u16 reg_field[NR_VREGS] = {
	[VREG_RSP] = GUEST_RSP,
	[VREG_RIP] = GUEST_RIP,
	[VREG_RFLAGS] = GUEST_RFLAGS,
	[VREG_CR3] = GUEST_CR3,
	[VREG_DR7] = GUEST_DR7,
	[VREG_DEBUGCTL] = GUEST_IA32_DEBUGCTL,
	[VREG_SYSENTER_CS] = GUEST_SYSENTER_CS,
	[VREG_SYSENTER_ESP] = GUEST_SYSENTER_ESP,
	[VREG_SYSENTER_EIP] = GUEST_SYSENTER_EIP,
	[VREG_PAT] = GUEST_IA32_PAT,
	[VREG_TSC_OFFSET] = TSC_OFFSET,
	[VREG_PDPTR0] = GUEST_PDPTR0,
	[VREG_PDPTR1] = GUEST_PDPTR1,
	[VREG_PDPTR2] = GUEST_PDPTR2,
	[VREG_PDPTR3] = GUEST_PDPTR3,
};

/* Registers that load and put swap: the MSR, and where its value waits. */
static u64 *swapped_msr(struct vmx_vcpu *v, enum vcpu_reg reg, u32 *msr)
{
	switch (reg) {
	case VREG_KERNEL_GS_BASE:
		*msr = MSR_KERNEL_GS_BASE;
		return &v->msr.kernel_gs_base;
	case VREG_STAR:
		*msr = MSR_STAR;
		return &v->msr.star;
	case VREG_LSTAR:
		*msr = MSR_LSTAR;
		return &v->msr.lstar;
	case VREG_CSTAR:
		*msr = MSR_CSTAR;
		return &v->msr.cstar;
	case VREG_SFMASK:
		*msr = MSR_SYSCALL_MASK;
		return &v->msr.sfmask;
	case VREG_TSC_AUX:
		*msr = MSR_TSC_AUX;
		return &v->msr.tsc_aux;
	default:
		return NULL;
	}
}

static u64 read_swapped(struct vmx_vcpu *v, enum vcpu_reg reg)
{
	u64 value = 0, *slot;
	u32 msr;

	/* Preemption would swap the MSRs between the look and the read. */
	preempt_disable();
	slot = swapped_msr(v, reg, &msr);
	if (slot && v->msrs_loaded)
		rdmsrl(msr, value);
	else if (slot)
		value = *slot;
	preempt_enable();
	return value;
}

static void write_swapped(struct vmx_vcpu *v, enum vcpu_reg reg, u64 value)
{
	u64 *slot;
	u32 msr;

	preempt_disable();
	slot = swapped_msr(v, reg, &msr);
	if (slot)
		*slot = value;
	if (slot && v->msrs_loaded)
		wrmsrl(msr, value);
	preempt_enable();
}

u64 vmx_read_reg(struct vcpu *vcpu, enum vcpu_reg reg)
{
	u64 mask;

	if (likely(reg_field[reg]))
		return vmcs_read(reg_field[reg]);
	switch (reg) {
	case VREG_CR0:
		mask = ~(u64)CR0_GUEST_OWNED;
		return (vmcs_read(CR0_READ_SHADOW) & mask) |
		       (vmcs_read(GUEST_CR0) & ~mask);
	case VREG_CR4:
		mask = ~(CR4_GUEST_OWNED & vmx_caps.cr4_fixed1);
		return (vmcs_read(CR4_READ_SHADOW) & mask) |
		       (vmcs_read(GUEST_CR4) & ~mask);
	case VREG_CR2:
		/* Inside a slice it is in the CPU's own register. */
		return vcpu->atomic ? native_read_cr2() : to_vmx(vcpu)->cr2;
	case VREG_EFER:
		return vmcs_read(GUEST_IA32_EFER);
	default:
		return read_swapped(to_vmx(vcpu), reg);
	}
}

static void write_cr0_fields(u64 value)
{
	u64 hw = value & ~(u64)(X86_CR0_CD | X86_CR0_NW);

	vmcs_write(CR0_READ_SHADOW, value);
	vmcs_write(GUEST_CR0, (hw | vmx_caps.cr0_fixed0) &
			      vmx_caps.cr0_fixed1);
}

/*
 * MCE is the host's at all times: a machine check that finds it clear shuts
 * the whole machine down, whoever is running.
 */
static void write_cr4_fields(u64 value)
{
	u64 hw = (value & ~(u64)X86_CR4_MCE) |
		 (cr4_read_shadow() & X86_CR4_MCE);

	vmcs_write(CR4_READ_SHADOW, value);
	vmcs_write(GUEST_CR4, (hw | vmx_caps.cr4_fixed0) &
			      vmx_caps.cr4_fixed1);
}

static void write_efer(struct vmx_vcpu *v, u64 value)
{
	u32 entry = v->entry_controls & ~VM_ENTRY_IA32E_MODE;

	if (value & EFER_LMA)
		entry |= VM_ENTRY_IA32E_MODE;
	if (entry != v->entry_controls) {
		v->entry_controls = entry;
		vmcs_write(VM_ENTRY_CONTROLS, entry);
	}
	vmcs_write(GUEST_IA32_EFER, value);
}

void vmx_write_reg(struct vcpu *vcpu, enum vcpu_reg reg, u64 value)
{
	if (likely(reg_field[reg])) {
		vmcs_write(reg_field[reg], value);
		return;
	}
	switch (reg) {
	case VREG_CR0:
		write_cr0_fields(value);
		break;
	case VREG_CR2:
		if (vcpu->atomic)
			native_write_cr2(value);
		else
			to_vmx(vcpu)->cr2 = value;
		break;
	case VREG_CR4:
		write_cr4_fields(value);
		break;
	case VREG_EFER:
		write_efer(to_vmx(vcpu), value);
		break;
	default:
		write_swapped(to_vmx(vcpu), reg, value);
	}
}

/*
 * The fields of each kind stand two apart in the order of enum vcpu_seg;
 * GDTR and IDTR follow TR with base and limit only.
 */
void vmx_read_seg(struct vcpu *vcpu, enum vcpu_seg seg, struct vcpu_segment *s)
{
	*s = (struct vcpu_segment){
		.base = vmcs_read(GUEST_ES_BASE + 2 * seg),
		.limit = vmcs_read(GUEST_ES_LIMIT + 2 * seg),
	};
	if (seg > VSEG_TR)
		return;
	s->selector = vmcs_read(GUEST_ES_SELECTOR + 2 * seg);
	s->attr = vmcs_read(GUEST_ES_AR_BYTES + 2 * seg);
}

void vmx_write_seg(struct vcpu *vcpu, enum vcpu_seg seg,
		   const struct vcpu_segment *s)
{
	vmcs_write(GUEST_ES_BASE + 2 * seg, s->base);
	vmcs_write(GUEST_ES_LIMIT + 2 * seg, s->limit);
	if (seg > VSEG_TR)
		return;
	vmcs_write(GUEST_ES_SELECTOR + 2 * seg, s->selector);
	vmcs_write(GUEST_ES_AR_BYTES + 2 * seg, s->attr);
}

/* With BTF the trap comes after branches only. */
bool vmx_is_stepping(void)
{
	return (vmcs_read(GUEST_RFLAGS) & X86_EFLAGS_TF) &&
	       !(vmcs_read(GUEST_IA32_DEBUGCTL) & DEBUGCTLMSR_BTF);
}

void vmx_advance_rip(struct vcpu *vcpu, u8 len)
{
	u64 old = vmcs_read(GUEST_RIP);
	u64 new = old + len;
	u32 shadow;

	/* Outside 64-bit code the instruction pointer wraps at 4 GiB. */
	if (unlikely((old ^ new) >> 32) &&
	    !(vmcs_read(GUEST_CS_AR_BYTES) & SEG_ATTR_L))
		new = (u32)new;
	vmcs_write(GUEST_RIP, new);

	shadow = vmcs_read(GUEST_INTERRUPTIBILITY_INFO);
	if (unlikely(shadow & (GUEST_INTR_STATE_STI | GUEST_INTR_STATE_MOV_SS)))
		vmcs_write(GUEST_INTERRUPTIBILITY_INFO, shadow &
			   ~(GUEST_INTR_STATE_STI | GUEST_INTR_STATE_MOV_SS));

	/* A single step over an emulated instruction still traps. */
	if (unlikely(vmcs_read(GUEST_RFLAGS) & X86_EFLAGS_TF) &&
	    vmx_is_stepping())
		vmcs_write(GUEST_PENDING_DBG_EXCEPTIONS,
			   vmcs_read(GUEST_PENDING_DBG_EXCEPTIONS) | DR_STEP);
}

void vmx_flush_vcpu(struct vcpu *vcpu)
{
	u16 vpid = to_vmx(vcpu)->vpid;

	/* Without VPIDs each entry and exit flushes. */
	if (vpid)
		vmx_insn_invvpid(VMX_VPID_EXTENT_SINGLE_CONTEXT, vpid);
}

void vmx_flush_s2(struct vcpu *vcpu)
{
	vmx_insn_invept(VMX_EPT_EXTENT_CONTEXT, vmx_eptp(vcpu->domain));
}

void vmx_dump(struct vcpu *vcpu, struct seq_buf *s)
{
	seq_buf_printf(s, "vmx: exit %#lx qualification %#lx error %#lx\n",
		       vmcs_read(VM_EXIT_REASON),
		       vmcs_read(EXIT_QUALIFICATION),
		       vmcs_read(VM_INSTRUCTION_ERROR));
	seq_buf_printf(s, "vmx: gpa %#lx gla %#lx vectoring %#lx/%#lx\n",
		       vmcs_read(GUEST_PHYSICAL_ADDRESS),
		       vmcs_read(GUEST_LINEAR_ADDRESS),
		       vmcs_read(IDT_VECTORING_INFO_FIELD),
		       vmcs_read(IDT_VECTORING_ERROR_CODE));
	seq_buf_printf(s, "vmx: hardware cr0 %#lx cr4 %#lx controls %#lx %#lx\n",
		       vmcs_read(GUEST_CR0), vmcs_read(GUEST_CR4),
		       vmcs_read(CPU_BASED_VM_EXEC_CONTROL),
		       vmcs_read(VM_ENTRY_CONTROLS));
	seq_buf_printf(s, "vmx: activity %#lx shadow %#lx pending debug %#lx\n",
		       vmcs_read(GUEST_ACTIVITY_STATE),
		       vmcs_read(GUEST_INTERRUPTIBILITY_INFO),
		       vmcs_read(GUEST_PENDING_DBG_EXCEPTIONS));
}
