// SPDX-License-Identifier: GPL-2.0-only
/*
 * A helper process as its keeper sees it.  Helpers are forks: nothing is
 * executed, so a start costs a fork, and each closes what it must not have.
 */
#include "helper.h"

#include "backend/console.h"
#include "backend/device.h"
#include "backend/store.h"
#include "dev.h"
#include "fd.h"
#include "keeper.h"
#include "keeper_device.h"
#include "lib/attach.h"
#include "log.h"
#include "runner.h"
#include "store/store.h"
#include "title.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define QUICK_NS	1000000000ull
#define DELAY_FIRST_NS	50000000ull
#define DELAY_MOST_NS	5000000000ull
#define FREE_RETRIES	3
#define END_MS		2000

/* Event channel ports that a domain has from its start. */
#define STORE_PORT	1
#define CONSOLE_PORT	2

static const char * const names[NR_ROLES] = {
	[ROLE_KEEPER] = "keeper",
	[ROLE_RUNNER] = "runner",
	[ROLE_CONSOLE] = "console",
	[ROLE_STORE] = "store",
	[ROLE_VIEWER] = "viewer",
};

const char *helper_name(enum run_role role)
{
	return names[role];
}

void helper_init(struct helper *h, enum run_role role)
{
	memset(h, 0, sizeof(*h));
	h->role = role;
	h->pidfd = -1;
	snprintf(h->name, sizeof(h->name), "%s", names[role]);
}

void helper_init_device(struct helper *h, struct keeper_device *device)
{
	const struct device_config *config = device->config;

	memset(h, 0, sizeof(*h));
	h->role = run_role_device(config->class, config->devid);
	h->pidfd = -1;
	h->device = device;
	snprintf(h->name, sizeof(h->name), "%s-%s",
		 backend_of(config->class)->name, config->label);
}

uint64_t helper_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

/*
 * The pidfds of its siblings are rights over them.  And whoever spawned the
 * keeper learns of its death by the end of the report pipe.
 */
static void close_keepers(struct keeper *k)
{
	int i;

	for (i = 0; i < NR_ROLES; i++)
		close_fd(&k->helpers[i].pidfd);
	close_fd(&k->ready[0]);
	close_fd(&k->client.fd);
	close_fd(&k->dhcp.pidfd);
	close_fd(&k->nbd.fd);
	keeper_store_end_wait(k);
	close_fd(&k->report_fd);
}

/*
 * Take the slot and let go of the domain file, before a byte of the guest is
 * looked at.  Of the module, a back end that a guest has subverted has only
 * its page then: its sandbox does not let it open /dev/lodge anew.
 */
static int attach_and_drop(struct keeper *k, unsigned int slot,
			   enum run_role role)
{
	pid_t holder = 0;
	int fd = attach_slot(k->domain_fd, slot, 0, &holder);

	close_fd(&k->domain_fd);
	if (fd >= 0)
		return fd;
	if (fd == -EBUSY) {
		log_event("%s: process %d holds the slot", names[role],
			  (int)holder);
		_exit(HELPER_HELD);
	}
	log_event("%s: cannot take the slot: %s", names[role], msg_errno(fd));
	_exit(HELPER_SETUP_FAILED);
}

void helper_init_sandbox(struct keeper *k, struct sandbox *box,
			 enum sandbox_kind kind)
{
	box->kind = kind;
	box->uid = k->first_uid + k->domid;
	box->nr_files = 0;
	sandbox_keep(box, k->dir.lock_fd);
	sandbox_keep(box, k->ready[1]);
	sandbox_keep(box, log_hold_events());
}

static int console_main(struct keeper *k)
{
	int attach = attach_and_drop(k, LODGE_ROLE_CONSOLE, ROLE_CONSOLE);
	struct sandbox box;

	helper_init_sandbox(k, &box, SANDBOX_CONSOLE);
	/* The slave, so that the terminal does not hang up. */
	sandbox_keep(&box, k->pty.slave);
	return console_run(attach, k->pty.master, &k->dir, k->config.name,
			   &box, k->ready[1]);
}

/* What the store has to keep; nothing, as long as it is empty. */
static int open_records(struct keeper *k)
{
	int fd = openat(k->dir.fd, "store.db",
			O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd >= 0)
		return fd;
	log_event("store: %s: %s", run_dir_file(&k->dir, "store.db"),
		  msg_errno(errno));
	_exit(HELPER_SETUP_FAILED);
}

/* Of the domain: its store may be asked for the first time much later. */
static int64_t start_time(const struct keeper *k)
{
	struct lodge_domain_info info;

	return dev_domain_get_info(k->domain_fd, &info) ? time(NULL) :
		(int64_t)(info.created_ns / 1000000000);
}

