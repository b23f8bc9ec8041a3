// SPDX-License-Identifier: GPL-2.0-only
/*
 * The decoders, and arithmetic with flags.  A guest meets that of struct
 * mem_insn only by touching what is not RAM, so it is small rather than
 * complete: what it does not know ends the domain with a message.
 */
#include "emul/insn.h"

#include <linux/bitops.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/minmax.h>

#include <asm/processor-flags.h>

#define REX_B	BIT(0)
#define REX_X	BIT(1)
#define REX_R	BIT(2)
#define REX_W	BIT(3)

/* Where the operands of an opcode are. */
enum insn_form {
	FORM_NONE,
	FORM_MODRM,	/* memory by ModRM, register in its reg field */
	FORM_GROUP,	/* memory by ModRM, reg field is part of the opcode */
	FORM_MOFFS,	/* absolute address follows, register is AL..RAX */
	FORM_STRING,
};

enum insn_imm {
	IMM_NONE,
	IMM_BYTE,
	IMM_FULL,	/* operand size, four bytes at most */
};

/* Size of the memory operand. */
enum insn_width {
	WIDTH_BYTE,
	WIDTH_WORD,
	WIDTH_DWORD,	/* MOVSXD */
	WIDTH_FULL,	/* operand size */
};

/**
 * struct opcode_row - what one opcode is
 * @form: enum insn_form; 0: not ours
 * @op: enum insn_op
 * @alu: enum insn_alu
 * @width: enum insn_width of the memory operand
 * @imm: enum insn_imm
 * @extend: the register has the operand size, whatever @width
 * @sign: and gets the sign
 */
struct opcode_row {
	u8 form;
	u8 op;
	u8 alu;
	u8 width;
	u8 imm;
	bool extend;
	bool sign;
};

#define ALU_ROWS(base, which)						\
	[(base) + 0] = { FORM_MODRM, INSN_ALU_MEM, which, WIDTH_BYTE },	\
	[(base) + 1] = { FORM_MODRM, INSN_ALU_MEM, which, WIDTH_FULL },	\
	[(base) + 2] = { FORM_MODRM, INSN_ALU_REG, which, WIDTH_BYTE },	\
	[(base) + 3] = { FORM_MODRM, INSN_ALU_REG, which, WIDTH_FULL }

