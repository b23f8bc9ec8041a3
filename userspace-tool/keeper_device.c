// SPDX-License-Identifier: GPL-2.0-only
/*
 * The keeper's care for the domain's devices.  See keeper_device.h.
 *
 * A change is written to the saved configuration before anything is done about
 * it.  A keeper that dies in the middle leaves work that its successor finds
 * there: a device without a process, or one that is marked to go.
 */
#include "keeper_device.h"

#include "control.h"
#include "dev.h"
#include "fd.h"
#include "keeper.h"
#include "lib/attach.h"
#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define RETRY_FIRST_NS	20000000ull
#define RETRY_MOST_NS	1000000000ull
#define BUSY_MS		20
#define CREATE_BUSY_NS	2000000000ull
#define RESTART_BUSY_NS	30000000000ull
#define QUIET_FAILURES	3
#define FILE_TRIES	6	/* 1.3 s */
#define OBEY_NS		2000000000ull
#define NEWS_MOST	64	/* of one process; few have ten */

struct device_domain keeper_device_domain(const struct keeper *k)
{
	return (struct device_domain){
		.domid = k->domid,
		.name = k->config.name,
		.uuid = k->config.uuid,
	};
}

/* --- the list --- */

static struct keeper_device *add_device(struct keeper *k,
					struct device_config *config)
{
	struct keeper_device *d = calloc(1, sizeof(*d)), **end = &k->devices;
	int i;

	if (!d)
		return NULL;
	d->config = config;
	helper_init_device(&d->helper, d);
	d->news[0] = -1;
	d->news[1] = -1;
	for (i = 0; i < DEVICE_FILES; i++)
		d->files.fd[i] = -1;
	while (*end)
		end = &(*end)->next;
	*end = d;
	return d;
}

static void close_news(struct keeper_device *d)
{
	close_fd(&d->news[0]);
	close_fd(&d->news[1]);
}

static void close_files(struct keeper_device *d)
{
	int i;

	for (i = 0; i < DEVICE_FILES; i++)
		close_fd(&d->files.fd[i]);
	d->open = 0;
}

/* The keeper forgets it; its configuration stays where it is. */
static void drop_device(struct keeper *k, struct keeper_device *d)
{
	struct keeper_device **at = &k->devices;

	while (*at != d)
		at = &(*at)->next;
	*at = d->next;
	close_files(d);
	close_news(d);
	close_fd(&d->helper.pidfd);
	free(d);
}

void keeper_devices_close(struct keeper *k, const struct keeper_device *but)
{
	struct keeper_device *d;

	for (d = k->devices; d; d = d->next) {
		close_fd(&d->helper.pidfd);
		close_fd(&d->news[0]);
		if (d == but)
			continue;
		close_news(d);
		close_files(d);
	}
}

int keeper_devices_init(struct keeper *k, struct failure *failure)
{
	struct device_config *config;

	while (k->devices)
		drop_device(k, k->devices);
	for (config = k->config.devices; config; config = config->next)
		if (!add_device(k, config))
			return failure_set(failure, "out of memory");
	return 0;
}

static void save(struct keeper *k)
{
	int err = run_dir_save_config(&k->dir, &k->config);

	if (err)
		log_event("%s: %s", run_dir_file(&k->dir, "config"),
			  msg_errno(err));
}

/* --- processes --- */

/* The same class, number and so name at any time. */
static const char *stats_file(const struct device_config *config)
{
	static char name[32];

	snprintf(name, sizeof(name), CONTROL_STATS_FILE,
		 device_classes[config->class].name, config->devid);
	return name;
}

static int open_files(struct keeper *k, struct keeper_device *d,
		      struct failure *failure)
{
	const struct device_domain domain = keeper_device_domain(k);
	struct failure reason = { .text = "" };
	int err = backend_of(d->config->class)->open(d->config, &domain,
						     &d->files, &reason);

	if (!err) {
		d->open = 1;
		return 0;
	}
	close_files(d);
	failure_set(failure, "%s: %s", device_config_name(d->config),
		    reason.text);
	failure_hint(failure, "%s", reason.hint);
	return err;
}

