// SPDX-License-Identifier: GPL-2.0-only
/*
 * Walks of a guest's own page tables, for hypercall arguments and string I/O.
 * The guest may rewrite its tables while we walk, as under real hardware: each
 * entry is read once, and whatever address comes out is looked up as any other
 * guest-physical address.
 *
 * PAE's four top entries are read from memory, where hardware uses what it
 * loaded with CR3; a guest that changes them without reloading CR3 sees the
 * difference.
 */
#include "mmu/guest_mem.h"

#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/mm.h>

#include <asm/msr-index.h>
#include <asm/processor-flags.h>

#include "mmu/guest_ram.h"

#define PTE_PRESENT	BIT_ULL(0)
#define PTE_WRITE	BIT_ULL(1)
#define PTE_USER	BIT_ULL(2)
#define PTE_LARGE	BIT_ULL(7)
#define PTE_NX		BIT_ULL(63)
#define PTE_ADDRESS	GENMASK_ULL(51, 12)

/*
 * Reserved in a PAE entry of the lower two levels, and of the top one.  There
 * the accessed bit is as well, but QEMU's emulated walk sets it.
 */
#define PAE_RESERVED	GENMASK_ULL(62, 52)
#define PDPTE_RESERVED	(PTE_NX | PAE_RESERVED | GENMASK_ULL(8, 6) | \
			 PTE_WRITE | PTE_USER)

/* A 4 MiB page of the 2-level format: bits 39:32 of its address sit at 20:13. */
#define PSE_ADDRESS	GENMASK_ULL(31, 22)
#define PSE_HIGH	GENMASK_ULL(20, 13)
#define PSE_RESERVED	BIT_ULL(21)

/*
 * One paging mode.  @bits of the address select an entry at each level; @top
 * levels there are; @large is a bit mask of the levels that may hold a leaf
 * above the lowest.
 */
struct walk_mode {
	u8 top;
	u8 bits;
	u8 entry_size;
	u8 large;
};

static const struct walk_mode walk_2level = {
	.top = 2, .bits = 10, .entry_size = 4, .large = 0,
};

static const struct walk_mode walk_2level_pse = {
	.top = 2, .bits = 10, .entry_size = 4, .large = BIT(2),
};

static const struct walk_mode walk_pae = {
	.top = 3, .bits = 9, .entry_size = 8, .large = BIT(2),
};

static const struct walk_mode walk_4level = {
	.top = 4, .bits = 9, .entry_size = 8, .large = BIT(2) | BIT(3),
};

static const struct walk_mode *walk_mode(const struct guest_paging *pg)
{
	if (pg->efer & EFER_LMA)
		return &walk_4level;
	if (pg->cr4 & X86_CR4_PAE)
		return &walk_pae;
	return pg->cr4 & X86_CR4_PSE ? &walk_2level_pse : &walk_2level;
}

static bool is_canonical(gva_t gva)
{
	return (u64)((s64)(gva << 16) >> 16) == gva;
}

static gpa_t root_table(const struct guest_paging *pg,
			const struct walk_mode *mode)
{
	if (mode == &walk_pae)
		return pg->cr3 & GENMASK_ULL(31, 5);
	if (mode == &walk_4level)
		return pg->cr3 & PTE_ADDRESS;
	return pg->cr3 & GENMASK_ULL(31, 12);
}

static unsigned int level_shift(const struct walk_mode *mode,
				unsigned int level)
{
	return PAGE_SHIFT + mode->bits * (level - 1);
}

/* Where the walk has come to, and the rights so far. */
struct walk {
	u64 entry;
	unsigned int level;
	bool user;
	bool write;
};

static bool is_leaf(const struct walk_mode *mode, const struct walk *w)
{
	return w->level == 1 ||
	       (w->entry & PTE_LARGE && mode->large & BIT(w->level));
}

/* Bits that make hardware raise a fault with the reserved bit set. */
static u64 reserved_bits(const struct guest_paging *pg,
			 const struct walk_mode *mode, const struct walk *w)
{
	u64 reserved = 0;

	if (mode->entry_size == 4)
		return w->level > 1 && is_leaf(mode, w) ? PSE_RESERVED : 0;
	if (mode == &walk_pae)
		reserved = w->level == 3 ? PDPTE_RESERVED : PAE_RESERVED;
	if (!(pg->efer & EFER_NX))
		reserved |= PTE_NX;
	if (w->level == 4)
		reserved |= PTE_LARGE;
	if (w->level > 1 && is_leaf(mode, w))
		reserved |= GENMASK_ULL(level_shift(mode, w->level) - 1, 13);
	return reserved | (PTE_ADDRESS & GENMASK_ULL(63, GPA_BITS));
}

