// SPDX-License-Identifier: GPL-2.0-only
/*
 * The simplest back end: it answers each event of the guest's with one.  Ends
 * with the domain.
 *
 * usage: echo DOMAIN PORT
 */
#include "bench.h"

#include <fcntl.h>
#include <lodge.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

static void call(int fd, unsigned long request, void *arg, const char *what)
{
	if (ioctl(fd, request, arg))
		die("%s", what);
}

#define CALL(fd, request, arg)	call(fd, request, arg, #request)

static int attach(const char *name)
{
	struct lodge_domain_open open_arg = {
		.size = sizeof(open_arg),
		.domid = LODGE_DOMID_ANY,
	};
	struct lodge_attach attach_arg = {
		.size = sizeof(attach_arg),
		.role = LODGE_ROLE_OTHER,
	};
	int dev = open(LODGE_DEVICE, O_RDWR | O_CLOEXEC);

	if (dev < 0)
		die("%s", LODGE_DEVICE);
	snprintf(open_arg.name, sizeof(open_arg.name), "%s", name);
	CALL(dev, LODGE_DOMAIN_OPEN, &open_arg);
	CALL(open_arg.fd, LODGE_ATTACH, &attach_arg);
	close(open_arg.fd);
	close(dev);
	return attach_arg.fd;
}

static int bind_port(int attach_fd, unsigned int port)
{
	struct lodge_attach_eventfd event = { .size = sizeof(event) };
	struct lodge_attach_bind bind = {
		.size = sizeof(bind),
		.port = port,
	};

	event.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (event.fd < 0)
		die("eventfd");
	CALL(attach_fd, LODGE_ATTACH_BIND, &bind);
	CALL(attach_fd, LODGE_ATTACH_EVENTFD, &event);
	return event.fd;
}

int main(int argc, char **argv)
{
	struct pollfd files[2] = { { .events = POLLIN }, { 0 } };
	__u32 channel = 0;
	uint64_t count;

	if (argc != 3) {
		fputs("usage: echo DOMAIN PORT\n", stderr);
		return 2;
	}
	files[1].fd = attach(argv[1]);
	files[0].fd = bind_port(files[1].fd, strtoul(argv[2], NULL, 10));
	/* As back ends do: they wait for the end of the domain, too. */
	while (poll(files, 2, -1) > 0 && !files[1].revents) {
		if (read(files[0].fd, &count, sizeof(count)) > 0 &&
		    ioctl(files[1].fd, LODGE_ATTACH_NOTIFY, &channel))
			break;
	}
	return 0;
}
