// SPDX-License-Identifier: GPL-2.0-only
/*
 * The back end of a disk: requests from up to four rings become entries of
 * their I/O tables, and entries that are done become responses.  It keeps
 * nothing of a request: what a response needs is in the entry, so a new
 * process answers what an old one submitted.
 */
#include "backend/blk.h"

#include <errno.h>
#include <lodge.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <xen/io/blkif.h>

#include "backend/blk_image.h"
#include "backend/blk_nbd.h"
#include "backend/blk_request.h"
#include "device_nbd.h"
#include "device_vbd.h"
#include "helper.h"
#include "lib/attach.h"
#include "lib/token_bucket.h"
#include "log.h"

#define MAX_QUEUES	4u
#define MAX_PAGE_ORDER	4u
#define BATCH		32u		/* requests of one submission */
#define POOL_SEGMENTS	(4 * IO_MAX_SEGMENTS)
#define ROUNDS		16		/* before others have their turn */
#define MEMORY_RETRY_NS	10000000ull

/**
 * struct blk - one disk
 * @image: what is behind it
 * @medium: what requests are checked against
 * @layout: of this guest's rings
 * @nr_queues: rings that are open; ring and channel I are queue I's
 * @refuse: per queue: status with which the next request is refused, since the
 *	table did not want it; 0: none
 * @iops: limit of requests
 * @bps: limit of bytes
 * @starved: a ring waits for room that another ring's requests have
 * @timer_fd: says that a limit allows more
 * @last_error: of the medium, that was logged
 * @requests: a batch
 * @segments: of its requests
 * @list: a request's list of segments, as the guest wrote it
 */
struct blk {
	struct blk_image image;
	struct blk_medium medium;
	const struct sring_layout *layout;
	unsigned int nr_queues;
	int refuse[MAX_QUEUES];
	bool starved;
	struct token_bucket iops;
	struct token_bucket bps;
	int timer_fd;
	int last_error;
	struct io_request requests[BATCH];
	struct io_segment segments[POOL_SEGMENTS];
	uint8_t list[BLK_INDIRECT_BYTES];
};

/* --- responses --- */

static void count_done(struct device *d, const struct blk_note *note,
		       int status)
{
	static const struct {
		int requests, bytes;
	} counters[] = {
		[BLKIF_OP_READ] = { BLK_READS, BLK_BYTES_READ },
		[BLKIF_OP_WRITE] = { BLK_WRITES, BLK_BYTES_WRITTEN },
		[BLKIF_OP_FLUSH_DISKCACHE] = { BLK_FLUSHES, -1 },
		[BLKIF_OP_DISCARD] = { BLK_DISCARDS, -1 },
	};

	if (note->refused) {
		device_count(d, BLK_REFUSED, 1);
		return;
	}
	device_count(d, counters[note->operation].requests, 1);
	if (status)
		device_count(d, BLK_ERRORS, 1);
	else if (counters[note->operation].bytes >= 0)
		device_count(d, counters[note->operation].bytes, note->bytes);
}

/* The same one again and again is said once. */
static void log_error(struct device *d, struct blk *blk, int32_t result)
{
	if (result >= 0)
		result = -ENODATA;
	if (result == blk->last_error)
		return;
	blk->last_error = result;
	log_event("%s: %s: %s", device_config_name(d->config),
		  d->config->values[VBD_TARGET], msg_errno(result));
}

static int answer_one(struct device *d, struct sring *ring, uint32_t entry,
		      const struct io_entry *e)
{
	struct blk *blk = d->private;
	struct blk_note note = blk_request_note(e->opaque);
	uint8_t response[SRING_MAX_REQUEST];
	int status = blk_request_status(&note, e->result);

	/* What the table shows was ours; it is shared memory all the same. */
	if (note.operation > BLKIF_OP_DISCARD)
		note.refused = 1;
	blk_request_respond(blk->layout, &note, status, response);
	count_done(d, &note, status);
	if (status == BLKIF_RSP_ERROR && !note.refused)
		log_error(d, blk, e->result);
	return sring_answer(ring, entry, response);
}

/* Answer what is done; how many, or the ring's error. */
static int answer(struct device *d, unsigned int q)
{
	struct sring *ring = &d->rings[q].sring;
	struct io_entry e;
	uint32_t entry = 0;
	int err, n = 0;

	while ((err = sring_next_done(ring, &entry, &e)) > 0) {
		err = answer_one(d, ring, entry, &e);
		if (err)
			return err;
		entry++;
		n++;
	}
	if (err)
		return err;
	err = sring_publish(ring);
	if (err > 0)
		device_notify(d, q);
	if (n)
		device_progress(d);
	return err < 0 ? err : n;
}

/* --- requests --- */

