// SPDX-License-Identifier: GPL-2.0-only
/*
 * The state of a vCPU as a whole: after power-up and INIT, as the user sets
 * and reads it, as a crash records it, and as a base for looks into guest
 * memory.
 */
#include <linux/seq_buf.h>
#include <linux/slab.h>

#include <asm/debugreg.h>
#include <asm/fpu/types.h>

#include "domain.h"
#include "emul/cpuid.h"
#include "vcpu.h"
#include "xen/guest_if.h"

#define SEG_CODE16	0x9bu	/* present, execute/read, accessed */
#define SEG_DATA16	0x93u	/* present, read/write, accessed */
#define SEG_LDT		0x82u
#define SEG_TSS32_BUSY	0x8bu

#define DR7_RESET	0x400u

static const u64 pat_reset = 0x0007040600070406ull;

/* SDM, "IA-32 and Intel 64 Processor States Following Power-up or INIT". */
void vcpu_reset(struct vcpu *vcpu)
{
	static const struct vcpu_segment data = {
		.limit = 0xffff, .attr = SEG_DATA16 };
	static const struct vcpu_segment code = {
		.base = 0xffff0000, .selector = 0xf000, .limit = 0xffff,
		.attr = SEG_CODE16 };
	static const struct vcpu_segment ldt = {
		.limit = 0xffff, .attr = SEG_LDT };
	static const struct vcpu_segment tss = {
		.limit = 0xffff, .attr = SEG_TSS32_BUSY };
	static const struct vcpu_segment table = { .limit = 0xffff };
	struct cpuid_regs_out signature;
	unsigned int i;

	memset(vcpu->gpr, 0, sizeof(vcpu->gpr));
	cpuid_read(vcpu, 1, 0, &signature);
	vcpu->gpr[GPR_RDX] = signature.eax;
	vcpu_write_reg(vcpu, VREG_RSP, 0);
	vcpu_write_reg(vcpu, VREG_RIP, 0xfff0);
	vcpu_write_reg(vcpu, VREG_RFLAGS, X86_EFLAGS_FIXED);
	vcpu_write_reg(vcpu, VREG_EFER, 0);
	vcpu_write_reg(vcpu, VREG_CR0, X86_CR0_ET);
	vcpu_write_reg(vcpu, VREG_CR2, 0);
	vcpu_write_reg(vcpu, VREG_CR3, 0);
	vcpu_write_reg(vcpu, VREG_CR4, 0);
	cpuid_cr4_changed(vcpu, 0);
	vcpu_write_reg(vcpu, VREG_DR7, DR7_RESET);
	vcpu_write_reg(vcpu, VREG_DEBUGCTL, 0);
	vendor->forget_events(vcpu);
	for (i = VSEG_ES; i <= VSEG_GS; i++)
		vendor->write_seg(vcpu, i, i == VSEG_CS ? &code : &data);
	vendor->write_seg(vcpu, VSEG_LDTR, &ldt);
	vendor->write_seg(vcpu, VSEG_TR, &tss);
	vendor->write_seg(vcpu, VSEG_GDTR, &table);
	vendor->write_seg(vcpu, VSEG_IDTR, &table);
	memset(vcpu->dr, 0, sizeof(vcpu->dr));
	vcpu->dr6 = DR6_RESERVED;
	vcpu->dr_dirty = false;
	vcpu->exception_pending = false;
	WRITE_ONCE(vcpu->nmi_pending, false);
	vcpu->halted = false;
	xen_poll_finish(vcpu);
	set_bit(VCPU_REQ_FLUSH_VCPU, &vcpu->requests);
}

/* For a look at registers by a thread that does not run the vCPU. */
static void borrow(struct vcpu *vcpu)
{
	preempt_disable();
	vendor->vcpu_load(vcpu);
}

static void give_back(struct vcpu *vcpu)
{
	vendor->vcpu_put(vcpu);
	preempt_enable();
}

