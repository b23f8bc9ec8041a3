/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The virtual machine control block: what it starts with, and which parts of
 * it the CPU may go on using from its cache.
 */
#ifndef LODGE_SVM_VMCB_H
#define LODGE_SVM_VMCB_H

#include <asm/svm.h>

#include "types.h"

/**
 * struct svm_caps - what this CPU's SVM can do, read once by svm_probe()
 * @nr_asids: address-space identifiers, 0 included
 * @next_rip: exits say where the next instruction is
 * @decode_assists: exits of CR and DR moves say which general register
 * @pause_filter: exits for PAUSE only from a guest that spins
 * @lbr: DEBUGCTL is the guest's own
 * @spec_ctrl: so is SPEC_CTRL
 * @is_qemu: it is QEMU's emulator, some of whose faults are steered around
 */
struct svm_caps {
	u32 nr_asids;
	bool next_rip;
	bool decode_assists;
	bool pause_filter;
	bool lbr;
	bool spec_ctrl;
	bool is_qemu;
};

extern struct svm_caps svm_caps;

/* Fill svm_caps.  Returns NULL, or the name of the first thing missing. */
const char *vmcb_read_caps(void);

/*
 * Parts of a VMCB that the CPU may keep from one VMRUN to the next (APM, "VMCB
 * Clean Field"); who writes one of them says so.
 */
enum vmcb_part {
	VMCB_INTERCEPTS = BIT(0),	/* and TSC offset, PAUSE filter */
	VMCB_MAPS = BIT(1),
	VMCB_ASID = BIT(2),
	VMCB_VIRQ = BIT(3),
	VMCB_NPT = BIT(4),		/* and the guest's PAT */
	VMCB_CR = BIT(5),		/* CR0, CR3, CR4, EFER */
	VMCB_DR = BIT(6),		/* DR6, DR7 */
	VMCB_DT = BIT(7),		/* GDT, IDT */
	VMCB_SEG = BIT(8),		/* CS, DS, SS, ES, CPL */
	VMCB_CR2 = BIT(9),
	VMCB_LBR = BIT(10),
	VMCB_ALL = 0x7ff,
};

static inline void vmcb_changed(struct vmcb *vmcb, u32 parts)
{
	vmcb->control.clean &= ~parts;
}

/* @bit is one of <asm/svm.h>'s INTERCEPT_*. */
static inline void vmcb_intercept(struct vmcb *vmcb, unsigned int bit)
{
	vmcb->control.intercepts[bit / 32] |= BIT(bit % 32);
	vmcb_changed(vmcb, VMCB_INTERCEPTS);
}

static inline void vmcb_let_go(struct vmcb *vmcb, unsigned int bit)
{
	vmcb->control.intercepts[bit / 32] &= ~BIT(bit % 32);
	vmcb_changed(vmcb, VMCB_INTERCEPTS);
}

struct vmcb *vmcb_alloc(void);
void vmcb_free(struct vmcb *vmcb);
/* What is the same for every vCPU; @root is for nested CR3. */
void vmcb_setup(struct vmcb *vmcb, hpa_t root);

/* One set for all vCPUs: which port and MSR accesses do not exit. */
int vmcb_maps_alloc(void);
void vmcb_maps_free(void);

#endif /* LODGE_SVM_VMCB_H */
