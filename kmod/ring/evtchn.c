// SPDX-License-Identifier: GPL-2.0-only
/*
 * Event channels: ports and what they are bound to.  A raise is the hot path
 * of all I/O and comes from any context (timers, back ends, other vCPUs), so
 * it reads a port without a lock, as one word.  The bits that the guest sees
 * are set by its ABI, evtchn_2l.c or evtchn_fifo.c.
 */
#include "ring/evtchn.h"

#include <linux/bitops.h>
#include <linux/nospec.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include <xen/interface/xen.h>
#include <xen/interface/event_channel.h>

#include "domain.h"
#include "ring/attach.h"
#include "ring/evtchn_abi.h"
#include "vcpu.h"

#define VIRQS_PER_VCPU	(BIT(VIRQ_TIMER) | BIT(VIRQ_DEBUG) | \
			 BIT(VIRQ_XENOPROF) | BIT(VIRQ_XENPMU))

/*
 * Free ports beyond this that the guest has not taken off their queues: it
 * does not want a port.
 */
#define MAX_LINKED	1024

/* Ports, or full buckets of them, that one turn of the lock looks at. */
#define SEARCH_STEPS	1024

/* It may change at any time but under evtchn_table.lock. */
static bool is_fifo(const struct domain *d)
{
	return rcu_access_pointer(d->evtchn.fifo);
}

u32 evtchn_limit(const struct domain *d)
{
	return is_fifo(d) ? EVTCHN_MAX_PORTS : evtchn_2l_limit(d);
}

/* The port's slot in the table, NULL if its bucket was never needed. */
static struct evtchn *port_entry(struct domain *d, u32 port)
{
	struct evtchn *bucket;

	port = array_index_nospec(port, EVTCHN_MAX_PORTS);
	/* Pairs with install_bucket(): the zeroes, then the pointer. */
	bucket = smp_load_acquire(&d->evtchn.bucket[port / EVTCHN_BUCKET_PORTS]);
	return bucket ? &bucket[port % EVTCHN_BUCKET_PORTS] : NULL;
}

/* One consistent copy of a port; FREE beyond the limit. */
static struct evtchn port_read(struct domain *d, u32 port)
{
	struct evtchn e = { .raw = 0 };
	const struct evtchn *entry;

	if (port < evtchn_limit(d)) {
		entry = port_entry(d, port);
		if (entry)
			e.raw = READ_ONCE(entry->raw);
	}
	return e;
}

static void port_write(struct domain *d, u32 port, struct evtchn e)
{
	lockdep_assert_held(&d->evtchn.lock);
	WRITE_ONCE(port_entry(d, port)->raw, e.raw);
}

static bool port_is_bound(struct evtchn e)
{
	return e.state != EVTCHN_FREE && e.state != EVTCHN_RESERVED;
}

bool evtchn_is_pending(struct domain *d, u32 port)
{
	if (port >= evtchn_limit(d))
		return false;
	return is_fifo(d) ? evtchn_fifo_is_pending(d, port) :
			    evtchn_2l_is_pending(d, port);
}

/*
 * The other half of the rule that SCHEDOP_poll never sleeps through an event:
 * the poller enters the mask, then looks at the pending bits; we set the bit
 * (an atomic read-modify-write: a full barrier), then look at the mask.
 */
static void wake_pollers(struct domain *d, u32 port)
{
	unsigned long pollers = READ_ONCE(d->evtchn.pollers);
	unsigned int id;

	for_each_set_bit(id, &pollers, LODGE_MAX_VCPUS) {
		struct vcpu *vcpu = d->vcpus[id];

		if (READ_ONCE(vcpu->xen.poll_nr) != 1 ||
		    READ_ONCE(vcpu->xen.poll_port) == port)
			vcpu_request(vcpu, VCPU_REQ_EVENT);
	}
}

/*
 * The ABI may become FIFO while we set the 2-level bit.  Either that bit is
 * seen and taken over by evtchn_init_control(), which makes FIFO known first,
 * or we see here that it is known.  (An atomic read-modify-write of the bit on
 * both sides: a full barrier.)
 */
