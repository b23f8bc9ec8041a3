// SPDX-License-Identifier: GPL-2.0-only
/*
 * Byte rings: wrapping of place and of index, a full and an empty ring, and
 * indices that a guest has spoilt.
 */
#include "lib/ring.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIZE	16

static struct {
	uint8_t guard_before[8];
	uint8_t buf[SIZE];
	uint8_t guard_after[8];
	_Atomic uint32_t cons, prod;
} page;

static int failed;

static void check(const char *name, int good)
{
	if (good) {
		printf("ok %s\n", name);
		return;
	}
	printf("not ok %s: it did not hold\n", name);
	failed = 1;
}

static struct byte_ring make(uint32_t cons, uint32_t prod)
{
	memset(&page, 0xee, sizeof(page));
	page.cons = cons;
	page.prod = prod;
	return (struct byte_ring){ page.buf, SIZE, &page.cons, &page.prod };
}

static int guards_whole(void)
{
	size_t i;

	for (i = 0; i < sizeof(page.guard_before); i++)
		if (page.guard_before[i] != 0xee || page.guard_after[i] != 0xee)
			return 0;
	return 1;
}

static void write_wraps(void)
{
	struct byte_ring r = make(13, 13);
	char back[8] = "";

	check("write_wraps", ring_write_bytes(&r, "abcdef", 6) == 6 &&
	      page.prod == 19 && !memcmp(page.buf + 13, "abc", 3) &&
	      !memcmp(page.buf, "def", 3) && guards_whole());
	check("read_wraps", ring_read_bytes(&r, back, 8) == 6 &&
	      !memcmp(back, "abcdef", 6) && page.cons == 19);
}

static void index_wraps(void)
{
	struct byte_ring r = make(0xfffffffe, 0xfffffffe);
	char back[4];

	check("index_wraps", ring_write_bytes(&r, "wxyz", 4) == 4 &&
	      page.prod == 2 && ring_room(&r) == SIZE - 4 &&
	      ring_read_bytes(&r, back, 4) == 4 && !memcmp(back, "wxyz", 4) &&
	      page.cons == 2);
}

static void full_and_empty(void)
{
	struct byte_ring r = make(5, 5);
	char data[2 * SIZE] = "0123456789abcdefXXXX";

	check("empty_reads_nothing", !ring_read_bytes(&r, data + SIZE, 4) &&
	      page.cons == 5);
	check("write_stops_at_full",
	      ring_write_bytes(&r, data, sizeof(data)) == SIZE &&
	      ring_room(&r) == 0 && guards_whole());
	check("full_takes_nothing", !ring_write_bytes(&r, data, 1) &&
	      page.prod == 5 + SIZE);
}

/* Whatever the indices are: no byte outside the ring, no index moved. */
static void spoilt_indices(void)
{
	static const uint32_t bad[][2] = {
		{ 0, SIZE + 1 }, { 1, 0 }, { 0, 0x80000000 },
		{ 0xffffffff, SIZE }, { 7, 6 },
	};
	char data[2 * SIZE];
	struct byte_ring r;
	int good = 1;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		r = make(bad[i][0], bad[i][1]);
		good &= ring_read_bytes(&r, data, sizeof(data)) == -EPROTO &&
			ring_write_bytes(&r, data, 1) == -EPROTO &&
			ring_room(&r) == -EPROTO &&
			page.cons == bad[i][0] && page.prod == bad[i][1] &&
			guards_whole();
	}
	check("spoilt_indices_are_refused", good);
}

/* Against the plain meaning: what goes in comes out, in order. */
static void random_traffic(void)
{
	struct byte_ring r = make(0xfffffff0, 0xfffffff0);
	uint8_t data[SIZE + 4], in = 0, out = 0;
	int round, good = 1;
	ssize_t n, i;

	srand(1);
	for (round = 0; round < 100000 && good; round++) {
		n = rand() % (SIZE + 5);
		for (i = 0; i < n; i++)
			data[i] = in + i;
		n = ring_write_bytes(&r, data, n);
		good &= n >= 0;
		in += n;
		n = ring_read_bytes(&r, data, rand() % (SIZE + 5));
		good &= n >= 0;
		for (i = 0; i < n; i++)
			good &= data[i] == (uint8_t)(out + i);
		out += n;
	}
	check("random_traffic", good && guards_whole());
}

int main(void)
{
	write_wraps();
	index_wraps();
	full_and_empty();
	spoilt_indices();
	random_traffic();
	return failed;
}
