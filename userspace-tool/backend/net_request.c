// SPDX-License-Identifier: GPL-2.0-only
/*
 * The network protocol between a guest and its back end, translated.  See
 * net_request.h.  The tap wants a struct virtio_net_hdr before each packet and
 * gives one; the guest says the same things in flags and in an extra request.
 */
#include "backend/net_request.h"

#include "compiler.h"
#include "lib/sring_layout.h"

#include <errno.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <stddef.h>
#include <string.h>
#include <xen/io/netif.h>

#define ETHERNET_BYTES	14
#define VLAN_BYTES	4
#define IP6_BYTES	40
#define TCP_BYTES	20
#define MAX_VLANS	2
#define MAX_IP6_HEADERS	8

/* What an entry remembers for its responses. */
enum opaque_byte {
	OPAQUE_TX_EXTRAS,
	OPAQUE_TX_REFUSED,
	OPAQUE_RX_EXTRA = 0,	/* the second place is kept free of data */
};

_Static_assert(sizeof(struct virtio_net_hdr) == NET_HEADER_BYTES,
	       "as the tap is told");

static uint64_t tx(const void *request, enum net_tx_field field)
{
	return sring_get(&sring_net_tx, request, field, 0);
}

/* The first reason stays. */
static void refuse(struct net_packet *p, const char *why)
{
	if (!p->refused)
		p->refused = why;
}

/* --- requests of a packet --- */

void net_packet_init(struct net_packet *p, uint32_t ring_index)
{
	memset(p, 0, sizeof(*p));
	p->ring_index = ring_index;
}

static void set_gso(struct net_packet *p, const void *request)
{
	p->gso_size = tx(request, NET_TX_EXTRA_GSO_SIZE);
	switch (tx(request, NET_TX_EXTRA_GSO_TYPE)) {
	case XEN_NETIF_GSO_TYPE_TCPV4:
		p->gso_type = VIRTIO_NET_HDR_GSO_TCPV4;
		break;
	case XEN_NETIF_GSO_TYPE_TCPV6:
		p->gso_type = VIRTIO_NET_HDR_GSO_TCPV6;
		break;
	default:
		refuse(p, "unknown kind of segmentation");
	}
	if (!p->gso_size)
		refuse(p, "segments of no size");
}

static int add_extra(struct net_packet *p, const void *request)
{
	if (++p->nr_extras > NET_TX_EXTRAS)
		return -EPROTO;
	if (tx(request, NET_TX_EXTRA_TYPE) == XEN_NETIF_EXTRA_TYPE_GSO)
		set_gso(p, request);
	else
		refuse(p, "an extra that was not offered");
	p->extras_follow = tx(request, NET_TX_EXTRA_FLAGS) &
			   XEN_NETIF_EXTRA_FLAG_MORE;
	return 0;
}

/* The first request's size is the packet's; its segment's is known later. */
static int add_data(struct net_packet *p, const void *request)
{
	struct io_segment *s = &p->segments[p->nr_segments];
	uint32_t offset = tx(request, NET_TX_OFFSET);
	uint32_t size = tx(request, NET_TX_SIZE);

	if (p->nr_segments == NET_TX_SLOTS)
		return -EPROTO;
	s->grant = tx(request, NET_TX_GRANT);
	s->offset = offset;
	if (!p->nr_segments++) {
		p->size = size;
		p->rest = size;
		return 0;
	}
	s->length = size;
	if (offset + size > NET_PAGE_BYTES)
		refuse(p, "a fragment beyond its page");
	if (size > p->rest)
		refuse(p, "fragments larger than the packet");
	else
		p->rest -= size;
	return 0;
}

/* Without the segments that have no bytes. */
static void drop_empty(struct net_packet *p)
{
	uint32_t i, n = 0;

	for (i = 0; i < p->nr_segments; i++)
		if (p->segments[i].length)
			p->segments[n++] = p->segments[i];
	p->nr_segments = n;
}

static void complete(struct net_packet *p)
{
	if (p->segments[0].offset + p->rest > NET_PAGE_BYTES)
		refuse(p, "a fragment beyond its page");
	if (p->size < ETHERNET_BYTES)
		refuse(p, "shorter than its header");
	if (p->refused)
		return;
	p->segments[0].length = p->rest;
	drop_empty(p);
}

