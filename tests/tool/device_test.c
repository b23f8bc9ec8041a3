// SPDX-License-Identifier: GPL-2.0-only
/*
 * A disk's back end without a domain: the real process with the real store,
 * over a module made of shared memory.  This program is the guest, and the
 * kernel that carries out entries of the I/O table; it kills the back end and
 * the store at random, and looks whether the guest notices.
 */
#include <errno.h>
#include <fcntl.h>
#include <lodge.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <xen/io/blkif.h>

#include "backend/device.h"
#include "helper.h"
#include "lib/attach.h"
#include "lib/store_client.h"
#include "log.h"
#include "sring_front.h"
#include "store/store.h"

#define DOMID		7
#define DEVID		51712
#define SECTORS		2048u
#define PAGE		4096
#define GUEST_PAGES	512
#define RING_REF	1	/* pages of the rings, one after the other */
#define LIST_REF	40	/* one for each request */
#define DATA_REF	104

static const char *prefix = "";
static unsigned int limit_ms = 20000;

/* With a mistake in it, the first finding is enough. */
static bool stop_at_once;

static void check(const char *name, bool good)
{
	printf("%s %s%s%s\n", good ? "ok" : "not ok", prefix, name,
	       good ? "" : ": it did not hold");
	if (!good && stop_at_once)
		exit(1);
}

/* Not tested here. */
const struct backend backend_net = { .name = "none" };
const struct backend backend_entropy = { .name = "none" };

void log_event(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	printf("  log: ");
	vprintf(format, args);
	printf("\n");
	fflush(stdout);
	va_end(args);
}

uint64_t helper_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

/* --- the module: it lives while processes come and go --- */

struct job {
	struct io_entry entry;
	uint32_t operation;
	uint64_t offset;
	uint64_t length;
	uint32_t nr_segments;
	struct io_segment segments[IO_MAX_SEGMENTS];
};

struct table {
	bool open;
	uint32_t nr_entries;
	uint32_t submitted;
	struct job jobs[SRING_MAX_ENTRIES];
};

/* @lock: all of it; who is killed does not hold it, see kill_backend(). */
static struct module {
	pthread_mutex_t lock;
	struct table tables[DEVICE_RINGS];
	uint32_t ports[DEVICE_CHANNELS];
	uint8_t recovery[PAGE];
	unsigned int seed;
	unsigned int nr_moved;
	bool hold;		/* the file is slow: nothing ends */
	pid_t bind_kills;	/* who dies when a port is bound; 0: nobody */
} *module;

static uint8_t *guest;
static int io_event[DEVICE_RINGS], channel_event[DEVICE_CHANNELS];
static int guest_event, store_event, hangup[2], image;
static pthread_t kernel;
static const char *dir;

static void lock(void)
{
	pthread_mutex_lock(&module->lock);
}

static void unlock(void)
{
	pthread_mutex_unlock(&module->lock);
}

static void signal_event(int fd)
{
	uint64_t one = 1;

	if (write(fd, &one, sizeof(one)) < 0)
		abort();
}

static uint32_t table_submitted(void *table)
{
	return ((struct table *)table)->submitted;
}

static int table_retire(void *opaque, const uint32_t *entries, uint32_t nr)
{
	struct table *t = opaque;
	uint32_t i;

	lock();
	for (i = 0; i < nr; i++) {
		if (t->jobs[entries[i]].entry.state != IO_DONE)
			abort();
		memset(&t->jobs[entries[i]].entry, 0,
		       sizeof(t->jobs[entries[i]].entry));
	}
	unlock();
	return 0;
}

static int table_submit(void *opaque, const uint32_t *retire,
			uint32_t nr_retire, const struct io_request *requests,
			uint32_t nr)
{
	struct table *t = opaque;
	uint32_t i, n;

	table_retire(t, retire, nr_retire);
	lock();
	for (n = 0; n < nr; n++) {
		const struct io_request *r = &requests[n];
		struct job *job = t->jobs;

		for (i = 0; i < t->nr_entries && job->entry.state; i++)
			job++;
		if (i == t->nr_entries || r->ring_index != t->submitted)
			abort();
		/* Not always all of it. */
		if (rand_r(&module->seed) % 13 == 0)
			break;
		memset(&job->entry, 0, sizeof(job->entry));
		job->entry.ring_index = r->ring_index;
		job->entry.nr_indices = r->nr_indices;
		memcpy(job->entry.opaque, r->opaque, IO_OPAQUE_BYTES);
		job->operation = r->operation;
		job->offset = r->offset;
		job->length = r->length;
		job->nr_segments = r->nr_segments;
		if (r->nr_segments)
			memcpy(job->segments, r->segments,
			       r->nr_segments * sizeof(*r->segments));
		job->entry.state = r->operation ? IO_BUSY : IO_DONE;
		t->submitted += r->nr_indices;
	}
	unlock();
	/* As when no memory is left for the first. */
	return n || !nr ? (int)n : -ENOMEM;
}