static const struct opcode_row one_byte[256] = {
	ALU_ROWS(0x00, ALU_ADD),
	ALU_ROWS(0x08, ALU_OR),
	ALU_ROWS(0x10, ALU_ADC),
	ALU_ROWS(0x18, ALU_SBB),
	ALU_ROWS(0x20, ALU_AND),
	ALU_ROWS(0x28, ALU_SUB),
	ALU_ROWS(0x30, ALU_XOR),
	ALU_ROWS(0x38, ALU_CMP),
	/* MOVSXD, in 64-bit code only */
	[0x63] = { FORM_MODRM, INSN_LOAD, 0, WIDTH_DWORD, 0, true, true },
	/* the operation of these three is the reg field */
	[0x80] = { FORM_GROUP, INSN_ALU_MEM, 0, WIDTH_BYTE, IMM_BYTE },
	[0x81] = { FORM_GROUP, INSN_ALU_MEM, 0, WIDTH_FULL, IMM_FULL },
	[0x83] = { FORM_GROUP, INSN_ALU_MEM, 0, WIDTH_FULL, IMM_BYTE },
	[0x84] = { FORM_MODRM, INSN_ALU_MEM, ALU_TEST, WIDTH_BYTE },
	[0x85] = { FORM_MODRM, INSN_ALU_MEM, ALU_TEST, WIDTH_FULL },
	[0x86] = { FORM_MODRM, INSN_XCHG, 0, WIDTH_BYTE },
	[0x87] = { FORM_MODRM, INSN_XCHG, 0, WIDTH_FULL },
	[0x88] = { FORM_MODRM, INSN_STORE, 0, WIDTH_BYTE },
	[0x89] = { FORM_MODRM, INSN_STORE, 0, WIDTH_FULL },
	[0x8a] = { FORM_MODRM, INSN_LOAD, 0, WIDTH_BYTE },
	[0x8b] = { FORM_MODRM, INSN_LOAD, 0, WIDTH_FULL },
	[0xa0] = { FORM_MOFFS, INSN_LOAD, 0, WIDTH_BYTE },
	[0xa1] = { FORM_MOFFS, INSN_LOAD, 0, WIDTH_FULL },
	[0xa2] = { FORM_MOFFS, INSN_STORE, 0, WIDTH_BYTE },
	[0xa3] = { FORM_MOFFS, INSN_STORE, 0, WIDTH_FULL },
	[0xa4] = { FORM_STRING, INSN_MOVS, 0, WIDTH_BYTE },
	[0xa5] = { FORM_STRING, INSN_MOVS, 0, WIDTH_FULL },
	[0xaa] = { FORM_STRING, INSN_STOS, 0, WIDTH_BYTE },
	[0xab] = { FORM_STRING, INSN_STOS, 0, WIDTH_FULL },
	[0xac] = { FORM_STRING, INSN_LODS, 0, WIDTH_BYTE },
	[0xad] = { FORM_STRING, INSN_LODS, 0, WIDTH_FULL },
	[0xc6] = { FORM_GROUP, INSN_STORE, 0, WIDTH_BYTE, IMM_BYTE },
	[0xc7] = { FORM_GROUP, INSN_STORE, 0, WIDTH_FULL, IMM_FULL },
	/* TEST with an immediate is reg field 0 and 1 of these */
	[0xf6] = { FORM_GROUP, INSN_ALU_MEM, ALU_TEST, WIDTH_BYTE, IMM_BYTE },
	[0xf7] = { FORM_GROUP, INSN_ALU_MEM, ALU_TEST, WIDTH_FULL, IMM_FULL },
};

/* After 0x0f: MOVZX, MOVSX. */
static const struct opcode_row two_byte[256] = {
	[0xb6] = { FORM_MODRM, INSN_LOAD, 0, WIDTH_BYTE, 0, true },
	[0xb7] = { FORM_MODRM, INSN_LOAD, 0, WIDTH_WORD, 0, true },
	[0xbe] = { FORM_MODRM, INSN_LOAD, 0, WIDTH_BYTE, 0, true, true },
	[0xbf] = { FORM_MODRM, INSN_LOAD, 0, WIDTH_WORD, 0, true, true },
};

/* The bytes and what the prefixes said. */
struct cursor {
	const u8 *bytes;
	unsigned int len;
	unsigned int pos;
	unsigned int bits;
	u8 operand_size;
	u8 rex;
	bool has_rex;
	bool lock;
	bool seg_override;
};

static bool take(struct cursor *c, unsigned int n, u64 *value)
{
	unsigned int i;

	if (c->len - c->pos < n)
		return false;
	*value = 0;
	for (i = 0; i < n; i++)
		*value |= (u64)c->bytes[c->pos++] << (8 * i);
	return true;
}

static bool take_signed(struct cursor *c, unsigned int n, s64 *value)
{
	u64 raw;

	if (!take(c, n, &raw))
		return false;
	*value = n ? sign_extend64(raw, 8 * n - 1) : 0;
	return true;
}

/*
 * One prefix byte.  A REX counts only right before the opcode, so every
 * other prefix takes it back.
 */
