// SPDX-License-Identifier: GPL-2.0-only
/*
 * The image loader against images made here: good ones of every container and
 * packing, loaded into a fake guest and looked at there, and broken ones, each
 * of which must give its one-line error.  With arguments it loads real files:
 * pvh_load_test MEMORY_MIB KERNEL [RAMDISK]; -a FILE N writes the ACPI tables
 * of a guest with N vCPUs as FILE.SIGNATURE; -s FILE writes one good image of
 * each kind as FILE.KIND, for the fuzzer to start from.
 */
#include <errno.h>
#include <elf.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <archive.h>
#include <archive_entry.h>
#include <lz4.h>
#include <sys/stat.h>
#include <xen/arch-x86/hvm/start_info.h>

#include "acpi.h"
#include "lodge.h"
#include "pvh_load.h"

#define MIB		(1024ull * 1024)
#define KERNEL_GPA	0x100000u
#define ENTRY		(KERNEL_GPA + 0x40)
#define TEXT_SIZE	0x3000u
#define BSS_SIZE	0x1000u

static unsigned int nr_failed, nr_passed;
static const char *case_name = "";

#define CHECK(cond) check(cond, #cond, __LINE__)

static bool check(bool ok, const char *what, int line)
{
	if (ok)
		return true;
	nr_failed++;
	fprintf(stderr, "FAIL %s: line %d: %s\n", case_name, line, what);
	return false;
}

/* --- a fake guest --- */

static uint8_t acpi_window[LODGE_ACPI_SIZE];

struct guest {
	uint8_t *ram;
	uint64_t size;
	uint64_t written;
	int fail;
};

static int guest_write(void *ctx, uint64_t gpa, const void *data, size_t len)
{
	struct guest *g = ctx;

	if (g->fail)
		return -g->fail;
	g->written += len;
	if (gpa >= LODGE_ACPI_BASE && gpa - LODGE_ACPI_BASE <= LODGE_ACPI_SIZE &&
	    len <= LODGE_ACPI_SIZE - (gpa - LODGE_ACPI_BASE)) {
		memcpy(acpi_window + (gpa - LODGE_ACPI_BASE), data, len);
		return 0;
	}
	if (gpa > g->size || len > g->size - gpa)
		return -EFAULT;
	memcpy(g->ram + gpa, data, len);
	return 0;
}

/* --- making images --- */

struct image {
	uint8_t *data;
	size_t size;
};

static char dir[64];

static const char *put_file(const char *name, const void *data, size_t size)
{
	static char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	if (!f || fwrite(data, 1, size, f) != size || fclose(f)) {
		perror(path);
		exit(2);
	}
	return path;
}

static void fill_text(uint8_t *to, size_t size)
{
	uint32_t x = 1;
	size_t i;

	for (i = 0; i < size; i++) {
		x = x * 1103515245 + 12345;
		to[i] = i & 64 ? x >> 16 : 0x90;
	}
}

/* ELF header, text segment, note segment; text at 0x1000, note at 0x200. */
#define NOTE_AT		0x200
#define TEXT_AT		0x1000

static size_t put_note(uint8_t *to, uint32_t type, uint32_t descsz,
		       uint64_t value)
{
	Elf64_Nhdr n = { .n_namesz = 4, .n_descsz = descsz, .n_type = type };

	memcpy(to, &n, sizeof(n));
	memcpy(to + 12, "Xen", 4);
	memcpy(to + 16, &value, descsz < 8 ? descsz : 8);
	return 16 + ((descsz + 3) & ~3u);
}

static struct image make_elf64(void)
{
	struct image im = { .size = TEXT_AT + TEXT_SIZE };
	Elf64_Ehdr e = { .e_ident = ELFMAG "\2\1\1", .e_type = ET_EXEC,
			 .e_machine = EM_X86_64, .e_phoff = sizeof(e),
			 .e_phentsize = sizeof(Elf64_Phdr), .e_phnum = 2 };
	Elf64_Phdr p[2] = {
		{ .p_type = PT_LOAD, .p_offset = TEXT_AT,
		  .p_paddr = KERNEL_GPA, .p_filesz = TEXT_SIZE,
		  .p_memsz = TEXT_SIZE + BSS_SIZE },
		{ .p_type = PT_NOTE, .p_offset = NOTE_AT },
	};
	size_t n;

