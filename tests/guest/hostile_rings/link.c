// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device's connection from its begin to its end, whatever happened between.
 */
#include "hostile.h"

#include <xen/grant_table.h>

#include "front.h"
#include "store.h"

static const struct device *dev;
static u32 port;
static bool has_port;

void link_node(const char *node, const char *text)
{
	char path[64];

	format(path, sizeof(path), "%s/%s", dev->folder, node);
	store_write(path, text);
}

u32 link_back_state(void)
{
	return front_back_state();
}

void link_kick(void)
{
	evtchn_send(port);
}

static void put_rings(void)
{
	front_put("event-channel", port);
	if (dev->is_net) {
		front_put("tx-ring-ref", REF_RING);
		front_put("rx-ring-ref", REF_RING + 1);
		front_put("request-rx-copy", 1);
		front_put("feature-rx-notify", 1);
		front_put("feature-sg", below(2));
		front_put("feature-gso-tcpv4", below(2));
		front_put("feature-ipv6-csum-offload", below(2));
	} else {
		front_put("ring-ref", REF_RING);
		link_node("protocol", "x86_64-abi");
		front_put("multi-queue-num-queues", 1);
	}
}

bool link_begin(const struct device *device)
{
	dev = device;
	if (!front_init(dev->folder, GFN_GRANT))
		return false;
	front_put("state", XenbusStateInitialising);
	if (!front_wait(XenbusStateInitWait))
		return false;
	make_grants();
	memset(rings, 0, sizeof(rings));
	rings[0].req_event = 1;
	rings[0].rsp_event = 1;
	rings[1].req_event = 1;
	rings[1].rsp_event = 1;
	has_port = !evtchn_alloc_unbound(DOMID_SELF, 0, &port);
	evtchn_set_mask(port, false);
	put_rings();
	return has_port;
}

u32 link_go(void)
{
	u32 i, state;

	front_put("state", dev->is_net ? XenbusStateConnected :
		  XenbusStateInitialised);
	for (i = 0; i < LOOKS; i++) {
		state = link_back_state();
		if (state != XenbusStateInitWait)
			return state;
	}
	return XenbusStateInitWait;
}

/* It may have closed before we asked. */
static void wait_closing(void)
{
	u32 i;

	for (i = 0; i < LOOKS; i++)
		if (link_back_state() >= XenbusStateClosing)
			return;
}

bool link_end(bool politely)
{
	bool closed;

	if (politely) {
		front_put("state", XenbusStateClosing);
		wait_closing();
	}
	front_put("state", XenbusStateClosed);
	closed = front_wait(XenbusStateClosed);
	if (has_port)
		evtchn_close(port);
	has_port = false;
	return closed;
}

bool link_is_let_go(void)
{
	u32 i;

	for (i = 0; i < 2; i++)
		if (front_grant_flags(REF_RING + i) & (GTF_reading | GTF_writing))
			return false;
	return true;
}
