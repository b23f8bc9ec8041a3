// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two vCPUs spin for each other: each waits with PAUSE until it is its turn.
 * Where they share a host CPU, the one that spins must lose it at once, or each
 * turn takes as long as the host lets a process run, which is milliseconds.
 * A guest's locks are as slow as that when a holder has lost its CPU.
 */
#include "hcheck.h"

#include <xen/hvm/hvm_vcpu.h>
#include <xen/vcpu.h>

#define TURNS		400u
#define MS		1000000ul
#define OTHER		1u

static volatile u32 turn;	/* even: ours; odd: the other's */
static volatile u32 up;
static u8 stack[4096] __page_aligned;

static void wait_for_turn(u32 parity)
{
	while ((turn & 1) != parity)
		__asm__ volatile("pause" ::: "memory");
}

static void other_main(void)
{
	up = 1;
	for (;;) {
		wait_for_turn(1);
		turn++;
	}
}

static s64 start_other(void)
{
	struct vcpu_hvm_context ctx = { .mode = VCPU_HVM_MODE_64B };
	struct vcpu_hvm_x86_64 *regs = &ctx.cpu_regs.x86_64;
	s64 ret;

	regs->rip = (u64)other_main;
	/* As after a call. */
	regs->rsp = (u64)(stack + sizeof(stack) - 8);
	regs->cr0 = read_cr0();
	regs->cr3 = read_cr3();
	regs->cr4 = read_cr4();
	regs->efer = rdmsr(MSR_EFER);
	ret = hypercall3(__HYPERVISOR_vcpu_op, VCPUOP_initialise, OTHER,
			 (u64)&ctx);
	return ret ? ret : hypercall3(__HYPERVISOR_vcpu_op, VCPUOP_up, OTHER, 0);
}

static u64 take_turns(void)
{
	u64 start = xen_now();

	while (turn < 2 * TURNS) {
		wait_for_turn(0);
		turn++;
	}
	return (xen_now() - start) / TURNS;
}

void test_main(void)
{
	u64 ns;

	if (!need_xen())
		return;
	if (!check("events set up", xen_init_events()))
		return;
	if (!check_hcall("start of the other vCPU", start_other(), 0))
		return;
	check("it comes up", wait_until(up, 5000));
	ns = take_turns();
	print("# a turn and back took %u us\n", (u32)(ns / 1000));
	check("a turn and back takes less than 2 ms", ns && ns < 2 * MS);
}
