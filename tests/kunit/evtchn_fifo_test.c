// SPDX-License-Identifier: GPL-2.0-only
/*
 * Event channels in the FIFO ABI: random sequences against a model that keeps
 * queues as plain lists, with a guest that takes events off its queues as
 * Linux does; a guest that writes anything anywhere; the calls that set the
 * ABI up and end it.
 */
#include <kunit/test.h>
#include <linux/hrtimer.h>
#include <linux/module.h>
#include <linux/prandom.h>

#include "fake_evtchn.h"

#define NR_PORTS	64	/* that a test plays with */
#define PORT_STRIDE	17	/* ... of so many: more than one page has words */
#define GUARD		0xa5

/* Guest frames: control blocks, then pages of words. */
#define GFN_CONTROL(vcpu)	(vcpu)
#define GFN_WORDS(i)		(NR_VCPUS + (i))
#define NR_FRAMES		(NR_VCPUS + 2)
#define CONTROL_OFFSET		(PAGE_SIZE - 72)

/* Each is followed by a page that nobody may write to. */
static struct page *frames[NR_FRAMES];

void attach_signal(struct attach_slot *slot, u32 channel)
{
}

int guest_ram_pin(struct guest_ram *ram, gfn_t gfn, bool write, bool atomic,
		  struct page **page)
{
	if (gfn.v >= NR_FRAMES)
		return -EFAULT;
	*page = frames[gfn.v];
	get_page(*page);
	return 0;
}

static int fifo_test_init(struct kunit *test)
{
	unsigned int i;

	nr_kicks = 0;
	for (i = 0; i < NR_FRAMES; i++) {
		frames[i] = alloc_pages(GFP_KERNEL | __GFP_ZERO, 1);
		if (!frames[i])
			return -ENOMEM;
		memset(page_address(frames[i]) + PAGE_SIZE, GUARD, PAGE_SIZE);
	}
	return 0;
}

/* Every test ends with what the domain had of the guest given back. */
static void fifo_test_exit(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < NR_FRAMES && frames[i]; i++) {
		KUNIT_EXPECT_EQ(test, 1, page_count(frames[i]));
		KUNIT_EXPECT_NULL(test, memchr_inv(page_address(frames[i]) +
						   PAGE_SIZE, GUARD,
						   PAGE_SIZE));
		__free_pages(frames[i], 1);
		frames[i] = NULL;
	}
}

static struct domain *make_domain(struct kunit *test)
{
	return fake_evtchn_domain(test, false);
}

static struct evtchn_fifo_control_block *control_of(unsigned int vcpu)
{
	return page_address(frames[GFN_CONTROL(vcpu)]) + CONTROL_OFFSET;
}

static u32 *guest_word(u32 port)
{
	u32 *words = page_address(frames[GFN_WORDS(port / 1024)]);

	return &words[port % 1024];
}

static void start_fifo(struct kunit *test, struct domain *d)
{
	unsigned int i;

	for (i = 0; i < NR_VCPUS; i++)
		KUNIT_ASSERT_EQ(test, 0,
				evtchn_init_control(d, i, GFN_CONTROL(i),
						    CONTROL_OFFSET));
	for (i = 0; i < 2; i++)
		KUNIT_ASSERT_EQ(test, 0,
				evtchn_expand_array(d, GFN_WORDS(i)));
}

/* What the guest keeps for itself of one vCPU, as Linux does. */
struct guest_vcpu {
	u32 ready;
	u32 head[16];
};

static u32 clear_linked(u32 port)
{
	u32 *word = guest_word(port);
	u32 w = READ_ONCE(*word);
	u32 old;

	do {
		old = w;
		w = cmpxchg(word, old, old & ~(BIT(29) | 0x1ffff));
	} while (w != old);
	return w & 0x1ffff;
}

static void guest_and(u32 port, u32 mask)
{
	atomic_and(mask, (atomic_t *)guest_word(port));
}

static void guest_or(u32 port, u32 bits)
{
	atomic_or(bits, (atomic_t *)guest_word(port));
}

/*
 * Take one port off the queues.  Return: the port, 0 none; *delivered: it was
 * pending and not masked.  A guest that wrote into its own queues looks where
 * it goes.
 */