/*
 * I/O that a domain left when it ended has its disks until it is done.  So a
 * new domain waits for them, but not beyond its own end.  Before a restart
 * there surely was one.
 */
static int open_patiently(struct keeper *k, struct keeper_device *d,
			  struct failure *failure)
{
	struct pollfd p = { .fd = k->domain_fd };
	uint64_t limit = helper_clock() +
		(run_dir_has_mark(&k->dir, MARK_RESTARTING) ?
		 RESTART_BUSY_NS : CREATE_BUSY_NS);
	int err;

	do {
		err = open_files(k, d, failure);
	} while (err == -EBUSY && k->is_new && helper_clock() < limit &&
		 !(poll(&p, 1, BUSY_MS) > 0 && p.revents & POLLHUP));
	return err;
}

/*
 * One that shall go when the guest lets it go needs its files until then; but
 * if they are gone, it goes without them.
 */
static int needs_files(const struct keeper_device *d)
{
	return !d->config->detaching ||
		(d->config->detaching == 1 && d->failures < FILE_TRIES);
}

/* Its own pipe, so that it speaks for no other; a write() is a packet. */
static int fork_device(struct keeper *k, struct keeper_device *d)
{
	int err;

	close_news(d);
	d->nr_news = 0;
	if (pipe2(d->news, O_CLOEXEC | O_NONBLOCK | O_DIRECT))
		return -errno;
	err = helper_fork(k, &d->helper);
	close_fd(&d->news[1]);
	if (err)
		close_news(d);
	return err;
}

/* 1 adopted, 0 started, -1. */
static int start_device(struct keeper *k, struct keeper_device *d,
			struct failure *failure)
{
	int err;

	if (helper_adopt(k, &d->helper)) {
		d->served = 1;
		return 1;
	}
	d->served = 0;
	if (!d->open && needs_files(d) && open_patiently(k, d, failure))
		return -1;
	err = fork_device(k, d);
	return err ? failure_set(failure, "%s: %s",
				 device_config_name(d->config),
				 msg_errno(err)) : 0;
}

/* What an order that came before the process did, or its keeper's death. */
static void repeat_orders(struct keeper *k, struct keeper_device *d)
{
	const struct device_domain domain = keeper_device_domain(k);
	const struct backend *backend = backend_of(d->config->class);

	if (d->config->detaching > 1 && backend->abandon)
		backend->abandon(d->config, &domain);
	if (d->helper.pidfd < 0 || !d->served)
		return;
	if (d->reload && !pidfd_send_signal(d->helper.pidfd, SIGHUP, NULL, 0))
		d->reload = 0;
	if (!d->config->detaching)
		return;
	pidfd_send_signal(d->helper.pidfd, d->config->detaching > 1 ?
			  SIGUSR2 : SIGUSR1, NULL, 0);
	if (d->config->detaching > 1)
		d->obey_ns = helper_clock() + OBEY_NS;
}

/*
 * One that does not even hear that it shall go at once is stopped, or stuck.
 * From the revoke on it reaches nothing of the guest, however long its death
 * takes; the next one does what it was told.
 */
static void end_stuck(struct keeper *k, struct keeper_device *d)
{
	const struct device_config *config = d->config;
	int err = dev_domain_revoke(k->domain_fd,
				    device_classes[config->class].role,
				    config->devid);

	if (err)
		log_event("%s: its slot: %s", device_config_name(config),
			  msg_errno(err));
	log_event("%s %d does not answer and is killed", d->helper.name,
		  (int)d->helper.pid);
	pidfd_send_signal(d->helper.pidfd, SIGKILL, NULL, 0);
	d->obey_ns = 0;
}

/*
 * I/O of a dead process may hold the file, and its lock, for a while: so the
 * first tries come soon, and are not worth a word.
 */
static void put_off(struct keeper_device *d, uint64_t now,
		    const struct failure *failure)
{
	uint64_t delay = RETRY_FIRST_NS << d->failures;

	if (delay > RETRY_MOST_NS)
		delay = RETRY_MOST_NS;
	else
		d->failures++;
	if (d->failures > QUIET_FAILURES)
		log_event("%s", failure->text);
	d->helper.retry_ns = now + delay;
}

/*
 * What cannot be started ends a domain that is new.  One that runs has the rest
 * of its devices, and this one as soon as it can be.
 */
