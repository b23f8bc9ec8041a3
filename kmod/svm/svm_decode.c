// SPDX-License-Identifier: GPL-2.0-only
/*
 * One trip into the guest, and its exit as a neutral record.  Exit fields of
 * the VMCB are read here.  The table has one row for each exit code (APM, "SVM
 * Intercept Codes").  What an older CPU does not say, the length of an
 * instruction or its register, is left to whoever may read the guest's code.
 */
#include <linux/context_tracking.h>
#include <linux/percpu.h>

#include <asm/debugreg.h>
#include <asm/mce.h>
#include <asm/nospec-branch.h>
#include <asm/spec-ctrl.h>
#include <asm/trap_pf.h>
#include <asm/trapnr.h>

#include "svm/svm.h"
#include "svm/svm_enter.h"

/* EXITINFO1 of a CR access: it is a MOV, and bits 3:0 are its register. */
#define CR_INFO_MOV		BIT_ULL(63)
#define CR_INFO_GPR		15

/* EXITINFO1 of a nested page fault, beyond a page fault's error code. */
#define NPF_TABLE_WALK		BIT_ULL(33)

/* Exceptions that carry an error code. */
#define WITH_ERROR	(BIT(X86_TRAP_DF) | BIT(X86_TRAP_TS) |		\
			 BIT(X86_TRAP_NP) | BIT(X86_TRAP_SS) |		\
			 BIT(X86_TRAP_GP) | BIT(X86_TRAP_PF) |		\
			 BIT(X86_TRAP_AC))

struct exit_row {
	enum vmexit_kind kind;
	bool insn;		/* an instruction whose length is wanted */
	void (*decode)(struct svm_vcpu *v, struct vmexit *x);
};

static void decode_faulty(struct svm_vcpu *v, struct vmexit *x)
{
	const struct vmcb_control_area *c = &v->vmcb->control;

	x->faulty.raw[0] = c->exit_code;
	x->faulty.raw[1] = c->exit_info_1;
	x->faulty.raw[2] = c->exit_info_2;
}

