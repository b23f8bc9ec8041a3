// SPDX-License-Identifier: GPL-2.0-only
/*
 * Slots from holder to holder: which can be, when they are made, who gets in,
 * and what the next holder finds.  Files are empty structures here, channels
 * and the guest's memory counted fakes.
 */
#include <kunit/test.h>
#include <linux/eventfd.h>
#include <linux/module.h>
#include <linux/sched.h>

/* One whose counter and references can be looked at. */
struct eventfd_ctx {
	unsigned int count, puts;
};

static void fake_signal(struct eventfd_ctx *ctx)
{
	ctx->count++;
}

static void fake_put(struct eventfd_ctx *ctx)
{
	ctx->puts++;
}

#define eventfd_signal(ctx, n)	fake_signal(ctx)
#define eventfd_ctx_put(ctx)	fake_put(ctx)

#include "../../kmod/ring/attach_slot.c"

static u32 next_port;
static unsigned int nr_raised, fail_map;

int guest_ram_map_special(struct guest_ram *ram, gfn_t gfn, struct page *page,
			  unsigned int perm)
{
	return fail_map && !--fail_map ? -ENOMEM : 0;
}

int evtchn_bind_slot(struct domain *d, struct attach_slot *slot, u32 channel,
		     u32 *port)
{
	*port = ++next_port;
	return 0;
}

void evtchn_raise(struct domain *d, u32 port)
{
	nr_raised++;
}

static unsigned int nr_rings_put;

void io_ring_put(struct io_ring *ring)
{
	nr_rings_put++;
}

static struct io_queue queue;
static unsigned int nr_queues, nr_queues_freed;
static bool fail_queue;

struct io_queue *io_queue_alloc(u32 domid)
{
	if (fail_queue)
		return NULL;
	nr_queues++;
	return &queue;
}

void io_queue_free(struct io_queue *q)
{
	nr_queues_freed += q == &queue;
}

static struct domain *make_domain(struct kunit *test)
{
	struct domain *d = kunit_kzalloc(test, sizeof(*d), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, d);
	next_port = 0;
	nr_raised = 0;
	fail_map = 0;
	nr_queues = 0;
	nr_queues_freed = 0;
	fail_queue = false;
	KUNIT_ASSERT_EQ(test, 0, attach_init(d));
	return d;
}

static void make_file(struct attach_file *af, struct attach_slot *slot)
{
	memset(af, 0, sizeof(*af));
	refcount_set(&af->refs, 1);
	af->slot = slot;
	af->pid = task_tgid(current);
}

static void attach_init_makes_two_slots(struct kunit *test)
{
	struct domain *d = make_domain(test);
	struct attach_slot *slot;

	slot = attach_slot_get(d, LODGE_ROLE_STORE, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR_OR_NULL(slot));
	KUNIT_EXPECT_TRUE(test, attach_slot_is_fixed(slot));
	KUNIT_EXPECT_NOT_NULL(test, slot->ring);
	KUNIT_EXPECT_EQ(test, 1u, slot->nr_channels);
	KUNIT_EXPECT_EQ(test, 1u, slot->channel[0].port);
	KUNIT_EXPECT_EQ(test, 1, d->xen.params[HVM_PARAM_STORE_EVTCHN]);
	KUNIT_EXPECT_EQ(test, 2, d->xen.params[HVM_PARAM_CONSOLE_EVTCHN]);
	KUNIT_EXPECT_PTR_EQ(test, slot,
			    attach_slot_lookup(d, LODGE_ROLE_STORE, 0));
	KUNIT_EXPECT_PTR_NE(test, slot,
			    attach_slot_lookup(d, LODGE_ROLE_CONSOLE, 0));
	attach_exit(d);
}

static void attach_init_undoes_what_it_did(struct kunit *test)
{
	struct domain *d = make_domain(test);
	unsigned int i;

	attach_exit(d);
	for (i = 1; i <= 2; i++) {
		fail_map = i;
		KUNIT_EXPECT_EQ(test, -ENOMEM, attach_init(d));
		KUNIT_EXPECT_NULL(test, memchr_inv(d->attach.slot, 0,
						   sizeof(d->attach.slot)));
	}
}