static bool take_prefix(struct cursor *c, struct mem_insn *insn, u8 byte,
			bool *data16, bool *addr)
{
	static const struct {
		u8 byte;
		u8 seg;
	} segs[] = {
		{ 0x26, INSN_ES }, { 0x2e, INSN_CS }, { 0x36, INSN_SS },
		{ 0x3e, INSN_DS }, { 0x64, INSN_FS }, { 0x65, INSN_GS },
	};
	unsigned int i;

	if (c->bits == 64 && (byte & 0xf0) == 0x40) {
		c->rex = byte & 0xf;
		c->has_rex = true;
		return true;
	}
	for (i = 0; i < ARRAY_SIZE(segs); i++) {
		if (segs[i].byte != byte)
			continue;
		/* In 64-bit code only FS and GS override anything. */
		if (c->bits != 64 || segs[i].seg >= INSN_FS) {
			insn->seg = segs[i].seg;
			c->seg_override = true;
		}
		goto prefix;
	}
	switch (byte) {
	case 0x66:
		*data16 = true;
		break;
	case 0x67:
		*addr = true;
		break;
	case 0xf0:
		c->lock = true;
		break;
	case 0xf2:
	case 0xf3:
		insn->rep = true;
		break;
	default:
		return false;
	}
prefix:
	c->rex = 0;
	c->has_rex = false;
	return true;
}

static void take_prefixes(struct cursor *c, struct mem_insn *insn)
{
	bool data16 = false, addr = false;

	insn->seg = INSN_DS;
	while (c->pos < c->len &&
	       take_prefix(c, insn, c->bytes[c->pos], &data16, &addr))
		c->pos++;

	if (c->rex & REX_W)
		c->operand_size = 8;
	else if (c->bits == 16)
		c->operand_size = data16 ? 4 : 2;
	else
		c->operand_size = data16 ? 2 : 4;

	if (c->bits == 64)
		insn->addr_size = addr ? 4 : 8;
	else if (c->bits == 32)
		insn->addr_size = addr ? 2 : 4;
	else
		insn->addr_size = addr ? 4 : 2;
}

static void default_seg(const struct cursor *c, struct mem_insn *insn, u8 seg)
{
	if (!c->seg_override)
		insn->seg = seg;
}

/* 16-bit addressing: fixed pairs of registers. */
static int take_address16(struct cursor *c, struct mem_insn *insn, u8 mod,
			  u8 rm)
{
	/* BX+SI, BX+DI, BP+SI, BP+DI, SI, DI, BP, BX */
	static const u8 base[8] = { 3, 3, 5, 5, 6, 7, 5, 3 };
	static const u8 index[8] = { 6, 7, 6, 7, INSN_NO_REG, INSN_NO_REG,
				     INSN_NO_REG, INSN_NO_REG };
	unsigned int disp = mod;

	if (mod == 0 && rm == 6) {
		disp = 2;
	} else {
		insn->base = base[rm];
		insn->index = index[rm];
		if (base[rm] == 5)
			default_seg(c, insn, INSN_SS);
	}
	return take_signed(c, disp, &insn->disp) ? 0 : -ENODATA;
}

static int take_sib(struct cursor *c, struct mem_insn *insn, u8 mod,
		    unsigned int *disp)
{
	u64 sib;
	u8 base;

	if (!take(c, 1, &sib))
		return -ENODATA;
	base = sib & 7;
	insn->shift = sib >> 6;
	insn->index = ((sib >> 3) & 7) | (c->rex & REX_X ? 8 : 0);
	if (insn->index == 4)
		insn->index = INSN_NO_REG;
	if (base == 5 && mod == 0) {
		*disp = 4;
		return 0;
	}
	insn->base = base | (c->rex & REX_B ? 8 : 0);
	/* RSP and RBP; R12 and R13 use the data segment. */
	if (insn->base == 4 || insn->base == 5)
		default_seg(c, insn, INSN_SS);
	return 0;
}

