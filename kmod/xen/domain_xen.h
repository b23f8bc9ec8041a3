/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What Xen's interface keeps for a domain: shared_info, HVM parameters, the
 * clock.
 */
#ifndef LODGE_XEN_DOMAIN_XEN_H
#define LODGE_XEN_DOMAIN_XEN_H

#include <linux/mutex.h>
#include <linux/types.h>

struct page;

/* The Xen version that guests see: leaf 0x40000001 and xen_version(0). */
#define XEN_GUEST_VERSION	((4u << 16) | 17)

#define XEN_NR_HVM_PARAMS	39
#define XEN_NO_GFN		(~0ull)
#define XEN_NO_SHUTDOWN_CODE	(~0u)

/**
 * struct xen_clock - guest time: nanoseconds from guest TSC ticks
 * @tsc_base: c: host TSC at domain creation, with what it had lost in sleeps;
 *	see xen_tsc_offset()
 * @base_ns: c: CLOCK_MONOTONIC at the same moment
 * @mul: c: pvclock multiplier
 * @shift: c: pvclock shift
 * @stable: c: one record serves all vCPUs for ever (TSC_STABLE).  Without it
 *	the host's monotonic clock is the guest's, and each vCPU needs a new
 *	record (xen_time_update()) whenever it is loaded on a host CPU
 */
struct xen_clock {
	u64 tsc_base;
	u64 base_ns;
	u32 mul;
	s8 shift;
	bool stable;
};

struct domain_xen {
	struct page *shared_info;	/* c: the page; mapped at shared_gfn */
	void *shared;			/* c: its address */
	u64 shared_gfn;			/* lock: where it was put last */
	bool layout32;			/* a: shared_info has the 32-bit layout */
	u8 callback_vector;		/* a: HVM_PARAM_CALLBACK_IRQ type 2, 0 none */
	struct mutex lock;		/* see below; above grant.lock, s2.lock */
	u64 params[XEN_NR_HVM_PARAMS];	/* lock */
	u64 wall_ns;			/* c: CLOCK_REALTIME at guest time 0 */
	struct xen_clock clock;
	unsigned int shutdown_code;	/* a: SCHEDOP_shutdown_code, or none */
};

#endif /* LODGE_XEN_DOMAIN_XEN_H */