	im.data = calloc(1, im.size);
	n = put_note(im.data + NOTE_AT, 6, 5, 0x58554e494cull);
	n += put_note(im.data + NOTE_AT + n, 18, 8, ENTRY);
	p[1].p_filesz = n;
	memcpy(im.data, &e, sizeof(e));
	memcpy(im.data + sizeof(e), p, sizeof(p));
	fill_text(im.data + TEXT_AT, TEXT_SIZE);
	return im;
}

static struct image make_elf32(void)
{
	struct image im = { .size = TEXT_AT + TEXT_SIZE };
	Elf32_Ehdr e = { .e_ident = ELFMAG "\1\1\1", .e_type = ET_EXEC,
			 .e_machine = EM_386, .e_phoff = sizeof(e),
			 .e_phentsize = sizeof(Elf32_Phdr), .e_phnum = 2 };
	Elf32_Phdr p[2] = {
		{ .p_type = PT_NOTE, .p_offset = NOTE_AT },
		{ .p_type = PT_LOAD, .p_offset = TEXT_AT,
		  .p_paddr = KERNEL_GPA, .p_filesz = TEXT_SIZE,
		  .p_memsz = TEXT_SIZE + BSS_SIZE },
	};

	im.data = calloc(1, im.size);
	p[0].p_filesz = put_note(im.data + NOTE_AT, 18, 4, ENTRY);
	memcpy(im.data, &e, sizeof(e));
	memcpy(im.data + sizeof(e), p, sizeof(p));
	fill_text(im.data + TEXT_AT, TEXT_SIZE);
	return im;
}

/* The note only in a section: the program header becomes PT_NULL. */
static struct image make_elf_section_note(void)
{
	struct image im = make_elf64();
	Elf64_Ehdr *e = (void *)im.data;
	Elf64_Phdr *p = (void *)(im.data + sizeof(*e));
	Elf64_Shdr s[2] = {
		{ .sh_type = SHT_NULL },
		{ .sh_type = SHT_NOTE, .sh_offset = NOTE_AT,
		  .sh_size = p[1].p_filesz },
	};

	p[1].p_type = PT_NULL;
	e->e_shoff = 0x400;
	e->e_shnum = 2;
	e->e_shentsize = sizeof(s[0]);
	memcpy(im.data + 0x400, s, sizeof(s));
	return im;
}

static struct image pack_archive(const struct image *in,
				 int (*add)(struct archive *a))
{
	struct image out = { .data = malloc(in->size * 2 + 65536) };
	struct archive *a = archive_write_new();
	struct archive_entry *e = archive_entry_new();

	archive_write_set_format_raw(a);
	archive_write_set_bytes_per_block(a, 0);
	archive_entry_set_filetype(e, AE_IFREG);
	archive_entry_set_size(e, in->size);
	if (add(a) < ARCHIVE_WARN ||
	    archive_write_open_memory(a, out.data, in->size * 2 + 65536,
				      &out.size) ||
	    archive_write_header(a, e) ||
	    archive_write_data(a, in->data, in->size) < 0 ||
	    archive_write_close(a))
		out.size = 0;
	archive_entry_free(e);
	archive_write_free(a);
	return out;
}

static struct image pack_lz4_legacy(const struct image *in)
{
	struct image out = { .data = malloc(in->size * 2 + 64) };
	int n;

	memcpy(out.data, "\x02\x21\x4c\x18", 4);
	n = LZ4_compress_default((char *)in->data, (char *)out.data + 8,
				 in->size, in->size * 2);
	memcpy(out.data + 4, &n, 4);
	out.size = n + 8;
	return out;
}

