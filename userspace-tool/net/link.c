// SPDX-License-Identifier: GPL-2.0-only
/*
 * The host's network devices, by rtnetlink.  See link.h.
 */
#include "net/link.h"

#include "net/netlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MESSAGE_BYTES	1024

/* Messages are short: those of a device and those of a route. */
struct message {
	uint32_t words[MESSAGE_BYTES / sizeof(uint32_t)];
};

static struct netlink_buf use(struct message *message)
{
	return (struct netlink_buf){
		.bytes = (uint8_t *)message->words,
		.size = sizeof(message->words),
	};
}

static uint32_t get_u32(const struct nlmsghdr *m, uint16_t attr)
{
	size_t size;
	const void *data = netlink_get(m, sizeof(struct ifinfomsg), attr,
				       &size);
	uint32_t value = 0;

	if (data && size >= sizeof(value))
		memcpy(&value, data, sizeof(value));
	return value;
}

static bool kind_is_bridge(const struct nlmsghdr *m)
{
	size_t size;
	const void *info = netlink_get(m, sizeof(struct ifinfomsg),
				       IFLA_LINKINFO, &size);
	const struct rtattr *a = info;
	int left = info ? (int)size : 0;

	for (; RTA_OK(a, left); a = RTA_NEXT(a, left))
		if (a->rta_type == IFLA_INFO_KIND)
			return RTA_PAYLOAD(a) >= 7 &&
			       !memcmp(RTA_DATA(a), "bridge", 7);
	return false;
}

static int take_link(const struct nlmsghdr *m, void *arg)
{
	const struct ifinfomsg *info = NLMSG_DATA(m);
	struct net_link *link = arg;
	const char *alias;
	size_t size;

	if (m->nlmsg_type != RTM_NEWLINK)
		return 0;
	link->index = info->ifi_index;
	link->mtu = get_u32(m, IFLA_MTU);
	link->master = get_u32(m, IFLA_MASTER);
	link->is_bridge = kind_is_bridge(m);
	alias = netlink_get(m, sizeof(*info), IFLA_IFALIAS, &size);
	if (alias)
		snprintf(link->alias, sizeof(link->alias), "%.*s", (int)size,
			 alias);
	return 1;
}

int link_get(const char *name, struct net_link *link)
{
	const struct ifinfomsg info = { .ifi_family = AF_UNSPEC };
	struct message bytes;
	struct netlink_buf m = use(&bytes);
	int err;

	memset(link, 0, sizeof(*link));
	netlink_begin(&m, RTM_GETLINK, 0, &info, sizeof(info));
	netlink_put_text(&m, IFLA_IFNAME, name);
	err = netlink_dump(NETLINK_ROUTE, &m, take_link, link);
	return err ? err : link->index ? 0 : -ENODEV;
}

