// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every MSR of four ranges is read: a value or #GP(0) with RIP at the RDMSR,
 * never anything else.  Then the ones whose answer the guest interface fixes,
 * and the rules for writing.
 */
#include "guest.h"

#define GP	1u

static bool is_intel(void)
{
	return cpuid(0, 0).ebx == 0x756e6547;
}

static void sweep(const char *name, u32 from, u32 to)
{
	struct sweep s = { name };
	u32 msr, values = 0, trap;
	u64 v;

	for (msr = from; msr <= to; msr++) {
		s.checked++;
		trap = rdmsr_safe(msr, &v);
		if (!trap)
			values++;
		else if (trap != GP0)
			sweep_fail(&s, "MSR %x, got exception %x", msr, trap);
	}
	print("# %s: %u of %u have a value\n", name, values, s.checked);
	sweep_end(&s);
}

/* Which of the guest's features makes a row true. */
enum need { ALWAYS, INTEL, AMD };

struct fixed {
	u32 msr;
	enum need need;
	u32 fault;
	u64 value, mask;
};

static const struct fixed fixed[] = {
	{ 0x3a, AMD, GP },
	{ 0x3a, INTEL, 0, 1, ~0ul },
	{ 0x1a0, INTEL, 0, 0x1801, ~0ul },
	{ 0xfe, ALWAYS, 0, 0x508, ~0ul },
	{ 0x2ff, ALWAYS, 0, 0x806, 0x80f },	/* FE, bit 10, may differ */
	{ 0x200, ALWAYS, 0, 0, ~0ul },
	{ 0x201, ALWAYS, 0, 0, ~0ul },
	{ 0x20f, ALWAYS, 0, 0, ~0ul },
	{ 0x250, ALWAYS, 0, 0x0606060606060606, ~0ul },
	{ 0x258, ALWAYS, 0, 0x0606060606060606, ~0ul },
	{ 0x268, ALWAYS, 0, 0x0606060606060606, ~0ul },
	{ 0x26f, ALWAYS, 0, 0x0606060606060606, ~0ul },
	{ 0x277, ALWAYS, 0, 0x0007040600070406, ~0ul },
	{ 0x198, INTEL, 0, 0, ~0ul },
	{ 0x199, INTEL, 0, 0, ~0ul },
	{ 0x174, ALWAYS, 0, 0, ~0ul },
	{ 0x1b, ALWAYS, 0, 0xfee00900, ~(1ul << 10) },
	{ 0x122, ALWAYS, GP }, { 0x123, ALWAYS, GP }, { 0x10f, ALWAYS, GP },
	{ 0x33, ALWAYS, GP }, { 0xcf, ALWAYS, GP },
	{ 0x480, ALWAYS, GP }, { 0x48b, ALWAYS, GP }, { 0x491, ALWAYS, GP },
	{ 0x186, ALWAYS, GP }, { 0xc1, ALWAYS, GP }, { 0x309, ALWAYS, GP },
	{ 0x38d, ALWAYS, GP }, { 0x38f, ALWAYS, GP }, { 0x345, ALWAYS, GP },
	{ 0x3f1, ALWAYS, GP }, { 0x600, ALWAYS, GP },
	{ 0x606, ALWAYS, GP }, { 0x611, ALWAYS, GP }, { 0x1a2, ALWAYS, GP },
	{ 0x1ad, ALWAYS, GP }, { 0x19a, ALWAYS, GP }, { 0x1b0, ALWAYS, GP },
	{ 0x770, ALWAYS, GP }, { 0x49, ALWAYS, GP }, { 0x10b, ALWAYS, GP },
	{ 0x79, ALWAYS, GP }, { 0x1c5, ALWAYS, GP },
	{ 0x80e, ALWAYS, GP }, { 0x831, ALWAYS, GP },
	{ 0x40000000, ALWAYS, 0, 0, ~0ul },
	{ 0x40000001, ALWAYS, GP }, { 0x400000ff, ALWAYS, GP },
	{ 0x4b564d00, ALWAYS, GP }, { 0x4b564d01, ALWAYS, GP },
	{ 0xc0000102, ALWAYS, 0, 0, ~0ul },
	{ 0xc0010015, AMD, 0, 0x01000000, ~0ul },
	{ 0xc0011029, AMD, 0, 2, 2 },
	{ 0xc0010015, INTEL, GP },
	{ 0x2000, ALWAYS, GP }, { 0xffffffff, ALWAYS, GP },
	{ 0x80000000, ALWAYS, GP }, { 0xc0002000, ALWAYS, GP },
};

static void test_fixed(void)
{
	char name[40];
	unsigned int i;
	u32 trap;
	u64 v;

	for (i = 0; i < ARRAY_SIZE(fixed); i++) {
		const struct fixed *f = &fixed[i];

		if ((f->need == INTEL && !is_intel()) ||
		    (f->need == AMD && is_intel()))
			continue;
		format(name, sizeof(name), "read of MSR %x", f->msr);
		trap = rdmsr_safe(f->msr, &v);
		if (f->fault)
			check_trap(name, trap, GP0);
		else if (trap)
			check_trap(name, trap, 0);
		else
			check_eq(name, v & f->mask, f->value & f->mask);
	}
}

static void check_write(u32 msr, u64 val, u32 want)
{
	char name[64];

	format(name, sizeof(name), "write %lx to MSR %x", val, msr);
	check_trap(name, wrmsr_safe(msr, val), want ? GP0 : 0);
}

static void check_stored(u32 msr, u64 val)
{
	char name[64];
	u64 old, v = 0;

	format(name, sizeof(name), "MSR %x keeps %lx", msr, val);
	if (!check_trap(name, rdmsr_safe(msr, &old) | wrmsr_safe(msr, val), 0))
		return;
	rdmsr_safe(msr, &v);
	check_eq(name, v, val);
	wrmsr(msr, old);
}

