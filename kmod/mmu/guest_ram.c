// SPDX-License-Identifier: GPL-2.0-only
/*
 * The memory of domains: pages that come on first touch or on request, move,
 * go when ballooned out, and are freed with their last reference.  What a
 * guest was told it has is reserved (reserve.c) from its domain's creation on,
 * frame by frame: a frame that gives up its page gives up its reservation.
 */
#include "mmu/guest_ram.h"

#include <linux/atomic.h>
#include <linux/cpu.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include <asm/apicdef.h>
#include <asm/cpufeature.h>
#include <asm/processor.h>

#include <uapi/lodge.h>

#include "mmu/reserve.h"

#define RAM_ORDER_2M	9

/* So much written to an untouched 2 MiB block is worth zeroing all of it. */
#define BIG_WRITE	(256u << 10)

#define ACPI_PAGES	(LODGE_ACPI_SIZE >> PAGE_SHIFT)

/* Tables that any domain may have beside those that its RAM can need. */
#define SPARE_TABLES	256

/* Unmovable: hardware reads the frame numbers; HIGHUSER for its zones only. */
#define RAM_GFP	(GFP_HIGHUSER | __GFP_ACCOUNT | __GFP_ZERO | __GFP_NOWARN)

/* --- layout ------------------------------------------------------------------ */

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

static gfn_t block_start(gfn_t gfn)
{
	return GFN(gfn.v & ~(GFNS_PER_2M - 1));
}

static bool covers_2m(const struct guest_ram *ram, gfn_t gfn)
{
	return covers_range(ram, block_start(gfn), GFNS_PER_2M);
}

/* Can the guest address it, and is it not its local APIC's? */
static bool is_addressable(gfn_t gfn)
{
	unsigned int bits = min_t(unsigned int, GPA_BITS,
				  boot_cpu_data.x86_phys_bits);

	return gfn.v < 1ull << (bits - PAGE_SHIFT) &&
	       gfn.v != APIC_DEFAULT_PHYS_BASE >> PAGE_SHIFT;
}

/* Holes take RAM as well, but for the region of the module's own pages. */
static bool may_hold_ram(const struct guest_ram *ram, gfn_t gfn)
{
	if (guest_ram_covers(ram, gfn))
		return true;
	return is_addressable(gfn) &&
	       (gfn_gpa(gfn) < LODGE_SPECIAL_BASE ||
		gfn_gpa(gfn) >= LODGE_SPECIAL_BASE + LODGE_SPECIAL_SIZE);
}

/*
 * RAM's own tables are bounded by its size.  Pages that a guest spreads over
 * holes could each need three more: those are limited.
 */
static bool has_table_room(const struct guest_ram *ram, gfn_t gfn,
			   const struct s2_leaf *leaf)
{
	lockdep_assert_held(&ram->s2.lock);
	return leaf->level == S2_4K || ram->s2.nr_tables < ram->max_tables ||
	       guest_ram_covers(ram, gfn);
}

/* --- life ------------------------------------------------------------------ */

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

/* --- pages in ------------------------------------------------------------- */

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
	if (!has_table_room(ram, gfn, &leaf))
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
	    !covers_2m(ram, gfn))
		return -ENOMEM;
	err = add_leaf(ram, block_start(gfn), S2_2M, seen);
	return err == -EEXIST ? 0 : err;
}

/* First touch.  Return: 0 done or look again, -ENOMEM. */
static int fill(struct guest_ram *ram, gfn_t gfn, const struct s2_leaf *seen)
{
	/*
	 * The lowest block comes page by page: start code, tables and small
	 * guests lie there and touch few of its pages.
	 */
	if (block_start(gfn).v && !fill_2m(ram, gfn, seen))
		return 0;
	return fill_4k(ram, gfn, seen);
}

/* One page more of what the domain was promised. */
static int reserve_page(struct guest_ram *ram)
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

static void unreserve_pages(struct guest_ram *ram, u64 pages)
{
	atomic64_sub(pages, &ram->reserved_pages);
	reserve_drop(ram->owner, pages);
}

