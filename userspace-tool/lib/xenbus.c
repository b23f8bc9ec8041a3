// SPDX-License-Identifier: GPL-2.0-only
/*
 * One device in the domain's store.  See xenbus.h.
 */
#include "xenbus.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TRIES	64

int xenbus_init(struct xenbus *x, const char *socket, uint32_t domid,
		const char *class, uint32_t devid)
{
	memset(x, 0, sizeof(*x));
	x->store.fd = -1;
	x->domid = domid;
	if (strlen(socket) >= sizeof(x->socket))
		return -ENAMETOOLONG;
	strcpy(x->socket, socket);
	snprintf(x->path[XENBUS_FRONT], XENBUS_PATH,
		 "/local/domain/%u/device/%s/%u", domid, class, devid);
	snprintf(x->path[XENBUS_BACK], XENBUS_PATH,
		 "/local/domain/0/backend/%s/%u/%u", class, domid, devid);
	snprintf(x->error_path, XENBUS_PATH,
		 "/local/domain/0/error/backend/%s/%u/%u", class, domid, devid);
	return 0;
}

static void node_path(const struct xenbus *x, enum xenbus_end end,
		      const char *node, char path[2 * XENBUS_PATH])
{
	snprintf(path, 2 * XENBUS_PATH, "%s/%s", x->path[end], node);
}

int xenbus_connect(struct xenbus *x)
{
	char path[2 * XENBUS_PATH];
	int err;

	store_close(&x->store);
	err = store_open(&x->store, x->socket);
	if (err)
		return err;
	node_path(x, XENBUS_FRONT, "state", path);
	return store_watch(&x->store, path);
}

bool xenbus_is_lost(int err)
{
	switch (err) {
	case -ECONNRESET:
	case -EPIPE:
	case -ENOTCONN:
	case -ETIMEDOUT:
	case -EPROTO:
	case -EIO:
		return true;
	}
	return false;
}

int xenbus_transaction(struct xenbus *x,
		       void (*put)(struct xenbus *x, void *ctx), void *ctx)
{
	enum xenbus_state before = x->state;
	int i, err = -EAGAIN;

	for (i = 0; i < TRIES && err == -EAGAIN; i++) {
		x->err = store_begin(&x->store, &x->tx);
		if (x->err) {
			x->tx = 0;
			return x->err;
		}
		put(x, ctx);
		err = store_end(&x->store, x->tx, !x->err);
		x->tx = 0;
		if (x->err)
			err = x->err;
	}
	x->err = 0;
	if (err)
		x->state = before;
	return err;
}

void xenbus_put(struct xenbus *x, enum xenbus_end end, const char *node,
		const char *format, ...)
{
	char path[2 * XENBUS_PATH], value[XENBUS_VALUE + 512];
	va_list args;

	if (x->err)
		return;
	va_start(args, format);
	vsnprintf(value, sizeof(value), format, args);
	va_end(args);
	node_path(x, end, node, path);
	x->err = store_write(&x->store, x->tx, path, value);
}

void xenbus_put_state(struct xenbus *x, enum xenbus_state state)
{
	xenbus_put(x, XENBUS_BACK, "state", "%d", state);
	if (!x->err)
		x->state = state;
}

int xenbus_set_state(struct xenbus *x, enum xenbus_state state)
{
	int err;

	xenbus_put_state(x, state);
	err = x->err;
	x->err = 0;
	return err;
}

/* One digit; what is none was not written by a driver that can be talked to. */
int xenbus_read_state(struct xenbus *x, enum xenbus_end end)
{
	char path[2 * XENBUS_PATH], value[8];
	int n;

	node_path(x, end, "state", path);
	n = store_read(&x->store, 0, path, value, sizeof(value));
	if (n == -ENOENT)
		return XENBUS_UNKNOWN;
	if (n < 0)
		return n;
	return n == 1 && value[0] > '0' && value[0] < '0' + NR_XENBUS_STATES ?
		value[0] - '0' : XENBUS_UNKNOWN;
}

int xenbus_get(struct xenbus *x, const char *node, char *value, size_t size)
{
	char path[2 * XENBUS_PATH];
	int n;

	node_path(x, XENBUS_FRONT, node, path);
	n = store_read(&x->store, 0, path, value, size);
	return n < 0 ? n : 0;
}

int xenbus_get_u32(struct xenbus *x, const char *node, uint32_t *value)
{
	char text[16];
	unsigned long long number;
	char *end;
	int err = xenbus_get(x, node, text, sizeof(text));

	if (err)
		return err;
	number = strtoull(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || number > UINT32_MAX)
		return -EINVAL;
	*value = number;
	return 0;
}

/* --- the folders --- */

struct creation {
	void (*put)(struct xenbus *x, void *ctx);
	void *ctx;
};

static void make_folder(struct xenbus *x, enum xenbus_end end, uint32_t owner,
			uint32_t reader)
{
	if (!x->err)
		x->err = store_mkdir(&x->store, x->tx, x->path[end]);
	if (!x->err)
		x->err = store_set_perms(&x->store, x->tx, x->path[end], owner,
					 reader);
}

/* The guest's watch on its devices finds them complete. */
static void put_folders(struct xenbus *x, void *ctx)
{
	struct creation *creation = ctx;

	make_folder(x, XENBUS_BACK, 0, x->domid);
	make_folder(x, XENBUS_FRONT, x->domid, 0);
	xenbus_put(x, XENBUS_BACK, "frontend", "%s", x->path[XENBUS_FRONT]);
	xenbus_put(x, XENBUS_BACK, "frontend-id", "%u", x->domid);
	xenbus_put(x, XENBUS_BACK, "online", "1");
	xenbus_put_state(x, XENBUS_INITIALISING);
	xenbus_put(x, XENBUS_FRONT, "backend", "%s", x->path[XENBUS_BACK]);
	xenbus_put(x, XENBUS_FRONT, "backend-id", "0");
	xenbus_put(x, XENBUS_FRONT, "state", "%d", XENBUS_INITIALISING);
	xenbus_put(x, XENBUS_FRONT, "trusted", "1");
	creation->put(x, creation->ctx);
}

int xenbus_create(struct xenbus *x,
		  void (*put)(struct xenbus *x, void *ctx), void *ctx)
{
	struct creation creation = { .put = put, .ctx = ctx };
	int state = xenbus_read_state(x, XENBUS_BACK);

	if (state < 0)
		return state;
	x->state = state;
	return state ? 0 : xenbus_transaction(x, put_folders, &creation);
}

static void remove_folders(struct xenbus *x, void *ctx)
{
	int end, err;

	(void)ctx;
	for (end = XENBUS_FRONT; end <= XENBUS_BACK && !x->err; end++) {
		err = store_rm(&x->store, x->tx, x->path[end]);
		if (err && err != -ENOENT)
			x->err = err;
	}
}

int xenbus_remove(struct xenbus *x)
{
	return xenbus_transaction(x, remove_folders, NULL);
}

static void put_offline(struct xenbus *x, void *ctx)
{
	(void)ctx;
	xenbus_put(x, XENBUS_BACK, "online", "0");
	xenbus_put_state(x, XENBUS_CLOSING);
}

int xenbus_set_offline(struct xenbus *x)
{
	return xenbus_transaction(x, put_offline, NULL);
}

int xenbus_write_error(struct xenbus *x, const char *text)
{
	char path[2 * XENBUS_PATH];

	snprintf(path, sizeof(path), "%s/error", x->error_path);
	return store_write(&x->store, 0, path, text);
}
