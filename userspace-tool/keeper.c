// SPDX-License-Identifier: GPL-2.0-only
/*
 * The keeper of one domain.  See keeper.h.  Its life is one loop: look at the
 * domain's state, start what is not running, wait for the next change.
 */
#include "keeper.h"

#include "build.h"
#include "dev.h"
#include "fd.h"
#include "log.h"
#include "rseq.h"
#include "sandbox.h"
#include "title.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define VIEWER_WAIT_S		2
#define QUICK_RESTART_NS	1000000000ull
#define QUICK_RESTARTS		3
#define RESTART_DELAY_MS	2000

/* What the keeper tells the process that spawned it. */
struct report {
	int failed;
	struct failure failure;
};

void keeper_init(struct keeper *k)
{
	int i;

	memset(k, 0, sizeof(*k));
	domain_config_init(&k->config);
	k->dir.fd = -1;
	k->dir.lock_fd = -1;
	k->domain_fd = -1;
	k->pty.master = -1;
	k->pty.slave = -1;
	k->listen_fd = -1;
	k->control_fd = -1;
	k->client.fd = -1;
	k->dhcp.pidfd = -1;
	k->nbd.fd = -1;
	k->store.attach_fd = -1;
	k->store.event_fd = -1;
	k->ready[0] = -1;
	k->ready[1] = -1;
	k->report_fd = -1;
	for (i = 0; i < NR_ROLES; i++)
		helper_init(&k->helpers[i], i);
}

static int open_pty(struct keeper *k, struct failure *failure)
{
	char path[32];
	int err = pty_open(&k->pty, path);

	if (err) {
		failure_set(failure, "cannot make a terminal for the console: %s",
			    msg_errno(err));
		failure_hint(failure, "is devpts mounted at /dev/pts?");
		return -1;
	}
	err = run_dir_link_console(&k->dir, path);
	if (err)
		return failure_set(failure, "%s: %s",
				   run_dir_file(&k->dir, "console"),
				   msg_errno(err));
	return 0;
}

/* The name may be that of an earlier keeper's socket. */
static int bind_anew(int fd, const struct sockaddr_un *address)
{
	int err = bind(fd, (const struct sockaddr *)address, sizeof(*address));

	if (err && errno == EADDRINUSE && !unlink(address->sun_path))
		err = bind(fd, (const struct sockaddr *)address,
			   sizeof(*address));
	return err;
}

/* A listening socket in the run directory; @backlog: who may wait there. */
static int open_socket(struct keeper *k, const char *file, int type,
		       int backlog, int *socket_fd, struct failure *failure)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const char *path = run_dir_file(&k->dir, file);
	int fd;

	if (strlen(path) >= sizeof(address.sun_path))
		return failure_set(failure, "%s: too long for a socket", path);
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && !bind_anew(fd, &address) && !listen(fd, backlog)) {
		*socket_fd = fd;
		return 0;
	}
	failure_set(failure, "%s: %s", path, msg_errno(errno));
	close_fd(&fd);
	return -1;
}

/*
 * The domain's user, and so its devices, which are that user, may connect to
 * the store.  A domain that was restarted has another one.
 */
static int share_store(struct keeper *k, struct failure *failure)
{
	int err = geteuid() ? 0 :
		run_dir_share(&k->dir, "store", k->first_uid + k->domid);

	return err ? failure_set(failure, "%s: %s",
				 run_dir_file(&k->dir, "store"),
				 msg_errno(err)) : 0;
}

/*
 * Adopt a helper (1) or start one (0).  What it needs and we do not have is
 * made first: a keeper that `lodge recover` started has no terminal and no
 * socket.  A store that nobody can have asked yet is as good as adopted.
 */
static int start(struct keeper *k, enum run_role role, struct failure *failure)
{
	int err;

	if (!k->is_new && helper_adopt(k, &k->helpers[role]))
		return 1;
	if (role == ROLE_CONSOLE && k->pty.master < 0 && open_pty(k, failure))
		return -1;
	/* Each device has a connection. */
	if (role == ROLE_STORE && k->listen_fd < 0 &&
	    open_socket(k, "store", SOCK_STREAM, 16 + LODGE_MAX_DEVICES,
			&k->listen_fd, failure))
		return -1;
	if (role == ROLE_STORE && share_store(k, failure))
		return -1;
	if (role == ROLE_STORE && keeper_store_wait(k))
		return 1;
	err = helper_fork(k, &k->helpers[role]);
	if (err)
		return failure_set(failure, "no %s: %s",
				   helper_name(role), msg_errno(err));
	return 0;
}

