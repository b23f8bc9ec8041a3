/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One inline wrapper for each SVM instruction that C needs.  Each has a fixup:
 * on a CPU where SVM has been switched off (hotplug, reboot) the instruction
 * faults, and the wrapper then does nothing instead of killing the host.
 */
#ifndef LODGE_SVM_SVM_INSN_H
#define LODGE_SVM_SVM_INSN_H

#include <asm/asm.h>

#include "types.h"

static inline void svm_insn_vmsave(hpa_t vmcb)
{
	asm volatile("1: vmsave %0\n"
		     "2:\n"
		     _ASM_EXTABLE(1b, 2b)
		     : : "a" (vmcb) : "memory");
}

static inline void svm_insn_stgi(void)
{
	asm volatile("1: stgi\n"
		     "2:\n"
		     _ASM_EXTABLE(1b, 2b)
		     : : : "memory");
}

#endif /* LODGE_SVM_SVM_INSN_H */
