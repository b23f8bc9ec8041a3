// SPDX-License-Identifier: GPL-2.0-only
/*
 * One trip into the guest, and its exit as a neutral record.  Exit fields of
 * the VMCS are read here and nowhere else.  The table has one row for each
 * basic exit reason (SDM, "VMX Basic Exit Reasons").
 */
#include <linux/context_tracking.h>

#include <asm/mce.h>
#include <asm/nospec-branch.h>
#include <asm/spec-ctrl.h>
#include <asm/trapnr.h>
#include <asm/vmx.h>

#include "vmx/vmx.h"
#include "vmx/vmx_enter.h"
#include "vmx/vmx_insn.h"

struct exit_row {
	enum vmexit_kind kind;
	bool insn_len;		/* the length field is valid and wanted */
	void (*decode)(struct vmx_vcpu *v, struct vmexit *x);
};

static void decode_faulty(struct vmx_vcpu *v, struct vmexit *x)
{
	x->faulty.raw[0] = vmcs_read(VM_EXIT_REASON);
	x->faulty.raw[1] = vmcs_read(EXIT_QUALIFICATION);
	x->faulty.raw[2] = vmcs_read(VM_INSTRUCTION_ERROR);
}

/*
 * IRET unblocks NMIs before it can fault: put the block back when the exit
 * says so and no event delivery was interrupted.
 */
static void restore_nmi_block(struct vmx_vcpu *v)
{
	if (v->injecting)
		return;
	vmcs_write(GUEST_INTERRUPTIBILITY_INFO,
		   vmcs_read(GUEST_INTERRUPTIBILITY_INFO) |
		   GUEST_INTR_STATE_NMI);
}

static void host_machine_check(void)
{
#if IS_ENABLED(CONFIG_X86_MCE)
	/* As if it had hit user code: a recoverable one ends the task only. */
	struct pt_regs regs = {
		.cs = 3,
		.flags = X86_EFLAGS_IF,
	};

	do_machine_check(&regs);
#endif
}

/*
 * An NMI that ended the guest's run is consumed, and NMIs stay blocked until
 * an IRET.  INT 2 runs the host's handler, whose IRET unblocks them.
 */
static void host_nmi(void)
{
	asm volatile("int $2" : : : "memory");
}

static void decode_exception(struct vmx_vcpu *v, struct vmexit *x)
{
	u32 info = vmcs_read(VM_EXIT_INTR_INFO);

	if ((info & INTR_INFO_INTR_TYPE_MASK) == INTR_TYPE_NMI_INTR) {
		host_nmi();
		x->kind = VMEXIT_HOST;
		return;
	}
	x->exception.vector = info & INTR_INFO_VECTOR_MASK;
	if (x->exception.vector == X86_TRAP_MC) {
		host_machine_check();
		x->kind = VMEXIT_MACHINE_CHECK;
		return;
	}
	if (info & INTR_INFO_UNBLOCK_NMI)
		restore_nmi_block(v);
	x->exception.has_error = info & INTR_INFO_DELIVER_CODE_MASK;
	if (x->exception.has_error)
		x->exception.error = vmcs_read(VM_EXIT_INTR_ERROR_CODE);
	if (x->exception.vector == X86_TRAP_DB)
		x->exception.payload = vmcs_read(EXIT_QUALIFICATION);
	/* INT1 is intercepted at the instruction and delivered after it. */
	if ((info & INTR_INFO_INTR_TYPE_MASK) == INTR_TYPE_PRIV_SW_EXCEPTION)
		x->insn_len = vmcs_read(VM_EXIT_INSTRUCTION_LEN);
}

static void decode_interrupt_window(struct vmx_vcpu *v, struct vmexit *x)
{
	vmx_close_window(v, CPU_BASED_INTR_WINDOW_EXITING);
}

static void decode_nmi_window(struct vmx_vcpu *v, struct vmexit *x)
{
	vmx_close_window(v, CPU_BASED_NMI_WINDOW_EXITING);
}

static void decode_hypercall(struct vmx_vcpu *v, struct vmexit *x)
{
	u32 cs = vmcs_read(GUEST_CS_AR_BYTES);

	x->hypercall.long_mode = (cs & SEG_ATTR_L) &&
				 (v->entry_controls & VM_ENTRY_IA32E_MODE);
	x->hypercall.cpl = SEG_ATTR_DPL(vmcs_read(GUEST_SS_AR_BYTES));
	x->hypercall.real_mode = false;
	x->hypercall.vm86 = false;
	if (likely(x->hypercall.long_mode))
		return;
	x->hypercall.real_mode = !(vmcs_read(GUEST_CR0) & X86_CR0_PE);
	x->hypercall.vm86 = !x->hypercall.real_mode &&
			    (vmcs_read(GUEST_RFLAGS) & X86_EFLAGS_VM);
}

