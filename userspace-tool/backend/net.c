// SPDX-License-Identifier: GPL-2.0-only
/*
 * The back end of a network interface: packets between up to four pairs of
 * rings and as many queues of a tap.  It keeps nothing of a packet: what a
 * response needs is in the I/O table's entry and in the ring, so a new process
 * answers what an old one began.
 *
 * A tap is served at once, in the call, so both rings are answered in their
 * order.  See net_request.h for what becomes of a packet.
 */
#include "backend/net.h"

#include <errno.h>
#include <lodge.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>

#include "backend/net_request.h"
#include "device_vif.h"
#include "helper.h"
#include "lib/attach.h"
#include "lib/token_bucket.h"
#include "log.h"
#include "net/tap.h"

#define BATCH		32u	/* packets of one submission */
#define OFFER		64u	/* rx requests of one call, at most */
#define ROUNDS		16	/* before others have their turn */
#define HEAD_SEGMENTS	4u	/* pages that a packet's head may lie in */
#define MEMORY_RETRY_NS	10000000ull
#define STALL_NS	100000000ull

/* Queue Q's rings, and its channels when each ring has one of its own. */
#define TX(q)		(2 * (q))
#define RX(q)		(2 * (q) + 1)

/**
 * struct net - one interface
 * @vif: how it is joined to the host
 * @features: of this guest's front end
 * @narrow: it has not posted enough for long packets: none are made for it
 * @stall_armed: @stall_fd will say so
 * @nr_queues: that are connected
 * @split: each ring has a channel; else a queue has TX(q)
 * @deaf: a queue whose tap is not waited for
 * @offer: rx requests of a queue's next call
 * @rate: limit of bytes that the guest sends
 * @timer_fd: says that there is more to do
 * @stall_fd: says that requests may have been too few for a while
 * @packets: a batch
 * @requests: of the packets
 * @heads: their first bytes, where they are needed
 * @head_bytes: how many were read
 * @copies: that read them
 */
struct net {
	struct vif vif;
	struct net_features features;
	bool narrow;
	bool stall_armed;
	unsigned int nr_queues;
	bool split;
	bool deaf[VIF_QUEUES];
	uint32_t offer[VIF_QUEUES];
	struct token_bucket rate;
	int timer_fd;
	int stall_fd;
	struct net_packet packets[BATCH];
	struct io_request requests[BATCH];
	uint8_t heads[BATCH][NET_HEAD_BYTES];
	uint32_t head_bytes[BATCH];
	struct lodge_grant_segment copies[BATCH * HEAD_SEGMENTS];
};

_Static_assert(BATCH * HEAD_SEGMENTS <= LODGE_GRANT_COPY_MAX, "one call");
_Static_assert(OFFER >= NET_RX_PLACES, "the largest packet fits");
_Static_assert(RX(VIF_QUEUES - 1) < DEVICE_RINGS, "a number for each ring");
_Static_assert(VIF_QUEUES <= DEVICE_FILES, "a file for each queue");

static void arm(int timer_fd, uint64_t ns)
{
	struct itimerspec when = {
		.it_value.tv_sec = ns / 1000000000,
		.it_value.tv_nsec = ns % 1000000000,
	};

	timerfd_settime(timer_fd, 0, &when, NULL);
}

static void arm_timer(const struct net *net, uint64_t ns)
{
	arm(net->timer_fd, ns);
}

/* --- responses --- */

/* The ids of an entry's requests, which the guest shall have back. */
static int get_ids(struct sring *ring, unsigned int field,
		   const struct io_entry *e, uint16_t *ids, uint32_t most)
{
	uint8_t copy[SRING_MAX_REQUEST];
	uint32_t i;
	int err;

	if (e->nr_indices > most)
		return -EINVAL;
	for (i = 0; i < e->nr_indices; i++) {
		err = sring_peek(ring, e->ring_index + i, copy);
		if (err)
			return err;
		ids[i] = sring_get(ring->layout, copy, field, 0);
	}
	return 0;
}

