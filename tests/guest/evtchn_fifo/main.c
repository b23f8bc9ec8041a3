// SPDX-License-Identifier: GPL-2.0-only
/*
 * The FIFO ABI of event channels: refusals of its three calls, the switch
 * with events pending, the order in which events come, and what the guest may
 * write where the hypervisor looks.  It ends with a reset, back to 2-level.
 */
#include "hcheck.h"

#include <xen/memory.h>

#define NR		__HYPERVISOR_event_channel_op
#define NO_VCPU		4000
#define MS		1000000ul

#define PENDING		0x80000000u
#define MASKED		0x40000000u
#define LINKED		0x20000000u
#define BUSY		0x10000000u
#define LINK		0x0001ffffu

#define NR_WORDS	2048
#define DEFAULT		7
#define NO_PORT		(1u << 17)

static u32 words[NR_WORDS] __page_aligned;
static u8 control_page[4096] __page_aligned;
static u32 spare[1024] __page_aligned;

static struct evtchn_fifo_control_block *control =
	(void *)(control_page + 4096 - sizeof(*control));

/* As a guest keeps it for its vCPU. */
static u32 ready, head[16];

static u32 seen[64];
static u32 nr_seen;

/* Below it are store and console, which speak up when they like: masked. */
static u32 first_port;

static s64 init_control(u64 gfn, u32 offset, u32 vcpu, u8 *link_bits)
{
	struct evtchn_init_control i = {
		.control_gfn = gfn,
		.offset = offset,
		.vcpu = vcpu,
	};
	s64 ret = evtchn_op(EVTCHNOP_init_control, &i);

	if (link_bits)
		*link_bits = i.link_bits;
	return ret;
}

static s64 start_control(void)
{
	return init_control((u64)control_page >> 12,
			    4096 - sizeof(*control), xen_vcpu_id, NULL);
}

static s64 expand_array(u64 gfn)
{
	struct evtchn_expand_array e = { .array_gfn = gfn };

	return evtchn_op(EVTCHNOP_expand_array, &e);
}

static s64 expand_with(void *page)
{
	return expand_array((u64)page >> 12);
}

static s64 set_priority(u32 port, u32 priority)
{
	struct evtchn_set_priority p = { .port = port, .priority = priority };

	return evtchn_op(EVTCHNOP_set_priority, &p);
}

static u32 clear_linked(u32 port)
{
	return __atomic_fetch_and(&words[port], ~(LINKED | LINK),
				  __ATOMIC_SEQ_CST) & LINK;
}

/* A guest that wrote nonsense into its queues must look where it goes. */
static void take_one(void)
{
	u32 q = (u32)__builtin_ctz(ready);
	u32 port = head[q] ? head[q] : READ_ONCE(control->head[q]);

	if (port >= NR_WORDS) {
		ready &= ~BIT(q);
		head[q] = 0;
		return;
	}
	head[q] = clear_linked(port);
	if (!head[q])
		ready &= ~BIT(q);
	if ((READ_ONCE(words[port]) & (PENDING | MASKED)) != PENDING)
		return;
	__atomic_fetch_and(&words[port], ~PENDING, __ATOMIC_SEQ_CST);
	if (port < NR_COUNTED_PORTS)
		event_count[port]++;
	if (nr_seen < ARRAY_SIZE(seen))
		seen[nr_seen++] = port;
}

static bool upcall(struct regs *r)
{
	u32 n;

	(void)r;
	upcall_count++;
	WRITE_ONCE(vcpu_info->evtchn_upcall_pending, 0);
	__sync_synchronize();	/* seen before the queues are looked at */
	/* Bounded: queues may have been made a ring on purpose. */
	for (n = 0; n < 10000; n++) {
		ready |= __atomic_exchange_n(&control->ready, 0,
					     __ATOMIC_SEQ_CST) & 0xffff;
		if (!ready)
			return true;
		take_one();
	}
	ready = 0;
	return true;
}

static bool fifo_is_pending(u32 port)
{
	return READ_ONCE(words[port]) & PENDING;
}

static void mask(u32 port)
{
	__atomic_fetch_or(&words[port], MASKED, __ATOMIC_SEQ_CST);
}

