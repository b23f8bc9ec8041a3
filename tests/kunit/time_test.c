// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guest time: the scale over frequencies from absurdly slow to absurdly fast,
 * and the layouts in which records, wall clock and runstates reach the guest.
 */
#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/module.h>

/* The next looks at the host's clock come so many ms late, up to a 0. */
static const u8 *late_ms = (const u8 *)"";

static u64 late_clock(void)
{
	if (*late_ms)
		mdelay(*late_ms++);
	return ktime_get_ns();
}

#define ktime_get_ns	late_clock
#include "../../kmod/xen/time.c"
#undef ktime_get_ns

#define SLACK_NS	(100 * NSEC_PER_MSEC)

static u8 area_memory[64];
static unsigned int nr_virqs;

void guest_area_write(const struct guest_area *area, unsigned int offset,
		      const void *src, unsigned int len)
{
	memcpy(area_memory + offset, src, len);
}

void vcpu_kick(struct vcpu *vcpu)
{
}

void evtchn_raise_virq(struct vcpu *vcpu, u32 virq)
{
	nr_virqs++;
}

/* As if the host had slept and its TSC begun anew: the guest's goes on. */
static void xen_host_slept_makes_good_what_the_tsc_lost(struct kunit *test)
{
	const u64 lost = 1ull << 40, before = 5 * lost;
	struct domain *d = kunit_kzalloc(test, sizeof(*d), GFP_KERNEL);
	struct vcpu *vcpu = kunit_kzalloc(test, sizeof(*vcpu), GFP_KERNEL);
	struct xen_clock *clock;
	u64 offset, now;

	KUNIT_ASSERT_NOT_NULL(test, d);
	KUNIT_ASSERT_NOT_NULL(test, vcpu);
	vcpu->domain = d;
	clock = &d->xen.clock;
	xen_clock_init(clock, 1000000);
	clock->stable = true;
	offset = xen_tsc_offset(vcpu);
	now = xen_clock_now(clock);

	/* One that counted on. */
	xen_host_slept(before, before + lost);
	KUNIT_EXPECT_EQ(test, offset, xen_tsc_offset(vcpu));
	KUNIT_EXPECT_LT(test, xen_clock_now(clock) - now, lost / 2);

	xen_host_slept(before, before - lost);
	KUNIT_EXPECT_EQ(test, offset + lost, xen_tsc_offset(vcpu));
	KUNIT_EXPECT_GE(test, xen_clock_now(clock) - now, lost);
	KUNIT_EXPECT_LT(test, xen_clock_now(clock) - now, 2 * lost);

	/* A domain made after it starts at 0 as well. */
	xen_clock_init(clock, 1000000);
	KUNIT_EXPECT_LT(test, xen_clock_now(clock), lost / 2);
	xen_tsc_lost = 0;
}

static void clock_scale_has_known_values(struct kunit *test)
{
	static const struct {
		u64 khz;
		s8 shift;
		u32 mul;
	} cases[] = {
		{ 1800000, 0, 0x8e38e38e },
		{ 2500000, -1, 0xcccccccc },
		{ 3000000, -1, 0xaaaaaaaa },
		{ 2000000, 0, 0x80000000 },
		{ 1000000, 1, 0x80000000 },
	};
	unsigned int i;
	u32 mul;
	s8 shift;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		clock_scale(cases[i].khz * 1000, &mul, &shift);
		KUNIT_EXPECT_EQ_MSG(test, cases[i].shift, shift, "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, cases[i].mul, mul, "case %u", i);
	}
}

