// SPDX-License-Identifier: GPL-2.0-only
/*
 * The local APIC: which vector comes first and which has to wait, what IPIs
 * reach whom, the INIT/STARTUP protocol, and the register rules of the two
 * modes.  The timer is in a file of its own and does nothing here.
 */
#include <linux/module.h>

#include "fake_vcpu.h"

#include "../../kmod/emul/lapic.c"

static unsigned int fake_resets;

void lapic_timer_init(struct vcpu *vcpu) {}
void lapic_timer_stop(struct vcpu *vcpu) {}
void lapic_timer_write_initial(struct vcpu *vcpu, u32 count) {}
void lapic_timer_write_divide(struct vcpu *vcpu, u32 value) {}
void lapic_timer_mode_changed(struct vcpu *vcpu) {}

static unsigned int fake_timer_resumes;

void lapic_timer_resume(struct vcpu *vcpu)
{
	fake_timer_resumes++;
}

u32 lapic_timer_current(const struct vcpu *vcpu)
{
	return 42;
}

void vcpu_reset(struct vcpu *vcpu)
{
	fake_resets++;
}

bool vcpu_go_down(struct vcpu *vcpu, const char *how)
{
	vcpu->online = false;
	return false;
}

void vcpu_go_up(struct vcpu *vcpu)
{
	vcpu->online = true;
}

/* @nr vCPUs with their APICs switched on by software. */
static struct vcpu *lapics(struct kunit *test, unsigned int nr)
{
	struct vcpu *first = fake_domain(test, nr);
	unsigned int i;

	for (i = 0; i < nr; i++) {
		lapic_init(first->domain->vcpus[i]);
		KUNIT_ASSERT_EQ(test, 0,
				lapic_msr_write(first->domain->vcpus[i], 0x80f,
						0x1ff));
	}
	fake_kicks = 0;
	fake_resets = 0;
	return first;
}

static u64 msr(struct kunit *test, struct vcpu *vcpu, u32 number)
{
	u64 value = ~0ull;

	KUNIT_EXPECT_EQ_MSG(test, 0, lapic_msr_read(vcpu, number, &value),
			    "msr %#x", number);
	return value;
}

static void lapic_init_starts_as_the_domain_says(struct kunit *test)
{
	struct vcpu *vcpu = fake_domain(test, 2)->domain->vcpus[1];

	vcpu->domain->xapic = true;
	lapic_init(vcpu);
	KUNIT_EXPECT_EQ(test, 0xfee00800ull, vcpu->lapic.base);
	KUNIT_EXPECT_TRUE(test, lapic_has_mmio(vcpu));
	KUNIT_EXPECT_EQ(test, 2u << 24, lapic_mmio_read(vcpu, 0x20));
	lapic_init(vcpu->domain->vcpus[0]);
	KUNIT_EXPECT_EQ(test, 0xfee00900ull,
			vcpu->domain->vcpus[0]->lapic.base);
}

static void lapic_init_is_reset_state(struct kunit *test)
{
	struct vcpu *vcpu = fake_domain(test, 2)->domain->vcpus[1];

	lapic_init(vcpu);
	KUNIT_EXPECT_EQ(test, 0xfee00c00ull, vcpu->lapic.base);
	lapic_init(vcpu->domain->vcpus[0]);
	KUNIT_EXPECT_EQ(test, 0xfee00d00ull,
			vcpu->domain->vcpus[0]->lapic.base);
	KUNIT_EXPECT_EQ(test, 2ull, msr(test, vcpu, 0x802));
	KUNIT_EXPECT_EQ(test, 0x50014ull, msr(test, vcpu, 0x803));
	KUNIT_EXPECT_EQ(test, 0xffull, msr(test, vcpu, 0x80f));
	KUNIT_EXPECT_EQ(test, 4ull, msr(test, vcpu, 0x80d));
	KUNIT_EXPECT_EQ(test, 0x10000ull, msr(test, vcpu, 0x835));
	KUNIT_EXPECT_EQ(test, 42ull, msr(test, vcpu, 0x839));
	KUNIT_EXPECT_EQ(test, LAPIC_WAIT, atomic_read(&vcpu->lapic.start));
}

