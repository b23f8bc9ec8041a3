// SPDX-License-Identifier: GPL-2.0-only
/*
 * How long a guest goes on after it woke a back end: only then, only once for
 * each event, and until a timer of this CPU fires that is not put off.
 */
#include <linux/delay.h>
#include <linux/module.h>

#include "fake_vcpu.h"

static unsigned int resolution;

#undef hrtimer_resolution
#define hrtimer_resolution resolution
#include "../../kmod/vcpu_linger.c"

static int vcpu_linger_test_init(struct kunit *test)
{
	resolution = 1;
	vcpu_linger_init(fake_domain(test, 1));
	linger_us = 1000;
	return 0;
}

static void vcpu_linger_test_exit(struct kunit *test)
{
	vcpu_linger_destroy(test->priv);
}

/* As the slice does: interrupts off from the event on. */
static bool linger(struct vcpu *vcpu, bool woke_backend)
{
	bool ret;

	local_irq_disable();
	vcpu->woke_backend = woke_backend;
	ret = vcpu_linger(vcpu);
	local_irq_enable();
	return ret;
}

static void lingers_for_a_back_end_only(struct kunit *test)
{
	struct vcpu *vcpu = test->priv;

	KUNIT_EXPECT_FALSE(test, linger(vcpu, false));
	KUNIT_EXPECT_FALSE(test, hrtimer_active(&vcpu->linger));
	KUNIT_EXPECT_TRUE(test, linger(vcpu, true));
	KUNIT_EXPECT_FALSE(test, vcpu->woke_backend);
}

static void lingers_not_when_switched_off(struct kunit *test)
{
	struct vcpu *vcpu = test->priv;

	linger_us = 0;
	KUNIT_EXPECT_FALSE(test, linger(vcpu, true));
	KUNIT_EXPECT_FALSE(test, hrtimer_active(&vcpu->linger));
}

/* On a host without high resolution timers. */
static void lingers_not_with_coarse_timers(struct kunit *test)
{
	struct vcpu *vcpu = test->priv;

	resolution = NSEC_PER_SEC / 250;
	KUNIT_EXPECT_FALSE(test, linger(vcpu, true));
	KUNIT_EXPECT_FALSE(test, hrtimer_active(&vcpu->linger));
}

static void timer_ends_it(struct kunit *test)
{
	struct vcpu *vcpu = test->priv;
	ktime_t start = ktime_get(), end;

	/* Much too long a time is cut. */
	linger_us = UINT_MAX;
	migrate_disable();
	KUNIT_EXPECT_TRUE(test, linger(vcpu, true));
	end = hrtimer_get_expires(&vcpu->linger);
	KUNIT_EXPECT_LE(test, ktime_us_delta(end, ktime_get()), 1000);
	KUNIT_EXPECT_GE(test, ktime_us_delta(end, start), 1000);
	while (hrtimer_active(&vcpu->linger) &&
	       ktime_ms_delta(ktime_get(), start) < 5000)
		cpu_relax();
	migrate_enable();
	KUNIT_EXPECT_FALSE(test, hrtimer_active(&vcpu->linger));
}

static void timer_is_not_put_off(struct kunit *test)
{
	struct vcpu *vcpu = test->priv;
	ktime_t first, second, third;
	bool same, other;

	local_irq_disable();
	vcpu->woke_backend = true;
	vcpu_linger(vcpu);
	first = hrtimer_get_expires(&vcpu->linger);
	udelay(5);
	vcpu->woke_backend = true;
	same = vcpu_linger(vcpu);
	second = hrtimer_get_expires(&vcpu->linger);
	/* The thread has come from another CPU, whose timer is no use here. */
	vcpu->linger_cpu = -1;
	vcpu->woke_backend = true;
	other = vcpu_linger(vcpu);
	third = hrtimer_get_expires(&vcpu->linger);
	local_irq_enable();

	KUNIT_EXPECT_TRUE(test, same);
	KUNIT_EXPECT_EQ(test, first, second);
	KUNIT_EXPECT_TRUE(test, other);
	KUNIT_EXPECT_GT(test, third, second);
}

static struct kunit_case vcpu_linger_cases[] = {
	KUNIT_CASE(lingers_for_a_back_end_only),
	KUNIT_CASE(lingers_not_when_switched_off),
	KUNIT_CASE(lingers_not_with_coarse_timers),
	KUNIT_CASE(timer_ends_it),
	KUNIT_CASE(timer_is_not_put_off),
	{}
};

static struct kunit_suite vcpu_linger_suite = {
	.name = "lodge_vcpu_linger",
	.init = vcpu_linger_test_init,
	.exit = vcpu_linger_test_exit,
	.test_cases = vcpu_linger_cases,
};

kunit_test_suite(vcpu_linger_suite);

MODULE_LICENSE("GPL");
