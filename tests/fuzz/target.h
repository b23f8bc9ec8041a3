/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the targets of libFuzzer share: how they take an input apart, what must
 * hold, and their first inputs.  A target's program writes those into the
 * folder FUZZ_SEEDS, if that is set, and does nothing else.
 */
#ifndef LODGE_FUZZ_TARGET_H
#define LODGE_FUZZ_TARGET_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* libFuzzer's names. */
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Calls fuzz_seed() for each of the target's first inputs. */
void fuzz_seeds(void);

static inline void fuzz_seed(const void *data, size_t size)
{
	static unsigned int nr;
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%03u", getenv("FUZZ_SEEDS"), nr++);
	file = fopen(path, "w");
	if (!file || fwrite(data, 1, size, file) != size || fclose(file))
		exit(2);
}

/* What is left of an input. */
struct fuzz_input {
	const uint8_t *data;
	size_t left;
};

/* The next @size bytes, or as many as there are and zeros. */
static inline size_t fuzz_take(struct fuzz_input *in, void *to, size_t size)
{
	size_t n = size < in->left ? size : in->left;

	memset(to, 0, size);
	if (n)
		memcpy(to, in->data, n);
	in->data += n;
	in->left -= n;
	return n;
}

static inline uint8_t fuzz_byte(struct fuzz_input *in)
{
	uint8_t byte;

	fuzz_take(in, &byte, 1);
	return byte;
}

/* What is not so is a find. */
#define MUST(condition) do {						\
		if (!(condition)) {					\
			fprintf(stderr, "%s:%d: not so: %s\n",		\
				__FILE__, __LINE__, #condition);	\
			abort();					\
		}							\
	} while (0)

#endif /* LODGE_FUZZ_TARGET_H */
