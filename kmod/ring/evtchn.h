/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Event channels of a domain: ports, their bindings, and raising them.  The
 * far end of an interdomain port is a channel of an attach slot on the host's
 * side, or another port of the same domain.
 */
#ifndef LODGE_RING_EVTCHN_H
#define LODGE_RING_EVTCHN_H

#include <linux/rcupdate.h>
#include <linux/spinlock.h>
#include <linux/types.h>

struct attach_slot;
struct domain;
struct evtchn_fifo;
struct vcpu;

#define EVTCHN_2L_PORTS		4096	/* 2-level, 64-bit layout */
#define EVTCHN_2L_PORTS_32	1024	/* 2-level, 32-bit layout */
#define EVTCHN_MAX_PORTS	(1 << 17)	/* FIFO */
#define EVTCHN_DEFAULT_PRIORITY	7
#define EVTCHN_BUCKET_PORTS	512	/* one page of ports */
#define EVTCHN_NR_BUCKETS	(EVTCHN_MAX_PORTS / EVTCHN_BUCKET_PORTS)

enum evtchn_state {
	EVTCHN_FREE,
	EVTCHN_RESERVED,	/* port 0 */
	EVTCHN_UNBOUND,		/* arg: domid that may bind to it */
	EVTCHN_SLOT,		/* far end: channel of d->attach.slot[slot] */
	EVTCHN_LOOP,		/* arg: port of this domain at the far end */
	EVTCHN_VIRQ,		/* arg: virq */
	EVTCHN_IPI,
	NR_EVTCHN_STATES
};

/*
 * One port.  Eight bytes, so that a raise reads it whole in one access and
 * without a lock; evtchn_table.lock orders the writers.
 */
struct evtchn {
	union {
		struct {
			u8 state : 4;	/* enum evtchn_state */
			u8 priority : 4;	/* FIFO: 0 is the highest */
			u8 vcpu;	/* which vCPU is told */
			u8 slot;	/* SLOT */
			u8 channel;	/* SLOT */
			u32 arg;
		};
		u64 raw;
	};
};

struct evtchn_table {
	/*
	 * irq-safe, below domain->lock: writers of ports, nr_used, and
	 * vcpu->xen.virq_port.
	 */
	spinlock_t lock;
	unsigned long pollers;		/* a: a bit for each vCPU in SCHEDOP_poll */
	struct evtchn *bucket[EVTCHN_NR_BUCKETS];	/* a: NULL, then constant */
	u16 nr_used[EVTCHN_NR_BUCKETS];	/* lock: ports that are not free */
	/* lock to write: NULL while the ABI is 2-level; see evtchn_fifo.c */
	struct evtchn_fifo __rcu *fifo;
};

int evtchn_init(struct domain *d);
void evtchn_destroy(struct domain *d);

/*
 * Guest operations (xen/evtchn_op.c): 0 or -errno, the port through *port.
 * Those that hand out a port may sleep; the others work in any context.
 */
int evtchn_alloc_unbound(struct domain *d, u16 remote_domid, u32 *port);
int evtchn_bind_loop(struct domain *d, u32 remote_port, u32 *port);
int evtchn_bind_virq(struct domain *d, u32 virq, u32 vcpu, u32 *port);
int evtchn_bind_ipi(struct domain *d, u32 vcpu, u32 *port);
int evtchn_bind_vcpu(struct domain *d, u32 port, u32 vcpu);
int evtchn_close(struct domain *d, u32 port);
/* Or EVTCHN_TO_BACKEND: it went to one, in this very call. */
#define EVTCHN_TO_BACKEND	1
int evtchn_send(struct domain *d, u32 port);
int evtchn_unmask(struct domain *d, u32 port);

/*
 * The FIFO ABI.  The first two may sleep; -ENOENT no such vCPU, -EOPNOTSUPP
 * the ABI is 2-level, -ENOSPC all ports have words, -EINVAL anything else that
 * is wrong.
 */
int evtchn_init_control(struct domain *d, u32 vcpu, u64 gfn, u32 offset);
int evtchn_expand_array(struct domain *d, u64 gfn);
int evtchn_set_priority(struct domain *d, u32 port, u32 priority);

/*
 * Close all ports but those of the fixed slots, which only lose what is
 * pending, and go back to the 2-level ABI, which has these ports, too: one that
 * it does not reach is closed.  May sleep.
 */
void evtchn_reset(struct domain *d);
bool evtchn_is_pending(struct domain *d, u32 port);
/* One past the largest port that the ABI has. */
u32 evtchn_limit(const struct domain *d);

struct evtchn_status_out {
	u32 status, vcpu, domid, port, virq;
};

int evtchn_status(struct domain *d, u32 port, struct evtchn_status_out *out);

/* A new port that is connected to a channel of a fixed slot. */
int evtchn_bind_slot(struct domain *d, struct attach_slot *slot, u32 channel,
		     u32 *port);

/**
 * evtchn_connect_slot() - bind a device's channel to an unbound port
 * @channel: index of the slot's channel
 * @port: as the holder names it, any number
 *
 * The channel is signalled, as the new end of an interdomain port.
 * Return: 0, also when the two are connected already; -EBUSY the channel has
 * another port; -EINVAL no port that waits for domain 0.
 */
int evtchn_connect_slot(struct domain *d, struct attach_slot *slot,
			u32 channel, u32 port);
/* The channel's port, if it has one, waits for domain 0 again. */
void evtchn_disconnect_slot(struct domain *d, struct attach_slot *slot,
			    u32 channel);

/* Raise from the host.  Any context. */
void evtchn_raise(struct domain *d, u32 port);
void evtchn_raise_virq(struct vcpu *vcpu, u32 virq);

#endif /* LODGE_RING_EVTCHN_H */
