/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A vCPU without hardware, for the suites of the interpreters: registers are
 * arrays, an injected event is remembered, and nothing ever runs.  Included
 * once by a suite, which is a module of its own.
 */
#ifndef LODGE_TESTS_FAKE_VCPU_H
#define LODGE_TESTS_FAKE_VCPU_H

#include <kunit/test.h>

#include "domain.h"
#include "vcpu.h"

static u64 fake_regs[NR_VREGS];
static struct vcpu_segment fake_segs[NR_VSEGS];
static int fake_vector;		/* last exception injected, -1 none */
static u32 fake_error;
static gva_t fake_fault_gva;
static bool fake_crashed;
static unsigned int fake_kicks;
static unsigned int fake_advanced;

static u64 fake_read_reg(struct vcpu *vcpu, enum vcpu_reg reg)
{
	return fake_regs[reg];
}

static void fake_write_reg(struct vcpu *vcpu, enum vcpu_reg reg, u64 value)
{
	fake_regs[reg] = value;
}

static void fake_read_seg(struct vcpu *vcpu, enum vcpu_seg seg,
			  struct vcpu_segment *s)
{
	*s = fake_segs[seg];
}

static void fake_write_seg(struct vcpu *vcpu, enum vcpu_seg seg,
			   const struct vcpu_segment *s)
{
	fake_segs[seg] = *s;
}

static void fake_advance_rip(struct vcpu *vcpu, u8 len)
{
	fake_advanced += len;
}

static struct vendor_ops fake_vendor = {
	.name = "fake",
	.holds_pdptrs = true,
	.read_reg = fake_read_reg,
	.write_reg = fake_write_reg,
	.read_seg = fake_read_seg,
	.write_seg = fake_write_seg,
	.advance_rip = fake_advance_rip,
};

struct vendor_ops *vendor = &fake_vendor;

enum vmexit_action vcpu_inject_exception(struct vcpu *vcpu, u8 vector,
					 bool has_error, u32 error)
{
	fake_vector = vector;
	fake_error = error;
	return VMEXIT_RESUME;
}

enum vmexit_action vcpu_inject_gp(struct vcpu *vcpu)
{
	return vcpu_inject_exception(vcpu, 13, true, 0);
}

enum vmexit_action vcpu_inject_ud(struct vcpu *vcpu)
{
	return vcpu_inject_exception(vcpu, 6, false, 0);
}

enum vmexit_action vcpu_inject_pf(struct vcpu *vcpu, gva_t gva, u32 error)
{
	fake_fault_gva = gva;
	return vcpu_inject_exception(vcpu, 14, true, error);
}

enum vmexit_action vcpu_crash(struct vcpu *vcpu, const char *fmt, ...)
{
	fake_crashed = true;
	return VMEXIT_STOPPED;
}

void vcpu_kick(struct vcpu *vcpu)
{
	fake_kicks++;
}

/* Forget what happened; registers too. */
static void __maybe_unused fake_clear(void)
{
	memset(fake_regs, 0, sizeof(fake_regs));
	memset(fake_segs, 0, sizeof(fake_segs));
	fake_vector = -1;
	fake_error = 0;
	fake_fault_gva = 0;
	fake_crashed = false;
	fake_kicks = 0;
	fake_advanced = 0;
}

/* A domain with @nr vCPUs; test->priv is its first. */
static struct vcpu *__maybe_unused fake_domain(struct kunit *test,
					       unsigned int nr)
{
	struct domain *d = kunit_kzalloc(test, sizeof(*d), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, d);
	spin_lock_init(&d->lock);
	d->id = 7;
	d->nr_vcpus = nr;
	for (i = 0; i < nr; i++) {
		struct vcpu *v = kunit_kzalloc(test, sizeof(*v), GFP_KERNEL);

		KUNIT_ASSERT_NOT_NULL(test, v);
		v->domain = d;
		v->id = i;
		v->apic_id = 2 * i;
		v->online = i == 0;
		d->vcpus[i] = v;
	}
	fake_clear();
	test->priv = d->vcpus[0];
	return d->vcpus[0];
}

#endif /* LODGE_TESTS_FAKE_VCPU_H */