static void lapic_pending_vector_follows_priority(struct kunit *test)
{
	struct vcpu *vcpu = lapics(test, 1);

	KUNIT_EXPECT_EQ(test, -1, lapic_pending_vector(vcpu));
	lapic_raise(vcpu, 0x31);
	lapic_raise(vcpu, 0x93);
	lapic_raise(vcpu, 0x35);
	KUNIT_EXPECT_EQ(test, 3u, fake_kicks);
	KUNIT_EXPECT_EQ(test, 0x93, lapic_pending_vector(vcpu));
	fake_timer_resumes = 0;
	vcpu->lapic.timer_stalled = true;
	lapic_accept_vector(vcpu, 0x93);
	KUNIT_EXPECT_EQ(test, 1u, fake_timer_resumes);
	vcpu->lapic.timer_stalled = false;
	KUNIT_EXPECT_EQ(test, BIT_ULL(0x13), msr(test, vcpu, 0x814));
	KUNIT_EXPECT_EQ(test, BIT_ULL(0x11) | BIT_ULL(0x15),
			msr(test, vcpu, 0x821));
	KUNIT_EXPECT_EQ(test, 0x90ull, msr(test, vcpu, 0x80a));

	/* In service: the same class waits, a higher one does not. */
	KUNIT_EXPECT_EQ(test, -1, lapic_pending_vector(vcpu));
	lapic_raise(vcpu, 0x9f);
	KUNIT_EXPECT_EQ(test, -1, lapic_pending_vector(vcpu));
	lapic_raise(vcpu, 0xa0);
	KUNIT_EXPECT_EQ(test, 0xa0, lapic_pending_vector(vcpu));
	lapic_accept_vector(vcpu, 0xa0);

	KUNIT_EXPECT_EQ(test, 0, lapic_msr_write(vcpu, 0x80b, 0));
	KUNIT_EXPECT_EQ(test, 0x90ull, msr(test, vcpu, 0x80a));
	KUNIT_EXPECT_EQ(test, 0, lapic_msr_write(vcpu, 0x80b, 0));
	KUNIT_EXPECT_EQ(test, 0x9f, lapic_pending_vector(vcpu));
	lapic_accept_vector(vcpu, 0x9f);
	lapic_msr_write(vcpu, 0x80b, 0);
	KUNIT_EXPECT_EQ(test, 0x35, lapic_pending_vector(vcpu));
	lapic_accept_vector(vcpu, 0x35);
	lapic_msr_write(vcpu, 0x80b, 0);
	lapic_accept_vector(vcpu, 0x31);
	KUNIT_EXPECT_FALSE(test, vcpu->lapic.has_irr);
	lapic_msr_write(vcpu, 0x80b, 0);
	/* One too many does nothing. */
	KUNIT_EXPECT_EQ(test, 0, lapic_msr_write(vcpu, 0x80b, 0));
}

static void lapic_tpr_holds_vectors_back(struct kunit *test)
{
	struct vcpu *vcpu = lapics(test, 1);

	lapic_write_cr8(vcpu, 4);
	KUNIT_EXPECT_EQ(test, 0x40ull, msr(test, vcpu, 0x808));
	lapic_raise(vcpu, 0x4f);
	KUNIT_EXPECT_EQ(test, -1, lapic_pending_vector(vcpu));
	vcpu->requests = 0;
	KUNIT_EXPECT_EQ(test, 0, lapic_msr_write(vcpu, 0x808, 0x3f));
	KUNIT_EXPECT_TRUE(test, test_bit(VCPU_REQ_EVENT, &vcpu->requests));
	KUNIT_EXPECT_EQ(test, 0x4f, lapic_pending_vector(vcpu));
	KUNIT_EXPECT_EQ(test, 3ull, lapic_read_cr8(vcpu));
	KUNIT_EXPECT_EQ(test, -EINVAL, lapic_msr_write(vcpu, 0x808, 0x100));
}

static void lapic_raise_is_dropped_while_disabled(struct kunit *test)
{
	struct vcpu *vcpu = lapics(test, 1);

	lapic_msr_write(vcpu, 0x835, 0x20);
	lapic_msr_write(vcpu, 0x80f, 0xff);
	lapic_raise(vcpu, 0x50);
	KUNIT_EXPECT_FALSE(test, vcpu->lapic.has_irr);
	/* Disabling masks, and the mask cannot be taken off. */
	KUNIT_EXPECT_EQ(test, 0x10020ull, msr(test, vcpu, 0x835));
	lapic_msr_write(vcpu, 0x835, 0x20);
	KUNIT_EXPECT_EQ(test, 0x10020ull, msr(test, vcpu, 0x835));
}

