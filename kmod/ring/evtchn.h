/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Event channels of a domain: ports, their bindings, and raising them in the
 * 2-level ABI.  The far end of an interdomain port is a channel of an attach
 * slot on the host's side.
 */
#ifndef LODGE_RING_EVTCHN_H
#define LODGE_RING_EVTCHN_H

#include <linux/spinlock.h>
#include <linux/types.h>

struct attach_slot;
struct domain;
struct vcpu;

#define EVTCHN_MAX_PORTS	4096	/* 2-level, 64-bit layout */

enum evtchn_state {
	EVTCHN_FREE,
	EVTCHN_UNBOUND,		/* waits for remote domain */
	EVTCHN_INTERDOMAIN,	/* far end: slot */
	EVTCHN_VIRQ,
	EVTCHN_IPI,
	EVTCHN_RESERVED,	/* port 0 */
};

/* One port.  Guarded by evtchn_table.lock; the union by state. */
struct evtchn {
	enum evtchn_state state;
	u16 vcpu;			/* which vCPU is told */
	union {
		u16 remote_domid;	/* UNBOUND */
		struct {
			struct attach_slot *slot;
			u32 channel;
		} interdomain;		/* INTERDOMAIN */
		u32 virq;		/* VIRQ */
	};
};

/*
 * lock: irq-safe (timers raise ports).  Leaf below domain->lock.
 */
struct evtchn_table {
	spinlock_t lock;
	struct evtchn *ports;		/* c: EVTCHN_MAX_PORTS, kvcalloc */
	u32 next_hint;
};

int evtchn_init(struct domain *d);
void evtchn_destroy(struct domain *d);

/* Guest operations (xen/hypercall's event_channel_op): 0, port, or -errno. */
int evtchn_alloc_unbound(struct domain *d, u16 remote_domid, u32 *port);
int evtchn_bind_virq(struct domain *d, u32 virq, u32 vcpu, u32 *port);
int evtchn_bind_ipi(struct domain *d, u32 vcpu, u32 *port);
int evtchn_bind_vcpu(struct domain *d, u32 port, u32 vcpu);
int evtchn_close(struct domain *d, u32 port);
int evtchn_send(struct domain *d, u32 port);
int evtchn_unmask(struct domain *d, u32 port);
int evtchn_reset(struct domain *d);
bool evtchn_is_pending(struct domain *d, u32 port);

struct evtchn_status_out {
	u32 status, vcpu, domid, port, virq;
};
int evtchn_status(struct domain *d, u32 port, struct evtchn_status_out *out);

/* Connect a port to a channel of a host slot (creation, later: attach). */
int evtchn_bind_slot(struct domain *d, struct attach_slot *slot, u32 channel,
		     u32 *port);
void evtchn_unbind_slot(struct domain *d, u32 port);

/* Raise from the host.  Any context, irq-safe. */
void evtchn_raise(struct domain *d, u32 port);
void evtchn_raise_virq(struct vcpu *vcpu, u32 virq);

#endif /* LODGE_RING_EVTCHN_H */
