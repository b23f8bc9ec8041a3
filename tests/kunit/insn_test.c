// SPDX-License-Identifier: GPL-2.0-only
/*
 * The decoder, against encodings as an assembler writes them, and arithmetic
 * against the flags that the processor itself computes.
 */
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/random.h>

#include "../../kmod/emul/insn.c"

#define NONE	INSN_NO_REG

struct decode_case {
	const char *text;
	u8 bits;
	u8 len;
	u8 bytes[INSN_MAX_LEN];
	struct mem_insn insn;
};

#define REGS(r, s, b, i)	.reg = (r), .seg = (s), .base = (b), .index = (i)

static const struct decode_case decode_cases[] = {
	{ "mov eax, [rdi]", 64, 2, { 0x8b, 0x07 },
	  { .op = INSN_LOAD, .size = 4, .reg_size = 4, .addr_size = 8,
	    REGS(0, INSN_DS, 7, NONE) } },
	{ "mov [rax+0x300], ecx", 64, 6, { 0x89, 0x88, 0, 3, 0, 0 },
	  { .op = INSN_STORE, .size = 4, .reg_size = 4, .addr_size = 8,
	    REGS(1, INSN_DS, 0, NONE), .disp = 0x300 } },
	{ "mov r9, [r12+r13*8-8]", 64, 5, { 0x4f, 0x8b, 0x4c, 0xec, 0xf8 },
	  { .op = INSN_LOAD, .size = 8, .reg_size = 8, .addr_size = 8,
	    REGS(9, INSN_DS, 12, 13), .shift = 3, .disp = -8 } },
	{ "mov ah, [rbp+1]", 64, 3, { 0x8a, 0x65, 0x01 },
	  { .op = INSN_LOAD, .size = 1, .reg_size = 1, .addr_size = 8,
	    .reg_high = true, REGS(0, INSN_SS, 5, NONE), .disp = 1 } },
	{ "mov spl, [rsp]", 64, 4, { 0x40, 0x8a, 0x24, 0x24 },
	  { .op = INSN_LOAD, .size = 1, .reg_size = 1, .addr_size = 8,
	    REGS(4, INSN_SS, 4, NONE) } },
	{ "mov eax, [rip+0x10]", 64, 6, { 0x8b, 0x05, 0x10, 0, 0, 0 },
	  { .op = INSN_LOAD, .size = 4, .reg_size = 4, .addr_size = 8,
	    .rip_relative = true, REGS(0, INSN_DS, NONE, NONE),
	    .disp = 0x10 } },
	{ "mov eax, [abs 0xfee00020]", 64, 7,
	  { 0x8b, 0x04, 0x25, 0x20, 0x00, 0xe0, 0xfe },
	  { .op = INSN_LOAD, .size = 4, .reg_size = 4, .addr_size = 8,
	    REGS(0, INSN_DS, NONE, NONE), .disp = (s32)0xfee00020 } },
	{ "mov eax, [0xfee00020]", 32, 5, { 0xa1, 0x20, 0x00, 0xe0, 0xfe },
	  { .op = INSN_LOAD, .size = 4, .reg_size = 4, .addr_size = 4,
	    REGS(0, INSN_DS, NONE, NONE), .disp = 0xfee00020ll } },
	{ "mov rax, moffs64", 64, 10,
	  { 0x48, 0xa1, 1, 2, 3, 4, 5, 6, 7, 0x80 },
	  { .op = INSN_LOAD, .size = 8, .reg_size = 8, .addr_size = 8,
	    REGS(0, INSN_DS, NONE, NONE), .disp = 0x8007060504030201ll } },
	{ "mov dword [0xfee000b0], 0", 32, 10,
	  { 0xc7, 0x05, 0xb0, 0, 0xe0, 0xfe, 0, 0, 0, 0 },
	  { .op = INSN_STORE, .size = 4, .reg_size = 4, .addr_size = 4,
	    .has_imm = true, REGS(NONE, INSN_DS, NONE, NONE),
	    .disp = (s32)0xfee000b0 } },
	{ "mov qword [rax], -1", 64, 7,
	  { 0x48, 0xc7, 0x00, 0xff, 0xff, 0xff, 0xff },
	  { .op = INSN_STORE, .size = 8, .reg_size = 8, .addr_size = 8,
	    .has_imm = true, REGS(NONE, INSN_DS, 0, NONE), .imm = -1 } },
	{ "mov word [bx+si], 0x1234", 16, 4, { 0xc7, 0x00, 0x34, 0x12 },
	  { .op = INSN_STORE, .size = 2, .reg_size = 2, .addr_size = 2,
	    .has_imm = true, REGS(NONE, INSN_DS, 3, 6), .imm = 0x1234 } },
	{ "mov ax, es:[bp-2]", 16, 4, { 0x26, 0x8b, 0x46, 0xfe },
	  { .op = INSN_LOAD, .size = 2, .reg_size = 2, .addr_size = 2,
	    REGS(0, INSN_ES, 5, NONE), .disp = -2 } },
	{ "mov ax, [0x1234]", 16, 4, { 0x8b, 0x06, 0x34, 0x12 },
	  { .op = INSN_LOAD, .size = 2, .reg_size = 2, .addr_size = 2,
	    REGS(0, INSN_DS, NONE, NONE), .disp = 0x1234 } },
	{ "movzx ecx, byte [rdx]", 64, 3, { 0x0f, 0xb6, 0x0a },
	  { .op = INSN_LOAD, .size = 1, .reg_size = 4, .addr_size = 8,
	    REGS(1, INSN_DS, 2, NONE) } },
	{ "movsx rcx, word [rdx]", 64, 4, { 0x48, 0x0f, 0xbf, 0x0a },
	  { .op = INSN_LOAD, .size = 2, .reg_size = 8, .addr_size = 8,
	    .sign = true, REGS(1, INSN_DS, 2, NONE) } },
	{ "movsxd rcx, [rdx]", 64, 3, { 0x48, 0x63, 0x0a },
	  { .op = INSN_LOAD, .size = 4, .reg_size = 8, .addr_size = 8,
	    .sign = true, REGS(1, INSN_DS, 2, NONE) } },
	{ "xchg [rdx], eax", 64, 2, { 0x87, 0x02 },
	  { .op = INSN_XCHG, .size = 4, .reg_size = 4, .addr_size = 8,
	    REGS(0, INSN_DS, 2, NONE) } },
	{ "lock or dword [rdx], 1", 64, 4, { 0xf0, 0x83, 0x0a, 0x01 },
	  { .op = INSN_ALU_MEM, .alu = ALU_OR, .size = 4, .reg_size = 4,
	    .addr_size = 8, .has_imm = true,
	    REGS(NONE, INSN_DS, 2, NONE), .imm = 1 } },
	{ "xor eax, fs:[rdx]", 64, 3, { 0x64, 0x33, 0x02 },
	  { .op = INSN_ALU_REG, .alu = ALU_XOR, .size = 4, .reg_size = 4,
	    .addr_size = 8, REGS(0, INSN_FS, 2, NONE) } },
	{ "test byte [rdx], 0x80", 64, 3, { 0xf6, 0x02, 0x80 },
	  { .op = INSN_ALU_MEM, .alu = ALU_TEST, .size = 1, .reg_size = 1,
	    .addr_size = 8, .has_imm = true,
	    REGS(NONE, INSN_DS, 2, NONE), .imm = -128 } },
	{ "cmp [rdx], ecx", 64, 2, { 0x39, 0x0a },
	  { .op = INSN_ALU_MEM, .alu = ALU_CMP, .size = 4, .reg_size = 4,
	    .addr_size = 8, REGS(1, INSN_DS, 2, NONE) } },
	{ "rep movsd", 64, 2, { 0xf3, 0xa5 },
	  { .op = INSN_MOVS, .size = 4, .reg_size = 4, .addr_size = 8,
	    .rep = true, REGS(0, INSN_DS, NONE, NONE) } },
	{ "rep stosq", 64, 3, { 0xf3, 0x48, 0xab },
	  { .op = INSN_STOS, .size = 8, .reg_size = 8, .addr_size = 8,
	    .rep = true, REGS(0, INSN_DS, NONE, NONE) } },
	{ "a32 lodsb, gs", 64, 3, { 0x67, 0x65, 0xac },
	  { .op = INSN_LODS, .size = 1, .reg_size = 1, .addr_size = 4,
	    REGS(0, INSN_GS, NONE, NONE) } },
	{ "REX before another prefix is void", 64, 4,
	  { 0x48, 0x66, 0x8b, 0x00 },
	  { .op = INSN_LOAD, .size = 2, .reg_size = 2, .addr_size = 8,
	    REGS(0, INSN_DS, 0, NONE) } },
	{ "ds override is void in 64-bit code", 64, 3, { 0x26, 0x8b, 0x00 },
	  { .op = INSN_LOAD, .size = 4, .reg_size = 4, .addr_size = 8,
	    REGS(0, INSN_DS, 0, NONE) } },
	{ "0x48 is no prefix in 32-bit code", 32, 2, { 0x8b, 0x00 },
	  { .op = INSN_LOAD, .size = 4, .reg_size = 4, .addr_size = 4,
	    REGS(0, INSN_DS, 0, NONE) } },
};

