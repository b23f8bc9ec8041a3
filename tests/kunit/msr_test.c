// SPDX-License-Identifier: GPL-2.0-only
/*
 * The MSR policy: a sorted table without overlaps, the answers that guests
 * rely on, and #GP(0) for everything else with nothing changed.
 */
#include <linux/module.h>

#include "fake_vcpu.h"

#include "../../kmod/emul/msr.c"

static int fake_hypercall_result;
static unsigned int fake_pauses;
static unsigned int fake_time_updates;
static bool fake_features;

bool cpuid_guest_has(unsigned int feature)
{
	return fake_features;
}

static bool fake_is_amd;

bool cpuid_is_amd(void)
{
	return fake_is_amd;
}

u64 cpuid_efer_allowed(void)
{
	return EFER_SCE | EFER_LME | EFER_LMA | EFER_NX;
}

u8 cpuid_phys_bits(void)
{
	return 40;
}

int lapic_msr_read(struct vcpu *vcpu, u32 msr, u64 *value)
{
	*value = msr;
	return msr == 0x83f ? -EINVAL : 0;
}

int lapic_msr_write(struct vcpu *vcpu, u32 msr, u64 value)
{
	return msr == 0x802 ? -EINVAL : 0;
}

int lapic_base_write(struct vcpu *vcpu, u64 value)
{
	vcpu->lapic.base = value;
	return 0;
}

int xen_hypercall_page_write(struct vcpu *vcpu, u64 value)
{
	return fake_hypercall_result;
}

enum vmexit_action domain_pause_for_memory(struct domain *d, const char *what)
{
	fake_pauses++;
	return VMEXIT_RESUME;
}

u64 xen_tsc_lost;

void xen_time_update(struct vcpu *vcpu)
{
	fake_time_updates++;
}

static struct vcpu *msr_vcpu(struct kunit *test)
{
	struct vcpu *vcpu = fake_domain(test, 1);

	msr_vcpu_init(vcpu);
	fake_time_updates = 0;
	fake_pauses = 0;
	return vcpu;
}

/* Returns -EINVAL for #GP(0), with a check that RAX and RDX stand. */
static int read_msr(struct kunit *test, struct vcpu *vcpu, u32 msr,
		    u64 *value)
{
	struct vmexit x = { .kind = VMEXIT_MSR_READ };
	enum vmexit_action action;

	fake_vector = -1;
	vcpu->gpr[GPR_RAX] = 0x1111111111111111;
	vcpu->gpr[GPR_RDX] = 0x2222222222222222;
	vcpu->gpr[GPR_RCX] = msr | 0xabc00000000ull;
	action = emul_rdmsr(vcpu, &x);
	if (action == VMEXIT_SKIP_INSN) {
		KUNIT_EXPECT_EQ(test, 0ull, (vcpu->gpr[GPR_RAX] |
					     vcpu->gpr[GPR_RDX]) >> 32);
		*value = vcpu_edx_eax(vcpu);
		return 0;
	}
	KUNIT_EXPECT_EQ(test, VMEXIT_RESUME, action);
	KUNIT_EXPECT_EQ(test, 13, fake_vector);
	KUNIT_EXPECT_EQ(test, 0u, fake_error);
	KUNIT_EXPECT_EQ(test, 0x1111111111111111ull, vcpu->gpr[GPR_RAX]);
	KUNIT_EXPECT_EQ(test, 0x2222222222222222ull, vcpu->gpr[GPR_RDX]);
	return -EINVAL;
}

static int write_msr(struct kunit *test, struct vcpu *vcpu, u32 msr,
		     u64 value)
{
	struct vmexit x = { .kind = VMEXIT_MSR_WRITE };
	enum vmexit_action action;

	fake_vector = -1;
	vcpu_set_edx_eax(vcpu, value);
	vcpu->gpr[GPR_RCX] = msr;
	action = emul_wrmsr(vcpu, &x);
	if (action == VMEXIT_SKIP_INSN)
		return 0;
	if (action == VMEXIT_AGAIN)
		return -EAGAIN;
	KUNIT_EXPECT_EQ(test, VMEXIT_RESUME, action);
	if (fake_vector < 0)
		return -ENOMEM;
	KUNIT_EXPECT_EQ(test, 13, fake_vector);
	return -EINVAL;
}