static struct image make_bzimage(const struct image *packed, uint32_t unpacked,
				 bool trailer)
{
	uint32_t head = 3 * 512, skip = 0x40, length = packed->size;
	struct image im = { .data = calloc(1, head + skip + length + 4) };
	uint8_t *d = im.data;

	d[0x1f1] = 2;
	memcpy(d + 0x1fe, "\x55\xaa", 2);
	memcpy(d + 0x202, "HdrS\x0f\x02", 6);
	memcpy(d + head + skip, packed->data, length);
	if (trailer) {
		memcpy(d + head + skip + length, &unpacked, 4);
		length += 4;
	}
	memcpy(d + 0x248, &skip, 4);
	memcpy(d + 0x24c, &length, 4);
	im.size = head + skip + length;
	return im;
}

/* --- good images --- */

static void check_start_info(const struct guest *g, uint32_t gpa,
			     const char *cmdline, size_t ramdisk_size)
{
	struct hvm_start_info s;
	struct hvm_modlist_entry m;
	struct hvm_memmap_table_entry e;

	if (!CHECK(gpa + sizeof(s) <= g->size))
		return;
	memcpy(&s, g->ram + gpa, sizeof(s));
	CHECK(s.magic == 0x336ec578 && s.version == 1 && s.flags == 0);
	CHECK(s.rsdp_paddr == LODGE_ACPI_BASE);
	CHECK(s.memmap_entries == (g->size > LODGE_LOWMEM_MAX ? 4 : 3));
	CHECK(s.nr_modules == !!ramdisk_size);
	memcpy(&e, g->ram + s.memmap_paddr, sizeof(e));
	CHECK(e.addr == 0 && e.size == g->size && e.type == 1);
	if (cmdline)
		CHECK(!strcmp((char *)g->ram + s.cmdline_paddr, cmdline));
	else
		CHECK(!s.cmdline_paddr);
	if (!ramdisk_size)
		return;
	memcpy(&m, g->ram + s.modlist_paddr, sizeof(m));
	CHECK(m.size == ramdisk_size && !(m.paddr & 4095));
	CHECK(m.paddr >= KERNEL_GPA + TEXT_SIZE + BSS_SIZE);
	CHECK(m.paddr + m.size <= g->size);
	CHECK(m.paddr >= ((uint64_t)gpa + 4096) || m.paddr + m.size <= gpa);
	CHECK(g->ram[m.paddr] == 'R' && g->ram[m.paddr + m.size - 1] == 'R');
}

static void test_good(const char *name, struct image im, const char *cmdline,
		      size_t ramdisk_size, uint64_t memory)
{
	struct guest g = { .ram = calloc(1, memory), .size = memory };
	struct pvh_boot boot = { .memory = memory, .vcpus = 3,
				 .cmdline = cmdline };
	uint8_t text[TEXT_SIZE], *ramdisk = NULL;
	struct pvh_error err = { "", "" };
	struct pvh_entry entry = { 0, 0 };
	struct pvh_image *image;

	case_name = name;
	if (ramdisk_size) {
		ramdisk = malloc(ramdisk_size);
		memset(ramdisk, 'R', ramdisk_size);
		boot.ramdisk = strdup(put_file("ramdisk", ramdisk,
					       ramdisk_size));
	}
	boot.kernel = put_file("kernel", im.data, im.size);
	if (pvh_image_open(&boot, &image, &err)) {
		fprintf(stderr, "%s\n", err.text);
		CHECK(!"open");
		goto out;
	}
	CHECK(pvh_image_is_x86_64(image) == !!strcmp(name, "ELF32"));
	if (CHECK(!pvh_image_load(image, guest_write, &g, &entry, &err))) {
		fill_text(text, sizeof(text));
		CHECK(entry.eip == ENTRY);
		CHECK(!memcmp(g.ram + KERNEL_GPA, text, TEXT_SIZE));
		check_start_info(&g, entry.start_info, cmdline, ramdisk_size);
		CHECK(g.written < TEXT_SIZE + ramdisk_size + 8192);
	}
	g.fail = ENOMEM;
	CHECK(pvh_image_load(image, guest_write, &g, &entry, &err) == -1 &&
	      strstr(err.text, "Cannot allocate memory"));
	pvh_image_close(image);
	nr_passed++;
out:
	free((char *)boot.ramdisk);
	free(ramdisk);
	free(g.ram);
	free(im.data);
}