static u32 guest_take(struct domain *d, struct guest_vcpu *gv,
		      unsigned int vcpu, bool *delivered)
{
	struct evtchn_fifo_control_block *control = control_of(vcpu);
	unsigned int q;
	u32 port, w;

	xchg(&d->vcpus[vcpu]->xen.info->evtchn_upcall_pending, 0);
	gv->ready |= xchg(&control->ready, 0) & 0xffff;
	*delivered = false;
	if (!gv->ready)
		return 0;
	q = __ffs(gv->ready);
	port = gv->head[q] ? gv->head[q] : READ_ONCE(control->head[q]);
	if (port >= 2048) {
		gv->ready = 0;
		gv->head[q] = 0;
		return 0;
	}
	gv->head[q] = clear_linked(port);
	if (!gv->head[q])
		gv->ready &= ~BIT(q);
	w = READ_ONCE(*guest_word(port));
	if ((w & BIT(31)) && !(w & BIT(30))) {
		guest_and(port, (u32)~BIT(31));
		*delivered = true;
	}
	return port;
}

struct model_port {
	bool bound, pending, masked, queued;
	u8 vcpu, priority;
};

struct model {
	struct guest_vcpu gv[NR_VCPUS];
	struct model_port port[NR_PORTS];
	/* Indices into port[], in the order that they come in. */
	u8 queue[NR_VCPUS][16][NR_PORTS];
	unsigned int len[NR_VCPUS][16];
};

static u32 number_of(unsigned int i)
{
	return 1 + i * PORT_STRIDE;
}

static void model_queue(struct model *m, unsigned int i)
{
	struct model_port *p = &m->port[i];

	if (!p->pending || p->masked || p->queued)
		return;
	m->queue[p->vcpu][p->priority][m->len[p->vcpu][p->priority]++] = i;
	p->queued = true;
}

/* Return: the number of the port that comes next, 0 none. */
static u32 model_take(struct model *m, unsigned int vcpu, bool *delivered)
{
	struct model_port *p;
	unsigned int q, i;
	u8 *queue;

	*delivered = false;
	for (q = 0; q < 16 && !m->len[vcpu][q]; q++)
		;
	if (q == 16)
		return 0;
	queue = m->queue[vcpu][q];
	i = queue[0];
	m->len[vcpu][q]--;
	memmove(queue, queue + 1, m->len[vcpu][q]);
	p = &m->port[i];
	p->queued = false;
	*delivered = p->pending && !p->masked;
	if (*delivered)
		p->pending = false;
	return number_of(i);
}

static void compare_take(struct kunit *test, struct domain *d,
			 struct model *m, unsigned int vcpu)
{
	bool delivered, expected_delivered;
	u32 expected = model_take(m, vcpu, &expected_delivered);

	KUNIT_EXPECT_EQ(test, expected,
			guest_take(d, &m->gv[vcpu], vcpu, &delivered));
	KUNIT_EXPECT_EQ(test, expected_delivered, delivered);
}

/* Close a port and take a new one: the lowest that is free and not queued. */
static void replace_port(struct kunit *test, struct domain *d,
			 struct model *m, unsigned int i)
{
	unsigned int n;
	u32 port;

	KUNIT_EXPECT_EQ(test, m->port[i].bound ? 0 : -EINVAL,
			evtchn_close(d, number_of(i)));
	m->port[i].bound = false;
	m->port[i].pending = false;
	for (n = 0; n < NR_PORTS; n++)
		if (!m->port[n].bound && !m->port[n].queued)
			break;
	if (n == NR_PORTS)
		return;
	KUNIT_EXPECT_EQ(test, 0, evtchn_alloc_unbound(d, 0, &port));
	KUNIT_EXPECT_EQ(test, number_of(n), port);
	m->port[n].bound = true;
	m->port[n].vcpu = 0;
	m->port[n].priority = 7;
}

static void random_step(struct kunit *test, struct domain *d, struct model *m,
			struct rnd_state *rnd)
{
	u32 r = prandom_u32_state(rnd);
	unsigned int i = (r >> 8) % NR_PORTS;
	unsigned int value = (r >> 16) % 48;
	struct model_port *p = &m->port[i];
	const u32 port = number_of(i);

