// SPDX-License-Identifier: GPL-2.0-only
/*
 * The modes of the CPU and the registers that control them: a trip through
 * all of them and back (trip.S), then the transitions and bits that must be
 * refused, each with #GP(0) and nothing changed.
 */
#include "guest.h"

#include <xen/version.h>

#include "trip.h"

extern const u8 trip_start[], trip_end[], trip_entry[], trip_call[];
extern u32 entry32[];

static u64 pae_pdpt[4] __aligned(32);
static u64 bad_pdpt[4] __aligned(32);
static u32 two_level_pd[1024] __page_aligned;

static u32 note(u32 off)
{
	return *(volatile u32 *)(TRIP_NOTES + (u64)off);
}

static void go_trip(void)
{
	void (*trip)(u64 pae, u64 two_level, u64 bad);
	u8 *code = (u8 *)TRIP_CODE;
	u32 i;

	for (i = 0; i < 4; i++) {
		pae_pdpt[i] = ((u64)boot_pd + i * PAGE_SIZE) | PTE_P;
		bad_pdpt[i] = pae_pdpt[i] | 2;
	}
	for (i = 0; i < 1024; i++)
		two_level_pd[i] = i << 22 | 0x83;
	memset((void *)TRIP_NOTES, 0, NOTE_BYTES);
	memcpy(code, trip_start, (size_t)(trip_end - trip_start));
	code[trip_call - trip_start] = have_xen ? use_vmmcall : 2;
	trip = (void *)(code + (trip_entry - trip_start));
	/* AMD's look at the entries when they walk, and would fault there. */
	trip((u64)pae_pdpt, (u64)two_level_pd,
	     use_vmmcall ? 0 : (u64)bad_pdpt);
}

static void check_call(const char *name, u32 got)
{
	if (have_xen)
		check_eq(name, got, (u64)hypercall2(__HYPERVISOR_xen_version,
						    XENVER_version, 0));
}

static void test_trip(void)
{
	const u32 lm = EFER_LME | EFER_LMA;

	go_trip();
	report_ok("through all modes and back");
	check_eq("compatibility mode: EFER", note(NOTE_COMPAT_EFER) & lm, lm);
	check_eq("unpaged: LMA is clear", note(NOTE_UNPAGED_EFER) & lm,
		 EFER_LME);
	check_eq("unpaged: CR0", note(NOTE_UNPAGED_CR0) & 0x80000001, 1);
	check_call("unpaged: hypercall", note(NOTE_UNPAGED_CALL));
	check_eq("unpaged: #GP has its error code",
		 note(NOTE_UNPAGED_WRMSR_TRAP), GP0);
	check_eq("PG with LME and no PAE", note(NOTE_NO_PAE_TRAP), GP0);
	check_eq("LME can be cleared", note(NOTE_LME_EFER) & lm, 0);
	if (!use_vmmcall)
		check_eq("PAE with a reserved bit in a PDPTE",
			 note(NOTE_BAD_PDPTE_TRAP), GP0);
	check_eq("PAE: off and on again", note(NOTE_PAE_OFF_ON_TRAP), 0);
	check_eq("PAE: memory", note(NOTE_PAE_READ), 0x12345678);
	check_eq("PAE: LMA stays clear", note(NOTE_PAE_EFER) & lm, 0);
	check_call("PAE: hypercall", note(NOTE_PAE_CALL));
	check_eq("PAE: CR4.PGE loads the entries again",
		 note(NOTE_PAE_RELOAD_TRAP), 0);
	check_eq("PAE: memory after CR4.PGE", note(NOTE_PAE_AGAIN_READ),
		 0x12345678);
	check_eq("two-level: memory", note(NOTE_TWO_LEVEL_READ), 0x12345678);
	check_call("two-level: hypercall", note(NOTE_TWO_LEVEL_CALL));
	check_eq("16-bit: stack", note(NOTE_16BIT_SP), TRIP_STACK - 2);
	check_eq("real mode: CR0", note(NOTE_REAL_CR0) & 0x80000001, 0);
	check_eq("real mode: INT", note(NOTE_REAL_INT), 0x21212121);
	check_eq("real mode: #UD", note(NOTE_REAL_UD), 0x7a7a);
	check_eq("real mode: #GP", note(NOTE_REAL_GP), 0x7a7a);
	check_eq("real mode: #GP has no error code", note(NOTE_REAL_GP_SP),
		 TRIP_STACK - 6);
	check_call("real mode: hypercall", note(NOTE_REAL_CALL));
	check_eq("real mode: CPUID", note(NOTE_REAL_CPUID), cpuid(0, 0).ebx);
	if (have_xen)
		check_eq("real mode: IN", note(NOTE_REAL_IN), 0xff);
	check_eq("real mode: segments", note(NOTE_REAL_FAR), 0x600d);
	check_eq("real mode: segment of 4 GiB", note(NOTE_BIG_REAL),
		 *(u32 *)0x100000);
	check_eq("back in long mode", note(NOTE_BACK_EFER) & lm, lm);
}

