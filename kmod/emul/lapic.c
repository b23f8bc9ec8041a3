// SPDX-License-Identifier: GPL-2.0-only
/*
 * The local APIC.  It starts in x2APIC mode, so that a guest reaches it with
 * RDMSR and WRMSR and never through the page at 0xfee00000; that page is
 * served all the same for guests that switch to xAPIC mode, and for domains
 * that start there because their kernel knows nothing else.  There is no
 * I/O APIC and no PIC: interrupts come from IPIs, the timer, and Xen's upcall
 * when a guest asks for it on a LAPIC vector.  All are edges, so TMR is zero.
 */
#include "emul/lapic.h"

#include <linux/nospec.h>

#include <asm/apicdef.h>
#include <asm/msr-index.h>

#include "domain.h"
#include "emul/emul.h"
#include "vcpu.h"

/* Integrated APIC, version 0x14, highest LVT entry 5. */
#define LAPIC_VERSION		0x00050014u
#define LAPIC_DFR_FLAT		0xffffffffu
#define LAPIC_SVR_MASK		0x1ffu
#define LAPIC_SVR_RESET		0xffu
#define LAPIC_SVR_WRITABLE	0x3ffu		/* focus checking: ignored */
#define LAPIC_ICR_LOW		0x000ccfffu	/* without delivery status */
#define LAPIC_ICR_RESERVED	0xfff32000u
#define LAPIC_BROADCAST		0xffffffffu
#define LAPIC_LVT_CMCI		0x2f0

#define LAPIC_BASE_FLAGS	(MSR_IA32_APICBASE_BSP | X2APIC_ENABLE | \
				 MSR_IA32_APICBASE_ENABLE)
#define LAPIC_BASE_X2APIC	(X2APIC_ENABLE | MSR_IA32_APICBASE_ENABLE)

/* Writable bits of each LVT entry. */
static const u32 lvt_mask[NR_LAPIC_LVTS] = {
	[LAPIC_LVT_TIMER] = APIC_LVT_MASKED | APIC_LVT_TIMER_PERIODIC | 0xff,
	[LAPIC_LVT_THERMAL] = APIC_LVT_MASKED | APIC_MODE_MASK | 0xff,
	[LAPIC_LVT_PERF] = APIC_LVT_MASKED | APIC_MODE_MASK | 0xff,
	[LAPIC_LVT_LINT0] = APIC_LVT_MASKED | APIC_LVT_LEVEL_TRIGGER |
			    APIC_INPUT_POLARITY | APIC_MODE_MASK | 0xff,
	[LAPIC_LVT_LINT1] = APIC_LVT_MASKED | APIC_LVT_LEVEL_TRIGGER |
			    APIC_INPUT_POLARITY | APIC_MODE_MASK | 0xff,
	[LAPIC_LVT_ERROR] = APIC_LVT_MASKED | 0xff,
};

static bool lapic_is_x2apic(const struct lapic *lapic)
{
	return (READ_ONCE(lapic->base) & LAPIC_BASE_X2APIC) ==
	       LAPIC_BASE_X2APIC;
}

static bool lapic_is_on(const struct lapic *lapic)
{
	return READ_ONCE(lapic->base) & MSR_IA32_APICBASE_ENABLE;
}

static bool lapic_takes_vectors(const struct lapic *lapic)
{
	return lapic_is_on(lapic) &&
	       (READ_ONCE(lapic->svr) & APIC_SPIV_APIC_ENABLED);
}

/* Highest vector that is set, or -1. */
static int highest_vector(const unsigned long *map)
{
	int i;

	for (i = BITS_TO_LONGS(256) - 1; i >= 0; i--) {
		unsigned long word = READ_ONCE(map[i]);

		if (word)
			return i * BITS_PER_LONG + __fls(word);
	}
	return -1;
}

static u32 lapic_ppr(const struct lapic *lapic)
{
	int isr = highest_vector(lapic->isr);
	u32 tpr = lapic->tpr;

	if (isr < 0 || (tpr & 0xf0) >= (isr & 0xf0))
		return tpr;
	return isr & 0xf0;
}

/* Something that held an interrupt back has gone: look again before entry. */
static void lapic_recheck(struct vcpu *vcpu)
{
	if (READ_ONCE(vcpu->lapic.has_irr))
		set_bit(VCPU_REQ_EVENT, &vcpu->requests);
}