static void count_tx(struct device *d, const struct io_entry *e, bool sent)
{
	if (sent) {
		device_count(d, NET_TX_PACKETS, 1);
		device_count(d, NET_TX_BYTES, e->result - NET_HEADER_BYTES);
	} else {
		device_count(d, e->result < 0 ? NET_TX_ERRORS : NET_TX_REFUSED,
			     1);
	}
}

static int answer_tx(struct device *d, struct sring *ring, uint32_t entry,
		     const struct io_entry *e)
{
	uint32_t responses[NET_TX_PLACES];
	uint16_t ids[NET_TX_PLACES];
	int err = get_ids(ring, NET_TX_ID, e, ids, NET_TX_PLACES);

	if (err)
		return err;
	if (e->result == -EBADFD)
		device_files_gone(d);
	count_tx(d, e, net_tx_responses(e, ids, responses));
	return sring_answer(ring, entry, responses);
}

static int answer_rx(struct device *d, struct sring *ring, uint32_t entry,
		     const struct io_entry *e)
{
	uint64_t responses[NET_RX_PLACES];
	uint16_t ids[NET_RX_PLACES];
	int err = get_ids(ring, NET_RX_ID, e, ids, NET_RX_PLACES);

	if (err)
		return err;
	if (e->result == -EBADFD)
		device_files_gone(d);
	if (net_rx_responses(e, ids, responses)) {
		device_count(d, NET_RX_PACKETS, 1);
		device_count(d, NET_RX_BYTES, e->result - NET_HEADER_BYTES);
	} else {
		device_count(d, NET_RX_ERRORS, 1);
	}
	return sring_answer(ring, entry, responses);
}

/* Answer what is done, in the order of the ring; 0 or the ring's error. */
static int answer(struct device *d, unsigned int ring_nr, unsigned int channel,
		  int (*answer_one)(struct device *d, struct sring *ring,
				    uint32_t entry, const struct io_entry *e))
{
	struct sring *ring = &d->rings[ring_nr].sring;
	struct io_entry e;
	uint32_t entry = 0;
	int err;

	while ((err = sring_next_in_order(ring, &entry, &e)) > 0) {
		err = answer_one(d, ring, entry, &e);
		if (err)
			return err;
		entry++;
		device_progress(d);
	}
	if (!err)
		err = sring_publish(ring);
	if (err > 0)
		device_notify(d, channel);
	return err < 0 ? err : 0;
}

static int answer_all_tx(struct device *d, unsigned int q)
{
	return answer(d, TX(q), TX(q), answer_tx);
}

static int answer_all_rx(struct device *d, unsigned int q)
{
	const struct net *net = d->private;

	return answer(d, RX(q), net->split ? RX(q) : TX(q), answer_rx);
}

/* --- what the guest sends --- */

/* One packet; 1, 0 there is none, or the ring's error. */
static int fetch_packet(struct device *d, struct sring *ring,
			struct net_packet *packet)
{
	uint8_t copy[SRING_MAX_REQUEST];
	uint32_t index;
	int ret = sring_fetch(ring, copy, &index);

	if (ret <= 0)
		return ret;
	net_packet_init(packet, index);
	while ((ret = net_packet_add(packet, copy)) > 0) {
		ret = sring_fetch(ring, copy, &index);
		if (ret < 0)
			return ret;
		if (!ret)
			break;
	}
	if (!ret && !packet->extras_follow && !packet->more_data)
		return 1;
	device_fault(d, "a packet of the guest's has no end");
	return 0;
}

static bool is_throttled(struct net *net)
{
	uint64_t ns;

	if (!net->rate.rate)
		return false;
	ns = token_bucket_wait(&net->rate, helper_clock());
	if (ns)
		arm_timer(net, ns);
	return ns;
}

/* Fill the batch; how many, or the ring's error.  Sets @throttled. */
static int gather(struct device *d, struct sring *ring, bool *throttled)
{
	struct net *net = d->private;
	unsigned int n = 0;
	int ret;

	while (n < BATCH) {
		*throttled = is_throttled(net);
		if (*throttled)
			break;
		ret = fetch_packet(d, ring, &net->packets[n]);
		if (ret <= 0)
			return ret < 0 ? ret : (int)n;
		token_bucket_take(&net->rate, net->packets[n++].size);
	}
	return n;
}

