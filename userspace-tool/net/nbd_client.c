// SPDX-License-Identifier: GPL-2.0-only
/*
 * The first words between an NBD server and its client.  See nbd_client.h.
 * Each length that the server gives is bounded before anything is read, and so
 * are the number of its answers and the time for all of them.
 */
#include "net/nbd_client.h"

#include "compiler.h"
#include "fd.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

#define SERVER_MAGIC	0x4e42444d41474943ull	/* "NBDMAGIC" */
#define OPTION_MAGIC	0x49484156454f5054ull	/* "IHAVEOPT" */
#define REPLY_MAGIC	0x0003e889045565a9ull

#define FIXED_NEWSTYLE	1u	/* flags of both ends */
#define NO_ZEROES	2u

#define OPTION_GO	7
#define INFO_EXPORT	0
#define INFO_BLOCK_SIZE	3

#define REPLY_ACK	1
#define REPLY_INFO	3
#define REPLY_ERROR	(1u << 31)

#define REPLIES_MOST	32
#define REPLY_BYTES	8192	/* the longest that the protocol allows has 4096 */
#define KERNEL_REQUEST	(128 << 10)	/* the largest of the kernel's */
#define BLOCK_MOST	4096

/**
 * struct talk - with one server
 * @fd: its socket
 * @end_ms: nothing is waited for after this time
 * @failure: where a reason goes
 */
struct talk {
	int fd;
	int64_t end_ms;
	struct failure *failure;
};

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ll + now.tv_nsec / 1000000;
}

static int too_late(struct talk *t)
{
	failure_set(t->failure, "the server does not answer");
	failure_hint(t->failure, "is it an NBD server? some serve one client at a time, and another one has it");
	return -1;
}

static int wait_for(struct talk *t, short events)
{
	struct pollfd p = { .fd = t->fd, .events = events };
	int64_t left = t->end_ms - now_ms();

	if (left <= 0)
		return too_late(t);
	if (poll(&p, 1, left) < 0 && errno != EINTR)
		return failure_set(t->failure, "poll: %s", msg_errno(errno));
	return 0;
}

static int get(struct talk *t, void *bytes, size_t size)
{
	size_t got = 0;
	ssize_t n;

	while (got < size) {
		n = recv(t->fd, (char *)bytes + got, size - got, MSG_DONTWAIT);
		if (n > 0)
			got += n;
		else if (!n)
			return failure_set(t->failure, "the server has hung up");
		else if (errno != EAGAIN && errno != EINTR)
			return failure_set(t->failure, "the server: %s",
					   msg_errno(errno));
		else if (wait_for(t, POLLIN))
			return -1;
	}
	return 0;
}

static int put(struct talk *t, const void *bytes, size_t size)
{
	size_t done = 0;
	ssize_t n;

	while (done < size) {
		n = send(t->fd, (const char *)bytes + done, size - done,
			 MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n > 0)
			done += n;
		else if (errno != EAGAIN && errno != EINTR)
			return failure_set(t->failure, "the server: %s",
					   msg_errno(errno));
		else if (wait_for(t, POLLOUT))
			return -1;
	}
	return 0;
}

/* @size bytes, of which the first @keep are kept. */
static int get_start(struct talk *t, uint32_t size, void *bytes, uint32_t keep)
{
	uint8_t rest[256];
	uint32_t n = size < keep ? size : keep;

	if (get(t, bytes, n))
		return -1;
	for (size -= n; size; size -= n) {
		n = size < sizeof(rest) ? size : sizeof(rest);
		if (get(t, rest, n))
			return -1;
	}
	return 0;
}

/* --- what is said --- */

struct greeting {
	uint64_t magic;
	uint64_t option_magic;
	uint16_t flags;
} __attribute__((packed));