static void raise_port(struct domain *d, u32 port, struct evtchn e)
{
	bool fresh = !is_fifo(d) && evtchn_2l_raise(d, port, e.vcpu);

	if (is_fifo(d))
		fresh |= evtchn_fifo_raise(d, port, e.vcpu, e.priority);
	if (fresh && unlikely(READ_ONCE(d->evtchn.pollers)))
		wake_pollers(d, port);
}

void evtchn_raise(struct domain *d, u32 port)
{
	struct evtchn e = port_read(d, port);

	if (port_is_bound(e))
		raise_port(d, port, e);
}

void evtchn_raise_virq(struct vcpu *vcpu, u32 virq)
{
	u32 port = READ_ONCE(vcpu->xen.virq_port[virq]);

	if (port)
		evtchn_raise(vcpu->domain, port);
}

/*
 * A port may be closed while we send: then the event is one that came just
 * before the close, and a stale pending bit goes when the port is bound again.
 */
int evtchn_send(struct domain *d, u32 port)
{
	struct evtchn e = port_read(d, port);

	switch (e.state) {
	case EVTCHN_IPI:
		raise_port(d, port, e);
		return 0;
	case EVTCHN_SLOT:
		attach_signal(d->attach.slot[e.slot], e.channel);
		return EVTCHN_TO_BACKEND;
	case EVTCHN_LOOP:
		evtchn_raise(d, e.arg);
		return 0;
	case EVTCHN_UNBOUND:
		return 0;
	default:
		return -EINVAL;
	}
}

int evtchn_unmask(struct domain *d, u32 port)
{
	struct evtchn e;

	if (port >= evtchn_limit(d))
		return -EINVAL;
	e = port_read(d, port);
	if (is_fifo(d))
		evtchn_fifo_unmask(d, port, e.vcpu, e.priority);
	else
		evtchn_2l_unmask(d, port, e.vcpu);
	return 0;
}

/* A freed or new port must not carry an event of its former life. */
static void clear_pending(struct domain *d, u32 port)
{
	if (is_fifo(d))
		evtchn_fifo_clear(d, port);
	else
		evtchn_2l_clear(d, port);
}

static int install_bucket(struct domain *d, unsigned int nr)
{
	struct evtchn_table *t = &d->evtchn;
	struct evtchn *bucket;
	unsigned long flags;

	bucket = kcalloc(EVTCHN_BUCKET_PORTS, sizeof(*bucket), GFP_GUEST);
	if (!bucket)
		return -ENOMEM;
	spin_lock_irqsave(&t->lock, flags);
	if (!t->bucket[nr]) {
		/* Pairs with the acquire in port_entry(). */
		smp_store_release(&t->bucket[nr], bucket);
		bucket = NULL;
	}
	spin_unlock_irqrestore(&t->lock, flags);
	kfree(bucket);
	return 0;
}

/* A look for a free port, which goes on in the next turn of the lock. */
struct port_search {
	u32 next;
	unsigned int nr_linked;
};

static bool port_is_free(struct domain *d, u32 port)
{
	return !d->evtchn.bucket[port / EVTCHN_BUCKET_PORTS] ||
	       port_entry(d, port)->state == EVTCHN_FREE;
}

/*
 * Lowest free port, which may be in a bucket to come.  One that is still on a
 * queue of the guest's would come on that queue first, on another vCPU perhaps,
 * so it is left alone.  What a guest closes behind a search that takes several
 * turns is not seen.
 * Return: 0 and it is search->next; -ENOSPC; -EAGAIN look on from there.
 */
