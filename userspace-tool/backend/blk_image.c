// SPDX-License-Identifier: GPL-2.0-only
/*
 * The file or block device behind a disk.  See blk_image.h.
 *
 * Who writes to an image that another one uses destroys it.  So a disk that is
 * opened for writing is locked against all others, one for reading against
 * writers, unless the user says "w!".  The lock belongs to the open file, which
 * keeper, back end and the I/O in flight share: it ends with the last of them.
 */
#include "backend/blk_image.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "device_vbd.h"

#define SECTOR	512u

static const char *value(const struct device_config *config, enum vbd_key key)
{
	return config->values[key] ? : "";
}

static bool is_read_only(const struct device_config *config)
{
	return !strcmp(value(config, VBD_ACCESS), "r");
}

static bool is_shared(const struct device_config *config)
{
	return !strcmp(value(config, VBD_ACCESS), "w!");
}

static int open_refused(const struct device_config *config, int err,
			struct failure *failure)
{
	const char *path = value(config, VBD_TARGET);

	failure_set(failure, "cannot open %.180s: %s", path, msg_errno(err));
	switch (err) {
	case ENOENT:
		failure_hint(failure,
			     "give the path of an image; `truncate -s 10G FILE` makes an empty one");
		break;
	case EACCES:
	case EPERM:
		failure_hint(failure, "user %u needs to %s it", geteuid(),
			     is_read_only(config) ? "read" :
			     "read and write");
		break;
	case EROFS:
		failure_hint(failure, "access=r gives it for reading");
		break;
	case EBUSY:
		failure_set(failure, "%.180s is in use on this host: mounted, or another domain's",
			    path);
		failure_hint(failure,
			     "unmount it, or end the other; access=w! takes it all the same");
		return -EBUSY;
	}
	return -1;
}

/*
 * A block device that is mounted refuses O_EXCL.  O_NONBLOCK is for what is
 * neither file nor disk.
 */
static int open_target(const struct device_config *config, const char *path,
		       int is_block)
{
	int flags = O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
	int fd;

	flags |= is_read_only(config) ? O_RDONLY : O_RDWR;
	if (is_block && !is_read_only(config) && !is_shared(config))
		flags |= O_EXCL;
	fd = open(path, flags | O_DIRECT);
	if (fd < 0 && errno == EINVAL)
		fd = open(path, flags);
	return fd;
}

static int lock_target(const struct device_config *config, int fd,
		       struct failure *failure)
{
	struct flock lock = {
		.l_type = is_read_only(config) ? F_RDLCK : F_WRLCK,
		.l_whence = SEEK_SET,
		.l_len = 1,
	};

	if (is_shared(config) || !fcntl(fd, F_OFD_SETLK, &lock))
		return 0;
	if (errno != EAGAIN && errno != EACCES)
		/* Some file systems have no locks. */
		return 0;
	failure_set(failure, "%.180s is another domain's disk",
		    value(config, VBD_TARGET));
	failure_hint(failure, is_read_only(config) ?
		     "that one may write: end it, or give it access=r" :
		     "end that one; access=w! takes it all the same, access=r on both shares it");
	return -EBUSY;
}

static const char *kind_name(mode_t mode)
{
	return S_ISDIR(mode) ? "a directory" :
		S_ISCHR(mode) ? "a character device" : "no file of data";
}

int blk_image_open(const struct device_config *config, const char *path,
		   struct failure *failure)
{
	struct blk_image image;
	struct stat st;
	int fd, err;

	if (stat(path, &st))
		return open_refused(config, errno, failure);
	if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode)) {
		failure_set(failure, "%.180s is %s",
			    value(config, VBD_TARGET), kind_name(st.st_mode));
		failure_hint(failure, "a disk is a file or a block device");
		return -1;
	}
	fd = open_target(config, path, S_ISBLK(st.st_mode));
	if (fd < 0)
		return open_refused(config, errno, failure);
	err = lock_target(config, fd, failure);
	if (!err)
		err = blk_image_measure(config, fd, &image, failure);
	if (!err)
		return fd;
	close(fd);
	return err;
}

/* --- what it is like --- */

