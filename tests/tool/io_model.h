/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An I/O table as the module will keep it, for tests: it lives as long as the
 * test, its transfers end when the test says so, and it watches that nobody
 * breaks its rules.
 */
#ifndef LODGE_TESTS_IO_MODEL_H
#define LODGE_TESTS_IO_MODEL_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/io_table.h"
#include "lib/sring.h"

/**
 * struct io_model - the table
 * @lock: all of it
 * @entries: what a holder sees
 * @submitted: index of the next request it takes
 * @nr_entries: of @entries that are in use by this ring
 * @room: it takes a request only while fewer entries are in use
 * @broken: the first rule that was broken
 * @step: called before and after each call; may leave by longjmp()
 * @moved: called when the request with these opaque bytes is executed
 * @receive: for IO_RECEIVE: whether there is a packet; @e gets its inline bytes
 *	and result, the return value is how many segments it fills, 0: none
 */
struct io_model {
	pthread_mutex_t lock;
	struct io_entry entries[SRING_MAX_ENTRIES];
	uint32_t submitted;
	uint32_t nr_entries;
	uint32_t room;
	const char *broken;
	void (*step)(void);
	void (*moved)(const uint8_t *opaque);
	uint32_t (*receive)(const struct io_request *request,
			    const struct io_segment *segments,
			    struct io_entry *e);
};

void io_model_init(struct io_model *model, uint32_t nr_entries,
		   uint32_t submitted);
struct io_table io_model_table(struct io_model *model);

/* End the @nth of the transfers that go on, if there are so many. */
bool io_model_complete(struct io_model *model, uint32_t nth);

uint32_t io_model_count(struct io_model *model, enum io_state state);

#endif /* LODGE_TESTS_IO_MODEL_H */