/* The copies that read the head of packet @i; how many. */
static unsigned int plan_head(struct net *net, unsigned int i,
			      struct lodge_grant_segment *copy)
{
	const struct net_packet *p = &net->packets[i];
	uint32_t wanted = net_packet_wants_head(p), bytes = 0, length;
	unsigned int n = 0;

	while (bytes < wanted && n < p->nr_segments && n < HEAD_SEGMENTS) {
		length = p->segments[n].length;
		if (length > wanted - bytes)
			length = wanted - bytes;
		copy[n] = (struct lodge_grant_segment){
			.ref = p->segments[n].grant,
			.offset = p->segments[n].offset,
			.length = length,
			.data = (uintptr_t)(net->heads[i] + bytes),
		};
		bytes += length;
		n++;
	}
	net->head_bytes[i] = bytes;
	return n;
}

/* A head that cannot be read is none: its packet will be refused. */
static void read_heads(struct device *d, unsigned int nr_packets)
{
	struct net *net = d->private;
	unsigned int nr[BATCH], i, n = 0, at = 0;

	for (i = 0; i < nr_packets; i++) {
		nr[i] = plan_head(net, i, net->copies + n);
		n += nr[i];
	}
	if (!n)
		return;
	for (i = 0; i < n; i++)
		net->copies[i].status = -EIO;
	attach_copy_grants(d->attach_fd, net->copies, n);
	for (i = 0; i < nr_packets; i++)
		for (; nr[i]; nr[i]--)
			if (net->copies[at++].status)
				net->head_bytes[i] = 0;
}

/* 1: nothing is left for now; 0: perhaps there is; the ring's error. */
static int submit(struct device *d, unsigned int q)
{
	struct net *net = d->private;
	struct sring *ring = &d->rings[TX(q)].sring;
	bool throttled = false;
	int n = gather(d, ring, &throttled), i, taken;

	if (n < 0 || d->fault[0])
		return n < 0 ? n : 1;
	if (!n && throttled)
		return 1;
	if (!n) {
		n = sring_sleep(ring);
		return n < 0 ? n : !n;
	}
	read_heads(d, n);
	for (i = 0; i < n; i++)
		net_packet_make(&net->packets[i], net->heads[i],
				net->head_bytes[i], d->files.fd[q],
				&net->requests[i]);
	taken = sring_submit(ring, net->requests, n);
	if (taken == n)
		return throttled;
	/* No room or no memory: a moment later there is. */
	if (taken >= 0 || taken == -ENOMEM) {
		arm_timer(net, MEMORY_RETRY_NS);
		return 1;
	}
	return taken;
}

static void serve_tx(struct device *d, unsigned int q)
{
	int round, err = 0, done = 0;

	/* The first answers are to what an earlier process had taken. */
	for (round = 0; round < ROUNDS && !done; round++) {
		err = answer_all_tx(d, q);
		done = err ? err : submit(d, q);
	}
	if (done >= 0) {
		err = answer_all_tx(d, q);
		done = err ? err : done;
	}
	if (done < 0)
		device_ring_error(d, TX(q), done);
	else if (!done)
		arm_timer(d->private, 1);
}

/* --- what the guest receives --- */

/* As many requests as one call shall have; how many, or the ring's error. */
static int fetch_places(struct sring *ring, struct io_segment *segments,
			uint32_t most, uint32_t *first)
{
	uint8_t copy[SRING_MAX_REQUEST];
	uint32_t index, n;
	int ret;

	for (n = 0; n < most; n++) {
		ret = sring_fetch(ring, copy, &index);
		if (ret <= 0)
			return ret < 0 ? ret : (int)n;
		if (!n)
			*first = index;
		segments[n] = (struct io_segment){
			.grant = sring_get(ring->layout, copy, NET_RX_GRANT,
					   0),
			.length = NET_PAGE_BYTES,
		};
	}
	return n;
}

