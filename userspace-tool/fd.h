/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A file descriptor in a variable, -1 where there is none.
 */
#ifndef LODGE_FD_H
#define LODGE_FD_H

#include <unistd.h>

static inline void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

#endif /* LODGE_FD_H */
