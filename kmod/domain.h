/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A domain: one guest with its memory, vCPUs, event channels and slots.  It
 * lives until DESTROY, not until its files close; no process owns it.
 */
#ifndef LODGE_DOMAIN_H
#define LODGE_DOMAIN_H

#include <linux/atomic.h>
#include <linux/refcount.h>
#include <linux/uidgid.h>
#include <linux/wait.h>

#include <uapi/lodge.h>

#include "mmu/guest_ram.h"
#include "ring/attach.h"
#include "ring/evtchn.h"
#include "ring/grant.h"
#include "types.h"
#include "vmexit.h"
#include "xen/domain_xen.h"

struct domain_log;
struct vcpu;

/*
 * Field keys:  c  set before publication, constant after
 *              d  domain->lock           a  atomic, see the field
 * Lifetime: the list of domains holds one reference until DESTROY; each open
 * domain, vCPU and attach file holds one.  domain_put() of the last frees.
 */
struct domain {
	refcount_t refs;
	struct list_head link;		/* domains_lock, see domain.c */
	u32 id;				/* c */
	char name[LODGE_NAME_LEN];	/* c */
	u8 uuid[16];			/* c */
	kuid_t owner;			/* c */
	u64 memory;			/* c: bytes shown to the guest */
	u64 created_ns;			/* c: CLOCK_REALTIME */
	bool xapic;			/* c: how the local APICs start */
	unsigned int nr_vcpus;		/* c */
	struct vcpu *vcpus[LODGE_MAX_VCPUS];	/* c */

	struct guest_ram ram;
	struct evtchn_table evtchn;
	struct attach_table attach;
	struct grant_table grant;
	struct domain_xen xen;

	spinlock_t lock;		/* d; irq-safe; above evtchn locks */
	bool paused;			/* a: last word wins, then state_seq */
	bool shut_down;			/* a: set once, see domain_shutdown() */
	bool dying;			/* a: set once by DESTROY */
	unsigned int shutdown_reason;	/* d: valid once shut_down */
	char reason[LODGE_REASON_LEN];	/* d: first reason wins */
	wait_queue_head_t state_wait;	/* vCPU threads and poll()ers */
	atomic_t state_seq;		/* a: counts changes, for poll() */
	struct domain_log *log;		/* own lock */
};

/* kmod/domain.c */
int domain_create(struct lodge_domain_create *arg, struct domain **out);
void domain_destroy(struct domain *d);
struct domain *domain_lookup(u32 id, const char *name);	/* takes a reference */
struct domain *domain_next(u32 first);			/* id >= first */
unsigned int domain_count(void);
void domain_get(struct domain *d);
void domain_put(struct domain *d);
void domain_info(struct domain *d, struct lodge_domain_info *info);

void domain_pause(struct domain *d);
void domain_unpause(struct domain *d);

/**
 * domain_pause_for_memory() - wait until the host has memory again
 * @d: the domain, whose log says so
 * @what: it was for
 *
 * The user unpauses.  Until then nothing of what the guest asked for may be
 * changed but what a repeated exit finds done.
 * Return: VMEXIT_RESUME, for an interpreter to return: the exit is repeated.
 */
enum vmexit_action domain_pause_for_memory(struct domain *d, const char *what);

/* May its vCPUs ever run again? */
static inline bool domain_is_alive(const struct domain *d)
{
	return !(READ_ONCE(d->shut_down) || READ_ONCE(d->dying));
}

/* May vCPUs of this domain run now? */
static inline bool domain_is_runnable(const struct domain *d)
{
	return domain_is_alive(d) && !READ_ONCE(d->paused);
}

/**
 * domain_shutdown() - stop a domain for good
 * @d: the domain
 * @reason: LODGE_SHUTDOWN_*
 * @fmt: why, for people; the first reason wins
 *
 * Every vCPU leaves the guest and stays out.  Any context that may take
 * d->lock.  Return: VMEXIT_STOPPED, for an interpreter to return.
 */
__printf(3, 4)
enum vmexit_action domain_shutdown(struct domain *d, unsigned int reason,
				   const char *fmt, ...);

/**
 * vcpu_crash() - end a domain for its own fault, with registers recorded
 * @vcpu: run by this thread
 * @fmt: what the guest did
 */
__printf(2, 3)
enum vmexit_action vcpu_crash(struct vcpu *vcpu, const char *fmt, ...);

/* kmod/domain_log.c: the domain's hypervisor log; any context. */
struct domain_log *domain_log_alloc(void);
void domain_log_free(struct domain_log *log);
__printf(2, 3)
void domain_log(struct domain *d, const char *fmt, ...);
/* Guest text, line-buffered, non-printables stripped; rate-bounded by size. */
void domain_log_guest(struct domain *d, const char *text, size_t len);
u64 domain_log_end(struct domain *d);
/* Copy from @offset on; returns bytes, moves *offset. */
size_t domain_log_read(struct domain *d, u64 *offset, char *buf, size_t len);

#endif /* LODGE_DOMAIN_H */
