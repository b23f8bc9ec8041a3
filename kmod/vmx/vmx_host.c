// SPDX-License-Identifier: GPL-2.0-only
/*
 * The host's side of a VMX vCPU: what of the host's own state the guest's
 * replaces, and when it comes back.  load and put are for what may stay
 * swapped while the thread is in the kernel; prepare and finish for what the
 * host needs as soon as interrupts are on again.
 */
#include <linux/gfp.h>
#include <linux/smp.h>

#include <asm/cpu_entry_area.h>
#include <asm/debugreg.h>
#include <asm/desc.h>
#include <asm/mmu_context.h>
#include <asm/nospec-branch.h>
#include <asm/perf_event.h>
#include <asm/tlbflush.h>
#include <asm/vmx.h>

#include "compat.h"
#include "domain.h"
#include "vmx/vmx.h"
#include "vmx/vmx_insn.h"

unsigned long *vmx_msr_bitmap;

/* The host's values of MSRs that put writes back; constant for a CPU. */
struct host_msrs {
	u64 star;
	u64 lstar;
	u64 cstar;
	u64 sfmask;
	u64 tsc_aux;
};

static DEFINE_PER_CPU(struct host_msrs, host_msrs);
/* Whose branch history is in this CPU's predictors. */
static DEFINE_PER_CPU(struct vcpu *, last_vcpu);

/* Bitmap quarters: read low, read high, write low, write high. */
static void pass_msr(u32 msr, bool read, bool write)
{
	unsigned int bit = (msr & 0x1fff) + (msr >= 0xc0000000 ? 0x2000 : 0);

	if (read)
		__clear_bit(bit, vmx_msr_bitmap);
	if (write)
		__clear_bit(bit + 0x4000, vmx_msr_bitmap);
}

int vmx_host_init(void)
{
	static const u32 passed[] = {
		MSR_FS_BASE, MSR_GS_BASE, MSR_KERNEL_GS_BASE,
		MSR_STAR, MSR_LSTAR, MSR_CSTAR, MSR_SYSCALL_MASK,
		MSR_IA32_SYSENTER_CS, MSR_IA32_SYSENTER_ESP,
		MSR_IA32_SYSENTER_EIP,
	};
	unsigned int i;

	vmx_msr_bitmap = (void *)__get_free_page(GFP_KERNEL);
	if (!vmx_msr_bitmap)
		return -ENOMEM;
	memset(vmx_msr_bitmap, 0xff, PAGE_SIZE);
	for (i = 0; i < ARRAY_SIZE(passed); i++)
		pass_msr(passed[i], true, true);
	pass_msr(MSR_IA32_TSC, true, false);
	return 0;
}

void vmx_host_exit(void)
{
	free_page((unsigned long)vmx_msr_bitmap);
	vmx_msr_bitmap = NULL;
}

void vmx_host_cpu_read(void)
{
	struct host_msrs *h = this_cpu_ptr(&host_msrs);

	rdmsrl(MSR_STAR, h->star);
	rdmsrl(MSR_LSTAR, h->lstar);
	rdmsrl(MSR_CSTAR, h->cstar);
	rdmsrl(MSR_SYSCALL_MASK, h->sfmask);
	h->tsc_aux = 0;
	if (boot_cpu_has(X86_FEATURE_RDTSCP))
		rdmsrl(MSR_TSC_AUX, h->tsc_aux);
}

/* Host fields that differ from CPU to CPU. */
static void write_cpu_fields(struct vmx_vcpu *v, int cpu)
{
	u64 esp, gs_base;

	rdmsrl(MSR_IA32_SYSENTER_ESP, esp);
	rdmsrl(MSR_GS_BASE, gs_base);
	vmcs_write(HOST_TR_BASE,
		   (unsigned long)&get_cpu_entry_area(cpu)->tss.x86_tss);
	vmcs_write(HOST_GDTR_BASE, (unsigned long)get_current_gdt_ro());
	vmcs_write(HOST_IA32_SYSENTER_ESP, esp);
	vmcs_write(HOST_GS_BASE, gs_base);
	v->host_cpu = cpu;
	v->host_rsp = 0;
	v->host_cr3 = 0;
	v->host_cr4 = 0;
	/* Translations from an earlier stay on this CPU may be stale. */
	vmx_flush_vcpu(&v->vcpu);
	vmx_flush_s2(&v->vcpu);
}