static int find_free(struct domain *d, struct port_search *search)
{
	struct evtchn_table *t = &d->evtchn;
	const u32 limit = evtchn_limit(d);
	unsigned int i;

	lockdep_assert_held(&t->lock);
	for (i = 0; i < SEARCH_STEPS; i++) {
		u32 port = search->next;

		if (port >= limit || search->nr_linked > MAX_LINKED)
			return -ENOSPC;
		if (t->nr_used[port / EVTCHN_BUCKET_PORTS] ==
		    EVTCHN_BUCKET_PORTS) {
			search->next = round_down(port, EVTCHN_BUCKET_PORTS) +
				       EVTCHN_BUCKET_PORTS;
			continue;
		}
		if (port_is_free(d, port)) {
			if (!evtchn_fifo_is_linked(d, port))
				return 0;
			search->nr_linked++;
		}
		search->next++;
	}
	return -EAGAIN;
}

static void take_port(struct domain *d, u32 port, struct evtchn e)
{
	e.priority = EVTCHN_DEFAULT_PRIORITY;
	d->evtchn.nr_used[port / EVTCHN_BUCKET_PORTS]++;
	clear_pending(d, port);
	port_write(d, port, e);
}

static bool is_own_domid(const struct domain *d, u32 domid)
{
	return domid == DOMID_SELF || domid == d->id;
}

/*
 * Where the port of a VIRQ is remembered.  A global one may have moved since
 * it was bound; its place has not.
 */
static u32 *virq_place(struct domain *d, struct evtchn e)
{
	unsigned int id = VIRQS_PER_VCPU & BIT(e.arg) ? e.vcpu : 0;

	return &d->vcpus[id]->xen.virq_port[e.arg];
}

/* Is what @e names there, and free to be bound to? */
static int check_far_end(struct domain *d, struct evtchn e)
{
	struct evtchn peer;

	lockdep_assert_held(&d->evtchn.lock);
	switch (e.state) {
	case EVTCHN_LOOP:
		peer = port_read(d, e.arg);
		return peer.state == EVTCHN_UNBOUND &&
		       is_own_domid(d, peer.arg) ? 0 : -EINVAL;
	case EVTCHN_VIRQ:
		return *virq_place(d, e) ? -EEXIST : 0;
	default:
		return 0;
	}
}

/* What else must know of a new port learns of it; see forget_far_end(). */
static void tell_far_end(struct domain *d, u32 port, struct evtchn e)
{
	struct evtchn peer;

	lockdep_assert_held(&d->evtchn.lock);
	switch (e.state) {
	case EVTCHN_LOOP:
		peer = port_read(d, e.arg);
		peer.state = EVTCHN_LOOP;
		peer.arg = port;
		port_write(d, e.arg, peer);
		break;
	case EVTCHN_VIRQ:
		WRITE_ONCE(*virq_place(d, e), port);
		break;
	default:
		break;
	}
}

/*
 * Return: 0 done, or -errno; -EAGAIN look on in another turn; 1 the bucket of
 * search->next must come first.
 */
static int try_alloc_port(struct domain *d, struct evtchn e,
			  struct port_search *search)
{
	int ret = check_far_end(d, e);

	if (!ret)
		ret = find_free(d, search);
	if (ret)
		return ret;
	if (!d->evtchn.bucket[search->next / EVTCHN_BUCKET_PORTS])
		return 1;
	take_port(d, search->next, e);
	tell_far_end(d, search->next, e);
	return 0;
}

/*
 * Give out a port as @e says.  It is taken and made known in one turn of the
 * lock: a guest may close the new port from another vCPU as soon as it is there.
 */
static int alloc_port(struct domain *d, struct evtchn e, u32 *port)
{
	struct evtchn_table *t = &d->evtchn;
	struct port_search search = { 0 };
	unsigned long flags;
	int ret;

	for (;;) {
		spin_lock_irqsave(&t->lock, flags);
		ret = try_alloc_port(d, e, &search);
		spin_unlock_irqrestore(&t->lock, flags);
		if (ret > 0)
			ret = install_bucket(d, search.next /
						EVTCHN_BUCKET_PORTS) ?: -EAGAIN;
		if (ret != -EAGAIN)
			break;
		cond_resched();
	}
	*port = search.next;
	return ret;
}

int evtchn_alloc_unbound(struct domain *d, u16 remote_domid, u32 *port)
{
	struct evtchn e = { .state = EVTCHN_UNBOUND, .arg = remote_domid };

	return alloc_port(d, e, port);
}

