// SPDX-License-Identifier: GPL-2.0-only
/*
 * The keeper's care for disks that NBD servers have.  See keeper_nbd.h.  A
 * connection that dies while there is no keeper is not seen: its requests fail
 * when their time is up.
 */
#include "keeper_nbd.h"

#include "backend/blk_nbd.h"
#include "device_nbd.h"
#include "device_vbd.h"
#include "fd.h"
#include "keeper.h"
#include "log.h"
#include "net/nbd.h"

#include <errno.h>

#define RETRY_NS	1000000000ull
#define PATIENCE_NS	(NBD_PATIENCE_S * 1000000000ull)

static int is_nbd(const struct keeper_device *d)
{
	return d->config->class == DEVICE_VBD && !d->config->detaching &&
		device_nbd_is(d->config->values[VBD_TARGET]);
}

static int has_nbd(const struct keeper *k)
{
	const struct keeper_device *d = k->devices;

	while (d && !is_nbd(d))
		d = d->next;
	return !!d;
}

static void listen_to_kernel(struct keeper *k)
{
	if (!has_nbd(k)) {
		close_fd(&k->nbd.fd);
		return;
	}
	if (k->nbd.fd >= 0)
		return;
	k->nbd.fd = nbd_listen();
	if (k->nbd.fd >= 0)
		return;
	/* Without the module there is no disk yet: its start says so. */
	if (k->nbd.fd != -ENOENT)
		log_event("nbd: the kernel will not tell of connections that die: %s",
			  msg_errno(k->nbd.fd));
	k->nbd.fd = -1;
}

/* A disk whose connection is dead. */
static void reconnect(struct keeper *k, struct keeper_device *d, uint64_t now)
{
	const struct device_domain domain = keeper_device_domain(k);
	struct failure failure = { .text = "" };
	uint64_t took;
	int err;

	err = blk_nbd_reconnect(d->config, &domain, &failure);
	/* A server that hangs must not have us hang all the time. */
	took = helper_clock() - now;
	d->reconnect_ns = now + took + RETRY_NS + 4 * took;
	if (!err) {
		log_event("%s: the server is back",
			  device_config_name(d->config));
		d->lost_ns = 0;
	} else if (now - d->lost_ns > PATIENCE_NS) {
		log_event("%s: no connection after %d s: %s",
			  device_config_name(d->config), NBD_PATIENCE_S,
			  failure.text);
		d->lost_ns = 0;
	}
}

uint64_t keeper_nbd_start_due(struct keeper *k, uint64_t now)
{
	uint64_t next = UINT64_MAX;
	struct keeper_device *d;

	listen_to_kernel(k);
	for (d = k->devices; d; d = d->next) {
		if (d->lost_ns && d->reconnect_ns <= now && is_nbd(d))
			reconnect(k, d, now);
		if (d->lost_ns && is_nbd(d) && d->reconnect_ns < next)
			next = d->reconnect_ns;
	}
	return next;
}

void keeper_nbd_hear(struct keeper *k)
{
	const struct device_domain domain = keeper_device_domain(k);
	struct keeper_device *d;
	int number;

	while ((number = nbd_hear(k->nbd.fd)) >= 0) {
		for (d = k->devices; d; d = d->next) {
			if (!is_nbd(d) || d->lost_ns ||
			    !blk_nbd_is(d->config, &domain, number))
				continue;
			log_event("%s: %s: the connection is lost",
				  device_config_name(d->config),
				  d->config->values[VBD_TARGET]);
			d->lost_ns = helper_clock();
			d->reconnect_ns = 0;
		}
	}
}
