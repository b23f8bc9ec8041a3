/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The way in and the few things that C cannot say.  A PVH loader starts us in
 * flat 32-bit protected mode without paging (EBX: hvm_start_info).  We map the
 * first 4 GiB one to one with 2 MiB pages, enter long mode and call C.  The
 * rest is the entry stubs of the 256 vectors, a setjmp pair for faults that
 * have no fixup, calls from compatibility mode and a trip to user mode.
 */
#include "head.h"

	.section .note.pvh, "a", @note
	.align	4
	.long	4
	.long	8
	.long	18			/* XEN_ELFNOTE_PHYS32_ENTRY */
	.asciz	"Xen"
	.quad	entry32

	.section .head.text, "ax"
	.code32
	.globl	entry32
entry32:
	cld
	movl	$stack_top, %esp
	lgdt	boot_gdtr
	movl	%ebx, start_info_gpa

	/* PD entries: 2048 pages of 2 MiB, present, writable, large */
	movl	$boot_pd, %edi
	movl	$0x83, %eax
	movl	$2048, %ecx
1:	movl	%eax, (%edi)
	movl	$0, 4(%edi)
	addl	$0x200000, %eax
	addl	$8, %edi
	loop	1b

	movl	$boot_pdpt, %edi
	movl	$boot_pd + 3, %eax
	movl	$4, %ecx
2:	movl	%eax, (%edi)
	addl	$0x1000, %eax
	addl	$8, %edi
	loop	2b

	movl	$boot_pdpt + 3, boot_pml4
	/* the window of single pages, see window_map() */
	movl	$window_pdpt + 7, boot_pml4 + 8
	movl	$window_pd + 7, window_pdpt
	movl	$window_pt + 7, window_pd

	movl	$0x20, %eax		/* CR4.PAE */
	movl	%eax, %cr4
	movl	$boot_pml4, %eax
	movl	%eax, %cr3

	movl	$0x80000001, %eax
	cpuid
	movl	%edx, %esi
	movl	$0xc0000080, %ecx
	rdmsr
	orl	$0x100, %eax		/* LME */
	btl	$20, %esi
	jnc	3f
	orl	$0x800, %eax		/* NXE */
3:	wrmsr
	movl	$0x80010031, %eax	/* PG WP NE ET PE */
	movl	%eax, %cr0
	ljmp	$SEL_CODE64, $4f

	.code64
4:	movl	$SEL_DATA, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	movl	%eax, %fs
	movl	%eax, %gs
	movl	$stack_top, %esp
	xorl	%ebp, %ebp
	call	guest_start
5:	hlt
	jmp	5b

	.text
/*
 * Vector stubs, 16 bytes each: a zero takes the place of the error code where
 * the CPU pushes none, so that all frames look like struct regs.
 */
	.globl	trap_stubs
	.align	16
trap_stubs:
	vector = 0
	.rept	256
	.align	16
	.if	!(vector == 8 || (vector >= 10 && vector <= 14) || \
		  vector == 17 || vector == 21)
	pushq	$0
	.endif
	pushq	$vector
	jmp	trap_common
	vector = vector + 1
	.endr
	.align	16

trap_common:
	pushq	%rax
	pushq	%rcx
	pushq	%rdx
	pushq	%rbx
	pushq	%rbp
	pushq	%rsi
	pushq	%rdi
	pushq	%r8
	pushq	%r9
	pushq	%r10
	pushq	%r11
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	cld
	movq	%rsp, %rdi
	movq	%rsp, %rbx
	andq	$-16, %rsp
	call	trap_handle
	movq	%rbx, %rsp
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%r11
	popq	%r10
	popq	%r9
	popq	%r8
	popq	%rdi
	popq	%rsi
	popq	%rbp
	popq	%rbx
	popq	%rdx
	popq	%rcx
	popq	%rax
	addq	$16, %rsp
	iretq

/* int context_save(struct context *): 0, or what context_restore() is given */
	.globl	context_save
