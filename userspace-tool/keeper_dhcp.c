// SPDX-License-Identifier: GPL-2.0-only
/*
 * The keeper's care for the DHCP server of the NAT bridge.  See keeper_dhcp.h.
 * No domain waits for it, and none ends with it: a guest keeps its address for
 * an hour.
 */
#include "keeper_dhcp.h"

#include "device_vif.h"
#include "fd.h"
#include "keeper.h"
#include "log.h"
#include "net/nat.h"

#include <errno.h>
#include <string.h>

#define LIFE_NS		10000000000ull	/* one that dies sooner is not replaced sooner */
#define REFUSED_NS	60000000000ull

static int has_nat(const struct keeper *k)
{
	const struct device_config *d = k->config.devices;
	struct failure ignored;
	struct vif vif;

	for (; d; d = d->next)
		if (d->class == DEVICE_VIF && !d->detaching &&
		    !device_vif_read(d, &vif, &ignored) && vif.mode == VIF_NAT)
			return 1;
	return 0;
}

/* Once: it may be that nobody wants it. */
static void tell(struct keeper_dhcp *dhcp, int err,
		 const struct failure *failure)
{
	if (dhcp->told)
		return;
	dhcp->told = 1;
	if (err == -ENOENT)
		log_event("no DHCP behind " NAT_BRIDGE ": dnsmasq is not installed; guests set their addresses themselves (apt-get install dnsmasq-base)");
	else
		log_event("no DHCP behind " NAT_BRIDGE ": %s", failure->text);
}

uint64_t keeper_dhcp_start_due(struct keeper *k, uint64_t now)
{
	struct keeper_dhcp *dhcp = &k->dhcp;
	struct failure failure = { .text = "" };

	if (dhcp->pidfd >= 0 || !has_nat(k))
		return UINT64_MAX;
	if (dhcp->retry_ns > now)
		return dhcp->retry_ns;
	dhcp->pidfd = nat_start_dhcp(&failure);
	if (dhcp->pidfd >= 0) {
		dhcp->told = 0;
		dhcp->started_ns = now;
		return UINT64_MAX;
	}
	/* Without a bridge there is no interface yet: its start comes first. */
	if (dhcp->pidfd != -ENODEV)
		tell(dhcp, dhcp->pidfd, &failure);
	dhcp->pidfd = -1;
	dhcp->retry_ns = now + REFUSED_NS;
	return dhcp->retry_ns;
}

void keeper_dhcp_ended(struct keeper *k)
{
	close_fd(&k->dhcp.pidfd);
	k->dhcp.retry_ns = k->dhcp.started_ns + LIFE_NS;
	/* Without an interface there it has ended with the bridge. */
	if (has_nat(k))
		log_event("dnsmasq, which gives addresses behind " NAT_BRIDGE ", has ended");
}
