// SPDX-License-Identifier: GPL-2.0-only
/*
 * The network protocol, translated: packets that are good, that are not what
 * they say and that have no end; then a guest that receives, over a model of
 * the I/O table, from a holder that dies at any step.
 */
#include <errno.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/net_request.h"
#include "io_model.h"
#include "lib/sring.h"
#include "sring_front.h"
#include "verdict.h"

#define CSUM_BLANK	1
#define MORE_DATA	4
#define EXTRA_INFO	8
#define EXTRA_MORE	1
#define ERROR		0xffff	/* a status of -1 */

/* --- packets that the guest sends --- */

struct slot {
	uint32_t grant, offset, flags, size;
};

static struct net_packet packet;

static int add_slot(const struct slot *s)
{
	uint8_t request[12] = { 0 };

	sring_put(&sring_net_tx, request, NET_TX_GRANT, 0, s->grant);
	sring_put(&sring_net_tx, request, NET_TX_OFFSET, 0, s->offset);
	sring_put(&sring_net_tx, request, NET_TX_FLAGS, 0, s->flags);
	sring_put(&sring_net_tx, request, NET_TX_SIZE, 0, s->size);
	return net_packet_add(&packet, request);
}

static int add_extra(unsigned int type, unsigned int flags, unsigned int gso,
		     unsigned int size)
{
	uint8_t request[12] = { 0 };

	sring_put(&sring_net_tx, request, NET_TX_EXTRA_TYPE, 0, type);
	sring_put(&sring_net_tx, request, NET_TX_EXTRA_FLAGS, 0, flags);
	sring_put(&sring_net_tx, request, NET_TX_EXTRA_GSO_TYPE, 0, gso);
	sring_put(&sring_net_tx, request, NET_TX_EXTRA_GSO_SIZE, 0, size);
	return net_packet_add(&packet, request);
}

static void make(const uint8_t *head, uint32_t n, struct io_request *r,
		 struct virtio_net_hdr *header)
{
	net_packet_make(&packet, head, n, 5, r);
	memcpy(header, r->inline_data, sizeof(*header));
}

static void send_plain(void)
{
	struct virtio_net_hdr header, none = { 0 };
	struct io_request r;

	net_packet_init(&packet, 0xffffffff);
	must(!add_slot(&(struct slot){ 7, 100, 0, 60 }), "not whole");
	must(!net_packet_wants_head(&packet), "it looks at the packet");
	make(NULL, 0, &r, &header);
	must(r.operation == IO_WRITE && r.fd == 5 && r.nr_indices == 1 &&
	     r.ring_index == 0xffffffff, "wrong entry");
	must(r.nr_segments == 1 && r.segments[0].grant == 7 &&
	     r.segments[0].offset == 100 && r.segments[0].length == 60,
	     "wrong segment");
	must(r.inline_length == 10 && !memcmp(&header, &none, 10),
	     "wrong header");
	check("tx_one_request");
}

static void send_fragments(void)
{
	struct virtio_net_hdr header;
	struct io_request r;

	net_packet_init(&packet, 3);
	must(add_slot(&(struct slot){ 1, 4000, MORE_DATA, 5096 }) == 1 &&
	     add_slot(&(struct slot){ 2, 0, MORE_DATA, 4096 }) == 1 &&
	     add_slot(&(struct slot){ 3, 9, MORE_DATA, 0 }) == 1 &&
	     !add_slot(&(struct slot){ 4, 96, 0, 904 }), "wrong end");
	make(NULL, 0, &r, &header);
	must(r.operation == IO_WRITE && r.nr_indices == 4, "wrong entry");
	must(r.nr_segments == 3 && r.segments[0].length == 96 &&
	     r.segments[1].length == 4096 && r.segments[2].length == 904 &&
	     r.segments[2].grant == 4, "wrong segments");
	check("tx_fragments");
}

static const uint8_t tcp4[66] = {
	[12] = 0x08, [14] = 0x45, [23] = 6, [46] = 0x80,
};

