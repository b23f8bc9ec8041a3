// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel's NBD devices.  See nbd.h.
 */
#include "net/nbd.h"

#include "net/netlink.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/genetlink.h>
#include <linux/nbd.h>
#include <linux/nbd-netlink.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BUFFER		512
#define ID_MOST		160
#define TIMEOUT_S	30	/* for a request; then the connection counts as dead */

/* --- generic netlink --- */

static void begin(struct netlink_buf *buf, uint16_t family, uint8_t command)
{
	const struct genlmsghdr header = { .cmd = command, .version = 1 };

	netlink_begin(buf, family, NLM_F_ACK, &header, sizeof(header));
}

/**
 * struct answer - one number that an answer has
 * @attr: its attribute
 * @size: of it, 2 or 4 bytes
 * @value: what it is; -1: it did not come
 */
struct answer {
	uint16_t attr;
	size_t size;
	int64_t value;
};

static int take_number(const struct nlmsghdr *message, void *arg)
{
	struct answer *answer = arg;
	size_t size;
	const void *data = netlink_get(message, sizeof(struct genlmsghdr),
				       answer->attr, &size);
	uint16_t short_value;
	uint32_t value;

	if (!data || size != answer->size)
		return 0;
	if (size == sizeof(short_value)) {
		memcpy(&short_value, data, size);
		answer->value = short_value;
	} else {
		memcpy(&value, data, sizeof(value));
		answer->value = value;
	}
	return 0;
}

static int number_of(const struct answer *answer)
{
	return answer->value < 0 || answer->value > INT32_MAX ? -EPROTO :
		(int)answer->value;
}

/* -ENOENT: there is none, since the module is not loaded. */
static int ask_family(int (*take)(const struct nlmsghdr *message, void *arg),
		      struct answer *answer)
{
	uint32_t bytes[BUFFER / sizeof(uint32_t)];
	struct netlink_buf buf = {
		.bytes = (uint8_t *)bytes,
		.size = sizeof(bytes),
	};

	begin(&buf, GENL_ID_CTRL, CTRL_CMD_GETFAMILY);
	netlink_put_text(&buf, CTRL_ATTR_FAMILY_NAME, NBD_GENL_FAMILY_NAME);
	return netlink_dump(NETLINK_GENERIC, &buf, take, answer);
}

/* The kernel gives the family a number when the module is loaded. */
static int find_family(void)
{
	struct answer answer = {
		.attr = CTRL_ATTR_FAMILY_ID,
		.size = sizeof(uint16_t),
		.value = -1,
	};
	int err = ask_family(take_number, &answer);

	return err ? err : number_of(&answer);
}

/* The family has one group; its number comes in a list of lists. */
static int take_group(const struct nlmsghdr *message, void *arg)
{
	struct answer *answer = arg;
	const void *at;
	uint32_t group;
	size_t size;

	at = netlink_get(message, sizeof(struct genlmsghdr),
			 CTRL_ATTR_MCAST_GROUPS, &size);
	if (at)
		at = netlink_find(at, size, 1, &size);
	if (at)
		at = netlink_find(at, size, CTRL_ATTR_MCAST_GRP_ID, &size);
	if (at && size == sizeof(group)) {
		memcpy(&group, at, sizeof(group));
		answer->value = group;
	}
	return 0;
}

int nbd_listen(void)
{
	struct sockaddr_nl self = { .nl_family = AF_NETLINK };
	struct answer answer = { .value = -1 };
	int err = ask_family(take_group, &answer), fd, group;

	if (err)
		return err;
	if (answer.value <= 0 || answer.value > INT32_MAX)
		return -EPROTO;
	group = answer.value;
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
		    NETLINK_GENERIC);
	if (fd < 0)
		return -errno;
	if (!bind(fd, (struct sockaddr *)&self, sizeof(self)) &&
	    !setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group,
			sizeof(group)))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

int nbd_hear(int fd)
{
	uint32_t bytes[BUFFER / sizeof(uint32_t)];
	const struct nlmsghdr *message = (const struct nlmsghdr *)bytes;
	struct answer answer = {
		.attr = NBD_ATTR_INDEX,
		.size = sizeof(uint32_t),
		.value = -1,
	};
	struct sockaddr_nl from = { .nl_pid = 0 };
	socklen_t size = sizeof(from);
	ssize_t n;

	do {
		n = recvfrom(fd, bytes, sizeof(bytes), 0,
			     (struct sockaddr *)&from, &size);
		if (n < 0)
			return -errno;
		/* Others than the kernel may write to a group. */
		if (!from.nl_pid && NLMSG_OK(message, n))
			take_number(message, &answer);
	} while (answer.value < 0 || answer.value > INT32_MAX);
	return answer.value;
}

