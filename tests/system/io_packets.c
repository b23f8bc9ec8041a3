// SPDX-License-Identifier: GPL-2.0-only
/*
 * Grant I/O on a tap: packets that the host's side sends are received into
 * places of the ring, and packets that the guest has in its pages come out of
 * the host's side, a packet socket.
 */
#include "io.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEADER		10	/* struct virtio_net_hdr */
#define EXTRA_BYTE	2	/* its gso_type */
#define MTU		9000
#define TYPE		0x88b5	/* for experiments: nobody else sends such */

static int attach_fd, tap, host;
static struct ring ring;

static void set_up_interface(struct ifreq *ifr)
{
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	ifr->ifr_mtu = MTU;
	if (ioctl(s, SIOCSIFMTU, ifr))
		give_up("MTU");
	ifr->ifr_flags = IFF_UP | IFF_NOARP;
	if (ioctl(s, SIOCSIFFLAGS, ifr))
		give_up("interface up");
	close(s);
}

static void make_tap(void)
{
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(TYPE),
	};
	struct ifreq ifr = { .ifr_name = "io-tap" };

	tap = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	ifr.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR;
	if (tap < 0 || ioctl(tap, TUNSETIFF, &ifr))
		give_up("tap");
	set_up_interface(&ifr);
	host = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(TYPE));
	to.sll_ifindex = if_nametoindex("io-tap");
	if (host < 0 || bind(host, (void *)&to, sizeof(to)))
		give_up("packet socket");
}

static void make_packet(unsigned char *p, size_t size, unsigned int seed)
{
	size_t i;

	memset(p, 0xff, ETH_ALEN);
	memset(p + ETH_ALEN, 2, ETH_ALEN);
	p[12] = TYPE >> 8;
	p[13] = TYPE & 0xff;
	for (i = ETH_HLEN; i < size; i++)
		p[i] = seed * 29 + i * 3 + (i >> 8);
}

static void send_packet(size_t size, unsigned int seed)
{
	unsigned char p[MTU];

	make_packet(p, size, seed);
	want(send(host, p, size, 0), size);
}

/* --- from the guest ------------------------------------------------------- */

static void transmit(size_t size, unsigned int seed)
{
	struct lodge_io_request req =
		pages(LODGE_IO_WRITE, tap, 0, REF_DATA, (size + PAGE - 1) / PAGE);
	struct lodge_io_segment *segs = (void *)(uintptr_t)req.segments;
	unsigned char p[3 * PAGE], got[3 * PAGE];
	struct pollfd poll_host = { .fd = host, .events = POLLIN };
	size_t at;

	make_packet(p, size, seed);
	for (at = 0; at < size; at += PAGE)
		want(to_guest(REF_DATA + at / PAGE, 0, p + at, PAGE), 0);
	segs[(size - 1) / PAGE].length = (size - 1) % PAGE + 1;
	/* The header goes with the request, as a back end makes it. */
	req.inline_length = HEADER;
	want(ring_run(&ring, &req), HEADER + size);
	want(poll(&poll_host, 1, LIMIT_MS), 1);
	want(recv(host, got, sizeof(got), 0), size);
	want(memcmp(got, p, size), 0);
}

static void test_transmit(void)
{
	struct lodge_io_request req;

	begin("transmit");
	transmit(60, 1);
	transmit(1514, 2);
	transmit(PAGE, 3);
	transmit(PAGE + 1, 4);
	transmit(2 * PAGE + 100, 5);
	/* Without the header the tap has not even that. */
	req = pages(LODGE_IO_WRITE, tap, 0, REF_DATA, 1);
	((struct lodge_io_segment *)(uintptr_t)req.segments)->length = 4;
	want(ring_run(&ring, &req), -EINVAL);
	want(busy_bits(REF_DATA), 0);
	end();
}

/* --- to the guest --------------------------------------------------------- */

static struct lodge_io_request offer(unsigned int places, unsigned int window,
				     bool extra)
{
	struct lodge_io_request req =
		pages(LODGE_IO_RECEIVE, tap, 0, REF_DATA, places);

	req.nr_indices = places;
	req.packet_indices = window;
	req.inline_length = HEADER;
	req.extra_byte = extra ? EXTRA_BYTE : 0;
	return req;
}

static void receive(struct lodge_io_request *req)
{
	struct lodge_io_submit s;

	req->ring_index = ring.table->count;
	want(ring_submit(&ring, &s, NULL, 0, req, 1), 0);
	want(s.error, 0);
	want(s.nr_requests, 1);
}

/*
 * The packet that took @nr places from @index on: its bytes are in the pages of
 * these, of which @first is the first's.
 */
