/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An SVM vCPU, and what the files of this folder offer each other.
 */
#ifndef LODGE_SVM_SVM_H
#define LODGE_SVM_SVM_H

#include "svm/asid.h"
#include "svm/vmcb.h"
#include "vcpu.h"

/*
 * Whether the guest is in its NMI handler, which the CPU does not track for
 * us.  An IRET ends it; it exits, and is over once RIP has left it.
 */
enum svm_nmi {
	SVM_NMI_OPEN,
	SVM_NMI_BLOCKED,	/* IRET exits */
	SVM_NMI_IRET,		/* at that IRET, which has been let go */
};

/**
 * struct svm_vcpu - a vCPU with its VMCB
 * @vcpu: first, and its gpr[] first in it: svm_enter_guest() is given that
 * @vmcb: its control block
 * @vmcb_hpa: where that is
 * @top: a table above the second stage's root, on hosts with five levels
 * @cr4, @efer: as the guest sees them
 * @asid: whose translations are its own on @cpu
 * @cpu: where it ran last, or -1
 * @injecting: the VMCB holds an event for the next entry
 * @loaded: the guest's TSC_AUX is in the CPU
 * @tsc_aux: that
 * @debugctl: the host's, to put back after a slice
 * @nmi: see enum svm_nmi
 * @iret_rip: where that IRET is
 * @stepping: TF is set for us, to exit after one instruction
 *
 * Everything belongs to the thread that runs the vCPU.
 */
struct svm_vcpu {
	struct vcpu vcpu;
	struct vmcb *vmcb;
	hpa_t vmcb_hpa;
	u64 *top;
	u64 cr4;
	u64 efer;
	struct asid asid;
	int cpu;
	bool injecting;
	bool loaded;
	u64 tsc_aux;
	u64 debugctl;
	enum svm_nmi nmi;
	u64 iret_rip;
	bool stepping;
};

static inline struct svm_vcpu *to_svm(struct vcpu *vcpu)
{
	return container_of(vcpu, struct svm_vcpu, vcpu);
}

/* Does this CPU have SVM on, switched on by us? */
DECLARE_PER_CPU(bool, svm_on);

/* svm_vcpu.c */
struct vcpu *svm_vcpu_alloc(struct domain *d);
void svm_vcpu_free(struct vcpu *vcpu);
u64 svm_read_reg(struct vcpu *vcpu, enum vcpu_reg reg);
void svm_write_reg(struct vcpu *vcpu, enum vcpu_reg reg, u64 value);
void svm_read_seg(struct vcpu *vcpu, enum vcpu_seg seg, struct vcpu_segment *s);
void svm_write_seg(struct vcpu *vcpu, enum vcpu_seg seg,
		   const struct vcpu_segment *s);
void svm_advance_rip(struct vcpu *vcpu, u8 len);
void svm_flush(struct vcpu *vcpu);
void svm_dump(struct vcpu *vcpu, struct seq_buf *s);

/* svm_host.c */
int svm_host_init(void);
void svm_host_exit(void);
/* This CPU's page for VM_HSAVE_PA; the one with its own VMLOAD state. */
hpa_t svm_hsave_hpa(void);
hpa_t svm_host_vmcb_hpa(void);
void svm_host_cpu_read(void);	/* on each CPU at enable */
void svm_vcpu_load(struct vcpu *vcpu);
void svm_vcpu_put(struct vcpu *vcpu);
void svm_vcpu_unload(struct vcpu *vcpu);
bool svm_prepare(struct vcpu *vcpu);
void svm_finish(struct vcpu *vcpu);

/* svm_decode.c */
void svm_enter(struct vcpu *vcpu, struct vmexit *x);

/* svm_inject.c */
bool svm_can_inject(struct vcpu *vcpu, enum vcpu_event_class class);
void svm_inject(struct vcpu *vcpu, const struct vcpu_event *event);
bool svm_injection_pending(struct vcpu *vcpu);
bool svm_take_back(struct vcpu *vcpu, struct vcpu_event *event);
void svm_request_window(struct vcpu *vcpu, enum vcpu_event_class class);
void svm_forget_events(struct vcpu *vcpu);
void svm_close_interrupt_window(struct svm_vcpu *v);
/* The exit is an IRET that ends an NMI handler. */
void svm_iret(struct svm_vcpu *v);
/* The first exit after svm_request_window() set TF. */
void svm_end_step(struct svm_vcpu *v);
/* The exit interrupted the delivery of an event: queue it again. */
void svm_requeue(struct svm_vcpu *v, u32 info, u32 error);

#endif /* LODGE_SVM_SVM_H */
