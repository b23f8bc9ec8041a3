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

/**
 * struct log_file - a log that is bounded in size
 * @path: of the current file; the one before it is PATH.1
 * @fd: -1 until the first write
 * @size: bytes in the current file
 */
struct log_file {
	char path[224];
	int fd;
	off_t size;
};

/* Opens nothing yet: a log that stays empty costs nothing. */
void log_init(struct log_file *log, const char *name, const char *suffix);

/* Append; 0 or -errno.  Goes on in a new file at 4 MiB. */
int log_append(struct log_file *log, const void *data, size_t length);

/* "/var/log/lodge/NAME-SUFFIX.log" into @path. */
void log_path(char *path, size_t size, const char *name, const char *suffix);

/*
 * Open a log for writing, making it and the folder of logs where they are not
 * there yet.  @flags: O_APPEND or O_TRUNC.  The fd or -errno.
 */
int log_open(const char *path, int flags);

/* Where log_event() writes from now on: the keeper's log of domain @name. */
void log_events_of(const char *name);

/* One line with date, process and text.  Errors go nowhere. */
__printf(1, 2)
void log_event(const char *fmt, ...);

#endif /* LODGE_LOG_H */
