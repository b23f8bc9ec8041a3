// SPDX-License-Identifier: GPL-2.0-only
/*
 * Finds the payload of a bzImage by the x86 boot protocol and unpacks it with
 * libarchive.  The unpacked size stands in the payload's last four bytes; it
 * bounds the work, and a stream that disagrees with it is refused.
 */
#include "bzimage.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <archive.h>
#include <archive_entry.h>

#define SETUP_SECTS	0x1f1
#define BOOT_FLAG	0x1fe
#define HDR_MAGIC	0x202
#define HDR_VERSION	0x206
#define PAYLOAD_OFFSET	0x248
#define PAYLOAD_LENGTH	0x24c

#define SECTOR		512
#define PAYLOAD_MIN	8
#define PAYLOAD_MAX	(1u << 30)

/*
 * Only the one filter that the magic asks for is enabled: a payload packed
 * twice is no kernel.  libarchive runs the program lzop for lzo.
 */
static const struct format {
	const char *name;
	unsigned char magic[9];
	unsigned char magic_len;
	unsigned char trailer;	/* size bytes that the stream does not own */
	int (*support)(struct archive *a);
	const char *hint;
} formats[] = {
	{ "gzip", "\x1f\x8b", 2, 0, archive_read_support_filter_gzip, NULL },
	{ "bzip2", "BZh", 3, 4, archive_read_support_filter_bzip2, NULL },
	{ "lzma", "\x5d\0\0", 3, 4, archive_read_support_filter_lzma, NULL },
	{ "xz", "\xfd" "7zXZ", 6, 4, archive_read_support_filter_xz, NULL },
	{ "lzo", "\x89LZO\0\r\n\x1a\n", 9, 4,
	  archive_read_support_filter_lzop,
	  "unpacking lzo needs the program lzop" },
	{ "lz4", "\x02\x21\x4c\x18", 4, 4, archive_read_support_filter_lz4,
	  NULL },
	{ "zstd", "\x28\xb5\x2f\xfd", 4, 4, archive_read_support_filter_zstd,
	  NULL },
};

struct payload {
	const char *path;
	uint8_t *data;
	uint32_t length;
	uint32_t unpacked;
	const struct format *format;
};

bool bzimage_is(const struct blob *file)
{
	uint8_t flag[2], magic[4];

	return blob_read(file, BOOT_FLAG, flag, sizeof(flag)) &&
	       flag[0] == 0x55 && flag[1] == 0xaa &&
	       blob_read(file, HDR_MAGIC, magic, sizeof(magic)) &&
	       !memcmp(magic, "HdrS", 4);
}

static int find_payload(const struct blob *file, uint64_t *offset,
			uint32_t *length, struct pvh_error *err)
{
	uint16_t version;
	uint32_t relative;
	uint8_t sects;

	if (!blob_read(file, SETUP_SECTS, &sects, sizeof(sects)) ||
	    !blob_read(file, HDR_VERSION, &version, sizeof(version)) ||
	    !blob_read(file, PAYLOAD_OFFSET, &relative, sizeof(relative)) ||
	    !blob_read(file, PAYLOAD_LENGTH, length, sizeof(*length)))
		return pvh_fail(err, NULL, "kernel %s is truncated",
				file->path);
	if (version < 0x208)
		return pvh_fail(err, NULL,
				"kernel %s is a bzImage of boot protocol %u.%u, too old for PVH",
				file->path, version >> 8, version & 0xff);
	*offset = ((sects ? sects : 4) + 1) * SECTOR + (uint64_t)relative;
	if (*length < PAYLOAD_MIN || *length > PAYLOAD_MAX)
		return pvh_fail(err, NULL,
				"kernel %s: its header gives a payload of %u bytes",
				file->path, *length);
	if (*offset > file->size || *length > file->size - *offset)
		return pvh_fail(err, NULL,
				"kernel %s is truncated: its payload ends at byte %llu of %llu",
				file->path,
				(unsigned long long)(*offset + *length),
				(unsigned long long)file->size);
	return 0;
}

