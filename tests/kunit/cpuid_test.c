// SPDX-License-Identifier: GPL-2.0-only
/*
 * The CPUID policy: what the table must never pass, whatever the host's CPU;
 * and what comes out on the CPU that runs the test.
 */
#include <linux/module.h>

#include "fake_vcpu.h"

#include "../../kmod/emul/cpuid.c"

#define RANGE(hi, lo)	GENMASK(hi, lo)

/* Bits that only work with an MSR or a control that the module lacks. */
static const struct {
	u32 leaf;
	u8 subleaf;
	u8 reg;
	u32 bits;
} hidden[] = {
	/* DTES64 MONITOR DSCPL VMX SMX EIST TM2, CNXT_ID SDBG, xTPR PDCM */
	{ 0x1, 0, ECX, RANGE(8, 2) | RANGE(11, 10) | RANGE(15, 14) },
	/* DCA, TSC_DEADLINE, OSXSAVE mirrors CR4 */
	{ 0x1, 0, ECX, BIT(18) | BIT(24) | BIT(27) },
	/* MCE MCA PSN DS ACPI TM IA64 PBE */
	{ 0x1, 0, EDX, BIT(7) | BIT(14) | BIT(18) | RANGE(22, 21) |
		       RANGE(31, 29) },
	{ 0x6, 0, EAX, (u32)~BIT(2) },
	/* TSC_ADJUST SGX HLE RTM PQM MPX PQE PT */
	{ 0x7, 0, EBX, BIT(1) | BIT(2) | BIT(4) | BIT(11) | BIT(12) |
		       BIT(14) | BIT(15) | BIT(25) },
	/* PKU OSPKE WAITPKG CET_SS TME LA57 KL BLD ENQCMD SGX_LC PKS */
	{ 0x7, 0, ECX, RANGE(5, 3) | BIT(7) | BIT(13) | RANGE(21, 16) |
		       BIT(23) | BIT(24) | RANGE(31, 29) },
	/* UINTR SRBDS_CTRL RTM_ABORT TFA HYBRID TSXLDTRK PCONFIG LBR IBT */
	{ 0x7, 0, EDX, BIT(5) | BIT(9) | BIT(11) | BIT(13) | BIT(15) |
		       BIT(16) | BIT(18) | BIT(19) | BIT(20) },
	/* AMX, FLUSH_L1D, CORE_CAPS */
	{ 0x7, 0, EDX, BIT(22) | BIT(24) | BIT(25) | BIT(28) | BIT(30) },
	/* LASS ARCH_PERFMON FRED LKGS WRMSRNS LAM */
	{ 0x7, 1, EAX, BIT(6) | BIT(8) | RANGE(19, 17) | BIT(26) },
	/* XSAVES XFD */
	{ 0xd, 1, EAX, RANGE(31, 3) },
	/* SVM OSVW IBS SKINIT WDT LWP NODEID TOPOEXT PERFCTR BPEXT MWAITX */
	{ 0x80000001, 0, ECX, BIT(2) | RANGE(10, 9) | RANGE(13, 12) |
			      BIT(15) | BIT(19) | RANGE(24, 22) |
			      RANGE(31, 26) },
	{ 0x80000007, 0, EDX, (u32)~BIT(8) },
	/* RDPRU MCOMMIT WBNOINVD PPIN VIRT_SSBD CPPC BRS */
	{ 0x80000008, 0, EBX, BIT(4) | BIT(8) | BIT(9) | BIT(23) | BIT(25) |
			      BIT(27) | BIT(31) },
};

static void cpuid_policy_hides_what_is_not_emulated(struct kunit *test)
{
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(cpuid_policy); i++) {
		const struct cpuid_policy *p = &cpuid_policy[i];

		for (j = 0; j < ARRAY_SIZE(hidden); j++) {
			if (p->leaf != hidden[j].leaf ||
			    p->subleaf != hidden[j].subleaf ||
			    p->reg != hidden[j].reg)
				continue;
			KUNIT_EXPECT_EQ_MSG(test, 0u,
					    (p->pass | p->set) & hidden[j].bits,
					    "row %u, rule %u", i, j);
		}
	}
}

static void cpuid_policy_rows_are_sorted_and_in_range(struct kunit *test)
{
	u64 last = 0;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cpuid_policy); i++) {
		const struct cpuid_policy *p = &cpuid_policy[i];
		u64 key = (u64)p->leaf << 16 | p->subleaf << 8 | p->reg;

		KUNIT_EXPECT_TRUE_MSG(test, !i || key > last, "row %u", i);
		KUNIT_EXPECT_LT_MSG(test, p->leaf & 0x7fffffff, CPUID_RANGE,
				    "row %u", i);
		KUNIT_EXPECT_TRUE_MSG(test, p->caps == CAPS_NONE ||
				      p->caps < NR_CPUID_WORDS, "row %u", i);
		last = key;
	}
}

