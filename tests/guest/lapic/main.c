// SPDX-License-Identifier: GPL-2.0-only
/*
 * The local APIC: registers and their rights, interrupts to ourselves, masking
 * by priority, errors, and the transitions of its mode.
 */
#include "guest.h"

#define VEC_LOW		0x41
#define VEC_HIGH	0x91
#define VEC_ERROR	0xa1
#define VEC_TIMER	0xb1
#define VEC_SPURIOUS	0xff

static volatile u32 got[256];
static volatile u32 order, seen_low, seen_high;
static volatile u32 isr_inside, ppr_inside;

static bool on_irq(struct regs *r)
{
	got[r->vector]++;
	order++;
	if (r->vector == VEC_LOW)
		seen_low = order;
	if (r->vector == VEC_HIGH)
		seen_high = order;
	isr_inside = lapic_read(LAPIC_ISR + (r->vector / 32) * 16);
	ppr_inside = lapic_read(LAPIC_PPR);
	if (r->vector != VEC_SPURIOUS)
		lapic_write(LAPIC_EOI, 0);
	return true;
}

static void window(void)
{
	irq_enable();
	__asm__ volatile("nop; nop" ::: "memory");
	irq_disable();
}

static void check_msr(const char *name, u32 off, u32 read_trap, u32 write_trap,
		      u64 val)
{
	char line[64];
	u64 v;

	format(line, sizeof(line), "%s, read", name);
	check_trap(line, rdmsr_safe(LAPIC_MSR(off), &v), read_trap);
	format(line, sizeof(line), "%s, write", name);
	check_trap(line, wrmsr_safe(LAPIC_MSR(off), val), write_trap);
}

static void test_rights(void)
{
	check_msr("ID", LAPIC_ID, 0, GP0, 0);
	check_msr("version", LAPIC_VERSION, 0, GP0, 0);
	check_msr("PPR", LAPIC_PPR, 0, GP0, 0);
	check_msr("EOI", LAPIC_EOI, GP0, 0, 0);
	check_msr("LDR", LAPIC_LDR, 0, GP0, 0);
	check_msr("DFR", LAPIC_DFR, GP0, GP0, 0);
	check_msr("ISR", LAPIC_ISR, 0, GP0, 0);
	check_msr("TMR", LAPIC_TMR, 0, GP0, 0);
	check_msr("IRR", LAPIC_IRR + 0x70, 0, GP0, 0);
	check_msr("ESR", LAPIC_ESR, 0, 0, 0);
	check_msr("ICR, high half", LAPIC_ICR + 0x10, GP0, GP0, 0);
	check_msr("timer count", LAPIC_TMCCT, 0, GP0, 0);
	check_msr("self IPI", LAPIC_SELF_IPI, GP0, GP0, 0x100);
	check_msr("offset 40", 0x40, GP0, GP0, 0);
	check_msr("offset c0", 0xc0, GP0, GP0, 0);
	check_msr("offset 3f0 + 10", 0x400, GP0, GP0, 0);
	check_trap("EOI of 1", wrmsr_safe(LAPIC_MSR(LAPIC_EOI), 1), GP0);
	check_trap("ESR of 1", wrmsr_safe(LAPIC_MSR(LAPIC_ESR), 1), GP0);
	check_trap("TPR of 100", wrmsr_safe(LAPIC_MSR(LAPIC_TPR), 0x100), GP0);
	check_trap("SVR with a reserved bit",
		   wrmsr_safe(LAPIC_MSR(LAPIC_SVR), 1ul << 31), GP0);
	check_trap("LVT0 with a reserved bit",
		   wrmsr_safe(LAPIC_MSR(LAPIC_LVT0), 1ul << 31), GP0);
	check_trap("SVR with a high half",
		   wrmsr_safe(LAPIC_MSR(LAPIC_SVR), 1ul << 32), GP0);
}

