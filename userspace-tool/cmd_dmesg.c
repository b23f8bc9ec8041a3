// SPDX-License-Identifier: GPL-2.0-only
/*
 * lodge dmesg: what the hypervisor has to say about a domain, also when the
 * domain is gone and only the keeper's copy is left.
 */
#include "command.h"
#include "dev.h"
#include "domain_ref.h"
#include "log.h"
#include "msg.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int print_living(int fd, const char *name)
{
	char data[4096];
	uint64_t offset = 0;
	ssize_t n;
	int rounds = 0;

	/* The log holds 16 KiB; the bound is for one that still grows. */
	do {
		n = dev_domain_read_log(fd, &offset, data, sizeof(data));
		if (n > 0)
			fwrite(data, 1, n, stdout);
	} while (n > 0 && rounds++ < 64);
	close(fd);
	return n < 0 ? ref_error("dmesg", name, n) : EXIT_DONE;
}

static int print_saved(const char *name)
{
	char path[224], data[4096];
	ssize_t n;
	int fd;

	if (strchr(name, '/'))
		return ref_error("dmesg", name, -ENOENT);
	log_path(path, sizeof(path), name, "hypervisor");
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 && errno == ENOENT) {
		msg_error("dmesg", name, "no such domain, and no log of one");
		return EXIT_REFUSED;
	}
	if (fd < 0) {
		msg_error("dmesg", name, "%s: %s", path, msg_errno(errno));
		return EXIT_REFUSED;
	}
	while ((n = read(fd, data, sizeof(data))) > 0)
		fwrite(data, 1, n, stdout);
	close(fd);
	return EXIT_DONE;
}

/* Without a message: that it is not there any more is no error here. */
static int try_open(const char *text)
{
	int dev = dev_open();
	int fd = -1;

	if (dev < 0)
		return -1;
	if (*text && strspn(text, "0123456789") == strlen(text))
		fd = dev_domain_open(dev, strtoul(text, NULL, 10), NULL);
	if (fd < 0)
		fd = dev_domain_open(dev, LODGE_DOMID_ANY, text);
	close(dev);
	return fd;
}

int cmd_dmesg(const struct invocation *inv)
{
	const char *name = inv->args[0];
	int fd = try_open(name);

	return fd >= 0 ? print_living(fd, name) : print_saved(name);
}
