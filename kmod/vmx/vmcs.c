// SPDX-License-Identifier: GPL-2.0-only
/*
 * VMCS regions and the control words they start with.  A VMCS may be cached
 * by one CPU at a time; each CPU keeps a list of those it holds, so that it
 * can write them back before it leaves VMX operation.
 */
#include "vmx/vmcs.h"

#include <linux/gfp.h>
#include <linux/percpu.h>
#include <linux/smp.h>

#include <asm/msr.h>
#include <asm/vmx.h>

#include "vmx/vmx_insn.h"

struct vmx_caps vmx_caps;

static DEFINE_PER_CPU(struct list_head, vmcs_on_cpu);
static DEFINE_PER_CPU(struct vmcs *, vmcs_current);

/*
 * A control MSR's low half holds the bits that must be 1, its high half those
 * that may be (SDM, "Reserved Controls and Default Settings").
 */
static bool adjust_controls(u32 msr, u32 need, u32 want, u32 *out)
{
	u64 cap;
	u32 v;

	rdmsrl(msr, cap);
	v = ((need | want) | (u32)cap) & (u32)(cap >> 32);
	*out = v;
	return (v & need) == need;
}

#define PIN_NEED	(PIN_BASED_EXT_INTR_MASK | PIN_BASED_NMI_EXITING | \
			 PIN_BASED_VIRTUAL_NMIS)

#define PRIMARY_NEED	(CPU_BASED_HLT_EXITING |			\
			 CPU_BASED_MWAIT_EXITING |			\
			 CPU_BASED_MONITOR_EXITING |			\
			 CPU_BASED_RDPMC_EXITING |			\
			 CPU_BASED_CR8_LOAD_EXITING |			\
			 CPU_BASED_CR8_STORE_EXITING |			\
			 CPU_BASED_MOV_DR_EXITING |			\
			 CPU_BASED_UNCOND_IO_EXITING |			\
			 CPU_BASED_USE_TSC_OFFSETTING |			\
			 CPU_BASED_USE_MSR_BITMAPS |			\
			 CPU_BASED_ACTIVATE_SECONDARY_CONTROLS)

#define SECONDARY_NEED	(SECONDARY_EXEC_ENABLE_EPT |			\
			 SECONDARY_EXEC_UNRESTRICTED_GUEST)

#define SECONDARY_WANT	(SECONDARY_EXEC_ENABLE_VPID |			\
			 SECONDARY_EXEC_ENABLE_RDTSCP |			\
			 SECONDARY_EXEC_ENABLE_INVPCID |		\
			 SECONDARY_EXEC_PAUSE_LOOP_EXITING)

#define EXIT_NEED	(VM_EXIT_SAVE_DEBUG_CONTROLS |			\
			 VM_EXIT_HOST_ADDR_SPACE_SIZE |			\
			 VM_EXIT_SAVE_IA32_PAT | VM_EXIT_LOAD_IA32_PAT | \
			 VM_EXIT_SAVE_IA32_EFER | VM_EXIT_LOAD_IA32_EFER)

#define ENTRY_NEED	(VM_ENTRY_LOAD_DEBUG_CONTROLS |			\
			 VM_ENTRY_LOAD_IA32_PAT | VM_ENTRY_LOAD_IA32_EFER)

#define EPT_NEED	(VMX_EPT_PAGE_WALK_4_BIT | VMX_EPTP_WB_BIT |	\
			 VMX_EPT_2MB_PAGE_BIT | VMX_EPT_INVEPT_BIT |	\
			 VMX_EPT_EXTENT_CONTEXT_BIT)

static const char *read_controls(bool true_msrs)
{
	struct vmx_caps *c = &vmx_caps;

	if (!adjust_controls(true_msrs ? MSR_IA32_VMX_TRUE_PINBASED_CTLS :
			     MSR_IA32_VMX_PINBASED_CTLS, PIN_NEED, 0, &c->pin))
		return "virtual NMIs";
	/* CR3 and INVLPG exits are forced on without the true controls. */
	if (!adjust_controls(true_msrs ? MSR_IA32_VMX_TRUE_PROCBASED_CTLS :
			     MSR_IA32_VMX_PROCBASED_CTLS, PRIMARY_NEED, 0,
			     &c->primary))
		return "a primary execution control";
	if (c->primary & (CPU_BASED_CR3_LOAD_EXITING |
			  CPU_BASED_CR3_STORE_EXITING |
			  CPU_BASED_INVLPG_EXITING))
		return "true VMX controls";
	if (!adjust_controls(MSR_IA32_VMX_PROCBASED_CTLS2,
			     SECONDARY_EXEC_ENABLE_EPT, 0, &c->secondary))
		return "EPT";
	if (!adjust_controls(MSR_IA32_VMX_PROCBASED_CTLS2, SECONDARY_NEED,
			     SECONDARY_WANT, &c->secondary))
		return "unrestricted guest";
	if (!adjust_controls(true_msrs ? MSR_IA32_VMX_TRUE_EXIT_CTLS :
			     MSR_IA32_VMX_EXIT_CTLS, EXIT_NEED, 0, &c->exit))
		return "EFER and PAT switching at VM exit";
	if (!adjust_controls(true_msrs ? MSR_IA32_VMX_TRUE_ENTRY_CTLS :
			     MSR_IA32_VMX_ENTRY_CTLS, ENTRY_NEED, 0,
			     &c->entry))
		return "EFER and PAT switching at VM entry";
	return NULL;
}

