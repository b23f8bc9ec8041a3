// SPDX-License-Identifier: GPL-2.0-only
/*
 * The lock of the host's network.  See lock.h.  Its file stands beside the run
 * directories and not among them: that folder is open to a group, and who can
 * open a file can lock it and keep root's processes waiting.
 *
 * It is a POSIX lock, so that the kernel can name who has it.
 */
#include "net/lock.h"

#include "fd.h"
#include "run_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>

#define LOCK_SECONDS	20	/* longer than dnsmasq's start and end take */

static const char *lock_path(void)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s-nat.lock", run_base());
	return path;
}

/* One that somebody else could open is none. */
static bool is_own(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && S_ISREG(st.st_mode) &&
		st.st_uid == geteuid() && !(st.st_mode & 077);
}

static int open_lock(struct failure *failure)
{
	int fd = open(lock_path(), O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK |
		      O_CLOEXEC, 0600), err;

	if (fd < 0) {
		err = -errno;
		failure_set(failure, "cannot open %s: %s", lock_path(),
			    msg_errno(err));
		if (err == -EACCES)
			failure_hint(failure, "networks are root's: run lodge as root");
		return err;
	}
	if (is_own(fd))
		return fd;
	close(fd);
	failure_set(failure, "%s can be opened by others", lock_path());
	failure_hint(failure, "rm %s", lock_path());
	return -EPERM;
}

static volatile sig_atomic_t time_is_up;

static void on_alarm(int signal)
{
	(void)signal;
	time_is_up = 1;
}

/* The alarm's only effect is that fcntl() returns. */
static int wait_for(int fd, struct flock *lock)
{
	const struct sigaction action = { .sa_handler = on_alarm };
	struct sigaction old;
	int err;

	time_is_up = 0;
	sigaction(SIGALRM, &action, &old);
	alarm(LOCK_SECONDS);
	do {
		err = fcntl(fd, F_SETLKW, lock) ? -errno : 0;
	} while (err == -EINTR && !time_is_up);
	alarm(0);
	sigaction(SIGALRM, &old, NULL);
	return err == -EINTR ? -ETIMEDOUT : err;
}

static void name_holder(int fd, struct flock *lock, struct failure *failure)
{
	if (fcntl(fd, F_GETLK, lock) || lock->l_type == F_UNLCK)
		failure_set(failure, "other processes are at the host's network all the time");
	else
		failure_set(failure, "process %d has been at the host's network for too long",
			    (int)lock->l_pid);
}

int net_lock(struct failure *failure)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = open_lock(failure), err;

	if (fd < 0)
		return fd;
	err = wait_for(fd, &lock);
	if (!err)
		return fd;
	if (err == -ETIMEDOUT)
		name_holder(fd, &lock, failure);
	else
		failure_set(failure, "%s: %s", lock_path(), msg_errno(err));
	close(fd);
	return err;
}
