// SPDX-License-Identifier: GPL-2.0-only
/*
 * The memory of domains: the reservation, which promises at creation that the
 * host can back what a guest was told it has, and the pages that come on first
 * touch, go when ballooned out, and are freed with their last reference.
 *
 * The promise is kept by counting: what is reserved and not yet populated by
 * all domains together never exceeds what the host had available when the
 * last reservation was made.
 */
#include "mmu/guest_ram.h"

#include <linux/atomic.h>
#include <linux/cred.h>
#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include <asm/apicdef.h>
#include <asm/processor.h>

#include <uapi/lodge.h>

#define RAM_ORDER_2M	9

/* Unmovable: hardware reads the frame numbers; HIGHUSER for its zones only. */
#define RAM_GFP	(GFP_HIGHUSER | __GFP_ACCOUNT | __GFP_ZERO | __GFP_NOWARN)

static unsigned long uid_limit_mb;
module_param(uid_limit_mb, ulong, 0644);
MODULE_PARM_DESC(uid_limit_mb,
		 "MiB of guest memory that one user may reserve, 0 no limit; root has none");

/* What one user has reserved, over all its domains. */
struct ram_owner {
	struct list_head link;
	kuid_t uid;
	unsigned int nr_domains;
	u64 pages;
};

/* Protects the list, each owner, and nr_reserved.  Above s2.lock. */
static DEFINE_SPINLOCK(reserve_lock);
static LIST_HEAD(owners);
static u64 nr_reserved;

/* How many of the reserved pages exist already. */
static atomic64_t nr_populated = ATOMIC64_INIT(0);

/* --- reservation ----------------------------------------------------------- */

static u64 host_room(void)
{
	s64 promised, room;

	lockdep_assert_held(&reserve_lock);
	promised = nr_reserved - atomic64_read(&nr_populated);
	room = si_mem_available() - promised;
	return max_t(s64, room, 0);
}

static u64 uid_room(kuid_t uid, u64 used)
{
	u64 limit = READ_ONCE(uid_limit_mb);

	if (!limit || uid_eq(uid, GLOBAL_ROOT_UID))
		return U64_MAX;
	limit = min_t(u64, limit, U64_MAX >> 20) << (20 - PAGE_SHIFT);
	return limit > used ? limit - used : 0;
}

/* Worst case: every 2 MiB need a table of 4 KiB pages. */
static u64 with_tables(u64 pages)
{
	return pages + pages / GFNS_PER_2M;
}

static int reserve(struct ram_owner *owner, u64 pages)
{
	int err = 0;

	spin_lock(&reserve_lock);
	if (pages > uid_room(owner->uid, owner->pages)) {
		err = -EDQUOT;
	} else if (with_tables(pages) > host_room()) {
		err = -ENOMEM;
	} else {
		owner->pages += pages;
		nr_reserved += pages;
	}
	spin_unlock(&reserve_lock);
	return err;
}

static void unreserve(struct ram_owner *owner, u64 pages)
{
	if (!pages)
		return;
	spin_lock(&reserve_lock);
	owner->pages -= pages;
	nr_reserved -= pages;
	spin_unlock(&reserve_lock);
}

static struct ram_owner *owner_find(kuid_t uid)
{
	struct ram_owner *owner;

	lockdep_assert_held(&reserve_lock);
	list_for_each_entry(owner, &owners, link) {
		if (uid_eq(owner->uid, uid))
			return owner;
	}
	return NULL;
}

static struct ram_owner *owner_get(kuid_t uid)
{
	struct ram_owner *owner, *new;

	new = kzalloc(sizeof(*new), GFP_KERNEL_ACCOUNT);
	if (!new)
		return NULL;
	new->uid = uid;
	spin_lock(&reserve_lock);
	owner = owner_find(uid);
	if (!owner) {
		list_add(&new->link, &owners);
		owner = new;
		new = NULL;
	}
	owner->nr_domains++;
	spin_unlock(&reserve_lock);
	kfree(new);
	return owner;
}

static void owner_put(struct ram_owner *owner)
{
	spin_lock(&reserve_lock);
	if (--owner->nr_domains)
		owner = NULL;
	else
		list_del(&owner->link);
	spin_unlock(&reserve_lock);
	kfree(owner);
}

u64 guest_ram_available(kuid_t uid)
{
	struct ram_owner *owner;
	u64 room;

	spin_lock(&reserve_lock);
	owner = owner_find(uid);
	room = min(host_room(), uid_room(uid, owner ? owner->pages : 0));
	spin_unlock(&reserve_lock);
	return room << PAGE_SHIFT;
}

u64 guest_ram_reserved(void)
{
	u64 pages;

	spin_lock(&reserve_lock);
	pages = nr_reserved;
	spin_unlock(&reserve_lock);
	return pages << PAGE_SHIFT;
}

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

static bool covers_2m(const struct guest_ram *ram, gfn_t gfn)
{
	return covers_range(ram, GFN(gfn.v & ~(GFNS_PER_2M - 1)), GFNS_PER_2M);
}

/* --- life ------------------------------------------------------------------ */

