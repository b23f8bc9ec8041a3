// SPDX-License-Identifier: GPL-2.0-only
/*
 * The local APIC's timer on the host's real one: divisors, one-shot and
 * periodic expiry, and that a guest cannot make it fire without end.
 */
#include <linux/delay.h>
#include <linux/module.h>

#include "fake_vcpu.h"

#include "../../kmod/emul/lapic_timer.c"

static atomic_t fake_raised;

void lapic_raise(struct vcpu *vcpu, u8 vector)
{
	if (vector == 0x40)
		atomic_inc(&fake_raised);
}

static struct vcpu *timer_vcpu(struct kunit *test, u32 lvt)
{
	struct vcpu *vcpu = fake_domain(test, 1);

	lapic_timer_init(vcpu);
	vcpu->lapic.lvt[LAPIC_LVT_TIMER] = lvt;
	lapic_timer_write_divide(vcpu, 0xb);
	atomic_set(&fake_raised, 0);
	return vcpu;
}

static void timer_divisor_decodes_three_bits(struct kunit *test)
{
	static const u8 code[] = { 0x0, 0x1, 0x2, 0x3, 0x8, 0x9, 0xa, 0xb };
	static const u32 divisor[] = { 2, 4, 8, 16, 32, 64, 128, 1 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(code); i++) {
		KUNIT_EXPECT_EQ(test, divisor[i], timer_divisor(code[i]));
		KUNIT_EXPECT_EQ(test, divisor[i], timer_divisor(code[i] | 4));
	}
}

static void timer_one_shot_fires_once(struct kunit *test)
{
	struct vcpu *vcpu = timer_vcpu(test, 0x40);

	lapic_timer_write_initial(vcpu, 1000000000);
	KUNIT_EXPECT_GT(test, lapic_timer_current(vcpu), 0u);
	KUNIT_EXPECT_LE(test, lapic_timer_current(vcpu), 1000000000u);
	lapic_timer_write_initial(vcpu, 1000);
	msleep(20);
	KUNIT_EXPECT_EQ(test, 1, atomic_read(&fake_raised));
	KUNIT_EXPECT_EQ(test, 0u, lapic_timer_current(vcpu));
	KUNIT_EXPECT_FALSE(test, hrtimer_active(&vcpu->lapic.timer));
}

static void timer_masked_does_not_fire(struct kunit *test)
{
	struct vcpu *vcpu = timer_vcpu(test, APIC_LVT_MASKED | 0x40);

	lapic_timer_write_initial(vcpu, 1000);
	msleep(20);
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&fake_raised));
	lapic_timer_stop(vcpu);
}

static void timer_periodic_is_bounded(struct kunit *test)
{
	struct vcpu *vcpu = timer_vcpu(test, APIC_LVT_TIMER_PERIODIC | 0x40);
	u64 start = ktime_get_ns(), most;

	/* One nanosecond asked for, a tenth of a millisecond given. */
	lapic_timer_write_initial(vcpu, 1);
	msleep(50);
	lapic_timer_stop(vcpu);
	most = (ktime_get_ns() - start) / 100000;
	KUNIT_EXPECT_GE(test, atomic_read(&fake_raised), 2);
	KUNIT_EXPECT_LE(test, (u64)atomic_read(&fake_raised), most);
	KUNIT_EXPECT_FALSE(test, hrtimer_active(&vcpu->lapic.timer));
	KUNIT_EXPECT_EQ(test, 0u, lapic_timer_current(vcpu));
}

/*
 * Whatever keeps the interrupt from going in, the timer must be off after two
 * periods at most, and tick again when that has gone.
 */
static void check_stalls(struct kunit *test, struct vcpu *vcpu)
{
	msleep(20);
	KUNIT_EXPECT_FALSE(test, hrtimer_active(&vcpu->lapic.timer));
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&fake_raised));
}

