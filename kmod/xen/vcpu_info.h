/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What Xen's interface keeps for each vCPU: where its vcpu_info lives, its
 * timers, its runstate and time areas, what it polls for.
 */
#ifndef LODGE_XEN_VCPU_INFO_H
#define LODGE_XEN_VCPU_INFO_H

#include <linux/hrtimer.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#include "types.h"

struct page;
struct vcpu;
struct vcpu_hvm_context;
struct vcpu_info;

#define XEN_NR_VIRQS		24
#define XEN_POLL_MAX_PORTS	128

/* A guest structure that the module writes: pinned, up to two pages. */
struct guest_area {
	struct page *page[2];	/* page[1] only if it straddles */
	u16 offset;
	u16 size;
	bool layout32;		/* registered by a 32-bit caller */
};

/**
 * guest_area_pin() - find and hold a structure at a guest virtual address
 * @vcpu: run by this thread; its page tables translate, once
 * @area: filled on success
 * @gva: may straddle a page boundary
 * @size: bytes, at most a page
 *
 * May sleep.  Return: 0, -EFAULT, -ENOMEM
 */
int guest_area_pin(struct vcpu *vcpu, struct guest_area *area, gva_t gva,
		   u16 size);
void guest_area_unpin(struct guest_area *area);
/* Any context; the caller orders writers. */
void guest_area_write(const struct guest_area *area, unsigned int offset,
		      const void *src, unsigned int len);

static inline bool guest_area_is_set(const struct guest_area *area)
{
	return area->page[0];
}

/*
 * info points into shared_info, into early_info, or into a page that the
 * guest registered; all are held for the vCPU's life, so a pointer once read
 * stays valid.  It moves once (VCPUOP_register_vcpu_info, under the domain's
 * xen.lock); evtchn_2l.c tells how a raise copes with that without a lock.
 */
struct vcpu_xen {
	struct vcpu_info *info;		/* a: WRITE_ONCE under xen.lock */
	struct page *info_page;		/* xen.lock: pinned, or NULL */
	u64 early_info[8];		/* vCPUs that shared_info has no room for */
	struct hrtimer timer;		/* singleshot, raises VIRQ_TIMER */
	u64 timer_deadline;		/* a: ns of guest time, 0 none */
	struct hrtimer periodic;	/* xen.lock to start and stop */
	u64 period_ns;			/* xen.lock to write; 0 none */
	bool periodic_stalled;		/* xen.lock to clear; see periodic_fires() */

	spinlock_t area_lock;		/* irq-safe leaf: all down to the blank */
	struct guest_area runstate_area;
	struct guest_area time_area;
	u32 time_version;	/* even; of both time records */
	u32 runstate;
	u64 runstate_since;		/* guest ns: entry into runstate */
	u64 runstate_time[4];		/* up to that */
	bool runstate_update_flag;	/* a: vm_assist type 5 */

	u32 virq_port[XEN_NR_VIRQS];	/* a: port bound to a VIRQ, 0 none */

	/* SCHEDOP_poll; see sched.c.  Senders read polling and nr, port only. */
	bool polling;			/* a */
	bool poll_expired;		/* a: the time-out came */
	unsigned int poll_nr;		/* a */
	u32 poll_port;			/* a: the port when poll_nr is 1 */
	u32 *poll_ports;		/* v: room for XEN_POLL_MAX_PORTS */
	u64 poll_deadline;		/* c while poll_timer is armed */
	struct hrtimer poll_timer;

	struct vcpu_hvm_context *start;	/* xen.lock: state for the first run */
	u64 restart[3];			/* v: arguments of XEN_HC_RESTART */
};

#endif /* LODGE_XEN_VCPU_INFO_H */
