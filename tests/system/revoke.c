// SPDX-License-Identifier: GPL-2.0-only
/*
 * Throws out who holds a slot of a domain.
 *
 * usage: revoke DOMAIN ROLE DEVID	(numbers of enum lodge_role and the device)
 */
#include <fcntl.h>
#include <lodge.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>

static int open_domain(const char *name)
{
	struct lodge_domain_open arg = {
		.size = sizeof(arg),
		.domid = LODGE_DOMID_ANY,
	};
	int dev = open(LODGE_DEVICE, O_RDWR | O_CLOEXEC);

	snprintf(arg.name, sizeof(arg.name), "%s", name);
	if (dev < 0 || ioctl(dev, LODGE_DOMAIN_OPEN, &arg)) {
		perror(name);
		exit(1);
	}
	return arg.fd;
}

int main(int argc, char **argv)
{
	struct lodge_slot slot = { .size = sizeof(slot) };

	if (argc != 4)
		return 2;
	slot.role = atoi(argv[2]);
	slot.devid = atoi(argv[3]);
	if (ioctl(open_domain(argv[1]), LODGE_REVOKE, &slot)) {
		perror("revoke");
		return 1;
	}
	return 0;
}
