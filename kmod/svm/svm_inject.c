// SPDX-License-Identifier: GPL-2.0-only
/*
 * Events into an SVM guest: may one be delivered, deliver it at the next
 * entry, ask for an exit when it can be, and give back what an exit
 * interrupted (APM, "Event Injection" and "Exit During Event Injection").
 *
 * An interrupt waits for its window as a virtual interrupt that exits when the
 * guest would take it.  For NMIs there is no such thing: the end of a handler
 * is found by its IRET, and where only one instruction is in the way it is
 * stepped over with TF.
 */
#include <linux/smp.h>

#include <asm/debugreg.h>
#include <asm/trapnr.h>

#include "svm/svm.h"

/* Raised by an instruction of their own, which can be run again. */
#define SOFT_EXCEPTIONS	(BIT(X86_TRAP_BP) | BIT(X86_TRAP_OF))

bool svm_injection_pending(struct vcpu *vcpu)
{
	return to_svm(vcpu)->injecting;
}

static bool nmi_is_blocked(struct svm_vcpu *v)
{
	if (v->nmi == SVM_NMI_IRET && v->vmcb->save.rip != v->iret_rip)
		v->nmi = SVM_NMI_OPEN;
	return v->nmi != SVM_NMI_OPEN;
}

bool svm_can_inject(struct vcpu *vcpu, enum vcpu_event_class class)
{
	struct svm_vcpu *v = to_svm(vcpu);
	bool shadow = v->vmcb->control.int_state & SVM_INTERRUPT_SHADOW_MASK;

	switch (class) {
	case EVENT_INTERRUPT:
		return !shadow && (v->vmcb->save.rflags & X86_EFLAGS_IF);
	case EVENT_NMI:
		return !shadow && !nmi_is_blocked(v);
	default:
		return true;
	}
}

static u32 event_type(enum vcpu_event_class class)
{
	switch (class) {
	case EVENT_INTERRUPT:
		return SVM_EVTINJ_TYPE_INTR;
	case EVENT_NMI:
		return SVM_EVTINJ_TYPE_NMI;
	default:
		return SVM_EVTINJ_TYPE_EXEPT;
	}
}

static void block_nmi(struct svm_vcpu *v)
{
	v->nmi = SVM_NMI_BLOCKED;
	vmcb_intercept(v->vmcb, INTERCEPT_IRET);
}

/*
 * QEMU's emulator still holds the vector of an interrupt that VMRUN has
 * injected, and delivers it once more, with IF clear as well, as soon as it
 * leaves the guest's code for a reason of its own.  An exit clears it.  So an
 * interrupt to ourselves ends the run before the handler's first instruction.
 */
static void queue_event(struct svm_vcpu *v, u32 info)
{
	v->vmcb->control.event_inj = info;
	v->injecting = true;
	if (unlikely(svm_caps.is_qemu) &&
	    (info & SVM_EVTINJ_TYPE_MASK) == SVM_EVTINJ_TYPE_INTR)
		smp_send_reschedule(smp_processor_id());
}

void svm_inject(struct vcpu *vcpu, const struct vcpu_event *event)
{
	struct svm_vcpu *v = to_svm(vcpu);
	u32 info = event->vector | event_type(event->class) | SVM_EVTINJ_VALID;

	/* No error code in real mode. */
	if (event->has_error && (v->vmcb->save.cr0 & X86_CR0_PE)) {
		info |= SVM_EVTINJ_VALID_ERR;
		v->vmcb->control.event_inj_err = event->error;
	}
	if (event->class == EVENT_NMI)
		block_nmi(v);
	queue_event(v, info);
}

/*
 * Is an event that an exit interrupted to be queued again?  RIP is still at
 * the instruction that raised a software interrupt, which therefore raises it
 * once more; queued, it would be delivered with RIP before it.
 */
static bool is_requeued(u32 info)
{
	u32 vector = info & SVM_EVTINJ_VEC_MASK;

	switch (info & SVM_EVTINJ_TYPE_MASK) {
	case SVM_EVTINJ_TYPE_SOFT:
		return false;
	case SVM_EVTINJ_TYPE_EXEPT:
		return vector >= 32 || !(BIT(vector) & SOFT_EXCEPTIONS);
	default:
		return true;
	}
}

/* An NMI keeps what its injection has blocked: it is still to come. */
void svm_requeue(struct svm_vcpu *v, u32 info, u32 error)
{
	if (!is_requeued(info))
		return;
	v->vmcb->control.event_inj_err = error;
	queue_event(v, info & (SVM_EVTINJ_VEC_MASK | SVM_EVTINJ_TYPE_MASK |
			       SVM_EVTINJ_VALID_ERR | SVM_EVTINJ_VALID));
}

