// SPDX-License-Identifier: GPL-2.0-only
/*
 * A rate limit.  See token_bucket.h.
 */
#include "token_bucket.h"

#define NS	1000000000

void token_bucket_init(struct token_bucket *b, uint64_t rate, uint64_t now_ns)
{
	b->rate = rate;
	b->level = (__int128)rate * NS;
	b->now_ns = now_ns;
}

static void fill(struct token_bucket *b, uint64_t now_ns)
{
	__int128 most = (__int128)b->rate * NS;

	if (now_ns > b->now_ns)
		b->level += (__int128)b->rate * (now_ns - b->now_ns);
	if (b->level > most)
		b->level = most;
	b->now_ns = now_ns;
}

uint64_t token_bucket_wait(struct token_bucket *b, uint64_t now_ns)
{
	if (!b->rate)
		return 0;
	fill(b, now_ns);
	if (b->level > 0)
		return 0;
	/* To the first billionth of a token that is not owed. */
	return (uint64_t)(-b->level / b->rate) + 1;
}

void token_bucket_take(struct token_bucket *b, uint64_t tokens)
{
	if (b->rate)
		b->level -= (__int128)tokens * NS;
}