static int table_read(void *opaque, uint32_t entry, struct io_entry *out)
{
	struct table *t = opaque;

	lock();
	*out = t->jobs[entry].entry;
	unlock();
	return 0;
}

static int table_state_index(void *opaque, uint32_t entry, uint32_t index)
{
	struct table *t = opaque;

	lock();
	t->jobs[entry].entry.rsp_index = index;
	t->jobs[entry].entry.stated = true;
	unlock();
	return 0;
}

static int table_withdraw(void *opaque, uint32_t entry)
{
	struct table *t = opaque;

	lock();
	t->jobs[entry].entry.stated = false;
	unlock();
	return 0;
}

static const struct io_table_ops table_ops = {
	table_submitted, table_submit, table_read, table_state_index,
	table_withdraw, table_retire,
};

int io_slot_open(struct io_slot *slot, int attach_fd, unsigned int ring,
		 uint32_t nr_entries, int event, struct io_table *table)
{
	struct table *t = &module->tables[ring];

	/* The one that this program knows takes its place. */
	if (dup2(io_event[ring], event) < 0)
		return -errno;
	lock();
	if (t->open && t->nr_entries != nr_entries) {
		unlock();
		return -EINVAL;
	}
	if (!t->open)
		memset(t, 0, sizeof(*t));
	t->open = true;
	t->nr_entries = nr_entries;
	unlock();
	slot->attach_fd = attach_fd;
	slot->ring = ring;
	*table = (struct io_table){ &table_ops, t, nr_entries };
	signal_event(io_event[ring]);
	return 0;
}

int io_slot_close(struct io_slot *slot)
{
	struct table *t = &module->tables[slot->ring];
	uint32_t i;

	lock();
	for (i = 0; i < t->nr_entries; i++)
		if (t->jobs[i].entry.state) {
			unlock();
			return -EBUSY;
		}
	t->open = false;
	unlock();
	return 0;
}

int attach_bind_port(int attach_fd, unsigned int channel, uint32_t port)
{
	int err = 0;

	(void)attach_fd;
	lock();
	if (module->ports[channel] && module->ports[channel] != port)
		err = -EBUSY;
	else
		module->ports[channel] = port;
	if (module->bind_kills)
		kill(module->bind_kills, SIGKILL);
	module->bind_kills = 0;
	unlock();
	return err;
}

int attach_unbind_port(int attach_fd, unsigned int channel)
{
	(void)attach_fd;
	lock();
	module->ports[channel] = 0;
	unlock();
	return 0;
}

int attach_bind(int attach_fd, unsigned int channel)
{
	(void)attach_fd;
	signal_event(channel_event[channel]);
	return fcntl(channel_event[channel], F_DUPFD_CLOEXEC, 3);
}

int attach_notify(int attach_fd, unsigned int channel)
{
	(void)attach_fd;
	(void)channel;
	signal_event(guest_event);
	return 0;
}

void *attach_map_grants(int attach_fd, const uint32_t *refs, unsigned int nr,
			int write)
{
	unsigned int i;

	(void)attach_fd;
	(void)write;
	for (i = 0; i < nr; i++)
		if (refs[i] != refs[0] + i || refs[i] >= GUEST_PAGES) {
			errno = ENOENT;
			return NULL;
		}
	return guest + refs[0] * PAGE;
}

int attach_unmap_grants(void *pages, unsigned int nr)
{
	(void)pages;
	(void)nr;
	return 0;
}

int attach_copy_grants(int attach_fd, struct lodge_grant_segment *segments,
		       unsigned int nr)
{
	unsigned int i;

	(void)attach_fd;
	for (i = 0; i < nr; i++)
		memcpy((void *)(uintptr_t)segments[i].data,
		       guest + segments[i].ref * PAGE, segments[i].length);
	return 0;
}

void *attach_map_recovery(int attach_fd)
{
	(void)attach_fd;
	return module->recovery;
}

void attach_end_on_revoke(void)
{
}

