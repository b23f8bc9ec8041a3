// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a domain's memory is: where its RAM lies, and what of it is promised.
 * What a guest was told it has is reserved (reserve.c) from its domain's
 * creation on, frame by frame: a frame that gives up its page gives up its
 * reservation.  How pages come is in ram_fill.c, how they go in ram_change.c.
 */
#include "mmu/guest_ram.h"

#include <linux/atomic.h>
#include <linux/cpu.h>
#include <linux/mm.h>
#include <linux/sched.h>

#include <asm/apicdef.h>
#include <asm/cpufeature.h>
#include <asm/processor.h>

#include <uapi/lodge.h>

#include "mmu/ram_frames.h"
#include "mmu/reserve.h"

#define ACPI_PAGES	(LODGE_ACPI_SIZE >> PAGE_SHIFT)

/* Tables that any domain may have beside those that its RAM can need. */
#define SPARE_TABLES	256

/* Is all of [first, first + nr) in RAM, or all of it in the ACPI window? */
static bool covers_range(const struct guest_ram *ram, gfn_t first, u64 nr)
{
	gpa_t start = gfn_gpa(first);
	gpa_t end = start + (nr << PAGE_SHIFT);

	if (!s2_gfn_is_valid(first))
		return false;
	return end <= ram->low_end ||
	       (start >= LODGE_HIGHMEM_BASE && end <= ram->high_end) ||
	       (start >= LODGE_ACPI_BASE &&
		end <= LODGE_ACPI_BASE + LODGE_ACPI_SIZE);
}

bool guest_ram_covers(const struct guest_ram *ram, gfn_t gfn)
{
	return covers_range(ram, gfn, 1);
}

bool ram_covers_2m(const struct guest_ram *ram, gfn_t gfn)
{
	return covers_range(ram, ram_block_start(gfn), GFNS_PER_2M);
}

bool ram_is_addressable(gfn_t gfn)
{
	unsigned int bits = min_t(unsigned int, GPA_BITS,
				  boot_cpu_data.x86_phys_bits);

	return gfn.v < 1ull << (bits - PAGE_SHIFT) &&
	       gfn.v != APIC_DEFAULT_PHYS_BASE >> PAGE_SHIFT;
}

bool ram_may_hold(const struct guest_ram *ram, gfn_t gfn)
{
	if (guest_ram_covers(ram, gfn))
		return true;
	return ram_is_addressable(gfn) &&
	       (gfn_gpa(gfn) < LODGE_SPECIAL_BASE ||
		gfn_gpa(gfn) >= LODGE_SPECIAL_BASE + LODGE_SPECIAL_SIZE);
}

bool ram_has_table_room(const struct guest_ram *ram, gfn_t gfn,
			const struct s2_leaf *leaf)
{
	lockdep_assert_held(&ram->s2.lock);
	return leaf->level == S2_4K || ram->s2.nr_tables < ram->max_tables ||
	       guest_ram_covers(ram, gfn);
}

/* What the promise comes to: RAM and the ACPI window. */
static u64 max_reserved(const struct guest_ram *ram)
{
	return ram->max_pages + ACPI_PAGES;
}

u64 guest_ram_nr_allotted(const struct guest_ram *ram)
{
	s64 pages = atomic64_read(&ram->reserved_pages) - ACPI_PAGES;

	return max_t(s64, pages, 0);
}

int ram_reserve_page(struct guest_ram *ram)
{
	s64 pages = atomic64_read(&ram->reserved_pages);

	do {
		if (pages >= max_reserved(ram))
			return -ENOSPC;
	} while (!atomic64_try_cmpxchg(&ram->reserved_pages, &pages,
				       pages + 1));
	if (!reserve_take(ram->owner, 1))
		return 0;
	atomic64_dec(&ram->reserved_pages);
	return -ENOSPC;
}

void ram_unreserve_pages(struct guest_ram *ram, u64 pages)
{
	atomic64_sub(pages, &ram->reserved_pages);
	reserve_drop(ram->owner, pages);
}

int guest_ram_create(struct guest_ram *ram, const struct s2_format *fmt,
		     enum s2_level max_level, u64 bytes, kuid_t uid,
		     void (*flush)(void *), void *flush_arg)
{
	u64 pages;
	int err;

	ram->low_end = min_t(u64, bytes, LODGE_LOWMEM_MAX);
	ram->high_end = LODGE_HIGHMEM_BASE + bytes - ram->low_end;
	ram->max_pages = bytes >> PAGE_SHIFT;
	/*
	 * A guest that changes the size of a page it executes from can stop
	 * such a CPU with a machine check, and the host with it.  The guest's
	 * own tables do not matter if the second stage maps code by 4 KiB.
	 */
	ram->large_nx = boot_cpu_has_bug(X86_BUG_ITLB_MULTIHIT) &&
			!cpu_mitigations_off();
	ram->max_tables = 2 * ram->max_pages / GFNS_PER_2M + SPARE_TABLES;
	pages = max_reserved(ram);
	ram->owner = reserve_owner_get(uid);
	if (!ram->owner)
		return -ENOMEM;
	err = reserve_take(ram->owner, pages);
	if (err)
		goto put_owner;
	err = s2_init(&ram->s2, fmt, max_level, flush, flush_arg);
	if (err)
		goto unreserve;
	atomic64_set(&ram->reserved_pages, pages);
	return 0;

unreserve:
	reserve_drop(ram->owner, pages);
put_owner:
	reserve_owner_put(ram->owner);
	ram->owner = NULL;
	return err;
}

static void release_leaf(const struct s2_leaf *leaf, void *arg)
{
	struct guest_ram *ram = arg;
	struct page *page = hfn_page(leaf->hfn);
	u64 nr = s2_level_gfns(leaf->level);
	u64 i;

	if (leaf->perm & S2_SPECIAL) {
		atomic64_sub(nr, &ram->nr_special);
	} else {
		atomic64_sub(nr, &ram->nr_pages);
		reserve_count_populated(-(s64)nr);
	}
	for (i = 0; i < nr; i++) {
		put_page(page + i);
		if (i % GFNS_PER_2M == GFNS_PER_2M - 1)
			cond_resched();
	}
}

void guest_ram_destroy(struct guest_ram *ram)
{
	if (!ram->owner)
		return;
	s2_destroy(&ram->s2, release_leaf, ram);
	WARN_ON_ONCE(atomic64_read(&ram->nr_pages));
	WARN_ON_ONCE(atomic64_read(&ram->nr_special));
	reserve_drop(ram->owner, atomic64_xchg(&ram->reserved_pages, 0));
	reserve_owner_put(ram->owner);
	ram->owner = NULL;
}
