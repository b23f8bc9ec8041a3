// SPDX-License-Identifier: GPL-2.0-only
/*
 * The client's side of the keeper's control socket.  See control.h.
 */
#include "control.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

static int connect_keeper(const struct run_dir *dir, unsigned int seconds)
{
	const struct timeval limit = { .tv_sec = seconds };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const char *path = run_dir_file(dir, "control");
	int fd, err;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	if (!connect(fd, (struct sockaddr *)&address, sizeof(address)))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

int control_ask(const struct run_dir *dir, const struct control_order *order,
		unsigned int seconds, struct failure *failure)
{
	int fd = connect_keeper(dir, seconds);
	struct control_answer answer;
	ssize_t n;

	if (fd < 0) {
		failure_set(failure, "cannot reach its keeper: %s",
			    msg_errno(fd));
		failure_hint(failure, "`lodge recover` gives it a new one");
		return -1;
	}
	n = send(fd, order, sizeof(*order), MSG_NOSIGNAL);
	if (n == sizeof(*order))
		n = recv(fd, &answer, sizeof(answer), 0);
	if (n < 0 && errno == EAGAIN) {
		close(fd);
		return 1;
	}
	close(fd);
	if (n != sizeof(answer)) {
		failure_set(failure, "its keeper died before it answered");
		failure_hint(failure, "look whether it was done, then try again");
		return -1;
	}
	if (answer.failed)
		*failure = answer.failure;
	return answer.failed ? -1 : 0;
}
