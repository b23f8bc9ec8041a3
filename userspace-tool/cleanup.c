// SPDX-License-Identifier: GPL-2.0-only
/*
 * The last of a domain that has been destroyed.  See cleanup.h.
 */
#include "cleanup.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/pidfd.h>
#include <unistd.h>

#define END_MS	15000

static int wait_end(int pidfd)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };
	int n;

	do {
		n = poll(&p, 1, END_MS);
	} while (n < 0 && errno == EINTR);
	return n > 0 ? 0 : -ETIMEDOUT;
}

static void kill_helpers(const struct run_dir *dir)
{
	int role, fd;

	for (role = ROLE_RUNNER; role <= ROLE_STORE; role++) {
		fd = run_dir_open_holder(dir, role, NULL);
		if (fd < 0)
			continue;
		pidfd_send_signal(fd, SIGKILL, NULL, 0);
		wait_end(fd);
		close(fd);
	}
}

int cleanup_domain(struct run_dir *dir)
{
	int fd, err = 0;

	/* One that died on its way may have been given a successor. */
	while (!err &&
	       (fd = run_dir_open_holder(dir, ROLE_KEEPER, NULL)) >= 0) {
		err = wait_end(fd);
		close(fd);
	}
	if (err)
		return err;
	/* Mostly, all that was left is gone by now. */
	kill_helpers(dir);
	run_dir_remove(dir);
	return 0;
}
