// SPDX-License-Identifier: GPL-2.0-only
/*
 * A request of a disk, as the guest wrote it, and its list of segments.  What
 * it becomes must stay within the medium, within pages, and within what the
 * medium allows.
 */
#include "target.h"

#include <xen/io/blkif.h>

#include "backend/blk_request.h"

#define FD	5
#define GUARD	0xa5

static uint64_t sum_segments(const struct io_request *r,
			     const struct io_segment *segments, uint32_t unit)
{
	uint64_t bytes = 0;
	unsigned int i;

	MUST(r->segments == segments);
	MUST(r->nr_segments && r->nr_segments <= IO_MAX_SEGMENTS);
	for (i = 0; i < r->nr_segments; i++) {
		MUST(segments[i].length);
		MUST(segments[i].offset + segments[i].length <= 4096);
		MUST(segments[i].offset % unit == 0);
		MUST(segments[i].length % unit == 0);
		bytes += segments[i].length;
	}
	return bytes;
}

static void check_place(const struct io_request *r, uint64_t bytes,
			const struct blk_medium *m)
{
	MUST(r->offset % m->sector_size == 0);
	MUST(bytes && bytes <= m->sectors * 512);
	MUST(r->offset <= m->sectors * 512 - bytes);
}

static void check_request(const struct io_request *r,
			  const struct io_segment *segments,
			  const struct blk_medium *m)
{
	uint64_t bytes;

	MUST(r->nr_indices == 1 && !r->inline_length);
	MUST(r->fd == (r->operation == IO_NONE ? -1 : FD));
	switch (r->operation) {
	case IO_WRITE:
		MUST(!m->read_only);
		/* fall through */
	case IO_READ:
		bytes = sum_segments(r, segments, m->sector_size);
		check_place(r, bytes, m);
		MUST(blk_request_note(r->opaque).bytes == bytes);
		MUST(!r->length);
		return;
	case IO_DISCARD:
		MUST(m->discard && !r->nr_segments);
		check_place(r, r->length, m);
		return;
	}
	MUST(r->operation == IO_NONE || r->operation == IO_SYNC);
	MUST(!r->nr_segments && !r->offset && !r->length);
}

/* A response is as long as it is, and says what the request was. */
static void check_response(const struct sring_layout *layout,
			   const struct io_request *r, int32_t result)
{
	struct blk_note note = blk_request_note(r->opaque);
	int status = blk_request_status(&note, result);
	uint8_t response[SRING_MAX_REQUEST + 1];
	unsigned int i;

	MUST(status == BLKIF_RSP_OKAY || status == BLKIF_RSP_ERROR ||
	     status == BLKIF_RSP_EOPNOTSUPP);
	MUST(!note.refused || status != BLKIF_RSP_OKAY);
	MUST(note.refused == (r->operation == IO_NONE));
	memset(response, GUARD, sizeof(response));
	blk_request_respond(layout, &note, status, response);
	for (i = layout->response_size; i < sizeof(response); i++)
		MUST(response[i] == GUARD);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint64_t sectors[] = { 8, 1 << 11, 1ull << 32,
					    (1ull << 54) - 8 };
	struct fuzz_input in = { data, size };
	uint8_t kind = fuzz_byte(&in), *copy, *list = NULL;
	const struct sring_layout *layout = kind & 1 ? &sring_blk_x86_32 :
						       &sring_blk_x86_64;
	struct blk_medium medium = {
		.fd = FD,
		.sectors = sectors[kind >> 1 & 3],
		.sector_size = kind & 8 ? 4096 : 512,
		.read_only = kind & 16,
		.discard = kind & 32,
	};
	struct io_segment *segments;
	struct io_request request;
	uint32_t grant, bytes;
	int32_t result;

	/* Each in memory of its exact size, for the sanitizer. */
	copy = malloc(layout->request_size);
	segments = malloc(IO_MAX_SEGMENTS * sizeof(*segments));
	fuzz_take(&in, &result, sizeof(result));
	fuzz_take(&in, copy, layout->request_size);
	if (blk_request_list(layout, copy, &grant, &bytes)) {
		MUST(bytes && bytes <= BLK_INDIRECT_BYTES);
		if (!(kind & 64)) {
			list = malloc(bytes);
			fuzz_take(&in, list, bytes);
		}
	}
	blk_request_parse(layout, &medium, copy, list, segments, &request);
	check_request(&request, segments, &medium);
	check_response(layout, &request, result);
	if (request.operation != IO_NONE) {
		blk_request_refuse(&request, BLKIF_RSP_EOPNOTSUPP);
		check_request(&request, segments, &medium);
		check_response(layout, &request, result);
	}
	free(list);
	free(segments);
	free(copy);
	return 0;
}

static uint8_t seed[4096];

static void put(uint8_t kind, const void *request, size_t size)
{
	size_t i;

	seed[0] = kind;
	memset(seed + 1, 0, 4);
	memcpy(seed + 5, request, size);
	/* A list, if there is one: whole pages. */
	for (i = 5 + size; i + 8 <= sizeof(seed); i += 8)
		memcpy(seed + i, "\x07\0\0\0\0\x07\0", 8);
	fuzz_seed(seed, sizeof(seed));
}

void fuzz_seeds(void)
{
	struct blkif_request rw = {
		.operation = BLKIF_OP_WRITE, .nr_segments = 2, .id = 77,
		.sector_number = 16,
		.seg = { { .gref = 8, .last_sect = 7 },
			 { .gref = 9, .first_sect = 1, .last_sect = 6 } },
	};
	struct blkif_request_discard discard = {
		.operation = BLKIF_OP_DISCARD, .id = 78, .nr_sectors = 8,
	};
	struct blkif_request_indirect indirect = {
		.operation = BLKIF_OP_INDIRECT, .id = 79, .nr_segments = 40,
		.indirect_op = BLKIF_OP_READ, .indirect_grefs = { 10 },
	};

	put(2, &rw, sizeof(rw));
	rw.operation = BLKIF_OP_READ;
	put(4 + 8, &rw, sizeof(rw));
	rw.operation = BLKIF_OP_FLUSH_DISKCACHE;
	rw.nr_segments = 0;
	put(2, &rw, sizeof(rw));
	put(2 + 32, &discard, sizeof(discard));
	put(2, &indirect, sizeof(indirect));
	indirect.indirect_op = BLKIF_OP_WRITE;
	put(4 + 8, &indirect, sizeof(indirect));
}
