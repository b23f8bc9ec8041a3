// SPDX-License-Identifier: GPL-2.0-only
/*
 * HLT, and the count of vCPUs that are up.  A vCPU that halts with
 * interrupts off never comes back by itself: it is down, and a domain whose
 * vCPUs are all down has powered itself off.
 */
#include <linux/spinlock.h>

#include <asm/processor-flags.h>

#include "domain.h"
#include "emul/emul.h"
#include "emul/lapic.h"
#include "vcpu.h"
#include "xen/guest_if.h"

bool vcpu_is_up(const struct vcpu *vcpu)
{
	int start = atomic_read(&vcpu->lapic.start);

	if (start & LAPIC_START)
		return true;
	return !(start & LAPIC_WAIT) && READ_ONCE(vcpu->online);
}

static bool domain_has_vcpu_up(const struct domain *d)
{
	unsigned int i;

	for (i = 0; i < d->nr_vcpus; i++)
		if (vcpu_is_up(d->vcpus[i]))
			return true;
	return false;
}

bool vcpu_go_down(struct vcpu *vcpu, const char *how)
{
	struct domain *d = vcpu->domain;
	unsigned long flags;
	bool last;

	/* Under the lock, so that of two that go down one sees it is last. */
	spin_lock_irqsave(&d->lock, flags);
	WRITE_ONCE(vcpu->online, false);
	last = !domain_has_vcpu_up(d);
	spin_unlock_irqrestore(&d->lock, flags);
	if (last)
		domain_shutdown(d, xen_shutdown_reason(d,
						       LODGE_SHUTDOWN_POWEROFF),
				"every vCPU %s", how);
	return last;
}

void vcpu_go_up(struct vcpu *vcpu)
{
	struct domain *d = vcpu->domain;
	unsigned long flags;

	spin_lock_irqsave(&d->lock, flags);
	WRITE_ONCE(vcpu->online, true);
	spin_unlock_irqrestore(&d->lock, flags);
}

enum vmexit_action emul_hlt(struct vcpu *vcpu, const struct vmexit *x)
{
	if ((vcpu_read_reg(vcpu, VREG_RFLAGS) & X86_EFLAGS_IF) ||
	    READ_ONCE(vcpu->nmi_pending))
		return VMEXIT_BLOCK;
	if (vcpu_go_down(vcpu, "halted with interrupts off"))
		return VMEXIT_STOPPED;
	/*
	 * Not a wait for an event: who brings it up again continues it behind
	 * the HLT.  The request ends the slice, as it would from another vCPU.
	 */
	set_bit(VCPU_REQ_STOP, &vcpu->requests);
	return VMEXIT_SKIP_INSN;
}