/* RAM on both sides of the hole below 4 GiB. */
static void test_memory_map(void)
{
	static const struct hvm_memmap_table_entry want[] = {
		{ 0, LODGE_LOWMEM_MAX, 1, 0 },
		{ LODGE_ACPI_BASE, LODGE_ACPI_SIZE, 4, 0 },
		{ LODGE_SPECIAL_BASE, LODGE_SPECIAL_SIZE, 2, 0 },
		{ LODGE_HIGHMEM_BASE, 8192 * MIB - LODGE_LOWMEM_MAX, 1, 0 },
	};
	struct guest g = { .ram = calloc(1, 4 * MIB), .size = 4 * MIB };
	struct pvh_boot boot = { .memory = 8192 * MIB, .vcpus = 64 };
	struct image im = make_elf64();
	struct hvm_start_info s;
	struct pvh_image *image;
	struct pvh_entry entry;
	struct pvh_error err;

	case_name = "memory map";
	boot.kernel = put_file("kernel", im.data, im.size);
	if (!CHECK(!pvh_image_open(&boot, &image, &err)))
		exit(1);
	CHECK(!pvh_image_load(image, guest_write, &g, &entry, &err));
	memcpy(&s, g.ram + entry.start_info, sizeof(s));
	CHECK(s.memmap_entries == 4);
	CHECK(!memcmp(g.ram + s.memmap_paddr, want, sizeof(want)));
	pvh_image_close(image);
	free(g.ram);
	free(im.data);
	nr_passed++;
}

static const struct {
	const char *name;
	int (*add)(struct archive *a);
	bool trailer;
} packings[] = {
	{ "gzip", archive_write_add_filter_gzip, false },
	{ "bzip2", archive_write_add_filter_bzip2, true },
	{ "lzma", archive_write_add_filter_lzma, true },
	{ "xz", archive_write_add_filter_xz, true },
	{ "zstd", archive_write_add_filter_zstd, true },
	{ "lzo", archive_write_add_filter_lzop, true },
	{ "lz4", NULL, true },
};

static struct image pack(unsigned int i, const struct image *elf)
{
	struct image packed, out;

	packed = packings[i].add ? pack_archive(elf, packings[i].add) :
				   pack_lz4_legacy(elf);
	if (!packed.size) {
		free(packed.data);
		return packed;
	}
	out = make_bzimage(&packed, elf->size, packings[i].trailer);
	free(packed.data);
	return out;
}

static void test_packings(void)
{
	struct image elf, im;
	unsigned int i;

	for (i = 0; i < sizeof(packings) / sizeof(packings[0]); i++) {
		elf = make_elf64();
		im = pack(i, &elf);
		free(elf.data);
		if (im.size)
			test_good(packings[i].name, im, "quiet", 5000,
				  4 * MIB);
		else
			printf("skip packing_%s: no program packs it here\n",
			       packings[i].name);
	}
}

/* --- broken images --- */

static void expect(const char *name, const struct pvh_boot *boot,
		   const char *text)
{
	struct pvh_error err = { "", "" };
	struct pvh_image *image;

	case_name = name;
	if (!CHECK(pvh_image_open(boot, &image, &err) == -1)) {
		pvh_image_close(image);
		return;
	}
	if (!strstr(err.text, text)) {
		nr_failed++;
		fprintf(stderr, "FAIL %s: «%s» has no «%s»\n", name, err.text,
			text);
		return;
	}
	CHECK(!strchr(err.text, '\n') && !strchr(err.hint, '\n'));
	nr_passed++;
}

static void expect_image(const char *name, const struct image *im,
			 const char *text)
{
	struct pvh_boot boot = { .memory = 4 * MIB, .vcpus = 1 };

	boot.kernel = put_file("broken", im->data, im->size);
	expect(name, &boot, text);
}

