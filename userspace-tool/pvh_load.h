/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From files to a guest that can start: a kernel (ELF or bzImage), an optional
 * ramdisk and a command line become bytes at guest-physical addresses.  All
 * parsing of untrusted images happens here, in userspace.
 */
#ifndef LODGE_TOOL_PVH_LOAD_H
#define LODGE_TOOL_PVH_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PVH_CMDLINE_MAX	2047	/* what Linux keeps of it */

/**
 * struct pvh_boot - what the user asked for
 * @kernel: path of the kernel file
 * @ramdisk: path of the ramdisk, or NULL
 * @cmdline: kernel command line, or NULL
 * @memory: bytes of guest RAM
 * @vcpus: vCPUs that the ACPI tables shall list
 */
struct pvh_boot {
	const char *kernel;
	const char *ramdisk;
	const char *cmdline;
	uint64_t memory;
	unsigned int vcpus;
};

/* Where vCPU 0 starts, and what it finds in EBX. */
struct pvh_entry {
	uint32_t eip;
	uint32_t start_info;
};

/* One line for people, and one with the cure where there is a known one. */
struct pvh_error {
	char text[256];
	char hint[256];
};

struct pvh_image;

/**
 * pvh_image_open - read and check the files
 * @boot: the files and the size of the guest; its paths are kept for messages
 *	and must live as long as the image
 * @image: out: for pvh_image_load() and pvh_image_close()
 * @err: out, on failure
 *
 * Needs no domain and finds every defect of the files, so that a bad file
 * leaves nothing behind.  Returns 0 or -1.
 */
int pvh_image_open(const struct pvh_boot *boot, struct pvh_image **image,
		   struct pvh_error *err);

/* Whether the kernel is for 64-bit CPUs. */
bool pvh_image_is_x86_64(const struct pvh_image *image);

/* Writes @length bytes at @gpa of the guest.  Returns 0 or -errno. */
typedef int (*pvh_write_fn)(void *ctx, uint64_t gpa, const void *data,
			    size_t length);

/**
 * pvh_image_load - write the image into fresh, zero-filled guest memory
 * @image: from pvh_image_open()
 * @write: how to write guest memory
 * @ctx: for @write
 * @entry: out: the start state of vCPU 0
 * @err: out, on failure
 *
 * Returns 0 or -1.
 */
int pvh_image_load(struct pvh_image *image, pvh_write_fn write, void *ctx,
		   struct pvh_entry *entry, struct pvh_error *err);

void pvh_image_close(struct pvh_image *image);

#endif /* LODGE_TOOL_PVH_LOAD_H */
