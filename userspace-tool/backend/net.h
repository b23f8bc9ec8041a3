/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The back end of a network interface.
 */
#ifndef LODGE_BACKEND_NET_H
#define LODGE_BACKEND_NET_H

#include "backend/device.h"
#include "net/vif.h"

/* What an interface counts, as the guest sees it. */
enum net_counter {
	NET_TX_PACKETS,
	NET_TX_BYTES,
	NET_TX_ERRORS,		/* the host did not take them */
	NET_TX_REFUSED,		/* they made no sense */
	NET_RX_PACKETS,
	NET_RX_BYTES,
	NET_RX_ERRORS,
	NR_NET_COUNTERS
};

_Static_assert(NR_NET_COUNTERS <= DEVICE_COUNTERS, "no room to count");

extern const struct backend backend_net;

/*
 * The whole of an interface: what the configuration leaves open follows from
 * the domain.  A MAC that is not given is the same as long as the domain's uuid
 * is.  0 or -1.
 */
int net_vif(const struct device_config *config,
	    const struct device_domain *domain, struct vif *vif,
	    struct failure *failure);

#endif /* LODGE_BACKEND_NET_H */
