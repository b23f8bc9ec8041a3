/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A file descriptor in a variable, -1 where there is none.
 */
#ifndef LODGE_FD_H
#define LODGE_FD_H

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

#endif /* LODGE_FD_H */