void vcpu_init_state(struct vcpu *vcpu)
{
	unsigned int i;

	borrow(vcpu);
	vcpu_reset(vcpu);
	/* What INIT leaves alone and power-up sets. */
	for (i = VREG_SYSENTER_CS; i <= VREG_TSC_AUX; i++)
		vcpu_write_reg(vcpu, i, 0);
	vcpu_write_reg(vcpu, VREG_PAT, pat_reset);
	vcpu->tsc_lost = xen_tsc_lost;
	vcpu_write_reg(vcpu, VREG_TSC_OFFSET, xen_tsc_offset(vcpu));
	give_back(vcpu);
}

static void read_segments(struct vcpu *vcpu, struct lodge_segment *out)
{
	struct vcpu_segment s;
	unsigned int i;

	BUILD_BUG_ON((int)NR_VSEGS != (int)LODGE_NR_SEGS);
	for (i = 0; i < NR_VSEGS; i++) {
		vendor->read_seg(vcpu, i, &s);
		out[i] = (struct lodge_segment){
			.base = s.base,
			.limit = s.limit,
			.attr = s.attr,
			.selector = s.selector,
		};
	}
}

/* The vCPU is loaded, or borrowed. */
static void read_state(struct vcpu *vcpu, struct lodge_vcpu_state *st)
{
	unsigned int i;

	*st = (struct lodge_vcpu_state){
		.size = sizeof(*st),
		.flags = (READ_ONCE(vcpu->online) ? LODGE_VCPU_ONLINE : 0) |
			 (vcpu->halted ? LODGE_VCPU_BLOCKED : 0),
		.rip = vcpu_read_reg(vcpu, VREG_RIP),
		.rflags = vcpu_read_reg(vcpu, VREG_RFLAGS),
		.cr0 = vcpu_read_reg(vcpu, VREG_CR0),
		.cr2 = vcpu_read_reg(vcpu, VREG_CR2),
		.cr3 = vcpu_read_reg(vcpu, VREG_CR3),
		.cr4 = vcpu_read_reg(vcpu, VREG_CR4),
		.cr8 = lapic_read_cr8(vcpu),
		.efer = vcpu_read_reg(vcpu, VREG_EFER),
		.xcr0 = vcpu->xcr0,
	};
	for (i = 0; i < NR_GPRS; i++)
		st->gpr[i] = vcpu_read_gpr(vcpu, i);
	for (i = 0; i < 4; i++)
		st->dr[i] = vcpu->dr[i];
	st->dr[6] = vcpu->dr6;
	st->dr[7] = vcpu_read_reg(vcpu, VREG_DR7);
	read_segments(vcpu, st->seg);
}

/* Has the run thread step aside; pairs with park() in vcpu.c. */
static int lock_state(struct vcpu *vcpu)
{
	int err;

	atomic_inc(&vcpu->lookers);
	vcpu_request(vcpu, VCPU_REQ_STOP);
	err = mutex_lock_interruptible(&vcpu->mutex);
	if (err) {
		atomic_dec(&vcpu->lookers);
		wake_up_all(&vcpu->domain->state_wait);
	}
	return err ? -EINTR : 0;
}

static void unlock_state(struct vcpu *vcpu)
{
	mutex_unlock(&vcpu->mutex);
	atomic_dec(&vcpu->lookers);
	wake_up_all(&vcpu->domain->state_wait);
}

int vcpu_get_state(struct vcpu *vcpu, struct lodge_vcpu_state *st)
{
	int err = lock_state(vcpu);

	if (err)
		return err;
	borrow(vcpu);
	read_state(vcpu, st);
	give_back(vcpu);
	unlock_state(vcpu);
	return 0;
}

/*
 * What a start may look like: protected mode without paging, or 64-bit.
 * Everything else would have to be checked against the hardware's rules in
 * full; these two are what boot protocols use.
 */