int lapic_pending_vector(struct vcpu *vcpu)
{
	struct lapic *lapic = &vcpu->lapic;
	int vector;

	if (!READ_ONCE(lapic->has_irr) || !lapic_takes_vectors(lapic))
		return -1;
	vector = highest_vector(lapic->irr);
	if (vector < 0 || (vector & 0xf0) <= (int)(lapic_ppr(lapic) & 0xf0))
		return -1;
	return vector;
}

/*
 * has_irr may be true with nothing in irr, never the reverse for longer than
 * a sender needs between its two stores: it is cleared first and irr is looked
 * at after that.
 */
static void lapic_update_has_irr(struct lapic *lapic)
{
	WRITE_ONCE(lapic->has_irr, false);
	/* Pairs with the barriers in lapic_raise() and timer_stall(). */
	smp_mb();
	if (highest_vector(lapic->irr) >= 0)
		WRITE_ONCE(lapic->has_irr, true);
}

void lapic_accept_vector(struct vcpu *vcpu, u8 vector)
{
	struct lapic *lapic = &vcpu->lapic;

	clear_bit(vector, lapic->irr);
	__set_bit(vector, lapic->isr);
	/* It has the barrier between irr and timer_stalled as well. */
	lapic_update_has_irr(lapic);
	if (unlikely(READ_ONCE(lapic->timer_stalled)))
		lapic_timer_resume(vcpu);
}

void lapic_return_vector(struct vcpu *vcpu, u8 vector)
{
	struct lapic *lapic = &vcpu->lapic;

	__clear_bit(vector, lapic->isr);
	set_bit(vector, lapic->irr);
	/* As in lapic_raise(). */
	smp_mb__after_atomic();
	WRITE_ONCE(lapic->has_irr, true);
}

void lapic_raise(struct vcpu *vcpu, u8 vector)
{
	struct lapic *lapic = &vcpu->lapic;

	if (!lapic_takes_vectors(lapic))
		return;
	set_bit(vector, lapic->irr);
	/* irr before has_irr; pairs with lapic_update_has_irr(). */
	smp_mb__after_atomic();
	WRITE_ONCE(lapic->has_irr, true);
	vcpu_request(vcpu, VCPU_REQ_EVENT);
}

static void lapic_error(struct vcpu *vcpu, u32 bit)
{
	struct lapic *lapic = &vcpu->lapic;
	u32 lvt = READ_ONCE(lapic->lvt[LAPIC_LVT_ERROR]);

	atomic_or(bit, &lapic->esr_pending);
	if (!(lvt & APIC_LVT_MASKED) && (lvt & 0xff) >= LAPIC_FIRST_VECTOR)
		lapic_raise(vcpu, lvt & 0xff);
}

static void lapic_eoi(struct vcpu *vcpu)
{
	int vector = highest_vector(vcpu->lapic.isr);

	if (vector < 0)
		return;
	__clear_bit(vector, vcpu->lapic.isr);
	lapic_recheck(vcpu);
}

static void lapic_write_tpr(struct vcpu *vcpu, u32 tpr)
{
	vcpu->lapic.tpr = tpr & 0xff;
	lapic_recheck(vcpu);
}

u64 lapic_read_cr8(const struct vcpu *vcpu)
{
	return vcpu->lapic.tpr >> 4;
}

void lapic_write_cr8(struct vcpu *vcpu, u64 value)
{
	lapic_write_tpr(vcpu, (value & 0xf) << 4);
}

/* INIT, STARTUP and NMI at one target. */

static void lapic_deliver_init(struct vcpu *target)
{
	atomic_set(&target->lapic.start, LAPIC_WAIT);
	vcpu_request(target, VCPU_REQ_RESET);
}

static void lapic_deliver_startup(struct vcpu *target, u8 vector)
{
	/* One that does not wait for it ignores it, as hardware does. */
	if (atomic_cmpxchg(&target->lapic.start, LAPIC_WAIT,
			   LAPIC_START | vector) == LAPIC_WAIT)
		vcpu_request(target, VCPU_REQ_RESET);
}

static void lapic_deliver_nmi(struct vcpu *target)
{
	/* One that waits for STARTUP takes no NMI. */
	if (atomic_read(&target->lapic.start) != LAPIC_RUNNING)
		return;
	WRITE_ONCE(target->nmi_pending, true);
	vcpu_request(target, VCPU_REQ_EVENT);
}

