/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The interpreters of Xen's guest interface, and what the run loop asks of
 * them: is an upcall due, which time is it, which runstate is this.
 */
#ifndef LODGE_XEN_GUEST_IF_H
#define LODGE_XEN_GUEST_IF_H

#include <linux/compiler.h>
#include <linux/types.h>

#include <xen/interface/xen.h>

#include "domain.h"
#include "vcpu.h"
#include "xen/domain_xen.h"

/* kmod/xen/hypercall.c: one exit, number to handler, result to RAX. */
enum vmexit_action xen_hypercall(struct vcpu *vcpu, const struct vmexit *x);

/* Write the hypercall page (MSR 0x40000000); 0, -EINVAL (#GP), -EAGAIN, -ENOMEM. */
int xen_hypercall_page_write(struct vcpu *vcpu, u64 value);

/*
 * Life of the Xen part of a domain and of a vCPU.  Creation order:
 * xen_domain_create, xen_vcpu_create for each vCPU, attach_init (its ports
 * have their bits in shared_info).  A failed create leaves nothing.
 */
int xen_domain_create(struct domain *d);
void xen_domain_destroy(struct domain *d);
int xen_vcpu_create(struct vcpu *vcpu);
/* Timers off, areas unpinned; the vCPU never runs again. */
void xen_vcpu_destroy(struct vcpu *vcpu);

/*
 * Start as VCPUOP_initialise and VCPUOP_up said.  Called by the vCPU's own
 * thread, loaded, under xen.lock, for VCPU_REQ_RESET; returns whether it did.
 * If not, the reset came from INIT or STARTUP.  A STARTUP has its own state:
 * one that was left for VCPUOP_up is then dropped.
 */
bool xen_vcpu_start(struct vcpu *vcpu);

/*
 * kmod/xen/time.c.  Ticks that the host's TSC fell back by in all its sleeps:
 * clocks and offsets count on as if it had not.
 */
extern u64 xen_tsc_lost;	/* a: changes while one CPU runs and no task */

/* The host slept (suspend): its TSC before and after.  One CPU, no task. */
void xen_host_slept(u64 tsc_before, u64 tsc_after);

/* What the hardware adds to the host's TSC to make this vCPU's. */
static inline u64 xen_tsc_offset(const struct vcpu *vcpu)
{
	return READ_ONCE(vcpu->tsc_adjust) + READ_ONCE(xen_tsc_lost) -
	       vcpu->domain->xen.clock.tsc_base;
}

void xen_clock_init(struct xen_clock *clock, u32 tsc_khz);
/* Guest system time in ns, now; and for a guest TSC value (stable clock). */
u64 xen_clock_now(const struct xen_clock *clock);
u64 xen_clock_at(const struct xen_clock *clock, u64 guest_tsc);
/* Fill the time record of this vCPU (vcpu_info and the time area). */
void xen_time_update(struct vcpu *vcpu);
/* For VCPU_REQ_CLOCK: that, and on goes what stood still with the vCPU. */
void xen_time_resume(struct vcpu *vcpu);
/* Wall clock of shared_info, in the layout that is latched. */
void xen_wallclock_update(struct domain *d);
/* Any context, also from preempt notifiers (takes no lock but a leaf). */
void xen_runstate_set(struct vcpu *vcpu, enum vcpu_runstate rs);
/* Singleshot timer of the vCPU that this thread runs. */
void xen_timer_set(struct vcpu *vcpu, u64 deadline_ns);
void xen_timer_stop(struct vcpu *vcpu);

/* Is the event-channel upcall due for this vCPU (callback vector, level)? */
static inline bool xen_upcall_pending(struct vcpu *vcpu)
{
	const struct vcpu_info *info = READ_ONCE(vcpu->xen.info);

	return READ_ONCE(info->evtchn_upcall_pending) &&
	       READ_ONCE(vcpu->domain->xen.callback_vector);
}

/*
 * SCHEDOP_poll.  A vCPU that blocked in it wakes when xen_poll_is_done() says
 * so, too; false for one that blocked otherwise.  xen_poll_finish() is called
 * when the vCPU leaves the blocked state, whatever woke it, or never gets there:
 * by the run loop, vcpu_reset() and a multicall.  Without a poll it does
 * nothing.
 */
bool xen_poll_is_done(struct vcpu *vcpu);
void xen_poll_finish(struct vcpu *vcpu);

/* Reason for a shutdown that the guest brings about, code overrides given. */
static inline unsigned int xen_shutdown_reason(const struct domain *d,
					       unsigned int reason)
{
	unsigned int code = READ_ONCE(d->xen.shutdown_code);

	return code == XEN_NO_SHUTDOWN_CODE ? reason : code;
}

#endif /* LODGE_XEN_GUEST_IF_H */