int net_packet_add(struct net_packet *p, const void *request)
{
	bool first = !p->nr_places++;
	uint32_t flags;

	if (p->extras_follow) {
		if (add_extra(p, request))
			return -EPROTO;
		goto next;
	}
	if (add_data(p, request))
		return -EPROTO;
	flags = tx(request, NET_TX_FLAGS);
	p->more_data = flags & NETTXF_more_data;
	if (first) {
		p->csum_blank = flags & NETTXF_csum_blank;
		p->extras_follow = flags & NETTXF_extra_info;
	}
next:
	if (p->extras_follow || p->more_data)
		return 1;
	complete(p);
	return 0;
}

/* --- where the checksum goes --- */

/**
 * struct headers - what is found at a packet's front
 * @bytes: its first bytes
 * @n: how many
 * @ip_version: 4 or 6
 * @at: of the next header
 * @protocol: of that header: IPPROTO_TCP, ...
 */
struct headers {
	const uint8_t *bytes;
	uint32_t n;
	unsigned int ip_version;
	uint32_t at;
	uint8_t protocol;
};

static bool has(const struct headers *h, uint32_t bytes)
{
	return h->at <= h->n && bytes <= h->n - h->at;
}

static uint16_t get_be16(const uint8_t *bytes)
{
	return bytes[0] << 8 | bytes[1];
}

/* The Ethernet type; 0: it does not end here. */
static uint16_t pass_ethernet(struct headers *h)
{
	uint16_t type;
	int i;

	if (!has(h, ETHERNET_BYTES))
		return 0;
	type = get_be16(h->bytes + ETHERNET_BYTES - 2);
	h->at = ETHERNET_BYTES;
	for (i = 0; i < MAX_VLANS && (type == 0x8100 || type == 0x88a8); i++) {
		if (!has(h, VLAN_BYTES))
			return 0;
		type = get_be16(h->bytes + h->at + 2);
		h->at += VLAN_BYTES;
	}
	return type;
}

/* A fragment's checksum is not its own. */
static bool pass_ip4(struct headers *h)
{
	const uint8_t *ip = h->bytes + h->at;

	if (!has(h, 20) || ip[0] >> 4 != 4 || (ip[0] & 15) < 5 ||
	    get_be16(ip + 6) & 0x3fff)
		return false;
	h->ip_version = 4;
	h->protocol = ip[9];
	h->at += 4u * (ip[0] & 15);
	return true;
}

static bool pass_ip6(struct headers *h)
{
	const uint8_t *ip = h->bytes + h->at;
	int i;

	if (!has(h, IP6_BYTES) || ip[0] >> 4 != 6)
		return false;
	h->ip_version = 6;
	h->protocol = ip[6];
	h->at += IP6_BYTES;
	for (i = 0; i < MAX_IP6_HEADERS; i++) {
		/* Hop-by-hop, routing, destination options. */
		if (h->protocol != 0 && h->protocol != 43 && h->protocol != 60)
			return true;
		if (!has(h, 8))
			return false;
		ip = h->bytes + h->at;
		h->protocol = ip[0];
		h->at += 8u * (ip[1] + 1);
	}
	return false;
}

static bool pass_ip(struct headers *h)
{
	switch (pass_ethernet(h)) {
	case 0x0800:
		return pass_ip4(h);
	case 0x86dd:
		return pass_ip6(h);
	default:
		return false;
	}
}

/* Both need the transport header; a packet without one is not what was said. */
static void set_checksum(struct net_packet *p, const struct headers *h,
			 struct virtio_net_hdr *header)
{
	if (h->protocol == 6 && has(h, TCP_BYTES))
		header->csum_offset = 16;
	else if (h->protocol == 17 && has(h, 8))
		header->csum_offset = 6;
	else
		return refuse(p, "a checksum is wanted where there is none");
	header->csum_start = h->at;
	header->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
}

static void set_segmentation(struct net_packet *p, const struct headers *h,
			     struct virtio_net_hdr *header)
{
	unsigned int version = p->gso_type == VIRTIO_NET_HDR_GSO_TCPV4 ? 4 : 6;
	uint32_t tcp;

	if (h->protocol != 6 || h->ip_version != version || !has(h, TCP_BYTES))
		return refuse(p, "segmentation of what is not TCP");
	tcp = 4u * (h->bytes[h->at + 12] >> 4);
	if (tcp < TCP_BYTES || h->at + tcp >= p->size)
		return refuse(p, "segmentation of no payload");
	header->hdr_len = h->at + tcp;
	header->gso_type = p->gso_type;
	header->gso_size = p->gso_size;
}

