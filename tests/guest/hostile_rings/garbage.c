// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random requests.  Mostly a field has one of the values at which something
 * changes: the last that is allowed and the first that is not, none, and all
 * bits.  So a request is refused for any of its fields, and now and then for
 * none of them.
 */
#include "hostile.h"

#include <xen/grant_table.h>
#include <xen/io/blkif.h>

#define xen_mb()	__sync_synchronize()
#define xen_rmb()	__sync_synchronize()
#define xen_wmb()	__sync_synchronize()
#include <xen/io/netif.h>

/* RAM that the program does not use: its end. */
#define SPARE_GFN	0x700u

#define MAX_SLOTS	20	/* of a packet, as the back end has it */
#define MAX_EXTRAS	4

struct dice dice = { .seed = 0x9e3779b97f4a7c15 };
bool self_is_data;
struct ring_page rings[2] __page_aligned;
u8 data[NR_DATA][4096] __page_aligned;

static u8 lists[2][4096] __page_aligned;

u64 roll(struct dice *d)
{
	d->seed ^= d->seed << 13;
	d->seed ^= d->seed >> 7;
	d->seed ^= d->seed << 17;
	return d->seed;
}

u32 below(u32 n)
{
	return (u32)(roll(&dice) >> 20) % n;
}

#define ONE_OF(...) ({						\
	const u64 values__[] = { __VA_ARGS__ };			\
								\
	values__[below(ARRAY_SIZE(values__))];			\
})

/* --- grants --- */

static grant_entry_v1_t *const table = (void *)(GFN_GRANT << 12);

static void put_grant(u32 ref, u16 flags, u16 domid, u32 frame)
{
	const grant_entry_v1_t entry = { flags, domid, frame };
	u64 word;

	memcpy(&word, &entry, sizeof(word));
	WRITE_ONCE(*(u64 *)&table[ref], word);
}

static u32 frame_of(const void *page)
{
	return (u32)((u64)page >> 12);
}

void make_grants(void)
{
	u32 i;

	for (i = REF_NONE; i < REF_BEHIND; i++)
		put_grant(i, 0, 0, 0);
	put_grant(REF_RING, GTF_permit_access, 0, frame_of(&rings[0]));
	put_grant(REF_RING + 1, GTF_permit_access, 0, frame_of(&rings[1]));
	put_grant(REF_READ_ONLY_RING, GTF_permit_access | GTF_readonly, 0,
		  frame_of(&rings[0]));
	for (i = 0; i < 2; i++)
		put_grant(REF_LIST + i, GTF_permit_access, 0,
			  frame_of(lists[i]));
	/* One in four is for reading only. */
	for (i = 0; i < NR_DATA; i++)
		put_grant(REF_DATA + i, i % 4 == 3 ?
			  GTF_permit_access | GTF_readonly : GTF_permit_access,
			  0, frame_of(data[i]));
	put_grant(REF_FOREIGN, GTF_permit_access, 5, frame_of(data[0]));
	put_grant(REF_NO_RAM, GTF_permit_access, 0, ~0u);
	put_grant(REF_HOLE, GTF_permit_access, 0, GFN_HOLE);
	put_grant(REF_TABLE, GTF_permit_access | GTF_readonly, 0, GFN_GRANT);
	put_grant(REF_SHARED_INFO, GTF_permit_access | GTF_readonly, 0,
		  frame_of(shared_info));
	put_grant(REF_TRANSITIVE, GTF_transitive, 0, frame_of(data[0]));
	put_grant(REF_ODD_TYPE, 0xffe0 | GTF_accept_transfer, 0,
		  frame_of(data[0]));
	put_grant(REF_SELF, GTF_permit_access, 0, frame_of(&rings[0]));
}

