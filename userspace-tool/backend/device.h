/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What all back ends of devices share.  One process serves one device: it
 * makes the device's nodes in the store, talks with the front end about
 * states, opens the rings, and waits for events.  A back end adds a struct
 * backend: its files, its nodes, its protocol.
 *
 * The process may be killed at any instant.  The next one finds in the store
 * how far the two ends had come, and in the slot's recovery area which rings
 * were open; rings and requests go on where they stood, and the guest notices
 * nothing.
 */
#ifndef LODGE_BACKEND_DEVICE_H
#define LODGE_BACKEND_DEVICE_H

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "compiler.h"
#include "device_config.h"
#include "lib/io_slot.h"
#include "lib/sring.h"
#include "lib/xenbus.h"
#include "msg.h"
#include "sandbox.h"

#define DEVICE_FILES	8	/* that a keeper opens for a device */
#define DEVICE_RINGS	8
#define DEVICE_CHANNELS	32
#define DEVICE_EVENTS	40
#define DEVICE_COUNTERS	16

struct device;

/* Files that keeper and back end share; -1: not open. */
struct device_files {
	int fd[DEVICE_FILES];
};

/* Whose device it is. */
struct device_domain {
	uint32_t domid;
	const char *name;
	const uint8_t *uuid;
};

/**
 * struct backend - one kind of back end
 * @name: of the process
 * @sandbox: what it is confined to
 * @connect_states: bits of the front end's states that say that its nodes are
 *	there: 1 << XENBUS_INITIALISED and so on
 * @open: in the keeper: get the device's files.  What is made beyond them must
 *	be found again by its name.  0, or -1 with reason and remedy; -EBUSY,
 *	with them, when another has it, who may be about to end
 * @forget: in the keeper, when the device or its domain goes: undo what @open
 *	made beyond files, which are closed.  May be NULL
 * @abandon: in the keeper: the device is to go at once, so end what it may wait
 *	for; its process has the files open still.  May be NULL
 * @start: in the process, first of all, with its user's rights.  0 or -1.  May
 *	be NULL
 * @put_nodes: nodes of both ends that the toolstack makes
 * @put_features: what is said before the front end decides
 * @connect: the front end's nodes are there: read them, open the rings, bind
 *	the channels.  0, or -1 after device_fault()
 * @put_info: what is said when it is connected
 * @kick: look at all rings once: after @connect, and after a take-over
 * @disconnect: drop what belongs to the connection.  The rings close by
 *	themselves
 * @reload: the user says that the medium has changed.  May be NULL
 */
struct backend {
	const char *name;
	enum sandbox_kind sandbox;
	unsigned int connect_states;
	int (*open)(const struct device_config *config,
		    const struct device_domain *domain,
		    struct device_files *files, struct failure *failure);
	void (*forget)(const struct device_config *config,
		       const struct device_domain *domain);
	void (*abandon)(const struct device_config *config,
			const struct device_domain *domain);
	int (*start)(struct device *d, struct failure *failure);
	void (*put_nodes)(struct device *d);
	void (*put_features)(struct device *d);
	int (*connect)(struct device *d);
	void (*put_info)(struct device *d);
	void (*kick)(struct device *d);
	void (*disconnect)(struct device *d);
	void (*reload)(struct device *d);
};

/* The back end of a class. */
const struct backend *backend_of(enum device_class class);

/**
 * struct device_stats - counts that outlive the process
 * @count: what each means is the back end's; a process that dies may have done
 *	something and not counted it
 * @taken: requests that were taken from the rings since they were opened
 * @answered: of those, answers that the guest was shown.  Both are copies of
 *	what outlives a process: of the module's counts and the rings' indices
 *
 * A file of the run directory, shared with who lists devices.  The device's
 * process alone writes it.
 */
struct device_stats {
	_Atomic uint64_t count[DEVICE_COUNTERS];
	_Atomic uint64_t taken;
	_Atomic uint64_t answered;
};

