// SPDX-License-Identifier: GPL-2.0-only
/*
 * One wrapper for each call of the module.  See dev.h for the contract.
 */
#include "dev.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define BATCH	32	/* domains listed in one call */

static int call(int fd, unsigned long request, void *arg)
{
	return ioctl(fd, request, arg) ? -errno : 0;
}

int dev_open(void)
{
	int fd = open(LODGE_DEVICE, O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int dev_get_info(int dev_fd, struct lodge_info *info)
{
	memset(info, 0, sizeof(*info));
	info->size = sizeof(*info);
	return call(dev_fd, LODGE_INFO, info);
}

int dev_domain_create(int dev_fd, struct lodge_domain_create *create)
{
	create->size = sizeof(*create);
	return call(dev_fd, LODGE_DOMAIN_CREATE, create);
}

int dev_domain_open(int dev_fd, uint32_t domid, const char *name)
{
	struct lodge_domain_open arg = {
		.size = sizeof(arg),
		.domid = domid,
		.fd = -1,
	};
	int err;

	if (domid == LODGE_DOMID_ANY) {
		if (strlen(name) >= sizeof(arg.name))
			return -ENOENT;
		strcpy(arg.name, name);
	}
	err = call(dev_fd, LODGE_DOMAIN_OPEN, &arg);
	return err ? err : arg.fd;
}

/* @count: in: room at @infos, out: entries written. */
static int list_domains(int dev_fd, uint32_t first,
			struct lodge_domain_info *infos, uint32_t *count)
{
	struct lodge_domain_list list = {
		.size = sizeof(list),
		.first = first,
		.count = *count,
		.infos = (uintptr_t)infos,
	};
	int err = call(dev_fd, LODGE_DOMAIN_LIST, &list);

	if (!err)
		*count = list.count;
	return err;
}

int dev_visit_domains(int dev_fd, dev_domain_fn fn, void *ctx)
{
	struct lodge_domain_info infos[BATCH];
	uint32_t first = 0, count, i;
	int err;

	do {
		count = BATCH;
		memset(infos, 0, sizeof(infos));
		err = list_domains(dev_fd, first, infos, &count);
		if (!err && count > BATCH)
			err = -EPROTO;
		for (i = 0; !err && i < count; i++)
			err = fn(&infos[i], ctx);
		if (!err && count)
			first = infos[count - 1].domid + 1;
	} while (!err && count == BATCH);
	return err;
}

int dev_domain_get_info(int domain_fd, struct lodge_domain_info *info)
{
	memset(info, 0, sizeof(*info));
	info->size = sizeof(*info);
	return call(domain_fd, LODGE_DOMAIN_INFO, info);
}

int dev_domain_pause(int domain_fd)
{
	return call(domain_fd, LODGE_DOMAIN_PAUSE, NULL);
}

int dev_domain_unpause(int domain_fd)
{
	return call(domain_fd, LODGE_DOMAIN_UNPAUSE, NULL);
}

int dev_domain_shutdown(int domain_fd, uint32_t reason)
{
	return call(domain_fd, LODGE_DOMAIN_SHUTDOWN, &reason);
}

int dev_domain_destroy(int domain_fd)
{
	return call(domain_fd, LODGE_DOMAIN_DESTROY, NULL);
}

int dev_domain_revoke(int domain_fd, uint32_t role, uint32_t devid)
{
	struct lodge_slot slot = {
		.size = sizeof(slot),
		.role = role,
		.devid = devid,
	};

	return call(domain_fd, LODGE_REVOKE, &slot);
}

int dev_domain_get_stats(int domain_fd, struct lodge_domain_stats *stats)
{
	memset(stats, 0, sizeof(*stats));
	stats->size = sizeof(*stats);
	return call(domain_fd, LODGE_DOMAIN_STATS, stats);
}

int dev_write_memory(int domain_fd, uint64_t gpa, const void *data,
		     size_t length)
{
	struct lodge_memory memory = { .size = sizeof(memory) };
	int err;

	while (length) {
		memory.gpa = gpa;
		memory.data = (uintptr_t)data;
		memory.length = length;
		err = call(domain_fd, LODGE_WRITE_MEMORY, &memory);
		if (err == -EINTR)
			continue;
		if (err)
			return err;
		if (!memory.length || memory.length > length)
			return -EFAULT;
		gpa += memory.length;
		data = (const char *)data + memory.length;
		length -= memory.length;
	}
	return 0;
}

/* Returns the bytes put at @data (0: nothing newer) and moves @offset on. */
static ssize_t read_log(int domain_fd, uint64_t *offset, void *data,
			uint32_t length)
{
	struct lodge_log log = {
		.size = sizeof(log),
		.length = length,
		.offset = *offset,
		.data = (uintptr_t)data,
	};
	int err = call(domain_fd, LODGE_DOMAIN_LOG, &log);

	if (err)
		return err;
	*offset = log.offset;
	return log.length;
}

int dev_domain_copy_log(int domain_fd, int out_fd)
{
	char data[4096];
	uint64_t offset = 0;
	int rounds = 0;
	ssize_t n, done;

	/* The log holds 16 KiB; the bound is for one that still grows. */
	while (rounds++ < 64 &&
	       (n = read_log(domain_fd, &offset, data, sizeof(data)))) {
		if (n < 0)
			return n;
		done = write(out_fd, data, n);
		if (done != n)
			return done < 0 ? -errno : -ENOSPC;
	}
	return 0;
}

int dev_vcpu_open(int domain_fd, uint32_t id)
{
	struct lodge_vcpu_open arg = {
		.size = sizeof(arg),
		.id = id,
		.fd = -1,
	};
	int err = call(domain_fd, LODGE_VCPU_OPEN, &arg);

	return err ? err : arg.fd;
}

int dev_vcpu_set_state(int vcpu_fd, struct lodge_vcpu_state *state)
{
	state->size = sizeof(*state);
	return call(vcpu_fd, LODGE_VCPU_SET_STATE, state);
}

int dev_vcpu_run(int vcpu_fd)
{
	return call(vcpu_fd, LODGE_VCPU_RUN, NULL);
}
