// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lays out a PVH guest's memory.  The kernel goes where its segments say; the
 * page with start_info and all it points to, and the ramdisk, go into what is
 * free of low RAM, next to the kernel if they fit there.  Fresh guest memory
 * is zero, so only bytes that differ from zero are ever written: the cost
 * follows the files and not the size of the guest.
 */
#include "pvh_load.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <xen/arch-x86/hvm/start_info.h>

#include "acpi.h"
#include "blob.h"
#include "bzimage.h"
#include "kernel_elf.h"
#include "lodge.h"

#define PAGE		4096ull
#define PAGE_UP(x)	(((x) + PAGE - 1) & ~(PAGE - 1))

/* Linux reads start_info by an early page table of 1 GiB. */
#define BOOT_PAGE_LIMIT	(1ull << 30)
/* Nothing is placed where guests expect a PC's low memory to be theirs. */
#define PLACE_FLOOR	0x100000ull
/*
 * A kernel file carries tables that are never loaded, so it may be larger than
 * the memory it needs; but what unpacks to a gigabyte is no kernel.
 */
#define UNPACK_SLACK	(64ull << 20)
#define UNPACK_MAX	(1ull << 30)

#define MEMMAP_MAX	4

/* What EBX points to.  One page, so that one write places it all. */
struct boot_page {
	struct hvm_start_info start;
	struct hvm_modlist_entry module;
	struct hvm_memmap_table_entry memmap[MEMMAP_MAX];
	char cmdline[PVH_CMDLINE_MAX + 1];
};

_Static_assert(sizeof(struct boot_page) <= PAGE, "boot page is one page");
_Static_assert(sizeof(struct hvm_start_info) == 56, "start_info layout");

struct pvh_image {
	struct blob kernel_file;
	struct blob unpacked;	/* valid while kernel points to it */
	struct blob *kernel;	/* the ELF: one of the two above */
	struct blob ramdisk;	/* fd -1: none */
	struct elf_kernel elf;
	uint64_t memory;
	uint64_t ram_end;	/* of RAM below 4 GiB */
	unsigned int vcpus;
	uint64_t boot_gpa;
	uint64_t ramdisk_gpa;
	struct boot_page boot;
};

/* --- reading the files --- */

static int check_request(const struct pvh_boot *boot, struct pvh_error *err)
{
	size_t len = boot->cmdline ? strlen(boot->cmdline) : 0;

	if (len > PVH_CMDLINE_MAX)
		return pvh_fail(err, NULL,
				"the command line has %zu bytes, at most %u are possible",
				len, PVH_CMDLINE_MAX);
	if (!acpi_size(boot->vcpus))
		return pvh_fail(err, NULL, "%u vCPUs cannot be listed in ACPI",
				boot->vcpus);
	return 0;
}

static uint64_t min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static int open_kernel(struct pvh_image *image, struct pvh_error *err)
{
	struct blob *file = &image->kernel_file;
	uint64_t limit = min_u64(image->memory + UNPACK_SLACK, UNPACK_MAX);

	if (elf_is(file)) {
		image->kernel = file;
	} else if (bzimage_is(file)) {
		if (bzimage_unpack(file, limit, &image->unpacked, err))
			return -1;
		image->kernel = &image->unpacked;
		if (!elf_is(image->kernel))
			return pvh_fail(err, NULL,
					"kernel %s: its payload is not an ELF file",
					file->path);
	} else {
		return pvh_fail(err, NULL,
				"kernel %s is not a kernel image (neither ELF nor bzImage)",
				file->path);
	}
	return elf_parse(image->kernel, image->ram_end, &image->elf, err);
}

/* --- layout --- */

static bool is_free(const struct pvh_image *image, uint64_t gpa, uint64_t size)
{
	const struct elf_segment *s;
	unsigned int i;

	for (i = 0; i < image->elf.nr_segments; i++) {
		s = &image->elf.segment[i];
		if (gpa < s->gpa + s->memsz && s->gpa < gpa + size)
			return false;
	}
	return !image->boot_gpa || gpa >= image->boot_gpa + PAGE ||
	       image->boot_gpa >= gpa + size;
}

static bool fits(const struct pvh_image *image, uint64_t gpa, uint64_t size,
		 uint64_t limit)
{
	return gpa >= PLACE_FLOOR && gpa <= limit && size <= limit - gpa &&
	       is_free(image, gpa, size);
}

