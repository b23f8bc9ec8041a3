// SPDX-License-Identifier: GPL-2.0-only
/*
 * Starting vCPUs: which start state counts when VCPUOP_initialise, VCPUOP_up,
 * INIT and STARTUP come in whatever order.
 */
#include <linux/module.h>

#include "fake_vcpu.h"

#include "../../kmod/xen/vcpu_op.c"

static struct vcpu_hvm_context fake_context;
static unsigned int fake_resets;

void vcpu_reset(struct vcpu *vcpu)
{
	fake_resets++;
}

void vcpu_go_up(struct vcpu *vcpu)
{
	vcpu->online = true;
}

bool vcpu_go_down(struct vcpu *vcpu, const char *how)
{
	vcpu->online = false;
	return false;
}

bool vcpu_is_up(const struct vcpu *vcpu)
{
	return vcpu->online;
}

int vcpu_copy_from_guest(struct vcpu *vcpu, void *dst, gva_t gva, size_t len)
{
	if (gva || len != sizeof(fake_context))
		return -EFAULT;
	memcpy(dst, &fake_context, len);
	return 0;
}

int vcpu_copy_to_guest(struct vcpu *vcpu, gva_t gva, const void *src,
		       size_t len)
{
	return -EFAULT;
}

u64 cpuid_cr4_allowed(void)
{
	return X86_CR4_PAE;
}

u64 cpuid_efer_allowed(void)
{
	return EFER_LME;
}

void cpuid_cr4_changed(struct vcpu *vcpu, u64 cr4) {}
void xen_time_renew(struct vcpu *vcpu) {}
void xen_runstate_get(struct vcpu *vcpu, struct xen_runstate *out) {}
void xen_runstate_set_area(struct vcpu *vcpu, struct guest_area *area) {}
void xen_time_set_area(struct vcpu *vcpu, struct guest_area *area) {}
void xen_periodic_set(struct vcpu *vcpu, u64 period_ns) {}
void xen_timer_set(struct vcpu *vcpu, u64 deadline) {}
void xen_timer_stop(struct vcpu *vcpu) {}
void guest_area_unpin(struct guest_area *area) {}

int guest_area_pin(struct vcpu *vcpu, struct guest_area *area, gva_t gva,
		   u16 size)
{
	return -EFAULT;
}

int guest_ram_pin(struct guest_ram *ram, gfn_t gfn, bool write, bool atomic,
		  struct page **page)
{
	return -EFAULT;
}

u64 xen_clock_now(const struct xen_clock *clock)
{
	return 1000;
}

/* vCPU 0 runs; the second, which is returned, was never started. */
static struct vcpu *make_second(struct kunit *test)
{
	struct domain *d = fake_domain(test, 2)->domain;

	mutex_init(&d->xen.lock);
	atomic_set(&d->vcpus[1]->lapic.start, LAPIC_WAIT);
	fake_context = (struct vcpu_hvm_context){
		.mode = VCPU_HVM_MODE_64B,
		.cpu_regs.x86_64 = {
			.rip = 0x1234,
			.cr0 = X86_CR0_PE | X86_CR0_PG,
			.cr4 = X86_CR4_PAE,
			.efer = EFER_LME,
		},
	};
	fake_resets = 0;
	return d->vcpus[1];
}

static long op(struct vcpu *v, u32 cmd)
{
	return xen_vcpu_op(v->domain->vcpus[0], cmd, v->id, 0, false);
}

/* As the thread of @v does for VCPU_REQ_RESET. */
static bool start(struct vcpu *v)
{
	bool started;

	mutex_lock(&v->domain->xen.lock);
	started = xen_vcpu_start(v);
	mutex_unlock(&v->domain->xen.lock);
	return started;
}

