/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A small client of a domain's XenStore over its Unix socket: enough to ask a
 * guest for something and to see whether it listens.
 */
#ifndef LODGE_LIB_STORE_CLIENT_H
#define LODGE_LIB_STORE_CLIENT_H

#include <stddef.h>

/* Connect to the socket at @path; the fd or -errno. */
int store_connect(const char *path);

/*
 * Read the value of @node into @value, NUL-terminated, cut at @size.  Returns
 * its length or -errno; the store's own errors come as their errno.
 */
int store_read(int fd, const char *node, char *value, size_t size);

/* 0 or -errno. */
int store_write(int fd, const char *node, const char *value);

#endif /* LODGE_LIB_STORE_CLIENT_H */
