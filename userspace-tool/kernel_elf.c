// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads ELF kernels of both classes.  Both are widened into the 64-bit
 * structures first, so that every check exists once.  Virtual addresses and
 * the ELF entry point mean nothing to PVH: a segment goes to its physical
 * address and the start is in a Xen note.
 */
#include "kernel_elf.h"

#include <elf.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <xen/elfnote.h>

/* Far above what kernels have; they bound the work on a hostile file. */
#define PHDRS_MAX	128
#define SHDRS_MAX	2048
#define NOTES_MAX	65536

#define NO_PVH_HINT	"build the guest kernel with CONFIG_PVH=y"

struct reader {
	const struct blob *blob;
	struct elf_kernel *kernel;
	struct pvh_error *err;
	uint64_t ram_end;
	bool is64;
	Elf64_Ehdr ehdr;
	bool have_entry;
};

bool elf_is(const struct blob *blob)
{
	unsigned char magic[SELFMAG];

	return blob_read(blob, 0, magic, sizeof(magic)) &&
	       !memcmp(magic, ELFMAG, SELFMAG);
}

static bool read_ehdr32(const struct blob *blob, Elf64_Ehdr *to)
{
	Elf32_Ehdr from;

	if (!blob_read(blob, 0, &from, sizeof(from)))
		return false;
	memcpy(to->e_ident, from.e_ident, sizeof(to->e_ident));
	to->e_machine = from.e_machine;
	to->e_phoff = from.e_phoff;
	to->e_shoff = from.e_shoff;
	to->e_phentsize = from.e_phentsize;
	to->e_phnum = from.e_phnum;
	to->e_shentsize = from.e_shentsize;
	to->e_shnum = from.e_shnum;
	return true;
}

static bool read_phdr(const struct reader *r, unsigned int i, Elf64_Phdr *to)
{
	Elf32_Phdr from;

	if (r->is64)
		return blob_read(r->blob, r->ehdr.e_phoff + i * sizeof(*to),
				 to, sizeof(*to));
	if (!blob_read(r->blob, r->ehdr.e_phoff + i * sizeof(from), &from,
		       sizeof(from)))
		return false;
	to->p_type = from.p_type;
	to->p_offset = from.p_offset;
	to->p_paddr = from.p_paddr;
	to->p_filesz = from.p_filesz;
	to->p_memsz = from.p_memsz;
	return true;
}

static bool read_shdr(const struct reader *r, unsigned int i, Elf64_Shdr *to)
{
	Elf32_Shdr from;

	if (r->is64)
		return blob_read(r->blob, r->ehdr.e_shoff + i * sizeof(*to),
				 to, sizeof(*to));
	if (!blob_read(r->blob, r->ehdr.e_shoff + i * sizeof(from), &from,
		       sizeof(from)))
		return false;
	to->sh_type = from.sh_type;
	to->sh_offset = from.sh_offset;
	to->sh_size = from.sh_size;
	return true;
}

static int truncated(struct reader *r)
{
	return pvh_fail(r->err, NULL, "kernel %s is truncated", r->blob->path);
}

static int read_header(struct reader *r)
{
	const char *path = r->blob->path;
	unsigned char ident[EI_NIDENT];

	if (!blob_read(r->blob, 0, ident, sizeof(ident)))
		return truncated(r);
	if (ident[EI_CLASS] != ELFCLASS32 && ident[EI_CLASS] != ELFCLASS64)
		return pvh_fail(r->err, NULL, "kernel %s has a bad ELF class",
				path);
	if (ident[EI_DATA] != ELFDATA2LSB)
		return pvh_fail(r->err, NULL, "kernel %s is not for x86", path);
	r->is64 = ident[EI_CLASS] == ELFCLASS64;
	if (r->is64 ? !blob_read(r->blob, 0, &r->ehdr, sizeof(r->ehdr)) :
		      !read_ehdr32(r->blob, &r->ehdr))
		return truncated(r);
	if (r->ehdr.e_machine != EM_386 && r->ehdr.e_machine != EM_X86_64)
		return pvh_fail(r->err, NULL,
				"kernel %s is not for x86 (ELF machine %u)",
				path, r->ehdr.e_machine);
	r->kernel->is_x86_64 = r->ehdr.e_machine == EM_X86_64;
	if (!r->ehdr.e_phnum)
		return pvh_fail(r->err, NULL, "kernel %s has no segments",
				path);
	if (r->ehdr.e_phnum > PHDRS_MAX ||
	    r->ehdr.e_phentsize !=
		    (r->is64 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr)))
		return pvh_fail(r->err, NULL,
				"kernel %s has a bad program header table",
				path);
	return 0;
}

static int check_segment(struct reader *r, unsigned int i,
			 const Elf64_Phdr *p)
{
	const char *path = r->blob->path;

	if (p->p_filesz > p->p_memsz)
		return pvh_fail(r->err, NULL,
				"kernel %s: segment %u is larger in the file than in memory",
				path, i);
	if (p->p_offset > r->blob->size ||
	    p->p_filesz > r->blob->size - p->p_offset)
		return truncated(r);
	if (p->p_paddr > r->ram_end || p->p_memsz > r->ram_end - p->p_paddr)
		return pvh_fail(r->err, "give the domain more memory",
				"kernel %s does not fit memory: segment %u is %#" PRIx64 " bytes at %#" PRIx64 ", low memory ends at %#" PRIx64,
				path, i, (uint64_t)p->p_memsz,
				(uint64_t)p->p_paddr, r->ram_end);
	return 0;
}

