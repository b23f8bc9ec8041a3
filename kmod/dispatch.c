// SPDX-License-Identifier: GPL-2.0-only
/*
 * The dispatcher: one table from an exit's kind to its interpreter.  It
 * counts, asks the interpreter, and moves RIP past the instruction that was
 * emulated.  (An access to absent memory has no length in its exit, so
 * emul/mmio.c, which decodes it, moves RIP itself.)
 */
#include <linux/sched.h>

#include <asm/cpu.h>
#include <asm/debugreg.h>
#include <asm/msr-index.h>
#include <asm/trapnr.h>

#include "compat.h"
#include "domain.h"
#include "emul/emul.h"
#include "vcpu.h"
#include "xen/guest_if.h"

static enum vmexit_action handle_nothing(struct vcpu *vcpu,
					 const struct vmexit *x)
{
	return VMEXIT_RESUME;
}

static enum vmexit_action handle_skip(struct vcpu *vcpu,
				      const struct vmexit *x)
{
	return VMEXIT_SKIP_INSN;
}

static enum vmexit_action handle_undefined(struct vcpu *vcpu,
					   const struct vmexit *x)
{
	return vcpu_inject_ud(vcpu);
}

static enum vmexit_action handle_privileged(struct vcpu *vcpu,
					    const struct vmexit *x)
{
	return vcpu_inject_gp(vcpu);
}

/* #AC for the guest's own sake needs user mode, CR0.AM and RFLAGS.AC. */
static bool checks_alignment(struct vcpu *vcpu)
{
	struct vcpu_segment ss;

	vendor->read_seg(vcpu, VSEG_SS, &ss);
	return SEG_ATTR_DPL(ss.attr) == 3 &&
	       (vcpu_read_reg(vcpu, VREG_CR0) & X86_CR0_AM) &&
	       (vcpu_read_reg(vcpu, VREG_RFLAGS) & X86_EFLAGS_AC);
}

/*
 * The host has the CPU look for split locks, which raise #AC in the guest as
 * well.  The guest did not ask for that: the kernel's rule for a process that
 * does it is applied to the runner, a warning and a delay, or the end.
 */
static enum vmexit_action handle_split_lock(struct vcpu *vcpu)
{
	if (handle_guest_split_lock(vcpu_read_reg(vcpu, VREG_RIP)))
		return VMEXIT_RESUME;
	return vcpu_crash(vcpu, "split lock, which this host does not allow");
}

/* An exception that was intercepted only to bound it goes back as it came. */
static enum vmexit_action handle_exception(struct vcpu *vcpu,
					   const struct vmexit *x)
{
	if (x->exception.vector == X86_TRAP_AC &&
	    boot_cpu_has(X86_FEATURE_SPLIT_LOCK_DETECT) &&
	    !checks_alignment(vcpu))
		return handle_split_lock(vcpu);
	if (x->exception.vector == X86_TRAP_DB) {
		vcpu->dr6 &= ~(u64)DR_TRAP_BITS;
		vcpu->dr6 |= x->exception.payload & DR6_CAUSES;
		/* Delivery ends general detect and stepping by branches. */
		vcpu_write_reg(vcpu, VREG_DR7,
			       vcpu_read_reg(vcpu, VREG_DR7) & ~DR7_GD);
		vcpu_write_reg(vcpu, VREG_DEBUGCTL,
			       vcpu_read_reg(vcpu, VREG_DEBUGCTL) &
			       ~(u64)DEBUGCTLMSR_BTF);
	}
	/* Raised by an instruction of its own: the trap comes after it. */
	if (x->insn_len)
		vendor->advance_rip(vcpu, x->insn_len);
	return vcpu_inject_exception(vcpu, x->exception.vector,
				     x->exception.has_error,
				     x->exception.error);
}

/*
 * A CPU that does not say how long an instruction was, or which operands it
 * had, leaves it to us to look at the bytes.
 */
