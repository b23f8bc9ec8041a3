// SPDX-License-Identifier: GPL-2.0-only
/*
 * vcpu_op: a guest starts and stops its vCPUs, registers the memory through
 * which it hears of them, and sets their timers.
 */
#include <linux/mm.h>
#include <linux/nospec.h>
#include <linux/slab.h>

#include <asm/msr-index.h>
#include <asm/processor-flags.h>
#include <xen/interface/xen.h>
#include <xen/interface/hvm/hvm_vcpu.h>
#include <xen/interface/vcpu.h>

#include "domain.h"
#include "emul/cpuid.h"
#include "emul/emul.h"
#include "emul/lapic.h"
#include "mmu/guest_ram.h"
#include "vcpu.h"
#include "xen/guest_if.h"
#include "xen/hypercall.h"
#include "xen/time.h"

#define PERIOD_MIN_NS	NSEC_PER_MSEC

/* Segment attributes, as in struct vcpu_segment. */
#define ATTR_G		BIT(15)
#define ATTR_P		BIT(7)
#define ATTR_S		BIT(4)
#define ATTR_CODE	BIT(3)
#define ATTR_CODE64	0xa09bu
#define ATTR_DATA	0xc093u
#define ATTR_TSS_BUSY	0x008bu

/* Has it a state to run from?  INIT takes away what it had before. */
static bool is_initialised(const struct vcpu *v)
{
	lockdep_assert_held(&v->domain->xen.lock);
	return v->xen.start || !lapic_is_waiting(&v->lapic);
}

/*
 * What hardware would refuse is refused here as far as it can be told; the
 * rest ends the domain at its first entry.
 */
static bool context64_is_valid(const struct vcpu_hvm_x86_64 *c)
{
	const u64 cr0 = X86_CR0_PE | X86_CR0_PG;

	return (c->cr0 & cr0) == cr0 && !upper_32_bits(c->cr0) &&
	       (c->cr4 & X86_CR4_PAE) && !(c->cr4 & ~cpuid_cr4_allowed()) &&
	       (c->efer & EFER_LME) &&
	       !(c->efer & ~(cpuid_efer_allowed() | EFER_LMA));
}

/* Xen packs the attributes; a limit beyond 1 MiB must be whole pages. */
static bool segment_is_valid(u32 limit, u16 ar, bool code)
{
	return !(ar & 0xf000) && (ar & ATTR_P) && (ar & ATTR_S) &&
	       !!(ar & ATTR_CODE) == code &&
	       (limit <= 0xfffff || (limit & 0xfff) == 0xfff);
}

static bool context32_is_valid(const struct vcpu_hvm_x86_32 *c)
{
	/* PAE without long mode asks for PDPTEs, which nobody loads here. */
	if ((c->cr0 & X86_CR0_PG) &&
	    ((c->cr4 & X86_CR4_PAE) || !(c->cr0 & X86_CR0_PE)))
		return false;
	return !(c->cr4 & ~cpuid_cr4_allowed()) && !c->efer &&
	       segment_is_valid(c->cs_limit, c->cs_ar, true) &&
	       segment_is_valid(c->ds_limit, c->ds_ar, false) &&
	       segment_is_valid(c->es_limit, c->es_ar, false) &&
	       segment_is_valid(c->ss_limit, c->ss_ar, false) &&
	       c->tr_limit <= 0xfffff;
}

static bool context_is_valid(const struct vcpu_hvm_context *ctx)
{
	switch (ctx->mode) {
	case VCPU_HVM_MODE_32B:
		return context32_is_valid(&ctx->cpu_regs.x86_32);
	case VCPU_HVM_MODE_64B:
		return context64_is_valid(&ctx->cpu_regs.x86_64);
	default:
		return false;
	}
}

static long initialise(struct vcpu *v, struct vcpu *caller, gva_t arg)
{
	struct mutex *lock = &v->domain->xen.lock;
	struct vcpu_hvm_context *ctx;
	long ret;

	ctx = kmalloc(sizeof(*ctx), GFP_GUEST);
	if (!ctx)
		return XEN_HC_NOMEM;
	ret = xen_fetch(caller, ctx, arg, sizeof(*ctx));
	if (ret)
		goto free_ctx;

	mutex_lock(lock);
	if (is_initialised(v)) {
		ret = -EEXIST;
	} else if (!context_is_valid(ctx)) {
		ret = -EINVAL;
	} else {
		v->xen.start = ctx;
		ctx = NULL;
	}
	mutex_unlock(lock);
free_ctx:
	kfree(ctx);
	return ret;
}

