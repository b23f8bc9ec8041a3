// SPDX-License-Identifier: GPL-2.0-only
/*
 * All ports: nothing is there but a timer's counter 2, which stands at 0.  IN
 * gives ones in its own width and leaves the rest of RAX alone as the
 * architecture has it, OUT is dropped, and the string forms move the right
 * bytes in the right direction and stop at a fault with their registers right.
 */
#include "guest.h"

#define TIMER_COUNTER_2	0x42

static u8 buf[8192] __page_aligned;

static void sweep_in(void)
{
	struct sweep b = { "IN byte of all ports" };
	struct sweep w = { "IN word of all ports" };
	struct sweep l = { "IN dword of all ports" };
	u32 port;

	for (port = 0; port < 0x10000; port++) {
		b.checked++;
		if (inb((u16)port) != (port == TIMER_COUNTER_2 ? 0 : 0xff))
			sweep_fail(&b, "port %x", port);
		w.checked++;
		if (port < 0xffff && inw((u16)port) != 0xffff)
			sweep_fail(&w, "port %x", port);
		l.checked++;
		if (port < 0xfffd && inl((u16)port) != 0xffffffff)
			sweep_fail(&l, "port %x", port);
	}
	sweep_end(&b);
	sweep_end(&w);
	sweep_end(&l);
}

static void sweep_out(void)
{
	u32 port;

	for (port = 0; port < 0x10000; port++) {
		outb(0, (u16)port);
		if (port < 0xffff)
			outw(0x5a5a, (u16)port);
		if (port < 0xfffd)
			outl(0xa5a5a5a5, (u16)port);
	}
	report_ok("OUT to all ports is survived");
}

static void test_width(void)
{
	u64 rax = 0x1122334455667788;

	__asm__ volatile("inb $0x80, %%al" : "+a"(rax));
	check_eq("IN AL changes AL only", rax, 0x11223344556677ff);
	rax = 0x1122334455667788;
	__asm__ volatile("inw $0x80, %%ax" : "+a"(rax));
	check_eq("IN AX changes AX only", rax, 0x112233445566ffff);
	rax = 0x1122334455667788;
	__asm__ volatile("inl $0x80, %%eax" : "+a"(rax));
	check_eq("IN EAX clears the upper half", rax, 0xffffffff);
	rax = 0x1122334455667788;
	__asm__ volatile("outl %%eax, $0x80" : "+a"(rax));
	check_eq("OUT changes nothing", rax, 0x1122334455667788);
}

struct string {
	u64 rdi, rsi, rcx;
};

#define STRING_OP(insn)							\
static u32 do_##insn(struct string *s, bool down)			\
{									\
	DECLARE_TRAP(trap);						\
									\
	if (down)							\
		__asm__ volatile("std" ::: "cc");			\
	__asm__ volatile("1: rep " #insn "\n2: cld" EX_TABLE		\
			 : "+D"(s->rdi), "+S"(s->rsi), "+c"(s->rcx),	\
			   "+r"(trap) : "d"(0x80) : "memory", "cc");	\
	return trap;							\
}

STRING_OP(insb)
STRING_OP(insw)
STRING_OP(insl)
STRING_OP(outsb)
STRING_OP(outsw)
STRING_OP(outsl)

static bool is_filled(size_t from, size_t to)
{
	size_t i;

	for (i = 0; i < sizeof(buf); i++) {
		if ((buf[i] == 0xff) != (i >= from && i < to))
			return false;
	}
	return true;
}

static void check_ins(const char *name, u32 (*op)(struct string *, bool),
		      u32 width, u32 count, bool down)
{
	struct string s = { .rsi = 77, .rcx = count };
	u64 at = 4096 - 5 * width, bytes = (u64)count * width;
	char line[64];

	s.rdi = (u64)buf + at;
	memset(buf, 0, sizeof(buf));
	format(line, sizeof(line), "REP %s x %u%s", name, count,
	       down ? " backward" : "");
	check_trap(line, op(&s, down), 0);
	check_eq(line, s.rcx, 0);
	check_eq(line, s.rsi, 77);
	if (down) {
		check_eq(line, s.rdi, (u64)buf + at - bytes);
		check(line, is_filled(at + width - bytes, at + width));
	} else {
		check_eq(line, s.rdi, (u64)buf + at + bytes);
		check(line, is_filled(at, at + bytes));
	}
}

static void test_ins(void)
{
	check_ins("INSB", do_insb, 1, 1, false);
	check_ins("INSB", do_insb, 1, 100, false);
	check_ins("INSW", do_insw, 2, 100, false);
	check_ins("INSL", do_insl, 4, 100, false);
	check_ins("INSB", do_insb, 1, 100, true);
	check_ins("INSW", do_insw, 2, 100, true);
	check_ins("INSL", do_insl, 4, 100, true);
	check_ins("INSL", do_insl, 4, 0, false);
	check_ins("INSB", do_insb, 1, 4000, false);
}

