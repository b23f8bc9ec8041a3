/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Decoders for two kinds of instructions: those that may touch memory-mapped
 * registers or a hole (moves, string moves, simple arithmetic with a memory
 * operand), and those that hypervisors intercept, for a CPU that does not say
 * how long they were.  They look at bytes only and know no vCPU.
 */
#ifndef LODGE_EMUL_INSN_H
#define LODGE_EMUL_INSN_H

#include <linux/types.h>

#define INSN_MAX_LEN	15

enum insn_op {
	INSN_LOAD,	/* reg = mem, zero- or sign-extended */
	INSN_STORE,	/* mem = reg or immediate */
	INSN_XCHG,
	INSN_ALU_MEM,	/* mem = mem op (reg or immediate); flags */
	INSN_ALU_REG,	/* reg = reg op mem; flags */
	INSN_MOVS,
	INSN_STOS,
	INSN_LODS,
};

/* Order of the opcode's bits 5:3; TEST is AND without a result. */
enum insn_alu {
	ALU_ADD, ALU_OR, ALU_ADC, ALU_SBB, ALU_AND, ALU_SUB, ALU_XOR, ALU_CMP,
	ALU_TEST,
};

/* Hardware numbers; the values of enum vcpu_seg. */
enum insn_seg {
	INSN_ES, INSN_CS, INSN_SS, INSN_DS, INSN_FS, INSN_GS,
};

#define INSN_NO_REG	0xff

/**
 * struct mem_insn - one decoded instruction with a memory operand
 * @op: what it does
 * @alu: for INSN_ALU_*
 * @len: bytes
 * @size: of the memory operand: 1, 2, 4, 8
 * @reg_size: of the register operand; larger than @size if it extends
 * @addr_size: 2, 4, 8
 * @sign: extend the sign
 * @has_imm: the source is @imm, not @reg
 * @reg_high: @reg is AH, CH, DH, BH for 0..3
 * @rep: a repeat prefix with a string instruction
 * @rip_relative: the address is relative to the next instruction
 * @reg: register operand
 * @seg: segment of the memory operand (of the source for MOVS)
 * @base, @index: registers of the address or INSN_NO_REG
 * @shift: of the index, 0..3
 * @disp: displacement, sign-extended
 * @imm: immediate, sign-extended
 */
struct mem_insn {
	enum insn_op op;
	enum insn_alu alu;
	u8 len;
	u8 size;
	u8 reg_size;
	u8 addr_size;
	bool sign;
	bool has_imm;
	bool reg_high;
	bool rep;
	bool rip_relative;
	u8 reg;
	u8 seg;
	u8 base;
	u8 index;
	u8 shift;
	s64 disp;
	s64 imm;
};

/**
 * insn_decode_mem() - decode one instruction
 * @bytes: code
 * @len: how many of them there are
 * @bits: of the code segment: 16, 32, 64
 * @insn: filled
 *
 * Return: 0; -ENODATA it goes on behind @len; -EOPNOTSUPP it is none of ours
 * or has no memory operand.
 */
int insn_decode_mem(const u8 *bytes, unsigned int len, unsigned int bits,
		    struct mem_insn *insn);

enum system_op {
	SYSTEM_CPUID,
	SYSTEM_HLT,
	SYSTEM_PAUSE,
	SYSTEM_RDMSR,
	SYSTEM_WRMSR,
	SYSTEM_HYPERCALL,	/* VMCALL or VMMCALL */
	SYSTEM_XSETBV,
	SYSTEM_CACHE,		/* INVD, WBINVD, WBNOINVD */
	SYSTEM_CLTS,
	SYSTEM_LMSW,
	SYSTEM_MOV_FROM_CR,
	SYSTEM_MOV_TO_CR,
	SYSTEM_MOV_FROM_DR,
	SYSTEM_MOV_TO_DR,
	SYSTEM_STRING_IO,	/* INS, OUTS */
	SYSTEM_INT1,		/* ICEBP */
};

/**
 * struct system_insn - one decoded instruction of those that exit
 * @op: which
 * @len: bytes
 * @reg: CR or DR of a move
 * @gpr: its other operand; the source of LMSW if not @in_memory
 * @in_memory: LMSW reads memory
 * @mem: its address; for SYSTEM_STRING_IO the segment of the source
 */
struct system_insn {
	enum system_op op;
	u8 len;
	u8 reg;
	u8 gpr;
	bool in_memory;
	struct mem_insn mem;
};

/**
 * insn_decode_system() - decode one instruction of those that exit
 * @bytes: code
 * @len: how many of them there are
 * @bits: of the code segment: 16, 32, 64
 * @insn: filled
 *
 * Return: as insn_decode_mem()
 */
int insn_decode_system(const u8 *bytes, unsigned int len, unsigned int bits,
		       struct system_insn *insn);

/**
 * insn_alu() - the result and the flags of an arithmetic instruction
 * @alu: operation
 * @size: of the operands in bytes
 * @a: destination operand
 * @b: source operand
 * @rflags: in: carry for ADC and SBB; out: CF PF AF ZF SF OF replaced
 *
 * Return: the result; CMP and TEST return @a.
 */
u64 insn_alu(enum insn_alu alu, unsigned int size, u64 a, u64 b, u64 *rflags);

#endif /* LODGE_EMUL_INSN_H */
