/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One device in the domain's store: the folders of its two ends, and the back
 * end's state.  What to do in which state is for backend/device.c.
 *
 * Nothing here trusts the front end's folder: it belongs to the guest.
 */
#ifndef LODGE_LIB_XENBUS_H
#define LODGE_LIB_XENBUS_H

#include <stdint.h>

#include "compiler.h"
#include "lib/store_client.h"

#define XENBUS_PATH	80
#define XENBUS_VALUE	256

/* Numbers of the protocol: what xen/io/xenbus.h calls XenbusState. */
enum xenbus_state {
	XENBUS_UNKNOWN,		/* or there is no node */
	XENBUS_INITIALISING,
	XENBUS_INIT_WAIT,
	XENBUS_INITIALISED,
	XENBUS_CONNECTED,
	XENBUS_CLOSING,
	XENBUS_CLOSED,
	NR_XENBUS_STATES
};

enum xenbus_end {
	XENBUS_FRONT,
	XENBUS_BACK,
};

/**
 * struct xenbus - one device in the store
 * @store: the connection
 * @socket: path of the store's socket
 * @domid: of the guest
 * @path: folders of the ends, by enum xenbus_end
 * @error_path: node for the back end's errors
 * @state: of the back end, as the store has it
 * @tx: transaction that is under way, or 0
 * @err: the first error in it
 */
struct xenbus {
	struct store_client store;
	char socket[108];
	uint32_t domid;
	char path[2][XENBUS_PATH];
	char error_path[XENBUS_PATH];
	enum xenbus_state state;
	uint32_t tx;
	int err;
};

/* @class: "vbd" and so on.  Connects nothing yet.  0 or -ENAMETOOLONG. */
int xenbus_init(struct xenbus *x, const char *socket, uint32_t domid,
		const char *class, uint32_t devid);

/*
 * Connect, or connect again, and watch the front end's state.  The first event
 * says that the store answers.  0 or -errno.
 */
int xenbus_connect(struct xenbus *x);

/* Whether @err of any call here says that the connection is gone. */
bool xenbus_is_lost(int err);

/*
 * Run @put in a transaction; it calls xenbus_put() and the like.  Done again as
 * long as others are faster, a bounded number of times.  0 or -errno.
 */
int xenbus_transaction(struct xenbus *x,
		       void (*put)(struct xenbus *x, void *ctx), void *ctx);

/* Write a node.  An error stays in x->err until the transaction ends. */
__printf(4, 5)
void xenbus_put(struct xenbus *x, enum xenbus_end end, const char *node,
		const char *format, ...);

/* Our state, in a transaction or without; x->state is what was written last. */
void xenbus_put_state(struct xenbus *x, enum xenbus_state state);
int xenbus_set_state(struct xenbus *x, enum xenbus_state state);

/* Read what the store has: the state of an end.  The state or -errno. */
int xenbus_read_state(struct xenbus *x, enum xenbus_end end);

/*
 * Read a node of the front end.  0 or -errno: -ENOENT there is none, -EINVAL it
 * is no number.
 */
int xenbus_get(struct xenbus *x, const char *node, char *value, size_t size);
int xenbus_get_u32(struct xenbus *x, const char *node, uint32_t *value);

/*
 * Make both folders with what every device has; @put adds the rest.  Nothing
 * is done when they are there.  0 or -errno.
 */
int xenbus_create(struct xenbus *x,
		  void (*put)(struct xenbus *x, void *ctx), void *ctx);

/* Take both away. */
int xenbus_remove(struct xenbus *x);

/* Tell the guest that the device goes: not online, and closing. */
int xenbus_set_offline(struct xenbus *x);

/* What went wrong, for people who look into the store. */
int xenbus_write_error(struct xenbus *x, const char *text);

#endif /* LODGE_LIB_XENBUS_H */