/*
 * The exit loads FS and GS selectors from the VMCS, where they must name the
 * GDT with privilege 0; another value is put back by put.
 */
static void save_host_segments(struct vmx_vcpu *v)
{
	savesegment(fs, v->host.fs_sel);
	savesegment(gs, v->host.gs_sel);
	savesegment(ds, v->host.ds_sel);
	savesegment(es, v->host.es_sel);
	store_ldt(v->host.ldt_sel);
	rdmsrl(MSR_FS_BASE, v->host.fs_base);
	vmcs_write(HOST_FS_SELECTOR,
		   v->host.fs_sel & 7 ? 0 : v->host.fs_sel);
	vmcs_write(HOST_GS_SELECTOR,
		   v->host.gs_sel & 7 ? 0 : v->host.gs_sel);
	vmcs_write(HOST_FS_BASE, v->host.fs_base);
}

static void restore_host_segments(struct vmx_vcpu *v)
{
	if (unlikely(v->host.ldt_sel))
		compat_load_ldt(v->host.ldt_sel);
	if (unlikely(v->host.ds_sel | v->host.es_sel)) {
		loadsegment(ds, v->host.ds_sel);
		loadsegment(es, v->host.es_sel);
	}
	if (unlikely(v->host.gs_sel & 7))
		load_gs_index(v->host.gs_sel);
	if (unlikely(v->host.fs_sel & 7)) {
		loadsegment(fs, v->host.fs_sel);
		wrmsrl(MSR_FS_BASE, v->host.fs_base);
	}
}

static void load_guest_msrs(struct vmx_vcpu *v)
{
	rdmsrl(MSR_KERNEL_GS_BASE, v->host.kernel_gs_base);
	wrmsrl(MSR_KERNEL_GS_BASE, v->msr.kernel_gs_base);
	wrmsrl(MSR_STAR, v->msr.star);
	wrmsrl(MSR_LSTAR, v->msr.lstar);
	wrmsrl(MSR_CSTAR, v->msr.cstar);
	wrmsrl(MSR_SYSCALL_MASK, v->msr.sfmask);
	if (boot_cpu_has(X86_FEATURE_RDTSCP))
		wrmsrl(MSR_TSC_AUX, v->msr.tsc_aux);
	v->msrs_loaded = true;
}

/* The guest wrote some of them without an exit, so they are read back. */
static void put_guest_msrs(struct vmx_vcpu *v)
{
	const struct host_msrs *h = this_cpu_ptr(&host_msrs);

	rdmsrl(MSR_KERNEL_GS_BASE, v->msr.kernel_gs_base);
	rdmsrl(MSR_STAR, v->msr.star);
	rdmsrl(MSR_LSTAR, v->msr.lstar);
	rdmsrl(MSR_CSTAR, v->msr.cstar);
	rdmsrl(MSR_SYSCALL_MASK, v->msr.sfmask);
	wrmsrl(MSR_STAR, h->star);
	wrmsrl(MSR_LSTAR, h->lstar);
	wrmsrl(MSR_CSTAR, h->cstar);
	wrmsrl(MSR_SYSCALL_MASK, h->sfmask);
	if (boot_cpu_has(X86_FEATURE_RDTSCP))
		wrmsrl(MSR_TSC_AUX, h->tsc_aux);
	v->msrs_loaded = false;
}

void vmx_vcpu_load(struct vcpu *vcpu)
{
	struct vmx_vcpu *v = to_vmx(vcpu);
	int cpu = smp_processor_id();
	unsigned long flags;

	if (READ_ONCE(v->home.cpu) != cpu)
		vmcs_clear(&v->home);

	local_irq_save(flags);
	/* Without VMX here nothing is current; the entry will say CPU_OFF. */
	if (this_cpu_read(vmx_on) && !vmcs_load(&v->home) &&
	    v->host_cpu != cpu)
		write_cpu_fields(v, cpu);
	save_host_segments(v);
	load_guest_msrs(v);
	local_irq_restore(flags);

	if (this_cpu_read(last_vcpu) != vcpu) {
		this_cpu_write(last_vcpu, vcpu);
		indirect_branch_prediction_barrier();
	}
}

