/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Requests of a disk: from a private copy of what the guest wrote to an entry
 * of the I/O table, and from the entry to the response.  No I/O, no memory of
 * the guest, no state: what comes out depends on the arguments alone.
 */
#ifndef LODGE_BACKEND_BLK_REQUEST_H
#define LODGE_BACKEND_BLK_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/io_table.h"
#include "lib/sring_layout.h"

/* A page of segments holds more; what a request moves is limited by this. */
#define BLK_INDIRECT_SEGMENTS	IO_MAX_SEGMENTS
#define BLK_INDIRECT_BYTES	(BLK_INDIRECT_SEGMENTS * 8)
#define BLK_DIRECT_SEGMENTS	11

/**
 * struct blk_medium - what requests are checked against
 * @fd: the file
 * @sectors: of 512 bytes
 * @sector_size: 512 or 4096
 * @read_only: no writes
 * @discard: discards are offered
 */
struct blk_medium {
	int fd;
	uint64_t sectors;
	uint32_t sector_size;
	bool read_only;
	bool discard;
};

/**
 * struct blk_note - what the response needs to know: an entry's opaque bytes
 * @id: the guest's name for the request
 * @bytes: that are to be moved; 0 when that is not what counts
 * @operation: to be put into the response
 * @status: the response's, when the request was refused
 * @refused: it was
 */
struct blk_note {
	uint64_t id;
	uint32_t bytes;
	uint8_t operation;
	int8_t status;
	uint8_t refused;
	uint8_t reserved;
};

/* The grant of the page that lists the segments; 1 when there is one. */
int blk_request_list(const struct sring_layout *layout, const void *copy,
		     uint32_t *grant, uint32_t *bytes);

/*
 * Make an entry of a request.  One that makes no sense, or that cannot be,
 * becomes IO_NONE with the status for its response.  @copy: layout->request_size
 * bytes.  @list: the bytes of the list of segments, for a request for which
 * blk_request_list() gave 1; NULL if they could not be had.  @segments: room for
 * IO_MAX_SEGMENTS; @request points to them.
 */
void blk_request_parse(const struct sring_layout *layout,
		       const struct blk_medium *medium, const void *copy,
		       const void *list, struct io_segment *segments,
		       struct io_request *request);

/* Refuse a request that was parsed: the table would not take it. */
void blk_request_refuse(struct io_request *request, int status);

struct blk_note blk_request_note(const uint8_t *opaque);

/* The status for an entry that is done. */
int blk_request_status(const struct blk_note *note, int32_t result);

/* Fill in a response: layout->response_size bytes. */
void blk_request_respond(const struct sring_layout *layout,
			 const struct blk_note *note, int status,
			 void *response);

#endif /* LODGE_BACKEND_BLK_REQUEST_H */
