/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The local APIC of a vCPU: registers, interrupt delivery by priority, timer,
 * and the INIT/STARTUP protocol.  It starts in x2APIC mode, so that a guest
 * reaches it by MSR; the xAPIC page is served for guests that switch.
 */
#ifndef LODGE_EMUL_LAPIC_H
#define LODGE_EMUL_LAPIC_H

#include <linux/atomic.h>
#include <linux/bitmap.h>
#include <linux/hrtimer.h>
#include <linux/types.h>

struct vcpu;

#define LAPIC_BASE		0xfee00000ull
#define LAPIC_SIZE		0x1000ull
#define LAPIC_FIRST_VECTOR	16

/* Indices of lapic->lvt[]. */
enum lapic_lvt {
	LAPIC_LVT_TIMER, LAPIC_LVT_THERMAL, LAPIC_LVT_PERF,
	LAPIC_LVT_LINT0, LAPIC_LVT_LINT1, LAPIC_LVT_ERROR,
	NR_LAPIC_LVTS
};

/*
 * The INIT/STARTUP protocol.  Senders move the state, the target's thread
 * acts on it when it finds VCPU_REQ_RESET, in lapic_handle_start().
 *
 *   INIT                any -> WAIT
 *   STARTUP             WAIT -> START | vector, ignored in the other states
 *   handle_start        START | vector -> RUNNING
 */
#define LAPIC_RUNNING		0
#define LAPIC_WAIT		0x100	/* INIT came (or power-up of an AP) */
#define LAPIC_START		0x200	/* bits 7:0: the STARTUP vector */

/*
 * irr is set by any CPU with atomic bit operations and followed by
 * vcpu_request(VCPU_REQ_EVENT); all else belongs to the thread that runs the
 * vCPU.
 */
struct lapic {
	DECLARE_BITMAP(irr, 256);	/* a */
	DECLARE_BITMAP(isr, 256);	/* v */
	bool has_irr;			/* a: irr may be non-empty */
	u64 base;			/* v: IA32_APIC_BASE */
	u32 tpr;
	u32 svr;
	u32 esr;			/* what a read gives */
	atomic_t esr_pending;		/* latched by the next write */
	atomic_t start;			/* LAPIC_RUNNING ... */
	u32 ldr;			/* xAPIC mode only */
	u32 dfr;
	u64 icr;
	u32 lvt[NR_LAPIC_LVTS];
	u32 timer_initial;
	u32 timer_divide;
	ktime_t timer_start;
	struct hrtimer timer;
	bool timer_stalled;		/* a: see lapic_timer.c */
};

void lapic_init(struct vcpu *vcpu);		/* once, at creation */
void lapic_reset(struct vcpu *vcpu, bool init);	/* init: INIT keeps the base */
void lapic_destroy(struct vcpu *vcpu);		/* stops the timer */

/* Highest vector that may be delivered now (TPR, ISR, software enable), or -1. */
int lapic_pending_vector(struct vcpu *vcpu);
/* The vector was injected: IRR to ISR. */
void lapic_accept_vector(struct vcpu *vcpu, u8 vector);
/* It did not get in after all: ISR to IRR. */
void lapic_return_vector(struct vcpu *vcpu, u8 vector);

/* MSR and MMIO access; 0, or -EINVAL for #GP (MSR) or -ENXIO. */
int lapic_msr_read(struct vcpu *vcpu, u32 msr, u64 *value);
int lapic_msr_write(struct vcpu *vcpu, u32 msr, u64 value);
int lapic_base_write(struct vcpu *vcpu, u64 value);
/* Is the xAPIC page there?  Not in x2APIC mode, not when disabled. */
bool lapic_has_mmio(const struct vcpu *vcpu);
u32 lapic_mmio_read(struct vcpu *vcpu, u32 offset);
void lapic_mmio_write(struct vcpu *vcpu, u32 offset, u32 value);

/**
 * lapic_raise() - an edge on a vector, from any context
 * @vcpu: the target
 * @vector: 16..255
 *
 * Dropped while the target's APIC is disabled by software.
 */
void lapic_raise(struct vcpu *vcpu, u8 vector);

/* The target is about to start, though its thread has not noticed yet. */
static inline bool lapic_start_pending(const struct lapic *lapic)
{
	return atomic_read(&lapic->start) & LAPIC_START;
}

/* INIT came last, or nothing since power-up: it has no state to run from. */
static inline bool lapic_is_waiting(const struct lapic *lapic)
{
	return atomic_read(&lapic->start) & LAPIC_WAIT;
}

/*
 * It runs by other means than STARTUP (VCPUOP_up, SET_STATE): what INIT left
 * is overtaken.
 */
static inline void lapic_mark_started(struct lapic *lapic)
{
	atomic_set(&lapic->start, LAPIC_RUNNING);
}

/**
 * lapic_handle_start() - act on INIT and STARTUP
 * @vcpu: loaded, run by this thread, which found VCPU_REQ_RESET and holds the
 *	domain's xen.lock
 *
 * Afterwards vcpu->online says whether there is anything to run.
 */
void lapic_handle_start(struct vcpu *vcpu);

/* kmod/emul/lapic_timer.c, for lapic.c */
void lapic_timer_init(struct vcpu *vcpu);
void lapic_timer_stop(struct vcpu *vcpu);
void lapic_timer_write_initial(struct vcpu *vcpu, u32 count);
void lapic_timer_write_divide(struct vcpu *vcpu, u32 value);
void lapic_timer_mode_changed(struct vcpu *vcpu);
/* timer_stalled was seen after a full barrier: the reason may have gone. */
void lapic_timer_resume(struct vcpu *vcpu);
u32 lapic_timer_current(const struct vcpu *vcpu);

/* CR8 is bits 7:4 of TPR. */
u64 lapic_read_cr8(const struct vcpu *vcpu);
void lapic_write_cr8(struct vcpu *vcpu, u64 value);

#endif /* LODGE_EMUL_LAPIC_H */
