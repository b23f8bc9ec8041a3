// SPDX-License-Identifier: GPL-2.0-only
/*
 * hvm_op: the domain's parameters (where its store and console are, how it
 * wants events delivered), TLB flushes and questions about memory.
 */
#include <linux/nospec.h>

#include <xen/interface/xen.h>
#include <xen/interface/hvm/hvm_op.h>
#include <xen/interface/hvm/params.h>

#include "domain.h"
#include "mmu/guest_ram.h"
#include "vcpu.h"
#include "xen/guest_if.h"
#include "xen/hypercall.h"

/* Operations and parameters that the kernel's headers do not name. */
#define OP_FLUSH_TLBS			5
#define OP_GET_TIME			10
#define OP_GUEST_REQUEST_VM_EVENT	24
#define OP_ALTP2M			25

#define PARAM_ACPI_IOPORTS_LOCATION	19
#define PARAM_VM_GENERATION_ID_ADDR	34
#define PARAM_ALTP2M			35
#define PARAM_X87_FIP_WIDTH		36
#define PARAM_VM86_TSS_SIZED		37

#define CALLBACK_TYPE(value)	((value) >> 56)
#define CALLBACK_VECTOR_MIN	16

enum mem_type {
	MEM_RAM_RW,
	MEM_RAM_RO,
	MEM_MMIO,
};

struct param_op {
	u16 domid;
	u16 pad;
	u32 index;
	u64 value;
};

struct mem_type_op {
	u16 domid;
	u16 mem_type;
	u32 pad;
	u64 gfn;
};

/* What a guest may do with a parameter; those not listed do not exist. */
enum param_access {
	PARAM_NONE,
	PARAM_RW,
	PARAM_RO,
	PARAM_ONCE,		/* readable, fixed by the toolstack */
	PARAM_DENIED,
};

static const u8 param_access[XEN_NR_HVM_PARAMS] = {
	[HVM_PARAM_CALLBACK_IRQ] = PARAM_RW,
	[HVM_PARAM_STORE_PFN] = PARAM_RO,
	[HVM_PARAM_STORE_EVTCHN] = PARAM_RW,
	[HVM_PARAM_VM86_TSS] = PARAM_RW,
	[HVM_PARAM_CONSOLE_PFN] = PARAM_RO,
	[HVM_PARAM_CONSOLE_EVTCHN] = PARAM_RW,
	[PARAM_ACPI_IOPORTS_LOCATION] = PARAM_RW,
	[PARAM_VM_GENERATION_ID_ADDR] = PARAM_RW,
	[PARAM_ALTP2M] = PARAM_ONCE,
	[PARAM_X87_FIP_WIDTH] = PARAM_RW,
	[PARAM_VM86_TSS_SIZED] = PARAM_RW,
	[5] = PARAM_DENIED, [6] = PARAM_DENIED,
	[9 ... 12] = PARAM_DENIED, [14] = PARAM_DENIED,
	[16] = PARAM_DENIED, [27 ... 29] = PARAM_DENIED,
	[31 ... 33] = PARAM_DENIED, [38] = PARAM_DENIED,
};

static void request_all(struct domain *d, enum vcpu_request req)
{
	unsigned int i;

	for (i = 0; i < d->nr_vcpus; i++)
		vcpu_request(d->vcpus[i], req);
}

void xen_latch_layout(struct domain *d, bool compat)
{
	mutex_lock(&d->xen.lock);
	if (d->xen.layout32 != compat) {
		WRITE_ONCE(d->xen.layout32, compat);
		xen_wallclock_update(d);
	}
	mutex_unlock(&d->xen.lock);
}

/*
 * The callback is a level: who has an upcall pending now gets it.  Ways other
 * than the vector are stored, and deliver nothing.
 */
static void set_callback(struct domain *d, u64 value, bool compat)
{
	u8 vector = 0;

	if (CALLBACK_TYPE(value) == HVM_PARAM_CALLBACK_TYPE_VECTOR &&
	    (u8)value >= CALLBACK_VECTOR_MIN)
		vector = value;
	xen_latch_layout(d, compat);
	WRITE_ONCE(d->xen.callback_vector, vector);
	request_all(d, VCPU_REQ_EVENT);
}

