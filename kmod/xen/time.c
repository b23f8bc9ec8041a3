// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guest time: the clock that counts from the guest's TSC, its records in guest
 * memory, the wall clock, the account of runstates and the timers that raise
 * VIRQ_TIMER.  Deadlines are in guest time, so each is turned into host time
 * by its distance from now, which no slewing of the host's clock can spoil.
 */
#include "xen/guest_if.h"

#include <linux/hrtimer.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/timekeeping.h>

#include <asm/pvclock.h>
#include <asm/tsc.h>
#include <xen/interface/vcpu.h>

#include "domain.h"
#include "ring/evtchn.h"
#include "vcpu.h"
#include "xen/hypercall.h"
#include "xen/time.h"

/* Beyond this (36 years) a deadline is as good as none. */
#define MAX_DELTA_NS	BIT_ULL(60)

/*
 * Ticks to nanoseconds as (ticks << shift) * mul >> 32.  The shift brings the
 * frequency into (1, 2] GHz, so that mul has all of its 32 bits in use.
 */
static void clock_scale(u64 hz, u32 *mul, s8 *shift)
{
	*shift = 0;
	while (hz > 2 * NSEC_PER_SEC) {
		hz >>= 1;
		(*shift)--;
	}
	while (hz <= NSEC_PER_SEC) {
		hz <<= 1;
		(*shift)++;
	}
	*mul = div64_u64((u64)NSEC_PER_SEC << 32, hz);
}

u64 xen_tsc_lost;

static u64 host_tsc(void)
{
	return rdtsc_ordered() + READ_ONCE(xen_tsc_lost);
}

u64 xen_clock_at(const struct xen_clock *clock, u64 guest_tsc)
{
	return pvclock_scale_delta(guest_tsc, clock->mul, clock->shift);
}

#define PAIR_TRIES	4
#define PAIR_NS		20000

/*
 * The host's clock, and the TSC of just before, so that by this pair the
 * guest's clock is not behind the host's.  Between the two an SMI may come, or a
 * host that is a guest itself may lose its CPU, and a record of such a pair lets
 * the guest's clock jump.  So it is the pair that took least.
 */
static u64 clock_pair(const struct xen_clock *clock, u64 *tsc)
{
	u64 least = U64_MAX, best = 0, before, took, ns;
	unsigned int tries;

	lockdep_assert_irqs_disabled();
	for (tries = 0; tries < PAIR_TRIES && least > PAIR_NS; tries++) {
		before = host_tsc();
		ns = ktime_get_ns();
		took = xen_clock_at(clock, host_tsc() - before);
		if (took >= least)
			continue;
		least = took;
		best = ns;
		*tsc = before;
	}
	return best;
}

/* Most CPUs count from 0 again after a sleep, some count on. */
void xen_host_slept(u64 tsc_before, u64 tsc_after)
{
	if (tsc_after < tsc_before)
		WRITE_ONCE(xen_tsc_lost,
			   xen_tsc_lost + tsc_before - tsc_after);
}

void xen_clock_init(struct xen_clock *clock, u32 tsc_khz)
{
	clock_scale(max_t(u64, tsc_khz, 1) * 1000, &clock->mul, &clock->shift);
	clock->stable = boot_cpu_has(X86_FEATURE_CONSTANT_TSC) &&
			!check_tsc_unstable();
	local_irq_disable();
	clock->base_ns = clock_pair(clock, &clock->tsc_base);
	local_irq_enable();
}

u64 xen_clock_now(const struct xen_clock *clock)
{
	if (likely(clock->stable))
		return xen_clock_at(clock, host_tsc() - clock->tsc_base);
	return ktime_get_ns() - clock->base_ns;
}

/*
 * A stable clock has one record for ever: guest TSC 0 is time 0.  Otherwise
 * the guest goes on from the host's clock with the TSC of this very CPU.  A
 * TSC that the guest has moved is @adjust ahead, and no longer tells the time
 * by another vCPU's record.
 */
static void clock_record(const struct xen_clock *clock, u64 adjust,
			 struct pvclock_vcpu_time_info *rec)
{
	u64 tsc, ns;