static void cpuid_read_sets_what_guests_rely_on(struct kunit *test)
{
	struct vcpu *vcpu = fake_domain(test, 1);
	struct cpuid_regs_out r;

	cpuid_read(vcpu, 0, 0, &r);
	KUNIT_EXPECT_EQ(test, 0x16u, r.eax);
	KUNIT_EXPECT_EQ(test, cpuid_ebx(0), r.ebx);
	cpuid_read(vcpu, 1, 0, &r);
	KUNIT_EXPECT_EQ(test, BIT(31) | BIT(21), r.ecx & (BIT(31) | BIT(21)));
	KUNIT_EXPECT_EQ(test, BIT(12) | BIT(16),
			r.edx & (BIT(12) | BIT(16)));
	/* Bit 9, APIC, follows IA32_APIC_BASE's enable bit. */
	KUNIT_EXPECT_EQ(test, 0u, r.edx & BIT(9));
	vcpu->lapic.base = MSR_IA32_APICBASE_ENABLE;
	cpuid_read(vcpu, 1, 0, &r);
	KUNIT_EXPECT_EQ(test, BIT(9), r.edx & BIT(9));
	cpuid_read(vcpu, 6, 0, &r);
	KUNIT_EXPECT_EQ(test, 4u, r.eax);
	cpuid_read(vcpu, 0x16, 0, &r);
	KUNIT_EXPECT_GT(test, r.eax, 0u);
	cpuid_read(vcpu, 0x80000000, 0, &r);
	KUNIT_EXPECT_EQ(test, 0x80000008u, r.eax);
	cpuid_read(vcpu, 0x80000008, 0, &r);
	KUNIT_EXPECT_GE(test, r.eax & 0xff, 36u);
	KUNIT_EXPECT_LE(test, r.eax & 0xff, 48u);
	KUNIT_EXPECT_EQ(test, 48u, r.eax >> 8);
}

static void cpuid_read_is_zero_elsewhere(struct kunit *test)
{
	static const u32 leaves[] = {
		0x3, 0x5, 0x9, 0xa, 0xc, 0xe, 0xf, 0x10, 0x11, 0x12, 0x13,
		0x14, 0x15, 0x17, 0x18, 0x19, 0x1a, 0x1d, 0x1e, 0x1f, 0x20,
		0x23, 0x7fffffff, 0x80000009, 0x8000000a, 0x8000001e,
		0x8000001f, 0x80000020, 0x8000001d, 0xc0000000, 0xffffffff,
		0x40000005, 0x40000006, 0x40000100, 0x4000ff00, 0x3fffffff,
	};
	struct vcpu *vcpu = fake_domain(test, 2);
	struct cpuid_regs_out r;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(leaves); i++) {
		memset(&r, 0xff, sizeof(r));
		cpuid_read(vcpu, leaves[i], 0, &r);
		KUNIT_EXPECT_EQ_MSG(test, 0u, r.eax | r.ebx | r.ecx | r.edx,
				    "leaf %#x", leaves[i]);
	}
	cpuid_read(vcpu, 7, 2, &r);
	KUNIT_EXPECT_EQ(test, 0u, r.eax | r.ebx | r.ecx | r.edx);
	cpuid_read(vcpu, 4, 0xffffffff, &r);
	KUNIT_EXPECT_EQ(test, 0u, r.eax | r.ebx | r.ecx | r.edx);
	cpuid_read(vcpu, 0xd, 0xffffffff, &r);
	KUNIT_EXPECT_EQ(test, 0u, r.eax | r.ebx | r.ecx | r.edx);
}

static void cpuid_read_mirrors_osxsave(struct kunit *test)
{
	struct vcpu *vcpu = fake_domain(test, 1);
	struct cpuid_regs_out r;

	cpuid_read(vcpu, 1, 0, &r);
	KUNIT_EXPECT_EQ(test, 0u, r.ecx & BIT(27));
	cpuid_cr4_changed(vcpu, X86_CR4_OSXSAVE);
	cpuid_read(vcpu, 1, 0, &r);
	KUNIT_EXPECT_EQ(test, BIT(27), r.ecx & BIT(27));
	cpuid_cr4_changed(vcpu, ~(u64)X86_CR4_OSXSAVE);
	cpuid_read(vcpu, 1, 0, &r);
	KUNIT_EXPECT_EQ(test, 0u, r.ecx & BIT(27));
}

