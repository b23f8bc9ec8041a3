/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The local APIC, through MSRs when it is in x2APIC mode and through its page
 * otherwise.  Registers are named by their offset in the page.
 */
#ifndef LODGE_GUEST_LAPIC_H
#define LODGE_GUEST_LAPIC_H

#include "cpu.h"

#define LAPIC_BASE	0xfee00000ul

#define LAPIC_ID	0x20
#define LAPIC_VERSION	0x30
#define LAPIC_TPR	0x80
#define LAPIC_PPR	0xa0
#define LAPIC_EOI	0xb0
#define LAPIC_LDR	0xd0
#define LAPIC_DFR	0xe0
#define LAPIC_SVR	0xf0
#define LAPIC_ISR	0x100
#define LAPIC_TMR	0x180
#define LAPIC_IRR	0x200
#define LAPIC_ESR	0x280
#define LAPIC_ICR	0x300
#define LAPIC_LVTT	0x320
#define LAPIC_LVTTHMR	0x330
#define LAPIC_LVTPC	0x340
#define LAPIC_LVT0	0x350
#define LAPIC_LVT1	0x360
#define LAPIC_LVTERR	0x370
#define LAPIC_TMICT	0x380
#define LAPIC_TMCCT	0x390
#define LAPIC_TDCR	0x3e0
#define LAPIC_SELF_IPI	0x3f0

#define APIC_BASE_BSP	BIT(8)
#define APIC_BASE_EXTD	BIT(10)
#define APIC_BASE_EN	BIT(11)

#define LAPIC_MSR(off)	(0x800 + (off) / 16)

static inline bool lapic_is_x2apic(void)
{
	return rdmsr(MSR_APIC_BASE) & APIC_BASE_EXTD;
}

/* Enable it, in x2APIC mode if the CPU has that. */
static inline void lapic_enable(void)
{
	u64 base = rdmsr(MSR_APIC_BASE);

	if (!(base & APIC_BASE_EN))
		wrmsr(MSR_APIC_BASE, base | APIC_BASE_EN);
	if (cpuid(1, 0).ecx & BIT(21))
		wrmsr(MSR_APIC_BASE, base | APIC_BASE_EN | APIC_BASE_EXTD);
}

static inline u32 lapic_read(u32 off)
{
	if (lapic_is_x2apic())
		return (u32)rdmsr(LAPIC_MSR(off));
	return READ_ONCE(*(u32 *)(LAPIC_BASE + off));
}

static inline void lapic_write(u32 off, u32 val)
{
	if (lapic_is_x2apic())
		wrmsr(LAPIC_MSR(off), val);
	else
		WRITE_ONCE(*(u32 *)(LAPIC_BASE + off), val);
}

/* A fixed or other interrupt to ourselves by shorthand. */
static inline void lapic_send_self(u32 icr)
{
	lapic_write(LAPIC_ICR, icr | 1u << 18);
}

#endif
