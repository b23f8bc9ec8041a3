// SPDX-License-Identifier: GPL-2.0-only
/*
 * A client of a domain's XenStore.  See store_client.h.  One request is under
 * way at a time, so the reply that is waited for is the one with its number:
 * what comes before it are events and the answers to watches.
 */
#include "store_client.h"

#include "compiler.h"
#include "fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>
#include <xen/io/xs_wire.h>

#define TIMEOUT_S	5
#define REQUEST_MAX	1024
#define MESSAGES_MAX	1024	/* that may come before a reply */

int store_open(struct store_client *client, const char *path)
{
	const struct timeval limit = { .tv_sec = TIMEOUT_S };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	socklen_t size;
	int fd, err;

	*client = (struct store_client){ .fd = -1 };
	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	/* As short as it is: a sandbox lets this length pass, and no other. */
	size = offsetof(struct sockaddr_un, sun_path) + strlen(path) + 1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&address, size)) {
		err = -errno;
		close(fd);
		return err;
	}
	/* From here on it blocks, with a limit. */
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	if (fcntl(fd, F_SETFL, 0)) {
		err = -errno;
		close(fd);
		return err;
	}
	client->fd = fd;
	return 0;
}

void store_close(struct store_client *client)
{
	close_fd(&client->fd);
	client->lost = 0;
}

/* What comes after half a message, or a late reply, could not be told apart. */
static int lose(struct store_client *client, int err)
{
	client->lost = err;
	return err;
}

static int send_whole(int fd, const void *data, size_t n)
{
	ssize_t done;

	do {
		done = send(fd, data, n, MSG_NOSIGNAL);
	} while (done < 0 && errno == EINTR);
	if (done < 0)
		return errno == EAGAIN ? -ETIMEDOUT : -errno;
	return (size_t)done == n ? 0 : -EIO;
}

static int receive_whole(int fd, void *data, size_t n)
{
	size_t have = 0;
	ssize_t done;

	/* A signal may cut MSG_WAITALL short. */
	while (have < n) {
		done = recv(fd, (char *)data + have, n - have, MSG_WAITALL);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
		if (!done)
			return -ECONNRESET;
		have += done;
	}
	return 0;
}

/* The names that XS_ERROR replies carry and that we may meet. */
static int error_number(const char *name)
{
	static const struct {
		const char *name;
		int err;
	} errors[] = {
		{ "ENOENT", ENOENT }, { "EACCES", EACCES },
		{ "EINVAL", EINVAL }, { "ENOSPC", ENOSPC },
		{ "EBUSY", EBUSY }, { "EAGAIN", EAGAIN },
		{ "EROFS", EROFS }, { "ENOMEM", ENOMEM },
		{ "EEXIST", EEXIST },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(errors); i++)
		if (!strcmp(errors[i].name, name))
			return -errors[i].err;
	return -EIO;
}

/* One message; @body gets a NUL behind it. */
static int receive_message(struct store_client *client,
			   struct xsd_sockmsg *head, char *body)
{
	int err = client->lost;

	if (!err)
		err = receive_whole(client->fd, head, sizeof(*head));
	if (!err && head->len > XENSTORE_PAYLOAD_MAX)
		err = -EPROTO;
	if (!err)
		err = receive_whole(client->fd, body, head->len);
	if (err)
		return lose(client, err);
	body[head->len] = '\0';
	if (head->type == XS_WATCH_EVENT)
		client->changed = true;
	return 0;
}

/* @value has room for @size bytes and gets a NUL behind the reply. */
static int receive_reply(struct store_client *client, uint32_t type,
			 uint32_t id, char *value, size_t size)
{
	char body[XENSTORE_PAYLOAD_MAX + 1];
	struct xsd_sockmsg head;
	int i, err;
	size_t n;

	for (i = 0; i < MESSAGES_MAX; i++) {
		err = receive_message(client, &head, body);
		if (err)
			return err;
		if (head.type != XS_WATCH_EVENT && head.req_id == id)
			break;
	}
	if (i == MESSAGES_MAX)
		return lose(client, -EPROTO);
	if (head.type == XS_ERROR)
		return error_number(body);
	if (head.type != type)
		return lose(client, -EPROTO);
	if (!size)
		return 0;
	n = head.len < size ? head.len : size - 1;
	memcpy(value, body, n);
	value[n] = '\0';
	return (int)n;
}