/* SDM, "Exit Qualification for Control-Register Accesses". */
static void decode_cr(struct vmx_vcpu *v, struct vmexit *x)
{
	static const u8 op[4] = { CR_OP_WRITE, CR_OP_READ, CR_OP_CLTS,
				  CR_OP_LMSW };
	u64 q = vmcs_read(EXIT_QUALIFICATION);

	x->cr.cr = q & 15;
	x->cr.op = op[(q >> 4) & 3];
	x->cr.gpr = (q >> 8) & 15;
	x->cr.lmsw = q >> 16;
}

static void decode_dr(struct vmx_vcpu *v, struct vmexit *x)
{
	u64 q = vmcs_read(EXIT_QUALIFICATION);

	x->dr.dr = q & 7;
	x->dr.read = q & BIT(4);
	x->dr.gpr = (q >> 8) & 15;
}

/* SDM, "Exit Qualification for I/O Instructions". */
static void decode_io(struct vmx_vcpu *v, struct vmexit *x)
{
	u64 q = vmcs_read(EXIT_QUALIFICATION);
	u32 info;

	x->io.port = q >> 16;
	x->io.size = (q & 7) + 1;
	x->io.in = q & BIT(3);
	x->io.string = q & BIT(4);
	x->io.rep = q & BIT(5);
	if (!x->io.string)
		return;
	info = vmcs_read(VMX_INSTRUCTION_INFO);
	x->io.addr_size = 2 << ((info >> 7) & 3);
	/* INS has no override, and the field is undefined. */
	x->io.seg = x->io.in ? VSEG_ES : (info >> 15) & 7;
	x->io.gva = vmcs_read(GUEST_LINEAR_ADDRESS);
}

static void decode_ept_violation(struct vmx_vcpu *v, struct vmexit *x)
{
	u64 q = vmcs_read(EXIT_QUALIFICATION);

	if (q & INTR_INFO_UNBLOCK_NMI)
		restore_nmi_block(v);
	x->s2.gpa = vmcs_read(GUEST_PHYSICAL_ADDRESS);
	x->s2.read = q & EPT_VIOLATION_ACC_READ;
	x->s2.write = q & EPT_VIOLATION_ACC_WRITE;
	x->s2.exec = q & EPT_VIOLATION_ACC_INSTR;
	x->s2.gva_valid = q & EPT_VIOLATION_GVA_IS_VALID;
	x->s2.walk = x->s2.gva_valid && !(q & EPT_VIOLATION_GVA_TRANSLATED);
	x->s2.gva = x->s2.gva_valid ? vmcs_read(GUEST_LINEAR_ADDRESS) : 0;
}

#define INSN(kind_, ...)	{ .kind = kind_, .insn_len = true, ##__VA_ARGS__ }