	switch (r % 16) {
	case 0 ... 4:
		evtchn_raise(d, port);
		p->pending |= p->bound;
		if (p->bound)
			model_queue(m, i);
		break;
	case 5:
		guest_or(port, BIT(30));
		p->masked = true;
		break;
	case 6 ... 7:
		KUNIT_EXPECT_EQ(test, 0, evtchn_unmask(d, port));
		p->masked = false;
		if (p->bound)
			model_queue(m, i);
		break;
	case 8:
		guest_and(port, (u32)~BIT(31));
		p->pending = false;
		break;
	case 9:
		KUNIT_EXPECT_EQ(test, p->bound ? 0 : -EINVAL,
				evtchn_bind_vcpu(d, port, value % NR_VCPUS));
		p->vcpu = p->bound ? value % NR_VCPUS : p->vcpu;
		break;
	case 10:
		KUNIT_EXPECT_EQ(test, p->bound ? 0 : -EINVAL,
				evtchn_set_priority(d, port, value % 16));
		p->priority = p->bound ? value % 16 : p->priority;
		break;
	case 11:
		if (!(value % 4))
			replace_port(test, d, m, i);
		break;
	default:
		compare_take(test, d, m, value % NR_VCPUS);
		break;
	}
}

/* Whatever is ready has an upcall on its way; words are as the model says. */
static bool same_as_model(struct domain *d, const struct model *m)
{
	unsigned int i;
	u32 w;

	for (i = 0; i < NR_VCPUS; i++)
		if (control_of(i)->ready &&
		    !d->vcpus[i]->xen.info->evtchn_upcall_pending)
			return false;
	for (i = 0; i < NR_PORTS; i++) {
		w = READ_ONCE(*guest_word(number_of(i)));
		if (!(w & BIT(31)) == m->port[i].pending ||
		    !(w & BIT(30)) == m->port[i].masked ||
		    !(w & BIT(29)) == m->port[i].queued || (w & BIT(28)) ||
		    evtchn_is_pending(d, number_of(i)) != m->port[i].pending)
			return false;
	}
	return true;
}

static void run_random(struct kunit *test, struct domain *d, struct model *m,
		       struct rnd_state *rnd)
{
	unsigned int i;

	for (i = 0; i < RANDOM_STEPS; i++) {
		random_step(test, d, m, rnd);
		if (!same_as_model(d, m)) {
			KUNIT_FAIL(test, "differs from the model at step %u",
				   i);
			return;
		}
	}
	for (i = 0; i < NR_VCPUS; i++)
		while (model_take(m, i, &(bool){ false }))
			guest_take(d, &m->gv[i], i, &(bool){ false });
	KUNIT_EXPECT_TRUE(test, same_as_model(d, m));
}

/* FIFO is on and the ports of the model are bound. */
static struct model *make_model(struct kunit *test, struct domain *d)
{
	struct model *m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);
	unsigned int i;
	u32 port = 0;

	KUNIT_ASSERT_NOT_NULL(test, m);
	start_fifo(test, d);
	while (port < number_of(NR_PORTS - 1))
		KUNIT_ASSERT_EQ(test, 0, evtchn_alloc_unbound(d, 0, &port));
	for (i = 0; i < NR_PORTS; i++) {
		m->port[i].bound = true;
		m->port[i].priority = 7;
	}
	return m;
}

static void fifo_matches_model(struct kunit *test)
{
	struct domain *d = make_domain(test);
	struct model *m = make_model(test, d);
	struct rnd_state rnd;

	prandom_seed_state(&rnd, 17);
	run_random(test, d, m, &rnd);
	evtchn_destroy(d);
}

static void scribble(struct rnd_state *rnd)
{
	void *page = page_address(frames[prandom_u32_state(rnd) % NR_FRAMES]);
	u32 r = prandom_u32_state(rnd);
	u32 *word = page + r % 1024 * 4;

	/* Often where it hurts: the words of the model, the control block. */
	if (r & BIT(20))
		word = guest_word(number_of((r >> 21) % NR_PORTS));
	else if (r & BIT(19))
		word = (u32 *)control_of((r >> 21) % NR_VCPUS) + r % 18;
	/* Or links that are possible. */
	WRITE_ONCE(*word, r & BIT(18) ? prandom_u32_state(rnd) :
		   BIT(29) | number_of((r >> 21) % NR_PORTS));
}

/*
 * What a guest writes is its own affair: the host keeps inside the words and
 * control blocks, and when the guest begins anew with clean pages, all is as
 * the model says.
 */
