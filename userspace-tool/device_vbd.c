// SPDX-License-Identifier: GPL-2.0-only
/*
 * Disks, as xl's configurations describe them.  See device_vbd.h.
 */
#include "device_vbd.h"

#include "compiler.h"
#include "config.h"
#include "device_nbd.h"

#include <stdlib.h>
#include <string.h>

const char * const device_vbd_keys[] = {
	[VBD_TARGET] = "target",
	[VBD_FORMAT] = "format",
	[VBD_VDEV] = "vdev",
	[VBD_ACCESS] = "access",
	[VBD_DEVTYPE] = "devtype",
	[VBD_BACKENDTYPE] = "backendtype",
	[VBD_DISCARD] = "discard",
	[VBD_NO_DISCARD] = "no-discard",
	[VBD_SECTOR_SIZE] = "sector-size",
	[VBD_IOPS] = "iops",
	[VBD_BPS] = "bps",
	[VBD_DIRECT_IO_SAFE] = "direct-io-safe",
	[NR_VBD_KEYS] = NULL,
};

_Static_assert(NR_VBD_KEYS <= DEVICE_KEYS_MAX, "no room for the values");

/* --- numbers of disks --- */

#define XVD_EXTENDED	(1u << 28)
#define XVD_DISKS	(1u << 20)	/* that the extended form can number */

/*
 * "a", "z", "aa", ...: the disk's number in @disk.  Returns how many letters,
 * 0 when there are none or it is beyond all numbers.
 */
static size_t parse_letters(const char *text, uint32_t *disk)
{
	size_t n = 0;

	*disk = 0;
	for (; text[n] >= 'a' && text[n] <= 'z'; n++) {
		*disk = *disk * 26 + (text[n] - 'a' + 1);
		if (*disk > XVD_DISKS)
			return 0;
	}
	if (n)
		--*disk;
	return n;
}

/* Nothing, or a number from 1 on without a zero before it. */
static int parse_partition(const char *text, uint32_t most, uint32_t *number)
{
	*number = 0;
	if (!*text)
		return 0;
	if (*text == '0')
		return -1;
	for (; *text >= '0' && *text <= '9'; text++) {
		*number = *number * 10 + (*text - '0');
		if (*number > most)
			return -1;
	}
	return *text ? -1 : 0;
}

static int xvd_number(uint32_t disk, uint32_t partition, uint32_t *number)
{
	if (disk < 16 && partition < 16)
		*number = 202u << 8 | disk << 4 | partition;
	else
		*number = XVD_EXTENDED | disk << 8 | partition;
	return 0;
}

static int sd_number(uint32_t disk, uint32_t partition, uint32_t *number)
{
	if (disk > 15 || partition > 15)
		return -1;
	*number = 8u << 8 | disk << 4 | partition;
	return 0;
}

static int hd_number(uint32_t disk, uint32_t partition, uint32_t *number)
{
	if (disk > 3 || partition > 63)
		return -1;
	*number = (disk < 2 ? 3u : 22u) << 8 | (disk & 1) << 6 | partition;
	return 0;
}

static const struct {
	const char *prefix;
	int (*number)(uint32_t disk, uint32_t partition, uint32_t *number);
} families[] = {
	{ "xvd", xvd_number },
	{ "sd", sd_number },
	{ "hd", hd_number },
};

int device_vbd_number(const char *vdev, uint32_t *number)
{
	uint32_t disk, partition;
	struct failure ignored;
	uint64_t value;
	size_t i, n;

	if (!device_number("vdev", vdev, 0x1fffffff, &value, &ignored)) {
		*number = value;
		return value ? 0 : -1;
	}
	for (i = 0; i < ARRAY_SIZE(families); i++) {
		n = strlen(families[i].prefix);
		if (strncmp(vdev, families[i].prefix, n))
			continue;
		vdev += n;
		n = parse_letters(vdev, &disk);
		if (!n || parse_partition(vdev + n, 255, &partition))
			return -1;
		return families[i].number(disk, partition, number);
	}
	return -1;
}

/* --- the old forms --- */

/* The last one is part of the target. */
static const char * const prefixes[] = { "phy:", "file:", "raw:", NBD_PREFIX };

static int is_format(const char *text, size_t length)
{
	static const char * const formats[] = {
		"", "raw", "qcow", "qcow2", "vhd", "qed", "vmdk", "empty",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(formats); i++)
		if (!strncmp(text, formats[i], length) && !formats[i][length])
			return 1;
	return 0;
}

/*
 * "phy:/dev/x,xvda,w": what xend had.  With a prefix the format is not given,
 * except in mixed forms: if the second word is no format, it is the vdev.
 */
static const char *take_old_form(struct device_config *device, const char *text,
				 struct failure *failure)
{
	size_t length = strcspn(text, ",");
	char *target = strndup(text, length);
	int err = target ? device_config_set(device, VBD_TARGET, target,
					     failure) :
		failure_set(failure, "out of memory");

	free(target);
	if (err || device_config_set(device, VBD_FORMAT, "raw", failure))
		return NULL;
	return text[length] ? text + length + 1 : "";
}

/* The words after the target, by their places. */
static const char *take_old_words(struct device_config *device,
				  const char *text, struct failure *failure)
{
	static const enum vbd_key order[] = { VBD_VDEV, VBD_ACCESS };
	size_t i, length;
	char *word;
	int err;

	text += strspn(text, " \t");
	length = strcspn(text, ",");
	if (is_format(text, length) && text[length]) {
		if (length && strncmp(text, "raw", 3)) {
			failure_set(failure, "format \"%.*s\": lodge has raw disks only",
				    (int)(length < 20 ? length : 20), text);
			return NULL;
		}
		text += length + 1;
	}
	for (i = 0; i < ARRAY_SIZE(order) && *text; i++) {
		text += strspn(text, " \t");
		length = strcspn(text, ",=");
		if (text[length] == '=')
			break;
		word = strndup(text, length);
		err = !word || device_config_set(device, order[i], word,
						 failure);
		free(word);
		if (err)
			return NULL;
		text += length;
		text += *text == ',';
	}
	return text;
}