/* What packets for the guest may be like, in narrow times or not. */
static struct net_features rx_features(const struct net *net, bool narrow)
{
	struct net_features f = net->features;

	if (narrow) {
		f.gso4 = false;
		f.gso6 = false;
	}
	return f;
}

static uint32_t rx_places(const struct net *net, bool narrow)
{
	const struct net_features f = rx_features(net, narrow);

	return net_rx_packet_places(&f, net->vif.mtu);
}

static void tap_fails(struct device *d, int err)
{
	const struct net *net = d->private;

	if (err == -EBADFD)
		device_files_gone(d);
	else
		device_fault(d, "%s: %s", net->vif.name, msg_errno(err));
}

/* Packets that are in the tap already stay as they are. */
static void set_narrow(struct device *d, bool narrow)
{
	struct net *net = d->private;
	const struct net_features f = rx_features(net, narrow);
	int err = tap_set_offloads(d->files.fd[0], net_offloads(&f));

	if (err)
		tap_fails(d, err);
	net->narrow = narrow;
}

/* Have all queues room for the longest packet? */
static bool is_wide(struct device *d)
{
	const struct net *net = d->private;
	unsigned int q;

	for (q = 0; q < net->nr_queues; q++)
		if (sring_waiting(&d->rings[RX(q)].sring) <
		    (int)rx_places(net, false))
			return false;
	return true;
}

/*
 * A packet is read from the tap whole, so there must be room for the longest.
 * Most front ends post many times as much.  One that has less, and still has
 * after a while, is sent nothing long any more: what is in the tap is lost, if
 * it is too long, and what comes is cut to the MTU before it gets there.  When
 * there is room for the longest again, long ones are back.
 */
static int wait_for_places(struct device *d, struct sring *ring, int waiting)
{
	struct net *net = d->private;
	const int least = rx_places(net, true);
	const int most = rx_places(net, net->narrow);
	int n = sring_sleep_for(ring, waiting < least ? least : most);

	if (n)
		return n < 0 ? n : 0;
	if (waiting >= least && !net->stall_armed) {
		net->stall_armed = true;
		arm(net->stall_fd, STALL_NS);
	}
	return 2;
}

/*
 * A call that offers few requests is cheap, and one with many serves more
 * packets: what a queue is offered follows what its last calls used.
 */
static uint32_t offer_of(struct net *net, unsigned int q, uint32_t places)
{
	if (net->offer[q] < places)
		net->offer[q] = places;
	return net->offer[q];
}

static bool note_used(struct net *net, unsigned int q, bool was_enough)
{
	uint32_t offer = net->offer[q];

	if (was_enough)
		offer /= 2;
	else
		offer = offer < OFFER / 2 ? 2 * offer : OFFER;
	net->offer[q] = offer;
	return was_enough;
}

/*
 * 1: wait for a packet; 2: wait for the guest's requests; 0: perhaps there is
 * more; the ring's error.
 */
static int receive(struct device *d, unsigned int q)
{
	struct net *net = d->private;
	struct sring *ring = &d->rings[RX(q)].sring;
	struct io_segment segments[OFFER];
	struct net_features f;
	struct io_request request;
	uint32_t first = 0, places;
	int n = sring_waiting(ring), used;

	if (n < 0)
		return n;
	if (net->narrow && is_wide(d))
		set_narrow(d, false);
	places = rx_places(net, net->narrow);
	if (n < (int)places)
		return wait_for_places(d, ring, n);
	n = fetch_places(ring, segments, offer_of(net, q, places), &first);
	if (n < 0)
		return n;
	f = rx_features(net, net->narrow);
	net_rx_make(&f, places, first, segments, n, d->files.fd[q], &request);
	used = sring_receive(ring, &request);
	if (used == -ENOMEM)
		return 1;
	if (used < 0)
		return used;
	/* Room was left: so the tap was empty, or will say that it is not. */
	return note_used(net, q, n - used >= (int)places);
}