static enum vmexit_action handle_undecoded(struct vcpu *vcpu,
					   const struct vmexit *x)
{
	struct vmexit whole = *x;
	enum vmexit_action action = emul_decode(vcpu, &whole);

	return whole.kind == VMEXIT_UNDECODED ? action :
						dispatch(vcpu, &whole);
}

/*
 * The guest spins on something another vCPU holds: let that one run.  One that
 * has a CPU already comes to an end by itself.
 */
static enum vmexit_action handle_pause(struct vcpu *vcpu,
				       const struct vmexit *x)
{
	if (!vcpu_yield_helps(vcpu))
		return VMEXIT_SKIP_INSN;
	if (vcpu->atomic)
		return VMEXIT_AGAIN;
	vcpu_yield(vcpu);
	return VMEXIT_SKIP_INSN;
}

static enum vmexit_action handle_s2_fault(struct vcpu *vcpu,
					  const struct vmexit *x)
{
	struct domain *d = vcpu->domain;
	unsigned int access = (x->s2.read ? S2_READ : 0) |
			      (x->s2.write ? S2_WRITE : 0) |
			      (x->s2.exec ? S2_EXEC : 0);
	int err = guest_ram_fault(&d->ram, x->s2.gpa, access);

	switch (err) {
	case 0:
		return VMEXIT_RESUME;
	case -ENXIO:
		/* No instruction is to blame: a stack or a table is not there. */
		if (vendor->injection_pending(vcpu))
			return vcpu_crash(vcpu, "event delivery through gpa %#llx, where nothing is",
					  x->s2.gpa);
		return emul_mmio(vcpu, x);
	case -ENOMEM:
		domain_log(d, "paused: the host has no memory for gpa %#llx",
			   x->s2.gpa);
		domain_pause(d);
		return VMEXIT_RESUME;
	default:
		return vcpu_crash(vcpu, "gpa %#llx does not allow %s%s%s",
				  x->s2.gpa, x->s2.read ? "read" : "",
				  x->s2.write ? " write" : "",
				  x->s2.exec ? " execute" : "");
	}
}

static enum vmexit_action handle_triple_fault(struct vcpu *vcpu,
					      const struct vmexit *x)
{
	vcpu_log_state(vcpu);
	return domain_shutdown(vcpu->domain, LODGE_SHUTDOWN_REBOOT,
			       "triple fault on vCPU %u", vcpu->id);
}

/* A page of the guest is broken, or a processor: nobody knows what is lost. */
static enum vmexit_action handle_machine_check(struct vcpu *vcpu,
					       const struct vmexit *x)
{
	if (compat_machine_check_hit())
		return vcpu_crash(vcpu, "machine check of the host while the guest ran");
	return VMEXIT_RESUME;
}

static enum vmexit_action handle_task_switch(struct vcpu *vcpu,
					     const struct vmexit *x)
{
	return vcpu_crash(vcpu, "hardware task switch, which is not emulated");
}

static enum vmexit_action handle_entry_failed(struct vcpu *vcpu,
					      const struct vmexit *x)
{
	return vcpu_crash(vcpu, "the CPU refused the guest's state: exit %#llx, qualification %#llx, instruction error %llu",
			  x->faulty.raw[0], x->faulty.raw[1],
			  x->faulty.raw[2]);
}

static enum vmexit_action handle_faulty(struct vcpu *vcpu,
					const struct vmexit *x)
{
	return vcpu_crash(vcpu, "unexpected exit %#llx, qualification %#llx",
			  x->faulty.raw[0], x->faulty.raw[1]);
}

/* This CPU is being taken down: any other will do. */
static enum vmexit_action handle_cpu_off(struct vcpu *vcpu,
					 const struct vmexit *x)
{
	if (vcpu->atomic)
		return VMEXIT_AGAIN;
	schedule_timeout_interruptible(1);
	return VMEXIT_RESUME;
}