/* The list of an indirect request, in one copy; NULL when it cannot be had. */
static const void *fetch_list(struct device *d, const void *copy)
{
	struct blk *blk = d->private;
	struct lodge_grant_segment segment = {
		.data = (uintptr_t)blk->list,
	};
	uint32_t bytes;

	if (!blk_request_list(blk->layout, copy, &segment.ref, &bytes))
		return NULL;
	segment.length = bytes;
	if (attach_copy_grants(d->attach_fd, &segment, 1) || segment.status)
		return NULL;
	return blk->list;
}

static void arm_timer(struct blk *blk, uint64_t ns)
{
	struct itimerspec when = {
		.it_value.tv_sec = ns / 1000000000,
		.it_value.tv_nsec = ns % 1000000000,
	};

	timerfd_settime(blk->timer_fd, 0, &when, NULL);
}

/* Whether a limit says to wait; the timer then tells when to go on. */
static bool is_throttled(struct blk *blk)
{
	uint64_t ns, more, now;

	if (!blk->iops.rate && !blk->bps.rate)
		return false;
	now = helper_clock();
	ns = token_bucket_wait(&blk->iops, now);
	more = token_bucket_wait(&blk->bps, now);
	ns = more > ns ? more : ns;
	if (ns)
		arm_timer(blk, ns);
	return ns;
}

static void pay(struct blk *blk, const struct io_request *request)
{
	struct blk_note note = blk_request_note(request->opaque);

	token_bucket_take(&blk->iops, 1);
	token_bucket_take(&blk->bps, note.bytes);
}

/* Fill the batch; how many, or the ring's error.  Sets @throttled. */
static int gather(struct device *d, unsigned int q, bool *throttled)
{
	struct blk *blk = d->private;
	struct sring *ring = &d->rings[q].sring;
	uint8_t copy[SRING_MAX_REQUEST];
	unsigned int n = 0, used = 0;
	struct io_request *request;
	uint32_t index;
	int got;

	while (n < BATCH && used + IO_MAX_SEGMENTS <= POOL_SEGMENTS) {
		*throttled = is_throttled(blk);
		if (*throttled)
			break;
		got = sring_fetch(ring, copy, &index);
		if (got <= 0)
			return got < 0 ? got : (int)n;
		request = &blk->requests[n++];
		blk_request_parse(blk->layout, &blk->medium, copy,
				  fetch_list(d, copy), blk->segments + used,
				  request);
		request->ring_index = index;
		if (blk->refuse[q])
			blk_request_refuse(request, blk->refuse[q]);
		blk->refuse[q] = 0;
		used += request->nr_segments;
		pay(blk, request);
	}
	return n;
}

/* 0: go on; 1: wait for something; the ring's error. */
static int handle_refusal(struct blk *blk, unsigned int q, int err)
{
	switch (err) {
	case -EAGAIN:
		/* Comes again when something is done, in any ring. */
		blk->starved = true;
		return 1;
	case -ENOMEM:
		arm_timer(blk, MEMORY_RETRY_NS);
		return 1;
	case -EOPNOTSUPP:
		blk->refuse[q] = BLKIF_RSP_EOPNOTSUPP;
		return 0;
	case -EBADF:
	case -E2BIG:
		blk->refuse[q] = BLKIF_RSP_ERROR;
		return 0;
	}
	return err;
}

/* Submit what the guest asks for.  1: nothing is left for now. */
static int submit(struct device *d, unsigned int q)
{
	struct blk *blk = d->private;
	struct sring *ring = &d->rings[q].sring;
	bool throttled = false;
	int n = gather(d, q, &throttled), taken;

	if (n < 0)
		return n;
	if (n) {
		taken = sring_submit(ring, blk->requests, n);
		if (taken < 0)
			return handle_refusal(blk, q, taken);
		return !taken || throttled;
	}
	if (throttled)
		return 1;
	n = sring_sleep(ring);
	return n < 0 ? n : !n;
}

/*
 * Until nothing is left to be answered or submitted.  What was refused is done
 * at once, and nobody tells: so a round that took something is not the last.
 */
static void serve(struct device *d, unsigned int q)
{
	int round, answered = 1, idle = 0;

	for (round = 0; round < ROUNDS && (answered || !idle); round++) {
		answered = answer(d, q);
		idle = answered < 0 ? answered : submit(d, q);
		if (idle < 0) {
			device_ring_error(d, q, idle);
			return;
		}
	}
	/* The others' turn; then ours again. */
	if (round == ROUNDS)
		arm_timer(d->private, 1);
}

static void serve_all(struct device *d)
{
	const struct blk *blk = d->private;
	unsigned int q;

	for (q = 0; q < blk->nr_queues; q++)
		serve(d, q);
}

static void on_timer(struct device *d, unsigned int arg)
{
	(void)arg;
	if (d->connected)
		serve_all(d);
}

/* --- connecting --- */

