// SPDX-License-Identifier: GPL-2.0-only
/*
 * The life of a device's back end: one loop that waits for the guest, the
 * store, the I/O and the keeper, and one function that looks at both ends'
 * states and does the next step.  That function is called as often as one
 * likes: it goes by what is, never by what has happened, so that no event must
 * be seen exactly once.
 */
#include "backend/device.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "backend/blk.h"
#include "backend/entropy.h"
#include "backend/net.h"
#include "helper.h"
#include "lib/attach.h"
#include "log.h"

#define RECONNECT_FIRST_MS	10
#define RECONNECT_MOST_MS	1000

static const struct backend * const backends[NR_DEVICE_CLASSES] = {
	[DEVICE_VBD] = &backend_blk,
	[DEVICE_VIF] = &backend_net,
	[DEVICE_ENTROPY] = &backend_entropy,
};

const struct backend *backend_of(enum device_class class)
{
	return backends[class];
}

static struct device_stats no_stats;

/* --- signals: the keeper's orders --- */

static volatile sig_atomic_t asked_to_end, asked_to_detach, asked_to_force;
static volatile sig_atomic_t asked_to_reload;

static void on_signal(int signal)
{
	switch (signal) {
	case SIGTERM:
		asked_to_end = 1;
		break;
	case SIGUSR1:
		asked_to_detach = 1;
		break;
	case SIGUSR2:
		asked_to_force = 1;
		break;
	case SIGHUP:
		asked_to_reload = 1;
	}
}

/* They are taken in device_wait() only, so that none is missed. */
static void set_signals(void)
{
	static const int signals[] = { SIGTERM, SIGUSR1, SIGUSR2, SIGHUP };
	struct sigaction action = { .sa_handler = on_signal };
	sigset_t block;
	size_t i;

	sigemptyset(&block);
	for (i = 0; i < ARRAY_SIZE(signals); i++)
		sigaddset(&block, signals[i]);
	sigprocmask(SIG_BLOCK, &block, NULL);
	for (i = 0; i < ARRAY_SIZE(signals); i++)
		sigaction(signals[i], &action, NULL);
	attach_end_on_revoke();
}

static void take_orders(struct device *d)
{
	int detaching = asked_to_force ? 2 : asked_to_detach ? 1 : 0;

	if (detaching > d->detaching) {
		d->detaching = detaching;
		d->again = true;
	}
	/* That it may take long does not mean that it is stuck. */
	if (asked_to_force) {
		asked_to_force = 0;
		device_report(d, DEVICE_OBEYS, NULL);
	}
	if (asked_to_reload && d->backend->reload) {
		asked_to_reload = 0;
		d->backend->reload(d);
	}
}

/* --- reports and faults --- */

void device_report(struct device *d, enum device_news news,
		   const struct failure *failure)
{
	struct device_report report = { .news = news };

	if (failure)
		report.failure = *failure;
	/* A keeper that is new does not hear of progress. */
	if (write(d->report_fd, &report, sizeof(report)) < 0 &&
	    news != DEVICE_PROGRESS)
		log_event("%s: nobody to report to",
			  device_config_name(d->config));
}

void device_progress(struct device *d)
{
	if (d->progressed)
		return;
	d->progressed = true;
	device_report(d, DEVICE_PROGRESS, NULL);
}

void device_fault(struct device *d, const char *format, ...)
{
	va_list args;

	/* What could not be read is not the front end's fault. */
	if (d->fault[0] || d->bus.store.lost)
		return;
	va_start(args, format);
	vsnprintf(d->fault, sizeof(d->fault), format, args);
	va_end(args);
	d->again = true;
	log_event("%s has stopped: %s", device_config_name(d->config),
		  d->fault);
}

void device_files_gone(struct device *d)
{
	if (!d->files_gone)
		log_event("%s: somebody has removed it",
			  device_config_name(d->config));
	d->files_gone = true;
}

/* --- states --- */

static void put_nodes(struct xenbus *bus, void *ctx)
{
	struct device *d = ctx;

	(void)bus;
	d->backend->put_nodes(d);
	device_put(d, XENBUS_BACK, "hotplug-status", "connected");
}

static void put_features(struct xenbus *bus, void *ctx)
{
	struct device *d = ctx;

	d->backend->put_features(d);
	xenbus_put_state(bus, XENBUS_INIT_WAIT);
}

static void put_info(struct xenbus *bus, void *ctx)
{
	struct device *d = ctx;

	d->backend->put_info(d);
	xenbus_put_state(bus, XENBUS_CONNECTED);
}

void device_renew_info(struct device *d)
{
	d->renew = true;
	d->again = true;
}

/* A front end that is not connected hears it all when it connects. */
static int renew_info(struct device *d)
{
	int err;

	if (!d->renew)
		return 0;
	err = d->bus.state == XENBUS_CONNECTED ?
		xenbus_transaction(&d->bus, put_info, d) : 0;
	d->renew = err;
	return err;
}

