// SPDX-License-Identifier: GPL-2.0-only
/*
 * vcpu_op on the only vCPU: timers, runstate, the areas that are registered,
 * and what must be refused.
 */
#include "hcheck.h"

#define NR	__HYPERVISOR_vcpu_op
#define NO_VCPU	4000
#define MS	1000000ul

static u32 timer_port;
static u8 area[2][4096] __page_aligned;

static s64 vcpu_op(u32 cmd, u32 vcpu, void *arg)
{
	return hypercall3(NR, cmd, vcpu, (u64)arg);
}

static bool timer_fired(u32 before, u64 ms)
{
	return wait_until(event_count[timer_port] != before, ms);
}

static void test_state(void)
{
	u32 me = xen_vcpu_id;
	u64 ctx[16] = { 0 };

	check_hcall("is_up", vcpu_op(VCPUOP_is_up, me, NULL), 1);
	check_hcall("up when up", vcpu_op(VCPUOP_up, me, NULL), 0);
	check_hcall("initialise when up",
		    vcpu_op(VCPUOP_initialise, me, ctx), XEN_EEXIST);
	check_hcall("is_up of no vCPU", vcpu_op(VCPUOP_is_up, NO_VCPU, NULL),
		    XEN_ENOENT);
	check_hcall("is_up of vCPU ~0", vcpu_op(VCPUOP_is_up, ~0u, NULL),
		    XEN_ENOENT);
	check_hcall("up of no vCPU", vcpu_op(VCPUOP_up, NO_VCPU, NULL),
		    XEN_ENOENT);
	check_hcall("down of no vCPU", vcpu_op(VCPUOP_down, NO_VCPU, NULL),
		    XEN_ENOENT);
	check_hcall("initialise of no vCPU",
		    vcpu_op(VCPUOP_initialise, NO_VCPU, ctx), XEN_ENOENT);
	check_hcall("command 99", vcpu_op(99, me, NULL), XEN_ENOSYS);
	check_either("get_physid", vcpu_op(VCPUOP_get_physid, me, ctx),
		     XEN_EINVAL, 0);
}

static void test_runstate(void)
{
	struct vcpu_register_runstate_memory_area reg;
	struct vcpu_runstate_info info, *straddle;
	u8 *edge;
	u32 me = xen_vcpu_id;

	check_hcall("get_runstate_info",
		    vcpu_op(VCPUOP_get_runstate_info, me, &info), 0);
	check_eq("it runs", info.state, RUNSTATE_running);
	check_bad_out_pointers("get_runstate_info", NR,
			       HARGS(VCPUOP_get_runstate_info, me), 2);

	window_map(HC_FREE, (u64)area[0], PTE_W);
	window_map(HC_FREE + 1, (u64)area[1], PTE_W);
	edge = window_address(HC_FREE + 1);
	straddle = (void *)(edge - 8);
	reg.addr.p = (u64)straddle;
	check_hcall("runstate area over two pages",
		    vcpu_op(VCPUOP_register_runstate_memory_area, me, &reg), 0);
	check_eq("it is filled at once", straddle->state, RUNSTATE_running);
	check("with times", straddle->state_entry_time &&
	      straddle->time[RUNSTATE_running] <= xen_now());
	reg.addr.p = (u64)&info;
	check_hcall("runstate area, moved",
		    vcpu_op(VCPUOP_register_runstate_memory_area, me, &reg), 0);
	check_bad_pointers("register_runstate_memory_area", NR,
			   HARGS(VCPUOP_register_runstate_memory_area, me), 2);
	check_hcall("runstate area of no vCPU",
		    vcpu_op(VCPUOP_register_runstate_memory_area, NO_VCPU,
			    &reg), XEN_ENOENT);
	/* where the area itself is bad Xen answers 0 or EFAULT */
	reg.addr.p = NON_CANONICAL;
	vcpu_op(VCPUOP_register_runstate_memory_area, me, &reg);
	report_ok("a non-canonical runstate area is survived");
	reg.addr.p = (u64)window_address(HC_ABSENT);
	vcpu_op(VCPUOP_register_runstate_memory_area, me, &reg);
	report_ok("an unmapped runstate area is survived");
	reg.addr.p = (u64)area[0];
	check_hcall("a good one again",
		    vcpu_op(VCPUOP_register_runstate_memory_area, me, &reg), 0);
}

