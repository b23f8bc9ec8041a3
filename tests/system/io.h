/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of the program "io" share: a ring of grant I/O as its holder
 * sees it (io_ring.c), a disk that can be held up (io_dm.c), and the groups of
 * tests.
 */
#ifndef TESTS_SYSTEM_IO_H
#define TESTS_SYSTEM_IO_H

#include <lodge.h>
#include <stdbool.h>
#include <stddef.h>

#include "backend.h"

#define NR_PLACES	32

/* One ring of an attach file, open and mapped. */
struct ring {
	int attach;
	unsigned int number;
	unsigned int nr_entries;
	int event;
	const struct lodge_io_table *table;
	struct lodge_io_stated *stated;
};

/* --- io_ring.c: 0 or more, or -errno -------------------------------------- */

int open_ring(int attach, unsigned int number, unsigned int nr_entries,
	      int event);
int close_ring(int attach, __u32 number);

/* With an eventfd of its own, or it gives up. */
void ring_begin(struct ring *r, int attach, unsigned int number,
		unsigned int nr_entries);
/* Unmap it; with @close the table goes, too. */
void ring_end(struct ring *r, bool close);

const struct lodge_io_entry *ring_entry(const struct ring *r, unsigned int i);
unsigned int ring_state(const struct ring *r, unsigned int i);
/* The entry in use that has that index, or -ENOENT. */
int ring_find(const struct ring *r, unsigned int ring_index);

/* The whole call; what came back is in @s. */
int ring_submit(struct ring *r, struct lodge_io_submit *s, const __u32 *retire,
		unsigned int nr_retire, struct lodge_io_request *requests,
		unsigned int nr_requests);

/* Take one at the count: its entry, or the error of it or of the call. */
int ring_take(struct ring *r, struct lodge_io_request *req);
int ring_retire(struct ring *r, unsigned int entry);
/* Wait for it: its result. */
int ring_wait(struct ring *r, unsigned int entry);
/* Take, wait, retire: the result, or the error of the taking. */
int ring_run(struct ring *r, struct lodge_io_request *req);

/* A request for whole pages, one for each reference from @ref on. */
struct lodge_io_request pages(unsigned int operation, int fd, __u64 offset,
			      unsigned int ref, unsigned int nr);

/* Fill a page of the guest's, or count what is not so filled in it or a file. */
void fill_page(unsigned int ref, unsigned int seed);
int page_bad(unsigned int ref, unsigned int seed);
int file_bad(int fd, __u64 offset, unsigned int seed);

/* --- io_dm.c: a block device on top of DELAYED_ON ------------------------- */

#define DELAYED_ON	"/dev/ram2"

/* Its file, opened with O_DIRECT. */
int delayed_make(void);
void delayed_remove(int fd);
/* What is submitted from here on stays in the block layer, until release. */
void delayed_hold(void);
void delayed_release(void);
/* Writes take so many milliseconds. */
void delayed_set(unsigned int ms);

/* --- the tests ------------------------------------------------------------ */

void test_calls(void);		/* io_calls.c */
void test_files(void);		/* io_files.c */
void test_packets(void);	/* io_packets.c */
void test_outliving(void);	/* io_outlives.c */
void test_others(void);		/* io_others.c */

#endif /* TESTS_SYSTEM_IO_H */