static bool step_is_allowed(const struct guest_paging *pg,
			    const struct walk_mode *mode, struct walk *w)
{
	if (!(w->entry & PTE_PRESENT) ||
	    w->entry & reserved_bits(pg, mode, w))
		return false;
	/* PAE's top entries have no rights. */
	if (mode == &walk_pae && w->level == 3)
		return true;
	w->user &= !!(w->entry & PTE_USER);
	w->write &= !!(w->entry & PTE_WRITE);
	return true;
}

static bool access_is_allowed(const struct guest_paging *pg,
			      const struct walk *w, bool write)
{
	if (pg->cpl == 3 && !w->user)
		return false;
	if (!write || w->write)
		return true;
	return pg->cpl != 3 && !(pg->cr0 & X86_CR0_WP);
}

static gpa_t leaf_gpa(const struct walk_mode *mode, const struct walk *w,
		      gva_t gva)
{
	u64 offset = gva & GENMASK_ULL(level_shift(mode, w->level) - 1, 0);

	if (mode->entry_size == 4 && w->level > 1)
		return (w->entry & PSE_ADDRESS) |
		       (w->entry & PSE_HIGH) << (32 - 13) | offset;
	return (w->entry & PTE_ADDRESS &
		~GENMASK_ULL(level_shift(mode, w->level) - 1, 0)) | offset;
}

static int walk_tables(struct guest_ram *ram, const struct guest_paging *pg,
		       gva_t gva, bool write, gpa_t *gpa)
{
	const struct walk_mode *mode = walk_mode(pg);
	struct walk w = { .level = mode->top, .user = true, .write = true };
	gpa_t table = root_table(pg, mode);
	u64 index;
	int err;

	for (;;) {
		index = gva >> level_shift(mode, w.level);
		index &= BIT(mode->bits) - 1;
		err = guest_mem_fetch(ram, table + index * mode->entry_size,
				      mode->entry_size, &w.entry);
		if (err)
			return err;
		if (!step_is_allowed(pg, mode, &w))
			return -EFAULT;
		if (is_leaf(mode, &w))
			break;
		table = w.entry & PTE_ADDRESS;
		w.level--;
	}
	if (!access_is_allowed(pg, &w, write))
		return -EFAULT;
	*gpa = leaf_gpa(mode, &w, gva);
	return 0;
}

int guest_virt_to_phys(struct guest_ram *ram, const struct guest_paging *pg,
		       gva_t gva, bool write, gpa_t *gpa)
{
	int err;

	if (!(pg->efer & EFER_LMA))
		gva = (u32)gva;
	else if (!is_canonical(gva) || pg->cr4 & X86_CR4_LA57)
		return -EFAULT;
	if (!(pg->cr0 & X86_CR0_PG)) {
		*gpa = gva;
		return 0;
	}
	spin_lock(&ram->s2.lock);
	err = walk_tables(ram, pg, gva, write, gpa);
	spin_unlock(&ram->s2.lock);
	return err;
}

int guest_virt_read(struct guest_ram *ram, const struct guest_paging *pg,
		    gva_t gva, void *dst, size_t len)
{
	gpa_t gpa;
	size_t n;
	int err;

	for (; len; gva += n, dst += n, len -= n) {
		n = bytes_in_page(gva, len);
		err = guest_virt_to_phys(ram, pg, gva, false, &gpa);
		if (!err)
			err = guest_mem_read(ram, gpa, dst, n);
		if (err)
			return err;
	}
	return 0;
}

static int check_write(struct guest_ram *ram, const struct guest_paging *pg,
		       gva_t gva, size_t len, bool atomic)
{
	gpa_t gpa;
	size_t n;
	int err;

	for (; len; gva += n, len -= n) {
		n = bytes_in_page(gva, len);
		err = guest_virt_to_phys(ram, pg, gva, true, &gpa);
		if (!err)
			err = guest_mem_check_write(ram, gpa, n, atomic);
		if (err)
			return err;
	}
	return 0;
}

int guest_virt_write(struct guest_ram *ram, const struct guest_paging *pg,
		     gva_t gva, const void *src, size_t len, bool atomic)
{
	gpa_t gpa;
	size_t n;
	int err;

	if (len > bytes_in_page(gva, len)) {
		err = check_write(ram, pg, gva, len, atomic);
		if (err)
			return err;
	}
	for (; len; gva += n, src += n, len -= n) {
		n = bytes_in_page(gva, len);
		err = guest_virt_to_phys(ram, pg, gva, true, &gpa);
		if (!err)
			err = guest_mem_write(ram, gpa, src, n, atomic);
		if (err)
			return err;
	}
	return 0;
}
