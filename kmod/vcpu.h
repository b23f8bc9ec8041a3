/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One virtual CPU: the state that is the same for every vendor, the run
 * loop's interface, and short inline accessors for interpreters.
 */
#ifndef LODGE_VCPU_H
#define LODGE_VCPU_H

#include <linux/hrtimer.h>
#include <linux/mutex.h>
#include <linux/preempt.h>
#include <linux/rcuwait.h>

#include <asm/msr-index.h>

#include "types.h"
#include "vendor.h"
#include "vmexit.h"
#include "emul/lapic.h"
#include "mmu/guest_mem.h"
#include "xen/vcpu_info.h"

struct domain;
struct lodge_vcpu_state;

/* gpr[] has the hardware's register numbers; RSP's slot is unused. */
enum vcpu_gpr {
	GPR_RAX, GPR_RCX, GPR_RDX, GPR_RBX, GPR_RSP, GPR_RBP, GPR_RSI, GPR_RDI,
	GPR_R8, GPR_R9, GPR_R10, GPR_R11, GPR_R12, GPR_R13, GPR_R14, GPR_R15,
	NR_GPRS
};

/**
 * struct vcpu_segment - a segment register with its hidden part
 * @base: linear base
 * @limit: in bytes
 * @attr: access rights: bits 55:40 of a descriptor, those of its limit zero;
 *	SEG_ATTR_UNUSABLE for a null selector
 * @selector: visible part
 */
struct vcpu_segment {
	u64 base;
	u32 limit;
	u32 attr;
	u16 selector;
};

#define SEG_ATTR_P		(1u << 7)
#define SEG_ATTR_L		(1u << 13)
#define SEG_ATTR_DB		(1u << 14)
#define SEG_ATTR_UNUSABLE	(1u << 16)
#define SEG_ATTR_DPL(attr)	(((attr) >> 5) & 3)

/* Bits of vcpu->requests: work to do before the next entry. */
enum vcpu_request {
	VCPU_REQ_STOP,		/* look at the domain's state */
	VCPU_REQ_EVENT,		/* an event may have become deliverable */
	VCPU_REQ_FLUSH_S2,	/* second-stage permissions were taken away */
	VCPU_REQ_FLUSH_VCPU,
	VCPU_REQ_CLOCK,		/* write a fresh time record, resume timers */
	VCPU_REQ_RESET,		/* INIT/SIPI or VCPUOP changed our start state */
};

/* Where the vCPU is; other CPUs read it to decide how to make it look. */
enum vcpu_mode {
	VCPU_OUTSIDE,		/* in the run loop or not running at all */
	VCPU_IN_GUEST,		/* between the last look at requests and the exit */
	VCPU_BLOCKED,		/* waits for an event */
};

/* Xen's RUNSTATE_* numbers. */
enum vcpu_runstate {
	VCPU_RS_RUNNING, VCPU_RS_RUNNABLE, VCPU_RS_BLOCKED, VCPU_RS_OFFLINE,
	NR_VCPU_RS
};

/*
 * Field keys:  c  set before publication, constant after
 *              v  only the thread that runs this vCPU
 *              a  atomic or with a protocol, see the field
 *              m  vcpu->mutex, which the running thread holds
 * Lifetime: belongs to its domain, which frees it after the last reference.
 */
struct vcpu {
	/* Hot: touched on every exit. */
	u64 gpr[NR_GPRS];		/* v; *_enter.S know the offset 0 */
	unsigned long requests;		/* a: set_bit by anyone, then kick */
	struct domain *domain;		/* c */
	enum vcpu_mode mode;		/* a: smp_mb() pairs with vcpu_kick() */
	bool atomic;			/* v: interrupts are off, do not sleep */
	bool online;			/* a: false while it waits for INIT/SIPI */
	bool nmi_pending;		/* a: set by any sender, cleared by v */
	bool exception_pending;		/* v: exception holds an event to inject */
	struct vcpu_event exception;	/* v */
	struct vcpu_xen xen;		/* vcpu_info, timer, runstate; see there */
	struct lapic lapic;
	u64 nr_exits[NR_VMEXIT_KINDS];	/* v; others may read */

