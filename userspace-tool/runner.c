// SPDX-License-Identifier: GPL-2.0-only
/*
 * The runner: one thread per vCPU.  The module keeps a vCPU's whole state, so
 * killing the runner stops the domain between two instructions and no more; a
 * new runner goes on from there.
 */
#include "runner.h"

#include "dev.h"
#include "keeper.h"
#include "log.h"
#include "rseq.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define STACK_BYTES	(64 << 10)
#define BUSY_WAIT_MS	100
#define KEEPER_DELAY_MS	100
#define KEEPER_DELAY_MOST_MS 5000

struct vcpu_thread {
	unsigned int id;
	int fd;
	int domain_fd;
};

static struct vcpu_thread threads[LODGE_MAX_VCPUS];

/*
 * Our role lock says that no other runner of ours lives, so who runs this vCPU
 * is a stranger.  Its leaving is not announced; look again from time to time,
 * and at once when the domain changes its state.
 */
static void wait_for_stranger(const struct vcpu_thread *t)
{
	struct pollfd p = { .fd = t->domain_fd, .events = POLLPRI };

	poll(&p, 1, BUSY_WAIT_MS);
}

static void *run_vcpu(void *arg)
{
	const struct vcpu_thread *t = arg;
	char name[16];
	int err;

	snprintf(name, sizeof(name), "vcpu%u", t->id);
	prctl(PR_SET_NAME, name);
	rseq_give_back();
	for (;;) {
		err = dev_vcpu_run(t->fd);
		if (err == -EBUSY)
			wait_for_stranger(t);
		else if (err != -EINTR && err != -EAGAIN)
			break;
	}
	if (err && err != -ENODEV) {
		log_event("vCPU %u cannot run: %s", t->id, msg_errno(err));
		_exit(HELPER_SETUP_FAILED);
	}
	return NULL;
}

static int open_vcpus(struct keeper *k, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		threads[i].id = i;
		threads[i].domain_fd = k->domain_fd;
		threads[i].fd = dev_vcpu_open(k->domain_fd, i);
		if (threads[i].fd < 0)
			return threads[i].fd;
	}
	return 0;
}

static int start_threads(unsigned int count)
{
	pthread_attr_t attr;
	pthread_t thread;
	unsigned int i;
	int err;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	for (i = 0; i < count; i++) {
		err = pthread_create(&thread, &attr, run_vcpu, &threads[i]);
		if (err)
			return -err;
	}
	return 0;
}

static int fork_keeper(struct keeper *k)
{
	pid_t pid = keeper_respawn(k);
	int fd;

	if (pid < 0)
		return pid;
	fd = pidfd_open(pid, 0);
	return fd < 0 ? -errno : fd;
}

/* A pidfd of the keeper that lives, or of a new one; or -errno. */
static int find_keeper(struct keeper *k)
{
	int fd = run_dir_open_holder(&k->dir, ROLE_KEEPER, NULL);

	return fd >= 0 ? fd : fork_keeper(k);
}

/* Returns 1 when the domain is gone, 0 when the keeper died before. */
static int wait_end(struct keeper *k, int keeper_fd)
{
	struct pollfd p[2] = {
		{ .fd = k->domain_fd },		/* hangs up when it dies */
		{ .fd = keeper_fd, .events = POLLIN },
	};

	while (poll(p, 2, -1) < 0 && errno == EINTR)
		;
	return !!(p[0].revents & POLLHUP);
}

/*
 * Until the domain is gone, and not only until it stops: the keeper has work
 * to do after that, and somebody must see to it that there is one.
 */
static void watch_keeper(struct keeper *k)
{
	int delay = 0, gone, fd;
	uint64_t since;

	for (;;) {
		since = helper_clock();
		fd = find_keeper(k);
		gone = fd >= 0 && wait_end(k, fd);
		if (gone)
			return;
		if (fd >= 0) {
			waitid(P_PIDFD, fd, &(siginfo_t){ 0 },
			       WEXITED | WNOHANG);
			close(fd);
		}
		/* A keeper that cannot live is not worth the whole CPU. */
		if (helper_clock() - since > 1000000000ull)
			delay = 0;
		else
			delay = delay ? delay * 2 : KEEPER_DELAY_MS;
		if (delay > KEEPER_DELAY_MOST_MS)
			delay = KEEPER_DELAY_MOST_MS;
		if (delay > KEEPER_DELAY_MS)
			poll(NULL, 0, delay);
	}
}

int runner_run(struct keeper *k)
{
	unsigned int count = k->config.maxvcpus;
	int err = open_vcpus(k, count);

	if (!err)
		err = start_threads(count);
	if (err) {
		log_event("runner: %s", msg_errno(err));
		return HELPER_SETUP_FAILED;
	}
	if (write(k->ready[1], "r", 1) < 0)
		log_event("runner: nobody to report to");
	watch_keeper(k);
	return 0;
}