static int32_t move(const struct job *job)
{
	uint64_t at = job->offset;
	int32_t sum = 0;
	ssize_t n = 0;
	uint32_t i;

	for (i = 0; i < job->nr_segments; i++) {
		const struct io_segment *s = &job->segments[i];
		uint8_t *data = guest + s->grant * PAGE + s->offset;

		if (s->grant >= GUEST_PAGES)
			return -EFAULT;
		n = job->operation == IO_READ ?
			pread(image, data, s->length, at) :
			pwrite(image, data, s->length, at);
		if (n < 0)
			return -errno;
		at += n;
		sum += n;
	}
	return sum;
}

/* One entry that is busy, whichever. */
static bool end_one(void)
{
	unsigned int ring, i, start = rand_r(&module->seed);
	struct table *t;
	struct job *job;

	for (ring = 0; ring < DEVICE_RINGS; ring++) {
		t = &module->tables[ring];
		for (i = 0; t->open && i < t->nr_entries; i++) {
			job = &t->jobs[(start + i) % t->nr_entries];
			if (job->entry.state != IO_BUSY)
				continue;
			job->entry.result = move(job);
			job->entry.state = IO_DONE;
			module->nr_moved++;
			signal_event(io_event[ring]);
			return true;
		}
	}
	return false;
}

static volatile bool kernel_ends;

static void *run_kernel(void *unused)
{
	bool more;

	(void)unused;
	while (!kernel_ends) {
		lock();
		more = !module->hold && end_one();
		unlock();
		usleep(more ? 20 : 300);
	}
	return NULL;
}

/* --- processes --- */

static pid_t backend, store;
static int listen_fd;
static char socket_path[96], hidden_path[96], records[96];
static struct xenstore_domain_interface *store_page;
static uint8_t *store_recovery;
static struct device_config *config;
static int report[2];

static void nothing(void *unused)
{
	(void)unused;
}

static void *map_store_recovery(void *unused)
{
	(void)unused;
	return store_recovery;
}

static void start_store(void)
{
	static const unsigned char uuid[16] = { 1 };
	const struct store_setup setup = {
		.domid = DOMID, .name = "web", .uuid = uuid,
		.memory_kib = 65536, .maxmem_kib = 65536, .vcpus = 1,
		.maxvcpus = 1, .store_port = 1, .console_port = 2,
	};
	int ready[2];
	char byte;

	if (pipe(ready))
		abort();
	fflush(stdout);
	store = fork();
	if (!store) {
		const struct store_channel channel = {
			.page = store_page, .event_fd = store_event,
			.hangup_fd = hangup[0], .kick = nothing,
			.map_recovery = map_store_recovery,
			.records = open(records, O_RDWR | O_CREAT, 0600),
		};

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(ready[0]);
		_exit(store_serve(&channel, listen_fd, &setup, ready[1]));
	}
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1)
		abort();
	close(ready[0]);
}

static void start_backend(void)
{
	struct device *d;

	fflush(stdout);
	backend = fork();
	if (backend)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	d = calloc(1, sizeof(*d));
	d->config = config;
	d->domain.domid = DOMID;
	d->domain.name = "web";
	memset(&d->files, -1, sizeof(d->files));
	d->files.fd[0] = image;
	d->attach_fd = hangup[0];
	d->report_fd = report[1];
	_exit(device_run(d, socket_path, NULL, NULL));
}

/* Not in the middle of what the module does at once. */
static void kill_backend(void)
{
	lock();
	kill(backend, SIGKILL);
	waitpid(backend, NULL, 0);
	unlock();
}

static int end_status(void)
{
	unsigned int i;
	int status;

	for (i = 0; i < limit_ms; i++) {
		if (waitpid(backend, &status, WNOHANG) == backend)
			return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
		usleep(1000);
	}
	return -2;
}

/* --- the guest's end of the store --- */

static struct store_client xs;

#define FRONT	"/local/domain/7/device/vbd/51712/"
#define BACK	"/local/domain/0/backend/vbd/7/51712/"

static void put(const char *node, const char *format, ...)
{
	char path[128], value[64];
	va_list args;

	va_start(args, format);
	vsnprintf(value, sizeof(value), format, args);
	va_end(args);
	snprintf(path, sizeof(path), FRONT "%s", node);
	if (store_write(&xs, 0, path, value))
		printf("  cannot write %s\n", path);
}

static const char *get(const char *node)
{
	static char value[256];
	int n = store_read(&xs, 0, node, value, sizeof(value));

	if (n < 0)
		snprintf(value, sizeof(value), "(%s)", strerror(-n));
	return value;
}