static const char *read_ept_vpid(void)
{
	struct vmx_caps *c = &vmx_caps;

	rdmsrl(MSR_IA32_VMX_EPT_VPID_CAP, c->ept_vpid);
	if (!(c->ept_vpid & VMX_EPT_2MB_PAGE_BIT))
		return "EPT with 2 MiB pages";
	if (!(c->ept_vpid & VMX_EPT_PAGE_WALK_4_BIT))
		return "EPT with 4 levels";
	if ((c->ept_vpid & EPT_NEED) != EPT_NEED)
		return "EPT write-back tables or INVEPT by context";

	c->vpid = (c->secondary & SECONDARY_EXEC_ENABLE_VPID) &&
		  ((c->ept_vpid >> 32) & VMX_VPID_INVVPID_BIT) &&
		  ((c->ept_vpid >> 32) & VMX_VPID_EXTENT_SINGLE_CONTEXT_BIT);
	if (!c->vpid)
		c->secondary &= ~SECONDARY_EXEC_ENABLE_VPID;
	return NULL;
}

const char *vmcs_read_caps(void)
{
	struct vmx_caps *c = &vmx_caps;
	const char *missing;
	u64 basic;

	rdmsrl(MSR_IA32_VMX_BASIC, basic);
	c->revision = basic & 0x7fffffff;

	missing = read_controls(basic & BIT_ULL(55));
	if (!missing)
		missing = read_ept_vpid();
	if (missing)
		return missing;

	rdmsrl(MSR_IA32_VMX_CR0_FIXED0, c->cr0_fixed0);
	rdmsrl(MSR_IA32_VMX_CR0_FIXED1, c->cr0_fixed1);
	rdmsrl(MSR_IA32_VMX_CR4_FIXED0, c->cr4_fixed0);
	rdmsrl(MSR_IA32_VMX_CR4_FIXED1, c->cr4_fixed1);
	c->cr0_fixed0 &= ~(u64)(X86_CR0_PE | X86_CR0_PG);
	return NULL;
}

struct vmcs *vmcs_alloc(void)
{
	struct vmcs *vmcs = (void *)get_zeroed_page(GFP_KERNEL_ACCOUNT);

	if (vmcs)
		vmcs->revision = vmx_caps.revision;
	return vmcs;
}

void vmcs_free(struct vmcs *vmcs)
{
	free_page((unsigned long)vmcs);
}

void vmcs_init_cpu_lists(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		INIT_LIST_HEAD(&per_cpu(vmcs_on_cpu, cpu));
}

void vmcs_home_init(struct vmcs_home *home, struct vmcs *vmcs)
{
	home->vmcs = vmcs;
	home->cpu = -1;
	home->launched = false;
	INIT_LIST_HEAD(&home->link);
}

int vmcs_load(struct vmcs_home *home)
{
	int err;

	lockdep_assert_irqs_disabled();
	if (home->cpu < 0) {
		/* A fresh region must be cleared before its first use. */
		err = vmx_insn_vmclear(__pa(home->vmcs));
		if (err)
			return err;
		home->launched = false;
		home->cpu = smp_processor_id();
		list_add(&home->link, this_cpu_ptr(&vmcs_on_cpu));
	}
	if (this_cpu_read(vmcs_current) == home->vmcs)
		return 0;
	err = vmx_insn_vmptrld(__pa(home->vmcs));
	if (!err)
		this_cpu_write(vmcs_current, home->vmcs);
	return err;
}

static void clear_local(void *arg)
{
	struct vmcs_home *home = arg;

	/* It may have been cleared by the CPU's teardown meanwhile. */
	if (home->cpu != smp_processor_id())
		return;
	vmx_insn_vmclear(__pa(home->vmcs));
	if (this_cpu_read(vmcs_current) == home->vmcs)
		this_cpu_write(vmcs_current, NULL);
	list_del_init(&home->link);
	home->launched = false;
	/* Pairs with the reads of home->cpu: the list entry is gone first. */
	smp_store_release(&home->cpu, -1);
}

void vmcs_clear(struct vmcs_home *home)
{
	int cpu = READ_ONCE(home->cpu);

	/* An offline CPU has cleared its list on the way down. */
	if (cpu >= 0)
		smp_call_function_single(cpu, clear_local, home, 1);
}

void vmcs_clear_all_local(void)
{
	struct vmcs_home *home, *next;

	lockdep_assert_irqs_disabled();
	list_for_each_entry_safe(home, next, this_cpu_ptr(&vmcs_on_cpu), link)
		clear_local(home);
}

void vmcs_clear_all_emergency(void)
{
	struct vmcs_home *home;

	/*
	 * The list may be half changed if the NMI hit vmcs_load(); entries
	 * are added at the head and stay valid, so a walk is safe.
	 */
	list_for_each_entry(home, this_cpu_ptr(&vmcs_on_cpu), link)
		vmx_insn_vmclear(__pa(home->vmcs));
}
