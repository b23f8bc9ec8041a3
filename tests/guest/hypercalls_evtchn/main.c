// SPDX-License-Identifier: GPL-2.0-only
/*
 * event_channel_op: the life of every kind of port, refusals, delivery of the
 * upcall, and what happens when the ports run out.
 */
#include "hcheck.h"

#define NR		__HYPERVISOR_event_channel_op
#define NO_DOMAIN	0x7abc
#define NO_VCPU		4000
#define NO_PORT		200000

static u32 status_of(u32 port)
{
	struct evtchn_status st;

	return evtchn_status(DOMID_SELF, port, &st) ? ~0u : st.status;
}

static void test_interdomain(void)
{
	struct evtchn_status st;
	u32 a, b;

	check_hcall("alloc_unbound", evtchn_alloc_unbound(DOMID_SELF,
							  DOMID_SELF, &a), 0);
	check("port 0 is not given out", a);
	check_hcall("status of it", evtchn_status(DOMID_SELF, a, &st), 0);
	check_eq("it is unbound", st.status, EVTCHNSTAT_unbound);
	check("for ourselves", st.u.unbound.dom == xen_domid ||
	      st.u.unbound.dom == DOMID_SELF);
	check_hcall("send on an unbound port", evtchn_send(a), 0);
	check("goes nowhere", !evtchn_is_pending(a));

	check_hcall("bind_interdomain", evtchn_bind_interdomain(DOMID_SELF, a,
								&b), 0);
	check("two ports", a != b);
	check_eq("first end is interdomain", status_of(a),
		 EVTCHNSTAT_interdomain);
	check_hcall("status of the other", evtchn_status(DOMID_SELF, b, &st),
		    0);
	check_eq("second end is interdomain", st.status,
		 EVTCHNSTAT_interdomain);
	check_eq("it names the first", st.u.interdomain.port, a);
	check("a new binding starts pending", evtchn_is_pending(b));
	evtchn_clear(a);
	evtchn_clear(b);
	check_hcall("send", evtchn_send(a), 0);
	check("reaches the other end", evtchn_is_pending(b));
	check("and not the own", !evtchn_is_pending(a));
	check_hcall("send back", evtchn_send(b), 0);
	check("reaches the first end", evtchn_is_pending(a));
	check_hcall("binding a bound port",
		    evtchn_bind_interdomain(DOMID_SELF, a, &b), XEN_EINVAL);
	evtchn_status(DOMID_SELF, a, &st);
	b = st.u.interdomain.port;
	evtchn_set_mask(b, true);
	check_hcall("close one end", evtchn_close(b), 0);
	check_eq("it is closed", status_of(b), EVTCHNSTAT_closed);
	check_eq("the other is unbound", status_of(a), EVTCHNSTAT_unbound);
	check("closing clears the pending bit", !evtchn_is_pending(b));
	check_hcall("bind again", evtchn_bind_interdomain(DOMID_SELF, a, &b),
		    0);
	check_hcall("close the end that allocated", evtchn_close(a), 0);
	check_eq("its peer is unbound", status_of(b), EVTCHNSTAT_unbound);
	check_hcall("close the peer", evtchn_close(b), 0);
	check_hcall("close twice", evtchn_close(b), XEN_EINVAL);
	check_hcall("send on a closed port", evtchn_send(b), XEN_EINVAL);
	evtchn_clear(a);
	evtchn_clear(b);
}

static void test_interdomain_refusals(void)
{
	u32 port, mine;

	check_hcall("alloc_unbound for no domain",
		    evtchn_alloc_unbound(NO_DOMAIN, DOMID_SELF, &port),
		    XEN_ESRCH);
	check_hcall("bind_interdomain to no domain",
		    evtchn_bind_interdomain(NO_DOMAIN, 1, &port), XEN_ESRCH);
	check_hcall("bind_interdomain to a port out of range",
		    evtchn_bind_interdomain(DOMID_SELF, NO_PORT, &port),
		    XEN_EINVAL);
	check_hcall("bind_interdomain to port 0",
		    evtchn_bind_interdomain(DOMID_SELF, 0, &port), XEN_EINVAL);
	check_hcall("alloc_unbound for another peer",
		    evtchn_alloc_unbound(DOMID_SELF, 0, &mine), 0);
	check_hcall("binding what is meant for another",
		    evtchn_bind_interdomain(DOMID_SELF, mine, &port),
		    XEN_EINVAL);
	check_hcall("close it", evtchn_close(mine), 0);
}

