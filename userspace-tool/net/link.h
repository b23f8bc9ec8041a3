/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The host's network devices, by rtnetlink.  Each function returns 0 or -errno
 * and prints nothing.
 */
#ifndef LODGE_NET_LINK_H
#define LODGE_NET_LINK_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#define LINK_ALIAS	128

/* An IPv4 or IPv6 address. */
struct ip_address {
	uint8_t family;		/* AF_INET, AF_INET6 */
	uint8_t bytes[16];
};

/**
 * struct net_link - a device as it is
 * @index: its number
 * @mtu: largest packet without its Ethernet header
 * @master: number of the bridge that it is a port of, or 0
 * @is_bridge: it is one
 * @alias: free text, by which we know what is ours
 */
struct net_link {
	unsigned int index;
	unsigned int mtu;
	unsigned int master;
	bool is_bridge;
	char alias[LINK_ALIAS];
};

/**
 * struct link_settings - what to change; what is zero stays
 * @mac: 6 bytes
 */
struct link_settings {
	const uint8_t *mac;
	unsigned int mtu;
	unsigned int master;
	const char *alias;
	bool no_ip6_address;	/* it gets no link-local address */
	bool up;
};

/* -ENODEV: there is none of that name. */
int link_get(const char *name, struct net_link *link);
int link_set(unsigned int index, const struct link_settings *settings);
int link_make_bridge(const char *name, const char *alias);
int link_delete(const char *name);

/* Whether any device is a port of the bridge @index: 1, 0 or -errno. */
int link_has_ports(unsigned int index);

/* Give the device an address of its own. */
int link_add_address(unsigned int index, const struct ip_address *address,
		     unsigned int prefix);

/* Its first IPv4 address; -ENOENT: it has none. */
int link_get_address(unsigned int index, struct ip_address *address);

/* Send what is for @address to the device. */
int link_add_route(unsigned int index, const struct ip_address *address);

/* Does a route of ours, other than the default one, lead into @network/24? */
int link_is_routed(const struct ip_address *network);

/* /proc/sys/net/FAMILY/conf/NAME/KEY; @family: "ipv4" or "ipv6". */
int link_write_setting(const char *family, const char *name, const char *key,
		       const char *value);
int link_read_setting(const char *family, const char *name, const char *key);

/*
 * Before the device comes up: the host takes nobody there for a router, and
 * does not send elsewhere what anybody there wants it to.
 */
int link_believe_no_routes(const char *name);

/* Before it comes up: the host has no IPv6 there. */
int link_disable_ip6(const char *name);

#endif /* LODGE_NET_LINK_H */