static void vcpu_op_up_needs_a_state(struct kunit *test)
{
	struct vcpu *v = make_second(test);

	KUNIT_EXPECT_EQ(test, -EINVAL, op(v, VCPUOP_up));
	KUNIT_EXPECT_FALSE(test, v->online);
	KUNIT_EXPECT_EQ(test, 0ul, v->requests);
	fake_context.mode = 7;
	KUNIT_EXPECT_EQ(test, -EINVAL, op(v, VCPUOP_initialise));
	fake_context.mode = VCPU_HVM_MODE_64B;
	KUNIT_EXPECT_EQ(test, 0l, op(v, VCPUOP_initialise));
	KUNIT_EXPECT_EQ(test, -EEXIST, op(v, VCPUOP_initialise));
	kfree(v->xen.start);
}

static void vcpu_op_up_starts_from_the_state(struct kunit *test)
{
	struct vcpu *v = make_second(test);

	op(v, VCPUOP_initialise);
	KUNIT_EXPECT_EQ(test, 0l, op(v, VCPUOP_up));
	KUNIT_EXPECT_TRUE(test, v->online);
	KUNIT_EXPECT_TRUE(test, test_bit(VCPU_REQ_RESET, &v->requests));
	/* It counts as up at once, whenever its thread gets to run. */
	KUNIT_EXPECT_EQ(test, LAPIC_RUNNING, atomic_read(&v->lapic.start));
	KUNIT_EXPECT_TRUE(test, start(v));
	KUNIT_EXPECT_EQ(test, 1u, fake_resets);
	KUNIT_EXPECT_EQ(test, 0x1234ull, fake_regs[VREG_RIP]);
	KUNIT_EXPECT_NULL(test, v->xen.start);
	KUNIT_EXPECT_EQ(test, -EEXIST, op(v, VCPUOP_initialise));
}

/* An older request, for the INIT, must not use up the start state. */
static void vcpu_op_up_is_not_lost_to_an_init(struct kunit *test)
{
	struct vcpu *v = make_second(test);

	op(v, VCPUOP_initialise);
	KUNIT_EXPECT_FALSE(test, start(v));
	KUNIT_EXPECT_NOT_NULL(test, v->xen.start);
	KUNIT_EXPECT_EQ(test, 0l, op(v, VCPUOP_up));
	KUNIT_EXPECT_TRUE(test, start(v));
}

static void vcpu_op_init_takes_the_state_away(struct kunit *test)
{
	struct vcpu *v = make_second(test);

	lapic_mark_started(&v->lapic);
	KUNIT_EXPECT_EQ(test, -EEXIST, op(v, VCPUOP_initialise));
	KUNIT_EXPECT_EQ(test, 0l, op(v, VCPUOP_up));
	KUNIT_EXPECT_FALSE(test, start(v));
	v->ran = true;
	atomic_set(&v->lapic.start, LAPIC_WAIT);
	KUNIT_EXPECT_EQ(test, -EINVAL, op(v, VCPUOP_up));
	KUNIT_EXPECT_EQ(test, 0l, op(v, VCPUOP_initialise));
	kfree(v->xen.start);
}

/* Down and up again must not bring back what a STARTUP has overtaken. */
static void vcpu_op_startup_drops_the_state(struct kunit *test)
{
	struct vcpu *v = make_second(test);

	op(v, VCPUOP_initialise);
	atomic_set(&v->lapic.start, LAPIC_START | 0x99);
	KUNIT_EXPECT_FALSE(test, start(v));
	KUNIT_EXPECT_NULL(test, v->xen.start);
	/* And up does not overtake the STARTUP. */
	KUNIT_EXPECT_EQ(test, 0l, op(v, VCPUOP_up));
	KUNIT_EXPECT_TRUE(test, lapic_start_pending(&v->lapic));
}

static struct kunit_case vcpu_op_cases[] = {
	KUNIT_CASE(vcpu_op_up_needs_a_state),
	KUNIT_CASE(vcpu_op_up_starts_from_the_state),
	KUNIT_CASE(vcpu_op_up_is_not_lost_to_an_init),
	KUNIT_CASE(vcpu_op_init_takes_the_state_away),
	KUNIT_CASE(vcpu_op_startup_drops_the_state),
	{}
};

static struct kunit_suite vcpu_op_suite = {
	.name = "lodge_vcpu_op",
	.test_cases = vcpu_op_cases,
};

kunit_test_suite(vcpu_op_suite);

MODULE_LICENSE("GPL");
