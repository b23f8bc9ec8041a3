/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A rate limit: so many tokens come in a second, at most a second's worth is
 * kept.  Who needs more than there is takes it all the same, as long as there
 * is any, and the next one waits for the debt.
 */
#ifndef LODGE_LIB_TOKEN_BUCKET_H
#define LODGE_LIB_TOKEN_BUCKET_H

#include <stdint.h>

/**
 * struct token_bucket - one limit
 * @rate: tokens a second; 0: no limit
 * @level: tokens, in billionths; below zero: a debt
 * @now_ns: when that was
 */
struct token_bucket {
	uint64_t rate;
	__int128 level;
	uint64_t now_ns;
};

void token_bucket_init(struct token_bucket *bucket, uint64_t rate,
		       uint64_t now_ns);

/* Nanoseconds until something may be taken; 0: now. */
uint64_t token_bucket_wait(struct token_bucket *bucket, uint64_t now_ns);
void token_bucket_take(struct token_bucket *bucket, uint64_t tokens);

#endif /* LODGE_LIB_TOKEN_BUCKET_H */