/* A page for a frame that none was kept for.  Return: as fill(), -ENOSPC. */
static int refill(struct guest_ram *ram, gfn_t gfn, const struct s2_leaf *seen)
{
	int err = reserve_page(ram);

	if (err)
		return err;
	err = add_leaf(ram, gfn, S2_4K, seen);
	if (err)
		unreserve_pages(ram, 1);
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
		if (!may_hold_ram(ram, gfn))
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

/* --- pages out ------------------------------------------------------------ */

/*
 * Pages that were taken out of frames, until the flush allows to release them.
 * The small array serves one frame, and a batch when memory is short.
 */
struct taken {
	struct page **pages;
	unsigned int nr;
	unsigned int max;
	u64 unreserve;
	struct page *few[8];
};

static void taken_init(struct taken *t, unsigned int nr)
{
	t->pages = NULL;
	t->nr = 0;
	t->max = nr;
	t->unreserve = 0;
	if (nr > ARRAY_SIZE(t->few))
		t->pages = kmalloc_array(nr, sizeof(*t->pages),
					 GFP_GUEST);
	if (!t->pages) {
		t->pages = t->few;
		t->max = ARRAY_SIZE(t->few);
	}
}

static void taken_release(struct guest_ram *ram, struct s2_update *u,
			  struct taken *t)
{
	unsigned int i;

	s2_update_finish(&ram->s2, u);
	for (i = 0; i < t->nr; i++)
		put_page(t->pages[i]);
	t->nr = 0;
	unreserve_pages(ram, t->unreserve);
	t->unreserve = 0;
}

static void taken_free(struct taken *t)
{
	if (t->pages != t->few)
		kfree(t->pages);
}

/* A special page's frame gave its reservation back when the page came. */
static void take_page(struct guest_ram *ram, struct taken *t,
		      const struct s2_leaf *old)
{
	if (old->present)
		t->pages[t->nr++] = hfn_page(old->hfn);
	if (old->present && old->perm & S2_SPECIAL) {
		atomic64_dec(&ram->nr_special);
		return;
	}
	t->unreserve++;
	if (old->present) {
		atomic64_dec(&ram->nr_pages);
		reserve_count_populated(-1);
	}
}

/*
 * Only frames of RAM keep a mark: what a guest does elsewhere in its address
 * space leaves no table behind.
 */
static int clear_frame(struct guest_ram *ram, struct s2_update *u, gfn_t gfn,
		       struct s2_leaf *old)
{
	return guest_ram_covers(ram, gfn) ? s2_empty(&ram->s2, u, gfn, old) :
					    s2_unmap(&ram->s2, u, gfn, old);
}

static int empty_frame(struct guest_ram *ram, struct s2_update *u, gfn_t gfn,
		       struct taken *t)
{
	struct s2_leaf old;
	int err;

	lockdep_assert_held(&ram->s2.lock);
	if (!s2_gfn_is_valid(gfn))
		return -ENOENT;
	err = clear_frame(ram, u, gfn, &old);
	if (err)
		return err;
	if (!old.present && !guest_ram_is_untouched(ram, gfn, &old))
		return -ENOENT;
	take_page(ram, t, &old);
	return 0;
}

/* Return: why it stopped, -EAGAIN for want of table pages. */
static int empty_some(struct guest_ram *ram, struct s2_update *u,
		      struct taken *t, const gfn_t *gfns, unsigned int nr,
		      unsigned int *done)
{
	int err = 0;

	spin_lock(&ram->s2.lock);
	while (*done < nr && t->nr < t->max) {
		err = empty_frame(ram, u, gfns[*done], t);
		if (err)
			break;
		++*done;
	}
	spin_unlock(&ram->s2.lock);
	return err;
}

static unsigned int empty_frames(struct guest_ram *ram, const gfn_t *gfns,
				 unsigned int nr, int *err)
{
	unsigned int done = 0;
	struct s2_update u;
	struct taken t;

	taken_init(&t, nr);
	s2_update_init(&u);
	do {
		*err = empty_some(ram, &u, &t, gfns, nr, &done);
		if (t.nr == t.max)
			taken_release(ram, &u, &t);
		/* Tables only for who needs them: giving must not want. */
		if (*err == -EAGAIN)
			*err = s2_update_prepare(&ram->s2, &u, S2_MAX_SPARE);
	} while (done < nr && !*err);
	taken_release(ram, &u, &t);
	taken_free(&t);
	return done;
}

unsigned int guest_ram_empty_batch(struct guest_ram *ram, const gfn_t *gfns,
				   unsigned int nr, int *err)
{
	*err = 0;
	return nr ? empty_frames(ram, gfns, nr, err) : 0;
}

int guest_ram_empty(struct guest_ram *ram, gfn_t gfn)
{
	int err;

	return empty_frames(ram, &gfn, 1, &err) ? 0 : err;
}

/* --- moving --------------------------------------------------------------- */

/* Each of both frames can do with S2_MAX_SPARE tables. */
#define MOVE_SPARE	(2 * S2_MAX_SPARE)

/*
 * The page takes its reservation along.  Until the flush a vCPU may reach it
 * through either frame.
 */
static int move_frame(struct guest_ram *ram, struct s2_update *u,
		      struct taken *t, gfn_t from, gfn_t to)
{
	struct s2_leaf leaf, old;
	int err;

	s2_lookup(&ram->s2, from, &leaf);
	if (!leaf.present)
		return -EINVAL;
	if (leaf.perm & S2_SPECIAL)
		return -EACCES;
	if (from.v == to.v)
		return 0;
	s2_lookup(&ram->s2, to, &old);
	if (!has_table_room(ram, to, &old))
		return -ENOSPC;
	err = empty_frame(ram, u, to, t);
	if (err && err != -ENOENT)
		return err;
	err = s2_map(&ram->s2, u, to, leaf.hfn, S2_4K, leaf.perm);
	if (err)
		return err;
	s2_touch(&ram->s2, to, leaf.perm & S2_WRITE, &old);
	return clear_frame(ram, u, from, &leaf);
}

int guest_ram_move(struct guest_ram *ram, gfn_t from, gfn_t to)
{
	struct s2_update u;
	struct page *page;
	struct taken t;
	int err;

	if (!may_hold_ram(ram, to))
		return -EINVAL;
	/* A frame that was never touched gets the page that it can move. */
	err = guest_ram_pin(ram, from, false, false, &page);
	if (err)
		return err == -EFAULT ? -EINVAL : err;
	taken_init(&t, 1);
	s2_update_init(&u);
	err = s2_update_prepare(&ram->s2, &u, MOVE_SPARE);
	if (!err) {
		spin_lock(&ram->s2.lock);
		err = move_frame(ram, &u, &t, from, to);
		spin_unlock(&ram->s2.lock);
	}
	taken_release(ram, &u, &t);
	guest_ram_unpin(page);
	return err;
}

/* --- special pages ------------------------------------------------------- */

/*
 * With S2_MAX_SPARE tables at hand neither step asks for more: what the first
 * one spends, the second one finds in place.
 */
static int put_special(struct guest_ram *ram, struct s2_update *u,
		       struct taken *t, gfn_t gfn, struct page *page,
		       unsigned int perm)
{
	hfn_t hfn = page_hfn(page);
	struct s2_leaf leaf;
	int err;

	s2_lookup(&ram->s2, gfn, &leaf);
	if (leaf.present && leaf.hfn.v == hfn.v && leaf.perm == perm)
		return 0;
	err = empty_frame(ram, u, gfn, t);
	if (err && err != -ENOENT)
		return err;
	err = s2_map(&ram->s2, u, gfn, hfn, S2_4K, perm);
	if (err)
		return err;
	get_page(page);
	atomic64_inc(&ram->nr_special);
	return 0;
}

int guest_ram_map_special(struct guest_ram *ram, gfn_t gfn, struct page *page,
			  unsigned int perm)
{
	struct s2_update u;
	struct taken t;
	int err;

	if (!is_addressable(gfn) || perm & S2_EXEC)
		return -EINVAL;
	taken_init(&t, 1);
	s2_update_init(&u);
	err = s2_update_prepare(&ram->s2, &u, S2_MAX_SPARE);
	if (!err) {
		spin_lock(&ram->s2.lock);
		err = put_special(ram, &u, &t, gfn, page, perm | S2_SPECIAL);
		spin_unlock(&ram->s2.lock);
	}
	taken_release(ram, &u, &t);
	return err;
}

void guest_ram_unmap_special(struct guest_ram *ram, gfn_t gfn,
			     struct page *page)
{
	struct s2_leaf leaf;
	struct s2_update u;
	struct taken t;

	taken_init(&t, 1);
	s2_update_init(&u);
	spin_lock(&ram->s2.lock);
	s2_lookup(&ram->s2, gfn, &leaf);
	/* Special leaves are never merged, so no table is needed. */
	if (leaf.present && leaf.perm & S2_SPECIAL &&
	    leaf.hfn.v == page_hfn(page).v)
		WARN_ON_ONCE(empty_frame(ram, &u, gfn, &t));
	spin_unlock(&ram->s2.lock);
	taken_release(ram, &u, &t);
}