static long fetch_param(struct vcpu *vcpu, gva_t arg, struct param_op *op)
{
	long ret;

	ret = xen_fetch(vcpu, op, arg, sizeof(*op));
	if (!ret)
		ret = xen_check_domid(vcpu->domain, op->domid);
	if (ret)
		return ret;
	if (op->index >= XEN_NR_HVM_PARAMS)
		return -EINVAL;
	op->index = array_index_nospec(op->index, XEN_NR_HVM_PARAMS);
	return 0;
}

static long set_param(struct vcpu *vcpu, gva_t arg, bool compat)
{
	struct domain *d = vcpu->domain;
	struct param_op op;
	long ret;

	ret = fetch_param(vcpu, arg, &op);
	if (ret)
		return ret;
	switch (param_access[op.index]) {
	case PARAM_RW:
		break;
	case PARAM_RO:
	case PARAM_DENIED:
		return -EPERM;
	case PARAM_ONCE:
		return -EEXIST;
	default:
		return -EINVAL;
	}
	mutex_lock(&d->xen.lock);
	d->xen.params[op.index] = op.value;
	mutex_unlock(&d->xen.lock);
	if (op.index == HVM_PARAM_CALLBACK_IRQ)
		set_callback(d, op.value, compat);
	return 0;
}

static long get_param(struct vcpu *vcpu, gva_t arg)
{
	struct domain *d = vcpu->domain;
	struct param_op op;
	long ret;

	ret = fetch_param(vcpu, arg, &op);
	if (ret)
		return ret;
	switch (param_access[op.index]) {
	case PARAM_NONE:
		return -EINVAL;
	case PARAM_DENIED:
		return -EPERM;
	}
	mutex_lock(&d->xen.lock);
	op.value = d->xen.params[op.index];
	mutex_unlock(&d->xen.lock);
	return xen_store(vcpu, arg + offsetof(typeof(op), value), &op.value,
			 sizeof(op.value));
}

static long get_mem_type(struct vcpu *vcpu, gva_t arg)
{
	struct domain *d = vcpu->domain;
	struct mem_type_op op;
	struct page *page;
	int pinned;
	long ret;

	ret = xen_fetch(vcpu, &op, arg, sizeof(op));
	if (!ret)
		ret = xen_check_domid(d, op.domid);
	if (ret)
		return ret;
	/* Without sleeping, RAM that was never touched is not populated. */
	pinned = guest_ram_pin(&d->ram, GFN(op.gfn), false, true, &page);
	if (!pinned)
		guest_ram_unpin(page);
	op.mem_type = pinned && pinned != -EAGAIN ? MEM_MMIO : MEM_RAM_RW;
	return xen_store(vcpu, arg + offsetof(typeof(op), mem_type),
			 &op.mem_type, sizeof(op.mem_type));
}

static long flush_tlbs(struct vcpu *vcpu, gva_t arg)
{
	if (arg)
		return -EINVAL;
	/* The guest reuses what it unmapped as soon as this returns. */
	domain_flush(vcpu->domain, VCPU_REQ_FLUSH_VCPU);
	return 0;
}

static long get_time(struct vcpu *vcpu, gva_t arg)
{
	u64 now = xen_clock_now(&vcpu->domain->xen.clock);

	return xen_store(vcpu, arg, &now, sizeof(now));
}

long xen_hvm_op(struct vcpu *vcpu, u64 cmd, u64 arg, u64 a3, bool compat)
{
	if (vcpu->atomic)
		return XEN_HC_AGAIN;
	switch ((u32)cmd) {
	case HVMOP_set_param:
		return set_param(vcpu, arg, compat);
	case HVMOP_get_param:
		return get_param(vcpu, arg);
	case OP_FLUSH_TLBS:
		return flush_tlbs(vcpu, arg);
	case OP_GET_TIME:
		return get_time(vcpu, arg);
	case HVMOP_get_mem_type:
		return get_mem_type(vcpu, arg);
	case OP_GUEST_REQUEST_VM_EVENT:
		return 0;
	case OP_ALTP2M:
		return -EOPNOTSUPP;
	default:
		return -ENOSYS;
	}
}
