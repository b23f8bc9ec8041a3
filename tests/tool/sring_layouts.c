// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where Xen's headers put the fields that lib/sring_layout.c has in tables.
 * Compiled to assembler for both word sizes; the numbers are read from that.
 */
#include <stddef.h>
#include <stdint.h>

#include <xen/io/blkif.h>
#include <xen/io/netif.h>

#define AT(name, type, member) \
	const unsigned int name = offsetof(struct type, member)

AT(BLK_OPERATION, blkif_request, operation);
AT(BLK_NR_SEGMENTS, blkif_request, nr_segments);
AT(BLK_HANDLE, blkif_request, handle);
AT(BLK_ID, blkif_request, id);
AT(BLK_SECTOR, blkif_request, sector_number);
AT(BLK_SEG_GRANT, blkif_request, seg[0].gref);
AT(BLK_SEG_FIRST, blkif_request, seg[0].first_sect);
AT(BLK_SEG_LAST, blkif_request, seg[0].last_sect);
AT(BLK_DISCARD_FLAG, blkif_request_discard, flag);
AT(BLK_DISCARD_SECTORS, blkif_request_discard, nr_sectors);
AT(BLK_INDIRECT_OPERATION, blkif_request_indirect, indirect_op);
AT(BLK_INDIRECT_NR_SEGMENTS, blkif_request_indirect, nr_segments);
AT(BLK_INDIRECT_HANDLE, blkif_request_indirect, handle);
AT(BLK_INDIRECT_GRANT, blkif_request_indirect, indirect_grefs[0]);
AT(BLK_RSP_ID, blkif_response, id);
AT(BLK_RSP_OPERATION, blkif_response, operation);
AT(BLK_RSP_STATUS, blkif_response, status);
const unsigned int BLK_REQUEST = sizeof(struct blkif_request);
const unsigned int BLK_RESPONSE = sizeof(struct blkif_response);

AT(NET_TX_GRANT, netif_tx_request, gref);
AT(NET_TX_OFFSET, netif_tx_request, offset);
AT(NET_TX_FLAGS, netif_tx_request, flags);
AT(NET_TX_ID, netif_tx_request, id);
AT(NET_TX_SIZE, netif_tx_request, size);
AT(NET_TX_EXTRA_TYPE, netif_extra_info, type);
AT(NET_TX_EXTRA_FLAGS, netif_extra_info, flags);
AT(NET_TX_EXTRA_GSO_SIZE, netif_extra_info, u.gso.size);
AT(NET_TX_EXTRA_GSO_TYPE, netif_extra_info, u.gso.type);
AT(NET_TX_EXTRA_GSO_FEATURES, netif_extra_info, u.gso.features);
AT(NET_TX_RSP_ID, netif_tx_response, id);
AT(NET_TX_RSP_STATUS, netif_tx_response, status);
const unsigned int NET_TX_REQUEST = sizeof(struct netif_tx_request);
const unsigned int NET_TX_RESPONSE = sizeof(struct netif_tx_response);

AT(NET_RX_ID, netif_rx_request, id);
AT(NET_RX_GRANT, netif_rx_request, gref);
AT(NET_RX_RSP_ID, netif_rx_response, id);
AT(NET_RX_RSP_OFFSET, netif_rx_response, offset);
AT(NET_RX_RSP_FLAGS, netif_rx_response, flags);
AT(NET_RX_RSP_STATUS, netif_rx_response, status);
AT(NET_RX_EXTRA_TYPE, netif_extra_info, type);
AT(NET_RX_EXTRA_FLAGS, netif_extra_info, flags);
AT(NET_RX_EXTRA_GSO_SIZE, netif_extra_info, u.gso.size);
AT(NET_RX_EXTRA_GSO_TYPE, netif_extra_info, u.gso.type);
AT(NET_RX_EXTRA_GSO_FEATURES, netif_extra_info, u.gso.features);
const unsigned int NET_RX_REQUEST = sizeof(struct netif_rx_request);
const unsigned int NET_RX_RESPONSE = sizeof(struct netif_rx_response);
