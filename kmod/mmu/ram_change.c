// SPDX-License-Identifier: GPL-2.0-only
/*
 * What takes a page out of a guest frame, or puts one of the module's there:
 * ballooning, moving, special pages.  A page that was taken out is released
 * only after every host CPU has stopped using the old translation.
 */
#include <linux/atomic.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "mmu/guest_ram.h"
#include "mmu/ram_frames.h"
#include "mmu/reserve.h"

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
	ram_unreserve_pages(ram, t->unreserve);
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
	if (!ram_has_table_room(ram, to, &old))
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

	if (!ram_may_hold(ram, to))
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

	if (!ram_is_addressable(gfn) || perm & S2_EXEC)
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
