/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The seam between lodge and one vendor's virtualization hardware.  Nothing
 * outside kmod/vmx/ knows a VMCS field, and nothing outside kmod/svm/ one of a
 * VMCB; nothing inside them knows what an exit means.  One struct of
 * operations is chosen at load; the inline wrappers below are the only callers
 * of it.
 */
#ifndef LODGE_VENDOR_H
#define LODGE_VENDOR_H

#include "types.h"

struct domain;
struct s2_format;
struct seq_buf;
struct vcpu;
struct vcpu_segment;
struct vmexit;

/*
 * Registers that live in the vendor's control block while a vCPU is loaded.
 * The other general registers are in vcpu->gpr[] at every time the guest does
 * not run; RSP is reached through here.
 */
enum vcpu_reg {
	VREG_RSP,
	VREG_RIP,
	VREG_RFLAGS,
	VREG_CR0,		/* as the guest sees it */
	VREG_CR2,
	VREG_CR3,
	VREG_CR4,		/* as the guest sees it */
	VREG_EFER,
	VREG_DR7,
	VREG_DEBUGCTL,
	VREG_SYSENTER_CS,
	VREG_SYSENTER_ESP,
	VREG_SYSENTER_EIP,
	VREG_PAT,
	VREG_KERNEL_GS_BASE,
	VREG_STAR,
	VREG_LSTAR,
	VREG_CSTAR,
	VREG_SFMASK,
	VREG_TSC_AUX,
	VREG_TSC_OFFSET,
	/*
	 * PAE paging: the four entries as loaded.  Write only; a CPU that
	 * reads them from memory at each walk has no use for them.
	 */
	VREG_PDPTR0,
	VREG_PDPTR1,
	VREG_PDPTR2,
	VREG_PDPTR3,
	NR_VREGS
};

/* Index order of uapi's enum lodge_seg. */
enum vcpu_seg {
	VSEG_ES, VSEG_CS, VSEG_SS, VSEG_DS, VSEG_FS, VSEG_GS,
	VSEG_LDTR, VSEG_TR, VSEG_GDTR, VSEG_IDTR,
	NR_VSEGS
};

enum vcpu_event_class {
	EVENT_INTERRUPT,	/* external interrupt */
	EVENT_NMI,
	EVENT_EXCEPTION,	/* hardware exception (fault or trap) */
};

/**
 * struct vcpu_event - an event for the guest
 * @class: what it is
 * @vector: 0..255
 * @has_error: an error code is pushed; the vendor drops it in real mode
 * @error: that code
 */
struct vcpu_event {
	enum vcpu_event_class class;
	u8 vector;
	bool has_error;
	u32 error;
};