static int store_main(struct keeper *k)
{
	const struct store_setup setup = {
		.domid = k->domid,
		.name = k->config.name,
		.uuid = k->config.uuid,
		.memory_kib = k->config.memory << 10,
		.maxmem_kib = k->config.maxmem << 10,
		.vcpus = k->config.vcpus,
		.maxvcpus = k->config.maxvcpus,
		.store_port = STORE_PORT,
		.console_port = CONSOLE_PORT,
		.start_time = start_time(k),
	};
	int attach = attach_and_drop(k, LODGE_ROLE_STORE, ROLE_STORE);
	int records = open_records(k);
	struct sandbox box;

	helper_init_sandbox(k, &box, SANDBOX_STORE);
	return store_run(attach, k->listen_fd, &setup, records, &box,
			 k->ready[1]);
}

/* The runner, too, must not keep a file busy that the keeper lets go. */
static int runner_main(struct keeper *k)
{
	keeper_devices_close(k, NULL);
	return runner_run(k);
}

static int (* const mains[NR_ROLES])(struct keeper *k) = {
	[ROLE_RUNNER] = runner_main,
	[ROLE_CONSOLE] = console_main,
	[ROLE_STORE] = store_main,
};

/* The runner is not confined, and its forks take other roles. */
static int take_role(struct keeper *k, const struct helper *h)
{
	return h->role == ROLE_RUNNER ?
		run_dir_take_role(&k->dir, h->role) :
		run_dir_take_confined_role(&k->dir, h->role);
}

static void child(struct keeper *k, struct helper *h)
{
	close_keepers(k);
	title_set(h->name, k->config.name);
	if (take_role(k, h))
		_exit(HELPER_HELD);
	_exit(h->device ? keeper_device_main(k, h->device) :
	      mains[h->role](k));
}

int helper_adopt(struct keeper *k, struct helper *h)
{
	h->started_ns = helper_clock();
	h->pidfd = run_dir_open_holder(&k->dir, h->role, &h->pid);
	return h->pidfd >= 0;
}

int helper_fork(struct keeper *k, struct helper *h)
{
	pid_t pid;

	h->started_ns = helper_clock();
	pid = fork();
	if (pid < 0)
		return -errno;
	if (!pid)
		child(k, h);
	h->pid = pid;
	/* Ours and not reaped: the pid cannot be another's. */
	h->pidfd = pidfd_open(pid, 0);
	if (h->pidfd >= 0)
		return 0;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	h->pid = 0;
	return -EMFILE;
}

/* Who dies young, again and again, waits longer and longer. */
static void set_retry(struct helper *h)
{
	uint64_t now = helper_clock();
	uint64_t delay = 0;

	if (now - h->started_ns >= QUICK_NS)
		h->quick_deaths = 0;
	else if (++h->quick_deaths > FREE_RETRIES)
		delay = h->quick_deaths - FREE_RETRIES > 7 ? DELAY_MOST_NS :
			DELAY_FIRST_NS << (h->quick_deaths - FREE_RETRIES - 1);
	h->retry_ns = now + (delay < DELAY_MOST_NS ? delay : DELAY_MOST_NS);
}

void helper_progressed(struct helper *h)
{
	h->quick_deaths = 0;
}

int helper_reap(struct helper *h)
{
	siginfo_t info = { 0 };
	int status = -1;

	/* An adopted helper is no child of ours: how it ended is not known. */
	if (!waitid(P_PIDFD, h->pidfd, &info, WEXITED | WNOHANG) &&
	    info.si_pid) {
		status = info.si_code == CLD_EXITED ? info.si_status : -1;
		if (info.si_code != CLD_EXITED)
			log_event("%s %d was killed by signal %d%s", h->name,
				  (int)h->pid, info.si_status,
				  info.si_status == SIGSYS ?
				  " (its system call filter)" : "");
		else if (status && status != HELPER_DETACHED &&
			 status != HELPER_FILES_GONE)
			log_event("%s %d ended with status %d", h->name,
				  (int)h->pid, status);
	}
	close_fd(&h->pidfd);
	h->pid = 0;
	set_retry(h);
	if (status == HELPER_GUEST_FAULT)
		h->retired = 1;
	return status;
}

void helper_end(struct helper *h)
{
	if (h->pidfd < 0)
		return;
	/* The runner ends by itself when its domain is destroyed. */
	if (h->role != ROLE_RUNNER)
		pidfd_send_signal(h->pidfd, SIGTERM, NULL, 0);
	if (!pidfd_has_ended(h->pidfd, END_MS)) {
		log_event("%s %d does not end and is killed", h->name,
			  (int)h->pid);
		pidfd_send_signal(h->pidfd, SIGKILL, NULL, 0);
		pidfd_has_ended(h->pidfd, END_MS);
	}
	waitid(P_PIDFD, h->pidfd, &(siginfo_t){ 0 }, WEXITED | WNOHANG);
	close_fd(&h->pidfd);
	h->pid = 0;
}