static void send_checksum(void)
{
	struct virtio_net_hdr h;
	struct io_request r;
	uint8_t udp6[78] = {
		[12] = 0x81, [16] = 0x86, [17] = 0xdd, [18] = 0x60,
		[24] = 60, [58] = 17,
	};

	net_packet_init(&packet, 0);
	add_slot(&(struct slot){ 1, 0, CSUM_BLANK, 1500 });
	must(net_packet_wants_head(&packet) == 128, "no look at its head");
	make(tcp4, sizeof(tcp4), &r, &h);
	must(r.operation == IO_WRITE && h.flags == 1 && h.csum_start == 34 &&
	     h.csum_offset == 16 && !h.gso_type, "TCP over IPv4");

	net_packet_init(&packet, 0);
	add_slot(&(struct slot){ 1, 0, CSUM_BLANK, 78 });
	must(net_packet_wants_head(&packet) == 78, "wrong head");
	make(udp6, sizeof(udp6), &r, &h);
	must(r.operation == IO_WRITE && h.csum_start == 66 &&
	     h.csum_offset == 6, "UDP behind options, over IPv6 in a VLAN");
	check("tx_checksum");
}

static void send_segmented(void)
{
	struct virtio_net_hdr h;
	struct io_request r;

	net_packet_init(&packet, 0);
	must(add_slot(&(struct slot){ 1, 0, CSUM_BLANK | EXTRA_INFO | MORE_DATA,
				      5000 }) == 1 &&
	     add_extra(1, 0, 1, 1448) == 1 &&
	     !add_slot(&(struct slot){ 2, 0, 0, 4000 }), "wrong end");
	make(tcp4, sizeof(tcp4), &r, &h);
	must(r.operation == IO_WRITE && r.nr_indices == 3 &&
	     r.nr_segments == 2 && r.segments[0].length == 1000 &&
	     r.segments[1].grant == 2, "wrong entry");
	must(h.flags == 1 && h.gso_type == VIRTIO_NET_HDR_GSO_TCPV4 &&
	     h.gso_size == 1448 && h.hdr_len == 66 && h.csum_start == 34,
	     "wrong header");
	check("tx_segmentation");
}

/* What it says is refused; its requests are consumed all the same. */
static void expect_refused(const char *why, const uint8_t *head, uint32_t n)
{
	static const uint16_t ids[NET_TX_PLACES];
	uint16_t responses[2 * NET_TX_PLACES];
	struct io_entry e = { 0 };
	struct virtio_net_hdr h;
	struct io_request r;

	make(head, n, &r, &h);
	e.nr_indices = r.nr_indices;
	memcpy(e.opaque, r.opaque, sizeof(e.opaque));
	must(!net_tx_responses(&e, ids, responses), "answered as sent");
	if (!packet.refused || !strstr(packet.refused, why))
		must(false, why);
	must(r.operation == IO_NONE && r.fd == -1 && !r.nr_segments &&
	     !r.inline_length && r.nr_indices == packet.nr_places,
	     "a refused one is sent");
}

static void refuse_slots(const char *why, const struct slot *slots, int n)
{
	int i;

	net_packet_init(&packet, 0);
	for (i = 0; i < n; i++)
		must(add_slot(&slots[i]) == (i < n - 1), "wrong end");
	expect_refused(why, NULL, 0);
}

static void refuse_extra(const char *why, unsigned int type, unsigned int gso,
			 unsigned int size, const uint8_t *head, uint32_t n)
{
	net_packet_init(&packet, 0);
	add_slot(&(struct slot){ 1, 0, CSUM_BLANK | EXTRA_INFO, 4000 });
	must(!add_extra(type, 0, gso, size), "wrong end");
	expect_refused(why, head, n);
}