static void insn_decode_mem_knows_encodings(struct kunit *test)
{
	unsigned int i, n;

	for (i = 0; i < ARRAY_SIZE(decode_cases); i++) {
		const struct decode_case *c = &decode_cases[i];
		struct mem_insn want = c->insn, got;

		want.len = c->len;
		KUNIT_EXPECT_EQ_MSG(test, 0,
				    insn_decode_mem(c->bytes, INSN_MAX_LEN,
						    c->bits, &got),
				    "%s", c->text);
#define SAME(f)	KUNIT_EXPECT_EQ_MSG(test, want.f, got.f, "%s: " #f, c->text)
		SAME(op); SAME(alu); SAME(len); SAME(size); SAME(reg_size);
		SAME(addr_size); SAME(sign); SAME(has_imm); SAME(reg_high);
		SAME(rep); SAME(rip_relative); SAME(reg); SAME(seg);
		SAME(base); SAME(index); SAME(shift); SAME(disp); SAME(imm);
#undef SAME
		for (n = 0; n < c->len; n++)
			KUNIT_EXPECT_EQ_MSG(test, -ENODATA,
					    insn_decode_mem(c->bytes, n,
							    c->bits, &got),
					    "%s cut at %u", c->text, n);
	}
}

static void insn_decode_mem_refuses_the_rest(struct kunit *test)
{
	static const struct {
		u8 bits;
		u8 bytes[4];
	} cases[] = {
		{ 64, { 0x90 } },		/* nop */
		{ 64, { 0x8b, 0xc1 } },		/* mov eax, ecx */
		{ 64, { 0xff, 0x10 } },		/* call [rax] */
		{ 64, { 0xc7, 0x08 } },		/* group 11, not 0 */
		{ 64, { 0xf7, 0x10 } },		/* not [rax] */
		{ 32, { 0x63, 0x00 } },		/* arpl */
		{ 64, { 0x0f, 0x0b } },		/* ud2 */
		{ 64, { 0x0f, 0x6f, 0x00 } },	/* movq mm0, [rax] */
		{ 64, { 0xc5, 0xf8, 0x10, 0x00 } },	/* vmovups */
		{ 32, { 0x48 } },		/* dec eax */
	};
	struct mem_insn insn;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		KUNIT_EXPECT_EQ_MSG(test, -EOPNOTSUPP,
				    insn_decode_mem(cases[i].bytes, 4,
						    cases[i].bits, &insn),
				    "case %u", i);
}

