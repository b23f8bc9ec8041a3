/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * In and out of a VMX guest.  The guest's general registers are swapped here;
 * everything else is the VMCS's or was done by the caller.  A VM exit comes
 * back at vmx_exit with the stack as it was at the entry instruction.
 */
#include <linux/linkage.h>
#include <asm/asm.h>
#include <asm/msr-index.h>
#include <asm/nospec-branch.h>
#include <asm/segment.h>
#include <asm/unwind_hints.h>

#include "vmx/vmx_enter.h"

/* VMCS field encoding, SDM "Natural-Width Host-State Fields". */
#define FIELD_HOST_RSP	0x6c14

/* Slots of struct vcpu's gpr[], which has the hardware's numbers. */
#define GPR(n)	(8 * (n))

.text

/*
 * unsigned int vmx_enter_guest(u64 *gpr, u64 *host_rsp, unsigned int flags,
 *				u32 guest_spec_ctrl, u32 host_spec_ctrl)
 *
 * Interrupts off, VMCS current.  Returns one of VMX_ENTERED,
 * VMX_ENTER_FAILED (VMfail: see the instruction error) and VMX_ENTER_CPU_OFF
 * (the instruction itself faulted: this CPU is not in VMX operation).
 */
SYM_FUNC_START(vmx_enter_guest)
	push	%rbp
	mov	%rsp, %rbp
	push	%r15
	push	%r14
	push	%r13
	push	%r12
	push	%rbx
	push	%r8			/* host SPEC_CTRL */
	push	%rdx			/* flags */
	push	%rdi			/* gpr[], found again after the exit */

	/* HOST_RSP rarely changes: the caller keeps what was written last. */
	cmp	%rsp, (%rsi)
	je	.Lrsp_written
	mov	%rsp, (%rsi)
	mov	$FIELD_HOST_RSP, %eax
.Lvmwrite:
	vmwrite	%rsp, %rax
.Lrsp_written:

	/* From here to the entry: no return and no indirect branch. */
	test	$VMX_ENTER_SPEC_CTRL, %edx
	jz	.Lguest_spec_ctrl_done
	mov	%ecx, %eax
	mov	%edx, %ebx
	mov	$MSR_IA32_SPEC_CTRL, %ecx
	xor	%edx, %edx
	wrmsr
	mov	%ebx, %edx
.Lguest_spec_ctrl_done:

	mov	%rdi, %rax
	/* CF = resume; loads below leave the flags alone. */
	bt	$VMX_ENTER_RESUME_BIT, %edx
	mov	GPR(1)(%rax), %rcx
	mov	GPR(2)(%rax), %rdx
	mov	GPR(3)(%rax), %rbx
	mov	GPR(5)(%rax), %rbp
	mov	GPR(6)(%rax), %rsi
	mov	GPR(7)(%rax), %rdi
	mov	GPR(8)(%rax), %r8
	mov	GPR(9)(%rax), %r9
	mov	GPR(10)(%rax), %r10
	mov	GPR(11)(%rax), %r11
	mov	GPR(12)(%rax), %r12
	mov	GPR(13)(%rax), %r13
	mov	GPR(14)(%rax), %r14
	mov	GPR(15)(%rax), %r15
	mov	GPR(0)(%rax), %rax

	/* Changes ZF only. */
	VM_CLEAR_CPU_BUFFERS

	jnc	.Lvmlaunch

	/* The exit arrives at vmx_exit with this very frame. */
	UNWIND_HINT_SAVE
.Lvmresume:
	vmresume
	jmp	.Lvmfail
.Lvmlaunch:
	vmlaunch
	jmp	.Lvmfail

	_ASM_EXTABLE(.Lvmwrite, .Lcpu_off)
	_ASM_EXTABLE(.Lvmresume, .Lcpu_off)
	_ASM_EXTABLE(.Lvmlaunch, .Lcpu_off)

SYM_INNER_LABEL(vmx_exit, SYM_L_GLOBAL)
	UNWIND_HINT_RESTORE
	ENDBR
	push	%rax
	mov	8(%rsp), %rax
	mov	%rcx, GPR(1)(%rax)
	mov	%rdx, GPR(2)(%rax)
	mov	%rbx, GPR(3)(%rax)
	mov	%rbp, GPR(5)(%rax)
	mov	%rsi, GPR(6)(%rax)
	mov	%rdi, GPR(7)(%rax)
	mov	%r8, GPR(8)(%rax)
	mov	%r9, GPR(9)(%rax)
	mov	%r10, GPR(10)(%rax)
	mov	%r11, GPR(11)(%rax)
	mov	%r12, GPR(12)(%rax)
	mov	%r13, GPR(13)(%rax)
	mov	%r14, GPR(14)(%rax)
	mov	%r15, GPR(15)(%rax)
	pop	GPR(0)(%rax)
	xor	%ebx, %ebx		/* VMX_ENTERED */

.Lleave:
	/*
	 * No guest value may stay where speculation could use it: every
	 * register that is not reloaded below is cleared.
	 */
	xor	%ecx, %ecx
	xor	%esi, %esi
	xor	%edi, %edi
	xor	%ebp, %ebp
	xor	%r8d, %r8d
	xor	%r9d, %r9d
	xor	%r10d, %r10d
	xor	%r11d, %r11d
	xor	%r12d, %r12d
	xor	%r13d, %r13d
	xor	%r14d, %r14d
	xor	%r15d, %r15d

	/* Before the first return: the guest may have filled the predictor. */
	FILL_RETURN_BUFFER %rcx, RSB_CLEAR_LOOPS, X86_FEATURE_RSB_VMEXIT, \
			   X86_FEATURE_RSB_VMEXIT_LITE

	pop	%rax			/* gpr[] */
	pop	%rcx			/* flags */
	pop	%rax			/* host SPEC_CTRL */
	xor	%edx, %edx
	test	$VMX_ENTER_SPEC_CTRL, %ecx
	jz	.Lhost_spec_ctrl_done
	mov	$MSR_IA32_SPEC_CTRL, %ecx
	wrmsr
.Lhost_spec_ctrl_done:
	/* No guess past the jump above may return with the guest's value. */
	ALTERNATIVE "", "lfence", X86_FEATURE_MSR_SPEC_CTRL
	CLEAR_BRANCH_HISTORY_VMEXIT

	mov	%ebx, %eax
	pop	%rbx
	pop	%r12
	pop	%r13
	pop	%r14
	pop	%r15
	pop	%rbp
	RET

.Lvmfail:
	mov	$VMX_ENTER_FAILED, %ebx
	jmp	.Lleave
.Lcpu_off:
	mov	$VMX_ENTER_CPU_OFF, %ebx
	jmp	.Lleave
SYM_FUNC_END(vmx_enter_guest)