/* One second of ticks is a second within a few parts in a billion. */
static void clock_scale_is_exact_for(struct kunit *test, u32 khz)
{
	struct xen_clock clock = { };
	u64 ns;

	clock_scale((u64)khz * 1000, &clock.mul, &clock.shift);
	KUNIT_EXPECT_GE_MSG(test, clock.mul, 0x7fffffffu, "%u kHz", khz);
	ns = xen_clock_at(&clock, (u64)khz * 1000);
	KUNIT_EXPECT_LE_MSG(test, ns, NSEC_PER_SEC + 4ull, "%u kHz", khz);
	KUNIT_EXPECT_GE_MSG(test, ns, NSEC_PER_SEC - 4ull, "%u kHz", khz);
	/* A year at once, which must not overflow on the way. */
	ns = xen_clock_at(&clock, (u64)khz * 1000 * 31536000);
	KUNIT_EXPECT_LE_MSG(test, ns, 31536000ull * (NSEC_PER_SEC + 4),
			    "%u kHz", khz);
	KUNIT_EXPECT_GE_MSG(test, ns, 31536000ull * (NSEC_PER_SEC - 4),
			    "%u kHz", khz);
}

static void clock_scale_holds_over_frequencies(struct kunit *test)
{
	u64 khz;

	/* From 1 MHz to 500 GHz, in steps that meet no round number twice. */
	for (khz = 1000; khz < 500000000; khz += 1 + khz / 7)
		clock_scale_is_exact_for(test, khz);
	clock_scale_is_exact_for(test, 999999);
	clock_scale_is_exact_for(test, 1000000);
	clock_scale_is_exact_for(test, 1000001);
	clock_scale_is_exact_for(test, 1999999);
	clock_scale_is_exact_for(test, 2000000);
	clock_scale_is_exact_for(test, 2000001);
}

static void clock_scale_ends_for_extremes(struct kunit *test)
{
	static const u32 khz[] = { 0, 1, 2, U32_MAX };
	struct xen_clock clock;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(khz); i++) {
		xen_clock_init(&clock, khz[i]);
		KUNIT_EXPECT_GE_MSG(test, clock.mul, 0x7fffffffu, "%u kHz",
				    khz[i]);
		KUNIT_EXPECT_GT_MSG(test, clock.shift, -32, "%u kHz", khz[i]);
		KUNIT_EXPECT_LT_MSG(test, clock.shift, 32, "%u kHz", khz[i]);
	}
}

static void xen_clock_at_never_goes_back(struct kunit *test)
{
	struct xen_clock clock = { };
	u64 tsc, ns, last = 0;

	clock_scale(2999999000ull, &clock.mul, &clock.shift);
	for (tsc = 0; tsc < BIT_ULL(60); tsc += 1 + tsc / 3) {
		ns = xen_clock_at(&clock, tsc);
		KUNIT_EXPECT_GE(test, ns, last);
		last = ns;
	}
}

static struct vcpu *make_vcpu(struct kunit *test)
{
	struct domain *d = kunit_kzalloc(test, sizeof(*d), GFP_KERNEL);
	struct vcpu *vcpu = kunit_kzalloc(test, sizeof(*vcpu), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, d);
	KUNIT_ASSERT_NOT_NULL(test, vcpu);
	d->xen.shared = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, d->xen.shared);
	mutex_init(&d->xen.lock);
	xen_clock_init(&d->xen.clock, tsc_khz);
	vcpu->domain = d;
	vcpu->xen.info = d->xen.shared;
	spin_lock_init(&vcpu->xen.area_lock);
	xen_timers_init(vcpu);
	memset(area_memory, 0, sizeof(area_memory));
	nr_virqs = 0;
	return vcpu;
}

/* The reader's side, as Linux has it, must come to our own time. */
static u64 read_record(const struct pvclock_vcpu_time_info *rec, u64 tsc)
{
	return rec->system_time +
	       pvclock_scale_delta(tsc - rec->tsc_timestamp,
				   rec->tsc_to_system_mul, rec->tsc_shift);
}

