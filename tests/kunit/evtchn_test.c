// SPDX-License-Identifier: GPL-2.0-only
/*
 * Event channels: the bits that a guest sees after random sequences against a
 * model that keeps them as plain booleans, in both layouts, and the rules of
 * binding, closing and asking.
 */
#include <kunit/test.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/prandom.h>

#include "fake_evtchn.h"

static unsigned int nr_signals;
static struct attach_slot *signalled_slot;
static u32 signalled_channel;

int guest_ram_pin(struct guest_ram *ram, gfn_t gfn, bool write, bool atomic,
		  struct page **page)
{
	return -EFAULT;
}

void attach_signal(struct attach_slot *slot, u32 channel)
{
	nr_signals++;
	signalled_slot = slot;
	signalled_channel = channel;
}

static struct domain *make_domain(struct kunit *test, bool is32)
{
	nr_signals = 0;
	return fake_evtchn_domain(test, is32);
}

/* Port 0 and those that are bound. */
static unsigned int nr_used(const struct domain *d)
{
	unsigned int i, sum = 0;

	for (i = 0; i < EVTCHN_NR_BUCKETS; i++)
		sum += d->evtchn.nr_used[i];
	return sum;
}

/* What the guest sees, as its interface describes it and no more cleverly. */
struct model {
	bool is32;
	bool pending[EVTCHN_2L_PORTS];
	bool mask[EVTCHN_2L_PORTS];
	bool sel[NR_VCPUS][64];
	bool upcall[NR_VCPUS];
	u8 vcpu[EVTCHN_2L_PORTS];
	u32 nr_ports;
};

static void model_mark(struct model *m, u32 port)
{
	unsigned int vcpu = m->vcpu[port];
	unsigned int word = port / (m->is32 ? 32 : 64);

	if (!m->sel[vcpu][word]) {
		m->sel[vcpu][word] = true;
		m->upcall[vcpu] = true;
	}
}

static void model_raise(struct model *m, u32 port)
{
	if (m->pending[port])
		return;
	m->pending[port] = true;
	if (!m->mask[port])
		model_mark(m, port);
}

static void model_unmask(struct model *m, u32 port)
{
	bool was = m->mask[port];

	m->mask[port] = false;
	if (was && m->pending[port])
		model_mark(m, port);
}

static bool guest_bit(const void *base, unsigned int bit)
{
	return ((const u8 *)base)[bit / 8] & (1 << (bit % 8));
}

static void guest_set_bit(void *base, unsigned int bit, bool value)
{
	u8 *byte = (u8 *)base + bit / 8;

	*byte = value ? *byte | 1 << (bit % 8) : *byte & ~(1 << (bit % 8));
}

static u8 *guest_mask(struct domain *d)
{
	return d->xen.shared + (d->xen.layout32 ? 2176 : 2560);
}

static u8 *guest_sel(struct domain *d, unsigned int vcpu)
{
	return (u8 *)d->vcpus[vcpu]->xen.info + (d->xen.layout32 ? 4 : 8);
}

static bool same_as_model(struct domain *d, const struct model *m)
{
	const u32 limit = m->is32 ? 1024 : 4096;
	const u8 *shared = d->xen.shared;
	unsigned int i, vcpu;

	for (i = 0; i < limit; i++) {
		if (guest_bit(shared + 2048, i) != m->pending[i] ||
		    guest_bit(guest_mask(d), i) != m->mask[i])
			return false;
	}
	for (vcpu = 0; vcpu < NR_VCPUS; vcpu++) {
		for (i = 0; i < (m->is32 ? 32 : 64); i++)
			if (guest_bit(guest_sel(d, vcpu), i) !=
			    m->sel[vcpu][i])
				return false;
		if (d->vcpus[vcpu]->xen.info->evtchn_upcall_pending !=
		    m->upcall[vcpu])
			return false;
	}
	return true;
}

/* The guest takes an upcall: clears it, then its selector. */
static void guest_take_upcall(struct domain *d, struct model *m,
			      unsigned int vcpu)
{
	d->vcpus[vcpu]->xen.info->evtchn_upcall_pending = 0;
	m->upcall[vcpu] = false;
	memset(guest_sel(d, vcpu), 0, m->is32 ? 4 : 8);
	memset(m->sel[vcpu], 0, sizeof(m->sel[vcpu]));
}