/**
 * struct device_event - a file that the loop waits for
 * @fd: -1: this one is not in use
 * @events: for epoll
 * @counter: an eventfd or a timerfd: @handle is called each time that it is
 *	signalled, and nobody reads it
 * @handle: what is called
 * @arg: its argument
 */
struct device_event {
	int fd;
	uint32_t events;
	bool counter;
	void (*handle)(struct device *d, unsigned int arg);
	unsigned int arg;
};

/**
 * struct device_ring - one ring
 * @pages: mapped, or NULL
 * @nr_pages: so many
 * @io_fd: eventfd of the I/O table; -1: the table is not open here
 * @slot: the I/O table
 * @table: its functions
 * @sring: the ring, valid while @pages are mapped
 * @handle: called when entries are done
 */
struct device_ring {
	void *pages;
	unsigned int nr_pages;
	int io_fd;
	struct io_slot slot;
	struct io_table table;
	struct sring sring;
	void (*handle)(struct device *d, unsigned int ring);
};

struct device_record;

/**
 * struct device_link - how it stands with the connection to the store
 * @delay: before the next try, in ms; 0: connected, or never tried
 * @retry_ns: when that is
 * @created: the nodes are there
 * @served: the keeper knows
 */
struct device_link {
	int delay;
	uint64_t retry_ns;
	bool created;
	bool served;
};

/**
 * struct device - the device of this process
 * @config: what it shall be
 * @backend: its kind
 * @domain: whose it is
 * @files: from the keeper
 * @attach_fd: its slot
 * @hung_up: it is another's, or the domain is gone
 * @bus: its nodes in the store
 * @link: the connection to the store
 * @record: what the next process must know, in the slot's recovery area
 * @stats: never NULL
 * @rings: by number
 * @channel_fd: eventfds of the channels, or -1
 * @poll_fd: epoll's
 * @events: what is waited for
 * @connected: the rings are open, and served
 * @detaching: 1 the device shall go when the guest lets it go, 2 at once
 * @detached: nothing of it is left
 * @again: look at the states again, whether there is news or not
 * @renew: the front end must be told the info again
 * @fault: why the device was stopped; empty while it works
 * @fault_told: that was written to the store
 * @files_gone: somebody removed what the files are about
 * @report_fd: to the keeper
 * @progressed: the keeper knows that something was completed
 * @private: the back end's own
 */
struct device {
	const struct device_config *config;
	const struct backend *backend;
	struct device_domain domain;
	struct device_files files;
	int attach_fd;
	bool hung_up;
	struct xenbus bus;
	struct device_link link;
	struct device_record *record;
	struct device_stats *stats;
	struct device_ring rings[DEVICE_RINGS];
	int channel_fd[DEVICE_CHANNELS];
	int poll_fd;
	struct device_event events[DEVICE_EVENTS];
	bool connected;
	int detaching;
	bool detached;
	bool again;
	bool renew;
	char fault[160];
	bool fault_told;
	bool files_gone;
	int report_fd;
	bool progressed;
	void *private;
};

/* What a device's process tells its keeper: one write() to its pipe. */
enum device_news {
	DEVICE_SERVED,		/* it has nodes, and waits for the guest */
	DEVICE_FAILED,		/* it cannot be served; the process ends */
	DEVICE_PROGRESS,	/* a request was completed: once a process */
	DEVICE_OBEYS,		/* it has heard that it shall go at once */
};

struct device_report {
	uint32_t news;
	struct failure failure;
};

/* Tell the keeper. */
void device_report(struct device *d, enum device_news news,
		   const struct failure *failure);

/*
 * Serve until the domain is gone or the device is.  @d has config, domain,
 * files, attach_fd and report_fd.  @socket is the path of the store's socket,
 * @stats the counters, or NULL.  It is confined to @box and these, before it
 * looks at anything of the guest; with NULL, in tests, it is not.  Returns an
 * exit status.
 */
