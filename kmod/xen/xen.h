/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The interpreters of Xen's guest interface, and what the run loop asks of
 * them: is an upcall due, which time is it, which runstate is this.
 */
#ifndef LODGE_XEN_XEN_H
#define LODGE_XEN_XEN_H

#include "vcpu.h"
#include "xen/domain_xen.h"

struct domain;

/* kmod/xen/hypercall.c: one exit, number to handler, result to RAX. */
enum vmexit_action xen_hypercall(struct vcpu *vcpu, const struct vmexit *x);

/* Write the hypercall page (MSR 0x40000000); 0, -EINVAL (#GP), -EAGAIN. */
int xen_hypercall_page_write(struct vcpu *vcpu, u64 value);

/* Life of the Xen part of a domain and of a vCPU. */
int xen_domain_create(struct domain *d);
void xen_domain_destroy(struct domain *d);
int xen_vcpu_create(struct vcpu *vcpu);
/* Timer off, areas unpinned; the vCPU never runs again. */
void xen_vcpu_destroy(struct vcpu *vcpu);

/* kmod/xen/time.c */
void xen_clock_init(struct xen_clock *clock, u32 tsc_khz);
/* Guest system time in ns, now; and for a guest TSC value. */
u64 xen_clock_now(const struct xen_clock *clock);
u64 xen_clock_at(const struct xen_clock *clock, u64 guest_tsc);
/* Fill the time record of this vCPU (vcpu_info and the time area). */
void xen_time_update(struct vcpu *vcpu);
/* Wall clock of shared_info, and vcpu_info[0].time of a fresh shared_info. */
void xen_wallclock_update(struct domain *d);
void xen_runstate_set(struct vcpu *vcpu, enum vcpu_runstate rs);
int xen_timer_set(struct vcpu *vcpu, u64 deadline_ns);
void xen_timer_stop(struct vcpu *vcpu);

/* Is the event-channel upcall due for this vCPU (callback vector, level)? */
bool xen_upcall_pending(struct vcpu *vcpu);

/* SCHEDOP_poll: wakes it when @port becomes pending (0: any of its ports). */
bool xen_poll_is_done(struct vcpu *vcpu);

#endif /* LODGE_XEN_XEN_H */
