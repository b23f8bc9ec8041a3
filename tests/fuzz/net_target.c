// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests of a guest's packets, as it wrote them, and the packet's first
 * bytes; then places that it offers for packets.  What becomes of them must
 * stay within pages, and have an answer for each request.
 */
#include "target.h"

#include <errno.h>
#include <xen/io/netif.h>

#include "backend/net_request.h"
#include "lib/sring_layout.h"

#define FD	5
#define GUARD	0xa5

static void check_tx_request(const struct io_request *r,
			     const struct net_packet *p)
{
	uint32_t bytes = 0, i;

	MUST(r->nr_indices == p->nr_places);
	MUST(r->nr_indices && r->nr_indices <= NET_TX_PLACES);
	if (r->operation == IO_NONE) {
		MUST(p->refused && r->fd == -1 && !r->nr_segments);
		return;
	}
	MUST(r->operation == IO_WRITE && !p->refused && r->fd == FD);
	MUST(r->inline_length == NET_HEADER_BYTES);
	MUST(r->nr_segments && r->nr_segments <= NET_TX_SLOTS);
	MUST(!r->offset && !r->length);
	for (i = 0; i < r->nr_segments; i++) {
		MUST(r->segments[i].length);
		MUST(r->segments[i].offset + r->segments[i].length <=
		     NET_PAGE_BYTES);
		bytes += r->segments[i].length;
	}
	MUST(bytes == p->size);
}

static void check_tx_responses(const struct io_request *r, int32_t result)
{
	uint8_t responses[NET_TX_PLACES * 4 + 1];
	uint16_t ids[NET_TX_PLACES] = { 1, 2, 3 };
	struct io_entry entry = {
		.nr_indices = r->nr_indices,
		.result = result,
	};

	memcpy(entry.opaque, r->opaque, sizeof(entry.opaque));
	responses[r->nr_indices * 4] = GUARD;
	MUST(net_tx_responses(&entry, ids, responses) ==
	     (r->operation == IO_WRITE && result >= 0));
	MUST(responses[r->nr_indices * 4] == GUARD);
}

/* False when the ring has to be stopped. */
static bool try_packet(struct fuzz_input *in)
{
	uint8_t copy[SRING_MAX_REQUEST], *head;
	struct net_packet packet;
	struct io_request request;
	uint32_t wanted, n = 0;
	int32_t result;
	int more;

	net_packet_init(&packet, 7);
	do {
		fuzz_take(in, copy, sring_net_tx.request_size);
		more = net_packet_add(&packet, copy);
		MUST(++n <= NET_TX_PLACES + 1);
	} while (more > 0);
	MUST(!more || more == -EPROTO);
	if (more)
		return false;
	wanted = net_packet_wants_head(&packet);
	MUST(wanted <= NET_HEAD_BYTES);
	head = malloc(wanted ? wanted : 1);
	n = fuzz_byte(in) & 1 ? wanted / 2 : wanted;
	fuzz_take(in, head, wanted);
	net_packet_make(&packet, head, n, FD, &request);
	free(head);
	check_tx_request(&request, &packet);
	fuzz_take(in, &result, sizeof(result));
	check_tx_responses(&request, result);
	return true;
}

static void try_receive(struct fuzz_input *in)
{
	uint8_t bits = fuzz_byte(in);
	struct net_features features = {
		.sg = bits & 1, .gso4 = bits & 2, .gso6 = bits & 4,
		.csum4 = bits & 8, .csum6 = bits & 16,
	};
	struct io_segment segments[64] = { { .length = NET_PAGE_BYTES } };
	uint8_t responses[NET_RX_PLACES * 8 + 1];
	uint16_t ids[NET_RX_PLACES] = { 4, 5, 6 };
	struct io_request request;
	struct io_entry entry = { 0 };
	uint32_t places;

	places = net_rx_packet_places(&features, 1500 + fuzz_byte(in) * 256);
	MUST(places && places <= NET_RX_PLACES);
	net_rx_make(&features, places, 3, segments, 64, FD, &request);
	MUST(request.nr_indices == 64 && request.packet_indices == places);
	MUST(request.extra_byte <= request.inline_length);
	/* What the table makes of it. */
	memcpy(entry.opaque, request.opaque, sizeof(entry.opaque));
	entry.nr_indices = 1 + fuzz_byte(in) % places;
	entry.inline_length = request.inline_length;
	fuzz_take(in, &entry.result, sizeof(entry.result));
	if (entry.result > (int32_t)(entry.nr_indices * NET_PAGE_BYTES))
		entry.result %= entry.nr_indices * NET_PAGE_BYTES;
	fuzz_take(in, entry.inline_data, sizeof(entry.inline_data));
	responses[entry.nr_indices * 8] = GUARD;
	net_rx_responses(&entry, ids, responses);
	MUST(responses[entry.nr_indices * 8] == GUARD);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };

	try_receive(&in);
	while (in.left && try_packet(&in))
		;
	return 0;
}

/* --- seeds: a way to receive, then one packet --- */

static uint8_t seed[1024];
static size_t seed_size;

static void add(const void *data, size_t size)
{
	memcpy(seed + seed_size, data, size);
	seed_size += size;
}

static void begin(uint8_t features)
{
	const uint8_t receive[3 + 4 + 64] = { features, 4, 1, 100 };

	seed_size = 0;
	add(receive, sizeof(receive));
}

static void add_data(uint16_t flags, uint16_t offset, uint16_t size)
{
	struct netif_tx_request request = {
		.gref = 8, .offset = offset, .flags = flags, .id = 1,
		.size = size,
	};

	add(&request, sizeof(request));
}

static void add_gso(uint8_t type, uint16_t size)
{
	struct netif_extra_info extra = {
		.type = XEN_NETIF_EXTRA_TYPE_GSO,
		.u.gso = { .size = size, .type = type },
	};

	add(&extra, sizeof(struct netif_tx_request));
}

/* Ethernet, IP, and a header of @protocol; @result is what the tap says. */
static void end(int version, uint8_t protocol, int32_t result)
{
	uint8_t head[1 + NET_HEAD_BYTES] = { 0 };

	head[1 + 12] = version == 4 ? 0x08 : 0x86;
	head[1 + 13] = version == 4 ? 0x00 : 0xdd;
	head[1 + 14] = version == 4 ? 0x45 : 0x60;
	if (version == 4)
		head[1 + 14 + 9] = protocol;
	else
		head[1 + 14 + 6] = protocol;
	head[1 + 14 + (version == 4 ? 20 : 40) + 12] = 0x50;
	add(head, sizeof(head));
	add(&result, sizeof(result));
	fuzz_seed(seed, seed_size);
}

void fuzz_seeds(void)
{
	begin(0);
	add_data(0, 0, 200);
	end(4, 17, 210);
	begin(31);
	add_data(NETTXF_csum_blank | NETTXF_data_validated, 100, 1000);
	end(6, 17, 1010);
	begin(31);
	add_data(NETTXF_csum_blank | NETTXF_extra_info | NETTXF_more_data, 0,
		 8000);
	add_gso(XEN_NETIF_GSO_TYPE_TCPV4, 1448);
	add_data(0, 0, 4000);
	end(4, 6, 8010);
	begin(9);
	add_data(NETTXF_csum_blank | NETTXF_extra_info, 0, 2000);
	add_gso(XEN_NETIF_GSO_TYPE_TCPV6, 1000);
	end(6, 6, -5);
}
