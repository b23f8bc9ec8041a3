/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A guest's side of a request ring, for tests: as Linux drives it, with the
 * same barriers and the same wish not to be notified.  Each function says
 * whether the back end is to be notified, or what it found.
 */
#ifndef LODGE_TESTS_SRING_FRONT_H
#define LODGE_TESTS_SRING_FRONT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "lib/sring.h"

struct front {
	_Atomic uint32_t *words;	/* the pages */
	const struct sring_layout *layout;
	uint32_t nr_entries;
	uint32_t entry_size;
	uint32_t req_prod;		/* written, perhaps not pushed */
	uint32_t rsp_cons;
};

enum { REQ_PROD, REQ_EVENT, RSP_PROD, RSP_EVENT };

static inline void front_init(struct front *f, void *pages,
			      unsigned int nr_pages,
			      const struct sring_layout *layout, uint32_t start)
{
	memset(pages, 0, nr_pages * SRING_PAGE_BYTES);
	f->words = pages;
	f->layout = layout;
	f->nr_entries = sring_count(layout, nr_pages);
	f->entry_size = layout->request_size > layout->response_size ?
			layout->request_size : layout->response_size;
	f->req_prod = start;
	f->rsp_cons = start;
	f->words[REQ_PROD] = start;
	f->words[RSP_PROD] = start;
	f->words[REQ_EVENT] = start + 1;
	f->words[RSP_EVENT] = start + 1;
}

static inline _Atomic uint32_t *front_entry(const struct front *f, uint32_t i)
{
	return f->words + (SRING_HEADER_BYTES +
			   (i & (f->nr_entries - 1)) * f->entry_size) / 4;
}

static inline bool front_has_room(const struct front *f)
{
	return f->req_prod - f->rsp_cons < f->nr_entries;
}

static inline void front_put(struct front *f, const void *request)
{
	_Atomic uint32_t *to = front_entry(f, f->req_prod++);
	uint32_t word, i;

	for (i = 0; i < f->layout->request_size / 4u; i++) {
		memcpy(&word, (const uint8_t *)request + 4 * i, 4);
		atomic_store_explicit(to + i, word, memory_order_relaxed);
	}
}

static inline bool front_push(struct front *f)
{
	uint32_t from = atomic_load_explicit(&f->words[REQ_PROD],
					     memory_order_relaxed);

	atomic_store(&f->words[REQ_PROD], f->req_prod);
	return f->req_prod - atomic_load(&f->words[REQ_EVENT]) <
	       f->req_prod - from;
}

static inline bool front_get(struct front *f, void *response)
{
	uint32_t prod = atomic_load(&f->words[RSP_PROD]), word, i;
	_Atomic uint32_t *from;

	if (prod == f->rsp_cons)
		return false;
	from = front_entry(f, f->rsp_cons);
	for (i = 0; i < f->layout->response_size / 4u; i++) {
		word = atomic_load_explicit(from + i, memory_order_relaxed);
		memcpy((uint8_t *)response + 4 * i, &word, 4);
	}
	f->rsp_cons++;
	return true;
}

/* Is there more?  If not, a notification will come. */
static inline bool front_sleep(struct front *f)
{
	atomic_store(&f->words[RSP_EVENT], f->rsp_cons + 1);
	return atomic_load(&f->words[RSP_PROD]) != f->rsp_cons;
}

#endif /* LODGE_TESTS_SRING_FRONT_H */
