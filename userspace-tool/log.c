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

#define OLD_PATH	(sizeof(((struct log_file *)0)->path) + 2)

static struct log_file events = { .fd = -1, .old_fd = -1 };

void log_path(char *path, size_t size, const char *name, const char *suffix)
{
	snprintf(path, size, "%s/%s-%s.log", log_dir(), name, suffix);
}

void log_init(struct log_file *log, const char *name, const char *suffix)
{
	log_path(log->path, sizeof(log->path), name, suffix);
	log->fd = -1;
	log->old_fd = -1;
	log->held = 0;
	log->size = 0;
}

/* With what it is, in @st. */
static int open_own(const char *path, int flags, struct stat *st)
{
	int fd;

	flags |= O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
	fd = open(path, flags, 0600);
	if (fd < 0 && errno == ENOENT && !log_dir_create())
		fd = open(path, flags, 0600);
	if (fd < 0)
		return -errno;
	/* The folder is shared: somebody may have put something there. */
	if (!fstat(fd, st) && S_ISREG(st->st_mode) &&
	    st->st_uid == geteuid() && st->st_nlink == 1)
		return fd;
	close(fd);
	return -EPERM;
}

int log_open(const char *path, int flags)
{
	struct stat st;

	return open_own(path, flags, &st);
}

static int open_log(struct log_file *log, int mode)
{
	struct stat st;
	int fd = open_own(log->path, mode | O_APPEND, &st);

	if (fd < 0)
		return fd;
	log->fd = fd;
	log->size = st.st_size;
	return 0;
}

static void old_path(const struct log_file *log, char old[OLD_PATH])
{
	snprintf(old, OLD_PATH, "%s.1", log->path);
}

int log_hold(struct log_file *log)
{
	char old[OLD_PATH];
	int err = open_log(log, O_RDWR);

	log->held = 1;
	if (err)
		return err;
	old_path(log, old);
	/* Without it the old part is lost one day, and that is all. */
	log->old_fd = log_open(old, O_WRONLY);
	return 0;
}

/* Who is killed on the way leaves a full log, which is copied once more. */
static void copy_old(struct log_file *log)
{
	char data[4096];
	off_t at = 0;
	ssize_t n;

	if (log->old_fd < 0 || ftruncate(log->old_fd, 0))
		return;
	while ((n = pread(log->fd, data, sizeof(data), at)) > 0 &&
	       pwrite(log->old_fd, data, n, at) == n)
		at += n;
}

static int rotate_held(struct log_file *log)
{
	if (log == &events)
		return -EFBIG;
	copy_old(log);
	if (ftruncate(log->fd, 0))
		return -errno;
	log->size = 0;
	return 0;
}

static void rotate(struct log_file *log)
{
	char old[OLD_PATH];

	old_path(log, old);
	rename(log->path, old);
	close(log->fd);
	log->fd = -1;
}

/* Open, and not full. */
static int make_ready(struct log_file *log)
{
	int full = log->fd >= 0 && log->size >= LOG_MOST;

	if (log->held)
		return log->fd < 0 ? -EBADF : full ? rotate_held(log) : 0;
	if (full)
		rotate(log);
	return log->fd < 0 ? open_log(log, O_WRONLY) : 0;
}

int log_append(struct log_file *log, const void *data, size_t length)
{
	ssize_t n;
	int err;

	err = make_ready(log);
	if (err)
		return err;
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

/* Not to be read: others have written there, too. */
int log_hold_events(void)
{
	int err = open_log(&events, O_WRONLY);

	events.held = 1;
	return err ? err : events.fd;
}

/*
 * "2024-02-29T23:59:59Z".  The C library's functions would look for the
 * host's time zone in a file, which a confined process may not.  Days are
 * counted from a 1 March, so that a leap day is the last of its year.
 */
static int format_time(char *text, size_t size, time_t now)
{
	const unsigned int second = now % 86400;
	unsigned int day = now / 86400 + 719468;
	unsigned int era = day / 146097, year, month;

	day %= 146097;
	year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
	day -= 365 * year + year / 4 - year / 100;
	month = (5 * day + 2) / 153;
	day -= (153 * month + 2) / 5;
	return snprintf(text, size, "%04u-%02u-%02uT%02u:%02u:%02uZ",
			era * 400 + year + (month >= 10),
			month < 10 ? month + 3 : month - 9, day + 1,
			second / 3600, second / 60 % 60, second % 60);
}

void log_event(const char *fmt, ...)
{
	char line[512];
	va_list args;
	size_t n;

	n = format_time(line, sizeof(line), time(NULL));
	n += snprintf(line + n, sizeof(line) - n, " [%d] ", getpid());
	va_start(args, fmt);
	vsnprintf(line + n, sizeof(line) - n - 1, fmt, args);
	va_end(args);
	n = strlen(line);
	line[n++] = '\n';
	if (events.path[0])
		log_append(&events, line, n);
}
