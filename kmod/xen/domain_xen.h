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

#define XEN_NR_HVM_PARAMS	39

/**
 * struct xen_clock - guest time: nanoseconds from guest TSC ticks
 * @tsc_base: c: host TSC at domain creation; guest TSC = host TSC - tsc_base
 * @mul: c: pvclock multiplier
 * @shift: c: pvclock shift
 * @stable: c: one record serves all vCPUs for ever (TSC_STABLE)
 */
struct xen_clock {
	u64 tsc_base;
	u32 mul;
	s8 shift;
	bool stable;
};

struct domain_xen {
	struct page *shared_info;	/* c: the page; mapped at shared_gfn */
	u64 shared_gfn;			/* lock: ~0 nowhere */
	bool layout32;			/* a: shared_info has the 32-bit layout */
	u8 callback_vector;		/* a: HVM_PARAM_CALLBACK_IRQ type 2, 0 none */
	struct mutex lock;		/* params, shared_gfn; above s2.lock */
	u64 params[XEN_NR_HVM_PARAMS];	/* lock */
	u64 wall_ns;			/* c: CLOCK_REALTIME at guest time 0 */
	struct xen_clock clock;
};

#endif /* LODGE_XEN_DOMAIN_XEN_H */
