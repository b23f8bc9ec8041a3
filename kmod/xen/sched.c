// SPDX-License-Identifier: GPL-2.0-only
/*
 * sched_op: a guest gives its CPU away, waits for events or ends itself.
 */
#include "xen/sched.h"

#include <linux/hrtimer.h>
#include <linux/nospec.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include <xen/interface/sched.h>
#include <xen/interface/xen.h>

#include "domain.h"
#include "ring/evtchn.h"
#include "vcpu.h"
#include "xen/guest_if.h"
#include "xen/hypercall.h"
#include "xen/time.h"

#define SHUTDOWN_REASON_MASK	0xff

struct poll64 {
	u64 ports;
	u32 nr_ports;
	u32 pad;
	u64 timeout;
};

struct poll32 {
	u32 ports;
	u32 nr_ports;
	u64 timeout;
} __packed __aligned(4);

/*
 * The guest waits for something that another of its vCPUs or another thread of
 * the host must do.
 */
static long yield_cpu(struct vcpu *vcpu)
{
	if (vcpu->atomic)
		return XEN_HC_AGAIN;
	vcpu_yield(vcpu);
	return 0;
}

static long block(struct vcpu *vcpu)
{
	WRITE_ONCE(READ_ONCE(vcpu->xen.info)->evtchn_upcall_mask, 0);
	return XEN_HC_BLOCK;
}

static long shutdown(struct vcpu *vcpu, gva_t arg)
{
	static const char * const text[] = {
		[LODGE_SHUTDOWN_POWEROFF] = "powered off by the guest",
		[LODGE_SHUTDOWN_REBOOT] = "reboot asked for by the guest",
		[LODGE_SHUTDOWN_SUSPEND] = "suspended by the guest",
		[LODGE_SHUTDOWN_CRASH] = "crash reported by the guest",
		[LODGE_SHUTDOWN_WATCHDOG] = "watchdog reported by the guest",
		[LODGE_SHUTDOWN_SOFT_RESET] = "soft reset asked for by the guest",
	};
	struct domain *d = vcpu->domain;
	u32 reason;
	long ret;

	ret = xen_fetch(vcpu, &reason, arg, sizeof(reason));
	if (ret)
		return ret;
	reason = xen_shutdown_reason(d, reason & SHUTDOWN_REASON_MASK);
	if (reason < ARRAY_SIZE(text))
		domain_shutdown(d, reason, "%s",
				text[array_index_nospec(reason,
							ARRAY_SIZE(text))]);
	else
		domain_shutdown(d, LODGE_SHUTDOWN_CRASH,
				"shut down by the guest for unknown reason %u",
				reason);
	return XEN_HC_STOPPED;
}

static long shutdown_code(struct vcpu *vcpu, gva_t arg)
{
	u32 reason;
	long ret;

	ret = xen_fetch(vcpu, &reason, arg, sizeof(reason));
	if (ret)
		return ret;
	WRITE_ONCE(vcpu->domain->xen.shutdown_code,
		   reason & SHUTDOWN_REASON_MASK);
	return 0;
}

static long fetch_poll(struct vcpu *vcpu, gva_t arg, bool compat,
		       struct poll64 *poll)
{
	struct poll32 poll32;
	long ret;

	if (!compat)
		return xen_fetch(vcpu, poll, arg, sizeof(*poll));
	ret = xen_fetch(vcpu, &poll32, arg, sizeof(poll32));
	if (ret)
		return ret;
	poll->ports = poll32.ports;
	poll->nr_ports = poll32.nr_ports;
	poll->timeout = poll32.timeout;
	return 0;
}

/* One port, the rule, needs no memory; the first poll of several gets some. */
static long fetch_ports(struct vcpu *vcpu, const struct poll64 *poll,
			u32 *single, u32 **ports)
{
	struct vcpu_xen *x = &vcpu->xen;
	u32 limit = evtchn_limit(vcpu->domain);
	unsigned int i;
	long ret;

	*ports = single;
	if (poll->nr_ports > 1) {
		if (!x->poll_ports && vcpu->atomic)
			return XEN_HC_AGAIN;
		if (!x->poll_ports)
			x->poll_ports = kcalloc(XEN_POLL_MAX_PORTS, sizeof(u32),
						GFP_GUEST);
		if (!x->poll_ports)
			return XEN_HC_NOMEM;
		*ports = x->poll_ports;
	}
	ret = xen_fetch(vcpu, *ports, poll->ports,
			poll->nr_ports * sizeof(u32));
	if (ret)
		return ret;
	for (i = 0; i < poll->nr_ports; i++) {
		if ((*ports)[i] >= limit)
			return -EINVAL;
	}
	return 0;
}