static int ended_at_once(struct keeper *k, struct helper *h,
			 struct failure *failure)
{
	int status = helper_reap(h);

	return failure_set(failure,
			   "the %s ended at once (status %d), see %s/%s-keeper.log",
			   h->name, status, log_dir(), k->config.name);
}

/* Wait for @count ready bytes; a helper that dies first spoils it. */
static int wait_ready(struct keeper *k, int count, struct failure *failure)
{
	struct pollfd p[1 + NR_ROLES + KEEPER_DEVICES_POLL];
	struct pollfd *devices = p + 1 + NR_ROLES;
	char bytes[NR_ROLES];
	unsigned int n;
	ssize_t done;
	int role;

	while (count > 0 || !keeper_devices_served(k)) {
		p[0] = (struct pollfd){ .fd = k->ready[0], .events = POLLIN };
		for (role = 0; role < NR_ROLES; role++)
			p[1 + role] = (struct pollfd){
				.fd = k->helpers[role].pidfd,
				.events = POLLIN,
			};
		n = keeper_devices_poll(k, devices);
		if (poll(p, 1 + NR_ROLES + n, -1) < 0)
			continue;
		if (p[0].revents & POLLIN) {
			done = read(k->ready[0], bytes, sizeof(bytes));
			count -= done > 0 ? done : 0;
			continue;
		}
		for (role = 0; role < NR_ROLES; role++)
			if (p[1 + role].revents)
				return ended_at_once(k, &k->helpers[role],
						     failure);
		if (keeper_devices_handle(k, devices, n,
					  k->is_new ? failure : NULL))
			return -1;
	}
	return 0;
}

static void end_helpers(struct keeper *k)
{
	int role;

	keeper_store_end_wait(k);
	keeper_devices_end(k);
	for (role = ROLE_RUNNER; role <= ROLE_STORE; role++)
		helper_end(&k->helpers[role]);
}

/*
 * All helpers, started or adopted, and serving.  The runner comes last: it
 * inherits the terminal and the sockets, and a keeper that it starts needs
 * them.
 */
static int start_all(struct keeper *k, struct failure *failure)
{
	int role, adopted, nr_new = 0;
	int err = run_dir_save_domid(&k->dir, k->domid);

	if (err)
		return failure_set(failure, "%s: %s",
				   run_dir_file(&k->dir, "domid"),
				   msg_errno(err));
	if (k->control_fd < 0 &&
	    open_socket(k, "control", SOCK_SEQPACKET, 16, &k->control_fd,
			failure))
		return -1;
	for (role = ROLE_STORE; role >= ROLE_RUNNER; role--) {
		if (role == ROLE_RUNNER &&
		    keeper_devices_start(k, failure) < 0)
			return -1;
		helper_init(&k->helpers[role], role);
		adopted = start(k, role, failure);
		if (adopted < 0)
			return -1;
		nr_new += !adopted;
	}
	k->started_ns = helper_clock();
	return wait_ready(k, nr_new, failure);
}

/* Keep the hypervisor's last words: the module forgets them with the domain. */
static void save_domain_log(struct keeper *k)
{
	char path[224], old[226];
	int fd;

	log_path(path, sizeof(path), k->config.name, "hypervisor");
	snprintf(old, sizeof(old), "%s.1", path);
	rename(path, old);
	fd = log_open(path, O_WRONLY | O_TRUNC);
	if (fd < 0) {
		log_event("%s: %s", path, msg_errno(fd));
		return;
	}
	dev_domain_copy_log(k->domain_fd, fd);
	close(fd);
}

/* The domain and its helpers go; the run directory stays. */
static void end_domain(struct keeper *k)
{
	if (k->domain_fd >= 0) {
		save_domain_log(k);
		dev_domain_destroy(k->domain_fd);
	}
	end_helpers(k);
	/* Its store's records; the next domain of that name begins anew. */
	unlinkat(k->dir.fd, "store.db", 0);
	close_fd(&k->domain_fd);
}

static void end_keeper(struct keeper *k)
{
	end_domain(k);
	run_dir_remove(&k->dir);
	_exit(0);
}