static bool wait_for(const char *node, const char *wanted)
{
	unsigned int i;

	for (i = 0; i < limit_ms / 2; i++) {
		if (!strcmp(get(node), wanted))
			return true;
		usleep(2000);
	}
	printf("  %s is \"%s\", not \"%s\"\n", node, get(node), wanted);
	return false;
}

static void reconnect_store(void)
{
	store_close(&xs);
	if (store_open(&xs, socket_path))
		abort();
}

/* --- the guest's requests --- */

#define IN_FLIGHT	24
#define MOST_PAGES	16

static struct front rings[4];
static unsigned int nr_rings;

struct flight {
	bool used;
	bool write;
	uint32_t sector;	/* of eight, a page */
	uint32_t nr_pages;
	uint32_t seed;
};

static struct flight flights[IN_FLIGHT];
static uint32_t disk[SECTORS / 8];	/* what was written to each page; 0 */
static bool disk_busy[SECTORS / 8];
static unsigned int nr_bad, nr_done, nr_errors;
static unsigned int seed = 1;

static void fill(uint8_t *page, uint32_t value)
{
	uint32_t *words = (uint32_t *)page, i;

	for (i = 0; i < PAGE / 4; i++)
		words[i] = value ? value * 2654435761u + i : 0;
}

static bool holds(const uint8_t *page, uint32_t value)
{
	uint8_t wanted[PAGE];

	fill(wanted, value);
	return !memcmp(page, wanted, PAGE);
}

static uint32_t data_ref(unsigned int i, unsigned int page)
{
	return DATA_REF + i * MOST_PAGES + page;
}

static void put_request(unsigned int i, struct front *f)
{
	struct flight *l = &flights[i];
	uint8_t copy[SRING_MAX_REQUEST] = { 0 };
	uint8_t *list = guest + (LIST_REF + i) * PAGE;
	uint32_t k, ref;
	int operation = l->write ? BLKIF_OP_WRITE : BLKIF_OP_READ;
	bool indirect = l->nr_pages > 11 || rand_r(&seed) % 3 == 0;

	sring_put(f->layout, copy, BLK_OPERATION, 0, indirect ?
		  BLKIF_OP_INDIRECT : operation);
	if (indirect) {
		sring_put(f->layout, copy, BLK_INDIRECT_OPERATION, 0, operation);
		sring_put(f->layout, copy, BLK_INDIRECT_NR_SEGMENTS, 0,
			  l->nr_pages);
		sring_put(f->layout, copy, BLK_INDIRECT_GRANT, 0, LIST_REF + i);
	} else {
		sring_put(f->layout, copy, BLK_NR_SEGMENTS, 0, l->nr_pages);
	}
	sring_put(f->layout, copy, BLK_ID, 0, i);
	sring_put(f->layout, copy, BLK_SECTOR, 0, l->sector);
	for (k = 0; k < l->nr_pages; k++) {
		ref = data_ref(i, k);
		if (indirect) {
			memcpy(list + 8 * k, &ref, 4);
			list[8 * k + 4] = 0;
			list[8 * k + 5] = 7;
		} else {
			sring_put(f->layout, copy, BLK_SEG_GRANT, k, ref);
			sring_put(f->layout, copy, BLK_SEG_LAST, k, 7);
		}
		fill(guest + ref * PAGE, l->write ? l->seed + k : 77777);
	}
	front_put(f, copy);
}

static bool choose(unsigned int i)
{
	struct flight *l = &flights[i];
	uint32_t page = rand_r(&seed) % (SECTORS / 8 - MOST_PAGES), k;

	l->nr_pages = 1 + rand_r(&seed) % MOST_PAGES;
	l->write = rand_r(&seed) % 2;
	l->sector = page * 8;
	l->seed = 1 + rand_r(&seed) % 1000000;
	for (k = 0; k < l->nr_pages; k++)
		if (disk_busy[page + k])
			return false;
	for (k = 0; k < l->nr_pages; k++)
		disk_busy[page + k] = true;
	l->used = true;
	return true;
}

static void finish_flight(unsigned int i, int status)
{
	struct flight *l = &flights[i];
	uint32_t page = l->sector / 8, k;

	if (i >= IN_FLIGHT || !l->used) {
		nr_bad++;
		return;
	}
	if (status)
		nr_errors++;
	for (k = 0; k < l->nr_pages; k++) {
		if (l->write)
			disk[page + k] = l->seed + k;
		else if (!holds(guest + data_ref(i, k) * PAGE, disk[page + k]))
			nr_bad++;
		disk_busy[page + k] = false;
	}
	l->used = false;
	nr_done++;
}