static void set_segment(struct vcpu *vcpu, enum vcpu_seg seg, u32 base,
			u32 limit, u32 attr)
{
	struct vcpu_segment s = {
		.base = base,
		.limit = limit,
		.attr = attr & ~ATTR_G,
	};

	/* The limit is in bytes; the bit must only agree with it. */
	if (limit > 0xfffff)
		s.attr |= ATTR_G;
	vendor->write_seg(vcpu, seg, &s);
}

/* Xen's packed attributes to the layout of struct vcpu_segment. */
static u32 unpack_ar(u16 ar)
{
	return (ar & 0xff) | (ar & 0xf00) << 4;
}

static void write_control(struct vcpu *vcpu, u64 cr0, u64 cr3, u64 cr4,
			  u64 efer)
{
	if (cr0 & X86_CR0_PG && efer & EFER_LME)
		efer |= EFER_LMA;
	else
		efer &= ~EFER_LMA;
	vcpu_write_reg(vcpu, VREG_CR0, cr0 | X86_CR0_ET);
	vcpu_write_reg(vcpu, VREG_CR3, cr3);
	vcpu_write_reg(vcpu, VREG_CR4, cr4);
	vcpu_write_reg(vcpu, VREG_EFER, efer);
	cpuid_cr4_changed(vcpu, cr4);
}

static void apply64(struct vcpu *vcpu, const struct vcpu_hvm_x86_64 *c)
{
	u64 *gpr = vcpu->gpr;
	unsigned int seg;

	gpr[GPR_RAX] = c->rax;
	gpr[GPR_RCX] = c->rcx;
	gpr[GPR_RDX] = c->rdx;
	gpr[GPR_RBX] = c->rbx;
	gpr[GPR_RBP] = c->rbp;
	gpr[GPR_RSI] = c->rsi;
	gpr[GPR_RDI] = c->rdi;
	vcpu_write_reg(vcpu, VREG_RSP, c->rsp);
	vcpu_write_reg(vcpu, VREG_RIP, c->rip);
	vcpu_write_reg(vcpu, VREG_RFLAGS, c->rflags | X86_EFLAGS_FIXED);
	write_control(vcpu, c->cr0, c->cr3, c->cr4, c->efer);

	set_segment(vcpu, VSEG_CS, 0, ~0u, ATTR_CODE64);
	for (seg = VSEG_ES; seg <= VSEG_GS; seg++) {
		if (seg != VSEG_CS)
			set_segment(vcpu, seg, 0, ~0u, ATTR_DATA);
	}
	set_segment(vcpu, VSEG_TR, 0, 0x67, ATTR_TSS_BUSY);
}

static void apply32(struct vcpu *vcpu, const struct vcpu_hvm_x86_32 *c)
{
	u64 *gpr = vcpu->gpr;

	gpr[GPR_RAX] = c->eax;
	gpr[GPR_RCX] = c->ecx;
	gpr[GPR_RDX] = c->edx;
	gpr[GPR_RBX] = c->ebx;
	gpr[GPR_RBP] = c->ebp;
	gpr[GPR_RSI] = c->esi;
	gpr[GPR_RDI] = c->edi;
	vcpu_write_reg(vcpu, VREG_RSP, c->esp);
	vcpu_write_reg(vcpu, VREG_RIP, c->eip);
	vcpu_write_reg(vcpu, VREG_RFLAGS, c->eflags | X86_EFLAGS_FIXED);
	write_control(vcpu, c->cr0, c->cr3, c->cr4, c->efer);

	set_segment(vcpu, VSEG_CS, c->cs_base, c->cs_limit,
		    unpack_ar(c->cs_ar));
	set_segment(vcpu, VSEG_DS, c->ds_base, c->ds_limit,
		    unpack_ar(c->ds_ar));
	set_segment(vcpu, VSEG_ES, c->es_base, c->es_limit,
		    unpack_ar(c->es_ar));
	set_segment(vcpu, VSEG_SS, c->ss_base, c->ss_limit,
		    unpack_ar(c->ss_ar));
	set_segment(vcpu, VSEG_TR, c->tr_base, c->tr_limit, ATTR_TSS_BUSY);
}