static int add_segment(struct reader *r, unsigned int i, const Elf64_Phdr *p)
{
	struct elf_kernel *k = r->kernel;
	struct elf_segment *s;
	unsigned int n;

	if (!p->p_memsz)
		return 0;
	if (check_segment(r, i, p))
		return -1;
	/* Zero parts are not written, so nothing may lie below them. */
	for (n = 0; n < k->nr_segments; n++) {
		s = &k->segment[n];
		if (p->p_paddr < s->gpa + s->memsz &&
		    s->gpa < p->p_paddr + p->p_memsz)
			return pvh_fail(r->err, NULL,
					"kernel %s: segment %u overlaps another",
					r->blob->path, i);
	}
	if (k->nr_segments == ELF_SEGMENTS_MAX)
		return pvh_fail(r->err, NULL,
				"kernel %s has more than %u segments",
				r->blob->path, ELF_SEGMENTS_MAX);
	s = &k->segment[k->nr_segments++];
	s->gpa = p->p_paddr;
	s->memsz = p->p_memsz;
	s->offset = p->p_offset;
	s->filesz = p->p_filesz;
	return 0;
}

static int take_entry(struct reader *r, const uint8_t *desc, uint32_t size)
{
	/* Four or eight bytes; the upper half of eight is zero by definition. */
	if (size != 4 && size != 8)
		return pvh_fail(r->err, NULL,
				"kernel %s: its PVH entry note has %u bytes instead of 4 or 8",
				r->blob->path, size);
	memcpy(&r->kernel->entry, desc, sizeof(r->kernel->entry));
	r->have_entry = true;
	return 0;
}

/* A note that leaves its table ends the walk: the rest has no meaning. */
static int scan_notes(struct reader *r, const uint8_t *notes, size_t size)
{
	const uint8_t *name;
	Elf64_Nhdr note;
	uint64_t desc, next;
	size_t at = 0;

	while (size - at >= sizeof(note)) {
		memcpy(&note, notes + at, sizeof(note));
		name = notes + at + sizeof(note);
		desc = at + sizeof(note) + (((uint64_t)note.n_namesz + 3) & ~3ull);
		if (desc > size || note.n_descsz > size - desc)
			return 0;
		if (note.n_type == XEN_ELFNOTE_PHYS32_ENTRY &&
		    note.n_namesz == 4 && !memcmp(name, "Xen", 4))
			return take_entry(r, notes + desc, note.n_descsz);
		next = desc + (((uint64_t)note.n_descsz + 3) & ~3ull);
		if (next > size)
			return 0;
		at = next;
	}
	return 0;
}

static int read_notes(struct reader *r, uint64_t offset, uint64_t size)
{
	uint8_t *notes;
	int ret;

	if (size > NOTES_MAX)
		return pvh_fail(r->err, NULL, "kernel %s: its ELF notes are larger than %u bytes",
				r->blob->path, NOTES_MAX);
	if (!size)
		return 0;
	notes = malloc(size);
	if (!notes)
		return pvh_fail(r->err, NULL, "out of memory");
	ret = blob_read(r->blob, offset, notes, size) ?
		      scan_notes(r, notes, size) : truncated(r);
	free(notes);
	return ret;
}

static int read_segments(struct reader *r)
{
	unsigned int i;
	Elf64_Phdr p;
	int ret = 0;

	for (i = 0; i < r->ehdr.e_phnum && !ret; i++) {
		if (r->ehdr.e_phoff > r->blob->size || !read_phdr(r, i, &p))
			return truncated(r);
		if (p.p_type == PT_LOAD)
			ret = add_segment(r, i, &p);
		else if (p.p_type == PT_NOTE && !r->have_entry)
			ret = read_notes(r, p.p_offset, p.p_filesz);
	}
	return ret;
}

/* Some kernels have note sections but no note segment. */
static int read_sections(struct reader *r)
{
	unsigned int i;
	Elf64_Shdr s;

	if (r->ehdr.e_shnum > SHDRS_MAX || r->ehdr.e_shoff > r->blob->size ||
	    r->ehdr.e_shentsize !=
		    (r->is64 ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr)))
		return 0;
	for (i = 0; i < r->ehdr.e_shnum && !r->have_entry; i++) {
		if (!read_shdr(r, i, &s))
			return truncated(r);
		if (s.sh_type == SHT_NOTE &&
		    read_notes(r, s.sh_offset, s.sh_size))
			return -1;
	}
	return 0;
}

static int check_entry(struct reader *r)
{
	const struct elf_kernel *k = r->kernel;
	unsigned int i;

	if (!r->have_entry)
		return pvh_fail(r->err, NO_PVH_HINT,
				"%skernel %s has no PVH entry (ELF note 18)",
				r->is64 ? "" : "32-bit ", r->blob->path);
	for (i = 0; i < k->nr_segments; i++) {
		if (k->entry >= k->segment[i].gpa &&
		    k->entry - k->segment[i].gpa < k->segment[i].memsz)
			return 0;
	}
	return pvh_fail(r->err, NULL,
			"kernel %s: its PVH entry %#x lies outside its segments",
			r->blob->path, k->entry);
}

int elf_parse(const struct blob *blob, uint64_t ram_end,
	      struct elf_kernel *kernel, struct pvh_error *err)
{
	struct reader r = {
		.blob = blob,
		.kernel = kernel,
		.err = err,
		.ram_end = ram_end,
	};

	kernel->nr_segments = 0;
	if (read_header(&r) || read_segments(&r))
		return -1;
	if (!r.have_entry && read_sections(&r))
		return -1;
	return check_entry(&r);
}