/* One value of @size bytes at @at of a good ELF64 kernel is replaced. */
#define PHDR0	sizeof(Elf64_Ehdr)
#define PHDR1	(PHDR0 + sizeof(Elf64_Phdr))
#define E(f)	offsetof(Elf64_Ehdr, f), sizeof(((Elf64_Ehdr *)0)->f)
#define P0(f)	PHDR0 + offsetof(Elf64_Phdr, f), sizeof(((Elf64_Phdr *)0)->f)
#define P1(f)	PHDR1 + offsetof(Elf64_Phdr, f), sizeof(((Elf64_Phdr *)0)->f)

static const struct {
	const char *name;
	size_t at;
	unsigned int size;
	uint64_t value;
	const char *text;
} bad_elf[] = {
	{ "class", EI_CLASS, 1, 7, "bad ELF class" },
	{ "big endian", EI_DATA, 1, 2, "not for x86" },
	{ "machine", E(e_machine), 183, "ELF machine 183" },
	{ "no phdr", E(e_phnum), 0, "no segments" },
	{ "phnum", E(e_phnum), 0xffff, "bad program header table" },
	{ "phentsize", E(e_phentsize), 32, "bad program header table" },
	{ "phoff beyond", E(e_phoff), 1ull << 40, "truncated" },
	{ "phoff wraps", E(e_phoff), -8ull, "truncated" },
	{ "filesz", P0(p_filesz), 0x100000, "larger in the file" },
	{ "offset", P0(p_offset), -1ull, "truncated" },
	{ "offset 2", P0(p_offset), 0x3000, "truncated" },
	{ "memsz huge", P0(p_memsz), -1ull, "does not fit memory" },
	{ "memsz", P0(p_memsz), 4 * MIB, "does not fit memory" },
	{ "paddr", P0(p_paddr), -0x1000ull, "does not fit memory" },
	{ "paddr 4G", P0(p_paddr), 0x100000000ull, "does not fit memory" },
	{ "paddr elsewhere", P0(p_paddr), 0x200000, "outside its segments" },
	{ "no note", P1(p_type), PT_NULL, "no PVH entry (ELF note 18)" },
	{ "no load", P0(p_type), PT_NULL, "outside its segments" },
	{ "note huge", P1(p_filesz), 1ull << 40, "notes are larger" },
	{ "note beyond", P1(p_offset), 1ull << 40, "truncated" },
	{ "note wraps", P1(p_offset), -4ull, "truncated" },
	{ "note cut", P1(p_filesz), 44, "no PVH entry" },
	{ "note namesz", NOTE_AT, 4, 0xffffffff, "no PVH entry" },
	{ "note descsz", NOTE_AT + 4, 4, 0xffffffff, "no PVH entry" },
	{ "note overlap", P1(p_type), PT_LOAD, "no PVH entry" },
	{ "entry descsz 2", NOTE_AT + 24 + 4, 4, 2, "2 bytes instead of" },
	{ "entry", NOTE_AT + 24 + 16, 4, 0x10, "outside its segments" },
};

static void test_bad_elf(void)
{
	struct image im;
	unsigned int i;

	for (i = 0; i < sizeof(bad_elf) / sizeof(bad_elf[0]); i++) {
		im = make_elf64();
		memcpy(im.data + bad_elf[i].at, &bad_elf[i].value,
		       bad_elf[i].size);
		expect_image(bad_elf[i].name, &im, bad_elf[i].text);
		free(im.data);
	}
	im = make_elf64();
	memcpy(im.data + PHDR1, im.data + PHDR0, sizeof(Elf64_Phdr));
	expect_image("overlap", &im, "overlaps another");
	im.size = 40;
	expect_image("short ELF header", &im, "truncated");
	im.size = 3;
	expect_image("three bytes", &im, "neither ELF nor bzImage");
	free(im.data);
}

static void test_bad_elf32(void)
{
	struct image im = make_elf32();

	im.data[NOTE_AT + 8] = 17;
	expect_image("32-bit without PVH", &im, "32-bit kernel");
	free(im.data);
}

