/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The instruction at the guest's RIP as bytes: fetch it, and find the address
 * of its memory operand.  What the bytes mean is insn.h's.
 */
#ifndef LODGE_EMUL_CODE_H
#define LODGE_EMUL_CODE_H

#include "types.h"

struct linear_fault;
struct mem_insn;
struct vcpu;

/**
 * struct code_mode - the instruction's view of the code segment
 * @base: of CS, zero in 64-bit code
 * @rip: of the instruction
 * @bits: 16, 32 or 64
 */
struct code_mode {
	u64 base;
	u64 rip;
	unsigned int bits;
};

void code_mode_read(struct vcpu *vcpu, struct code_mode *code);

/**
 * code_fetch() - read the bytes at RIP
 * @vcpu: run by this thread
 * @code: from code_mode_read()
 * @bytes: room for INSN_MAX_LEN
 * @len: how many were read: fewer if the page behind is not there
 * @fault: filled with -EFAULT
 *
 * Return: 0 or what linear_read() says.
 */
int __must_check code_fetch(struct vcpu *vcpu, const struct code_mode *code,
			    u8 *bytes, unsigned int *len,
			    struct linear_fault *fault);

/* Base of a segment for @bits of code; @seg is one of enum insn_seg. */
u64 code_segment_base(struct vcpu *vcpu, unsigned int bits, u8 seg);

/* Linear address of a decoded memory operand. */
gva_t code_operand(struct vcpu *vcpu, const struct code_mode *code,
		   const struct mem_insn *insn);

#endif /* LODGE_EMUL_CODE_H */