/* As guests do it: by themselves, if nothing is pending. */
static s64 unmask(u32 port)
{
	u32 w = READ_ONCE(words[port]) & ~BUSY;

	if (!(w & PENDING) &&
	    __atomic_compare_exchange_n(&words[port], &w, w & ~MASKED, false,
					__ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		return 0;
	return evtchn_unmask(port);
}

static void let_in(void)
{
	irq_enable();
	__asm__ volatile("nop; nop" ::: "memory");
	irq_disable();
}

static void clear_all(void)
{
	u32 i;

	for (i = 0; i < NR_WORDS; i++)
		words[i] = i < first_port ? MASKED : 0;
	memset(control_page, 0, sizeof(control_page));
	memset(head, 0, sizeof(head));
	ready = 0;
	nr_seen = 0;
	WRITE_ONCE(vcpu_info->evtchn_upcall_pending, 0);
}

static void test_refusals(void)
{
	static const struct {
		const char *name;
		u64 gfn;
		u32 offset, vcpu;
		s64 ret;
	} cases[] = {
		{ "no such vCPU", 0, 0, NO_VCPU, XEN_ENOENT },
		{ "vCPU ~0", 0, 0, ~0u, XEN_ENOENT },
		{ "offset 4", 0, 4, 0, XEN_EINVAL },
		{ "offset 4032", 0, 4032, 0, XEN_EINVAL },
		{ "offset 4096", 0, 4096, 0, XEN_EINVAL },
		{ "offset ~7", 0, ~7u, 0, XEN_EINVAL },
		{ "no RAM", GFN_HOLE, 0, 0, XEN_EINVAL },
		{ "beyond memory", 1ul << 40, 0, 0, XEN_EINVAL },
		{ "GFN 2^52", 1ul << 52, 0, 0, XEN_EINVAL },
		{ "GFN ~0", ~0ul, 0, 0, XEN_EINVAL },
	};
	char name[64];
	unsigned int i;
	u64 gfn;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		format(name, sizeof(name), "init_control, %s", cases[i].name);
		gfn = cases[i].gfn;
		if (!gfn)
			gfn = (u64)control_page >> 12;
		check_hcall(name, init_control(gfn, cases[i].offset,
					       cases[i].vcpu, NULL),
			    cases[i].ret);
	}
	check_hcall("expand_array before FIFO", expand_with(words),
		    XEN_EOPNOTSUPP);
	check_hcall("set_priority before FIFO", set_priority(1, DEFAULT),
		    XEN_EOPNOTSUPP);
	check_bad_out_pointers("init_control", NR,
			       HARGS(EVTCHNOP_init_control), 1);
	check_bad_pointers("expand_array", NR, HARGS(EVTCHNOP_expand_array),
			   1);
	check_bad_pointers("set_priority", NR, HARGS(EVTCHNOP_set_priority),
			   1);
	check_hcall("it still is 2-level", evtchn_unmask(4096), XEN_EINVAL);
}

static void test_fifo_refusals(u32 port)
{
	check_hcall("init_control twice", start_control(), XEN_EINVAL);
	check_hcall("expand_array without RAM", expand_array(GFN_HOLE),
		    XEN_EINVAL);
	check_hcall("expand_array beyond memory", expand_array(1ul << 52),
		    XEN_EINVAL);
	check_hcall("set_priority 15", set_priority(port, 15), 0);
	check_hcall("set_priority 0", set_priority(port, 0), 0);
	check_hcall("set_priority 16", set_priority(port, 16), XEN_EINVAL);
	check_hcall("set_priority ~0", set_priority(port, ~0u), XEN_EINVAL);
	check_hcall("set_priority of port 0", set_priority(0, 7), XEN_EINVAL);
	check_hcall("set_priority of no port", set_priority(NO_PORT, 7),
		    XEN_EINVAL);
	check_hcall("set_priority of port ~0", set_priority(~0u, 7),
		    XEN_EINVAL);
	check_hcall("send to port 2^17", evtchn_send(NO_PORT), XEN_EINVAL);
	check_hcall("unmask port 2^17", evtchn_unmask(NO_PORT), XEN_EINVAL);
	check_hcall("set_priority back", set_priority(port, DEFAULT), 0);
}

/* What was pending, masked or not, comes through; so does what comes now. */
static void test_switch(void)
{
	u32 a, b, quiet, late;
	u8 link_bits = 0;
	unsigned int i;

	evtchn_bind_ipi(xen_vcpu_id, &a);
	evtchn_bind_ipi(xen_vcpu_id, &b);
	evtchn_bind_ipi(xen_vcpu_id, &quiet);
	evtchn_bind_ipi(xen_vcpu_id, &late);
	first_port = a;
	evtchn_set_mask(a, false);
	check_hcall("send before the switch", evtchn_send(a), 0);
	check_hcall("send to a masked port", evtchn_send(b), 0);
	check_hcall("init_control",
		    init_control((u64)control_page >> 12,
				 4096 - sizeof(*control), xen_vcpu_id,
				 &link_bits), 0);
	check_eq("it tells the width of a link", link_bits, 17);
	trap_hook[UPCALL_VECTOR] = upcall;
	check_hcall("send without words", evtchn_send(late), 0);
	for (i = 0; i < NR_WORDS; i++)
		words[i] = MASKED;
	check_hcall("expand_array", expand_with(words), 0);
	check_eq("pending before: still so", words[a], PENDING | MASKED);
	check_eq("masked and pending: still so", words[b], PENDING | MASKED);
	check_eq("sent between: pending", words[late], PENDING | MASKED);
	check_eq("never sent: not pending", words[quiet], MASKED);
	test_fifo_refusals(a);

	let_in();
	check_eq("masked events do not come", nr_seen, 0);
	check_hcall("unmask", unmask(b) | unmask(a) | unmask(quiet) |
		    unmask(late), 0);
	check_eq("queued: one is ready", control->ready, BIT(DEFAULT));
	let_in();
	check_eq("three come", nr_seen, 3);
	check("in the order of unmasking", seen[0] == b && seen[1] == a &&
	      seen[2] == late);
	check_hcall("close them", evtchn_close(a) | evtchn_close(b) |
		    evtchn_close(quiet) | evtchn_close(late), 0);
	clear_all();
}

static void test_masking(void)
{
	u64 before;
	u32 port;

	evtchn_bind_ipi(xen_vcpu_id, &port);
	mask(port);
	irq_enable();
	before = upcall_count;
	check_hcall("send on a masked port", evtchn_send(port), 0);
	check_eq("masked: pending, on no queue", words[port],
		 PENDING | MASKED);
	check_eq("masked: no upcall", upcall_count, before);
	check_hcall("unmask", unmask(port), 0);
	check_eq("unmask delivers", nr_seen, 1);
	check_hcall("unmask again", evtchn_unmask(port), 0);
	check_eq("delivers nothing", nr_seen, 1);
	check_hcall("send unmasked", evtchn_send(port), 0);
	check_eq("delivers at once", nr_seen, 2);
	irq_disable();

	evtchn_send(port);
	evtchn_send(port);
	check_eq("sent twice: on the queue", words[port], PENDING | LINKED);
	let_in();
	check_eq("comes once", nr_seen, 3);
	evtchn_send(port);
	mask(port);
	let_in();
	check_eq("masked on the queue: does not come", nr_seen, 3);
	check_eq("it is off the queue", words[port], PENDING | MASKED);
	unmask(port);
	let_in();
	check_eq("comes when unmasked", nr_seen, 4);
	evtchn_send(port);
	check_hcall("close on the queue", evtchn_close(port), 0);
	check_eq("closed: not pending, still on it", words[port], LINKED);
	let_in();
	check_eq("does not come", nr_seen, 4);
	clear_all();
}

static void test_order(void)
{
	static const u8 priority[6] = { 15, DEFAULT, 0, 3, DEFAULT, 14 };
	static const u8 order[6] = { 2, 3, 1, 4, 5, 0 };
	u32 port[6], i;
	bool right = true;

	for (i = 0; i < 6; i++) {
		evtchn_bind_ipi(xen_vcpu_id, &port[i]);
		set_priority(port[i], priority[i]);
	}
	for (i = 0; i < 6; i++)
		evtchn_send(port[i]);
	check_eq("every queue is ready", control->ready,
		 BIT(0) | BIT(3) | BIT(DEFAULT) | BIT(14) | BIT(15));
	let_in();
	check_eq("all came", nr_seen, 6);
	for (i = 0; i < 6; i++)
		right &= seen[i] == port[order[i]];
	check("by priority, then in turn", right);

	nr_seen = 0;
	evtchn_send(port[1]);
	evtchn_send(port[4]);
	set_priority(port[4], 1);
	let_in();
	check("a new priority leaves it where it is", nr_seen == 2 &&
	      seen[0] == port[1] && seen[1] == port[4]);
	nr_seen = 0;
	evtchn_send(port[1]);
	evtchn_send(port[4]);
	let_in();
	check("and counts the next time", nr_seen == 2 &&
	      seen[0] == port[4] && seen[1] == port[1]);
	for (i = 0; i < 6; i++)
		evtchn_close(port[i]);
	clear_all();
}

static s64 poll(evtchn_port_t port, u64 timeout)
{
	struct sched_poll p = { .nr_ports = 1, .timeout = timeout };

	set_xen_guest_handle(p.ports, &port);
	return hypercall2(__HYPERVISOR_sched_op, SCHEDOP_poll, (u64)&p);
}

static void test_poll(void)
{
	u64 start;
	u32 port;

	evtchn_bind_virq(VIRQ_TIMER, xen_vcpu_id, &port);
	mask(port);
	start = xen_now();
	timer_set(start + 3 * MS, 0);
	check_hcall("poll of the masked timer port", poll(port, 0), 0);
	check_range("wakes with the timer", xen_now() - start, 3 * MS,
		    1000 * MS);
	check("the port is pending", fifo_is_pending(port));
	check_hcall("poll of a pending port", poll(port, 0), 0);
	unmask(port);
	let_in();
	check_eq("the timer's event comes", nr_seen, 1);
	check_hcall("poll of a port without words", poll(100000, 1), 0);
	check_hcall("poll of port 2^17", poll(NO_PORT, 1), XEN_EINVAL);
	evtchn_close(port);
	clear_all();
}

static u32 taken[1100];

/* Ports beyond the words: the event waits for them. */
static void test_second_page(void)
{
	s64 ret = 0;
	u32 n, port;

	for (n = 0; n < ARRAY_SIZE(taken) && !ret; n++)
		ret = evtchn_bind_ipi(xen_vcpu_id, &taken[n]);
	check_hcall("bind 1100 ports", ret, 0);
	port = taken[n - 1];
	check("the last has no word yet", port >= 1024 && port < NR_WORDS);
	check_hcall("send to it", evtchn_send(port), 0);
	check_eq("its word is not touched", words[port], 0);
	check_hcall("one more page", expand_with(words + 1024), 0);
	let_in();
	check("the event comes", nr_seen == 1 && seen[0] == port);
	evtchn_send(port);
	let_in();
	check("and so does the next", nr_seen == 2 && seen[1] == port);
	for (n = 0; n < ARRAY_SIZE(taken); n++)
		ret |= evtchn_close(taken[n]);
	check_hcall("close them", ret, 0);
	clear_all();
}

static u32 random_state = 4711;

static u32 random(void)
{
	random_state = random_state * 1664525 + 1013904223;
	return random_state >> 8 ^ random_state << 24;
}

static void write_nonsense(const u32 *port, u32 nr)
{
	u32 r = random();
	u32 *where = r & 1 ? &words[port[(r >> 8) % nr]] :
		     (u32 *)control + (r >> 8) % 18;

	/* Any bits, or a link that leads somewhere. */
	WRITE_ONCE(*where, r & 2 ? random() : LINKED | port[(r >> 16) % nr]);
	if (r & 4)
		WRITE_ONCE(words[random() % NR_WORDS], random());
}

static void test_nonsense(void)
{
	u32 port[16], i, bad = 0;

	for (i = 0; i < 16; i++)
		evtchn_bind_ipi(xen_vcpu_id, &port[i]);
	for (i = 0; i < 20000; i++) {
		u32 r = random();

		write_nonsense(port, 16);
		if (r % 4 == 0)
			bad |= !!evtchn_unmask(port[r / 4 % 16]);
		else
			bad |= !!evtchn_send(port[r / 4 % 16]);
		if (r % 16 == 1)
			bad |= !!set_priority(port[r / 16 % 16], r / 256 % 16);
		if (r % 64 == 2)
			let_in();
	}
	check_eq("calls work whatever is in the words", bad, 0);
	clear_all();
	for (i = 0; i < 16; i++)
		set_priority(port[i], DEFAULT);
	for (i = 0; i < 16; i++)
		evtchn_send(port[i]);
	let_in();
	check_eq("with clean words all events come", nr_seen, 16);
	for (i = 0; i < 16 && seen[i] == port[i]; i++)
		;
	check_eq("in turn", i, 16);
	for (i = 0; i < 16; i++)
		evtchn_close(port[i]);
	clear_all();
}

/* Ports that the guest calls queued are not given out again. */
static void test_linked_ports(void)
{
	u32 port, other, i;

	evtchn_bind_ipi(xen_vcpu_id, &port);
	words[port] = LINKED;
	evtchn_close(port);
	evtchn_bind_ipi(xen_vcpu_id, &other);
	check("a port on a queue is not free", other != port);
	evtchn_close(other);
	for (i = 0; i < NR_WORDS; i++)
		words[i] = LINKED;
	check_hcall("a guest that frees none gets none",
		    evtchn_bind_ipi(xen_vcpu_id, &port), XEN_ENOSPC);
	clear_all();
}

static void test_full_array(void)
{
	s64 ret = 0;
	u32 n;

	for (n = 2; n < 200 && !ret; n++)
		ret = expand_with(spare);
	check_hcall("pages end with ENOSPC", ret, XEN_ENOSPC);
	check_eq("at 128", n - 1, 128);
}

/* The hypervisor goes on with the page it had. */
static void test_page_given_up(void)
{
	xen_pfn_t gfn = (u64)words >> 12;
	struct xen_memory_reservation r = {
		.nr_extents = 1,
		.domid = DOMID_SELF,
	};
	u32 port;

	evtchn_bind_ipi(xen_vcpu_id, &port);
	set_xen_guest_handle(r.extent_start, &gfn);
	check_hcall("give the page of words up",
		    hypercall2(__HYPERVISOR_memory_op,
			       XENMEM_decrease_reservation, (u64)&r), 1);
	check_hcall("send", evtchn_send(port), 0);
	check_hcall("unmask", evtchn_unmask(port), 0);
	check_hcall("close", evtchn_close(port), 0);
	check_hcall("take a page again",
		    hypercall2(__HYPERVISOR_memory_op,
			       XENMEM_populate_physmap, (u64)&r), 1);
	check_eq("it is a new one", words[port], 0);
	clear_all();
}

static void test_reset(void)
{
	struct evtchn_reset r = { .dom = DOMID_SELF };
	u32 port;

	check_hcall("reset", evtchn_op(EVTCHNOP_reset, &r), 0);
	check_hcall("FIFO is off", set_priority(1, DEFAULT), XEN_EOPNOTSUPP);
	check_hcall("ports are fewer", evtchn_unmask(4096), XEN_EINVAL);
	evtchn_bind_ipi(xen_vcpu_id, &port);
	evtchn_send(port);
	check("an event is in the 2-level bits", evtchn_is_pending(port));
	check_eq("and not in the words", words[port], 0);
	evtchn_clear(port);
	evtchn_close(port);

	check_hcall("init_control again", start_control(), 0);
	check_hcall("expand_array again", expand_with(words), 0);
	evtchn_bind_ipi(xen_vcpu_id, &port);
	evtchn_send(port);
	let_in();
	check("events come", nr_seen == 1 && seen[0] == port);
	check_hcall("reset again", evtchn_op(EVTCHNOP_reset, &r), 0);
	clear_all();
}

static void test_compat(void)
{
	struct evtchn_expand_array e = { .array_gfn = GFN_HOLE };
	struct evtchn_init_control i = {
		.control_gfn = (u64)control_page >> 12,
		.vcpu = xen_vcpu_id,
	};

	check_eq("32-bit init_control",
		 hypercall_compat(NR, EVTCHNOP_init_control, (u32)(u64)&i,
				  0, 0, 0), 0);
	check_eq("its answer is in the same place", i.link_bits, 17);
	check_eq("32-bit expand_array",
		 hypercall_compat(NR, EVTCHNOP_expand_array, (u32)(u64)&e,
				  0, 0, 0), (u32)XEN_EINVAL);
}

void test_main(void)
{
	if (!need_xen())
		return;
	hcheck_init();
	if (!check("events set up", xen_init_events()))
		return;
	test_refusals();
	test_switch();
	test_masking();
	test_order();
	test_poll();
	test_second_page();
	test_nonsense();
	test_linked_ports();
	test_full_array();
	test_page_given_up();
	test_reset();
	test_compat();
}