static void test_trips(void)
{
	u32 i;

	for (i = 0; i < 100; i++)
		go_trip();
	report_ok("a hundred trips");
	check_eq("the last one as the first", note(NOTE_PAE_READ), 0x12345678);
}

static void refuse_cr0(const char *name, u64 val)
{
	u64 old = read_cr0();

	check_trap(name, write_cr0_safe(val), GP0);
	if (read_cr0() != old) {
		report_fail(name, "CR0 changed to %lx", read_cr0());
		write_cr0_safe(old);
	}
}

static void test_cr0(void)
{
	u64 cr0 = read_cr0();

	check_eq("CR0 at rest", cr0 & (CR0_PE | CR0_PG | CR0_ET),
		 CR0_PE | CR0_PG | CR0_ET);
	refuse_cr0("CR0: PG without PE", cr0 & ~CR0_PE);
	refuse_cr0("CR0: clear PG in 64-bit code", cr0 & ~CR0_PG);
	refuse_cr0("CR0: NW without CD", cr0 | CR0_NW);
	refuse_cr0("CR0: bit 32", cr0 | 1ul << 32);
	refuse_cr0("CR0: bit 63", cr0 | 1ul << 63);
	check_trap("CR0: CD", write_cr0_safe(cr0 | CR0_CD), 0);
	check_eq("CR0: CD reads back", read_cr0(), cr0 | CR0_CD);
	check_trap("CR0: CD and NW", write_cr0_safe(cr0 | CR0_CD | CR0_NW), 0);
	check_eq("CR0: both read back", read_cr0(), cr0 | CR0_CD | CR0_NW);
	check_trap("CR0: restore", write_cr0_safe(cr0), 0);
	check_trap("CR0: clear NE", write_cr0_safe(cr0 & ~CR0_NE), 0);
	check_eq("CR0: NE reads clear", read_cr0(), cr0 & ~CR0_NE);
	check_trap("CR0: clear ET", write_cr0_safe(cr0 & ~CR0_ET), 0);
	check_eq("CR0: ET reads set", read_cr0() & CR0_ET, CR0_ET);
	check_trap("CR0: reserved low bits",
		   write_cr0_safe(cr0 | 1 << 7 | 1 << 17), 0);
	check_eq("CR0: they are ignored", read_cr0(), cr0);
	check_trap("CR0: TS MP EM AM", write_cr0_safe(cr0 | CR0_TS | CR0_MP |
						      CR0_EM | CR0_AM), 0);
	check_eq("CR0: they read back", read_cr0(), cr0 | CR0_TS | CR0_MP |
		 CR0_EM | CR0_AM);
	write_cr0(cr0);
}

static void test_task_switched(void)
{
	u64 cr0 = read_cr0();
	u16 msw = (u16)cr0 | CR0_TS;
	u64 smsw;

	__asm__ volatile("lmsw %0" :: "r"(msw) : "memory");
	check_eq("LMSW sets TS", read_cr0(), cr0 | CR0_TS);
	__asm__ volatile("clts" ::: "memory");
	check_eq("CLTS clears it", read_cr0(), cr0);
	msw = 0;
	__asm__ volatile("lmsw %0" :: "r"(msw) : "memory");
	check_eq("LMSW cannot clear PE", read_cr0() & CR0_PE, CR0_PE);
	msw = (u16)cr0 | CR0_MP;
	__asm__ volatile("lmsw %0" :: "m"(msw) : "memory");
	check_eq("LMSW from memory", read_cr0() & 0xf,
		 (cr0 | CR0_MP) & 0xf);
	write_cr0(cr0);
	__asm__ volatile("smsw %0" : "=r"(smsw));
	check_eq("SMSW shows CR0", smsw & 0xffff, cr0 & 0xffff);
}

static void refuse_cr4(const char *name, u64 val)
{
	u64 old = read_cr4();

	check_trap(name, write_cr4_safe(val), GP0);
	if (read_cr4() != old) {
		report_fail(name, "CR4 changed to %lx", read_cr4());
		write_cr4_safe(old);
	}
}

static void accept_cr4(const char *name, u64 bit)
{
	u64 old = read_cr4();
	char line[64];

	check_trap(name, write_cr4_safe(old | bit), 0);
	format(line, sizeof(line), "%s reads back", name);
	check_eq(line, read_cr4(), old | bit);
	check_trap(name, write_cr4_safe(old), 0);
}

/* A bit that a CPUID feature allows. */
static void cr4_by_cpuid(const char *name, u64 bit, bool has)
{
	if (has)
		accept_cr4(name, bit);
	else
		refuse_cr4(name, read_cr4() | bit);
}