static void malformed(void)
{
	uint8_t bytes[128];

	refuse_slots("beyond its page", (struct slot[]){ { 1, 4095, 0, 60 } }, 1);
	refuse_slots("beyond its page", (struct slot[]){ { 1, 65535, 0, 60 } }, 1);
	refuse_slots("beyond its page", (struct slot[]){
		{ 1, 0, MORE_DATA, 4000 }, { 1, 4000, 0, 100 } }, 2);
	refuse_slots("beyond its page", (struct slot[]){
		{ 1, 0, MORE_DATA, 65535 }, { 1, 0, 0, 4096 } }, 2);
	refuse_slots("shorter", (struct slot[]){ { 1, 0, 0, 13 } }, 1);
	refuse_slots("shorter", (struct slot[]){ { 1, 0, 0, 0 } }, 1);
	refuse_slots("larger than", (struct slot[]){
		{ 1, 0, MORE_DATA, 100 }, { 1, 0, 0, 101 } }, 2);

	refuse_extra("not offered", 2, 0, 0, tcp4, sizeof(tcp4));
	refuse_extra("not offered", 255, 1, 9, tcp4, sizeof(tcp4));
	refuse_extra("unknown kind", 1, 3, 1448, tcp4, sizeof(tcp4));
	refuse_extra("no size", 1, 1, 0, tcp4, sizeof(tcp4));
	refuse_extra("not TCP", 1, 2, 1448, tcp4, sizeof(tcp4));
	memcpy(bytes, tcp4, sizeof(tcp4));
	bytes[46] = 0x40;
	refuse_extra("no payload", 1, 1, 1448, bytes, sizeof(tcp4));

	net_packet_init(&packet, 0);
	add_slot(&(struct slot){ 1, 0, CSUM_BLANK, 60 });
	bytes[21] = 1;
	expect_refused("where there is none", bytes, 60);
	check("tx_refused");
}

/* No head of any bytes and length is read beyond, or believed to be longer. */
static void any_head(void)
{
	struct virtio_net_hdr h;
	struct io_request r;
	uint32_t i, j, n, sent = 0;
	uint8_t *head;

	for (i = 0; i < 300000; i++) {
		n = (uint32_t)rand() % (NET_HEAD_BYTES + 1);
		head = malloc(n ? : 1);
		for (j = 0; j < n; j++)
			head[j] = (i & 1) && j < sizeof(tcp4) ? tcp4[j] : rand();
		for (j = 0; n && j < 3; j++)
			head[(uint32_t)rand() % n] = rand();
		net_packet_init(&packet, 0);
		if (add_slot(&(struct slot){ 1, 0, CSUM_BLANK |
					     (i & 2 ? EXTRA_INFO : 0), 2000 }))
			add_extra(1, 0, 1 + (i >> 2 & 1), 500);
		make(head, n, &r, &h);
		free(head);
		if (r.operation == IO_NONE)
			continue;
		sent++;
		must(h.csum_start + h.csum_offset + 2u <= n, "beyond the head");
		must(h.hdr_len < 2000, "a header without a payload");
	}
	must(sent > 1000, "hardly one is good");
	check("tx_any_head");
}

static void endless(void)
{
	int i, ret = 1;

	net_packet_init(&packet, 0);
	for (i = 0; i < 100 && ret == 1; i++)
		ret = add_slot(&(struct slot){ 1, 0, MORE_DATA, 60000 });
	must(ret == -EPROTO && i == NET_TX_SLOTS + 1, "fragments without end");
	net_packet_init(&packet, 0);
	ret = add_slot(&(struct slot){ 1, 0, EXTRA_INFO, 60 });
	for (i = 0; i < 100 && ret == 1; i++)
		ret = add_extra(1, EXTRA_MORE, 1, 1448);
	must(ret == -EPROTO && i == NET_TX_EXTRAS + 1, "extras without end");
	check("tx_without_end");
}

static void tx_answers(void)
{
	static const uint16_t ids[] = { 10, 11, 12 };
	struct io_entry e = { .nr_indices = 3, .result = 70 };
	uint16_t rsp[6];

	e.opaque[0] = 1;
	must(net_tx_responses(&e, ids, rsp) && rsp[0] == 10 && !rsp[1] &&
	     rsp[3] == 1 && rsp[4] == 12 && !rsp[5], "sent");
	e.result = -EFAULT;
	must(!net_tx_responses(&e, ids, rsp) && rsp[1] == ERROR &&
	     rsp[3] == 1 && rsp[5] == ERROR, "failed");
	e.result = 0;
	e.opaque[1] = 1;
	must(!net_tx_responses(&e, ids, rsp) && rsp[1] == ERROR, "refused");
	check("tx_responses");
}

/* --- a guest that receives --- */

static const struct net_features all = { true, true, true, true, true };