static void random_step(struct kunit *test, struct domain *d, struct model *m,
			struct rnd_state *rnd)
{
	u32 r = prandom_u32_state(rnd);
	u32 port = 1 + (r >> 8) % (m->nr_ports - 1);
	unsigned int vcpu = r % NR_VCPUS;
	bool was_clear = !m->upcall[m->vcpu[port]];
	unsigned int kicks = nr_kicks;

	switch (r % 16) {
	case 0 ... 6:
		evtchn_raise(d, port);
		model_raise(m, port);
		KUNIT_EXPECT_EQ(test, nr_kicks - kicks,
				was_clear && m->upcall[m->vcpu[port]] ? 1 : 0);
		break;
	case 7 ... 8:
		guest_set_bit(guest_mask(d), port, true);
		m->mask[port] = true;
		break;
	case 9 ... 11:
		KUNIT_EXPECT_EQ(test, 0, evtchn_unmask(d, port));
		model_unmask(m, port);
		break;
	case 12 ... 13:
		guest_set_bit(d->xen.shared + 2048, port, false);
		m->pending[port] = false;
		break;
	case 14:
		guest_take_upcall(d, m, vcpu);
		break;
	default:
		if (!evtchn_bind_vcpu(d, port, vcpu))
			m->vcpu[port] = vcpu;
		break;
	}
}

static void run_random(struct kunit *test, bool is32)
{
	struct domain *d = make_domain(test, is32);
	struct model *m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);
	struct rnd_state rnd;
	unsigned int i;
	u32 port = 0;

	KUNIT_ASSERT_NOT_NULL(test, m);
	prandom_seed_state(&rnd, is32 ? 32 : 64);
	m->is32 = is32;
	while (!evtchn_alloc_unbound(d, 0, &port))
		m->nr_ports = port + 1;
	KUNIT_ASSERT_EQ(test, m->nr_ports, is32 ? 1024 : 4096);

	for (i = 0; i < RANDOM_STEPS; i++) {
		random_step(test, d, m, &rnd);
		if (i % 64 && i != RANDOM_STEPS - 1)
			continue;
		if (!same_as_model(d, m)) {
			KUNIT_FAIL(test, "differs from the model at step %u",
				   i);
			break;
		}
	}
	evtchn_destroy(d);
}

static void evtchn_raise_matches_model_64(struct kunit *test)
{
	run_random(test, false);
}

static void evtchn_raise_matches_model_32(struct kunit *test)
{
	run_random(test, true);
}

static void evtchn_raise_ignores_unbound_ports(struct kunit *test)
{
	static const u32 ports[] = { 0, 1, 4095, 4096, 0x10000, ~0u };
	struct domain *d = make_domain(test, false);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ports); i++)
		evtchn_raise(d, ports[i]);
	KUNIT_EXPECT_NULL(test, memchr_inv(d->xen.shared, 0, PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, 0, nr_kicks);
	evtchn_destroy(d);
}

/* A selector in four-byte aligned places: no bit outside of its eight bytes. */
static void evtchn_raise_keeps_to_moved_info(struct kunit *test)
{
	struct domain *d = make_domain(test, false);
	u8 *page = d->xen.shared;
	u32 port;

	d->vcpus[0]->xen.info = (void *)(page + 3500);
	KUNIT_ASSERT_EQ(test, 0, evtchn_bind_ipi(d, 0, &port));
	while (port < 200)
		KUNIT_ASSERT_EQ(test, 0, evtchn_bind_ipi(d, 0, &port));
	KUNIT_EXPECT_EQ(test, 0, evtchn_send(d, port));
	KUNIT_EXPECT_EQ(test, 1, page[3500]);
	KUNIT_EXPECT_EQ(test, 1 << 3, page[3508]);
	KUNIT_EXPECT_NULL(test, memchr_inv(page + 3509, 0, 56));
	KUNIT_EXPECT_EQ(test, 0, page[0]);
	evtchn_destroy(d);
}