static void fifo_survives_scribbling(struct kunit *test)
{
	struct domain *d = make_domain(test);
	struct model *m = make_model(test, d);
	struct rnd_state rnd;
	unsigned int i, port;

	prandom_seed_state(&rnd, 4711);
	for (i = 0; i < RANDOM_STEPS; i++) {
		u32 r = prandom_u32_state(&rnd);

		port = number_of((r >> 8) % NR_PORTS);
		scribble(&rnd);
		if (r % 4 == 0)
			evtchn_unmask(d, port);
		else
			evtchn_raise(d, port);
		if (r % 8 == 1)
			evtchn_bind_vcpu(d, port, (r >> 16) % NR_VCPUS);
		if (r % 8 == 2)
			evtchn_set_priority(d, port, (r >> 16) % 16);
		if (r % 8 == 3)
			guest_take(d, &m->gv[r % NR_VCPUS], r % NR_VCPUS,
				   &(bool){ false });
	}
	for (i = 0; i < NR_FRAMES; i++)
		memset(page_address(frames[i]), 0, PAGE_SIZE);
	memset(m->gv, 0, sizeof(m->gv));
	for (i = 0; i < NR_PORTS; i++) {
		evtchn_bind_vcpu(d, number_of(i), 0);
		evtchn_set_priority(d, number_of(i), 7);
	}
	run_random(test, d, m, &rnd);
	evtchn_destroy(d);
}

struct irq_raiser {
	struct hrtimer timer;
	struct domain *d;
	struct rnd_state rnd;
	unsigned int left;
};

static enum hrtimer_restart raise_from_irq(struct hrtimer *timer)
{
	struct irq_raiser *r = container_of(timer, struct irq_raiser, timer);

	evtchn_raise(r->d, number_of(prandom_u32_state(&r->rnd) % NR_PORTS));
	if (!--r->left)
		return HRTIMER_NORESTART;
	hrtimer_forward_now(timer, ns_to_ktime(20000));
	return HRTIMER_RESTART;
}

/* An interrupt raises what a thread raises, moves and takes: none is lost. */
static void fifo_raise_from_interrupts(struct kunit *test)
{
	struct domain *d = make_domain(test);
	struct model *m = make_model(test, d);
	struct irq_raiser r = { .d = d, .left = 2000 };
	struct rnd_state rnd;
	unsigned int i;
	bool delivered;

	prandom_seed_state(&rnd, 1);
	prandom_seed_state(&r.rnd, 2);
	hrtimer_init_on_stack(&r.timer, CLOCK_MONOTONIC,
			      HRTIMER_MODE_REL_HARD);
	r.timer.function = raise_from_irq;
	hrtimer_start(&r.timer, 0, HRTIMER_MODE_REL_HARD);
	while (hrtimer_active(&r.timer)) {
		u32 x = prandom_u32_state(&rnd);
		u32 port = number_of((x >> 8) % NR_PORTS);

		evtchn_raise(d, port);
		evtchn_bind_vcpu(d, port, x % NR_VCPUS);
		evtchn_set_priority(d, port, (x >> 4) % 16);
		guest_take(d, &m->gv[x % NR_VCPUS], x % NR_VCPUS, &delivered);
		cond_resched();
	}
	destroy_hrtimer_on_stack(&r.timer);
	for (i = 0; i < NR_VCPUS; i++)
		while (guest_take(d, &m->gv[i], i, &delivered))
			;
	for (i = 0; i < NR_PORTS; i++)
		KUNIT_EXPECT_EQ(test, 0u, *guest_word(number_of(i)));
	evtchn_destroy(d);
}

static void fifo_init_control_refuses(struct kunit *test)
{
	static const struct {
		u32 vcpu;
		u64 gfn;
		u32 offset;
		int ret;
	} cases[] = {
		{ NR_VCPUS, 0, 0, -ENOENT },
		{ ~0u, 0, 0, -ENOENT },
		{ NR_VCPUS, ~0ull, 1, -ENOENT },
		{ 0, 0, 4, -EINVAL },
		{ 0, 0, PAGE_SIZE - 64, -EINVAL },
		{ 0, 0, PAGE_SIZE, -EINVAL },
		{ 0, 0, ~0u, -EINVAL },
		{ 0, 0, ~7u, -EINVAL },
		{ 0, NR_FRAMES, 0, -EINVAL },
		{ 0, ~0ull, 0, -EINVAL },
	};
	struct domain *d = make_domain(test);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		KUNIT_EXPECT_EQ_MSG(test, cases[i].ret,
				    evtchn_init_control(d, cases[i].vcpu,
							cases[i].gfn,
							cases[i].offset),
				    "case %u", i);
	KUNIT_EXPECT_FALSE(test, is_fifo(d));
	KUNIT_EXPECT_EQ(test, 4096u, evtchn_limit(d));
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP, evtchn_expand_array(d, 0));
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP, evtchn_set_priority(d, 1, 7));

	KUNIT_EXPECT_EQ(test, 0, evtchn_init_control(d, 1, 0, PAGE_SIZE - 72));
	KUNIT_EXPECT_EQ(test, -EINVAL, evtchn_init_control(d, 1, 0, 0));
	KUNIT_EXPECT_EQ(test, 0, evtchn_init_control(d, 0, 0, 0));
	KUNIT_EXPECT_EQ(test, 1u << 17, evtchn_limit(d));
	evtchn_destroy(d);
}