static void test_base_msrs(void)
{
	static const u32 bases[] = {
		MSR_FS_BASE, MSR_GS_BASE, MSR_KGS_BASE, MSR_LSTAR, 0xc0000083
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bases); i++) {
		check_stored(bases[i], 0x00007ffffffff000);
		check_stored(bases[i], 0xffff800000000000);
		check_write(bases[i], NON_CANONICAL, GP);
		check_write(bases[i], 0xffff7fffffffffff, GP);
	}
	check_stored(MSR_STAR, 0x0023001000000000);
	check_stored(0xc0000084, 0x47700);
	check_stored(0x174, 8);
	if (is_intel()) {
		check_stored(0x175, 0xffff800000000000);
		check_stored(0x176, 0xffff800000001000);
		check_write(0x175, NON_CANONICAL, GP);
		check_write(0x176, NON_CANONICAL, GP);
	}
}

static void test_efer(void)
{
	u64 efer = rdmsr(MSR_EFER);

	check_write(MSR_EFER, efer | EFER_SCE, 0);
	check_eq("EFER.SCE is set", rdmsr(MSR_EFER), efer | EFER_SCE);
	check_write(MSR_EFER, efer, 0);
	check_write(MSR_EFER, efer & ~EFER_LME, GP);
	check_write(MSR_EFER, efer | EFER_SVME, GP);
	check_write(MSR_EFER, efer | 1ul << 1, GP);
	check_write(MSR_EFER, efer | 1ul << 9, GP);
	check_write(MSR_EFER, efer | 1ul << 16, GP);
	check_write(MSR_EFER, efer | 1ul << 63, GP);
	check_eq("a refused write changes nothing", rdmsr(MSR_EFER), efer);
	check_write(MSR_EFER, efer & ~EFER_LMA, 0);
	check_eq("EFER.LMA is read-only", rdmsr(MSR_EFER), efer);
}

static void test_pat_and_mtrr(void)
{
	check_stored(0x277, 0x0007010600070106);
	check_write(0x277, 0x0007040600070402, GP);
	check_write(0x277, 0x0007040600070403, GP);
	check_write(0x277, 0x0807040600070406, GP);
	check_write(0xfe, 0, GP);
	check_stored(0x200, 0x80000006);
	check_stored(0x250, 0);
	check_stored(0x26f, 0x0505050505050505);
}

static void test_other_writes(void)
{
	u64 tsc;

	check_write(0x1a0, 0x1800, 0);
	if (is_intel()) {
		check_eq("which is ignored", rdmsr(0x1a0), 0x1801);
		check_write(0x8b, 0, 0);
	}
	check_write(0x199, 0x1000, !is_intel());
	check_write(0x40000001, 0, GP);
	check_write(0x480, 0, GP);
	check_write(0x186, 0, GP);
	check_write(0x2000, 0, GP);
	check_write(0xffffffff, 0, GP);
	if (cpuid(0x80000001, 0).edx & BIT(27)) {
		check_stored(0xc0000103, 0x12345678);
		check_write(0xc0000103, 1ul << 32, GP);
	} else {
		check_write(0xc0000103, 0, GP);
	}
	tsc = rdtsc();
	check_write(MSR_TSC, tsc + (1ul << 40), 0);
	check("a write to the TSC moves it", rdtsc() - tsc >= 1ul << 40);
	check("RDMSR of the TSC agrees with RDTSC",
	      rdtsc() - rdmsr(MSR_TSC) + (1 << 24) < 2 << 24);
	wrmsr(MSR_TSC, rdtsc() - (1ul << 40));
	/* the bits of DEBUGCTL that need a debug store are not there */
	wrmsr_safe(0x1d9, 2);
	check_write(0x1d9, 0, 0);
	check_write(0x1d9, 1ul << 63, GP);
}

/* RDMSR looks at ECX alone and clears the upper halves of its results. */
static void test_registers(void)
{
	u64 rax = ~0ul, rdx = ~0ul;

	__asm__ volatile("rdmsr" : "+a"(rax), "+d"(rdx)
			 : "c"(0xffffffff00000000ul | MSR_EFER));
	check_eq("RDMSR uses ECX and clears upper halves",
		 rax | rdx << 32, rdmsr(MSR_EFER));
	check_eq("RDX too", rdx >> 32, 0);
}

static const u8 user_rdmsr[] = { 0x0f, 0x32, 0xcd, 0x80 };

static void test_user_mode(void)
{
	static u8 code[4096] __page_aligned, stack[4096] __page_aligned;
	u64 io[6] = { 0 };
	void *rip = window_map(8, (u64)code, PTE_U);
	u8 *rsp = window_map(9, (u64)stack, PTE_U | PTE_W);

	memcpy(code, user_rdmsr, sizeof(user_rdmsr));
	check_trap("RDMSR in user mode",
		   user_run((u64)rip, (u64)rsp + 4096, io), GP0);
	check_eq("with RIP at it", trap_last.regs.rip, (u64)rip);
}

void test_main(void)
{
	sweep("MSRs 0..1fff", 0, 0x1fff);
	sweep("MSRs c0000000..c0001fff", 0xc0000000, 0xc0001fff);
	sweep("MSRs 40000000..400000ff", 0x40000000, 0x400000ff);
	sweep("MSRs c0010000..c0011fff", 0xc0010000, 0xc0011fff);
	test_registers();
	test_user_mode();
	if (!have_xen)
		return;
	test_fixed();
	test_base_msrs();
	test_efer();
	test_pat_and_mtrr();
	test_other_writes();
}