static void test_virq(void)
{
	struct evtchn_bind_vcpu bv = { .vcpu = xen_vcpu_id };
	struct evtchn_status st;
	u32 port, other;

	check_hcall("bind_virq", evtchn_bind_virq(VIRQ_TIMER, xen_vcpu_id,
						  &port), 0);
	check_hcall("status of it", evtchn_status(DOMID_SELF, port, &st), 0);
	check_eq("it is a virq", st.status, EVTCHNSTAT_virq);
	check_eq("it names the virq", st.u.virq, VIRQ_TIMER);
	check_eq("it names the vCPU", st.vcpu, xen_vcpu_id);
	check_hcall("bind_virq twice", evtchn_bind_virq(VIRQ_TIMER, xen_vcpu_id,
							&other), XEN_EEXIST);
	check_hcall("send on a virq port", evtchn_send(port), XEN_EINVAL);
	bv.port = port;
	check_hcall("bind_vcpu of a per-vCPU virq",
		    evtchn_op(EVTCHNOP_bind_vcpu, &bv), XEN_EINVAL);
	check_hcall("close it", evtchn_close(port), 0);
	check_hcall("bind_virq again", evtchn_bind_virq(VIRQ_TIMER, xen_vcpu_id,
							&port), 0);
	check_hcall("close it again", evtchn_close(port), 0);
	check_hcall("virq 24", evtchn_bind_virq(24, 0, &port), XEN_EINVAL);
	check_hcall("virq ~0", evtchn_bind_virq(~0u, 0, &port), XEN_EINVAL);
	check_hcall("virq for no vCPU",
		    evtchn_bind_virq(VIRQ_TIMER, NO_VCPU, &port), XEN_ENOENT);
	check_hcall("virq for vCPU ~0",
		    evtchn_bind_virq(VIRQ_DEBUG, ~0u, &port), XEN_ENOENT);
	check_hcall("bind_virq of the debug virq",
		    evtchn_bind_virq(VIRQ_DEBUG, xen_vcpu_id, &port), 0);
	check_hcall("close it", evtchn_close(port), 0);
}

static void test_ipi(void)
{
	struct evtchn_bind_vcpu bv = { .vcpu = xen_vcpu_id };
	u32 port;

	check_hcall("bind_ipi", evtchn_bind_ipi(xen_vcpu_id, &port), 0);
	check_eq("it is an IPI", status_of(port), EVTCHNSTAT_ipi);
	check_hcall("send", evtchn_send(port), 0);
	check("sets the port itself", evtchn_is_pending(port));
	evtchn_clear(port);
	bv.port = port;
	check_hcall("bind_vcpu of an IPI", evtchn_op(EVTCHNOP_bind_vcpu, &bv),
		    XEN_EINVAL);
	check_hcall("close", evtchn_close(port), 0);
	check_hcall("bind_ipi to no vCPU", evtchn_bind_ipi(NO_VCPU, &port),
		    XEN_ENOENT);
	check_hcall("bind_ipi to vCPU ~0", evtchn_bind_ipi(~0u, &port),
		    XEN_ENOENT);
}

static void test_bind_vcpu(void)
{
	struct evtchn_bind_vcpu bv = { .vcpu = xen_vcpu_id };
	u32 port;

	evtchn_alloc_unbound(DOMID_SELF, DOMID_SELF, &port);
	bv.port = port;
	check_hcall("bind_vcpu", evtchn_op(EVTCHNOP_bind_vcpu, &bv), 0);
	bv.vcpu = NO_VCPU;
	check_hcall("bind_vcpu to no vCPU", evtchn_op(EVTCHNOP_bind_vcpu, &bv),
		    XEN_ENOENT);
	bv.vcpu = xen_vcpu_id;
	bv.port = NO_PORT;
	check_hcall("bind_vcpu of no port", evtchn_op(EVTCHNOP_bind_vcpu, &bv),
		    XEN_EINVAL);
	check_hcall("close", evtchn_close(port), 0);
}

