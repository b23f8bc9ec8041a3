/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A VMX vCPU, and what the files of this folder offer each other.
 */
#ifndef LODGE_VMX_VMX_H
#define LODGE_VMX_VMX_H

#include <asm/vmx.h>

#include "compat.h"
#include "vcpu.h"
#include "vmx/vmcs.h"

/* Counter MSRs that perf wants other values in for a guest. */
#define VMX_PERF_MSRS	8

/* MSRs that entry and exit load. */
struct vmx_perf {
	struct vmx_msr_entry entry[VMX_PERF_MSRS];
	struct vmx_msr_entry exit[VMX_PERF_MSRS];
};

/**
 * struct vmx_vcpu - a vCPU with its VMCS
 * @vcpu: first, and its gpr[] first in it: vmx_enter_guest() is given both
 * @home: the VMCS and where it is
 * @host_rsp: HOST_RSP as written last
 * @host_cr3, @host_cr4: HOST_CR3 and HOST_CR4 as written last
 * @primary: primary execution controls as written last
 * @entry_controls: VM-entry controls as written last
 * @vpid: 0 when VPIDs are not used
 * @injecting: VM_ENTRY_INTR_INFO holds a valid event
 * @perf, @nr_perf: the MSR lists, and how many entries of each are in use
 * @host: the host's registers that the guest's replace while loaded
 * @msr: guest values of the MSRs that are swapped by load and put
 *
 * Everything belongs to the thread that runs the vCPU.
 */
struct vmx_vcpu {
	struct vcpu vcpu;
	struct vmcs_home home;
	u64 host_rsp;
	unsigned long host_cr3;
	unsigned long host_cr4;
	u32 primary;
	u32 entry_controls;
	u16 vpid;
	bool injecting;
	unsigned int nr_perf;
	struct vmx_perf *perf;
	u64 cr2;		/* outside a slice */
	int host_cpu;		/* whose HOST_* fields are in the VMCS, or -1 */
	struct {
		u64 kernel_gs_base;
		u64 debugctl;
		u64 fs_base;
		u16 fs_sel;
		u16 gs_sel;
		u16 ds_sel;
		u16 es_sel;
		u16 ldt_sel;
	} host;
	struct {
		u64 kernel_gs_base;
		u64 star;
		u64 lstar;
		u64 cstar;
		u64 sfmask;
		u64 tsc_aux;
	} msr;
	bool msrs_loaded;	/* the guest's are in the CPU */
};

/* Does an instruction that is no branch end in a single-step trap? */
bool vmx_is_stepping(void);

static inline struct vmx_vcpu *to_vmx(struct vcpu *vcpu)
{
	return container_of(vcpu, struct vmx_vcpu, vcpu);
}

/* Is this CPU in VMX operation, put there by us? */
DECLARE_PER_CPU(bool, vmx_on);

/* Set by probe. */
extern enum compat_l1d_flush vmx_l1d_flush;

/* One page for all vCPUs: which MSR accesses do not exit. */
extern unsigned long *vmx_msr_bitmap;

/* vmx_vcpu.c */
struct vcpu *vmx_vcpu_alloc(struct domain *d);
void vmx_vcpu_free(struct vcpu *vcpu);
u64 vmx_read_reg(struct vcpu *vcpu, enum vcpu_reg reg);
void vmx_write_reg(struct vcpu *vcpu, enum vcpu_reg reg, u64 value);
void vmx_read_seg(struct vcpu *vcpu, enum vcpu_seg seg, struct vcpu_segment *s);
void vmx_write_seg(struct vcpu *vcpu, enum vcpu_seg seg,
		   const struct vcpu_segment *s);
void vmx_advance_rip(struct vcpu *vcpu, u8 len);
void vmx_flush_vcpu(struct vcpu *vcpu);
void vmx_flush_s2(struct vcpu *vcpu);
void vmx_dump(struct vcpu *vcpu, struct seq_buf *s);
u64 vmx_eptp(const struct domain *d);
/* Write the initial VMCS; VMCS current, interrupts off. */
void vmx_vmcs_setup(struct vmx_vcpu *v);

/* vmx_host.c */
int vmx_host_init(void);
void vmx_host_exit(void);
void vmx_vcpu_load(struct vcpu *vcpu);
void vmx_vcpu_put(struct vcpu *vcpu);
void vmx_vcpu_unload(struct vcpu *vcpu);
bool vmx_prepare(struct vcpu *vcpu);
void vmx_finish(struct vcpu *vcpu);
void vmx_host_cpu_read(void);	/* on each CPU at enable */
void vmx_flush_l1d(void);

/* vmx_decode.c */
void vmx_enter(struct vcpu *vcpu, struct vmexit *x);

/* vmx_inject.c */
bool vmx_can_inject(struct vcpu *vcpu, enum vcpu_event_class class);
void vmx_inject(struct vcpu *vcpu, const struct vcpu_event *event);
bool vmx_injection_pending(struct vcpu *vcpu);
bool vmx_take_back(struct vcpu *vcpu, struct vcpu_event *event);
void vmx_request_window(struct vcpu *vcpu, enum vcpu_event_class class);
void vmx_forget_events(struct vcpu *vcpu);
void vmx_close_window(struct vmx_vcpu *v, u32 control);
/* The exit interrupted the delivery of an event: queue it again. */
void vmx_requeue(struct vmx_vcpu *v, u32 info);

#endif /* LODGE_VMX_VMX_H */
