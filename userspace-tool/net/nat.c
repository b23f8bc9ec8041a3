// SPDX-License-Identifier: GPL-2.0-only
/*
 * The host's NAT bridge.  See nat.h.  That the bridge has ports says that it is
 * in use; nothing else is kept.
 */
#include "net/nat.h"

#include "fd.h"
#include "net/dhcp.h"
#include "net/lock.h"
#include "net/nft.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#define NAT_ALIAS	"lodge: NAT for domains"
#define NAT_TABLE	"lodge_nat"
#define RAW_PRIORITY	(-300)
#define SRCNAT_PRIORITY	100

/* Offsets in the headers. */
#define IP4_PROTOCOL	9
#define IP4_SOURCE	12

/* The host has .1; one of these that nothing leads to is taken. */
#define FIRST_NETWORK	76
#define NR_NETWORKS	100

/* 10.N.0.1, where nothing of 10.N.0.0/24 is routed yet. */
static int find_network(struct ip_address *address)
{
	int i, ret;

	*address = (struct ip_address){ .family = AF_INET, .bytes = { 10 } };
	for (i = 0; i < NR_NETWORKS; i++) {
		address->bytes[1] = FIRST_NETWORK + i;
		ret = link_is_routed(address);
		if (ret < 0)
			return ret;
		if (!ret) {
			address->bytes[3] = 1;
			return 0;
		}
	}
	return -EADDRINUSE;
}

static const char nat_bridge[IFNAMSIZ] = NAT_BRIDGE;
static const uint8_t nat_mask[4] = { 255, 255, 255, 0 };

/* From @network to anywhere else. */
static void masquerade(struct nft *nft, const uint8_t *network)
{
	const struct nft_hook hook = {
		.type = "nat",
		.hook = NF_INET_POST_ROUTING,
		.priority = SRCNAT_PRIORITY,
		.policy = NF_ACCEPT,
	};

	nft_new_chain(nft, "postrouting", &hook);
	nft_rule(nft);
	nft_match_bits(nft, NFT_PAYLOAD_NETWORK_HEADER, IP4_SOURCE, NFT_CMP_EQ,
		       network, nat_mask, 4);
	nft_match_meta(nft, NFT_META_OIFNAME, NFT_CMP_NEQ, nat_bridge,
		       IFNAMSIZ);
	nft_masquerade(nft);
}

/* Who asks for an address has none yet. */
static void accept_dhcp(struct nft *nft)
{
	static const uint8_t ports[] = { 0, 68, 0, 67 }, udp = 17, none[4];

	nft_rule(nft);
	nft_match_meta(nft, NFT_META_IIFNAME, NFT_CMP_EQ, nat_bridge, IFNAMSIZ);
	nft_match(nft, NFT_PAYLOAD_NETWORK_HEADER, IP4_PROTOCOL, NFT_CMP_EQ,
		  &udp, 1);
	nft_match(nft, NFT_PAYLOAD_NETWORK_HEADER, IP4_SOURCE, NFT_CMP_EQ, none,
		  4);
	nft_match(nft, NFT_PAYLOAD_TRANSPORT_HEADER, 0, NFT_CMP_EQ, ports,
		  sizeof(ports));
	nft_verdict(nft, NF_ACCEPT);
}

/*
 * What a guest sends from an address outside @network would go out as it is:
 * only the network's own are replaced.
 */
static void drop_false_sources(struct nft *nft, const uint8_t *network)
{
	const struct nft_hook hook = {
		.type = "filter",
		.hook = NF_INET_PRE_ROUTING,
		.priority = RAW_PRIORITY,
		.policy = NF_ACCEPT,
	};

	nft_new_chain(nft, "sources", &hook);
	accept_dhcp(nft);
	nft_rule(nft);
	nft_match_meta(nft, NFT_META_IIFNAME, NFT_CMP_EQ, nat_bridge, IFNAMSIZ);
	nft_match_bits(nft, NFT_PAYLOAD_NETWORK_HEADER, IP4_SOURCE, NFT_CMP_NEQ,
		       network, nat_mask, 4);
	nft_verdict(nft, NF_DROP);
}

static int make_table(const struct ip_address *address)
{
	const uint8_t network[4] = { address->bytes[0], address->bytes[1],
				     address->bytes[2], 0 };
	struct nft nft;
	int err = nft_begin(&nft, NFPROTO_IPV4, NAT_TABLE);

	if (err)
		return err;
	nft_new_table(&nft);
	masquerade(&nft, network);
	drop_false_sources(&nft, network);
	return nft_commit(&nft);
}

