/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The neutral exit record: what a vendor's decoder says to the dispatcher,
 * and what an interpreter answers.  Kinds are those that every vendor can
 * produce; a condition that only one vendor knows is settled inside it or
 * becomes VMEXIT_FAULTY.
 */
#ifndef LODGE_VMEXIT_H
#define LODGE_VMEXIT_H

#include <linux/bits.h>

#include <uapi/asm/debugreg.h>

#include "types.h"

/* General detect: with DR7.GD the next MOV DR is a fault that sets DR6.BD. */
#define DR7_GD		BIT_ULL(13)
#define DR6_BD		BIT_ULL(13)
/* The bits of DR6 that say why. */
#define DR6_CAUSES	(DR_TRAP_BITS | DR_STEP | DR6_BD)

enum vmexit_kind {
	VMEXIT_HOST,		/* host interrupt or NMI; the vendor has dealt with it */
	VMEXIT_WINDOW,		/* the guest can take an event now */
	VMEXIT_CPUID,
	VMEXIT_HYPERCALL,
	VMEXIT_MSR_READ,
	VMEXIT_MSR_WRITE,
	VMEXIT_S2_FAULT,	/* access that the second stage does not allow */
	VMEXIT_IO,
	VMEXIT_CR_ACCESS,
	VMEXIT_DR_ACCESS,
	VMEXIT_XSETBV,
	VMEXIT_HLT,
	VMEXIT_PAUSE,
	VMEXIT_CACHE,		/* WBINVD, INVD */
	VMEXIT_UNDEFINED,	/* instruction that this guest does not have: #UD */
	VMEXIT_PRIVILEGED,	/* instruction that is never allowed: #GP(0) */
	VMEXIT_EXCEPTION,	/* intercepted guest exception, to be given back */
	VMEXIT_TASK_SWITCH,
	VMEXIT_TRIPLE_FAULT,
	VMEXIT_MACHINE_CHECK,
	VMEXIT_ENTRY_FAILED,	/* hardware refused the guest's state */
	VMEXIT_CPU_OFF,		/* virtualization is off on this host CPU */
	VMEXIT_UNDECODED,	/* an instruction that the CPU did not describe */
	VMEXIT_FAULTY,		/* nothing we know; raw[] for the log */
	NR_VMEXIT_KINDS
};

enum vmexit_cr_op {
	CR_OP_WRITE,
	CR_OP_READ,
	CR_OP_CLTS,
	CR_OP_LMSW,
};

/**
 * struct vmexit - one exit, decoded
 * @kind: selects the member of the union that is valid
 * @insn_len: bytes of the instruction that exited, for kinds that name one
 * @insn: for VMEXIT_UNDECODED: the kind that it is once its bytes have been
 *	read.  The union has what the vendor knew: all but the general register
 *	of a CR or DR move and what tells such a write from CLTS and LMSW, and
 *	the address of a string operand with its size.
 *
 * Privilege and operand-size checks that hardware makes before the exit are
 * not repeated in here: a kind that can be reached from user mode carries
 * the CPL.  String I/O exits before its operand is checked.
 */
struct vmexit {
	enum vmexit_kind kind;
	enum vmexit_kind insn;
	u8 insn_len;
	union {
		struct {
			bool long_mode;	/* 64-bit code segment in long mode */
			bool real_mode;	/* CR0.PE clear */
			bool vm86;
			u8 cpl;
		} hypercall;
		struct {
			gpa_t gpa;
			gva_t gva;	/* valid if gva_valid */
			bool gva_valid;
			bool read;
			bool write;
			bool exec;
			bool walk;	/* the guest's page tables were read */
		} s2;
		struct {
			gva_t gva;	/* string operand, segment base included */
			u16 port;
			u8 size;	/* 1, 2, 4 */
			u8 addr_size;	/* string: 2, 4, 8 */
			u8 seg;		/* string: enum vcpu_seg of the operand */
			bool in;
			bool string;
			bool rep;
		} io;
		struct {
			enum vmexit_cr_op op;
			u8 cr;
			u8 gpr;
			u16 lmsw;
		} cr;
		struct {
			u8 dr;
			u8 gpr;
			bool read;
		} dr;
		struct {
			u8 vector;
			bool has_error;
			u32 error;
			u64 payload;	/* #DB: the DR6 bits that hardware would set */
		} exception;
		struct {
			u64 raw[3];	/* vendor's reason and two words with it */
		} faulty;
	};
};

/**
 * enum vmexit_action - an interpreter's answer
 * @VMEXIT_RESUME: go back in; RIP is as it was (fault, injected event, or the
 *	interpreter set RIP itself)
 * @VMEXIT_SKIP_INSN: emulated; the dispatcher advances RIP
 * @VMEXIT_AGAIN: called with interrupts off, the interpreter found that it
 *	must be able to sleep; it changed nothing and is called again
 * @VMEXIT_BLOCK: emulated, RIP advances, then the vCPU waits for an event
 * @VMEXIT_STOPPED: this vCPU will not run on; the domain's state says why
 */
enum vmexit_action {
	VMEXIT_RESUME,
	VMEXIT_SKIP_INSN,
	VMEXIT_AGAIN,
	VMEXIT_BLOCK,
	VMEXIT_STOPPED,
};

#endif /* LODGE_VMEXIT_H */
