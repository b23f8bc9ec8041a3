/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The interpreters of x86: one handler for each kind of exit that emulates an
 * instruction.  Each changes the state of its own vCPU only.
 */
#ifndef LODGE_EMUL_EMUL_H
#define LODGE_EMUL_EMUL_H

#include "vmexit.h"

struct vcpu;

enum vmexit_action emul_cpuid(struct vcpu *vcpu, const struct vmexit *x);
enum vmexit_action emul_rdmsr(struct vcpu *vcpu, const struct vmexit *x);
enum vmexit_action emul_wrmsr(struct vcpu *vcpu, const struct vmexit *x);
enum vmexit_action emul_io(struct vcpu *vcpu, const struct vmexit *x);
enum vmexit_action emul_cr(struct vcpu *vcpu, const struct vmexit *x);
enum vmexit_action emul_dr(struct vcpu *vcpu, const struct vmexit *x);
enum vmexit_action emul_xsetbv(struct vcpu *vcpu, const struct vmexit *x);
enum vmexit_action emul_hlt(struct vcpu *vcpu, const struct vmexit *x);

/* An access to a gpa that nothing backs: ones, dropped, or the LAPIC page. */
enum vmexit_action emul_mmio(struct vcpu *vcpu, const struct vmexit *x);

/*
 * One-time set-up at module load, in this order: the CPUID table from this
 * host's CPU, then the MSR index, which leaves out what CPUID does not show.
 */
void cpuid_init(void);
void msr_init(void);

/* Power-up values of the MSRs that live in struct vcpu (MTRRs); at creation. */
void msr_vcpu_init(struct vcpu *vcpu);

/**
 * vcpu_go_down() - this vCPU halts for good
 * @vcpu: run by this thread
 *
 * It comes back only through INIT/SIPI or VCPUOP_up.
 * Return: true if it was the last vCPU of its domain that was up.
 */
bool vcpu_go_down(struct vcpu *vcpu);

/* The reverse, with the same lock. */
void vcpu_go_up(struct vcpu *vcpu);

#endif /* LODGE_EMUL_EMUL_H */