static void undo(void)
{
	struct nft nft;

	dhcp_stop();
	link_delete(NAT_BRIDGE);
	if (nft_begin(&nft, NFPROTO_IPV4, NAT_TABLE))
		return;
	nft_delete_table(&nft);
	nft_commit(&nft);
}

static int make_bridge(struct failure *failure)
{
	int err = link_make_bridge(NAT_BRIDGE, NAT_ALIAS);

	if (!err)
		return 0;
	failure_set(failure, "cannot make the bridge " NAT_BRIDGE ": %s",
		    msg_errno(err));
	if (err == -EOPNOTSUPP)
		failure_hint(failure, "modprobe bridge");
	else if (err == -EPERM)
		failure_hint(failure, "networks are root's: run lodge as root");
	return -1;
}

/* Guests have IPv4 here, and no say in where the host sends what. */
static int protect_host(struct failure *failure)
{
	int err = link_believe_no_routes(NAT_BRIDGE);

	if (!err)
		err = link_disable_ip6(NAT_BRIDGE);
	return err ? failure_set(failure, "cannot keep guests from the host's routes at "
				 NAT_BRIDGE ": %s", msg_errno(err)) : 0;
}

/* Each step may have been done by a process that died then. */
static int complete(struct net_link *bridge, struct failure *failure)
{
	struct ip_address address;
	int err;

	if (protect_host(failure))
		return -1;
	err = link_get_address(bridge->index, &address);
	if (err == -ENOENT) {
		err = find_network(&address);
		if (!err)
			err = link_add_address(bridge->index, &address,
					       NAT_PREFIX);
	}
	if (!err)
		err = link_set(bridge->index,
			       &(struct link_settings){ .up = true });
	if (err)
		return failure_set(failure, "cannot set up the bridge "
				   NAT_BRIDGE ": %s", msg_errno(err));
	err = make_table(&address);
	if (err) {
		failure_set(failure, "no address translation: nftables says: %s",
			    msg_errno(err));
		failure_hint(failure, "modprobe nft_masq nft_chain_nat");
		return -1;
	}
	link_write_setting("ipv4", NAT_BRIDGE, "forwarding", "1");
	return 0;
}

/* A guest with an address of another network would reach nobody. */
static int check_addresses(const struct net_link *bridge,
			   const struct ip_address *guest, unsigned int nr,
			   struct failure *failure)
{
	struct ip_address host;

	if (link_get_address(bridge->index, &host))
		return failure_set(failure, NAT_BRIDGE " has no address");
	for (; nr--; guest++) {
		if (guest->family != AF_INET ||
		    (!memcmp(guest->bytes, host.bytes, 3) &&
		     guest->bytes[3] != host.bytes[3]))
			continue;
		failure_set(failure, "%u.%u.%u.%u is no address for a guest behind "
			    NAT_BRIDGE, guest->bytes[0], guest->bytes[1],
			    guest->bytes[2], guest->bytes[3]);
		failure_hint(failure, "%u.%u.%u.2 to .254; the gateway is %u.%u.%u.%u",
			     host.bytes[0], host.bytes[1], host.bytes[2],
			     host.bytes[0], host.bytes[1], host.bytes[2],
			     host.bytes[3]);
		return -1;
	}
	return 0;
}

int nat_get(struct net_link *bridge, const struct ip_address *addresses,
	    unsigned int nr, struct failure *failure)
{
	int err = link_get(NAT_BRIDGE, bridge);

	if (!err && strcmp(bridge->alias, NAT_ALIAS)) {
		failure_set(failure, "there is a device " NAT_BRIDGE
			    " that is not lodge's");
		failure_hint(failure, "ip link delete " NAT_BRIDGE);
		return -1;
	}
	if (err && make_bridge(failure))
		return -1;
	err = link_get(NAT_BRIDGE, bridge);
	if (err)
		return failure_set(failure, NAT_BRIDGE ": %s", msg_errno(err));
	if (!complete(bridge, failure) &&
	    !check_addresses(bridge, addresses, nr, failure))
		return 0;
	nat_put();
	return -1;
}

static bool is_there(struct net_link *bridge)
{
	return !link_get(NAT_BRIDGE, bridge) &&
		!strcmp(bridge->alias, NAT_ALIAS);
}

void nat_put(void)
{
	struct net_link bridge;

	if (is_there(&bridge) && !link_has_ports(bridge.index))
		undo();
}

int nat_start_dhcp(struct failure *failure)
{
	struct ip_address host;
	struct net_link bridge;
	int lock = net_lock(failure), ret = -ENODEV;

	if (lock < 0)
		return lock;
	if (is_there(&bridge) && !link_get_address(bridge.index, &host))
		ret = dhcp_start(NAT_BRIDGE, &host, failure);
	close_fd(&lock);
	return ret;
}
