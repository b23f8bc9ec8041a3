/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * DHCP and DNS for the guests of the NAT bridge: dnsmasq, if it is installed,
 * bound to the bridge and there as long as the bridge is.  There is one for all
 * domains, and none of them needs it: one that has died is started again.
 *
 * All of this is done under net_lock().
 */
#ifndef LODGE_NET_DHCP_H
#define LODGE_NET_DHCP_H

#include "msg.h"
#include "net/link.h"

#include <stdbool.h>
#include <stdint.h>

/* The last byte of the addresses that anybody may get. */
#define DHCP_FIRST	128
#define DHCP_LAST	254

bool dhcp_is_installed(void);

/*
 * Have it run for the network of @bridge, where the host is @host and the
 * prefix 24 bits long.  A pidfd of it; -ENOENT: it is not installed; or -errno
 * with @failure set.
 */
int dhcp_start(const char *bridge, const struct ip_address *host,
	       struct failure *failure);

/* End it, and forget what it gave to whom. */
void dhcp_stop(void);

/* Give @address to @mac and to nobody else, till dhcp_release().  0 or -errno. */
int dhcp_reserve(const char *interface, const uint8_t *mac,
		 const struct ip_address *address);
void dhcp_release(const char *interface);

#endif /* LODGE_NET_DHCP_H */