/* --- devices --- */

static bool has_id(unsigned int number, const char *id)
{
	char path[48], text[ID_MOST + 2];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/sys/block/nbd%u/backend", number);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return false;
	text[n - (text[n - 1] == '\n')] = '\0';
	return !strcmp(text, id);
}

int nbd_find(const char *id)
{
	DIR *dir = opendir("/sys/block");
	const struct dirent *entry;
	unsigned int number;
	int found = -ENOENT;

	if (!dir)
		return -errno;
	while (found < 0 && (entry = readdir(dir)))
		if (sscanf(entry->d_name, "nbd%u", &number) == 1 &&
		    has_id(number, id))
			found = number;
	closedir(dir);
	return found;
}

uint64_t nbd_size(unsigned int number)
{
	unsigned long long sectors;
	char path[48];
	FILE *file;
	int n;

	snprintf(path, sizeof(path), "/sys/block/nbd%u/size", number);
	file = fopen(path, "re");
	if (!file)
		return 0;
	n = fscanf(file, "%llu", &sectors);
	fclose(file);
	return n == 1 ? sectors * 512 : 0;
}

static void put_u64(struct netlink_buf *buf, uint16_t attr, uint64_t value)
{
	netlink_put(buf, attr, &value, sizeof(value));
}

static void put_socket(struct netlink_buf *buf, int socket)
{
	uint32_t list = netlink_nest(buf, NBD_ATTR_SOCKETS);
	uint32_t item = netlink_nest(buf, NBD_SOCK_ITEM);

	netlink_put_u32(buf, NBD_SOCK_FD, socket);
	netlink_nest_end(buf, item);
	netlink_nest_end(buf, list);
}

int nbd_attach(const char *id, int socket, const struct nbd_export *e,
	       bool read_only)
{
	uint32_t bytes[BUFFER / sizeof(uint32_t)];
	struct netlink_buf buf = {
		.bytes = (uint8_t *)bytes,
		.size = sizeof(bytes),
	};
	struct answer answer = {
		.attr = NBD_ATTR_INDEX,
		.size = sizeof(uint32_t),
		.value = -1,
	};
	int family = find_family(), number;

	if (family < 0)
		return family;
	if (strlen(id) > ID_MOST)
		return -ENAMETOOLONG;
	begin(&buf, family, NBD_CMD_CONNECT);
	put_u64(&buf, NBD_ATTR_SIZE_BYTES, e->size);
	put_u64(&buf, NBD_ATTR_BLOCK_SIZE_BYTES, e->block_size);
	put_u64(&buf, NBD_ATTR_SERVER_FLAGS,
		e->flags | (read_only ? NBD_FLAG_READ_ONLY : 0));
	put_u64(&buf, NBD_ATTR_TIMEOUT, TIMEOUT_S);
	put_u64(&buf, NBD_ATTR_DEAD_CONN_TIMEOUT, NBD_PATIENCE_S);
	/* It is not to go with the file of who dies. */
	put_u64(&buf, NBD_ATTR_CLIENT_FLAGS, 0);
	netlink_put_text(&buf, NBD_ATTR_BACKEND_IDENTIFIER, id);
	put_socket(&buf, socket);
	number = netlink_dump(NETLINK_GENERIC, &buf, take_number, &answer);
	if (!number)
		number = number_of(&answer);
	if (number < 0 || has_id(number, id))
		return number;
	nbd_detach(number);
	return -ENOSYS;
}

int nbd_reattach(unsigned int number, const char *id, int socket)
{
	uint32_t bytes[BUFFER / sizeof(uint32_t)];
	struct netlink_buf buf = {
		.bytes = (uint8_t *)bytes,
		.size = sizeof(bytes),
	};
	int family = find_family();

	if (family < 0)
		return family;
	begin(&buf, family, NBD_CMD_RECONFIGURE);
	netlink_put_u32(&buf, NBD_ATTR_INDEX, number);
	netlink_put_text(&buf, NBD_ATTR_BACKEND_IDENTIFIER, id);
	put_socket(&buf, socket);
	return netlink_request(NETLINK_GENERIC, &buf);
}

int nbd_detach(unsigned int number)
{
	uint32_t bytes[BUFFER / sizeof(uint32_t)];
	struct netlink_buf buf = {
		.bytes = (uint8_t *)bytes,
		.size = sizeof(bytes),
	};
	int family = find_family();

	if (family < 0)
		return family;
	begin(&buf, family, NBD_CMD_DISCONNECT);
	netlink_put_u32(&buf, NBD_ATTR_INDEX, number);
	return netlink_request(NETLINK_GENERIC, &buf);
}
