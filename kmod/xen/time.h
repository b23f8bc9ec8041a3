/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Guest time, as far as only the hypercall interpreters need it; what the run
 * loop asks for is in guest_if.h.
 */
#ifndef LODGE_XEN_TIME_H
#define LODGE_XEN_TIME_H

#include <linux/ktime.h>
#include <linux/types.h>

struct domain;
struct guest_area;
struct vcpu;

struct xen_runstate {
	u32 state;
	u64 since;		/* guest ns: when it entered the state */
	u64 time[4];		/* up to now */
};

void xen_timers_init(struct vcpu *vcpu);
void xen_timers_exit(struct vcpu *vcpu);

/* Any vCPU; changes nothing. */
void xen_runstate_get(struct vcpu *vcpu, struct xen_runstate *out);

/*
 * Put a new area (or an empty one) in and write it; the old one comes out in
 * *area for the caller to unpin.
 */
void xen_runstate_set_area(struct vcpu *vcpu, struct guest_area *area);
void xen_time_set_area(struct vcpu *vcpu, struct guest_area *area);

/*
 * The record has a new place: fill it at once.  Where TSCs disagree, that of
 * this CPU may not do for the vCPU, whose own thread writes it once more.
 */
void xen_time_renew(struct vcpu *vcpu);

/* Host monotonic time of a guest deadline; false: it has passed. */
bool xen_deadline_to_host(const struct domain *d, u64 deadline, ktime_t *host);

/* 0 stops it.  Under the domain's xen.lock. */
void xen_periodic_set(struct vcpu *vcpu, u64 period_ns);

#endif /* LODGE_XEN_TIME_H */