	*rec = (struct pvclock_vcpu_time_info){
		.tsc_timestamp = adjust,
		.tsc_to_system_mul = clock->mul,
		.tsc_shift = clock->shift,
	};
	if (clock->stable) {
		rec->flags = adjust ? 0 : PVCLOCK_TSC_STABLE_BIT;
	} else {
		ns = clock_pair(clock, &tsc);
		rec->tsc_timestamp += tsc - clock->tsc_base;
		rec->system_time = ns - clock->base_ns;
	}
}

/* Store part of a record: to @area if there is one, else at @rec. */
static void record_put(void *rec, const struct guest_area *area,
		       unsigned int offset, const void *src, unsigned int len)
{
	if (area)
		guest_area_write(area, offset, src, len);
	else
		memcpy(rec + offset, src, len);
}

/* Readers retry while the version is odd, or changes under them. */
static void record_write(void *to, const struct guest_area *area,
			 const struct pvclock_vcpu_time_info *rec, u32 version)
{
	const unsigned int body = sizeof(rec->version);
	u32 odd = version - 1;

	record_put(to, area, 0, &odd, sizeof(odd));
	smp_wmb();	/* the reader sees "odd" before any new field */
	record_put(to, area, body, (const void *)rec + body,
		   sizeof(*rec) - body);
	smp_wmb();	/* and all fields before the even version */
	record_put(to, area, 0, &version, sizeof(version));
}

void xen_time_update(struct vcpu *vcpu)
{
	struct vcpu_xen *x = &vcpu->xen;
	struct pvclock_vcpu_time_info rec;
	unsigned long flags;

	spin_lock_irqsave(&x->area_lock, flags);
	clock_record(&vcpu->domain->xen.clock, READ_ONCE(vcpu->tsc_adjust),
		     &rec);
	x->time_version += 2;
	record_write(&READ_ONCE(x->info)->time, NULL, &rec, x->time_version);
	if (guest_area_is_set(&x->time_area))
		record_write(NULL, &x->time_area, &rec, x->time_version);
	spin_unlock_irqrestore(&x->area_lock, flags);
}

void xen_time_renew(struct vcpu *vcpu)
{
	xen_time_update(vcpu);
	if (unlikely(!vcpu->domain->xen.clock.stable))
		vcpu_request(vcpu, VCPU_REQ_CLOCK);
}

/* Byte offsets in shared_info of version, seconds, nanoseconds, high seconds. */
static const u16 wallclock_offsets[2][4] = {
	{ 3072, 3076, 3080, 3084 },
	{ 2304, 2308, 2312, 2340 },
};

void xen_wallclock_update(struct domain *d)
{
	const u16 *offset = wallclock_offsets[READ_ONCE(d->xen.layout32)];
	u32 *version = d->xen.shared + offset[0];
	u32 nsec, odd = READ_ONCE(*version) | 1;
	u64 sec = div_u64_rem(d->xen.wall_ns, NSEC_PER_SEC, &nsec);

	WRITE_ONCE(*version, odd);
	smp_wmb();	/* the odd version first, as in record_write() */
	*(u32 *)(d->xen.shared + offset[1]) = sec;
	*(u32 *)(d->xen.shared + offset[2]) = nsec;
	*(u32 *)(d->xen.shared + offset[3]) = sec >> 32;
	smp_wmb();	/* as there */
	WRITE_ONCE(*version, odd + 1);
}

/*
 * Time since the vCPU entered the state that it is in.  A TSC that is a little behind on
 * this CPU must not count back.
 */
static u64 runstate_passed(const struct vcpu *vcpu)
{
	u64 now = xen_clock_now(&vcpu->domain->xen.clock);

	lockdep_assert_held(&vcpu->xen.area_lock);
	return now > vcpu->xen.runstate_since ?
	       now - vcpu->xen.runstate_since : 0;
}

/*
 * An area has the times up to the entry into the state that it names: the
 * guest adds what has passed since then.
 *
 * The guest reads until the entry time did not change across its copy, or,
 * if it asked for that, until the entry time has no update mark.
 */
