// SPDX-License-Identifier: GPL-2.0-only
/*
 * Restartable sequences, which nobody here wants.  See rseq.h.
 */
#include "rseq.h"

#include <sys/rseq.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What the kernel was told; the library may name only what it knows of it. */
#define REGISTERED_BYTES	32

void rseq_give_back(void)
{
	unsigned int bytes = __rseq_size;

	if (!bytes)
		return;
	if (bytes < REGISTERED_BYTES)
		bytes = REGISTERED_BYTES;
	/* Fails when it is done already. */
	syscall(SYS_rseq, (char *)__builtin_thread_pointer() + __rseq_offset,
		bytes, RSEQ_FLAG_UNREGISTER, RSEQ_SIG);
}
