// SPDX-License-Identifier: GPL-2.0-only
/*
 * The run loop of a vCPU, in the thread that called RUN.  A slice is a run of
 * guest entries with interrupts off: exits that need no sleep are handled
 * inside it, all others after it with interrupts on.  Everything a vCPU is
 * lives in the module, so a thread that dies leaves it whole at a slice's
 * end, and the next thread goes on from there.
 */
#include "vcpu.h"

#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/vtime.h>

#include <asm/debugreg.h>
#include <asm/fpu/api.h>
#include <asm/fpu/xcr.h>

#include "compat.h"
#include "cpu.h"
#include "domain.h"
#include "emul/emul.h"
#include "xen/guest_if.h"

void vcpu_kick(struct vcpu *vcpu)
{
	int cpu;

	/* The caller's state, then the mode: pairs with begin_slice(). */
	smp_mb();
	switch (READ_ONCE(vcpu->mode)) {
	case VCPU_IN_GUEST:
		preempt_disable();
		cpu = READ_ONCE(vcpu->cpu);
		/* On this very CPU it is we ourselves, inside a slice. */
		if (cpu >= 0 && cpu != smp_processor_id())
			smp_send_reschedule(cpu);
		preempt_enable();
		break;
	case VCPU_BLOCKED:
		rcuwait_wake_up(&vcpu->wait);
		break;
	case VCPU_OUTSIDE:
		break;
	}
}

static void load(struct vcpu *vcpu)
{
	lockdep_assert_preemption_disabled();
	vendor->vcpu_load(vcpu);
	WRITE_ONCE(vcpu->cpu, smp_processor_id());
	vcpu->run_start_ns = ktime_get_ns();
	/* The host slept meanwhile, and its TSC fell back. */
	if (unlikely(vcpu->tsc_lost != READ_ONCE(xen_tsc_lost))) {
		vcpu->tsc_lost = READ_ONCE(xen_tsc_lost);
		vcpu_write_reg(vcpu, VREG_TSC_OFFSET, xen_tsc_offset(vcpu));
	}
	/* TSCs that disagree: the time record is this CPU's. */
	if (unlikely(!vcpu->domain->xen.clock.stable))
		set_bit(VCPU_REQ_CLOCK, &vcpu->requests);
}

static void put(struct vcpu *vcpu)
{
	lockdep_assert_preemption_disabled();
	WRITE_ONCE(vcpu->cpu_ns, vcpu->cpu_ns + ktime_get_ns() -
				 vcpu->run_start_ns);
	vendor->vcpu_put(vcpu);
	WRITE_ONCE(vcpu->cpu, -1);
}

static void sched_in(struct preempt_notifier *pn, int cpu)
{
	struct vcpu *vcpu = container_of(pn, struct vcpu, preempt);

	load(vcpu);
	if (READ_ONCE(vcpu->mode) != VCPU_BLOCKED)
		xen_runstate_set(vcpu, VCPU_RS_RUNNING);
}

static void sched_out(struct preempt_notifier *pn, struct task_struct *next)
{
	struct vcpu *vcpu = container_of(pn, struct vcpu, preempt);

	if (READ_ONCE(vcpu->mode) != VCPU_BLOCKED)
		xen_runstate_set(vcpu, VCPU_RS_RUNNABLE);
	put(vcpu);
}

static struct preempt_ops preempt_ops = {
	.sched_in = sched_in,
	.sched_out = sched_out,
};

/* From here to release_cpu() the scheduler swaps our state in and out. */
static void claim_cpu(struct vcpu *vcpu)
{
	fpu_swap_kvm_fpstate(&vcpu->fpu, true);
	preempt_disable();
	preempt_notifier_register(&vcpu->preempt);
	load(vcpu);
	preempt_enable();
}

static void release_cpu(struct vcpu *vcpu)
{
	preempt_disable();
	preempt_notifier_unregister(&vcpu->preempt);
	put(vcpu);
	preempt_enable();
	fpu_swap_kvm_fpstate(&vcpu->fpu, false);
}

/* These wait for the next entry and are no reason to wake. */
#define LAZY_REQUESTS	(BIT(VCPU_REQ_FLUSH_S2) | BIT(VCPU_REQ_FLUSH_VCPU))