static void fifo_expand_array_ends_with_enospc(struct kunit *test)
{
	struct domain *d = make_domain(test);
	unsigned int i;

	KUNIT_ASSERT_EQ(test, 0, evtchn_init_control(d, 0, 0, 0));
	KUNIT_EXPECT_EQ(test, -EINVAL, evtchn_expand_array(d, NR_FRAMES));
	KUNIT_EXPECT_EQ(test, -EINVAL, evtchn_expand_array(d, ~0ull));
	for (i = 0; i < 128; i++)
		KUNIT_EXPECT_EQ(test, 0, evtchn_expand_array(d, GFN_WORDS(0)));
	KUNIT_EXPECT_EQ(test, -ENOSPC, evtchn_expand_array(d, GFN_WORDS(0)));
	KUNIT_EXPECT_EQ(test, -ENOSPC, evtchn_expand_array(d, ~0ull));
	KUNIT_EXPECT_EQ(test, 130, page_count(frames[0]) +
			page_count(frames[GFN_WORDS(0)]) - 1);
	evtchn_destroy(d);
}

static void fifo_set_priority_refuses(struct kunit *test)
{
	struct domain *d = make_domain(test);
	u32 port;

	KUNIT_ASSERT_EQ(test, 0, evtchn_bind_ipi(d, 0, &port));
	KUNIT_ASSERT_EQ(test, 0, evtchn_init_control(d, 0, 0, 0));
	KUNIT_EXPECT_EQ(test, 0, evtchn_set_priority(d, port, 0));
	KUNIT_EXPECT_EQ(test, 0, evtchn_set_priority(d, port, 15));
	KUNIT_EXPECT_EQ(test, -EINVAL, evtchn_set_priority(d, port, 16));
	KUNIT_EXPECT_EQ(test, -EINVAL, evtchn_set_priority(d, port, ~0u));
	KUNIT_EXPECT_EQ(test, -EINVAL, evtchn_set_priority(d, 0, 7));
	KUNIT_EXPECT_EQ(test, -EINVAL, evtchn_set_priority(d, port + 1, 7));
	KUNIT_EXPECT_EQ(test, -EINVAL, evtchn_set_priority(d, 1 << 17, 7));
	KUNIT_EXPECT_EQ(test, -EINVAL, evtchn_set_priority(d, ~0u, 7));
	evtchn_destroy(d);
}

/* Pending before there was FIFO, and before there were words. */
static void fifo_takes_over_what_is_pending(struct kunit *test)
{
	struct domain *d = make_domain(test);
	u32 before, between, quiet, masked;

	KUNIT_ASSERT_EQ(test, 0, evtchn_bind_ipi(d, 1, &before));
	KUNIT_ASSERT_EQ(test, 0, evtchn_bind_ipi(d, 1, &between));
	KUNIT_ASSERT_EQ(test, 0, evtchn_bind_ipi(d, 1, &quiet));
	KUNIT_ASSERT_EQ(test, 0, evtchn_bind_ipi(d, 1, &masked));
	*guest_word(masked) = BIT(30);
	evtchn_raise(d, before);
	evtchn_raise(d, masked);
	KUNIT_EXPECT_EQ(test, 1, nr_kicks);
	KUNIT_ASSERT_EQ(test, 0, evtchn_init_control(d, 1, GFN_CONTROL(1),
						     CONTROL_OFFSET));
	KUNIT_EXPECT_FALSE(test, evtchn_2l_is_pending(d, before));
	KUNIT_EXPECT_TRUE(test, evtchn_is_pending(d, before));
	evtchn_raise(d, between);
	KUNIT_EXPECT_TRUE(test, evtchn_is_pending(d, between));
	KUNIT_EXPECT_FALSE(test, evtchn_is_pending(d, quiet));
	KUNIT_EXPECT_EQ(test, 0u, control_of(1)->ready);

	KUNIT_ASSERT_EQ(test, 0, evtchn_expand_array(d, GFN_WORDS(0)));
	KUNIT_EXPECT_EQ(test, BIT(7), control_of(1)->ready);
	KUNIT_EXPECT_EQ(test, before, control_of(1)->head[7]);
	KUNIT_EXPECT_EQ(test, BIT(31) | BIT(29) | between,
			*guest_word(before));
	KUNIT_EXPECT_EQ(test, BIT(31) | BIT(29), *guest_word(between));
	KUNIT_EXPECT_EQ(test, 0u, *guest_word(quiet));
	KUNIT_EXPECT_EQ(test, BIT(31) | BIT(30), *guest_word(masked));
	KUNIT_EXPECT_EQ(test, 0, evtchn_unmask(d, masked));
	KUNIT_EXPECT_EQ(test, BIT(31) | BIT(29) | masked,
			*guest_word(between));
	evtchn_destroy(d);
}

