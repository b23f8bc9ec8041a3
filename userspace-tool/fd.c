// SPDX-License-Identifier: GPL-2.0-only
/*
 * A fork has all files of its parent, and most are none of its business.  The
 * end of a process is waited for here, too, by whoever ends one.
 */
#include "fd.h"

#include <errno.h>
#include <poll.h>

/* The lowest of @files from @from on; ~0u: none. */
static unsigned int next_file(const int *files, size_t nr, unsigned int from)
{
	unsigned int next = ~0u;
	size_t i;

	for (i = 0; i < nr; i++)
		if (files[i] >= 0 && (unsigned int)files[i] >= from &&
		    (unsigned int)files[i] < next)
			next = files[i];
	return next;
}

void fd_close_others(const int *files, size_t nr)
{
	unsigned int from = STDERR_FILENO + 1, next;

	do {
		next = next_file(files, nr, from);
		if (next > from)
			close_range(from, next - 1, 0);
		from = next + 1;
	} while (next != ~0u);
}

bool pidfd_has_ended(int pidfd, int ms)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };
	int n;

	do {
		n = poll(&p, 1, ms);
	} while (n < 0 && errno == EINTR);
	return n > 0;
}