/* Requests that need the vCPU loaded; interrupts off. */
static void flush_requests(struct vcpu *vcpu)
{
	if (test_and_clear_bit(VCPU_REQ_FLUSH_S2, &vcpu->requests))
		vendor->flush_s2(vcpu);
	if (test_and_clear_bit(VCPU_REQ_FLUSH_VCPU, &vcpu->requests))
		vendor->flush_vcpu(vcpu);
}

/*
 * A start state came by VCPUOP_initialise, or INIT and STARTUP did.  The lock
 * keeps VCPUOP_up out until it is settled which.
 */
static void start(struct vcpu *vcpu)
{
	struct mutex *lock = &vcpu->domain->xen.lock;

	mutex_lock(lock);
	if (!xen_vcpu_start(vcpu))
		lapic_handle_start(vcpu);
	mutex_unlock(lock);
}

/* Requests that may sleep. */
static void handle_requests(struct vcpu *vcpu)
{
	clear_bit(VCPU_REQ_EVENT, &vcpu->requests);
	if (test_and_clear_bit(VCPU_REQ_RESET, &vcpu->requests))
		start(vcpu);
	if (test_and_clear_bit(VCPU_REQ_CLOCK, &vcpu->requests))
		xen_time_resume(vcpu);
}

/*
 * State that the host uses whenever interrupts are on, and the guest while it
 * runs: extended state and debug registers.
 */
static void swap_in(struct vcpu *vcpu)
{
	u64 host_xcr0;

	if (test_thread_flag(TIF_NEED_FPU_LOAD))
		switch_fpu_return();
	if (boot_cpu_has(X86_FEATURE_OSXSAVE)) {
		host_xcr0 = xgetbv(XCR_XFEATURE_ENABLED_MASK);
		vcpu->host_xcr0 = host_xcr0;
		if (vcpu->xcr0 != host_xcr0)
			xsetbv(XCR_XFEATURE_ENABLED_MASK, vcpu->xcr0);
	}
	if (unlikely(vcpu->dr_dirty)) {
		set_debugreg(vcpu->dr[0], 0);
		set_debugreg(vcpu->dr[1], 1);
		set_debugreg(vcpu->dr[2], 2);
		set_debugreg(vcpu->dr[3], 3);
	}
}

static void swap_out(struct vcpu *vcpu)
{
	/* Exits clear DR7, and the guest's addresses may be in DR0-3. */
	if (unlikely(hw_breakpoint_active()))
		hw_breakpoint_restore();
	if (boot_cpu_has(X86_FEATURE_OSXSAVE) &&
	    vcpu->xcr0 != vcpu->host_xcr0)
		xsetbv(XCR_XFEATURE_ENABLED_MASK, vcpu->host_xcr0);
}

static void step_back(struct vcpu *vcpu)
{
	WRITE_ONCE(vcpu->mode, VCPU_OUTSIDE);
	local_irq_enable();
}

/*
 * Interrupts off and the mode set, then a last look at the requests: who sets
 * one after this sees the mode and sends an interrupt, which ends the guest's
 * run at once.
 */
static bool begin_slice(struct vcpu *vcpu)
{
	local_irq_disable();
	WRITE_ONCE(vcpu->mode, VCPU_IN_GUEST);
	smp_mb();	/* mode before requests: pairs with vcpu_kick() */
	flush_requests(vcpu);
	if (unlikely(READ_ONCE(vcpu->requests) || need_resched() ||
		     signal_pending(current))) {
		step_back(vcpu);
		return false;
	}
	/* Before an event is consumed that the entry could not deliver. */
	if (unlikely(!vendor->prepare(vcpu))) {
		step_back(vcpu);
		schedule_timeout_interruptible(1);
		return false;
	}
	vtime_account_guest_enter();
	rcu_virt_note_context_switch(smp_processor_id());
	swap_in(vcpu);
	vcpu->woke_backend = false;
	vcpu->atomic = true;
	vcpu->ran = true;
	return true;
}

/*
 * After the interrupt that ended the slice, so that its tick counts as the
 * guest's.  Where time is accounted by context, the account must not be
 * changed by an interrupt in between.
 */
static void account_exit(void)
{
	if (!vtime_accounting_enabled_this_cpu()) {
		vtime_account_guest_exit();
		return;
	}
	local_irq_disable();
	vtime_account_guest_exit();
	local_irq_enable();
}