int guest_ram_create(struct guest_ram *ram, const struct s2_format *fmt,
		     enum s2_level max_level, u64 bytes, kuid_t uid,
		     void (*flush)(void *), void *flush_arg)
{
	u64 pages = (bytes + LODGE_ACPI_SIZE) >> PAGE_SHIFT;
	int err;

	ram->low_end = min_t(u64, bytes, LODGE_LOWMEM_MAX);
	ram->high_end = LODGE_HIGHMEM_BASE + bytes - ram->low_end;
	ram->max_pages = bytes >> PAGE_SHIFT;
	ram->owner = owner_get(uid);
	if (!ram->owner)
		return -ENOMEM;
	err = reserve(ram->owner, pages);
	if (err)
		goto put_owner;
	err = s2_init(&ram->s2, fmt, max_level, flush, flush_arg);
	if (err)
		goto unreserve;
	atomic64_set(&ram->reserved_pages, pages);
	return 0;

unreserve:
	unreserve(ram->owner, pages);
put_owner:
	owner_put(ram->owner);
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
		atomic64_sub(nr, &nr_populated);
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
	unreserve(ram->owner, atomic64_xchg(&ram->reserved_pages, 0));
	owner_put(ram->owner);
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
	err = s2_map(&ram->s2, u, gfn, page_hfn(page), level, S2_RWX);
	if (err)
		return err;
	atomic64_add(s2_level_gfns(level), &ram->nr_pages);
	atomic64_add(s2_level_gfns(level), &nr_populated);
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

/* First touch.  Return: 0 done or look again, -ENOMEM. */
static int fill(struct guest_ram *ram, gfn_t gfn, const struct s2_leaf *seen)
{
	gfn_t block = GFN(gfn.v & ~(GFNS_PER_2M - 1));
	int err = -ENOMEM;

	/*
	 * The lowest block comes page by page: start code, tables and small
	 * guests lie there and touch few of its pages.
	 */
	if (block.v && seen->level >= S2_2M && ram->s2.max_level >= S2_2M &&
	    covers_2m(ram, gfn))
		err = add_leaf(ram, block, S2_2M, seen);
	if (err == -ENOMEM)
		err = add_leaf(ram, gfn, S2_4K, seen);
	return err == -EEXIST ? 0 : err;
}

/* A frame that was emptied gets a page again.  Return: as fill(), -ENOSPC. */
static int refill(struct guest_ram *ram, gfn_t gfn, const struct s2_leaf *seen)
{
	int err;

	if (reserve(ram->owner, 1))
		return -ENOSPC;
	atomic64_inc(&ram->reserved_pages);
	err = add_leaf(ram, gfn, S2_4K, seen);
	if (err) {
		atomic64_dec(&ram->reserved_pages);
		unreserve(ram->owner, 1);
	}
	return err == -EEXIST ? 0 : err;
}

static void look(struct guest_ram *ram, gfn_t gfn, struct s2_leaf *leaf)
{
	spin_lock(&ram->s2.lock);
	s2_lookup(&ram->s2, gfn, leaf);
	spin_unlock(&ram->s2.lock);
}

int guest_ram_fault(struct guest_ram *ram, gpa_t gpa, unsigned int access)
{
	gfn_t gfn = gpa_gfn(gpa);
	struct s2_leaf leaf;

	look(ram, gfn, &leaf);
	if (leaf.present)
		return access & ~leaf.perm ? -EACCES : 0;
	if (leaf.emptied || !guest_ram_covers(ram, gfn))
		return -ENXIO;
	return fill(ram, gfn, &leaf);
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
		if (!guest_ram_covers(ram, gfn))
			return -ENXIO;
		err = leaf.emptied ? refill(ram, gfn, &leaf) :
				     fill(ram, gfn, &leaf);
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
		if (leaf.present || leaf.emptied || !guest_ram_covers(ram, gfn))
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
					 GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
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
	atomic64_sub(t->unreserve, &ram->reserved_pages);
	unreserve(ram->owner, t->unreserve);
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
		atomic64_dec(&nr_populated);
	}
}

/*
 * Only frames of RAM keep a mark: what a guest does elsewhere in its address
 * space leaves no table behind.
 */
static int empty_frame(struct guest_ram *ram, struct s2_update *u, gfn_t gfn,
		       struct taken *t)
{
	bool covered = guest_ram_covers(ram, gfn);
	struct s2_leaf old;
	int err;

	lockdep_assert_held(&ram->s2.lock);
	if (!s2_gfn_is_valid(gfn))
		return -ENOENT;
	err = covered ? s2_empty(&ram->s2, u, gfn, &old) :
			s2_unmap(&ram->s2, u, gfn, &old);
	if (err)
		return err;
	if (old.emptied || (!old.present && !covered))
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
		*err = s2_update_prepare(&ram->s2, &u, S2_MAX_SPARE);
		if (*err)
			break;
		*err = empty_some(ram, &u, &t, gfns, nr, &done);
		if (t.nr == t.max)
			taken_release(ram, &u, &t);
	} while (done < nr && (!*err || *err == -EAGAIN));
	taken_release(ram, &u, &t);
	taken_free(&t);
	return done;
}

unsigned int guest_ram_empty_batch(struct guest_ram *ram, const gfn_t *gfns,
				   unsigned int nr)
{
	int err;

	return nr ? empty_frames(ram, gfns, nr, &err) : 0;
}

int guest_ram_empty(struct guest_ram *ram, gfn_t gfn)
{
	int err;

	return empty_frames(ram, &gfn, 1, &err) ? 0 : err;
}

/* --- special pages ------------------------------------------------------- */

static bool special_fits(gfn_t gfn)
{
	unsigned int bits = min_t(unsigned int, GPA_BITS,
				  boot_cpu_data.x86_phys_bits);

	return gfn.v < 1ull << (bits - PAGE_SHIFT) &&
	       gfn.v != APIC_DEFAULT_PHYS_BASE >> PAGE_SHIFT;
}

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

	if (!special_fits(gfn) || perm & S2_EXEC)
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
