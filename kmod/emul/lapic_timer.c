// SPDX-License-Identifier: GPL-2.0-only
/*
 * The local APIC's timer: one-shot and periodic, on a high-resolution timer
 * of the host.  Its input clock runs at 1 GHz, so that with a divisor of one
 * a count is a nanosecond.  A period shorter than the limit below is
 * stretched: a guest must not keep a host CPU busy with timer interrupts.  For
 * the same reason a periodic timer stalls when its interrupt would be lost
 * anyway, since it is masked or the last one was not taken yet: of a vCPU that
 * nobody runs, nothing ticks.
 */
#include <linux/math64.h>

#include <asm/apicdef.h>

#include "domain.h"
#include "emul/lapic.h"
#include "vcpu.h"

#define LAPIC_TIMER_MIN_PERIOD_NS	(100 * NSEC_PER_USEC)

/* Bits 0, 1 and 3 of the divide register: 2, 4, .. 128, 1. */
static u32 timer_divisor(u32 divide)
{
	u32 code = (divide & 3) | (divide & 8) >> 1;

	return 1u << ((code + 1) & 7);
}

static u64 timer_period_ns(const struct lapic *lapic)
{
	return (u64)lapic->timer_initial * timer_divisor(lapic->timer_divide);
}

static bool timer_is_periodic(const struct lapic *lapic)
{
	return READ_ONCE(lapic->lvt[LAPIC_LVT_TIMER]) & APIC_LVT_TIMER_PERIODIC;
}

static u64 timer_rearm_ns(const struct lapic *lapic)
{
	return max_t(u64, timer_period_ns(lapic), LAPIC_TIMER_MIN_PERIOD_NS);
}

/* Would the timer's interrupt go in now, and not into one that waits? */
static bool timer_is_wanted(const struct lapic *lapic, u32 lvt)
{
	u8 vector = lvt;

	return !(lvt & APIC_LVT_MASKED) && vector >= LAPIC_FIRST_VECTOR &&
	       !test_bit(vector, lapic->irr);
}

/*
 * The mark, then a look at what the vCPU may have changed meanwhile.  It makes
 * a change, then looks at the mark: one of us sees the other.
 */
static bool timer_stall(struct lapic *lapic)
{
	WRITE_ONCE(lapic->timer_stalled, true);
	/* Pairs with lapic_update_has_irr(), lapic_timer_mode_changed(). */
	smp_mb();
	return !timer_is_wanted(lapic,
				READ_ONCE(lapic->lvt[LAPIC_LVT_TIMER])) ||
	       !xchg(&lapic->timer_stalled, false);
}

/*
 * Hard interrupt context, on any CPU.  The registers that it reads are
 * written only after the timer was cancelled, but for the LVT entry.
 */
static enum hrtimer_restart timer_expired(struct hrtimer *timer)
{
	struct lapic *lapic = container_of(timer, struct lapic, timer);
	struct vcpu *vcpu = container_of(lapic, struct vcpu, lapic);
	u32 lvt = READ_ONCE(lapic->lvt[LAPIC_LVT_TIMER]);
	bool periodic = lvt & APIC_LVT_TIMER_PERIODIC;

	if (!domain_is_alive(vcpu->domain))
		return HRTIMER_NORESTART;
	if (timer_is_wanted(lapic, lvt))
		lapic_raise(vcpu, lvt);
	else if (periodic && timer_stall(lapic))
		return HRTIMER_NORESTART;
	if (!periodic)
		return HRTIMER_NORESTART;
	hrtimer_forward_now(timer, ns_to_ktime(timer_rearm_ns(lapic)));
	return HRTIMER_RESTART;
}

static void timer_start(struct lapic *lapic)
{
	u64 ns = timer_is_periodic(lapic) ? timer_rearm_ns(lapic) :
					    timer_period_ns(lapic);

	lapic->timer_start = ktime_get();
	hrtimer_start(&lapic->timer, ktime_add_ns(lapic->timer_start, ns),
		      HRTIMER_MODE_ABS);
}

/*
 * Return: whether it ran.  Waits for a handler that runs on another CPU, which
 * never waits for us: this may be called with interrupts off.
 */
static bool timer_cancel(struct lapic *lapic)
{
	bool active = hrtimer_cancel(&lapic->timer);

	return xchg(&lapic->timer_stalled, false) || active;
}

void lapic_timer_init(struct vcpu *vcpu)
{
	hrtimer_init(&vcpu->lapic.timer, CLOCK_MONOTONIC, HRTIMER_MODE_ABS);
	vcpu->lapic.timer.function = timer_expired;
}

void lapic_timer_stop(struct vcpu *vcpu)
{
	timer_cancel(&vcpu->lapic);
	vcpu->lapic.timer_initial = 0;
}

void lapic_timer_write_initial(struct vcpu *vcpu, u32 count)
{
	struct lapic *lapic = &vcpu->lapic;

	timer_cancel(lapic);
	lapic->timer_initial = count;
	if (count)
		timer_start(lapic);
}

void lapic_timer_write_divide(struct vcpu *vcpu, u32 value)
{
	struct lapic *lapic = &vcpu->lapic;
	bool armed = timer_cancel(lapic);

	/* A running count goes on at the new rate, from its start. */
	lapic->timer_divide = value & 0xb;
	if (armed)
		timer_start(lapic);
}

/* The ticks that were lost are lost: it goes on with the next one. */
void lapic_timer_resume(struct vcpu *vcpu)
{
	struct lapic *lapic = &vcpu->lapic;

	if (!xchg(&lapic->timer_stalled, false))
		return;
	hrtimer_forward_now(&lapic->timer,
			    ns_to_ktime(timer_rearm_ns(lapic)));
	hrtimer_restart(&lapic->timer);
}

/* From periodic to one-shot and back: the handler looks at the LVT entry. */
void lapic_timer_mode_changed(struct vcpu *vcpu)
{
	struct lapic *lapic = &vcpu->lapic;

	/* The entry, then the mark: pairs with timer_stall(). */
	smp_mb();
	lapic_timer_resume(vcpu);
	if (timer_is_periodic(lapic) && lapic->timer_initial &&
	    !hrtimer_active(&lapic->timer))
		timer_start(lapic);
}

u32 lapic_timer_current(const struct vcpu *vcpu)
{
	const struct lapic *lapic = &vcpu->lapic;
	u64 period = timer_period_ns(lapic);
	u64 passed;

	if (!period)
		return 0;
	passed = ktime_to_ns(ktime_sub(ktime_get(), lapic->timer_start));
	if (timer_is_periodic(lapic))
		div64_u64_rem(passed, timer_rearm_ns(lapic), &passed);
	if (passed >= period)
		return 0;
	return div_u64(period - passed, timer_divisor(lapic->timer_divide));
}