static int greet(struct talk *t)
{
	struct greeting greeting;
	uint32_t answer;

	if (get(t, &greeting, sizeof(greeting)))
		return -1;
	if (be64toh(greeting.magic) != SERVER_MAGIC)
		return failure_set(t->failure, "it is no NBD server");
	if (be64toh(greeting.option_magic) != OPTION_MAGIC ||
	    !(ntohs(greeting.flags) & FIXED_NEWSTYLE))
		return failure_set(t->failure, "it is an NBD server of an old kind");
	answer = htonl(ntohs(greeting.flags) & (FIXED_NEWSTYLE | NO_ZEROES));
	return put(t, &answer, sizeof(answer));
}

static int ask(struct talk *t, const char *name)
{
	struct {
		uint64_t magic;
		uint32_t option;
		uint32_t length;
		uint32_t name_length;
	} __attribute__((packed)) head = {
		.magic = htobe64(OPTION_MAGIC),
		.option = htonl(OPTION_GO),
		.length = htonl(sizeof(head.name_length) + strlen(name) + 4),
		.name_length = htonl(strlen(name)),
	};
	const uint16_t wanted[] = { htons(1), htons(INFO_BLOCK_SIZE) };

	if (put(t, &head, sizeof(head)) || put(t, name, strlen(name)))
		return -1;
	return put(t, wanted, sizeof(wanted));
}

/* --- what is answered --- */

struct reply {
	uint64_t magic;
	uint32_t option;
	uint32_t type;
	uint32_t length;
} __attribute__((packed));

/* A stranger's words: one line, and nothing that a terminal would obey. */
static void make_plain(char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			*text = '?';
}

static int refused(struct talk *t, uint32_t type, uint32_t length,
		   const char *name)
{
	static const struct {
		const char *text, *hint;
	} reasons[] = {
		[1] = { "it does not know NBD_OPT_GO, it is too old", "" },
		[2] = { "its rules forbid it", "" },
		[4] = { "it cannot do it on its platform", "" },
		[5] = { "it wants TLS, which the kernel's client has not", "use its Unix socket, or a tunnel" },
		[6] = { "it has no such export", "`qemu-nbd --list` and `nbdinfo --list` tell the names; exportname=NAME" },
		[7] = { "it is going down", "" },
	};
	char said[97] = "";
	uint32_t i = type & ~REPLY_ERROR;

	if (get_start(t, length, said, sizeof(said) - 1))
		return -1;
	make_plain(said);
	if (i >= ARRAY_SIZE(reasons) || !reasons[i].text)
		return failure_set(t->failure, "the server refuses with error %u%s%s",
				   i, *said ? ": " : "", said);
	failure_set(t->failure, "the server refuses \"%.40s\": %s%s%s%s", name,
		    reasons[i].text, *said ? " (" : "", said, *said ? ")" : "");
	failure_hint(t->failure, "%s", reasons[i].hint);
	return -1;
}

/* What comes of an information that is none of these is read and forgotten. */
union info {
	uint16_t kind;
	struct {
		uint16_t kind;
		uint64_t size;
		uint16_t flags;
	} __attribute__((packed)) export;
	struct {
		uint16_t kind;
		uint32_t least;
		uint32_t preferred;
		uint32_t most;
	} __attribute__((packed)) block;
};

static int no_sense(struct talk *t)
{
	return failure_set(t->failure, "the server's answers make no sense");
}

static int take_export(struct talk *t, const union info *info, uint32_t length,
		       struct nbd_export *e)
{
	if (length != sizeof(info->export))
		return no_sense(t);
	e->size = be64toh(info->export.size);
	e->flags = ntohs(info->export.flags);
	if (!(e->flags & 1) || e->size > INT64_MAX)
		return no_sense(t);
	return 0;
}

static int take_block_size(struct talk *t, const union info *info,
			   uint32_t length, struct nbd_export *e)
{
	uint32_t least = ntohl(info->block.least);

	if (length != sizeof(info->block) || !least || least & (least - 1))
		return no_sense(t);
	if (least > BLOCK_MOST)
		return failure_set(t->failure, "its blocks have %u bytes: %u is the most",
				   least, BLOCK_MOST);
	if (ntohl(info->block.most) < KERNEL_REQUEST)
		return failure_set(t->failure, "it takes %u bytes at once: the kernel sends %u",
				   ntohl(info->block.most), KERNEL_REQUEST);
	if (least > e->block_size)
		e->block_size = least;
	return 0;
}