static void take_responses(struct front *f)
{
	uint8_t response[SRING_MAX_REQUEST];

	while (front_get(f, response))
		finish_flight(sring_get(f->layout, response, BLK_RSP_ID, 0),
			      (int16_t)sring_get(f->layout, response,
						 BLK_RSP_STATUS, 0));
}

static void kick(unsigned int q)
{
	signal_event(channel_event[q]);
}

/* Keep requests out until @total are done; kill whom one likes meanwhile. */
static bool work(unsigned int total, unsigned int kill_percent,
		 unsigned int store_percent)
{
	struct pollfd p = { .fd = guest_event, .events = POLLIN };
	uint64_t count, last = helper_clock();
	unsigned int i, q, before = 0, killed = 0;
	struct device_report news;

	nr_done = 0;
	while (nr_done < total) {
		for (i = 0; i < IN_FLIGHT; i++) {
			q = rand_r(&seed) % nr_rings;
			if (flights[i].used || !front_has_room(&rings[q]) ||
			    !choose(i))
				continue;
			put_request(i, &rings[q]);
			if (front_push(&rings[q]))
				kick(q);
		}
		if (poll(&p, 1, 5) > 0 &&
		    read(guest_event, &count, sizeof(count)) < 0)
			return false;
		for (q = 0; q < nr_rings; q++)
			do {
				take_responses(&rings[q]);
			} while (front_sleep(&rings[q]));
		if ((unsigned int)rand_r(&seed) % 1000 < kill_percent * 10) {
			kill_backend();
			start_backend();
			killed++;
		}
		if ((unsigned int)rand_r(&seed) % 1000 < store_percent * 10) {
			kill(store, SIGKILL);
			waitpid(store, NULL, 0);
			start_store();
		}
		while (read(report[0], &news, sizeof(news)) > 0)
			;
		if (nr_done != before)
			last = helper_clock();
		before = nr_done;
		if (helper_clock() - last > limit_ms * 1000000ull) {
			printf("  stuck after %u requests\n", nr_done);
			return false;
		}
	}
	if (kill_percent)
		printf("  %u requests, %u kills\n", nr_done, killed);
	return true;
}

/* Wait till none is out. */
static bool drain(void)
{
	struct pollfd p = { .fd = guest_event, .events = POLLIN };
	unsigned int i, q, used, tries;
	uint64_t count;

	for (tries = 0; tries < limit_ms / 5; tries++) {
		for (q = 0; q < nr_rings; q++)
			do {
				take_responses(&rings[q]);
			} while (front_sleep(&rings[q]));
		for (i = used = 0; i < IN_FLIGHT; i++)
			used += flights[i].used;
		if (!used)
			return true;
		if (poll(&p, 1, 5) > 0 &&
		    read(guest_event, &count, sizeof(count)) < 0)
			return false;
	}
	return false;
}

/* --- connecting --- */

static void connect_front(unsigned int queues, unsigned int order,
			  const struct sring_layout *layout)
{
	unsigned int q, i, ref = RING_REF, pages = 1 << order;
	char node[64], in[24] = "";

	nr_rings = queues;
	if (queues > 1)
		put("multi-queue-num-queues", "%u", queues);
	if (order)
		put("ring-page-order", "%u", order);
	put("protocol", layout == &sring_blk_x86_64 ? "x86_64-abi" :
	    "x86_32-abi");
	for (q = 0; q < queues; q++) {
		if (queues > 1)
			snprintf(in, sizeof(in), "queue-%u/", q);
		front_init(&rings[q], guest + ref * PAGE, pages, layout, 0);
		for (i = 0; i < pages; i++, ref++) {
			snprintf(node, sizeof(node), order ? "%sring-ref%u" :
				 "%sring-ref", in, i);
			put(node, "%u", ref);
		}
		snprintf(node, sizeof(node), "%sevent-channel", in);
		put(node, "%u", 20 + q);
	}
	put("state", "3");
}

static bool connected(void)
{
	if (!wait_for(BACK "state", "4"))
		return false;
	put("state", "4");
	return true;
}

/* --- the tests --- */

