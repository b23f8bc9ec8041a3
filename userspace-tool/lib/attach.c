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

int attach_bind_port(int attach_fd, unsigned int channel, uint32_t port)
{
	struct lodge_attach_bind bind = {
		.size = sizeof(bind),
		.channel = channel,
		.port = port,
	};

	return ioctl(attach_fd, LODGE_ATTACH_BIND, &bind) ? -errno : 0;
}

int attach_unbind_port(int attach_fd, unsigned int channel)
{
	__u32 index = channel;

	return ioctl(attach_fd, LODGE_ATTACH_UNBIND, &index) ? -errno : 0;
}

void *attach_map_grants(int attach_fd, const uint32_t *refs, unsigned int nr,
			int write)
{
	struct lodge_grant_map map = {
		.size = sizeof(map),
		.count = nr,
		.flags = write ? LODGE_GRANT_MAP_WRITE : 0,
		.refs = (uintptr_t)refs,
	};
	volatile uint8_t *pages;
	int err;

	if (ioctl(attach_fd, LODGE_GRANT_MAP, &map))
		return NULL;
	pages = mmap(NULL, (size_t)nr * PAGE_BYTES,
		     write ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED,
		     attach_fd, (off_t)map.offset);
	if (pages != MAP_FAILED) {
		/* The module ends a map with its mapping once it was touched. */
		(void)*pages;
		return (void *)pages;
	}
	err = errno;
	ioctl(attach_fd, LODGE_GRANT_UNMAP, &map.offset);
	errno = err;
	return NULL;
}

int attach_unmap_grants(void *pages, unsigned int nr)
{
	return munmap(pages, (size_t)nr * PAGE_BYTES) ? -errno : 0;
}

int attach_copy_grants(int attach_fd, struct lodge_grant_segment *segments,
		       unsigned int nr)
{
	struct lodge_grant_copy copy;

	while (nr) {
		copy = (struct lodge_grant_copy){
			.size = sizeof(copy),
			.count = nr < LODGE_GRANT_COPY_MAX ?
				 nr : LODGE_GRANT_COPY_MAX,
			.segments = (uintptr_t)segments,
		};
		if (ioctl(attach_fd, LODGE_GRANT_COPY, &copy))
			return -errno;
		segments += copy.count;
		nr -= copy.count;
	}
	return 0;
}
