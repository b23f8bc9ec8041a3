// SPDX-License-Identifier: GPL-2.0-only
/*
 * The calling convention itself: what is preserved, who may call, numbers
 * that do not exist; and the small hypercalls: multicall, vm_assist,
 * set_timer_op, physdev_op.
 */
#include "hcheck.h"

#include <xen/version.h>

#define MS	1000000ul

static u64 version;

static void test_numbers(void)
{
	static const u32 absent[] = {
		0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 14, 16, 19, 22, 23, 25, 26,
		27, 28, 30, 31, 37, 38, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52,
		53, 54, 55, 56, 63, 64, 65, 127, 128, 1000, 0x7fffffff,
		0x80000000, ~0u
	};
	char name[40];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(absent); i++) {
		format(name, sizeof(name), "hypercall %u", absent[i]);
		check_hcall(name, hypercall2(absent[i], 0, 0), XEN_ENOSYS);
	}
	/* the number is all of RAX in 64-bit code */
	check_hcall("hypercall 2^32 + 17",
		    hypercall2(1ul << 32 | __HYPERVISOR_xen_version, 0, 0),
		    XEN_ENOSYS);
	check_hcall("hypercall -1", hypercall2(~0ul, 0, 0), XEN_ENOSYS);
	check_negative("platform_op", hypercall2(7, (u64)&version, 0));
	check_negative("sysctl", hypercall2(35, (u64)&version, 0));
	check_negative("domctl", hypercall2(36, (u64)&version, 0));
	check_negative("argo_op", hypercall2(39, 0, 0));
	check_negative("xenpmu_op", hypercall2(40, 0, 0));
	check_negative("dm_op", hypercall2(41, 0, 0));
	check_negative("hypfs_op", hypercall2(42, 0, 0));
	check_hcall("physdev_op", hypercall2(33, 0, 0), XEN_ENOSYS);
	check_hcall("physdev_op, command 99", hypercall2(33, 99,
							 (u64)&version),
		    XEN_ENOSYS);
}

#define REG_IN(n)	(0x1111111111111111ul * (n))

/* All 15 registers but RAX, and the flags, must come back as they went. */
static void test_preserved(void)
{
	struct sweep s = { "a hypercall preserves all registers but RAX" };
	u64 out[16], *p = out, flags = RFLAGS_CF | BIT(6) | BIT(7) | 2;
	unsigned int i;

	for (i = 0; i < 16; i++)
		out[i] = REG_IN(i);
	out[0] = __HYPERVISOR_xen_version;
	out[7] = XENVER_version;
	out[4] = flags;
	__asm__ volatile("push %%rbp; push %%rbx\n"
			 "push 32(%0); popfq\n"
			 "push %0\n"
			 "mov 8(%0), %%rcx\n"
			 "mov 16(%0), %%rdx\n"
			 "mov 24(%0), %%rbx\n"
			 "mov 40(%0), %%rbp\n"
			 "mov 48(%0), %%rsi\n"
			 "mov 64(%0), %%r8\n"
			 "mov 72(%0), %%r9\n"
			 "mov 80(%0), %%r10\n"
			 "mov 88(%0), %%r11\n"
			 "mov 96(%0), %%r12\n"
			 "mov 104(%0), %%r13\n"
			 "mov 112(%0), %%r14\n"
			 "mov 120(%0), %%r15\n"
			 "mov 56(%0), %%rdi\n"
			 "mov $17, %%eax\n"
			 "cmpb $0, use_vmmcall\n"
			 "jne 1f\n"
			 "vmcall\n"
			 "jmp 2f\n"
			 "1: vmmcall\n"
			 "2: xchg %%rax, (%%rsp)\n"
			 "mov %%rcx, 8(%%rax)\n"
			 "mov %%rdx, 16(%%rax)\n"
			 "mov %%rbx, 24(%%rax)\n"
			 "mov %%rbp, 40(%%rax)\n"
			 "mov %%rsi, 48(%%rax)\n"
			 "mov %%rdi, 56(%%rax)\n"
			 "mov %%r8, 64(%%rax)\n"
			 "mov %%r9, 72(%%rax)\n"
			 "mov %%r10, 80(%%rax)\n"
			 "mov %%r11, 88(%%rax)\n"
			 "mov %%r12, 96(%%rax)\n"
			 "mov %%r13, 104(%%rax)\n"
			 "mov %%r14, 112(%%rax)\n"
			 "mov %%r15, 120(%%rax)\n"
			 "pop (%%rax)\n"
			 "pop %%rbx; pop %%rbp\n"
			 : "+D"(p) :
			 : "rax", "rcx", "rdx", "rsi", "r8", "r9", "r10",
			   "r11", "r12", "r13", "r14", "r15", "memory", "cc");
	for (i = 1; i < 16; i++) {
		if (i == 4 || i == 7)
			continue;
		s.checked++;
		if (out[i] != REG_IN(i))
			sweep_fail(&s, "register %u, got %lx", i, out[i]);
	}
	if (out[7] != XENVER_version)
		sweep_fail(&s, "register 7, got %lx", out[7]);
	sweep_end(&s);
	check_eq("and gives its result in RAX", out[0], version);
}

