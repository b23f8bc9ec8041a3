/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The life of a VMCS: its control fields from the capability MSRs, which CPU
 * holds it, and its way from one CPU to the next.
 */
#ifndef LODGE_VMX_VMCS_H
#define LODGE_VMX_VMCS_H

#include <linux/list.h>

#include "types.h"

/**
 * struct vmx_caps - what this CPU's VMX can do, read once by vmx_probe()
 * @revision: VMCS revision identifier
 * @pin, @primary, @secondary, @exit, @entry: control words that every vCPU
 *	starts with
 * @cr0_fixed0, @cr0_fixed1, @cr4_fixed0, @cr4_fixed1: as the MSRs give them,
 *	PE and PG taken out of @cr0_fixed0 (unrestricted guest)
 * @ept_vpid: IA32_VMX_EPT_VPID_CAP
 * @vpid: VPIDs are used
 */
struct vmx_caps {
	u32 revision;
	u32 pin;
	u32 primary;
	u32 secondary;
	u32 exit;
	u32 entry;
	u64 cr0_fixed0;
	u64 cr0_fixed1;
	u64 cr4_fixed0;
	u64 cr4_fixed1;
	u64 ept_vpid;
	bool vpid;
};

extern struct vmx_caps vmx_caps;

/* Fill vmx_caps.  Returns NULL, or the name of the first thing missing. */
const char *vmcs_read_caps(void);

struct vmcs {
	u32 revision;
	u32 abort;
	u8 data[];
};

struct vmcs *vmcs_alloc(void);
void vmcs_free(struct vmcs *vmcs);

/*
 * A VMCS and the CPU whose cache holds it.  cpu and link are changed only on
 * that CPU with interrupts off, so its teardown and its vCPUs agree.
 */
struct vmcs_home {
	struct vmcs *vmcs;
	int cpu;		/* -1: on none, memory is up to date */
	bool launched;
	struct list_head link;	/* in that CPU's list */
};

void vmcs_home_init(struct vmcs_home *home, struct vmcs *vmcs);

/* Make current on this CPU; interrupts off, home->cpu is -1 or this CPU. */
int vmcs_load(struct vmcs_home *home);
/* Write back to memory from whatever CPU has it.  May IPI and wait. */
void vmcs_clear(struct vmcs_home *home);
/* On this CPU, interrupts off: write back all that it holds. */
void vmcs_clear_all_local(void);
/* The same from NMI context, without touching lists. */
void vmcs_clear_all_emergency(void);
void vmcs_init_cpu_lists(void);

#endif /* LODGE_VMX_VMCS_H */