static void evtchn_send_follows_state(struct kunit *test)
{
	struct domain *d = make_domain(test, false);
	u32 unbound, virq, ipi, slot;

	KUNIT_ASSERT_EQ(test, 0, evtchn_alloc_unbound(d, 0, &unbound));
	KUNIT_ASSERT_EQ(test, 0, evtchn_bind_virq(d, VIRQ_TIMER, 1, &virq));
	KUNIT_ASSERT_EQ(test, 0, evtchn_bind_ipi(d, 2, &ipi));
	KUNIT_ASSERT_EQ(test, 0, evtchn_bind_slot(d, d->attach.slot[1], 0, &slot));

	KUNIT_EXPECT_EQ(test, 0, evtchn_send(d, unbound));
	KUNIT_EXPECT_EQ(test, -EINVAL, evtchn_send(d, virq));
	KUNIT_EXPECT_EQ(test, -EINVAL, evtchn_send(d, 0));
	KUNIT_EXPECT_EQ(test, -EINVAL, evtchn_send(d, slot + 1));
	KUNIT_EXPECT_EQ(test, -EINVAL, evtchn_send(d, ~0u));
	KUNIT_EXPECT_EQ(test, 0, nr_kicks);

	KUNIT_EXPECT_EQ(test, 0, evtchn_send(d, ipi));
	KUNIT_EXPECT_TRUE(test, evtchn_is_pending(d, ipi));
	KUNIT_EXPECT_EQ(test, 1, d->vcpus[2]->xen.info->evtchn_upcall_pending);
	KUNIT_EXPECT_TRUE(test, test_bit(VCPU_REQ_EVENT,
					 &d->vcpus[2]->requests));

	KUNIT_EXPECT_EQ(test, EVTCHN_TO_BACKEND, evtchn_send(d, slot));
	KUNIT_EXPECT_FALSE(test, evtchn_is_pending(d, slot));
	KUNIT_EXPECT_EQ(test, 1, nr_signals);
	KUNIT_EXPECT_PTR_EQ(test, d->attach.slot[1], signalled_slot);
	evtchn_destroy(d);
}

static void evtchn_bind_virq_refuses(struct kunit *test)
{
	struct domain *d = make_domain(test, false);
	static const struct {
		u32 virq, vcpu;
		int ret;
	} cases[] = {
		{ 24, 0, -EINVAL },
		{ ~0u, 0, -EINVAL },
		{ VIRQ_CONSOLE, 1, -EINVAL },	/* global, not on vCPU 0 */
		{ VIRQ_TIMER, NR_VCPUS, -ENOENT },
		{ VIRQ_TIMER, ~0u, -ENOENT },
		{ VIRQ_TIMER, 1, 0 },
		{ VIRQ_TIMER, 1, -EEXIST },
		{ VIRQ_TIMER, 2, 0 },
		{ VIRQ_CONSOLE, 0, 0 },
		{ VIRQ_CONSOLE, 0, -EEXIST },
	};
	unsigned int i;
	u32 port;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		KUNIT_EXPECT_EQ_MSG(test, cases[i].ret,
				    evtchn_bind_virq(d, cases[i].virq,
						     cases[i].vcpu, &port),
				    "case %u", i);
	evtchn_destroy(d);
}

static void evtchn_raise_virq_finds_its_port(struct kunit *test)
{
	struct domain *d = make_domain(test, false);
	u32 port;

	evtchn_raise_virq(d->vcpus[1], VIRQ_TIMER);
	KUNIT_EXPECT_EQ(test, 0, nr_kicks);
	KUNIT_ASSERT_EQ(test, 0, evtchn_bind_virq(d, VIRQ_TIMER, 1, &port));
	evtchn_raise_virq(d->vcpus[0], VIRQ_TIMER);
	KUNIT_EXPECT_FALSE(test, evtchn_is_pending(d, port));
	evtchn_raise_virq(d->vcpus[1], VIRQ_TIMER);
	KUNIT_EXPECT_TRUE(test, evtchn_is_pending(d, port));

	/* Closed, it is forgotten, and may be bound again. */
	KUNIT_EXPECT_EQ(test, 0, evtchn_close(d, port));
	KUNIT_EXPECT_FALSE(test, evtchn_is_pending(d, port));
	evtchn_raise_virq(d->vcpus[1], VIRQ_TIMER);
	KUNIT_EXPECT_FALSE(test, evtchn_is_pending(d, port));
	KUNIT_EXPECT_EQ(test, 0, evtchn_bind_virq(d, VIRQ_TIMER, 1, &port));
	evtchn_destroy(d);
}