static void features(void)
{
	struct net_features f = all;

	must(net_offloads(&f) == (TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6), "all");
	must(net_rx_packet_places(&f, 1500) == 18, "places of all");
	f.csum6 = false;
	must(!net_offloads(&f), "no checksums, no segments");
	must(net_rx_packet_places(&f, 1500) == 1 &&
	     net_rx_packet_places(&f, 9000) == 3, "places by the MTU");
	f.sg = false;
	must(net_rx_packet_places(&f, 9000) == 1, "places of one page");
	f = (struct net_features){ .csum4 = true, .csum6 = true, .gso4 = true };
	must(net_offloads(&f) == TUN_F_CSUM, "segments without pages");
	check("rx_features");
}

struct rx_response {
	uint16_t id, offset, flags, status;
};

_Static_assert(sizeof(struct rx_response) == 8, "as on the ring");

static void rx_answers(void)
{
	struct virtio_net_hdr h = { .flags = 1, .gso_type = 0x81,
				    .gso_size = 1448 };
	static const uint16_t ids[] = { 1, 2, 3, 4 };
	struct io_entry e = { .nr_indices = 3, .result = 10 + 4096 + 5 };
	struct rx_response r[NET_RX_PLACES];
	uint8_t *extra = (uint8_t *)&r[1];

	e.opaque[0] = 1;
	memcpy(e.inline_data, &h, 10);
	must(net_rx_responses(&e, ids, r) && r[0].id == 1 &&
	     r[0].flags == (1 | 2 | 4 | 8) && r[0].status == 4096 &&
	     extra[0] == 1 && !extra[1] && r[1].offset == 1448 &&
	     extra[4] == 1 && r[2].id == 3 && !r[2].flags && r[2].status == 5,
	     "segments");
	memset(e.inline_data, 0, 10);
	must(net_rx_responses(&e, ids, r) && r[0].flags == 4 &&
	     r[1].id == 2 && r[1].flags == 4 && !r[1].status &&
	     r[2].id == 3 && !r[2].flags && r[2].status == 5,
	     "a long packet that is no segments");
	e.nr_indices = 2;
	must(!net_rx_responses(&e, ids, r) && r[0].status == ERROR &&
	     !r[0].flags && r[1].status == ERROR && r[1].id == 2,
	     "a table that counts otherwise");
	e.result = -EFAULT;
	must(!net_rx_responses(&e, ids, r) && r[1].status == ERROR, "EFAULT");
	e.result = 10;
	must(!net_rx_responses(&e, ids, r), "an empty packet");
	e = (struct io_entry){ .nr_indices = 1, .result = 70 };
	memcpy(e.inline_data, &h, 10);
	must(!net_rx_responses(&e, ids, r) && r[0].status == ERROR,
	     "segments for a guest that takes none");
	e.inline_data[1] = 0;
	e.inline_data[0] = 2;
	must(net_rx_responses(&e, ids, r) && r[0].flags == 1 &&
	     r[0].status == 60, "a checksum that is good");
	check("rx_responses");
}

/*
 * A world: packets get numbers, which stand in gso_size of their header (and in
 * the place of the GSO extra's), and lengths that follow from the number.
 */
static _Alignas(SRING_PAGE_BYTES) uint8_t page[SRING_PAGE_BYTES];

static struct {
	struct front front;
	struct io_model model;
	struct sring ring;
	struct net_features features;
	uint32_t sent, read, seen;	/* packets */
	uint32_t refused, deaths, room;
	bool mortal;
	jmp_buf death;
	unsigned int seed;
} w;

static uint32_t any(uint32_t n)
{
	return (uint32_t)rand_r(&w.seed) % n;
}

static bool is_gso(uint32_t packet)
{
	return w.features.gso4 && packet % 3 == 1;
}

static uint32_t packet_bytes(uint32_t packet)
{
	return packet % 5 || !w.features.sg ? 60 + packet % 1440 : 60 + packet * 97 % 65500;
}

static uint32_t receive(const struct io_request *r,
			const struct io_segment *segments, struct io_entry *e)
{
	struct virtio_net_hdr h = { 0 };
	uint32_t i;

	/* A grant that is refused, now and then: it is the one of its place. */
	for (i = !!r->extra_byte; i < r->packet_indices; i++)
		must(segments[i - !!r->extra_byte].length == 4096,
		     "a segment that was not offered");
	if (!any(40)) {
		e->result = -EFAULT;
		w.refused++;
		return 1;
	}
	if (w.read == w.sent)
		return 0;
	h.gso_size = 1 + w.read % 60000;
	h.gso_type = is_gso(w.read) ? VIRTIO_NET_HDR_GSO_TCPV4 : 0;
	memcpy(e->inline_data, &h, sizeof(h));
	memcpy(e->opaque, r->opaque, sizeof(e->opaque));
	e->result = NET_HEADER_BYTES + packet_bytes(w.read++);
	return (e->result - NET_HEADER_BYTES + 4095) / 4096;
}