static void lapic_deliver(struct vcpu *target, u32 icr)
{
	u8 vector = icr;

	switch (icr & APIC_DM_FIXED_MASK) {
	case APIC_DM_FIXED:
	case APIC_DM_LOWEST:
		if (vector < LAPIC_FIRST_VECTOR)
			lapic_error(target, APIC_ESR_RECVILL);
		else
			lapic_raise(target, vector);
		break;
	case APIC_DM_NMI:
		lapic_deliver_nmi(target);
		break;
	case APIC_DM_INIT:
		lapic_deliver_init(target);
		break;
	case APIC_DM_STARTUP:
		lapic_deliver_startup(target, vector);
		break;
	}
}

static bool matches_x2apic_logical(const struct vcpu *target, u32 dest)
{
	u32 id = target->apic_id;

	return dest >> 16 == id >> 4 && (dest & 0xffff & (1u << (id & 15)));
}

static bool matches_xapic_logical(const struct vcpu *target, u8 dest)
{
	u8 ldr = READ_ONCE(target->lapic.ldr) >> 24;

	if (READ_ONCE(target->lapic.dfr) >> 28 == 0xf)
		return ldr & dest;
	return ldr >> 4 == dest >> 4 && (ldr & dest & 0xf);
}

/**
 * lapic_matches() - is this vCPU addressed by an IPI?
 * @target: the vCPU
 * @dest: destination: 32 bits in x2APIC mode, else 8
 * @logical: logical destination mode
 * @x2apic: the sender is in x2APIC mode
 */
static bool lapic_matches(const struct vcpu *target, u32 dest, bool logical,
			  bool x2apic)
{
	if (dest == (x2apic ? LAPIC_BROADCAST : 0xff))
		return true;
	if (!logical)
		return target->apic_id == dest;
	return x2apic ? matches_x2apic_logical(target, dest) :
			matches_xapic_logical(target, dest);
}

static void lapic_broadcast(struct vcpu *sender, u32 icr, u32 dest)
{
	bool lowest = (icr & APIC_DM_FIXED_MASK) == APIC_DM_LOWEST;
	bool x2apic = lapic_is_x2apic(&sender->lapic);
	u32 shorthand = icr & APIC_DEST_ALLBUT;
	struct domain *d = sender->domain;
	unsigned int i;

	for (i = 0; i < d->nr_vcpus; i++) {
		struct vcpu *target = d->vcpus[i];

		if (shorthand == APIC_DEST_ALLBUT && target == sender)
			continue;
		if (!shorthand &&
		    !lapic_matches(target, dest, icr & APIC_DEST_LOGICAL,
				   x2apic))
			continue;
		/* One that is switched off does not take part in the choice. */
		if (lowest && !lapic_takes_vectors(&target->lapic))
			continue;
		lapic_deliver(target, icr);
		if (lowest)
			break;
	}
}

/* Physical destination of one vCPU, the common case; NULL if it is not that. */
static struct vcpu *lapic_single_target(struct vcpu *sender, u32 icr, u32 dest)
{
	struct domain *d = sender->domain;
	u32 id = dest / 2;

	if ((icr & (APIC_DEST_ALLBUT | APIC_DEST_LOGICAL)) || (dest & 1) ||
	    id >= d->nr_vcpus)
		return NULL;
	return d->vcpus[array_index_nospec(id, d->nr_vcpus)];
}

static void lapic_send(struct vcpu *vcpu, u64 value)
{
	u32 icr = value & LAPIC_ICR_LOW;
	u32 dest = value >> 32;
	u32 mode = icr & APIC_DM_FIXED_MASK;
	struct vcpu *target;

	if (!lapic_is_x2apic(&vcpu->lapic))
		dest >>= 24;
	/* Level de-assert: only old APICs did something with it. */
	if (mode == APIC_DM_INIT && (icr & APIC_INT_LEVELTRIG) &&
	    !(icr & APIC_INT_ASSERT))
		return;
	if (mode <= APIC_DM_LOWEST && (u8)icr < LAPIC_FIRST_VECTOR)
		lapic_error(vcpu, APIC_ESR_SENDILL);

	target = (icr & APIC_DEST_ALLBUT) == APIC_DEST_SELF ?
		 vcpu : lapic_single_target(vcpu, icr, dest);
	if (target)
		lapic_deliver(target, icr);
	else
		lapic_broadcast(vcpu, icr, dest);
}