static void test_compat_runstate(void)
{
	u8 buf[64];

	memset(buf, GUARD, sizeof(buf));
	check_eq("32-bit get_runstate_info",
		 hypercall_compat(NR, VCPUOP_get_runstate_info, xen_vcpu_id,
				  (u32)(u64)buf, 0, 0), 0);
	check("it is 44 bytes", guard_is_intact(buf, 44, sizeof(buf)));
	check("and not fewer", buf[43] != GUARD);
}

static void test_singleshot(void)
{
	u64 now = xen_now();
	u32 before = event_count[timer_port];
	s64 ret;

	check_hcall("singleshot", timer_set(now + 2 * MS, 0), 0);
	check("it fires", timer_fired(before, 1000));
	check("not early", xen_now() >= now + 2 * MS);
	before = event_count[timer_port];
	check_hcall("singleshot in the past", timer_set(1, 0), 0);
	check("it fires at once", timer_fired(before, 500));
	before = event_count[timer_port];
	/* Xen's own versions differ: refused and silent, or taken and fired */
	ret = timer_set(1, VCPU_SSHOTTMR_future);
	check_either("in the past with the future flag", ret, XEN_ETIME, 0);
	check("fires if it was taken", timer_fired(before, 20) == !ret);
	before = event_count[timer_port];
	check_hcall("far future", timer_set(now + 3600000 * MS, 0), 0);
	check_hcall("2^62 ns", timer_set(1ul << 62, 0), 0);
	check_hcall("stop", timer_stop(), 0);
	check_hcall("stop when stopped", timer_stop(), 0);
	check("nothing fired", !timer_fired(before, 3));
	timer_set(xen_now() + 3600000 * MS, 0);
	check_hcall("a new deadline", timer_set(xen_now() + 2 * MS, 0), 0);
	check("replaces the old one", timer_fired(before, 1000));
	before = event_count[timer_port];
	timer_set(xen_now() + 2 * MS, 0);
	check("fires", timer_fired(before, 1000));
	check("and only once", !timer_fired(before + 1, 5));
}

static void test_singleshot_refusals(void)
{
	struct vcpu_set_singleshot_timer t = { .timeout_abs_ns = ~0ul };

	check_negative("singleshot of no vCPU",
		       vcpu_op(VCPUOP_set_singleshot_timer, NO_VCPU, &t));
	check_negative("stop singleshot of no vCPU",
		       vcpu_op(VCPUOP_stop_singleshot_timer, NO_VCPU, NULL));
	check_bad_pointers("set_singleshot_timer", NR,
			   HARGS(VCPUOP_set_singleshot_timer, xen_vcpu_id), 2);
}

static void test_periodic(void)
{
	struct vcpu_set_periodic_timer t = { .period_ns = 4 * MS };
	u32 me = xen_vcpu_id, before = event_count[timer_port];
	u64 start = xen_now();

	check_hcall("stop_periodic_timer",
		    vcpu_op(VCPUOP_stop_periodic_timer, me, NULL), 0);
	if (vcpu_op(VCPUOP_set_periodic_timer, me, &t) == 0) {
		check("periodic timer ticks",
		      wait_until(event_count[timer_port] - before >= 5, 2000));
		check("not too fast", xen_now() - start >= 4 * 4 * MS);
		vcpu_op(VCPUOP_stop_periodic_timer, me, NULL);
		before = event_count[timer_port];
		check("it stops", !timer_fired(before, 20));
	} else {
		print("# no periodic timer\n");
	}
	t.period_ns = 999999;
	check_negative("a period under 1 ms",
		       vcpu_op(VCPUOP_set_periodic_timer, me, &t));
	check_hcall("stop_periodic_timer of no vCPU",
		    vcpu_op(VCPUOP_stop_periodic_timer, NO_VCPU, NULL),
		    XEN_ENOENT);
}