static void end_slice(struct vcpu *vcpu)
{
	vcpu->atomic = false;
	vendor->finish(vcpu);
	swap_out(vcpu);
	compat_guest_has_run();
	/* Release: the guest's last accesses are done when others see it. */
	smp_store_release(&vcpu->mode, VCPU_OUTSIDE);
	/* The interrupt that ended the slice is taken here. */
	local_irq_enable();
	account_exit();
}

/*
 * Enter until something needs the world outside.  An event for this vCPU
 * alone does not: delivery looks at the event's own state.  A signal comes
 * with an interrupt.
 */
static enum vmexit_action run_guest(struct vcpu *vcpu, struct vmexit *x)
{
	enum vmexit_action action;
	unsigned long requests;

	do {
		vcpu_inject_pending(vcpu);
		vendor->enter(vcpu, x);
		if (x->kind == VMEXIT_HOST)
			return VMEXIT_RESUME;
		action = dispatch(vcpu, x);
		if (action != VMEXIT_RESUME)
			return action;
		requests = READ_ONCE(vcpu->requests);
		if (unlikely(requests)) {
			if (requests & ~BIT(VCPU_REQ_EVENT))
				return action;
			clear_bit(VCPU_REQ_EVENT, &vcpu->requests);
		}
		/* A task that the interpreter woke may wait for this CPU. */
	} while (likely(!need_resched()) || vcpu_linger(vcpu));
	return action;
}

static enum vmexit_action run_slice(struct vcpu *vcpu)
{
	enum vmexit_action action;
	struct vmexit x;

	if (!begin_slice(vcpu))
		return VMEXIT_RESUME;
	action = run_guest(vcpu, &x);
	end_slice(vcpu);
	if (action == VMEXIT_AGAIN)
		action = dispatch(vcpu, &x);
	return action;
}

/*
 * Wait for an event.  Who makes one sets its state, then looks at the mode:
 * with a full barrier between, either it sees BLOCKED and wakes us, or we see
 * the event.
 */
static void block(struct vcpu *vcpu)
{
	xen_runstate_set(vcpu, READ_ONCE(vcpu->online) ? VCPU_RS_BLOCKED :
							 VCPU_RS_OFFLINE);
	WRITE_ONCE(vcpu->mode, VCPU_BLOCKED);
	smp_mb();	/* mode before events: pairs with vcpu_kick() */
	rcuwait_wait_event(&vcpu->wait,
			   vcpu_has_wake_event(vcpu) ||
			   READ_ONCE(vcpu->requests) & ~LAZY_REQUESTS ||
			   signal_pending(current),
			   TASK_INTERRUPTIBLE);
	WRITE_ONCE(vcpu->mode, VCPU_OUTSIDE);
	xen_runstate_set(vcpu, VCPU_RS_RUNNING);
}

/*
 * The next entry is an instruction further, so a wait that began here is
 * remembered in the vCPU and outlives the thread.
 */
static void begin_halt(struct vcpu *vcpu)
{
	vcpu->halted = true;
	/* SCHEDOP_poll wakes for its ports with interrupts masked, too. */
	vcpu->block_if = !vcpu->xen.polling ||
			 (vcpu_read_reg(vcpu, VREG_RFLAGS) & X86_EFLAGS_IF);
}

static void end_halt(struct vcpu *vcpu)
{
	vcpu->halted = false;
	xen_poll_finish(vcpu);
}

static bool may_run(struct vcpu *vcpu)
{
	return domain_is_runnable(vcpu->domain) &&
	       !atomic_read(&vcpu->lookers);
}

/*
 * Out of the way while the domain stands still or somebody looks at the
 * state.  Return: 1 when this vCPU may run again, 0 when it never will.
 */
static int park(struct vcpu *vcpu)
{
	struct domain *d = vcpu->domain;
	int err;

	/* A pause is time stolen from the guest. */
	xen_runstate_set(vcpu, domain_is_runnable(d) ? VCPU_RS_RUNNABLE :
						       VCPU_RS_OFFLINE);
	release_cpu(vcpu);
	mutex_unlock(&vcpu->mutex);
	err = wait_event_interruptible(d->state_wait,
				       READ_ONCE(d->dying) ||
				       READ_ONCE(d->shut_down) ||
				       may_run(vcpu));
	mutex_lock(&vcpu->mutex);
	claim_cpu(vcpu);
	xen_runstate_set(vcpu, VCPU_RS_RUNNING);
	if (err)
		return -EINTR;
	if (READ_ONCE(d->dying))
		return -ENODEV;
	return READ_ONCE(d->shut_down) ? 0 : 1;
}