/* Hostile bytes: always an answer, never beyond the bytes given. */
static void insn_decode_mem_takes_any_bytes(struct kunit *test)
{
	static const u8 widths[] = { 16, 32, 64 };
	u8 bytes[INSN_MAX_LEN];
	struct mem_insn insn;
	unsigned int i, len;
	int err;

	for (i = 0; i < 20000; i++) {
		get_random_bytes(bytes, sizeof(bytes));
		len = i % (INSN_MAX_LEN + 1);
		err = insn_decode_mem(bytes, len, widths[i % 3], &insn);
		if (err)
			continue;
		KUNIT_EXPECT_LE(test, insn.len, len);
		KUNIT_EXPECT_TRUE(test, insn.size && insn.size <= 8);
		KUNIT_EXPECT_TRUE(test, insn.has_imm || insn.reg < 16);
	}
	memset(bytes, 0x66, sizeof(bytes));
	KUNIT_EXPECT_EQ(test, -ENODATA,
			insn_decode_mem(bytes, sizeof(bytes), 64, &insn));
}

#define HARDWARE(name, insn)						\
	case name:							\
		asm volatile("push %2; popf; " insn " %3, %0; "		\
			     "pushf; pop %1"				\
			     : "+r" (a), "=r" (flags)			\
			     : "r" (*rflags), "r" (b) : "cc", "memory");\
		break

/* The processor's own answer for 64-bit operands. */
static u64 hardware_alu(enum insn_alu alu, u64 a, u64 b, u64 *rflags)
{
	u64 flags = 0;

	switch (alu) {
	HARDWARE(ALU_ADD, "add");
	HARDWARE(ALU_OR, "or");
	HARDWARE(ALU_ADC, "adc");
	HARDWARE(ALU_SBB, "sbb");
	HARDWARE(ALU_AND, "and");
	HARDWARE(ALU_SUB, "sub");
	HARDWARE(ALU_XOR, "xor");
	HARDWARE(ALU_CMP, "cmp");
	HARDWARE(ALU_TEST, "test");
	}
	*rflags = flags;
	return a;
}