static void cpuid_read_gives_one_topology(struct kunit *test)
{
	static const struct {
		unsigned int vcpus;
		u32 width;
	} cases[] = {
		{ 1, 1 }, { 2, 2 }, { 3, 3 }, { 4, 3 }, { 5, 4 }, { 63, 7 },
		{ 64, 7 },
	};
	struct cpuid_regs_out r;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct vcpu *first = fake_domain(test, cases[i].vcpus);
		struct vcpu *last =
			first->domain->vcpus[cases[i].vcpus - 1];

		cpuid_read(last, 1, 0, &r);
		KUNIT_EXPECT_EQ(test, last->apic_id, r.ebx >> 24);
		KUNIT_EXPECT_EQ(test, 1u << cases[i].width,
				(r.ebx >> 16) & 0xff);
		cpuid_read(last, 0xb, 0, &r);
		KUNIT_EXPECT_EQ(test, 1u, r.eax);
		KUNIT_EXPECT_EQ(test, 0x100u, r.ecx);
		KUNIT_EXPECT_EQ(test, last->apic_id, r.edx);
		cpuid_read(last, 0xb, 1, &r);
		KUNIT_EXPECT_EQ(test, cases[i].width, r.eax);
		KUNIT_EXPECT_EQ(test, cases[i].vcpus, r.ebx);
		KUNIT_EXPECT_EQ(test, 0x201u, r.ecx);
		/* Every id fits the width. */
		KUNIT_EXPECT_EQ(test, 0u, last->apic_id >> r.eax);
		cpuid_read(last, 0xb, 2, &r);
		KUNIT_EXPECT_EQ(test, 2u, r.ecx);
		KUNIT_EXPECT_EQ(test, 0u, r.eax | r.ebx);
	}
}

static void cpuid_read_sizes_follow_xcr0(struct kunit *test)
{
	struct vcpu *vcpu = fake_domain(test, 1);
	struct cpuid_regs_out r;
	u32 full;

	if (!cpuid_xcr0_allowed())
		kunit_skip(test, "no XSAVE here");
	vcpu->xcr0 = XFEATURE_MASK_FP;
	cpuid_read(vcpu, 0xd, 0, &r);
	KUNIT_EXPECT_EQ(test, (u32)cpuid_xcr0_allowed(), r.eax);
	KUNIT_EXPECT_EQ(test, 576u, r.ebx);
	full = r.ecx;
	vcpu->xcr0 = cpuid_xcr0_allowed();
	cpuid_read(vcpu, 0xd, 0, &r);
	KUNIT_EXPECT_EQ(test, full, r.ebx);
	if (xgetbv(XCR_XFEATURE_ENABLED_MASK) == cpuid_xcr0_allowed()) {
		struct cpuid_regs_out host;

		host_cpuid(0xd, 0, &host);
		KUNIT_EXPECT_EQ(test, host.ebx, r.ebx);
	}
	cpuid_read(vcpu, 0xd, 8, &r);
	KUNIT_EXPECT_EQ(test, 0u, r.eax | r.ebx | r.ecx);
}

static void cpuid_read_xen_leaves_name_the_domain(struct kunit *test)
{
	struct vcpu *vcpu = fake_domain(test, 2)->domain->vcpus[1];
	struct cpuid_regs_out r;
	char name[12];

	cpuid_read(vcpu, 0x40000000, 0, &r);
	memcpy(name, &r.ebx, 12);
	KUNIT_EXPECT_EQ(test, 0, memcmp(name, "XenVMMXenVMM", 12));
	KUNIT_EXPECT_EQ(test, 0x40000005u, r.eax);
	cpuid_read(vcpu, 0x40000001, 0, &r);
	KUNIT_EXPECT_EQ(test, 0x40011u, r.eax);
	cpuid_read(vcpu, 0x40000002, 0, &r);
	KUNIT_EXPECT_EQ(test, 1u, r.eax);
	KUNIT_EXPECT_EQ(test, 0x40000000u, r.ebx);
	vcpu->domain->xen.clock = (struct xen_clock){
		.mul = 0x80000001, .shift = -1, .stable = true };
	cpuid_read(vcpu, 0x40000003, 0, &r);
	KUNIT_EXPECT_EQ(test, 2u, r.ebx);
	KUNIT_EXPECT_EQ(test, BIT(1), r.eax & 3);
	KUNIT_EXPECT_EQ(test, tsc_khz, r.ecx);
	cpuid_read(vcpu, 0x40000003, 1, &r);
	KUNIT_EXPECT_EQ(test, 0x80000001u, r.ecx);
	KUNIT_EXPECT_EQ(test, 0xffu, r.edx);
	cpuid_read(vcpu, 0x40000004, 0, &r);
	KUNIT_EXPECT_EQ(test, 0x1cu, r.eax);
	KUNIT_EXPECT_EQ(test, 1u, r.ebx);
	KUNIT_EXPECT_EQ(test, 7u, r.ecx);
}

