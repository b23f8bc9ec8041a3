// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests and responses of the protocols, as tables.  See sring_layout.h.
 */
#include "sring_layout.h"

#include <string.h>

static const struct sring_field blk_x86_64_fields[NR_BLK_FIELDS] = {
	[BLK_OPERATION] = { 0, 1 },
	[BLK_NR_SEGMENTS] = { 1, 1 },
	[BLK_HANDLE] = { 2, 2 },
	[BLK_ID] = { 8, 8 },
	[BLK_SECTOR] = { 16, 8 },
	[BLK_SEG_GRANT] = { 24, 4, 11, 8 },
	[BLK_SEG_FIRST] = { 28, 1, 11, 8 },
	[BLK_SEG_LAST] = { 29, 1, 11, 8 },
	[BLK_DISCARD_FLAG] = { 1, 1 },
	[BLK_DISCARD_SECTORS] = { 24, 8 },
	[BLK_INDIRECT_OPERATION] = { 1, 1 },
	[BLK_INDIRECT_NR_SEGMENTS] = { 2, 2 },
	[BLK_INDIRECT_HANDLE] = { 24, 2 },
	[BLK_INDIRECT_GRANT] = { 28, 4, 8, 4 },
	[BLK_RSP_ID] = { 0, 8 },
	[BLK_RSP_OPERATION] = { 8, 1 },
	[BLK_RSP_STATUS] = { 10, 2 },
};

/* A 32-bit guest aligns 64-bit fields to 4 bytes. */
static const struct sring_field blk_x86_32_fields[NR_BLK_FIELDS] = {
	[BLK_OPERATION] = { 0, 1 },
	[BLK_NR_SEGMENTS] = { 1, 1 },
	[BLK_HANDLE] = { 2, 2 },
	[BLK_ID] = { 4, 8 },
	[BLK_SECTOR] = { 12, 8 },
	[BLK_SEG_GRANT] = { 20, 4, 11, 8 },
	[BLK_SEG_FIRST] = { 24, 1, 11, 8 },
	[BLK_SEG_LAST] = { 25, 1, 11, 8 },
	[BLK_DISCARD_FLAG] = { 1, 1 },
	[BLK_DISCARD_SECTORS] = { 20, 8 },
	[BLK_INDIRECT_OPERATION] = { 1, 1 },
	[BLK_INDIRECT_NR_SEGMENTS] = { 2, 2 },
	[BLK_INDIRECT_HANDLE] = { 20, 2 },
	[BLK_INDIRECT_GRANT] = { 24, 4, 8, 4 },
	[BLK_RSP_ID] = { 0, 8 },
	[BLK_RSP_OPERATION] = { 8, 1 },
	[BLK_RSP_STATUS] = { 10, 2 },
};

static const struct sring_field net_tx_fields[NR_NET_TX_FIELDS] = {
	[NET_TX_GRANT] = { 0, 4 },
	[NET_TX_OFFSET] = { 4, 2 },
	[NET_TX_FLAGS] = { 6, 2 },
	[NET_TX_ID] = { 8, 2 },
	[NET_TX_SIZE] = { 10, 2 },
	[NET_TX_EXTRA_TYPE] = { 0, 1 },
	[NET_TX_EXTRA_FLAGS] = { 1, 1 },
	[NET_TX_EXTRA_GSO_SIZE] = { 2, 2 },
	[NET_TX_EXTRA_GSO_TYPE] = { 4, 1 },
	[NET_TX_EXTRA_GSO_FEATURES] = { 6, 2 },
	[NET_TX_RSP_ID] = { 0, 2 },
	[NET_TX_RSP_STATUS] = { 2, 2 },
};

