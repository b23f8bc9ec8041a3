// SPDX-License-Identifier: GPL-2.0-only
/*
 * event_channel_op: the guest's arguments in, ring/evtchn.c acts, the port
 * out.
 */
#include <linux/types.h>

#include <xen/interface/xen.h>
#include <xen/interface/event_channel.h>

#include "domain.h"
#include "ring/evtchn.h"
#include "vcpu.h"
#include "xen/hypercall.h"

/* A port that the guest cannot be told of is closed again. */
static long store_port(struct vcpu *vcpu, gva_t gva, u32 port)
{
	long ret = xen_store(vcpu, gva, &port, sizeof(port));

	if (ret)
		evtchn_close(vcpu->domain, port);
	return ret;
}

static long alloc_unbound(struct vcpu *vcpu, gva_t arg)
{
	struct domain *d = vcpu->domain;
	struct evtchn_alloc_unbound op;
	u32 port;
	long ret;

	ret = xen_fetch(vcpu, &op, arg, sizeof(op));
	if (!ret)
		ret = xen_check_domid(d, op.dom);
	if (!ret)
		ret = evtchn_alloc_unbound(d, op.remote_dom, &port);
	if (ret)
		return xen_answer(ret);
	return store_port(vcpu, arg + offsetof(typeof(op), port), port);
}

static long bind_interdomain(struct vcpu *vcpu, gva_t arg)
{
	struct domain *d = vcpu->domain;
	struct evtchn_bind_interdomain op;
	u32 port;
	long ret;

	ret = xen_fetch(vcpu, &op, arg, sizeof(op));
	if (ret)
		return ret;
	/* The host has no port that waits for a guest. */
	if (!op.remote_dom)
		return -EINVAL;
	ret = xen_check_domid(d, op.remote_dom);
	if (!ret)
		ret = evtchn_bind_loop(d, op.remote_port, &port);
	if (ret)
		return xen_answer(ret);
	return store_port(vcpu, arg + offsetof(typeof(op), local_port), port);
}

static long bind_virq(struct vcpu *vcpu, gva_t arg)
{
	struct evtchn_bind_virq op;
	u32 port;
	long ret;

	ret = xen_fetch(vcpu, &op, arg, sizeof(op));
	if (!ret)
		ret = evtchn_bind_virq(vcpu->domain, op.virq, op.vcpu, &port);
	if (ret)
		return xen_answer(ret);
	return store_port(vcpu, arg + offsetof(typeof(op), port), port);
}

static long bind_ipi(struct vcpu *vcpu, gva_t arg)
{
	struct evtchn_bind_ipi op;
	u32 port;
	long ret;

	ret = xen_fetch(vcpu, &op, arg, sizeof(op));
	if (!ret)
		ret = evtchn_bind_ipi(vcpu->domain, op.vcpu, &port);
	if (ret)
		return xen_answer(ret);
	return store_port(vcpu, arg + offsetof(typeof(op), port), port);
}

static long bind_vcpu(struct vcpu *vcpu, gva_t arg)
{
	struct evtchn_bind_vcpu op;
	long ret;

	ret = xen_fetch(vcpu, &op, arg, sizeof(op));
	if (ret)
		return ret;
	return evtchn_bind_vcpu(vcpu->domain, op.port, op.vcpu);
}

/* close, send, unmask: a port and no more. */
static long port_op(struct vcpu *vcpu, gva_t arg,
		    int (*op)(struct domain *d, u32 port))
{
	u32 port;
	long ret;

	ret = xen_fetch(vcpu, &port, arg, sizeof(port));
	return ret ? ret : op(vcpu->domain, port);
}

/*
 * In a slice interrupts are off: what wants the CPU now was woken by this, or by
 * another CPU, whose interrupt then ends the next entry.  And the CPU is wanted
 * until the slice ends: no second event makes the guest go on once more.
 */
static long send(struct vcpu *vcpu, gva_t arg)
{
	bool was_wanted = need_resched();
	long ret = port_op(vcpu, arg, evtchn_send);

	if (ret != EVTCHN_TO_BACKEND)
		return ret;
	if (vcpu->atomic && !was_wanted && need_resched())
		vcpu->woke_backend = true;
	return 0;
}