/* A global VIRQ that was moved is still found where it was bound. */
static void evtchn_close_forgets_moved_virq(struct kunit *test)
{
	struct domain *d = make_domain(test, false);
	u32 port;

	KUNIT_ASSERT_EQ(test, 0, evtchn_bind_virq(d, VIRQ_CONSOLE, 0, &port));
	KUNIT_EXPECT_EQ(test, 0, evtchn_bind_vcpu(d, port, 2));
	KUNIT_EXPECT_EQ(test, 0, evtchn_close(d, port));
	KUNIT_EXPECT_EQ(test, 0, evtchn_bind_virq(d, VIRQ_CONSOLE, 0, &port));
	evtchn_destroy(d);
}

static void evtchn_bind_vcpu_refuses(struct kunit *test)
{
	struct domain *d = make_domain(test, false);
	u32 unbound, ipi, timer;

	KUNIT_ASSERT_EQ(test, 0, evtchn_alloc_unbound(d, 0, &unbound));
	KUNIT_ASSERT_EQ(test, 0, evtchn_bind_ipi(d, 0, &ipi));
	KUNIT_ASSERT_EQ(test, 0, evtchn_bind_virq(d, VIRQ_TIMER, 0, &timer));
	KUNIT_EXPECT_EQ(test, 0, evtchn_bind_vcpu(d, unbound, 1));
	KUNIT_EXPECT_EQ(test, -ENOENT, evtchn_bind_vcpu(d, unbound, NR_VCPUS));
	KUNIT_EXPECT_EQ(test, -EINVAL, evtchn_bind_vcpu(d, ipi, 1));
	KUNIT_EXPECT_EQ(test, -EINVAL, evtchn_bind_vcpu(d, timer, 1));
	KUNIT_EXPECT_EQ(test, -EINVAL, evtchn_bind_vcpu(d, 0, 1));
	KUNIT_EXPECT_EQ(test, -EINVAL, evtchn_bind_vcpu(d, 4096, 1));
	KUNIT_EXPECT_EQ(test, -ENOENT, evtchn_bind_ipi(d, NR_VCPUS, &ipi));
	evtchn_destroy(d);
}

static void run_exhaustion(struct kunit *test, bool is32, u32 limit)
{
	struct domain *d = make_domain(test, is32);
	u32 port, expected;

	for (expected = 1; expected < limit; expected++) {
		if (evtchn_alloc_unbound(d, 0, &port) || port != expected)
			break;
	}
	KUNIT_EXPECT_EQ(test, limit, expected);
	KUNIT_EXPECT_EQ(test, -ENOSPC, evtchn_alloc_unbound(d, 0, &port));
	KUNIT_EXPECT_EQ(test, -ENOSPC, evtchn_bind_ipi(d, 0, &port));
	KUNIT_EXPECT_EQ(test, -ENOSPC,
			evtchn_bind_virq(d, VIRQ_TIMER, 0, &port));

	/* What is closed is free again, the lowest first. */
	KUNIT_EXPECT_EQ(test, 0, evtchn_close(d, limit - 1));
	KUNIT_EXPECT_EQ(test, 0, evtchn_close(d, 3));
	KUNIT_EXPECT_EQ(test, 0, evtchn_bind_ipi(d, 1, &port));
	KUNIT_EXPECT_EQ(test, 3, port);
	KUNIT_EXPECT_EQ(test, 0, evtchn_bind_ipi(d, 1, &port));
	KUNIT_EXPECT_EQ(test, limit - 1, port);
	KUNIT_EXPECT_EQ(test, -ENOSPC, evtchn_bind_ipi(d, 1, &port));
	evtchn_destroy(d);
}

static void evtchn_alloc_ends_with_enospc(struct kunit *test)
{
	run_exhaustion(test, false, 4096);
	run_exhaustion(test, true, 1024);
}

static void evtchn_bind_clears_stale_pending(struct kunit *test)
{
	struct domain *d = make_domain(test, false);
	u32 port;

	guest_set_bit(d->xen.shared + 2048, 1, true);
	KUNIT_ASSERT_EQ(test, 0, evtchn_bind_ipi(d, 0, &port));
	KUNIT_ASSERT_EQ(test, 1, port);
	KUNIT_EXPECT_FALSE(test, evtchn_is_pending(d, port));
	evtchn_destroy(d);
}