static void test_registers(void)
{
	u32 id = 2 * xen_vcpu_id;

	check_eq("ID", lapic_read(LAPIC_ID), id);
	check_eq("version", lapic_read(LAPIC_VERSION), 0x50014);
	check_eq("LDR", lapic_read(LAPIC_LDR), (id >> 4) << 16 |
		 1u << (id & 15));
	check_eq("LVT timer is masked", lapic_read(LAPIC_LVTT), 0x10000);
	check_eq("LVT error is masked", lapic_read(LAPIC_LVTERR), 0x10000);
	lapic_write(LAPIC_TPR, 0x20);
	check_eq("TPR", lapic_read(LAPIC_TPR), 0x20);
	check_eq("CR8 is its class", read_cr8(), 2);
	write_cr8(5);
	check_eq("and the other way round", lapic_read(LAPIC_TPR), 0x50);
	check_eq("PPR follows", lapic_read(LAPIC_PPR), 0x50);
	check_trap("CR8 of 16", write_cr8_safe(16), GP0);
	lapic_write(LAPIC_TPR, 0);
	lapic_write(LAPIC_LVT0, 0x10700);
	check_eq("LINT0 as ExtINT, masked", lapic_read(LAPIC_LVT0), 0x10700);
	lapic_write(LAPIC_LVT0, 0x10000);
	lapic_write(LAPIC_LVT1, 0x400);
	check_eq("LINT1 as NMI", lapic_read(LAPIC_LVT1), 0x400);
	lapic_write(LAPIC_LVT1, 0x10000);
	lapic_write(LAPIC_TDCR, 0xb);
	check_eq("timer divider", lapic_read(LAPIC_TDCR), 0xb);
}

static void test_self_ipi(void)
{
	u32 before = got[VEC_LOW];

	lapic_send_self(VEC_LOW);
	check_eq("ICR's delivery status is clear",
		 lapic_read(LAPIC_ICR) & 1u << 12, 0);
	check("IRR shows it", lapic_read(LAPIC_IRR + 0x20) &
	      1u << (VEC_LOW % 32));
	check_eq("IF clear holds it back", got[VEC_LOW], before);
	window();
	check_eq("it comes with STI", got[VEC_LOW], before + 1);
	check_eq("ISR showed it inside", isr_inside & 1u << (VEC_LOW % 32),
		 1u << (VEC_LOW % 32));
	check_eq("PPR was its class", ppr_inside & 0xf0, VEC_LOW & 0xf0);
	check_eq("EOI cleared ISR", lapic_read(LAPIC_ISR + 0x20), 0);
	check_eq("IRR is clear", lapic_read(LAPIC_IRR + 0x20), 0);

	before = got[VEC_HIGH];
	check_trap("self IPI register",
		   wrmsr_safe(LAPIC_MSR(LAPIC_SELF_IPI), VEC_HIGH), 0);
	window();
	check_eq("delivers", got[VEC_HIGH], before + 1);

	before = got[VEC_LOW];
	lapic_send_self(VEC_LOW);
	lapic_send_self(VEC_LOW);
	window();
	check_eq("two of one vector are one", got[VEC_LOW], before + 1);

	/* by physical id, with no shorthand */
	wrmsr(LAPIC_MSR(LAPIC_ICR),
	      (u64)(2 * xen_vcpu_id) << 32 | VEC_LOW);
	window();
	check_eq("IPI to our own id", got[VEC_LOW], before + 2);
	wrmsr(LAPIC_MSR(LAPIC_ICR), 0x7full << 32 | VEC_LOW);
	window();
	check_eq("IPI to an id that nobody has", got[VEC_LOW], before + 2);
	wrmsr(LAPIC_MSR(LAPIC_ICR), 0xffffffffull << 32 | VEC_LOW);
	window();
	check_eq("IPI to all", got[VEC_LOW], before + 3);
	wrmsr(LAPIC_MSR(LAPIC_ICR), 3u << 18 | VEC_LOW);
	window();
	check_eq("IPI to all but ourselves", got[VEC_LOW], before + 3);
	wrmsr(LAPIC_MSR(LAPIC_ICR), (u64)lapic_read(LAPIC_LDR) << 32 |
	      1u << 11 | VEC_LOW);
	window();
	check_eq("IPI by logical id", got[VEC_LOW], before + 4);
}

