// SPDX-License-Identifier: GPL-2.0-only
/*
 * The 2-level ABI of event channels: two bits for each port in shared_info,
 * and a word in each vcpu_info that tells which words of pending bits are
 * worth a look.  All of them are set with atomic operations in the order that
 * the interface prescribes, so no lock is needed.
 */
#include "ring/evtchn_abi.h"

#include <linux/bitops.h>
#include <linux/nospec.h>

#include <xen/interface/xen.h>

#include "domain.h"
#include "ring/evtchn.h"
#include "vcpu.h"

/* Where the words are in shared_info; the 32-bit mask comes earlier. */
#define SHARED_PENDING		2048
#define SHARED_MASK_64		2560
#define SHARED_MASK_32		2176

static bool layout32(const struct domain *d)
{
	return READ_ONCE(d->xen.layout32);
}

u32 evtchn_2l_limit(const struct domain *d)
{
	return layout32(d) ? EVTCHN_2L_PORTS_32 : EVTCHN_2L_PORTS;
}

/*
 * Who calls has looked at the limit, which another vCPU may have changed
 * since: what keeps us inside the page is checked here.
 */
static bool has_bits(u32 *port)
{
	if (*port >= EVTCHN_2L_PORTS)
		return false;
	*port = array_index_nospec(*port, EVTCHN_2L_PORTS);
	return true;
}

static unsigned long *pending_words(const struct domain *d)
{
	return d->xen.shared + SHARED_PENDING;
}

static unsigned long *mask_words(const struct domain *d)
{
	return d->xen.shared + (layout32(d) ? SHARED_MASK_32 : SHARED_MASK_64);
}

/*
 * Set the selector bit of a port.  The guest may have put its vcpu_info at any
 * multiple of four.
 */
static bool test_and_set_sel(struct vcpu_info *info, u32 port, bool is32)
{
	unsigned int bit = is32 ? 32 + port / 32 : 64 + port / 64;

	return word_test_and_set((atomic_t *)info + bit / 32, bit % 32);
}

/*
 * Tell a vCPU that the selector word of @port has something for it.
 *
 * VCPUOP_register_vcpu_info may move the info while we write to it.  It
 * publishes the new place first and then marks everything in it pending, so
 * either it does that after our pending bit was set, or we see here that the
 * pointer changed and set the bits again where the guest looks now.
 */
static void mark_pending(struct vcpu *vcpu, u32 port, bool is32)
{
	struct vcpu_info *info;
	bool fresh;

	do {
		info = READ_ONCE(vcpu->xen.info);
		fresh = !test_and_set_sel(info, port, is32) &&
			!xchg(&info->evtchn_upcall_pending, 1);
	} while (unlikely(info != READ_ONCE(vcpu->xen.info)));

	if (fresh)
		vcpu_request(vcpu, VCPU_REQ_EVENT);
}

bool evtchn_2l_raise(struct domain *d, u32 port, unsigned int vcpu)
{
	if (!has_bits(&port) || test_and_set_bit(port, pending_words(d)))
		return false;
	if (!test_bit(port, mask_words(d)))
		mark_pending(d->vcpus[vcpu], port, layout32(d));
	return true;
}

void evtchn_2l_unmask(struct domain *d, u32 port, unsigned int vcpu)
{
	if (has_bits(&port) && test_and_clear_bit(port, mask_words(d)) &&
	    test_bit(port, pending_words(d)))
		mark_pending(d->vcpus[vcpu], port, layout32(d));
}

bool evtchn_2l_is_pending(struct domain *d, u32 port)
{
	return has_bits(&port) && test_bit(port, pending_words(d));
}

void evtchn_2l_clear(struct domain *d, u32 port)
{
	if (has_bits(&port))
		clear_bit(port, pending_words(d));
}

bool evtchn_2l_take(struct domain *d, u32 port)
{
	return has_bits(&port) && test_and_clear_bit(port, pending_words(d));
}