static void evtchn_close_refuses(struct kunit *test)
{
	struct domain *d = make_domain(test, false);
	u32 port;

	KUNIT_ASSERT_EQ(test, 0, evtchn_bind_ipi(d, 0, &port));
	KUNIT_EXPECT_EQ(test, -EINVAL, evtchn_close(d, 0));
	KUNIT_EXPECT_EQ(test, -EINVAL, evtchn_close(d, port + 1));
	KUNIT_EXPECT_EQ(test, -EINVAL, evtchn_close(d, 4096));
	KUNIT_EXPECT_EQ(test, -EINVAL, evtchn_close(d, ~0u));
	KUNIT_EXPECT_EQ(test, 0, evtchn_close(d, port));
	KUNIT_EXPECT_EQ(test, -EINVAL, evtchn_close(d, port));
	evtchn_destroy(d);
}

static void evtchn_bind_loop_connects_both_ends(struct kunit *test)
{
	struct domain *d = make_domain(test, false);
	struct evtchn_status_out st;
	u32 far, near, foreign, port;

	KUNIT_ASSERT_EQ(test, 0, evtchn_alloc_unbound(d, DOMID_SELF, &far));
	KUNIT_ASSERT_EQ(test, 0, evtchn_alloc_unbound(d, 0, &foreign));
	KUNIT_EXPECT_EQ(test, -EINVAL, evtchn_bind_loop(d, foreign, &port));
	KUNIT_EXPECT_EQ(test, -EINVAL, evtchn_bind_loop(d, 0, &port));
	KUNIT_EXPECT_EQ(test, -EINVAL, evtchn_bind_loop(d, 3, &port));
	KUNIT_EXPECT_EQ(test, -EINVAL, evtchn_bind_loop(d, ~0u, &port));
	KUNIT_ASSERT_EQ(test, 0, evtchn_bind_loop(d, far, &near));
	/* Refused ones took no port. */
	KUNIT_EXPECT_EQ(test, 3, near);
	KUNIT_EXPECT_TRUE(test, evtchn_is_pending(d, near));

	KUNIT_EXPECT_EQ(test, 0, evtchn_send(d, near));
	KUNIT_EXPECT_TRUE(test, evtchn_is_pending(d, far));
	KUNIT_EXPECT_EQ(test, 0, evtchn_status(d, far, &st));
	KUNIT_EXPECT_EQ(test, EVTCHNSTAT_interdomain, st.status);
	KUNIT_EXPECT_EQ(test, 7, st.domid);
	KUNIT_EXPECT_EQ(test, near, st.port);

	KUNIT_EXPECT_EQ(test, 0, evtchn_close(d, near));
	KUNIT_EXPECT_EQ(test, 0, evtchn_status(d, far, &st));
	KUNIT_EXPECT_EQ(test, EVTCHNSTAT_unbound, st.status);
	KUNIT_EXPECT_EQ(test, 0, evtchn_bind_loop(d, far, &near));
	evtchn_destroy(d);
}

/* A thread that closes whatever the test binds, as another vCPU might. */
static int close_all(void *arg)
{
	struct domain *d = arg;

	while (!kthread_should_stop()) {
		evtchn_close(d, 2);
		cond_resched();
	}
	return 0;
}

/* Whoever comes first, both ends agree in the end. */
static void evtchn_bind_loop_is_whole_at_once(struct kunit *test)
{
	struct domain *d = make_domain(test, false);
	struct task_struct *closer;
	struct evtchn_status_out st;
	unsigned int i;
	u32 far, near;

	KUNIT_ASSERT_EQ(test, 0, evtchn_alloc_unbound(d, DOMID_SELF, &far));
	KUNIT_ASSERT_EQ(test, 1u, far);
	closer = kthread_run(close_all, d, "close_all");
	KUNIT_ASSERT_FALSE(test, IS_ERR(closer));
	for (i = 0; i < 20000; i++) {
		/* Refused while the last one is not closed yet. */
		if (evtchn_bind_loop(d, far, &near))
			cond_resched();
		else if (near != 2)
			break;
	}
	kthread_stop(closer);
	KUNIT_EXPECT_EQ(test, 20000u, i);
	evtchn_close(d, 2);
	KUNIT_EXPECT_EQ(test, 0, evtchn_status(d, far, &st));
	KUNIT_EXPECT_EQ(test, EVTCHNSTAT_unbound, st.status);
	KUNIT_EXPECT_EQ(test, 2, nr_used(d));
	evtchn_destroy(d);
}

