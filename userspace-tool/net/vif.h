/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A domain's network interface as the host sees it: a tap, and how it is
 * joined to the host's network.  All that is made has a name from which it can
 * be found again and undone by any process: the tap, its table of rules, the
 * host's NAT bridge.
 */
#ifndef LODGE_NET_VIF_H
#define LODGE_NET_VIF_H

#include "msg.h"
#include "net/link.h"

#include <stdbool.h>
#include <stdint.h>

/* What each alias begins with. */
#define VIF_ALIAS	"lodge: "

#define VIF_ADDRESSES	16
#define VIF_QUEUES	4

enum vif_mode {
	VIF_BRIDGE,	/* a port of a bridge that is there */
	VIF_NAT,	/* a port of a bridge of ours, behind the host's address */
	VIF_ROUTED,	/* the host routes to its addresses */
};

/**
 * struct vif - what an interface shall be
 * @mode: how it is joined
 * @name: of the tap
 * @owned_name: it follows from the domain's number: one of ours that is there
 *	is left of an earlier domain, and may be removed
 * @alias: the tap's; says whose it is, and of which domain among all of a name
 * @bridge: its name; empty: the first of those that one may expect
 * @mac: of the guest's side
 * @mtu: 0: the bridge's, or 1500
 * @nr_addresses: entries of @addresses
 * @addresses: those that the guest has
 * @antispoof: it may use no other addresses than these, and no other MAC
 */
struct vif {
	enum vif_mode mode;
	char name[IFNAMSIZ];
	bool owned_name;
	char alias[LINK_ALIAS];
	char bridge[IFNAMSIZ];
	uint8_t mac[6];
	unsigned int mtu;
	unsigned int nr_addresses;
	struct ip_address addresses[VIF_ADDRESSES];
	bool antispoof;
};

/*
 * Make it, and put @nr_queues files of the tap into @fds.  One that is there
 * with its name and its alias is kept: who made it has died.  0, or -1, and
 * nothing is left.
 */
int vif_make(const struct vif *vif, int *fds, unsigned int nr_queues,
	     struct failure *failure);

/* Undo it; the files must be closed. */
void vif_undo(const struct vif *vif);

#endif /* LODGE_NET_VIF_H */
