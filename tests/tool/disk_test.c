// SPDX-License-Identifier: GPL-2.0-only
/*
 * What can be said of a disk without a domain: its configuration, the numbers
 * of disks, the requests of a guest, rate limits.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xen/io/blkif.h>

#include "backend/blk_request.h"
#include "device_config.h"
#include "device_vbd.h"
#include "lib/sring_layout.h"
#include "lib/token_bucket.h"

static const char *prefix = "";

static void check(const char *name, bool good)
{
	printf("%s %s%s%s\n", good ? "ok" : "not ok", prefix, name,
	       good ? "" : ": it did not hold");
}

/* --- configuration --- */

/* What it becomes, or the complaint with a "!" before it. */
static const char *normalised(const char *text)
{
	static char result[600];
	struct failure failure = { .text = "" };
	struct device_config *d;
	char *whole;

	d = device_config_parse(DEVICE_VBD, text, 0, &failure);
	if (!d) {
		snprintf(result, sizeof(result), "!%s", failure.text);
		return result;
	}
	whole = device_config_text(d);
	snprintf(result, sizeof(result), "%u %s", d->devid, whole);
	free(whole);
	device_config_free(d);
	return result;
}

static void configurations(void)
{
	static const struct {
		const char *text, *wanted;
	} cases[] = {
		{ "/a,raw,xvda,rw",
		  "51712 format=raw, vdev=xvda, access=w, target=/a" },
		{ "/a,,xvda", "51712 vdev=xvda, access=w, target=/a" },
		{ "/a, raw, xvdb, r",
		  "51728 format=raw, vdev=xvdb, access=r, target=/a" },
		{ "format=raw, vdev=xvda, access=ro, target=/a,b=c, d",
		  "51712 format=raw, vdev=xvda, access=r, target=/a,b=c, d" },
		{ "/a,raw,vdev=xvda",
		  "51712 format=raw, vdev=xvda, access=w, target=/a" },
		{ "phy:/dev/a,xvda,w",
		  "51712 format=raw, vdev=xvda, access=w, target=/dev/a" },
		{ "phy:/dev/a,,xvda,w!",
		  "51712 format=raw, vdev=xvda, access=w!, target=/dev/a" },
		{ "file:/a,raw,xvda,r",
		  "51712 format=raw, vdev=xvda, access=r, target=/a" },
		{ "file:/a,xvda,r,iops=5",
		  "51712 format=raw, vdev=xvda, access=r, iops=5, target=/a" },
		{ "/a,,xvda,w,iops=100,bps=1048576",
		  "51712 vdev=xvda, access=w, iops=100, bps=1048576, target=/a" },
		{ "/a,,xvda,w,discard", "51712 vdev=xvda, access=w, discard=1, target=/a" },
		{ "/a,,xvda,w,no-discard", "51712 vdev=xvda, access=w, discard=0, target=/a" },
		{ "/a,,xvda,sector-size=4096",
		  "51712 vdev=xvda, access=w, sector-size=4096, target=/a" },
		{ "nbd:unix:/s:exportname=d,,xvda,w",
		  "51712 format=raw, vdev=xvda, access=w, target=nbd:unix:/s:exportname=d" },
		{ "nbd:[::1]:10809,raw,xvda,r",
		  "51712 format=raw, vdev=xvda, access=r, target=nbd:[::1]:10809" },
		{ "vdev=xvda, access=r, target=nbd:unix:/s:exportname=a,b",
		  "51712 vdev=xvda, access=r, target=nbd:unix:/s:exportname=a,b" },
		{ "nbd:unix:/s,qcow2,xvda",
		  "!format \"qcow2\": lodge has raw disks only" },
		{ "nbd:server:1,,xvda", "!\"server\" is no IP address" },
		{ "detaching=1, vdev=xvda, target=/a",
		  "51712 detaching=1, vdev=xvda, access=w, target=/a" },
		{ "detaching=2, vdev=xvda, target=/a",
		  "51712 detaching=2, vdev=xvda, access=w, target=/a" },
		{ "file:/a,      ", "!the disk has no vdev" },
		{ "file:/a,   raw", "!vdev \"raw\" is no disk" },
		{ "", "!the disk has no target" },
		{ "/a", "!the disk has no vdev" },
		{ "/a,qcow2,xvda",
		  "!format \"qcow2\": lodge has raw disks only" },
		{ "phy:/a,qcow2,xvda,w",
		  "!format \"qcow2\": lodge has raw disks only" },
		{ "/a,,xvda,x", "!access \"x\" is none of r, w, w!" },
		{ "/a,,fd0", "!vdev \"fd0\" is no disk" },
		{ "/a,,xvda,w,frob=1", "!a disk has no \"frob\"" },
		{ "/a,,xvda,w,frob", "!a disk has no \"frob\"" },
		{ "/a,,xvda,w,iops=1,iops=2", "!iops is given twice" },
		{ "/a,,xvda,w,iops=0", "!iops=0 would stop the disk" },
		{ "/a,,xvda,w,iops=-1", "!iops: \"-1\" is no number" },
		{ "/a,,xvda,sector-size=1024",
		  "!sector-size 1024 is neither 512 nor 4096" },
		{ "/a,,xvda,devtype=cdrom",
		  "!devtype \"cdrom\": a PVH guest has disks only" },
	};
	char name[32];
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *got = normalised(cases[i].text);

		snprintf(name, sizeof(name), "config_%zu", i);
		if (strcmp(got, cases[i].wanted))
			printf("  \"%s\" gave \"%s\"\n", cases[i].text, got);
		check(name, !strcmp(got, cases[i].wanted));
	}
	/* What was written is read as the same. */
	{
		char once[600];

		strcpy(once, normalised("/a,raw,xvdc,ro,no-discard,bps=7"));
		check("config_stable", !strcmp(once, normalised(strchr(once, ' ') + 1)));
	}
}