static void wait_for_tap(struct device *d, unsigned int q, bool wanted)
{
	struct net *net = d->private;

	net->deaf[q] = !wanted;
	device_change_event(d, d->files.fd[q], wanted ? EPOLLIN : 0);
}

static void serve_rx(struct device *d, unsigned int q)
{
	int round, err = 0, done = 0;

	for (round = 0; round < ROUNDS && !done; round++) {
		err = answer_all_rx(d, q);
		done = err ? err : receive(d, q);
	}
	if (done >= 0) {
		err = answer_all_rx(d, q);
		done = err ? err : done;
	}
	if (done < 0) {
		device_ring_error(d, RX(q), done);
		return;
	}
	/* A packet that nobody has room for is not waited for. */
	wait_for_tap(d, q, done != 2);
}

static void serve(struct device *d, unsigned int q)
{
	serve_tx(d, q);
	if (!d->fault[0])
		serve_rx(d, q);
}

static void serve_all(struct device *d)
{
	const struct net *net = d->private;
	unsigned int q;

	for (q = 0; q < net->nr_queues && !d->fault[0]; q++)
		serve(d, q);
}

/* --- events --- */

static bool is_served(const struct device *d)
{
	return d->connected && !d->fault[0];
}

static void on_timer(struct device *d, unsigned int arg)
{
	(void)arg;
	if (is_served(d))
		serve_all(d);
}

static void on_stall(struct device *d, unsigned int arg)
{
	struct net *net = d->private;
	unsigned int q;
	int n;

	(void)arg;
	net->stall_armed = false;
	if (!is_served(d) || net->narrow)
		return;
	for (q = 0; q < net->nr_queues && !net->narrow; q++) {
		n = sring_waiting(&d->rings[RX(q)].sring);
		if (n >= (int)rx_places(net, true) &&
		    n < (int)rx_places(net, false))
			set_narrow(d, true);
	}
	if (net->narrow && !d->fault[0])
		serve_all(d);
}

/* What a tap says that nobody waits for is mostly that it was removed. */
static void on_tap(struct device *d, unsigned int q)
{
	const struct net *net = d->private;

	if (net->deaf[q] && tap_is_gone(d->files.fd[q]))
		device_files_gone(d);
	else if (is_served(d))
		serve_rx(d, q);
	else
		wait_for_tap(d, q, false);
}

/* Entries are done in the call; it only has news when the table is opened. */
static void on_done(struct device *d, unsigned int ring)
{
	if (is_served(d))
		serve(d, ring / 2);
}

static void on_notify(struct device *d, unsigned int channel)
{
	const struct net *net = d->private;

	if (!is_served(d))
		return;
	if (!net->split)
		serve(d, channel / 2);
	else if (channel & 1)
		serve_rx(d, channel / 2);
	else
		serve_tx(d, channel / 2);
}

/* --- connecting --- */

/* A switch of the front end's: @absent when it does not say. */
static bool read_switch(struct device *d, const char *node, bool absent)
{
	uint32_t value;

	return xenbus_get_u32(&d->bus, node, &value) ? absent : value;
}

static int read_number(struct device *d, const char *prefix, const char *node,
		       uint32_t *value)
{
	char path[64];
	int err;

	snprintf(path, sizeof(path), "%s%s", prefix, node);
	err = xenbus_get_u32(&d->bus, path, value);
	if (err)
		device_fault(d, "%s: %s", path, msg_errno(err));
	return err ? -1 : 0;
}