void lapic_handle_start(struct vcpu *vcpu)
{
	struct lapic *lapic = &vcpu->lapic;
	struct vcpu_segment cs;
	int start;

	start = atomic_read(&lapic->start);
	if (start == LAPIC_RUNNING)
		return;
	if (start & LAPIC_WAIT) {
		vcpu_go_down(vcpu, "waits for a STARTUP");
		return;
	}

	/*
	 * An INIT that comes from here on makes a request of its own, and
	 * leaves WAIT, which the exchange at the end does not overwrite.
	 */
	vcpu_reset(vcpu);
	lapic_reset(vcpu, true);
	vendor->read_seg(vcpu, VSEG_CS, &cs);
	cs.selector = (start & 0xff) << 8;
	cs.base = (start & 0xff) << 12;
	vendor->write_seg(vcpu, VSEG_CS, &cs);
	vcpu_write_reg(vcpu, VREG_RIP, 0);
	vcpu_go_up(vcpu);
	atomic_cmpxchg(&lapic->start, start, LAPIC_RUNNING);
}

/* Registers, by offset in the xAPIC page; x2APIC differs in a few. */

static u32 lapic_id(const struct vcpu *vcpu)
{
	if (lapic_is_x2apic(&vcpu->lapic))
		return vcpu->apic_id;
	return vcpu->apic_id << 24;
}

static u32 lapic_ldr(const struct vcpu *vcpu)
{
	u32 id = vcpu->apic_id;

	if (lapic_is_x2apic(&vcpu->lapic))
		return (id >> 4) << 16 | 1u << (id & 15);
	return vcpu->lapic.ldr;
}

/* One of the eight 32-bit words of a 256-bit register. */
static u32 map_word(const unsigned long *map, u32 offset)
{
	unsigned int word = (offset >> 4) & 7;

	return READ_ONCE(map[word / 2]) >> (word & 1) * 32;
}

static int lapic_read(struct vcpu *vcpu, u32 offset, u32 *value)
{
	struct lapic *lapic = &vcpu->lapic;
	u32 lvt;

	*value = 0;
	switch (offset) {
	case APIC_TASKPRI:
		*value = lapic->tpr;
		return 0;
	case APIC_ID:
		*value = lapic_id(vcpu);
		return 0;
	case APIC_LVR:
		*value = LAPIC_VERSION;
		return 0;
	case APIC_PROCPRI:
		*value = lapic_ppr(lapic);
		return 0;
	case APIC_LDR:
		*value = lapic_ldr(vcpu);
		return 0;
	case APIC_SPIV:
		*value = lapic->svr;
		return 0;
	case APIC_ISR ... APIC_ISR + 0x70:
		*value = map_word(lapic->isr, offset - APIC_ISR);
		return 0;
	case APIC_TMR ... APIC_TMR + 0x70:
		return 0;
	case APIC_IRR ... APIC_IRR + 0x70:
		*value = map_word(lapic->irr, offset - APIC_IRR);
		return 0;
	case APIC_ESR:
		*value = lapic->esr;
		return 0;
	case LAPIC_LVT_CMCI:
		*value = APIC_LVT_MASKED;
		return 0;
	case APIC_ICR:
		*value = lapic->icr;
		return 0;
	case APIC_LVTT ... APIC_LVTERR:
		lvt = (offset - APIC_LVTT) >> 4;
		*value = lapic->lvt[array_index_nospec(lvt, NR_LAPIC_LVTS)];
		return 0;
	case APIC_TMICT:
		*value = lapic->timer_initial;
		return 0;
	case APIC_TMCCT:
		*value = lapic_timer_current(vcpu);
		return 0;
	case APIC_TDCR:
		*value = lapic->timer_divide;
		return 0;
	}
	return -ENXIO;
}

static void lapic_write_lvt(struct vcpu *vcpu, unsigned int lvt, u32 value)
{
	struct lapic *lapic = &vcpu->lapic;

	lvt = array_index_nospec(lvt, NR_LAPIC_LVTS);
	value &= lvt_mask[lvt];
	if (!(lapic->svr & APIC_SPIV_APIC_ENABLED))
		value |= APIC_LVT_MASKED;
	WRITE_ONCE(lapic->lvt[lvt], value);
	if (lvt == LAPIC_LVT_TIMER)
		lapic_timer_mode_changed(vcpu);
}

