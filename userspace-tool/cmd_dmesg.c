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

/* Its status, or -ENOENT where there is no log of that name. */
static int print_saved(const char *name)
{
	char path[224], data[4096];
	ssize_t n;
	int fd;

	if (strchr(name, '/'))
		return -ENOENT;
	log_path(path, sizeof(path), name, "hypervisor");
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 && errno == ENOENT)
		return -ENOENT;
	if (fd < 0) {
		msg_error("dmesg", name, "%s: %s", path, msg_errno(errno));
		return EXIT_REFUSED;
	}
	while ((n = read(fd, data, sizeof(data))) > 0)
		fwrite(data, 1, n, stdout);
	close(fd);
	return EXIT_DONE;
}

/* There is no domain, or no module that could have one. */
static int look_at_saved(int dev, const char *name)
{
	int status = print_saved(name);

	if (status != -ENOENT)
		return status;
	if (dev < 0)
		return ref_open_device("dmesg", name) < 0 ? EXIT_REFUSED :
			ref_error("dmesg", name, -ENOENT);
	msg_error("dmesg", name, "no such domain, and no log of one");
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
	return fd == -ENOENT ? look_at_saved(dev, name) :
		ref_error("dmesg", name, fd);
}