int device_run(struct device *d, const char *socket,
	       struct device_stats *stats, struct sandbox *box);

/* --- for back ends --- */

/*
 * The guest, or the medium, makes it impossible to go on: this device stops,
 * with a reason that user and guest can read.  The first reason counts.  It
 * can come back when the guest starts its front end anew.
 */
__printf(2, 3)
void device_fault(struct device *d, const char *format, ...);

/*
 * Somebody of the host removed what the device is made of.  The process ends;
 * its keeper opens, or makes, it anew, and the next process goes on with the
 * guest's connection.
 */
void device_files_gone(struct device *d);

/*
 * Open ring @ring, whose pages the guest has granted by @refs; @handle is
 * called when entries of its table are done.  A ring that an earlier process
 * had open goes on.  0, or -1 after device_fault().
 */
int device_open_ring(struct device *d, unsigned int ring, const uint32_t *refs,
		     unsigned int nr_pages, const struct sring_layout *layout,
		     void (*handle)(struct device *d, unsigned int ring));

/*
 * Bind channel @channel to the guest's @port; @handle is called, with the
 * channel's number, when the guest notifies.  0, or -1 after device_fault().
 */
int device_bind(struct device *d, unsigned int channel, uint32_t port,
		void (*handle)(struct device *d, unsigned int channel));
void device_notify(struct device *d, unsigned int channel);

/* Have @channel's handler called again, after whoever else waits. */
void device_wake(struct device *d, unsigned int channel);

/* Note how far the open rings are, for who lists devices. */
void device_count_rings(struct device *d);

/* An error of a ring's function: -EPROTO is the guest's fault.  Ends others. */
void device_ring_error(struct device *d, unsigned int ring, int err);

/*
 * Wait for @fd as well, until it is removed, which is before it is closed.
 * @events: as epoll's, 0: of no event for now.  0; -ENOSPC, -errno of epoll.
 */
int device_add_event(struct device *d, int fd, uint32_t events, bool counter,
		     void (*handle)(struct device *d, unsigned int arg),
		     unsigned int arg);
void device_change_event(struct device *d, int fd, uint32_t events);
void device_remove_event(struct device *d, int fd);

/* A request was completed. */
void device_progress(struct device *d);

static inline void device_count(struct device *d, unsigned int counter,
				uint64_t n)
{
	_Atomic uint64_t *count = &d->stats->count[counter];

	/* Nobody else writes it. */
	atomic_store_explicit(count, atomic_load_explicit(count,
							  memory_order_relaxed) + n,
			      memory_order_relaxed);
}

/*
 * Nodes, for @put_nodes, @put_features and @put_info.  Two more to read what
 * the front end says; 0 or -errno, as xenbus_get().
 */
#define device_put(d, end, node, ...) \
	xenbus_put(&(d)->bus, end, node, __VA_ARGS__)

/*
 * The info may have changed while connected: @put_info is called again, and the
 * state is written again, which makes the front end look.  It is done as soon
 * as the store is there.
 */
void device_renew_info(struct device *d);

/* --- between device.c, device_events.c and device_ring.c --- */

/* 0 or -errno. */
int device_events_init(struct device *d);

/*
 * Wait for @ms milliseconds, -1: as long as it takes, with these signals let
 * in, and call the handlers of what has happened.
 */
void device_wait(struct device *d, int ms, const sigset_t *unblocked);

/* 0 or -errno. */
int device_map_record(struct device *d);

/*
 * Close all rings and channels, of this process or of an earlier one.  1: some
 * I/O goes on, try again when one of their events comes; 0: all are closed;
 * -errno.
 */
int device_close_rings(struct device *d);
bool device_has_rings(const struct device *d);

/* This process or an earlier one has begun to close them. */
bool device_is_closing(const struct device *d);

#endif /* LODGE_BACKEND_DEVICE_H */
