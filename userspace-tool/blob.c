// SPDX-License-Identifier: GPL-2.0-only
/*
 * Checked access to untrusted image files.  The head of a file is read
 * once, which serves most headers without another system call.
 */
#include "blob.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int pvh_fail(struct pvh_error *err, const char *hint, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, args);
	va_end(args);
	snprintf(err->hint, sizeof(err->hint), "%s", hint ? hint : "");
	return -1;
}

static int blob_stat(struct blob *blob, const char *what,
		     struct pvh_error *err)
{
	struct stat st;

	if (fstat(blob->fd, &st))
		return pvh_fail(err, NULL, "%s %s: %s", what, blob->path,
				strerror(errno));
	if (!S_ISREG(st.st_mode))
		return pvh_fail(err, NULL, "%s %s is %s", what, blob->path,
				S_ISDIR(st.st_mode) ? "a directory" :
						      "not a regular file");
	if (!st.st_size)
		return pvh_fail(err, NULL, "%s %s is empty", what, blob->path);
	blob->size = st.st_size;
	return 0;
}

static int blob_read_head(struct blob *blob, const char *what,
			  struct pvh_error *err)
{
	ssize_t n = pread(blob->fd, blob->head, sizeof(blob->head), 0);

	if (n < 0)
		return pvh_fail(err, NULL, "cannot read %s %s: %s", what,
				blob->path, strerror(errno));
	blob->data = blob->head;
	blob->have = n;
	return 0;
}

int blob_open(struct blob *blob, const char *what, const char *path,
	      struct pvh_error *err)
{
	blob->path = path;
	blob->map = NULL;
	/* O_NONBLOCK: opening a FIFO by mistake must not hang. */
	blob->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (blob->fd < 0)
		return pvh_fail(err, NULL, "cannot open %s %s: %s", what, path,
				strerror(errno));
	if (blob_stat(blob, what, err) || blob_read_head(blob, what, err)) {
		blob_close(blob);
		return -1;
	}
	return 0;
}

void blob_from_memory(struct blob *blob, const char *path, void *data,
		      size_t size)
{
	blob->path = path;
	blob->fd = -1;
	blob->size = size;
	blob->data = data;
	blob->have = size;
	blob->map = data;
}

bool blob_read(const struct blob *blob, uint64_t offset, void *to, size_t len)
{
	size_t done = 0;
	ssize_t n;

	if (offset > blob->size || len > blob->size - offset)
		return false;
	if (offset <= blob->have && len <= blob->have - offset) {
		memcpy(to, blob->data + offset, len);
		return true;
	}
	if (blob->fd < 0)
		return false;
	while (done < len) {
		n = pread(blob->fd, (char *)to + done, len - done,
			  offset + done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		done += n;
	}
	return true;
}

const uint8_t *blob_map(struct blob *blob, struct pvh_error *err)
{
	void *map;

	if (blob->map)
		return blob->map;
	map = mmap(NULL, blob->size, PROT_READ, MAP_PRIVATE, blob->fd, 0);
	if (map == MAP_FAILED) {
		pvh_fail(err, NULL, "cannot map %s: %s", blob->path,
			 strerror(errno));
		return NULL;
	}
	blob->map = map;
	return map;
}

void blob_close(struct blob *blob)
{
	if (blob->map)
		munmap(blob->map, blob->size);
	if (blob->fd >= 0)
		close(blob->fd);
	blob->map = NULL;
	blob->fd = -1;
}