static int take_address(struct cursor *c, struct mem_insn *insn, u8 mod, u8 rm)
{
	unsigned int disp = mod == 2 ? 4 : mod;
	int err;

	if (insn->addr_size == 2)
		return take_address16(c, insn, mod, rm);
	if (rm == 4) {
		err = take_sib(c, insn, mod, &disp);
		if (err)
			return err;
	} else if (rm == 5 && mod == 0) {
		disp = 4;
		insn->rip_relative = c->bits == 64;
	} else {
		insn->base = rm | (c->rex & REX_B ? 8 : 0);
		if (insn->base == 5)
			default_seg(c, insn, INSN_SS);
	}
	return take_signed(c, disp, &insn->disp) ? 0 : -ENODATA;
}

/* Registers 4..7 of byte instructions are AH..BH unless there is a REX. */
static void set_reg(const struct cursor *c, struct mem_insn *insn, u8 reg)
{
	insn->reg = reg | (c->rex & REX_R ? 8 : 0);
	if (insn->reg_size == 1 && !c->has_rex && reg >= 4) {
		insn->reg = reg - 4;
		insn->reg_high = true;
	}
}

/* The reg field of a group; false if that member is not ours. */
static bool set_group(struct mem_insn *insn, const struct opcode_row *row,
		      u8 reg)
{
	if (insn->op == INSN_STORE)
		return reg == 0;
	if (row->alu == ALU_TEST)
		return reg <= 1;
	insn->alu = reg;
	return true;
}

static int take_modrm(struct cursor *c, struct mem_insn *insn,
		      const struct opcode_row *row)
{
	u64 modrm;
	u8 reg;

	if (!take(c, 1, &modrm))
		return -ENODATA;
	if (modrm >> 6 == 3)
		return -EOPNOTSUPP;
	reg = (modrm >> 3) & 7;
	if (row->form == FORM_MODRM)
		set_reg(c, insn, reg);
	else if (!set_group(insn, row, reg))
		return -EOPNOTSUPP;
	return take_address(c, insn, modrm >> 6, modrm & 7);
}

static int take_immediate(struct cursor *c, struct mem_insn *insn,
			  enum insn_imm imm)
{
	unsigned int n = imm == IMM_BYTE ? 1 : min_t(u8, c->operand_size, 4);

	insn->has_imm = true;
	return take_signed(c, n, &insn->imm) ? 0 : -ENODATA;
}

static void set_sizes(const struct cursor *c, struct mem_insn *insn,
		      const struct opcode_row *row)
{
	static const u8 width[] = {
		[WIDTH_BYTE] = 1, [WIDTH_WORD] = 2, [WIDTH_DWORD] = 4,
	};

	insn->size = row->width == WIDTH_FULL ? c->operand_size :
						width[row->width];
	insn->reg_size = row->extend ? c->operand_size : insn->size;
	insn->sign = row->sign;
}

static int take_opcode(struct cursor *c, const struct opcode_row **row)
{
	const struct opcode_row *table = one_byte;
	u64 opcode;

	if (!take(c, 1, &opcode))
		return -ENODATA;
	if (opcode == 0x0f) {
		table = two_byte;
		if (!take(c, 1, &opcode))
			return -ENODATA;
	} else if (opcode == 0x63 && c->bits != 64) {
		return -EOPNOTSUPP;	/* ARPL */
	}
	*row = &table[opcode];
	return (*row)->form == FORM_NONE ? -EOPNOTSUPP : 0;
}

int insn_decode_mem(const u8 *bytes, unsigned int len, unsigned int bits,
		    struct mem_insn *insn)
{
	struct cursor c = {
		.bytes = bytes,
		.len = min_t(unsigned int, len, INSN_MAX_LEN),
		.bits = bits,
	};
	const struct opcode_row *row;
	int err;

	*insn = (struct mem_insn){
		.reg = INSN_NO_REG, .base = INSN_NO_REG, .index = INSN_NO_REG,
	};
	take_prefixes(&c, insn);
	err = take_opcode(&c, &row);
	if (err)
		return err;
	insn->op = row->op;
	insn->alu = row->alu;
	set_sizes(&c, insn, row);

