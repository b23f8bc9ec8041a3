/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One trip from 64-bit code through compatibility mode, unpaged, PAE and
 * two-level paging, 16-bit protected mode and real mode, and back.  The code
 * is copied to TRIP_CODE before, so every address in it is written LOW().
 */
#include "head.h"
#include "trip.h"

#define LOW(x)	((x) - trip_start + TRIP_CODE)
#define NOTE(n)	(TRIP_NOTES + (n))

	.section .rodata
	.globl	trip_start, trip_end, trip_entry
trip_start:
	.code64
/*
 * void trip(u32 pae_pdpt (edi), u32 two_level_pd (esi), u32 bad_pdpt (edx));
 * without bad_pdpt where the CPU does not check it.
 */
trip_entry:
	pushq	%rbx
	pushq	%rbp
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	pushfq
	cli
	sidt	LOW(saved_idtr)
	movl	%esp, LOW(saved_esp)
	movl	%edi, LOW(pae_pdpt)
	movl	%esi, LOW(two_level_pd)
	movl	%edx, LOW(bad_pdpt)
	movq	%cr3, %rax
	movl	%eax, LOW(saved_cr3)
	movq	%cr4, %rax
	movl	%eax, LOW(saved_cr4)
	pushq	$SEL_CODE32
	pushq	$LOW(1f)
	lretq

	/* compatibility mode */
	.code32
1:	movl	$0xc0000080, %ecx
	rdmsr
	movl	%eax, NOTE(NOTE_COMPAT_EFER)
	movl	%cr0, %eax
	andl	$0x7fffffff, %eax
	movl	%eax, %cr0
	jmp	2f

	/* unpaged, LME still set */
2:	movl	$TRIP_STACK, %esp
	lidt	LOW(idtr32)
	movl	$0xc0000080, %ecx
	rdmsr
	movl	%eax, NOTE(NOTE_UNPAGED_EFER)
	movl	%cr0, %eax
	movl	%eax, NOTE(NOTE_UNPAGED_CR0)
	call	hypercall32
	movl	%eax, NOTE(NOTE_UNPAGED_CALL)

	/* WRMSR that faults, through a 32-bit IDT */
	movl	$NOTE(NOTE_UNPAGED_WRMSR_TRAP), LOW(fault_note)
	movl	$LOW(3f), LOW(fault_resume)
	movl	$0x2000, %ecx
	wrmsr

	/* PG with LME and no PAE: #GP */
3:	movl	%cr4, %eax
	andl	$~0x20, %eax
	movl	%eax, %cr4
	movl	$NOTE(NOTE_NO_PAE_TRAP), LOW(fault_note)
	movl	$LOW(4f), LOW(fault_resume)
	movl	%cr0, %eax
	orl	$0x80000000, %eax
	movl	%eax, %cr0
4:	movl	%cr4, %eax
	orl	$0x20, %eax
	movl	%eax, %cr4

	movl	$0xc0000080, %ecx
	rdmsr
	andl	$~0x100, %eax
	wrmsr
	rdmsr
	movl	%eax, NOTE(NOTE_LME_EFER)

	/* PAE paging with a reserved bit in a PDPTE: #GP */
	movl	LOW(bad_pdpt), %eax
	testl	%eax, %eax
	jz	5f
	movl	%eax, %cr3
	movl	$NOTE(NOTE_BAD_PDPTE_TRAP), LOW(fault_note)
	movl	$LOW(5f), LOW(fault_resume)
	movl	%cr0, %eax
	orl	$0x80000000, %eax
	movl	%eax, %cr0

	/* PAE paging, off, and on once more with what the walks have written */
5:	movl	LOW(pae_pdpt), %eax
	movl	%eax, %cr3
	movl	%cr0, %eax
	orl	$0x80000000, %eax
	movl	%eax, %cr0
	jmp	21f
21:	movl	$NOTE(NOTE_PAE_OFF_ON_TRAP), LOW(fault_note)
	movl	$LOW(6f), LOW(fault_resume)
	movl	LOW(probe), %edx
	andl	$0x7fffffff, %eax
	movl	%eax, %cr0
	jmp	22f
22:	orl	$0x80000000, %eax
	movl	%eax, %cr0
	jmp	6f
