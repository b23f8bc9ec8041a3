/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which host pages back which guest frames: reservation at creation,
 * population on first touch, ballooning, the special pages that the module
 * itself owns.  Every 4 KiB of a present leaf holds one reference to its
 * page, so a page that is emptied or whose domain dies is freed with its last
 * user.
 */
#ifndef LODGE_MMU_GUEST_RAM_H
#define LODGE_MMU_GUEST_RAM_H

#include <linux/gfp.h>
#include <linux/uidgid.h>

#include "mmu/s2.h"
#include "types.h"

struct ram_owner;

/*
 * For what a guest can have the module allocate: it counts as its runner's,
 * and a host without memory pauses the guest, and does not kill a bystander.
 */
#define GFP_GUEST	(GFP_KERNEL_ACCOUNT | __GFP_RETRY_MAYFAIL | \
			 __GFP_NOWARN)

/**
 * struct guest_ram - the memory of one domain
 * @s2: its second stage
 * @low_end: c: RAM is [0, low_end) ...
 * @high_end: c: ... and [4 GiB, high_end), empty if high_end is 4 GiB
 * @owner: c: whose limit the reservation counts against
 * @max_pages: c: RAM pages that may be populated (ACPI window extra)
 * @max_tables: c: tables beyond which a frame outside RAM gets none
 * @large_nx: c: large leaves are not executable; what is executed is split
 * @nr_pages: a: RAM pages populated now, those of the ACPI window included
 * @nr_special: a: module pages mapped now
 * @reserved_pages: a: what this domain still counts in the reservation: one
 *	for each frame that has a page and for each frame of RAM and of the
 *	ACPI window that would get one on touch
 */
struct guest_ram {
	struct s2_table s2;
	gpa_t low_end;
	gpa_t high_end;
	struct ram_owner *owner;
	u64 max_pages;
	unsigned long max_tables;
	bool large_nx;
	atomic64_t nr_pages;
	atomic64_t nr_special;
	atomic64_t reserved_pages;
};

/**
 * guest_ram_create() - reserve memory and make an empty second stage
 * @ram: zeroed
 * @fmt: the vendor's entry format
 * @max_level: largest leaf it maps
 * @bytes: RAM shown to the guest, checked by the caller
 * @uid: whose limit it counts against
 * @flush: see struct s2_table
 * @flush_arg: for it
 *
 * Return: 0, -ENOMEM (the host's available memory cannot back it), -EDQUOT
 * (@uid's limit, a module parameter).
 */
int guest_ram_create(struct guest_ram *ram, const struct s2_format *fmt,
		     enum s2_level max_level, u64 bytes, kuid_t uid,
		     void (*flush)(void *), void *flush_arg);
void guest_ram_destroy(struct guest_ram *ram);

/* Is this frame part of RAM or the ACPI window, populated or not? */
bool guest_ram_covers(const struct guest_ram *ram, gfn_t gfn);

/* RAM that would come on touch: it reads as zeros without coming. */
static inline bool guest_ram_is_untouched(const struct guest_ram *ram,
					  gfn_t gfn,
					  const struct s2_leaf *leaf)
{
	return !leaf->present && !leaf->emptied && guest_ram_covers(ram, gfn);
}

/* Pages of RAM that the guest has, or would get on touch: max_pages at most. */
u64 guest_ram_nr_allotted(const struct guest_ram *ram);

/**
 * guest_ram_fault() - make a frame present for a guest's access
 * @ram: the domain's memory
 * @gpa: where the guest faulted
 * @access: S2_* that it wanted
 *
 * May sleep.  Takes 2 MiB where the whole aligned block is RAM and untouched
 * and not the lowest.
 * Return: 0 go on; -ENXIO nothing is there (hole, or emptied); -EACCES the
 * frame is present without @access; -ENOMEM the host has no page now.
 */
int guest_ram_fault(struct guest_ram *ram, gpa_t gpa, unsigned int access);