bool xen_vcpu_start(struct vcpu *vcpu)
{
	struct vcpu_hvm_context *ctx = vcpu->xen.start;

	lockdep_assert_held(&vcpu->domain->xen.lock);
	if (!ctx || lapic_is_waiting(&vcpu->lapic))
		return false;
	vcpu->xen.start = NULL;
	if (lapic_start_pending(&vcpu->lapic)) {
		kfree(ctx);
		return false;
	}

	vcpu_reset(vcpu);
	if (ctx->mode == VCPU_HVM_MODE_64B)
		apply64(vcpu, &ctx->cpu_regs.x86_64);
	else
		apply32(vcpu, &ctx->cpu_regs.x86_32);
	kfree(ctx);
	return true;
}

/*
 * The request goes first: who sees the vCPU online sees that as well, and does
 * not enter with the state that it had.  The lock keeps the vCPU's thread,
 * which may be about to act on an older request, from doing so half way: it
 * would take no start state, or take the vCPU down again for an INIT that this
 * start state has overtaken.
 */
static long bring_up(struct vcpu *v)
{
	struct mutex *lock = &v->domain->xen.lock;
	long ret = -EINVAL;

	mutex_lock(lock);
	if (is_initialised(v)) {
		set_bit(VCPU_REQ_RESET, &v->requests);
		if (v->xen.start)
			lapic_mark_started(&v->lapic);
		vcpu_go_up(v);
		ret = 0;
	}
	mutex_unlock(lock);
	if (!ret)
		vcpu_kick(v);
	return ret;
}

static long take_down(struct vcpu *v, struct vcpu *caller)
{
	if (vcpu_go_down(v, "is down"))
		return XEN_HC_STOPPED;
	/*
	 * Not a wait for an event: up continues it behind this call, which
	 * never runs in a slice, so that the run loop sees it offline.
	 */
	if (v != caller)
		vcpu_request(v, VCPU_REQ_STOP);
	return 0;
}

static long get_runstate(struct vcpu *v, struct vcpu *caller, gva_t arg,
			 bool compat)
{
	const unsigned int since_at = compat ? 4 : 8;
	struct xen_runstate rs;
	u8 out[48] = { 0 };

	xen_runstate_get(v, &rs);
	memcpy(out, &rs.state, sizeof(rs.state));
	memcpy(out + since_at, &rs.since, sizeof(rs.since));
	memcpy(out + since_at + 8, rs.time, sizeof(rs.time));
	return xen_store(caller, arg, out, since_at + 40);
}

/*
 * Runstate and time areas are given by a pointer in the argument; NULL takes
 * the area away.
 */
static long register_area(struct vcpu *v, struct vcpu *caller, gva_t arg,
			  unsigned int size, bool compat,
			  void (*set)(struct vcpu *, struct guest_area *))
{
	struct guest_area area = { { NULL } };
	u64 gva = 0;
	long ret;

	ret = xen_fetch(caller, &gva, arg, compat ? 4 : 8);
	if (!ret && gva)
		ret = guest_area_pin(caller, &area, gva, size);
	if (ret)
		return xen_answer(ret);
	area.layout32 = compat;
	set(v, &area);
	guest_area_unpin(&area);
	return 0;
}

/*
 * Move the vcpu_info to @info.  Events may come meanwhile: the new place is
 * published first and then says that everything is pending, which makes the
 * guest look at every port.  mark_pending() in evtchn_2l.c is the other half.
 */
static void move_vcpu_info(struct vcpu *v, struct vcpu_info *info)
{
	struct vcpu_xen *x = &v->xen;

	memcpy(info, x->info, sizeof(*info));
	WRITE_ONCE(x->info, info);
	smp_mb();	/* the place is known before it is all pending */
	if (READ_ONCE(v->domain->xen.layout32))
		WRITE_ONCE(*((u32 *)info + 1), ~0u);
	else
		WRITE_ONCE(info->evtchn_pending_sel, ~0ul);
	xchg(&info->evtchn_upcall_pending, 1);
}

static long register_vcpu_info(struct vcpu *v, struct vcpu *caller, gva_t arg,
			       bool compat)
{
	struct domain *d = v->domain;
	const size_t size = sizeof(struct vcpu_info);
	struct vcpu_register_vcpu_info op;
	struct page *page;
	long ret;

	ret = xen_fetch(caller, &op, arg, sizeof(op));
	if (ret)
		return ret;
	if (op.offset > PAGE_SIZE - size || op.offset % (compat ? 4 : 8))
		return -ENXIO;
	ret = guest_ram_pin(&d->ram, GFN(op.mfn), true, false, &page);
	if (ret)
		return ret == -ENOMEM ? XEN_HC_NOMEM : -EINVAL;

	mutex_lock(&d->xen.lock);
	if (v->xen.info_page) {
		ret = -EBUSY;
	} else {
		v->xen.info_page = page;
		move_vcpu_info(v, page_address(page) + op.offset);
		page = NULL;
	}
	mutex_unlock(&d->xen.lock);

	if (page) {
		guest_ram_unpin(page);
		return ret;
	}
	xen_time_renew(v);
	vcpu_request(v, VCPU_REQ_EVENT);
	return 0;
}