6:	movl	LOW(probe), %eax
	movl	%eax, NOTE(NOTE_PAE_READ)
	call	hypercall32
	movl	%eax, NOTE(NOTE_PAE_CALL)
	movl	$0xc0000080, %ecx
	rdmsr
	movl	%eax, NOTE(NOTE_PAE_EFER)
	/* CR4.PGE toggles reload the PDPTEs */
	movl	$NOTE(NOTE_PAE_RELOAD_TRAP), LOW(fault_note)
	movl	$LOW(20f), LOW(fault_resume)
	movl	%cr4, %eax
	xorl	$0x80, %eax
	movl	%eax, %cr4
	xorl	$0x80, %eax
	movl	%eax, %cr4
20:	movl	LOW(probe), %eax
	movl	%eax, NOTE(NOTE_PAE_AGAIN_READ)
	movl	%cr0, %eax
	andl	$0x7fffffff, %eax
	movl	%eax, %cr0

	/* two-level paging with 4 MiB pages */
	movl	%cr4, %eax
	andl	$~0x20, %eax
	orl	$0x10, %eax
	movl	%eax, %cr4
	movl	LOW(two_level_pd), %eax
	movl	%eax, %cr3
	movl	%cr0, %eax
	orl	$0x80000000, %eax
	movl	%eax, %cr0
	jmp	7f
7:	movl	LOW(probe), %eax
	movl	%eax, NOTE(NOTE_TWO_LEVEL_READ)
	call	hypercall32
	movl	%eax, NOTE(NOTE_TWO_LEVEL_CALL)
	movl	%cr0, %eax
	andl	$0x7fffffff, %eax
	movl	%eax, %cr0

	/* 16-bit protected mode */
	ljmp	$SEL_CODE16, $LOW(8f)
	.code16
8:	movw	$SEL_DATA16, %ax
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %ss
	movl	$TRIP_STACK, %esp
	pushw	%ax
	movw	%sp, %ax
	movzwl	%ax, %eax
	movl	%eax, NOTE(NOTE_16BIT_SP)
	movl	%cr0, %eax
	andl	$~1, %eax
	movl	%eax, %cr0
	ljmpw	$0, $LOW(9f)

	/* real mode */
9:	xorw	%ax, %ax
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %ss
	movw	%ax, %fs
	movw	%ax, %gs
	movw	$TRIP_STACK, %sp
	lidt	LOW(idtr16)
	movl	%cr0, %eax
	movl	%eax, NOTE(NOTE_REAL_CR0)

	/* vectors 6, 13 and 0x21 of the real-mode table */
	movw	$LOW(real_trap), 6 * 4
	movw	$0, 6 * 4 + 2
	movw	$LOW(real_trap), 13 * 4
	movw	$0, 13 * 4 + 2
	movw	$LOW(real_int), 0x21 * 4
	movw	$0, 0x21 * 4 + 2
	int	$0x21
	movl	%eax, NOTE(NOTE_REAL_INT)

	movw	$LOW(10f), LOW(real_resume)
	movl	$0, %eax
	ud2
10:	movl	%eax, NOTE(NOTE_REAL_UD)
	movw	$LOW(11f), LOW(real_resume)
	movl	$0x2000, %ecx
	movl	$0, %eax
	rdmsr
11:	movl	%eax, NOTE(NOTE_REAL_GP)
	movzwl	LOW(real_sp), %eax
	movl	%eax, NOTE(NOTE_REAL_GP_SP)

	movw	$LOW(14f), LOW(real_resume)
	movl	$17, %eax
	xorl	%ebx, %ebx
	xorl	%ecx, %ecx
	cmpb	$2, LOW(trip_call)
	je	13f
	cmpb	$1, LOW(trip_call)
	je	12f
	vmcall
	jmp	14f
12:	vmmcall
	jmp	14f
