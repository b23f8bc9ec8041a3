// SPDX-License-Identifier: GPL-2.0-only
/*
 * From the DOMAIN that a user typed to an open domain.
 */
#include "domain_ref.h"

#include "build.h"
#include "dev.h"
#include "msg.h"
#include "run_dir.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int ref_open_device(const char *verb, const char *object)
{
	struct failure failure;
	int fd = build_open_device(&failure);

	if (fd < 0)
		msg_failure(verb, object, &failure);
	return fd;
}

int ref_error(const char *verb, const char *text, int err)
{
	switch (-err) {
	case ENOENT:
	case ENODEV:
		msg_error(verb, text, "no such domain");
		break;
	case EACCES:
	case EPERM:
		msg_error(verb, text, "it belongs to another user");
		break;
	default:
		msg_error(verb, text, "%s", msg_errno(err));
	}
	return EXIT_REFUSED;
}

/* All digits: an id first, then a name. */
static int open_text(int dev, const char *text)
{
	int fd;

	if (*text && strspn(text, "0123456789") == strlen(text) &&
	    strlen(text) < 6) {
		fd = dev_domain_open(dev, strtoul(text, NULL, 10), NULL);
		if (fd != -ENOENT && fd != -EINVAL)
			return fd;
	}
	fd = dev_domain_open(dev, LODGE_DOMID_ANY, text);
	return fd == -EINVAL ? -ENOENT : fd;
}

/* It is there no more, and not there again either. */
static void hint_restart(const char *name)
{
	struct run_dir dir;

	if (run_dir_open(&dir, name))
		return;
	if (run_dir_awaits_restart(&dir))
		msg_hint("it did not come back from a restart; `lodge recover %s` tries again",
			 name);
	run_dir_close(&dir);
}

int ref_find_domain(const char *text)
{
	int dev = dev_open();
	int fd = dev < 0 ? dev : open_text(dev, text);

	if (dev >= 0)
		close(dev);
	return fd;
}

int ref_open_domain(const char *verb, const char *text)
{
	int dev = ref_open_device(verb, text);
	int fd;

	if (dev < 0)
		return -1;
	fd = open_text(dev, text);
	close(dev);
	if (fd >= 0)
		return fd;
	ref_error(verb, text, fd);
	if (fd == -ENOENT)
		hint_restart(text);
	return -1;
}

int ref_open_info(const char *verb, const char *text,
		  struct lodge_domain_info *info)
{
	int fd = ref_open_domain(verb, text);
	int err;

	if (fd < 0)
		return -1;
	err = dev_domain_get_info(fd, info);
	if (!err)
		return fd;
	ref_error(verb, text, err);
	close(fd);
	return -1;
}

const char *ref_shutdown_words(unsigned int reason)
{
	static const char * const words[] = {
		[LODGE_SHUTDOWN_POWEROFF] = "powered off",
		[LODGE_SHUTDOWN_REBOOT] = "rebooted",
		[LODGE_SHUTDOWN_SUSPEND] = "suspended itself",
		[LODGE_SHUTDOWN_CRASH] = "crashed",
		[LODGE_SHUTDOWN_WATCHDOG] = "was stopped by its watchdog",
		[LODGE_SHUTDOWN_SOFT_RESET] = "asked for a soft reset",
	};

	return reason < ARRAY_SIZE(words) ? words[reason] :
		"stopped";
}