static void numbers(void)
{
	static const struct {
		const char *vdev;
		uint32_t number;	/* 0: no disk */
	} cases[] = {
		{ "xvda", 51712 }, { "xvda1", 51713 }, { "xvdb", 51728 },
		{ "xvdp15", 51967 },
		{ "xvdq", 1u << 28 | 16 << 8 },
		{ "xvda16", 1u << 28 | 16 },
		{ "xvdaa", 1u << 28 | 26 << 8 },
		{ "xvdq3", 1u << 28 | 16 << 8 | 3 },
		{ "sda", 2048 }, { "sdb2", 2066 }, { "sdq", 0 },
		{ "hda", 768 }, { "hdb1", 833 }, { "hdc", 5632 }, { "hde", 0 },
		{ "51712", 51712 }, { "0", 0 }, { "xvd", 0 }, { "xvda0", 0 },
		{ "xvda01", 0 }, { "xvda1x", 0 }, { "xvdA", 0 }, { "xvda256", 0 },
		{ "xvdzzzzzz", 0 }, { "sda16", 0 }, { "vda", 0 },
	};
	bool good = true;
	uint32_t number;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		number = 0;
		if (device_vbd_number(cases[i].vdev, &number))
			number = 0;
		if (number == cases[i].number)
			continue;
		printf("  %s gave %u\n", cases[i].vdev, number);
		good = false;
	}
	check("disk_numbers", good);
}

/* --- requests --- */

static const struct sring_layout *layout;
static struct blk_medium medium;
static uint8_t copy[SRING_MAX_REQUEST];
static uint8_t list[BLK_INDIRECT_BYTES];
static struct io_segment segments[IO_MAX_SEGMENTS];
static struct io_request request;

static void put(unsigned int field, unsigned int i, uint64_t value)
{
	sring_put(layout, copy, field, i, value);
}

static void begin(uint8_t operation, uint64_t sector)
{
	memset(copy, 0, sizeof(copy));
	put(BLK_OPERATION, 0, operation);
	put(BLK_ID, 0, 0x1122334455667788ull);
	put(BLK_SECTOR, 0, sector);
}