static void runstate_write(const struct vcpu_xen *x)
{
	const struct guest_area *area = &x->runstate_area;
	const unsigned int entry = area->layout32 ? 4 : 8;
	u64 since = x->runstate_since;
	u64 marked = since | XEN_RUNSTATE_UPDATE;

	lockdep_assert_held(&x->area_lock);
	if (!guest_area_is_set(area))
		return;
	if (READ_ONCE(x->runstate_update_flag)) {
		guest_area_write(area, entry, &marked, sizeof(marked));
		smp_wmb();	/* the mark is seen before what it covers */
	}
	guest_area_write(area, 0, &x->runstate, sizeof(x->runstate));
	guest_area_write(area, entry + sizeof(since), x->runstate_time,
			 sizeof(x->runstate_time));
	smp_wmb();		/* and the entry time after it */
	guest_area_write(area, entry, &since, sizeof(since));
}

void xen_runstate_set(struct vcpu *vcpu, enum vcpu_runstate rs)
{
	struct vcpu_xen *x = &vcpu->xen;
	unsigned long flags;
	u64 passed;

	spin_lock_irqsave(&x->area_lock, flags);
	if (rs != x->runstate) {
		passed = runstate_passed(vcpu);
		x->runstate_time[x->runstate] += passed;
		x->runstate_since += passed;
		x->runstate = rs;
		runstate_write(x);
	}
	spin_unlock_irqrestore(&x->area_lock, flags);
}

void xen_runstate_get(struct vcpu *vcpu, struct xen_runstate *out)
{
	struct vcpu_xen *x = &vcpu->xen;
	unsigned long flags;

	spin_lock_irqsave(&x->area_lock, flags);
	out->state = x->runstate;
	out->since = x->runstate_since;
	memcpy(out->time, x->runstate_time, sizeof(out->time));
	out->time[out->state] += runstate_passed(vcpu);
	spin_unlock_irqrestore(&x->area_lock, flags);
}

void xen_runstate_set_area(struct vcpu *vcpu, struct guest_area *area)
{
	struct vcpu_xen *x = &vcpu->xen;
	unsigned long flags;

	spin_lock_irqsave(&x->area_lock, flags);
	swap(x->runstate_area, *area);
	runstate_write(x);
	spin_unlock_irqrestore(&x->area_lock, flags);
}

void xen_time_set_area(struct vcpu *vcpu, struct guest_area *area)
{
	struct vcpu_xen *x = &vcpu->xen;
	unsigned long flags;

	spin_lock_irqsave(&x->area_lock, flags);
	swap(x->time_area, *area);
	spin_unlock_irqrestore(&x->area_lock, flags);
	xen_time_renew(vcpu);
}

/* Host time of a guest deadline; never early by our own doing. */
static ktime_t host_deadline(u64 guest_now, u64 deadline)
{
	u64 delta = min(deadline - guest_now, MAX_DELTA_NS);

	return ktime_add_ns(ktime_get(), delta);
}

bool xen_deadline_to_host(const struct domain *d, u64 deadline, ktime_t *host)
{
	u64 now = xen_clock_now(&d->xen.clock);

	if (deadline <= now)
		return false;
	*host = host_deadline(now, deadline);
	return true;
}

/*
 * The host's clock may run ahead of the guest's (its rate is refined after
 * boot, and slewed): start again for the rest, so that no guest finds its
 * timer early.  A deadline that is set meanwhile on another CPU either sees
 * our start and replaces it, or we fire too soon for it and end up here again.
 */
static enum hrtimer_restart timer_fires(struct hrtimer *timer)
{
	struct vcpu *vcpu = container_of(timer, struct vcpu, xen.timer);
	u64 deadline = READ_ONCE(vcpu->xen.timer_deadline);
	ktime_t host;

	if (unlikely(xen_deadline_to_host(vcpu->domain, deadline, &host)))
		hrtimer_start(timer, host, HRTIMER_MODE_ABS_PINNED);
	else if (deadline)
		evtchn_raise_virq(vcpu, VIRQ_TIMER);
	return HRTIMER_NORESTART;
}