bool svm_take_back(struct vcpu *vcpu, struct vcpu_event *event)
{
	struct svm_vcpu *v = to_svm(vcpu);
	u32 info = v->vmcb->control.event_inj;

	if (!v->injecting)
		return false;
	v->vmcb->control.event_inj = 0;
	v->injecting = false;
	event->vector = info & SVM_EVTINJ_VEC_MASK;
	switch (info & SVM_EVTINJ_TYPE_MASK) {
	case SVM_EVTINJ_TYPE_INTR:
		event->class = EVENT_INTERRUPT;
		return true;
	case SVM_EVTINJ_TYPE_NMI:
		event->class = EVENT_NMI;
		v->nmi = SVM_NMI_OPEN;
		vmcb_let_go(v->vmcb, INTERCEPT_IRET);
		return true;
	default:
		event->class = EVENT_EXCEPTION;
		return true;
	}
}

static void open_interrupt_window(struct svm_vcpu *v)
{
	struct vmcb_control_area *c = &v->vmcb->control;

	if (c->int_ctl & V_IRQ_MASK)
		return;
	c->int_ctl |= V_IRQ_MASK | V_IGN_TPR_MASK | V_INTR_PRIO_MASK;
	vmcb_changed(v->vmcb, VMCB_VIRQ);
	vmcb_intercept(v->vmcb, INTERCEPT_VINTR);
}

void svm_close_interrupt_window(struct svm_vcpu *v)
{
	v->vmcb->control.int_ctl &= ~V_IRQ_INJECTION_BITS_MASK;
	vmcb_changed(v->vmcb, VMCB_VIRQ);
	vmcb_let_go(v->vmcb, INTERCEPT_VINTR);
}

/*
 * Exceptions of the stepped instruction exit as well: delivered by the CPU,
 * they would save a TF that is not the guest's.  Those of INT3 and INTO do so
 * behind it, where the step is over.
 */
static void begin_step(struct svm_vcpu *v)
{
	if (v->stepping || (v->vmcb->save.rflags & X86_EFLAGS_TF))
		return;
	v->stepping = true;
	v->vmcb->save.rflags |= X86_EFLAGS_TF;
	v->vmcb->control.intercepts[INTERCEPT_EXCEPTION] |= ~SOFT_EXCEPTIONS &
							    ~BIT(X86_TRAP_NMI);
	vmcb_changed(v->vmcb, VMCB_INTERCEPTS);
}

/* TF goes, unless an IRET is over: it has loaded the guest's own. */
void svm_end_step(struct svm_vcpu *v)
{
	u32 keep = BIT(X86_TRAP_DB) | BIT(X86_TRAP_AC) | BIT(X86_TRAP_MC);
	struct vmcb *vmcb = v->vmcb;
	bool iret = v->nmi == SVM_NMI_IRET;

	v->stepping = false;
	if (!iret || nmi_is_blocked(v))
		vmcb->save.rflags &= ~(u64)X86_EFLAGS_TF;
	vmcb->save.dr6 &= ~(u64)DR_STEP;
	vmcb->control.intercepts[INTERCEPT_EXCEPTION] &= keep;
	vmcb_changed(vmcb, VMCB_INTERCEPTS);
}

static void request_nmi_window(struct svm_vcpu *v)
{
	struct vmcb *vmcb = v->vmcb;

	/* The handler's IRET will exit. */
	if (v->nmi == SVM_NMI_BLOCKED)
		return;
	/*
	 * Something else goes in now, and a TF would be saved with it.  An
	 * interrupt to ourselves ends the run as soon as it is in.
	 */
	if (v->injecting)
		smp_send_reschedule(smp_processor_id());
	else if (!nmi_is_blocked(v) && (vmcb->save.rflags & X86_EFLAGS_IF))
		open_interrupt_window(v);
	else
		begin_step(v);
}

/*
 * QEMU's emulator forgets the shadow of STI at VMRUN: the window would open
 * before a HLT, which then sleeps over the interrupt.  There the one instruction
 * in the shadow is stepped over.
 */
static bool shadow_is_lost(const struct svm_vcpu *v)
{
	return (v->vmcb->control.int_state & SVM_INTERRUPT_SHADOW_MASK) &&
	       svm_caps.is_qemu && !v->injecting;
}

void svm_request_window(struct vcpu *vcpu, enum vcpu_event_class class)
{
	struct svm_vcpu *v = to_svm(vcpu);

	if (class == EVENT_NMI) {
		request_nmi_window(v);
	} else if (unlikely(shadow_is_lost(v))) {
		svm_close_interrupt_window(v);
		begin_step(v);
	} else {
		open_interrupt_window(v);
	}
}

void svm_iret(struct svm_vcpu *v)
{
	v->nmi = SVM_NMI_IRET;
	v->iret_rip = v->vmcb->save.rip;
	vmcb_let_go(v->vmcb, INTERCEPT_IRET);
}

/* A window that is open stays so: its exit finds nothing and closes it. */
void svm_forget_events(struct vcpu *vcpu)
{
	struct svm_vcpu *v = to_svm(vcpu);

	v->vmcb->control.event_inj = 0;
	v->vmcb->control.int_state = 0;
	v->injecting = false;
	v->nmi = SVM_NMI_OPEN;
	vmcb_let_go(v->vmcb, INTERCEPT_IRET);
}