static int read_protocol(struct device *d)
{
	struct blk *blk = d->private;
	char protocol[32];
	int err = xenbus_get(&d->bus, "protocol", protocol, sizeof(protocol));

	if (err == -ENOENT || (!err && !strcmp(protocol, "x86_64-abi"))) {
		blk->layout = &sring_blk_x86_64;
	} else if (!err && !strcmp(protocol, "x86_32-abi")) {
		blk->layout = &sring_blk_x86_32;
	} else {
		device_fault(d, "protocol: %s", err ? msg_errno(err) :
			     "neither x86_64-abi nor x86_32-abi");
		return -1;
	}
	return 0;
}

/* A number of the front end's, or @absent; -1 when it is out of range. */
static int read_number(struct device *d, const char *node, uint32_t least,
		       uint32_t most, uint32_t absent, uint32_t *value)
{
	int err = xenbus_get_u32(&d->bus, node, value);

	if (err == -ENOENT) {
		*value = absent;
		return 0;
	}
	if (!err && *value >= least && *value <= most)
		return 0;
	if (err)
		device_fault(d, "%s: %s", node, msg_errno(err));
	else
		device_fault(d, "%s is %u", node, *value);
	return -1;
}

static int read_needed(struct device *d, const char *node, uint32_t *value)
{
	int err = xenbus_get_u32(&d->bus, node, value);

	if (err)
		device_fault(d, "%s: %s", node, msg_errno(err));
	return err ? -1 : 0;
}

static int read_refs(struct device *d, const char *prefix, uint32_t *refs,
		     uint8_t nr_pages, bool numbered)
{
	char node[48];
	unsigned int i;

	for (i = 0; i < nr_pages; i++) {
		if (numbered)
			snprintf(node, sizeof(node), "%sring-ref%u", prefix,
				 i);
		else
			snprintf(node, sizeof(node), "%sring-ref", prefix);
		if (read_needed(d, node, &refs[i]))
			return -1;
	}
	return 0;
}

static void on_done(struct device *d, unsigned int ring)
{
	struct blk *blk = d->private;

	if (!blk->starved) {
		serve(d, ring);
		return;
	}
	blk->starved = false;
	serve_all(d);
}

static void on_notify(struct device *d, unsigned int channel)
{
	if (d->connected)
		serve(d, channel);
}

static int open_queue(struct device *d, uint8_t q, unsigned int nr_queues,
		      unsigned int nr_pages, bool numbered)
{
	const struct blk *blk = d->private;
	uint32_t refs[1 << MAX_PAGE_ORDER], port;
	char prefix[16] = "", node[64];

	if (nr_queues > 1)
		snprintf(prefix, sizeof(prefix), "queue-%u/", q);
	snprintf(node, sizeof(node), "%sevent-channel", prefix);
	if (read_refs(d, prefix, refs, nr_pages, numbered) ||
	    read_needed(d, node, &port))
		return -1;
	if (device_open_ring(d, q, refs, nr_pages, blk->layout, on_done))
		return -1;
	return device_bind(d, q, port, on_notify);
}

static int connect_front(struct device *d)
{
	struct blk *blk = d->private;
	uint32_t queues, order, q;

	if (read_protocol(d) ||
	    read_number(d, "multi-queue-num-queues", 1, MAX_QUEUES, 1,
			&queues) ||
	    read_number(d, "ring-page-order", 0, MAX_PAGE_ORDER, UINT32_MAX,
			&order))
		return -1;
	for (q = 0; q < queues; q++)
		if (open_queue(d, q, queues,
			       order == UINT32_MAX ? 1 : 1u << order,
			       order != UINT32_MAX))
			return -1;
	blk->nr_queues = queues;
	return 0;
}

static void disconnect(struct device *d)
{
	struct blk *blk = d->private;

	blk->nr_queues = 0;
	blk->starved = false;
	memset(blk->refuse, 0, sizeof(blk->refuse));
}

/* --- the medium --- */

static int open_files(const struct device_config *config,
		      const struct device_domain *domain,
		      struct device_files *files, struct failure *failure)
{
	const char *target = config->values[VBD_TARGET];

	files->fd[0] = device_nbd_is(target) ?
		blk_nbd_open(config, domain, failure) :
		blk_image_open(config, target, failure);
	return files->fd[0] < 0 ? files->fd[0] : 0;
}

static void forget(const struct device_config *config,
		   const struct device_domain *domain)
{
	if (device_nbd_is(config->values[VBD_TARGET]))
		blk_nbd_forget(config, domain);
}

static uint64_t limit(const struct device *d, enum vbd_key key)
{
	const char *text = d->config->values[key];

	return text ? strtoull(text, NULL, 10) : 0;
}

static void set_medium(struct blk *blk)
{
	blk->medium = (struct blk_medium){
		.fd = blk->image.fd,
		.sectors = blk->image.sectors,
		.sector_size = blk->image.sector_size,
		.read_only = blk->image.read_only,
		.discard = blk->image.discard,
	};
}