static void insn_alu_matches_the_processor(struct kunit *test)
{
	static const u64 values[] = {
		0, 1, 0xf, 0x10, 0x7f, 0x80, 0xff, 0x7fffffff, 0x80000000,
		0xffffffff, 0x7fffffffffffffff, 0x8000000000000000, ~0ull,
	};
	const u64 n = ARRAY_SIZE(values);
	u64 i, base, mine, theirs, a, b;
	/* AF is undefined after the logical ones. */
	u64 mask = ALU_FLAGS & ~(u64)X86_EFLAGS_AF;
	int alu;

	asm volatile("pushf; pop %0" : "=r" (base));
	base &= ~(u64)ALU_FLAGS;
	for (alu = ALU_ADD; alu <= ALU_TEST; alu++) {
		for (i = 0; i < 2 * n * n; i++) {
			a = values[i % n];
			b = values[i / n % n];
			mine = base | (i >= n * n ? X86_EFLAGS_CF : 0);
			theirs = mine;
			KUNIT_EXPECT_EQ(test,
					hardware_alu(alu, a, b, &theirs),
					insn_alu(alu, 8, a, b, &mine));
			KUNIT_EXPECT_EQ_MSG(test, theirs & mask, mine & mask,
					    "alu %d %llx %llx", alu, a, b);
		}
	}
}

static void insn_alu_honours_the_size(struct kunit *test)
{
	u64 flags = 0;

	KUNIT_EXPECT_EQ(test, 0ull, insn_alu(ALU_ADD, 1, 0x1ff, 1, &flags));
	KUNIT_EXPECT_EQ(test, (u64)(X86_EFLAGS_CF | X86_EFLAGS_ZF |
				    X86_EFLAGS_PF | X86_EFLAGS_AF), flags);
	flags = X86_EFLAGS_IF | X86_EFLAGS_DF;
	KUNIT_EXPECT_EQ(test, 0x8000ull,
			insn_alu(ALU_ADD, 2, 0x7fff, 1, &flags));
	KUNIT_EXPECT_EQ(test, (u64)(X86_EFLAGS_IF | X86_EFLAGS_DF |
				    X86_EFLAGS_OF | X86_EFLAGS_SF |
				    X86_EFLAGS_PF | X86_EFLAGS_AF), flags);
}

struct system_case {
	const char *text;
	u8 bits;
	u8 len;
	u8 bytes[INSN_MAX_LEN];
	struct system_insn insn;
};

static const struct system_case system_cases[] = {
	{ "cpuid", 64, 2, { 0x0f, 0xa2 }, { .op = SYSTEM_CPUID } },
	{ "data16 rex.w cpuid", 64, 4, { 0x66, 0x48, 0x0f, 0xa2 },
	  { .op = SYSTEM_CPUID } },
	{ "hlt", 16, 1, { 0xf4 }, { .op = SYSTEM_HLT } },
	{ "pause", 64, 2, { 0xf3, 0x90 }, { .op = SYSTEM_PAUSE } },
	{ "data16 pause", 32, 3, { 0x66, 0xf3, 0x90 }, { .op = SYSTEM_PAUSE } },
	{ "icebp", 32, 1, { 0xf1 }, { .op = SYSTEM_INT1 } },
	{ "rdmsr", 32, 2, { 0x0f, 0x32 }, { .op = SYSTEM_RDMSR } },
	{ "wrmsr", 64, 2, { 0x0f, 0x30 }, { .op = SYSTEM_WRMSR } },
	{ "vmmcall", 64, 3, { 0x0f, 0x01, 0xd9 }, { .op = SYSTEM_HYPERCALL } },
	{ "xsetbv", 64, 3, { 0x0f, 0x01, 0xd1 }, { .op = SYSTEM_XSETBV } },
	{ "invd", 64, 2, { 0x0f, 0x08 }, { .op = SYSTEM_CACHE } },
	{ "wbnoinvd", 64, 3, { 0xf3, 0x0f, 0x09 }, { .op = SYSTEM_CACHE } },
	{ "clts", 64, 2, { 0x0f, 0x06 }, { .op = SYSTEM_CLTS } },
	{ "lmsw ax", 64, 3, { 0x0f, 0x01, 0xf0 }, { .op = SYSTEM_LMSW } },
	{ "lmsw r9w", 64, 4, { 0x41, 0x0f, 0x01, 0xf1 },
	  { .op = SYSTEM_LMSW, .gpr = 9 } },
	{ "lmsw [rbp+8]", 64, 4, { 0x0f, 0x01, 0x75, 0x08 },
	  { .op = SYSTEM_LMSW, .in_memory = true } },
	{ "mov rax, cr4", 64, 3, { 0x0f, 0x20, 0xe0 },
	  { .op = SYSTEM_MOV_FROM_CR, .reg = 4 } },
	{ "mov cr0, eax", 32, 3, { 0x0f, 0x22, 0xc0 },
	  { .op = SYSTEM_MOV_TO_CR } },
	{ "mov cr8, r10", 64, 4, { 0x45, 0x0f, 0x22, 0xc2 },
	  { .op = SYSTEM_MOV_TO_CR, .reg = 8, .gpr = 10 } },
	{ "lock mov cr0, ecx", 32, 4, { 0xf0, 0x0f, 0x22, 0xc1 },
	  { .op = SYSTEM_MOV_TO_CR, .reg = 8, .gpr = 1 } },
	{ "mov cr4, rbx, mod 0", 64, 3, { 0x0f, 0x22, 0x23 },
	  { .op = SYSTEM_MOV_TO_CR, .reg = 4, .gpr = 3 } },
	{ "mov rdx, dr7", 64, 3, { 0x0f, 0x21, 0xfa },
	  { .op = SYSTEM_MOV_FROM_DR, .reg = 7, .gpr = 2 } },
	{ "mov dr0, r15", 64, 4, { 0x41, 0x0f, 0x23, 0xc7 },
	  { .op = SYSTEM_MOV_TO_DR, .gpr = 15 } },
	{ "rep insb", 64, 2, { 0xf3, 0x6c }, { .op = SYSTEM_STRING_IO } },
	{ "fs outsd", 64, 2, { 0x64, 0x6f },
	  { .op = SYSTEM_STRING_IO, .mem = { .seg = INSN_FS } } },
};

