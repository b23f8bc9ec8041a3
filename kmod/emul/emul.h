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

/* One-time set-up at module load: the CPUID table from this host's CPU. */
void cpuid_init(void);

#endif /* LODGE_EMUL_EMUL_H */