int keeper_devices_start(struct keeper *k, struct failure *failure)
{
	struct keeper_device *d;
	int adopted, nr_new = 0;

	if (keeper_devices_init(k, failure))
		return -1;
	for (d = k->devices; d; d = d->next) {
		adopted = start_device(k, d, failure);
		if (adopted < 0 && k->is_new)
			return -1;
		if (adopted < 0) {
			put_off(d, helper_clock(), failure);
			continue;
		}
		repeat_orders(k, d);
		nr_new += !adopted;
	}
	return nr_new;
}

uint64_t keeper_devices_start_due(struct keeper *k, uint64_t now)
{
	uint64_t next = UINT64_MAX;
	struct keeper_device *d;
	struct failure failure;

	for (d = k->devices; d; d = d->next) {
		if (d->helper.pidfd >= 0 && d->obey_ns && d->obey_ns <= now)
			end_stuck(k, d);
		if (d->helper.pidfd >= 0 && d->obey_ns && d->obey_ns < next)
			next = d->obey_ns;
		if (d->helper.pidfd >= 0 || d->helper.retired)
			continue;
		if (d->helper.retry_ns <= now) {
			if (start_device(k, d, &failure) >= 0) {
				d->failures = 0;
				continue;
			}
			put_off(d, now, &failure);
		}
		if (d->helper.retry_ns < next)
			next = d->helper.retry_ns;
	}
	return next;
}

int keeper_devices_served(const struct keeper *k)
{
	const struct keeper_device *d;

	for (d = k->devices; d; d = d->next)
		if (!d->served && (k->is_new || d->helper.pidfd >= 0))
			return 0;
	return 1;
}

/* --- the one who asked --- */