static void check_record(struct kunit *test, bool stable, u64 adjust)
{
	struct vcpu *vcpu = make_vcpu(test);
	struct xen_clock *clock = &vcpu->domain->xen.clock;
	const struct pvclock_vcpu_time_info *rec = &vcpu->xen.info->time;
	u64 before, seen, after;

	clock->stable = stable;
	vcpu->tsc_adjust = adjust;
	xen_time_update(vcpu);
	KUNIT_EXPECT_EQ(test, 0, rec->version & 1);
	KUNIT_EXPECT_NE(test, 0, rec->version);
	KUNIT_EXPECT_EQ(test, stable && !adjust,
			rec->flags & PVCLOCK_TSC_STABLE_BIT);
	/* Two clocks of a host that may stand still for a while between them. */
	before = xen_clock_now(clock);
	seen = read_record(rec, rdtsc_ordered() - clock->tsc_base + adjust);
	after = xen_clock_now(clock);
	KUNIT_EXPECT_GE(test, seen + SLACK_NS, before);
	KUNIT_EXPECT_LE(test, seen, after + SLACK_NS);
}

static void xen_time_update_gives_our_time_stable(struct kunit *test)
{
	check_record(test, true, 0);
}

static void xen_time_update_gives_our_time_unstable(struct kunit *test)
{
	check_record(test, false, 0);
}

/* How far the record is ahead of the host's clock. */
static s64 record_ahead(struct vcpu *vcpu)
{
	const struct xen_clock *clock = &vcpu->domain->xen.clock;
	s64 ahead, least = S64_MAX;
	unsigned int i;
	u64 tsc, now;

	/* The test may be late, too, but not each time. */
	for (i = 0; i < 20; i++) {
		now = xen_clock_now(clock);
		tsc = rdtsc_ordered() - clock->tsc_base;
		ahead = read_record(&vcpu->xen.info->time, tsc) - now;
		least = abs(ahead) < abs(least) ? ahead : least;
	}
	return least;
}

/* Something has this CPU after the TSC is read and before the clock is. */
static void xen_time_update_survives_a_late_clock(struct kunit *test)
{
	struct vcpu *vcpu = make_vcpu(test);
	unsigned int i;
	s64 ahead;

	vcpu->domain->xen.clock.stable = false;
	late_ms = (const u8 *)"\x04";
	xen_time_update(vcpu);
	KUNIT_EXPECT_EQ(test, 0, *late_ms);
	KUNIT_EXPECT_LT(test, abs(record_ahead(vcpu)), (s64)NSEC_PER_MSEC);

	/* All are late: it is the one that is least so, and it is ahead. */
	for (i = 0; i < 5; i++) {
		late_ms = (const u8 *)"\x08\x03\x08\x08";
		xen_time_update(vcpu);
		KUNIT_EXPECT_EQ(test, 0, *late_ms);
		ahead = record_ahead(vcpu);
		/* The machine may have stopped the host for longer. */
		if (ahead < 5 * (s64)NSEC_PER_MSEC)
			break;
	}
	KUNIT_EXPECT_GT(test, ahead, 2 * (s64)NSEC_PER_MSEC);
	KUNIT_EXPECT_LT(test, ahead, 5 * (s64)NSEC_PER_MSEC);
}

static void xen_clock_init_survives_a_late_clock(struct kunit *test)
{
	struct xen_clock clock;
	s64 apart, least = S64_MAX;
	unsigned int i;

	late_ms = (const u8 *)"\x04";
	xen_clock_init(&clock, tsc_khz);
	KUNIT_EXPECT_EQ(test, 0, *late_ms);
	clock.stable = true;
	for (i = 0; i < 20; i++) {
		apart = ktime_get_ns() - clock.base_ns - xen_clock_now(&clock);
		least = min(least, abs(apart));
	}
	KUNIT_EXPECT_LT(test, least, (s64)NSEC_PER_MSEC);
}

static void xen_time_update_follows_a_moved_tsc(struct kunit *test)
{
	check_record(test, true, 1ull << 60);
	check_record(test, false, 1ull << 60);
	check_record(test, true, -5000000000000ull);
}

static void xen_time_update_fills_area_too(struct kunit *test)
{
	struct vcpu *vcpu = make_vcpu(test);
	struct guest_area area = { .page = { (struct page *)1 } };

	xen_time_set_area(vcpu, &area);
	KUNIT_EXPECT_NULL(test, area.page[0]);
	KUNIT_EXPECT_EQ(test, 0, memcmp(area_memory, &vcpu->xen.info->time,
					sizeof(vcpu->xen.info->time)));
}