static bool state_is_valid(const struct lodge_vcpu_state *st)
{
	const u64 cr4_ok = X86_CR4_PAE | X86_CR4_PGE | X86_CR4_PSE |
			   X86_CR4_OSFXSR | X86_CR4_OSXMMEXCPT;
	bool lma = st->efer & EFER_LMA;
	unsigned int i;

	if (st->flags & ~(LODGE_VCPU_ONLINE | LODGE_VCPU_BLOCKED) ||
	    memchr_inv(st->reserved, 0, sizeof(st->reserved)))
		return false;
	if (st->cr0 & ~(u64)(X86_CR0_PE | X86_CR0_MP | X86_CR0_ET |
			     X86_CR0_NE | X86_CR0_WP | X86_CR0_PG) ||
	    !(st->cr0 & X86_CR0_PE) || st->cr4 & ~cr4_ok)
		return false;
	if (st->efer & ~(u64)(EFER_SCE | EFER_LME | EFER_LMA | EFER_NX) ||
	    lma != !!(st->cr0 & X86_CR0_PG) ||
	    (lma && !(st->efer & EFER_LME && st->cr4 & X86_CR4_PAE)))
		return false;
	/* What a start has no use for must be as after reset. */
	if (st->xcr0 > XFEATURE_MASK_FP || st->cr8 ||
	    memchr_inv(st->dr, 0, 6 * sizeof(st->dr[0])) ||
	    (st->dr[6] && st->dr[6] != DR6_RESERVED) ||
	    (st->dr[7] && st->dr[7] != DR7_RESET))
		return false;
	if (st->cr3 >> 46 || (st->rflags & ~0xfd5ull) != X86_EFLAGS_FIXED)
		return false;
	if (!lma && (st->rip >> 32 ||
		     (st->seg[LODGE_CS].attr & SEG_ATTR_L)))
		return false;
	if (lma && (s64)(st->rip << 16) >> 16 != (s64)st->rip)
		return false;
	for (i = 0; i < LODGE_NR_SEGS; i++)
		if (st->seg[i].attr & ~0x1f0ffu || st->seg[i].base >> 32 ||
		    memchr_inv(st->seg[i].reserved, 0,
			       sizeof(st->seg[i].reserved)))
			return false;
	return true;
}

static void write_state(struct vcpu *vcpu, const struct lodge_vcpu_state *st)
{
	unsigned int i;

	for (i = 0; i < NR_VSEGS; i++) {
		const struct vcpu_segment s = {
			.base = st->seg[i].base,
			.limit = st->seg[i].limit,
			.attr = st->seg[i].attr,
			.selector = st->seg[i].selector,
		};

		vendor->write_seg(vcpu, i, &s);
	}
	for (i = 0; i < NR_GPRS; i++)
		vcpu_write_gpr(vcpu, i, st->gpr[i]);
	vcpu_write_reg(vcpu, VREG_RIP, st->rip);
	vcpu_write_reg(vcpu, VREG_RFLAGS, st->rflags);
	vcpu_write_reg(vcpu, VREG_EFER, st->efer);
	vcpu_write_reg(vcpu, VREG_CR0, st->cr0);
	vcpu_write_reg(vcpu, VREG_CR2, st->cr2);
	vcpu_write_reg(vcpu, VREG_CR3, st->cr3);
	vcpu_write_reg(vcpu, VREG_CR4, st->cr4);
	cpuid_cr4_changed(vcpu, st->cr4);
	WRITE_ONCE(vcpu->online, st->flags & LODGE_VCPU_ONLINE);
	if (st->flags & LODGE_VCPU_ONLINE)
		lapic_mark_started(&vcpu->lapic);
}

int vcpu_set_state(struct vcpu *vcpu, const struct lodge_vcpu_state *st)
{
	int err;

	if (!state_is_valid(st))
		return -EINVAL;
	err = lock_state(vcpu);
	if (err)
		return err;
	if (vcpu->ran || !READ_ONCE(vcpu->domain->paused)) {
		err = -EBUSY;
		goto unlock;
	}
	borrow(vcpu);
	write_state(vcpu, st);
	give_back(vcpu);
unlock:
	unlock_state(vcpu);
	return err;
}

