// SPDX-License-Identifier: GPL-2.0-only
/*
 * Exceptions of every kind, natural and injected by emulation, with the right
 * vector, error code, RIP and flags; software interrupts.
 */
#include "guest.h"

/* Offsets into the code under test tell where RIP must be. */
#define INSN(name, text)						\
	extern u8 name##_at[], name##_end[];				\
	static noinline __noclone void name(void *arg)	\
	{								\
		__asm__ volatile(".globl " #name "_at, " #name "_end\n"	\
				 #name "_at: " text "\n"		\
				 #name "_end:"				\
				 : : "D"(arg)				\
				 : "rax", "rbx", "rcx", "rdx", "memory",	\
				   "cc");				\
	}

INSN(divide, "xorl %%eax, %%eax; xorl %%edx, %%edx; xorl %%ecx, %%ecx\n"
	     "divide_insn: divl %%ecx")
INSN(undefined, "ud2")
INSN(lock_nop, ".byte 0xf0, 0x90")
INSN(forced_prefix, "ud2; .ascii \"xen\"; cpuid")
INSN(load_absent_ds, "movl $0x48, %%eax\n"
		     "load_absent_ds_insn: movl %%eax, %%ds")
INSN(load_outside_gdt, "movl $0xfff8, %%eax\n"
		       "load_outside_gdt_insn: movl %%eax, %%ds")
INSN(load_absent_ss, "movl $0x48, %%eax\n"
		     "load_absent_ss_insn: movl %%eax, %%ss")
INSN(stack_noncanonical, "movq %%rsp, %%rbx\n"
			 "movabsq $0x800000000000, %%rax\n"
			 "movq %%rbp, %%rcx\n"
			 "movq %%rax, %%rbp\n"
			 "stack_noncanonical_insn: movq (%%rbp), %%rax\n"
			 "movq %%rcx, %%rbp")
INSN(int_no_gate, "int $0x90")
INSN(read_absent, "movq (%%rdi), %%rax")
INSN(write_absent, "movq %%rax, (%%rdi)")
INSN(jump_there, "jmp *%%rdi")
INSN(rdmsr_absent, "movl $0x40000001, %%ecx\n"
		   "rdmsr_absent_insn: rdmsr")
INSN(wrmsr_absent, "movl $0x40000001, %%ecx\n"
		   "wrmsr_absent_insn: wrmsr")
INSN(vmx_off, "vmxoff")
INSN(vmx_on, "vmxon (%%rdi)")
INSN(vmx_launch, "vmlaunch")
INSN(vmx_read, "vmread %%rax, %%rcx")
INSN(vmx_ptrld, "vmptrld (%%rdi)")
INSN(invept_insn, "xorl %%eax, %%eax; invept_insn_insn: invept (%%rdi), %%rax")
INSN(svm_run, "movl %%edi, %%eax; svm_run_insn: vmrun")
INSN(get_sec, "xorl %%eax, %%eax; get_sec_insn: .byte 0x0f, 0x37")
INSN(monitor_insn, "xorl %%ecx, %%ecx; xorl %%edx, %%edx\n"
		   "movq %%rdi, %%rax; monitor_insn_insn: monitor")
INSN(mwait_insn, "xorl %%ecx, %%ecx; xorl %%eax, %%eax\n"
		 "mwait_insn_insn: mwait")
INSN(rdpmc_insn, "xorl %%ecx, %%ecx; rdpmc_insn_insn: rdpmc")
INSN(xsetbv_off, "xorl %%ecx, %%ecx; movl $1, %%eax; xorl %%edx, %%edx\n"
		 "xsetbv_off_insn: xsetbv")

extern u8 divide_insn[], load_absent_ds_insn[], load_outside_gdt_insn[];
extern u8 load_absent_ss_insn[], stack_noncanonical_insn[];
extern u8 rdmsr_absent_insn[], wrmsr_absent_insn[], invept_insn_insn[];
extern u8 svm_run_insn[], get_sec_insn[], monitor_insn_insn[];
extern u8 mwait_insn_insn[], rdpmc_insn_insn[], xsetbv_off_insn[];

static u8 page[4096] __page_aligned;

