// SPDX-License-Identifier: GPL-2.0-only
/*
 * The keeper's care for devices, alone: this program is the domain, the back
 * ends and the helpers.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "control.h"
#include "dev.h"
#include "fd.h"
#include "keeper.h"
#include "keeper_device.h"
#include "lib/attach.h"
#include "log.h"

static void check(const char *name, bool good)
{
	printf("%s %s%s\n", good ? "ok" : "not ok", name,
	       good ? "" : ": it did not hold");
	fflush(stdout);
}

/* --- what is around it --- */

static unsigned int nr_opened, nr_forgotten, nr_forked;
static unsigned int nr_busy;
static bool is_missing, is_restart;
static uint64_t clock_ns = 1;

static int open_files(const struct device_config *config,
		      const struct device_domain *domain,
		      struct device_files *files, struct failure *failure)
{
	(void)domain;
	nr_opened++;
	if (is_missing && !strcmp(config->label, "xvda"))
		return failure_set(failure, "it is not there");
	if (nr_busy) {
		nr_busy--;
		clock_ns += 100000000;
		failure_set(failure, "it is another domain's");
		return -EBUSY;
	}
	files->fd[0] = dup(STDIN_FILENO);
	return 0;
}

static void forget(const struct device_config *config,
		   const struct device_domain *domain)
{
	(void)config;
	(void)domain;
	nr_forgotten++;
}

static const struct backend backend = {
	.name = "test", .open = open_files, .forget = forget,
};

const struct backend *backend_of(enum device_class class)
{
	(void)class;
	return &backend;
}

void helper_init_device(struct helper *h, struct keeper_device *device)
{
	memset(h, 0, sizeof(*h));
	h->pidfd = -1;
	h->device = device;
}

int helper_adopt(struct keeper *k, struct helper *h)
{
	(void)k;
	(void)h;
	return 0;
}

/* What a process does. */
static void (*act)(struct keeper *k, struct keeper_device *d);

int helper_fork(struct keeper *k, struct helper *h)
{
	nr_forked++;
	fflush(stdout);
	h->pid = fork();
	if (!h->pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (act)
			act(k, h->device);
		for (;;)
			pause();
	}
	h->pidfd = pidfd_open(h->pid, 0);
	return 0;
}