static void test_flags(void)
{
	u64 before, after, ret = __HYPERVISOR_xen_version;

	__asm__ volatile("push $0x8d7\n"	/* OF SF ZF AF PF CF */
			 "popfq\n"
			 "pushfq\n"
			 "pop %1\n"
			 "mov $17, %%eax\n"
			 "movzbl use_vmmcall, %%ecx\n"
			 "jrcxz 1f\n"
			 "vmmcall\n"
			 "jmp 2f\n"
			 "1: vmcall\n"
			 "2: pushfq\n"
			 "pop %2\n"
			 : "+a"(ret), "=&r"(before), "=&r"(after)
			 : "D"(0), "S"(0) : "rcx", "memory", "cc");
	check_eq("a hypercall preserves the flags", after, before);
	check_eq("which were set", before & 0x8d5, 0x8d5);
}

/* What runs in user mode: vmcall or vmmcall, then int $0x80. */
static const u8 user_code[2][5] = {
	{ 0x0f, 0x01, 0xc1, 0xcd, 0x80 },
	{ 0x0f, 0x01, 0xd9, 0xcd, 0x80 },
};

static void test_user_mode(void)
{
	static u8 code[4096] __page_aligned, stack[4096] __page_aligned;
	u64 io[6] = { __HYPERVISOR_xen_version, XENVER_version };
	u8 *rip = window_map(HC_FREE, (u64)code, PTE_U);
	u8 *rsp = window_map(HC_FREE + 1, (u64)stack, PTE_U | PTE_W);
	u8 *other = (u8 *)rip + 64;
	u32 trap;

	memcpy(code, user_code[use_vmmcall], 5);
	memcpy(code + 64, user_code[!use_vmmcall], 5);
	trap = user_run((u64)rip, (u64)rsp + 4096, io);
	check_trap("a hypercall in user mode does not fault", trap, 0);
	check_hcall("it gives EPERM", (s64)io[0], XEN_EPERM);
	io[0] = 9999;
	user_run((u64)rip, (u64)rsp + 4096, io);
	check_hcall("also for an unknown number", (s64)io[0], XEN_EPERM);
	trap = user_run((u64)other, (u64)rsp + 4096, io);
	check_trap("the other vendor's instruction in user mode", trap, UD);
}

static void wrong_instruction(void *arg)
{
	if (use_vmmcall)
		__asm__ volatile("vmcall" ::: "rax", "memory");
	else
		__asm__ volatile("vmmcall" ::: "rax", "memory");
}

static void test_other_vendor(void)
{
	check_trap("the other vendor's instruction",
		   trap_try(wrong_instruction, NULL), UD);
}

static s64 vm_assist(u32 cmd, u32 type)
{
	return hypercall2(__HYPERVISOR_vm_assist, cmd, type);
}

static void test_vm_assist(void)
{
	s64 ret = vm_assist(VMASST_CMD_enable,
			    VMASST_TYPE_runstate_update_flag);

	if (ret != XEN_ENOSYS)
		check_hcall("vm_assist runstate_update_flag", ret, 0);
	check_negative("vm_assist writable_pagetables",
		       vm_assist(VMASST_CMD_enable, 2));
	check_negative("vm_assist 6", vm_assist(VMASST_CMD_enable, 6));
	check_negative("vm_assist 64", vm_assist(VMASST_CMD_enable, 64));
	check_negative("vm_assist ~0", vm_assist(VMASST_CMD_enable, ~0u));
	check_negative("vm_assist, command 2", vm_assist(2, 5));
	if (!ret)
		check_hcall("vm_assist disable",
			    vm_assist(VMASST_CMD_disable, 5), 0);
}

static s64 multicall(void *list, u32 n)
{
	return hypercall2(__HYPERVISOR_multicall, (u64)list, n);
}