static void guest_offers(void)
{
	uint8_t request[8] = { 0 };
	uint32_t n = any(40);

	while (n-- && w.front.req_prod - w.front.rsp_cons < w.room) {
		sring_put(&sring_net_rx, request, NET_RX_ID, 0,
			  w.front.req_prod & 255);
		front_put(&w.front, request);
	}
	front_push(&w.front);
}

/* One response, whose place in the ring must be that of its request. */
static bool guest_gets(struct rx_response *r, bool extra)
{
	uint32_t place = w.front.rsp_cons;

	if (!front_get(&w.front, r))
		return false;
	must(extra || r->id == (place & 255), "a response in the wrong place");
	return true;
}

static void guest_takes_packet(void)
{
	struct rx_response r, extra = { 0 };
	uint32_t bytes = 0;
	bool more;

	if (!guest_gets(&r, false) || r.status == ERROR)
		return;
	if (r.flags & EXTRA_INFO)
		must(guest_gets(&extra, true), "no extra");
	for (;;) {
		must(!r.offset && r.status <= 4096, "a fragment beyond its page");
		bytes += r.status;
		more = r.flags & MORE_DATA;
		if (!more)
			break;
		must(guest_gets(&r, false), "a part of a packet");
		if (wrong)
			return;
	}
	must(bytes == packet_bytes(w.seen), "a packet of the wrong length");
	must(!extra.id == !is_gso(w.seen), "an extra, or none");
	must(!is_gso(w.seen) || extra.offset == 1 + w.seen % 60000,
	     "another packet's extra");
	w.seen++;
}

static void others(void)
{
	if (!any(3) && w.sent - w.seen < 500)
		w.sent += any(30);
	if (!any(3))
		guest_offers();
	while (!any(3) && !wrong &&
	       w.front.words[RSP_PROD] != w.front.rsp_cons)
		guest_takes_packet();
}

static void on_step(void)
{
	others();
	if (w.mortal && !any(60))
		longjmp(w.death, 1);
}

static int offer(void)
{
	struct io_segment segments[64];
	uint32_t index = 0, n = 0, most = 18 + any(47);
	struct io_request r;
	uint8_t copy[8];

	while (n < most && sring_fetch(&w.ring, copy, &index) == 1)
		segments[n++] = (struct io_segment){
			.grant = index, .length = 4096,
		};
	if (!n)
		return 0;
	net_rx_make(&w.features, net_rx_packet_places(&w.features, 1500),
		    index + 1 - n, segments, n, 5, &r);
	return sring_receive(&w.ring, &r);
}

static int answer_next(void)
{
	struct rx_response responses[NET_RX_PLACES];
	uint16_t ids[NET_RX_PLACES];
	struct io_entry e;
	uint8_t copy[8];
	uint32_t i = any(300), k;
	int ret = sring_next_in_order(&w.ring, &i, &e);

	if (ret <= 0)
		return ret;
	for (k = 0; k < e.nr_indices; k++) {
		must(!sring_peek(&w.ring, e.ring_index + k, copy),
		     "no look at a request");
		ids[k] = sring_get(&sring_net_rx, copy, NET_RX_ID, 0);
	}
	net_rx_responses(&e, ids, responses);
	ret = sring_answer(&w.ring, i, responses);
	return ret ? ret : 1;
}

static void live(bool *held)
{
	const struct io_table table = io_model_table(&w.model);
	int ret;

	if (setjmp(w.death)) {
		w.deaths++;
		*held = false;
		return;
	}
	if (!*held)
		must(!sring_open(&w.ring, page, 1, &sring_net_rx, &table),
		     "the ring could not be opened");
	*held = true;
	must(offer() >= 0, "an offer that was refused");
	while ((ret = answer_next()) == 1)
		if (!any(4))
			must(sring_publish(&w.ring) >= 0, "publish");
	must(!ret, "no answer");
	must(sring_publish(&w.ring) >= 0, "publish");
}