/* Connect two ends that this domain holds both; the new end starts pending. */
int evtchn_bind_loop(struct domain *d, u32 remote_port, u32 *port)
{
	struct evtchn e = { .state = EVTCHN_LOOP, .arg = remote_port };
	int ret = alloc_port(d, e, port);

	if (!ret)
		evtchn_raise(d, *port);
	return ret;
}

int evtchn_bind_virq(struct domain *d, u32 virq, u32 vcpu, u32 *port)
{
	struct evtchn e = { .state = EVTCHN_VIRQ, .arg = virq };

	if (virq >= XEN_NR_VIRQS)
		return -EINVAL;
	virq = array_index_nospec(virq, XEN_NR_VIRQS);
	if (vcpu && !(VIRQS_PER_VCPU & BIT(virq)))
		return -EINVAL;
	if (vcpu >= d->nr_vcpus)
		return -ENOENT;
	vcpu = array_index_nospec(vcpu, LODGE_MAX_VCPUS);
	e.vcpu = vcpu;
	return alloc_port(d, e, port);
}

int evtchn_bind_ipi(struct domain *d, u32 vcpu, u32 *port)
{
	struct evtchn e = { .state = EVTCHN_IPI, .vcpu = vcpu };

	if (vcpu >= d->nr_vcpus)
		return -ENOENT;
	return alloc_port(d, e, port);
}

int evtchn_bind_vcpu(struct domain *d, u32 port, u32 vcpu)
{
	struct evtchn_table *t = &d->evtchn;
	unsigned long flags;
	struct evtchn e;
	int ret = 0;

	if (vcpu >= d->nr_vcpus)
		return -ENOENT;

	spin_lock_irqsave(&t->lock, flags);
	e = port_read(d, port);
	if (!port_is_bound(e) || e.state == EVTCHN_IPI ||
	    (e.state == EVTCHN_VIRQ && (VIRQS_PER_VCPU & BIT(e.arg)))) {
		ret = -EINVAL;
	} else {
		e.vcpu = vcpu;
		port_write(d, port, e);
	}
	spin_unlock_irqrestore(&t->lock, flags);
	/* The vCPU that it comes from may have had no control block. */
	if (!ret && is_fifo(d))
		evtchn_fifo_relink(d, port, e.vcpu, e.priority);
	return ret;
}

/* An event that is on its queue already stays on that one. */
int evtchn_set_priority(struct domain *d, u32 port, u32 priority)
{
	struct evtchn_table *t = &d->evtchn;
	unsigned long flags;
	struct evtchn e;

	if (!is_fifo(d))
		return -EOPNOTSUPP;
	if (priority > EVTCHN_FIFO_PRIORITY_MIN)
		return -EINVAL;
	spin_lock_irqsave(&t->lock, flags);
	e = port_read(d, port);
	if (port_is_bound(e)) {
		e.priority = priority;
		port_write(d, port, e);
	}
	spin_unlock_irqrestore(&t->lock, flags);
	return port_is_bound(e) ? 0 : -EINVAL;
}

/* Events of these ports that nobody could tell the guest of before. */
static void catch_up(struct domain *d, u32 first, u32 nr)
{
	struct evtchn e;
	u32 port;

	for (port = first; port < first + nr; port++) {
		e = port_read(d, port);
		if (!port_is_bound(e))
			continue;
		if (evtchn_2l_take(d, port) || evtchn_fifo_take_early(d, port))
			raise_port(d, port, e);
		else
			evtchn_fifo_relink(d, port, e.vcpu, e.priority);
	}
}

/*
 * What is pending in the 2-level ABI when FIFO comes, and what was raised for
 * a vCPU that had no control block.
 */
