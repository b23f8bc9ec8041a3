// SPDX-License-Identifier: GPL-2.0-only
/*
 * hvm_op: every parameter's rights, the callback, and the small commands.
 */
#include "hcheck.h"

#include <xen/hvm/hvm_op.h>
#include <xen/hvm/params.h>

#define NR		__HYPERVISOR_hvm_op
#define NO_DOMAIN	0x7abc

struct param {
	u32 index;
	s64 get, set;
};

/* No row has CALLBACK_IRQ or the event channels: writing those has effects. */
static const struct param params[] = {
	{ HVM_PARAM_STORE_PFN, 0, XEN_EPERM },
	{ HVM_PARAM_CONSOLE_PFN, 0, XEN_EPERM },
	{ HVM_PARAM_IOREQ_PFN, XEN_EPERM, XEN_EPERM },
	{ HVM_PARAM_BUFIOREQ_PFN, XEN_EPERM, XEN_EPERM },
	{ HVM_PARAM_VIRIDIAN, XEN_EPERM, XEN_EPERM },
	{ HVM_PARAM_TIMER_MODE, XEN_EPERM, XEN_EPERM },
	{ HVM_PARAM_HPET_ENABLED, XEN_EPERM, XEN_EPERM },
	{ HVM_PARAM_IDENT_PT, XEN_EPERM, XEN_EPERM },
	{ HVM_PARAM_ACPI_S_STATE, XEN_EPERM, XEN_EPERM },
	{ HVM_PARAM_VPT_ALIGN, XEN_EPERM, XEN_EPERM },
	{ 27, XEN_EPERM, XEN_EPERM },
	{ 28, XEN_EPERM, XEN_EPERM },
	{ 29, XEN_EPERM, XEN_EPERM },
	{ HVM_PARAM_TRIPLE_FAULT_REASON, XEN_EPERM, XEN_EPERM },
	{ 32, XEN_EPERM, XEN_EPERM },
	{ 33, XEN_EPERM, XEN_EPERM },
	{ 38, XEN_EPERM, XEN_EPERM },
	{ 4, XEN_EINVAL, XEN_EINVAL },
	{ 13, XEN_EINVAL, XEN_EINVAL },
	{ 20, XEN_EINVAL, XEN_EINVAL },
	{ 21, XEN_EINVAL, XEN_EINVAL },
	{ 22, XEN_EINVAL, XEN_EINVAL },
	{ 23, XEN_EINVAL, XEN_EINVAL },
	{ 24, XEN_EINVAL, XEN_EINVAL },
	{ 25, XEN_EINVAL, XEN_EINVAL },
	{ 26, XEN_EINVAL, XEN_EINVAL },
	{ 30, XEN_EINVAL, XEN_EINVAL },
	{ 39, XEN_EINVAL, XEN_EINVAL },
	{ 64, XEN_EINVAL, XEN_EINVAL },
	{ 0x80000000, XEN_EINVAL, XEN_EINVAL },
	{ ~0u, XEN_EINVAL, XEN_EINVAL },
};

static void test_params(void)
{
	char name[40];
	unsigned int i;
	u64 v;

	for (i = 0; i < ARRAY_SIZE(params); i++) {
		format(name, sizeof(name), "get param %u", params[i].index);
		check_hcall(name, hvm_get_param(params[i].index, &v),
			    params[i].get);
		format(name, sizeof(name), "set param %u", params[i].index);
		check_hcall(name, hvm_set_param(params[i].index, v),
			    params[i].set);
	}
}

/* Stored without effect; a hypervisor may leave them out altogether. */
static void test_stored_params(void)
{
	static const u32 index[] = {
		HVM_PARAM_VM86_TSS, HVM_PARAM_ACPI_IOPORTS_LOCATION,
	};
	char name[40];
	unsigned int i;
	u64 v;

	for (i = 0; i < ARRAY_SIZE(index); i++) {
		if (hvm_set_param(index[i], 1))
			continue;
		format(name, sizeof(name), "param %u is stored", index[i]);
		hvm_get_param(index[i], &v);
		check_eq(name, v, 1);
	}
}

static void test_special_params(void)
{
	u64 v;

	check_hcall("get STORE_PFN", hvm_get_param(HVM_PARAM_STORE_PFN, &v), 0);
	check_eq("store ring's frame", v, 0xfeffc);
	check_hcall("get CONSOLE_PFN", hvm_get_param(HVM_PARAM_CONSOLE_PFN,
						     &v), 0);
	check_eq("console ring's frame", v, 0xfefff);
	check_hcall("get STORE_EVTCHN",
		    hvm_get_param(HVM_PARAM_STORE_EVTCHN, &v), 0);
	check("store has a port", v);
	check_hcall("set STORE_EVTCHN to the same",
		    hvm_set_param(HVM_PARAM_STORE_EVTCHN, v), 0);
	check_hcall("get CONSOLE_EVTCHN",
		    hvm_get_param(HVM_PARAM_CONSOLE_EVTCHN, &v), 0);
	check("console has a port", v);
	check_hcall("set CONSOLE_EVTCHN to the same",
		    hvm_set_param(HVM_PARAM_CONSOLE_EVTCHN, v), 0);
}