static void test_life(unsigned int queues, unsigned int order,
		      const struct sring_layout *layout)
{
	start_backend();
	check("offers", wait_for(BACK "state", "2") &&
	      !strcmp(get(FRONT "state"), "1") &&
	      !strcmp(get(BACK "feature-max-indirect-segments"), "256") &&
	      !strcmp(get(FRONT "device-type"), "disk"));
	connect_front(queues, order, layout);
	check("connects", connected() && !strcmp(get(BACK "sectors"), "2048"));
	check("serves", work(300, 0, 0) && !nr_bad && !nr_errors);
	check("kills", work(1500, 8, 0) && !nr_bad && !nr_errors);
	check("kills_with_store", work(1000, 5, 3) && !nr_bad && !nr_errors);
	reconnect_store();
	check("drains", drain() && !nr_bad);
	check("unnoticed", !strcmp(get(BACK "state"), "4") &&
	      !strcmp(get(FRONT "state"), "4"));
}

/* The guest's driver goes, when its user lets it, and comes again. */
static void test_again(void)
{
	put("state", "5");
	check("closing", wait_for(BACK "state", "5"));
	check("closing_serves", work(200, 8, 0) && drain() && !nr_bad &&
	      !nr_errors);
	check("closing_stays", !strcmp(get(BACK "state"), "5"));
	put("state", "6");
	check("closed", wait_for(BACK "state", "6") && !module->tables[0].open);
	put("state", "1");
	check("again", wait_for(BACK "state", "2"));
	connect_front(1, 0, &sring_blk_x86_64);
	check("again_connects", connected() && work(200, 5, 0) && drain() &&
	      !nr_bad);
}

/* Killed while it closes, with I/O under way. */
static void test_killed_closing(void)
{
	module->hold = true;
	flights[0].used = false;
	while (!choose(0))
		;
	/* It will never be known whether it was done. */
	flights[0].write = false;
	put_request(0, &rings[0]);
	front_push(&rings[0]);
	kick(0);
	usleep(50000);
	put("state", "6");
	usleep(50000);
	check("waits_for_io", !strcmp(get(BACK "state"), "4") &&
	      module->tables[0].open);
	kill_backend();
	start_backend();
	usleep(50000);
	check("still_waits", !strcmp(get(BACK "state"), "4"));
	lock();
	module->hold = false;
	unlock();
	check("closes", wait_for(BACK "state", "6") && !module->tables[0].open &&
	      !module->ports[0]);
	flights[0].used = false;
	memset(disk_busy, 0, sizeof(disk_busy));
}

/*
 * One ring is closed and the other has I/O under way when the front end comes
 * back without a word.  The closed one may not be opened again: what was taken
 * from it would be taken once more.
 */
static void test_half_closed(void)
{
	put("state", "1");
	wait_for(BACK "state", "2");
	connect_front(2, 0, &sring_blk_x86_64);
	check("half_closed_connects", connected());
	module->hold = true;
	while (!choose(0))
		;
	flights[0].write = false;
	put_request(0, &rings[1]);
	front_push(&rings[1]);
	kick(1);
	usleep(50000);
	put("state", "6");
	usleep(50000);
	check("half_closed", !module->tables[0].open && module->tables[1].open);
	put("state", "4");
	check("half_closed_stops", wait_for(BACK "state", "5"));
	kill_backend();
	start_backend();
	usleep(50000);
	check("half_closed_stays", !module->tables[0].open &&
	      module->tables[1].open);
	lock();
	module->hold = false;
	unlock();
	put("state", "6");
	check("half_closed_closes", wait_for(BACK "state", "6") &&
	      !module->tables[1].open);
	flights[0].used = false;
	memset(disk_busy, 0, sizeof(disk_busy));
	/* Where nothing says that there can be more queues. */
	put("multi-queue-num-queues", "1");
}

static void test_fault(void)
{
	put("state", "1");
	wait_for(BACK "state", "2");
	connect_front(1, 0, &sring_blk_x86_64);
	check("fault_connects", connected());
	rings[0].words[REQ_PROD] = 5000;
	kick(0);
	check("fault_stops", wait_for(BACK "state", "5") &&
	      strstr(get("/local/domain/0/error/backend/vbd/7/51712/error"),
		     "request index"));
	put("state", "6");
	check("fault_closes", wait_for(BACK "state", "6") &&
	      !module->tables[0].open);
	put("state", "1");
	check("fault_offers", wait_for(BACK "state", "2"));
	put("ring-ref", "nonsense");
	put("state", "3");
	check("fault_no_number", wait_for(BACK "state", "5"));
	put("state", "6");
	wait_for(BACK "state", "6");
	put("state", "1");
	wait_for(BACK "state", "2");
	connect_front(1, 0, &sring_blk_x86_64);
	check("fault_works_again", connected() && work(100, 0, 0) && drain() &&
	      !nr_bad);
}