static const struct sring_field net_rx_fields[NR_NET_RX_FIELDS] = {
	[NET_RX_ID] = { 0, 2 },
	[NET_RX_GRANT] = { 4, 4 },
	[NET_RX_RSP_ID] = { 0, 2 },
	[NET_RX_RSP_OFFSET] = { 2, 2 },
	[NET_RX_RSP_FLAGS] = { 4, 2 },
	[NET_RX_RSP_STATUS] = { 6, 2 },
	[NET_RX_EXTRA_TYPE] = { 0, 1 },
	[NET_RX_EXTRA_FLAGS] = { 1, 1 },
	[NET_RX_EXTRA_GSO_SIZE] = { 2, 2 },
	[NET_RX_EXTRA_GSO_TYPE] = { 4, 1 },
	[NET_RX_EXTRA_GSO_FEATURES] = { 6, 2 },
};

static const struct sring_field entropy_fields[NR_ENTROPY_FIELDS] = {
	[ENTROPY_ID] = { 0, 8 },
	[ENTROPY_GRANT] = { 8, 4 },
	[ENTROPY_OFFSET] = { 12, 2 },
	[ENTROPY_LENGTH] = { 14, 2 },
	[ENTROPY_RSP_ID] = { 0, 8 },
	[ENTROPY_RSP_STATUS] = { 8, 4 },
	[ENTROPY_RSP_BYTES] = { 12, 4 },
};

const struct sring_layout sring_blk_x86_64 = {
	.name = "x86_64-abi disk",
	.request_size = 112,
	.response_size = 16,
	.max_pages = 16,
	.nr_fields = NR_BLK_FIELDS,
	.fields = blk_x86_64_fields,
};

const struct sring_layout sring_blk_x86_32 = {
	.name = "x86_32-abi disk",
	.request_size = 108,
	.response_size = 12,
	.max_pages = 16,
	.nr_fields = NR_BLK_FIELDS,
	.fields = blk_x86_32_fields,
};

const struct sring_layout sring_net_tx = {
	.name = "network tx",
	.request_size = 12,
	.response_size = 4,
	.max_pages = 1,
	.nr_fields = NR_NET_TX_FIELDS,
	.fields = net_tx_fields,
};

const struct sring_layout sring_net_rx = {
	.name = "network rx",
	.request_size = 8,
	.response_size = 8,
	.max_pages = 1,
	.nr_fields = NR_NET_RX_FIELDS,
	.fields = net_rx_fields,
};

const struct sring_layout sring_entropy = {
	.name = "entropy",
	.request_size = 16,
	.response_size = 16,
	.max_pages = 1,
	.nr_fields = NR_ENTROPY_FIELDS,
	.fields = entropy_fields,
};

static const struct sring_field *
find_field(const struct sring_layout *layout, unsigned int field,
	   unsigned int i)
{
	const struct sring_field *f;

	if (field >= layout->nr_fields)
		return NULL;
	f = &layout->fields[field];
	return i < (f->count ? f->count : 1) ? f : NULL;
}

/* Both sides of an x86 ring are little-endian. */
uint64_t sring_get(const struct sring_layout *layout, const void *copy,
		   unsigned int field, unsigned int i)
{
	const struct sring_field *f = find_field(layout, field, i);
	const uint8_t *from = copy;
	uint64_t value = 0;

	if (!f)
		return 0;
	from += f->offset + i * f->stride;
	/* Sizes that the compiler knows: each is one load then. */
	switch (f->size) {
	case 1:
		return *from;
	case 2:
		memcpy(&value, from, 2);
		break;
	case 4:
		memcpy(&value, from, 4);
		break;
	case 8:
		memcpy(&value, from, 8);
	}
	return value;
}

void sring_put(const struct sring_layout *layout, void *copy,
	       unsigned int field, unsigned int i, uint64_t value)
{
	const struct sring_field *f = find_field(layout, field, i);
	uint8_t *to = copy;

	if (!f)
		return;
	to += f->offset + i * f->stride;
	switch (f->size) {
	case 1:
		*to = value;
		break;
	case 2:
		memcpy(to, &value, 2);
		break;
	case 4:
		memcpy(to, &value, 4);
		break;
	case 8:
		memcpy(to, &value, 8);
	}
}