static void lapic_write_svr(struct vcpu *vcpu, u32 value)
{
	struct lapic *lapic = &vcpu->lapic;
	unsigned int i;

	WRITE_ONCE(lapic->svr, value & LAPIC_SVR_MASK);
	if (value & APIC_SPIV_APIC_ENABLED) {
		lapic_recheck(vcpu);
		return;
	}
	for (i = 0; i < NR_LAPIC_LVTS; i++)
		WRITE_ONCE(lapic->lvt[i], lapic->lvt[i] | APIC_LVT_MASKED);
}

/* Registers that both modes write alike. */
static int lapic_write(struct vcpu *vcpu, u32 offset, u32 value)
{
	struct lapic *lapic = &vcpu->lapic;

	switch (offset) {
	case APIC_EOI:
		lapic_eoi(vcpu);
		return 0;
	case APIC_TASKPRI:
		lapic_write_tpr(vcpu, value);
		return 0;
	case APIC_SPIV:
		lapic_write_svr(vcpu, value);
		return 0;
	case APIC_ESR:
		lapic->esr = atomic_xchg(&lapic->esr_pending, 0);
		return 0;
	case LAPIC_LVT_CMCI:
		return 0;
	case APIC_LVTT ... APIC_LVTERR:
		lapic_write_lvt(vcpu, (offset - APIC_LVTT) >> 4, value);
		return 0;
	case APIC_TMICT:
		lapic_timer_write_initial(vcpu, value);
		return 0;
	case APIC_TDCR:
		lapic_timer_write_divide(vcpu, value);
		return 0;
	}
	return -ENXIO;
}

/* x2APIC: the registers as MSRs 0x800 .. 0x83f */

static int x2apic_write_icr(struct vcpu *vcpu, u64 value)
{
	if (value & LAPIC_ICR_RESERVED)
		return -EINVAL;
	vcpu->lapic.icr = value & (LAPIC_ICR_LOW | GENMASK_ULL(63, 32));
	lapic_send(vcpu, vcpu->lapic.icr);
	return 0;
}

static int x2apic_write_self_ipi(struct vcpu *vcpu, u64 value)
{
	if (value >> 8)
		return -EINVAL;
	lapic_send(vcpu, APIC_DEST_SELF | value);
	return 0;
}

/*
 * Bits that fault when written.  Read-only bits of an LVT entry (delivery
 * status, remote IRR) are ignored instead.
 */
static u32 x2apic_reserved(u32 offset)
{
	u32 lvt = (offset - APIC_LVTT) >> 4;

	switch (offset) {
	case APIC_EOI:
	case APIC_ESR:
		return ~0u;
	case APIC_TASKPRI:
		return ~0xffu;
	case APIC_SPIV:
		return ~LAPIC_SVR_WRITABLE;
	case APIC_LVTT ... APIC_LVTERR:
		return ~(lvt_mask[array_index_nospec(lvt, NR_LAPIC_LVTS)] |
			 APIC_SEND_PENDING | APIC_LVT_REMOTE_IRR);
	}
	return 0;
}

int lapic_msr_read(struct vcpu *vcpu, u32 msr, u64 *value)
{
	u32 offset = (msr - APIC_BASE_MSR) << 4;
	u32 low;

	if (!lapic_is_x2apic(&vcpu->lapic))
		return -EINVAL;
	if (offset == APIC_ICR) {
		*value = vcpu->lapic.icr;
		return 0;
	}
	if (lapic_read(vcpu, offset, &low))
		return -EINVAL;
	*value = low;
	return 0;
}

int lapic_msr_write(struct vcpu *vcpu, u32 msr, u64 value)
{
	u32 offset = (msr - APIC_BASE_MSR) << 4;

	if (!lapic_is_x2apic(&vcpu->lapic))
		return -EINVAL;
	if (offset == APIC_ICR)
		return x2apic_write_icr(vcpu, value);
	if (offset == APIC_SELF_IPI)
		return x2apic_write_self_ipi(vcpu, value);
	if (value >> 32)
		return -EINVAL;
	if (value & x2apic_reserved(offset))
		return -EINVAL;
	return lapic_write(vcpu, offset, value) ? -EINVAL : 0;
}

/* xAPIC: the page */

bool lapic_has_mmio(const struct vcpu *vcpu)
{
	return lapic_is_on(&vcpu->lapic) && !lapic_is_x2apic(&vcpu->lapic);
}

