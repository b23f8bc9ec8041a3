// SPDX-License-Identifier: GPL-2.0-only
/*
 * Events into a VMX guest: may one be delivered, deliver it at the next
 * entry, ask for an exit when it can be, and give back what an exit
 * interrupted (SDM, "Event Injection" and "Information for VM Exits That
 * Occur During Event Delivery").
 */
#include <linux/percpu.h>

#include <asm/debugreg.h>
#include <asm/trapnr.h>
#include <asm/vmx.h>

#include "vmx/vmx.h"
#include "vmx/vmx_insn.h"

#define SHADOW	(GUEST_INTR_STATE_STI | GUEST_INTR_STATE_MOV_SS)

bool vmx_injection_pending(struct vcpu *vcpu)
{
	return to_vmx(vcpu)->injecting;
}

bool vmx_can_inject(struct vcpu *vcpu, enum vcpu_event_class class)
{
	u32 blocked = vmcs_read(GUEST_INTERRUPTIBILITY_INFO);

	switch (class) {
	case EVENT_INTERRUPT:
		return !(blocked & SHADOW) &&
		       (vmcs_read(GUEST_RFLAGS) & X86_EFLAGS_IF);
	case EVENT_NMI:
		return !(blocked & (SHADOW | GUEST_INTR_STATE_NMI));
	default:
		return true;
	}
}

static u32 event_type(enum vcpu_event_class class)
{
	switch (class) {
	case EVENT_INTERRUPT:
		return INTR_TYPE_EXT_INTR;
	case EVENT_NMI:
		return INTR_TYPE_NMI_INTR;
	default:
		return INTR_TYPE_HARD_EXCEPTION;
	}
}

/*
 * A trap that comes while the next instruction is in an interrupt shadow and
 * single-stepped: entry demands that the pending trap be named.
 */
static void name_pending_step(void)
{
	if (vmx_is_stepping() &&
	    (vmcs_read(GUEST_INTERRUPTIBILITY_INFO) & SHADOW))
		vmcs_write(GUEST_PENDING_DBG_EXCEPTIONS,
			   vmcs_read(GUEST_PENDING_DBG_EXCEPTIONS) | DR_STEP);
}

void vmx_inject(struct vcpu *vcpu, const struct vcpu_event *event)
{
	u32 info = event->vector | event_type(event->class) |
		   INTR_INFO_VALID_MASK;

	/* No error code in real mode; entry would refuse it. */
	if (event->has_error && (vmcs_read(GUEST_CR0) & X86_CR0_PE)) {
		info |= INTR_INFO_DELIVER_CODE_MASK;
		vmcs_write(VM_ENTRY_EXCEPTION_ERROR_CODE, event->error);
	}
	if (event->class == EVENT_EXCEPTION && event->vector == X86_TRAP_DB)
		name_pending_step();
	vmcs_write(VM_ENTRY_INTR_INFO_FIELD, info);
	to_vmx(vcpu)->injecting = true;
}

/* Types that carry the length of the instruction that raised them. */
static bool is_soft(u32 info)
{
	u32 type = info & INTR_INFO_INTR_TYPE_MASK;

	return type == INTR_TYPE_SOFT_INTR ||
	       type == INTR_TYPE_PRIV_SW_EXCEPTION ||
	       type == INTR_TYPE_SOFT_EXCEPTION;
}

void vmx_requeue(struct vmx_vcpu *v, u32 info)
{
	/* Bit 12 is undefined here and must be 0 in the entry field. */
	info &= ~INTR_INFO_UNBLOCK_NMI;
	if (info & INTR_INFO_DELIVER_CODE_MASK)
		vmcs_write(VM_ENTRY_EXCEPTION_ERROR_CODE,
			   vmcs_read(IDT_VECTORING_ERROR_CODE));
	if (is_soft(info))
		vmcs_write(VM_ENTRY_INSTRUCTION_LEN,
			   vmcs_read(VM_EXIT_INSTRUCTION_LEN));
	/* The NMI was not delivered after all, so it blocks none yet. */
	if ((info & INTR_INFO_INTR_TYPE_MASK) == INTR_TYPE_NMI_INTR)
		vmcs_write(GUEST_INTERRUPTIBILITY_INFO,
			   vmcs_read(GUEST_INTERRUPTIBILITY_INFO) &
			   ~GUEST_INTR_STATE_NMI);
	vmcs_write(VM_ENTRY_INTR_INFO_FIELD, info);
	v->injecting = true;
}

bool vmx_take_back(struct vcpu *vcpu, struct vcpu_event *event)
{
	struct vmx_vcpu *v = to_vmx(vcpu);
	u32 info;

	if (!v->injecting)
		return false;
	info = vmcs_read(VM_ENTRY_INTR_INFO_FIELD);
	vmcs_write(VM_ENTRY_INTR_INFO_FIELD, 0);
	v->injecting = false;
	event->vector = info & INTR_INFO_VECTOR_MASK;
	switch (info & INTR_INFO_INTR_TYPE_MASK) {
	case INTR_TYPE_EXT_INTR:
		event->class = EVENT_INTERRUPT;
		return true;
	case INTR_TYPE_NMI_INTR:
		event->class = EVENT_NMI;
		return true;
	case INTR_TYPE_HARD_EXCEPTION:
		event->class = EVENT_EXCEPTION;
		return true;
	default:
		return false;
	}
}

/*
 * The shadow of STI holds an NMI back, but some CPUs take the NMI window in
 * it: the entry would exit before an instruction, again and again, and no
 * interrupt of the host would get in between.  IF is set in that shadow, so
 * the interrupt window opens right behind it.
 */
static u32 window_control(enum vcpu_event_class class)
{
	if (class == EVENT_NMI &&
	    !(vmcs_read(GUEST_INTERRUPTIBILITY_INFO) & GUEST_INTR_STATE_STI))
		return CPU_BASED_NMI_WINDOW_EXITING;
	return CPU_BASED_INTR_WINDOW_EXITING;
}

void vmx_request_window(struct vcpu *vcpu, enum vcpu_event_class class)
{
	struct vmx_vcpu *v = to_vmx(vcpu);
	u32 control = window_control(class);

	if (v->primary & control)
		return;
	v->primary |= control;
	vmcs_write(CPU_BASED_VM_EXEC_CONTROL, v->primary);
}

/* A window that is open stays so: its exit finds nothing and closes it. */
void vmx_forget_events(struct vcpu *vcpu)
{
	vmcs_write(VM_ENTRY_INTR_INFO_FIELD, 0);
	vmcs_write(GUEST_PENDING_DBG_EXCEPTIONS, 0);
	vmcs_write(GUEST_INTERRUPTIBILITY_INFO, 0);
	to_vmx(vcpu)->injecting = false;
}

void vmx_close_window(struct vmx_vcpu *v, u32 control)
{
	v->primary &= ~control;
	vmcs_write(CPU_BASED_VM_EXEC_CONTROL, v->primary);
}