13:	movl	$0xdeadbeef, %eax
14:	movl	%eax, NOTE(NOTE_REAL_CALL)
	xorl	%eax, %eax
	cpuid
	movl	%ebx, NOTE(NOTE_REAL_CPUID)
	xorl	%eax, %eax
	inb	$0x80, %al
	movl	%eax, NOTE(NOTE_REAL_IN)
	/* segment arithmetic: 0x0980:0 is TRIP_NOTES */
	movw	$(TRIP_NOTES >> 4), %ax
	movw	%ax, %es
	movl	$0x600d, %es:NOTE_REAL_FAR
	xorw	%ax, %ax
	movw	%ax, %es

	/* back: protected mode, then long mode */
	movl	%cr0, %eax
	orl	$1, %eax
	movl	%eax, %cr0
	ljmpl	$SEL_CODE32, $LOW(15f)
	.code32
15:	movl	$SEL_DATA, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	movl	%eax, %fs
	movl	%eax, %gs
	/* real mode with 4 GiB segments left over from protected mode */
	ljmp	$SEL_CODE16, $LOW(16f)
	.code16
16:	movl	%cr0, %eax
	andl	$~1, %eax
	movl	%eax, %cr0
	ljmpw	$0, $LOW(17f)
17:	addr32 movl %fs:0x100000, %eax
	movl	%eax, NOTE(NOTE_BIG_REAL)
	movl	%cr0, %eax
	orl	$1, %eax
	movl	%eax, %cr0
	ljmpl	$SEL_CODE32, $LOW(18f)
	.code32
18:	movl	LOW(saved_cr4), %eax
	movl	%eax, %cr4
	movl	LOW(saved_cr3), %eax
	movl	%eax, %cr3
	movl	$0xc0000080, %ecx
	rdmsr
	orl	$0x100, %eax
	wrmsr
	movl	%cr0, %eax
	orl	$0x80000000, %eax
	movl	%eax, %cr0
	ljmp	$SEL_CODE64, $LOW(19f)
	.code64
19:	movl	$SEL_DATA, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	movl	%eax, %fs
	movl	%eax, %gs
	movl	LOW(saved_esp), %esp
	lidt	LOW(saved_idtr)
	movl	$0xc0000080, %ecx
	rdmsr
	movl	%eax, NOTE(NOTE_BACK_EFER)
	popfq
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbp
	popq	%rbx
	ret

	/* xen_version from 32-bit code */
	.code32
hypercall32:
	movl	$NOTE(NOTE_CALL_TRAP), LOW(fault_note)
	movl	$LOW(3f), LOW(fault_resume)
	movl	$17, %eax
	xorl	%ebx, %ebx
	xorl	%ecx, %ecx
	cmpb	$2, LOW(trip_call)
	je	2f
	cmpb	$1, LOW(trip_call)
	je	1f
	vmcall
	ret
1:	vmmcall
	ret
2:	movl	$0xdeadbeef, %eax
	ret
	/* it faulted: the return address is still there */
3:	movl	$TRIP_STACK - 4, %esp
	movl	$0xbadca11, %eax
	ret

	/* #GP in 32-bit mode: note vector and error code, go on elsewhere */
fault32:
	popl	%ebx			/* error code */
	orl	$0x800d0000, %ebx
	movl	LOW(fault_note), %edx
	movl	%ebx, (%edx)
	movl	$TRIP_STACK, %esp
	jmp	*LOW(fault_resume)

	.code16
real_int:
	movl	$0x21212121, %eax
	iretw
real_trap:
	movw	%sp, LOW(real_sp)
	movl	$0x7a7a, %eax
	addw	$6, %sp
	jmp	*LOW(real_resume)

	.align	8
idtr32:
	.word	14 * 8 - 1
	.long	LOW(idt32)
idtr16:
	.word	0x3ff
	.long	0
	.align	8
idt32:
	.fill	13, 8, 0
	.word	LOW(fault32), SEL_CODE32, 0x8e00, 0
saved_idtr:
	.skip	10
	.align	4
saved_esp:	.long	0
saved_cr3:	.long	0
saved_cr4:	.long	0
pae_pdpt:	.long	0
two_level_pd:	.long	0
bad_pdpt:	.long	0
fault_note:	.long	0
fault_resume:	.long	0
probe:		.long	0x12345678
real_resume:	.word	0
real_sp:	.word	0
	.globl	trip_call
trip_call:	.byte	0		/* 0 vmcall, 1 vmmcall, 2 none */
trip_end:
	.section .note.GNU-stack, "", @progbits