static const struct {
	const char *text;
	u64 icr;
	u32 targets;	/* of four vCPUs, sent by the first */
} icr_cases[] = {
	{ "physical", 2ull << 32 | 0x60, 0x2 },
	{ "physical, last", 6ull << 32 | 0x60, 0x8 },
	{ "physical, self", 0x60, 0x1 },
	{ "physical, odd", 3ull << 32 | 0x60, 0x0 },
	{ "physical, nobody", 8ull << 32 | 0x60, 0x0 },
	{ "broadcast", 0xffffffffull << 32 | 0x60, 0xf },
	{ "not a broadcast", 0xffull << 32 | 0x60, 0x0 },
	{ "logical", 0x5ull << 32 | 0x860, 0x3 },
	{ "logical, wrong cluster", 0x10005ull << 32 | 0x860, 0x0 },
	{ "logical broadcast", 0xffffffffull << 32 | 0x860, 0xf },
	{ "self", 0x40060, 0x1 },
	{ "self ignores dest", 2ull << 32 | 0x40060, 0x1 },
	{ "all", 0x80060, 0xf },
	{ "all but self", 0xc0060, 0xe },
	{ "lowest priority", 0x55ull << 32 | 0x960, 0x1 },
	{ "reserved mode", 2ull << 32 | 0x360, 0x0 },
	{ "smi", 2ull << 32 | 0x260, 0x0 },
};

static void lapic_icr_reaches_whom_it_names(struct kunit *test)
{
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(icr_cases); i++) {
		struct vcpu *vcpu = lapics(test, 4);
		u32 targets = 0;

		KUNIT_EXPECT_EQ(test, 0,
				lapic_msr_write(vcpu, 0x830,
						icr_cases[i].icr));
		for (j = 0; j < 4; j++)
			if (lapic_pending_vector(vcpu->domain->vcpus[j]) ==
			    0x60)
				targets |= BIT(j);
		KUNIT_EXPECT_EQ_MSG(test, icr_cases[i].targets, targets, "%s",
				    icr_cases[i].text);
		KUNIT_EXPECT_EQ(test, icr_cases[i].icr, msr(test, vcpu, 0x830));
	}
}

static void lapic_icr_lowest_priority_skips_disabled(struct kunit *test)
{
	struct vcpu *vcpu = lapics(test, 3);
	struct vcpu **v = vcpu->domain->vcpus;

	lapic_msr_write(v[0], 0x80f, 0xff);
	lapic_msr_write(v[0], 0x830, 0x55ull << 32 | 0x960);
	KUNIT_EXPECT_EQ(test, 0x60, lapic_pending_vector(v[1]));
	KUNIT_EXPECT_EQ(test, -1, lapic_pending_vector(v[2]));
}

static void lapic_icr_sets_errors_for_low_vectors(struct kunit *test)
{
	struct vcpu *vcpu = lapics(test, 2);
	struct vcpu *other = vcpu->domain->vcpus[1];

	lapic_msr_write(vcpu, 0x837, 0x44);
	lapic_msr_write(vcpu, 0x830, 2ull << 32 | 0xf);
	KUNIT_EXPECT_EQ(test, -1, lapic_pending_vector(other));
	KUNIT_EXPECT_EQ(test, 0x44, lapic_pending_vector(vcpu));
	KUNIT_EXPECT_EQ(test, 0ull, msr(test, vcpu, 0x828));
	lapic_msr_write(vcpu, 0x828, 0);
	KUNIT_EXPECT_EQ(test, 0x20ull, msr(test, vcpu, 0x828));
	lapic_msr_write(other, 0x828, 0);
	KUNIT_EXPECT_EQ(test, 0x40ull, msr(test, other, 0x828));
	lapic_msr_write(other, 0x828, 0);
	KUNIT_EXPECT_EQ(test, 0ull, msr(test, other, 0x828));
}

static void lapic_nmi_needs_a_started_target(struct kunit *test)
{
	struct vcpu *vcpu = lapics(test, 2);
	struct vcpu *other = vcpu->domain->vcpus[1];

	lapic_msr_write(vcpu, 0x830, 2ull << 32 | 0x400);
	KUNIT_EXPECT_FALSE(test, other->nmi_pending);
	lapic_mark_started(&other->lapic);
	lapic_msr_write(vcpu, 0x830, 2ull << 32 | 0x400);
	KUNIT_EXPECT_TRUE(test, other->nmi_pending);
	KUNIT_EXPECT_TRUE(test, test_bit(VCPU_REQ_EVENT, &other->requests));
}

