/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The lock order of the module, taught to lockdep with the first domain.
 */
#ifndef LODGE_LOCKORDER_H
#define LODGE_LOCKORDER_H

struct domain;
struct vcpu;

#ifdef CONFIG_PROVE_LOCKING
/* A domain that is built and not published yet, and one of its vCPUs. */
void lockorder_teach(struct domain *d, struct vcpu *vcpu);
#else
static inline void lockorder_teach(struct domain *d, struct vcpu *vcpu) { }
#endif

#endif /* LODGE_LOCKORDER_H */
