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
#include <string.h>
#include <unistd.h>

static int print_living(int fd, const char *name)
{
	int err = dev_domain_copy_log(fd, STDOUT_FILENO);

	close(fd);
	return err ? ref_error("dmesg", name, err) : EXIT_DONE;
}

/* The log that the keeper saved: a file, or -errno. */
static int open_saved(const char *name)
{
	char path[224];
	int fd;

	if (strchr(name, '/'))
		return -ENOENT;
	log_path(path, sizeof(path), name, "hypervisor");
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	return fd < 0 ? -errno : fd;
}

/* There is no domain, or (@dev) no module that could have one. */
static int print_saved(int dev, const char *name)
{
	char data[4096];
	int fd = open_saved(name);
	ssize_t n;

	if (fd >= 0) {
		while ((n = read(fd, data, sizeof(data))) > 0)
			fwrite(data, 1, n, stdout);
		close(fd);
		return EXIT_DONE;
	}
	if (dev < 0)
		ref_open_device("dmesg", name);
	else if (fd == -ENOENT)
		msg_error("dmesg", name, "no such domain, and no log of one");
	else
		msg_error("dmesg", name, "no such domain, and its log: %s",
			  msg_errno(fd));
	return EXIT_REFUSED;
}

int cmd_dmesg(const struct invocation *inv)
{
	const char *name = inv->args[0];
	int dev = dev_open();
	int fd = dev < 0 ? -ENOENT : ref_find_domain(name);

	if (dev >= 0)
		close(dev);
	if (fd >= 0)
		return print_living(fd, name);
	return fd == -ENOENT ? print_saved(dev, name) :
		ref_error("dmesg", name, fd);
}