static void lapic_startup_follows_init(struct kunit *test)
{
	struct vcpu *vcpu = lapics(test, 2);
	struct vcpu *other = vcpu->domain->vcpus[1];

	lapic_msr_write(vcpu, 0x830, 2ull << 32 | 0xc500);
	lapic_handle_start(other);
	KUNIT_EXPECT_FALSE(test, other->online);
	/* De-assert is no INIT. */
	lapic_msr_write(vcpu, 0x830, 2ull << 32 | 0x8500);
	lapic_msr_write(vcpu, 0x830, 2ull << 32 | 0x699);
	KUNIT_EXPECT_TRUE(test, lapic_start_pending(&other->lapic));
	/* The second one is ignored, with whatever vector. */
	lapic_msr_write(vcpu, 0x830, 2ull << 32 | 0x612);
	lapic_handle_start(other);
	KUNIT_EXPECT_TRUE(test, other->online);
	KUNIT_EXPECT_EQ(test, 1u, fake_resets);
	KUNIT_EXPECT_EQ(test, 0x9900, (int)fake_segs[VSEG_CS].selector);
	KUNIT_EXPECT_EQ(test, 0x99000ull, fake_segs[VSEG_CS].base);
	KUNIT_EXPECT_EQ(test, 0xfee00c00ull, other->lapic.base);

	/* To one that runs, STARTUP is nothing; INIT takes it down again. */
	lapic_msr_write(vcpu, 0x830, 2ull << 32 | 0x612);
	lapic_handle_start(other);
	KUNIT_EXPECT_EQ(test, 1u, fake_resets);
	lapic_msr_write(vcpu, 0x830, 2ull << 32 | 0xc500);
	lapic_handle_start(other);
	KUNIT_EXPECT_FALSE(test, other->online);
}

static void lapic_init_after_startup_wins(struct kunit *test)
{
	struct vcpu *vcpu = lapics(test, 2);
	struct vcpu *other = vcpu->domain->vcpus[1];

	lapic_deliver_startup(other, 0x99);
	lapic_deliver_init(other);
	lapic_handle_start(other);
	KUNIT_EXPECT_FALSE(test, other->online);
	KUNIT_EXPECT_EQ(test, 0u, fake_resets);
}

static void lapic_msr_rules_make_gp(struct kunit *test)
{
	static const struct {
		u32 msr;
		u64 value;
		int write;	/* 1: no such access */
		int read;
	} cases[] = {
		{ 0x802, 1, -EINVAL, 0 },
		{ 0x803, 1, -EINVAL, 0 },
		{ 0x80a, 0, -EINVAL, 0 },
		{ 0x80b, 1, -EINVAL, -EINVAL },
		{ 0x80d, 0, -EINVAL, 0 },
		{ 0x80e, 0, -EINVAL, -EINVAL },
		{ 0x810, 0, -EINVAL, 0 },
		{ 0x818, 0, -EINVAL, 0 },
		{ 0x827, 0, -EINVAL, 0 },
		{ 0x828, 1, -EINVAL, 0 },
		{ 0x82f, 0x10000, 0, 0 },
		{ 0x830, BIT(13), -EINVAL, 0 },
		{ 0x830, BIT(20), -EINVAL, 0 },
		{ 0x831, 0, -EINVAL, -EINVAL },
		{ 0x832, 1ull << 32, -EINVAL, 0 },
		{ 0x838, 1ull << 32, -EINVAL, 0 },
		{ 0x839, 0, -EINVAL, 0 },
		{ 0x83e, 0xb, 0, 0 },
		{ 0x83f, 0x100, -EINVAL, -EINVAL },
		{ 0x83f, 0xf6, 0, -EINVAL },
		{ 0x800, 0, -EINVAL, -EINVAL },
		{ 0x804, 0, -EINVAL, -EINVAL },
		{ 0x83a, 0, -EINVAL, -EINVAL },
	};
	struct vcpu *vcpu = lapics(test, 1);
	unsigned int i;
	u64 value;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		KUNIT_EXPECT_EQ_MSG(test, cases[i].write,
				    lapic_msr_write(vcpu, cases[i].msr,
						    cases[i].value),
				    "write %#x", cases[i].msr);
		KUNIT_EXPECT_EQ_MSG(test, cases[i].read,
				    lapic_msr_read(vcpu, cases[i].msr, &value),
				    "read %#x", cases[i].msr);
	}
	KUNIT_EXPECT_EQ(test, 0xf6, lapic_pending_vector(vcpu));
}