int helper_reap(struct helper *h)
{
	int status = 0;

	waitpid(h->pid, &status, 0);
	close_fd(&h->pidfd);
	h->pid = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void helper_end(struct helper *h)
{
	if (h->pidfd < 0)
		return;
	kill(h->pid, SIGKILL);
	helper_reap(h);
}

void helper_progressed(struct helper *h)
{
	(void)h;
}

uint64_t helper_clock(void)
{
	return clock_ns;
}

void helper_init_sandbox(struct keeper *k, struct sandbox *box,
			 enum sandbox_kind kind)
{
	(void)k;
	(void)box;
	(void)kind;
}

int dev_domain_revoke(int fd, unsigned int slot, unsigned int devid)
{
	(void)fd;
	(void)slot;
	(void)devid;
	return 0;
}

int attach_slot(int domain_fd, unsigned int role, unsigned int devid,
		pid_t *holder)
{
	(void)domain_fd;
	(void)role;
	(void)devid;
	(void)holder;
	return -EBUSY;
}

int device_run(struct device *d, const char *socket,
	       struct device_stats *stats, struct sandbox *box)
{
	(void)d;
	(void)socket;
	(void)stats;
	(void)box;
	return 0;
}

void device_report(struct device *d, enum device_news news,
		   const struct failure *failure)
{
	(void)d;
	(void)news;
	(void)failure;
}

int run_dir_save_config(const struct run_dir *dir,
			const struct domain_config *config)
{
	(void)dir;
	(void)config;
	return 0;
}

int run_dir_has_mark(const struct run_dir *dir, enum run_mark mark)
{
	(void)dir;
	return mark == MARK_RESTARTING && is_restart;
}

const char *run_dir_file(const struct run_dir *dir, const char *file)
{
	(void)dir;
	return file;
}

const char *log_dir(void)
{
	return "/var/log/lodge";
}

void log_event(const char *format, ...)
{
	va_list args;

	printf("  log: ");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
}

/* --- a keeper with the disks xvda and xvdb --- */

static struct keeper k;

static void set_up(int is_new)
{
	static const char * const disks[] = {
		"vdev=xvda, target=/a", "vdev=xvdb, target=/b",
	};
	struct device_config *config;
	struct failure failure;
	size_t i;

	memset(&k, 0, sizeof(k));
	domain_config_init(&k.config);
	k.is_new = is_new;
	k.dir.fd = -1;
	k.client.fd = -1;
	k.control_fd = -1;
	k.domain_fd = -1;
	for (i = 0; i < 2; i++) {
		config = device_config_parse(DEVICE_VBD, disks[i], i,
					     &failure);
		if (!config || device_config_add(&k.config.devices, config,
						 &failure))
			abort();
	}
	nr_opened = 0;
	nr_forgotten = 0;
	nr_forked = 0;
	nr_busy = 0;
	is_missing = false;
	is_restart = false;
	act = NULL;
}

static void tear_down(void)
{
	keeper_devices_end(&k);
	domain_config_release(&k.config);
}

/* Till @wanted holds of @d, or for ten seconds. */
static bool handle_until(bool (*wanted)(const struct keeper_device *d),
			 const struct keeper_device *d)
{
	struct pollfd p[KEEPER_DEVICES_POLL];
	/* Of the real clock, on which the processes are. */
	const time_t limit = time(NULL) + 10;
	unsigned int n;

	while (!wanted(d) && time(NULL) < limit) {
		n = keeper_devices_poll(&k, p);
		if (poll(p, n, 10) >= 0)
			keeper_devices_handle(&k, p, n, NULL);
	}
	return wanted(d);
}

/* --- the tests --- */

static int go[2];

static void test_missing_new(void)
{
	struct failure failure = { .text = "" };

	set_up(1);
	is_missing = true;
	check("new_fails", keeper_devices_start(&k, &failure) < 0 &&
	      !strcmp(failure.text, "disk xvda: it is not there"));
	tear_down();
	set_up(1);
	check("new_starts", keeper_devices_start(&k, &failure) == 2);
	keeper_devices_kill(&k);
	check("new_is_undone", nr_forgotten == 2);
	tear_down();
}

/* A keeper that comes to a domain that runs. */
static void test_missing(void)
{
	struct failure failure = { .text = "" };
	struct keeper_device *a, *b;
	uint64_t next;

	set_up(0);
	is_missing = true;
	check("missing_others_start",
	      keeper_devices_start(&k, &failure) >= 0 && nr_forked == 1);
	a = k.devices;
	b = a->next;
	check("missing_waits_for_others", !keeper_devices_served(&k));
	b->served = 1;
	check("missing_is_put_off", keeper_devices_served(&k));
	next = keeper_devices_start_due(&k, clock_ns);
	check("missing_later", next > clock_ns && nr_opened == 2);
	keeper_devices_start_due(&k, next);
	check("missing_again", nr_opened == 3 && a->helper.pidfd < 0);
	is_missing = false;
	keeper_devices_start_due(&k, UINT64_MAX - 1);
	check("missing_comes", nr_forked == 2 && a->helper.pidfd >= 0);
	keeper_devices_kill(&k);
	check("running_keeps", !nr_forgotten && a->files.fd[0] < 0);
	tear_down();
}

/* Somebody has it, who may be I/O of a domain that has ended. */
static void test_busy(void)
{
	struct failure failure;

	set_up(1);
	nr_busy = 10;
	check("busy_is_waited_for", keeper_devices_start(&k, &failure) == 2 &&
	      nr_opened == 12);
	tear_down();
	set_up(1);
	nr_busy = 1000;
	check("busy_for_ever", keeper_devices_start(&k, &failure) < 0 &&
	      nr_opened < 30);
	tear_down();
	set_up(1);
	is_restart = true;
	nr_busy = 100;
	check("busy_restart", keeper_devices_start(&k, &failure) == 2);
	tear_down();
	/* The domain has been destroyed meanwhile. */
	set_up(1);
	is_restart = true;
	nr_busy = 1000;
	if (pipe(go))
		abort();
	k.domain_fd = go[0];
	close_fd(&go[1]);
	check("busy_at_the_end", keeper_devices_start(&k, &failure) < 0 &&
	      nr_opened == 1);
	close_fd(&go[0]);
	tear_down();
	/* One that runs is not kept waiting by one device. */
	set_up(0);
	nr_busy = 1;
	check("busy_runs", keeper_devices_start(&k, &failure) >= 0 &&
	      nr_opened == 2 && nr_forked == 1);
	tear_down();
}

static void test_detaching(void)
{
	struct failure failure = { .text = "" };
	struct keeper_device *a;
	uint64_t now = 1;
	int i;

	set_up(0);
	k.config.devices->detaching = 1;
	keeper_devices_start(&k, &failure);
	check("detaching_has_files", k.devices->files.fd[0] >= 0);
	tear_down();

	set_up(0);
	k.config.devices->detaching = 1;
	is_missing = true;
	check("detaching_tries", keeper_devices_start(&k, &failure) >= 0 &&
	      k.devices->helper.pidfd < 0);
	a = k.devices;
	a->next->served = 1;
	for (i = 0; i < 20 && a->helper.pidfd < 0; i++)
		now = keeper_devices_start_due(&k, now);
	check("detaching_goes_without", a->helper.pidfd >= 0 &&
	      a->files.fd[0] < 0);
	tear_down();

	set_up(0);
	k.config.devices->detaching = 2;
	keeper_devices_start(&k, &failure);
	check("forced_has_no_files", k.devices->helper.pidfd >= 0 &&
	      k.devices->files.fd[0] < 0);
	tear_down();
}

/* --- what processes say --- */

static void say(struct keeper_device *d, enum device_news news, size_t size)
{
	struct device_report report = { .news = news };

	if (write(d->news[1], &report, size) < 0)
		_exit(1);
}

static void say_served(struct keeper *keeper, struct keeper_device *d)
{
	(void)keeper;
	say(d, DEVICE_SERVED, sizeof(struct device_report));
}

/* The first disk's does something that it must not; the second serves. */
static void (*babble)(struct keeper_device *d);

static void one_babbles(struct keeper *keeper, struct keeper_device *d)
{
	if (d == keeper->devices)
		babble(d);
	say_served(keeper, d);
}

static void say_without_end(struct keeper_device *d)
{
	struct device_report report = { .news = DEVICE_PROGRESS };

	for (;;)
		if (write(d->news[1], &report, sizeof(report)) < 0 &&
		    errno != EAGAIN)
			break;
}

static void say_half(struct keeper_device *d)
{
	say(d, DEVICE_PROGRESS, sizeof(struct device_report) / 2);
}

static void say_nothing_more(struct keeper_device *d)
{
	close_fd(&d->news[1]);
	for (;;)
		pause();
}

static bool is_served(const struct keeper_device *d)
{
	return d->served;
}

static bool is_down(const struct keeper_device *d)
{
	return d->helper.pidfd < 0;
}

static void start_babble(void (*what)(struct keeper_device *d))
{
	struct failure failure;

	set_up(0);
	babble = what;
	act = one_babbles;
	keeper_devices_start(&k, &failure);
}

static void handle_for_a_while(void)
{
	struct pollfd p[KEEPER_DEVICES_POLL];
	unsigned int n, i;

	for (i = 0; i < 10; i++) {
		n = keeper_devices_poll(&k, p);
		if (poll(p, n, 10) >= 0)
			keeper_devices_handle(&k, p, n, NULL);
	}
}

static bool hears_nothing(void)
{
	struct pollfd p[KEEPER_DEVICES_POLL];

	return !poll(p, keeper_devices_poll(&k, p), 0);
}

static void test_babble(void)
{
	start_babble(say_without_end);
	check("endless_is_killed", handle_until(is_down, k.devices));
	check("endless_others", handle_until(is_served, k.devices->next) &&
	      !is_down(k.devices->next));
	tear_down();

	start_babble(say_half);
	check("half_is_killed", handle_until(is_down, k.devices));
	check("half_others", handle_until(is_served, k.devices->next) &&
	      !is_down(k.devices->next) && !k.devices->served);
	tear_down();

	start_babble(say_nothing_more);
	check("closed_others", handle_until(is_served, k.devices->next));
	handle_for_a_while();
	check("closed_sleeps", hears_nothing() && !is_down(k.devices));
	tear_down();
}

/* --- an order that comes before the process serves --- */

static void serve_later(struct keeper *keeper, struct keeper_device *d)
{
	char byte;

	if (read(go[0], &byte, 1) != 1)
		_exit(1);
	say_served(keeper, d);
}

static void test_reload(void)
{
	struct control_order order = { .verb = CONTROL_RELOAD };
	struct control_answer reply;
	struct failure failure;
	int ends[2];

	set_up(0);
	if (pipe(go) || socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends))
		abort();
	act = serve_later;
	keeper_devices_start(&k, &failure);
	order.class = DEVICE_VBD;
	order.devid = k.devices->config->devid;
	k.client.fd = ends[1];
	check("reload_ordered", send(ends[0], &order, sizeof(order), 0) > 0);
	handle_for_a_while();
	check("reload_answered",
	      recv(ends[0], &reply, sizeof(reply), MSG_DONTWAIT) ==
	      sizeof(reply) && !reply.failed && !is_down(k.devices));
	if (write(go[1], "xx", 2) != 2)
		abort();
	/* Nobody handles the signal here. */
	check("reload_told_later", handle_until(is_down, k.devices));
	close_fd(&ends[0]);
	close_fd(&go[0]);
	close_fd(&go[1]);
	tear_down();
}

