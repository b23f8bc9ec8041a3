// SPDX-License-Identifier: GPL-2.0-only
/*
 * Log lines about limits.  See limit.h for the contract.
 */
#include "limit.h"

#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include "access.h"
#include "conn.h"
#include "path.h"
#include "proto.h"
#include "watch.h"

#define QUIET_S	60

static const struct {
	const char *what;
	unsigned int value;
} limits[NR_LIMITS] = {
	[LIMIT_NODES] = { "nodes of a guest", QUOTA_NODES },
	[LIMIT_NODE_SIZE] = { "bytes of a guest's node", QUOTA_NODE_SIZE },
	[LIMIT_PERMS] = { "permissions of a guest's node", QUOTA_PERMS },
	[LIMIT_WATCHES] = { "watches of a guest", QUOTA_WATCHES },
	[LIMIT_TXNS] = { "open transactions of a guest", QUOTA_TXNS },
	[LIMIT_TXN_NODES] = { "nodes that a transaction touches",
			      TXN_NODES_MAX },
	[LIMIT_REQUESTS] = { "messages that wait for their reader",
			     QUEUE_BUSY },
	[LIMIT_QUEUE] = { "messages that nobody reads", QUEUE_MAX },
	[LIMIT_ABS_PATH] = { "bytes of a path", XENSTORE_ABS_PATH_MAX },
	[LIMIT_REL_PATH] = { "bytes of a relative path",
			     XENSTORE_REL_PATH_MAX },
	[LIMIT_TREE] = { "bytes of all nodes", TREE_BYTES_MAX },
};

static void (*write_line)(const char *line);
static time_t quiet_until[NR_LIMITS];

void limit_set_log(void (*log)(const char *line))
{
	write_line = log;
}

void limit_log(const char *line)
{
	if (write_line)
		write_line(line);
}

void limit_hit(enum limit limit)
{
	struct timespec now;
	char line[96];

	if (!write_line)
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	if (now.tv_sec < quiet_until[limit])
		return;
	quiet_until[limit] = now.tv_sec + QUIET_S;
	snprintf(line, sizeof(line), "limit reached: %s: %u",
		 limits[limit].what, limits[limit].value);
	limit_log(line);
}