/* Domain and processes from the image, which is used up. */
static int rebuild(struct keeper *k, struct pvh_image *image,
		   struct failure *failure)
{
	int err;

	k->domain_fd = build_domain(&k->config, image, &k->domid, failure);
	if (k->domain_fd < 0)
		return -1;
	k->is_new = 1;
	/*
	 * `lodge destroy` sets its mark and then looks for a domain of this
	 * name; we make one and then look for the mark.  One sees the other.
	 */
	if (run_dir_has_mark(&k->dir, MARK_DESTROYED))
		end_keeper(k);
	if (start_all(k, failure))
		return -1;
	err = dev_domain_unpause(k->domain_fd);
	if (err)
		return failure_set(failure, "unpause: %s", msg_errno(err));
	k->is_new = 0;
	run_dir_clear_mark(&k->dir, MARK_RESTARTING);
	return 0;
}

/*
 * What crashes again and again is slowed down, while the domain is still there
 * to be destroyed.  Returns whether it was.
 */
static int hold_back(struct keeper *k)
{
	struct pollfd p = { .fd = k->domain_fd };
	int ms = 0;

	if (helper_clock() - k->started_ns >= QUICK_RESTART_NS)
		k->restarts = 0;
	else if (++k->restarts > QUICK_RESTARTS)
		ms = RESTART_DELAY_MS;
	return poll(&p, 1, ms) > 0 && p.revents & POLLHUP;
}

/*
 * The old domain is gone and there is no new one.  The directory stays, so
 * that `lodge recover` can try again.
 */
static void __noreturn give_up_restart(struct keeper *k,
				       const struct failure *failure)
{
	/* Destroyed under our hands, of course it failed. */
	if (run_dir_has_mark(&k->dir, MARK_DESTROYED))
		end_keeper(k);
	log_event("restart: %s", failure->text);
	end_domain(k);
	_exit(1);
}

/*
 * A new domain of the same name from the same configuration.  The mark tells
 * `lodge recover` what to do if we die before it is complete.
 */
static void restart_domain(struct keeper *k)
{
	struct pvh_image *image;
	struct failure failure;

	if (hold_back(k) || run_dir_has_mark(&k->dir, MARK_DESTROYED))
		end_keeper(k);
	run_dir_mark(&k->dir, MARK_RESTARTING);
	if (build_open_image(&k->config, &image, &failure))
		give_up_restart(k, &failure);
	end_domain(k);
	if (rebuild(k, image, &failure))
		give_up_restart(k, &failure);
}

/* For `lodge recover`: what a keeper left that died in restart_domain(). */
static int finish_restart(struct keeper *k, struct failure *failure)
{
	struct pvh_image *image;
	int role;

	for (role = ROLE_RUNNER; role <= ROLE_STORE; role++)
		helper_adopt(k, &k->helpers[role]);
	/* The old domain's, whose devices may be there still. */
	run_dir_load_domid(&k->dir, &k->domid);
	keeper_devices_adopt(k);
	end_helpers(k);
	if (build_open_image(&k->config, &image, failure))
		return -1;
	if (!rebuild(k, image, failure))
		return 0;
	end_domain(k);
	return -1;
}

/*
 * Nothing runs any more.  The console's last output is drained and shown
 * before the domain, and with it the ring page, may go.
 */
static void handle_shutdown(struct keeper *k, uint32_t reason)
{
	enum end_action action = domain_config_action(&k->config, reason);

	helper_end(&k->helpers[ROLE_CONSOLE]);
	k->helpers[ROLE_CONSOLE].retired = 1;
	run_dir_wait_viewers(&k->dir, VIEWER_WAIT_S);
	switch (action) {
	case ACTION_RESTART:
		restart_domain(k);
		break;
	case ACTION_PRESERVE:
		k->stopped = 1;
		break;
	case ACTION_DESTROY:
		end_keeper(k);
	}
}