static void run_world(const char *name, const struct net_features *features,
		      bool mortal)
{
	uint32_t deaths = 0, refused = 0, seen = 0, i;
	bool held;

	for (unsigned int seed = 1; seed <= 40 && !wrong; seed++) {
		memset(&w, 0, sizeof(w));
		w.seed = seed;
		w.features = *features;
		w.mortal = mortal;
		w.room = 20 + any(237);
		front_init(&w.front, page, 1, &sring_net_rx, 0xffffff80);
		io_model_init(&w.model, 256, 0xffffff80);
		w.model.step = on_step;
		w.model.receive = receive;
		held = false;
		for (i = 0; i < 3000 && !wrong; i++) {
			others();
			live(&held);
		}
		must(!w.model.broken, w.model.broken);
		deaths += w.deaths;
		refused += w.refused;
		seen += w.seen;
	}
	must(seen > 20000, "hardly a packet");
	must(refused > 100, "hardly a grant was refused");
	must(!mortal || deaths > 1000, "hardly a death");
	check(name);
}

static void peeks(void)
{
	struct io_request r = { .operation = IO_NONE, .nr_indices = 1,
				.ring_index = 0xffffff80, .fd = -1 };
	struct io_table table = io_model_table(&w.model);
	uint8_t copy[8] = { 0 };
	struct io_entry e;
	uint32_t index;

	memset(&w, 0, sizeof(w));
	w.seed = 1;
	w.features = all;
	front_init(&w.front, page, 1, &sring_net_rx, 0xffffff80);
	io_model_init(&w.model, 256, 0xffffff80);
	table = io_model_table(&w.model);
	front_put(&w.front, copy);
	front_put(&w.front, copy);
	front_push(&w.front);
	must(!sring_open(&w.ring, page, 1, &sring_net_rx, &table), "open");
	must(sring_peek(&w.ring, 0xffffff80, copy) == -EINVAL, "not submitted");
	must(sring_receive(&w.ring, &r) == -EINVAL, "not a receive");
	r.operation = IO_RECEIVE;
	must(sring_receive(&w.ring, &r) == -EINVAL, "nothing was fetched");
	must(sring_waiting(&w.ring) == 2, "two wait");
	must(sring_sleep_for(&w.ring, 2) == 1, "two are enough");
	must(!sring_sleep_for(&w.ring, 4), "two are too few");
	front_put(&w.front, copy);
	must(!front_push(&w.front), "told of the third");
	front_put(&w.front, copy);
	must(front_push(&w.front), "not told of the fourth");
	must(sring_fetch(&w.ring, copy, &index) == 1, "fetch");
	r.nr_indices = 2;
	must(sring_receive(&w.ring, &r) == -EINVAL, "not all was fetched");
	r.nr_indices = 1;
	r.ring_index++;
	must(sring_receive(&w.ring, &r) == -EINVAL, "wrong index");
	must(sring_peek(&w.ring, 0xffffff7f, copy) == -EINVAL, "answered");
	w.front.words[REQ_PROD] = 0;
	must(sring_fetch(&w.ring, copy, &index) == 1 || true, "fetch");
	w.front.words[REQ_PROD] = 0x1000;
	must(sring_fetch(&w.ring, copy, &index) == -EPROTO, "overflow");
	must(sring_receive(&w.ring, &r) == -EPROTO &&
	     sring_waiting(&w.ring) == -EPROTO &&
	     sring_next_in_order(&w.ring, &index, &e) == -EPROTO &&
	     sring_peek(&w.ring, 0xffffff80, copy) == -EPROTO, "it goes on");
	check("receive_and_peek_refusals");
}

int main(void)
{
	const struct net_features plain = { .sg = false };

	setvbuf(stdout, NULL, _IOLBF, 0);
	send_plain();
	send_fragments();
	send_checksum();
	send_segmented();
	malformed();
	any_head();
	endless();
	tx_answers();
	features();
	rx_answers();
	peeks();
	run_world("rx_traffic", &all, false);
	run_world("rx_deaths", &all, true);
	run_world("rx_deaths_plain", &plain, true);
	return failed;
}
