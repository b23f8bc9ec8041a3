// SPDX-License-Identifier: GPL-2.0-only
/*
 * Making and ending the Xen part of a domain and of its vCPUs: the
 * shared_info page with clocks that tick before the guest looks at them.
 */
#include "xen/domain_xen.h"

#include <linux/build_bug.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

#include <asm/tsc.h>
#include <xen/interface/xen.h>

#include "domain.h"
#include "mmu/guest_ram.h"
#include "vcpu.h"
#include "xen/guest_if.h"
#include "xen/sched.h"
#include "xen/time.h"

/* vCPUs that have a vcpu_info in shared_info. */
#define NR_SHARED_VCPUS	32

int xen_domain_create(struct domain *d)
{
	struct domain_xen *x = &d->xen;

	BUILD_BUG_ON(sizeof(struct vcpu_info) != 64);
	x->shared_info = alloc_page(GFP_KERNEL_ACCOUNT | __GFP_ZERO);
	if (!x->shared_info)
		return -ENOMEM;
	x->shared = page_address(x->shared_info);
	x->shared_gfn = XEN_NO_GFN;
	x->shutdown_code = XEN_NO_SHUTDOWN_CODE;
	mutex_init(&x->lock);
	xen_clock_init(&x->clock, tsc_khz);
	x->wall_ns = ktime_to_ns(ktime_mono_to_real(x->clock.base_ns));
	xen_wallclock_update(d);
	return 0;
}

/* Where the guest sees the page, it is held by a reference of the mapping. */
void xen_domain_destroy(struct domain *d)
{
	put_page(d->xen.shared_info);
}

int xen_vcpu_create(struct vcpu *vcpu)
{
	struct vcpu_xen *x = &vcpu->xen;
	struct vcpu_info *shared = vcpu->domain->xen.shared;

	x->info = vcpu->id < NR_SHARED_VCPUS ? &shared[vcpu->id] :
					       (void *)x->early_info;
	spin_lock_init(&x->area_lock);
	xen_timers_init(vcpu);
	xen_poll_init(vcpu);
	xen_time_update(vcpu);
	return 0;
}

void xen_vcpu_destroy(struct vcpu *vcpu)
{
	struct vcpu_xen *x = &vcpu->xen;

	xen_poll_exit(vcpu);
	xen_timers_exit(vcpu);
	guest_area_unpin(&x->runstate_area);
	guest_area_unpin(&x->time_area);
	if (x->info_page)
		guest_ram_unpin(x->info_page);
	kfree(x->start);
}
