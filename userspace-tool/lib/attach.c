// SPDX-License-Identifier: GPL-2.0-only
/*
 * A back end's hold on one device slot.  See attach.h for the contract.
 */
#include "attach.h"

#include <errno.h>
#include <lodge.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE_BYTES 4096

int attach_slot(int domain_fd, unsigned int role, unsigned int devid,
		pid_t *holder)
{
	struct lodge_attach attach = {
		.size = sizeof(attach),
		.role = role,
		.devid = devid,
		.fd = -1,
	};

	if (ioctl(domain_fd, LODGE_ATTACH, &attach)) {
		if (holder)
			*holder = errno == EBUSY ? attach.holder : 0;
		return -errno;
	}
	return attach.fd;
}

static void *map_page(int attach_fd, off_t offset)
{
	void *page = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED,
			  attach_fd, offset);

	return page == MAP_FAILED ? NULL : page;
}

void *attach_map_ring(int attach_fd)
{
	return map_page(attach_fd, LODGE_MMAP_RING);
}

void *attach_map_recovery(int attach_fd)
{
	return map_page(attach_fd, LODGE_MMAP_RECOVERY);
}

static void on_bus_error(int signal)
{
	(void)signal;
	_exit(0);
}

void attach_end_on_revoke(void)
{
	struct sigaction action = { .sa_handler = on_bus_error };

	sigaction(SIGBUS, &action, NULL);
}

int attach_bind(int attach_fd, unsigned int channel)
{
	struct lodge_attach_eventfd bind = {
		.size = sizeof(bind),
		.channel = channel,
	};
	int err;

	bind.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (bind.fd < 0)
		return -errno;
	if (ioctl(attach_fd, LODGE_ATTACH_EVENTFD, &bind)) {
		err = -errno;
		close(bind.fd);
		return err;
	}
	return bind.fd;
}

int attach_notify(int attach_fd, unsigned int channel)
{
	__u32 index = channel;

	return ioctl(attach_fd, LODGE_ATTACH_NOTIFY, &index) ? -errno : 0;
}