static void expect(const char *name, void (*fn)(void *), void *arg, u32 trap,
		   const u8 *rip)
{
	char line[64];

	if (!check_trap(name, trap_try(fn, arg), trap))
		return;
	format(line, sizeof(line), "%s, RIP", name);
	check_eq(line, trap_last.regs.rip, (u64)rip);
}

static void test_faults(void)
{
	expect("#DE", divide, NULL, TRAP(X86_DE, 0), divide_insn);
	expect("#UD", undefined, NULL, UD, undefined_at);
	expect("#UD of LOCK NOP", lock_nop, NULL, UD, lock_nop_at);
	expect("#UD of the forced-emulation prefix", forced_prefix, NULL, UD,
	       forced_prefix_at);
	expect("#NP", load_absent_ds, NULL, TRAP(X86_NP, 0x48),
	       load_absent_ds_insn);
	expect("#GP with a selector", load_outside_gdt, NULL,
	       TRAP(X86_GP, 0xfff8), load_outside_gdt_insn);
	expect("#SS with a selector", load_absent_ss, NULL,
	       TRAP(X86_SS, 0x48), load_absent_ss_insn);
	expect("#SS of a non-canonical stack", stack_noncanonical, NULL,
	       TRAP(X86_SS, 0), stack_noncanonical_insn);
	expect("#GP of a non-canonical read", read_absent,
	       (void *)NON_CANONICAL, GP0, read_absent_at);
	idt[0x90].type = 0x0e;
	expect("#NP of a gate that is not present", int_no_gate, NULL,
	       TRAP(X86_NP, 0x90 << 3 | 2), int_no_gate_at);
	idt[0x90].type = 0x8e;
}

static void test_page_faults(void)
{
	u32 fetch = rdmsr(MSR_EFER) & EFER_NXE ? 16 : 0;
	u8 *absent = window_address(1), *ro = window_map(2, (u64)page, 0);

	window_unmap(1);
	expect("#PF of a read", read_absent, absent + 8, TRAP(X86_PF, 0),
	       read_absent_at);
	check_eq("CR2 of it", trap_last.cr2, (u64)absent + 8);
	expect("#PF of a write", write_absent, absent, TRAP(X86_PF, 2),
	       write_absent_at);
	expect("#PF of a write to a read-only page", write_absent, ro,
	       TRAP(X86_PF, 3), write_absent_at);
	expect("#PF of a fetch", jump_there, absent, TRAP(X86_PF, fetch),
	       absent);
	if (fetch) {
		u8 *nx = window_map(3, (u64)page, PTE_NX);

		expect("#PF of a fetch from a no-execute page", jump_there, nx,
		       TRAP(X86_PF, 17), nx);
	}
	window_map(4, 1ul << 51, PTE_W);
	if ((cpuid(0x80000008, 0).eax & 0xff) < 52)
		expect("#PF of a reserved bit", read_absent,
		       window_address(4), TRAP(X86_PF, 9), read_absent_at);
	window_unmap(4);
}

static void test_hypervisor_faults(void)
{
	if (!have_xen)
		return;
	expect("#GP of RDMSR", rdmsr_absent, NULL, GP0, rdmsr_absent_insn);
	expect("#GP of WRMSR", wrmsr_absent, NULL, GP0, wrmsr_absent_insn);
	expect("#UD of VMXOFF", vmx_off, NULL, UD, vmx_off_at);
	expect("#UD of VMXON", vmx_on, page, UD, vmx_on_at);
	expect("#UD of VMLAUNCH", vmx_launch, NULL, UD, vmx_launch_at);
	expect("#UD of VMREAD", vmx_read, NULL, UD, vmx_read_at);
	expect("#UD of VMPTRLD", vmx_ptrld, page, UD, vmx_ptrld_at);
	expect("#UD of INVEPT", invept_insn, page, UD, invept_insn_insn);
	expect("#UD of VMRUN", svm_run, page, UD, svm_run_insn);
	expect("#UD of GETSEC", get_sec, NULL, UD, get_sec_insn);
	expect("#UD of MONITOR", monitor_insn, page, UD, monitor_insn_insn);
	expect("#UD of MWAIT", mwait_insn, NULL, UD, mwait_insn_insn);
	expect("#GP of RDPMC", rdpmc_insn, NULL, GP0, rdpmc_insn_insn);
	expect("#UD of XSETBV without OSXSAVE", xsetbv_off, NULL, UD,
	       xsetbv_off_insn);
}