static void put_segments(uint32_t n, uint32_t first, uint32_t last)
{
	uint32_t i;

	put(BLK_NR_SEGMENTS, 0, n);
	for (i = 0; i < n && i < 11; i++) {
		put(BLK_SEG_GRANT, i, 100 + i);
		put(BLK_SEG_FIRST, i, first);
		put(BLK_SEG_LAST, i, last);
	}
}

/* A transfer; -2 and so on: the status of its refusal. */
static int parse(const void *with)
{
	struct blk_note note;

	blk_request_parse(layout, &medium, copy, with, segments, &request);
	note = blk_request_note(request.opaque);
	if (note.id != 0x1122334455667788ull)
		return 99;
	if (!note.refused)
		return request.operation;
	return request.operation == IO_NONE && request.fd == -1 &&
		!request.nr_segments ? -100 + note.status : 99;
}

#define REFUSED	(-100 + BLKIF_RSP_ERROR)
#define UNKNOWN	(-100 + BLKIF_RSP_EOPNOTSUPP)

static void transfers(void)
{
	begin(BLKIF_OP_READ, 8);
	put_segments(2, 1, 6);
	check("read", parse(NULL) == IO_READ && request.offset == 4096 &&
	      request.nr_segments == 2 && request.segments == segments &&
	      segments[1].grant == 101 && segments[1].offset == 512 &&
	      segments[1].length == 6 * 512 && request.fd == 5 &&
	      request.nr_indices == 1 &&
	      blk_request_note(request.opaque).bytes == 12 * 512);
	begin(BLKIF_OP_WRITE, 0);
	put_segments(11, 0, 7);
	check("write_all", parse(NULL) == IO_WRITE && request.nr_segments == 11);
	put_segments(12, 0, 7);
	check("too_many_segments", parse(NULL) == REFUSED);
	put_segments(255, 0, 7);
	check("far_too_many_segments", parse(NULL) == REFUSED);
	put_segments(0, 0, 7);
	check("no_segments", parse(NULL) == REFUSED);
	put_segments(1, 4, 3);
	check("first_after_last", parse(NULL) == REFUSED);
	put_segments(1, 0, 8);
	check("beyond_page", parse(NULL) == REFUSED);
	put_segments(1, 255, 255);
	check("far_beyond_page", parse(NULL) == REFUSED);
	begin(BLKIF_OP_READ, 1000 - 8);
	put_segments(1, 0, 7);
	check("last_sectors", parse(NULL) == IO_READ);
	begin(BLKIF_OP_READ, 1000 - 7);
	put_segments(1, 0, 7);
	check("one_beyond_end", parse(NULL) == REFUSED);
	begin(BLKIF_OP_READ, 1000);
	put_segments(1, 0, 0);
	check("at_end", parse(NULL) == REFUSED);
	begin(BLKIF_OP_READ, UINT64_MAX - 3);
	put_segments(1, 0, 7);
	check("sum_wraps", parse(NULL) == REFUSED);
	begin(BLKIF_OP_READ, 1ull << 55);
	put_segments(1, 0, 7);
	check("bytes_wrap", parse(NULL) == REFUSED);
}

static void kinds_of_medium(void)
{
	medium.read_only = true;
	begin(BLKIF_OP_WRITE, 0);
	put_segments(1, 0, 7);
	check("write_read_only", parse(NULL) == REFUSED);
	begin(BLKIF_OP_READ, 0);
	put_segments(1, 0, 7);
	check("read_read_only", parse(NULL) == IO_READ);
	begin(BLKIF_OP_FLUSH_DISKCACHE, 0);
	check("flush_read_only", parse(NULL) == UNKNOWN);
	medium.read_only = false;

	medium.sector_size = 4096;
	begin(BLKIF_OP_READ, 8);
	put_segments(1, 0, 7);
	check("large_sectors", parse(NULL) == IO_READ);
	begin(BLKIF_OP_READ, 4);
	put_segments(1, 0, 7);
	check("large_sectors_sector", parse(NULL) == REFUSED);
	begin(BLKIF_OP_READ, 8);
	put_segments(1, 0, 3);
	check("large_sectors_segment", parse(NULL) == REFUSED);
	begin(BLKIF_OP_READ, 8);
	put_segments(2, 0, 3);
	check("large_sectors_segments", parse(NULL) == REFUSED);
	medium.sector_size = 512;
}

