// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guest-physical addresses with nothing behind them: reads give ones, writes
 * are dropped, for each size, register and addressing form a compiler emits,
 * and a fault of the access itself still comes first.
 */
#include "guest.h"

#define HOLE	0xfd000000ul

static void test_sizes(void)
{
	u64 v;
	u8 b;
	u16 w;
	u32 l;

	b = READ_ONCE(*(u8 *)HOLE);
	check_eq("byte", b, 0xff);
	w = READ_ONCE(*(u16 *)HOLE);
	check_eq("word", w, 0xffff);
	l = READ_ONCE(*(u32 *)HOLE);
	check_eq("dword", l, 0xffffffff);
	v = READ_ONCE(*(u64 *)HOLE);
	check_eq("qword", v, ~0ul);
	l = READ_ONCE(*(u32 *)(HOLE + 1));
	check_eq("unaligned dword", l, 0xffffffff);
	WRITE_ONCE(*(u8 *)HOLE, 0);
	WRITE_ONCE(*(u16 *)HOLE, 0);
	WRITE_ONCE(*(u32 *)HOLE, 0);
	WRITE_ONCE(*(u64 *)HOLE, 0);
	check_eq("writes are dropped", READ_ONCE(*(u64 *)HOLE), ~0ul);
	__asm__ volatile("movb $0, (%0); movw $0, (%0); movl $0, (%0);"
			 "movq $0, (%0)" :: "r"(HOLE) : "memory");
	check_eq("immediate writes too", READ_ONCE(*(u64 *)HOLE), ~0ul);
}