/* What it grants may be written to, so it is nothing that we need. */
void change_grant(struct dice *d)
{
	const u64 r = roll(d);
	const u16 flags[] = {
		GTF_permit_access, GTF_permit_access,
		GTF_permit_access | GTF_readonly, 0,
		GTF_permit_access | GTF_reading | GTF_writing,
		(u16)(r >> 48),
	};
	const u32 frames[] = {
		frame_of(data[r >> 8 & 7]), SPARE_GFN + (r >> 12 & 31),
		GFN_HOLE, ~0u,
	};

	put_grant(REF_DATA + (u32)(r & (NR_DATA - 1)), flags[(r >> 16) % 6],
		  (r >> 24 & 7) ? 0 : 5, frames[r >> 32 & 3]);
}

static u32 any_ref(void)
{
	switch (below(16)) {
	case 0:
		return (u32)roll(&dice);
	case 1:
		return (u32)ONE_OF(REF_BEHIND - 1, REF_BEHIND, ~0u, 0, 1, 7);
	case 2:
	case 3:
		return REF_FOREIGN + below(REF_SELF - REF_FOREIGN);
	case 4:
		return self_is_data ? REF_SELF : REF_NONE;
	case 5:
		return REF_LIST + below(2);
	default:
		return REF_DATA + below(NR_DATA);
	}
}

/* --- disks --- */

static u64 any_sector(void)
{
	switch (below(8)) {
	case 0:
		return ONE_OF(1ull << 63, (1ull << 63) - 1, ~0ull, 1ull << 55,
			      (1ull << 55) - 1, ~0ull - 7);
	case 1:
		return roll(&dice);
	case 2:
		/* The end of a disk of 1 MiB, and of one of 2 MiB. */
		return ONE_OF(2040, 2047, 2048, 2049, 4095, 4096);
	default:
		return below(2048);
	}
}

static struct blkif_request_segment any_segment(void)
{
	struct blkif_request_segment seg = { .gref = any_ref() };

	seg.first_sect = below(3) ? 0 : (u8)ONE_OF(0, 1, 7, 8, 255);
	seg.last_sect = below(3) ? below(8) : (u8)ONE_OF(0, 7, 8, 127, 255);
	return seg;
}

static void make_indirect(struct blkif_request_indirect *req)
{
	u32 i;

	req->operation = BLKIF_OP_INDIRECT;
	req->indirect_op = (u8)ONE_OF(BLKIF_OP_READ, BLKIF_OP_WRITE,
				      BLKIF_OP_INDIRECT, BLKIF_OP_DISCARD, 255);
	req->nr_segments = (u16)ONE_OF(0, 1, 11, 12, 255, 256, 257, 511, 512,
				       513, 65535);
	req->id = roll(&dice);
	req->sector_number = any_sector();
	for (i = 0; i < ARRAY_SIZE(req->indirect_grefs); i++)
		req->indirect_grefs[i] = below(4) ? REF_LIST : any_ref();
}

static void make_discard(struct blkif_request_discard *req)
{
	req->operation = BLKIF_OP_DISCARD;
	req->flag = (u8)ONE_OF(0, BLKIF_DISCARD_SECURE, 255);
	req->id = roll(&dice);
	req->sector_number = any_sector();
	req->nr_sectors = any_sector();
}

static u32 make_blk(struct ring_page *page, u32 at, u32 n)
{
	struct blkif_request *req = (void *)ring_place(page, &blk_kind, at);
	u32 i;

	(void)n;
	/* What a kind of request does not set stays as it was. */
	switch (below(6)) {
	case 0:
		make_indirect((void *)req);
		return 1;
	case 1:
		make_discard((void *)req);
		return 1;
	case 2:
		req->operation = (u8)roll(&dice);
		break;
	default:
		req->operation = (u8)ONE_OF(BLKIF_OP_READ, BLKIF_OP_WRITE,
					    BLKIF_OP_FLUSH_DISKCACHE,
					    BLKIF_OP_WRITE_BARRIER);
	}
	req->nr_segments = (u8)ONE_OF(0, 1, 2, 3, 10, 11, 12, 255);
	req->handle = (u16)roll(&dice);
	req->id = roll(&dice);
	req->sector_number = any_sector();
	for (i = 0; i < ARRAY_SIZE(req->seg); i++)
		req->seg[i] = any_segment();
	return 1;
}

/* --- networks --- */

