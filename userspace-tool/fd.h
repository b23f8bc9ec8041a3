/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A file descriptor in a variable, -1 where there is none; and the process
 * behind one.
 */
#ifndef LODGE_FD_H
#define LODGE_FD_H

#include <stdbool.h>
#include <stddef.h>
#include <unistd.h>

static inline void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* Close all but the first three and @files, in which a -1 is nothing. */
void fd_close_others(const int *files, size_t nr);

/* Whether the process of @pidfd has ended, within @ms milliseconds. */
bool pidfd_has_ended(int pidfd, int ms);

#endif /* LODGE_FD_H */