u32 lapic_mmio_read(struct vcpu *vcpu, u32 offset)
{
	u32 value;

	if (offset == APIC_ICR2)
		return vcpu->lapic.icr >> 32;
	if (offset == APIC_DFR)
		return vcpu->lapic.dfr;
	if (lapic_read(vcpu, offset, &value))
		lapic_error(vcpu, APIC_ESR_ILLREGA);
	return value;
}

void lapic_mmio_write(struct vcpu *vcpu, u32 offset, u32 value)
{
	struct lapic *lapic = &vcpu->lapic;

	switch (offset) {
	case APIC_ID:
		break;		/* fixed, the MADT tells it */
	case APIC_LDR:
		WRITE_ONCE(lapic->ldr, value & 0xff000000);
		break;
	case APIC_DFR:
		WRITE_ONCE(lapic->dfr, value | 0x0fffffff);
		break;
	case APIC_ICR2:
		lapic->icr = (u32)lapic->icr |
			     (u64)(value & 0xff000000) << 32;
		break;
	case APIC_ICR:
		lapic->icr = (lapic->icr & GENMASK_ULL(63, 32)) |
			     (value & LAPIC_ICR_LOW);
		lapic_send(vcpu, lapic->icr);
		break;
	default:
		if (lapic_write(vcpu, offset, value))
			lapic_error(vcpu, APIC_ESR_ILLREGA);
	}
}

/* Mode and life */

/* May IA32_APIC_BASE go from @old to @new? */
static bool lapic_base_is_valid(u64 old, u64 new)
{
	u64 old_mode = old & LAPIC_BASE_X2APIC;
	u64 mode = new & LAPIC_BASE_X2APIC;

	/* The page stays where it is, so no other address bit either. */
	if ((new & ~(u64)LAPIC_BASE_FLAGS) != LAPIC_BASE)
		return false;
	if (mode == X2APIC_ENABLE)
		return false;
	if (old_mode == LAPIC_BASE_X2APIC && mode == MSR_IA32_APICBASE_ENABLE)
		return false;
	return old_mode || mode != LAPIC_BASE_X2APIC;
}

/* Registers as INIT leaves them; mode and id are kept. */
static void lapic_reset_registers(struct vcpu *vcpu)
{
	struct lapic *lapic = &vcpu->lapic;
	unsigned int i;

	lapic_timer_stop(vcpu);
	WRITE_ONCE(lapic->svr, LAPIC_SVR_RESET);
	for (i = 0; i < NR_LAPIC_LVTS; i++)
		WRITE_ONCE(lapic->lvt[i], APIC_LVT_MASKED);
	for (i = 0; i < BITS_TO_LONGS(256); i++) {
		xchg(&lapic->irr[i], 0);
		lapic->isr[i] = 0;
	}
	lapic->tpr = 0;
	lapic->esr = 0;
	atomic_set(&lapic->esr_pending, 0);
	WRITE_ONCE(lapic->ldr, 0);
	WRITE_ONCE(lapic->dfr, LAPIC_DFR_FLAT);
	lapic->icr = 0;
	lapic->timer_divide = 0;
	lapic_update_has_irr(lapic);
}

int lapic_base_write(struct vcpu *vcpu, u64 value)
{
	struct lapic *lapic = &vcpu->lapic;
	u64 old = lapic->base;

	if (!lapic_base_is_valid(old, value))
		return -EINVAL;
	/* Which vCPU boots is not for the guest to say. */
	value &= ~(u64)MSR_IA32_APICBASE_BSP;
	value |= old & MSR_IA32_APICBASE_BSP;
	WRITE_ONCE(lapic->base, value);
	if ((old ^ value) & MSR_IA32_APICBASE_ENABLE)
		lapic_reset_registers(vcpu);
	return 0;
}

void lapic_reset(struct vcpu *vcpu, bool init)
{
	u64 base = LAPIC_BASE | (vcpu->domain->xapic ?
				 MSR_IA32_APICBASE_ENABLE : LAPIC_BASE_X2APIC);

	if (!vcpu->id)
		base |= MSR_IA32_APICBASE_BSP;
	if (!init)
		WRITE_ONCE(vcpu->lapic.base, base);
	lapic_reset_registers(vcpu);
}

void lapic_init(struct vcpu *vcpu)
{
	lapic_timer_init(vcpu);
	atomic_set(&vcpu->lapic.start, vcpu->id ? LAPIC_WAIT : LAPIC_RUNNING);
	lapic_reset(vcpu, false);
}

void lapic_destroy(struct vcpu *vcpu)
{
	lapic_timer_stop(vcpu);
}
