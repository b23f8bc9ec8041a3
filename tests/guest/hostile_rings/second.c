// SPDX-License-Identifier: GPL-2.0-only
/*
 * The second vCPU.  It has no interrupts and calls nothing of the runtime: it
 * writes random words into a ring, and changes grants, while the back end looks
 * at both.
 */
#include "hostile.h"

#include <xen/hvm/hvm_vcpu.h>

#define BURST	64

static u8 stack[4096] __page_aligned;
static struct ring_page *target;
static bool with_indices;

static s64 vcpu_op(u32 cmd, u64 arg)
{
	return hypercall3(__HYPERVISOR_vcpu_op, cmd, 1, arg);
}

static void scribble(struct ring_page *page, struct dice *d)
{
	u32 *words = (u32 *)page;
	u64 r;
	u32 i;

	for (i = 0; i < BURST; i++) {
		r = roll(d);
		if (READ_ONCE(with_indices) && !(r & 15))
			WRITE_ONCE(words[r >> 8 & 3], (u32)(r >> 32));
		else
			WRITE_ONCE(words[16 + (r >> 8) % 1008], (u32)(r >> 40));
	}
	change_grant(d);
}

static void __noreturn second_main(void)
{
	struct dice d = { .seed = 0x2545f4914f6cdd1d };
	struct ring_page *page;

	for (;;) {
		/*
		 * They are off.  But on Bochs' VMX no interrupt of the host's
		 * ends the run of a guest that came in with them off, until
		 * it writes the flag: this vCPU would have the CPU for ever.
		 */
		irq_disable();
		page = READ_ONCE(target);
		if (page)
			scribble(page, &d);
		else
			vcpu_op(VCPUOP_down, 0);
	}
}

static void wait_until_down(void)
{
	while (vcpu_op(VCPUOP_is_up, 0) > 0)
		hypercall2(__HYPERVISOR_sched_op, SCHEDOP_yield, 0);
}

bool second_start(void)
{
	struct vcpu_hvm_context ctx = {
		.mode = VCPU_HVM_MODE_64B,
		.cpu_regs.x86_64 = {
			/* As after a call, for the compiler's idea of it. */
			.rsp = (u64)stack + sizeof(stack) - 8,
			.rip = (u64)second_main,
			.rflags = 2,
			.cr0 = read_cr0(),
			.cr3 = read_cr3(),
			.cr4 = read_cr4(),
			.efer = rdmsr(MSR_EFER),
		},
	};

	if (vcpu_op(VCPUOP_initialise, (u64)&ctx) || vcpu_op(VCPUOP_up, 0))
		return false;
	wait_until_down();
	return true;
}

void second_scribble(struct ring_page *page, bool indices)
{
	WRITE_ONCE(with_indices, indices);
	WRITE_ONCE(target, page);
	/* It goes down when there is nothing to do, and is awaited then. */
	if (page)
		vcpu_op(VCPUOP_up, 0);
	else
		wait_until_down();
}