static void check_outs(const char *name, u32 (*op)(struct string *, bool),
		       u32 width, u32 count, bool down)
{
	struct string s = { .rdi = 77, .rcx = count };
	u64 at = 4096 - 5 * width, bytes = (u64)count * width;
	char line[64];

	s.rsi = (u64)buf + at;
	format(line, sizeof(line), "REP %s x %u%s", name, count,
	       down ? " backward" : "");
	check_trap(line, op(&s, down), 0);
	check_eq(line, s.rcx, 0);
	check_eq(line, s.rdi, 77);
	check_eq(line, s.rsi, (u64)buf + at + (down ? 0 - bytes : bytes));
}

static void test_outs(void)
{
	check_outs("OUTSB", do_outsb, 1, 100, false);
	check_outs("OUTSW", do_outsw, 2, 100, false);
	check_outs("OUTSL", do_outsl, 4, 100, false);
	check_outs("OUTSB", do_outsb, 1, 100, true);
	check_outs("OUTSL", do_outsl, 4, 100, true);
	check_outs("OUTSL", do_outsl, 4, 0, false);
}

/* The single forms, and address-size and segment overrides. */
static void test_forms(void)
{
	u64 rdi = (u64)buf, rsi, rcx;

	memset(buf, 0, sizeof(buf));
	__asm__ volatile("insb" : "+D"(rdi) : "d"(0x80) : "memory");
	check("INSB without REP", rdi == (u64)buf + 1 && is_filled(0, 1));
	rdi = (u64)buf | 0xabcd00000000ul;
	rcx = 3 | 1ul << 40;
	memset(buf, 0, sizeof(buf));
	__asm__ volatile("addr32 rep insb" : "+D"(rdi), "+c"(rcx)
			 : "d"(0x80) : "memory");
	check("INSB with 32-bit addresses fills ES:EDI", is_filled(0, 3));
	check_eq("it counts in ECX", rcx & 0xffffffff, 0);
	check_eq("EDI wraps in 32 bits", rdi & 0xffffffff, (u64)buf + 3);
	wrmsr(MSR_FS_BASE, (u64)buf);
	rsi = 8;
	__asm__ volatile("fs outsl" : "+S"(rsi) : "d"(0x80) : "memory");
	check_eq("OUTSL with FS", rsi, 12);
	/* base + RSI wraps around 2^64 to the buffer */
	wrmsr(MSR_FS_BASE, -4096ul);
	rsi = (u64)buf + 4096;
	__asm__ volatile("fs outsl" : "+S"(rsi) : "d"(0x80) : "memory");
	wrmsr(MSR_FS_BASE, 0);
	report_ok("OUTSL with a base that wraps");
}

/* The second page is absent, or read-only: what came before it has happened. */
static void test_faults(void)
{
	u8 *p = window_map(0, (u64)buf, PTE_W);
	struct string s = { .rdi = (u64)p + 4096 - 16, .rcx = 100 };

	window_unmap(1);
	memset(buf, 0, sizeof(buf));
	check_trap("REP INSB into a hole", do_insb(&s, false),
		   TRAP(X86_PF, 2));
	check_eq("its RDI is at the hole", s.rdi, (u64)p + 4096);
	check_eq("its RCX is what remains", s.rcx, 84);
	check("what came before is there", is_filled(4096 - 16, 4096));
	check_eq("CR2", read_cr2(), (u64)p + 4096);

	s = (struct string) { .rsi = (u64)p + 4096 - 16, .rcx = 100 };
	check_trap("REP OUTSL into a hole", do_outsl(&s, false),
		   TRAP(X86_PF, 0));
	check_eq("its RSI is at the hole", s.rsi, (u64)p + 4096);
	check_eq("its RCX is what remains", s.rcx, 96);

	s = (struct string) { .rdi = (u64)p + 4094, .rcx = 1 };
	check_trap("INSL over the edge of a hole", do_insl(&s, false),
		   TRAP(X86_PF, 2));
	check_eq("its RCX", s.rcx, 1);

	window_map(1, (u64)buf, 0);
	s = (struct string) { .rdi = (u64)p + 4096, .rcx = 1 };
	check_trap("INSB into a read-only page", do_insb(&s, false),
		   TRAP(X86_PF, 3));
	s = (struct string) { .rdi = NON_CANONICAL, .rcx = 1 };
	check_trap("INSB to a non-canonical address", do_insb(&s, false), GP0);
	s = (struct string) { .rsi = NON_CANONICAL, .rcx = 1 };
	check_trap("OUTSB from a non-canonical address", do_outsb(&s, false),
		   GP0);
}