/* Start what is due; returns the time until the next one is, -1 for never. */
static int start_due(struct keeper *k)
{
	uint64_t now = helper_clock();
	uint64_t next = keeper_devices_start_due(k, now);
	uint64_t dhcp = keeper_dhcp_start_due(k, now);
	uint64_t nbd = keeper_nbd_start_due(k, now);
	struct failure failure;
	struct helper *h;
	int role;

	next = dhcp < next ? dhcp : next;
	next = nbd < next ? nbd : next;

	for (role = ROLE_RUNNER; role <= ROLE_STORE; role++) {
		h = &k->helpers[role];
		if (h->pidfd >= 0 || h->retired ||
		    (role == ROLE_STORE && keeper_store_waits(k)))
			continue;
		if (h->retry_ns <= now) {
			if (start(k, role, &failure) >= 0)
				continue;
			log_event("%s", failure.text);
			h->retry_ns = now + 1000000000ull;
		}
		if (h->retry_ns < next)
			next = h->retry_ns;
	}
	return next == UINT64_MAX ? -1 : (int)((next - now) / 1000000) + 1;
}

static void wait_change(struct keeper *k, int timeout)
{
	struct pollfd p[4 + NR_ROLES + KEEPER_STORE_POLL +
			KEEPER_DEVICES_POLL] = {
		{ .fd = k->domain_fd, .events = POLLIN | POLLPRI },
		{ .fd = k->ready[0], .events = POLLIN },
		{ .fd = k->dhcp.pidfd, .events = POLLIN },
		{ .fd = k->nbd.fd, .events = POLLIN },
	};
	struct pollfd *roles = p + 4, *store = roles + NR_ROLES;
	struct pollfd *devices = store + KEEPER_STORE_POLL;
	char bytes[NR_ROLES];
	unsigned int n;
	int role;

	for (role = 0; role < NR_ROLES; role++)
		roles[role] = (struct pollfd){
			.fd = k->helpers[role].pidfd,
			.events = POLLIN,
		};
	keeper_store_poll(k, store);
	n = keeper_devices_poll(k, devices);
	if (poll(p, 4 + NR_ROLES + KEEPER_STORE_POLL + n, timeout) <= 0)
		return;
	if (p[1].revents && read(k->ready[0], bytes, sizeof(bytes)) < 0)
		log_event("keeper: ready pipe: %s", msg_errno(errno));
	for (role = 0; role < NR_ROLES; role++)
		if (roles[role].revents)
			helper_reap(&k->helpers[role]);
	if (p[2].revents)
		keeper_dhcp_ended(k);
	if (p[3].revents)
		keeper_nbd_hear(k);
	keeper_store_handle(k, store);
	keeper_devices_handle(k, devices, n, NULL);
}

static void __noreturn keep(struct keeper *k)
{
	struct lodge_domain_info info;
	int err;

	for (;;) {
		err = dev_domain_get_info(k->domain_fd, &info);
		if (err || info.state == LODGE_STATE_DYING)
			end_keeper(k);
		if (info.state == LODGE_STATE_SHUTDOWN && !k->stopped)
			handle_shutdown(k, info.shutdown_reason);
		else
			wait_change(k, start_due(k));
	}
}

/*
 * Whoever forks us has files that are none of our business.  The runner's vCPU
 * files, of all things, hold the memory of their domain: in a keeper they
 * would do so long after a restart has made another domain of it.
 */
static void close_others(const struct keeper *k)
{
	const int files[] = {
		k->dir.fd, k->dir.lock_fd, k->domain_fd, k->pty.master,
		k->pty.slave, k->listen_fd, k->control_fd, k->report_fd,
	};

	fd_close_others(files, ARRAY_SIZE(files));
}

/* Out of the caller's session and away from its files. */
static void detach(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	sigset_t none;

	setsid();
	/* `lodge create` cannot be interrupted; we can be ended. */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (null >= 0) {
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		if (null > STDERR_FILENO)
			close(null);
	}
	if (chdir("/"))
		log_event("keeper: chdir /: %s", msg_errno(errno));
	umask(077);
	signal(SIGPIPE, SIG_IGN);
}

static int set_up(struct keeper *k, int unpause, struct failure *failure)
{
	int err = run_dir_take_role(&k->dir, ROLE_KEEPER);
	int restarting = !k->is_new &&
			 run_dir_has_mark(&k->dir, MARK_RESTARTING);

	if (err)
		return failure_set(failure, "it has a keeper");
	if (k->ready[0] < 0 && pipe2(k->ready, O_CLOEXEC))
		return failure_set(failure, "pipe: %s", msg_errno(errno));
	if (k->domain_fd < 0)
		return finish_restart(k, failure);
	if (start_all(k, failure))
		return -1;
	/* With a runner it is complete; its keeper died before the last word. */
	err = unpause || restarting ? dev_domain_unpause(k->domain_fd) : 0;
	if (err)
		return failure_set(failure, "unpause: %s", msg_errno(err));
	k->is_new = 0;
	if (restarting)
		run_dir_clear_mark(&k->dir, MARK_RESTARTING);
	return 0;
}