/* Linux binds a vCPU's IPIs before it gives it a control block. */
static void fifo_waits_for_the_control_block(struct kunit *test)
{
	struct domain *d = make_domain(test);
	u32 port, moved;

	KUNIT_ASSERT_EQ(test, 0, evtchn_init_control(d, 0, GFN_CONTROL(0),
						     CONTROL_OFFSET));
	KUNIT_ASSERT_EQ(test, 0, evtchn_expand_array(d, GFN_WORDS(0)));
	KUNIT_ASSERT_EQ(test, 0, evtchn_bind_ipi(d, 2, &port));
	KUNIT_ASSERT_EQ(test, 0, evtchn_alloc_unbound(d, 0, &moved));
	KUNIT_ASSERT_EQ(test, 0, evtchn_bind_vcpu(d, moved, 2));
	evtchn_raise(d, port);
	evtchn_raise(d, moved);
	KUNIT_EXPECT_EQ(test, BIT(31), *guest_word(port));
	KUNIT_EXPECT_EQ(test, 0, nr_kicks);
	KUNIT_ASSERT_EQ(test, 0, evtchn_bind_vcpu(d, moved, 0));
	KUNIT_EXPECT_EQ(test, BIT(31) | BIT(29), *guest_word(moved));
	KUNIT_EXPECT_EQ(test, 1, nr_kicks);
	KUNIT_ASSERT_EQ(test, 0, evtchn_init_control(d, 2, GFN_CONTROL(2),
						     CONTROL_OFFSET));
	KUNIT_EXPECT_EQ(test, BIT(31) | BIT(29), *guest_word(port));
	KUNIT_EXPECT_EQ(test, port, control_of(2)->head[7]);
	KUNIT_EXPECT_EQ(test, 2, nr_kicks);
	evtchn_destroy(d);
}

/* The tail was taken meanwhile, by a guest that left a link in its word. */
static void fifo_append_clears_stale_links(struct kunit *test)
{
	struct domain *d = make_domain(test);
	u32 a, b;

	start_fifo(test, d);
	KUNIT_ASSERT_EQ(test, 0, evtchn_bind_ipi(d, 0, &a));
	KUNIT_ASSERT_EQ(test, 0, evtchn_bind_ipi(d, 0, &b));
	evtchn_raise(d, a);
	*guest_word(a) = 99;
	*guest_word(b) = 98;
	evtchn_raise(d, b);
	KUNIT_EXPECT_EQ(test, b, control_of(0)->head[7]);
	KUNIT_EXPECT_EQ(test, 0u, *guest_word(a));
	KUNIT_EXPECT_EQ(test, BIT(31) | BIT(29), *guest_word(b));
	evtchn_destroy(d);
}

static void fifo_alloc_leaves_linked_ports_alone(struct kunit *test)
{
	struct domain *d = make_domain(test);
	u32 port, i;

	start_fifo(test, d);
	KUNIT_ASSERT_EQ(test, 0, evtchn_bind_ipi(d, 0, &port));
	evtchn_raise(d, port);
	KUNIT_ASSERT_EQ(test, 0, evtchn_close(d, port));
	KUNIT_EXPECT_EQ(test, BIT(29), *guest_word(port));
	KUNIT_ASSERT_EQ(test, 0, evtchn_bind_ipi(d, 0, &port));
	KUNIT_EXPECT_EQ(test, 2u, port);
	*guest_word(1) = 0;
	KUNIT_ASSERT_EQ(test, 0, evtchn_bind_ipi(d, 0, &port));
	KUNIT_EXPECT_EQ(test, 1u, port);

	for (i = 3; i < 2048; i++)
		*guest_word(i) = BIT(29);
	KUNIT_EXPECT_EQ(test, -ENOSPC, evtchn_bind_ipi(d, 0, &port));
	evtchn_destroy(d);
}