static void test_priority(void)
{
	u32 low = got[VEC_LOW], high = got[VEC_HIGH];

	lapic_send_self(VEC_LOW);
	lapic_send_self(VEC_HIGH);
	window();
	check("the higher vector is first", seen_high < seen_low);
	check("both come", got[VEC_LOW] == low + 1 &&
	      got[VEC_HIGH] == high + 1);
	lapic_write(LAPIC_TPR, VEC_LOW & 0xf0);
	lapic_send_self(VEC_LOW);
	lapic_send_self(VEC_HIGH);
	window();
	check_eq("TPR masks its class", got[VEC_LOW], low + 1);
	check_eq("and not a higher one", got[VEC_HIGH], high + 2);
	irq_enable();
	lapic_write(LAPIC_TPR, 0);
	__asm__ volatile("nop" ::: "memory");
	irq_disable();
	check_eq("lowering TPR lets it through", got[VEC_LOW], low + 2);
	write_cr8(15);
	lapic_send_self(VEC_HIGH);
	window();
	check_eq("CR8 masks", got[VEC_HIGH], high + 2);
	irq_enable();
	write_cr8(0);
	__asm__ volatile("nop" ::: "memory");
	irq_disable();
	check_eq("CR8 unmasks", got[VEC_HIGH], high + 3);
}

static void test_errors(void)
{
	lapic_write(LAPIC_LVTERR, VEC_ERROR);
	lapic_write(LAPIC_ESR, 0);
	lapic_write(LAPIC_ESR, 0);
	check_eq("ESR is clear", lapic_read(LAPIC_ESR), 0);
	lapic_send_self(5);
	lapic_write(LAPIC_ESR, 0);
	check("a bad vector is an error", lapic_read(LAPIC_ESR) & 0x60);
	window();
	check("and raises the error interrupt", got[VEC_ERROR] >= 1);
	check_eq("and is not delivered", got[5], 0);
	lapic_write(LAPIC_ESR, 0);
	check_eq("reading latches, writing clears", lapic_read(LAPIC_ESR), 0);
	lapic_write(LAPIC_LVTERR, 0x10000);
}

static void test_timer(void)
{
	u32 first, second;

	lapic_write(LAPIC_TDCR, 0xb);
	lapic_write(LAPIC_LVTT, VEC_TIMER);
	lapic_write(LAPIC_TMICT, 1000000);
	first = lapic_read(LAPIC_TMCCT);
	second = lapic_read(LAPIC_TMCCT);
	if (!first) {
		print("# the local APIC has no timer\n");
		return;
	}
	check("the count goes down", second <= first && first <= 1000000);
	irq_enable();
	check("one-shot fires", wait_until(got[VEC_TIMER] == 1, 2000));
	check_eq("the count ends at zero", lapic_read(LAPIC_TMCCT), 0);
	lapic_write(LAPIC_LVTT, VEC_TIMER | 1u << 17);
	lapic_write(LAPIC_TMICT, 500000);
	check("periodic fires", wait_until(got[VEC_TIMER] >= 4, 2000));
	lapic_write(LAPIC_TMICT, 0);
	irq_disable();
	window();
	first = got[VEC_TIMER];
	check("zero stops it",
	      !wait_until((window(), got[VEC_TIMER] != first), 20));
	lapic_write(LAPIC_LVTT, 0x10000);
}

