// SPDX-License-Identifier: GPL-2.0-only
/*
 * How a page comes to a guest frame: on first touch, 2 MiB at a time where it
 * can be, or because the guest asks for one; and the references to it that
 * the module takes.
 */
#include <linux/atomic.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/sched.h>

#include "mmu/guest_ram.h"
#include "mmu/ram_frames.h"
#include "mmu/reserve.h"

#define RAM_ORDER_2M	9

/* So much written to an untouched 2 MiB block is worth zeroing all of it. */
#define BIG_WRITE	(256u << 10)

/* Unmovable: hardware reads the frame numbers; HIGHUSER for its zones only. */
#define RAM_GFP	(GFP_HIGHUSER | __GFP_ACCOUNT | __GFP_ZERO | __GFP_NOWARN)

static struct page *alloc_ram(unsigned int order)
{
	struct page *page;

	/*
	 * 4 KiB pages are the way out when no block is left: do not press for
	 * the block.  Neither way may end in killing somebody.
	 */
	page = alloc_pages(RAM_GFP | (order ? __GFP_NORETRY :
					      __GFP_RETRY_MAYFAIL), order);
	if (page && order)
		split_page(page, order);
	return page;
}

static void free_ram(struct page *page, unsigned int order)
{
	unsigned int i;

	for (i = 0; i < 1u << order; i++)
		__free_page(page + i);
}

/* Make the leaf that now is complete a bigger one, as far as it goes. */
static void merge_up(struct s2_table *s2, struct s2_update *u, gfn_t gfn,
		     enum s2_level level)
{
	while (++level <= s2->max_level && !s2_merge(s2, u, gfn, level))
		;
}

static unsigned int first_perm(const struct guest_ram *ram,
			       enum s2_level level)
{
	return ram->large_nx && level > S2_4K ? S2_READ | S2_WRITE : S2_RWX;
}

/*
 * Put fresh pages where a look without the lock found nothing.  @emptied says
 * what that look saw: a first touch must not fill a frame that another vCPU
 * emptied since.  Return: -EEXIST or -EAGAIN when it is not so any more.
 */
static int map_ram(struct guest_ram *ram, struct s2_update *u, gfn_t gfn,
		   struct page *page, enum s2_level level, bool emptied)
{
	struct s2_leaf leaf;
	int err;

	lockdep_assert_held(&ram->s2.lock);
	s2_lookup(&ram->s2, gfn, &leaf);
	if (leaf.present || leaf.emptied != emptied)
		return -EEXIST;
	if (!ram_has_table_room(ram, gfn, &leaf))
		return -ENOSPC;
	err = s2_map(&ram->s2, u, gfn, page_hfn(page), level,
		     first_perm(ram, level));
	if (err)
		return err;
	atomic64_add(s2_level_gfns(level), &ram->nr_pages);
	reserve_count_populated(s2_level_gfns(level));
	/* Small leaves are executable, and large ones may not become so. */
	if (level > S2_4K || !ram->large_nx)
		merge_up(&ram->s2, u, gfn, level);
	return 0;
}

/*
 * Allocate and map one leaf at @gfn.  Several vCPUs may do it for the same
 * frame at once: the first to take the lock wins, the others free theirs and
 * get -EEXIST, which means «look again».
 */
static int add_leaf(struct guest_ram *ram, gfn_t gfn, enum s2_level level,
		    const struct s2_leaf *seen)
{
	unsigned int order = level == S2_2M ? RAM_ORDER_2M : 0;
	struct s2_update u;
	struct page *page;
	int err;

	page = alloc_ram(order);
	if (!page)
		return -ENOMEM;
	s2_update_init(&u);
	err = s2_update_prepare(&ram->s2, &u, seen->level - level);
	if (!err) {
		spin_lock(&ram->s2.lock);
		err = map_ram(ram, &u, gfn, page, level, seen->emptied);
		spin_unlock(&ram->s2.lock);
	}
	s2_update_finish(&ram->s2, &u);
	if (err)
		free_ram(page, order);
	return err == -EAGAIN ? -EEXIST : err;
}

static int fill_4k(struct guest_ram *ram, gfn_t gfn,
		   const struct s2_leaf *seen)
{
	int err = add_leaf(ram, gfn, S2_4K, seen);

	return err == -EEXIST ? 0 : err;
}

/* The whole block of @gfn, if nothing is in it and all of it is RAM. */
static int fill_2m(struct guest_ram *ram, gfn_t gfn,
		   const struct s2_leaf *seen)
{
	int err;

	if (seen->level < S2_2M || ram->s2.max_level < S2_2M ||
	    !ram_covers_2m(ram, gfn))
		return -ENOMEM;
	err = add_leaf(ram, ram_block_start(gfn), S2_2M, seen);
	return err == -EEXIST ? 0 : err;
}

