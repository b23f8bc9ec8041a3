/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Differences between host kernels, each in one place: every #if on a kernel
 * version or option that changes an interface stands here.
 */
#ifndef LODGE_COMPAT_H
#define LODGE_COMPAT_H

#include <linux/cpu.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/types.h>

#include <asm/cpufeature.h>
#include <asm/nospec-branch.h>
#include <asm/processor.h>
#include <asm/reboot.h>

/*
 * The kernel has one slot for a callback that leaves virtualization at a crash,
 * and only if it could be used by KVM for Intel.  A kernel without it clears
 * EFER.SVME at a crash by itself, whoever set it.
 */
#if IS_ENABLED(CONFIG_KVM_INTEL)
static inline void compat_emergency_register(void (*fn)(void))
{
	cpu_emergency_register_virt_callback(fn);
}

static inline void compat_emergency_unregister(void (*fn)(void))
{
	cpu_emergency_unregister_virt_callback(fn);
}
#else
static inline void compat_emergency_register(void (*fn)(void)) { }
static inline void compat_emergency_unregister(void (*fn)(void)) { }
#endif

/*
 * A guest has run on this CPU: kernels that know of VMSCAPE then flush the
 * branch predictors before they go on in user mode.  Interrupts off.
 */
static inline void compat_guest_has_run(void)
{
#ifdef X86_FEATURE_IBPB_EXIT_TO_USER
	if (cpu_feature_enabled(X86_FEATURE_IBPB_EXIT_TO_USER))
		this_cpu_write(x86_ibpb_exit_to_user, true);
#endif
}

/* When a CPU with L1TF must flush its first-level cache before a guest. */
enum compat_l1d_flush {
	COMPAT_L1D_NEVER,
	COMPAT_L1D_SLICE,	/* after other host code may have run */
	COMPAT_L1D_ENTRY,	/* at every entry */
};

/* What the administrator chose; a kernel without KVM does not tell us. */
static inline enum compat_l1d_flush compat_l1d_flush(void)
{
	if (!boot_cpu_has_bug(X86_BUG_L1TF) || cpu_mitigations_off())
		return COMPAT_L1D_NEVER;
#if IS_ENABLED(CONFIG_KVM_INTEL)
	if (l1tf_mitigation == L1TF_MITIGATION_OFF)
		return COMPAT_L1D_NEVER;
	if (l1tf_mitigation >= L1TF_MITIGATION_FULL)
		return COMPAT_L1D_ENTRY;
#endif
	return COMPAT_L1D_SLICE;
}

/* Will this task be killed for a machine check when it leaves the kernel? */
static inline bool compat_machine_check_hit(void)
{
#ifdef CONFIG_X86_MCE
	return current->mce_count;
#else
	return false;
#endif
}

/* A kernel that can be a Xen PV guest hides its macro for this instruction. */
static inline void compat_load_ldt(u16 selector)
{
	asm volatile("lldt %0" : : "rm" (selector));
}

#endif /* LODGE_COMPAT_H */
