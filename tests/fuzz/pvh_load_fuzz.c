// SPDX-License-Identifier: GPL-2.0-only
/*
 * Feeds mutated kernel images to the loader and writes what it accepts into a
 * fake guest that checks every address.  Built with sanitizers.  The driver
 * is our own bounded loop (pvh_load_fuzz RUNS SEED IMAGE...), so that a run
 * is repeatable and ends; with -DLIBFUZZER it is a libFuzzer target instead.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lodge.h"
#include "pvh_load.h"

#define GUEST_SIZE	(16ull << 20)

static uint8_t sink;

static int touch(void *ctx, uint64_t gpa, const void *data, size_t len)
{
	const uint8_t *p = data;
	size_t i;

	(void)ctx;
	if (!(gpa < GUEST_SIZE && len <= GUEST_SIZE - gpa) &&
	    !(gpa >= LODGE_ACPI_BASE && len <= LODGE_ACPI_SIZE))
		abort();
	for (i = 0; i < len; i++)
		sink += p[i];
	return 0;
}

static void try_image(const uint8_t *data, size_t size)
{
	struct pvh_boot boot = { .memory = GUEST_SIZE, .vcpus = 2,
				 .cmdline = "x" };
	struct pvh_image *image;
	struct pvh_entry entry;
	struct pvh_error err;
	char path[64];
	int fd = memfd_create("image", 0);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		exit(2);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	boot.kernel = path;
	if (!pvh_image_open(&boot, &image, &err)) {
		if (pvh_image_load(image, touch, NULL, &entry, &err))
			abort();
		if (entry.eip >= GUEST_SIZE || entry.start_info >= GUEST_SIZE)
			abort();
		pvh_image_close(image);
	}
	close(fd);
}

#ifdef LIBFUZZER
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	try_image(data, size);
	return 0;
}
#else
static uint64_t state;

static uint32_t pick(uint32_t below)
{
	state = state * 6364136223846793005ull + 1442695040888963407ull;
	return (state >> 33) % below;
}

/* Mostly in the headers, where the structure is; edges more than noise. */
static size_t mutate(uint8_t *data, size_t size)
{
	static const uint64_t edges[] = {
		0, 1, -1ull, 0x7fffffff, 0x80000000, 0xffffffff, 0x1000,
		0xfffffffffffff000ull, 1ull << 63, 64, 0x100000, 0xf0000000,
	};
	unsigned int n = 1 + pick(6), len;
	size_t at;

	while (n--) {
		at = pick(3) ? pick(size < 1024 ? size : 1024) : pick(size);
		len = 1u << pick(4);
		if (len > size - at)
			continue;
		if (pick(2))
			memcpy(data + at,
			       &edges[pick(sizeof(edges) / sizeof(edges[0]))],
			       len);
		else
			data[at] ^= 1u << pick(8);
	}
	return pick(8) ? size : pick(size) + 1;
}

static uint8_t *read_file(const char *path, size_t *size)
{
	FILE *f = fopen(path, "r");
	uint8_t *data = malloc(1 << 20);

	if (!f || !data) {
		perror(path);
		exit(2);
	}
	*size = fread(data, 1, 1 << 20, f);
	fclose(f);
	return data;
}

int main(int argc, char **argv)
{
	uint8_t *seed, *copy = malloc(1 << 20);
	long runs, i;
	size_t size;
	int n;

	if (argc < 4 || !copy)
		return 2;
	runs = atol(argv[1]);
	state = atol(argv[2]);
	for (n = 3; n < argc; n++) {
		seed = read_file(argv[n], &size);
		for (i = 0; size && i < runs; i++) {
			memcpy(copy, seed, size);
			try_image(copy, mutate(copy, size));
		}
		free(seed);
	}
	free(copy);
	return 0;
}
#endif