static void cpuid_cr4_allowed_is_what_is_shown(struct kunit *test)
{
	u64 cr4 = cpuid_cr4_allowed();

	KUNIT_EXPECT_EQ(test, 0ull, cr4 &
			(X86_CR4_VMXE | X86_CR4_SMXE | X86_CR4_PKE |
			 X86_CR4_LA57 | X86_CR4_MCE | X86_CR4_CET));
	KUNIT_EXPECT_EQ(test, (u64)X86_CR4_PAE, cr4 & X86_CR4_PAE);
	KUNIT_EXPECT_EQ(test, cpuid_guest_has(X86_FEATURE_SMEP),
			!!(cr4 & X86_CR4_SMEP));
	KUNIT_EXPECT_EQ(test, 0ull, cpuid_efer_allowed() &
			~(u64)(EFER_SCE | EFER_LME | EFER_LMA | EFER_NX));
}

static void emul_cpuid_answers_as_cpuid_read(struct kunit *test)
{
	struct vcpu *vcpu = fake_domain(test, 2);
	struct vmexit x = { .kind = VMEXIT_CPUID };
	static const u32 bases[] = { 0, 0x80000000, 0x40000000 };
	struct cpuid_regs_out r;
	unsigned int i, sub;

	for (i = 0; i < 3 * 40 * 3; i++) {
		u32 leaf = bases[i % 3] + i / 9;

		sub = i / 3 % 3;
		cpuid_read(vcpu, leaf, sub, &r);
		memset(vcpu->gpr, 0xff, sizeof(vcpu->gpr));
		/* The upper halves are not part of the question. */
		vcpu->gpr[GPR_RAX] = leaf | 0xabcd00000000;
		vcpu->gpr[GPR_RCX] = sub | 0xabcd00000000;
		KUNIT_EXPECT_EQ(test, VMEXIT_SKIP_INSN, emul_cpuid(vcpu, &x));
		KUNIT_EXPECT_EQ(test, (u64)r.eax, vcpu->gpr[GPR_RAX]);
		KUNIT_EXPECT_EQ(test, (u64)r.ebx, vcpu->gpr[GPR_RBX]);
		KUNIT_EXPECT_EQ(test, (u64)r.ecx, vcpu->gpr[GPR_RCX]);
		KUNIT_EXPECT_EQ(test, (u64)r.edx, vcpu->gpr[GPR_RDX]);
	}
}

/* What the hardware would not let a guest use, although the host has it. */
static void cpuid_init_hides_what_the_vendor_says(struct kunit *test)
{
	KUNIT_ASSERT_TRUE(test, cpuid_guest_has(X86_FEATURE_NX));
	KUNIT_ASSERT_TRUE(test, cpuid_efer_allowed() & EFER_NX);
	vendor->hidden[0] = X86_FEATURE_NX;
	cpuid_init();
	KUNIT_EXPECT_FALSE(test, cpuid_guest_has(X86_FEATURE_NX));
	KUNIT_EXPECT_FALSE(test, cpuid_efer_allowed() & EFER_NX);
	vendor->hidden[0] = 0;
	cpuid_init();
	KUNIT_EXPECT_TRUE(test, cpuid_guest_has(X86_FEATURE_NX));
}

static int cpuid_suite_init(struct kunit_suite *suite)
{
	cpuid_init();
	return 0;
}

static struct kunit_case cpuid_cases[] = {
	KUNIT_CASE(cpuid_policy_hides_what_is_not_emulated),
	KUNIT_CASE(cpuid_policy_rows_are_sorted_and_in_range),
	KUNIT_CASE(cpuid_init_hides_what_the_vendor_says),
	KUNIT_CASE(cpuid_read_sets_what_guests_rely_on),
	KUNIT_CASE(cpuid_read_is_zero_elsewhere),
	KUNIT_CASE(cpuid_read_mirrors_osxsave),
	KUNIT_CASE(cpuid_read_gives_one_topology),
	KUNIT_CASE(cpuid_read_sizes_follow_xcr0),
	KUNIT_CASE(cpuid_read_xen_leaves_name_the_domain),
	KUNIT_CASE(cpuid_cr4_allowed_is_what_is_shown),
	KUNIT_CASE(emul_cpuid_answers_as_cpuid_read),
	{}
};

static struct kunit_suite cpuid_suite = {
	.name = "lodge_cpuid",
	.suite_init = cpuid_suite_init,
	.test_cases = cpuid_cases,
};

kunit_test_suite(cpuid_suite);

MODULE_LICENSE("GPL");
