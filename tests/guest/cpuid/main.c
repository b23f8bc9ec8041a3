// SPDX-License-Identifier: GPL-2.0-only
/*
 * The CPU as the guest is told of it: Xen's leaves, the bits that must be set
 * or clear whatever the host has, leaves out of range, and a topology that
 * agrees with itself.
 */
#include "guest.h"

#include <xen/version.h>

static void check_bits(const char *name, u32 got, u32 set, u32 clear)
{
	char buf[64];

	format(buf, sizeof(buf), "%s: bits that must be set", name);
	check_eq(buf, got & set, set);
	format(buf, sizeof(buf), "%s: bits that must be clear", name);
	check_eq(buf, got & clear, 0);
}

static bool is_intel(void)
{
	return cpuid(0, 0).ebx == 0x756e6547;
}

static bool is_zero(struct cpuid_regs r)
{
	return !(r.eax | r.ebx | r.ecx | r.edx);
}

static void test_xen_leaves(void)
{
	struct cpuid_regs r = cpuid(xen_base, 0);
	u64 khz;

	check_eq("Xen leaves are where guests look first", xen_base,
		 0x40000000);
	check_range("highest Xen leaf", r.eax, xen_base + 2, xen_base + 5);
	r = cpuid(xen_base + 1, 0);
	check("Xen major version", r.eax >> 16 >= 4);
	check_eq("version as the hypercall has it", r.eax,
		 (u64)hypercall2(__HYPERVISOR_xen_version, XENVER_version, 0));
	check_eq("leaf 1 is zero otherwise", r.ebx | r.ecx | r.edx, 0);
	r = cpuid(xen_base + 2, 0);
	check_eq("one hypercall page", r.eax, 1);
	check_eq("its MSR", r.ebx, 0x40000000);
	check_eq("PV features", r.ecx | r.edx, 0);
	r = cpuid(xen_base + 3, 0);
	khz = r.ecx;
	check("TSC rate in leaf 3", khz);
	check("TSC mode", r.ebx <= 3);
	xen_map_shared_info();
	if (shared_info)
		check_range("as the clock has it", tsc_khz, khz - khz / 1000 - 1,
			    khz + khz / 1000 + 1);
	r = cpuid(xen_base + 4, 0);
	check_bits("Xen features", r.eax, BIT(3) | BIT(4), 0xffffff80);
	check_eq("vCPU id", r.ebx, 0);
	check_range("domid", r.ecx, 1, 0x7fef);
}

static void test_out_of_range(void)
{
	struct sweep s = { "leaves out of range are zero" };
	u32 max = cpuid(0, 0).eax, ext = cpuid(0x80000000, 0).eax;
	u32 top = cpuid(xen_base, 0).eax;
	u32 leaves[] = {
		max + 1, max + 2, max + 0x100, 0x3fffffff, top + 1, top + 2,
		0x40000100, 0x40000fff, 0x40010000, ext + 1, ext + 0x100,
		0x8fffffff, 0xc0000000, 0xffffffff, 0x7fffffff
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(leaves); i++) {
		s.checked++;
		if (!is_zero(cpuid(leaves[i], 0)))
			sweep_fail(&s, "leaf %x, got %x want 0", leaves[i],
				   cpuid(leaves[i], 0).eax);
	}
	sweep_end(&s);
	check_range("highest basic leaf", max, 0xd, 0x20);
	check_range("highest extended leaf", ext, 0x80000008, 0x80000021);
}