static void answer(struct keeper *k, const struct failure *failure)
{
	struct control_answer answer = { .failed = !!failure };

	if (k->client.fd < 0)
		return;
	if (failure)
		answer.failure = *failure;
	/* Who has gone does not need it. */
	if (send(k->client.fd, &answer, sizeof(answer),
		 MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		log_event("keeper: a client has gone without its answer");
	close_fd(&k->client.fd);
	k->client.device = NULL;
}

static int is_waited_for(const struct keeper *k, const struct keeper_device *d)
{
	return k->client.fd >= 0 && k->client.device == d;
}

/* What was made for its process. */
static void undo_device(struct keeper *k, struct keeper_device *d)
{
	const struct device_domain domain = keeper_device_domain(k);

	close_files(d);
	if (backend_of(d->config->class)->forget)
		backend_of(d->config->class)->forget(d->config, &domain);
	unlinkat(k->dir.fd, stats_file(d->config), 0);
}

/* Nothing of the device is left but what we know. */
static void forget_device(struct keeper *k, struct keeper_device *d)
{
	struct device_config *config = d->config;

	undo_device(k, d);
	drop_device(k, d);
	device_config_remove(&k->config.devices, config);
	device_config_free(config);
}

static void device_is_gone(struct keeper *k, struct keeper_device *d)
{
	int waited = is_waited_for(k, d);

	forget_device(k, d);
	save(k);
	if (waited)
		answer(k, NULL);
}

/* The device that is being attached cannot be served. */
static void undo_attach(struct keeper *k, struct keeper_device *d,
			const struct failure *failure)
{
	helper_end(&d->helper);
	forget_device(k, d);
	save(k);
	answer(k, failure);
}

/* --- orders --- */

static int attach_device(struct keeper *k, enum device_class class,
			 const char *text, struct failure *failure)
{
	struct device_config *config;
	struct keeper_device *d;
	unsigned int index = 0;

	while (device_config_find(k->config.devices, class, index))
		index++;
	config = device_config_parse(class, text, index, failure);
	if (!config)
		return -1;
	if (device_config_add(&k->config.devices, config, failure)) {
		device_config_free(config);
		return -1;
	}
	d = add_device(k, config);
	if (!d) {
		device_config_remove(&k->config.devices, config);
		device_config_free(config);
		return failure_set(failure, "out of memory");
	}
	save(k);
	if (start_device(k, d, failure) < 0) {
		forget_device(k, d);
		save(k);
		return -1;
	}
	k->client.device = d;
	k->client.attaching = 1;
	return 0;
}

static struct keeper_device *find_device(struct keeper *k,
					 enum device_class class,
					 uint32_t devid)
{
	struct keeper_device *d = k->devices;

	while (d && (d->config->class != class || d->config->devid != devid))
		d = d->next;
	return d;
}

static struct keeper_device *known_device(struct keeper *k,
					  const struct control_order *order,
					  struct failure *failure)
{
	struct keeper_device *d = find_device(k, order->class, order->devid);

	if (!d)
		failure_set(failure, "it has no such %s",
			    device_classes[order->class].what);
	return d;
}

static int detach_device(struct keeper *k, const struct control_order *order,
			 struct failure *failure)
{
	struct keeper_device *d = known_device(k, order, failure);
	int how = order->verb == CONTROL_DETACH_FORCE ? 2 : 1;

	if (!d)
		return -1;
	if (d->config->detaching < how) {
		d->config->detaching = how;
		save(k);
	}
	repeat_orders(k, d);
	d->helper.retry_ns = 0;
	k->client.device = d;
	k->client.attaching = 0;
	return 0;
}

static int reload_device(struct keeper *k, const struct control_order *order,
			 struct failure *failure)
{
	struct keeper_device *d = known_device(k, order, failure);

	if (!d)
		return -1;
	d->reload = 1;
	repeat_orders(k, d);
	answer(k, NULL);
	return 0;
}

static int obey(struct keeper *k, struct control_order *order,
		struct failure *failure)
{
	if (order->class >= NR_DEVICE_CLASSES)
		return failure_set(failure, "no such order");
	order->text[sizeof(order->text) - 1] = '\0';
	switch (order->verb) {
	case CONTROL_ATTACH:
		return attach_device(k, order->class, order->text, failure);
	case CONTROL_DETACH:
	case CONTROL_DETACH_FORCE:
		return detach_device(k, order, failure);
	case CONTROL_RELOAD:
		return reload_device(k, order, failure);
	}
	return failure_set(failure, "no such order");
}

/* One packet is one order; who sends anything else has no business here. */
static void hear_client(struct keeper *k)
{
	struct failure failure = { .text = "" };
	struct control_order order;
	ssize_t n = recv(k->client.fd, &order, sizeof(order), MSG_DONTWAIT);

	if (n < 0 && errno == EAGAIN)
		return;
	if (n != sizeof(order) || k->client.device) {
		close_fd(&k->client.fd);
		k->client.device = NULL;
	} else if (obey(k, &order, &failure)) {
		answer(k, &failure);
	}
}

/* --- what happened --- */

/* From a process that a guest may have subverted: any bytes. */
static void clean_text(char *text, size_t size)
{
	text[size - 1] = '\0';
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
}

static int heed(struct keeper *k, struct keeper_device *d,
		struct device_report *report, struct failure *failure)
{
	switch (report->news) {
	case DEVICE_SERVED:
		d->served = 1;
		repeat_orders(k, d);
		if (is_waited_for(k, d) && k->client.attaching)
			answer(k, NULL);
		break;
	case DEVICE_PROGRESS:
		helper_progressed(&d->helper);
		break;
	case DEVICE_OBEYS:
		d->obey_ns = 0;
		break;
	case DEVICE_FAILED:
		clean_text(report->failure.text, sizeof(report->failure.text));
		clean_text(report->failure.hint, sizeof(report->failure.hint));
		if (failure) {
			failure_set(failure, "%s: %s",
				    device_config_name(d->config),
				    report->failure.text);
			failure_hint(failure, "%s", report->failure.hint);
			return -1;
		}
	}
	return 0;
}

/* What no back end of ours sends.  It is not listened to any more. */
static void end_babbler(struct keeper_device *d)
{
	log_event("%s %d reports nonsense and is killed", d->helper.name,
		  (int)d->helper.pid);
	close_news(d);
	pidfd_send_signal(d->helper.pidfd, SIGKILL, NULL, 0);
}

/* 1: there may be more; 0: nothing is left; -1 with @failure. */
static int hear_news(struct keeper *k, struct keeper_device *d,
		     struct failure *failure)
{
	struct device_report report;
	ssize_t n = d->news[0] < 0 ? 0 :
		read(d->news[0], &report, sizeof(report));

	if (n < 0)
		return 0;
	if (!n) {
		close_news(d);
		return 0;
	}
	if (n != sizeof(report) || d->nr_news++ == NEWS_MOST) {
		end_babbler(d);
		return 0;
	}
	if (heed(k, d, &report, failure))
		return -1;
	if (report.news != DEVICE_FAILED || !is_waited_for(k, d) ||
	    !k->client.attaching)
		return 1;
	/* Nothing is left of @d. */
	undo_attach(k, d, &report.failure);
	return 0;
}

static int hear_death(struct keeper *k, struct keeper_device *d,
		      struct failure *failure)
{
	struct failure reason;
	int status = helper_reap(&d->helper);

	d->obey_ns = 0;
	if (status == HELPER_DETACHED && d->config->detaching) {
		device_is_gone(k, d);
		return 0;
	}
	if (status == HELPER_FILES_GONE)
		close_files(d);
	if (d->served || !(failure || (is_waited_for(k, d) &&
				       k->client.attaching)))
		return 0;
	failure_set(&reason, "%s: its process ended at once (status %d), see %s/%s-keeper.log",
		    device_config_name(d->config), status, log_dir(),
		    k->config.name);
	if (!failure) {
		undo_attach(k, d, &reason);
		return 0;
	}
	*failure = reason;
	return -1;
}

enum { POLL_CONTROL, POLL_CLIENT, POLL_DEVICES };

unsigned int keeper_devices_poll(struct keeper *k, struct pollfd *p)
{
	const struct keeper_device *d;
	unsigned int n = POLL_DEVICES;

	/* One at a time: the others wait in the socket's backlog. */
	p[POLL_CONTROL] = (struct pollfd){
		.fd = k->client.fd < 0 ? k->control_fd : -1,
		.events = POLLIN,
	};
	p[POLL_CLIENT] = (struct pollfd){
		.fd = k->client.fd,
		.events = POLLIN,
	};
	for (d = k->devices; d; d = d->next) {
		p[n++] = (struct pollfd){
			.fd = d->helper.pidfd,
			.events = POLLIN,
		};
		p[n++] = (struct pollfd){
			.fd = d->news[0],
			.events = POLLIN,
		};
	}
	return n;
}

static int has_died(const struct keeper_device *d, const struct pollfd *p,
		    unsigned int n)
{
	for (; n--; p++)
		if (p->revents && p->fd == d->helper.pidfd)
			return 1;
	return 0;
}

/* A process has no more than NEWS_MOST, so this ends. */
static int hear_all_news(struct keeper *k, struct failure *failure)
{
	struct keeper_device *d, *next;
	int more;

	for (d = k->devices; d; d = next) {
		next = d->next;
		do {
			more = hear_news(k, d, failure);
		} while (more > 0);
		if (more)
			return -1;
	}
	return 0;
}

int keeper_devices_handle(struct keeper *k, const struct pollfd *p,
			  unsigned int n, struct failure *failure)
{
	struct keeper_device *d, *next;

	/* What a process left is there before its death is: it comes first. */
	if (hear_all_news(k, failure))
		return -1;
	for (d = k->devices; d; d = next) {
		next = d->next;
		if (d->helper.pidfd >= 0 &&
		    has_died(d, p + POLL_DEVICES, n - POLL_DEVICES) &&
		    hear_death(k, d, failure))
			return -1;
	}
	/* Orders are taken once all is up. */
	if (failure)
		return 0;
	if (p[POLL_CONTROL].revents)
		k->client.fd = accept4(k->control_fd, NULL, NULL, SOCK_CLOEXEC);
	if (p[POLL_CLIENT].revents && k->client.fd == p[POLL_CLIENT].fd)
		hear_client(k);
	return 0;
}

/* --- the end --- */

/* Those that were to go do not come again with the next domain. */
static void drop_detaching(struct keeper *k)
{
	struct device_config *config = k->config.devices, *next;
	int changed = 0;

	for (; config; config = next) {
		next = config->next;
		if (!config->detaching)
			continue;
		device_config_remove(&k->config.devices, config);
		device_config_free(config);
		changed = 1;
	}
	if (changed)
		save(k);
}

void keeper_devices_end(struct keeper *k)
{
	struct failure failure;

	failure_set(&failure, "the domain has ended");
	answer(k, &failure);
	while (k->devices) {
		helper_end(&k->devices->helper);
		undo_device(k, k->devices);
		drop_device(k, k->devices);
	}
	drop_detaching(k);
}

void keeper_devices_kill(struct keeper *k)
{
	struct keeper_device *d;
	pid_t pid;

	for (d = k->devices; d; d = d->next) {
		pid = d->helper.pid;
		if (pid && !kill(pid, 0) && !waitpid(pid, NULL, WNOHANG)) {
			kill(pid, SIGKILL);
			waitpid(pid, NULL, 0);
		}
		/*
		 * One that was adopted lives on with what it has; and a guest
		 * that runs may use what was made before us.
		 */
		if (d->open && k->is_new)
			undo_device(k, d);
		else
			close_files(d);
	}
}

void keeper_devices_adopt(struct keeper *k)
{
	struct keeper_device *d;
	struct failure failure;

	if (!k->devices && keeper_devices_init(k, &failure))
		log_event("keeper: %s", failure.text);
	for (d = k->devices; d; d = d->next)
		if (d->helper.pidfd < 0)
			helper_adopt(k, &d->helper);
}

/* --- in the child --- */

/* NULL: it counts for itself. */
static struct device_stats *map_stats(const struct keeper *k,
				      const struct device_config *config)
{
	int fd = openat(k->dir.fd, stats_file(config),
			O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	void *stats = MAP_FAILED;

	/* Room for it now, so that no touch of it can fail later. */
	if (fd >= 0 && !posix_fallocate(fd, 0, sizeof(struct device_stats)))
		stats = mmap(NULL, sizeof(struct device_stats),
			     PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (stats == MAP_FAILED)
		log_event("%s: no counters: %s", device_config_name(config),
			  msg_errno(errno));
	close_fd(&fd);
	return stats == MAP_FAILED ? NULL : stats;
}

static int no_slot(struct device *d, int err, pid_t holder)
{
	struct failure failure = { .text = "" };

	if (err == -EBUSY) {
		failure_set(&failure, "process %d holds it", (int)holder);
		failure_hint(&failure, "end that process: kill %d",
			     (int)holder);
	} else if (err == -ENOSPC) {
		failure_set(&failure, "the domain has had %d devices, more cannot be",
			    LODGE_MAX_DEVICES);
	} else {
		failure_set(&failure, "cannot take its slot: %s",
			    msg_errno(err));
	}
	log_event("%s: %s", device_config_name(d->config), failure.text);
	device_report(d, DEVICE_FAILED, &failure);
	return err == -EBUSY ? HELPER_HELD : HELPER_SETUP_FAILED;
}

int keeper_device_main(struct keeper *k, struct keeper_device *self)
{
	struct device_stats *stats = map_stats(k, self->config);
	struct device *d = calloc(1, sizeof(*d));
	struct sandbox box;
	pid_t holder = 0;

	if (!d)
		return HELPER_SETUP_FAILED;
	d->config = self->config;
	d->domain = keeper_device_domain(k);
	d->files = self->files;
	d->report_fd = self->news[1];
	d->attach_fd = attach_slot(k->domain_fd,
				   device_classes[self->config->class].role,
				   self->config->devid, &holder);
	close_fd(&k->domain_fd);
	close_fd(&k->pty.master);
	close_fd(&k->pty.slave);
	close_fd(&k->listen_fd);
	close_fd(&k->control_fd);
	close_fd(&k->ready[1]);
	keeper_devices_close(k, self);
	if (d->attach_fd < 0)
		return no_slot(d, d->attach_fd, holder);
	/* Another user cannot go the whole way to the store's socket. */
	if (fchdir(k->dir.fd))
		log_event("%s: %s: %s", device_config_name(d->config),
			  k->dir.path, msg_errno(errno));
	helper_init_sandbox(k, &box, backend_of(self->config->class)->sandbox);
	return device_run(d, "store", stats, &box);
}
