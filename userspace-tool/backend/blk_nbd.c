// SPDX-License-Identifier: GPL-2.0-only
/*
 * A disk that an NBD server has.  See blk_nbd.h.  The connection is the
 * kernel's, from the device's start to its end: it outlives back end and keeper,
 * and the next keeper finds the device by its identifier.
 */
#include "backend/blk_nbd.h"

#include <errno.h>
#include <linux/nbd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "backend/blk_image.h"
#include "device_nbd.h"
#include "device_vbd.h"
#include "log.h"
#include "net/nbd.h"
#include "uuid.h"

#define ID	128

static void make_id(const struct device_config *config,
		    const struct device_domain *domain, char *id)
{
	char uuid[UUID_TEXT];

	uuid_format(domain->uuid, uuid);
	snprintf(id, ID, "lodge: %s %u, disk %u", uuid, domain->domid,
		 config->devid);
}

static int not_attached(int err, struct failure *failure)
{
	switch (err) {
	case -ENOENT:
		failure_set(failure, "this kernel has no NBD client");
		failure_hint(failure, "modprobe nbd");
		break;
	case -EPERM:
		failure_set(failure, "only root can have NBD devices");
		failure_hint(failure, "run lodge as root");
		break;
	case -ENOSYS:
		failure_set(failure, "this kernel's NBD devices have no identifiers");
		failure_hint(failure, "Linux 5.14 is the first that has them");
		break;
	default:
		failure_set(failure, "the kernel makes no NBD device of it: %s",
			    msg_errno(err));
	}
	return -1;
}

static bool is_read_only(const struct device_config *config)
{
	return !strcmp(config->values[VBD_ACCESS], "r");
}

/* A new device; its number, or -1. */
static int make_device(const struct device_config *config, const char *id,
		       struct failure *failure)
{
	struct nbd_target target;
	struct nbd_export export;
	int fd, number;

	if (device_nbd_read(config->values[VBD_TARGET], &target, failure))
		return -1;
	fd = nbd_open_export(&target, &export, failure);
	if (fd < 0)
		return -1;
	if (export.flags & NBD_FLAG_READ_ONLY && !is_read_only(config)) {
		close(fd);
		failure_set(failure, "the server gives it for reading only");
		failure_hint(failure, "access=r");
		return -1;
	}
	number = nbd_attach(id, fd, &export, is_read_only(config));
	close(fd);
	return number < 0 ? not_attached(number, failure) : number;
}

int blk_nbd_open(const struct device_config *config,
		 const struct device_domain *domain, struct failure *failure)
{
	struct failure reason = { .text = "" };
	char id[ID], path[32];
	int number, old, fd;

	make_id(config, domain, id);
	old = nbd_find(id);
	number = old >= 0 ? old : make_device(config, id, &reason);
	if (number < 0) {
		failure_set(failure, "%.120s: %s", config->values[VBD_TARGET],
			    reason.text);
		failure_hint(failure, "%s", reason.hint);
		return -1;
	}
	snprintf(path, sizeof(path), "/dev/nbd%d", number);
	fd = blk_image_open(config, path, failure);
	if (fd < 0 && old < 0)
		nbd_detach(number);
	return fd;
}

bool blk_nbd_is(const struct device_config *config,
		const struct device_domain *domain, unsigned int number)
{
	char id[ID];

	make_id(config, domain, id);
	return nbd_find(id) == (int)number;
}

/* It must be the same export still, as far as can be seen. */
static int check_same(const struct device_config *config, unsigned int number,
		      const struct nbd_export *export, struct failure *failure)
{
	uint64_t size = export->size & ~511ull;

	if (size != nbd_size(number))
		return failure_set(failure, "the server has another size now: %llu bytes",
				   (unsigned long long)export->size);
	if (export->flags & NBD_FLAG_READ_ONLY && !is_read_only(config))
		return failure_set(failure, "the server gives it for reading only now");
	return 0;
}

int blk_nbd_reconnect(const struct device_config *config,
		      const struct device_domain *domain,
		      struct failure *failure)
{
	struct nbd_target target;
	struct nbd_export export;
	int number, fd, err;
	char id[ID];

	make_id(config, domain, id);
	number = nbd_find(id);
	if (number < 0)
		return failure_set(failure, "its NBD device is gone");
	if (device_nbd_read(config->values[VBD_TARGET], &target, failure))
		return -1;
	fd = nbd_open_export(&target, &export, failure);
	if (fd < 0)
		return -1;
	err = check_same(config, number, &export, failure);
	if (!err) {
		err = nbd_reattach(number, id, fd);
		if (err)
			failure_set(failure, "the kernel does not take another connection: %s",
				    msg_errno(err));
	}
	close(fd);
	return err ? -1 : 0;
}

void blk_nbd_forget(const struct device_config *config,
		    const struct device_domain *domain)
{
	int number, err;
	char id[ID];

	make_id(config, domain, id);
	number = nbd_find(id);
	err = number < 0 ? 0 : nbd_detach(number);
	if (err)
		log_event("%s: /dev/nbd%d does not end: %s",
			  device_config_name(config), number, msg_errno(err));
}