static void test_features(void)
{
	struct cpuid_regs r = cpuid(1, 0);

	check_bits("1.ECX", r.ecx, BIT(31) | BIT(21),
		   BIT(2) | BIT(3) | BIT(4) | BIT(5) | BIT(6) | BIT(7) |
		   BIT(8) | BIT(11) | BIT(14) | BIT(15) | BIT(18));
	/* TSC MSR PAE CX8 APIC MTRR PGE CMOV PAT FXSR SSE SSE2 */
	check_bits("1.EDX", r.edx,
		   BIT(4) | BIT(5) | BIT(6) | BIT(8) | BIT(9) | BIT(12) |
		   BIT(13) | BIT(15) | BIT(16) | BIT(24) | BIT(25) | BIT(26),
		   BIT(21) | BIT(22) | BIT(29) | BIT(31));
	check("MCE and MCA together", !(r.edx & BIT(7)) == !(r.edx & BIT(14)));
	r = cpuid(7, 0);
	check_bits("7.EBX", r.ebx, 0, BIT(2) | BIT(4) | BIT(11) | BIT(12) |
		   BIT(14) | BIT(15) | BIT(25));
	check_bits("7.ECX", r.ecx, 0, BIT(5) | BIT(7) | BIT(13) | BIT(16) |
		   BIT(24) | BIT(29) | BIT(30) | BIT(31));
	check_bits("7.EDX", r.edx, 0, BIT(5) | BIT(9) | BIT(13) | BIT(15) |
		   BIT(18) | BIT(19) | BIT(20) | BIT(22) | BIT(24) | BIT(25) |
		   BIT(30));
	r = cpuid(0x80000001, 0);
	check_bits("80000001.EDX", r.edx, BIT(20) | BIT(29), 0);
	check_bits("80000001.ECX", r.ecx, 0, BIT(2) | BIT(10) | BIT(12) |
		   BIT(13) | BIT(15));
	r = cpuid(6, 0);
	check_bits("6.EAX", r.eax, BIT(2), ~4u);
	check_range("physical address width", cpuid(0x80000008, 0).eax & 0xff,
		    36, 52);
}

static void test_zero_leaves(void)
{
	static const u32 leaves[] = {
		5, 9, 0xa, 0xf, 0x10, 0x12, 0x14, 0x8000000a
	};
	char name[32];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(leaves); i++) {
		format(name, sizeof(name), "leaf %x is zero", leaves[i]);
		check(name, is_zero(cpuid(leaves[i], 0)));
	}
}

/* OSXSAVE follows CR4, as seen in the very next CPUID. */
static void test_dynamic_bits(void)
{
	u64 cr4 = read_cr4();

	if (!(cpuid(1, 0).ecx & BIT(26))) {
		check_trap("CR4.OSXSAVE without XSAVE",
			   write_cr4_safe(cr4 | CR4_OSXSAVE), GP0);
		return;
	}
	check_eq("OSXSAVE is clear", cpuid(1, 0).ecx & BIT(27), 0);
	check_trap("set CR4.OSXSAVE", write_cr4_safe(cr4 | CR4_OSXSAVE), 0);
	check_eq("OSXSAVE is set", cpuid(1, 0).ecx & BIT(27), BIT(27));
	check_eq("xsave area for XCR0 = 1", cpuid(0xd, 0).ebx, 576);
	check("XCR0 may hold x87 and SSE", (cpuid(0xd, 0).eax & 3) == 3);
	check_trap("clear CR4.OSXSAVE", write_cr4_safe(cr4), 0);
	check_eq("OSXSAVE is clear again", cpuid(1, 0).ecx & BIT(27), 0);
}

static void test_topology(void)
{
	struct cpuid_regs r = cpuid(1, 0);
	u32 id = r.ebx >> 24;

	check_eq("APIC id is twice the vCPU id", id, 2 * xen_vcpu_id);
	if (rdmsr(MSR_APIC_BASE) & APIC_BASE_EN)
		check_eq("the local APIC agrees",
			 lapic_is_x2apic() ? lapic_read(LAPIC_ID) :
					     lapic_read(LAPIC_ID) >> 24, id);
	if (is_intel() && cpuid(0, 0).eax >= 0xb) {
		r = cpuid(0xb, 0);
		if (r.ebx)
			check_eq("leaf B has the x2APIC id", r.edx, id);
		check_eq("leaf B echoes its sub-leaf",
			 cpuid(0xb, 1).ecx & 0xff, 1);
	}
}

static void test_preserved(void)
{
	u64 rax = 0xffffffff00000001, rcx = ~0ul, rbx = ~0ul, rdx = ~0ul;

	__asm__ volatile("cpuid" : "+a"(rax), "+b"(rbx), "+c"(rcx),
			 "+d"(rdx));
	check_eq("CPUID clears the upper halves",
		 rax >> 32 | rbx >> 32 | rcx >> 32 | rdx >> 32, 0);
	check_eq("and looks at EAX only", rax, cpuid(1, 0).eax);
}

void test_main(void)
{
	if (!need_xen())
		return;
	test_xen_leaves();
	test_out_of_range();
	test_features();
	test_zero_leaves();
	test_dynamic_bits();
	test_topology();
	test_preserved();
}