static int take_info(struct talk *t, uint32_t length, struct nbd_export *e,
		     bool *has_export)
{
	union info info;

	memset(&info, 0, sizeof(info));
	if (length < sizeof(info.kind))
		return no_sense(t);
	if (get_start(t, length, &info, sizeof(info)))
		return -1;
	switch (ntohs(info.kind)) {
	case INFO_EXPORT:
		*has_export = true;
		return take_export(t, &info, length, e);
	case INFO_BLOCK_SIZE:
		return take_block_size(t, &info, length, e);
	}
	return 0;
}

/* 1: more will come; 0: that was all; -1. */
static int take_reply(struct talk *t, const char *name, struct nbd_export *e,
		      bool *has_export)
{
	struct reply reply;
	uint32_t length;

	if (get(t, &reply, sizeof(reply)))
		return -1;
	length = ntohl(reply.length);
	if (be64toh(reply.magic) != REPLY_MAGIC ||
	    ntohl(reply.option) != OPTION_GO || length > REPLY_BYTES)
		return no_sense(t);
	if (ntohl(reply.type) & REPLY_ERROR)
		return refused(t, ntohl(reply.type), length, name);
	switch (ntohl(reply.type)) {
	case REPLY_ACK:
		return length || !*has_export ? no_sense(t) : 0;
	case REPLY_INFO:
		return take_info(t, length, e, has_export) ? : 1;
	}
	return no_sense(t);
}

int nbd_negotiate(int fd, const char *name, int ms, struct nbd_export *e,
		  struct failure *failure)
{
	struct talk t = {
		.fd = fd,
		.end_ms = now_ms() + ms,
		.failure = failure,
	};
	bool has_export = false;
	int i, ret = 1;

	failure->hint[0] = '\0';
	*e = (struct nbd_export){ .block_size = 512 };
	if (greet(&t) || ask(&t, name))
		return -1;
	for (i = 0; i < REPLIES_MOST && ret > 0; i++)
		ret = take_reply(&t, name, e, &has_export);
	return ret > 0 ? no_sense(&t) : ret;
}

/* --- the connection --- */

static int not_reached(const struct nbd_target *target, int err,
		       struct failure *failure)
{
	failure_set(failure, "cannot reach the server: %s", msg_errno(err));
	if (target->address.any.sa_family == AF_UNIX)
		failure_hint(failure, "qemu-nbd --persistent --format=qcow2 --socket=%.100s FILE serves an image there",
			     target->address.local.sun_path);
	else
		failure_hint(failure, "does it run, and does a firewall let it through?");
	return -1;
}

/* With a limit, which connect() itself has not. */
static int reach(int fd, const struct nbd_target *target)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	socklen_t size = sizeof(int);
	int err = 0;

	if (!connect(fd, &target->address.any, target->length))
		return 0;
	if (errno != EINPROGRESS)
		return -errno;
	if (poll(&p, 1, NBD_SERVER_MS) <= 0)
		return -ETIMEDOUT;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &size))
		return -errno;
	return -err;
}

/* Small requests go at once, and a server that has gone is noticed. */
static void tune(int fd, const struct nbd_target *target)
{
	const int on = 1;

	if (target->address.any.sa_family == AF_UNIX)
		return;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
}

int nbd_open_export(const struct nbd_target *target, struct nbd_export *e,
		    struct failure *failure)
{
	int fd = socket(target->address.any.sa_family,
			SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int err = fd < 0 ? -errno : reach(fd, target);

	if (err) {
		close_fd(&fd);
		return not_reached(target, err, failure);
	}
	tune(fd, target);
	if (!nbd_negotiate(fd, target->name, NBD_SERVER_MS, e, failure) &&
	    !fcntl(fd, F_SETFL, 0))
		return fd;
	close(fd);
	return -1;
}