static int send_request(struct store_client *client, uint32_t type, uint32_t tx,
			const char *payload, size_t length)
{
	char message[sizeof(struct xsd_sockmsg) + REQUEST_MAX];
	struct xsd_sockmsg head = {
		.type = type,
		.req_id = ++client->next_id,
		.tx_id = tx,
		.len = length,
	};

	int err;

	if (client->fd < 0)
		return -ENOTCONN;
	if (client->lost)
		return client->lost;
	if (length > REQUEST_MAX)
		return -EMSGSIZE;
	memcpy(message, &head, sizeof(head));
	memcpy(message + sizeof(head), payload, length);
	err = send_whole(client->fd, message, sizeof(head) + length);
	return err ? lose(client, err) : 0;
}

static int request(struct store_client *client, uint32_t type, uint32_t tx,
		   const char *payload, size_t length, char *value, size_t size)
{
	int err = send_request(client, type, tx, payload, length);

	return err ? err : receive_reply(client, type, client->next_id, value,
					 size);
}

static int request_node(struct store_client *client, uint32_t type, uint32_t tx,
			const char *node, char *value, size_t size)
{
	return request(client, type, tx, node, strlen(node) + 1, value, size);
}

int store_read(struct store_client *client, uint32_t tx, const char *node,
	       char *value, size_t size)
{
	return request_node(client, XS_READ, tx, node, value, size);
}

int store_mkdir(struct store_client *client, uint32_t tx, const char *node)
{
	return request_node(client, XS_MKDIR, tx, node, NULL, 0);
}

int store_rm(struct store_client *client, uint32_t tx, const char *node)
{
	return request_node(client, XS_RM, tx, node, NULL, 0);
}

/* The path ends with a NUL, the value does not. */
int store_write(struct store_client *client, uint32_t tx, const char *node,
		const char *value)
{
	char payload[REQUEST_MAX];
	int n = snprintf(payload, sizeof(payload), "%s%c%s", node, 0, value);

	if (n < 0 || n >= (int)sizeof(payload))
		return -EMSGSIZE;
	return request(client, XS_WRITE, tx, payload, n, NULL, 0);
}

int store_set_perms(struct store_client *client, uint32_t tx, const char *node,
		    uint32_t owner, uint32_t reader)
{
	char payload[REQUEST_MAX];
	int n = snprintf(payload, sizeof(payload), "%s%cn%u%cr%u", node, 0,
			 owner, 0, reader);

	if (n < 0 || n >= (int)sizeof(payload))
		return -EMSGSIZE;
	return request(client, XS_SET_PERMS, tx, payload, n + 1, NULL, 0);
}

int store_begin(struct store_client *client, uint32_t *tx)
{
	char id[16];
	int n = request(client, XS_TRANSACTION_START, 0, "", 1, id, sizeof(id));

	if (n < 0)
		return n;
	*tx = strtoul(id, NULL, 10);
	return *tx ? 0 : -EPROTO;
}

int store_end(struct store_client *client, uint32_t tx, bool commit)
{
	return request(client, XS_TRANSACTION_END, tx, commit ? "T" : "F", 2,
		       NULL, 0);
}

int store_watch(struct store_client *client, const char *node)
{
	char payload[REQUEST_MAX];
	int n = snprintf(payload, sizeof(payload), "%s%cw", node, 0);

	if (n < 0 || n >= (int)sizeof(payload))
		return -EMSGSIZE;
	return send_request(client, XS_WATCH, 0, payload, n + 1);
}

int store_receive(struct store_client *client)
{
	char body[XENSTORE_PAYLOAD_MAX + 1];
	struct xsd_sockmsg head;

	return receive_message(client, &head, body);
}