bool xen_poll_is_done(struct vcpu *vcpu)
{
	struct vcpu_xen *x = &vcpu->xen;
	unsigned int i;

	if (!x->polling)
		return false;
	if (READ_ONCE(x->poll_expired))
		return true;
	if (x->poll_nr == 1)
		return evtchn_is_pending(vcpu->domain, x->poll_port);
	for (i = 0; i < x->poll_nr; i++) {
		if (evtchn_is_pending(vcpu->domain, x->poll_ports[i]))
			return true;
	}
	return false;
}

/*
 * Enter the mask of pollers, then look at the ports: a sender sets the bit,
 * then looks at the mask (wake_pollers() in evtchn.c), so one of us sees the
 * other.
 */
static void poll_begin(struct vcpu *vcpu, unsigned int nr, u32 port)
{
	struct vcpu_xen *x = &vcpu->xen;

	WRITE_ONCE(x->poll_port, port);
	WRITE_ONCE(x->poll_nr, nr);
	WRITE_ONCE(x->poll_expired, false);
	WRITE_ONCE(x->polling, true);
	set_bit(vcpu->id, &vcpu->domain->evtchn.pollers);
	smp_mb__after_atomic();	/* the mask, then the pending bits */
}

void xen_poll_finish(struct vcpu *vcpu)
{
	struct vcpu_xen *x = &vcpu->xen;

	if (!x->polling)
		return;
	clear_bit(vcpu->id, &vcpu->domain->evtchn.pollers);
	hrtimer_cancel(&x->poll_timer);
	WRITE_ONCE(x->polling, false);
}

static enum hrtimer_restart poll_expires(struct hrtimer *timer)
{
	struct vcpu *vcpu = container_of(timer, struct vcpu, xen.poll_timer);
	ktime_t host;

	/* As in timer_fires(): the host's clock may be ahead. */
	if (xen_deadline_to_host(vcpu->domain, vcpu->xen.poll_deadline,
				 &host)) {
		hrtimer_start(timer, host, HRTIMER_MODE_ABS);
		return HRTIMER_NORESTART;
	}
	WRITE_ONCE(vcpu->xen.poll_expired, true);
	vcpu_request(vcpu, VCPU_REQ_EVENT);
	return HRTIMER_NORESTART;
}

void xen_poll_init(struct vcpu *vcpu)
{
	hrtimer_init(&vcpu->xen.poll_timer, CLOCK_MONOTONIC, HRTIMER_MODE_ABS);
	vcpu->xen.poll_timer.function = poll_expires;
}

void xen_poll_exit(struct vcpu *vcpu)
{
	hrtimer_cancel(&vcpu->xen.poll_timer);
	kfree(vcpu->xen.poll_ports);
}

static long poll(struct vcpu *vcpu, gva_t arg, bool compat)
{
	struct poll64 poll;
	ktime_t host;
	u32 single = 0;
	u32 *ports;
	long ret;

	ret = fetch_poll(vcpu, arg, compat, &poll);
	if (ret)
		return ret;
	if (poll.nr_ports > XEN_POLL_MAX_PORTS)
		return -EINVAL;
	if (poll.nr_ports) {
		ret = fetch_ports(vcpu, &poll, &single, &ports);
		if (ret)
			return ret;
	}

	poll_begin(vcpu, poll.nr_ports, single);
	if (xen_poll_is_done(vcpu) ||
	    (poll.timeout &&
	     !xen_deadline_to_host(vcpu->domain, poll.timeout, &host))) {
		xen_poll_finish(vcpu);
		return 0;
	}
	if (poll.timeout) {
		vcpu->xen.poll_deadline = poll.timeout;
		hrtimer_start(&vcpu->xen.poll_timer, host, HRTIMER_MODE_ABS);
	}
	return XEN_HC_BLOCK;
}

long xen_sched_op(struct vcpu *vcpu, u64 cmd, u64 arg, u64 a3, bool compat)
{
	switch ((u32)cmd) {
	case SCHEDOP_yield:
		return yield_cpu(vcpu);
	case SCHEDOP_block:
		return block(vcpu);
	case SCHEDOP_shutdown:
		return shutdown(vcpu, arg);
	case SCHEDOP_poll:
		return poll(vcpu, arg, compat);
	case SCHEDOP_shutdown_code:
		return shutdown_code(vcpu, arg);
	case SCHEDOP_remote_shutdown:
	case SCHEDOP_pin_override:
		return -EPERM;
	default:
		return -ENOSYS;
	}
}
