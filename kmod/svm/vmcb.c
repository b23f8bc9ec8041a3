// SPDX-License-Identifier: GPL-2.0-only
/*
 * Control blocks and the permission maps that all of them share.  A VMCB is
 * plain memory that belongs to no CPU; only the parts that its clean field
 * names may be cached in the one that ran it last.
 */
#include "svm/vmcb.h"

#include <linux/cc_platform.h>
#include <linux/gfp.h>

#include <asm/cpufeature.h>
#include <asm/msr-index.h>
#include <asm/processor.h>
#include <asm/trapnr.h>

struct svm_caps svm_caps;

#define MSR_MAP_SIZE	(2 * PAGE_SIZE)
#define PORT_MAP_SIZE	(3 * PAGE_SIZE)

/*
 * PAUSE exits after so many in one run; where the CPU knows a threshold, only
 * if they come this close together (in cycles).  A CPU that cannot count them
 * exits at each.
 */
#define PAUSE_COUNT	3000
#define PAUSE_THRESHOLD	128

static u8 *msr_map;
static u8 *port_map;

const char *vmcb_read_caps(void)
{
	struct svm_caps *c = &svm_caps;

	if (!boot_cpu_has(X86_FEATURE_NPT))
		return "nested paging";
	c->nr_asids = cpuid_ebx(0x8000000a);
	if (c->nr_asids < 2)
		return "address-space identifiers";
	/* Guest memory would be read with the wrong key. */
	if (cc_platform_has(CC_ATTR_HOST_MEM_ENCRYPT))
		return "memory that the host does not encrypt (mem_encrypt=off)";
	c->next_rip = boot_cpu_has(X86_FEATURE_NRIPS);
	c->decode_assists = boot_cpu_has(X86_FEATURE_DECODEASSISTS);
	c->pause_filter = boot_cpu_has(X86_FEATURE_PAUSEFILTER);
	c->lbr = boot_cpu_has(X86_FEATURE_LBRV);
	c->spec_ctrl = boot_cpu_has(X86_FEATURE_V_SPEC_CTRL);
	c->is_qemu = hypervisor_cpuid_base("TCGTCGTCGTCG", 0);
	return NULL;
}

struct vmcb *vmcb_alloc(void)
{
	return (void *)get_zeroed_page(GFP_KERNEL_ACCOUNT);
}

void vmcb_free(struct vmcb *vmcb)
{
	free_page((unsigned long)vmcb);
}

/* Two bits an MSR, for reads and for writes, in three ranges of 8192. */
static void pass_msr(u32 msr)
{
	unsigned int range = msr < 0x2000 ? 0 : msr < 0xc0010000 ? 1 : 2;
	unsigned int bit = 2 * (msr & 0x1fff);

	msr_map[range * 2048 + bit / 8] &= ~(3 << (bit % 8));
}

/*
 * What VMRUN, VMLOAD and VMSAVE switch is the guest's own.  The TSC is not
 * here: not every CPU adds the offset when RDMSR reads it.
 */
int vmcb_maps_alloc(void)
{
	static const u32 passed[] = {
		MSR_FS_BASE, MSR_GS_BASE, MSR_KERNEL_GS_BASE,
		MSR_STAR, MSR_LSTAR, MSR_CSTAR, MSR_SYSCALL_MASK,
		MSR_IA32_SYSENTER_CS, MSR_IA32_SYSENTER_ESP,
		MSR_IA32_SYSENTER_EIP,
	};
	unsigned int i;

	msr_map = alloc_pages_exact(MSR_MAP_SIZE, GFP_KERNEL);
	port_map = alloc_pages_exact(PORT_MAP_SIZE, GFP_KERNEL);
	if (!msr_map || !port_map) {
		vmcb_maps_free();
		return -ENOMEM;
	}
	memset(msr_map, 0xff, MSR_MAP_SIZE);
	memset(port_map, 0xff, PORT_MAP_SIZE);
	for (i = 0; i < ARRAY_SIZE(passed); i++)
		pass_msr(passed[i]);
	return 0;
}

void vmcb_maps_free(void)
{
	if (msr_map)
		free_pages_exact(msr_map, MSR_MAP_SIZE);
	if (port_map)
		free_pages_exact(port_map, PORT_MAP_SIZE);
	msr_map = NULL;
	port_map = NULL;
}

/*
 * CR0: only what changes more than TS and MP.  CR4 reads are added while the
 * guest's value is not the hardware's.  Exceptions: those whose delivery a
 * guest could repeat without an exit for ever, and machine checks.
 */
static const u8 intercepts[] = {
	INTERCEPT_SELECTIVE_CR0, INTERCEPT_CR4_WRITE,
	INTERCEPT_CR8_READ, INTERCEPT_CR8_WRITE,
	INTERCEPT_EXCEPTION_OFFSET + X86_TRAP_DB,
	INTERCEPT_EXCEPTION_OFFSET + X86_TRAP_AC,
	INTERCEPT_EXCEPTION_OFFSET + X86_TRAP_MC,
	INTERCEPT_INTR, INTERCEPT_NMI, INTERCEPT_SMI, INTERCEPT_INIT,
	INTERCEPT_RDPMC, INTERCEPT_CPUID, INTERCEPT_INVD, INTERCEPT_PAUSE,
	INTERCEPT_HLT,
	INTERCEPT_INVLPGA, INTERCEPT_IOIO_PROT, INTERCEPT_MSR_PROT,
	INTERCEPT_TASK_SWITCH, INTERCEPT_FERR_FREEZE, INTERCEPT_SHUTDOWN,
	INTERCEPT_VMRUN, INTERCEPT_VMMCALL, INTERCEPT_VMLOAD,
	INTERCEPT_VMSAVE, INTERCEPT_STGI, INTERCEPT_CLGI, INTERCEPT_SKINIT,
	INTERCEPT_ICEBP, INTERCEPT_WBINVD, INTERCEPT_MONITOR, INTERCEPT_MWAIT,
	INTERCEPT_XSETBV, INTERCEPT_RDPRU,
};

void vmcb_setup(struct vmcb *vmcb, hpa_t root)
{
	struct vmcb_control_area *c = &vmcb->control;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(intercepts); i++)
		vmcb_intercept(vmcb, intercepts[i]);
	c->intercepts[INTERCEPT_DR] = ~0u;
	if (svm_caps.pause_filter) {
		c->pause_filter_count = PAUSE_COUNT;
		c->pause_filter_thresh = PAUSE_THRESHOLD;
	}
	c->iopm_base_pa = __pa(port_map);
	c->msrpm_base_pa = __pa(msr_map);
	/* The host's IF decides about its interrupts, not the guest's. */
	c->int_ctl = V_INTR_MASKING_MASK;
	c->nested_ctl = SVM_NESTED_CTL_NP_ENABLE;
	c->nested_cr3 = root;
}