static long set_periodic(struct vcpu *v, struct vcpu *caller, gva_t arg)
{
	struct mutex *lock = &v->domain->xen.lock;
	u64 period;
	long ret;

	ret = xen_fetch(caller, &period, arg, sizeof(period));
	if (ret)
		return ret;
	if (period < PERIOD_MIN_NS || period > S64_MAX)
		return -EINVAL;
	mutex_lock(lock);
	xen_periodic_set(v, period);
	mutex_unlock(lock);
	return 0;
}

static long stop_periodic(struct vcpu *v, struct vcpu *caller)
{
	struct mutex *lock = &v->domain->xen.lock;

	if (!READ_ONCE(v->xen.period_ns))
		return 0;
	if (caller->atomic)
		return XEN_HC_AGAIN;
	mutex_lock(lock);
	xen_periodic_set(v, 0);
	mutex_unlock(lock);
	return 0;
}

static long set_singleshot(struct vcpu *v, struct vcpu *caller, gva_t arg,
			   bool compat)
{
	struct vcpu_set_singleshot_timer op = { 0 };
	long ret;

	if (v != caller)
		return -EINVAL;
	/* 64-bit has four more bytes of padding. */
	ret = xen_fetch(caller, &op, arg, compat ? 12 : 16);
	if (ret)
		return ret;
	if ((op.flags & VCPU_SSHOTTMR_future) &&
	    op.timeout_abs_ns < xen_clock_now(&v->domain->xen.clock))
		return -ETIME;
	xen_timer_set(v, op.timeout_abs_ns);
	return 0;
}

static long stop_singleshot(struct vcpu *v, struct vcpu *caller)
{
	if (v != caller)
		return -EINVAL;
	xen_timer_stop(v);
	return 0;
}

static long send_nmi(struct vcpu *v, gva_t arg)
{
	if (arg)
		return -EINVAL;
	WRITE_ONCE(v->nmi_pending, true);
	vcpu_request(v, VCPU_REQ_EVENT);
	return 0;
}

/* What may sleep. */
static long slow_op(struct vcpu *v, struct vcpu *caller, u64 cmd, gva_t arg,
		    bool compat)
{
	if (caller->atomic)
		return XEN_HC_AGAIN;
	switch (cmd) {
	case VCPUOP_initialise:
		return initialise(v, caller, arg);
	case VCPUOP_up:
		return bring_up(v);
	case VCPUOP_down:
		return take_down(v, caller);
	case VCPUOP_is_up:
		return vcpu_is_up(v);
	case VCPUOP_get_runstate_info:
		return get_runstate(v, caller, arg, compat);
	case VCPUOP_register_runstate_memory_area:
		return register_area(v, caller, arg, compat ? 44 : 48, compat,
				     xen_runstate_set_area);
	case VCPUOP_register_vcpu_time_memory_area:
		return register_area(v, caller, arg,
				     sizeof(struct pvclock_vcpu_time_info),
				     compat, xen_time_set_area);
	case VCPUOP_register_vcpu_info:
		return register_vcpu_info(v, caller, arg, compat);
	case VCPUOP_set_periodic_timer:
		return set_periodic(v, caller, arg);
	case VCPUOP_send_nmi:
		return send_nmi(v, arg);
	case VCPUOP_get_physid:
		return -EINVAL;
	default:
		return -ENOSYS;
	}
}

/* Timers are set all the time, and without sleeping. */
long xen_vcpu_op(struct vcpu *vcpu, u64 cmd, u64 id, u64 arg, bool compat)
{
	struct vcpu *v;

	cmd = (u32)cmd;
	id = (u32)id;
	if (unlikely(id >= vcpu->domain->nr_vcpus))
		return -ENOENT;
	v = vcpu->domain->vcpus[array_index_nospec(id, LODGE_MAX_VCPUS)];
	switch (cmd) {
	case VCPUOP_set_singleshot_timer:
		return set_singleshot(v, vcpu, arg, compat);
	case VCPUOP_stop_singleshot_timer:
		return stop_singleshot(v, vcpu);
	case VCPUOP_stop_periodic_timer:
		return stop_periodic(v, vcpu);
	default:
		return slow_op(v, vcpu, cmd, arg, compat);
	}
}