int evtchn_init_control(struct domain *d, u32 vcpu, u64 gfn, u32 offset)
{
	unsigned int nr;
	int ret;

	if (vcpu >= d->nr_vcpus)
		return -ENOENT;
	vcpu = array_index_nospec(vcpu, LODGE_MAX_VCPUS);
	ret = evtchn_fifo_init_control(d, vcpu, gfn, offset);
	if (ret)
		return ret;
	smp_mb();	/* FIFO is known, then the pending bits: raise_port() */
	for (nr = 0; nr < EVTCHN_NR_BUCKETS; nr++) {
		if (!READ_ONCE(d->evtchn.bucket[nr]))
			continue;
		catch_up(d, nr * EVTCHN_BUCKET_PORTS, EVTCHN_BUCKET_PORTS);
		cond_resched();
	}
	return 0;
}

int evtchn_expand_array(struct domain *d, u64 gfn)
{
	u32 first, nr;
	int ret = evtchn_fifo_expand(d, gfn, &first, &nr);

	if (ret)
		return ret;
	smp_mb();	/* the words are known, then the bits: set_early() */
	catch_up(d, first, nr);
	return 0;
}

/* What else knows of a bound port learns that it goes. */
static void forget_far_end(struct domain *d, u32 port, struct evtchn e)
{
	struct attach_channel *channel;
	struct evtchn peer;

	lockdep_assert_held(&d->evtchn.lock);
	switch (e.state) {
	case EVTCHN_SLOT:
		channel = &d->attach.slot[e.slot]->channel[e.channel];
		if (channel->port == port)
			WRITE_ONCE(channel->port, 0);
		break;
	case EVTCHN_LOOP:
		peer = port_read(d, e.arg);
		/* Xen's rule: the far end waits for the closer to come back. */
		if (peer.state == EVTCHN_LOOP && peer.arg == port) {
			peer.state = EVTCHN_UNBOUND;
			peer.arg = d->id;
			port_write(d, e.arg, peer);
		}
		break;
	case EVTCHN_VIRQ:
		WRITE_ONCE(*virq_place(d, e), 0);
		break;
	default:
		break;
	}
}

static void free_port(struct domain *d, u32 port, struct evtchn e)
{
	forget_far_end(d, port, e);
	port_write(d, port, (struct evtchn){ .raw = 0 });
	d->evtchn.nr_used[port / EVTCHN_BUCKET_PORTS]--;
	clear_pending(d, port);
}

int evtchn_close(struct domain *d, u32 port)
{
	struct evtchn_table *t = &d->evtchn;
	unsigned long flags;
	struct evtchn e;

	spin_lock_irqsave(&t->lock, flags);
	e = port_read(d, port);
	if (port_is_bound(e))
		free_port(d, port, e);
	spin_unlock_irqrestore(&t->lock, flags);
	return port_is_bound(e) ? 0 : -EINVAL;
}

static void reset_port(struct domain *d, u32 port)
{
	struct evtchn_table *t = &d->evtchn;
	unsigned long flags;
	struct evtchn e;

	spin_lock_irqsave(&t->lock, flags);
	e.raw = port_entry(d, port)->raw;
	if (e.state == EVTCHN_SLOT && e.slot < ATTACH_NR_FIXED &&
	    port < evtchn_limit(d)) {
		e.priority = EVTCHN_DEFAULT_PRIORITY;
		e.vcpu = 0;
		port_write(d, port, e);
		clear_pending(d, port);
	} else if (port_is_bound(e)) {
		free_port(d, port, e);
	}
	spin_unlock_irqrestore(&t->lock, flags);
}

void evtchn_reset(struct domain *d)
{
	unsigned int nr, i;

	/* First, so that no port is bound that the 2-level ABI has not. */
	evtchn_fifo_stop(d);
	for (nr = 0; nr < EVTCHN_NR_BUCKETS; nr++) {
		if (!READ_ONCE(d->evtchn.bucket[nr]))
			continue;
		for (i = 0; i < EVTCHN_BUCKET_PORTS; i++)
			reset_port(d, nr * EVTCHN_BUCKET_PORTS + i);
		cond_resched();
	}
}