static void msr_rows_are_sorted(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(msr_rows); i++) {
		KUNIT_EXPECT_LE_MSG(test, msr_rows[i].first, msr_rows[i].last,
				    "row %u", i);
		KUNIT_EXPECT_TRUE_MSG(test, msr_rows[i].read ||
				      msr_rows[i].write, "row %u", i);
		KUNIT_EXPECT_LT_MSG(test, msr_slot(msr_rows[i].first),
				    MSR_INDEX_SIZE, "row %u", i);
		KUNIT_EXPECT_LT_MSG(test, msr_slot(msr_rows[i].last),
				    MSR_INDEX_SIZE, "row %u", i);
		if (i)
			KUNIT_EXPECT_GT_MSG(test, msr_rows[i].first,
					    msr_rows[i - 1].last, "row %u", i);
	}
}

static void msr_index_finds_each_row(struct kunit *test)
{
	unsigned int i;
	u32 msr;

	for (i = 0; i < ARRAY_SIZE(msr_rows); i++) {
		bool here = msr_rows[i].maker != MSR_AMD;

		for (msr = msr_rows[i].first; msr <= msr_rows[i].last; msr++)
			KUNIT_EXPECT_PTR_EQ(test, here ? &msr_rows[i] : NULL,
					    msr_lookup(msr));
	}
}

/* On a CPU of AMD's: its own MSRs, and none that only Intel has. */
static void msr_index_follows_the_maker(struct kunit *test)
{
	static const struct {
		u32 msr;
		int result;
		u64 value;
	} cases[] = {
		{ 0x3a, -EINVAL }, { 0xce, -EINVAL }, { 0x198, -EINVAL },
		{ 0x199, -EINVAL }, { 0x19c, -EINVAL },
		{ 0xc0010010, 0, 0 }, { 0xc0010015, 0, 0x01000000 },
		{ 0xc001001f, 0, 1ull << 46 }, { 0xc0011029, 0, 2 },
		{ 0xc0010000, -EINVAL }, { 0xc0010020, -EINVAL },
		{ 0xc001101f, -EINVAL }, { 0xc0011030, -EINVAL },
		{ 0xc0010114, -EINVAL }, { 0x277, 0, 0 },
	};
	struct vcpu *vcpu = msr_vcpu(test);
	unsigned int i;
	u64 value;

	fake_is_amd = true;
	memset(msr_index, 0, sizeof(msr_index));
	msr_init();
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		value = 0;
		KUNIT_EXPECT_EQ_MSG(test, cases[i].result,
				    read_msr(test, vcpu, cases[i].msr, &value),
				    "msr %#x", cases[i].msr);
		if (!cases[i].result)
			KUNIT_EXPECT_EQ_MSG(test, cases[i].value, value,
					    "msr %#x", cases[i].msr);
	}
	fake_is_amd = false;
	memset(msr_index, 0, sizeof(msr_index));
	msr_init();
}

static void emul_rdmsr_gives_known_answers(struct kunit *test)
{
	static const struct {
		u32 msr;
		u64 value;
	} cases[] = {
		{ 0x0, 0 }, { 0x1, 0 }, { 0x3a, 1 }, { 0xce, 0 },
		{ 0xfe, 0x508 }, { 0x140, 0 }, { 0x198, 0 }, { 0x199, 0 },
		{ 0x19c, 0 }, { 0x1a0, 0x1801 }, { 0x1db, 0 }, { 0x1de, 0 },
		{ 0x200, 0 }, { 0x20f, 0 }, { 0x250, 0x0606060606060606 },
		{ 0x258, 0x0606060606060606 }, { 0x26f, 0x0606060606060606 },
		{ 0x2ff, 0xc06 }, { 0x802, 0x802 }, { 0x40000000, 0 },
		{ 0x48, 0 },
	};
	struct vcpu *vcpu = msr_vcpu(test);
	unsigned int i;
	u64 value;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		value = ~0ull;
		KUNIT_EXPECT_EQ_MSG(test, 0, read_msr(test, vcpu, cases[i].msr,
						      &value),
				    "msr %#x", cases[i].msr);
		KUNIT_EXPECT_EQ_MSG(test, cases[i].value, value, "msr %#x",
				    cases[i].msr);
	}
	KUNIT_EXPECT_EQ(test, 0, read_msr(test, vcpu, 0x8b, &value));
	KUNIT_EXPECT_NE(test, 0ull, value >> 32);
}

static void emul_rdmsr_unknown_is_gp(struct kunit *test)
{
	static const u32 msrs[] = {
		0x2, 0x33, 0x3b, 0x49, 0x79, 0xc1, 0x10f, 0x122, 0x123, 0x179,
		0x186, 0x1a2, 0x1c4, 0x1d8, 0x210, 0x251, 0x25a, 0x270, 0x280,
		0x309, 0x345, 0x38f, 0x400, 0x480, 0x491, 0x600, 0x606, 0x6e0,
		0x770, 0x7ff, 0x83f, 0x840, 0x8ff, 0xd90, 0xda0, 0xfff, 0x1000,
		0x3fffffff, 0x40000001, 0x400000ff, 0x4b564d00, 0xbfffffff,
		0xc0000000, 0xc0000085, 0xc0000104, 0xc00001ff, 0xc0000200,
		0xc0010015, 0xc0010114, 0xffffffff,
	};
	struct vcpu *vcpu = msr_vcpu(test);
	unsigned int i;
	u64 value;

	for (i = 0; i < ARRAY_SIZE(msrs); i++)
		KUNIT_EXPECT_EQ_MSG(test, -EINVAL,
				    read_msr(test, vcpu, msrs[i], &value),
				    "msr %#x", msrs[i]);
}