static void log_segments(struct domain *d, const struct lodge_vcpu_state *st)
{
	static const char * const names[NR_VSEGS] = {
		"es", "cs", "ss", "ds", "fs", "gs", "ldtr", "tr", "gdtr",
		"idtr",
	};
	unsigned int i;

	for (i = 0; i < NR_VSEGS; i++)
		domain_log(d, "  %-4s %04x base %016llx limit %08x attr %05x",
			   names[i], st->seg[i].selector, st->seg[i].base,
			   st->seg[i].limit, st->seg[i].attr);
}

static void log_vendor(struct vcpu *vcpu)
{
	char *text, *line, *rest;
	struct seq_buf s;

	text = kmalloc(1024, GFP_GUEST);
	if (!text)
		return;
	seq_buf_init(&s, text, 1024);
	vendor->dump(vcpu, &s);
	text[seq_buf_used(&s) < 1024 ? seq_buf_used(&s) : 1023] = '\0';
	rest = text;
	while ((line = strsep(&rest, "\n")))
		if (*line)
			domain_log(vcpu->domain, "  %s", line);
	kfree(text);
}

/* Run by the vCPU's own thread with interrupts on. */
void vcpu_log_state(struct vcpu *vcpu)
{
	struct domain *d = vcpu->domain;
	struct lodge_vcpu_state *st = kzalloc(sizeof(*st), GFP_GUEST);
	unsigned int i;

	if (!st)
		return;
	read_state(vcpu, st);
	domain_log(d, "vCPU %u:", vcpu->id);
	domain_log(d, "  rip %016llx rflags %08llx efer %04llx",
		   st->rip, st->rflags, st->efer);
	domain_log(d, "  cr0 %08llx cr2 %016llx cr3 %016llx cr4 %08llx",
		   st->cr0, st->cr2, st->cr3, st->cr4);
	for (i = 0; i < NR_GPRS; i += 4)
		domain_log(d, "  r%-2u %016llx %016llx %016llx %016llx", i,
			   st->gpr[i], st->gpr[i + 1], st->gpr[i + 2],
			   st->gpr[i + 3]);
	log_segments(d, st);
	log_vendor(vcpu);
	kfree(st);
}

enum vmexit_action vcpu_crash(struct vcpu *vcpu, const char *fmt, ...)
{
	char reason[LODGE_REASON_LEN];
	va_list args;

	/* Nothing has changed yet, so the exit can be looked at once more. */
	if (vcpu->atomic)
		return VMEXIT_AGAIN;
	va_start(args, fmt);
	vscnprintf(reason, sizeof(reason), fmt, args);
	va_end(args);
	vcpu_log_state(vcpu);
	return domain_shutdown(vcpu->domain, LODGE_SHUTDOWN_CRASH, "%s",
			       reason);
}

void vcpu_paging(struct vcpu *vcpu, struct guest_paging *pg)
{
	pg->cr0 = vcpu_read_reg(vcpu, VREG_CR0);
	pg->cr3 = vcpu_read_reg(vcpu, VREG_CR3);
	pg->cr4 = vcpu_read_reg(vcpu, VREG_CR4);
	pg->efer = vcpu_read_reg(vcpu, VREG_EFER);
	pg->cpl = 0;
}

int vcpu_copy_from_guest(struct vcpu *vcpu, void *dst, gva_t gva, size_t len)
{
	struct guest_paging pg;

	vcpu_paging(vcpu, &pg);
	return guest_virt_read(&vcpu->domain->ram, &pg, gva, dst, len);
}

int vcpu_copy_to_guest(struct vcpu *vcpu, gva_t gva, const void *src,
		       size_t len)
{
	struct guest_paging pg;

	vcpu_paging(vcpu, &pg);
	return guest_virt_write(&vcpu->domain->ram, &pg, gva, src, len,
				vcpu->atomic);
}