int evtchn_status(struct domain *d, u32 port, struct evtchn_status_out *out)
{
	static const u8 status[NR_EVTCHN_STATES] = {
		[EVTCHN_FREE] = EVTCHNSTAT_closed,
		[EVTCHN_RESERVED] = EVTCHNSTAT_closed,
		[EVTCHN_UNBOUND] = EVTCHNSTAT_unbound,
		[EVTCHN_SLOT] = EVTCHNSTAT_interdomain,
		[EVTCHN_LOOP] = EVTCHNSTAT_interdomain,
		[EVTCHN_VIRQ] = EVTCHNSTAT_virq,
		[EVTCHN_IPI] = EVTCHNSTAT_ipi,
	};
	struct evtchn e;

	if (port >= evtchn_limit(d))
		return -EINVAL;
	e = port_read(d, port);
	*out = (struct evtchn_status_out){
		.status = status[e.state],
		.vcpu = e.vcpu,
	};
	switch (e.state) {
	case EVTCHN_UNBOUND:
		out->domid = e.arg;
		break;
	case EVTCHN_SLOT:
		/* The host is domain 0; its ports are channels, from 1. */
		out->port = e.slot * LODGE_MAX_CHANNELS + e.channel + 1;
		break;
	case EVTCHN_LOOP:
		out->domid = d->id;
		out->port = e.arg;
		break;
	case EVTCHN_VIRQ:
		out->virq = e.arg;
		break;
	default:
		break;
	}
	return 0;
}

int evtchn_bind_slot(struct domain *d, struct attach_slot *slot, u32 channel,
		     u32 *port)
{
	struct evtchn e = {
		.state = EVTCHN_SLOT,
		.slot = slot->index,
		.channel = channel,
	};

	return alloc_port(d, e, port);
}

/* The lock is held; what evtchn_connect_slot() says. */
static int connect_slot(struct domain *d, struct attach_slot *slot,
			u32 channel, u32 port)
{
	struct evtchn e = port_read(d, port);
	u32 bound;

	lockdep_assert_held(&d->evtchn.lock);
	bound = slot->channel[channel].port;
	if (bound)
		return bound == port ? 0 : -EBUSY;
	if (e.state != EVTCHN_UNBOUND || e.arg)
		return -EINVAL;
	e.state = EVTCHN_SLOT;
	e.slot = slot->index;
	e.channel = channel;
	port_write(d, port, e);
	WRITE_ONCE(slot->channel[channel].port, port);
	return 0;
}

int evtchn_connect_slot(struct domain *d, struct attach_slot *slot,
			u32 channel, u32 port)
{
	unsigned long flags;
	int ret;

	spin_lock_irqsave(&d->evtchn.lock, flags);
	ret = connect_slot(d, slot, channel, port);
	spin_unlock_irqrestore(&d->evtchn.lock, flags);
	/* What the guest sent before was lost. */
	if (!ret)
		attach_signal(slot, channel);
	return ret;
}

void evtchn_disconnect_slot(struct domain *d, struct attach_slot *slot,
			    u32 channel)
{
	unsigned long flags;
	struct evtchn e;
	u32 port;

	spin_lock_irqsave(&d->evtchn.lock, flags);
	port = slot->channel[channel].port;
	WRITE_ONCE(slot->channel[channel].port, 0);
	e = port_read(d, port);
	if (e.state == EVTCHN_SLOT) {
		e.state = EVTCHN_UNBOUND;
		e.arg = 0;
		port_write(d, port, e);
	}
	spin_unlock_irqrestore(&d->evtchn.lock, flags);
}

int evtchn_init(struct domain *d)
{
	struct evtchn_table *t = &d->evtchn;
	int ret;

	spin_lock_init(&t->lock);
	ret = install_bucket(d, 0);
	if (ret)
		return ret;
	t->nr_used[0] = 1;
	t->bucket[0][0].state = EVTCHN_RESERVED;
	return 0;
}

void evtchn_destroy(struct domain *d)
{
	unsigned int nr;

	evtchn_fifo_destroy(d);
	for (nr = 0; nr < EVTCHN_NR_BUCKETS; nr++)
		kfree(d->evtchn.bucket[nr]);
}
