/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Bytes of an untrusted file, or of what was unpacked from one.  Every read is
 * a checked copy: parsers never hold a pointer into memory that another
 * process may change or truncate under them.
 */
#ifndef LODGE_TOOL_BLOB_H
#define LODGE_TOOL_BLOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pvh_load.h"

#define BLOB_HEAD	1024	/* holds every header of a bzImage */

/**
 * struct blob - a readable range of bytes
 * @path: the file's name, for messages; not owned
 * @fd: the file, or -1 when @data holds everything
 * @size: bytes in it
 * @data: the first @have bytes
 * @have: BLOB_HEAD or less for a file, @size for memory
 * @map: the whole of it as memory, from blob_map()
 * @head: room for @data of a file
 */
struct blob {
	const char *path;
	int fd;
	uint64_t size;
	const uint8_t *data;
	size_t have;
	void *map;
	uint8_t head[BLOB_HEAD];
};

/* Opens a regular, non-empty file; @what names its role in messages. */
int blob_open(struct blob *blob, const char *what, const char *path,
	      struct pvh_error *err);

/* Takes anonymous memory from mmap(); blob_close() unmaps it. */
void blob_from_memory(struct blob *blob, const char *path, void *data,
		      size_t size);

/* Copies bytes out.  False when they are not all there. */
bool blob_read(const struct blob *blob, uint64_t offset, void *to, size_t len);

/*
 * The whole as memory.  Only for handing to the kernel, which survives a file
 * that is truncated meanwhile; a load from it in userspace may not.
 */
const uint8_t *blob_map(struct blob *blob, struct pvh_error *err);

void blob_close(struct blob *blob);

/* Sets the message (and a hint or NULL).  Always returns -1. */
int pvh_fail(struct pvh_error *err, const char *hint, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif /* LODGE_TOOL_BLOB_H */
