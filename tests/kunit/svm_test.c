// SPDX-License-Identifier: GPL-2.0-only
/*
 * What of SVM needs no hardware: address-space identifiers, and which events
 * and windows go into a VMCB.
 */
#include <kunit/test.h>
#include <linux/module.h>

#include "../../kmod/svm/svm_inject.c"

struct svm_caps svm_caps = { .next_rip = true };

/* No two that are valid at once are the same, and each wrap flushes. */
static void asid_take_never_repeats_in_a_generation(struct kunit *test)
{
	struct asid_space s = {};
	struct asid a[3];
	unsigned int i;

	asid_space_reset(&s, 3);
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ(test, i != 1, asid_take(&s, &a[i]));
	KUNIT_EXPECT_EQ(test, 1u, a[0].id);
	KUNIT_EXPECT_EQ(test, 2u, a[1].id);
	KUNIT_EXPECT_EQ(test, 1u, a[2].id);
	KUNIT_EXPECT_FALSE(test, asid_is_valid(&s, &a[0]));
	KUNIT_EXPECT_FALSE(test, asid_is_valid(&s, &a[1]));
	KUNIT_EXPECT_TRUE(test, asid_is_valid(&s, &a[2]));
}

static void asid_space_reset_takes_all_back(struct kunit *test)
{
	struct asid_space s = {};
	struct asid a = {}, b = {};

	KUNIT_EXPECT_TRUE(test, (asid_space_reset(&s, 8), true));
	KUNIT_EXPECT_FALSE(test, asid_is_valid(&s, &a));
	asid_take(&s, &a);
	KUNIT_EXPECT_TRUE(test, asid_is_valid(&s, &a));
	asid_drop(&a);
	KUNIT_EXPECT_FALSE(test, asid_is_valid(&s, &a));
	asid_take(&s, &b);
	asid_space_reset(&s, 8);
	KUNIT_EXPECT_FALSE(test, asid_is_valid(&s, &b));
	KUNIT_EXPECT_TRUE(test, asid_take(&s, &b));
}

static struct svm_vcpu *make_vcpu(struct kunit *test)
{
	struct svm_vcpu *v = kunit_kzalloc(test, sizeof(*v), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, v);
	v->vmcb = kunit_kzalloc(test, sizeof(*v->vmcb), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, v->vmcb);
	v->vmcb->save.cr0 = X86_CR0_PE;
	v->vmcb->save.rflags = X86_EFLAGS_IF;
	return v;
}

/* What raises itself again is dropped; everything else comes back as it was. */
static void requeue_drops_soft_events(struct kunit *test)
{
	static const struct {
		u32 info, event;
	} cases[] = {
		{ 0x80000030, 0x80000030 },	/* interrupt */
		{ 0x80000202, 0x80000202 },	/* NMI */
		{ 0x80000b0e, 0x80000b0e },	/* #PF, error code */
		{ 0x80000306, 0x80000306 },	/* #UD */
		{ 0x80000303, 0 },		/* INT3 */
		{ 0x80000304, 0 },		/* INTO */
		{ 0x80000480, 0 },		/* INT 0x80 */
		{ 0x80000403, 0 },		/* INT 3 in two bytes */
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct svm_vcpu *v = make_vcpu(test);

		svm_requeue(v, cases[i].info, 0x17);
		KUNIT_EXPECT_EQ_MSG(test, cases[i].event,
				    v->vmcb->control.event_inj, "%x",
				    cases[i].info);
		KUNIT_EXPECT_EQ(test, !!cases[i].event, v->injecting);
	}
}

static void inject_encodes_events(struct kunit *test)
{
	static const struct vcpu_event gp = {
		.class = EVENT_EXCEPTION, .vector = X86_TRAP_GP,
		.has_error = true, .error = 0x50 };
	static const struct vcpu_event irq = {
		.class = EVENT_INTERRUPT, .vector = 0xf3 };
	struct svm_vcpu *v = make_vcpu(test);

	svm_inject(&v->vcpu, &irq);
	KUNIT_EXPECT_EQ(test, 0x800000f3u, v->vmcb->control.event_inj);
	svm_inject(&v->vcpu, &gp);
	KUNIT_EXPECT_EQ(test, 0x80000b0du, v->vmcb->control.event_inj);
	KUNIT_EXPECT_EQ(test, 0x50u, v->vmcb->control.event_inj_err);
	v->vmcb->save.cr0 = 0;
	svm_inject(&v->vcpu, &gp);
	KUNIT_EXPECT_EQ(test, 0x8000030du, v->vmcb->control.event_inj);
}