/* The same for a write by the module: never more than one page comes. */
int guest_ram_fault_page(struct guest_ram *ram, gpa_t gpa);

/**
 * guest_ram_expect_write() - the host is about to write [@gpa, @gpa + @len)
 *
 * Gives the 2 MiB block of @gpa one page of that size if it is untouched RAM
 * and a good part of it will be written; what is written elsewhere comes page
 * by page.  May sleep.  A hint: nothing depends on what it does.
 */
void guest_ram_expect_write(struct guest_ram *ram, gpa_t gpa, u64 len);

/**
 * guest_ram_populate() - give a frame zeroed memory (populate_physmap)
 *
 * A frame that was emptied, and one outside RAM, takes a reservation first:
 * there is room when a page was given up elsewhere.
 * Return: 0, also when it is present already; -ENXIO no RAM can be there;
 * -ENOSPC nothing can be reserved (it may be so for a moment, while another
 * vCPU populates the same frame); -ENOMEM.
 */
int guest_ram_populate(struct guest_ram *ram, gfn_t gfn);

/**
 * guest_ram_move() - take the page of one frame to another
 *
 * @from is left emptied, what was at @to is released.  May sleep (flushes).
 * Return: 0, also when both are the same; -EINVAL no RAM at @from, or none can
 * be at @to; -EACCES a special page is at @from; -ENOSPC too many tables;
 * -ENOMEM.  Nothing has changed on error.
 */
int guest_ram_move(struct guest_ram *ram, gfn_t from, gfn_t to);

/**
 * guest_ram_empty() - take the page out of a frame (decrease_reservation,
 *	remove_from_physmap, or before a special page goes there)
 *
 * May sleep (flushes).  A frame of RAM that was never touched becomes emptied
 * as well, and its reservation is given back either way.
 * Return: 0; -ENOENT no page and nothing that would come on touch; -ENOMEM.
 */
int guest_ram_empty(struct guest_ram *ram, gfn_t gfn);

/*
 * The same for a batch with one flush; stops at the first frame that cannot be
 * emptied, for the reason in *err, and returns how many were done.  The caller
 * bounds @nr.
 */
unsigned int guest_ram_empty_batch(struct guest_ram *ram, const gfn_t *gfns,
				   unsigned int nr, int *err);

/**
 * guest_ram_map_special() - put a page of the module at a guest frame
 * @page: gets a reference of its own while it is mapped
 * @perm: S2_READ | S2_WRITE mostly; never S2_EXEC
 *
 * What was there is released.  Same page at same frame: nothing changes.
 * Return: 0, -EINVAL beyond the guest's address width or the local APIC's
 * page, -ENOMEM.
 */
int guest_ram_map_special(struct guest_ram *ram, gfn_t gfn, struct page *page,
			  unsigned int perm);

/*
 * If @page still is what sits at @gfn, empty that frame.  After it no CPU
 * reaches the page through that frame.  May sleep.
 */
void guest_ram_unmap_special(struct guest_ram *ram, gfn_t gfn,
			     struct page *page);

/**
 * guest_ram_pin() - take a reference to the page at a frame
 * @ram: the domain's memory
 * @gfn: frame
 * @write: the caller will write (the page must be writable)
 * @atomic: do not sleep: an untouched frame gives -EAGAIN
 * @page: out
 *
 * A special page counts as RAM here, as far as its permissions go: the guest
 * can read and write it as well.  With @write the frame is marked dirty now, not
 * when the page is given back: nobody harvests these marks yet.
 * Return: 0, -EFAULT no RAM there, -EAGAIN, -ENOMEM.
 */
int guest_ram_pin(struct guest_ram *ram, gfn_t gfn, bool write, bool atomic,
		  struct page **page);

static inline void guest_ram_unpin(struct page *page)
{
	put_page(page);
}

#endif /* LODGE_MMU_GUEST_RAM_H */
