// SPDX-License-Identifier: GPL-2.0-only
/*
 * Log files under /var/log/lodge.  See log.h.
 */
#include "log.h"

#include "run_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LOG_MOST	(4 << 20)

static struct log_file events = { .fd = -1 };

void log_path(char *path, size_t size, const char *name, const char *suffix)
{
	snprintf(path, size, "%s/%s-%s.log", log_dir(), name, suffix);
}

void log_init(struct log_file *log, const char *name, const char *suffix)
{
	log_path(log->path, sizeof(log->path), name, suffix);
	log->fd = -1;
	log->size = 0;
}

int log_open(const char *path, int flags)
{
	struct stat st;
	int fd;

	flags |= O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
	fd = open(path, flags, 0600);
	if (fd < 0 && errno == ENOENT && !log_dir_create())
		fd = open(path, flags, 0600);
	if (fd < 0)
		return -errno;
	/* The folder is shared: somebody may have put something there. */
	if (!fstat(fd, &st) && S_ISREG(st.st_mode) &&
	    st.st_uid == geteuid() && st.st_nlink == 1)
		return fd;
	close(fd);
	return -EPERM;
}

static int open_log(struct log_file *log)
{
	int fd = log_open(log->path, O_APPEND);
	struct stat st;

	if (fd < 0)
		return fd;
	log->fd = fd;
	log->size = fstat(log->fd, &st) ? 0 : st.st_size;
	return 0;
}

static void rotate(struct log_file *log)
{
	char old[sizeof(log->path) + 2];

	snprintf(old, sizeof(old), "%s.1", log->path);
	rename(log->path, old);
	close(log->fd);
	log->fd = -1;
}

int log_append(struct log_file *log, const void *data, size_t length)
{
	ssize_t n;
	int err;

	if (log->fd >= 0 && log->size >= LOG_MOST)
		rotate(log);
	if (log->fd < 0) {
		err = open_log(log);
		if (err)
			return err;
	}
	n = write(log->fd, data, length);
	if (n < 0)
		return -errno;
	log->size += n;
	return (size_t)n == length ? 0 : -ENOSPC;
}

void log_events_of(const char *name)
{
	log_init(&events, name, "keeper");
}

void log_event(const char *fmt, ...)
{
	char line[512];
	struct tm tm;
	time_t now = time(NULL);
	va_list args;
	size_t n;

	gmtime_r(&now, &tm);
	n = strftime(line, sizeof(line), "%Y-%m-%dT%H:%M:%SZ", &tm);
	n += snprintf(line + n, sizeof(line) - n, " [%d] ", getpid());
	va_start(args, fmt);
	vsnprintf(line + n, sizeof(line) - n - 1, fmt, args);
	va_end(args);
	n = strlen(line);
	line[n++] = '\n';
	if (events.path[0])
		log_append(&events, line, n);
}
