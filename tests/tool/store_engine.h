/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The store's request engine inside a test program: no process of its own, no
 * records, nobody who kills it.  What it says is what a killed one must say.
 */
#ifndef LODGE_TEST_STORE_ENGINE_H
#define LODGE_TEST_STORE_ENGINE_H

#include <stddef.h>
#include <stdint.h>

#include "store/store.h"

#define DOMID	7

extern const struct store_setup test_setup;

struct engine;

struct engine *engine_create(void);
void engine_destroy(struct engine *engine);

/*
 * Bytes of the guest through the ring, however many, or of a client of the
 * host.  What comes back is appended to @out, of which @size bytes are kept;
 * returns how many came.  The guest's messages and the client's are apart.
 */
size_t engine_guest(struct engine *engine, const void *data, size_t len,
		    uint8_t *out, size_t size);
void engine_host(struct engine *engine, const void *data, size_t len);

#endif /* LODGE_TEST_STORE_ENGINE_H */
