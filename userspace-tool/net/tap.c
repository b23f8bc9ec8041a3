// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tap of a network interface.  See tap.h.
 */
#include "net/tap.h"

#include "fd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>

static int cannot_open(struct failure *failure)
{
	int err = errno;

	failure_set(failure, "cannot open " TUN_DEVICE ": %s", msg_errno(err));
	if (err == ENOENT || err == ENODEV || err == ENXIO)
		failure_hint(failure, "modprobe tun");
	return -1;
}

static int cannot_make(const char *name, struct failure *failure)
{
	int err = errno;

	failure_set(failure, "cannot make the network device %s: %s", name,
		    msg_errno(err));
	if (err == EPERM)
		failure_hint(failure, "networks are root's: run lodge as root");
	else if (err == EBUSY || err == EINVAL)
		failure_hint(failure, "another device has that name: ip link show %s",
			     name);
	return -1;
}

/* Each packet has a struct virtio_net_hdr before it. */
static int open_queue(const char *name, struct failure *failure)
{
	int fd = open(TUN_DEVICE, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	int header = sizeof(struct virtio_net_hdr);
	struct ifreq request = {
		.ifr_flags = (short)(IFF_TAP | IFF_NO_PI | IFF_VNET_HDR |
				     IFF_MULTI_QUEUE),
	};

	if (fd < 0)
		return cannot_open(failure);
	strncpy(request.ifr_name, name, IFNAMSIZ - 1);
	if (!ioctl(fd, TUNSETIFF, &request) &&
	    !ioctl(fd, TUNSETVNETHDRSZ, &header))
		return fd;
	cannot_make(name, failure);
	close(fd);
	return -1;
}

int tap_open(const char *name, int *fds, unsigned int nr,
	     struct failure *failure)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		fds[i] = open_queue(name, failure);
		if (fds[i] < 0)
			goto close;
	}
	return 0;
close:
	while (i--)
		close_fd(&fds[i]);
	return -1;
}

int tap_persist(int fd)
{
	return ioctl(fd, TUNSETPERSIST, 1) ? -errno : 0;
}

/* A queue that is in the wanted state already is no error. */
int tap_use_queue(int fd, bool use)
{
	struct ifreq request = {
		.ifr_flags = use ? IFF_ATTACH_QUEUE : IFF_DETACH_QUEUE,
	};

	return ioctl(fd, TUNSETQUEUE, &request) && errno != EINVAL ? -errno : 0;
}

int tap_set_offloads(int fd, unsigned int offloads)
{
	return ioctl(fd, TUNSETOFFLOAD, offloads) ? -errno : 0;
}

int tap_set_carrier(int fd, bool on)
{
	int carrier = on;

	return ioctl(fd, TUNSETCARRIER, &carrier) ? -errno : 0;
}

bool tap_is_gone(int fd)
{
	return tap_set_carrier(fd, true) == -EBADFD;
}