	/* Cool. */
	unsigned int id;		/* c */
	u32 apic_id;			/* c: 2 * id */
	u32 cpuid_1_ecx;		/* v: CPUID bits that mirror CR4, cpuid.h */
	int cpu;			/* a: host CPU that has it loaded, or -1 */
	struct mutex mutex;		/* held by the thread inside RUN or *_STATE */
	struct rcuwait wait;		/* the thread that blocks in vcpu_block() */
	struct preempt_notifier preempt;	/* m */
	bool ran;			/* m: has entered the guest once */
	bool halted;			/* m: waits for an event, see run_loop() */
	bool block_if;			/* v: IF was set when it blocked */
	u64 host_xcr0;			/* v: to put back after a slice */
	pid_t runner;			/* a: who is inside RUN, 0 nobody */
	struct task_struct __rcu *task;	/* a: that thread, for vcpu_yield() */
	unsigned int yielded_to;	/* v: the vCPU that got its CPU last */
	bool woke_backend;		/* v: an event did, just now, on this CPU */
	int linger_cpu;			/* v: where linger was started last */
	struct hrtimer linger;		/* v: ends the guest's run */
	atomic_t lookers;		/* wait for the mutex to see the state */
	u64 tsc_adjust;			/* a: what the guest moved its TSC by */
	u64 tsc_lost;			/* m: xen_tsc_lost as TSC_OFFSET has it */
	u64 dr[4];			/* v: the guest's DR0-3 */
	u64 dr6;			/* v */
	bool dr_dirty;			/* v: the guest uses debug registers */
	u64 xcr0;			/* v */
	u64 spec_ctrl;			/* v: the guest's IA32_SPEC_CTRL */
	u64 mtrr[2 * 8 + 11];		/* v: stored, never used; see emul/msr.c */
	u64 mtrr_def_type;		/* v */
	u64 cpu_ns;			/* a: time in the run loop, not blocked */
	u64 run_start_ns;		/* v */
	struct fpu_guest fpu;		/* m */
};

/* kmod/vcpu.c */
int vcpu_create(struct domain *d, unsigned int id);
void vcpu_destroy(struct vcpu *vcpu);
int vcpu_run(struct vcpu *vcpu);
/* kmod/vcpu_state.c: power-up state of a new vCPU; registers to the log. */
void vcpu_init_state(struct vcpu *vcpu);
void vcpu_log_state(struct vcpu *vcpu);
int vcpu_get_state(struct vcpu *vcpu, struct lodge_vcpu_state *state);
int vcpu_set_state(struct vcpu *vcpu, const struct lodge_vcpu_state *state);

/* Is a thread inside RUN for it, blocked or not? */
static inline bool vcpu_has_runner(const struct vcpu *vcpu)
{
	return READ_ONCE(vcpu->runner);
}

/* kmod/vcpu_yield.c */
/**
 * vcpu_yield_helps() - is another vCPU of the domain kept from its CPU?
 * @vcpu: run by this thread
 *
 * Any context.
 */
bool vcpu_yield_helps(const struct vcpu *vcpu);
/**
 * vcpu_yield() - let another vCPU of the domain run, or what else is ready
 * @vcpu: run by this thread
 *
 * May sleep.
 */
void vcpu_yield(struct vcpu *vcpu);

/* kmod/vcpu_linger.c */
/**
 * vcpu_linger() - may the guest go on though a task waits for its CPU?
 * @vcpu: in a slice, interrupts off
 *
 * Until the next exit, or the interrupt of a timer that runs from now on.
 */
bool vcpu_linger(struct vcpu *vcpu);
void vcpu_linger_init(struct vcpu *vcpu);
void vcpu_linger_destroy(struct vcpu *vcpu);

/* kmod/vcpu_event.c: choose and deliver events before an entry; irqs off. */
void vcpu_inject_pending(struct vcpu *vcpu);
/* Would an event wake this vCPU from its halt? */
bool vcpu_has_wake_event(struct vcpu *vcpu);

/* kmod/dispatch.c */
enum vmexit_action dispatch(struct vcpu *vcpu, const struct vmexit *x);
const char *vmexit_name(enum vmexit_kind kind);

/**
 * vcpu_kick() - make a vCPU look at its requests soon
 * @vcpu: any vCPU of a live domain
 *
 * Set the request (or the event's own state) first.  Any context.
 */
void vcpu_kick(struct vcpu *vcpu);

static inline void vcpu_request(struct vcpu *vcpu, enum vcpu_request req)
{
	set_bit(req, &vcpu->requests);
	vcpu_kick(vcpu);
}

/**
 * domain_flush() - have every vCPU of a domain forget translations
 * @d: the domain
 * @req: VCPU_REQ_FLUSH_S2 or VCPU_REQ_FLUSH_VCPU
 *
 * May sleep.  After it no vCPU uses what its CPU had cached before.
 */
void domain_flush(struct domain *d, enum vcpu_request req);