void vmx_vcpu_put(struct vcpu *vcpu)
{
	struct vmx_vcpu *v = to_vmx(vcpu);
	unsigned long flags;

	local_irq_save(flags);
	put_guest_msrs(v);
	restore_host_segments(v);
	/* Last: loading GS sets it to what the selector says. */
	wrmsrl(MSR_KERNEL_GS_BASE, v->host.kernel_gs_base);
	/* Exits leave GDT and TSS limits at their widest; make them true. */
	invalidate_tss_limit();
	load_fixmap_gdt(smp_processor_id());
	local_irq_restore(flags);
}

void vmx_vcpu_unload(struct vcpu *vcpu)
{
	struct vmx_vcpu *v = to_vmx(vcpu);
	int cpu;

	vmcs_clear(&v->home);
	for_each_possible_cpu(cpu)
		cmpxchg(per_cpu_ptr(&last_vcpu, cpu), vcpu, NULL);
}

/* A CPU with L1TF shows the guest what the host left in its L1 cache. */
void vmx_flush_l1d(void)
{
	if (boot_cpu_has(X86_FEATURE_FLUSH_L1D))
		wrmsrl(MSR_IA32_FLUSH_CMD, L1D_FLUSH);
}

/*
 * Events that count the host must not count, let alone write, in the guest:
 * PEBS stores its records at virtual addresses, which would be the guest's.
 * The lists are loaded by the entry and the exit.
 */
static void prepare_perf(struct vmx_vcpu *v)
{
	struct perf_guest_switch_msr *msrs;
	unsigned int n = 0;
	int i, nr;

	/* nr says nothing if there is no list. */
	msrs = perf_guest_get_msrs(&nr, NULL);
	for (i = 0; msrs && i < nr && n < VMX_PERF_MSRS; i++) {
		if (msrs[i].host == msrs[i].guest)
			continue;
		v->perf->entry[n] = (struct vmx_msr_entry){
			.index = msrs[i].msr, .value = msrs[i].guest };
		v->perf->exit[n++] = (struct vmx_msr_entry){
			.index = msrs[i].msr, .value = msrs[i].host };
	}
	if (likely(n == v->nr_perf))
		return;
	vmcs_write(VM_ENTRY_MSR_LOAD_COUNT, n);
	vmcs_write(VM_EXIT_MSR_LOAD_COUNT, n);
	v->nr_perf = n;
}

bool vmx_prepare(struct vcpu *vcpu)
{
	struct vmx_vcpu *v = to_vmx(vcpu);
	unsigned long cr3 = __get_current_cr3_fast();
	unsigned long cr4 = cr4_read_shadow();

	/* Loaded while it was off here, the VMCS is not current. */
	if (unlikely(!this_cpu_read(vmx_on) ||
		     READ_ONCE(v->home.cpu) != smp_processor_id()))
		return false;
	if (unlikely(cr3 != v->host_cr3)) {
		vmcs_write(HOST_CR3, cr3);
		v->host_cr3 = cr3;
	}
	if (unlikely(cr4 != v->host_cr4)) {
		vmcs_write(HOST_CR4, cr4);
		v->host_cr4 = cr4;
	}
	v->host.debugctl = get_debugctlmsr();
	native_write_cr2(v->cr2);
	prepare_perf(v);
	/* Host code other than this loop may have run. */
	if (unlikely(vmx_l1d_flush == COMPAT_L1D_SLICE))
		vmx_flush_l1d();
	return true;
}

void vmx_finish(struct vcpu *vcpu)
{
	struct vmx_vcpu *v = to_vmx(vcpu);

	v->cr2 = native_read_cr2();
	/* Every exit clears it. */
	if (unlikely(v->host.debugctl))
		update_debugctlmsr(v->host.debugctl);
}