static void evtchn_status_tells_each_state(struct kunit *test)
{
	struct domain *d = make_domain(test, false);
	struct evtchn_status_out st;
	u32 unbound, virq, ipi, slot;

	KUNIT_ASSERT_EQ(test, 0, evtchn_alloc_unbound(d, 5, &unbound));
	KUNIT_ASSERT_EQ(test, 0, evtchn_bind_virq(d, VIRQ_DEBUG, 1, &virq));
	KUNIT_ASSERT_EQ(test, 0, evtchn_bind_ipi(d, 2, &ipi));
	KUNIT_ASSERT_EQ(test, 0, evtchn_bind_slot(d, d->attach.slot[0], 0, &slot));

	KUNIT_EXPECT_EQ(test, 0, evtchn_status(d, 0, &st));
	KUNIT_EXPECT_EQ(test, EVTCHNSTAT_closed, st.status);
	KUNIT_EXPECT_EQ(test, 0, evtchn_status(d, 4095, &st));
	KUNIT_EXPECT_EQ(test, EVTCHNSTAT_closed, st.status);
	KUNIT_EXPECT_EQ(test, -EINVAL, evtchn_status(d, 4096, &st));

	KUNIT_EXPECT_EQ(test, 0, evtchn_status(d, unbound, &st));
	KUNIT_EXPECT_EQ(test, EVTCHNSTAT_unbound, st.status);
	KUNIT_EXPECT_EQ(test, 5, st.domid);
	KUNIT_EXPECT_EQ(test, 0, evtchn_status(d, virq, &st));
	KUNIT_EXPECT_EQ(test, EVTCHNSTAT_virq, st.status);
	KUNIT_EXPECT_EQ(test, VIRQ_DEBUG, st.virq);
	KUNIT_EXPECT_EQ(test, 1, st.vcpu);
	KUNIT_EXPECT_EQ(test, 0, evtchn_status(d, ipi, &st));
	KUNIT_EXPECT_EQ(test, EVTCHNSTAT_ipi, st.status);
	KUNIT_EXPECT_EQ(test, 2, st.vcpu);
	KUNIT_EXPECT_EQ(test, 0, evtchn_status(d, slot, &st));
	KUNIT_EXPECT_EQ(test, EVTCHNSTAT_interdomain, st.status);
	KUNIT_EXPECT_EQ(test, 0, st.domid);
	evtchn_destroy(d);
}

static void evtchn_reset_keeps_slots_only(struct kunit *test)
{
	struct domain *d = make_domain(test, false);
	u32 slot, ipi, virq, far, near;

	KUNIT_ASSERT_EQ(test, 0, evtchn_bind_slot(d, d->attach.slot[0], 0, &slot));
	d->attach.slot[0]->channel[0].port = slot;
	KUNIT_ASSERT_EQ(test, 0, evtchn_bind_ipi(d, 0, &ipi));
	KUNIT_ASSERT_EQ(test, 0, evtchn_bind_virq(d, VIRQ_TIMER, 0, &virq));
	KUNIT_ASSERT_EQ(test, 0, evtchn_alloc_unbound(d, DOMID_SELF, &far));
	KUNIT_ASSERT_EQ(test, 0, evtchn_bind_loop(d, far, &near));
	evtchn_raise(d, slot);
	evtchn_reset(d);
	KUNIT_EXPECT_FALSE(test, evtchn_is_pending(d, slot));
	KUNIT_EXPECT_EQ(test, slot, d->attach.slot[0]->channel[0].port);
	KUNIT_EXPECT_EQ(test, EVTCHN_TO_BACKEND, evtchn_send(d, slot));
	KUNIT_EXPECT_EQ(test, -EINVAL, evtchn_send(d, ipi));
	KUNIT_EXPECT_EQ(test, 2, nr_used(d));
	KUNIT_EXPECT_EQ(test, 0, evtchn_bind_virq(d, VIRQ_TIMER, 0, &virq));

	/* A guest that closes a slot's port cuts the host's end off. */
	KUNIT_EXPECT_EQ(test, 0, evtchn_close(d, slot));
	KUNIT_EXPECT_EQ(test, 0, d->attach.slot[0]->channel[0].port);
	evtchn_destroy(d);
}