static void leave_undecoded(struct vmexit *x)
{
	if (x->kind == VMEXIT_UNDECODED)
		return;
	x->insn = x->kind;
	x->kind = VMEXIT_UNDECODED;
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

/* Interrupts and NMIs are the host's own: pending, or taken at STGI. */
static void decode_host(struct svm_vcpu *v, struct vmexit *x)
{
}

static void decode_exception(struct svm_vcpu *v, struct vmexit *x)
{
	struct vmcb *vmcb = v->vmcb;

	x->exception.vector = vmcb->control.exit_code - SVM_EXIT_EXCP_BASE;
	x->exception.has_error = BIT(x->exception.vector) & WITH_ERROR;
	x->exception.error = vmcb->control.exit_info_1;
	/* The CPU has not set it yet. */
	if (x->exception.vector == X86_TRAP_PF) {
		vmcb->save.cr2 = vmcb->control.exit_info_2;
		vmcb_changed(vmcb, VMCB_CR2);
	}
}

static void decode_machine_check(struct svm_vcpu *v, struct vmexit *x)
{
	host_machine_check();
}

/*
 * DR6 is all zero, as far as hardware can have it so, at each entry: MOV never
 * reads or writes it, so what is set now is what this exception set.
 */
static void decode_debug(struct svm_vcpu *v, struct vmexit *x)
{
	struct vmcb *vmcb = v->vmcb;

	x->exception.vector = X86_TRAP_DB;
	x->exception.has_error = false;
	x->exception.payload = vmcb->save.dr6 & DR6_CAUSES;
	vmcb->save.dr6 = DR6_RESERVED;
	vmcb_changed(vmcb, VMCB_DR);
	/* It was our own step. */
	if (!x->exception.payload)
		x->kind = VMEXIT_WINDOW;
}

/* The trap of INT1 comes after it, and sets no bit. */
static void decode_int1(struct svm_vcpu *v, struct vmexit *x)
{
	x->exception.vector = X86_TRAP_DB;
	x->exception.has_error = false;
	x->exception.payload = 0;
}

/* A floating-point error with NE clear waits for an interrupt of a PC: none. */
static void decode_ferr(struct svm_vcpu *v, struct vmexit *x)
{
	x->exception.vector = X86_TRAP_MF;
	x->exception.has_error = false;
}

static void decode_interrupt_window(struct svm_vcpu *v, struct vmexit *x)
{
	svm_close_interrupt_window(v);
}

static void decode_iret(struct svm_vcpu *v, struct vmexit *x)
{
	svm_iret(v);
}

/* Attributes in a VMCB: bit 9 is a code segment's L. */
#define VMCB_ATTR_L		BIT(9)

static void decode_hypercall(struct svm_vcpu *v, struct vmexit *x)
{
	const struct vmcb_save_area *save = &v->vmcb->save;

	x->hypercall.long_mode = (save->cs.attrib & VMCB_ATTR_L) &&
				 (save->efer & EFER_LMA);
	x->hypercall.cpl = save->cpl;
	x->hypercall.real_mode = false;
	x->hypercall.vm86 = false;
	if (likely(x->hypercall.long_mode))
		return;
	x->hypercall.real_mode = !(save->cr0 & X86_CR0_PE);
	x->hypercall.vm86 = !x->hypercall.real_mode &&
			    (save->rflags & X86_EFLAGS_VM);
}

/* CLTS and LMSW write CR0, too, and are no MOV. */
static void decode_cr(struct svm_vcpu *v, struct vmexit *x)
{
	const struct vmcb_control_area *c = &v->vmcb->control;

	x->cr.cr = c->exit_code & 15;
	x->cr.op = c->exit_code & 16 ? CR_OP_WRITE : CR_OP_READ;
	if (c->exit_code == SVM_EXIT_CR0_SEL_WRITE) {
		x->cr.cr = 0;
		x->cr.op = CR_OP_WRITE;
	}
	x->cr.gpr = c->exit_info_1 & CR_INFO_GPR;
	if (!svm_caps.decode_assists || !(c->exit_info_1 & CR_INFO_MOV))
		leave_undecoded(x);
}

static void decode_dr(struct svm_vcpu *v, struct vmexit *x)
{
	const struct vmcb_control_area *c = &v->vmcb->control;

	x->dr.dr = c->exit_code & 15;
	x->dr.read = !(c->exit_code & 16);
	x->dr.gpr = c->exit_info_1 & CR_INFO_GPR;
	if (!svm_caps.decode_assists)
		leave_undecoded(x);
}

/*
 * Of a string operand the address is not told, and its size not by every CPU;
 * all else is, even by those that do not say the next RIP otherwise (APM,
 * "IOIO Intercept Information").
 */
static void decode_io(struct svm_vcpu *v, struct vmexit *x)
{
	const struct vmcb_control_area *c = &v->vmcb->control;
	u32 info = c->exit_info_1;

	x->insn_len = c->exit_info_2 - v->vmcb->save.rip;
	x->io.port = info >> 16;
	x->io.size = (info >> SVM_IOIO_SIZE_SHIFT) & 7;
	x->io.in = info & SVM_IOIO_TYPE_MASK;
	x->io.string = info & SVM_IOIO_STR_MASK;
	x->io.rep = info & SVM_IOIO_REP_MASK;
	if (x->io.string)
		leave_undecoded(x);
}

static void decode_msr(struct svm_vcpu *v, struct vmexit *x)
{
	if (v->vmcb->control.exit_info_1 & 1)
		x->kind = VMEXIT_MSR_WRITE;
}

/* The guest's own tables are walked with writes, for their accessed bits. */
static void decode_npf(struct svm_vcpu *v, struct vmexit *x)
{
	u64 info = v->vmcb->control.exit_info_1;

	x->s2.gpa = v->vmcb->control.exit_info_2;
	x->s2.write = info & X86_PF_WRITE;
	x->s2.exec = info & X86_PF_INSTR;
	x->s2.read = !x->s2.write && !x->s2.exec;
	x->s2.walk = info & NPF_TABLE_WALK;
	x->s2.gva_valid = false;
	x->s2.gva = 0;
}

#define INSN(kind_, ...)	{ .kind = kind_, .insn = true, ##__VA_ARGS__ }
#define HOST			{ VMEXIT_HOST, false, decode_host }
#define EXCEPTION		{ VMEXIT_EXCEPTION, false, decode_exception }
#define CR			INSN(VMEXIT_CR_ACCESS, .decode = decode_cr)
#define DR			INSN(VMEXIT_DR_ACCESS, .decode = decode_dr)
#define UNDEFINED		{ VMEXIT_UNDEFINED }

static const struct exit_row exit_rows[] = {
	[SVM_EXIT_READ_CR4] = CR,
	[SVM_EXIT_READ_CR8] = CR,
	[SVM_EXIT_WRITE_CR4] = CR,
	[SVM_EXIT_WRITE_CR8] = CR,
	[SVM_EXIT_CR0_SEL_WRITE] = CR,
	[SVM_EXIT_READ_DR0 ... SVM_EXIT_READ_DR0 + 15] = DR,
	[SVM_EXIT_WRITE_DR0 ... SVM_EXIT_WRITE_DR0 + 15] = DR,
	/* Most of them only while an NMI waits for one instruction. */
	[SVM_EXIT_EXCP_BASE + X86_TRAP_DE] = EXCEPTION,
	[SVM_EXIT_EXCP_BASE + X86_TRAP_DB] = { VMEXIT_EXCEPTION, false,
					       decode_debug },
	[SVM_EXIT_EXCP_BASE + X86_TRAP_BR ...
	 SVM_EXIT_EXCP_BASE + X86_TRAP_AC] = EXCEPTION,
	[SVM_EXIT_EXCP_BASE + X86_TRAP_MC] = { VMEXIT_HOST, false,
					       decode_machine_check },
	[SVM_EXIT_EXCP_BASE + X86_TRAP_XF ...
	 SVM_EXIT_EXCP_BASE + 31] = EXCEPTION,
	[SVM_EXIT_INTR] = HOST,
	[SVM_EXIT_NMI] = HOST,
	[SVM_EXIT_SMI] = HOST,
	[SVM_EXIT_INIT] = HOST,
	[SVM_EXIT_VINTR] = { VMEXIT_WINDOW, false, decode_interrupt_window },
	[SVM_EXIT_IRET] = { VMEXIT_WINDOW, false, decode_iret },
	[SVM_EXIT_RDPMC] = { VMEXIT_PRIVILEGED },
	[SVM_EXIT_CPUID] = INSN(VMEXIT_CPUID),
	[SVM_EXIT_INVD] = INSN(VMEXIT_CACHE),
	[SVM_EXIT_PAUSE] = INSN(VMEXIT_PAUSE),
	[SVM_EXIT_HLT] = INSN(VMEXIT_HLT),
	[SVM_EXIT_INVLPGA] = UNDEFINED,
	[SVM_EXIT_IOIO] = { VMEXIT_IO, false, decode_io },
	[SVM_EXIT_MSR] = INSN(VMEXIT_MSR_READ, .decode = decode_msr),
	[SVM_EXIT_TASK_SWITCH] = { VMEXIT_TASK_SWITCH },
	[SVM_EXIT_FERR_FREEZE] = { VMEXIT_EXCEPTION, false, decode_ferr },
	[SVM_EXIT_SHUTDOWN] = { VMEXIT_TRIPLE_FAULT },
	[SVM_EXIT_VMRUN] = UNDEFINED,
	[SVM_EXIT_VMMCALL] = INSN(VMEXIT_HYPERCALL,
				  .decode = decode_hypercall),
	[SVM_EXIT_VMLOAD] = UNDEFINED,
	[SVM_EXIT_VMSAVE] = UNDEFINED,
	[SVM_EXIT_STGI] = UNDEFINED,
	[SVM_EXIT_CLGI] = UNDEFINED,
	[SVM_EXIT_SKINIT] = UNDEFINED,
	[SVM_EXIT_ICEBP] = INSN(VMEXIT_EXCEPTION, .decode = decode_int1),
	[SVM_EXIT_WBINVD] = INSN(VMEXIT_CACHE),
	[SVM_EXIT_MONITOR] = UNDEFINED,
	[SVM_EXIT_MWAIT] = UNDEFINED,
	[SVM_EXIT_XSETBV] = INSN(VMEXIT_XSETBV),
	[SVM_EXIT_RDPRU] = UNDEFINED,
};

static void decode_beyond(struct svm_vcpu *v, struct vmexit *x)
{
	x->insn_len = 0;
	if (likely(v->vmcb->control.exit_code == SVM_EXIT_NPF)) {
		x->kind = VMEXIT_S2_FAULT;
		decode_npf(v, x);
		return;
	}
	x->kind = v->vmcb->control.exit_code == (u32)SVM_EXIT_ERR ?
		  VMEXIT_ENTRY_FAILED : VMEXIT_FAULTY;
	decode_faulty(v, x);
}

static void decode(struct svm_vcpu *v, struct vmexit *x)
{
	const struct vmcb *vmcb = v->vmcb;
	u32 code = vmcb->control.exit_code;
	const struct exit_row *row;

	/* A row that is all zero is VMEXIT_HOST without being one. */
	if (unlikely(code >= ARRAY_SIZE(exit_rows)))
		goto beyond;
	row = &exit_rows[code];
	if (unlikely(!row->kind && !row->decode))
		goto beyond;

	x->kind = row->kind;
	x->insn_len = 0;
	if (row->decode)
		row->decode(v, x);
	if (!row->insn)
		return;
	if (likely(svm_caps.next_rip))
		x->insn_len = vmcb->control.next_rip - vmcb->save.rip;
	else
		leave_undecoded(x);
	return;

beyond:
	decode_beyond(v, x);
}

/* What may be left from an entry, or has to be looked at before its exit. */
static noinline void settle_events(struct svm_vcpu *v)
{
	struct vmcb_control_area *c = &v->vmcb->control;

	v->injecting = false;
	c->event_inj = 0;
	if (v->stepping)
		svm_end_step(v);
	if (c->exit_int_info & SVM_EXITINTINFO_VALID)
		svm_requeue(v, c->exit_int_info, c->exit_int_info_err);
}

void svm_enter(struct vcpu *vcpu, struct vmexit *x)
{
	struct svm_vcpu *v = to_svm(vcpu);
	struct vmcb *vmcb = v->vmcb;
	u32 host_spec_ctrl = this_cpu_read(x86_spec_ctrl_current);
	unsigned int flags = 0, off;

	vmcb->save.rax = vcpu->gpr[GPR_RAX];
	if (svm_caps.spec_ctrl)
		vmcb->save.spec_ctrl = vcpu->spec_ctrl;
	else if (unlikely((u32)vcpu->spec_ctrl != host_spec_ctrl))
		flags = SVM_ENTER_SPEC_CTRL;
	context_tracking_guest_enter();
	off = svm_enter_guest(vcpu->gpr, v->vmcb_hpa, svm_host_vmcb_hpa(),
			      flags, vcpu->spec_ctrl, host_spec_ctrl);
	context_tracking_guest_exit();
	if (unlikely(off)) {
		x->kind = VMEXIT_CPU_OFF;
		return;
	}
	vcpu->gpr[GPR_RAX] = vmcb->save.rax;
	vmcb->control.clean = VMCB_ALL;
	vmcb->control.tlb_ctl = TLB_CONTROL_DO_NOTHING;
	if (unlikely(v->injecting || v->stepping ||
		     (vmcb->control.exit_int_info & SVM_EXITINTINFO_VALID)))
		settle_events(v);
	decode(v, x);
}