static int start(struct device *d, struct failure *failure)
{
	struct blk *blk = calloc(1, sizeof(*blk));
	uint64_t now = helper_clock();

	if (!blk)
		return failure_set(failure, "out of memory");
	d->private = blk;
	blk->timer_fd = timerfd_create(CLOCK_MONOTONIC,
				       TFD_CLOEXEC | TFD_NONBLOCK);
	if (blk->timer_fd < 0)
		return failure_set(failure, "timer: %s", msg_errno(errno));
	device_add_event(d, blk->timer_fd, EPOLLIN, true, on_timer, 0);
	token_bucket_init(&blk->iops, limit(d, VBD_IOPS), now);
	token_bucket_init(&blk->bps, limit(d, VBD_BPS), now);
	/* One that goes needs no medium. */
	blk->medium = (struct blk_medium){ .fd = -1, .sector_size = 512 };
	if (d->files.fd[0] < 0)
		return 0;
	if (blk_image_measure(d->config, d->files.fd[0], &blk->image, failure))
		return -1;
	set_medium(blk);
	return 0;
}

/*
 * The guest is told in any case: an earlier process may have told it another
 * size than the one that this one found.
 */
static void reload(struct device *d)
{
	struct blk *blk = d->private;
	int err = blk->medium.fd < 0 ? 0 : blk_image_size(&blk->image);

	if (err) {
		log_event("%s: size: %s", device_config_name(d->config),
			  msg_errno(err));
		return;
	}
	if (blk->medium.fd < 0)
		return;
	set_medium(blk);
	device_renew_info(d);
}

/* --- nodes --- */

static void put_nodes(struct device *d)
{
	const struct blk *blk = d->private;

	device_put(d, XENBUS_FRONT, "virtual-device", "%u", d->config->devid);
	device_put(d, XENBUS_FRONT, "device-type", "disk");
	device_put(d, XENBUS_BACK, "removable", "0");
	device_put(d, XENBUS_BACK, "bootable", "1");
	device_put(d, XENBUS_BACK, "dev", "%s", d->config->label);
	device_put(d, XENBUS_BACK, "type", blk->image.is_block ? "phy" :
		   "file");
	device_put(d, XENBUS_BACK, "params", "%s",
		   d->config->values[VBD_TARGET]);
	device_put(d, XENBUS_BACK, "mode", blk->image.read_only ? "r" : "w");
	device_put(d, XENBUS_BACK, "device-type", "disk");
	device_put(d, XENBUS_BACK, "discard-enable", "%d",
		   blk->image.discard);
}

static void put_features(struct device *d)
{
	const struct blk *blk = d->private;

	device_put(d, XENBUS_BACK, "max-ring-page-order", "%u",
		   MAX_PAGE_ORDER);
	device_put(d, XENBUS_BACK, "multi-queue-max-queues", "%u", MAX_QUEUES);
	device_put(d, XENBUS_BACK, "feature-max-indirect-segments", "%u",
		   BLK_INDIRECT_SEGMENTS);
	device_put(d, XENBUS_BACK, "feature-persistent", "0");
	device_put(d, XENBUS_BACK, "feature-barrier", "0");
	device_put(d, XENBUS_BACK, "feature-flush-cache", "%d",
		   !blk->image.read_only);
	device_put(d, XENBUS_BACK, "feature-discard", "%d",
		   blk->image.discard);
	if (!blk->image.discard)
		return;
	device_put(d, XENBUS_BACK, "discard-granularity", "%u",
		   blk->image.discard_granularity);
	device_put(d, XENBUS_BACK, "discard-alignment", "0");
	device_put(d, XENBUS_BACK, "discard-secure", "0");
}

static void put_info(struct device *d)
{
	const struct blk_image *image = &((struct blk *)d->private)->image;

	device_put(d, XENBUS_BACK, "sectors", "%llu",
		   (unsigned long long)image->sectors);
	device_put(d, XENBUS_BACK, "info", "%u",
		   image->read_only ? VDISK_READONLY : 0);
	device_put(d, XENBUS_BACK, "sector-size", "%u", image->sector_size);
	device_put(d, XENBUS_BACK, "physical-sector-size", "%u",
		   image->physical_size);
}

const struct backend backend_blk = {
	.name = "blk",
	.sandbox = SANDBOX_BLOCK,
	.connect_states = 1u << XENBUS_INITIALISED | 1u << XENBUS_CONNECTED,
	.open = open_files,
	.forget = forget,
	.abandon = forget,
	.start = start,
	.put_nodes = put_nodes,
	.put_features = put_features,
	.connect = connect_front,
	.put_info = put_info,
	.kick = serve_all,
	.disconnect = disconnect,
	.reload = reload,
};