static void insn_decode_system_knows_encodings(struct kunit *test)
{
	struct system_insn insn;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(system_cases); i++) {
		const struct system_case *c = &system_cases[i];

		KUNIT_EXPECT_EQ_MSG(test, 0,
				    insn_decode_system(c->bytes, INSN_MAX_LEN,
						       c->bits, &insn),
				    "%s", c->text);
		KUNIT_EXPECT_EQ_MSG(test, c->len, insn.len, "%s", c->text);
		KUNIT_EXPECT_EQ_MSG(test, (int)c->insn.op, (int)insn.op, "%s",
				    c->text);
		KUNIT_EXPECT_EQ_MSG(test, c->insn.reg, insn.reg, "%s", c->text);
		KUNIT_EXPECT_EQ_MSG(test, c->insn.gpr, insn.gpr, "%s", c->text);
		KUNIT_EXPECT_EQ_MSG(test, c->insn.in_memory, insn.in_memory,
				    "%s", c->text);
		if (c->insn.mem.seg)
			KUNIT_EXPECT_EQ_MSG(test, c->insn.mem.seg,
					    insn.mem.seg, "%s", c->text);
		KUNIT_EXPECT_EQ_MSG(test, -ENODATA,
				    insn_decode_system(c->bytes, c->len - 1,
						       c->bits, &insn),
				    "%s, cut", c->text);
	}
}

static void insn_decode_system_refuses_the_rest(struct kunit *test)
{
	static const u8 others[][4] = {
		{ 0x90 }, { 0xcc }, { 0x0f, 0x0b }, { 0x0f, 0x01, 0xe0 },
		{ 0x0f, 0x01, 0xf8 }, { 0x0f, 0x05 }, { 0xec },
	};
	struct system_insn insn;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(others); i++)
		KUNIT_EXPECT_EQ_MSG(test, -EOPNOTSUPP,
				    insn_decode_system(others[i], 4, 64, &insn),
				    "%u", i);
}

static struct kunit_case insn_cases[] = {
	KUNIT_CASE(insn_decode_system_knows_encodings),
	KUNIT_CASE(insn_decode_system_refuses_the_rest),
	KUNIT_CASE(insn_decode_mem_knows_encodings),
	KUNIT_CASE(insn_decode_mem_refuses_the_rest),
	KUNIT_CASE(insn_decode_mem_takes_any_bytes),
	KUNIT_CASE(insn_alu_matches_the_processor),
	KUNIT_CASE(insn_alu_honours_the_size),
	{}
};

static struct kunit_suite insn_suite = {
	.name = "lodge_insn",
	.test_cases = insn_cases,
};

kunit_test_suite(insn_suite);

MODULE_LICENSE("GPL");
