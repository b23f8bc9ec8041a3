// SPDX-License-Identifier: GPL-2.0-only
/*
 * Debug registers and their exceptions: single steps over instructions that
 * the hypervisor executes for us, breakpoints in data and on such an
 * instruction, the shadow of MOV SS, general detect.
 */
#include "guest.h"

/* Single steps: where each #DB was reported, until TF is cleared. */
static volatile u64 step_rip[32], step_dr6[32];
static volatile u32 nr_steps;

static bool on_step(struct regs *r)
{
	if (nr_steps < ARRAY_SIZE(step_rip)) {
		step_rip[nr_steps] = r->rip;
		step_dr6[nr_steps] = read_dr6();
	}
	nr_steps++;
	/* the frame of an instruction breakpoint has RF clear: step over it */
	if (read_dr6() & 0xf)
		r->rflags |= RFLAGS_RF;
	write_dr6_safe(0xffff0ff0);
	if (nr_steps > ARRAY_SIZE(step_rip)) {
		r->rflags &= ~RFLAGS_TF;
		write_dr7_safe(0x400);
	}
	return true;
}

extern u8 step_0[], step_1[], step_2[], step_3[], step_4[], step_5[];
extern u8 step_6[], step_7[];

static noinline __noclone void stepped_code(void)
{
	__asm__ volatile("pushfq; orl $0x100, (%%rsp); popfq\n"
			 "step_0: nop\n"
			 "step_1: cpuid\n"
			 "step_2: movl $0x1b, %%ecx\n"
			 "step_3: rdmsr\n"
			 "step_4: inb $0x80, %%al\n"
			 "step_5: outb %%al, $0x80\n"
			 "step_6: pushfq; andl $~0x100, (%%rsp); popfq\n"
			 "step_7: nop"
			 : : "a"(0), "c"(0)
			 : "rbx", "rdx", "memory", "cc");
}

static void test_single_step(void)
{
	const u8 *want[] = {
		step_1, step_2, step_3, step_4, step_5, step_6
	};
	struct sweep s = { "single steps over CPUID, RDMSR, IN and OUT" };
	unsigned int i;

	trap_hook[X86_DB] = on_step;
	nr_steps = 0;
	write_dr6_safe(0xffff0ff0);
	stepped_code();
	trap_hook[X86_DB] = NULL;
	/* six, and those of PUSHFQ, ANDL and POPFQ */
	check_eq("number of steps", nr_steps, 9);
	for (i = 0; i < ARRAY_SIZE(want); i++) {
		s.checked++;
		if (step_rip[i] != (u64)want[i])
			sweep_fail(&s, "step %u, RIP, got %lx want %lx", i,
				   step_rip[i], (u64)want[i]);
		if (!(step_dr6[i] & BIT(14)))
			sweep_fail(&s, "step %u, DR6.BS, got %lx", i,
				   step_dr6[i]);
	}
	sweep_end(&s);
}

static void test_breakpoints(void)
{
	static volatile u64 watched;

	trap_hook[X86_DB] = on_step;
	nr_steps = 0;
	check_trap("MOV to DR0", write_dr0_safe((u64)&watched), 0);
	check_eq("DR0 holds it", read_dr0(), (u64)&watched);
	check_trap("MOV to DR7", write_dr7_safe(0x400 | 9ul << 16 | 3), 0);
	check_eq("DR7 holds it", read_dr7(), 0x400 | 9ul << 16 | 3);
	WRITE_ONCE(watched, 1);
	__asm__ volatile("nop" ::: "memory");
	check_eq("a data breakpoint hits", nr_steps, 1);
	check_eq("DR6 says which", step_dr6[0] & 0xf, 1);
	nr_steps = 0;
	write_dr7_safe(0x400 | 2);
	write_dr0_safe((u64)step_1);
	stepped_code();
	/*
	 * Nine steps and the breakpoint, once, as the handler set RF; a CPU may
	 * also report it together with the step before it.
	 */
	check_range("an instruction breakpoint on CPUID hits once", nr_steps,
		    9, 10);
	check("and DR6 says so", (step_dr6[0] | step_dr6[1]) & 1);
	write_dr7_safe(0x400);
	trap_hook[X86_DB] = NULL;
	check_trap("DR7 with a high bit", write_dr7_safe(1ul << 32), GP0);
	check_trap("DR6 with a high bit", write_dr6_safe(1ul << 32), GP0);
	check_trap("DR0 is any address", write_dr0_safe(0x1234), 0);
	check_eq("DR6 reads its fixed bits",
		 (write_dr6_safe(0), read_dr6()) & 0xffff0ff0, 0xffff0ff0);
}

/* After MOV SS a step is held back over the next instruction. */
static noinline __noclone void shadowed_code(void)
{
	__asm__ volatile("movl %%ss, %%eax\n"
			 "pushfq; orl $0x100, (%%rsp); popfq\n"
			 "movl %%eax, %%ss\n"
			 "xorl %%eax, %%eax\n"
			 "pushfq; andl $~0x100, (%%rsp); popfq"
			 : : : "rax", "memory", "cc");
}

static void test_shadow(void)
{
	trap_hook[X86_DB] = on_step;
	nr_steps = 0;
	shadowed_code();
	trap_hook[X86_DB] = NULL;
	check_eq("MOV SS swallows one step", nr_steps, 4);
}

static void read_dr4(void *arg)
{
	u64 v;

	__asm__ volatile("mov %%dr4, %0" : "=r"(v) :: "memory");
	*(u64 *)arg = v;
}

static void read_dr0_into(void *arg)
{
	*(u64 *)arg = read_dr0();
}

static void test_debug_registers(void)
{
	u64 cr4 = read_cr4(), v;

	check_trap("DR4 with DE clear", trap_try(read_dr4, &v), 0);
	check_eq("is DR6", v, read_dr6());
	write_cr4(cr4 | CR4_DE);
	check_trap("DR4 with DE set", trap_try(read_dr4, &v), UD);
	write_cr4(cr4);
	check_eq("DR7 at rest", read_dr7(), 0x400);
	write_dr7_safe(0x400 | 1 << 13);
	check_trap("DR0 with general detect", trap_try(read_dr0_into, &v),
		   TRAP(X86_DB, 0));
	check_eq("DR6.BD", trap_last.dr6 & BIT(13), BIT(13));
	write_dr7_safe(0x400);
	write_dr6_safe(0xffff0ff0);
	check_eq("DR7 at rest again", read_dr7(), 0x400);
}

void test_main(void)
{
	test_single_step();
	test_breakpoints();
	test_shadow();
	test_debug_registers();
}