static int run_loop(struct vcpu *vcpu)
{
	enum vmexit_action action;
	int ret;

	for (;;) {
		/*
		 * Clear it, then look at what it is about: one that comes
		 * later keeps its bit and ends the next slice or wait at once.
		 */
		clear_bit(VCPU_REQ_STOP, &vcpu->requests);
		/* Pairs with vcpu_request(): state, then the bit. */
		smp_mb__after_atomic();
		if (signal_pending(current) ||
		    test_thread_flag(TIF_NOTIFY_RESUME))
			return -EINTR;
		cond_resched();
		if (unlikely(!may_run(vcpu))) {
			ret = park(vcpu);
			if (ret <= 0)
				return ret;
			continue;
		}
		handle_requests(vcpu);
		if (!READ_ONCE(vcpu->online) ||
		    (vcpu->halted && !vcpu_has_wake_event(vcpu))) {
			block(vcpu);
			continue;
		}
		if (vcpu->halted)
			end_halt(vcpu);
		action = run_slice(vcpu);
		if (action == VMEXIT_BLOCK)
			begin_halt(vcpu);
		if (unlikely(cpu_virt_is_ending()))
			return -ESHUTDOWN;
	}
}

/**
 * vcpu_run() - run a vCPU in this thread until its domain stops
 * @vcpu: the caller holds a reference to its domain
 *
 * Return: 0 the domain has shut down; -EINTR a signal or other work for the
 * thread in user mode; -EBUSY another thread runs it; -ENODEV the domain was
 * destroyed; -ESHUTDOWN the host is going down.
 */
int vcpu_run(struct vcpu *vcpu)
{
	int err;

	if (cmpxchg(&vcpu->runner, 0, task_pid_nr(current)))
		return -EBUSY;
	rcu_assign_pointer(vcpu->task, current);
	err = -EINTR;
	if (mutex_lock_interruptible(&vcpu->mutex))
		goto leave;
	claim_cpu(vcpu);
	xen_runstate_set(vcpu, VCPU_RS_RUNNING);
	err = run_loop(vcpu);
	xen_runstate_set(vcpu, READ_ONCE(vcpu->online) ? VCPU_RS_RUNNABLE :
							 VCPU_RS_OFFLINE);
	release_cpu(vcpu);
	mutex_unlock(&vcpu->mutex);
leave:
	/* Who has found it holds a reference, or is done before we can exit. */
	RCU_INIT_POINTER(vcpu->task, NULL);
	/* Release: the next runner sees all that we did. */
	smp_store_release(&vcpu->runner, 0);
	return err;
}

int vcpu_create(struct domain *d, unsigned int id)
{
	struct vcpu *vcpu = vendor->vcpu_alloc(d);
	int err = -ENOMEM;

	if (IS_ERR(vcpu))
		return PTR_ERR(vcpu);
	vcpu->id = id;
	vcpu->apic_id = 2 * id;
	vcpu->cpu = -1;
	vcpu->xcr0 = XFEATURE_MASK_FP;
	vcpu->online = id == 0;
	mutex_init(&vcpu->mutex);
	rcuwait_init(&vcpu->wait);
	preempt_notifier_init(&vcpu->preempt, &preempt_ops);
	if (!fpu_alloc_guest_fpstate(&vcpu->fpu))
		goto free_vcpu;
	err = xen_vcpu_create(vcpu);
	if (err)
		goto free_fpu;
	lapic_init(vcpu);
	vcpu_linger_init(vcpu);
	msr_vcpu_init(vcpu);
	vcpu_init_state(vcpu);
	d->vcpus[id] = vcpu;
	return 0;

free_fpu:
	fpu_free_guest_fpstate(&vcpu->fpu);
free_vcpu:
	vendor->vcpu_unload(vcpu);
	vendor->vcpu_free(vcpu);
	return err;
}

void vcpu_destroy(struct vcpu *vcpu)
{
	vcpu_linger_destroy(vcpu);
	lapic_destroy(vcpu);
	xen_vcpu_destroy(vcpu);
	vendor->vcpu_unload(vcpu);
	fpu_free_guest_fpstate(&vcpu->fpu);
	vendor->vcpu_free(vcpu);
}