const char *device_vbd_prepare(struct device_config *device, const char *text,
			       struct failure *failure)
{
	size_t i, n;

	text += strspn(text, " \t");
	for (i = 0; i < ARRAY_SIZE(prefixes); i++) {
		n = strlen(prefixes[i]);
		if (strncmp(text, prefixes[i], n))
			continue;
		if (!device_nbd_is(text))
			text += n;
		text = take_old_form(device, text, failure);
		return text ? take_old_words(device, text, failure) : NULL;
	}
	return text;
}

/* --- the values --- */

static int check_target(struct device_config *d, struct failure *failure)
{
	struct nbd_target nbd;

	if (!d->values[VBD_TARGET]) {
		failure_set(failure, "the disk has no target");
		failure_hint(failure, "target=FILE, or the file as the first word");
		return -1;
	}
	if (device_nbd_is(d->values[VBD_TARGET]))
		return device_nbd_read(d->values[VBD_TARGET], &nbd, failure);
	return domain_config_set_path(&d->values[VBD_TARGET],
				      d->values[VBD_TARGET], failure);
}

static int check_vdev(struct device_config *d, struct failure *failure)
{
	const char *vdev = d->values[VBD_VDEV];

	if (!vdev) {
		failure_set(failure, "the disk has no vdev");
		failure_hint(failure, "vdev=xvda is the first disk");
		return -1;
	}
	if (device_vbd_number(vdev, &d->devid) ||
	    strlen(vdev) >= sizeof(d->label)) {
		failure_set(failure, "vdev \"%.60s\" is no disk", vdev);
		failure_hint(failure, "xvda, xvdb, ... or xvda1, xvda2, ...");
		return -1;
	}
	strcpy(d->label, vdev);
	return 0;
}

static int check_format(const struct device_config *d, struct failure *failure)
{
	const char *format = d->values[VBD_FORMAT];

	if (!format || !strcmp(format, "raw"))
		return 0;
	failure_set(failure, "format \"%.20s\": lodge has raw disks only",
		    format);
	failure_hint(failure, "qemu-img convert -O raw makes one of other formats; qemu-nbd serves them, target=nbd:unix:/SOCKET");
	return -1;
}

static int check_access(struct device_config *d, struct failure *failure)
{
	static const struct {
		const char *given, *access;
	} words[] = {
		{ "r", "r" }, { "ro", "r" }, { "w", "w" }, { "rw", "w" },
		{ "w!", "w!" }, { "rw!", "w!" },
	};
	const char *access = d->values[VBD_ACCESS];
	size_t i;

	if (!access)
		return device_config_set(d, VBD_ACCESS, "w", failure);
	for (i = 0; i < ARRAY_SIZE(words); i++)
		if (!strcmp(access, words[i].given))
			return device_config_set(d, VBD_ACCESS,
						 words[i].access, failure);
	return failure_set(failure, "access \"%.20s\" is none of r, w, w!",
			   access);
}

static int check_devtype(const struct device_config *d,
			 struct failure *failure)
{
	const char *type = d->values[VBD_DEVTYPE];

	if (!type || !strcmp(type, "disk"))
		return 0;
	return failure_set(failure, "devtype \"%.20s\": a PVH guest has disks only",
			   type);
}

static int check_sector_size(const struct device_config *d,
			     struct failure *failure)
{
	const char *size = d->values[VBD_SECTOR_SIZE];

	if (!size || !strcmp(size, "512") || !strcmp(size, "4096"))
		return 0;
	return failure_set(failure, "sector-size %.20s is neither 512 nor 4096",
			   size);
}

/* "no-discard" becomes "discard=0", so that one value tells. */
static int check_discard(struct device_config *d, struct failure *failure)
{
	const char *discard = d->values[VBD_DISCARD];

	if (d->values[VBD_NO_DISCARD]) {
		if (discard)
			return failure_set(failure, "both discard and no-discard");
		if (device_config_set(d, VBD_DISCARD, "0", failure))
			return -1;
		free(d->values[VBD_NO_DISCARD]);
		d->values[VBD_NO_DISCARD] = NULL;
		return 0;
	}
	if (!discard || !strcmp(discard, "0") || !strcmp(discard, "1"))
		return 0;
	return failure_set(failure, "discard=%.20s is neither 0 nor 1",
			   discard);
}

static int check_limit(const struct device_config *d, enum vbd_key key,
		       struct failure *failure)
{
	uint64_t value;

	if (!d->values[key])
		return 0;
	if (device_number(device_vbd_keys[key], d->values[key], 1ull << 40,
			  &value, failure))
		return -1;
	return value ? 0 : failure_set(failure, "%s=0 would stop the disk",
				       device_vbd_keys[key]);
}

int device_vbd_check(struct device_config *d, unsigned int index,
		     struct failure *failure)
{
	(void)index;
	if (check_target(d, failure) || check_vdev(d, failure) ||
	    check_format(d, failure) || check_access(d, failure) ||
	    check_devtype(d, failure) || check_sector_size(d, failure) ||
	    check_discard(d, failure))
		return -1;
	return check_limit(d, VBD_IOPS, failure) ||
		check_limit(d, VBD_BPS, failure) ? -1 : 0;
}
