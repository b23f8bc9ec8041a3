// SPDX-License-Identifier: GPL-2.0-only
/*
 * VMX on this host: may it be used, switch it on and off on one CPU, and the
 * table of operations that the rest of lodge sees.
 */
#include "vmx/vmx.h"

#include <linux/gfp.h>
#include <linux/percpu.h>
#include <linux/sched/smt.h>

#include <asm/perf_event.h>
#include <asm/tlbflush.h>
#include <asm/vmx.h>

#include <uapi/lodge.h>

#include "mmu/ept.h"
#include "vmx/vmx_insn.h"

DEFINE_PER_CPU(bool, vmx_on);
enum compat_l1d_flush vmx_l1d_flush;
static DEFINE_PER_CPU(struct vmcs *, vmxon_region);

static void free_regions(void)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		vmcs_free(per_cpu(vmxon_region, cpu));
		per_cpu(vmxon_region, cpu) = NULL;
	}
}

static int alloc_regions(void)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		per_cpu(vmxon_region, cpu) = vmcs_alloc();
		if (!per_cpu(vmxon_region, cpu)) {
			free_regions();
			return -ENOMEM;
		}
	}
	return 0;
}

static bool vmx_is_present(void)
{
	return cpuid_ecx(1) & BIT(5);
}

/* These instructions are undefined in a guest unless a control says not so. */
static void hide_features(void)
{
	u16 *hidden = vmx_vendor_ops.hidden;

	if (!(vmx_caps.secondary & SECONDARY_EXEC_ENABLE_RDTSCP)) {
		*hidden++ = X86_FEATURE_RDTSCP;
		*hidden++ = X86_FEATURE_RDPID;
	}
	if (!(vmx_caps.secondary & SECONDARY_EXEC_ENABLE_INVPCID))
		*hidden++ = X86_FEATURE_INVPCID;
}

/* vmx_probe() fills in what depends on the CPU. */
static int vmx_probe(void)
{
	const char *missing;
	u64 control = 0;

	rdmsrl_safe(MSR_IA32_FEAT_CTL, &control);
	if ((control & FEAT_CTL_LOCKED) &&
	    !(control & FEAT_CTL_VMX_ENABLED_OUTSIDE_SMX)) {
		pr_err("lodge: firmware has locked VMX off; switch it on in the firmware set-up\n");
		return -ENODEV;
	}
	missing = vmcs_read_caps();
	if (missing) {
		pr_err("lodge: this CPU's VMX lacks %s\n", missing);
		return -ENODEV;
	}
	vmx_vendor_ops.s2_format = vmx_caps.ept_vpid & VMX_EPT_AD_BIT ?
		&ept_format : &ept_format_no_ad;
	vmx_vendor_ops.s2_max_level =
		vmx_caps.ept_vpid & VMX_EPT_1GB_PAGE_BIT ? S2_1G : S2_2M;
	hide_features();
	vmx_l1d_flush = compat_l1d_flush();
	if (vmx_l1d_flush && !boot_cpu_has(X86_FEATURE_FLUSH_L1D))
		pr_warn("lodge: guests may read what the host leaves in the L1 cache (L1TF): update the CPU's microcode\n");
	if (vmx_l1d_flush && sched_smt_active())
		pr_warn("lodge: a guest may read the L1 cache that it shares with another thread (L1TF): boot with nosmt\n");
	return 0;
}

static int vmx_init(void)
{
	int err = vmx_host_init();

	if (err)
		return err;
	vmcs_init_cpu_lists();
	err = alloc_regions();
	if (err)
		vmx_host_exit();
	return err;
}

static void vmx_exit_vendor(void)
{
	free_regions();
	vmx_host_exit();
}

static int vmx_cpu_enable(void)
{
	int err;

	/* Somebody else's: KVM with a guest, or another hypervisor. */
	if (cr4_read_shadow() & X86_CR4_VMXE)
		return -EBUSY;
	vmx_host_cpu_read();
	/* Processors before Skylake cannot trace in VMX operation. */
	intel_pt_handle_vmx(1);
	cr4_set_bits(X86_CR4_VMXE);
	err = vmx_insn_vmxon(__pa(this_cpu_read(vmxon_region)));
	if (err) {
		cr4_clear_bits(X86_CR4_VMXE);
		intel_pt_handle_vmx(0);
		return err;
	}
	this_cpu_write(vmx_on, true);
	/* Translations of a hypervisor before us must not match our tags. */
	vmx_insn_invept(VMX_EPT_EXTENT_GLOBAL, 0);
	if (vmx_caps.vpid)
		vmx_insn_invvpid(VMX_VPID_EXTENT_ALL_CONTEXT, 0);
	return 0;
}

static void vmx_cpu_disable(void)
{
	if (!this_cpu_read(vmx_on))
		return;
	vmcs_clear_all_local();
	this_cpu_write(vmx_on, false);
	vmx_insn_vmxoff();
	cr4_clear_bits(X86_CR4_VMXE);
	intel_pt_handle_vmx(0);
}

/* NMI context at a crash: write the VMCSs back for the dump, leave VMX. */
static void vmx_emergency_disable(void)
{
	if (!this_cpu_read(vmx_on))
		return;
	this_cpu_write(vmx_on, false);
	vmcs_clear_all_emergency();
	vmx_insn_vmxoff();
}

struct vendor_ops vmx_vendor_ops = {
	.name = "vmx",
	.uapi_vendor = LODGE_VENDOR_VMX,
	.kvm_module = "kvm_intel",
	.hypercall_insn = { 0x0f, 0x01, 0xc1 },		/* VMCALL */
	.holds_pdptrs = true,
	.is_present = vmx_is_present,
	.probe = vmx_probe,
	.init = vmx_init,
	.exit = vmx_exit_vendor,
	.cpu_enable = vmx_cpu_enable,
	.cpu_disable = vmx_cpu_disable,
	.emergency_disable = vmx_emergency_disable,
	.vcpu_alloc = vmx_vcpu_alloc,
	.vcpu_free = vmx_vcpu_free,
	.vcpu_load = vmx_vcpu_load,
	.vcpu_put = vmx_vcpu_put,
	.vcpu_unload = vmx_vcpu_unload,
	.prepare = vmx_prepare,
	.finish = vmx_finish,
	.enter = vmx_enter,
	.read_reg = vmx_read_reg,
	.write_reg = vmx_write_reg,
	.read_seg = vmx_read_seg,
	.write_seg = vmx_write_seg,
	.advance_rip = vmx_advance_rip,
	.can_inject = vmx_can_inject,
	.inject = vmx_inject,
	.injection_pending = vmx_injection_pending,
	.take_back = vmx_take_back,
	.request_window = vmx_request_window,
	.forget_events = vmx_forget_events,
	.flush_vcpu = vmx_flush_vcpu,
	.flush_s2 = vmx_flush_s2,
	.dump = vmx_dump,
};