static void put_no_ip6_address(struct netlink_buf *m)
{
	uint32_t spec = netlink_nest(m, IFLA_AF_SPEC);
	uint32_t ip6 = netlink_nest(m, AF_INET6);

	netlink_put_u8(m, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
	netlink_nest_end(m, ip6);
	netlink_nest_end(m, spec);
}

int link_set(unsigned int index, const struct link_settings *s)
{
	const struct ifinfomsg info = {
		.ifi_family = AF_UNSPEC,
		.ifi_index = index,
		.ifi_flags = s->up ? IFF_UP : 0,
		.ifi_change = s->up ? IFF_UP : 0,
	};
	struct message bytes;
	struct netlink_buf m = use(&bytes);

	netlink_begin(&m, RTM_NEWLINK, NLM_F_ACK, &info, sizeof(info));
	if (s->mac)
		netlink_put(&m, IFLA_ADDRESS, s->mac, 6);
	if (s->mtu)
		netlink_put_u32(&m, IFLA_MTU, s->mtu);
	if (s->master)
		netlink_put_u32(&m, IFLA_MASTER, s->master);
	if (s->alias)
		netlink_put(&m, IFLA_IFALIAS, s->alias, strlen(s->alias));
	if (s->no_ip6_address)
		put_no_ip6_address(&m);
	return netlink_request(NETLINK_ROUTE, &m);
}

int link_make_bridge(const char *name, const char *alias)
{
	const struct ifinfomsg info = { .ifi_family = AF_UNSPEC };
	struct net_link link;
	uint32_t nest;
	struct message bytes;
	struct netlink_buf m = use(&bytes);
	int err;

	netlink_begin(&m, RTM_NEWLINK, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL,
		      &info, sizeof(info));
	netlink_put_text(&m, IFLA_IFNAME, name);
	nest = netlink_nest(&m, IFLA_LINKINFO);
	netlink_put_text(&m, IFLA_INFO_KIND, "bridge");
	netlink_nest_end(&m, nest);
	err = netlink_request(NETLINK_ROUTE, &m);
	if (!err)
		err = link_get(name, &link);
	if (err)
		return err;
	return link_set(link.index, &(struct link_settings){ .alias = alias });
}

int link_delete(const char *name)
{
	const struct ifinfomsg info = { .ifi_family = AF_UNSPEC };
	struct message bytes;
	struct netlink_buf m = use(&bytes);

	netlink_begin(&m, RTM_DELLINK, NLM_F_ACK, &info, sizeof(info));
	netlink_put_text(&m, IFLA_IFNAME, name);
	return netlink_request(NETLINK_ROUTE, &m);
}

struct port_search {
	unsigned int bridge;
	bool found;
};

static int take_port(const struct nlmsghdr *m, void *arg)
{
	struct port_search *search = arg;

	search->found = m->nlmsg_type == RTM_NEWLINK &&
			get_u32(m, IFLA_MASTER) == search->bridge;
	return search->found;
}

int link_has_ports(unsigned int index)
{
	const struct ifinfomsg info = { .ifi_family = AF_UNSPEC };
	struct port_search search = { .bridge = index };
	struct message bytes;
	struct netlink_buf m = use(&bytes);
	int err;

	netlink_begin(&m, RTM_GETLINK, NLM_F_DUMP, &info, sizeof(info));
	err = netlink_dump(NETLINK_ROUTE, &m, take_port, &search);
	return err ? err : search.found;
}

static unsigned int address_bytes(const struct ip_address *address)
{
	return address->family == AF_INET ? 4 : 16;
}

int link_add_address(unsigned int index, const struct ip_address *address,
		     unsigned int prefix)
{
	const struct ifaddrmsg header = {
		.ifa_family = address->family,
		.ifa_prefixlen = prefix,
		.ifa_index = index,
	};
	struct message bytes;
	struct netlink_buf m = use(&bytes);

	netlink_begin(&m, RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE,
		      &header, sizeof(header));
	netlink_put(&m, IFA_LOCAL, address->bytes, address_bytes(address));
	netlink_put(&m, IFA_ADDRESS, address->bytes, address_bytes(address));
	return netlink_request(NETLINK_ROUTE, &m);
}

struct address_search {
	unsigned int index;
	bool found;
	struct ip_address address;
};

static int take_address(const struct nlmsghdr *m, void *arg)
{
	const struct ifaddrmsg *header = NLMSG_DATA(m);
	struct address_search *search = arg;
	const void *local;
	size_t size;

	if (m->nlmsg_type != RTM_NEWADDR ||
	    header->ifa_index != search->index)
		return 0;
	local = netlink_get(m, sizeof(*header), IFA_LOCAL, &size);
	if (!local || size != 4)
		return 0;
	search->address.family = AF_INET;
	memcpy(search->address.bytes, local, size);
	search->found = true;
	return 1;
}

int link_get_address(unsigned int index, struct ip_address *address)
{
	const struct ifaddrmsg header = { .ifa_family = AF_INET };
	struct address_search search = { .index = index };
	struct message bytes;
	struct netlink_buf m = use(&bytes);
	int err;

	netlink_begin(&m, RTM_GETADDR, NLM_F_DUMP, &header, sizeof(header));
	err = netlink_dump(NETLINK_ROUTE, &m, take_address, &search);
	*address = search.address;
	return err ? err : search.found ? 0 : -ENOENT;
}

int link_add_route(unsigned int index, const struct ip_address *address)
{
	const struct rtmsg header = {
		.rtm_family = address->family,
		.rtm_dst_len = 8 * address_bytes(address),
		.rtm_table = RT_TABLE_MAIN,
		.rtm_protocol = RTPROT_STATIC,
		.rtm_scope = address->family == AF_INET ? RT_SCOPE_LINK :
			     RT_SCOPE_UNIVERSE,
		.rtm_type = RTN_UNICAST,
	};
	struct message bytes;
	struct netlink_buf m = use(&bytes);

	netlink_begin(&m, RTM_NEWROUTE, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL,
		      &header, sizeof(header));
	netlink_put(&m, RTA_DST, address->bytes, address_bytes(address));
	netlink_put_u32(&m, RTA_OIF, index);
	return netlink_request(NETLINK_ROUTE, &m);
}

struct route_search {
	uint32_t network;
	bool found;
};

/* Two networks overlap when they agree in the shorter prefix. */
static int take_route(const struct nlmsghdr *m, void *arg)
{
	const struct rtmsg *header = NLMSG_DATA(m);
	struct route_search *search = arg;
	unsigned int prefix = header->rtm_dst_len;
	const void *data;
	uint32_t route;
	size_t size;

	if (m->nlmsg_type != RTM_NEWROUTE || !prefix)
		return 0;
	data = netlink_get(m, sizeof(*header), RTA_DST, &size);
	if (!data || size != sizeof(route))
		return 0;
	memcpy(&route, data, sizeof(route));
	prefix = prefix < 24 ? prefix : 24;
	search->found = !((ntohl(route) ^ search->network) >> (32 - prefix));
	return search->found;
}

int link_is_routed(const struct ip_address *network)
{
	const struct rtmsg header = { .rtm_family = AF_INET };
	struct route_search search = { 0 };
	struct message bytes;
	struct netlink_buf m = use(&bytes);
	int err;

	memcpy(&search.network, network->bytes, 4);
	search.network = ntohl(search.network);
	netlink_begin(&m, RTM_GETROUTE, NLM_F_DUMP, &header, sizeof(header));
	err = netlink_dump(NETLINK_ROUTE, &m, take_route, &search);
	return err ? err : search.found;
}

static int open_setting(const char *family, const char *name, const char *key,
			int flags)
{
	char path[96];

	snprintf(path, sizeof(path), "/proc/sys/net/%s/conf/%s/%s", family,
		 name, key);
	return open(path, flags | O_CLOEXEC);
}

int link_write_setting(const char *family, const char *name, const char *key,
		       const char *value)
{
	int fd = open_setting(family, name, key, O_WRONLY), err = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, value, strlen(value)) < 0)
		err = -errno;
	close(fd);
	return err;
}

int link_read_setting(const char *family, const char *name, const char *key)
{
	int fd = open_setting(family, name, key, O_RDONLY);
	char value[16] = "";
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, value, sizeof(value) - 1);
	close(fd);
	return n < 0 ? -EIO : atoi(value);
}

/* A kernel without IPv6 has no such settings. */
static int write_ip6_setting(const char *name, const char *key,
			     const char *value)
{
	if (access("/proc/sys/net/ipv6/conf", F_OK) && errno == ENOENT)
		return 0;
	return link_write_setting("ipv6", name, key, value);
}

int link_believe_no_routes(const char *name)
{
	int err = link_write_setting("ipv4", name, "accept_redirects", "0");

	if (!err)
		err = write_ip6_setting(name, "accept_redirects", "0");
	if (!err)
		err = write_ip6_setting(name, "accept_ra", "0");
	return err;
}

int link_disable_ip6(const char *name)
{
	return write_ip6_setting(name, "disable_ipv6", "1");
}
