/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The CPU as C sees it: one inline function an instruction.  Those named
 * _safe may fault: they return 0, or TRAP(vector, error code) when the fault
 * hit exactly the instruction they are named after (the fixup is found by
 * its address, so a wrong RIP in the frame shows as an unexpected trap).
 */
#ifndef LODGE_GUEST_CPU_H
#define LODGE_GUEST_CPU_H

#include "head.h"
#include "types.h"

#define TRAP(vec, err)	(0x80000000u | (u32)(vec) << 16 | (u16)(err))
#define TRAP_VECTOR(t)	((t) >> 16 & 0xff)

#define X86_DE	0
#define X86_DB	1
#define X86_NMI	2
#define X86_BP	3
#define X86_OF	4
#define X86_BR	5
#define X86_UD	6
#define X86_NM	7
#define X86_DF	8
#define X86_TS	10
#define X86_NP	11
#define X86_SS	12
#define X86_GP	13
#define X86_PF	14
#define X86_MF	16
#define X86_AC	17

#define GP0	TRAP(X86_GP, 0)
#define UD	TRAP(X86_UD, 0)

#define CR0_PE	BIT(0)
#define CR0_MP	BIT(1)
#define CR0_EM	BIT(2)
#define CR0_TS	BIT(3)
#define CR0_ET	BIT(4)
#define CR0_NE	BIT(5)
#define CR0_WP	BIT(16)
#define CR0_AM	BIT(18)
#define CR0_NW	BIT(29)
#define CR0_CD	BIT(30)
#define CR0_PG	BIT(31)

#define CR4_TSD		BIT(2)
#define CR4_DE		BIT(3)
#define CR4_PSE		BIT(4)
#define CR4_PAE		BIT(5)
#define CR4_PGE		BIT(7)
#define CR4_OSFXSR	BIT(9)
#define CR4_VMXE	BIT(13)
#define CR4_SMXE	BIT(14)
#define CR4_PCIDE	BIT(17)
#define CR4_OSXSAVE	BIT(18)

#define EFER_SCE	BIT(0)
#define EFER_LME	BIT(8)
#define EFER_LMA	BIT(10)
#define EFER_NXE	BIT(11)
#define EFER_SVME	BIT(12)

#define MSR_TSC		0x10
#define MSR_APIC_BASE	0x1b
#define MSR_EFER	0xc0000080
#define MSR_STAR	0xc0000081
#define MSR_LSTAR	0xc0000082
#define MSR_FS_BASE	0xc0000100
#define MSR_GS_BASE	0xc0000101
#define MSR_KGS_BASE	0xc0000102

#define RFLAGS_CF	BIT(0)
#define RFLAGS_TF	BIT(8)
#define RFLAGS_IF	BIT(9)
#define RFLAGS_DF	BIT(10)
#define RFLAGS_RF	BIT(16)
#define RFLAGS_AC	BIT(18)

/* The instruction at label 1 may fault; execution then goes on at label 2. */
#define EX_TABLE						\
	"\n.pushsection .ex_table, \"a\"\n"			\
	".quad 1b, 2b\n"					\
	".popsection\n"

#define DECLARE_TRAP(name) register u32 name __asm__("r11") = 0

struct cpuid_regs {
	u32 eax, ebx, ecx, edx;
};

static inline struct cpuid_regs cpuid(u32 leaf, u32 sub)
{
	struct cpuid_regs r;

	__asm__ volatile("cpuid"
			 : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
			 : "a"(leaf), "c"(sub) : "memory");
	return r;
}

static inline u64 rdtsc(void)
{
	u32 lo, hi;

	__asm__ volatile("lfence; rdtsc" : "=a"(lo), "=d"(hi) :: "memory");
	return (u64)hi << 32 | lo;
}

static inline u32 rdmsr_safe(u32 msr, u64 *val)
{
	DECLARE_TRAP(trap);
	u32 lo = 0, hi = 0;

	__asm__ volatile("1: rdmsr\n2:" EX_TABLE
			 : "+a"(lo), "+d"(hi), "+r"(trap)
			 : "c"(msr) : "memory");
	*val = (u64)hi << 32 | lo;
	return trap;
}

static inline u32 wrmsr_safe(u32 msr, u64 val)
{
	DECLARE_TRAP(trap);

	__asm__ volatile("1: wrmsr\n2:" EX_TABLE
			 : "+r"(trap)
			 : "c"(msr), "a"((u32)val), "d"((u32)(val >> 32))
			 : "memory");
	return trap;
}

