// SPDX-License-Identifier: GPL-2.0-only
/*
 * XenStore paths.  See path.h for the contract.
 */
#include "path.h"

#include <string.h>

#include "limit.h"

static bool has_good_bytes(const char *path)
{
	return !path[strspn(path, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				  "abcdefghijklmnopqrstuvwxyz"
				  "0123456789-/_@")];
}

static bool has_good_slashes(const char *path)
{
	size_t len = strlen(path);

	return !strstr(path, "//") && (len == 1 || path[len - 1] != '/');
}

/* A home is short: a relative path of the longest kind fits behind it. */
static void join(char *path, const char *home, const char *name)
{
	size_t len = strlen(home);

	memcpy(path, home, len);
	path[len] = '/';
	strcpy(path + len + 1, name);
}

bool path_resolve(const char *name, const char *home, bool special,
		  char *path)
{
	bool relative = name[0] != '/' && name[0] != '@';
	size_t max = relative ? XENSTORE_REL_PATH_MAX : XENSTORE_ABS_PATH_MAX;
	size_t len = strlen(name);

	if (len > max)
		limit_hit(relative ? LIMIT_REL_PATH : LIMIT_ABS_PATH);
	if (!len || len > max || !has_good_bytes(name))
		return false;
	if (name[0] == '@' && !special)
		return false;
	if (relative)
		join(path, home, name);
	else
		memcpy(path, name, len + 1);
	return has_good_slashes(path);
}

void path_parent(const char *path, char *parent)
{
	const char *slash = strrchr(path, '/');
	size_t len = slash ? (size_t)(slash - path) : 0;

	memcpy(parent, path, len);
	parent[len] = 0;
	if (!len)
		strcpy(parent, "/");
}

const char *path_last(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

bool path_is_below(const char *path, const char *top)
{
	size_t len = strlen(top);

	if (!strcmp(top, "/"))
		return path[0] == '/';
	return !strncmp(path, top, len) &&
	       (path[len] == '/' || path[len] == 0);
}
