// SPDX-License-Identifier: GPL-2.0-only
/*
 * The lock order, executed once.  Under PROVE_LOCKING every lock that nests
 * is taken here in the one right order whenever a domain is made, so that
 * lockdep objects to the first place that does it otherwise, whether or not
 * the two ever meet.  The classes are those of the real locks: each is set up
 * by the same code that sets up a domain's.
 */
#include "lockorder.h"

#ifdef CONFIG_PROVE_LOCKING

#include <linux/init.h>
#include <linux/slab.h>

#include "domain.h"
#include "vcpu.h"

/*
 * From the outermost in:
 *
 *   vcpu->mutex        the thread inside RUN, or a look at the state
 *   d->xen.lock        HVM parameters, places of shared_info
 *   d->grant.lock      frames of the grant table
 *   d->grant.use_lock  grants in use
 *   ram.s2.lock        the second stage
 *
 * and, from any context with interrupts off:
 *
 *   d->lock            the domain's state
 *   d->evtchn.lock     bindings of ports
 *   slot->lock         a slot's holder and eventfds
 *
 * xen.area_lock, the queues of evtchn_fifo.c, the log's lock and wait queues
 * are leaves.
 */
void lockorder_teach(struct domain *d, struct vcpu *vcpu)
{
	unsigned long flags;

	mutex_lock(&vcpu->mutex);
	mutex_lock(&d->xen.lock);
	mutex_lock(&d->grant.lock);
	spin_lock(&d->grant.use_lock);
	spin_lock(&d->ram.s2.lock);
	spin_unlock(&d->ram.s2.lock);
	spin_unlock(&d->grant.use_lock);
	mutex_unlock(&d->grant.lock);
	spin_lock_irqsave(&d->lock, flags);
	spin_lock(&d->evtchn.lock);
	spin_lock(&d->attach.slot[0]->lock);
	spin_unlock(&d->attach.slot[0]->lock);
	spin_unlock(&d->evtchn.lock);
	spin_unlock_irqrestore(&d->lock, flags);
	mutex_unlock(&d->xen.lock);
	mutex_unlock(&vcpu->mutex);
}

#endif /* CONFIG_PROVE_LOCKING */