static const struct {
	const char *name;
	size_t at;
	unsigned int size;
	uint32_t value;
	const char *text;
} bad_bzimage[] = {
	{ "protocol", 0x206, 2, 0x207, "boot protocol 2.7" },
	{ "no flag", 0x1fe, 2, 0, "neither ELF nor bzImage" },
	{ "no HdrS", 0x202, 4, 0, "neither ELF nor bzImage" },
	{ "offset", 0x248, 4, 0xffffffff, "truncated" },
	{ "length 0", 0x24c, 4, 0, "payload of 0 bytes" },
	{ "length", 0x24c, 4, 0x3fffffff, "truncated" },
	{ "length huge", 0x24c, 4, 0xffffffff, "payload of 4294967295 bytes" },
	{ "packing", 0x640, 4, 0x12345678, "not known" },
	{ "damage", 0x680, 4, 0xdeadbeef, "damaged" },
	{ "damage 2", 0x700, 4, 0xdeadbeef, "damaged" },
};

static void put_unpacked_size(struct image *im, uint32_t size)
{
	memcpy(im->data + im->size - 4, &size, 4);
}

static void test_bad_bzimage(void)
{
	struct image elf = make_elf64(), im;
	unsigned int i;

	for (i = 0; i < sizeof(bad_bzimage) / sizeof(bad_bzimage[0]); i++) {
		im = pack(3, &elf);
		memcpy(im.data + bad_bzimage[i].at, &bad_bzimage[i].value,
		       bad_bzimage[i].size);
		expect_image(bad_bzimage[i].name, &im, bad_bzimage[i].text);
		free(im.data);
	}
	im = pack(3, &elf);
	put_unpacked_size(&im, 0xf0000000);
	expect_image("bomb by header", &im, "does not fit memory");
	put_unpacked_size(&im, elf.size - 1);
	expect_image("bomb by stream", &im, "unpacks to more than");
	put_unpacked_size(&im, elf.size + 1);
	expect_image("short stream", &im, "instead of");
	im.size -= 100;
	expect_image("cut", &im, "truncated");
	free(im.data);
	elf.data[0] = 0;
	im = pack(4, &elf);
	expect_image("payload no ELF", &im, "not an ELF file");
	free(im.data);
	free(elf.data);
}

static void test_bad_files(void)
{
	struct image elf = make_elf64();
	struct pvh_boot boot = { .memory = 4 * MIB, .vcpus = 1 };
	char *kernel = strdup(put_file("kernel", elf.data, elf.size));
	char cmdline[PVH_CMDLINE_MAX + 2];
	uint8_t *big = calloc(1, 4 * MIB);

	boot.kernel = "/nonexistent/vmlinux";
	expect("missing", &boot, "No such file");
	boot.kernel = dir;
	expect("directory", &boot, "is a directory");
	boot.kernel = "/dev/null";
	expect("device", &boot, "not a regular file");
	boot.kernel = put_file("empty", "", 0);
	expect("empty", &boot, "is empty");
	boot.kernel = put_file("text", "#!/bin/sh\n", 10);
	expect("text", &boot, "neither ELF nor bzImage");
	boot.kernel = kernel;
	boot.ramdisk = "/nonexistent/initrd";
	expect("no ramdisk", &boot, "cannot open ramdisk");
	boot.ramdisk = put_file("initrd", "", 0);
	expect("empty ramdisk", &boot, "is empty");
	boot.ramdisk = put_file("initrd", big, 4 * MIB);
	expect("large ramdisk", &boot, "does not fit memory");
	boot.ramdisk = NULL;
	boot.vcpus = 0;
	expect("0 vCPUs", &boot, "0 vCPUs");
	boot.vcpus = 0xffffffff;
	expect("4G vCPUs", &boot, "vCPUs");
	boot.vcpus = 1;
	boot.memory = 0;
	expect("no memory", &boot, "does not fit memory");
	boot.memory = KERNEL_GPA + TEXT_SIZE + BSS_SIZE;
	expect("no room", &boot, "leaves no memory");
	boot.memory = 4 * MIB;
	memset(cmdline, 'x', sizeof(cmdline));
	cmdline[PVH_CMDLINE_MAX + 1] = 0;
	boot.cmdline = cmdline;
	expect("cmdline", &boot, "command line has 2048 bytes");
	free(big);
	free(kernel);
	free(elf.data);
}

