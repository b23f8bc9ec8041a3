/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A domain with what event channels look at: vCPUs that are counted when they
 * are kicked, shared_info, slots of back ends.  Included once by a suite, which
 * is a module of its own and says what attach_signal() and guest_ram_pin() do.
 */
#ifndef LODGE_TESTS_FAKE_EVTCHN_H
#define LODGE_TESTS_FAKE_EVTCHN_H

#include <kunit/test.h>

#include "../../kmod/ring/evtchn.c"
#include "../../kmod/ring/evtchn_2l.c"
#include "../../kmod/ring/evtchn_fifo.c"

#define NR_VCPUS	3
#define RANDOM_STEPS	20000
#define DEVICE		65	/* index of a slot */

static unsigned int nr_kicks;

void vcpu_kick(struct vcpu *vcpu)
{
	nr_kicks++;
}

static void make_slot(struct kunit *test, struct domain *d, unsigned int index,
		      unsigned int nr_channels)
{
	struct attach_slot *slot;

	slot = kunit_kzalloc(test, struct_size(slot, channel, nr_channels),
			     GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, slot);
	slot->index = index;
	slot->nr_channels = nr_channels;
	d->attach.slot[index] = slot;
}

/* A domain with what evtchn.c looks at, in the layout that is asked for. */
static struct domain *fake_evtchn_domain(struct kunit *test, bool is32)
{
	struct domain *d = kunit_kzalloc(test, sizeof(*d), GFP_KERNEL);
	struct vcpu_info *info;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, d);
	/* Twice the size, to have a page that is aligned. */
	d->xen.shared = kunit_kzalloc(test, 2 * PAGE_SIZE, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, d->xen.shared);
	d->xen.shared = PTR_ALIGN(d->xen.shared, PAGE_SIZE);
	d->xen.layout32 = is32;
	d->id = 7;
	d->nr_vcpus = NR_VCPUS;
	info = d->xen.shared;
	for (i = 0; i < NR_VCPUS; i++) {
		d->vcpus[i] = kunit_kzalloc(test, sizeof(struct vcpu),
					    GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, d->vcpus[i]);
		d->vcpus[i]->id = i;
		d->vcpus[i]->domain = d;
		d->vcpus[i]->xen.info = &info[i];
	}
	make_slot(test, d, 0, 1);
	make_slot(test, d, 1, 1);
	make_slot(test, d, DEVICE, LODGE_MAX_CHANNELS);
	KUNIT_ASSERT_EQ(test, 0, evtchn_init(d));
	nr_kicks = 0;
	return d;
}

#endif /* LODGE_TESTS_FAKE_EVTCHN_H */
