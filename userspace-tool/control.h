/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How commands ask a domain's keeper for changes of its devices: a packet
 * each way over the socket `control` in the run directory.
 */
#ifndef LODGE_CONTROL_H
#define LODGE_CONTROL_H

#include "msg.h"
#include "run_dir.h"

#include <stdint.h>

/* Counters of a device in the run directory: class and number. */
#define CONTROL_STATS_FILE	"%s-%u.stats"

enum control_verb {
	CONTROL_ATTACH = 1,	/* @text: as in a configuration */
	CONTROL_DETACH,		/* answered when it is gone */
	CONTROL_DETACH_FORCE,	/* without the guest's consent */
	CONTROL_RELOAD,		/* look at the medium again */
};

struct control_order {
	uint32_t verb;
	uint32_t class;
	uint32_t devid;
	char text[1024];
};

struct control_answer {
	int32_t failed;
	struct failure failure;
};

/*
 * Give an order and wait for the answer, at most @seconds.  0; 1 no answer
 * yet, the order stands; -1 with @failure.
 */
int control_ask(const struct run_dir *dir, const struct control_order *order,
		unsigned int seconds, struct failure *failure);

#endif /* LODGE_CONTROL_H */
