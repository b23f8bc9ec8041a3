// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which event a vCPU gets next.  In order: what an exit interrupted, an
 * exception of an emulated instruction, an NMI, the event-channel upcall, a
 * vector of the local APIC.  One event goes in with an entry; for the rest an
 * exit is asked for as soon as the guest can take them.
 */
#include <asm/trapnr.h>

#include "domain.h"
#include "vcpu.h"
#include "xen/guest_if.h"

/* Exceptions that make a double fault of a second one (SDM, "#DF"). */
static bool is_contributory(u8 vector)
{
	return vector == X86_TRAP_DE ||
	       (vector >= X86_TRAP_TS && vector <= X86_TRAP_GP);
}

static bool makes_double_fault(u8 first, u8 second)
{
	if (first == X86_TRAP_PF)
		return second == X86_TRAP_PF || is_contributory(second);
	return is_contributory(first) && is_contributory(second);
}

static void promote_to_double_fault(struct vcpu_event *exception)
{
	exception->vector = X86_TRAP_DF;
	exception->has_error = true;
	exception->error = 0;
}

enum vmexit_action vcpu_inject_exception(struct vcpu *vcpu, u8 vector,
					 bool has_error, u32 error)
{
	if (vcpu->exception_pending &&
	    makes_double_fault(vcpu->exception.vector, vector)) {
		promote_to_double_fault(&vcpu->exception);
		return VMEXIT_RESUME;
	}
	vcpu->exception = (struct vcpu_event){
		.class = EVENT_EXCEPTION,
		.vector = vector,
		.has_error = has_error,
		.error = error,
	};
	vcpu->exception_pending = true;
	return VMEXIT_RESUME;
}

enum vmexit_action vcpu_inject_gp(struct vcpu *vcpu)
{
	return vcpu_inject_exception(vcpu, X86_TRAP_GP, true, 0);
}

enum vmexit_action vcpu_inject_ud(struct vcpu *vcpu)
{
	return vcpu_inject_exception(vcpu, X86_TRAP_UD, false, 0);
}

enum vmexit_action vcpu_inject_pf(struct vcpu *vcpu, gva_t gva, u32 error)
{
	vcpu_write_reg(vcpu, VREG_CR2, gva);
	return vcpu_inject_exception(vcpu, X86_TRAP_PF, true, error);
}

/*
 * The exit with the exception may have interrupted the delivery of an event,
 * which is queued in the exception's place now.
 */
static void make_room_for_exception(struct vcpu *vcpu)
{
	struct vcpu_event event;

	if (!vendor->take_back(vcpu, &event))
		return;
	switch (event.class) {
	case EVENT_EXCEPTION:
		if (makes_double_fault(event.vector, vcpu->exception.vector))
			promote_to_double_fault(&vcpu->exception);
		break;
	case EVENT_NMI:
		WRITE_ONCE(vcpu->nmi_pending, true);
		break;
	case EVENT_INTERRUPT:
		/* The upcall is level: it is still there, or was taken back. */
		if (event.vector != READ_ONCE(vcpu->domain->xen.callback_vector))
			lapic_return_vector(vcpu, event.vector);
		break;
	}
}

static bool inject_exception(struct vcpu *vcpu)
{
	if (!vcpu->exception_pending)
		return false;
	vcpu->exception_pending = false;
	make_room_for_exception(vcpu);
	vendor->inject(vcpu, &vcpu->exception);
	return true;
}

static bool inject_nmi(struct vcpu *vcpu)
{
	const struct vcpu_event nmi = {
		.class = EVENT_NMI,
		.vector = X86_TRAP_NMI,
	};

	if (!READ_ONCE(vcpu->nmi_pending))
		return false;
	if (!vendor->can_inject(vcpu, EVENT_NMI)) {
		vendor->request_window(vcpu, EVENT_NMI);
		return false;
	}
	WRITE_ONCE(vcpu->nmi_pending, false);
	vendor->inject(vcpu, &nmi);
	return true;
}

/*
 * The callback vector is level: nothing is latched here, and the guest takes
 * it back by clearing evtchn_upcall_pending.  It stands above the APIC.
 */
static int interrupt_vector(struct vcpu *vcpu, bool *upcall)
{
	/* Read once: another vCPU may take the callback away. */
	u8 callback = READ_ONCE(vcpu->domain->xen.callback_vector);

	*upcall = callback && xen_upcall_pending(vcpu);
	return *upcall ? callback : lapic_pending_vector(vcpu);
}

/* An upcall may come up meanwhile: what was chosen decides, not a new look. */
static void inject_interrupt(struct vcpu *vcpu, int vector, bool upcall)
{
	struct vcpu_event irq = {
		.class = EVENT_INTERRUPT,
		.vector = vector,
	};

	if (!upcall)
		lapic_accept_vector(vcpu, vector);
	vendor->inject(vcpu, &irq);
}

static noinline void inject_slow(struct vcpu *vcpu)
{
	bool busy = inject_exception(vcpu) ||
		    vendor->injection_pending(vcpu) ||
		    inject_nmi(vcpu);
	bool upcall;
	int vector = interrupt_vector(vcpu, &upcall);

	if (READ_ONCE(vcpu->nmi_pending))
		vendor->request_window(vcpu, EVENT_NMI);
	if (vector < 0)
		return;
	if (busy || !vendor->can_inject(vcpu, EVENT_INTERRUPT))
		vendor->request_window(vcpu, EVENT_INTERRUPT);
	else
		inject_interrupt(vcpu, vector, upcall);
}

void vcpu_inject_pending(struct vcpu *vcpu)
{
	if (unlikely(vcpu->exception_pending || READ_ONCE(vcpu->nmi_pending) ||
		     xen_upcall_pending(vcpu) ||
		     READ_ONCE(vcpu->lapic.has_irr)))
		inject_slow(vcpu);
}

bool vcpu_has_wake_event(struct vcpu *vcpu)
{
	if (!READ_ONCE(vcpu->online))
		return false;
	if (vcpu->exception_pending || READ_ONCE(vcpu->nmi_pending))
		return true;
	if (xen_poll_is_done(vcpu))
		return true;
	return vcpu->block_if && (xen_upcall_pending(vcpu) ||
				  lapic_pending_vector(vcpu) >= 0);
}
