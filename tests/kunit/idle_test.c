// SPDX-License-Identifier: GPL-2.0-only
/*
 * HLT, and who counts as up: which halt waits for an event and which is the
 * end of a vCPU or of its domain.
 */
#include <linux/module.h>

#include "fake_vcpu.h"

#include "../../kmod/emul/idle.c"

static unsigned int fake_shutdowns;

enum vmexit_action domain_shutdown(struct domain *d, unsigned int reason,
				   const char *fmt, ...)
{
	if (reason == LODGE_SHUTDOWN_POWEROFF)
		fake_shutdowns++;
	return VMEXIT_STOPPED;
}

static const struct vmexit hlt = { .kind = VMEXIT_HLT, .insn_len = 1 };

/* Of @nr vCPUs all run, as after VCPUOP_up or STARTUP. */
static struct vcpu *running(struct kunit *test, unsigned int nr)
{
	struct vcpu *first = fake_domain(test, nr);
	unsigned int i;

	for (i = 0; i < nr; i++) {
		first->domain->vcpus[i]->online = true;
		lapic_mark_started(&first->domain->vcpus[i]->lapic);
	}
	first->domain->xen.shutdown_code = XEN_NO_SHUTDOWN_CODE;
	fake_shutdowns = 0;
	return first;
}

static void emul_hlt_waits_with_interrupts_on(struct kunit *test)
{
	struct vcpu *vcpu = running(test, 1);

	fake_regs[VREG_RFLAGS] = X86_EFLAGS_IF;
	KUNIT_EXPECT_EQ(test, VMEXIT_BLOCK, emul_hlt(vcpu, &hlt));
	fake_regs[VREG_RFLAGS] = 0;
	vcpu->nmi_pending = true;
	KUNIT_EXPECT_EQ(test, VMEXIT_BLOCK, emul_hlt(vcpu, &hlt));
	KUNIT_EXPECT_TRUE(test, vcpu->online);
	KUNIT_EXPECT_EQ(test, 0ul, vcpu->requests);
}

/* It waits for no event: up again, it goes on without one. */
static void emul_hlt_goes_down_without(struct kunit *test)
{
	struct vcpu *vcpu = running(test, 2);

	KUNIT_EXPECT_EQ(test, VMEXIT_SKIP_INSN, emul_hlt(vcpu, &hlt));
	KUNIT_EXPECT_FALSE(test, vcpu->online);
	KUNIT_EXPECT_TRUE(test, test_bit(VCPU_REQ_STOP, &vcpu->requests));
	KUNIT_EXPECT_EQ(test, 0u, fake_shutdowns);
}

static void emul_hlt_of_the_last_ends_the_domain(struct kunit *test)
{
	struct vcpu *vcpu = running(test, 2);

	emul_hlt(vcpu->domain->vcpus[1], &hlt);
	KUNIT_EXPECT_EQ(test, VMEXIT_STOPPED, emul_hlt(vcpu, &hlt));
	KUNIT_EXPECT_EQ(test, 1u, fake_shutdowns);
}

/* The targets have not noticed the INIT when its sender halts. */
static void emul_hlt_after_init_ends_the_domain(struct kunit *test)
{
	struct vcpu *vcpu = running(test, 3);

	atomic_set(&vcpu->domain->vcpus[1]->lapic.start, LAPIC_WAIT);
	atomic_set(&vcpu->domain->vcpus[2]->lapic.start, LAPIC_WAIT);
	KUNIT_EXPECT_EQ(test, VMEXIT_STOPPED, emul_hlt(vcpu, &hlt));
	KUNIT_EXPECT_EQ(test, 1u, fake_shutdowns);
}

static void emul_hlt_after_startup_does_not(struct kunit *test)
{
	struct vcpu *vcpu = running(test, 2);
	struct vcpu *other = vcpu->domain->vcpus[1];

	other->online = false;
	atomic_set(&other->lapic.start, LAPIC_START | 0x99);
	KUNIT_EXPECT_EQ(test, VMEXIT_SKIP_INSN, emul_hlt(vcpu, &hlt));
	KUNIT_EXPECT_EQ(test, 0u, fake_shutdowns);
}

/* INIT to oneself, with nobody there to send the STARTUP. */
static void vcpu_go_down_of_the_last_ends_the_domain(struct kunit *test)
{
	struct vcpu *vcpu = running(test, 2);

	KUNIT_EXPECT_FALSE(test, vcpu_go_down(vcpu, "is down"));
	atomic_set(&vcpu->domain->vcpus[1]->lapic.start, LAPIC_WAIT);
	KUNIT_EXPECT_TRUE(test, vcpu_go_down(vcpu->domain->vcpus[1],
					     "is down"));
	KUNIT_EXPECT_EQ(test, 1u, fake_shutdowns);
}

static struct kunit_case idle_cases[] = {
	KUNIT_CASE(emul_hlt_waits_with_interrupts_on),
	KUNIT_CASE(emul_hlt_goes_down_without),
	KUNIT_CASE(emul_hlt_of_the_last_ends_the_domain),
	KUNIT_CASE(emul_hlt_after_init_ends_the_domain),
	KUNIT_CASE(emul_hlt_after_startup_does_not),
	KUNIT_CASE(vcpu_go_down_of_the_last_ends_the_domain),
	{}
};

static struct kunit_suite idle_suite = {
	.name = "lodge_idle",
	.test_cases = idle_cases,
};

kunit_test_suite(idle_suite);

MODULE_LICENSE("GPL");