static void emul_wrmsr_checks_values(struct kunit *test)
{
	static const struct {
		u32 msr;
		u64 value;
		int result;
	} cases[] = {
		{ 0x8b, 0, 0 }, { 0x8b, 1, -EINVAL }, { 0x79, 0x1234, 0 },
		{ 0x3a, 1, -EINVAL }, { 0xfe, 0, -EINVAL },
		{ 0xce, 0, -EINVAL }, { 0x10a, 0, -EINVAL },
		{ 0x140, 0, 0 }, { 0x140, 1, -EINVAL },
		{ 0x1a0, 0xffff, 0 }, { 0x199, 7, 0 }, { 0x198, 0, -EINVAL },
		{ 0x48, 7, 0 }, { 0x48, 8, -EINVAL }, { 0x49, 2, -EINVAL },
		{ 0x49, 0, 0 },
		{ 0x174, 0x10, 0 }, { 0x174, 1ull << 32, -EINVAL },
		{ 0x175, 0x800000000000, -EINVAL },
		{ 0x176, 0xffff800000000000, 0 },
		{ 0x1d9, 3, 0 }, { 0x1d9, 0x40, -EINVAL },
		{ 0x200, 0x12345006, 0 }, { 0x200, 0x12345002, -EINVAL },
		{ 0x200, 0x12345106, -EINVAL },
		{ 0x200, 1ull << 40, -EINVAL },
		{ 0x201, 0xfffffff800, 0 }, { 0x201, 0x801, -EINVAL },
		{ 0x250, 0x0606060606060600, 0 },
		{ 0x268, 0x0606060606060602, -EINVAL },
		{ 0x277, 0x0007040600070406, 0 }, { 0x277, 2, -EINVAL },
		{ 0x277, 8, -EINVAL }, { 0x277, 3ull << 56, -EINVAL },
		{ 0x2ff, 0xc06, 0 }, { 0x2ff, 0x2000, -EINVAL },
		{ 0x2ff, 0xc07, -EINVAL }, { 0x802, 0, -EINVAL },
		{ 0xc0000081, ~0ull, 0 },
		{ 0xc0000082, 0x800000000000, -EINVAL },
		{ 0xc0000082, 0xffffffff81000000, 0 },
		{ 0xc0000084, 1ull << 32, -EINVAL },
		{ 0xc0000100, 0x7fffffffffff, 0 },
		{ 0xc0000101, 0x800000000000, -EINVAL },
		{ 0xc0000102, 1ull << 63, -EINVAL },
		{ 0xc0000103, 5, 0 }, { 0xc0000103, 1ull << 32, -EINVAL },
		{ 0xc0000104, 0, -EINVAL }, { 0x40000001, 0, -EINVAL },
	};
	struct vcpu *vcpu = msr_vcpu(test);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		KUNIT_EXPECT_EQ_MSG(test, cases[i].result,
				    write_msr(test, vcpu, cases[i].msr,
					      cases[i].value),
				    "case %u, msr %#x", i, cases[i].msr);
	KUNIT_EXPECT_EQ(test, 7ull, vcpu->spec_ctrl);
	KUNIT_EXPECT_EQ(test, 0x12345006ull, vcpu->mtrr[0]);
	KUNIT_EXPECT_EQ(test, 0xffffffff81000000ull, fake_regs[VREG_LSTAR]);
	KUNIT_EXPECT_EQ(test, 0x7fffffffffffull, fake_segs[VSEG_FS].base);
	KUNIT_EXPECT_EQ(test, 2ull, fake_regs[VREG_DEBUGCTL]);
	KUNIT_EXPECT_EQ(test, 0x0007040600070406ull, fake_regs[VREG_PAT]);
}

