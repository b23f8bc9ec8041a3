// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hostile bytes in the guest's ring.  With libFuzzer (clang) this file is a
 * target of its; without, the small loop in main() feeds it with requests that
 * are nearly right and with mutations of them, for SECONDS_TO_RUN (8).
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <xen/io/xs_wire.h>

#include "store_engine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct engine *engine = engine_create();

	engine_guest(engine, data, size, NULL, 0);
	engine_destroy(engine);
	return 0;
}

#ifndef LIBFUZZER
static uint64_t state;

static uint32_t pick(uint32_t n)
{
	state = state * 6364136223846793005ull + 1442695040888963407ull;
	return (state >> 33) % n;
}

static size_t add_request(uint8_t *to)
{
	static const char * const words[] = {
		"data", "data/a", "data/a/b", "name", "/", "T", "F", "n7", "b0",
		"1", "2", "99999999999", "@releaseDomain", "", "//", "device",
		"/local/domain/7/data", "t", "cpu/0/availability", "r7x",
	};
	struct xsd_sockmsg hdr = { .type = pick(26), .tx_id = pick(3) };
	uint8_t *payload = to + sizeof(hdr);
	const char *word;
	uint32_t n;

	for (n = pick(5); n; n--) {
		word = words[pick(sizeof(words) / sizeof(words[0]))];
		memcpy(payload + hdr.len, word, strlen(word) + 1);
		hdr.len += strlen(word) + 1;
	}
	if (!pick(10)) {
		n = pick(3000);
		memset(payload + hdr.len, 'x', n);
		hdr.len += n;
	}
	memcpy(to, &hdr, sizeof(hdr));
	return sizeof(hdr) + hdr.len;
}

/* Mostly whole requests: a broken header ends an input. */
static size_t make_input(uint8_t *data, size_t size)
{
	size_t len = 0;
	uint32_t n;

	while (len + 4096 < size && pick(40))
		len += add_request(data + len);
	for (n = pick(3); n && len; n--)
		data[pick(len)] = pick(2) ? pick(256) : data[pick(len)];
	if (!pick(4) && len)
		len = pick(len);
	return len;
}

int main(void)
{
	static uint8_t data[65536];
	time_t end = time(NULL) + atoi(getenv("SECONDS_TO_RUN") ?: "8");
	unsigned long nr = 0;
	size_t len, i;

	state = getenv("SEED") ? strtoull(getenv("SEED"), NULL, 10) :
				 (uint64_t)time(NULL);
	printf("fuzz: SEED=%llu\n", (unsigned long long)state);
	fflush(stdout);
	do {
		if (pick(8)) {
			len = make_input(data, sizeof(data));
		} else {
			len = pick(512);
			for (i = 0; i < len; i++)
				data[i] = pick(256);
		}
		LLVMFuzzerTestOneInput(data, len);
		nr++;
	} while (time(NULL) < end);
	printf("fuzz: %lu inputs\nok fuzz\n", nr);
	return 0;
}
#endif
