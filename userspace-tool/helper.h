/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A helper process as its keeper sees it: start, adopt, watch, end.
 */
#ifndef LODGE_HELPER_H
#define LODGE_HELPER_H

#include "run_dir.h"

#include <stdint.h>
#include <sys/types.h>

struct keeper;

/* How helpers end, beside EXIT_DONE. */
enum helper_status {
	HELPER_SETUP_FAILED = 2,
	HELPER_GUEST_FAULT = 3,	/* a new one would meet the same */
	HELPER_HELD = 4,	/* another process has the role or the slot */
};

/**
 * struct helper - one helper
 * @pid: 0 when it is down
 * @pidfd: -1 when it is down
 * @started_ns: CLOCK_MONOTONIC
 * @quick_deaths: in a row; what makes the restart delay grow
 * @retry_ns: not to be started before this time
 * @retired: not to be started again
 */
struct helper {
	pid_t pid;
	int pidfd;
	uint64_t started_ns;
	unsigned int quick_deaths;
	uint64_t retry_ns;
	int retired;
};

uint64_t helper_clock(void);

/* Take over a living process that has the role.  Returns whether there is one. */
int helper_adopt(struct keeper *keeper, enum run_role role);

/* Fork a new one; 0 or -errno. */
int helper_fork(struct keeper *keeper, enum run_role role);

/*
 * The pidfd says that it died: note it, log why, set the time of its restart.
 * Returns its exit status, -1 when that is not known.
 */
int helper_reap(struct keeper *keeper, enum run_role role);

/* Ask it to end, wait up to two seconds, then make it end. */
void helper_end(struct keeper *keeper, enum run_role role);

const char *helper_name(enum run_role role);

#endif /* LODGE_HELPER_H */