	if (row->form == FORM_MODRM || row->form == FORM_GROUP) {
		err = take_modrm(&c, insn, row);
	} else {
		insn->reg = 0;
		if (row->form == FORM_MOFFS &&
		    !take(&c, insn->addr_size, (u64 *)&insn->disp))
			err = -ENODATA;
	}
	if (!err && row->imm)
		err = take_immediate(&c, insn, row->imm);
	if (row->form != FORM_STRING)
		insn->rep = false;
	insn->len = c.pos;
	return err;
}

/* Operands of the instructions that exit. */
enum system_form {
	SYSTEM_NONE,
	SYSTEM_BARE,	/* none */
	SYSTEM_REP,	/* none, and another instruction without the prefix */
	SYSTEM_MOV,	/* register by reg field, general register by rm */
};

struct system_row {
	u8 form;
	u8 op;
};

/* After 0x0f; 0x01 is a group with rows of its own. */
static const struct system_row system_two_byte[256] = {
	[0x06] = { SYSTEM_BARE, SYSTEM_CLTS },
	[0x08] = { SYSTEM_BARE, SYSTEM_CACHE },
	[0x09] = { SYSTEM_BARE, SYSTEM_CACHE },
	[0x20] = { SYSTEM_MOV, SYSTEM_MOV_FROM_CR },
	[0x21] = { SYSTEM_MOV, SYSTEM_MOV_FROM_DR },
	[0x22] = { SYSTEM_MOV, SYSTEM_MOV_TO_CR },
	[0x23] = { SYSTEM_MOV, SYSTEM_MOV_TO_DR },
	[0x30] = { SYSTEM_BARE, SYSTEM_WRMSR },
	[0x32] = { SYSTEM_BARE, SYSTEM_RDMSR },
	[0xa2] = { SYSTEM_BARE, SYSTEM_CPUID },
};

/* The second byte of 0x0f 0x01 where it stands for no operand. */
static const struct system_row system_group[256] = {
	[0xc1] = { SYSTEM_BARE, SYSTEM_HYPERCALL },
	[0xd1] = { SYSTEM_BARE, SYSTEM_XSETBV },
	[0xd9] = { SYSTEM_BARE, SYSTEM_HYPERCALL },
};

static const struct system_row system_one_byte[256] = {
	[0x6c] = { SYSTEM_BARE, SYSTEM_STRING_IO },
	[0x6d] = { SYSTEM_BARE, SYSTEM_STRING_IO },
	[0x6e] = { SYSTEM_BARE, SYSTEM_STRING_IO },
	[0x6f] = { SYSTEM_BARE, SYSTEM_STRING_IO },
	[0x90] = { SYSTEM_REP, SYSTEM_PAUSE },
	[0xf1] = { SYSTEM_BARE, SYSTEM_INT1 },
	[0xf4] = { SYSTEM_BARE, SYSTEM_HLT },
};

#define LMSW_REG	6	/* reg field of 0x0f 0x01 */

static int take_lmsw(struct cursor *c, struct system_insn *insn, u8 modrm)
{
	if (((modrm >> 3) & 7) != LMSW_REG)
		return -EOPNOTSUPP;
	insn->op = SYSTEM_LMSW;
	insn->in_memory = modrm >> 6 != 3;
	if (insn->in_memory)
		return take_address(c, &insn->mem, modrm >> 6, modrm & 7);
	insn->gpr = (modrm & 7) | (c->rex & REX_B ? 8 : 0);
	return 0;
}

/* The mod field of a move with a control or debug register is ignored. */
static int take_system_mov(struct cursor *c, struct system_insn *insn)
{
	u64 modrm;

	if (!take(c, 1, &modrm))
		return -ENODATA;
	insn->reg = ((modrm >> 3) & 7) | (c->rex & REX_R ? 8 : 0);
	insn->gpr = (modrm & 7) | (c->rex & REX_B ? 8 : 0);
	/* CR8 outside 64-bit code (APM, "MOV CRn"). */
	if (c->lock && insn->reg == 0)
		insn->reg = 8;
	return 0;
}