static void other_operations(void)
{
	begin(BLKIF_OP_FLUSH_DISKCACHE, 0);
	check("flush", parse(NULL) == IO_SYNC && !request.nr_segments);
	put_segments(1, 0, 7);
	check("flush_with_data", parse(NULL) == REFUSED);
	begin(BLKIF_OP_WRITE_BARRIER, 0);
	check("barrier", parse(NULL) == UNKNOWN);
	begin(77, 0);
	check("unknown", parse(NULL) == UNKNOWN &&
	      blk_request_note(request.opaque).operation == 77);

	begin(BLKIF_OP_DISCARD, 16);
	put(BLK_DISCARD_SECTORS, 0, 8);
	check("discard", parse(NULL) == IO_DISCARD && request.offset == 8192 &&
	      request.length == 4096);
	put(BLK_DISCARD_SECTORS, 0, 985);
	check("discard_beyond_end", parse(NULL) == REFUSED);
	put(BLK_DISCARD_SECTORS, 0, UINT64_MAX - 15);
	check("discard_wraps", parse(NULL) == REFUSED);
	put(BLK_DISCARD_SECTORS, 0, 0);
	check("discard_nothing", parse(NULL) == REFUSED);
	put(BLK_DISCARD_SECTORS, 0, 8);
	put(BLK_DISCARD_FLAG, 0, 1);
	check("discard_secure", parse(NULL) == UNKNOWN);
	put(BLK_DISCARD_FLAG, 0, 0);
	medium.discard = false;
	check("discard_not_offered", parse(NULL) == UNKNOWN);
	medium.discard = true;
}

static void begin_indirect(uint8_t operation, uint32_t n)
{
	uint32_t i, grant;

	begin(BLKIF_OP_INDIRECT, 0);
	put(BLK_INDIRECT_OPERATION, 0, operation);
	put(BLK_INDIRECT_NR_SEGMENTS, 0, n);
	put(BLK_INDIRECT_GRANT, 0, 4242);
	for (i = 0; i < BLK_INDIRECT_SEGMENTS; i++) {
		grant = 500 + i;
		memcpy(list + 8 * i, &grant, 4);
		list[8 * i + 4] = 0;
		list[8 * i + 5] = 7;
	}
}

static void indirects(void)
{
	uint32_t grant = 0, bytes = 0;

	medium.sectors = 256 * 8;
	begin_indirect(BLKIF_OP_WRITE, 256);
	check("indirect_list", blk_request_list(layout, copy, &grant, &bytes) == 1 &&
	      grant == 4242 && bytes == 2048);
	check("indirect", parse(list) == IO_WRITE && request.nr_segments == 256 &&
	      segments[255].grant == 755 && segments[255].length == 4096 &&
	      blk_request_note(request.opaque).operation == BLKIF_OP_WRITE);
	check("indirect_no_list", parse(NULL) == REFUSED);
	list[8 * 200 + 5] = 9;
	check("indirect_bad_segment", parse(list) == REFUSED);
	begin_indirect(BLKIF_OP_READ, 257);
	check("indirect_too_many", !blk_request_list(layout, copy, &grant, &bytes) &&
	      parse(list) == REFUSED);
	begin_indirect(BLKIF_OP_READ, 65535);
	check("indirect_far_too_many",
	      !blk_request_list(layout, copy, &grant, &bytes) &&
	      parse(list) == REFUSED);
	begin_indirect(BLKIF_OP_READ, 0);
	check("indirect_none", !blk_request_list(layout, copy, &grant, &bytes) &&
	      parse(list) == REFUSED);
	begin_indirect(BLKIF_OP_INDIRECT, 1);
	check("indirect_nested", parse(list) == UNKNOWN);
	begin_indirect(BLKIF_OP_FLUSH_DISKCACHE, 1);
	check("indirect_flush", parse(list) == REFUSED);
	begin_indirect(BLKIF_OP_DISCARD, 1);
	check("indirect_discard", parse(list) == REFUSED);
	medium.sectors = 1000;
}