static void make_extra(struct netif_extra_info *extra, bool more)
{
	memset(extra, (int)roll(&dice), sizeof(*extra));
	extra->type = (u8)(below(3) ? XEN_NETIF_EXTRA_TYPE_GSO : below(8));
	extra->flags = more ? XEN_NETIF_EXTRA_FLAG_MORE : 0;
	extra->u.gso.size = (u16)ONE_OF(0, 1, 536, 1448, 1460, 65535);
	extra->u.gso.type = (u8)ONE_OF(0, 1, 1, 1, 2, 3, 255);
}

static void make_slot(struct netif_tx_request *req, u16 flags, u32 size)
{
	req->gref = any_ref();
	req->offset = below(3) ? 0 : (u16)ONE_OF(1, 2048, 4095, 4096, 65535);
	req->flags = flags;
	req->id = (u16)roll(&dice);
	req->size = (u16)size;
}

/* A packet that has an end, within @n places; how many it takes. */
static u32 make_packet(struct ring_page *page, u32 at, u32 n)
{
	u32 extras = below(3) ? 0 : 1 + below(MAX_EXTRAS), slots, i = 0;
	u16 flags = (u16)(below(4) ? ONE_OF(0, 1, 2, 3) : roll(&dice));

	if (extras + 1 > n)
		extras = 0;
	slots = below(2) ? 1 : 1 + below(MAX_SLOTS);
	if (slots + extras > n)
		slots = n - extras;
	flags &= ~(NETTXF_more_data | NETTXF_extra_info);
	flags |= extras ? NETTXF_extra_info : 0;
	flags |= slots > 1 ? NETTXF_more_data : 0;
	make_slot((void *)ring_place(page, &tx_kind, at), flags,
		  (u32)ONE_OF(0, 13, 14, 54, 60, 1514, 4096, 9014, 65535));
	for (i = 1; i <= extras; i++)
		make_extra((void *)ring_place(page, &tx_kind, at + i),
			   i < extras);
	for (; i < slots + extras; i++)
		make_slot((void *)ring_place(page, &tx_kind, at + i),
			  i + 1 < slots + extras ? NETTXF_more_data : 0,
			  (u32)ONE_OF(0, 1, 54, 1000, 4095, 4096, 65535));
	return slots + extras;
}

static u32 make_rx(struct ring_page *page, u32 at, u32 n)
{
	struct netif_rx_request *req = (void *)ring_place(page, &rx_kind, at);

	(void)n;
	req->id = (u16)roll(&dice);
	req->pad = (u16)roll(&dice);
	req->gref = any_ref();
	return 1;
}

const struct ring_kind blk_kind = { 112, 32, make_blk };
const struct ring_kind tx_kind = { 12, 256, make_packet };
const struct ring_kind rx_kind = { 8, 256, make_rx };

/* --- pages --- */

/* Ethernet, IP and TCP or UDP, with something wrong now and then. */
static void make_head(u8 *p)
{
	static const u8 tcp4[54] = {
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0x16, 0x3e, 0, 0, 9,
		8, 0, 0x45, 0, 5, 0xdc, 0, 0, 0, 0, 64, 6, 0, 0,
		10, 9, 0, 9, 10, 9, 0, 1, 0, 80, 0, 80, 0, 0, 0, 0, 0, 0, 0, 0,
		0x50, 0x10, 1, 0, 0, 0, 0, 0,
	};
	u32 i;

	memcpy(p, tcp4, sizeof(tcp4));
	if (!below(4))
		p[23] = 17;
	for (i = below(4); i; i--)
		p[12 + below(sizeof(tcp4) - 12)] = (u8)roll(&dice);
}

void fill_pages(void)
{
	struct blkif_request_segment *segs = (void *)lists;
	u32 i, j;

	for (i = 0; i < NR_DATA; i++) {
		for (j = 0; j < 4096 / 8; j += 1 + below(8))
			WRITE_ONCE(((u64 *)data[i])[j], roll(&dice));
		if (below(4))
			make_head(data[i]);
	}
	for (i = 0; i < sizeof(lists) / sizeof(*segs); i++)
		segs[i] = any_segment();
}
