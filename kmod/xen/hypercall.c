// SPDX-License-Identifier: GPL-2.0-only
/*
 * One hypercall, from the exit to the result in RAX.  It runs first with
 * interrupts off; a handler that must sleep says so before it changed
 * anything and is called again.  The path of a call that does nothing is
 * short on purpose: everything below it is paid by each event and timer.
 */
#include "xen/guest_if.h"

#include <linux/err.h>
#include <linux/nospec.h>

#include <xen/interface/xen.h>

#include "domain.h"
#include "xen/hypercall.h"

#define NR_HYPERCALLS	64
#define NR_STUBS	128
#define STUB_SIZE	32
#define MULTICALL_BATCH	64	/* entries between two looks at signals */

static const xen_hypercall_fn hypercall_table[NR_HYPERCALLS] = {
	[__HYPERVISOR_memory_op] = xen_memory_op,
	[__HYPERVISOR_multicall] = xen_multicall,
	[__HYPERVISOR_set_timer_op] = xen_set_timer_op,
	[__HYPERVISOR_xen_version] = xen_version,
	[__HYPERVISOR_console_io] = xen_console_io,
	[__HYPERVISOR_grant_table_op] = xen_grant_table_op,
	[__HYPERVISOR_vm_assist] = xen_vm_assist,
	[__HYPERVISOR_vcpu_op] = xen_vcpu_op,
	[__HYPERVISOR_sched_op] = xen_sched_op,
	[__HYPERVISOR_event_channel_op] = xen_event_channel_op,
	[__HYPERVISOR_hvm_op] = xen_hvm_op,
};

static __always_inline long call(struct vcpu *vcpu, u64 nr, u64 a1, u64 a2,
				 u64 a3, bool compat)
{
	xen_hypercall_fn fn;

	if (unlikely(nr >= NR_HYPERCALLS))
		return -ENOSYS;
	fn = hypercall_table[array_index_nospec(nr, NR_HYPERCALLS)];
	if (unlikely(!fn))
		return -ENOSYS;
	return fn(vcpu, a1, a2, a3, compat);
}

/* RIP stays at the instruction; RAX still has the number. */
static enum vmexit_action restart(struct vcpu *vcpu, bool compat)
{
	const u64 *a = vcpu->xen.restart;

	if (compat) {
		vcpu->gpr[GPR_RBX] = (u32)a[0];
		vcpu->gpr[GPR_RCX] = (u32)a[1];
		vcpu->gpr[GPR_RDX] = (u32)a[2];
	} else {
		vcpu->gpr[GPR_RDI] = a[0];
		vcpu->gpr[GPR_RSI] = a[1];
		vcpu->gpr[GPR_RDX] = a[2];
	}
	return VMEXIT_RESUME;
}

static noinline enum vmexit_action special(struct vcpu *vcpu, long ret,
					   bool compat)
{
	switch (ret) {
	case XEN_HC_AGAIN:
		return VMEXIT_AGAIN;
	case XEN_HC_RESTART:
		return restart(vcpu, compat);
	case XEN_HC_BLOCK:
		vcpu->gpr[GPR_RAX] = 0;
		return VMEXIT_BLOCK;
	case XEN_HC_NOMEM:
		return domain_pause_for_memory(vcpu->domain, "a hypercall");
	default:
		vcpu->gpr[GPR_RAX] = 0;
		return VMEXIT_STOPPED;
	}
}

enum vmexit_action xen_hypercall(struct vcpu *vcpu, const struct vmexit *x)
{
	const bool compat = !x->hypercall.long_mode;
	u64 *gpr = vcpu->gpr;
	long ret;

	if (unlikely(x->hypercall.cpl && !x->hypercall.real_mode) ||
	    unlikely(x->hypercall.vm86))
		ret = -EPERM;
	else if (likely(!compat))
		ret = call(vcpu, gpr[GPR_RAX], gpr[GPR_RDI], gpr[GPR_RSI],
			   gpr[GPR_RDX], false);
	else
		ret = call(vcpu, (u32)gpr[GPR_RAX], (u32)gpr[GPR_RBX],
			   (u32)gpr[GPR_RCX], (u32)gpr[GPR_RDX], true);

	if (unlikely(ret < -MAX_ERRNO))
		return special(vcpu, ret, compat);
	gpr[GPR_RAX] = compat ? (u32)ret : (u64)ret;
	return VMEXIT_SKIP_INSN;
}

/* A multicall entry, the three arguments that any handler takes. */
struct multicall {
	u64 op;
	u64 arg[3];
};

struct multicall64 {
	u64 op, result, arg[6];
};

struct multicall32 {
	u32 op, result, arg[6];
};

static long multicall_fetch(struct vcpu *vcpu, gva_t gva, bool compat,
			    struct multicall *mc)
{
	struct multicall64 e64;
	struct multicall32 e32;
	unsigned int i;
	long ret;