static int take_system_opcode(struct cursor *c, struct system_insn *insn)
{
	const struct system_row *row;
	u64 byte;

	if (!take(c, 1, &byte))
		return -ENODATA;
	row = &system_one_byte[byte];
	if (byte == 0x0f) {
		if (!take(c, 1, &byte))
			return -ENODATA;
		row = &system_two_byte[byte];
		if (byte == 0x01) {
			if (!take(c, 1, &byte))
				return -ENODATA;
			row = &system_group[byte];
			if (!row->form)
				return take_lmsw(c, insn, byte);
		}
	}
	insn->op = row->op;
	if (row->form == SYSTEM_MOV)
		return take_system_mov(c, insn);
	if (row->form == SYSTEM_REP)
		return insn->mem.rep ? 0 : -EOPNOTSUPP;
	return row->form == SYSTEM_BARE ? 0 : -EOPNOTSUPP;
}

int insn_decode_system(const u8 *bytes, unsigned int len, unsigned int bits,
		       struct system_insn *insn)
{
	struct cursor c = {
		.bytes = bytes,
		.len = min_t(unsigned int, len, INSN_MAX_LEN),
		.bits = bits,
	};
	int err;

	*insn = (struct system_insn){
		.mem = { .reg = INSN_NO_REG, .base = INSN_NO_REG,
			 .index = INSN_NO_REG },
	};
	take_prefixes(&c, &insn->mem);
	err = take_system_opcode(&c, insn);
	insn->len = c.pos;
	insn->mem.len = c.pos;
	return err;
}

#define ALU_FLAGS	(X86_EFLAGS_CF | X86_EFLAGS_PF | X86_EFLAGS_AF | \
			 X86_EFLAGS_ZF | X86_EFLAGS_SF | X86_EFLAGS_OF)

static u64 result_flags(u64 result, u64 sign)
{
	u64 flags = 0;

	if (!result)
		flags |= X86_EFLAGS_ZF;
	if (result & sign)
		flags |= X86_EFLAGS_SF;
	if (!(hweight8(result) & 1))
		flags |= X86_EFLAGS_PF;
	return flags;
}

/* Carries out of every bit of a + b, or borrows into them for a - b. */
static u64 carry_flags(u64 carries, u64 sign)
{
	u64 flags = 0;

	if (carries & sign)
		flags |= X86_EFLAGS_CF;
	if (carries & BIT(3))
		flags |= X86_EFLAGS_AF;
	if (!!(carries & sign) != !!(carries & (sign >> 1)))
		flags |= X86_EFLAGS_OF;
	return flags;
}

u64 insn_alu(enum insn_alu alu, unsigned int size, u64 a, u64 b, u64 *rflags)
{
	u64 sign = 1ull << (8 * size - 1);
	u64 mask = sign | (sign - 1);
	u64 carry = *rflags & X86_EFLAGS_CF ? 1 : 0;
	u64 r, flags = 0;

	a &= mask;
	b &= mask;
	switch (alu) {
	case ALU_ADD:
	case ALU_ADC:
		r = (a + b + (alu == ALU_ADC ? carry : 0)) & mask;
		flags = carry_flags((a & b) | ((a | b) & ~r), sign);
		break;
	case ALU_SUB:
	case ALU_SBB:
	case ALU_CMP:
		r = (a - b - (alu == ALU_SBB ? carry : 0)) & mask;
		flags = carry_flags((~a & b) | ((~a | b) & r), sign);
		break;
	case ALU_OR:
		r = a | b;
		break;
	case ALU_XOR:
		r = a ^ b;
		break;
	default:
		r = a & b;
		break;
	}
	flags |= result_flags(r, sign);
	*rflags = (*rflags & ~(u64)ALU_FLAGS) | flags;
	return alu == ALU_CMP || alu == ALU_TEST ? a : r;
}
