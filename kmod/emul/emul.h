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

/**
 * emul_decode() - complete the record of an instruction from its bytes
 * @vcpu: run by this thread
 * @x: VMEXIT_UNDECODED; completed in place
 *
 * Return: @x->kind says what it is now.  If it is as it was, the answer to the
 * dispatcher, which may be VMEXIT_AGAIN.
 */
enum vmexit_action emul_decode(struct vcpu *vcpu, struct vmexit *x);

/*
 * One-time set-up at module load, in this order: the CPUID table from this
 * host's CPU, then the MSR index, which leaves out what CPUID does not show.
 */
void cpuid_init(void);
void msr_init(void);

/* Power-up values of the MSRs that live in struct vcpu (MTRRs); at creation. */
void msr_vcpu_init(struct vcpu *vcpu);

/**
 * vcpu_is_up() - does this vCPU count as one that runs?
 * @vcpu: any vCPU
 *
 * INIT and STARTUP count from when they are sent, not from when the target's
 * thread acts on them: the sender may halt for good right after sending.
 */
bool vcpu_is_up(const struct vcpu *vcpu);

/**
 * vcpu_go_down() - take a vCPU offline
 * @vcpu: any vCPU; one that another thread runs is to be kicked
 * @how: completes "every vCPU ..."
 *
 * It comes back only through INIT/SIPI or VCPUOP_up.  If no vCPU is left that
 * is up, the domain is shut down: there is nobody who could bring one back.
 * Return: true if that happened.
 */
bool vcpu_go_down(struct vcpu *vcpu, const char *how);

/* The reverse, with the same lock. */
void vcpu_go_up(struct vcpu *vcpu);

#endif /* LODGE_EMUL_EMUL_H */
