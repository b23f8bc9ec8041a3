// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hostile bytes in the guest's ring, mixed with bytes of a client of the host.
 * An input is a row of pieces: a byte that says whose and whether what came
 * before is looked at first, two bytes of length, and so many bytes.
 */
#include "target.h"

#include <errno.h>

#include <xen/io/xs_wire.h>

#include "store_engine.h"

#define HOST_MAX	4096	/* the client's socket takes no less at once */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	struct engine *engine = engine_create();
	static uint8_t bytes[65536];
	uint8_t who, head[2];
	size_t n;

	while (in.left) {
		who = fuzz_byte(&in);
		fuzz_take(&in, head, sizeof(head));
		n = head[0] | head[1] << 8;
		n = fuzz_take(&in, bytes, n);
		if (who & 1)
			engine_host(engine, bytes, n < HOST_MAX ? n : HOST_MAX);
		else
			engine_guest(engine, bytes, n, NULL, 0);
	}
	engine_destroy(engine);
	return 0;
}

/* --- seeds --- */

static uint8_t seed[4096];
static size_t seed_size;

static void add(int who, uint32_t type, uint32_t tx, const char *payload,
		uint32_t len)
{
	struct xsd_sockmsg hdr = { .type = type, .tx_id = tx, .len = len };
	size_t n = sizeof(hdr) + len;

	seed[seed_size++] = who;
	seed[seed_size++] = n;
	seed[seed_size++] = n >> 8;
	memcpy(seed + seed_size, &hdr, sizeof(hdr));
	memcpy(seed + seed_size + sizeof(hdr), payload, len);
	seed_size += n;
}

#define GUEST(type, tx, s)	add(0, type, tx, s, sizeof(s))
#define HOST(type, tx, s)	add(1, type, tx, s, sizeof(s))

static void put(void)
{
	fuzz_seed(seed, seed_size);
	seed_size = 0;
}

void fuzz_seeds(void)
{
	GUEST(XS_WRITE, 0, "data/a/b\0value");
	GUEST(XS_READ, 0, "data/a/b");
	GUEST(XS_DIRECTORY, 0, "data");
	GUEST(XS_GET_PERMS, 0, "data/a");
	GUEST(XS_SET_PERMS, 0, "data/a\0n7\0r0");
	GUEST(XS_MKDIR, 0, "data/c");
	GUEST(XS_RM, 0, "data/a");
	GUEST(XS_DIRECTORY_PART, 0, "data\0" "0");
	put();
	GUEST(XS_WATCH, 0, "data\0token");
	HOST(XS_WRITE, 0, "/local/domain/7/data/x\0y");
	GUEST(XS_WATCH, 0, "@releaseDomain\0t");
	GUEST(XS_UNWATCH, 0, "data\0token");
	GUEST(XS_RESET_WATCHES, 0, "");
	put();
	GUEST(XS_TRANSACTION_START, 0, "");
	GUEST(XS_WRITE, 1, "data/t\0u");
	HOST(XS_WRITE, 0, "/local/domain/7/data/t\0v");
	GUEST(XS_RM, 1, "data/t");
	GUEST(XS_TRANSACTION_END, 1, "T");
	GUEST(XS_TRANSACTION_START, 0, "");
	GUEST(XS_MKDIR, 2, "data/w");
	GUEST(XS_TRANSACTION_END, 2, "F");
	put();
	HOST(XS_WATCH, 0, "/local\0h");
	HOST(XS_TRANSACTION_START, 0, "");
	HOST(XS_WRITE, 1, "/tool/x\0y");
	HOST(XS_SET_PERMS, 1, "/tool/x\0n0\0r7");
	HOST(XS_TRANSACTION_END, 1, "T");
	GUEST(XS_GET_DOMAIN_PATH, 0, "7");
	GUEST(XS_IS_DOMAIN_INTRODUCED, 0, "7");
	GUEST(XS_READ, 0, "/tool/x");
	put();
}