/* Who fills it may be on another CPU than the vCPU, with another TSC. */
static void xen_time_renew_asks_the_vcpu_if_unstable(struct kunit *test)
{
	struct vcpu *vcpu = make_vcpu(test);

	vcpu->domain->xen.clock.stable = true;
	xen_time_renew(vcpu);
	KUNIT_EXPECT_EQ(test, 0ul, vcpu->requests);
	vcpu->domain->xen.clock.stable = false;
	xen_time_renew(vcpu);
	KUNIT_EXPECT_TRUE(test, test_bit(VCPU_REQ_CLOCK, &vcpu->requests));
	KUNIT_EXPECT_NE(test, 0, vcpu->xen.info->time.version);
}

static u32 word_at(const void *base, unsigned int offset)
{
	return *(const u32 *)(base + offset);
}

static void xen_wallclock_update_follows_layout(struct kunit *test)
{
	struct domain *d = make_vcpu(test)->domain;

	d->xen.wall_ns = (0x100000005ull) * NSEC_PER_SEC + 123;
	xen_wallclock_update(d);
	KUNIT_EXPECT_EQ(test, 2, word_at(d->xen.shared, 3072));
	KUNIT_EXPECT_EQ(test, 5, word_at(d->xen.shared, 3076));
	KUNIT_EXPECT_EQ(test, 123, word_at(d->xen.shared, 3080));
	KUNIT_EXPECT_EQ(test, 1, word_at(d->xen.shared, 3084));
	KUNIT_EXPECT_EQ(test, 0, word_at(d->xen.shared, 2304));
	d->xen.layout32 = true;
	xen_wallclock_update(d);
	KUNIT_EXPECT_EQ(test, 2, word_at(d->xen.shared, 2304));
	KUNIT_EXPECT_EQ(test, 5, word_at(d->xen.shared, 2308));
	KUNIT_EXPECT_EQ(test, 123, word_at(d->xen.shared, 2312));
	KUNIT_EXPECT_EQ(test, 1, word_at(d->xen.shared, 2340));
}

static u64 sum_of(const u64 *time)
{
	return time[0] + time[1] + time[2] + time[3];
}

static void xen_runstate_sums_to_all_time(struct kunit *test)
{
	struct vcpu *vcpu = make_vcpu(test);
	struct xen_runstate rs;
	u64 start = vcpu->xen.runstate_since, before;
	unsigned int i;

	for (i = 0; i < 1000; i++) {
		xen_runstate_set(vcpu, i % 4);
		KUNIT_EXPECT_EQ(test, vcpu->xen.runstate_since - start,
				sum_of(vcpu->xen.runstate_time));
		before = xen_clock_now(&vcpu->domain->xen.clock);
		xen_runstate_get(vcpu, &rs);
		KUNIT_EXPECT_EQ(test, i % 4, rs.state);
		KUNIT_EXPECT_GE(test, sum_of(rs.time), before - start);
	}
}

/* Neither a look nor a new area, nor the same state again, is an entry. */
static void xen_runstate_since_is_the_entry(struct kunit *test)
{
	struct vcpu *vcpu = make_vcpu(test);
	struct guest_area area = { .page = { (struct page *)1 } };
	struct xen_runstate first, later;
	u64 since;

	xen_runstate_set(vcpu, VCPU_RS_BLOCKED);
	xen_runstate_get(vcpu, &first);
	usleep_range(10, 20);
	xen_runstate_set_area(vcpu, &area);
	xen_runstate_set(vcpu, VCPU_RS_BLOCKED);
	xen_runstate_get(vcpu, &later);
	KUNIT_EXPECT_EQ(test, first.since, later.since);
	KUNIT_EXPECT_GT(test, later.time[VCPU_RS_BLOCKED],
			first.time[VCPU_RS_BLOCKED]);
	memcpy(&since, area_memory + 8, sizeof(since));
	KUNIT_EXPECT_EQ(test, first.since, since);
}

