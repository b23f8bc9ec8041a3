// SPDX-License-Identifier: GPL-2.0-only
/*
 * A block device that can be held up: what is submitted meanwhile is neither
 * done nor refused until it is let go.  It is the device mapper's, made by its
 * own calls, since a host has no dmsetup.
 */
#include "io.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/dm-ioctl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#define NAME	"delayed"

static int control_fd;
static unsigned long long nr_sectors;

struct dm_call {
	struct dm_ioctl head;
	struct dm_target_spec spec;
	char parameters[128];
};

static void dm_start(struct dm_call *c, unsigned int flags)
{
	memset(c, 0, sizeof(*c));
	c->head.version[0] = 4;
	c->head.data_size = sizeof(*c);
	c->head.data_start = offsetof(struct dm_call, spec);
	c->head.flags = flags;
	strcpy(c->head.name, NAME);
}

static void dm_do(const char *what, unsigned long request, struct dm_call *c)
{
	if (ioctl(control_fd, request, c))
		give_up(what);
}

static void dm_plain(const char *what, unsigned long request,
		     unsigned int flags)
{
	struct dm_call c;

	dm_start(&c, flags);
	dm_do(what, request, &c);
}

/* Both of reads and of writes; reads are never delayed. */
static void dm_load(unsigned int ms)
{
	struct dm_call c;

	dm_start(&c, 0);
	c.head.target_count = 1;
	c.spec.length = nr_sectors;
	strcpy(c.spec.target_type, "delay");
	snprintf(c.parameters, sizeof(c.parameters), "%s 0 0 %s 0 %u",
		 DELAYED_ON, DELAYED_ON, ms);
	dm_do("loading a table", DM_TABLE_LOAD, &c);
}

void delayed_hold(void)
{
	dm_plain("suspending", DM_DEV_SUSPEND,
		 DM_SUSPEND_FLAG | DM_SKIP_LOCKFS_FLAG | DM_NOFLUSH_FLAG);
}

/* The same call without the flag. */
void delayed_release(void)
{
	dm_plain("resuming", DM_DEV_SUSPEND, 0);
}

void delayed_set(unsigned int ms)
{
	dm_load(ms);
	delayed_release();
}

int delayed_make(void)
{
	struct dm_call c;
	char path[32];
	off_t size;
	int fd;

	fd = open(DELAYED_ON, O_RDWR | O_CLOEXEC);
	size = lseek(fd, 0, SEEK_END);
	close(fd);
	control_fd = open("/dev/mapper/control", O_RDWR | O_CLOEXEC);
	if (size <= 0 || control_fd < 0)
		give_up("device mapper");
	nr_sectors = size / 512;
	dm_start(&c, 0);
	dm_do("making a device", DM_DEV_CREATE, &c);
	delayed_set(0);
	snprintf(path, sizeof(path), "/dev/dm-%u", minor(c.head.dev));
	fd = open(path, O_RDWR | O_DIRECT | O_CLOEXEC);
	if (fd < 0)
		give_up(path);
	return fd;
}

/* I/O that nobody waits for any more may hold it for a while. */
void delayed_remove(int fd)
{
	struct timespec pause_10ms = { .tv_nsec = 10000000 };
	struct dm_call c;
	int i = 0, err;

	close(fd);
	do {
		dm_start(&c, 0);
		err = ioctl(control_fd, DM_DEV_REMOVE, &c);
	} while (err && errno == EBUSY && i++ < LIMIT_MS / 10 &&
		 !nanosleep(&pause_10ms, NULL));
	if (err)
		give_up("removing a device");
	close(control_fd);
}