static void test_out_of_range(void)
{
	static const u32 ports[] = { 0, 4096, NO_PORT, 0x80000000, ~0u };
	struct evtchn_status st;
	char name[48];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ports); i++) {
		format(name, sizeof(name), "close port %u", ports[i]);
		check_hcall(name, evtchn_close(ports[i]), XEN_EINVAL);
		format(name, sizeof(name), "send port %u", ports[i]);
		check_hcall(name, evtchn_send(ports[i]), XEN_EINVAL);
		if (!ports[i])
			continue;
		format(name, sizeof(name), "unmask port %u", ports[i]);
		check_hcall(name, evtchn_unmask(ports[i]), XEN_EINVAL);
		format(name, sizeof(name), "status port %u", ports[i]);
		check_hcall(name, evtchn_status(DOMID_SELF, ports[i], &st),
			    XEN_EINVAL);
	}
	check_hcall("status of no domain", evtchn_status(NO_DOMAIN, 1, &st),
		    XEN_ESRCH);
}

static void test_delivery(void)
{
	u64 before;
	u32 port;

	evtchn_bind_ipi(xen_vcpu_id, &port);
	evtchn_set_mask(port, true);
	irq_enable();
	before = upcall_count;
	check_hcall("send on a masked port", evtchn_send(port), 0);
	check("masked: pending", evtchn_is_pending(port));
	check_eq("masked: no upcall", upcall_count, before);
	check_hcall("unmask", evtchn_unmask(port), 0);
	check_eq("unmask delivers", event_count[port], 1);
	check("handler cleared it", !evtchn_is_pending(port));
	check_hcall("send unmasked", evtchn_send(port), 0);
	check_eq("delivers at once", event_count[port], 2);

	irq_disable();
	before = upcall_count;
	check_hcall("send with IF clear", evtchn_send(port), 0);
	check_hcall("send again", evtchn_send(port), 0);
	check_eq("waits for IF", upcall_count, before);
	check("upcall is pending", vcpu_info->evtchn_upcall_pending);
	irq_enable();
	__asm__ volatile("nop; nop" ::: "memory");
	check_eq("comes after STI, once", upcall_count, before + 1);
	check_eq("with one event", event_count[port], 3);

	irq_disable();
	before = upcall_count;
	evtchn_send(port);
	WRITE_ONCE(vcpu_info->evtchn_upcall_pending, 0);
	irq_enable();
	__asm__ volatile("nop; nop" ::: "memory");
	check_eq("a cleared upcall is not delivered", upcall_count, before);
	irq_disable();
	evtchn_clear(port);
	vcpu_info->evtchn_pending_sel = 0;
	evtchn_close(port);
}

static void test_vcpu_info_move(void)
{
	u64 before = upcall_count;
	u32 port;

	evtchn_bind_ipi(xen_vcpu_id, &port);
	evtchn_set_mask(port, false);
	check_hcall("register_vcpu_info", xen_register_vcpu_info(), 0);
	check("it marks an upcall pending", vcpu_info->evtchn_upcall_pending);
	check_eq("it sets the whole selector", vcpu_info->evtchn_pending_sel,
		 ~0ul);
	irq_enable();
	__asm__ volatile("nop; nop" ::: "memory");
	irq_disable();
	check_eq("the upcall comes", upcall_count, before + 1);
	irq_enable();
	evtchn_send(port);
	irq_disable();
	check_eq("events go to the new place", upcall_count, before + 2);
	evtchn_close(port);
}

static u32 taken[4096];