uint32_t net_packet_wants_head(const struct net_packet *p)
{
	if (p->refused || (!p->csum_blank && !p->gso_type))
		return 0;
	return p->size < NET_HEAD_BYTES ? p->size : NET_HEAD_BYTES;
}

void net_packet_make(struct net_packet *p, const uint8_t *head,
		     uint32_t head_bytes, int fd, struct io_request *r)
{
	struct headers h = { .bytes = head, .n = head_bytes };
	struct virtio_net_hdr header = { 0 };

	if (net_packet_wants_head(p)) {
		if (!pass_ip(&h))
			refuse(p, "a checksum is wanted where there is none");
		else
			set_checksum(p, &h, &header);
		if (p->gso_type)
			set_segmentation(p, &h, &header);
	}
	memset(r, 0, sizeof(*r));
	r->ring_index = p->ring_index;
	r->nr_indices = p->nr_places;
	r->operation = IO_NONE;
	r->fd = -1;
	r->opaque[OPAQUE_TX_EXTRAS] = p->nr_extras;
	r->opaque[OPAQUE_TX_REFUSED] = !!p->refused;
	if (p->refused)
		return;
	r->operation = IO_WRITE;
	r->fd = fd;
	r->nr_segments = p->nr_segments;
	r->segments = p->segments;
	r->inline_length = sizeof(header);
	memcpy(r->inline_data, &header, sizeof(header));
}

bool net_tx_responses(const struct io_entry *e, const uint16_t *ids,
		      void *responses)
{
	bool sent = !e->opaque[OPAQUE_TX_REFUSED] && e->result >= 0;
	int status = sent ? NETIF_RSP_OKAY : NETIF_RSP_ERROR;
	uint8_t *response = responses;
	bool is_extra;
	uint32_t i;

	for (i = 0; i < e->nr_indices && i < NET_TX_PLACES; i++) {
		is_extra = i && i <= e->opaque[OPAQUE_TX_EXTRAS];
		sring_put(&sring_net_tx, response, NET_TX_RSP_ID, 0, ids[i]);
		sring_put(&sring_net_tx, response, NET_TX_RSP_STATUS, 0,
			  (uint16_t)(is_extra ? NETIF_RSP_NULL : status));
		response += sring_net_tx.response_size;
	}
	return sent;
}

/* --- towards the guest --- */

/*
 * A tap cannot leave out the checksums of one IP version.  Nor can segments be
 * made without them, nor come in one page.
 */
unsigned int net_offloads(const struct net_features *f)
{
	unsigned int offloads = 0;

	if (!f->csum4 || !f->csum6)
		return 0;
	offloads = TUN_F_CSUM;
	if (f->sg && f->gso4)
		offloads |= TUN_F_TSO4;
	if (f->sg && f->gso6)
		offloads |= TUN_F_TSO6;
	return offloads;
}

static bool has_extra(const struct net_features *f)
{
	return net_offloads(f) & (TUN_F_TSO4 | TUN_F_TSO6);
}

uint32_t net_rx_packet_places(const struct net_features *f, uint32_t mtu)
{
	uint32_t bytes = mtu + ETHERNET_BYTES + VLAN_BYTES, n;

	if (has_extra(f))
		return NET_RX_PLACES;
	if (!f->sg)
		return 1;
	n = (bytes + NET_PAGE_BYTES - 1) / NET_PAGE_BYTES;
	return n < NET_RX_DATA_PLACES ? n : NET_RX_DATA_PLACES;
}

void net_rx_make(const struct net_features *f, uint32_t packet_places,
		 uint32_t ring_index, const struct io_segment *segments,
		 uint32_t nr, int fd, struct io_request *r)
{
	memset(r, 0, sizeof(*r));
	r->ring_index = ring_index;
	r->nr_indices = nr;
	r->operation = IO_RECEIVE;
	r->fd = fd;
	r->nr_segments = nr;
	r->segments = segments;
	r->inline_length = NET_HEADER_BYTES;
	r->packet_indices = packet_places;
	if (has_extra(f)) {
		r->extra_byte = 1 + offsetof(struct virtio_net_hdr, gso_type);
		r->opaque[OPAQUE_RX_EXTRA] = 1;
	}
}

