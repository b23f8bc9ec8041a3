// SPDX-License-Identifier: GPL-2.0-only
/*
 * sched_op: yield, block and poll, and everything a guest may not ask for.
 * The shutdown commands proper are the ends_* programs.
 */
#include "hcheck.h"

#define NR	__HYPERVISOR_sched_op
#define MS	1000000ul

static u32 timer_port, ipi_port;

static s64 poll(evtchn_port_t *ports, u32 nr, u64 timeout)
{
	struct sched_poll p = { .nr_ports = nr, .timeout = timeout };

	set_xen_guest_handle(p.ports, ports);
	return hypercall2(NR, SCHEDOP_poll, (u64)&p);
}

static void test_block(void)
{
	u64 start = xen_now(), before = event_count[timer_port];

	check_hcall("yield", hypercall2(NR, SCHEDOP_yield, 0), 0);
	irq_enable();
	check_hcall("set the timer", timer_set(start + 3 * MS, 0), 0);
	while (event_count[timer_port] == before &&
	       xen_now() < start + 1000 * MS) {
		if (hypercall2(NR, SCHEDOP_block, 0)) {
			report_fail("block", "it returned an error");
			break;
		}
	}
	irq_disable();
	check_eq("block ends with the timer", event_count[timer_port],
		 before + 1);
	check_range("not before its time", xen_now() - start, 3 * MS,
		    1000 * MS);
}

static void test_poll(void)
{
	evtchn_port_t ports[2] = { ipi_port, timer_port };
	u64 start;

	evtchn_set_mask(ipi_port, true);
	evtchn_send(ipi_port);
	start = xen_now();
	check_hcall("poll of a masked pending port", poll(ports, 2, 0), 0);
	check("returns at once", xen_now() - start < 500 * MS);
	evtchn_clear(ipi_port);

	start = xen_now();
	check_hcall("poll with a timeout", poll(ports, 1, start + 3 * MS), 0);
	check_range("waits for it", xen_now() - start, 3 * MS, 1000 * MS);
	start = xen_now();
	check_hcall("poll of nothing with a timeout",
		    poll(ports, 0, start + 3 * MS), 0);
	check_range("is a sleep", xen_now() - start, 3 * MS, 1000 * MS);
	start = xen_now();
	check_hcall("poll with a timeout in the past", poll(ports, 1, 1), 0);
	check("returns at once then", xen_now() - start < 500 * MS);

	evtchn_set_mask(timer_port, true);
	start = xen_now();
	timer_set(start + 3 * MS, 0);
	check_hcall("poll of the masked timer port", poll(ports, 2, 0), 0);
	check_range("wakes with the timer", xen_now() - start, 3 * MS,
		    1000 * MS);
	check("the port is pending", evtchn_is_pending(timer_port));
	evtchn_clear(timer_port);
	evtchn_set_mask(timer_port, false);
	evtchn_set_mask(ipi_port, false);
}

static void test_poll_refusals(void)
{
	static evtchn_port_t many[129];
	evtchn_port_t bad = 200000;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(many); i++)
		many[i] = ipi_port;
	check_hcall("poll of 129 ports", poll(many, 129, 1), XEN_EINVAL);
	check_hcall("poll of 2^32 - 1 ports", poll(many, ~0u, 1), XEN_EINVAL);
	check_hcall("poll of 128 ports", poll(many, 128, 1), 0);
	check_hcall("poll of a port out of range", poll(&bad, 1, 1),
		    XEN_EINVAL);
	check_hcall("poll of an unmapped list",
		    poll(window_address(HC_ABSENT), 1, 1), XEN_EFAULT);
	/* the port before the edge is 0, which may be refused first */
	check_either("poll of a straddling list",
		     poll(hcheck_edge(4), 2, 1), XEN_EFAULT, XEN_EINVAL);
	check_bad_pointers("poll", NR, HARGS(SCHEDOP_poll), 1);
}

static void test_compat_poll(void)
{
	u32 port = ipi_port;
	struct {
		u32 ports, nr;
		u64 timeout;
	} p = { (u32)(u64)&port, 1, xen_now() + 3 * MS };
	u64 start = xen_now();

	check_eq("32-bit poll",
		 hypercall_compat(NR, SCHEDOP_poll, (u32)(u64)&p, 0, 0, 0), 0);
	check_range("32-bit poll waits", xen_now() - start, 2 * MS, 1000 * MS);
}

static void test_refusals(void)
{
	struct sched_remote_shutdown remote = { .domain_id = 0 };
	struct sched_pin_override pin = { .pcpu = 0 };
	struct sched_watchdog dog = { .id = 7, .timeout = 1 };
	s64 ret;

	check_hcall("pin_override",
		    hypercall2(NR, SCHEDOP_pin_override, (u64)&pin), XEN_EPERM);
	ret = hypercall2(NR, SCHEDOP_remote_shutdown, (u64)&remote);
	check_either("remote_shutdown", ret, XEN_EPERM, XEN_ESRCH);
	check_either("watchdog 7",
		     hypercall2(NR, SCHEDOP_watchdog, (u64)&dog), XEN_EINVAL,
		     XEN_ENOSYS);
	check_bad_pointers("shutdown", NR, HARGS(SCHEDOP_shutdown), 1);
	check_bad_pointers("shutdown_code", NR, HARGS(SCHEDOP_shutdown_code),
			   1);
	check_hcall("command 8", hypercall2(NR, 8, (u64)&dog), XEN_ENOSYS);
	check_hcall("command ~0", hypercall2(NR, ~0u, (u64)&dog), XEN_ENOSYS);
}

void test_main(void)
{
	if (!need_xen())
		return;
	hcheck_init();
	if (!check("events set up", xen_init_events()))
		return;
	check_hcall("bind the timer", evtchn_bind_virq(VIRQ_TIMER, xen_vcpu_id,
						       &timer_port), 0);
	check_hcall("bind an IPI", evtchn_bind_ipi(xen_vcpu_id, &ipi_port), 0);
	evtchn_set_mask(timer_port, false);
	evtchn_set_mask(ipi_port, false);
	test_block();
	test_poll();
	test_poll_refusals();
	test_compat_poll();
	test_refusals();
}
