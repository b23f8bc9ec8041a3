/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a vCPU needs to be able to poll; the polling itself is in guest_if.h.
 */
#ifndef LODGE_XEN_SCHED_H
#define LODGE_XEN_SCHED_H

struct vcpu;

void xen_poll_init(struct vcpu *vcpu);
void xen_poll_exit(struct vcpu *vcpu);

#endif /* LODGE_XEN_SCHED_H */