static void check_ticks(struct kunit *test, struct vcpu *vcpu)
{
	msleep(20);
	KUNIT_EXPECT_TRUE(test, hrtimer_active(&vcpu->lapic.timer));
	KUNIT_EXPECT_GE(test, atomic_read(&fake_raised), 2);
	atomic_set(&fake_raised, 0);
}

static void timer_periodic_stalls_until_it_is_taken(struct kunit *test)
{
	struct vcpu *vcpu = timer_vcpu(test, APIC_LVT_TIMER_PERIODIC | 0x40);

	set_bit(0x40, vcpu->lapic.irr);
	lapic_timer_write_initial(vcpu, 1000000);
	check_stalls(test, vcpu);
	/* Another vector has gone, ours has not. */
	lapic_timer_resume(vcpu);
	check_stalls(test, vcpu);
	clear_bit(0x40, vcpu->lapic.irr);
	lapic_timer_resume(vcpu);
	check_ticks(test, vcpu);
	lapic_timer_stop(vcpu);
	lapic_timer_resume(vcpu);
	KUNIT_EXPECT_FALSE(test, hrtimer_active(&vcpu->lapic.timer));
}

static void timer_periodic_stalls_while_masked(struct kunit *test)
{
	u32 lvt = APIC_LVT_TIMER_PERIODIC | 0x40;
	struct vcpu *vcpu = timer_vcpu(test, lvt | APIC_LVT_MASKED);

	lapic_timer_write_initial(vcpu, 1000000);
	check_stalls(test, vcpu);
	/* The count goes on all the same, also at a new rate. */
	KUNIT_EXPECT_GT(test, lapic_timer_current(vcpu), 0u);
	lapic_timer_write_divide(vcpu, 0xb);
	KUNIT_EXPECT_TRUE(test, hrtimer_active(&vcpu->lapic.timer));
	check_stalls(test, vcpu);
	vcpu->lapic.lvt[LAPIC_LVT_TIMER] = lvt;
	lapic_timer_mode_changed(vcpu);
	check_ticks(test, vcpu);
	lapic_timer_stop(vcpu);
}

static void timer_stops_with_its_domain(struct kunit *test)
{
	struct vcpu *vcpu = timer_vcpu(test, APIC_LVT_TIMER_PERIODIC | 0x40);

	lapic_timer_write_initial(vcpu, 1000000);
	check_ticks(test, vcpu);
	vcpu->domain->shut_down = true;
	msleep(20);
	KUNIT_EXPECT_FALSE(test, hrtimer_active(&vcpu->lapic.timer));
}

/* Rearming while the handler runs on another CPU must not meet it. */
static void timer_rearm_survives_expiry(struct kunit *test)
{
	struct vcpu *vcpu = timer_vcpu(test, APIC_LVT_TIMER_PERIODIC | 0x40);
	unsigned int i;

	for (i = 0; i < 2000; i++) {
		lapic_timer_write_initial(vcpu, 1 + i % 7);
		lapic_timer_write_divide(vcpu, i);
		ndelay(i % 97);
	}
	lapic_timer_stop(vcpu);
	KUNIT_EXPECT_FALSE(test, hrtimer_active(&vcpu->lapic.timer));
}

static struct kunit_case lapic_timer_cases[] = {
	KUNIT_CASE(timer_divisor_decodes_three_bits),
	KUNIT_CASE(timer_one_shot_fires_once),
	KUNIT_CASE(timer_masked_does_not_fire),
	KUNIT_CASE(timer_periodic_is_bounded),
	KUNIT_CASE(timer_periodic_stalls_until_it_is_taken),
	KUNIT_CASE(timer_periodic_stalls_while_masked),
	KUNIT_CASE(timer_stops_with_its_domain),
	KUNIT_CASE(timer_rearm_survives_expiry),
	{}
};

static struct kunit_suite lapic_timer_suite = {
	.name = "lodge_lapic_timer",
	.test_cases = lapic_timer_cases,
};

kunit_test_suite(lapic_timer_suite);

MODULE_LICENSE("GPL");
