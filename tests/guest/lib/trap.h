/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Interrupts and exceptions: hooks by vector, fixups by address, and
 * trap_try() for code that has neither.
 */
#ifndef LODGE_GUEST_TRAP_H
#define LODGE_GUEST_TRAP_H

#include "cpu.h"

/* What the stubs in head.S push, lowest address first. */
struct regs {
	u64 r15, r14, r13, r12, r11, r10, r9, r8;
	u64 rdi, rsi, rbp, rbx, rdx, rcx, rax;
	u64 vector, error;
	u64 rip, cs, rflags, rsp, ss;
};

struct context {
	u64 word[9];
};

int context_save(struct context *c) __attribute__((returns_twice));
void context_restore(struct context *c, int val) __noreturn;

/* Returns true when the trap is dealt with; @r is what IRET will load. */
typedef bool (*trap_hook_t)(struct regs *r);

extern trap_hook_t trap_hook[256];

/* The last exception that ended a trap_try() or a user_run(). */
struct trap_record {
	struct regs regs;
	u64 cr2, dr6;
};

extern struct trap_record trap_last;

void trap_init(void);

/*
 * Run fn(arg).  Returns 0, or TRAP() of the exception that ended it; the
 * record is then in trap_last.  Hooks and fixups come first.  Not nested.
 */
u32 trap_try(void (*fn)(void *arg), void *arg);

/*
 * Run code at @rip in user mode on the stack @rsp until it does INT 0x80
 * (0 is returned) or faults (TRAP()).  @io: rax rdi rsi rdx r10 r8 going in,
 * io[0] is RAX coming out.
 */
u32 user_run(u64 rip, u64 rsp, u64 *io);

struct idt_gate {
	u16 offset0, selector;
	u8 ist, type;
	u16 offset1;
	u32 offset2, reserved;
} __packed;

struct table_register {
	u16 limit;
	u64 base;
} __packed;

extern struct idt_gate idt[256];
extern u64 gdt[GDT_ENTRIES];
extern u8 trap_stubs[];

void idt_load(void);
void idt_set(unsigned int vec, u64 target, u8 type);
void gdt_load(void);

/* Stack number @nr (1..7; 1 is taken by #DF) for gates that name it. */
void trap_set_ist(unsigned int nr, u64 top);

static inline void load_idtr(u64 base, u16 limit)
{
	struct table_register r = { limit, base };

	__asm__ volatile("lidt %0" :: "m"(r) : "memory");
}

#endif