/* One instruction of 32-bit code, with a selector of its own in a register. */
#define STRING_INSN32(s, sel, trap, seg, insn)				\
	__asm__ volatile("mov %w[from], %%" seg "\n"			\
			 "pushq %[cs32]\n"				\
			 "pushq $3f\n"					\
			 "lretq\n"					\
			 ".code32\n"					\
			 "3:\n"						\
			 "1: " insn "\n"				\
			 "2: ljmp %[cs64], $4f\n"			\
			 ".code64\n"					\
			 "4: mov %w[data], %%" seg "\n" EX_TABLE	\
			 : "+D"((s)->rdi), "+S"((s)->rsi),		\
			   "+c"((s)->rcx), "+r"(trap)			\
			 : "d"(0x80), [cs32] "i"(SEL_CODE32),		\
			   [cs64] "i"(SEL_CODE64), [from] "r"(sel),	\
			   [data] "r"(SEL_DATA) : "memory", "cc")

static u32 insb32(struct string *s, u16 sel)
{
	DECLARE_TRAP(trap);

	STRING_INSN32(s, sel, trap, "es", "rep insb");
	return trap;
}

static u32 insl32(struct string *s, u16 sel)
{
	DECLARE_TRAP(trap);

	STRING_INSN32(s, sel, trap, "es", "rep insl");
	return trap;
}

static u32 outsb32_fs(struct string *s, u16 sel)
{
	DECLARE_TRAP(trap);

	STRING_INSN32(s, sel, trap, "fs", "rep outsb %%fs:(%%esi), %%dx");
	return trap;
}

static u32 outsb32_ss(struct string *s, u16 sel)
{
	DECLARE_TRAP(trap);

	STRING_INSN32(s, sel, trap, "ss", "rep outsb %%ss:(%%esi), %%dx");
	return trap;
}

#define DESC_RO		0x91ul
#define DESC_RW		0x93ul
#define DESC_RW_DOWN	0x97ul

/* A segment over buf; its limit is in bytes. */
static u16 make_segment(u64 type, u64 limit)
{
	u64 base = (u64)buf;

	gdt[SEL_FREE / 8] = limit | (base & 0xffffff) << 16 | type << 40 |
			    0x40ul << 48 | (base >> 24 & 0xff) << 56;
	memset(buf, 0, sizeof(buf));
	return SEL_FREE;
}

static void test_segments(void)
{
	struct string s = { .rdi = 8, .rcx = 100 };
	u16 sel = make_segment(DESC_RW, 15);

	check_trap("REP INSB over the limit", insb32(&s, sel), GP0);
	check_eq("its EDI is behind the limit", s.rdi, 16);
	check_eq("its ECX is what remains", s.rcx, 92);
	check("what fits is there", is_filled(8, 16));
	s = (struct string) { .rdi = 13, .rcx = 1 };
	sel = make_segment(DESC_RW, 15);
	check_trap("INSL across the limit", insl32(&s, sel), GP0);
	check("writes nothing", is_filled(0, 0));
	s = (struct string) { .rdi = 12, .rcx = 1 };
	check_trap("INSL up to the limit", insl32(&s, sel), 0);
	check("writes all", is_filled(12, 16));
	s = (struct string) { .rdi = 0, .rcx = 1 };
	sel = make_segment(DESC_RO, 15);
	check_trap("INSB to a read-only segment", insb32(&s, sel), GP0);
	s = (struct string) { .rdi = (u64)buf, .rcx = 1 };
	check_trap("INSB without a segment", insb32(&s, 0), GP0);
	check("neither writes", is_filled(0, 0));
	s = (struct string) { .rdi = 15, .rcx = 1 };
	sel = make_segment(DESC_RW_DOWN, 15);
	check_trap("INSB below an expand-down segment", insb32(&s, sel), GP0);
	s = (struct string) { .rdi = 16, .rcx = 1 };
	check_trap("INSB in an expand-down segment", insb32(&s, sel), 0);
	check("writes one byte", is_filled(16, 17));

	sel = make_segment(DESC_RW, 15);
	s = (struct string) { .rsi = 8, .rcx = 100 };
	check_trap("REP OUTSB over the limit of FS", outsb32_fs(&s, sel), GP0);
	check_eq("its ESI is behind the limit", s.rsi, 16);
	check_eq("its ECX is what remains", s.rcx, 92);
	s = (struct string) { .rsi = 16, .rcx = 1 };
	check_trap("OUTSB over the limit of SS", outsb32_ss(&s, sel),
		   TRAP(X86_SS, 0));
}

static const u8 user_in[] = { 0xe4, 0x80, 0xcd, 0x80 };

static void test_user_mode(void)
{
	static u8 code[4096] __page_aligned, stack[4096] __page_aligned;
	u64 io[6] = { 0 };
	void *rip = window_map(8, (u64)code, PTE_U);
	u8 *rsp = window_map(9, (u64)stack, PTE_U | PTE_W);

	memcpy(code, user_in, sizeof(user_in));
	check_trap("IN in user mode",
		   user_run((u64)rip, (u64)rsp + 4096, io), GP0);
}

void test_main(void)
{
	if (have_xen) {
		test_width();
		sweep_in();
		sweep_out();
	}
	test_ins();
	test_outs();
	test_forms();
	test_faults();
	test_segments();
	test_user_mode();
}
