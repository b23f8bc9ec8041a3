// SPDX-License-Identifier: GPL-2.0-only
/*
 * All 256 vectors end here.  In order: a hook of the test, a fixup for the
 * faulting address, the trap_try() or user_run() in progress; a trap that
 * nobody expected is a failed check and ends the guest.
 */
#include "trap.h"
#include "report.h"

struct ex_entry {
	u64 insn, fixup;
};

extern const struct ex_entry ex_table_start[], ex_table_end[];

struct tss {
	u32 reserved0;
	u64 rsp[3];
	u64 reserved1;
	u64 ist[7];
	u64 reserved2;
	u16 reserved3, iomap;
} __packed;

trap_hook_t trap_hook[256];
struct trap_record trap_last;
struct idt_gate idt[256] __aligned(16);

static struct tss tss __aligned(16);
static u8 user_trap_stack[4096] __aligned(16);
static u8 df_stack[4096] __aligned(16);
static struct context try_context, user_context;
static bool try_active, user_active;

void user_enter(u64 rip, u64 rsp, u64 *regs) __noreturn;
void trap_handle(struct regs *r);

static u32 trap_code(const struct regs *r)
{
	return TRAP(r->vector, r->error);
}

static bool trap_fixup(struct regs *r)
{
	const struct ex_entry *e;

	for (e = ex_table_start; e < ex_table_end; e++) {
		if (e->insn == r->rip) {
			r->rip = e->fixup;
			r->r11 = trap_code(r);
			return true;
		}
	}
	return false;
}

static void trap_keep(const struct regs *r)
{
	trap_last.regs = *r;
	trap_last.cr2 = read_cr2();
	trap_last.dr6 = read_dr6();
}

void trap_handle(struct regs *r)
{
	if (trap_hook[r->vector] && trap_hook[r->vector](r))
		return;
	if (r->vector < 32 && trap_fixup(r))
		return;
	if (user_active && (r->cs & 3) == 3) {
		trap_keep(r);
		user_active = false;
		context_restore(&user_context, 1);
	}
	if (try_active) {
		trap_keep(r);
		try_active = false;
		context_restore(&try_context, 1);
	}
	report_fail("unexpected trap",
		    "vector %u error %lx rip %lx cr2 %lx rsp %lx rflags %lx",
		    (u32)r->vector, r->error, r->rip, read_cr2(), r->rsp,
		    r->rflags);
	report_done();
}

u32 trap_try(void (*fn)(void *arg), void *arg)
{
	if (context_save(&try_context))
		return trap_code(&trap_last.regs);
	try_active = true;
	barrier();
	fn(arg);
	barrier();
	try_active = false;
	return 0;
}

u32 user_run(u64 rip, u64 rsp, u64 *io)
{
	if (!context_save(&user_context)) {
		user_active = true;
		barrier();
		user_enter(rip, rsp, io);
	}
	io[0] = trap_last.regs.rax;
	if (trap_last.regs.vector == 0x80)
		return 0;
	return trap_code(&trap_last.regs);
}

void idt_set(unsigned int vec, u64 target, u8 type)
{
	idt[vec] = (struct idt_gate) {
		.offset0 = (u16)target,
		.selector = SEL_CODE64,
		.ist = vec == X86_DF,
		.type = type,
		.offset1 = (u16)(target >> 16),
		.offset2 = (u32)(target >> 32),
	};
}

void idt_load(void)
{
	load_idtr((u64)idt, sizeof(idt) - 1);
}

void gdt_load(void)
{
	struct table_register r = { sizeof(gdt) - 1, (u64)gdt };

	__asm__ volatile("lgdt %0" :: "m"(r) : "memory");
}

static void tss_load(void)
{
	u64 base = (u64)&tss;

	tss.rsp[0] = (u64)user_trap_stack + sizeof(user_trap_stack);
	tss.ist[0] = (u64)df_stack + sizeof(df_stack);
	tss.iomap = sizeof(tss);
	gdt[SEL_TSS / 8] = (sizeof(tss) - 1) | (base & 0xffffff) << 16 |
			   0x89ull << 40 | (base >> 24 & 0xff) << 56;
	gdt[SEL_TSS / 8 + 1] = base >> 32;
	__asm__ volatile("ltr %w0" :: "r"(SEL_TSS) : "memory");
}

void trap_set_ist(unsigned int nr, u64 top)
{
	tss.ist[nr - 1] = top;
}

void trap_init(void)
{
	unsigned int i;

	for (i = 0; i < 256; i++)
		idt_set(i, (u64)trap_stubs + i * 16, 0x8e);
	idt[X86_BP].type = 0xee;
	idt[X86_OF].type = 0xee;
	idt[0x80].type = 0xee;
	idt_load();
	tss_load();
}
