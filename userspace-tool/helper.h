/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A helper process as its keeper sees it: start, adopt, watch, end.
 */
#ifndef LODGE_HELPER_H
#define LODGE_HELPER_H

#include "run_dir.h"
#include "sandbox.h"

#include <stdint.h>
#include <sys/types.h>

struct keeper;
struct keeper_device;

/* How helpers end, beside EXIT_DONE. */
enum helper_status {
	HELPER_SETUP_FAILED = 2,
	HELPER_GUEST_FAULT = 3,	/* a new one would meet the same */
	HELPER_HELD = 4,	/* another process has the role or the slot */
	HELPER_DETACHED = 5,	/* its device is gone, and so is its work */
	HELPER_FILES_GONE = 6,	/* what it served was removed: open it anew */
};

/**
 * struct helper - one helper
 * @role: its byte of the lock
 * @name: for people
 * @device: the device that it serves, or NULL
 * @pid: 0 when it is down
 * @pidfd: -1 when it is down
 * @started_ns: CLOCK_MONOTONIC
 * @quick_deaths: in a row; what makes the restart delay grow
 * @retry_ns: not to be started before this time
 * @retired: not to be started again
 */
struct helper {
	uint64_t role;
	char name[24];
	struct keeper_device *device;
	pid_t pid;
	int pidfd;
	uint64_t started_ns;
	unsigned int quick_deaths;
	uint64_t retry_ns;
	int retired;
};

uint64_t helper_clock(void);

/* What every back end keeps beside its own: its role, its voice, its log. */
void helper_init_sandbox(struct keeper *keeper, struct sandbox *box,
			 enum sandbox_kind kind);

/* Down, and never started. */
void helper_init(struct helper *helper, enum run_role role);
void helper_init_device(struct helper *helper, struct keeper_device *device);

/* Take over a living process that has the role.  Returns whether there is one. */
int helper_adopt(struct keeper *keeper, struct helper *helper);

/* Fork a new one; 0 or -errno. */
int helper_fork(struct keeper *keeper, struct helper *helper);

/*
 * The pidfd says that it died: note it, log why, set the time of its restart.
 * Returns its exit status, -1 when that is not known.
 */
int helper_reap(struct helper *helper);

/* It has completed something: its death is no reason to wait. */
void helper_progressed(struct helper *helper);

/* Ask it to end, wait up to two seconds, then make it end. */
void helper_end(struct helper *helper);

const char *helper_name(enum run_role role);

#endif /* LODGE_HELPER_H */
