// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests of a disk.  See blk_request.h.
 *
 * Sectors are of 512 bytes, whatever the medium's are.  All arithmetic is on
 * 64-bit numbers that were bounded before.
 */
#include "backend/blk_request.h"

#include <errno.h>
#include <string.h>
#include <xen/io/blkif.h>

#define SECTOR		512u
#define LAST_SECTOR	7u	/* of a page */

_Static_assert(sizeof(struct blk_note) == IO_OPAQUE_BYTES,
	       "it is kept in an entry's opaque bytes");

/* What a request is, with the layouts' differences taken off. */
struct parsed {
	const struct blk_medium *medium;
	uint8_t operation;		/* an indirect one's inner one */
	bool indirect;
	uint32_t nr_segments;
	uint64_t sector;
	uint64_t nr_sectors;		/* that the segments make */
};

static bool is_indirect(const struct sring_layout *layout, const void *copy)
{
	return sring_get(layout, copy, BLK_OPERATION, 0) == BLKIF_OP_INDIRECT;
}

int blk_request_list(const struct sring_layout *layout, const void *copy,
		     uint32_t *grant, uint32_t *bytes)
{
	uint32_t n;

	if (!is_indirect(layout, copy))
		return 0;
	n = sring_get(layout, copy, BLK_INDIRECT_NR_SEGMENTS, 0);
	if (!n || n > BLK_INDIRECT_SEGMENTS)
		return 0;
	*grant = sring_get(layout, copy, BLK_INDIRECT_GRANT, 0);
	*bytes = n * 8;
	return 1;
}

static void parse_head(const struct sring_layout *layout, const void *copy,
		       struct parsed *p)
{
	p->indirect = is_indirect(layout, copy);
	if (p->indirect) {
		p->operation = sring_get(layout, copy,
					 BLK_INDIRECT_OPERATION, 0);
		p->nr_segments = sring_get(layout, copy,
					   BLK_INDIRECT_NR_SEGMENTS, 0);
	} else {
		p->operation = sring_get(layout, copy, BLK_OPERATION, 0);
		p->nr_segments = sring_get(layout, copy, BLK_NR_SEGMENTS, 0);
	}
	p->sector = sring_get(layout, copy, BLK_SECTOR, 0);
}

/* Where in the medium; also for a guest that counts beyond 2^64. */
static bool is_inside(const struct blk_medium *medium, uint64_t sector,
		      uint64_t nr_sectors)
{
	uint64_t unit = medium->sector_size / SECTOR;

	return sector <= medium->sectors &&
		nr_sectors <= medium->sectors - sector &&
		sector % unit == 0 && nr_sectors % unit == 0;
}

/* --- segments --- */

/* One of a page's lists, which has the same form for all word sizes. */
static void read_listed(const uint8_t *list, uint32_t i, uint32_t *grant,
			uint32_t *first, uint32_t *last)
{
	const uint8_t *entry = list + i * 8;

	memcpy(grant, entry, sizeof(*grant));
	*first = entry[4];
	*last = entry[5];
}

static void read_direct(const struct sring_layout *layout, const void *copy,
			uint32_t i, uint32_t *grant, uint32_t *first,
			uint32_t *last)
{
	*grant = sring_get(layout, copy, BLK_SEG_GRANT, i);
	*first = sring_get(layout, copy, BLK_SEG_FIRST, i);
	*last = sring_get(layout, copy, BLK_SEG_LAST, i);
}

static bool add_segment(struct parsed *p, struct io_segment *segment,
			uint32_t grant, uint32_t first, uint32_t last)
{
	uint32_t unit = p->medium->sector_size / SECTOR;

	if (first > last || last > LAST_SECTOR || first % unit ||
	    (last + 1) % unit)
		return false;
	segment->grant = grant;
	segment->offset = first * SECTOR;
	segment->length = (last - first + 1) * SECTOR;
	p->nr_sectors += last - first + 1;
	return true;
}

static bool parse_segments(const struct sring_layout *layout, struct parsed *p,
			   const void *copy, const void *list,
			   struct io_segment *segments)
{
	uint32_t most = p->indirect ? BLK_INDIRECT_SEGMENTS :
		BLK_DIRECT_SEGMENTS;
	uint32_t i, grant, first, last;

	if (!p->nr_segments || p->nr_segments > most ||
	    (p->indirect && !list))
		return false;
	for (i = 0; i < p->nr_segments; i++) {
		if (p->indirect)
			read_listed(list, i, &grant, &first, &last);
		else
			read_direct(layout, copy, i, &grant, &first, &last);
		if (!add_segment(p, &segments[i], grant, first, last))
			return false;
	}
	return is_inside(p->medium, p->sector, p->nr_sectors);
}

/* --- operations: each gives a status, BLKIF_RSP_OKAY to go on --- */