/* Those that we forked; the adopted ones were there before us and stay. */
static void kill_children(struct keeper *k)
{
	int role;

	keeper_devices_kill(k);
	for (role = ROLE_RUNNER; role <= ROLE_STORE; role++)
		if (k->helpers[role].pid &&
		    !kill(k->helpers[role].pid, 0) &&
		    !waitpid(k->helpers[role].pid, NULL, WNOHANG)) {
			kill(k->helpers[role].pid, SIGKILL);
			waitpid(k->helpers[role].pid, NULL, 0);
		}
}

/*
 * A domain that was destroyed before we were its keeper is ours to tidy up
 * after, unless another keeper is at it: `lodge destroy` did not know of us,
 * and `lodge create` may have been killed.  A keeper that the runner started
 * has nobody to report to.
 */
static void __noreturn end_failed(struct keeper *k,
				  const struct failure *failure)
{
	struct lodge_domain_info info;
	int role;

	if (k->domain_fd >= 0 &&
	    (dev_domain_get_info(k->domain_fd, &info) ||
	     info.state == LODGE_STATE_DYING) &&
	    !run_dir_take_role(&k->dir, ROLE_KEEPER)) {
		for (role = ROLE_RUNNER; role <= ROLE_STORE; role++)
			if (k->helpers[role].pidfd < 0)
				helper_adopt(k, &k->helpers[role]);
		keeper_devices_adopt(k);
		end_keeper(k);
	}
	if (k->report_fd < 0)
		log_event("keeper: %s", failure->text);
	_exit(1);
}

static void __noreturn keeper_main(struct keeper *k, int unpause)
{
	struct report report = { 0 };

	close_others(k);
	log_events_of(k->config.name);
	detach();
	rseq_give_back();
	title_set(helper_name(ROLE_KEEPER), k->config.name);
	k->first_uid = sandbox_first_uid();
	report.failed = set_up(k, unpause, &report.failure);
	if (report.failed)
		kill_children(k);
	if (k->report_fd >= 0 &&
	    write(k->report_fd, &report,
		  report.failed ? sizeof(report) : sizeof(report.failed)) < 0)
		/* end_failed() has it logged then. */
		close_fd(&k->report_fd);
	if (report.failed)
		end_failed(k, &report.failure);
	close_fd(&k->report_fd);
	keep(k);
}

static int read_report(int fd, struct failure *failure)
{
	struct report report = { .failed = -1 };
	ssize_t n;

	failure_set(&report.failure, "the keeper died");
	do {
		n = read(fd, &report, sizeof(report));
	} while (n < 0 && errno == EINTR);
	if (report.failed)
		*failure = report.failure;
	return report.failed;
}

int keeper_spawn(struct keeper *k, int unpause, struct failure *failure)
{
	int report[2], failed;
	pid_t pid;

	if (pipe2(report, O_CLOEXEC))
		return failure_set(failure, "pipe: %s", msg_errno(errno));
	pid = fork();
	if (!pid) {
		k->report_fd = report[1];
		close(report[0]);
		keeper_main(k, unpause);
	}
	close(report[1]);
	failed = pid < 0 ? failure_set(failure, "fork: %s", msg_errno(errno)) :
		read_report(report[0], failure);
	close(report[0]);
	if (pid > 0 && failed)
		waitpid(pid, NULL, 0);
	return failed ? -1 : 0;
}

/* What the runner knows is as old as the runner: devices come and go. */
static void reload_config(struct keeper *k)
{
	struct domain_config config;
	struct failure failure;

	if (run_dir_load_config(&k->dir, &config, &failure)) {
		log_event("keeper: %s", failure.text);
		domain_config_release(&config);
		return;
	}
	domain_config_release(&k->config);
	k->config = config;
}

/* Runs in the runner, whose other threads do not exist in the child. */
pid_t keeper_respawn(struct keeper *k)
{
	pid_t pid = fork();

	if (!pid) {
		close_fd(&k->ready[0]);
		close_fd(&k->ready[1]);
		reload_config(k);
		k->is_new = 0;
		keeper_main(k, 0);
	}
	return pid < 0 ? -errno : pid;
}