/* --- ACPI --- */

static bool sums_to_zero(const uint8_t *table, size_t size)
{
	uint8_t sum = 0;

	while (size--)
		sum += *table++;
	return !sum;
}

static const uint8_t *table_at(const uint8_t *buf, uint64_t gpa,
			       const char *signature)
{
	const uint8_t *t = buf + (gpa - LODGE_ACPI_BASE);
	uint32_t size;

	if (!CHECK(gpa >= LODGE_ACPI_BASE &&
		   gpa < LODGE_ACPI_BASE + LODGE_ACPI_SIZE))
		exit(1);
	memcpy(&size, t + 4, 4);
	CHECK(!memcmp(t, signature, 4));
	CHECK(!memcmp(signature, "FACS", 4) || sums_to_zero(t, size));
	return t;
}

static uint64_t get(const uint8_t *p, unsigned int size)
{
	uint64_t v = 0;

	memcpy(&v, p, size);
	return v;
}

static void check_madt(const uint8_t *madt, unsigned int vcpus)
{
	const uint8_t *p = madt + 44, *end = madt + get(madt + 4, 4);
	unsigned int i, uid, id;

	for (i = 0; i < vcpus && p < end; i++, p += p[1]) {
		uid = p[0] == 9 ? get(p + 12, 4) : p[2];
		id = p[0] == 9 ? get(p + 4, 4) : p[3];
		CHECK(uid == i && id == 2 * i);
		CHECK(p[0] == (id >= 255 ? 9 : 0));
	}
	CHECK(i == vcpus && p == end);
}

static void test_acpi(unsigned int vcpus)
{
	size_t size = acpi_size(vcpus);
	uint8_t *buf = calloc(1, LODGE_ACPI_SIZE);
	const uint8_t *xsdt, *fadt;

	case_name = "ACPI";
	CHECK(size && size <= LODGE_ACPI_SIZE);
	acpi_build(buf, LODGE_ACPI_BASE, vcpus);
	CHECK(!memcmp(buf, "RSD PTR ", 8));
	CHECK(sums_to_zero(buf, 20) && sums_to_zero(buf, 36));
	xsdt = table_at(buf, get(buf + 24, 8), "XSDT");
	fadt = table_at(buf, get(xsdt + 36, 8), "FACP");
	table_at(buf, get(fadt + 40, 4), "DSDT");
	table_at(buf, get(fadt + 140, 8), "DSDT");
	table_at(buf, get(fadt + 36, 4), "FACS");
	CHECK(!(get(fadt + 36, 4) & 63));
	check_madt(table_at(buf, get(xsdt + 44, 8), "APIC"), vcpus);
	free(buf);
	nr_passed++;
}

static int dump_acpi(const char *file, unsigned int vcpus)
{
	static const char * const names[] = { "FACS", "FACP", "DSDT", "APIC",
					      "XSDT" };
	size_t size = acpi_size(vcpus), at, i;
	uint8_t *buf = calloc(1, size ? size : 1);
	char path[256];
	FILE *f;

	acpi_build(buf, LODGE_ACPI_BASE, vcpus);
	for (at = 0; at + 8 <= size; at += 64) {
		for (i = 0; i < 5 && memcmp(buf + at, names[i], 4); i++)
			;
		if (i == 5)
			continue;
		snprintf(path, sizeof(path), "%s.%s", file, names[i]);
		f = fopen(path, "w");
		if (!f)
			return 1;
		fwrite(buf + at, 1, get(buf + at + 4, 4), f);
		fclose(f);
	}
	free(buf);
	return 0;
}