static void test_multicall(void)
{
	multicall_entry_t e[4] = {
		{ .op = __HYPERVISOR_xen_version, .args = { XENVER_version } },
		{ .op = 63 },
		{ .op = __HYPERVISOR_multicall },
		{ .op = __HYPERVISOR_xen_version, .args = { XENVER_pagesize } },
	};
	u32 e32[2][8] = {
		{ __HYPERVISOR_xen_version, 77, XENVER_pagesize },
		{ __HYPERVISOR_xen_version, 77, XENVER_version },
	};
	s64 ret = multicall(e, 4);

	if (ret == XEN_ENOSYS) {
		print("# no multicall\n");
		return;
	}
	check_hcall("multicall", ret, 0);
	check_hcall("first result", (s64)e[0].result, (s64)version);
	check_hcall("second result", (s64)e[1].result, XEN_ENOSYS);
	check_either("a nested multicall is refused", (s64)e[2].result,
		     XEN_ENOSYS, XEN_EINVAL);
	check_hcall("fourth result", (s64)e[3].result, 4096);
	check_hcall("multicall of none", multicall(e, 0), 0);
	check_eq("32-bit multicall",
		 hypercall_compat(__HYPERVISOR_multicall, (u32)(u64)e32, 2, 0,
				  0, 0), 0);
	check_eq("32-bit first result", e32[0][1], 4096);
	check_eq("32-bit second result", e32[1][1], version);
	check_bad_pointers("multicall", __HYPERVISOR_multicall, HARGS(0, 1),
			   0);
	memset(window_address(HC_PAGE), 0, 4096);
	check_hcall("list that runs into a hole",
		    multicall(window_address(HC_PAGE), 65), XEN_EFAULT);
	check_either("2^32 - 1 calls", multicall(window_address(HC_PAGE), ~0u),
		     XEN_EFAULT, XEN_EINVAL);
}

static void test_set_timer(void)
{
	u32 port, before;
	u64 now;

	if (!xen_init_events() ||
	    evtchn_bind_virq(VIRQ_TIMER, xen_vcpu_id, &port)) {
		check("timer set up", false);
		return;
	}
	evtchn_set_mask(port, false);
	irq_enable();
	before = event_count[port];
	now = xen_now();
	check_hcall("set_timer_op",
		    hypercall2(__HYPERVISOR_set_timer_op, now + 2 * MS, 0), 0);
	check("it fires", wait_until(event_count[port] != before, 1000));
	check("not early", xen_now() >= now + 2 * MS);
	before = event_count[port];
	hypercall2(__HYPERVISOR_set_timer_op, xen_now() + 5 * MS, 0);
	check_hcall("set_timer_op 0",
		    hypercall2(__HYPERVISOR_set_timer_op, 0, 0), 0);
	check("cancels", !wait_until(event_count[port] != before, 20));
	now = xen_now() + 2 * MS;
	check_eq("32-bit set_timer_op",
		 hypercall_compat(__HYPERVISOR_set_timer_op, (u32)now,
				  (u32)(now >> 32), 0, 0, 0), 0);
	check("it fires", wait_until(event_count[port] != before, 1000));
	check("not early", xen_now() >= now);
	irq_disable();
}

static void test_page(void)
{
	unsigned int i;
	bool good = true;

	check_trap("hypercall page", xen_map_hypercall_page(), 0);
	for (i = 0; i < 128; i++) {
		u8 *stub = hypercall_page_mem + i * 32;

		if (i == 23)
			continue;
		good &= stub[0] == 0xb8 && *(u32 *)(stub + 1) == i &&
			stub[5] == 0x0f && stub[6] == 0x01 &&
			stub[7] == (use_vmmcall ? 0xd9 : 0xc1) &&
			stub[8] == 0xc3;
	}
	check("its 128 stubs are right", good);
	check_hcall("a call through it",
		    hypercall_page(__HYPERVISOR_xen_version, XENVER_pagesize,
				   0, 0), 4096);
	check_trap("hypercall page, index 1",
		   wrmsr_safe(0x40000000, (u64)hypercall_page_mem | 1), GP0);
	check_trap("hypercall page in a hole",
		   wrmsr_safe(0x40000000, GFN_HOLE << 12), GP0);
	check_trap("hypercall page out of this world",
		   wrmsr_safe(0x40000000, 1ul << 52), GP0);
}

void test_main(void)
{
	if (!need_xen())
		return;
	hcheck_init();
	version = (u64)hypercall2(__HYPERVISOR_xen_version, XENVER_version, 0);
	test_page();
	test_numbers();
	test_preserved();
	test_flags();
	test_user_mode();
	test_other_vendor();
	test_vm_assist();
	test_multicall();
	test_set_timer();
}
