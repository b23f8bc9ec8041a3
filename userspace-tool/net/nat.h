/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The host's NAT bridge: a network of its own for domains, which reach the
 * world with the host's address.  There is one for all domains, made with the
 * first interface and undone with the last.
 */
#ifndef LODGE_NET_NAT_H
#define LODGE_NET_NAT_H

#include "msg.h"
#include "net/link.h"

#define NAT_BRIDGE	"lodgenat0"
#define NAT_PREFIX	24

/*
 * Under the lock: the bridge, made if it is not there, for a guest that has
 * these addresses.  0 or -1.
 */
int nat_get(struct net_link *bridge, const struct ip_address *addresses,
	    unsigned int nr, struct failure *failure);

/* Under the lock: undo the bridge if nobody uses it. */
void nat_put(void);

/*
 * Takes the lock: have dnsmasq run if the bridge is there.  See dhcp_start() for
 * what is returned; -ENODEV: there is no bridge.
 */
int nat_start_dhcp(struct failure *failure);

#endif /* LODGE_NET_NAT_H */
