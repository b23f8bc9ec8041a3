/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the hypercall interpreters share: their signature, the answers that
 * are not numbers for the guest, and access to the caller's arguments.
 */
#ifndef LODGE_XEN_HYPERCALL_H
#define LODGE_XEN_HYPERCALL_H

#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/types.h>

#include <xen/interface/xen.h>

#include "domain.h"
#include "vcpu.h"

/*
 * A handler returns what the guest finds in RAX, or one of these, which lie
 * outside of everything that a guest is told:
 *
 *   AGAIN    vcpu->atomic is set and it must sleep; nothing was changed
 *   RESTART  a part is done: vcpu->xen.restart[] has the arguments for the
 *            rest, and the guest executes the instruction again
 *   BLOCK    RAX is 0; wait for an event
 *   STOPPED  the domain stopped
 *   NOMEM    the host has no memory: the domain is paused, and the guest
 *            executes the instruction again, which finds what was done before
 *            done and goes on
 */
#define XEN_HC_AGAIN	LONG_MIN
#define XEN_HC_RESTART	(LONG_MIN + 1)
#define XEN_HC_BLOCK	(LONG_MIN + 2)
#define XEN_HC_STOPPED	(LONG_MIN + 3)
#define XEN_HC_NOMEM	(LONG_MIN + 4)

/*
 * No hypercall that lodge has takes more than three arguments.  A 32-bit
 * caller's are zero-extended already; @compat says that structures in its
 * memory have the i386 layout.
 */
typedef long (*xen_hypercall_fn)(struct vcpu *vcpu, u64 a1, u64 a2, u64 a3,
				 bool compat);

long xen_memory_op(struct vcpu *vcpu, u64 a1, u64 a2, u64 a3, bool compat);
long xen_multicall(struct vcpu *vcpu, u64 a1, u64 a2, u64 a3, bool compat);
long xen_set_timer_op(struct vcpu *vcpu, u64 a1, u64 a2, u64 a3, bool compat);
long xen_version(struct vcpu *vcpu, u64 a1, u64 a2, u64 a3, bool compat);
long xen_console_io(struct vcpu *vcpu, u64 a1, u64 a2, u64 a3, bool compat);
long xen_grant_table_op(struct vcpu *vcpu, u64 a1, u64 a2, u64 a3, bool compat);
long xen_vm_assist(struct vcpu *vcpu, u64 a1, u64 a2, u64 a3, bool compat);
long xen_vcpu_op(struct vcpu *vcpu, u64 a1, u64 a2, u64 a3, bool compat);
long xen_sched_op(struct vcpu *vcpu, u64 a1, u64 a2, u64 a3, bool compat);
long xen_event_channel_op(struct vcpu *vcpu, u64 a1, u64 a2, u64 a3,
			  bool compat);
long xen_hvm_op(struct vcpu *vcpu, u64 a1, u64 a2, u64 a3, bool compat);

/* The layout of shared_info follows the width of the code that asks. */
void xen_latch_layout(struct domain *d, bool compat);

/*
 * The answer for an error of the module, or for an answer.  What only the host
 * is to blame for is no error of the guest's.
 */
static inline long xen_answer(long err)
{
	switch (err) {
	case -EAGAIN:
		return XEN_HC_AGAIN;
	case -ENOMEM:
		return XEN_HC_NOMEM;
	default:
		return err;
	}
}

/* Copy a structure of the guest in, once; 0, -EFAULT, AGAIN. */
static inline long __must_check xen_fetch(struct vcpu *vcpu, void *dst,
					  gva_t gva, size_t len)
{
	int ret = vcpu_copy_from_guest(vcpu, dst, gva, len);

	return unlikely(ret) ? xen_answer(ret) : 0;
}

/* And out; NOMEM besides. */
static inline long __must_check xen_store(struct vcpu *vcpu, gva_t gva,
					  const void *src, size_t len)
{
	int ret = vcpu_copy_to_guest(vcpu, gva, src, len);

	return unlikely(ret) ? xen_answer(ret) : 0;
}

static inline long xen_restart(struct vcpu *vcpu, u64 a1, u64 a2, u64 a3)
{
	vcpu->xen.restart[0] = a1;
	vcpu->xen.restart[1] = a2;
	vcpu->xen.restart[2] = a3;
	return XEN_HC_RESTART;
}

/*
 * A guest names itself or gets an error.  Domain 0 is the host and exists;
 * of the other domains of the host a guest shall not even learn that.
 */
static inline long xen_check_domid(const struct domain *d, u16 domid)
{
	if (domid == DOMID_SELF || domid == d->id)
		return 0;
	return domid ? -ESRCH : -EPERM;
}

#endif /* LODGE_XEN_HYPERCALL_H */
