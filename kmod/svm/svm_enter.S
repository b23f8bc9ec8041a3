/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * In and out of an SVM guest.  VMRUN swaps RAX, RSP and what a mode switch
 * needs; VMLOAD and VMSAVE the segments with hidden parts and the MSRs of
 * system calls; the general registers are swapped here.
 */
#include <linux/linkage.h>
#include <asm/asm.h>
#include <asm/msr-index.h>
#include <asm/nospec-branch.h>

#include "svm/svm_enter.h"

/* Slots of struct vcpu's gpr[], which has the hardware's numbers. */
#define GPR(n)	(8 * (n))

.text

/*
 * unsigned int svm_enter_guest(u64 *gpr, hpa_t vmcb, hpa_t host_vmcb,
 *				unsigned int flags, u32 guest_spec_ctrl,
 *				u32 host_spec_ctrl)
 *
 * Interrupts off.  Returns SVM_ENTERED, or SVM_ENTER_CPU_OFF when this CPU has
 * SVM switched off.
 *
 * With the global interrupt flag clear nothing comes in, so the interrupt flag
 * can be set for the guest's run: an interrupt of the host then ends it.  It is
 * clear again before the global one is set: NMIs are taken right there, while
 * interrupts stay pending until the run loop lets them in.
 */
SYM_FUNC_START(svm_enter_guest)
	push	%rbp
	mov	%rsp, %rbp
	push	%r15
	push	%r14
	push	%r13
	push	%r12
	push	%rbx
	push	%r9			/* host SPEC_CTRL */
	push	%rcx			/* flags */
	push	%rdx			/* host's VMCB */
	push	%rdi			/* gpr[] */

	/*
	 * The one instruction here that may find SVM switched off: an NMI
	 * does it, and from here on there is none.
	 */
.Lclgi:
	clgi
	_ASM_EXTABLE(.Lclgi, .Lcpu_off)

	/* From here to the entry: no return and no indirect branch. */
	test	$SVM_ENTER_SPEC_CTRL, %ecx
	jz	.Lguest_spec_ctrl_done
	mov	%r8d, %eax
	mov	$MSR_IA32_SPEC_CTRL, %ecx
	xor	%edx, %edx
	wrmsr
.Lguest_spec_ctrl_done:

	mov	%rsi, %rax
	sti
	/* Per-CPU variables are out of reach until the host's are loaded. */
	vmload	%rax
	mov	GPR(1)(%rdi), %rcx
	mov	GPR(2)(%rdi), %rdx
	mov	GPR(3)(%rdi), %rbx
	mov	GPR(5)(%rdi), %rbp
	mov	GPR(6)(%rdi), %rsi
	mov	GPR(8)(%rdi), %r8
	mov	GPR(9)(%rdi), %r9
	mov	GPR(10)(%rdi), %r10
	mov	GPR(11)(%rdi), %r11
	mov	GPR(12)(%rdi), %r12
	mov	GPR(13)(%rdi), %r13
	mov	GPR(14)(%rdi), %r14
	mov	GPR(15)(%rdi), %r15
	mov	GPR(7)(%rdi), %rdi

	VM_CLEAR_CPU_BUFFERS

	vmrun	%rax
	vmsave	%rax
	cli

	pop	%rax			/* gpr[] */
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
	pop	%rax			/* host's VMCB */
	vmload	%rax

	/*
	 * No guest value may stay where speculation could use it: every
	 * register that is not reloaded below is cleared.
	 */
	xor	%ebx, %ebx		/* SVM_ENTERED */
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

	pop	%rcx			/* flags */
	pop	%rax			/* host SPEC_CTRL */
	xor	%edx, %edx
	test	$SVM_ENTER_SPEC_CTRL, %ecx
	jz	.Lhost_spec_ctrl_done
	mov	$MSR_IA32_SPEC_CTRL, %ecx
	wrmsr
.Lhost_spec_ctrl_done:
	/* No guess past the jump above may return with the guest's value. */
	ALTERNATIVE "", "lfence", X86_FEATURE_MSR_SPEC_CTRL
	/* Nor may a return go where the guest has trained it to. */
	UNTRAIN_RET
	ALTERNATIVE "", "call entry_ibpb", X86_FEATURE_IBPB_ON_VMEXIT

	/* NMIs that came meanwhile are taken now. */
	stgi

.Lleave:
	mov	%ebx, %eax
	pop	%rbx
	pop	%r12
	pop	%r13
	pop	%r14
	pop	%r15
	pop	%rbp
	RET

.Lcpu_off:
	mov	$SVM_ENTER_CPU_OFF, %ebx
	add	$32, %rsp
	jmp	.Lleave
SYM_FUNC_END(svm_enter_guest)
