// SPDX-License-Identifier: GPL-2.0-only
/*
 * The back end of the guest's XenStore: gives the server in store/ the ring
 * and the channel of a real domain.
 */
#include "backend/store.h"

#include "helper.h"
#include "lib/attach.h"
#include "log.h"
#include "msg.h"
#include "sandbox.h"
#include "store/store.h"

#include <errno.h>

static void notify(void *ctx)
{
	/* Fails only when the domain is gone, which poll() will tell, too. */
	attach_notify(*(int *)ctx, 0);
}

static void *map_recovery(void *ctx)
{
	return attach_map_recovery(*(int *)ctx);
}

static void write_log(const char *line)
{
	log_event("store: %s", line);
}

static int fail(const char *what, int err)
{
	log_event("store: %s: %s", what, msg_errno(err));
	return HELPER_SETUP_FAILED;
}

int store_run(int attach_fd, int listen_fd, const struct store_setup *setup,
	      int records, struct sandbox *box, int ready_fd)
{
	struct store_channel channel = {
		.hangup_fd = attach_fd,
		.kick = notify,
		.map_recovery = map_recovery,
		.ctx = &attach_fd,
		.records = records,
		.log = write_log,
	};
	const char *step;
	int err;

	attach_end_on_revoke();
	channel.page = attach_map_ring(attach_fd);
	if (!channel.page)
		return fail("cannot map the ring", errno);
	channel.event_fd = attach_bind(attach_fd, 0);
	if (channel.event_fd < 0)
		return fail("cannot bind the channel", channel.event_fd);
	sandbox_keep(box, attach_fd);
	sandbox_keep(box, channel.event_fd);
	sandbox_keep(box, listen_fd);
	sandbox_keep(box, records);
	err = sandbox_enter(box, &step);
	if (err)
		return fail(step, err);
	err = store_serve(&channel, listen_fd, setup, ready_fd);
	return err ? fail("cannot serve", err) : 0;
}
