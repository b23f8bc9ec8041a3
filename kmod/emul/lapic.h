/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The local APIC of a vCPU: registers, interrupt delivery by priority, timer,
 * and the INIT/STARTUP protocol.  It starts in x2APIC mode, so that a guest
 * reaches it by MSR; the xAPIC page is served for guests that switch.
 */
#ifndef LODGE_EMUL_LAPIC_H
#define LODGE_EMUL_LAPIC_H

#include <linux/bitmap.h>
#include <linux/hrtimer.h>
#include <linux/types.h>

struct vcpu;

#define LAPIC_BASE		0xfee00000ull
#define LAPIC_SIZE		0x1000ull

/* Indices of lapic->lvt[]. */
enum lapic_lvt {
	LAPIC_LVT_TIMER, LAPIC_LVT_THERMAL, LAPIC_LVT_PERF,
	LAPIC_LVT_LINT0, LAPIC_LVT_LINT1, LAPIC_LVT_ERROR,
	NR_LAPIC_LVTS
};

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
	u32 esr_pending;		/* a: latched by the next write */
	u32 ldr;			/* xAPIC mode only */
	u32 dfr;
	u64 icr;
	u32 lvt[NR_LAPIC_LVTS];
	u32 timer_initial;
	u32 timer_divide;
	ktime_t timer_start;
	struct hrtimer timer;
};

void lapic_init(struct vcpu *vcpu);		/* once, at creation */
void lapic_reset(struct vcpu *vcpu, bool init);	/* init: INIT keeps the base */
void lapic_destroy(struct vcpu *vcpu);		/* stops the timer */

/* Highest vector that may be delivered now (TPR, ISR, software enable), or -1. */
int lapic_pending_vector(struct vcpu *vcpu);
/* The vector was injected: IRR to ISR. */
void lapic_accept_vector(struct vcpu *vcpu, u8 vector);

/* MSR and MMIO access; 0, or -EINVAL for #GP (MSR) or -ENXIO. */
int lapic_msr_read(struct vcpu *vcpu, u32 msr, u64 *value);
int lapic_msr_write(struct vcpu *vcpu, u32 msr, u64 value);
int lapic_base_write(struct vcpu *vcpu, u64 value);
u32 lapic_mmio_read(struct vcpu *vcpu, u32 offset);
void lapic_mmio_write(struct vcpu *vcpu, u32 offset, u32 value);

/* CR8 is bits 7:4 of TPR. */
u64 lapic_read_cr8(const struct vcpu *vcpu);
void lapic_write_cr8(struct vcpu *vcpu, u64 value);

#endif /* LODGE_EMUL_LAPIC_H */