/* The front end begins: say what there is. */
static int offer(struct device *d)
{
	int closing = device_close_rings(d);

	if (closing)
		return closing < 0 ? closing : 0;
	if (d->bus.state == XENBUS_INIT_WAIT)
		return 0;
	d->fault[0] = '\0';
	d->fault_told = false;
	return xenbus_transaction(&d->bus, put_features, d);
}

/*
 * 0, or -1 after a fault.  A store that went away has let nodes seem to be
 * missing, and so what was opened may be wrong; but to close it would drop a
 * predecessor's requests.  The next process opens it right.
 */
static int connect_rings(struct device *d)
{
	int err = d->backend->connect(d);

	if (d->bus.store.lost) {
		log_event("%s: the store went away while it connected",
			  device_config_name(d->config));
		_exit(HELPER_SETUP_FAILED);
	}
	d->connected = !err;
	return err;
}

/*
 * The front end's nodes are there.  In the state Connected it is a
 * predecessor's connection that goes on; nothing is written then.
 */
static int connect_front(struct device *d)
{
	if (d->fault[0] || (d->bus.state != XENBUS_INIT_WAIT &&
			    d->bus.state != XENBUS_CONNECTED))
		return 0;
	/* What is half closed cannot go on. */
	if (device_is_closing(d)) {
		device_fault(d, "its rings are half closed");
		return 0;
	}
	if (!d->connected && connect_rings(d))
		return 0;
	if (d->bus.state == XENBUS_INIT_WAIT) {
		int err = xenbus_transaction(&d->bus, put_info, d);

		if (err)
			return err;
	}
	d->backend->kick(d);
	return 0;
}

static int close_front(struct device *d, enum xenbus_state state)
{
	int closing = state == XENBUS_CLOSED ? device_close_rings(d) : 0;

	if (closing)
		return closing < 0 ? closing : 0;
	if (d->bus.state == XENBUS_CLOSED || d->bus.state == state)
		return 0;
	return xenbus_set_state(&d->bus, state);
}

static bool is_let_go(enum xenbus_state front)
{
	return front == XENBUS_UNKNOWN || front == XENBUS_INITIALISING ||
		front == XENBUS_CLOSED;
}

/* The device shall go.  A front end that has nothing of it is not asked. */
static int detach(struct device *d, enum xenbus_state front)
{
	int err;

	if (d->detaching == 1 && !is_let_go(front))
		return d->bus.state == XENBUS_CLOSING ? 0 :
			xenbus_set_offline(&d->bus);
	err = device_close_rings(d);
	if (err)
		return err < 0 ? err : 0;
	err = xenbus_remove(&d->bus);
	d->detached = !err;
	return err;
}

static int tell_fault(struct device *d)
{
	int err = device_close_rings(d);

	if (err > 0)
		err = 0;
	if (!err)
		err = xenbus_write_error(&d->bus, d->fault);
	if (!err && (d->bus.state == XENBUS_INIT_WAIT ||
		     d->bus.state == XENBUS_CONNECTED))
		err = xenbus_set_state(&d->bus, XENBUS_CLOSING);
	d->fault_told = !err;
	return err;
}

/*
 * A predecessor's connection goes on as long as the front end has not let go
 * of it, also when the device shall go.  Linux says Closing while the device is
 * in use, and goes on to use it.  Nothing is written: the ends have said what
 * they had to say.
 */
static void go_on(struct device *d, enum xenbus_state front)
{
	if (d->connected || d->fault[0] || !device_has_rings(d) ||
	    device_is_closing(d) || d->detaching > 1)
		return;
	if (front != XENBUS_CLOSING &&
	    !(d->backend->connect_states & 1u << front))
		return;
	if (d->bus.state != XENBUS_CONNECTED && d->bus.state != XENBUS_CLOSING)
		return;
	if (!connect_rings(d))
		d->backend->kick(d);
}

/* Do what is next, if anything is.  0, or -errno of the store. */
static int step(struct device *d)
{
	int front = xenbus_read_state(&d->bus, XENBUS_FRONT);
	int err = 0;

	if (front < 0)
		return front;
	if (d->fault[0] && !d->fault_told)
		err = tell_fault(d);
	if (err)
		return err;
	go_on(d, front);
	if (d->detaching)
		return detach(d, front);
	switch (front) {
	case XENBUS_INITIALISING:
		return offer(d);
	case XENBUS_CLOSING:
		return close_front(d, XENBUS_CLOSING);
	case XENBUS_UNKNOWN:
	case XENBUS_CLOSED:
		return close_front(d, XENBUS_CLOSED);
	}
	return d->backend->connect_states & 1u << front ? connect_front(d) : 0;
}

/* --- the store --- */

static void on_store(struct device *d, unsigned int arg);

static void lose(struct device *d, int err)
{
	struct device_link *link = &d->link;

	if (!xenbus_is_lost(err) && err != -EAGAIN)
		log_event("%s: the store says: %s",
			  device_config_name(d->config), msg_errno(err));
	device_remove_event(d, d->bus.store.fd);
	store_close(&d->bus.store);
	link->delay = link->delay ? link->delay * 2 : RECONNECT_FIRST_MS;
	if (link->delay > RECONNECT_MOST_MS)
		link->delay = RECONNECT_MOST_MS;
	link->retry_ns = helper_clock() + link->delay * 1000000ull;
}