static int read_features(struct device *d, uint32_t *queues)
{
	struct net *net = d->private;
	int err;

	if (!read_switch(d, "request-rx-copy", false) ||
	    !read_switch(d, "feature-rx-notify", false)) {
		device_fault(d, "its front end lacks request-rx-copy or feature-rx-notify");
		return -1;
	}
	net->features = (struct net_features){
		.sg = read_switch(d, "feature-sg", false),
		.gso4 = read_switch(d, "feature-gso-tcpv4", false),
		.gso6 = read_switch(d, "feature-gso-tcpv6", false),
		.csum4 = !read_switch(d, "feature-no-csum-offload", false),
		.csum6 = read_switch(d, "feature-ipv6-csum-offload", false),
	};
	net->narrow = false;
	err = xenbus_get_u32(&d->bus, "multi-queue-num-queues", queues);
	if (err == -ENOENT)
		*queues = 1;
	if ((err && err != -ENOENT) || !*queues || *queues > VIF_QUEUES) {
		device_fault(d, "multi-queue-num-queues is no number up to %d",
			     VIF_QUEUES);
		return -1;
	}
	return 0;
}

static int bind_channels(struct device *d, unsigned int q, const char *prefix)
{
	struct net *net = d->private;
	uint32_t tx, rx;
	char node[64];

	snprintf(node, sizeof(node), "%sevent-channel-tx", prefix);
	net->split = !xenbus_get_u32(&d->bus, node, &tx);
	if (!net->split)
		return read_number(d, prefix, "event-channel", &tx) ||
			device_bind(d, TX(q), tx, on_notify) ? -1 : 0;
	if (read_number(d, prefix, "event-channel-rx", &rx) ||
	    device_bind(d, TX(q), tx, on_notify))
		return -1;
	return device_bind(d, RX(q), rx, on_notify);
}

static int open_queue(struct device *d, unsigned int q, unsigned int nr_queues)
{
	char prefix[24] = "";
	uint32_t tx, rx;

	if (nr_queues > 1)
		snprintf(prefix, sizeof(prefix), "queue-%u/", q);
	if (read_number(d, prefix, "tx-ring-ref", &tx) ||
	    read_number(d, prefix, "rx-ring-ref", &rx))
		return -1;
	if (device_open_ring(d, TX(q), &tx, 1, &sring_net_tx, on_done) ||
	    device_open_ring(d, RX(q), &rx, 1, &sring_net_rx, on_done))
		return -1;
	return bind_channels(d, q, prefix);
}

/* As many queues of the tap as the guest has; each is waited for. */
static int open_tap(struct device *d, unsigned int nr_queues)
{
	struct net *net = d->private;
	unsigned int q;
	int err = 0;

	for (q = 0; q < VIF_QUEUES && !err; q++)
		err = tap_use_queue(d->files.fd[q], q < nr_queues);
	if (!err)
		err = tap_set_offloads(d->files.fd[0],
				       net_offloads(&net->features));
	for (q = 0; q < nr_queues && !err; q++) {
		net->deaf[q] = false;
		err = device_add_event(d, d->files.fd[q], EPOLLIN, false,
				       on_tap, q);
	}
	if (!err)
		err = tap_set_carrier(d->files.fd[0], true);
	if (err)
		tap_fails(d, err);
	return err ? -1 : 0;
}

static void disconnect(struct device *d)
{
	struct net *net = d->private;
	unsigned int q;

	for (q = 0; q < net->nr_queues; q++)
		device_remove_event(d, d->files.fd[q]);
	if (net->nr_queues)
		tap_set_carrier(d->files.fd[0], false);
	net->nr_queues = 0;
}

static int connect_front(struct device *d)
{
	struct net *net = d->private;
	uint32_t queues, q;

	if (d->files.fd[0] < 0) {
		device_fault(d, "it goes, and has no tap");
		return -1;
	}
	if (read_features(d, &queues))
		return -1;
	for (q = 0; q < queues; q++)
		if (open_queue(d, q, queues))
			return -1;
	net->nr_queues = queues;
	if (!open_tap(d, queues))
		return 0;
	disconnect(d);
	return -1;
}

/* --- the interface --- */

static int open_files(const struct device_config *config,
		      const struct device_domain *domain,
		      struct device_files *files, struct failure *failure)
{
	struct vif vif;

	if (net_vif(config, domain, &vif, failure))
		return -1;
	return vif_make(&vif, files->fd, VIF_QUEUES, failure);
}