void xen_timer_stop(struct vcpu *vcpu)
{
	WRITE_ONCE(vcpu->xen.timer_deadline, 0);
	hrtimer_cancel(&vcpu->xen.timer);
}

/*
 * Pinned: the guest's thread runs here now, and the interrupt that ends its
 * stay in the guest is the one that delivers the event.
 */
void xen_timer_set(struct vcpu *vcpu, u64 deadline)
{
	ktime_t host;

	if (unlikely(!xen_deadline_to_host(vcpu->domain, deadline, &host))) {
		xen_timer_stop(vcpu);
		evtchn_raise_virq(vcpu, VIRQ_TIMER);
		return;
	}
	WRITE_ONCE(vcpu->xen.timer_deadline, deadline);
	hrtimer_start(&vcpu->xen.timer, host, HRTIMER_MODE_ABS_PINNED);
}

/*
 * Of a vCPU that stands still one tick is enough: the timer waits until it
 * runs.  The request is what it finds then, however soon that is.
 */
static enum hrtimer_restart periodic_fires(struct hrtimer *timer)
{
	struct vcpu *vcpu = container_of(timer, struct vcpu, xen.periodic);

	if (!domain_is_alive(vcpu->domain))
		return HRTIMER_NORESTART;
	evtchn_raise_virq(vcpu, VIRQ_TIMER);
	if (!domain_is_runnable(vcpu->domain) || !vcpu_has_runner(vcpu)) {
		WRITE_ONCE(vcpu->xen.periodic_stalled, true);
		vcpu_request(vcpu, VCPU_REQ_CLOCK);
		return HRTIMER_NORESTART;
	}
	hrtimer_forward_now(timer, ns_to_ktime(vcpu->xen.period_ns));
	return HRTIMER_RESTART;
}

static void periodic_resume(struct vcpu *vcpu)
{
	struct vcpu_xen *x = &vcpu->xen;

	mutex_lock(&vcpu->domain->xen.lock);
	if (xchg(&x->periodic_stalled, false)) {
		hrtimer_forward_now(&x->periodic, ns_to_ktime(x->period_ns));
		hrtimer_restart(&x->periodic);
	}
	mutex_unlock(&vcpu->domain->xen.lock);
}

void xen_time_resume(struct vcpu *vcpu)
{
	xen_time_update(vcpu);
	if (READ_ONCE(vcpu->xen.periodic_stalled))
		periodic_resume(vcpu);
}

void xen_periodic_set(struct vcpu *vcpu, u64 period_ns)
{
	struct vcpu_xen *x = &vcpu->xen;

	lockdep_assert_held(&vcpu->domain->xen.lock);
	hrtimer_cancel(&x->periodic);
	WRITE_ONCE(x->periodic_stalled, false);
	WRITE_ONCE(x->period_ns, min(period_ns, MAX_DELTA_NS));
	if (period_ns)
		hrtimer_start(&x->periodic, ns_to_ktime(x->period_ns),
			      HRTIMER_MODE_REL);
}

void xen_timers_init(struct vcpu *vcpu)
{
	struct vcpu_xen *x = &vcpu->xen;

	hrtimer_init(&x->timer, CLOCK_MONOTONIC, HRTIMER_MODE_ABS_PINNED);
	x->timer.function = timer_fires;
	hrtimer_init(&x->periodic, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
	x->periodic.function = periodic_fires;
	x->runstate = VCPU_RS_OFFLINE;
	x->runstate_since = xen_clock_now(&vcpu->domain->xen.clock);
}

void xen_timers_exit(struct vcpu *vcpu)
{
	hrtimer_cancel(&vcpu->xen.timer);
	hrtimer_cancel(&vcpu->xen.periodic);
}

/* A 32-bit caller passes the deadline in two registers, low half first. */
long xen_set_timer_op(struct vcpu *vcpu, u64 a1, u64 a2, u64 a3, bool compat)
{
	u64 deadline = compat ? a2 << 32 | (u32)a1 : a1;

	if (deadline)
		xen_timer_set(vcpu, deadline);
	else
		xen_timer_stop(vcpu);
	return 0;
}