static void test_exhaustion(void)
{
	u32 n, i, again, again2;
	s64 ret = 0;

	for (n = 0; n < ARRAY_SIZE(taken); n++) {
		ret = evtchn_alloc_unbound(DOMID_SELF, DOMID_SELF, &taken[n]);
		if (ret)
			break;
	}
	check_hcall("ports run out with ENOSPC", ret, XEN_ENOSPC);
	check_range("a domain has many ports", n, 500, 4095);
	check_hcall("bind_ipi then fails too",
		    evtchn_bind_ipi(xen_vcpu_id, &again), XEN_ENOSPC);
	if (n < 3)
		return;
	check_hcall("close two", evtchn_close(taken[2]) |
		    evtchn_close(taken[1]), 0);
	check_hcall("allocation works again",
		    evtchn_alloc_unbound(DOMID_SELF, DOMID_SELF, &again), 0);
	check_eq("lowest free port first", again, taken[1]);
	evtchn_alloc_unbound(DOMID_SELF, DOMID_SELF, &again2);
	check_eq("then the next", again2, taken[2]);
	for (ret = 0, i = 0; i < n; i++)
		ret |= evtchn_close(taken[i]);
	check_hcall("all can be closed", ret, 0);
}

/* The FIFO ABI has a program of its own; here it is refused, and not begun. */
static void test_fifo(void)
{
	struct evtchn_set_priority prio = { .port = 1, .priority = 16 };
	struct evtchn_expand_array expand = { .array_gfn = 1ul << 52 };
	struct evtchn_init_control init = {
		.control_gfn = 1ul << 52,
		.offset = 1,
		.vcpu = NO_VCPU,
	};

	check_hcall("init_control, all wrong",
		    evtchn_op(EVTCHNOP_init_control, &init), XEN_ENOENT);
	check_hcall("expand_array without FIFO",
		    evtchn_op(EVTCHNOP_expand_array, &expand), XEN_EOPNOTSUPP);
	check_hcall("set_priority without FIFO",
		    evtchn_op(EVTCHNOP_set_priority, &prio), XEN_EOPNOTSUPP);
}

static void test_refusals(void)
{
	static const struct {
		const char *name;
		u32 cmd;
	} ops[] = {
		{ "bind_interdomain", EVTCHNOP_bind_interdomain },
		{ "bind_virq", EVTCHNOP_bind_virq },
		{ "close", EVTCHNOP_close },
		{ "send", EVTCHNOP_send },
		{ "status", EVTCHNOP_status },
		{ "alloc_unbound", EVTCHNOP_alloc_unbound },
		{ "bind_ipi", EVTCHNOP_bind_ipi },
		{ "bind_vcpu", EVTCHNOP_bind_vcpu },
		{ "unmask", EVTCHNOP_unmask },
		{ "reset", EVTCHNOP_reset },
	};
	struct evtchn_bind_pirq pirq = { .pirq = 1 };
	struct evtchn_reset reset = { .dom = NO_DOMAIN };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ops); i++)
		check_bad_pointers(ops[i].name, NR, HARGS(ops[i].cmd), 1);
	check_either("bind_pirq", evtchn_op(EVTCHNOP_bind_pirq, &pirq),
		     XEN_EINVAL, XEN_ENOSYS);
	check_hcall("reset of no domain", evtchn_op(EVTCHNOP_reset, &reset),
		    XEN_ESRCH);
	check_hcall("command 99", evtchn_op(99, &pirq), XEN_ENOSYS);
	check_hcall("command 0x7fffffff", evtchn_op(0x7fffffff, &pirq),
		    XEN_ENOSYS);
}

static void test_compat(void)
{
	struct evtchn_alloc_unbound a = {
		.dom = DOMID_SELF,
		.remote_dom = DOMID_SELF,
	};
	struct evtchn_close c;

	check_eq("32-bit alloc_unbound",
		 hypercall_compat(NR, EVTCHNOP_alloc_unbound, (u32)(u64)&a,
				  0, 0, 0), 0);
	check_eq("it is a port", status_of(a.port), EVTCHNSTAT_unbound);
	c.port = a.port;
	check_eq("32-bit close",
		 hypercall_compat(NR, EVTCHNOP_close, (u32)(u64)&c, 0, 0, 0),
		 0);
}

void test_main(void)
{
	if (!need_xen())
		return;
	hcheck_init();
	if (!check("events set up", xen_init_events()))
		return;
	test_interdomain();
	test_interdomain_refusals();
	test_virq();
	test_ipi();
	test_bind_vcpu();
	test_out_of_range();
	test_delivery();
	test_refusals();
	test_fifo();
	test_compat();
	test_exhaustion();
	test_vcpu_info_move();
}
