/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory operands of emulated instructions: guest-virtual access with the
 * instruction's own privilege, where RAM is RAM, the local APIC's page is the
 * local APIC, and everything else reads as ones and swallows writes.
 */
#ifndef LODGE_EMUL_LINEAR_H
#define LODGE_EMUL_LINEAR_H

#include "types.h"
#include "vmexit.h"

struct vcpu;
struct vcpu_segment;

/**
 * struct linear_fault - why an access did not happen
 * @gva: first byte that does not translate
 * @error: page-fault error code
 * @gp: not canonical: #GP (or #SS) and no page fault
 */
struct linear_fault {
	gva_t gva;
	u32 error;
	bool gp;
};

/**
 * segment_allows() - the checks of a segmented access outside 64-bit code
 * @s: the segment
 * @offset: in it
 * @len: bytes
 * @write: or read
 *
 * Hardware makes them before most exits; this is for the others.
 */
bool segment_allows(const struct vcpu_segment *s, u64 offset, unsigned int len,
		    bool write);

/**
 * linear_read() - read a memory operand
 * @vcpu: run by this thread
 * @gva: linear address
 * @dst: kernel buffer
 * @len: 1..16 bytes
 * @fault: filled with -EFAULT
 *
 * Reading never sleeps.
 * Return: 0; -EFAULT see @fault, and nothing has happened
 */
int __must_check linear_read(struct vcpu *vcpu, gva_t gva, void *dst,
			     unsigned int len, struct linear_fault *fault);
/** linear_write() - the reverse, for callers that may sleep; also -ENOMEM */
int __must_check linear_write(struct vcpu *vcpu, gva_t gva, const void *src,
			      unsigned int len, struct linear_fault *fault);

/* The answer to the dispatcher for an error of these two. */
enum vmexit_action linear_failed(struct vcpu *vcpu, int err,
				 const struct linear_fault *fault);

/**
 * struct string_regs - the state of a string instruction
 * @addr_mask: for the address size
 * @step: bytes to the next element, negative with DF
 * @count: elements left
 */
struct string_regs {
	u64 addr_mask;
	s64 step;
	u64 count;
};

/* Most elements of one exit; RIP stays on the instruction for the rest. */
#define STRING_BATCH	64

void string_begin(struct vcpu *vcpu, u8 addr_size, u8 size, bool rep,
		  struct string_regs *s);
/* One element is done: @index_reg moves (RSI or RDI). */
void string_advance(struct vcpu *vcpu, const struct string_regs *s,
		    unsigned int index_reg);
/* And RCX, if it repeats. */
void string_count_down(struct vcpu *vcpu, struct string_regs *s, bool rep);

#endif /* LODGE_EMUL_LINEAR_H */