/* The last port there is; what lies between is made out to be in use. */
static void fifo_alloc_ends_with_enospc(struct kunit *test)
{
	struct domain *d = make_domain(test);
	unsigned int nr;
	u32 port = 0;

	start_fifo(test, d);
	for (nr = 0; nr < EVTCHN_NR_BUCKETS - 1; nr++)
		d->evtchn.nr_used[nr] = EVTCHN_BUCKET_PORTS;
	for (nr = 0; nr < EVTCHN_BUCKET_PORTS; nr++)
		KUNIT_EXPECT_EQ(test, 0, evtchn_bind_ipi(d, 0, &port));
	KUNIT_EXPECT_EQ(test, (1u << 17) - 1, port);
	KUNIT_EXPECT_EQ(test, -ENOSPC, evtchn_bind_ipi(d, 0, &port));
	KUNIT_EXPECT_EQ(test, 0, evtchn_send(d, (1 << 17) - 1));
	KUNIT_EXPECT_TRUE(test, evtchn_is_pending(d, (1 << 17) - 1));
	KUNIT_EXPECT_EQ(test, -EINVAL, evtchn_send(d, 1 << 17));
	KUNIT_EXPECT_FALSE(test, evtchn_is_pending(d, 1 << 17));
	evtchn_destroy(d);
}

/* One turn of the lock has an end, however the guest has laid out its ports. */
static void fifo_alloc_searches_in_turns(struct kunit *test)
{
	struct domain *d = make_domain(test);
	struct port_search search = { 0 };
	unsigned int nr, turns = 0;
	u32 before, port;
	int ret;

	start_fifo(test, d);
	for (nr = 0; nr < EVTCHN_NR_BUCKETS; nr++) {
		KUNIT_ASSERT_EQ(test, 0, install_bucket(d, nr));
		memset(d->evtchn.bucket[nr], EVTCHN_IPI,
		       EVTCHN_BUCKET_PORTS * sizeof(struct evtchn));
		d->evtchn.nr_used[nr] = EVTCHN_BUCKET_PORTS - 1;
	}
	/* The counts are wrong: no free port is there. */
	do {
		before = search.next;
		spin_lock_irq(&d->evtchn.lock);
		ret = find_free(d, &search);
		spin_unlock_irq(&d->evtchn.lock);
		if (search.next - before > SEARCH_STEPS)
			KUNIT_FAIL(test, "from port %u to %u at once", before,
				   search.next);
		turns++;
	} while (ret == -EAGAIN && turns < 1000);
	KUNIT_EXPECT_EQ(test, -ENOSPC, ret);
	KUNIT_EXPECT_EQ(test, EVTCHN_MAX_PORTS / SEARCH_STEPS + 1u, turns);
	KUNIT_EXPECT_EQ(test, -ENOSPC, evtchn_bind_ipi(d, 0, &port));
	/* The last one is found all the same. */
	d->evtchn.bucket[EVTCHN_NR_BUCKETS - 1][EVTCHN_BUCKET_PORTS - 1].raw = 0;
	KUNIT_EXPECT_EQ(test, 0, evtchn_bind_ipi(d, 0, &port));
	KUNIT_EXPECT_EQ(test, EVTCHN_MAX_PORTS - 1u, port);
	evtchn_destroy(d);
}