static bool intercepts(const struct svm_vcpu *v, unsigned int bit)
{
	return v->vmcb->control.intercepts[bit / 32] & BIT(bit % 32);
}

/* An NMI blocks the next one until RIP has left the IRET. */
static void nmi_is_blocked_until_iret_is_over(struct kunit *test)
{
	static const struct vcpu_event nmi = {
		.class = EVENT_NMI, .vector = X86_TRAP_NMI };
	struct svm_vcpu *v = make_vcpu(test);

	KUNIT_EXPECT_TRUE(test, svm_can_inject(&v->vcpu, EVENT_NMI));
	svm_inject(&v->vcpu, &nmi);
	v->injecting = false;
	KUNIT_EXPECT_FALSE(test, svm_can_inject(&v->vcpu, EVENT_NMI));
	KUNIT_EXPECT_TRUE(test, intercepts(v, INTERCEPT_IRET));
	v->vmcb->save.rip = 0x1000;
	svm_iret(v);
	KUNIT_EXPECT_FALSE(test, intercepts(v, INTERCEPT_IRET));
	KUNIT_EXPECT_FALSE(test, svm_can_inject(&v->vcpu, EVENT_NMI));
	svm_request_window(&v->vcpu, EVENT_NMI);
	KUNIT_EXPECT_TRUE(test, v->stepping);
	KUNIT_EXPECT_TRUE(test, v->vmcb->save.rflags & X86_EFLAGS_TF);
	/* An exit before the IRET was executed takes the step back. */
	svm_end_step(v);
	KUNIT_EXPECT_FALSE(test, v->vmcb->save.rflags & X86_EFLAGS_TF);
	KUNIT_EXPECT_FALSE(test, svm_can_inject(&v->vcpu, EVENT_NMI));
	/* It goes on where TF is the guest's own. */
	svm_request_window(&v->vcpu, EVENT_NMI);
	v->vmcb->save.rip = 0x2000;
	svm_end_step(v);
	KUNIT_EXPECT_TRUE(test, v->vmcb->save.rflags & X86_EFLAGS_TF);
	KUNIT_EXPECT_TRUE(test, svm_can_inject(&v->vcpu, EVENT_NMI));
}

static void interrupt_window_is_a_virtual_interrupt(struct kunit *test)
{
	struct svm_vcpu *v = make_vcpu(test);

	v->vmcb->control.int_state = SVM_INTERRUPT_SHADOW_MASK;
	KUNIT_EXPECT_FALSE(test, svm_can_inject(&v->vcpu, EVENT_INTERRUPT));
	svm_request_window(&v->vcpu, EVENT_INTERRUPT);
	KUNIT_EXPECT_TRUE(test, v->vmcb->control.int_ctl & V_IRQ_MASK);
	KUNIT_EXPECT_TRUE(test, intercepts(v, INTERCEPT_VINTR));
	svm_close_interrupt_window(v);
	KUNIT_EXPECT_EQ(test, 0u, v->vmcb->control.int_ctl);
	KUNIT_EXPECT_FALSE(test, intercepts(v, INTERCEPT_VINTR));
	/* IF is set behind STI, so the same window does for an NMI. */
	svm_request_window(&v->vcpu, EVENT_NMI);
	KUNIT_EXPECT_FALSE(test, v->stepping);
	KUNIT_EXPECT_TRUE(test, intercepts(v, INTERCEPT_VINTR));
}

static struct kunit_case svm_cases[] = {
	KUNIT_CASE(asid_take_never_repeats_in_a_generation),
	KUNIT_CASE(asid_space_reset_takes_all_back),
	KUNIT_CASE(requeue_drops_soft_events),
	KUNIT_CASE(inject_encodes_events),
	KUNIT_CASE(nmi_is_blocked_until_iret_is_over),
	KUNIT_CASE(interrupt_window_is_a_virtual_interrupt),
	{}
};

static struct kunit_suite svm_suite = {
	.name = "lodge_svm",
	.test_cases = svm_cases,
};

kunit_test_suite(svm_suite);

MODULE_LICENSE("GPL");