/**
 * struct vendor_ops - what a vendor provides
 *
 * Context is one of three: [sleep] process context; [loaded] the vCPU is
 * loaded on this CPU and preemption is off or the preempt notifier is armed,
 * interrupts on or off; [irqsoff] loaded, interrupts off.
 *
 * @name: for logs, "vmx" or "svm"
 * @uapi_vendor: enum lodge_vendor
 * @kvm_module: KVM's module for this hardware, whose turn excludes ours
 * @hypercall_insn: the three bytes that exit with VMEXIT_HYPERCALL
 * @s2_format: bits of a second-stage entry
 * @s2_max_level: largest leaf the hardware maps (set by probe)
 * @holds_pdptrs: the four top entries of PAE paging are registers, loaded and
 *	checked when control registers are written (SDM 3, 4.4.1); else each walk
 *	reads them from memory (APM 2, 15.25.10), and VREG_PDPTR* are nothing
 * @hidden: X86_FEATURE_* that guests cannot have although this host has them,
 *	ended by 0 (set by probe)
 * @is_present: has this CPU this vendor's extension at all?
 * @probe: [sleep] may this host run guests?  0 or -ENODEV after one log line
 *	that names what is missing
 * @init: [sleep] once after probe: what the module needs while it is loaded
 * @exit: the reverse
 * @cpu_enable: switch virtualization on here; [irqs off]; 0, -EBUSY
 *	when somebody else has it on, -EIO when the CPU refuses
 * @cpu_disable: the reverse; every vCPU has been put before; harmless when off
 * @emergency_disable: as cpu_disable from NMI context at a crash or reboot
 * @vcpu_alloc: [sleep] a vCPU with its control block, all registers at their
 *	power-up values; ERR_PTR
 * @vcpu_free: [sleep] it is loaded nowhere
 * @vcpu_load: [loaded, preemption off] make it current on this CPU; clears it
 *	from the CPU it was on before
 * @vcpu_put: [preemption off] give this CPU's own registers back to the host
 * @vcpu_unload: [sleep] clear it from whatever CPU holds it, for good
 * @prepare: [irqsoff] host state that may have changed since the last time;
 *	false when virtualization is off on this CPU
 * @finish: [irqsoff] undo what exits did to the host's state
 * @enter: [irqsoff] run the guest to its next exit; fills the decoded record.
 *	Tells context tracking of the guest;
 *	an NMI or machine check that ended the run has been handed to the host
 * @read_reg, @write_reg: [loaded] one register; writes are unchecked
 * @read_seg, @write_seg: [loaded]
 * @advance_rip: [loaded] skip an emulated instruction: RIP, interrupt shadow,
 *	single-step trap
 * @can_inject: [irqsoff] may this class be delivered at the next entry?
 * @inject: [irqsoff] deliver at the next entry; one event an entry
 * @injection_pending: [irqsoff] an interrupted delivery is queued already
 * @take_back: [irqsoff] take out of the next entry the event that an exit
 *	interrupted; false when there is none, or it was a software interrupt,
 *	whose instruction is run again
 * @request_window: [irqsoff] exit with VMEXIT_WINDOW when the class can be
 *	delivered (EVENT_INTERRUPT or EVENT_NMI)
 * @forget_events: [loaded] drop what is queued for the next entry, and what
 *	blocks events (interrupt shadow, NMI handler), for INIT
 * @flush_vcpu: [irqsoff] drop translations of this vCPU's address spaces
 * @flush_s2: [irqsoff] drop translations through this domain's second stage on
 *	this CPU
 * @dump: [loaded] append vendor state to a crash record
 */
struct vendor_ops {
	const char *name;
	u32 uapi_vendor;
	const char *kvm_module;
	u8 hypercall_insn[3];
	const struct s2_format *s2_format;
	unsigned int s2_max_level;
	bool holds_pdptrs;
	u16 hidden[4];

	bool (*is_present)(void);
	int (*probe)(void);
	int (*init)(void);
	void (*exit)(void);
	int (*cpu_enable)(void);
	void (*cpu_disable)(void);
	void (*emergency_disable)(void);

	struct vcpu *(*vcpu_alloc)(struct domain *d);
	void (*vcpu_free)(struct vcpu *vcpu);
	void (*vcpu_load)(struct vcpu *vcpu);
	void (*vcpu_put)(struct vcpu *vcpu);
	void (*vcpu_unload)(struct vcpu *vcpu);

	bool (*prepare)(struct vcpu *vcpu);
	void (*finish)(struct vcpu *vcpu);
	void (*enter)(struct vcpu *vcpu, struct vmexit *x);

	u64 (*read_reg)(struct vcpu *vcpu, enum vcpu_reg reg);
	void (*write_reg)(struct vcpu *vcpu, enum vcpu_reg reg, u64 value);
	void (*read_seg)(struct vcpu *vcpu, enum vcpu_seg seg,
			 struct vcpu_segment *s);
	void (*write_seg)(struct vcpu *vcpu, enum vcpu_seg seg,
			  const struct vcpu_segment *s);
	void (*advance_rip)(struct vcpu *vcpu, u8 len);

	bool (*can_inject)(struct vcpu *vcpu, enum vcpu_event_class class);
	void (*inject)(struct vcpu *vcpu, const struct vcpu_event *event);
	bool (*injection_pending)(struct vcpu *vcpu);
	bool (*take_back)(struct vcpu *vcpu, struct vcpu_event *event);
	void (*request_window)(struct vcpu *vcpu, enum vcpu_event_class class);
	void (*forget_events)(struct vcpu *vcpu);

	void (*flush_vcpu)(struct vcpu *vcpu);
	void (*flush_s2)(struct vcpu *vcpu);
	void (*dump)(struct vcpu *vcpu, struct seq_buf *s);
};

/* The vendor of this host; set before the device exists, constant after. */
extern struct vendor_ops *vendor;

extern struct vendor_ops vmx_vendor_ops;
extern struct vendor_ops svm_vendor_ops;

#endif /* LODGE_VENDOR_H */