/* Every register as the destination, through a base of another register. */
#define LOAD(reg, base) do {						\
	u64 out__;							\
									\
	__asm__ volatile("mov %1, %%" #base "\n"			\
			 "xor %%" #reg ", %%" #reg "\n"			\
			 "mov (%%" #base "), %%" #reg "\n"		\
			 "mov %%" #reg ", %0"				\
			 : "=m"(out__) : "i"(HOLE)			\
			 : #reg, #base, "memory", "cc");		\
	s.checked++;							\
	if (out__ != ~0ul)						\
		sweep_fail(&s, "register " #reg ", got %lx", out__);	\
} while (0)

static void test_registers(void)
{
	struct sweep s = { "a load into every register" };

	LOAD(rax, rcx);
	LOAD(rcx, rax);
	LOAD(rdx, rax);
	LOAD(rbx, rax);
	LOAD(rsi, rax);
	LOAD(rdi, rax);
	LOAD(r8, rax);
	LOAD(r9, r8);
	LOAD(r10, r9);
	LOAD(r11, r10);
	LOAD(r12, rax);
	LOAD(r13, r12);
	LOAD(r14, r13);
	LOAD(r15, r14);
	LOAD(rax, r12);
	LOAD(rax, r13);
	sweep_end(&s);
}

static void test_forms(void)
{
	u64 v = 0x1122334455667788, base = HOLE - 0x100, index = 0x20;

	__asm__ volatile("movb 0x100(%1), %b0" : "+r"(v) : "r"(base));
	check_eq("byte load leaves the rest", v, 0x11223344556677ff);
	v = 0x1122334455667788;
	__asm__ volatile("movb 0x100(%1), %h0" : "+Q"(v) : "r"(base));
	check_eq("load of a high byte", v, 0x112233445566ff88);
	v = 0x1122334455667788;
	__asm__ volatile("movw 0x100(%1), %w0" : "+r"(v) : "r"(base));
	check_eq("word load leaves the rest", v, 0x112233445566ffff);
	v = 0x1122334455667788;
	__asm__ volatile("movl 0x100(%1,%2,8), %k0"
			 : "+r"(v) : "r"(base), "r"(index));
	check_eq("dword load with an index clears the rest", v, 0xffffffff);
	__asm__ volatile("movzbl 0x100(%1), %k0" : "=r"(v) : "r"(base));
	check_eq("MOVZX byte", v, 0xff);
	__asm__ volatile("movzwl 0x100(%1), %k0" : "=r"(v) : "r"(base));
	check_eq("MOVZX word", v, 0xffff);
	__asm__ volatile("movsbq 0x100(%1), %0" : "=r"(v) : "r"(base));
	check_eq("MOVSX byte", v, ~0ul);
	__asm__ volatile("movslq 0x100(%1), %0" : "=r"(v) : "r"(base));
	check_eq("MOVSXD", v, ~0ul);
	__asm__ volatile("movabsl 0xfd000000, %%eax" : "=a"(v));
	check_eq("absolute load", v, 0xffffffff);
	v = 5;
	__asm__ volatile("movabsl %%eax, 0xfd000000" :: "a"(v) : "memory");
	v = 5;
	__asm__ volatile("xchgl %k0, 0x100(%1)" : "+r"(v) : "r"(base)
			 : "memory");
	check_eq("XCHG", v, 0xffffffff);
	__asm__ volatile("movl %%gs:0x100(%1), %k0" : "=r"(v) : "r"(base));
	check_eq("load with GS", v, 0xffffffff);
}

static u8 buf[8192] __page_aligned;

static void test_strings(void)
{
	void *d = (void *)HOLE;
	const void *s = (void *)HOLE;
	u64 n = 64, i;
	bool ones = true;

	memset(buf, 0, 256);
	memcpy(buf, (void *)HOLE, 100);
	for (i = 0; i < 100; i++)
		ones &= buf[i] == 0xff;
	check("REP MOVSB out of a hole", ones && !buf[100]);
	memcpy((void *)HOLE, buf, 100);
	memset((void *)HOLE, 0, 100);
	check_eq("REP MOVSB and STOSB into it are dropped",
		 READ_ONCE(*(u64 *)HOLE), ~0ul);
	d = buf + 4096 - 32;
	memset(buf, 0, sizeof(buf));
	__asm__ volatile("rep movsq" : "+D"(d), "+S"(s), "+c"(n) :: "memory");
	check_eq("REP MOVSQ advances", (u64)d, (u64)buf + 4096 - 32 + 512);
	check_eq("and its source", (u64)s, HOLE + 512);
	check("over a page's end", buf[4096 - 32] == 0xff &&
	      buf[4096 - 32 + 511] == 0xff && !buf[4096 - 32 + 512]);
	d = buf + 63;
	s = (void *)(HOLE + 63);
	n = 64;
	memset(buf, 0, 128);
	__asm__ volatile("std; rep movsb; cld" : "+D"(d), "+S"(s), "+c"(n)
			 :: "memory", "cc");
	check("REP MOVSB backward", (u64)d == (u64)buf - 1 && buf[0] == 0xff &&
	      buf[63] == 0xff && !buf[64]);
}

static void test_edges(void)
{
	u8 *p = window_map(0, HOLE, PTE_W);
	u64 v;
	u32 l;

	window_unmap(1);
	window_map(2, HOLE, 0);
	check_trap("load over the edge to an absent page",
		   read32_safe((u64)p + 4094, &l), TRAP(X86_PF, 0));
	check_eq("CR2 is in the absent page", read_cr2(), (u64)p + 4096);
	check_trap("store to a read-only page",
		   write32_safe((u64)window_address(2), 1), TRAP(X86_PF, 3));
	window_map(1, (u64)buf, PTE_W);
	*(u32 *)buf = 0x11223344;
	check_trap("load from a hole into RAM",
		   read64_safe((u64)p + 4092, &v), 0);
	check_eq("is half ones", v, 0x11223344fffffffful);
}

static void test_other_holes(void)
{
	u32 l;
	u64 v;

	check_eq("below 4 GiB", READ_ONCE(*(u32 *)0xffc00000), ~0u);
	check_eq("last bytes below 4 GiB", READ_ONCE(*(u32 *)0xfffffffc), ~0u);
	check_eq("IO-APIC's place", READ_ONCE(*(u32 *)0xfec00000), ~0u);
	check_eq("HPET's place", READ_ONCE(*(u32 *)0xfed00000), ~0u);
	window_map(4, 1ul << 35, PTE_W);
	check_trap("32 GiB", read64_safe((u64)window_address(4), &v), 0);
	check_eq("reads ones", v, ~0ul);
	check_trap("32 GiB", write64_safe((u64)window_address(4), 0), 0);
	check_trap("and drops writes", read32_safe((u64)window_address(4), &l),
		   0);
	check_eq("so it still reads ones", l, ~0u);
}

static void test_lapic_page(void)
{
	u32 id, ver;

	if (!(rdmsr(MSR_APIC_BASE) & APIC_BASE_EN) || lapic_is_x2apic()) {
		print("# local APIC is not in xAPIC mode\n");
		return;
	}
	id = READ_ONCE(*(u32 *)(LAPIC_BASE + LAPIC_ID));
	ver = READ_ONCE(*(u32 *)(LAPIC_BASE + LAPIC_VERSION));
	check_eq("APIC id by its page", id >> 24, cpuid(1, 0).ebx >> 24);
	check_eq("APIC version by its page", ver & 0xff, 0x14);
}

void test_main(void)
{
	if (!have_xen)
		print("# without Xen the holes may hold devices\n");
	test_sizes();
	test_registers();
	test_forms();
	test_strings();
	test_edges();
	if (have_xen) {
		test_other_holes();
		test_lapic_page();
	}
}
