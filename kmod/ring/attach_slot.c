// SPDX-License-Identifier: GPL-2.0-only
/*
 * A domain's slots: which there are, who holds them, and what they keep from
 * one holder to the next.  A device's slot is made when somebody attaches to
 * it for the first time, so a domain without devices has no memory in them.
 */
#include <linux/err.h>
#include <linux/eventfd.h>
#include <linux/mm.h>
#include <linux/nospec.h>
#include <linux/pid.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include <uapi/lodge.h>

#include <xen/interface/xen.h>
#include <xen/interface/hvm/params.h>

#include "domain.h"
#include "ring/attach.h"
#include "ring/attach_file.h"
#include "ring/evtchn.h"
#include "ring/io.h"

/* --- holders -------------------------------------------------------------- */

struct attach_file *attach_slot_holder(struct attach_slot *slot)
{
	struct attach_file *af;
	unsigned long flags;

	spin_lock_irqsave(&slot->lock, flags);
	af = slot->holder;
	/* A holder in the slot still has its file's reference. */
	if (af)
		refcount_inc(&af->refs);
	spin_unlock_irqrestore(&slot->lock, flags);
	return af;
}

int attach_slot_take(struct attach_slot *slot, struct attach_file *af,
		     struct pid **holder)
{
	unsigned long flags;
	int ret = 0;

	spin_lock_irqsave(&slot->lock, flags);
	/* dying is set before attach_hangup() takes this lock. */
	if (READ_ONCE(slot->domain->dying)) {
		ret = -ENODEV;
	} else if (slot->holder) {
		*holder = get_pid(slot->holder->pid);
		ret = -EBUSY;
	} else {
		slot->holder = af;
	}
	spin_unlock_irqrestore(&slot->lock, flags);
	return ret;
}

void attach_slot_release(struct attach_slot *slot, struct attach_file *af)
{
	struct eventfd_ctx *eventfd[LODGE_MAX_CHANNELS] = { NULL };
	unsigned long flags;
	unsigned int i;

	spin_lock_irqsave(&slot->lock, flags);
	if (slot->holder == af) {
		slot->holder = NULL;
		for (i = 0; i < slot->nr_channels; i++)
			swap(eventfd[i], slot->channel[i].eventfd);
	}
	spin_unlock_irqrestore(&slot->lock, flags);

	for (i = 0; i < slot->nr_channels; i++) {
		if (eventfd[i])
			eventfd_ctx_put(eventfd[i]);
	}
}

/* --- channels ------------------------------------------------------------- */

void attach_signal(struct attach_slot *slot, u32 channel)
{
	struct eventfd_ctx *ctx;
	unsigned long flags;

	channel = array_index_nospec(channel, slot->nr_channels);
	spin_lock_irqsave(&slot->lock, flags);
	ctx = slot->channel[channel].eventfd;
	if (ctx)
		eventfd_signal(ctx, 1);
	spin_unlock_irqrestore(&slot->lock, flags);
}

void attach_slot_raise(struct attach_slot *slot)
{
	unsigned int i;

	for (i = 0; i < slot->nr_channels; i++) {
		u32 port = READ_ONCE(slot->channel[i].port);

		if (port)
			evtchn_raise(slot->domain, port);
	}
}

/*
 * A new binding is signalled at once: what the guest sent while nobody
 * listened must be looked at.
 */
int attach_slot_set_eventfd(struct attach_slot *slot, struct attach_file *af,
			    u32 channel, struct eventfd_ctx *ctx)
{
	unsigned long flags;
	int ret = -ENODEV;

	spin_lock_irqsave(&slot->lock, flags);
	if (slot->holder == af) {
		ret = 0;
		if (ctx)
			eventfd_signal(ctx, 1);
		swap(slot->channel[channel].eventfd, ctx);
	}
	spin_unlock_irqrestore(&slot->lock, flags);

	if (ctx)
		eventfd_ctx_put(ctx);
	return ret;
}

/* --- the slots there are -------------------------------------------------- */

/* Most holders need no recovery area: it comes with its first mapping. */
int attach_slot_make_recovery(struct attach_slot *slot)
{
	if (!slot->recovery)
		slot->recovery = __vmalloc(LODGE_RECOVERY_SIZE,
					   GFP_KERNEL_ACCOUNT | __GFP_ZERO |
					   __GFP_NOWARN);
	return slot->recovery ? 0 : -ENOMEM;
}

static bool role_is_device(u32 role)
{
	return role == LODGE_ROLE_BLOCK || role == LODGE_ROLE_NET ||
	       role == LODGE_ROLE_OTHER;
}