static void check_runstate_area(struct kunit *test, bool is32, bool flag)
{
	struct vcpu *vcpu = make_vcpu(test);
	struct guest_area area = {
		.page = { (struct page *)1 },
		.layout32 = is32,
	};
	unsigned int entry = is32 ? 4 : 8;
	u64 since, time[4];

	vcpu->xen.runstate_update_flag = flag;
	xen_runstate_set_area(vcpu, &area);
	xen_runstate_set(vcpu, VCPU_RS_BLOCKED);
	memcpy(&since, area_memory + entry, sizeof(since));
	memcpy(time, area_memory + entry + 8, sizeof(time));
	KUNIT_EXPECT_EQ(test, 2, word_at(area_memory, 0));
	KUNIT_EXPECT_EQ(test, vcpu->xen.runstate_since, since);
	KUNIT_EXPECT_EQ(test, 0, memcmp(time, vcpu->xen.runstate_time,
					sizeof(time)));
	/* Not a byte past the structure. */
	KUNIT_EXPECT_NULL(test, memchr_inv(area_memory + entry + 40, 0,
					   sizeof(area_memory) - entry - 40));
}

static void xen_runstate_area_has_both_layouts(struct kunit *test)
{
	check_runstate_area(test, false, false);
	check_runstate_area(test, true, false);
	check_runstate_area(test, false, true);
	check_runstate_area(test, true, true);
}

static void xen_timer_set_raises_what_has_passed(struct kunit *test)
{
	struct vcpu *vcpu = make_vcpu(test);

	xen_timer_set(vcpu, 0);
	KUNIT_EXPECT_EQ(test, 1, nr_virqs);
	xen_timer_set(vcpu, xen_clock_now(&vcpu->domain->xen.clock));
	KUNIT_EXPECT_EQ(test, 2, nr_virqs);
	KUNIT_EXPECT_FALSE(test, hrtimer_active(&vcpu->xen.timer));
	/* As far away as the number goes: armed, and no overflow. */
	xen_timer_set(vcpu, U64_MAX);
	KUNIT_EXPECT_EQ(test, 2, nr_virqs);
	KUNIT_EXPECT_TRUE(test, hrtimer_active(&vcpu->xen.timer));
	KUNIT_EXPECT_GT(test, ktime_to_ns(hrtimer_get_remaining(&vcpu->xen.timer)),
			(s64)BIT_ULL(59));
	xen_timer_stop(vcpu);
	KUNIT_EXPECT_FALSE(test, hrtimer_active(&vcpu->xen.timer));
	xen_timers_exit(vcpu);
}

static void xen_timer_set_fires_at_its_time(struct kunit *test)
{
	struct vcpu *vcpu = make_vcpu(test);
	const struct xen_clock *clock = &vcpu->domain->xen.clock;
	u64 deadline = xen_clock_now(clock) + 2 * NSEC_PER_MSEC;

	xen_timer_set(vcpu, deadline);
	KUNIT_EXPECT_EQ(test, 0, nr_virqs);
	while (hrtimer_active(&vcpu->xen.timer))
		cpu_relax();
	KUNIT_EXPECT_EQ(test, 1, nr_virqs);
	KUNIT_EXPECT_GE(test, xen_clock_now(clock) + NSEC_PER_MSEC, deadline);
	xen_timers_exit(vcpu);
}

static void set_period(struct vcpu *vcpu, u64 ns)
{
	mutex_lock(&vcpu->domain->xen.lock);
	xen_periodic_set(vcpu, ns);
	mutex_unlock(&vcpu->domain->xen.lock);
}

