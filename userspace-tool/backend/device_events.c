// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a device's process waits for.  Nearly all of a request's way through
 * the process is here and in two calls of the module, so waiting takes one
 * system call: counters are watched for their edges and never read.
 */
#include "backend/device.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#define AT_ONCE	8	/* events of one call; the others come with the next */

/* A slot's number, and the file that it had: it may have another by then. */
static uint64_t make_tag(unsigned int slot, int fd)
{
	return (uint64_t)slot << 32 | (uint32_t)fd;
}

static int control(struct device *d, int operation, unsigned int slot)
{
	const struct device_event *e = &d->events[slot];
	struct epoll_event event = {
		.events = e->events | (e->counter ? EPOLLET : 0),
		.data.u64 = make_tag(slot, e->fd),
	};

	return epoll_ctl(d->poll_fd, operation, e->fd, &event) ? -errno : 0;
}

int device_events_init(struct device *d)
{
	unsigned int i;

	for (i = 0; i < DEVICE_EVENTS; i++)
		d->events[i].fd = -1;
	d->poll_fd = epoll_create1(EPOLL_CLOEXEC);
	return d->poll_fd < 0 ? -errno : 0;
}

int device_add_event(struct device *d, int fd, uint32_t events, bool counter,
		     void (*handle)(struct device *d, unsigned int arg),
		     unsigned int arg)
{
	unsigned int i;
	int err;

	for (i = 0; i < DEVICE_EVENTS && d->events[i].fd >= 0; i++)
		;
	if (i == DEVICE_EVENTS)
		return -ENOSPC;
	d->events[i] = (struct device_event){
		.fd = fd,
		.events = events,
		.counter = counter,
		.handle = handle,
		.arg = arg,
	};
	err = control(d, EPOLL_CTL_ADD, i);
	if (err)
		d->events[i].fd = -1;
	return err;
}

static int find_event(const struct device *d, int fd)
{
	unsigned int i;

	for (i = 0; i < DEVICE_EVENTS && fd >= 0; i++)
		if (d->events[i].fd == fd)
			return i;
	return -1;
}

void device_change_event(struct device *d, int fd, uint32_t events)
{
	int i = find_event(d, fd);

	if (i < 0 || d->events[i].events == events)
		return;
	d->events[i].events = events;
	/* It is there, so this cannot fail. */
	control(d, EPOLL_CTL_MOD, i);
}

void device_remove_event(struct device *d, int fd)
{
	int i = find_event(d, fd);

	if (i < 0)
		return;
	/* Another process may have the file, too: closing is not enough. */
	control(d, EPOLL_CTL_DEL, i);
	d->events[i].fd = -1;
}

void device_wait(struct device *d, int ms, const sigset_t *unblocked)
{
	struct epoll_event got[AT_ONCE];
	int n = epoll_pwait(d->poll_fd, got, AT_ONCE, ms, unblocked), i;

	for (i = 0; i < n; i++) {
		unsigned int slot = got[i].data.u64 >> 32;
		struct device_event *e = &d->events[slot];

		/* A handler before it may have removed it. */
		if (make_tag(slot, e->fd) == got[i].data.u64)
			e->handle(d, e->arg);
	}
}
