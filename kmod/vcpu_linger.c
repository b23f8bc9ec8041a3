// SPDX-License-Identifier: GPL-2.0-only
/*
 * The host's scheduler lets a back end that the guest woke have the guest's CPU
 * at once.  But a front end tells of the first of many requests: the back end
 * would find one, answer it and sleep, and so for each of them.  So the guest
 * goes on until its next exit, which comes soon when it has nothing more to
 * do, or for linger_us.
 *
 * Only who was woken by an event of the guest's waits so, see xen/evtchn_op.c;
 * but a task that another CPU wakes on this one meanwhile waits along.
 */
#include "vcpu.h"

#include <linux/moduleparam.h>
#include <linux/smp.h>

static unsigned int linger_us = 50;
module_param(linger_us, uint, 0644);
MODULE_PARM_DESC(linger_us,
		 "microseconds for which a guest may go on after an event that woke its back end on the same CPU, at most 1000; 0: not at all");

static bool has_fine_timers(void)
{
	return hrtimer_resolution < NSEC_PER_USEC;
}

/* Its interrupt is all that is wanted: that ends the slice. */
static enum hrtimer_restart linger_ends(struct hrtimer *timer)
{
	return HRTIMER_NORESTART;
}

/*
 * A timer that runs on this CPU ends this wait, too, and sooner.  So not each
 * event starts one, and none is stopped.  Where timers come with the host's tick
 * only, the wait would be as long.
 */
bool vcpu_linger(struct vcpu *vcpu)
{
	unsigned int us = READ_ONCE(linger_us);
	int cpu = smp_processor_id();

	if (!vcpu->woke_backend || !us || !has_fine_timers())
		return false;
	vcpu->woke_backend = false;
	if (hrtimer_is_queued(&vcpu->linger) && vcpu->linger_cpu == cpu)
		return true;
	vcpu->linger_cpu = cpu;
	hrtimer_start(&vcpu->linger,
		      ns_to_ktime(min(us, 1000u) * NSEC_PER_USEC),
		      HRTIMER_MODE_REL_PINNED_HARD);
	return true;
}

void vcpu_linger_init(struct vcpu *vcpu)
{
	hrtimer_init(&vcpu->linger, CLOCK_MONOTONIC,
		     HRTIMER_MODE_REL_PINNED_HARD);
	vcpu->linger.function = linger_ends;
}

void vcpu_linger_destroy(struct vcpu *vcpu)
{
	hrtimer_cancel(&vcpu->linger);
}