static long status(struct vcpu *vcpu, gva_t arg)
{
	struct domain *d = vcpu->domain;
	struct evtchn_status_out out;
	struct evtchn_status op;
	long ret;

	ret = xen_fetch(vcpu, &op, arg, sizeof(op));
	if (!ret)
		ret = xen_check_domid(d, op.dom);
	if (!ret)
		ret = evtchn_status(d, op.port, &out);
	if (ret)
		return ret;

	memset(&op.u, 0, sizeof(op.u));
	op.status = out.status;
	op.vcpu = out.vcpu;
	switch (out.status) {
	case EVTCHNSTAT_unbound:
		op.u.unbound.dom = out.domid;
		break;
	case EVTCHNSTAT_interdomain:
		op.u.interdomain.dom = out.domid;
		op.u.interdomain.port = out.port;
		break;
	case EVTCHNSTAT_virq:
		op.u.virq = out.virq;
		break;
	}
	return xen_store(vcpu, arg, &op, sizeof(op));
}

static long reset(struct vcpu *vcpu, gva_t arg)
{
	struct evtchn_reset op;
	long ret;

	ret = xen_fetch(vcpu, &op, arg, sizeof(op));
	if (!ret)
		ret = xen_check_domid(vcpu->domain, op.dom);
	if (!ret)
		evtchn_reset(vcpu->domain);
	return ret;
}

/*
 * The answer is written first: it is the same whatever comes, and what the
 * guest cannot be told of would not be undone.
 */
static long init_control(struct vcpu *vcpu, gva_t arg)
{
	const u8 link_bits = EVTCHN_FIFO_LINK_BITS;
	struct evtchn_init_control op;
	long ret;

	ret = xen_fetch(vcpu, &op, arg, sizeof(op));
	if (!ret)
		ret = xen_store(vcpu, arg + offsetof(typeof(op), link_bits),
				&link_bits, sizeof(link_bits));
	if (ret)
		return ret;
	return xen_answer(evtchn_init_control(vcpu->domain, op.vcpu,
					      op.control_gfn, op.offset));
}

static long expand_array(struct vcpu *vcpu, gva_t arg)
{
	struct evtchn_expand_array op;
	long ret;

	ret = xen_fetch(vcpu, &op, arg, sizeof(op));
	if (ret)
		return ret;
	return xen_answer(evtchn_expand_array(vcpu->domain, op.array_gfn));
}

static long set_priority(struct vcpu *vcpu, gva_t arg)
{
	struct evtchn_set_priority op;
	long ret;

	ret = xen_fetch(vcpu, &op, arg, sizeof(op));
	if (ret)
		return ret;
	return evtchn_set_priority(vcpu->domain, op.port, op.priority);
}

/* What may sleep, since it allocates or writes its answer. */
static long slow_op(struct vcpu *vcpu, u64 cmd, gva_t arg)
{
	if (vcpu->atomic)
		return XEN_HC_AGAIN;
	switch (cmd) {
	case EVTCHNOP_bind_interdomain:
		return bind_interdomain(vcpu, arg);
	case EVTCHNOP_bind_virq:
		return bind_virq(vcpu, arg);
	case EVTCHNOP_bind_ipi:
		return bind_ipi(vcpu, arg);
	case EVTCHNOP_alloc_unbound:
		return alloc_unbound(vcpu, arg);
	case EVTCHNOP_bind_vcpu:
		return bind_vcpu(vcpu, arg);
	case EVTCHNOP_close:
		return port_op(vcpu, arg, evtchn_close);
	case EVTCHNOP_status:
		return status(vcpu, arg);
	case EVTCHNOP_reset:
		return reset(vcpu, arg);
	case EVTCHNOP_init_control:
		return init_control(vcpu, arg);
	case EVTCHNOP_expand_array:
		return expand_array(vcpu, arg);
	case EVTCHNOP_set_priority:
		return set_priority(vcpu, arg);
	default:
		return -ENOSYS;
	}
}

long xen_event_channel_op(struct vcpu *vcpu, u64 cmd, u64 arg, u64 a3,
			  bool compat)
{
	cmd = (u32)cmd;
	if (likely(cmd == EVTCHNOP_send))
		return send(vcpu, arg);
	if (cmd == EVTCHNOP_unmask)
		return port_op(vcpu, arg, evtchn_unmask);
	return slow_op(vcpu, cmd, arg);
}