context_save:
	movq	%rbx, 0(%rdi)
	movq	%rbp, 8(%rdi)
	movq	%r12, 16(%rdi)
	movq	%r13, 24(%rdi)
	movq	%r14, 32(%rdi)
	movq	%r15, 40(%rdi)
	leaq	8(%rsp), %rax
	movq	%rax, 48(%rdi)
	movq	(%rsp), %rax
	movq	%rax, 56(%rdi)
	pushfq
	popq	%rax
	movq	%rax, 64(%rdi)
	xorl	%eax, %eax
	ret

/* void context_restore(struct context *, int) */
	.globl	context_restore
context_restore:
	movl	%esi, %eax
	movl	$SEL_DATA, %ecx
	movl	%ecx, %ds
	movl	%ecx, %es
	movl	%ecx, %ss
	movq	0(%rdi), %rbx
	movq	8(%rdi), %rbp
	movq	16(%rdi), %r12
	movq	24(%rdi), %r13
	movq	32(%rdi), %r14
	movq	40(%rdi), %r15
	movq	48(%rdi), %rsp
	pushq	64(%rdi)
	popfq
	jmp	*56(%rdi)

/* void user_enter(u64 rip, u64 rsp, u64 *regs): rax rdi rsi rdx r10 r8 */
	.globl	user_enter
user_enter:
	pushq	$SEL_USER_DATA
	pushq	%rsi
	pushq	$0x202
	pushq	$SEL_USER_CODE64
	pushq	%rdi
	movq	%rdx, %rcx
	movq	0(%rcx), %rax
	movq	8(%rcx), %rdi
	movq	16(%rcx), %rsi
	movq	24(%rcx), %rdx
	movq	32(%rcx), %r10
	movq	40(%rcx), %r8
	iretq

/*
 * u32 hypercall_compat(u32 nr, u32 a1, u32 a2, u32 a3, u32 a4, u32 a5)
 * A hypercall from a 32-bit code segment: 32-bit registers and layouts.
 */
	.globl	hypercall_compat
hypercall_compat:
	pushq	%rbx
	pushq	%rbp
	movl	%edi, %eax
	movl	%esi, %ebx
	xchgl	%ecx, %edx
	movl	%r8d, %esi
	movl	%r9d, %edi
	pushq	$SEL_CODE32
	pushq	$1f
	lretq
	.code32
1:	cmpb	$0, use_vmmcall
	jne	2f
	vmcall
	jmp	3f
2:	vmmcall
3:	ljmp	$SEL_CODE64, $4f
	.code64
4:	popq	%rbp
	popq	%rbx
	movl	%eax, %eax
	ret

	.section .rodata
	.align	8
boot_gdtr:
	.word	GDT_ENTRIES * 8 - 1
	.quad	gdt

	.data
	.globl	gdt
	.align	16
gdt:
	.quad	0
	.quad	0x00af9b000000ffff	/* 64-bit code */
	.quad	0x00cf93000000ffff	/* data */
	.quad	0x00cf9b000000ffff	/* 32-bit code */
	.quad	0x00009b000000ffff	/* 16-bit code */
	.quad	0x000093000000ffff	/* 16-bit data */
	.quad	0x00cffb000000ffff	/* user 32-bit code */
	.quad	0x00cff3000000ffff	/* user data */
	.quad	0x00affb000000ffff	/* user 64-bit code */
	.quad	0x00cf13000000ffff	/* data, not present */
	.quad	0, 0			/* TSS */
	.quad	0, 0			/* free for tests */

	.globl	start_info_gpa
	.align	8
start_info_gpa:
	.quad	0

	.bss
	.align	4096
	.globl	boot_pml4, boot_pdpt, boot_pd
	.globl	window_pdpt, window_pd, window_pt
boot_pml4:	.skip	4096
boot_pdpt:	.skip	4096
boot_pd:	.skip	4 * 4096
window_pdpt:	.skip	4096
window_pd:	.skip	4096
window_pt:	.skip	4096
	.globl	stack_top
	.skip	16384
stack_top:

	.section .note.GNU-stack, "", @progbits