static void expect_packet(unsigned int index, unsigned int nr,
			  unsigned int first, bool extra, size_t size,
			  unsigned int seed)
{
	unsigned char p[MTU], got[3 * PAGE];
	const struct lodge_io_entry *e;
	unsigned int ref = first;
	int i = ring_find(&ring, index);
	size_t at, n;

	want(i >= 0, 1);
	if (i < 0)
		return;
	e = ring_entry(&ring, i);
	want(ring_state(&ring, i), LODGE_IO_DONE);
	want(e->nr_indices, nr);
	want(e->result, HEADER + size);
	want(e->inline_length, HEADER);
	make_packet(p, size, seed);
	for (at = 0; at < size; at += n) {
		n = size - at < PAGE ? size - at : PAGE;
		want(from_guest(ref, 0, got + at, n), 0);
		ref += extra && ref == first ? 2 : 1;
	}
	want(memcmp(got, p, size), 0);
	want(ring_retire(&ring, i), 0);
}

static void test_receive(void)
{
	struct lodge_io_request req = offer(8, 1, false);
	unsigned int first = ring.table->count;

	begin("receive");
	receive(&req);
	want(ring.table->count, first);
	send_packet(60, 1);
	send_packet(1514, 2);
	receive(&req);
	want(ring.table->count, first + 2);
	expect_packet(first, 1, REF_DATA, false, 60, 1);
	expect_packet(first + 1, 1, REF_DATA + 1, false, 1514, 2);
	/* Nobody waits for what the call has done. */
	want(wait_event(ring.event, 0), 0);
	want(busy_bits(REF_DATA) | busy_bits(REF_DATA + 7), 0);
	end();
}

static void test_receive_large(void)
{
	struct lodge_io_request req;
	unsigned int first = ring.table->count;

	begin("receive-large");
	send_packet(5000, 3);
	send_packet(100, 4);
	send_packet(8900, 5);
	send_packet(200, 6);
	req = offer(6, 3, false);
	receive(&req);
	/* 2, 1 and 3 places: the last packet stays in the tap. */
	want(ring.table->count, first + 6);
	expect_packet(first, 2, REF_DATA, false, 5000, 3);
	expect_packet(first + 2, 1, REF_DATA + 2, false, 100, 4);
	expect_packet(first + 3, 3, REF_DATA + 3, false, 8900, 5);
	first += 6;
	receive(&req);
	want(ring.table->count, first + 1);
	expect_packet(first, 1, REF_DATA, false, 200, 6);
	end();
}

static void test_receive_extra(void)
{
	struct lodge_io_request req = offer(12, 4, true);
	unsigned int first = ring.table->count;

	begin("receive-extra");
	fill_page(REF_DATA + 2, 0);
	send_packet(300, 7);
	send_packet(5000, 8);
	receive(&req);
	want(ring.table->count, first + 4);
	expect_packet(first, 1, REF_DATA, true, 300, 7);
	expect_packet(first + 1, 3, REF_DATA + 1, true, 5000, 8);
	want(page_bad(REF_DATA + 2, 0), 0);
	end();
}

static void test_receive_refused(void)
{
	struct lodge_io_request req = offer(6, 2, false);
	struct lodge_io_segment *segs = (void *)(uintptr_t)req.segments;
	unsigned int first = ring.table->count;
	int i;

	begin("receive-refused");
	send_packet(100, 9);
	segs[1].grant = REF_READ_ONLY;
	receive(&req);
	want(ring.table->count, first + 3);
	i = ring_find(&ring, first);
	want(ring_entry(&ring, i)->result, -EFAULT);
	want(ring_entry(&ring, i)->nr_indices, 2);
	want(ring_retire(&ring, i), 0);
	/* No packet was lost for it. */
	expect_packet(first + 2, 1, REF_DATA + 2, false, 100, 9);
	want(busy_bits(REF_DATA) | busy_bits(REF_READ_ONLY), 0);
	end();
}

static void test_receive_refusals(void)
{
	struct lodge_io_request req;

	begin("receive-refusals");
	req = offer(4, 0, false);
	want(ring_take(&ring, &req), -EINVAL);
	req = offer(4, 5, false);
	want(ring_take(&ring, &req), -EINVAL);
	req = offer(4, 1, true);
	want(ring_take(&ring, &req), -EINVAL);
	req = offer(4, 2, true);
	req.extra_byte = HEADER + 1;
	want(ring_take(&ring, &req), -EINVAL);
	req = offer(4, 2, false);
	req.nr_indices = 3;
	want(ring_take(&ring, &req), -EINVAL);
	end();
}

/* An interface that is down takes no packet. */
static void test_down(void)
{
	struct ifreq ifr = { .ifr_name = "io-tap" };
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct lodge_io_request req =
		pages(LODGE_IO_WRITE, tap, 0, REF_DATA, 1);

	begin("tap-down");
	want(ioctl(s, SIOCSIFFLAGS, &ifr), 0);
	req.inline_length = HEADER;
	want(ring_run(&ring, &req), -EIO);
	close(s);
	end();
}

void test_packets(void)
{
	attach_fd = attach(1);
	if (attach_fd < 0)
		give_up("attach");
	make_tap();
	ring_begin(&ring, attach_fd, 0, NR_PLACES);
	wait_event(ring.event, 0);
	test_transmit();
	test_receive();
	test_receive_large();
	test_receive_extra();
	test_receive_refused();
	test_receive_refusals();
	test_down();
	begin("packets-end");
	ring_end(&ring, true);
	close(attach_fd);
	close(tap);
	close(host);
	end();
}