static void forget(const struct device_config *config,
		   const struct device_domain *domain)
{
	struct failure ignored;
	struct vif vif;

	if (!net_vif(config, domain, &vif, &ignored))
		vif_undo(&vif);
}

static int start(struct device *d, struct failure *failure)
{
	struct net *net = calloc(1, sizeof(*net));
	struct net_link link;

	if (!net)
		return failure_set(failure, "out of memory");
	d->private = net;
	if (net_vif(d->config, &d->domain, &net->vif, failure))
		return -1;
	/* As it came to be: the bridge's, if none was given. */
	if (!link_get(net->vif.name, &link))
		net->vif.mtu = link.mtu;
	net->timer_fd = timerfd_create(CLOCK_MONOTONIC,
				       TFD_CLOEXEC | TFD_NONBLOCK);
	net->stall_fd = timerfd_create(CLOCK_MONOTONIC,
				       TFD_CLOEXEC | TFD_NONBLOCK);
	if (net->timer_fd < 0 || net->stall_fd < 0)
		return failure_set(failure, "timer: %s", msg_errno(errno));
	device_add_event(d, net->timer_fd, EPOLLIN, true, on_timer, 0);
	device_add_event(d, net->stall_fd, EPOLLIN, true, on_stall, 0);
	token_bucket_init(&net->rate, device_vif_rate(d->config),
			  helper_clock());
	return 0;
}

/* --- nodes --- */

static void put_nodes(struct device *d)
{
	const struct net *net = d->private;
	const struct vif *vif = &net->vif;
	char mac[18];

	snprintf(mac, sizeof(mac), "%02x:%02x:%02x:%02x:%02x:%02x",
		 vif->mac[0], vif->mac[1], vif->mac[2], vif->mac[3],
		 vif->mac[4], vif->mac[5]);
	device_put(d, XENBUS_FRONT, "handle", "%u", d->config->devid);
	device_put(d, XENBUS_FRONT, "mac", "%s", mac);
	device_put(d, XENBUS_FRONT, "mtu", "%u", vif->mtu);
	device_put(d, XENBUS_BACK, "handle", "%u", d->config->devid);
	device_put(d, XENBUS_BACK, "mac", "%s", mac);
	device_put(d, XENBUS_BACK, "mtu", "%u", vif->mtu);
	device_put(d, XENBUS_BACK, "type", "vif");
	device_put(d, XENBUS_BACK, "vifname", "%s", vif->name);
	if (vif->bridge[0])
		device_put(d, XENBUS_BACK, "bridge", "%s", vif->bridge);
	if (d->config->values[VIF_KEY_IP])
		device_put(d, XENBUS_BACK, "ip", "%s",
			   d->config->values[VIF_KEY_IP]);
}

static void put_features(struct device *d)
{
	device_put(d, XENBUS_BACK, "feature-rx-copy", "1");
	device_put(d, XENBUS_BACK, "feature-rx-flip", "0");
	device_put(d, XENBUS_BACK, "feature-sg", "1");
	device_put(d, XENBUS_BACK, "feature-gso-tcpv4", "1");
	device_put(d, XENBUS_BACK, "feature-gso-tcpv6", "1");
	device_put(d, XENBUS_BACK, "feature-ipv6-csum-offload", "1");
	device_put(d, XENBUS_BACK, "feature-no-csum-offload", "0");
	device_put(d, XENBUS_BACK, "feature-split-event-channels", "1");
	device_put(d, XENBUS_BACK, "multi-queue-max-queues", "%d", VIF_QUEUES);
}

static void put_info(struct device *d)
{
	(void)d;
}

/*
 * A front end writes its nodes and is connected.  What it says before that is
 * not complete.
 */
const struct backend backend_net = {
	.name = "net",
	.sandbox = SANDBOX_NET,
	.connect_states = 1u << XENBUS_CONNECTED,
	.open = open_files,
	.forget = forget,
	.start = start,
	.put_nodes = put_nodes,
	.put_features = put_features,
	.connect = connect_front,
	.put_info = put_info,
	.kick = serve_all,
	.disconnect = disconnect,
};
