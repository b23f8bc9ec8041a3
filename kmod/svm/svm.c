// SPDX-License-Identifier: GPL-2.0-only
/*
 * SVM on this host: may it be used, switch it on and off on one CPU, and the
 * table of operations that the rest of lodge sees.
 */
#include "svm/svm.h"

#include <linux/percpu.h>

#include <asm/cpufeature.h>
#include <asm/msr.h>
#include <asm/processor.h>

#include <uapi/lodge.h>

#include "mmu/npt.h"
#include "svm/svm_insn.h"

DEFINE_PER_CPU(bool, svm_on);

static bool svm_is_present(void)
{
	return cpuid_eax(0x80000000) >= 0x8000000a &&
	       (cpuid_ecx(0x80000001) & BIT(2));
}

static int svm_probe(void)
{
	const char *missing;
	u64 control = 0;

	rdmsrl_safe(MSR_VM_CR, &control);
	if (control & SVM_VM_CR_SVM_DIS_MASK) {
		pr_err("lodge: firmware has %s SVM off; switch it on in the firmware set-up\n",
		       control & SVM_VM_CR_SVM_LOCK_MASK ? "locked" :
							   "switched");
		return -ENODEV;
	}
	missing = vmcb_read_caps();
	if (missing) {
		pr_err("lodge: this CPU's SVM lacks %s\n", missing);
		return -ENODEV;
	}
	svm_vendor_ops.s2_max_level = boot_cpu_has(X86_FEATURE_GBPAGES) ?
				      S2_1G : S2_2M;
	return 0;
}

static int svm_init(void)
{
	int err = svm_host_init();

	if (err)
		return err;
	err = vmcb_maps_alloc();
	if (err)
		svm_host_exit();
	return err;
}

static void svm_exit_vendor(void)
{
	vmcb_maps_free();
	svm_host_exit();
}

static int svm_cpu_enable(void)
{
	u64 efer;

	rdmsrl(MSR_EFER, efer);
	/* Somebody else's: KVM with a guest, or another hypervisor. */
	if (efer & EFER_SVME)
		return -EBUSY;
	svm_host_cpu_read();
	if (wrmsrl_safe(MSR_EFER, efer | EFER_SVME))
		return -EIO;
	wrmsrl(MSR_VM_HSAVE_PA, svm_hsave_hpa());
	/* Guests count as fast as the host, whatever was set before. */
	if (boot_cpu_has(X86_FEATURE_TSCRATEMSR))
		wrmsrl(MSR_AMD64_TSC_RATIO, SVM_TSC_RATIO_DEFAULT);
	this_cpu_write(svm_on, true);
	return 0;
}

static void svm_cpu_disable(void)
{
	u64 efer;

	if (!this_cpu_read(svm_on))
		return;
	this_cpu_write(svm_on, false);
	wrmsrl(MSR_VM_HSAVE_PA, 0);
	rdmsrl(MSR_EFER, efer);
	wrmsrl(MSR_EFER, efer & ~EFER_SVME);
}

/*
 * At a crash, perhaps of code that ran with the global interrupt flag clear:
 * it holds INIT back, which the next kernel needs.
 */
static void svm_emergency_disable(void)
{
	if (!this_cpu_read(svm_on))
		return;
	svm_insn_stgi();
	svm_cpu_disable();
}

/* svm_probe() fills in what depends on the CPU. */
struct vendor_ops svm_vendor_ops = {
	.name = "svm",
	.uapi_vendor = LODGE_VENDOR_SVM,
	.kvm_module = "kvm_amd",
	.hypercall_insn = { 0x0f, 0x01, 0xd9 },		/* VMMCALL */
	.s2_format = &npt_format,
	.is_present = svm_is_present,
	.probe = svm_probe,
	.init = svm_init,
	.exit = svm_exit_vendor,
	.cpu_enable = svm_cpu_enable,
	.cpu_disable = svm_cpu_disable,
	.emergency_disable = svm_emergency_disable,
	.vcpu_alloc = svm_vcpu_alloc,
	.vcpu_free = svm_vcpu_free,
	.vcpu_load = svm_vcpu_load,
	.vcpu_put = svm_vcpu_put,
	.vcpu_unload = svm_vcpu_unload,
	.prepare = svm_prepare,
	.finish = svm_finish,
	.enter = svm_enter,
	.read_reg = svm_read_reg,
	.write_reg = svm_write_reg,
	.read_seg = svm_read_seg,
	.write_seg = svm_write_seg,
	.advance_rip = svm_advance_rip,
	.can_inject = svm_can_inject,
	.inject = svm_inject,
	.injection_pending = svm_injection_pending,
	.take_back = svm_take_back,
	.request_window = svm_request_window,
	.forget_events = svm_forget_events,
	.flush_vcpu = svm_flush,
	.flush_s2 = svm_flush,
	.dump = svm_dump,
};
