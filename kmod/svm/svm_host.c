// SPDX-License-Identifier: GPL-2.0-only
/*
 * The host's side of an SVM vCPU.  VMRUN, VMLOAD and VMSAVE swap nearly all
 * that the guest could change, at each entry and exit; here is what they need
 * and what they leave out.
 */
#include <linux/gfp.h>
#include <linux/percpu.h>
#include <linux/smp.h>

#include <asm/cpufeature.h>
#include <asm/msr.h>
#include <asm/nospec-branch.h>

#include "svm/svm.h"
#include "svm/svm_insn.h"

/**
 * struct host_cpu - one CPU of the host
 * @hsave: where VMRUN keeps the host's state
 * @vmcb: where its VMLOAD state is for the way out of the guest
 * @vmcb_hpa: that for hardware
 * @tsc_aux: the host's, constant
 * @asids: those of this CPU
 */
struct host_cpu {
	void *hsave;
	struct vmcb *vmcb;
	hpa_t vmcb_hpa;
	u64 tsc_aux;
	struct asid_space asids;
};

static DEFINE_PER_CPU(struct host_cpu, host_cpu);
/* Whose branch history is in this CPU's predictors. */
static DEFINE_PER_CPU(struct vcpu *, last_vcpu);

int svm_host_init(void)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		struct host_cpu *h = per_cpu_ptr(&host_cpu, cpu);

		h->hsave = (void *)get_zeroed_page(GFP_KERNEL);
		h->vmcb = vmcb_alloc();
		if (!h->hsave || !h->vmcb) {
			svm_host_exit();
			return -ENOMEM;
		}
		h->vmcb_hpa = __pa(h->vmcb);
	}
	return 0;
}

void svm_host_exit(void)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		struct host_cpu *h = per_cpu_ptr(&host_cpu, cpu);

		free_page((unsigned long)h->hsave);
		vmcb_free(h->vmcb);
		h->hsave = NULL;
		h->vmcb = NULL;
	}
}

hpa_t svm_hsave_hpa(void)
{
	return __pa(this_cpu_read(host_cpu.hsave));
}

hpa_t svm_host_vmcb_hpa(void)
{
	return this_cpu_read(host_cpu.vmcb_hpa);
}

void svm_host_cpu_read(void)
{
	struct host_cpu *h = this_cpu_ptr(&host_cpu);

	h->tsc_aux = 0;
	if (boot_cpu_has(X86_FEATURE_RDTSCP))
		rdmsrl(MSR_TSC_AUX, h->tsc_aux);
	/* Translations of a hypervisor before us must not match our tags. */
	asid_space_reset(&h->asids, svm_caps.nr_asids);
}

void svm_vcpu_load(struct vcpu *vcpu)
{
	struct svm_vcpu *v = to_svm(vcpu);

	if (boot_cpu_has(X86_FEATURE_RDTSCP)) {
		wrmsrl(MSR_TSC_AUX, v->tsc_aux);
		v->loaded = true;
	}
	if (this_cpu_read(last_vcpu) != vcpu) {
		this_cpu_write(last_vcpu, vcpu);
		indirect_branch_prediction_barrier();
	}
}

void svm_vcpu_put(struct vcpu *vcpu)
{
	struct svm_vcpu *v = to_svm(vcpu);

	if (!v->loaded)
		return;
	wrmsrl(MSR_TSC_AUX, this_cpu_read(host_cpu.tsc_aux));
	v->loaded = false;
}

/* A VMCB is in no CPU's keeping. */
void svm_vcpu_unload(struct vcpu *vcpu)
{
	int cpu;

	for_each_possible_cpu(cpu)
		cmpxchg(per_cpu_ptr(&last_vcpu, cpu), vcpu, NULL);
}

/* Old translations are out of use with their number. */
static void renew_asid(struct svm_vcpu *v, struct host_cpu *h)
{
	bool flush_all = asid_take(&h->asids, &v->asid);

	v->vmcb->control.asid = v->asid.id;
	vmcb_changed(v->vmcb, VMCB_ASID);
	v->vmcb->control.tlb_ctl = flush_all ? TLB_CONTROL_FLUSH_ALL_ASID :
					       TLB_CONTROL_DO_NOTHING;
}

bool svm_prepare(struct vcpu *vcpu)
{
	struct host_cpu *h = this_cpu_ptr(&host_cpu);
	struct svm_vcpu *v = to_svm(vcpu);
	int cpu = smp_processor_id();

	if (unlikely(!this_cpu_read(svm_on)))
		return false;
	/*
	 * With the user's FS and GS, the LDT and the TSS with its limit, as
	 * they are now; the way out of the guest loads them from there.
	 */
	svm_insn_vmsave(h->vmcb_hpa);
	if (unlikely(v->cpu != cpu)) {
		v->cpu = cpu;
		vmcb_changed(v->vmcb, VMCB_ALL);
		asid_drop(&v->asid);
	}
	if (unlikely(!asid_is_valid(&h->asids, &v->asid)))
		renew_asid(v, h);
	/* Without a DEBUGCTL of its own the guest runs with the host's. */
	v->debugctl = get_debugctlmsr();
	if (unlikely(v->debugctl))
		update_debugctlmsr(0);
	return true;
}

void svm_finish(struct vcpu *vcpu)
{
	struct svm_vcpu *v = to_svm(vcpu);

	if (unlikely(v->debugctl))
		update_debugctlmsr(v->debugctl);
}
