/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The network protocol between a guest and its back end, translated: requests
 * of the guest's rings into entries of an I/O table, and entries into
 * responses.  Nothing here touches a ring, a file or memory that is shared: all
 * works on private copies.
 *
 * "tx" and "rx" are the guest's words: it transmits what the tap is written.
 */
#ifndef LODGE_BACKEND_NET_REQUEST_H
#define LODGE_BACKEND_NET_REQUEST_H

#include "lib/io_table.h"

#include <stdbool.h>
#include <stdint.h>

#define NET_PAGE_BYTES		4096
#define NET_HEADER_BYTES	10	/* struct virtio_net_hdr, before a packet */

/* Old front ends send one or two more than the 18 of the protocol. */
#define NET_TX_SLOTS		20
#define NET_TX_EXTRAS		4
#define NET_TX_PLACES		(NET_TX_SLOTS + NET_TX_EXTRAS)

/* 64 KiB of data, their Ethernet header and a VLAN tag; and the extra. */
#define NET_RX_DATA_PLACES	17
#define NET_RX_PLACES		(NET_RX_DATA_PLACES + 1)

/* So much of a packet is looked at to find where its checksum goes. */
#define NET_HEAD_BYTES		128

/**
 * struct net_packet - a packet that the guest sends
 * @ring_index: of its first request
 * @nr_places: requests of it that were seen, extras included
 * @nr_extras: they stand after the first request
 * @refused: why it is not sent, or NULL; it is consumed all the same
 * @size: bytes of the packet
 * @csum_blank: the guest left the checksum to us
 * @gso_type: VIRTIO_NET_HDR_GSO_*
 * @gso_size: bytes of payload in each packet that is to be made of it
 * @nr_segments: entries of @segments
 * @segments: where its bytes are
 * @rest: bytes of the first fragment; what the others have is taken off
 * @more_data: another fragment follows
 * @extras_follow: the next request is an extra
 */
struct net_packet {
	uint32_t ring_index;
	uint32_t nr_places;
	uint32_t nr_extras;
	const char *refused;
	uint16_t size;
	bool csum_blank;
	uint8_t gso_type;
	uint16_t gso_size;
	uint16_t nr_segments;
	struct io_segment segments[NET_TX_SLOTS];
	uint32_t rest;
	bool more_data;
	bool extras_follow;
};

void net_packet_init(struct net_packet *packet, uint32_t ring_index);

/*
 * Add the copy of the next request.  1: the packet goes on; 0: it is whole;
 * -EPROTO: it has no end within its limits, or its extras have not.
 */
int net_packet_add(struct net_packet *packet, const void *request);

/*
 * How many of the packet's first bytes net_packet_make() has to see; they are
 * those of the first segments.  0: none.
 */
uint32_t net_packet_wants_head(const struct net_packet *packet);

/*
 * The entry that sends a whole packet to @fd, or, when it is refused, the one
 * that only consumes it.  @packet must live as long as the entry is not
 * submitted.  The head may be shorter than wanted when it could not be read.
 */
void net_packet_make(struct net_packet *packet, const uint8_t *head,
		     uint32_t head_bytes, int fd, struct io_request *request);

/*
 * Responses to such an entry, one for each place; @ids has the requests' ids.
 * At most NET_TX_PLACES of 4 bytes.  Returns whether it was sent.
 */
bool net_tx_responses(const struct io_entry *entry, const uint16_t *ids,
		      void *responses);

/* What the guest's front end takes. */
struct net_features {
	bool sg;	/* packets of several pages */
	bool gso4;
	bool gso6;
	bool csum4;	/* packets whose checksum is left to it */
	bool csum6;
};

/* The offloads that a tap may use towards such a guest: TUN_F_*. */
unsigned int net_offloads(const struct net_features *features);

/* Places of the rx ring that the largest packet may take. */
uint32_t net_rx_packet_places(const struct net_features *features,
			      uint32_t mtu);

/*
 * The entry that receives into @nr requests, whose copies' grants are in
 * @segments, one for each.
 */
void net_rx_make(const struct net_features *features, uint32_t packet_places,
		 uint32_t ring_index, const struct io_segment *segments,
		 uint32_t nr, int fd, struct io_request *request);

/*
 * Responses to an entry that net_rx_make()'s became, one for each place; @ids
 * has the requests' ids.  At most NET_RX_PLACES of 8 bytes.  Returns whether
 * they are a packet.
 */
bool net_rx_responses(const struct io_entry *entry, const uint16_t *ids,
		      void *responses);

#endif /* LODGE_BACKEND_NET_REQUEST_H */
