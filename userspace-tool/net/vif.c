// SPDX-License-Identifier: GPL-2.0-only
/*
 * A domain's network interface as the host sees it.  See vif.h.
 */
#include "net/vif.h"

#include "compiler.h"
#include "fd.h"
#include "log.h"
#include "net/antispoof.h"
#include "net/dhcp.h"
#include "net/lock.h"
#include "net/nat.h"
#include "net/tap.h"

#include <errno.h>
#include <string.h>

#define DEFAULT_MTU	1500

/* So a bridge does not take it for its own, and nobody for the guest's. */
static const uint8_t host_mac[6] = { 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff };

static const char * const usual_bridges[] = { "xenbr0", "lodgebr0" };

static int no_bridge(struct failure *failure)
{
	failure_set(failure, "there is no bridge xenbr0 or lodgebr0, and none is given");
	failure_hint(failure, "bridge=NAME; or mode=nat, which needs none; or: ip link add lodgebr0 up type bridge");
	return -1;
}

static int find_bridge(const struct vif *vif, struct net_link *bridge,
		       struct failure *failure)
{
	const char *name = vif->bridge;
	size_t i;
	int err;

	if (!*name) {
		for (i = 0; i < ARRAY_SIZE(usual_bridges); i++)
			if (!link_get(usual_bridges[i], bridge) &&
			    bridge->is_bridge)
				return 0;
		return no_bridge(failure);
	}
	err = link_get(name, bridge);
	if (err == -ENODEV) {
		failure_set(failure, "there is no bridge %s", name);
		failure_hint(failure, "ip link add %s up type bridge; or mode=nat, which needs none",
			     name);
		return -1;
	}
	if (err)
		return failure_set(failure, "bridge %s: %s", name,
				   msg_errno(err));
	if (!bridge->is_bridge)
		return failure_set(failure, "%s is no bridge", name);
	return 0;
}

enum old {
	OLD_NONE,
	OLD_KEPT,	/* this very interface; it stays only when complete */
	OLD_LEFT,	/* of an earlier domain that nobody tidied up after */
	OLD_FOREIGN,
};

static bool is_ours(const struct net_link *link)
{
	return !strncmp(link->alias, VIF_ALIAS, strlen(VIF_ALIAS));
}

/*
 * Two domains with one number do not live at the same time, and such names are
 * not to be chosen: so who had the name is dead.
 */
static enum old look_for_old(const struct vif *vif, struct failure *failure)
{
	struct net_link old;

	if (link_get(vif->name, &old))
		return OLD_NONE;
	if (!strcmp(old.alias, vif->alias))
		return OLD_KEPT;
	if (vif->owned_name && is_ours(&old))
		return OLD_LEFT;
	failure_set(failure, "there is a network device %s already", vif->name);
	if (vif->owned_name)
		failure_hint(failure, "vifname=NAME; or: ip link delete %s",
			     vif->name);
	else
		failure_hint(failure, "another vifname=, or without it");
	return OLD_FOREIGN;
}

static int set_antispoof(const struct vif *vif, struct failure *failure)
{
	int err = vif->antispoof ? antispoof_make(vif) : 0;

	if (!err)
		return 0;
	failure_set(failure, "no protection from false addresses: nftables says: %s",
		    msg_errno(err));
	failure_hint(failure, "modprobe nf_tables; or antispoof=0, without it");
	return -1;
}

/* The host answers for the rest of the world, and sends on. */
static int set_routes(const struct vif *vif, unsigned int index,
		      struct failure *failure)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < vif->nr_addresses && !err; i++) {
		err = link_add_route(index, &vif->addresses[i]);
		if (err == -EEXIST)
			return failure_set(failure, "address %u of ip= is routed elsewhere already",
					   i + 1);
	}
	if (!err)
		err = link_write_setting("ipv4", vif->name, "proxy_arp", "1");
	if (!err)
		err = link_write_setting("ipv4", vif->name, "forwarding", "1");
	return err ? failure_set(failure, "no routes: %s", msg_errno(err)) : 0;
}

/* Nobody is to be surprised by a guest that reaches its host and no further. */
static void warn_forwarding(const struct vif *vif)
{
	if (link_read_setting("ipv4", "all", "forwarding") == 0)
		log_event("%s: the host does not forward packets, so the guest reaches the host only: sysctl -w net.ipv4.ip_forward=1",
			  vif->name);
}

static unsigned int pick_mtu(const struct vif *vif, const struct net_link *bridge)
{
	if (vif->mtu)
		return vif->mtu;
	return bridge->mtu ? : DEFAULT_MTU;
}