static void write_seed(const char *file, const char *kind, struct image im)
{
	char path[256];
	FILE *f;

	if (!im.size)
		return;
	snprintf(path, sizeof(path), "%s.%s", file, kind);
	f = fopen(path, "w");
	if (!f || fwrite(im.data, 1, im.size, f) != im.size || fclose(f))
		exit(2);
	free(im.data);
}

static int write_seeds(const char *file)
{
	struct image elf = make_elf64();
	unsigned int i;

	for (i = 0; i < sizeof(packings) / sizeof(packings[0]); i++)
		write_seed(file, packings[i].name, pack(i, &elf));
	write_seed(file, "elf64", elf);
	write_seed(file, "elf32", make_elf32());
	write_seed(file, "section", make_elf_section_note());
	return 0;
}

/* --- real files --- */

static int load_real(int argc, char **argv)
{
	struct pvh_boot boot = { .kernel = argv[2], .vcpus = 4,
				 .ramdisk = argc > 3 ? argv[3] : NULL,
				 .cmdline = "console=hvc0" };
	struct pvh_error err = { "", "" };
	struct pvh_image *image;
	struct pvh_entry entry;
	struct guest g = { 0 };

	boot.memory = g.size = strtoull(argv[1], NULL, 0) * MIB;
	g.ram = calloc(1, g.size);
	if (pvh_image_open(&boot, &image, &err) ||
	    pvh_image_load(image, guest_write, &g, &entry, &err)) {
		printf("%s\nhint: %s\n", err.text, err.hint);
		free(g.ram);
		return 1;
	}
	check_start_info(&g, entry.start_info, boot.cmdline, 0);
	printf("entry %#x start_info %#x written %llu bytes at entry %02x %02x %02x\n",
	       entry.eip, entry.start_info, (unsigned long long)g.written,
	       g.ram[entry.eip], g.ram[entry.eip + 1], g.ram[entry.eip + 2]);
	pvh_image_close(image);
	free(g.ram);
	return 0;
}

static void test_good_elf(void)
{
	test_good("ELF64", make_elf64(), NULL, 0, 2 * MIB);
	test_good("ELF64 with all", make_elf64(), "a b", 100, 4 * MIB);
	test_good("ELF32", make_elf32(), "console=hvc0", 4096, 2 * MIB);
	test_good("section note", make_elf_section_note(), NULL, 1, 2 * MIB);
}

static void test_acpi_tables(void)
{
	test_acpi(1);
	test_acpi(LODGE_MAX_VCPUS);
	test_acpi(300);
	CHECK(!acpi_size(1u << 20) && !acpi_size(10000));
}

static const struct {
	const char *name;
	void (*run)(void);
} groups[] = {
	{ "elf", test_good_elf },
	{ "memory_map", test_memory_map },
	{ "packings", test_packings },
	{ "bad_elf", test_bad_elf },
	{ "bad_elf32", test_bad_elf32 },
	{ "bad_bzimage", test_bad_bzimage },
	{ "bad_files", test_bad_files },
	{ "acpi", test_acpi_tables },
};

static void run_groups(void)
{
	unsigned int i, failed;

	for (i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		failed = nr_failed;
		groups[i].run();
		if (failed == nr_failed)
			printf("ok %s\n", groups[i].name);
		else
			printf("not ok %s: %u checks failed\n",
			       groups[i].name, nr_failed - failed);
	}
}

int main(int argc, char **argv)
{
	char cmd[128];

	if (argc > 2 && !strcmp(argv[1], "-a"))
		return dump_acpi(argv[2], argc > 3 ? atoi(argv[3]) : 4);
	if (argc > 2 && !strcmp(argv[1], "-s"))
		return write_seeds(argv[2]);
	if (argc > 2)
		return load_real(argc, argv);
	snprintf(dir, sizeof(dir), "/tmp/pvh_load_test.XXXXXX");
	if (!mkdtemp(dir))
		return 2;
	run_groups();
	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	if (system(cmd))
		return 2;
	printf("%u cases passed, %u checks failed\n", nr_passed, nr_failed);
	return nr_failed ? 1 : 0;
}
