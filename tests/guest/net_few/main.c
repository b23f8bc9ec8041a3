// SPDX-License-Identifier: GPL-2.0-only
/*
 * A network front end that takes all offloads but has room for a few packets
 * only, far less than the longest packet needs.  It must be given what fits all
 * the same.  It tells of each packet, for the host to see, and sends none.
 */
#include "hcheck.h"

#include <xen/io/xenbus.h>

#define xen_mb()	__sync_synchronize()
#define xen_rmb()	__sync_synchronize()
#define xen_wmb()	__sync_synchronize()
#include <xen/grant_table.h>
#include <xen/io/netif.h>

#include "front.h"
#include "store.h"

#define FRONT		"device/vif/0"
#define GFN_GRANT	(GFN_HOLE + 8)
#define REF_TX		8
#define REF_RX		9
#define REF_DATA	10
#define NR_DATA		4
#define PACKETS		64	/* told of, then it ends */
#define ETHERNET	14

static union {
	struct netif_tx_sring ring;
	u8 bytes[4096];
} tx __page_aligned;

static union {
	struct netif_rx_sring ring;
	u8 bytes[4096];
} rx __page_aligned;

static u8 data[NR_DATA][4096] __page_aligned;
static struct netif_rx_front_ring front;
static u32 port;

static void post(u16 id)
{
	struct netif_rx_request *req = RING_GET_REQUEST(&front,
							front.req_prod_pvt);

	req->id = id;
	req->gref = REF_DATA + id;
	front.req_prod_pvt++;
}

static void push(void)
{
	int notify;

	RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&front, notify);
	if (notify)
		evtchn_send(port);
}

static bool put_features(void)
{
	return front_put("request-rx-copy", 1) &&
	       front_put("feature-rx-notify", 1) &&
	       front_put("feature-sg", 1) &&
	       front_put("feature-gso-tcpv4", 1) &&
	       front_put("feature-gso-tcpv6", 1) &&
	       front_put("feature-ipv6-csum-offload", 1);
}

static void connect(void)
{
	u16 i;

	check("a back end and grants", front_init(FRONT, GFN_GRANT));
	check("it waits", front_wait(XenbusStateInitWait));
	SHARED_RING_INIT(&tx.ring);
	SHARED_RING_INIT(&rx.ring);
	FRONT_RING_INIT(&front, &rx.ring, sizeof(rx));
	front_grant(REF_TX, &tx);
	front_grant(REF_RX, &rx);
	for (i = 0; i < NR_DATA; i++)
		front_grant(REF_DATA + i, data[i]);
	check_hcall("port", evtchn_alloc_unbound(DOMID_SELF, 0, &port), 0);
	evtchn_set_mask(port, false);
	check("nodes", front_put("tx-ring-ref", REF_TX) &&
	      front_put("rx-ring-ref", REF_RX) &&
	      front_put("event-channel", port) && put_features() &&
	      front_put("state", XenbusStateConnected));
	check("connected", front_wait(XenbusStateConnected));
	for (i = 0; i < NR_DATA; i++)
		post(i);
	push();
}

static void wait_packet(void)
{
	int there;

	for (;;) {
		irq_disable();
		RING_FINAL_CHECK_FOR_RESPONSES(&front, there);
		if (there)
			break;
		irq_enable_and_halt();
	}
	irq_enable();
}

/* A packet of one page; of IPv4's it is known how long they are. */
static void tell(const struct netif_rx_response *rsp)
{
	const u8 *packet = data[rsp->id % NR_DATA];
	int bytes = rsp->status;

	if (rsp->id >= NR_DATA || rsp->offset || bytes < 0 ||
	    rsp->flags & (NETRXF_more_data | NETRXF_extra_info))
		print("wrong packet: %d bytes, flags %x\n", bytes, rsp->flags);
	else if (packet[12] != 8 || packet[13])
		print("packet other\n");
	else if (bytes < ETHERNET + (packet[16] << 8 | packet[17]))
		print("wrong packet: %d bytes, cut\n", bytes);
	else
		print("packet %d\n", bytes);
}

static void take_packet(void)
{
	struct netif_rx_response rsp;

	wait_packet();
	rsp = *RING_GET_RESPONSE(&front, front.rsp_cons);
	front.rsp_cons++;
	tell(&rsp);
	post(rsp.id % NR_DATA);
	push();
}

void test_main(void)
{
	u32 i;

	if (!need_xen())
		return;
	hcheck_init();
	check("events", xen_init_events());
	if (!check("store", store_init()))
		return;
	connect();
	for (i = 0; i < PACKETS; i++)
		take_packet();
}
