/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One inline wrapper for each VMX instruction.  Each has a fixup: on a CPU
 * that has left VMX operation (hotplug, reboot) the instruction faults, and
 * the wrapper then reads zero or reports failure instead of killing the host.
 */
#ifndef LODGE_VMX_VMX_INSN_H
#define LODGE_VMX_VMX_INSN_H

#include <asm/asm.h>

#include "types.h"

static __always_inline unsigned long vmcs_read(unsigned long field)
{
	unsigned long value = 0;

	asm volatile("1: vmread %1, %0\n"
		     "2:\n"
		     _ASM_EXTABLE(1b, 2b)
		     : "+r" (value) : "r" (field) : "cc");
	return value;
}

static __always_inline void vmcs_write(unsigned long field, unsigned long value)
{
	asm volatile("1: vmwrite %1, %0\n"
		     "2:\n"
		     _ASM_EXTABLE(1b, 2b)
		     : : "r" (field), "rm" (value) : "cc");
}

/* The rest: 0, or -EIO when the instruction fails or faults. */
#define VMX_INSN(insn, ...)						\
({									\
	int err_ = -EIO;						\
	asm volatile("1: " insn "\n"					\
		     "   jbe 2f\n"					\
		     "   xor %0, %0\n"					\
		     "2:\n"						\
		     _ASM_EXTABLE(1b, 2b)				\
		     : "+r" (err_) : __VA_ARGS__ : "cc", "memory");	\
	err_;								\
})

static inline int vmx_insn_vmxon(hpa_t region)
{
	return VMX_INSN("vmxon %1", "m" (region));
}

static inline int vmx_insn_vmxoff(void)
{
	return VMX_INSN("vmxoff", "i" (0));
}

static inline int vmx_insn_vmclear(hpa_t vmcs)
{
	return VMX_INSN("vmclear %1", "m" (vmcs));
}

static inline int vmx_insn_vmptrld(hpa_t vmcs)
{
	return VMX_INSN("vmptrld %1", "m" (vmcs));
}

struct invvpid_desc {
	u64 vpid;
	u64 gva;
};

static inline int vmx_insn_invvpid(unsigned long type, u16 vpid)
{
	struct invvpid_desc desc = { .vpid = vpid };

	return VMX_INSN("invvpid %1, %2", "m" (desc), "r" (type));
}

struct invept_desc {
	u64 eptp;
	u64 reserved;
};

static inline int vmx_insn_invept(unsigned long type, u64 eptp)
{
	struct invept_desc desc = { .eptp = eptp };

	return VMX_INSN("invept %1, %2", "m" (desc), "r" (type));
}

#endif /* LODGE_VMX_VMX_INSN_H */