static void test_callback(void)
{
	u64 v, want = 2ull << 56 | UPCALL_VECTOR, before;
	u32 port;

	if (!check("events set up", xen_init_events()))
		return;
	check_hcall("get CALLBACK_IRQ", hvm_get_param(HVM_PARAM_CALLBACK_IRQ,
						      &v), 0);
	check_eq("it is what was set", v, want);
	evtchn_bind_ipi(xen_vcpu_id, &port);
	evtchn_set_mask(port, false);

	check_hcall("disable the callback",
		    hvm_set_param(HVM_PARAM_CALLBACK_IRQ, 0), 0);
	before = upcall_count;
	irq_enable();
	evtchn_send(port);
	__asm__ volatile("nop; nop" ::: "memory");
	check_eq("no callback, no upcall", upcall_count, before);
	check_hcall("enable it again",
		    hvm_set_param(HVM_PARAM_CALLBACK_IRQ, want), 0);
	check_eq("what was pending comes", upcall_count, before + 1);
	irq_disable();
	evtchn_close(port);
}

static s64 mem_type(u64 gfn, u32 *type)
{
	struct xen_hvm_get_mem_type m = { .domid = DOMID_SELF, .pfn = gfn };
	s64 ret = hypercall2(NR, HVMOP_get_mem_type, (u64)&m);

	*type = m.mem_type;
	return ret;
}

static void test_commands(void)
{
	struct xen_hvm_pagetable_dying dying = { .domid = DOMID_SELF };
	struct xen_hvm_get_time time;
	u64 before, buf[8] = { 0 };
	u32 type;
	s64 ret;

	check_hcall("flush_tlbs", hypercall2(NR, HVMOP_flush_tlbs, 0), 0);
	check_hcall("flush_tlbs with a pointer",
		    hypercall2(NR, HVMOP_flush_tlbs, (u64)buf), XEN_EINVAL);
	check_either("pagetable_dying",
		     hypercall2(NR, HVMOP_pagetable_dying, (u64)&dying),
		     XEN_ENOSYS, XEN_EINVAL);
	before = xen_now();
	ret = hypercall2(NR, HVMOP_get_time, (u64)&time);
	if (ret != XEN_ENOSYS) {
		check_hcall("get_time", ret, 0);
		check("it is the system time", time.now + 1000 >= before &&
		      time.now <= xen_now() + 1000);
	}
	check_hcall("get_mem_type of RAM", mem_type(0x100, &type), 0);
	check_eq("is RAM", type, 0);
	check_hcall("get_mem_type of a hole", mem_type(GFN_HOLE, &type), 0);
	check_eq("is not RAM", type, 2);
	check_bad_pointers("get_mem_type", NR, HARGS(HVMOP_get_mem_type), 1);
	check_negative("set_pci_intx_level", hypercall2(NR, 2, (u64)buf));
	check_negative("track_dirty_vram", hypercall2(NR, 6, (u64)buf));
	check_negative("altp2m", hypercall2(NR, HVMOP_altp2m, (u64)buf));
	check_hcall("command 99", hypercall2(NR, 99, (u64)buf), XEN_ENOSYS);
	check_hcall("command ~0", hypercall2(NR, ~0u, (u64)buf), XEN_ENOSYS);
}

static void test_upcall_vector(void)
{
	struct xen_hvm_evtchn_upcall_vector uv = { .vcpu = 4000, .vector = 64 };

	check_either("upcall vector for no vCPU",
		     hypercall2(NR, HVMOP_set_evtchn_upcall_vector, (u64)&uv),
		     XEN_ENOENT, XEN_ENOSYS);
	uv.vcpu = xen_vcpu_id;
	uv.vector = 15;
	check_either("upcall vector 15",
		     hypercall2(NR, HVMOP_set_evtchn_upcall_vector, (u64)&uv),
		     XEN_EINVAL, XEN_ENOSYS);
}

static void test_refusals(void)
{
	struct xen_hvm_param p = {
		.domid = NO_DOMAIN,
		.index = HVM_PARAM_CALLBACK_IRQ,
	};

	check_hcall("get_param of no domain",
		    hypercall2(NR, HVMOP_get_param, (u64)&p), XEN_ESRCH);
	check_hcall("set_param of no domain",
		    hypercall2(NR, HVMOP_set_param, (u64)&p), XEN_ESRCH);
	p.domid = (domid_t)xen_domid;
	check_hcall("get_param by our own domid",
		    hypercall2(NR, HVMOP_get_param, (u64)&p), 0);
	check_bad_pointers("get_param", NR, HARGS(HVMOP_get_param), 1);
	check_bad_pointers("set_param", NR, HARGS(HVMOP_set_param), 1);
}

void test_main(void)
{
	if (!need_xen())
		return;
	hcheck_init();
	test_special_params();
	test_params();
	test_stored_params();
	test_callback();
	test_commands();
	test_upcall_vector();
	test_refusals();
}
