/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What Xen's interface keeps for each vCPU: where its vcpu_info lives, its
 * singleshot timer, its runstate and time areas.
 */
#ifndef LODGE_XEN_VCPU_INFO_H
#define LODGE_XEN_VCPU_INFO_H

#include <linux/hrtimer.h>
#include <linux/spinlock.h>
#include <linux/types.h>

struct page;
struct vcpu;
struct vcpu_info;

/* A guest structure that the module writes: pinned, up to two pages. */
struct guest_area {
	struct page *page[2];	/* page[1] only if it straddles */
	u16 offset;
	u16 size;
};

/*
 * info points into shared_info or into a page the guest registered; both are
 * pinned, so it is valid for ever and read without a lock.  It moves once
 * (VCPUOP_register_vcpu_info), under info_lock, which event delivery takes too.
 */
struct vcpu_xen {
	struct vcpu_info *info;		/* a: info_lock to change */
	struct page *info_page;		/* pinned, or NULL while in shared_info */
	spinlock_t info_lock;		/* irq-safe: info against raise */
	struct hrtimer timer;		/* VIRQ_TIMER, one deadline */
	u64 timer_deadline;		/* ns of guest time, 0 none */
	u64 period_ns;			/* periodic timer, 0 none */
	struct guest_area runstate_area;	/* v */
	struct guest_area time_area;		/* v */
	spinlock_t runstate_lock;	/* irq-safe: runstate* */
	u32 runstate;
	u64 runstate_since;		/* guest ns */
	u64 runstate_time[4];
	bool runstate_update_flag;	/* vm_assist type 5, copied here */
	u16 virq_port[24];		/* a: port bound to a VIRQ, 0 none */
	bool poll_all;			/* a: in SCHEDOP_poll, see sched.c */
	bool initialised;		/* VCPUOP_initialise or INIT/SIPI came */
	u8 upcall_vector;		/* HVMOP_set_evtchn_upcall_vector; 0 none */
};

#endif /* LODGE_XEN_VCPU_INFO_H */
