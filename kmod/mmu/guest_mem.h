/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The only reader and writer of guest memory: by guest-physical address, or
 * by guest-virtual address through the guest's own page tables.  Everything
 * read here is hostile; callers fetch once into a private copy and check it.
 */
#ifndef LODGE_MMU_GUEST_MEM_H
#define LODGE_MMU_GUEST_MEM_H

#include <linux/minmax.h>
#include <linux/mm.h>

#include "types.h"

struct guest_ram;

/* How much of [@addr, @addr + @len) is in the first page. */
static inline size_t bytes_in_page(u64 addr, size_t len)
{
	return min_t(size_t, len, PAGE_SIZE - offset_in_page(addr));
}

/**
 * struct guest_paging - what decides how a guest virtual address translates
 * @cr0: CR0
 * @cr3: CR3
 * @cr4: CR4
 * @efer: EFER
 * @cpl: privilege of the access; 3 is checked against the U/S bits
 */
struct guest_paging {
	u64 cr0;
	u64 cr3;
	u64 cr4;
	u64 efer;
	u8 cpl;
};

/**
 * guest_mem_read() - copy out of guest-physical memory
 * @ram: the domain's memory
 * @gpa: start; the range may straddle pages
 * @dst: kernel buffer
 * @len: bytes
 *
 * Memory that was never touched reads as zeros and stays untouched, so reading
 * never sleeps.  Return: 0; -EFAULT some of it is not RAM (@dst is undefined)
 */
int __must_check guest_mem_read(struct guest_ram *ram, gpa_t gpa, void *dst,
				size_t len);

/**
 * guest_mem_write() - copy into guest-physical memory
 * @ram: the domain's memory
 * @gpa: start; the range may straddle pages
 * @src: kernel buffer
 * @len: bytes
 * @atomic: never sleep
 *
 * What was never touched is populated, page by page.  All of the range is
 * looked at before the first byte is written, so an error has changed nothing,
 * except -ENOMEM and a range that another vCPU takes apart meanwhile.
 * Return: 0; -EFAULT not RAM or not writable; -EAGAIN it would sleep; -ENOMEM
 */
int __must_check guest_mem_write(struct guest_ram *ram, gpa_t gpa,
				 const void *src, size_t len, bool atomic);

/* Would guest_mem_write() find RAM that it may write?  0, -EFAULT, -EAGAIN. */
int __must_check guest_mem_check_write(struct guest_ram *ram, gpa_t gpa,
				       size_t len, bool atomic);

/**
 * guest_mem_fetch() - read one aligned word, in one access
 * @ram: the domain's memory; ram->s2.lock is held
 * @gpa: aligned to @size
 * @size: 4 or 8
 * @value: out, zero-extended
 *
 * Return: 0, -EFAULT
 */
int __must_check guest_mem_fetch(struct guest_ram *ram, gpa_t gpa,
				 unsigned int size, u64 *value);

/**
 * guest_virt_to_phys() - walk the guest's page tables
 * @ram: the domain's memory
 * @pg: control registers and privilege
 * @gva: guest virtual address
 * @write: the access is a write: R/W counts at CPL 3, and with CR0.WP below
 * @gpa: out; it need not be RAM
 *
 * Handles no paging, 2-level with 4 MiB pages, PAE, 4-level with 2 MiB and
 * 1 GiB pages; does not set the guest's accessed and dirty bits.  SMAP, SMEP
 * and protection keys do not bind the module.  It never sleeps.
 * Return: 0; -EFAULT not mapped, not allowed, reserved bits, not canonical
 */
int __must_check guest_virt_to_phys(struct guest_ram *ram,
				    const struct guest_paging *pg, gva_t gva,
				    bool write, gpa_t *gpa);

/*
 * Copy by guest virtual address, page by page.  A write looks at the whole
 * range first, as guest_mem_write() does.  Return: as guest_virt_to_phys()
 * and guest_mem_read(), guest_mem_write().
 */
int __must_check guest_virt_read(struct guest_ram *ram,
				 const struct guest_paging *pg, gva_t gva,
				 void *dst, size_t len);
int __must_check guest_virt_write(struct guest_ram *ram,
				  const struct guest_paging *pg, gva_t gva,
				  const void *src, size_t len, bool atomic);

#endif /* LODGE_MMU_GUEST_MEM_H */