static inline u64 rdmsr(u32 msr)
{
	u32 lo, hi;

	__asm__ volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr) : "memory");
	return (u64)hi << 32 | lo;
}

static inline void wrmsr(u32 msr, u64 val)
{
	__asm__ volatile("wrmsr" :: "c"(msr), "a"((u32)val),
			 "d"((u32)(val >> 32)) : "memory");
}

#define DEFINE_CR(n)							\
static inline u64 read_cr##n(void)					\
{									\
	u64 v;								\
									\
	__asm__ volatile("mov %%cr" #n ", %0" : "=r"(v) :: "memory");	\
	return v;							\
}									\
									\
static inline u32 write_cr##n##_safe(u64 v)				\
{									\
	DECLARE_TRAP(trap);						\
									\
	__asm__ volatile("1: mov %1, %%cr" #n "\n2:" EX_TABLE		\
			 : "+r"(trap) : "r"(v) : "memory");		\
	return trap;							\
}									\
									\
static inline void write_cr##n(u64 v)					\
{									\
	__asm__ volatile("mov %0, %%cr" #n :: "r"(v) : "memory");	\
}

DEFINE_CR(0)
DEFINE_CR(2)
DEFINE_CR(3)
DEFINE_CR(4)
DEFINE_CR(8)

#define DEFINE_DR(n)							\
static inline u64 read_dr##n(void)					\
{									\
	u64 v;								\
									\
	__asm__ volatile("mov %%dr" #n ", %0" : "=r"(v) :: "memory");	\
	return v;							\
}									\
									\
static inline u32 write_dr##n##_safe(u64 v)				\
{									\
	DECLARE_TRAP(trap);						\
									\
	__asm__ volatile("1: mov %1, %%dr" #n "\n2:" EX_TABLE		\
			 : "+r"(trap) : "r"(v) : "memory");		\
	return trap;							\
}

DEFINE_DR(0)
DEFINE_DR(1)
DEFINE_DR(2)
DEFINE_DR(3)
DEFINE_DR(6)
DEFINE_DR(7)

#define DEFINE_PORT(letter, type, reg)					\
static inline type in##letter(u16 port)					\
{									\
	type v;								\
									\
	__asm__ volatile("in" #letter " %1, %0" : "=a"(v) : "Nd"(port)	\
			 : "memory");					\
	return v;							\
}									\
									\
static inline void out##letter(type v, u16 port)			\
{									\
	__asm__ volatile("out" #letter " %0, %1" :: "a"(v), "Nd"(port)	\
			 : "memory");					\
}

DEFINE_PORT(b, u8, al)
DEFINE_PORT(w, u16, ax)
DEFINE_PORT(l, u32, eax)

static inline u64 read_flags(void)
{
	u64 v;

	__asm__ volatile("pushfq; popq %0" : "=r"(v) :: "memory");
	return v;
}

static inline void write_flags(u64 v)
{
	__asm__ volatile("pushq %0; popfq" :: "r"(v) : "memory", "cc");
}

static inline void irq_enable(void)
{
	__asm__ volatile("sti" ::: "memory");
}

static inline void irq_disable(void)
{
	__asm__ volatile("cli" ::: "memory");
}

/* The shadow of STI covers HLT: no event can slip in between. */
static inline void irq_enable_and_halt(void)
{
	__asm__ volatile("sti; hlt" ::: "memory");
}

static inline void cpu_relax(void)
{
	__asm__ volatile("pause" ::: "memory");
}

static inline void invlpg(u64 va)
{
	__asm__ volatile("invlpg (%0)" :: "r"(va) : "memory");
}

/* Loads and stores of an address that may fault, with a fixup. */
#define DEFINE_ACCESS(bits, suffix)					\
static inline u32 read##bits##_safe(u64 va, u##bits *v)			\
{									\
	DECLARE_TRAP(trap);						\
	u##bits r = 0;							\
									\
	__asm__ volatile("1: mov" suffix " (%2), %1\n2:" EX_TABLE	\
			 : "+r"(trap), "+r"(r) : "r"(va) : "memory");	\
	*v = r;								\
	return trap;							\
}									\
									\
static inline u32 write##bits##_safe(u64 va, u##bits v)			\
{									\
	DECLARE_TRAP(trap);						\
									\
	__asm__ volatile("1: mov" suffix " %1, (%2)\n2:" EX_TABLE	\
			 : "+r"(trap) : "r"(v), "r"(va) : "memory");	\
	return trap;							\
}

DEFINE_ACCESS(8, "b")
DEFINE_ACCESS(16, "w")
DEFINE_ACCESS(32, "l")
DEFINE_ACCESS(64, "q")

#endif