INSN(wbinvd_insn, "wbinvd")
INSN(pause_insn, "movl $10000, %%ecx\n1: pause; loop 1b")
INSN(invd_insn, "invd")

static void test_harmless(void)
{
	check_trap("WBINVD", trap_try(wbinvd_insn, NULL), 0);
	/* So many that the CPU takes it for a spinning guest, if it can. */
	check_trap("PAUSE", trap_try(pause_insn, NULL), 0);
	page[0] = 77;
	if (have_xen) {
		check_trap("INVD", trap_try(invd_insn, NULL), 0);
		check_eq("INVD loses nothing", page[0], 77);
	}
}

/* INT3, INT n and ICEBP are traps: RIP is behind them. */
INSN(int3, "int3")
INSN(int_3, ".byte 0xcd, 0x03")
INSN(int_n, "int $0x91")
INSN(icebp, ".byte 0xf1")

static void test_software(void)
{
	expect("INT3", int3, NULL, TRAP(X86_BP, 0), int3_end);
	expect("INT 3 by two bytes", int_3, NULL, TRAP(X86_BP, 0), int_3_end);
	expect("INT n", int_n, NULL, TRAP(0x91, 0), int_n_end);
	expect("ICEBP", icebp, NULL, TRAP(X86_DB, 0), icebp_end);
}

static u64 user_code(const u8 *code, size_t n, u32 *trap)
{
	static u8 text[4096] __page_aligned, stack[4096] __page_aligned;
	u8 *rip = window_map(8, (u64)text, PTE_U);
	u8 *rsp = window_map(9, (u64)stack, PTE_U | PTE_W);
	u64 io[6] = { 0, (u64)rip + 1025 };

	memcpy(text, code, n);
	*trap = user_run((u64)rip, (u64)rsp + 4096, io);
	return trap_last.regs.rip - (u64)rip;
}

static void test_user_software(void)
{
	static const u8 into_gate[] = { 0xcd, 0x90 };
	static const u8 user_int3[] = { 0xcc };
	static const u8 user_hlt[] = { 0xf4 };
	static const u8 user_cli[] = { 0xfa };
	static const u8 user_cr3[] = { 0x0f, 0x20, 0xd8 };
	/* pushfq; orl $0x40000,(%rsp); popfq; movl (%rdi),%eax */
	static const u8 user_ac[] = {
		0x9c, 0x81, 0x0c, 0x24, 0, 0, 4, 0, 0x9d, 0x8b, 0x07
	};
	u64 at, cr0 = read_cr0();
	u32 trap;

	at = user_code(into_gate, sizeof(into_gate), &trap);
	check_trap("INT n in user mode through a gate of DPL 0", trap,
		   TRAP(X86_GP, 0x90 << 3 | 2));
	check_eq("with RIP at it", at, 0);
	at = user_code(user_int3, sizeof(user_int3), &trap);
	check_trap("INT3 in user mode", trap, TRAP(X86_BP, 0));
	check_eq("with RIP behind it", at, 1);
	user_code(user_hlt, sizeof(user_hlt), &trap);
	check_trap("HLT in user mode", trap, GP0);
	user_code(user_cli, sizeof(user_cli), &trap);
	check_trap("CLI in user mode", trap, GP0);
	user_code(user_cr3, sizeof(user_cr3), &trap);
	check_trap("MOV from CR3 in user mode", trap, GP0);
	write_cr0(cr0 | CR0_AM);
	at = user_code(user_ac, sizeof(user_ac), &trap);
	check_trap("#AC", trap, TRAP(X86_AC, 0));
	check_eq("with RIP at the access", at, 9);
	write_cr0(cr0);
}

/* A double fault: #GP whose handler is absent. */
static void test_double_fault(void)
{
	struct idt_gate old = idt[X86_GP];
	u32 trap;

	idt[X86_GP].type = 0x0e;
	trap = trap_try(read_absent, (void *)NON_CANONICAL);
	idt[X86_GP] = old;
	check_trap("#GP without a handler is #DF", trap, TRAP(X86_DF, 0));
}

void test_main(void)
{
	test_faults();
	test_page_faults();
	test_hypervisor_faults();
	test_harmless();
	test_software();
	test_user_software();
	test_double_fault();
}