/*
 * The front end says something new while the back end asks the store about
 * what was before.
 */
static void test_quick_changes(void)
{
	unsigned int i, tries = stop_at_once ? 300 : 1500;
	uint64_t until;
	bool good;

	put("state", "6");
	good = wait_for(BACK "state", "6");
	for (i = 0; i < tries && good; i++) {
		put("state", "1");
		until = helper_clock() + rand_r(&seed) % 500 * 1000;
		while (helper_clock() < until)
			;
		put("state", "6");
		good = wait_for(BACK "state", "6");
	}
	check("quick_changes", good);
}

static uint64_t backend_time(void)
{
	struct timespec time = { 0 };
	clockid_t clock;

	if (!clock_getcpuclockid(backend, &clock))
		clock_gettime(clock, &time);
	return time.tv_sec * 1000000000ull + time.tv_nsec;
}

static void hide_store(void)
{
	kill(store, SIGKILL);
	waitpid(store, NULL, 0);
	rename(socket_path, hidden_path);
}

static void show_store(void)
{
	rename(hidden_path, socket_path);
	start_store();
	reconnect_store();
}

/* There is something to say, and no store to say it to. */
static void test_no_store(void)
{
	uint64_t before;

	put("state", "1");
	wait_for(BACK "state", "2");
	connect_front(1, 0, &sring_blk_x86_64);
	check("no_store_connects", connected());
	hide_store();
	rings[0].words[REQ_PROD] = 5000;
	kick(0);
	usleep(100000);
	before = backend_time();
	usleep(500000);
	check("no_store_sleeps", backend_time() - before < 100000000);
	show_store();
	check("no_store_tells", wait_for(BACK "state", "5"));
	put("state", "6");
	wait_for(BACK "state", "6");
	put("state", "1");
	wait_for(BACK "state", "2");
	connect_front(1, 0, &sring_blk_x86_64);
	check("no_store_works_again", connected() && work(50, 0, 0) && drain());
}

/*
 * The store dies between the nodes of the first queue and those of the second.
 * Also when a successor reads them, while the guest has requests in the rings.
 */
static void test_store_dies_connecting(void)
{
	put("state", "6");
	wait_for(BACK "state", "6");
	put("state", "1");
	wait_for(BACK "state", "2");
	module->bind_kills = store;
	connect_front(2, 0, &sring_blk_x86_64);
	waitpid(store, NULL, 0);
	start_store();
	reconnect_store();
	check("store_dies_connecting", end_status() == HELPER_SETUP_FAILED &&
	      !strcmp(get(BACK "state"), "2"));
	start_backend();
	check("store_dies_connects", connected() && work(200, 5, 0));
	kill_backend();
	module->bind_kills = store;
	start_backend();
	waitpid(store, NULL, 0);
	start_store();
	reconnect_store();
	check("store_dies_again", end_status() == HELPER_SETUP_FAILED &&
	      !strcmp(get(BACK "state"), "4"));
	start_backend();
	check("store_dies_goes_on", work(200, 5, 0) && drain() && !nr_bad &&
	      !nr_errors);
	put("state", "6");
	wait_for(BACK "state", "6");
	put("multi-queue-num-queues", "1");
	put("state", "1");
	wait_for(BACK "state", "2");
	connect_front(1, 0, &sring_blk_x86_64);
	check("store_dies_forgotten", connected());
}

static void test_resize(void)
{
	if (ftruncate(image, 2 * SECTORS * 512))
		abort();
	kill(backend, SIGHUP);
	check("resized", wait_for(BACK "sectors", "4096") &&
	      !strcmp(get(BACK "state"), "4"));
	if (ftruncate(image, SECTORS * 512))
		abort();
	kill(backend, SIGHUP);
	check("resized_back", wait_for(BACK "sectors", "2048"));
	/* The next process finds another size than the guest was told. */
	if (ftruncate(image, 2 * SECTORS * 512))
		abort();
	kill_backend();
	start_backend();
	check("resize_served", work(50, 0, 0) && drain());
	kill(backend, SIGHUP);
	check("resized_after_death", wait_for(BACK "sectors", "4096"));
	/* The order comes while there is no store. */
	if (ftruncate(image, SECTORS * 512))
		abort();
	hide_store();
	kill(backend, SIGHUP);
	usleep(50000);
	show_store();
	check("resized_without_store", wait_for(BACK "sectors", "2048") &&
	      !strcmp(get(BACK "state"), "4"));
}