static void responses(void)
{
	struct blk_note note = { .id = 7, .bytes = 4096, .operation = 1 };
	uint8_t response[16];

	check("status_ok", blk_request_status(&note, 4096) == BLKIF_RSP_OKAY);
	check("status_short", blk_request_status(&note, 512) == BLKIF_RSP_ERROR);
	check("status_error", blk_request_status(&note, -EIO) == BLKIF_RSP_ERROR);
	note.bytes = 0;
	check("status_sync", blk_request_status(&note, 0) == BLKIF_RSP_OKAY &&
	      blk_request_status(&note, -EIO) == BLKIF_RSP_ERROR &&
	      blk_request_status(&note, -EOPNOTSUPP) ==
	      BLKIF_RSP_EOPNOTSUPP);
	note.refused = 1;
	note.status = BLKIF_RSP_EOPNOTSUPP;
	check("status_refused",
	      blk_request_status(&note, 0) == BLKIF_RSP_EOPNOTSUPP);
	blk_request_respond(layout, &note, BLKIF_RSP_ERROR, response);
	check("response", sring_get(layout, response, BLK_RSP_ID, 0) == 7 &&
	      sring_get(layout, response, BLK_RSP_OPERATION, 0) == 1 &&
	      (int16_t)sring_get(layout, response, BLK_RSP_STATUS, 0) ==
	      BLKIF_RSP_ERROR);
}

/* Whatever the bytes are, what comes out is within its bounds. */
static void noise(void)
{
	uint32_t seed = 1, i, round;
	bool good = true;
	uint64_t end;

	for (round = 0; round < 300000 && good; round++) {
		for (i = 0; i < sizeof(copy); i++) {
			seed = seed * 1103515245 + 12345;
			/* Small values meet the checks more often. */
			copy[i] = seed >> 16 & (seed & 0x100 ? 0xff : 7);
		}
		for (i = 0; i < sizeof(list); i += 3)
			list[i] = copy[i % sizeof(copy)];
		blk_request_parse(layout, &medium, copy, list, segments,
				  &request);
		end = request.offset + request.length;
		for (i = 0; i < request.nr_segments; i++) {
			end += segments[i].length;
			good &= segments[i].length &&
				segments[i].offset + segments[i].length <= 4096;
		}
		good &= end <= medium.sectors * 512 &&
			request.nr_segments <= IO_MAX_SEGMENTS;
	}
	check("noise", good);
}

static void requests(const struct sring_layout *of, const char *name)
{
	prefix = name;
	layout = of;
	medium = (struct blk_medium){
		.fd = 5, .sectors = 1000, .sector_size = 512, .discard = true,
	};
	transfers();
	kinds_of_medium();
	other_operations();
	indirects();
	responses();
	noise();
}

/* --- limits --- */

#define S	1000000000ull

static void limits(void)
{
	struct token_bucket b;

	token_bucket_init(&b, 0, 0);
	token_bucket_take(&b, 1000000);
	check("no_limit", !token_bucket_wait(&b, 0));
	token_bucket_init(&b, 100, 5 * S);
	token_bucket_take(&b, 99);
	check("limit_some_left", !token_bucket_wait(&b, 5 * S));
	token_bucket_take(&b, 51);
	check("limit_debt", token_bucket_wait(&b, 5 * S) == S / 2 + 1);
	check("limit_paid", !token_bucket_wait(&b, 5 * S + S / 2 + 1));
	check("limit_no_hoard", !token_bucket_wait(&b, 1000 * S));
	token_bucket_take(&b, 101);
	check("limit_one_second", token_bucket_wait(&b, 1000 * S));
	check("limit_clock_back", token_bucket_wait(&b, 0));
	token_bucket_init(&b, 1ull << 40, 0);
	token_bucket_take(&b, UINT64_MAX);
	check("limit_large", token_bucket_wait(&b, 1) > 10000 * S);
}

int main(void)
{
	configurations();
	numbers();
	requests(&sring_blk_x86_64, "x86_64_");
	requests(&sring_blk_x86_32, "x86_32_");
	prefix = "";
	limits();
	return 0;
}