static uint64_t kernel_end(const struct pvh_image *image)
{
	const struct elf_segment *s;
	uint64_t end = 0;
	unsigned int i;

	for (i = 0; i < image->elf.nr_segments; i++) {
		s = &image->elf.segment[i];
		if (s->gpa + s->memsz > end)
			end = s->gpa + s->memsz;
	}
	return PAGE_UP(end);
}

/*
 * Finds @size free bytes below @limit: behind the kernel, else behind one of
 * its segments, else at the floor.  0 if there is no such place.
 */
static uint64_t find_room(const struct pvh_image *image, uint64_t size,
			  uint64_t limit)
{
	uint64_t gpa = kernel_end(image);
	unsigned int i;

	if (image->boot_gpa >= gpa)
		gpa = image->boot_gpa + PAGE;
	if (fits(image, gpa, size, limit))
		return gpa;
	for (i = 0; i < image->elf.nr_segments; i++) {
		gpa = PAGE_UP(image->elf.segment[i].gpa +
			      image->elf.segment[i].memsz);
		if (fits(image, gpa, size, limit))
			return gpa;
	}
	if (fits(image, PLACE_FLOOR, size, limit))
		return PLACE_FLOOR;
	if (fits(image, PLACE_FLOOR + PAGE, size, limit))
		return PLACE_FLOOR + PAGE;
	return 0;
}

static int place(struct pvh_image *image, struct pvh_error *err)
{
	const struct blob *ramdisk = &image->ramdisk;

	image->boot_gpa = find_room(image, PAGE,
				    min_u64(image->ram_end, BOOT_PAGE_LIMIT));
	if (!image->boot_gpa)
		return pvh_fail(err, "give the domain more memory",
				"kernel %s leaves no memory for the start information",
				image->kernel->path);
	if (ramdisk->fd < 0)
		return 0;
	image->ramdisk_gpa = find_room(image, ramdisk->size, image->ram_end);
	if (!image->ramdisk_gpa)
		return pvh_fail(err, "give the domain more memory",
				"ramdisk %s does not fit memory: %" PRIu64 " KiB, the kernel ends at %" PRIu64 " of %" PRIu64,
				ramdisk->path, (ramdisk->size + 1023) / 1024,
				kernel_end(image) / 1024,
				image->ram_end / 1024);
	return 0;
}

static void add_memory(struct boot_page *b, uint64_t addr, uint64_t size,
		       uint32_t type)
{
	struct hvm_memmap_table_entry *e =
		&b->memmap[b->start.memmap_entries++];

	e->addr = addr;
	e->size = size;
	e->type = type;
}

static void fill_memmap(struct pvh_image *image)
{
	struct boot_page *b = &image->boot;

	add_memory(b, 0, image->ram_end, XEN_HVM_MEMMAP_TYPE_RAM);
	add_memory(b, LODGE_ACPI_BASE, LODGE_ACPI_SIZE,
		   XEN_HVM_MEMMAP_TYPE_NVS);
	/* Listed, or Linux would put grant frames over them. */
	add_memory(b, LODGE_SPECIAL_BASE, LODGE_SPECIAL_SIZE,
		   XEN_HVM_MEMMAP_TYPE_RESERVED);
	if (image->memory > LODGE_LOWMEM_MAX)
		add_memory(b, LODGE_HIGHMEM_BASE,
			   image->memory - LODGE_LOWMEM_MAX,
			   XEN_HVM_MEMMAP_TYPE_RAM);
}

static void fill_boot_page(struct pvh_image *image)
{
	struct boot_page *b = &image->boot;
	uint64_t gpa = image->boot_gpa;

	b->start.magic = XEN_HVM_START_MAGIC_VALUE;
	b->start.version = 1;
	b->start.rsdp_paddr = LODGE_ACPI_BASE;
	b->start.memmap_paddr = gpa + offsetof(struct boot_page, memmap);
	if (b->cmdline[0])
		b->start.cmdline_paddr =
			gpa + offsetof(struct boot_page, cmdline);
	fill_memmap(image);
	if (!image->ramdisk_gpa)
		return;
	b->start.nr_modules = 1;
	b->start.modlist_paddr = gpa + offsetof(struct boot_page, module);
	b->module.paddr = image->ramdisk_gpa;
	b->module.size = image->ramdisk.size;
}

