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

#include <linux/mmap_lock.h>
#include <linux/sched.h>

#include "domain.h"
#include "ring/attach_file.h"
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
 * xen.area_lock, the queues of evtchn_fifo.c, the locks of an I/O table, the
 * log's lock and wait queues are leaves.
 */
static void teach_domain(struct domain *d, struct vcpu *vcpu)
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

/* With an attach file's lock held: grants in use, or a port and its channel. */
static void teach_below_file(struct domain *d)
{
	unsigned long flags;

	spin_lock(&d->grant.use_lock);
	spin_lock(&d->ram.s2.lock);
	spin_unlock(&d->ram.s2.lock);
	spin_unlock(&d->grant.use_lock);
	spin_lock_irqsave(&d->evtchn.lock, flags);
	spin_lock(&d->attach.slot[0]->lock);
	spin_unlock(&d->attach.slot[0]->lock);
	spin_unlock_irqrestore(&d->evtchn.lock, flags);
}

/*
 * What a holder's calls take, from the outermost in:
 *
 *   af->io_lock        one call of grant I/O
 *   mmap_lock          the caller's, for what the call reads there
 *   af->lock           the hold
 *
 * and whoever takes the hold away, because the domain ends:
 *
 *   d->attach.lock     which slots there are
 *   af->lock
 */
static void teach_attach(struct domain *d)
{
	struct attach_file *af = attach_file_alloc(d, d->attach.slot[0]);

	if (!af)
		return;
	mutex_lock(&af->io_lock);
	mmap_read_lock(current->mm);
	down_read(&af->lock);
	teach_below_file(d);
	up_read(&af->lock);
	mmap_read_unlock(current->mm);
	mutex_unlock(&af->io_lock);
	mutex_lock(&d->attach.lock);
	down_write(&af->lock);
	up_write(&af->lock);
	mutex_unlock(&d->attach.lock);
	attach_file_put(af);
}

void lockorder_teach(struct domain *d, struct vcpu *vcpu)
{
	teach_domain(d, vcpu);
	teach_attach(d);
}

#endif /* CONFIG_PROVE_LOCKING */