static const struct exit_row exit_rows[] = {
	[EXIT_REASON_EXCEPTION_NMI] = { VMEXIT_EXCEPTION, false,
					decode_exception },
	[EXIT_REASON_EXTERNAL_INTERRUPT] = { VMEXIT_HOST },
	[EXIT_REASON_TRIPLE_FAULT] = { VMEXIT_TRIPLE_FAULT },
	[EXIT_REASON_INTERRUPT_WINDOW] = { VMEXIT_WINDOW, false,
					   decode_interrupt_window },
	[EXIT_REASON_NMI_WINDOW] = { VMEXIT_WINDOW, false, decode_nmi_window },
	[EXIT_REASON_TASK_SWITCH] = { VMEXIT_TASK_SWITCH },
	[EXIT_REASON_CPUID] = INSN(VMEXIT_CPUID),
	[EXIT_REASON_HLT] = INSN(VMEXIT_HLT),
	[EXIT_REASON_INVD] = INSN(VMEXIT_CACHE),
	[EXIT_REASON_WBINVD] = INSN(VMEXIT_CACHE),
	[EXIT_REASON_RDPMC] = { VMEXIT_PRIVILEGED },
	[EXIT_REASON_VMCALL] = INSN(VMEXIT_HYPERCALL,
				    .decode = decode_hypercall),
	[EXIT_REASON_VMCLEAR] = { VMEXIT_UNDEFINED },
	[EXIT_REASON_VMLAUNCH] = { VMEXIT_UNDEFINED },
	[EXIT_REASON_VMPTRLD] = { VMEXIT_UNDEFINED },
	[EXIT_REASON_VMPTRST] = { VMEXIT_UNDEFINED },
	[EXIT_REASON_VMREAD] = { VMEXIT_UNDEFINED },
	[EXIT_REASON_VMRESUME] = { VMEXIT_UNDEFINED },
	[EXIT_REASON_VMWRITE] = { VMEXIT_UNDEFINED },
	[EXIT_REASON_VMOFF] = { VMEXIT_UNDEFINED },
	[EXIT_REASON_VMON] = { VMEXIT_UNDEFINED },
	[EXIT_REASON_INVEPT] = { VMEXIT_UNDEFINED },
	[EXIT_REASON_INVVPID] = { VMEXIT_UNDEFINED },
	[EXIT_REASON_MWAIT_INSTRUCTION] = { VMEXIT_UNDEFINED },
	[EXIT_REASON_MONITOR_INSTRUCTION] = { VMEXIT_UNDEFINED },
	[EXIT_REASON_CR_ACCESS] = INSN(VMEXIT_CR_ACCESS, .decode = decode_cr),
	[EXIT_REASON_DR_ACCESS] = INSN(VMEXIT_DR_ACCESS, .decode = decode_dr),
	[EXIT_REASON_IO_INSTRUCTION] = INSN(VMEXIT_IO, .decode = decode_io),
	[EXIT_REASON_MSR_READ] = INSN(VMEXIT_MSR_READ),
	[EXIT_REASON_MSR_WRITE] = INSN(VMEXIT_MSR_WRITE),
	[EXIT_REASON_PAUSE_INSTRUCTION] = INSN(VMEXIT_PAUSE),
	[EXIT_REASON_EPT_VIOLATION] = { VMEXIT_S2_FAULT, false,
					decode_ept_violation },
	[EXIT_REASON_XSETBV] = INSN(VMEXIT_XSETBV),
	/* GETSEC, VMFUNC and ENCLS: #UD for a CPU that does not have them. */
	[11] = { VMEXIT_UNDEFINED },
	[59] = { VMEXIT_UNDEFINED },
	[60] = { VMEXIT_UNDEFINED },
};

static void decode(struct vmx_vcpu *v, u32 reason, struct vmexit *x)
{
	const struct exit_row *row;

	/* A row that is all zero is VMEXIT_HOST without being one. */
	if (unlikely(reason >= ARRAY_SIZE(exit_rows)))
		goto faulty;
	row = &exit_rows[reason];
	if (unlikely(!row->kind && reason != EXIT_REASON_EXTERNAL_INTERRUPT))
		goto faulty;

	x->kind = row->kind;
	x->insn_len = row->insn_len ? vmcs_read(VM_EXIT_INSTRUCTION_LEN) : 0;
	if (row->decode)
		row->decode(v, x);
	return;

faulty:
	/* An entry that failed for a machine check, which the host must see. */
	if ((u16)reason == EXIT_REASON_MCE_DURING_VMENTRY)
		host_machine_check();
	x->kind = reason & VMX_EXIT_REASONS_FAILED_VMENTRY ?
		  VMEXIT_ENTRY_FAILED : VMEXIT_FAULTY;
	decode_faulty(v, x);
}

void vmx_enter(struct vcpu *vcpu, struct vmexit *x)
{
	struct vmx_vcpu *v = to_vmx(vcpu);
	u32 host_spec_ctrl = this_cpu_read(x86_spec_ctrl_current);
	unsigned int flags = v->home.launched ? VMX_ENTER_RESUME : 0;
	unsigned int failed;
	u32 vectoring;

	/* Old IBRS protects only after a write of its own after each exit. */
	if (unlikely((u32)vcpu->spec_ctrl != host_spec_ctrl ||
		     cpu_feature_enabled(X86_FEATURE_KERNEL_IBRS)))
		flags |= VMX_ENTER_SPEC_CTRL;
	if (unlikely(vmx_l1d_flush == COMPAT_L1D_ENTRY))
		vmx_flush_l1d();
	context_tracking_guest_enter();
	failed = vmx_enter_guest(vcpu->gpr, &v->host_rsp, flags,
				 vcpu->spec_ctrl, host_spec_ctrl);
	context_tracking_guest_exit();
	if (unlikely(failed)) {
		x->kind = failed == VMX_ENTER_CPU_OFF ? VMEXIT_CPU_OFF :
							VMEXIT_ENTRY_FAILED;
		decode_faulty(v, x);
		return;
	}
	v->home.launched = true;
	v->injecting = false;

	vectoring = vmcs_read(IDT_VECTORING_INFO_FIELD);
	if (unlikely(vectoring & VECTORING_INFO_VALID_MASK))
		vmx_requeue(v, vectoring);
	decode(v, vmcs_read(VM_EXIT_REASON), x);
}