/**
 * vcpu_reset() - INIT state (SDM, "Processor State After Reset")
 * @vcpu: loaded, run by this thread
 */
void vcpu_reset(struct vcpu *vcpu);

/**
 * vcpu_inject_exception() - queue a hardware exception for the next entry
 * @vcpu: run by this thread
 * @vector: 0..31
 * @has_error: an error code goes with it
 * @error: that code
 *
 * The double-fault rules are applied when one is queued already or when the
 * exit interrupted the delivery of one.  An interrupt or NMI whose delivery it
 * interrupted comes after it.
 * Return: VMEXIT_RESUME, for the interpreter to return.
 */
enum vmexit_action vcpu_inject_exception(struct vcpu *vcpu, u8 vector,
					 bool has_error, u32 error);

enum vmexit_action vcpu_inject_gp(struct vcpu *vcpu);
enum vmexit_action vcpu_inject_ud(struct vcpu *vcpu);

/**
 * vcpu_inject_pf() - queue a page fault and set CR2
 * @vcpu: run by this thread
 * @gva: the address
 * @error: page-fault error code
 */
enum vmexit_action vcpu_inject_pf(struct vcpu *vcpu, gva_t gva, u32 error);

/**
 * vcpu_paging() - what a walk of the guest's page tables needs
 * @vcpu: run by this thread
 * @pg: filled from the current control registers, CPL 0
 */
void vcpu_paging(struct vcpu *vcpu, struct guest_paging *pg);

/**
 * vcpu_copy_from_guest() - copy from a guest virtual address
 * @vcpu: run by this thread
 * @dst: kernel buffer
 * @gva: guest virtual address; may straddle pages
 * @len: bytes
 *
 * With vcpu->atomic set it never sleeps.
 * Return: 0; -EFAULT (not mapped, not RAM, not canonical)
 */
int __must_check vcpu_copy_from_guest(struct vcpu *vcpu, void *dst, gva_t gva,
				      size_t len);

/**
 * vcpu_copy_to_guest() - the reverse of vcpu_copy_from_guest()
 *
 * Return: the same; -EAGAIN when it would have to sleep; -ENOMEM
 */
int __must_check vcpu_copy_to_guest(struct vcpu *vcpu, gva_t gva,
				    const void *src, size_t len);

static inline u64 vcpu_read_reg(struct vcpu *vcpu, enum vcpu_reg reg)
{
	return vendor->read_reg(vcpu, reg);
}

static inline void vcpu_write_reg(struct vcpu *vcpu, enum vcpu_reg reg, u64 v)
{
	vendor->write_reg(vcpu, reg, v);
}

/* One of the 16 general registers, RSP included. */
static inline u64 vcpu_read_gpr(struct vcpu *vcpu, unsigned int gpr)
{
	gpr &= NR_GPRS - 1;
	return gpr == GPR_RSP ? vcpu_read_reg(vcpu, VREG_RSP) : vcpu->gpr[gpr];
}

static inline void vcpu_write_gpr(struct vcpu *vcpu, unsigned int gpr, u64 v)
{
	gpr &= NR_GPRS - 1;
	if (gpr == GPR_RSP)
		vcpu_write_reg(vcpu, VREG_RSP, v);
	else
		vcpu->gpr[gpr] = v;
}

/* Is 64-bit code running (long mode and CS.L)? */
static inline bool vcpu_in_64bit_code(struct vcpu *vcpu)
{
	struct vcpu_segment cs;

	if (!(vcpu_read_reg(vcpu, VREG_EFER) & EFER_LMA))
		return false;
	vendor->read_seg(vcpu, VSEG_CS, &cs);
	return cs.attr & SEG_ATTR_L;
}

/* SS.DPL is the privilege level in every mode. */
static inline u8 vcpu_cpl(struct vcpu *vcpu)
{
	struct vcpu_segment ss;

	vendor->read_seg(vcpu, VSEG_SS, &ss);
	return SEG_ATTR_DPL(ss.attr);
}

/* EDX:EAX, as RDMSR and XSETBV use them. */
static inline u64 vcpu_edx_eax(const struct vcpu *vcpu)
{
	return (vcpu->gpr[GPR_RDX] << 32) | (u32)vcpu->gpr[GPR_RAX];
}

static inline void vcpu_set_edx_eax(struct vcpu *vcpu, u64 v)
{
	vcpu->gpr[GPR_RAX] = (u32)v;
	vcpu->gpr[GPR_RDX] = v >> 32;
}

#endif /* LODGE_VCPU_H */