/*
 * sleeps: the interpreter may sleep, so it is not called with interrupts off.
 * The others answer VMEXIT_AGAIN when they find that they have to.  Exceptions
 * are in this class for another reason: an exception in the delivery of the
 * one that we inject exits before any interrupt of the host can, so a guest
 * could hold the CPU in one slice for ever.
 */
static const struct {
	enum vmexit_action (*interpret)(struct vcpu *vcpu,
					const struct vmexit *x);
	const char *name;
	bool sleeps;
} vmexit_table[NR_VMEXIT_KINDS] = {
	[VMEXIT_HOST] = { handle_nothing, "host" },
	[VMEXIT_WINDOW] = { handle_nothing, "window" },
	[VMEXIT_CPUID] = { emul_cpuid, "cpuid" },
	[VMEXIT_HYPERCALL] = { xen_hypercall, "hypercall" },
	[VMEXIT_MSR_READ] = { emul_rdmsr, "rdmsr" },
	[VMEXIT_MSR_WRITE] = { emul_wrmsr, "wrmsr" },
	[VMEXIT_S2_FAULT] = { handle_s2_fault, "s2-fault", true },
	[VMEXIT_IO] = { emul_io, "io" },
	[VMEXIT_CR_ACCESS] = { emul_cr, "cr" },
	[VMEXIT_DR_ACCESS] = { emul_dr, "dr" },
	[VMEXIT_XSETBV] = { emul_xsetbv, "xsetbv" },
	[VMEXIT_HLT] = { emul_hlt, "hlt" },
	[VMEXIT_PAUSE] = { handle_pause, "pause" },
	[VMEXIT_CACHE] = { handle_skip, "cache" },
	[VMEXIT_UNDEFINED] = { handle_undefined, "undefined" },
	[VMEXIT_PRIVILEGED] = { handle_privileged, "privileged" },
	[VMEXIT_EXCEPTION] = { handle_exception, "exception", true },
	[VMEXIT_TASK_SWITCH] = { handle_task_switch, "task-switch", true },
	[VMEXIT_TRIPLE_FAULT] = { handle_triple_fault, "triple-fault", true },
	[VMEXIT_MACHINE_CHECK] = { handle_machine_check, "machine-check", true },
	[VMEXIT_ENTRY_FAILED] = { handle_entry_failed, "entry-failed", true },
	[VMEXIT_CPU_OFF] = { handle_cpu_off, "cpu-off" },
	[VMEXIT_UNDECODED] = { handle_undecoded, "undecoded" },
	[VMEXIT_FAULTY] = { handle_faulty, "faulty", true },
};

const char *vmexit_name(enum vmexit_kind kind)
{
	return kind < NR_VMEXIT_KINDS ? vmexit_table[kind].name : NULL;
}

/**
 * dispatch() - have an exit interpreted
 * @vcpu: run by this thread
 * @x: the exit
 *
 * With vcpu->atomic the call may end in VMEXIT_AGAIN with nothing changed;
 * the caller repeats it where it can sleep.  VMEXIT_SKIP_INSN is settled here.
 */
enum vmexit_action dispatch(struct vcpu *vcpu, const struct vmexit *x)
{
	enum vmexit_action action;

	if (vcpu->atomic && vmexit_table[x->kind].sleeps)
		return VMEXIT_AGAIN;
	action = vmexit_table[x->kind].interpret(vcpu, x);
	if (action == VMEXIT_AGAIN)
		return action;
	vcpu->nr_exits[x->kind]++;
	if (action == VMEXIT_SKIP_INSN) {
		vendor->advance_rip(vcpu, x->insn_len);
		return VMEXIT_RESUME;
	}
	/* Once decoded it has been here before. */
	if (action == VMEXIT_BLOCK && x->kind != VMEXIT_UNDECODED)
		vendor->advance_rip(vcpu, x->insn_len);
	return action;
}
