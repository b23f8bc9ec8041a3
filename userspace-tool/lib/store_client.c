// SPDX-License-Identifier: GPL-2.0-only
/*
 * A small client of a domain's XenStore.  One request is under way at a time
 * and none uses a watch, so replies come in order and events do not come.
 */
#include "store_client.h"

#include "compiler.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>
#include <xen/io/xs_wire.h>

#define TIMEOUT_S	5

int store_connect(const char *path)
{
	const struct timeval limit = { .tv_sec = TIMEOUT_S };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd, err;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	if (!connect(fd, (struct sockaddr *)&address, sizeof(address)))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

static int send_whole(int fd, const void *data, size_t n)
{
	ssize_t done = send(fd, data, n, MSG_NOSIGNAL);

	if (done < 0)
		return -errno;
	return (size_t)done == n ? 0 : -EIO;
}

static int receive_whole(int fd, void *data, size_t n)
{
	ssize_t done;

	/* Asked for nothing, recv() would wait for a byte all the same. */
	if (!n)
		return 0;
	done = recv(fd, data, n, MSG_WAITALL);
	if (done < 0)
		return errno == EAGAIN ? -ETIMEDOUT : -errno;
	return (size_t)done == n ? 0 : -ECONNRESET;
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
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(errors); i++)
		if (!strcmp(errors[i].name, name))
			return -errors[i].err;
	return -EIO;
}

/* @body has room for @size bytes and gets a NUL behind the reply. */
static int receive_reply(int fd, uint32_t type, char *body, size_t size)
{
	struct xsd_sockmsg head;
	char whole[XENSTORE_PAYLOAD_MAX + 1];
	size_t n;
	int err = receive_whole(fd, &head, sizeof(head));

	if (err)
		return err;
	if (head.len > XENSTORE_PAYLOAD_MAX)
		return -EPROTO;
	err = receive_whole(fd, whole, head.len);
	if (err)
		return err;
	whole[head.len] = '\0';
	if (head.type == XS_ERROR)
		return error_number(whole);
	if (head.type != type)
		return -EPROTO;
	if (!size)
		return 0;
	n = head.len < size ? head.len : size - 1;
	memcpy(body, whole, n);
	body[n] = '\0';
	return (int)n;
}

static int request(int fd, uint32_t type, const char *payload, size_t length)
{
	struct xsd_sockmsg head = { .type = type, .req_id = 1 };
	char message[sizeof(head) + 512];

	if (length > sizeof(message) - sizeof(head))
		return -EMSGSIZE;
	head.len = length;
	memcpy(message, &head, sizeof(head));
	memcpy(message + sizeof(head), payload, length);
	return send_whole(fd, message, sizeof(head) + length);
}

int store_read(int fd, const char *node, char *value, size_t size)
{
	int err = request(fd, XS_READ, node, strlen(node) + 1);

	return err ? err : receive_reply(fd, XS_READ, value, size);
}

/* The path ends with a NUL, the value does not. */
int store_write(int fd, const char *node, const char *value)
{
	char payload[512];
	int n = snprintf(payload, sizeof(payload), "%s%c%s", node, 0, value);
	int err;

	if (n < 0 || n >= (int)sizeof(payload))
		return -EMSGSIZE;
	err = request(fd, XS_WRITE, payload, n);
	return err ? err : receive_reply(fd, XS_WRITE, NULL, 0);
}
