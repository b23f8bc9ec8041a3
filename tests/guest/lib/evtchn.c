// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two-level event channels from the guest's side.
 */
#include "xen.h"

#include <xen/hvm/hvm_op.h>
#include <xen/hvm/params.h>

#include "trap.h"

volatile u64 upcall_count;
volatile u32 event_count[NR_COUNTED_PORTS];
void (*event_hook)(u32 port);

s64 evtchn_op(u32 cmd, void *arg)
{
	return hypercall2(__HYPERVISOR_event_channel_op, cmd, (u64)arg);
}

static void event_seen(u32 port)
{
	if (port < NR_COUNTED_PORTS)
		event_count[port]++;
	if (event_hook)
		event_hook(port);
}

static void scan_word(u32 word)
{
	u64 bits;
	u32 port;

	for (;;) {
		bits = READ_ONCE(shared_info->evtchn_pending[word]) &
		       ~READ_ONCE(shared_info->evtchn_mask[word]);
		if (!bits)
			return;
		port = word * 64 + (u32)__builtin_ctzl(bits);
		evtchn_clear(port);
		event_seen(port);
	}
}

static bool upcall(struct regs *r)
{
	u64 sel;

	(void)r;
	upcall_count++;
	WRITE_ONCE(vcpu_info->evtchn_upcall_pending, 0);
	__sync_synchronize();	/* seen before the selector is read */
	sel = __atomic_exchange_n(&vcpu_info->evtchn_pending_sel, 0,
				  __ATOMIC_SEQ_CST);
	while (sel) {
		scan_word((u32)__builtin_ctzl(sel));
		sel &= sel - 1;
	}
	return true;
}

bool xen_init_events(void)
{
	unsigned int i;

	if (xen_map_shared_info())
		return false;
	for (i = 0; i < ARRAY_SIZE(shared_info->evtchn_mask); i++)
		shared_info->evtchn_mask[i] = ~0ul;
	trap_hook[UPCALL_VECTOR] = upcall;
	return !hvm_set_param(HVM_PARAM_CALLBACK_IRQ,
			      2ull << 56 | UPCALL_VECTOR);
}

s64 evtchn_bind_virq(u32 virq, u32 vcpu, u32 *port)
{
	struct evtchn_bind_virq b = { .virq = virq, .vcpu = vcpu };
	s64 ret = evtchn_op(EVTCHNOP_bind_virq, &b);

	*port = b.port;
	return ret;
}

s64 evtchn_bind_ipi(u32 vcpu, u32 *port)
{
	struct evtchn_bind_ipi b = { .vcpu = vcpu };
	s64 ret = evtchn_op(EVTCHNOP_bind_ipi, &b);

	*port = b.port;
	return ret;
}

s64 evtchn_alloc_unbound(u16 dom, u16 remote, u32 *port)
{
	struct evtchn_alloc_unbound a = { .dom = dom, .remote_dom = remote };
	s64 ret = evtchn_op(EVTCHNOP_alloc_unbound, &a);

	*port = a.port;
	return ret;
}

s64 evtchn_bind_interdomain(u16 dom, u32 remote, u32 *port)
{
	struct evtchn_bind_interdomain b = {
		.remote_dom = dom,
		.remote_port = remote,
	};
	s64 ret = evtchn_op(EVTCHNOP_bind_interdomain, &b);

	*port = b.local_port;
	return ret;
}

s64 evtchn_close(u32 port)
{
	struct evtchn_close c = { .port = port };

	return evtchn_op(EVTCHNOP_close, &c);
}

s64 evtchn_send(u32 port)
{
	struct evtchn_send s = { .port = port };

	return evtchn_op(EVTCHNOP_send, &s);
}

s64 evtchn_unmask(u32 port)
{
	struct evtchn_unmask u = { .port = port };

	return evtchn_op(EVTCHNOP_unmask, &u);
}

s64 evtchn_status(u16 dom, u32 port, struct evtchn_status *st)
{
	memset(st, 0, sizeof(*st));
	st->dom = dom;
	st->port = port;
	return evtchn_op(EVTCHNOP_status, st);
}

void evtchn_set_mask(u32 port, bool masked)
{
	u64 *word = (u64 *)&shared_info->evtchn_mask[port / 64];

	if (masked)
		__atomic_fetch_or(word, BIT(port % 64), __ATOMIC_SEQ_CST);
	else
		__atomic_fetch_and(word, ~BIT(port % 64), __ATOMIC_SEQ_CST);
}

bool evtchn_is_pending(u32 port)
{
	return READ_ONCE(shared_info->evtchn_pending[port / 64]) &
	       BIT(port % 64);
}

void evtchn_clear(u32 port)
{
	u64 *word = (u64 *)&shared_info->evtchn_pending[port / 64];

	__atomic_fetch_and(word, ~BIT(port % 64), __ATOMIC_SEQ_CST);
}

s64 timer_set(u64 deadline, u32 flags)
{
	struct vcpu_set_singleshot_timer t = {
		.timeout_abs_ns = deadline,
		.flags = flags,
	};

	return hypercall3(__HYPERVISOR_vcpu_op, VCPUOP_set_singleshot_timer,
			  xen_vcpu_id, (u64)&t);
}

s64 timer_stop(void)
{
	return hypercall3(__HYPERVISOR_vcpu_op, VCPUOP_stop_singleshot_timer,
			  xen_vcpu_id, 0);
}