static void reconnect(struct device *d)
{
	int err;

	if (d->bus.store.fd >= 0 ||
	    (d->link.delay && helper_clock() < d->link.retry_ns))
		return;
	err = xenbus_connect(&d->bus);
	if (!err)
		err = device_add_event(d, d->bus.store.fd, EPOLLIN, false,
				       on_store, 0);
	if (err)
		lose(d, err);
}

static int make_nodes(struct device *d)
{
	struct device_link *link = &d->link;
	int state;

	if (link->created)
		return 0;
	/* Nodes that are gone do not come again. */
	if (d->detaching) {
		state = xenbus_read_state(&d->bus, XENBUS_BACK);
		if (state < 0)
			return state;
		d->bus.state = state;
	} else {
		state = xenbus_create(&d->bus, put_nodes, d);
		if (state)
			return state;
	}
	link->created = true;
	return 0;
}

/* Something may have changed. */
static void look(struct device *d)
{
	struct device_link *link = &d->link;
	int err;

	if (d->bus.store.fd < 0 || (!d->bus.store.changed && !d->again))
		return;
	d->bus.store.changed = false;
	d->again = false;
	err = make_nodes(d);
	if (!err)
		err = step(d);
	if (!err)
		err = renew_info(d);
	if (err == -ENODEV)
		return;
	if (err) {
		/* The first event of the next connection has us look again. */
		lose(d, err);
		return;
	}
	link->delay = 0;
	if (!link->served)
		device_report(d, DEVICE_SERVED, NULL);
	link->served = true;
}

/* --- the loop --- */

static void on_store(struct device *d, unsigned int arg)
{
	int err = store_receive(&d->bus.store);

	(void)arg;
	if (err)
		lose(d, err);
}

/* Its holder is another, or the domain is gone. */
static void on_hang_up(struct device *d, unsigned int arg)
{
	(void)arg;
	d->hung_up = true;
}

/*
 * In ms: until another try to reach the store; -1: for ever.  An event of the
 * store may have come with a reply, when its file says nothing any more.
 * Without the store nothing can be looked at.
 */
static int pick_timeout(const struct device *d)
{
	uint64_t now;

	if (d->bus.store.fd >= 0)
		return d->again || d->bus.store.changed ? 0 : -1;
	now = helper_clock();
	return d->link.retry_ns > now ?
	       (int)((d->link.retry_ns - now + 999999) / 1000000) : 0;
}

/* 1: go on; else an exit status follows. */
static int serve_once(struct device *d)
{
	static const sigset_t unblocked;

	reconnect(d);
	look(d);
	if (d->detached || d->files_gone)
		return 0;
	device_count_rings(d);
	device_wait(d, pick_timeout(d), &unblocked);
	if (asked_to_end || d->hung_up || d->files_gone)
		return 0;
	take_orders(d);
	return 1;
}

static int fail(struct device *d, struct failure *failure)
{
	log_event("%s: %s", device_config_name(d->config), failure->text);
	device_report(d, DEVICE_FAILED, failure);
	return HELPER_SETUP_FAILED;
}

static int set_up(struct device *d, const char *socket,
		  struct failure *failure)
{
	const char *class = device_classes[d->config->class].name;
	int err = device_events_init(d);

	if (!err)
		err = device_add_event(d, d->attach_fd, EPOLLHUP, false,
				       on_hang_up, 0);
	if (err)
		return failure_set(failure, "events: %s", msg_errno(err));
	err = device_map_record(d);
	if (!err)
		err = xenbus_init(&d->bus, socket, d->domain.domid, class,
				  d->config->devid);
	if (err)
		return failure_set(failure, "its slot's memory: %s",
				   msg_errno(err));
	return d->backend->start ? d->backend->start(d, failure) : 0;
}

static int confine(struct device *d, struct sandbox *box,
		   struct failure *failure)
{
	const char *step;
	int i, err;

	if (!box)
		return 0;
	sandbox_keep(box, d->attach_fd);
	sandbox_keep(box, d->poll_fd);
	sandbox_keep(box, d->report_fd);
	for (i = 0; i < DEVICE_FILES; i++)
		sandbox_keep(box, d->files.fd[i]);
	for (i = 0; i < DEVICE_EVENTS; i++)
		sandbox_keep(box, d->events[i].fd);
	err = sandbox_enter(box, &step);
	return err ? failure_set(failure, "its sandbox: %s: %s", step,
				 msg_errno(err)) : 0;
}

int device_run(struct device *d, const char *socket,
	       struct device_stats *stats, struct sandbox *box)
{
	struct failure failure;

	d->backend = backend_of(d->config->class);
	d->stats = stats ? stats : &no_stats;
	d->detaching = d->config->detaching;
	set_signals();
	if (set_up(d, socket, &failure) || confine(d, box, &failure))
		return fail(d, &failure);
	d->again = true;
	while (serve_once(d) > 0)
		;
	if (d->detached)
		return HELPER_DETACHED;
	return d->files_gone ? HELPER_FILES_GONE : 0;
}