static void test_cr4(void)
{
	u64 cr4 = read_cr4();
	struct cpuid_regs f1 = cpuid(1, 0), f7 = cpuid(7, 0);

	check_eq("CR4: VMXE reads clear", cr4 & CR4_VMXE, 0);
	accept_cr4("CR4: TSD", CR4_TSD);
	accept_cr4("CR4: DE", CR4_DE);
	accept_cr4("CR4: PSE", CR4_PSE);
	accept_cr4("CR4: PGE", CR4_PGE);
	accept_cr4("CR4: OSFXSR and OSXMMEXCPT", CR4_OSFXSR | 1 << 10);
	refuse_cr4("CR4: VMXE", cr4 | CR4_VMXE);
	refuse_cr4("CR4: SMXE", cr4 | CR4_SMXE);
	refuse_cr4("CR4: clear PAE in long mode", cr4 & ~CR4_PAE);
	refuse_cr4("CR4: LA57", cr4 | 1 << 12);
	refuse_cr4("CR4: bit 15", cr4 | 1 << 15);
	refuse_cr4("CR4: bit 19", cr4 | 1 << 19);
	refuse_cr4("CR4: bit 26", cr4 | 1 << 26);
	refuse_cr4("CR4: bit 31", cr4 | 1ul << 31);
	refuse_cr4("CR4: bit 32", cr4 | 1ul << 32);
	refuse_cr4("CR4: bit 63", cr4 | 1ul << 63);
	cr4_by_cpuid("CR4: OSXSAVE", CR4_OSXSAVE, f1.ecx & BIT(26));
	cr4_by_cpuid("CR4: SMEP", BIT(20), f7.ebx & BIT(7));
	cr4_by_cpuid("CR4: SMAP", BIT(21), f7.ebx & BIT(20));
	cr4_by_cpuid("CR4: FSGSBASE", BIT(16), f7.ebx & 1);
	cr4_by_cpuid("CR4: UMIP", BIT(11), f7.ecx & BIT(2));
	cr4_by_cpuid("CR4: PKE", BIT(22), f7.ecx & BIT(3));
	cr4_by_cpuid("CR4: PCIDE", CR4_PCIDE, f1.ecx & BIT(17));
	if (f1.ecx & BIT(17)) {
		u64 cr3 = read_cr3();

		write_cr3(cr3 | 1);
		refuse_cr4("CR4: PCIDE with a PCID in CR3", cr4 | CR4_PCIDE);
		write_cr3(cr3);
	}
}

static void test_cr8(void)
{
	check_trap("CR8: 16", write_cr8_safe(16), GP0);
	check_trap("CR8: bit 32", write_cr8_safe(1ul << 32), GP0);
}

static u32 xsetbv_safe(u32 idx, u64 val)
{
	DECLARE_TRAP(trap);

	__asm__ volatile("1: xsetbv\n2:" EX_TABLE
			 : "+r"(trap)
			 : "c"(idx), "a"((u32)val), "d"((u32)(val >> 32))
			 : "memory");
	return trap;
}

static u64 xgetbv0(void)
{
	u32 lo, hi;

	__asm__ volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
	return (u64)hi << 32 | lo;
}

static void refuse_xcr0(const char *name, u64 val)
{
	check_trap(name, xsetbv_safe(0, val), GP0);
}

static void test_xsetbv(void)
{
	u64 cr4 = read_cr4(), can;

	if (!(cpuid(1, 0).ecx & BIT(26)))
		return;
	check_trap("XSETBV without OSXSAVE", xsetbv_safe(0, 1), UD);
	write_cr4(cr4 | CR4_OSXSAVE);
	can = cpuid(0xd, 0).eax | (u64)cpuid(0xd, 0).edx << 32;
	check_eq("XCR0 at reset", xgetbv0(), 1);
	check_trap("XCR0: x87 and SSE", xsetbv_safe(0, 3), 0);
	check_eq("XCR0: reads back", xgetbv0(), 3);
	refuse_xcr0("XCR0: 0", 0);
	refuse_xcr0("XCR0: SSE without x87", 2);
	refuse_xcr0("XCR0: AVX without SSE", 5);
	refuse_xcr0("XCR0: one bit of MPX", 3 | 1 << 3);
	refuse_xcr0("XCR0: part of AVX-512", 7 | 1 << 5);
	refuse_xcr0("XCR0: AVX-512 without AVX", 3 | 7 << 5);
	refuse_xcr0("XCR0: bit 63", 3 | 1ul << 63);
	refuse_xcr0("XCR0: a bit that CPUID does not have",
		    3 | (~can & ~(can + 1) & 0x7ffffffffffffc00));
	check_eq("XCR0 is unchanged", xgetbv0(), 3);
	check_trap("XSETBV of XCR1", xsetbv_safe(1, 1), GP0);
	check_trap("XSETBV of XCR 2^32 - 1", xsetbv_safe(~0u, 1), GP0);
	check_trap("XCR0: all that CPUID has", xsetbv_safe(0, can), 0);
	check_eq("XCR0: reads back", xgetbv0(), can);
	check_eq("CPUID.D.EBX is for all of it", cpuid(0xd, 0).ebx,
		 cpuid(0xd, 0).ecx);
	check_trap("XCR0: x87 alone", xsetbv_safe(0, 1), 0);
	write_cr4(cr4);
}

void test_main(void)
{
	test_trip();
	test_trips();
	test_task_switched();
	if (cpu_is_tcg()) {
		print("# TCG refuses nothing\n");
		return;
	}
	test_cr0();
	test_cr4();
	test_cr8();
	test_xsetbv();
}