static void put_rx(uint8_t *response, uint16_t id, uint16_t flags, int status)
{
	sring_put(&sring_net_rx, response, NET_RX_RSP_ID, 0, id);
	sring_put(&sring_net_rx, response, NET_RX_RSP_OFFSET, 0, 0);
	sring_put(&sring_net_rx, response, NET_RX_RSP_FLAGS, 0, flags);
	sring_put(&sring_net_rx, response, NET_RX_RSP_STATUS, 0,
		  (uint16_t)status);
}

static void put_gso(uint8_t *response, unsigned int type, uint16_t size)
{
	memset(response, 0, sring_net_rx.response_size);
	sring_put(&sring_net_rx, response, NET_RX_EXTRA_TYPE, 0,
		  XEN_NETIF_EXTRA_TYPE_GSO);
	sring_put(&sring_net_rx, response, NET_RX_EXTRA_GSO_SIZE, 0, size);
	sring_put(&sring_net_rx, response, NET_RX_EXTRA_GSO_TYPE, 0, type);
}

/* Xen's kind of segmentation; -1: none that the guest can be told of. */
static int gso_type(const struct virtio_net_hdr *header)
{
	switch (header->gso_type & ~VIRTIO_NET_HDR_GSO_ECN) {
	case VIRTIO_NET_HDR_GSO_NONE:
		return XEN_NETIF_GSO_TYPE_NONE;
	case VIRTIO_NET_HDR_GSO_TCPV4:
		return XEN_NETIF_GSO_TYPE_TCPV4;
	case VIRTIO_NET_HDR_GSO_TCPV6:
		return XEN_NETIF_GSO_TYPE_TCPV6;
	default:
		return -1;
	}
}

static uint16_t checksum_flags(const struct virtio_net_hdr *header)
{
	if (header->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM)
		return NETRXF_csum_blank | NETRXF_data_validated;
	if (header->flags & VIRTIO_NET_HDR_F_DATA_VALID)
		return NETRXF_data_validated;
	return 0;
}

/* The same response for each place: no packet, the guest takes its page back. */
static bool put_no_packet(const struct io_entry *e, const uint16_t *ids,
			  uint8_t *responses)
{
	uint32_t i;

	for (i = 0; i < e->nr_indices && i < NET_RX_PLACES; i++)
		put_rx(responses + i * sring_net_rx.response_size, ids[i], 0,
		       NETIF_RSP_ERROR);
	return false;
}

/*
 * The second place of a long packet that needs no extra stands in the chain as
 * a fragment of no bytes: its page is the one that was left out.
 */
static void put_packet(const struct io_entry *e, const uint16_t *ids,
		       uint16_t flags, int type, uint16_t gso_size,
		       uint8_t *response)
{
	uint32_t left = e->result - NET_HEADER_BYTES, i, n;
	bool spare = e->opaque[OPAQUE_RX_EXTRA];

	for (i = 0; i < e->nr_indices; i++) {
		n = left < NET_PAGE_BYTES ? left : NET_PAGE_BYTES;
		if (i == 1 && spare)
			n = 0;
		left -= n;
		if (i == 1 && type)
			put_gso(response, type, gso_size);
		else
			put_rx(response, ids[i], flags |
			       (left ? NETRXF_more_data : 0), n);
		if (!i)
			flags = 0;
		response += sring_net_rx.response_size;
	}
}

/* Do the bytes fit the places that the table says they took? */
static bool is_consistent(const struct io_entry *e, int type)
{
	uint32_t places, bytes = e->result - NET_HEADER_BYTES;

	places = (bytes + NET_PAGE_BYTES - 1) / NET_PAGE_BYTES;
	if (e->opaque[OPAQUE_RX_EXTRA] && (places > 1 || type))
		places++;
	return places == e->nr_indices && places <= NET_RX_PLACES;
}

bool net_rx_responses(const struct io_entry *e, const uint16_t *ids,
		      void *responses)
{
	struct virtio_net_hdr header;
	uint16_t flags;
	int type;

	if (e->result <= NET_HEADER_BYTES)
		return put_no_packet(e, ids, responses);
	memcpy(&header, e->inline_data, sizeof(header));
	type = gso_type(&header);
	/* Left in the tap from a guest that took more than this one. */
	if (type < 0 || (type && !e->opaque[OPAQUE_RX_EXTRA]) ||
	    !is_consistent(e, type))
		return put_no_packet(e, ids, responses);
	flags = checksum_flags(&header) | (type ? NETRXF_extra_info : 0);
	put_packet(e, ids, flags, type, header.gso_size, responses);
	return true;
}