int blk_image_size(struct blk_image *image)
{
	uint64_t bytes;
	struct stat st;

	if (image->is_block) {
		if (ioctl(image->fd, BLKGETSIZE64, &bytes))
			return -errno;
	} else {
		if (fstat(image->fd, &st))
			return -errno;
		bytes = st.st_size;
	}
	image->sectors = bytes / image->sector_size *
		(image->sector_size / SECTOR);
	return 0;
}

/* The smallest piece of direct I/O; 0 when it is not known. */
static uint32_t direct_unit(const struct blk_image *image)
{
	uint32_t unit = 0;
#ifdef STATX_DIOALIGN
	struct statx st;
#endif

	if (image->is_block)
		return ioctl(image->fd, BLKSSZGET, &unit) ? 0 : unit;
#ifdef STATX_DIOALIGN
	if (!statx(image->fd, "", AT_EMPTY_PATH, STATX_DIOALIGN, &st) &&
	    st.stx_mask & STATX_DIOALIGN)
		unit = st.stx_dio_offset_align;
#endif
	return unit;
}

/* Sectors that are smaller than what direct I/O can do go by the page cache. */
static int choose_sector_size(const struct device_config *config,
			      struct blk_image *image)
{
	const char *wanted = value(config, VBD_SECTOR_SIZE);
	uint32_t unit = direct_unit(image);
	int flags = fcntl(image->fd, F_GETFL);

	if (*wanted)
		image->sector_size = !strcmp(wanted, "4096") ? 4096 : 512;
	else
		image->sector_size = image->is_block && unit == 4096 ?
			4096 : 512;
	if (flags < 0)
		return -errno;
	if (unit <= image->sector_size || !(flags & O_DIRECT))
		return 0;
	return fcntl(image->fd, F_SETFL, flags & ~O_DIRECT) ? -errno : 0;
}

static uint32_t read_queue_limit(const struct blk_image *image,
				 const char *limit)
{
	char path[96], text[24];
	struct stat st;
	uint64_t number;
	struct failure ignored;
	ssize_t n;
	int fd;

	if (fstat(image->fd, &st))
		return 0;
	/* A partition's limits are those of its disk. */
	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/queue/%s",
		 major(st.st_rdev), minor(st.st_rdev), limit);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		snprintf(path, sizeof(path),
			 "/sys/dev/block/%u:%u/../queue/%s",
			 major(st.st_rdev), minor(st.st_rdev), limit);
		fd = open(path, O_RDONLY | O_CLOEXEC);
	}
	if (fd < 0)
		return 0;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return 0;
	text[n - (text[n - 1] == '\n')] = '\0';
	return device_number(limit, text, UINT32_MAX, &number, &ignored) ?
		0 : number;
}

/* A file's holes are blocks of its file system. */
static void measure_discard(const struct device_config *config,
			    struct blk_image *image)
{
	struct stat st;

	image->discard_granularity = image->is_block ?
		read_queue_limit(image, "discard_granularity") :
		fstat(image->fd, &st) ? 0 : st.st_blksize;
	image->discard = !image->read_only && image->discard_granularity &&
		strcmp(value(config, VBD_DISCARD), "0");
}

int blk_image_measure(const struct device_config *config, int fd,
		      struct blk_image *image, struct failure *failure)
{
	unsigned int physical;
	struct stat st;
	int err;

	memset(image, 0, sizeof(*image));
	image->fd = fd;
	image->read_only = is_read_only(config);
	err = fstat(fd, &st) ? -errno : 0;
	image->is_block = !err && S_ISBLK(st.st_mode);
	if (!err)
		err = choose_sector_size(config, image);
	if (!err)
		err = blk_image_size(image);
	if (err)
		return failure_set(failure, "%.180s: %s",
				   value(config, VBD_TARGET), msg_errno(err));
	if (!image->sectors) {
		failure_set(failure, "%.180s is smaller than a sector",
			    value(config, VBD_TARGET));
		failure_hint(failure, "`truncate -s 10G FILE` makes it larger");
		return -1;
	}
	image->physical_size = image->sector_size;
	if (image->is_block && !ioctl(fd, BLKPBSZGET, &physical) &&
	    physical > image->sector_size)
		image->physical_size = physical;
	measure_discard(config, image);
	return 0;
}