static void attach_slot_get_refuses(struct kunit *test)
{
	static const struct {
		u32 role, devid;
	} cases[] = {
		{ 0, 0 },
		{ LODGE_ROLE_STORE, 1 },
		{ LODGE_ROLE_CONSOLE, ~0u },
		{ LODGE_ROLE_OTHER + 1, 0 },
		{ ~0u, 0 },
	};
	struct domain *d = make_domain(test);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		KUNIT_EXPECT_EQ(test, -EINVAL,
				PTR_ERR(attach_slot_get(d, cases[i].role,
							cases[i].devid)));
		KUNIT_EXPECT_EQ(test, -EINVAL,
				PTR_ERR(attach_slot_lookup(d, cases[i].role,
							   cases[i].devid)));
	}
	attach_exit(d);
}

static void attach_exit_lets_rings_go(struct kunit *test)
{
	struct domain *d = make_domain(test);
	struct attach_slot *slot = attach_slot_get(d, LODGE_ROLE_BLOCK, 7);

	KUNIT_ASSERT_FALSE(test, IS_ERR_OR_NULL(slot));
	/* Only its address is looked at here. */
	slot->io[2] = (struct io_ring *)d;
	nr_rings_put = 0;
	attach_exit(d);
	KUNIT_EXPECT_EQ(test, 1, nr_rings_put);
}

/* One for all of its devices, and none for a domain that has none. */
static void attach_slot_get_makes_the_queue(struct kunit *test)
{
	struct domain *d = make_domain(test);

	attach_exit(d);
	KUNIT_EXPECT_EQ(test, 0u, nr_queues);
	d = make_domain(test);
	fail_queue = true;
	KUNIT_EXPECT_EQ(test, -ENOMEM,
			PTR_ERR(attach_slot_get(d, LODGE_ROLE_BLOCK, 1)));
	KUNIT_EXPECT_NULL(test, attach_slot_lookup(d, LODGE_ROLE_BLOCK, 1));
	fail_queue = false;
	attach_slot_get(d, LODGE_ROLE_BLOCK, 1);
	attach_slot_get(d, LODGE_ROLE_NET, 1);
	KUNIT_EXPECT_NOT_NULL(test, d->attach.slot[ATTACH_NR_FIXED + 1]);
	KUNIT_EXPECT_EQ(test, 1u, nr_queues);
	KUNIT_EXPECT_EQ(test, 0u, nr_queues_freed);
	attach_exit(d);
	KUNIT_EXPECT_EQ(test, 1u, nr_queues_freed);
}

static void attach_slot_get_makes_devices_up_to_the_limit(struct kunit *test)
{
	struct domain *d = make_domain(test);
	struct attach_slot *slot;
	unsigned int i;

	for (i = 0; i < LODGE_MAX_DEVICES; i++) {
		u32 role = i % 2 ? LODGE_ROLE_NET : LODGE_ROLE_BLOCK;

		KUNIT_EXPECT_NULL(test, attach_slot_lookup(d, role, ~i));
		slot = attach_slot_get(d, role, ~i);
		KUNIT_ASSERT_FALSE(test, IS_ERR_OR_NULL(slot));
		KUNIT_EXPECT_FALSE(test, attach_slot_is_fixed(slot));
		KUNIT_EXPECT_NULL(test, slot->ring);
		KUNIT_EXPECT_EQ(test, (unsigned int)LODGE_MAX_CHANNELS,
				slot->nr_channels);
		KUNIT_EXPECT_PTR_EQ(test, slot, d->attach.slot[slot->index]);
	}
	slot = attach_slot_get(d, LODGE_ROLE_NET, 0);
	KUNIT_EXPECT_EQ(test, -ENOSPC, PTR_ERR(slot));
	/* The same number in the other role is another slot; these are there. */
	KUNIT_EXPECT_NULL(test, attach_slot_lookup(d, LODGE_ROLE_NET, ~0u));
	slot = attach_slot_get(d, LODGE_ROLE_BLOCK, ~0u);
	KUNIT_EXPECT_PTR_EQ(test, d->attach.slot[ATTACH_NR_FIXED], slot);
	attach_exit(d);
}