static const struct format *find_format(const uint8_t *data, size_t length)
{
	const struct format *f;
	size_t i;

	for (i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		f = &formats[i];
		if (length >= f->magic_len &&
		    !memcmp(data, f->magic, f->magic_len))
			return f;
	}
	return NULL;
}

static int read_payload(const struct blob *file, struct payload *p,
			uint64_t limit, struct pvh_error *err)
{
	uint64_t offset = 0;

	if (find_payload(file, &offset, &p->length, err))
		return -1;
	p->path = file->path;
	p->data = malloc(p->length);
	if (!p->data)
		return pvh_fail(err, NULL, "out of memory");
	if (!blob_read(file, offset, p->data, p->length))
		return pvh_fail(err, NULL, "cannot read kernel %s",
				file->path);
	p->format = find_format(p->data, p->length);
	if (!p->format)
		return pvh_fail(err, NULL,
				"kernel %s is packed in a format that is not known",
				file->path);
	memcpy(&p->unpacked, p->data + p->length - 4, 4);
	p->length -= p->format->trailer;
	if (!p->unpacked || p->unpacked > limit)
		return pvh_fail(err, p->unpacked ? "give the domain more memory" : NULL,
				"kernel %s does not fit memory: it unpacks to %u bytes",
				file->path, p->unpacked);
	return 0;
}

static int unpack_error(const struct payload *p, struct archive *a,
			struct pvh_error *err)
{
	const char *why = archive_error_string(a);

	return pvh_fail(err, p->format->hint,
			"kernel %s is damaged: cannot unpack its %s payload: %s",
			p->path, p->format->name, why ? why : "bad data");
}

static int unpack_stream(const struct payload *p, struct archive *a,
			 uint8_t *to, struct pvh_error *err)
{
	struct archive_entry *entry;
	size_t done = 0;
	la_ssize_t n;
	uint8_t more;

	/* ARCHIVE_WARN is lzop's way to say that it is another program. */
	if (p->format->support(a) < ARCHIVE_WARN ||
	    archive_read_support_format_raw(a) != ARCHIVE_OK ||
	    archive_read_open_memory(a, p->data, p->length) != ARCHIVE_OK ||
	    archive_read_next_header(a, &entry) != ARCHIVE_OK)
		return unpack_error(p, a, err);
	while (done < p->unpacked) {
		n = archive_read_data(a, to + done, p->unpacked - done);
		if (n < 0)
			return unpack_error(p, a, err);
		if (!n)
			return pvh_fail(err, NULL,
					"kernel %s is damaged: it unpacks to %zu bytes instead of %u",
					p->path, done, p->unpacked);
		done += n;
	}
	/* Reading on verifies the stream's checksum, too. */
	n = archive_read_data(a, &more, 1);
	if (n < 0)
		return unpack_error(p, a, err);
	if (n)
		return pvh_fail(err, NULL,
				"kernel %s is damaged: it unpacks to more than %u bytes",
				p->path, p->unpacked);
	return 0;
}

static int unpack_payload(const struct payload *p, struct blob *kernel,
			  struct pvh_error *err)
{
	struct archive *a;
	void *to;
	int ret;

	to = mmap(NULL, p->unpacked, PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (to == MAP_FAILED)
		return pvh_fail(err, NULL, "out of memory");
	a = archive_read_new();
	ret = a ? unpack_stream(p, a, to, err) :
		  pvh_fail(err, NULL, "out of memory");
	if (a)
		archive_read_free(a);
	if (ret)
		munmap(to, p->unpacked);
	else
		blob_from_memory(kernel, p->path, to, p->unpacked);
	return ret;
}

int bzimage_unpack(const struct blob *file, uint64_t limit,
		   struct blob *kernel, struct pvh_error *err)
{
	struct payload p = { .data = NULL };
	int ret;

	ret = read_payload(file, &p, limit, err);
	if (!ret)
		ret = unpack_payload(&p, kernel, err);
	free(p.data);
	return ret;
}