static u32 status_of(struct domain *d, u32 port)
{
	struct evtchn_status_out st;

	return evtchn_status(d, port, &st) ? ~0u : st.status;
}

static void evtchn_connect_slot_binds_what_waits(struct kunit *test)
{
	struct domain *d = make_domain(test, false);
	struct attach_slot *slot = d->attach.slot[DEVICE];
	u32 port, other, foreign, ipi;

	KUNIT_ASSERT_EQ(test, 0, evtchn_alloc_unbound(d, 0, &port));
	KUNIT_ASSERT_EQ(test, 0, evtchn_alloc_unbound(d, 0, &other));
	KUNIT_ASSERT_EQ(test, 0, evtchn_alloc_unbound(d, 7, &foreign));
	KUNIT_ASSERT_EQ(test, 0, evtchn_bind_ipi(d, 0, &ipi));
	KUNIT_EXPECT_EQ(test, -EINVAL, evtchn_connect_slot(d, slot, 31, 0));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			evtchn_connect_slot(d, slot, 31, foreign));
	KUNIT_EXPECT_EQ(test, -EINVAL, evtchn_connect_slot(d, slot, 31, ipi));
	KUNIT_EXPECT_EQ(test, -EINVAL, evtchn_connect_slot(d, slot, 31, 9));
	KUNIT_EXPECT_EQ(test, -EINVAL, evtchn_connect_slot(d, slot, 31, 4096));
	KUNIT_EXPECT_EQ(test, -EINVAL, evtchn_connect_slot(d, slot, 31, ~0u));
	KUNIT_EXPECT_EQ(test, 0, nr_signals);

	KUNIT_ASSERT_EQ(test, 0, evtchn_connect_slot(d, slot, 31, port));
	KUNIT_EXPECT_EQ(test, 1, nr_signals);
	KUNIT_EXPECT_EQ(test, port, slot->channel[31].port);
	KUNIT_EXPECT_EQ(test, EVTCHNSTAT_interdomain, status_of(d, port));
	/* Again the same, another port, another channel for this port. */
	KUNIT_EXPECT_EQ(test, 0, evtchn_connect_slot(d, slot, 31, port));
	KUNIT_EXPECT_EQ(test, -EBUSY, evtchn_connect_slot(d, slot, 31, other));
	KUNIT_EXPECT_EQ(test, -EINVAL, evtchn_connect_slot(d, slot, 0, port));
	KUNIT_ASSERT_EQ(test, 0, evtchn_connect_slot(d, slot, 0, other));

	KUNIT_EXPECT_EQ(test, EVTCHN_TO_BACKEND, evtchn_send(d, port));
	KUNIT_EXPECT_PTR_EQ(test, slot, signalled_slot);
	KUNIT_EXPECT_EQ(test, 31, signalled_channel);
	KUNIT_EXPECT_EQ(test, EVTCHN_TO_BACKEND, evtchn_send(d, other));
	KUNIT_EXPECT_EQ(test, 0, signalled_channel);
	evtchn_destroy(d);
}

/* Either end may go first, and the port or the channel can be used again. */
static void evtchn_disconnect_slot_undoes(struct kunit *test)
{
	struct domain *d = make_domain(test, false);
	struct attach_slot *slot = d->attach.slot[DEVICE];
	u32 port, next;

	KUNIT_ASSERT_EQ(test, 0, evtchn_alloc_unbound(d, 0, &port));
	evtchn_disconnect_slot(d, slot, 3);
	KUNIT_ASSERT_EQ(test, 0, evtchn_connect_slot(d, slot, 3, port));
	KUNIT_EXPECT_EQ(test, 0, evtchn_bind_vcpu(d, port, 2));
	evtchn_disconnect_slot(d, slot, 3);
	KUNIT_EXPECT_EQ(test, 0, slot->channel[3].port);
	KUNIT_EXPECT_EQ(test, EVTCHNSTAT_unbound, status_of(d, port));
	nr_signals = 0;
	KUNIT_EXPECT_EQ(test, 0, evtchn_send(d, port));
	KUNIT_EXPECT_EQ(test, 0, nr_signals);

	KUNIT_ASSERT_EQ(test, 0, evtchn_connect_slot(d, slot, 4, port));
	evtchn_raise(d, port);
	KUNIT_EXPECT_EQ(test, 1, d->vcpus[2]->xen.info->evtchn_upcall_pending);
	KUNIT_EXPECT_EQ(test, 0, evtchn_close(d, port));
	KUNIT_EXPECT_EQ(test, 0, slot->channel[4].port);
	KUNIT_ASSERT_EQ(test, 0, evtchn_alloc_unbound(d, 0, &next));
	KUNIT_EXPECT_EQ(test, port, next);
	KUNIT_EXPECT_EQ(test, 0, evtchn_connect_slot(d, slot, 4, next));
	evtchn_destroy(d);
}