/* --- the interface --- */

static void init_image(struct pvh_image *image, const struct pvh_boot *boot)
{
	image->kernel_file.fd = -1;
	image->unpacked.fd = -1;
	image->ramdisk.fd = -1;
	image->memory = boot->memory;
	image->ram_end = min_u64(boot->memory, LODGE_LOWMEM_MAX);
	image->vcpus = boot->vcpus;
	if (boot->cmdline)
		strcpy(image->boot.cmdline, boot->cmdline);
}

int pvh_image_open(const struct pvh_boot *boot, struct pvh_image **out,
		   struct pvh_error *err)
{
	struct pvh_image *image;

	if (check_request(boot, err))
		return -1;
	image = calloc(1, sizeof(*image));
	if (!image)
		return pvh_fail(err, NULL, "out of memory");
	init_image(image, boot);
	if (blob_open(&image->kernel_file, "kernel", boot->kernel, err) ||
	    open_kernel(image, err))
		goto close_image;
	if (boot->ramdisk &&
	    blob_open(&image->ramdisk, "ramdisk", boot->ramdisk, err))
		goto close_image;
	if (place(image, err))
		goto close_image;
	fill_boot_page(image);
	*out = image;
	return 0;

close_image:
	pvh_image_close(image);
	return -1;
}

static int write_guest(pvh_write_fn write, void *ctx, uint64_t gpa,
		       const void *data, size_t size, const char *what,
		       struct pvh_error *err)
{
	int ret = write(ctx, gpa, data, size);

	if (!ret)
		return 0;
	return pvh_fail(err, NULL, "cannot write the %s into the domain: %s",
			what, strerror(-ret));
}

static int load_kernel(struct pvh_image *image, pvh_write_fn write, void *ctx,
		       struct pvh_error *err)
{
	const uint8_t *data = blob_map(image->kernel, err);
	const struct elf_segment *s;
	unsigned int i;

	if (!data)
		return -1;
	for (i = 0; i < image->elf.nr_segments; i++) {
		s = &image->elf.segment[i];
		if (s->filesz &&
		    write_guest(write, ctx, s->gpa, data + s->offset,
				s->filesz, "kernel", err))
			return -1;
	}
	return 0;
}

static int load_ramdisk(struct pvh_image *image, pvh_write_fn write, void *ctx,
			struct pvh_error *err)
{
	const uint8_t *data;

	if (!image->ramdisk_gpa)
		return 0;
	data = blob_map(&image->ramdisk, err);
	if (!data)
		return -1;
	return write_guest(write, ctx, image->ramdisk_gpa, data,
			   image->ramdisk.size, "ramdisk", err);
}

static int load_acpi(struct pvh_image *image, pvh_write_fn write, void *ctx,
		     struct pvh_error *err)
{
	size_t size = acpi_size(image->vcpus);
	void *tables = calloc(1, size);
	int ret;

	if (!tables)
		return pvh_fail(err, NULL, "out of memory");
	acpi_build(tables, LODGE_ACPI_BASE, image->vcpus);
	ret = write_guest(write, ctx, LODGE_ACPI_BASE, tables, size,
			  "ACPI tables", err);
	free(tables);
	return ret;
}

int pvh_image_load(struct pvh_image *image, pvh_write_fn write, void *ctx,
		   struct pvh_entry *entry, struct pvh_error *err)
{
	size_t size = offsetof(struct boot_page, cmdline) +
		      strlen(image->boot.cmdline) + 1;

	if (load_kernel(image, write, ctx, err) ||
	    load_ramdisk(image, write, ctx, err) ||
	    load_acpi(image, write, ctx, err) ||
	    write_guest(write, ctx, image->boot_gpa, &image->boot, size,
			"start information", err))
		return -1;
	entry->eip = image->elf.entry;
	entry->start_info = image->boot_gpa;
	return 0;
}

bool pvh_image_is_x86_64(const struct pvh_image *image)
{
	return image->elf.is_x86_64;
}

void pvh_image_close(struct pvh_image *image)
{
	if (!image)
		return;
	blob_close(&image->ramdisk);
	blob_close(&image->unpacked);
	blob_close(&image->kernel_file);
	free(image);
}
