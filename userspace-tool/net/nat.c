// SPDX-License-Identifier: GPL-2.0-only
/*
 * The host's NAT bridge.  See nat.h.  That the bridge has ports says that it is
 * in use; nothing else is kept.
 */
#include "net/nat.h"

#include "fd.h"
#include "net/dhcp.h"
#include "net/nft.h"
#include "run_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>

#define NAT_ALIAS	"lodge: NAT for domains"
#define NAT_TABLE	"lodge_nat"
#define SRCNAT_PRIORITY	100

/* The host has .1; one of these that nothing leads to is taken. */
#define FIRST_NETWORK	76
#define NR_NETWORKS	100

int nat_lock(void)
{
	int fd = open(run_base(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0 && flock(fd, LOCK_EX)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

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

/* From that network to anywhere else. */
static int make_table(const struct ip_address *address)
{
	const struct nft_hook hook = {
		.type = "nat",
		.hook = NF_INET_POST_ROUTING,
		.priority = SRCNAT_PRIORITY,
		.policy = NF_ACCEPT,
	};
	static const uint8_t mask[4] = { 255, 255, 255, 0 };
	const uint8_t network[4] = { address->bytes[0], address->bytes[1],
				     address->bytes[2], 0 };
	static const char bridge[IFNAMSIZ] = NAT_BRIDGE;
	struct nft nft;
	int err = nft_begin(&nft, NFPROTO_IPV4, NAT_TABLE);

	if (err)
		return err;
	nft_new_table(&nft);
	nft_new_chain(&nft, "postrouting", &hook);
	nft_rule(&nft);
	nft_match_bits(&nft, NFT_PAYLOAD_NETWORK_HEADER, 12, network, mask, 4);
	nft_match_meta(&nft, NFT_META_OIFNAME, NFT_CMP_NEQ, bridge, IFNAMSIZ);
	nft_masquerade(&nft);
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

/*
 * Each step may have been done by a process that died then; the address comes
 * last but one, so a bridge that has one lacks the table at most.
 */
static int complete(struct net_link *bridge, struct failure *failure)
{
	struct ip_address address;
	int err = link_get_address(bridge->index, &address);

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
	int lock = nat_lock(), ret = -ENODEV;

	if (is_there(&bridge) && !link_get_address(bridge.index, &host))
		ret = dhcp_start(NAT_BRIDGE, &host, failure);
	close_fd(&lock);
	return ret;
}