static void test_time_area(void)
{
	struct vcpu_register_time_memory_area reg;
	vcpu_time_info_t *t = (void *)area[1];
	u32 me = xen_vcpu_id;
	u64 a, b;

	memset(area[1], 0, sizeof(area[1]));
	reg.addr.p = (u64)t;
	if (!check_hcall("time area",
			 vcpu_op(VCPUOP_register_vcpu_time_memory_area, me,
				 &reg), 0))
		return;
	check("it is filled at once", t->tsc_to_system_mul);
	check("its version is even", !(t->version & 1));
	a = xen_now();
	b = time_record_now(t, NULL);
	check_range("it tells the same time", b - a, 0, 50 * MS);
	reg.addr.p = 0;
	check_hcall("time area, unregistered",
		    vcpu_op(VCPUOP_register_vcpu_time_memory_area, me, &reg),
		    0);
	check_bad_pointers("register_vcpu_time_memory_area", NR,
			   HARGS(VCPUOP_register_vcpu_time_memory_area, me),
			   2);
}

static volatile u32 nmis;

static bool nmi(struct regs *r)
{
	nmis++;
	return true;
}

static void test_nmi(void)
{
	trap_hook[X86_NMI] = nmi;
	check_hcall("send_nmi with a pointer",
		    vcpu_op(VCPUOP_send_nmi, xen_vcpu_id, area), XEN_EINVAL);
	check_hcall("send_nmi to no vCPU",
		    vcpu_op(VCPUOP_send_nmi, NO_VCPU, NULL), XEN_ENOENT);
	check_eq("neither sent one", nmis, 0);
	irq_disable();
	check_hcall("send_nmi", vcpu_op(VCPUOP_send_nmi, xen_vcpu_id, NULL),
		    0);
	check("the NMI comes, whatever IF is", wait_until(nmis == 1, 500));
	check_hcall("send_nmi again",
		    vcpu_op(VCPUOP_send_nmi, xen_vcpu_id, NULL), 0);
	check("IRET unblocked NMIs", wait_until(nmis == 2, 500));
	irq_enable();
}

static s64 register_info(u32 vcpu, u64 gfn, u32 offset)
{
	struct vcpu_register_vcpu_info reg = { .mfn = gfn, .offset = offset };

	return vcpu_op(VCPUOP_register_vcpu_info, vcpu, &reg);
}

static void test_vcpu_info(void)
{
	u64 gfn = (u64)area[0] >> 12;
	u32 me = xen_vcpu_id;

	check_hcall("vcpu_info over the page's end",
		    register_info(me, gfn, 4096 - 56), XEN_ENXIO);
	check_hcall("vcpu_info at offset ~0", register_info(me, gfn, ~7u),
		    XEN_ENXIO);
	check_hcall("vcpu_info, unaligned", register_info(me, gfn, 4),
		    XEN_ENXIO);
	check_hcall("vcpu_info without RAM", register_info(me, GFN_HOLE, 0),
		    XEN_EINVAL);
	check_hcall("vcpu_info at GFN 2^52",
		    register_info(me, 1ul << 52, 0), XEN_EINVAL);
	check_hcall("vcpu_info of no vCPU", register_info(NO_VCPU, gfn, 0),
		    XEN_ENOENT);
	check_bad_pointers("register_vcpu_info", NR,
			   HARGS(VCPUOP_register_vcpu_info, me), 2);
	irq_disable();
	check_hcall("register_vcpu_info", xen_register_vcpu_info(), 0);
	check("its clock is valid", vcpu_info->time.tsc_to_system_mul);
	irq_enable();
	check_either("register_vcpu_info twice", register_info(me, gfn, 0),
		     XEN_EBUSY, XEN_EINVAL);
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
	evtchn_set_mask(timer_port, false);
	irq_enable();
	test_state();
	test_runstate();
	test_compat_runstate();
	test_singleshot();
	test_singleshot_refusals();
	test_periodic();
	test_time_area();
	test_nmi();
	test_vcpu_info();
	test_singleshot();
	irq_disable();
}
