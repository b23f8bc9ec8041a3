/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * XenStore paths: absolute, without a trailing slash (but for the root), or
 * one of the special names that start with '@'.
 */
#ifndef LODGE_STORE_PATH_H
#define LODGE_STORE_PATH_H

#include <errno.h>	/* before xs_wire.h, for its table of errors */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xen/io/xs_wire.h>

#define PATH_SIZE	(XENSTORE_ABS_PATH_MAX + 1)

#define PATH_INTRODUCE	"@introduceDomain"
#define PATH_RELEASE	"@releaseDomain"

/*
 * Checks @name and writes its absolute form to @path (PATH_SIZE bytes);
 * relative names are below @home.  @special admits the '@' names.
 */
bool path_resolve(const char *name, const char *home, bool special,
		  char *path);

/* The parent of a path that is not the root; special names hang off it. */
void path_parent(const char *path, char *parent);

const char *path_last(const char *path);

/* True when @path is @top or below it. */
bool path_is_below(const char *path, const char *top);

#endif /* LODGE_STORE_PATH_H */