static void say_failed(struct keeper *keeper, struct keeper_device *d)
{
	struct device_report report = { .news = DEVICE_FAILED };

	(void)keeper;
	memset(&report.failure, 'x', sizeof(report.failure));
	memcpy(report.failure.text, "\033[2J\n", 5);
	if (write(d->news[1], &report, sizeof(report)) < 0)
		_exit(1);
}

static void test_text(void)
{
	struct pollfd p[KEEPER_DEVICES_POLL];
	struct failure failure = { .text = "" };
	unsigned int n;

	set_up(1);
	act = say_failed;
	keeper_devices_start(&k, &failure);
	n = keeper_devices_poll(&k, p);
	poll(p, n, 10000);
	check("text", keeper_devices_handle(&k, p, n, &failure) < 0 &&
	      !strncmp(failure.text, "disk xvd", 8) &&
	      !strncmp(failure.text + 9, ": ?[2J?xx", 9) &&
	      strlen(failure.hint) == sizeof(failure.hint) - 1);
	tear_down();
}

/* --- what it served was removed --- */

static void find_files_gone(struct keeper *keeper, struct keeper_device *d)
{
	say_served(keeper, d);
	if (d == keeper->devices)
		_exit(HELPER_FILES_GONE);
}

static void test_files_gone(void)
{
	struct failure failure;

	set_up(0);
	act = find_files_gone;
	keeper_devices_start(&k, &failure);
	check("gone_ends", handle_until(is_down, k.devices));
	check("gone_is_closed", !k.devices->open && nr_opened == 2);
	act = say_served;
	keeper_devices_start_due(&k, UINT64_MAX - 1);
	check("gone_is_opened_anew", nr_opened == 3 && k.devices->open &&
	      !is_down(k.devices) && !nr_forgotten);
	tear_down();
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	test_missing_new();
	test_missing();
	test_busy();
	test_detaching();
	test_babble();
	test_reload();
	test_text();
	test_files_gone();
	return 0;
}
