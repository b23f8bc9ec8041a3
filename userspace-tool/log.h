/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Log files under /var/log/lodge: what the console said, what the hypervisor
 * said about the domain, and what the keeper did when something went wrong.
 */
#ifndef LODGE_LOG_H
#define LODGE_LOG_H

#include "compiler.h"

#include <stddef.h>
#include <sys/types.h>

#define LOG_MOST	(4 << 20)

/**
 * struct log_file - a log that is bounded in size
 * @path: of the current file; the one before it is PATH.1
 * @fd: -1 until the first write
 * @old_fd: PATH.1, of a held log; or -1
 * @held: opened ahead, for a process that cannot open files any more
 * @size: bytes in the current file
 */
struct log_file {
	char path[224];
	int fd;
	int old_fd;
	int held;
	off_t size;
};

/* Opens nothing yet: a log that stays empty costs nothing. */
void log_init(struct log_file *log, const char *name, const char *suffix);

/*
 * Open @log, and PATH.1, for good: from now on it needs no name.  A log that
 * is full is copied to PATH.1 and begins anew, instead of being renamed.  0 or
 * -errno, after which nothing is written.
 */
int log_hold(struct log_file *log);

/* Append; 0 or -errno.  Goes on in a new file at LOG_MOST. */
int log_append(struct log_file *log, const void *data, size_t length);

/* "/var/log/lodge/NAME-SUFFIX.log" into @path. */
void log_path(char *path, size_t size, const char *name, const char *suffix);

/*
 * Open a log, making it and the folder of logs where they are not there yet.
 * @flags: open()'s, of which the others are added.  The fd or -errno.
 */
int log_open(const char *path, int flags);

/* Where log_event() writes from now on: the keeper's log of domain @name. */
void log_events_of(const char *name);

/*
 * Open that log for good, but leave its size to those who can rename it:
 * beyond LOG_MOST a line is dropped.  The fd, or -errno: there will be no
 * lines.
 */
int log_hold_events(void);

/* One line with date, process and text.  Errors go nowhere. */
__printf(1, 2)
void log_event(const char *fmt, ...);

#endif /* LODGE_LOG_H */