static void test_software_disable(void)
{
	u32 before = got[VEC_LOW];

	lapic_write(LAPIC_LVTERR, VEC_ERROR);
	lapic_write(LAPIC_SVR, 0xff);
	check("disabling masks the LVT", lapic_read(LAPIC_LVTERR) & 0x10000);
	lapic_write(LAPIC_LVTERR, VEC_ERROR);
	check("and keeps it masked", lapic_read(LAPIC_LVTERR) & 0x10000);
	lapic_write(LAPIC_SVR, 0x1ff);
	lapic_send_self(VEC_LOW);
	window();
	check_eq("enabled again it delivers", got[VEC_LOW], before + 1);
}

static u32 set_mode(u64 bits)
{
	u64 base = rdmsr(MSR_APIC_BASE) & ~(APIC_BASE_EN | APIC_BASE_EXTD);

	return wrmsr_safe(MSR_APIC_BASE, base | bits);
}

static void test_modes(void)
{
	u64 base = rdmsr(MSR_APIC_BASE), v;

	check_eq("BSP", base & APIC_BASE_BSP, APIC_BASE_BSP);
	check_eq("base address", base & ~0xffful, LAPIC_BASE);
	check_trap("x2APIC to xAPIC", set_mode(APIC_BASE_EN), GP0);
	check_trap("EXTD without EN", set_mode(APIC_BASE_EXTD), GP0);
	check_eq("refusals change nothing", rdmsr(MSR_APIC_BASE), base);
	check_trap("reserved bit 0", wrmsr_safe(MSR_APIC_BASE, base | 1), GP0);
	check_trap("reserved bit 9",
		   wrmsr_safe(MSR_APIC_BASE, base | 1 << 9), GP0);
	check_trap("reserved bit 63",
		   wrmsr_safe(MSR_APIC_BASE, base | 1ul << 63), GP0);
	check_trap("x2APIC to disabled", set_mode(0), 0);
	check_trap("registers are gone",
		   rdmsr_safe(LAPIC_MSR(LAPIC_ID), &v), GP0);
	check_eq("CPUID shows no APIC", cpuid(1, 0).edx & BIT(9), 0);
	check_trap("disabled to x2APIC", set_mode(APIC_BASE_EN |
						  APIC_BASE_EXTD), GP0);
	check_trap("disabled to xAPIC", set_mode(APIC_BASE_EN), 0);
	check_trap("registers are not MSRs in xAPIC mode",
		   rdmsr_safe(LAPIC_MSR(LAPIC_ID), &v), GP0);
	check_eq("id in the page",
		 READ_ONCE(*(u32 *)(LAPIC_BASE + LAPIC_ID)) >> 24,
		 2 * xen_vcpu_id);
	check_eq("version in the page",
		 READ_ONCE(*(u32 *)(LAPIC_BASE + LAPIC_VERSION)), 0x50014);
	check_eq("SVR was reset",
		 READ_ONCE(*(u32 *)(LAPIC_BASE + LAPIC_SVR)), 0xff);
	WRITE_ONCE(*(u32 *)(LAPIC_BASE + LAPIC_SVR), 0x1ff);
	check_eq("the page can be written",
		 READ_ONCE(*(u32 *)(LAPIC_BASE + LAPIC_SVR)), 0x1ff);
	check_trap("xAPIC to x2APIC", set_mode(APIC_BASE_EN | APIC_BASE_EXTD),
		   0);
	check_eq("id", lapic_read(LAPIC_ID), 2 * xen_vcpu_id);
	check_eq("all is as before", rdmsr(MSR_APIC_BASE),
		 base | APIC_BASE_EXTD | APIC_BASE_EN);
}

void test_main(void)
{
	unsigned int i;

	for (i = 32; i < 256; i++)
		trap_hook[i] = on_irq;
	lapic_enable();
	lapic_write(LAPIC_SVR, 0x1ff);
	lapic_write(LAPIC_TPR, 0);
	if (!lapic_is_x2apic()) {
		print("skip: no x2APIC\n");
		return;
	}
	test_rights();
	test_registers();
	test_self_ipi();
	test_priority();
	test_errors();
	test_software_disable();
	test_timer();
	test_modes();
}
