/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How requests and responses lie in a ring's entries: for each protocol, and
 * for disks also for the guest's word size, which decides about alignment.
 * The tables are used on private copies, never on the ring.
 */
#ifndef LODGE_LIB_SRING_LAYOUT_H
#define LODGE_LIB_SRING_LAYOUT_H

#include <stdint.h>

/* Largest request of all layouts. */
#define SRING_MAX_REQUEST	112

enum blk_field {
	BLK_OPERATION,
	BLK_NR_SEGMENTS,
	BLK_HANDLE,
	BLK_ID,
	BLK_SECTOR,
	BLK_SEG_GRANT,			/* 11 of them, as of the next two */
	BLK_SEG_FIRST,
	BLK_SEG_LAST,
	BLK_DISCARD_FLAG,
	BLK_DISCARD_SECTORS,
	BLK_INDIRECT_OPERATION,
	BLK_INDIRECT_NR_SEGMENTS,
	BLK_INDIRECT_HANDLE,
	BLK_INDIRECT_GRANT,		/* 8 of them */
	BLK_RSP_ID,
	BLK_RSP_OPERATION,
	BLK_RSP_STATUS,
	NR_BLK_FIELDS
};

enum net_tx_field {
	NET_TX_GRANT,
	NET_TX_OFFSET,
	NET_TX_FLAGS,
	NET_TX_ID,
	NET_TX_SIZE,
	NET_TX_EXTRA_TYPE,		/* an extra takes a request's entry */
	NET_TX_EXTRA_FLAGS,
	NET_TX_EXTRA_GSO_SIZE,
	NET_TX_EXTRA_GSO_TYPE,
	NET_TX_EXTRA_GSO_FEATURES,
	NET_TX_RSP_ID,
	NET_TX_RSP_STATUS,
	NR_NET_TX_FIELDS
};

enum net_rx_field {
	NET_RX_ID,
	NET_RX_GRANT,
	NET_RX_RSP_ID,
	NET_RX_RSP_OFFSET,
	NET_RX_RSP_FLAGS,
	NET_RX_RSP_STATUS,
	NET_RX_EXTRA_TYPE,		/* an extra takes a response's entry */
	NET_RX_EXTRA_FLAGS,
	NET_RX_EXTRA_GSO_SIZE,
	NET_RX_EXTRA_GSO_TYPE,
	NET_RX_EXTRA_GSO_FEATURES,
	NR_NET_RX_FIELDS
};

/* Our own; docs/writing-a-backend.md tells the protocol. */
enum entropy_field {
	ENTROPY_ID,
	ENTROPY_GRANT,
	ENTROPY_OFFSET,
	ENTROPY_LENGTH,
	ENTROPY_RSP_ID,
	ENTROPY_RSP_STATUS,
	ENTROPY_RSP_BYTES,
	NR_ENTROPY_FIELDS
};

/* @count fields of @size (1, 2, 4, 8) bytes, @stride apart; count 0: one. */
struct sring_field {
	uint8_t offset;
	uint8_t size;
	uint8_t count;
	uint8_t stride;
};

/**
 * struct sring_layout - one kind of ring
 * @name: of the protocol, for messages
 * @request_size: bytes of a request, a multiple of 4
 * @response_size: bytes of a response, a multiple of 4
 * @max_pages: pages that such a ring may have
 * @nr_fields: entries of @fields
 * @fields: by the protocol's enum
 */
struct sring_layout {
	const char *name;
	uint8_t request_size;
	uint8_t response_size;
	uint8_t max_pages;
	uint8_t nr_fields;
	const struct sring_field *fields;
};

extern const struct sring_layout sring_blk_x86_64;
extern const struct sring_layout sring_blk_x86_32;
extern const struct sring_layout sring_net_tx;
extern const struct sring_layout sring_net_rx;
extern const struct sring_layout sring_entropy;

/*
 * Element @i of a field (0, when there is one) in a copy of a request or a
 * response.  An element that does not exist reads as 0 and is not written.
 */
uint64_t sring_get(const struct sring_layout *layout, const void *copy,
		   unsigned int field, unsigned int i);
void sring_put(const struct sring_layout *layout, void *copy,
	       unsigned int field, unsigned int i, uint64_t value);

#endif /* LODGE_LIB_SRING_LAYOUT_H */