static void fifo_reset_gives_all_back(struct kunit *test)
{
	struct domain *d = make_domain(test);
	unsigned int i;
	u32 slot, far;

	KUNIT_ASSERT_EQ(test, 0,
			evtchn_bind_slot(d, d->attach.slot[0], 0, &slot));
	d->attach.slot[0]->channel[0].port = slot;
	start_fifo(test, d);
	KUNIT_EXPECT_EQ(test, 0, evtchn_set_priority(d, slot, 3));
	KUNIT_EXPECT_EQ(test, 2, page_count(frames[GFN_WORDS(1)]));
	/* A slot's port that the 2-level ABI does not reach. */
	for (i = 0; i < 8; i++)
		d->evtchn.nr_used[i] = EVTCHN_BUCKET_PORTS;
	KUNIT_ASSERT_EQ(test, 0,
			evtchn_bind_slot(d, d->attach.slot[1], 0, &far));
	d->attach.slot[1]->channel[0].port = far;
	KUNIT_EXPECT_EQ(test, 4096u, far);
	for (i = 0; i < 8; i++)
		d->evtchn.nr_used[i] = i ? 0 : 2;
	evtchn_raise(d, slot);
	evtchn_raise(d, far);

	evtchn_reset(d);
	for (i = 0; i < NR_FRAMES; i++)
		KUNIT_EXPECT_EQ(test, 1, page_count(frames[i]));
	KUNIT_EXPECT_EQ(test, 4096u, evtchn_limit(d));
	KUNIT_EXPECT_EQ(test, slot, d->attach.slot[0]->channel[0].port);
	KUNIT_EXPECT_EQ(test, 0u, d->attach.slot[1]->channel[0].port);
	KUNIT_EXPECT_FALSE(test, evtchn_is_pending(d, slot));
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP, evtchn_expand_array(d, 0));
	evtchn_raise(d, far);
	evtchn_raise(d, slot);
	KUNIT_EXPECT_TRUE(test, evtchn_2l_is_pending(d, slot));

	/* And it may begin again. */
	start_fifo(test, d);
	KUNIT_EXPECT_TRUE(test, evtchn_is_pending(d, slot));
	evtchn_destroy(d);
}

static void fifo_raise_wakes_pollers_of_the_port(struct kunit *test)
{
	struct domain *d = make_domain(test);
	u32 port, early;

	KUNIT_ASSERT_EQ(test, 0, evtchn_init_control(d, 0, GFN_CONTROL(0),
						     CONTROL_OFFSET));
	KUNIT_ASSERT_EQ(test, 0, evtchn_bind_ipi(d, 0, &early));
	KUNIT_ASSERT_EQ(test, 0, evtchn_bind_ipi(d, 0, &port));
	d->vcpus[1]->xen.poll_nr = 1;
	d->vcpus[1]->xen.poll_port = early;
	d->vcpus[2]->xen.poll_nr = 1;
	d->vcpus[2]->xen.poll_port = port;
	d->evtchn.pollers = BIT(1) | BIT(2);
	evtchn_raise(d, early);
	KUNIT_EXPECT_EQ(test, 1, nr_kicks);
	KUNIT_EXPECT_TRUE(test, test_bit(VCPU_REQ_EVENT,
					 &d->vcpus[1]->requests));

	KUNIT_ASSERT_EQ(test, 0, evtchn_expand_array(d, GFN_WORDS(0)));
	*guest_word(port) = BIT(30);
	nr_kicks = 0;
	evtchn_raise(d, port);
	KUNIT_EXPECT_EQ(test, 1, nr_kicks);
	KUNIT_EXPECT_TRUE(test, test_bit(VCPU_REQ_EVENT,
					 &d->vcpus[2]->requests));
	evtchn_destroy(d);
}

static struct kunit_case evtchn_fifo_cases[] = {
	KUNIT_CASE(fifo_matches_model),
	KUNIT_CASE(fifo_survives_scribbling),
	KUNIT_CASE(fifo_raise_from_interrupts),
	KUNIT_CASE(fifo_init_control_refuses),
	KUNIT_CASE(fifo_expand_array_ends_with_enospc),
	KUNIT_CASE(fifo_set_priority_refuses),
	KUNIT_CASE(fifo_takes_over_what_is_pending),
	KUNIT_CASE(fifo_waits_for_the_control_block),
	KUNIT_CASE(fifo_append_clears_stale_links),
	KUNIT_CASE(fifo_alloc_leaves_linked_ports_alone),
	KUNIT_CASE(fifo_alloc_ends_with_enospc),
	KUNIT_CASE(fifo_alloc_searches_in_turns),
	KUNIT_CASE(fifo_reset_gives_all_back),
	KUNIT_CASE(fifo_raise_wakes_pollers_of_the_port),
	{}
};

static struct kunit_suite evtchn_fifo_suite = {
	.name = "lodge_evtchn_fifo",
	.init = fifo_test_init,
	.exit = fifo_test_exit,
	.test_cases = evtchn_fifo_cases,
};

kunit_test_suite(evtchn_fifo_suite);

MODULE_LICENSE("GPL");