	if (!compat) {
		ret = xen_fetch(vcpu, &e64, gva, sizeof(e64));
		if (ret)
			return ret;
		mc->op = e64.op;
		memcpy(mc->arg, e64.arg, sizeof(mc->arg));
		return 0;
	}
	ret = xen_fetch(vcpu, &e32, gva, sizeof(e32));
	if (ret)
		return ret;
	mc->op = e32.op;
	for (i = 0; i < ARRAY_SIZE(mc->arg); i++)
		mc->arg[i] = e32.arg[i];
	return 0;
}

static long multicall_store_result(struct vcpu *vcpu, gva_t gva, bool compat,
				   long result)
{
	u32 result32 = result;

	if (compat)
		return xen_store(vcpu,
				 gva + offsetof(struct multicall32, result),
				 &result32, sizeof(result32));
	return xen_store(vcpu, gva + offsetof(struct multicall64, result),
			 &result, sizeof(result));
}

/* The entry is half done: it says itself what is left of it. */
static long multicall_store_restart(struct vcpu *vcpu, gva_t gva, bool compat)
{
	const u64 *a = vcpu->xen.restart;
	u32 arg32[3] = { a[0], a[1], a[2] };

	if (compat)
		return xen_store(vcpu, gva + offsetof(struct multicall32, arg),
				 arg32, sizeof(arg32));
	return xen_store(vcpu, gva + offsetof(struct multicall64, arg), a,
			 sizeof(vcpu->xen.restart));
}

/*
 * One entry.  Its own result goes to guest memory; what returns is 0 to go on
 * with the next, RESTART or NOMEM to come back to this one, BLOCK, STOPPED, or
 * an error of the whole call.
 */
static long multicall_one(struct vcpu *vcpu, gva_t gva, bool compat)
{
	struct multicall mc;
	long result, ret;

	ret = multicall_fetch(vcpu, gva, compat, &mc);
	if (ret)
		return ret;
	if (mc.op == __HYPERVISOR_multicall)
		result = -EINVAL;
	else
		result = call(vcpu, mc.op, mc.arg[0], mc.arg[1], mc.arg[2],
			      compat);
	if (result == XEN_HC_RESTART) {
		ret = multicall_store_restart(vcpu, gva, compat);
		return ret ? ret : XEN_HC_RESTART;
	}
	if (result == XEN_HC_NOMEM)
		return result;
	if (result == XEN_HC_BLOCK || result == XEN_HC_STOPPED) {
		ret = multicall_store_result(vcpu, gva, compat, 0);
		/* A poll that nobody will wait for, or end, is over. */
		if (ret)
			xen_poll_finish(vcpu);
		return ret ? ret : result;
	}
	return multicall_store_result(vcpu, gva, compat, result);
}

long xen_multicall(struct vcpu *vcpu, u64 list, u64 nr, u64 a3, bool compat)
{
	const size_t size = compat ? sizeof(struct multicall32) :
				     sizeof(struct multicall64);
	unsigned int i;
	long ret;

	if (vcpu->atomic)
		return XEN_HC_AGAIN;
	nr = (u32)nr;
	for (i = 0; i < MULTICALL_BATCH && nr; i++) {
		ret = multicall_one(vcpu, list, compat);
		if (ret == XEN_HC_NOMEM)
			domain_pause_for_memory(vcpu->domain, "a multicall");
		if (ret == XEN_HC_RESTART || ret == XEN_HC_NOMEM)
			break;
		list += size;
		nr--;
		/* Waking for no reason is allowed, losing the rest is not. */
		if (ret == XEN_HC_BLOCK && nr) {
			xen_poll_finish(vcpu);
			continue;
		}
		if (ret)
			return ret;
	}
	return nr ? xen_restart(vcpu, list, nr, a3) : 0;
}

/* mov $nr,%eax; the vendor's instruction; ret */
static void make_stub(u8 stub[STUB_SIZE], u32 nr)
{
	memset(stub, 0xcc, STUB_SIZE);
	if (nr == __HYPERVISOR_iret) {
		stub[0] = 0x0f;		/* ud2 */
		stub[1] = 0x0b;
		return;
	}
	stub[0] = 0xb8;
	memcpy(&stub[1], &nr, sizeof(nr));
	memcpy(&stub[5], vendor->hypercall_insn,
	       sizeof(vendor->hypercall_insn));
	stub[8] = 0xc3;
}

int xen_hypercall_page_write(struct vcpu *vcpu, u64 value)
{
	struct domain *d = vcpu->domain;
	u8 stub[STUB_SIZE];
	unsigned int nr;
	int ret;

	if (offset_in_page(value))
		return -EINVAL;
	if (vcpu->atomic)
		return -EAGAIN;
	for (nr = 0; nr < NR_STUBS; nr++) {
		make_stub(stub, nr);
		ret = guest_mem_write(&d->ram, value + nr * STUB_SIZE, stub,
				      STUB_SIZE, false);
		if (ret)
			return ret == -ENOMEM ? ret : -EINVAL;
	}
	xen_latch_layout(d, !vcpu_in_64bit_code(vcpu));
	return 0;
}