static void test_detach(void)
{
	kill(backend, SIGUSR1);
	check("detach_asks", wait_for(BACK "state", "5") &&
	      !strcmp(get(BACK "online"), "0"));
	/* The next one goes on with it, told by its configuration. */
	config->detaching = 1;
	kill_backend();
	start_backend();
	check("detach_serves", work(200, 8, 0) && drain() && !nr_bad &&
	      !nr_errors);
	/* Linux, when the disk is mounted. */
	put("state", "5");
	check("detach_serves_closing", work(200, 8, 0) && drain() && !nr_bad &&
	      !nr_errors);
	check("detach_waits", !strcmp(get(BACK "state"), "5"));
	put("state", "6");
	check("detached", end_status() == HELPER_DETACHED &&
	      get(BACK "state")[0] == '(' && get(FRONT "state")[0] == '(');
	/* The guest must not see so much as a node of it again. */
	store_watch(&xs, "/local/domain/7/device/vbd");
	store_receive(&xs);
	store_receive(&xs);
	xs.changed = false;
	start_backend();
	check("detached_for_good", end_status() == HELPER_DETACHED &&
	      get(FRONT "state")[0] == '(' && !xs.changed);
	reconnect_store();
	config->detaching = 0;
}

static void test_force(void)
{
	start_backend();
	wait_for(BACK "state", "2");
	connect_front(1, 0, &sring_blk_x86_64);
	check("force_connects", connected());
	kill(backend, SIGUSR2);
	check("forced", end_status() == HELPER_DETACHED &&
	      get(BACK "state")[0] == '(' && !module->tables[0].open);
}

static void set_up(void)
{
	pthread_mutexattr_t attr;
	struct failure failure;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char text[128];
	int i;

	module = mmap(NULL, sizeof(*module), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	guest = mmap(NULL, GUEST_PAGES * PAGE, PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	store_page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	store_recovery = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_mutex_init(&module->lock, &attr);
	module->seed = 5;
	if (pipe2(hangup, O_CLOEXEC) || pipe2(report, O_CLOEXEC | O_NONBLOCK))
		abort();
	store_event = eventfd(0, EFD_NONBLOCK);
	guest_event = eventfd(0, EFD_NONBLOCK);
	for (i = 0; i < DEVICE_RINGS; i++)
		io_event[i] = eventfd(0, EFD_NONBLOCK);
	for (i = 0; i < DEVICE_CHANNELS; i++)
		channel_event[i] = eventfd(0, EFD_NONBLOCK);
	snprintf(socket_path, sizeof(socket_path), "%s/store", dir);
	snprintf(hidden_path, sizeof(hidden_path), "%s/hidden", dir);
	snprintf(records, sizeof(records), "%s/store.db", dir);
	snprintf(text, sizeof(text), "vdev=xvda, target=%s/image", dir);
	image = open(text + strlen("vdev=xvda, target="),
		     O_RDWR | O_CREAT, 0600);
	if (image < 0 || ftruncate(image, SECTORS * 512))
		abort();
	config = device_config_parse(DEVICE_VBD, text, 0, &failure);
	listen_fd = socket(AF_UNIX, SOCK_STREAM, 0);
	strcpy(address.sun_path, socket_path);
	if (bind(listen_fd, (struct sockaddr *)&address, sizeof(address)) ||
	    listen(listen_fd, 64))
		abort();
	start_store();
	reconnect_store();
	pthread_create(&kernel, NULL, run_kernel, NULL);
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	dir = argv[1];
	if (argc > 2)
		limit_ms = atoi(argv[2]);
	stop_at_once = argc > 2;
	signal(SIGPIPE, SIG_IGN);
	setvbuf(stdout, NULL, _IOLBF, 0);
	set_up();
	test_life(1, 0, &sring_blk_x86_64);
	test_again();
	test_killed_closing();
	test_half_closed();
	test_fault();
	test_quick_changes();
	test_no_store();
	test_store_dies_connecting();
	test_resize();
	test_detach();
	test_force();
	prefix = "queues_";
	test_life(4, 1, &sring_blk_x86_64);
	kill(backend, SIGUSR2);
	check("forced", end_status() == HELPER_DETACHED);
	prefix = "x86_32_";
	test_life(1, 2, &sring_blk_x86_32);
	kill(backend, SIGTERM);
	check("ends", !end_status());
	kernel_ends = true;
	pthread_join(kernel, NULL);
	kill(store, SIGKILL);
	device_config_free(config);
	return 0;
}