/* First touch.  Return: 0 done or look again, -ENOMEM. */
static int fill(struct guest_ram *ram, gfn_t gfn, const struct s2_leaf *seen)
{
	/*
	 * The lowest block comes page by page: start code, tables and small
	 * guests lie there and touch few of its pages.
	 */
	if (ram_block_start(gfn).v && !fill_2m(ram, gfn, seen))
		return 0;
	return fill_4k(ram, gfn, seen);
}

/* A page for a frame that none was kept for.  Return: as fill(), -ENOSPC. */
static int refill(struct guest_ram *ram, gfn_t gfn, const struct s2_leaf *seen)
{
	int err = ram_reserve_page(ram);

	if (err)
		return err;
	err = add_leaf(ram, gfn, S2_4K, seen);
	if (err)
		ram_unreserve_pages(ram, 1);
	return err == -EEXIST ? 0 : err;
}

static void look(struct guest_ram *ram, gfn_t gfn, struct s2_leaf *leaf)
{
	spin_lock(&ram->s2.lock);
	s2_lookup(&ram->s2, gfn, leaf);
	spin_unlock(&ram->s2.lock);
}

/* The guest executes from a large leaf: this one page gets a small one. */
static int make_executable(struct guest_ram *ram, gfn_t gfn)
{
	struct s2_update u;
	int err;

	s2_update_init(&u);
	err = s2_update_prepare(&ram->s2, &u, S2_1G - S2_4K);
	if (!err) {
		spin_lock(&ram->s2.lock);
		err = s2_protect(&ram->s2, &u, gfn, 1, S2_RWX);
		spin_unlock(&ram->s2.lock);
	}
	s2_update_finish(&ram->s2, &u);
	return err;
}

/* Is @access refused only because large leaves are not executable? */
static bool is_large_nx(const struct guest_ram *ram,
			const struct s2_leaf *leaf, unsigned int access)
{
	return ram->large_nx && (access & ~leaf->perm) == S2_EXEC &&
	       !(leaf->perm & S2_SPECIAL);
}

static int fault(struct guest_ram *ram, gfn_t gfn, unsigned int access,
		 int (*fill_one)(struct guest_ram *ram, gfn_t gfn,
				 const struct s2_leaf *seen))
{
	struct s2_leaf leaf;

	look(ram, gfn, &leaf);
	if (leaf.present && is_large_nx(ram, &leaf, access))
		return make_executable(ram, gfn);
	if (leaf.present)
		return access & ~leaf.perm ? -EACCES : 0;
	if (!guest_ram_is_untouched(ram, gfn, &leaf))
		return -ENXIO;
	return fill_one(ram, gfn, &leaf);
}

int guest_ram_fault(struct guest_ram *ram, gpa_t gpa, unsigned int access)
{
	return fault(ram, gpa_gfn(gpa), access, fill);
}

int guest_ram_fault_page(struct guest_ram *ram, gpa_t gpa)
{
	return fault(ram, gpa_gfn(gpa), S2_WRITE, fill_4k);
}

void guest_ram_expect_write(struct guest_ram *ram, gpa_t gpa, u64 len)
{
	u64 left = (GFNS_PER_2M << PAGE_SHIFT) -
		   (gpa & ((GFNS_PER_2M << PAGE_SHIFT) - 1));

	if (min(left, len) >= BIG_WRITE)
		(void)fault(ram, gpa_gfn(gpa), S2_WRITE, fill_2m);
}

int guest_ram_populate(struct guest_ram *ram, gfn_t gfn)
{
	struct s2_leaf leaf;
	int err;

	/* Each turn that finds nothing means that another vCPU got further. */
	for (;;) {
		look(ram, gfn, &leaf);
		if (leaf.present)
			return 0;
		if (!ram_may_hold(ram, gfn))
			return -ENXIO;
		if (guest_ram_is_untouched(ram, gfn, &leaf))
			err = fill(ram, gfn, &leaf);
		else
			err = refill(ram, gfn, &leaf);
		if (err)
			return err;
		cond_resched();
	}
}

int guest_ram_pin(struct guest_ram *ram, gfn_t gfn, bool write, bool atomic,
		  struct page **page)
{
	unsigned int access = S2_READ | (write ? S2_WRITE : 0);
	struct s2_leaf leaf;
	bool got;
	int err;

	for (;;) {
		spin_lock(&ram->s2.lock);
		s2_touch(&ram->s2, gfn, access, &leaf);
		got = leaf.present && !(access & ~leaf.perm);
		if (got) {
			*page = hfn_page(leaf.hfn);
			get_page(*page);
		}
		spin_unlock(&ram->s2.lock);
		if (got)
			return 0;
		if (!guest_ram_is_untouched(ram, gfn, &leaf))
			return -EFAULT;
		if (atomic)
			return -EAGAIN;
		err = fill(ram, gfn, &leaf);
		if (err)
			return err;
	}
}
