/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a guest may know of its CPU.  The policy is one table (cpuid.c); these
 * are the questions that other interpreters ask it.
 */
#ifndef LODGE_EMUL_CPUID_H
#define LODGE_EMUL_CPUID_H

#include <linux/types.h>

struct vcpu;

struct cpuid_regs_out {
	u32 eax, ebx, ecx, edx;
};

/* The leaf as this vCPU's guest sees it now. */
void cpuid_read(struct vcpu *vcpu, u32 leaf, u32 subleaf,
		struct cpuid_regs_out *out);

/* CR4 bits, EFER bits and XCR0 bits that the policy lets a guest set. */
u64 cpuid_cr4_allowed(void);
u64 cpuid_efer_allowed(void);
u64 cpuid_xcr0_allowed(void);
u8 cpuid_phys_bits(void);

/**
 * cpuid_cr4_changed() - CPUID shows CR4.OSXSAVE; keep up with it
 * @vcpu: run by this thread
 * @cr4: the guest's new CR4
 *
 * For whoever writes VREG_CR4: the CR4 interpreter, a reset, SET_STATE.
 */
void cpuid_cr4_changed(struct vcpu *vcpu, u64 cr4);

/* Do guests see a CPU of AMD's, or of Hygon, which builds them? */
bool cpuid_is_amd(void);

/* Is this X86_FEATURE_* shown to guests? */
bool cpuid_guest_has(unsigned int feature);

#endif /* LODGE_EMUL_CPUID_H */