static int parse_transfer(const struct sring_layout *layout, struct parsed *p,
			  const void *copy, const void *list,
			  struct io_segment *segments,
			  struct io_request *request, struct blk_note *note)
{
	if (p->operation == BLKIF_OP_WRITE && p->medium->read_only)
		return BLKIF_RSP_ERROR;
	if (!parse_segments(layout, p, copy, list, segments))
		return BLKIF_RSP_ERROR;
	request->operation = p->operation == BLKIF_OP_WRITE ? IO_WRITE :
		IO_READ;
	request->nr_segments = p->nr_segments;
	request->segments = segments;
	request->offset = p->sector * SECTOR;
	note->bytes = p->nr_sectors * SECTOR;
	return BLKIF_RSP_OKAY;
}

static int parse_flush(const struct parsed *p, struct io_request *request)
{
	if (p->medium->read_only)
		return BLKIF_RSP_EOPNOTSUPP;
	if (p->nr_segments)
		return BLKIF_RSP_ERROR;
	request->operation = IO_SYNC;
	return BLKIF_RSP_OKAY;
}

static int parse_discard(const struct sring_layout *layout,
			 const struct parsed *p, const void *copy,
			 struct io_request *request)
{
	uint64_t n = sring_get(layout, copy, BLK_DISCARD_SECTORS, 0);

	/* A secure one is not offered. */
	if (!p->medium->discard ||
	    sring_get(layout, copy, BLK_DISCARD_FLAG, 0))
		return BLKIF_RSP_EOPNOTSUPP;
	if (!n || !is_inside(p->medium, p->sector, n))
		return BLKIF_RSP_ERROR;
	request->operation = IO_DISCARD;
	request->offset = p->sector * SECTOR;
	request->length = n * SECTOR;
	return BLKIF_RSP_OKAY;
}

static int parse_operation(const struct sring_layout *layout, struct parsed *p,
			   const void *copy, const void *list,
			   struct io_segment *segments,
			   struct io_request *request, struct blk_note *note)
{
	switch (p->operation) {
	case BLKIF_OP_READ:
	case BLKIF_OP_WRITE:
		return parse_transfer(layout, p, copy, list, segments, request,
				      note);
	case BLKIF_OP_FLUSH_DISKCACHE:
		return p->indirect ? BLKIF_RSP_ERROR : parse_flush(p, request);
	case BLKIF_OP_DISCARD:
		return p->indirect ? BLKIF_RSP_ERROR :
			parse_discard(layout, p, copy, request);
	default:
		return BLKIF_RSP_EOPNOTSUPP;
	}
}

static void put_note(struct io_request *request, const struct blk_note *note)
{
	memcpy(request->opaque, note, sizeof(*note));
}

void blk_request_parse(const struct sring_layout *layout,
		       const struct blk_medium *medium, const void *copy,
		       const void *list, struct io_segment *segments,
		       struct io_request *request)
{
	struct parsed p = { .medium = medium };
	struct blk_note note = { 0 };
	int status;

	memset(request, 0, sizeof(*request));
	request->nr_indices = 1;
	request->operation = IO_NONE;
	request->fd = medium->fd;
	parse_head(layout, copy, &p);
	note.id = sring_get(layout, copy, BLK_ID, 0);
	note.operation = p.operation;
	status = parse_operation(layout, &p, copy, list, segments, request,
				 &note);
	put_note(request, &note);
	if (status)
		blk_request_refuse(request, status);
}

void blk_request_refuse(struct io_request *request, int status)
{
	struct blk_note note = blk_request_note(request->opaque);

	note.refused = 1;
	note.status = status;
	note.bytes = 0;
	put_note(request, &note);
	request->operation = IO_NONE;
	request->fd = -1;
	request->nr_segments = 0;
	request->segments = NULL;
	request->offset = 0;
	request->length = 0;
}

/* --- responses --- */

struct blk_note blk_request_note(const uint8_t *opaque)
{
	struct blk_note note;

	memcpy(&note, opaque, sizeof(note));
	return note;
}

/* Less than what was asked for: the file ended there. */
int blk_request_status(const struct blk_note *note, int32_t result)
{
	if (note->refused)
		return note->status;
	if (result == -EOPNOTSUPP)
		return BLKIF_RSP_EOPNOTSUPP;
	if (note->bytes)
		return result == (int64_t)note->bytes ? BLKIF_RSP_OKAY :
			BLKIF_RSP_ERROR;
	return result < 0 ? BLKIF_RSP_ERROR : BLKIF_RSP_OKAY;
}

void blk_request_respond(const struct sring_layout *layout,
			 const struct blk_note *note, int status,
			 void *response)
{
	memset(response, 0, layout->response_size);
	sring_put(layout, response, BLK_RSP_ID, 0, note->id);
	sring_put(layout, response, BLK_RSP_OPERATION, 0, note->operation);
	sring_put(layout, response, BLK_RSP_STATUS, 0, (uint16_t)status);
}