static void lapic_base_write_checks_transitions(struct kunit *test)
{
	enum { OFF = 0xfee00000, X1 = 0xfee00800, X2 = 0xfee00c00 };
	static const struct {
		u64 from;
		u64 to;
		bool ok;
	} cases[] = {
		{ OFF, X1, true }, { X1, OFF, true }, { X1, X2, true },
		{ X2, OFF, true }, { X2, X2, true }, { OFF, OFF, true },
		{ X2, X1, false }, { OFF, X2, false },
		{ X1, 0xfee00400, false }, { X1, 0xfed00800, false },
		{ X1, 0x1fee00800ull, false }, { X1, 0xfee00801, false },
		{ X2, 0xfee00e00, false }, { X2, 0xfee00d00, true },
	};
	struct vcpu *vcpu = lapics(test, 1);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		vcpu->lapic.base = cases[i].from;
		KUNIT_EXPECT_EQ_MSG(test, cases[i].ok ? 0 : -EINVAL,
				    lapic_base_write(vcpu, cases[i].to),
				    "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, cases[i].ok ?
				    cases[i].to & ~0x100ull : cases[i].from,
				    vcpu->lapic.base, "case %u", i);
	}
}

static void lapic_mmio_works_in_xapic_mode(struct kunit *test)
{
	struct vcpu *vcpu = lapics(test, 3);
	struct vcpu *other = vcpu->domain->vcpus[2];
	u64 value;

	KUNIT_EXPECT_FALSE(test, lapic_has_mmio(vcpu));
	KUNIT_ASSERT_EQ(test, 0, lapic_base_write(vcpu, 0xfee00100));
	KUNIT_EXPECT_FALSE(test, lapic_has_mmio(vcpu));
	KUNIT_ASSERT_EQ(test, 0, lapic_base_write(vcpu, 0xfee00900));
	KUNIT_EXPECT_TRUE(test, lapic_has_mmio(vcpu));
	KUNIT_EXPECT_EQ(test, -EINVAL, lapic_msr_read(vcpu, 0x802, &value));
	KUNIT_EXPECT_EQ(test, 0u, lapic_mmio_read(vcpu, 0x20));
	lapic_mmio_write(vcpu, 0xf0, 0x1ff);
	lapic_mmio_write(vcpu, 0xd0, 0x01ffffff);
	KUNIT_EXPECT_EQ(test, 0x01000000u, lapic_mmio_read(vcpu, 0xd0));
	KUNIT_EXPECT_EQ(test, 0xffffffffu, lapic_mmio_read(vcpu, 0xe0));

	lapic_mmio_write(vcpu, 0x310, 4u << 24);
	lapic_mmio_write(vcpu, 0x300, 0x61);
	KUNIT_EXPECT_EQ(test, 0x61, lapic_pending_vector(other));
	KUNIT_EXPECT_EQ(test, 0x61u, lapic_mmio_read(vcpu, 0x300));
	KUNIT_EXPECT_EQ(test, 4u << 24, lapic_mmio_read(vcpu, 0x310));
	/* Logical, flat: to ourselves. */
	lapic_mmio_write(vcpu, 0x310, 1u << 24);
	lapic_mmio_write(vcpu, 0x300, 0x862);
	KUNIT_EXPECT_EQ(test, 0x62, lapic_pending_vector(vcpu));
	KUNIT_EXPECT_EQ(test, 0x61, lapic_pending_vector(other));

	lapic_mmio_write(vcpu, 0x40, 0);
	lapic_mmio_write(vcpu, 0x280, 0);
	KUNIT_EXPECT_EQ(test, 0x80u, lapic_mmio_read(vcpu, 0x280));
}

static struct kunit_case lapic_cases[] = {
	KUNIT_CASE(lapic_init_is_reset_state),
	KUNIT_CASE(lapic_init_starts_as_the_domain_says),
	KUNIT_CASE(lapic_pending_vector_follows_priority),
	KUNIT_CASE(lapic_tpr_holds_vectors_back),
	KUNIT_CASE(lapic_raise_is_dropped_while_disabled),
	KUNIT_CASE(lapic_icr_reaches_whom_it_names),
	KUNIT_CASE(lapic_icr_lowest_priority_skips_disabled),
	KUNIT_CASE(lapic_icr_sets_errors_for_low_vectors),
	KUNIT_CASE(lapic_nmi_needs_a_started_target),
	KUNIT_CASE(lapic_startup_follows_init),
	KUNIT_CASE(lapic_init_after_startup_wins),
	KUNIT_CASE(lapic_msr_rules_make_gp),
	KUNIT_CASE(lapic_base_write_checks_transitions),
	KUNIT_CASE(lapic_mmio_works_in_xapic_mode),
	{}
};

static struct kunit_suite lapic_suite = {
	.name = "lodge_lapic",
	.test_cases = lapic_cases,
};

kunit_test_suite(lapic_suite);

MODULE_LICENSE("GPL");
