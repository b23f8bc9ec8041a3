// SPDX-License-Identifier: GPL-2.0-only
/*
 * Netlink messages: built in a buffer, sent, and answered.  See netlink.h.
 * Each request has a socket of its own, so that no answer of another one is in
 * the way.
 */
#include "net/netlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ANSWER_BYTES	16384	/* the kernel's dumps come in such parts */

static void *reserve(struct netlink_buf *buf, size_t size)
{
	size_t room = NLMSG_ALIGN(size);
	void *at = buf->bytes + buf->used;

	if (buf->full || room > buf->size - buf->used) {
		buf->full = true;
		return NULL;
	}
	memset(at, 0, room);
	buf->used += room;
	return at;
}

static struct nlmsghdr *current(const struct netlink_buf *buf)
{
	return (struct nlmsghdr *)(buf->bytes + buf->message);
}

/* Its length grows with each attribute. */
static void set_length(struct netlink_buf *buf)
{
	if (!buf->full)
		current(buf)->nlmsg_len = buf->used - buf->message;
}

void netlink_begin(struct netlink_buf *buf, uint16_t type, uint16_t flags,
		   const void *header, size_t header_size)
{
	uint32_t at = buf->used;
	struct nlmsghdr *message = reserve(buf, sizeof(*message));
	void *own = reserve(buf, header_size);

	if (!message || !own)
		return;
	buf->message = at;
	message->nlmsg_type = type;
	message->nlmsg_flags = NLM_F_REQUEST | flags;
	message->nlmsg_seq = ++buf->seq;
	memcpy(own, header, header_size);
	set_length(buf);
}

void netlink_put(struct netlink_buf *buf, uint16_t attr, const void *data,
		 size_t size)
{
	struct nlattr *a = reserve(buf, NLA_HDRLEN + size);

	if (!a)
		return;
	a->nla_type = attr;
	a->nla_len = NLA_HDRLEN + size;
	if (size)
		memcpy((uint8_t *)a + NLA_HDRLEN, data, size);
	set_length(buf);
}

void netlink_put_text(struct netlink_buf *buf, uint16_t attr, const char *text)
{
	netlink_put(buf, attr, text, strlen(text) + 1);
}

void netlink_put_u8(struct netlink_buf *buf, uint16_t attr, uint8_t value)
{
	netlink_put(buf, attr, &value, sizeof(value));
}

void netlink_put_u32(struct netlink_buf *buf, uint16_t attr, uint32_t value)
{
	netlink_put(buf, attr, &value, sizeof(value));
}

void netlink_put_be32(struct netlink_buf *buf, uint16_t attr, uint32_t value)
{
	netlink_put_u32(buf, attr, htonl(value));
}

uint32_t netlink_nest(struct netlink_buf *buf, uint16_t attr)
{
	uint32_t at = buf->used;

	netlink_put(buf, attr | NLA_F_NESTED, NULL, 0);
	return at;
}

void netlink_nest_end(struct netlink_buf *buf, uint32_t nest)
{
	struct nlattr *a = (struct nlattr *)(buf->bytes + nest);

	if (!buf->full)
		a->nla_len = buf->used - nest;
}

static int open_and_send(int protocol, const struct netlink_buf *buf)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	int fd, err;

	if (buf->full)
		return -ENOBUFS;
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
	if (fd < 0)
		return -errno;
	if (sendto(fd, buf->bytes, buf->used, 0, (struct sockaddr *)&kernel,
		   sizeof(kernel)) == (ssize_t)buf->used)
		return fd;
	err = errno;
	close(fd);
	return -err;
}

/*
 * One message of an answer.  1: more will come; 0: that was all; -errno.
 */
static int take_answer(const struct nlmsghdr *m, uint32_t last_seq,
		       int (*take)(const struct nlmsghdr *message, void *arg),
		       void *arg)
{
	const struct nlmsgerr *error = NLMSG_DATA(m);

	switch (m->nlmsg_type) {
	case NLMSG_DONE:
		return 0;
	case NLMSG_ERROR:
		if (m->nlmsg_len < NLMSG_LENGTH(sizeof(*error)))
			return -EPROTO;
		return error->error ? error->error : m->nlmsg_seq != last_seq;
	default:
		return take && take(m, arg) ? 0 : 1;
	}
}

static int take_answers(const void *bytes, ssize_t n, uint32_t last_seq,
			int (*take)(const struct nlmsghdr *message, void *arg),
			void *arg)
{
	const struct nlmsghdr *m = bytes;
	int ret = 1;

	for (; ret == 1 && NLMSG_OK(m, n); m = NLMSG_NEXT(m, n))
		ret = take_answer(m, last_seq, take, arg);
	return ret;
}

int netlink_dump(int protocol, const struct netlink_buf *buf,
		 int (*take)(const struct nlmsghdr *message, void *arg),
		 void *arg)
{
	uint32_t answer[ANSWER_BYTES / sizeof(uint32_t)];
	int fd = open_and_send(protocol, buf), ret = 1;
	ssize_t n;

	if (fd < 0)
		return fd;
	while (ret == 1) {
		n = recv(fd, answer, sizeof(answer), 0);
		if (n >= 0)
			ret = take_answers(answer, n, buf->seq, take, arg);
		else if (errno != EINTR)
			ret = -errno;
	}
	close(fd);
	return ret;
}

int netlink_request(int protocol, const struct netlink_buf *buf)
{
	return netlink_dump(protocol, buf, NULL, NULL);
}

const void *netlink_find(const void *attrs, size_t bytes, uint16_t attr,
			 size_t *size)
{
	const struct nlattr *a;
	size_t at = 0;

	while (at + NLA_HDRLEN <= bytes) {
		a = (const struct nlattr *)((const uint8_t *)attrs + at);
		if (a->nla_len < NLA_HDRLEN || a->nla_len > bytes - at)
			break;
		if ((a->nla_type & NLA_TYPE_MASK) == attr) {
			*size = a->nla_len - NLA_HDRLEN;
			return (const uint8_t *)a + NLA_HDRLEN;
		}
		at += NLA_ALIGN(a->nla_len);
	}
	return NULL;
}

const void *netlink_get(const struct nlmsghdr *m, size_t header_size,
			uint16_t attr, size_t *size)
{
	size_t at = NLMSG_HDRLEN + NLMSG_ALIGN(header_size);

	return m->nlmsg_len < at ? NULL :
		netlink_find((const uint8_t *)m + at, m->nlmsg_len - at, attr,
			     size);
}
