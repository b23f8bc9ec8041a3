// SPDX-License-Identifier: GPL-2.0-only
/*
 * Finding Xen, and what a guest sets up first: shared info, the clock, the
 * hypercall page.
 */
#include "xen.h"

#include <xen/memory.h>
#include <xen/hvm/hvm_op.h>
#include <xen/hvm/params.h>

#include "time.h"

bool have_xen;
u32 xen_base;
u8 use_vmmcall;
u32 xen_domid, xen_vcpu_id;
u64 tsc_khz = 1000000;

shared_info_t *shared_info;
vcpu_info_t *vcpu_info;

u8 hypercall_page_mem[4096] __page_aligned;

/* Its RAM is given up when shared_info takes the frame. */
static u8 shared_info_mem[4096] __page_aligned;
static u8 vcpu_info_mem[4096] __page_aligned;

static bool is_xen_signature(u32 leaf)
{
	struct cpuid_regs r = cpuid(leaf, 0);

	return r.ebx == 0x566e6558 && r.ecx == 0x65584d4d &&
	       r.edx == 0x4d4d566e && r.eax >= leaf + 2;
}

void xen_detect(void)
{
	struct cpuid_regs r = cpuid(0, 0);
	u32 leaf;

	/* "Auth" of AuthenticAMD, "Hygo" of HygonGenuine */
	use_vmmcall = r.ebx == 0x68747541 || r.ebx == 0x6f677948;
	if (!(cpuid(1, 0).ecx & BIT(31)))
		return;
	for (leaf = 0x40000000; leaf < 0x40010000; leaf += 0x100) {
		if (!is_xen_signature(leaf))
			continue;
		have_xen = true;
		xen_base = leaf;
		r = cpuid(leaf + 4, 0);
		xen_vcpu_id = r.eax & 8 ? r.ebx : 0;
		xen_domid = r.eax & 16 ? r.ecx : 0;
		r = cpuid(leaf + 3, 0);
		if (r.ecx)
			tsc_khz = r.ecx;
		return;
	}
}

u32 xen_map_hypercall_page(void)
{
	return wrmsr_safe(cpuid(xen_base + 2, 0).ebx, (u64)hypercall_page_mem);
}

s64 hypercall_page(u32 nr, u64 a1, u64 a2, u64 a3)
{
	u64 stub = (u64)hypercall_page_mem + nr * 32;
	s64 ret;

	__asm__ volatile("call *%%rbx"
			 : "=a"(ret), "+b"(stub)
			 : "D"(a1), "S"(a2), "d"(a3)
			 : "memory", "r8", "r9", "r10", "r11", "rcx");
	return ret;
}

s64 hvm_get_param(u32 index, u64 *value)
{
	struct xen_hvm_param p = { .domid = DOMID_SELF, .index = index };
	s64 ret = hypercall2(__HYPERVISOR_hvm_op, HVMOP_get_param, (u64)&p);

	*value = p.value;
	return ret;
}

s64 hvm_set_param(u32 index, u64 value)
{
	struct xen_hvm_param p = {
		.domid = DOMID_SELF,
		.index = index,
		.value = value,
	};

	return hypercall2(__HYPERVISOR_hvm_op, HVMOP_set_param, (u64)&p);
}

static void learn_tsc_rate(void)
{
	const vcpu_time_info_t *t = &vcpu_info->time;
	u64 ns;

	/* how long a giga-tick is: kHz = 1e9 ticks * 1e6 / ns */
	ns = time_scale(1000000000, t->tsc_to_system_mul, t->tsc_shift);
	if (ns)
		tsc_khz = 1000000000ull * 1000000 / ns;
}

s64 xen_map_shared_info(void)
{
	struct xen_add_to_physmap xatp = {
		.domid = DOMID_SELF,
		.space = XENMAPSPACE_shared_info,
		.gpfn = (u64)shared_info_mem >> 12,
	};
	s64 ret;

	if (shared_info)
		return 0;
	ret = hypercall2(__HYPERVISOR_memory_op, XENMEM_add_to_physmap,
			 (u64)&xatp);
	if (ret)
		return ret;
	shared_info = (void *)shared_info_mem;
	vcpu_info = &shared_info->vcpu_info[xen_vcpu_id];
	learn_tsc_rate();
	return 0;
}

s64 xen_register_vcpu_info(void)
{
	struct vcpu_register_vcpu_info reg = {
		.mfn = (u64)vcpu_info_mem >> 12,
		.offset = 64,
	};
	s64 ret = hypercall3(__HYPERVISOR_vcpu_op, VCPUOP_register_vcpu_info,
			     xen_vcpu_id, (u64)&reg);

	if (!ret)
		vcpu_info = (void *)(vcpu_info_mem + 64);
	return ret;
}

u64 time_scale(u64 ticks, u32 mul, s8 shift)
{
	if (shift >= 0)
		ticks <<= shift;
	else
		ticks >>= -shift;
	return (u64)(((unsigned __int128)ticks * mul) >> 32);
}

u64 time_record_now(const vcpu_time_info_t *t, u64 *tsc)
{
	u64 now, ns;
	u32 version;

	do {
		version = READ_ONCE(t->version);
		barrier();
		now = rdtsc();
		ns = t->system_time + time_scale(now - t->tsc_timestamp,
						 t->tsc_to_system_mul,
						 t->tsc_shift);
		barrier();
	} while ((version & 1) || version != READ_ONCE(t->version));
	if (tsc)
		*tsc = now;
	return ns;
}

u64 xen_now(void)
{
	return time_record_now(&vcpu_info->time, NULL);
}