/* A kernel that starts anew in its domain asks for other ports. */
static void evtchn_reset_closes_ports_of_devices(struct kunit *test)
{
	struct domain *d = make_domain(test, false);
	struct attach_slot *slot = d->attach.slot[DEVICE];
	u32 port;

	KUNIT_ASSERT_EQ(test, 0, evtchn_alloc_unbound(d, 0, &port));
	KUNIT_ASSERT_EQ(test, 0, evtchn_connect_slot(d, slot, 0, port));
	evtchn_reset(d);
	KUNIT_EXPECT_EQ(test, 0, slot->channel[0].port);
	KUNIT_EXPECT_EQ(test, EVTCHNSTAT_closed, status_of(d, port));
	evtchn_destroy(d);
}

static void evtchn_raise_wakes_pollers_of_the_port(struct kunit *test)
{
	struct domain *d = make_domain(test, false);
	u32 port, other;

	KUNIT_ASSERT_EQ(test, 0, evtchn_bind_ipi(d, 0, &port));
	KUNIT_ASSERT_EQ(test, 0, evtchn_bind_ipi(d, 0, &other));
	guest_set_bit(guest_mask(d), port, true);
	d->vcpus[1]->xen.poll_nr = 1;
	d->vcpus[1]->xen.poll_port = port;
	d->vcpus[2]->xen.poll_nr = 1;
	d->vcpus[2]->xen.poll_port = other;
	d->evtchn.pollers = BIT(1) | BIT(2);

	/* Masked as it is, it wakes who polls it, and nobody else. */
	KUNIT_EXPECT_EQ(test, 0, evtchn_send(d, port));
	KUNIT_EXPECT_EQ(test, 1, nr_kicks);
	KUNIT_EXPECT_TRUE(test, test_bit(VCPU_REQ_EVENT,
					 &d->vcpus[1]->requests));
	KUNIT_EXPECT_EQ(test, 0, d->vcpus[0]->xen.info->evtchn_upcall_pending);
	evtchn_destroy(d);
}

static struct kunit_case evtchn_cases[] = {
	KUNIT_CASE(evtchn_raise_matches_model_64),
	KUNIT_CASE(evtchn_raise_matches_model_32),
	KUNIT_CASE(evtchn_raise_ignores_unbound_ports),
	KUNIT_CASE(evtchn_raise_keeps_to_moved_info),
	KUNIT_CASE(evtchn_send_follows_state),
	KUNIT_CASE(evtchn_bind_virq_refuses),
	KUNIT_CASE(evtchn_raise_virq_finds_its_port),
	KUNIT_CASE(evtchn_close_forgets_moved_virq),
	KUNIT_CASE(evtchn_bind_vcpu_refuses),
	KUNIT_CASE(evtchn_alloc_ends_with_enospc),
	KUNIT_CASE(evtchn_bind_clears_stale_pending),
	KUNIT_CASE(evtchn_close_refuses),
	KUNIT_CASE(evtchn_bind_loop_connects_both_ends),
	KUNIT_CASE(evtchn_bind_loop_is_whole_at_once),
	KUNIT_CASE(evtchn_status_tells_each_state),
	KUNIT_CASE(evtchn_reset_keeps_slots_only),
	KUNIT_CASE(evtchn_connect_slot_binds_what_waits),
	KUNIT_CASE(evtchn_disconnect_slot_undoes),
	KUNIT_CASE(evtchn_reset_closes_ports_of_devices),
	KUNIT_CASE(evtchn_raise_wakes_pollers_of_the_port),
	{}
};

static struct kunit_suite evtchn_suite = {
	.name = "lodge_evtchn",
	.test_cases = evtchn_cases,
};

kunit_test_suite(evtchn_suite);

MODULE_LICENSE("GPL");