/* One tick for a vCPU that nobody runs, and the others when somebody does. */
static void xen_periodic_stalls_with_its_vcpu(struct kunit *test)
{
	struct vcpu *vcpu = make_vcpu(test);

	set_period(vcpu, NSEC_PER_MSEC);
	msleep(20);
	KUNIT_EXPECT_EQ(test, 1, nr_virqs);
	KUNIT_EXPECT_FALSE(test, hrtimer_active(&vcpu->xen.periodic));
	KUNIT_EXPECT_TRUE(test, test_bit(VCPU_REQ_CLOCK, &vcpu->requests));

	vcpu->runner = 1;
	xen_time_resume(vcpu);
	msleep(20);
	KUNIT_EXPECT_GE(test, nr_virqs, 3);
	KUNIT_EXPECT_TRUE(test, hrtimer_active(&vcpu->xen.periodic));

	vcpu->domain->paused = true;
	msleep(20);
	KUNIT_EXPECT_FALSE(test, hrtimer_active(&vcpu->xen.periodic));
	/* Stopped meanwhile, it does not come back. */
	set_period(vcpu, 0);
	xen_time_resume(vcpu);
	KUNIT_EXPECT_FALSE(test, hrtimer_active(&vcpu->xen.periodic));
}

static void xen_periodic_stops_with_its_domain(struct kunit *test)
{
	struct vcpu *vcpu = make_vcpu(test);

	vcpu->runner = 1;
	vcpu->domain->shut_down = true;
	set_period(vcpu, NSEC_PER_MSEC);
	msleep(20);
	KUNIT_EXPECT_EQ(test, 0, nr_virqs);
	KUNIT_EXPECT_FALSE(test, hrtimer_active(&vcpu->xen.periodic));
}

static void xen_set_timer_op_joins_halves(struct kunit *test)
{
	struct vcpu *vcpu = make_vcpu(test);

	KUNIT_EXPECT_EQ(test, 0l, xen_set_timer_op(vcpu, 7, 0x10000000, 0,
						   true));
	KUNIT_EXPECT_EQ(test, 0x1000000000000007ull, vcpu->xen.timer_deadline);
	KUNIT_EXPECT_EQ(test, 0l, xen_set_timer_op(vcpu, 0, 0, 0, true));
	KUNIT_EXPECT_FALSE(test, hrtimer_active(&vcpu->xen.timer));
	KUNIT_EXPECT_EQ(test, 0, nr_virqs);
	xen_timers_exit(vcpu);
}

static struct kunit_case time_cases[] = {
	KUNIT_CASE(clock_scale_has_known_values),
	KUNIT_CASE(clock_scale_holds_over_frequencies),
	KUNIT_CASE(clock_scale_ends_for_extremes),
	KUNIT_CASE(xen_clock_at_never_goes_back),
	KUNIT_CASE(xen_host_slept_makes_good_what_the_tsc_lost),
	KUNIT_CASE(xen_time_update_gives_our_time_stable),
	KUNIT_CASE(xen_time_update_gives_our_time_unstable),
	KUNIT_CASE(xen_time_update_survives_a_late_clock),
	KUNIT_CASE(xen_clock_init_survives_a_late_clock),
	KUNIT_CASE(xen_time_update_follows_a_moved_tsc),
	KUNIT_CASE(xen_time_update_fills_area_too),
	KUNIT_CASE(xen_time_renew_asks_the_vcpu_if_unstable),
	KUNIT_CASE(xen_wallclock_update_follows_layout),
	KUNIT_CASE(xen_runstate_sums_to_all_time),
	KUNIT_CASE(xen_runstate_since_is_the_entry),
	KUNIT_CASE(xen_runstate_area_has_both_layouts),
	KUNIT_CASE(xen_timer_set_raises_what_has_passed),
	KUNIT_CASE(xen_timer_set_fires_at_its_time),
	KUNIT_CASE(xen_periodic_stalls_with_its_vcpu),
	KUNIT_CASE(xen_periodic_stops_with_its_domain),
	KUNIT_CASE(xen_set_timer_op_joins_halves),
	{}
};

static struct kunit_suite time_suite = {
	.name = "lodge_time",
	.test_cases = time_cases,
};

kunit_test_suite(time_suite);

MODULE_LICENSE("GPL");
