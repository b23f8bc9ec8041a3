// SPDX-License-Identifier: GPL-2.0-only
/*
 * A disk's target that is an NBD server's export.  See device_nbd.h.
 */
#include "device_nbd.h"

#include "device_config.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#define NAME_WORD	":exportname="

bool device_nbd_is(const char *target)
{
	return !strncmp(target, NBD_PREFIX, strlen(NBD_PREFIX));
}

/* Takes the export's name off the end of @where. */
static int take_name(char *where, struct nbd_target *target,
		     struct failure *failure)
{
	char *name = strstr(where, NAME_WORD);

	if (!name)
		return 0;
	*name = '\0';
	name += strlen(NAME_WORD);
	if (strlen(name) > NBD_NAME_MAX)
		return failure_set(failure, "the export's name is longer than %d bytes",
				   NBD_NAME_MAX);
	strcpy(target->name, name);
	return 0;
}

static int read_path(const char *path, struct nbd_target *target,
		     struct failure *failure)
{
	struct sockaddr_un *local = &target->address.local;

	if (*path != '/')
		return failure_set(failure, "nbd:unix: needs the absolute path of a socket, not \"%.60s\"",
				   path);
	if (strlen(path) >= sizeof(local->sun_path))
		return failure_set(failure, "%.120s: too long for a socket",
				   path);
	local->sun_family = AF_UNIX;
	strcpy(local->sun_path, path);
	target->length = sizeof(*local);
	return 0;
}

static int read_port(const char *text, in_port_t *port, struct failure *failure)
{
	uint64_t number;

	if (device_number("port", text, 65535, &number, failure))
		return -1;
	if (!number)
		return failure_set(failure, "port 0 is none");
	*port = htons(number);
	return 0;
}

static int no_address(const char *host, struct failure *failure)
{
	failure_set(failure, "\"%.60s\" is no IP address", host);
	failure_hint(failure, "names are not looked up; `getent hosts NAME` tells the address; [::1] is an IPv6 one");
	return -1;
}

/* "ADDRESS:PORT"; what is behind the last colon is the port. */
static int read_host(char *host, struct nbd_target *target,
		     struct failure *failure)
{
	char *port = strrchr(host, ':');
	size_t n;

	if (!port) {
		failure_set(failure, "\"%.60s\" has no port", host);
		failure_hint(failure, "nbd:ADDRESS:PORT, where 10809 is the usual port; or nbd:unix:/SOCKET");
		return -1;
	}
	*port++ = '\0';
	n = strlen(host);
	if (n > 2 && host[0] == '[' && host[n - 1] == ']') {
		host[n - 1] = '\0';
		target->address.ip6.sin6_family = AF_INET6;
		target->length = sizeof(target->address.ip6);
		if (inet_pton(AF_INET6, host + 1,
			      &target->address.ip6.sin6_addr) != 1)
			return no_address(host + 1, failure);
		return read_port(port, &target->address.ip6.sin6_port, failure);
	}
	target->address.ip4.sin_family = AF_INET;
	target->length = sizeof(target->address.ip4);
	if (inet_pton(AF_INET, host, &target->address.ip4.sin_addr) != 1)
		return no_address(host, failure);
	return read_port(port, &target->address.ip4.sin_port, failure);
}

int device_nbd_read(const char *text, struct nbd_target *target,
		    struct failure *failure)
{
	char *where = strdup(text + strlen(NBD_PREFIX));
	int err;

	if (!where)
		return failure_set(failure, "out of memory");
	memset(target, 0, sizeof(*target));
	err = take_name(where, target, failure);
	if (!err)
		err = !strncmp(where, "unix:", 5) ?
			read_path(where + 5, target, failure) :
			read_host(where, target, failure);
	free(where);
	return err;
}