static struct attach_slot *slot_alloc(struct domain *d, u32 role, u32 devid,
				      unsigned int nr_channels)
{
	struct attach_slot *slot;

	slot = kzalloc(struct_size(slot, channel, nr_channels),
		       GFP_KERNEL_ACCOUNT);
	if (!slot)
		return NULL;
	slot->domain = d;
	slot->role = role;
	slot->devid = devid;
	slot->nr_channels = nr_channels;
	spin_lock_init(&slot->lock);
	return slot;
}

struct attach_slot *attach_slot_lookup(struct domain *d, u32 role, u32 devid)
{
	struct attach_slot *slot;
	unsigned int i;

	for (i = 0; i < ATTACH_MAX_SLOTS; i++) {
		/* Pairs with the release in slot_add(). */
		slot = smp_load_acquire(&d->attach.slot[i]);
		if (!slot)
			break;
		if (slot->role == role && slot->devid == devid)
			return slot;
	}
	return role_is_device(role) ? NULL : ERR_PTR(-EINVAL);
}

static struct attach_slot *slot_add(struct domain *d, u32 role, u32 devid)
{
	struct attach_table *t = &d->attach;
	struct attach_slot *slot;
	unsigned int i = ATTACH_NR_FIXED;

	lockdep_assert_held(&t->lock);
	while (i < ATTACH_MAX_SLOTS && t->slot[i])
		i++;
	if (i == ATTACH_MAX_SLOTS)
		return ERR_PTR(-ENOSPC);
	if (!t->io_queue)
		t->io_queue = io_queue_alloc(d->id);
	if (!t->io_queue)
		return ERR_PTR(-ENOMEM);
	slot = slot_alloc(d, role, devid, LODGE_MAX_CHANNELS);
	if (!slot)
		return ERR_PTR(-ENOMEM);
	slot->index = i;
	/* Pairs with attach_slot_lookup(): what is in it, then the pointer. */
	smp_store_release(&t->slot[i], slot);
	return slot;
}

struct attach_slot *attach_slot_get(struct domain *d, u32 role, u32 devid)
{
	struct attach_slot *slot;

	mutex_lock(&d->attach.lock);
	slot = attach_slot_lookup(d, role, devid);
	if (!slot)
		slot = slot_add(d, role, devid);
	mutex_unlock(&d->attach.lock);
	return slot;
}

/* A slot with a page that the guest sees at @gfn, and a channel. */
static int add_fixed(struct domain *d, unsigned int index, u32 role, u64 gfn)
{
	struct attach_slot *slot = slot_alloc(d, role, 0, 1);
	int ret;

	if (!slot)
		return -ENOMEM;
	slot->index = index;
	d->attach.slot[index] = slot;
	slot->ring = alloc_page(GFP_KERNEL_ACCOUNT | __GFP_ZERO);
	if (!slot->ring)
		return -ENOMEM;
	ret = guest_ram_map_special(&d->ram, GFN(gfn), slot->ring,
				    S2_READ | S2_WRITE);
	if (ret)
		return ret;
	return evtchn_bind_slot(d, slot, 0, &slot->channel[0].port);
}

/* Where the guest asks for its store and console. */
static void set_params(struct domain *d)
{
	u64 *params = d->xen.params;

	params[HVM_PARAM_STORE_PFN] = LODGE_STORE_GFN;
	params[HVM_PARAM_STORE_EVTCHN] = d->attach.slot[0]->channel[0].port;
	params[HVM_PARAM_CONSOLE_PFN] = LODGE_CONSOLE_GFN;
	params[HVM_PARAM_CONSOLE_EVTCHN] = d->attach.slot[1]->channel[0].port;
}

int attach_init(struct domain *d)
{
	int ret;

	mutex_init(&d->attach.lock);
	ret = add_fixed(d, 0, LODGE_ROLE_STORE, LODGE_STORE_GFN);
	if (!ret)
		ret = add_fixed(d, 1, LODGE_ROLE_CONSOLE, LODGE_CONSOLE_GFN);
	if (ret)
		attach_exit(d);
	else
		set_params(d);
	return ret;
}

/* The guest's mapping of a ring page has a reference of its own. */
void attach_exit(struct domain *d)
{
	unsigned int i, j;

	for (i = 0; i < ATTACH_MAX_SLOTS; i++) {
		struct attach_slot *slot = d->attach.slot[i];

		if (!slot)
			continue;
		d->attach.slot[i] = NULL;
		if (slot->ring)
			put_page(slot->ring);
		vfree(slot->recovery);
		for (j = 0; j < LODGE_IO_MAX_RINGS; j++)
			if (slot->io[j])
				io_ring_put(slot->io[j]);
		kfree(slot);
	}
	io_queue_free(d->attach.io_queue);
	d->attach.io_queue = NULL;
}
