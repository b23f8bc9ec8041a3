/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Netlink messages: built in a buffer, sent, and answered.  Debian has no
 * static library for it, and what is needed is little.
 */
#ifndef LODGE_NET_NETLINK_H
#define LODGE_NET_NETLINK_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct netlink_buf - one or several messages, one behind the other
 * @bytes: aligned as struct nlmsghdr
 * @size: of @bytes
 * @used: bytes of the messages so far
 * @message: where the last one begins
 * @seq: of the last one
 * @full: something had no room; such a buffer is not sent
 */
struct netlink_buf {
	uint8_t *bytes;
	uint32_t size;
	uint32_t used;
	uint32_t message;
	uint32_t seq;
	bool full;
};

/* Begin a message with a @header_size bytes header of its protocol. */
void netlink_begin(struct netlink_buf *buf, uint16_t type, uint16_t flags,
		   const void *header, size_t header_size);

void netlink_put(struct netlink_buf *buf, uint16_t attr, const void *data,
		 size_t size);
void netlink_put_text(struct netlink_buf *buf, uint16_t attr, const char *text);
void netlink_put_u8(struct netlink_buf *buf, uint16_t attr, uint8_t value);
void netlink_put_u32(struct netlink_buf *buf, uint16_t attr, uint32_t value);
/* nftables' numbers are big-endian. */
void netlink_put_be32(struct netlink_buf *buf, uint16_t attr, uint32_t value);

/* Open and close a nested attribute. */
uint32_t netlink_nest(struct netlink_buf *buf, uint16_t attr);
void netlink_nest_end(struct netlink_buf *buf, uint32_t nest);

/*
 * Send the messages of @buf and wait until the last one, which must ask for an
 * answer (NLM_F_ACK), has it.  0, or the first error of any, as -errno.
 */
int netlink_request(int protocol, const struct netlink_buf *buf);

/* The same for a dump: @take gets each message, until it returns non-zero. */
int netlink_dump(int protocol, const struct netlink_buf *buf,
		 int (*take)(const struct nlmsghdr *message, void *arg),
		 void *arg);

/*
 * The attribute @attr of @message behind its @header_size bytes header: its
 * data and @size; NULL when there is none.
 */
const void *netlink_get(const struct nlmsghdr *message, size_t header_size,
			uint16_t attr, size_t *size);

/* The same in @bytes bytes of attributes, such as a nested one's. */
const void *netlink_find(const void *attrs, size_t bytes, uint16_t attr,
			 size_t *size);

#endif /* LODGE_NET_NETLINK_H */