/* The tap is there.  It comes up last, with all rules in place. */
static int join(const struct vif *vif, const struct net_link *bridge,
		struct failure *failure)
{
	struct link_settings settings = {
		.mac = host_mac,
		.mtu = pick_mtu(vif, bridge),
		.alias = vif->alias,
		.master = bridge->index,
		.no_ip6_address = vif->mode != VIF_ROUTED,
	};
	struct net_link link;
	int err = link_get(vif->name, &link);

	if (!err)
		err = link_set(link.index, &settings);
	if (err)
		return failure_set(failure, "cannot set up the network device %s: %s",
				   vif->name, msg_errno(err));
	if (set_antispoof(vif, failure))
		return -1;
	/* Behind a bridge it is not the host that hears them. */
	if (vif->mode == VIF_ROUTED)
		err = link_believe_no_routes(vif->name);
	if (err)
		return failure_set(failure, "cannot keep the guest from the host's routes at %s: %s",
				   vif->name, msg_errno(err));
	err = link_set(link.index, &(struct link_settings){ .up = true });
	if (err)
		return failure_set(failure, "%s does not come up: %s",
				   vif->name, msg_errno(err));
	if (vif->mode != VIF_ROUTED)
		return 0;
	return set_routes(vif, link.index, failure);
}

/* By DHCP the guest gets the address that it is to have, if any is given. */
static void reserve(const struct vif *vif)
{
	unsigned int i;
	int err;

	for (i = 0; i < vif->nr_addresses; i++) {
		if (vif->addresses[i].family != AF_INET)
			continue;
		err = dhcp_reserve(vif->name, vif->mac, &vif->addresses[i]);
		if (err)
			log_event("%s: no reservation for DHCP: %s", vif->name,
				  msg_errno(err));
		return;
	}
}

static int get_bridge(const struct vif *vif, struct net_link *bridge,
		      struct failure *failure)
{
	memset(bridge, 0, sizeof(*bridge));
	switch (vif->mode) {
	case VIF_BRIDGE:
		return find_bridge(vif, bridge, failure);
	case VIF_NAT:
		return nat_get(bridge, vif->addresses, vif->nr_addresses,
			       failure);
	case VIF_ROUTED:
		break;
	}
	return 0;
}

/* Nothing here needs to be there. */
static void undo_own(const struct vif *vif)
{
	link_delete(vif->name);
	if (vif->antispoof)
		antispoof_undo(vif);
}

static void undo(const struct vif *vif)
{
	undo_own(vif);
	if (vif->mode != VIF_NAT)
		return;
	dhcp_release(vif->name);
	nat_put();
}

/* Only what is complete stays when we die. */
static int persist(const struct vif *vif, int fd, struct failure *failure)
{
	int err = tap_persist(fd);

	return err ? failure_set(failure, "%s does not stay: %s", vif->name,
				 msg_errno(err)) : 0;
}

static int make(const struct vif *vif, int *fds, unsigned int nr_queues,
		struct failure *failure)
{
	struct net_link bridge;

	switch (look_for_old(vif, failure)) {
	case OLD_FOREIGN:
		return -1;
	case OLD_KEPT:
		return tap_open(vif->name, fds, nr_queues, failure);
	case OLD_LEFT:
		link_delete(vif->name);
		break;
	case OLD_NONE:
		break;
	}
	if (get_bridge(vif, &bridge, failure))
		return -1;
	if (vif->mode == VIF_NAT)
		reserve(vif);
	if (!tap_open(vif->name, fds, nr_queues, failure)) {
		if (!join(vif, &bridge, failure) &&
		    !persist(vif, fds[0], failure))
			return 0;
		while (nr_queues--)
			close_fd(&fds[nr_queues]);
	}
	undo(vif);
	return -1;
}

int vif_make(const struct vif *vif, int *fds, unsigned int nr_queues,
	     struct failure *failure)
{
	int lock = net_lock(failure), err;

	if (lock < 0)
		return -1;
	err = make(vif, fds, nr_queues, failure);
	close_fd(&lock);
	if (!err && vif->mode != VIF_BRIDGE)
		warn_forwarding(vif);
	return err;
}

/* Without the lock others may be making what domains share: it stays. */
void vif_undo(const struct vif *vif)
{
	struct failure failure;
	int lock;

	if (look_for_old(vif, &failure) == OLD_FOREIGN)
		return;
	lock = net_lock(&failure);
	if (lock >= 0) {
		undo(vif);
	} else {
		undo_own(vif);
		log_event("%s: only its own things are undone: %s", vif->name,
			  failure.text);
	}
	close_fd(&lock);
}