static void emul_wrmsr_may_have_to_sleep(struct kunit *test)
{
	struct vcpu *vcpu = msr_vcpu(test);

	fake_hypercall_result = -EAGAIN;
	KUNIT_EXPECT_EQ(test, -EAGAIN, write_msr(test, vcpu, 0x40000000, 0));
	fake_hypercall_result = -EINVAL;
	KUNIT_EXPECT_EQ(test, -EINVAL, write_msr(test, vcpu, 0x40000000, 1));
	fake_hypercall_result = -ENOMEM;
	KUNIT_EXPECT_EQ(test, -ENOMEM, write_msr(test, vcpu, 0x40000000, 0));
	KUNIT_EXPECT_EQ(test, 1u, fake_pauses);
	fake_hypercall_result = 0;
	KUNIT_EXPECT_EQ(test, 0, write_msr(test, vcpu, 0x40000000, 0));
}

static void mtrr_slot_is_one_to_one(struct kunit *test)
{
	DECLARE_BITMAP(seen, 27) = {};
	unsigned int i, n = 0;
	u32 msr;

	for (i = 0; i < ARRAY_SIZE(msr_rows); i++) {
		if (msr_rows[i].read != read_mtrr)
			continue;
		for (msr = msr_rows[i].first; msr <= msr_rows[i].last; msr++) {
			KUNIT_ASSERT_LT(test, mtrr_slot(msr), 27u);
			__set_bit(mtrr_slot(msr), seen);
			n++;
		}
	}
	KUNIT_EXPECT_EQ(test, 27u, n);
	KUNIT_EXPECT_TRUE(test, bitmap_full(seen, 27));
}

static void efer_next_checks_the_rules(struct kunit *test)
{
	static const struct {
		u64 old;
		u64 value;
		bool paging;
		int result;
		u64 next;
	} cases[] = {
		{ 0, EFER_LME | EFER_NX, false, 0, EFER_LME | EFER_NX },
		{ 0, EFER_SCE, true, 0, EFER_SCE },
		{ 0, EFER_LME, true, -EINVAL, 0 },
		{ EFER_LME | EFER_LMA, EFER_LMA, true, -EINVAL, 0 },
		{ EFER_LME | EFER_LMA, EFER_LME, true, 0,
		  EFER_LME | EFER_LMA },
		{ EFER_LME, EFER_LME | EFER_LMA, false, 0, EFER_LME },
		{ 0, EFER_SVME, false, -EINVAL, 0 },
		{ 0, EFER_FFXSR, false, -EINVAL, 0 },
		{ 0, BIT_ULL(1), false, -EINVAL, 0 },
		{ 0, 1ull << 63, false, -EINVAL, 0 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		u64 next = 0;

		KUNIT_EXPECT_EQ_MSG(test, cases[i].result,
				    efer_next(cases[i].old, cases[i].value,
					      cpuid_efer_allowed(),
					      cases[i].paging, &next),
				    "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, cases[i].next, next, "case %u", i);
	}
}

static void write_tsc_moves_the_offset(struct kunit *test)
{
	struct vcpu *vcpu = msr_vcpu(test);
	u64 value;

	vcpu->domain->xen.clock.tsc_base = 12345;
	fake_regs[VREG_TSC_OFFSET] = -12345ull;
	KUNIT_EXPECT_EQ(test, 0, write_msr(test, vcpu, 0x10, 1ull << 60));
	KUNIT_EXPECT_EQ(test, 0, read_msr(test, vcpu, 0x10, &value));
	KUNIT_EXPECT_GE(test, value, 1ull << 60);
	KUNIT_EXPECT_LT(test, value, (1ull << 60) + (1ull << 40));
	/* And the guest's time does not move along. */
	KUNIT_EXPECT_EQ(test, fake_regs[VREG_TSC_OFFSET],
			vcpu->tsc_adjust - vcpu->domain->xen.clock.tsc_base);
	KUNIT_EXPECT_EQ(test, 1u, fake_time_updates);
}

static int msr_suite_init(struct kunit_suite *suite)
{
	fake_features = true;
	msr_init();
	return 0;
}

static struct kunit_case msr_cases[] = {
	KUNIT_CASE(msr_rows_are_sorted),
	KUNIT_CASE(msr_index_finds_each_row),
	KUNIT_CASE(msr_index_follows_the_maker),
	KUNIT_CASE(emul_rdmsr_gives_known_answers),
	KUNIT_CASE(emul_rdmsr_unknown_is_gp),
	KUNIT_CASE(emul_wrmsr_checks_values),
	KUNIT_CASE(emul_wrmsr_may_have_to_sleep),
	KUNIT_CASE(mtrr_slot_is_one_to_one),
	KUNIT_CASE(efer_next_checks_the_rules),
	KUNIT_CASE(write_tsc_moves_the_offset),
	{}
};

static struct kunit_suite msr_suite = {
	.name = "lodge_msr",
	.suite_init = msr_suite_init,
	.test_cases = msr_cases,
};

kunit_test_suite(msr_suite);

MODULE_LICENSE("GPL");
