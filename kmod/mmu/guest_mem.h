/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The only reader and writer of guest memory: by guest-physical address, or
 * by guest-virtual address through the guest's own page tables.  Everything
 * read here is hostile; callers fetch once into a private copy and check it.
 */
#ifndef LODGE_MMU_GUEST_MEM_H
#define LODGE_MMU_GUEST_MEM_H

#include "types.h"

struct guest_ram;

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
 * @atomic: never sleep
 *
 * Return: 0, -EFAULT not RAM, -EAGAIN it would sleep, -ENOMEM
 */
int __must_check guest_mem_read(struct guest_ram *ram, gpa_t gpa, void *dst,
				size_t len, bool atomic);
int __must_check guest_mem_write(struct guest_ram *ram, gpa_t gpa,
				 const void *src, size_t len, bool atomic);

/**
 * guest_virt_to_phys() - walk the guest's page tables
 * @write: the access is a write (checks R/W as a supervisor with CR0.WP)
 *
 * Handles no paging, 2-level, PAE, 4-level, large pages; does not set the
 * guest's accessed and dirty bits.
 * Return: 0, -EFAULT, -EAGAIN, -ENOMEM
 */
int __must_check guest_virt_to_phys(struct guest_ram *ram,
				    const struct guest_paging *pg, gva_t gva,
				    bool write, bool atomic, gpa_t *gpa);

int __must_check guest_virt_read(struct guest_ram *ram,
				 const struct guest_paging *pg, gva_t gva,
				 void *dst, size_t len, bool atomic);
int __must_check guest_virt_write(struct guest_ram *ram,
				  const struct guest_paging *pg, gva_t gva,
				  const void *src, size_t len, bool atomic);

#endif /* LODGE_MMU_GUEST_MEM_H */