static void attach_slot_take_lets_one_in(struct kunit *test)
{
	struct domain *d = make_domain(test);
	struct attach_slot *slot = attach_slot_get(d, LODGE_ROLE_NET, 3);
	struct attach_file first, second;
	struct pid *holder = NULL;

	KUNIT_ASSERT_FALSE(test, IS_ERR_OR_NULL(slot));
	make_file(&first, slot);
	make_file(&second, slot);
	KUNIT_EXPECT_NULL(test, attach_slot_holder(slot));
	KUNIT_EXPECT_EQ(test, 0, attach_slot_take(slot, &first, &holder));
	KUNIT_EXPECT_EQ(test, -EBUSY, attach_slot_take(slot, &second, &holder));
	KUNIT_EXPECT_PTR_EQ(test, task_tgid(current), holder);
	put_pid(holder);
	KUNIT_EXPECT_PTR_EQ(test, &first, attach_slot_holder(slot));
	KUNIT_EXPECT_EQ(test, 2, refcount_read(&first.refs));

	/* Who does not hold it has nothing to release. */
	attach_slot_release(slot, &second);
	KUNIT_EXPECT_EQ(test, -EBUSY, attach_slot_take(slot, &second, &holder));
	put_pid(holder);
	attach_slot_release(slot, &first);
	KUNIT_EXPECT_EQ(test, 0, attach_slot_take(slot, &second, &holder));
	attach_slot_release(slot, &second);
	d->dying = true;
	KUNIT_EXPECT_EQ(test, -ENODEV, attach_slot_take(slot, &first, &holder));
	attach_exit(d);
}

/* Ports and the recovery area stay, eventfds go with their holder. */
static void attach_slot_keeps_for_the_next_holder(struct kunit *test)
{
	struct domain *d = make_domain(test);
	struct attach_slot *slot = attach_slot_get(d, LODGE_ROLE_BLOCK, 51712);
	struct eventfd_ctx ctx = { 0 }, other = { 0 };
	struct attach_file first, second;
	struct pid *holder = NULL;

	KUNIT_ASSERT_FALSE(test, IS_ERR_OR_NULL(slot));
	make_file(&first, slot);
	make_file(&second, slot);
	slot->channel[0].port = 40;
	slot->channel[31].port = 41;
	KUNIT_ASSERT_EQ(test, 0, attach_slot_take(slot, &first, &holder));
	KUNIT_ASSERT_EQ(test, 0, attach_slot_make_recovery(slot));
	memset(slot->recovery, 0x5a, LODGE_RECOVERY_SIZE);

	KUNIT_EXPECT_EQ(test, 0, attach_slot_set_eventfd(slot, &first, 31,
							 &ctx));
	KUNIT_EXPECT_EQ(test, 1u, ctx.count);
	attach_signal(slot, 0);
	KUNIT_EXPECT_EQ(test, 1u, ctx.count);
	attach_signal(slot, 31);
	KUNIT_EXPECT_EQ(test, 2u, ctx.count);
	KUNIT_EXPECT_EQ(test, -ENODEV, attach_slot_set_eventfd(slot, &second,
							       31, &other));
	KUNIT_EXPECT_EQ(test, 1u, other.puts);

	attach_slot_release(slot, &first);
	KUNIT_EXPECT_EQ(test, 1u, ctx.puts);
	attach_signal(slot, 31);
	KUNIT_EXPECT_EQ(test, 2u, ctx.count);
	KUNIT_ASSERT_EQ(test, 0, attach_slot_take(slot, &second, &holder));
	KUNIT_EXPECT_EQ(test, 0, attach_slot_make_recovery(slot));
	KUNIT_EXPECT_NULL(test, memchr_inv(slot->recovery, 0x5a,
					   LODGE_RECOVERY_SIZE));
	nr_raised = 0;
	attach_slot_raise(slot);
	KUNIT_EXPECT_EQ(test, 2u, nr_raised);
	attach_slot_release(slot, &second);
	attach_exit(d);
}

static struct kunit_case attach_slot_cases[] = {
	KUNIT_CASE(attach_init_makes_two_slots),
	KUNIT_CASE(attach_init_undoes_what_it_did),
	KUNIT_CASE(attach_slot_get_refuses),
	KUNIT_CASE(attach_exit_lets_rings_go),
	KUNIT_CASE(attach_slot_get_makes_the_queue),
	KUNIT_CASE(attach_slot_get_makes_devices_up_to_the_limit),
	KUNIT_CASE(attach_slot_take_lets_one_in),
	KUNIT_CASE(attach_slot_keeps_for_the_next_holder),
	{}
};

static struct kunit_suite attach_slot_suite = {
	.name = "lodge_attach_slot",
	.test_cases = attach_slot_cases,
};

kunit_test_suite(attach_slot_suite);

MODULE_LICENSE("GPL");
