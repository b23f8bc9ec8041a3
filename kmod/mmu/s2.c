// SPDX-License-Identifier: GPL-2.0-only
/*
 * The walker of second-stage tables: map, unmap, protect, split, merge and
 * harvest, for any entry format.  Each table page counts the entries that are
 * not zero in page->private, so that a table which a change leaves with
 * nothing in it goes at once: a guest that moves a page from frame to frame
 * over its whole address space costs no more than one that does not.
 *
 * Hardware reads the tables at any time and sets accessed and dirty bits in
 * leaves, so every change of a present entry is a compare-and-exchange or an
 * exchange.  A table is complete before the entry that links it is written,
 * and an unlinked one is kept until no CPU can be walking it.
 */
#include "mmu/s2.h"

#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/lockdep.h>
#include <linux/log2.h>
#include <linux/sched.h>

#define TABLE_ENTRIES	512u

/* An entry's place, and its value when we looked. */
struct s2_pos {
	u64 *entry;
	u64 value;
	unsigned int level;
};

static unsigned int table_index(gfn_t gfn, unsigned int level)
{
	return (gfn.v >> (9 * (level - 1))) & (TABLE_ENTRIES - 1);
}

static bool is_present(const struct s2_table *s2, u64 value)
{
	return value & s2->fmt->present;
}

static bool is_table(const struct s2_table *s2, u64 value, unsigned int level)
{
	return level > S2_4K && is_present(s2, value) &&
	       !(value & s2->fmt->large);
}

static hfn_t entry_hfn(const struct s2_table *s2, u64 value)
{
	return hpa_hfn(value & s2->fmt->address);
}

static u64 *entry_table(const struct s2_table *s2, u64 value)
{
	return phys_to_virt(value & s2->fmt->address);
}

static struct page *entry_page(const u64 *entry)
{
	return virt_to_page(entry);
}

static bool perm_is_valid(unsigned int perm)
{
	return (perm & S2_READ) && !(perm & ~(S2_RWX | S2_SPECIAL));
}

/* The entry that decides about @gfn, but none below level @stop. */
static struct s2_pos walk(const struct s2_table *s2, gfn_t gfn,
			  unsigned int stop)
{
	u64 *table = page_address(s2->root);
	struct s2_pos pos = { .level = S2_LEVELS };

	for (;;) {
		pos.entry = &table[table_index(gfn, pos.level)];
		pos.value = READ_ONCE(*pos.entry);
		if (pos.level == stop || !is_table(s2, pos.value, pos.level))
			return pos;
		table = entry_table(s2, pos.value);
		pos.level--;
	}
}

static void decode(const struct s2_table *s2, const struct s2_pos *pos,
		   gfn_t gfn, struct s2_leaf *leaf)
{
	*leaf = (struct s2_leaf){ .level = pos->level };
	leaf->present = is_present(s2, pos->value);
	if (!leaf->present) {
		leaf->emptied = pos->value & s2->fmt->emptied;
		return;
	}
	leaf->perm = s2->fmt->perm(pos->value);
	leaf->hfn = entry_hfn(s2, pos->value);
	leaf->hfn.v += gfn.v & (s2_level_gfns(pos->level) - 1);
}

/* --- tables ------------------------------------------------------------- */

static struct page *take_spare(struct s2_table *s2, struct s2_update *u)
{
	struct page *page;

	page = list_first_entry(&u->spare, struct page, lru);
	list_del(&page->lru);
	u->nr_spare--;
	s2->nr_tables++;
	return page;
}

/* Hardware may hold the table in its paging-structure caches. */
static void bury_table(struct s2_table *s2, struct s2_update *u, u64 value)
{
	struct page *page = virt_to_page(entry_table(s2, value));

	list_add(&page->lru, &u->dead);
	s2->nr_tables--;
	u->flush = true;
}

/* Keep the count of the table that @entry is in. */
static void count_entry(const u64 *entry, u64 old, u64 new)
{
	struct page *page = entry_page(entry);

	set_page_private(page, page_private(page) + !!new - !!old);
}

/* Change an entry that is not a present leaf: hardware does not write it. */
static void set_entry(struct s2_pos *pos, u64 new)
{
	count_entry(pos->entry, pos->value, new);
	/* A table behind @new is complete before it can be walked. */
	smp_store_release(pos->entry, new);
	pos->value = new;
}

static void add_table(struct s2_table *s2, struct s2_update *u,
		      struct s2_pos *pos)
{
	set_entry(pos, s2->fmt->table(page_hfn(take_spare(s2, u))));
}

static void fill_from_leaf(const struct s2_table *s2, u64 *table, u64 value,
			   enum s2_level level)
{
	const struct s2_format *fmt = s2->fmt;
	u64 marks = value & (fmt->accessed | fmt->dirty);
	u64 step = s2_level_gfns(level) << PAGE_SHIFT;
	unsigned int i;
	u64 child;

	child = fmt->leaf(entry_hfn(s2, value), level, fmt->perm(value));
	child |= marks;
	for (i = 0; i < TABLE_ENTRIES; i++, child += step)
		table[i] = child;
}

/* Make a table with the same translations out of the leaf at @pos. */
static void split_leaf(struct s2_table *s2, struct s2_update *u,
		       struct s2_pos *pos)
{
	struct page *page = take_spare(s2, u);
	u64 new = s2->fmt->table(page_hfn(page));

	/* Hardware may set a mark in the leaf meanwhile; then fill again. */
	do {
		fill_from_leaf(s2, page_address(page), pos->value,
			       pos->level - 1);
	} while (!try_cmpxchg(pos->entry, &pos->value, new));
	pos->value = new;
	set_page_private(page, TABLE_ENTRIES);
	u->flush = true;
}

/* Bring @pos down to @level; the caller saw to enough spare tables. */
static void extend(struct s2_table *s2, struct s2_update *u, gfn_t gfn,
		   struct s2_pos *pos, unsigned int level)
{
	while (pos->level > level) {
		if (is_present(s2, pos->value))
			split_leaf(s2, u, pos);
		else
			add_table(s2, u, pos);
		pos->entry = entry_table(s2, pos->value);
		pos->level--;
		pos->entry += table_index(gfn, pos->level);
		pos->value = READ_ONCE(*pos->entry);
	}
}

/* Unlink the tables on the way to @gfn that hold nothing. */
static void prune(struct s2_table *s2, struct s2_update *u, gfn_t gfn)
{
	unsigned int level;

	for (level = S2_4K; level < S2_LEVELS; level++) {
		struct s2_pos pos = walk(s2, gfn, level + 1);
		u64 old = pos.value;

		if (pos.level != level + 1 || !is_table(s2, old, pos.level))
			continue;
		if (page_private(virt_to_page(entry_table(s2, old))))
			return;
		set_entry(&pos, 0);
		bury_table(s2, u, old);
	}
}

/* --- life ------------------------------------------------------------------ */

static struct page *alloc_table(void)
{
	/* At its memory limit a caller gets an error; nobody is killed. */
	struct page *page = alloc_page(GFP_KERNEL_ACCOUNT | __GFP_ZERO |
				       __GFP_RETRY_MAYFAIL | __GFP_NOWARN);

	if (page)
		set_page_private(page, 0);
	return page;
}

static void free_table(struct page *page)
{
	set_page_private(page, 0);
	__free_page(page);
}

int s2_init(struct s2_table *s2, const struct s2_format *fmt,
	    enum s2_level max_level, void (*flush)(void *), void *arg)
{
	s2->root = alloc_table();
	if (!s2->root)
		return -ENOMEM;
	s2->fmt = fmt;
	s2->max_level = max_level;
	s2->flush = flush;
	s2->flush_arg = arg;
	s2->nr_tables = 1;
	spin_lock_init(&s2->lock);
	return 0;
}

/* Recursion ends at the lowest level: four frames at most. */
static void destroy_table(struct s2_table *s2, struct page *page,
			  unsigned int level,
			  void (*release)(const struct s2_leaf *, void *),
			  void *arg)
{
	u64 *table = page_address(page);
	struct s2_leaf leaf;
	unsigned int i;

	for (i = 0; i < TABLE_ENTRIES; i++) {
		struct s2_pos pos = {
			.entry = &table[i],
			.value = READ_ONCE(table[i]),
			.level = level,
		};

		if (!is_present(s2, pos.value))
			continue;
		if (is_table(s2, pos.value, level)) {
			destroy_table(s2,
				      virt_to_page(entry_table(s2, pos.value)),
				      level - 1, release, arg);
			continue;
		}
		decode(s2, &pos, GFN(0), &leaf);
		release(&leaf, arg);
	}
	free_table(page);
	s2->nr_tables--;
	cond_resched();
}

void s2_destroy(struct s2_table *s2,
		void (*release)(const struct s2_leaf *leaf, void *arg),
		void *arg)
{
	if (!s2->root)
		return;
	destroy_table(s2, s2->root, S2_LEVELS, release, arg);
	s2->root = NULL;
	WARN_ON_ONCE(s2->nr_tables);
}

void s2_update_init(struct s2_update *u)
{
	INIT_LIST_HEAD(&u->spare);
	INIT_LIST_HEAD(&u->dead);
	u->nr_spare = 0;
	u->flush = false;
}

int s2_update_prepare(struct s2_table *s2, struct s2_update *u,
		      unsigned int nr)
{
	struct page *page;

	while (u->nr_spare < nr) {
		page = alloc_table();
		if (!page)
			return -ENOMEM;
		list_add(&page->lru, &u->spare);
		u->nr_spare++;
	}
	return 0;
}

static void free_tables(struct list_head *list)
{
	struct page *page, *next;

	list_for_each_entry_safe(page, next, list, lru) {
		list_del(&page->lru);
		free_table(page);
	}
}

void s2_update_finish(struct s2_table *s2, struct s2_update *u)
{
	if (u->flush)
		s2->flush(s2->flush_arg);
	free_tables(&u->dead);
	free_tables(&u->spare);
	s2_update_init(u);
}

/* --- looking ------------------------------------------------------------ */

void s2_lookup(struct s2_table *s2, gfn_t gfn, struct s2_leaf *leaf)
{
	struct s2_pos pos;

	lockdep_assert_held(&s2->lock);
	if (!s2_gfn_is_valid(gfn)) {
		*leaf = (struct s2_leaf){ .level = S2_4K };
		return;
	}
	pos = walk(s2, gfn, S2_4K);
	decode(s2, &pos, gfn, leaf);
}

void s2_touch(struct s2_table *s2, gfn_t gfn, unsigned int access,
	      struct s2_leaf *leaf)
{
	struct s2_pos pos;
	u64 marks;

	lockdep_assert_held(&s2->lock);
	if (!s2_gfn_is_valid(gfn)) {
		*leaf = (struct s2_leaf){ .level = S2_4K };
		return;
	}
	pos = walk(s2, gfn, S2_4K);
	decode(s2, &pos, gfn, leaf);
	if (!leaf->present || access & ~leaf->perm)
		return;
	marks = s2->fmt->accessed;
	if (access & S2_WRITE)
		marks |= s2->fmt->dirty;
	while ((pos.value & marks) != marks &&
	       !try_cmpxchg(pos.entry, &pos.value, pos.value | marks))
		;
}

/* --- changing ------------------------------------------------------------ */

int s2_map(struct s2_table *s2, struct s2_update *u, gfn_t gfn, hfn_t hfn,
	   enum s2_level level, unsigned int perm)
{
	u64 mask = s2_level_gfns(level) - 1;
	struct s2_pos pos;

	lockdep_assert_held(&s2->lock);
	if (level < S2_4K || level > s2->max_level || !s2_gfn_is_valid(gfn) ||
	    (gfn.v | hfn.v) & mask || !perm_is_valid(perm))
		return -EINVAL;
	pos = walk(s2, gfn, level);
	if (is_present(s2, pos.value))
		return -EEXIST;
	if (pos.level - level > u->nr_spare)
		return -EAGAIN;
	extend(s2, u, gfn, &pos, level);
	set_entry(&pos, s2->fmt->leaf(hfn, level, perm));
	return 0;
}

/* Replace what is at one frame by @mark, which is not present. */
static int take_out(struct s2_table *s2, struct s2_update *u, gfn_t gfn,
		    u64 mark, struct s2_leaf *old)
{
	struct s2_pos pos;

	lockdep_assert_held(&s2->lock);
	if (!s2_gfn_is_valid(gfn))
		return -EINVAL;
	pos = walk(s2, gfn, S2_4K);
	decode(s2, &pos, gfn, old);
	if (!old->present && pos.value == mark)
		return 0;
	if (pos.level - S2_4K > u->nr_spare)
		return -EAGAIN;
	extend(s2, u, gfn, &pos, S2_4K);
	pos.value = xchg(pos.entry, mark);
	count_entry(pos.entry, pos.value, mark);
	if (old->present)
		u->flush = true;
	if (!mark)
		prune(s2, u, gfn);
	return 0;
}

int s2_unmap(struct s2_table *s2, struct s2_update *u, gfn_t gfn,
	     struct s2_leaf *old)
{
	return take_out(s2, u, gfn, 0, old);
}

int s2_empty(struct s2_table *s2, struct s2_update *u, gfn_t gfn,
	     struct s2_leaf *old)
{
	return take_out(s2, u, gfn, s2->fmt->emptied, old);
}

int s2_split(struct s2_table *s2, struct s2_update *u, gfn_t gfn,
	     enum s2_level level)
{
	struct s2_pos pos;

	lockdep_assert_held(&s2->lock);
	if (!s2_gfn_is_valid(gfn) || level < S2_4K || level > S2_1G)
		return -EINVAL;
	pos = walk(s2, gfn, S2_4K);
	if (!is_present(s2, pos.value) || pos.level <= level)
		return 0;
	if (pos.level - level > u->nr_spare)
		return -EAGAIN;
	extend(s2, u, gfn, &pos, level);
	return 0;
}

/*
 * Rights that were added need no flush: hardware drops a cached translation
 * that does not allow the access before it reports the fault.
 */
static void set_perm(struct s2_table *s2, struct s2_update *u,
		     struct s2_pos *pos, unsigned int perm)
{
	const struct s2_format *fmt = s2->fmt;
	unsigned int old_perm = fmt->perm(pos->value);
	u64 marks = fmt->accessed | fmt->dirty;
	u64 leaf;

	perm |= old_perm & S2_SPECIAL;
	leaf = fmt->leaf(entry_hfn(s2, pos->value), pos->level, perm);
	while (!try_cmpxchg(pos->entry, &pos->value,
			    leaf | (pos->value & marks)))
		;
	if (old_perm & ~perm)
		u->flush = true;
}

static bool range_is_valid(gfn_t gfn, u64 nr)
{
	u64 end = 1ull << (GPA_BITS - PAGE_SHIFT);

	return gfn.v < end && nr <= end - gfn.v;
}

int s2_protect(struct s2_table *s2, struct s2_update *u, gfn_t gfn, u64 nr,
	       unsigned int perm)
{
	u64 end = gfn.v + nr;
	u64 at, start, next;

	lockdep_assert_held(&s2->lock);
	if (!range_is_valid(gfn, nr) || !perm_is_valid(perm) ||
	    perm & S2_SPECIAL)
		return -EINVAL;
	for (at = gfn.v; at < end; at = next) {
		struct s2_pos pos = walk(s2, GFN(at), S2_4K);

		start = at & ~(s2_level_gfns(pos.level) - 1);
		next = start + s2_level_gfns(pos.level);
		if (!is_present(s2, pos.value) ||
		    (s2->fmt->perm(pos.value) & S2_RWX) == perm)
			continue;
		if (start >= gfn.v && next <= end) {
			set_perm(s2, u, &pos, perm);
			continue;
		}
		if (!u->nr_spare)
			return -EAGAIN;
		split_leaf(s2, u, &pos);
		next = at;
	}
	return 0;
}

static bool is_full_table(const struct s2_table *s2, const struct s2_pos *pos)
{
	struct page *page;

	if (!is_table(s2, pos->value, pos->level))
		return false;
	page = virt_to_page(entry_table(s2, pos->value));
	return page_private(page) == TABLE_ENTRIES;
}

/*
 * What the 512 leaves below have in common, as one bigger leaf; 0 if they do
 * not fit together.
 */
static u64 merged_leaf(const struct s2_table *s2, const u64 *table,
		       enum s2_level level)
{
	const struct s2_format *fmt = s2->fmt;
	u64 marks = fmt->accessed | fmt->dirty;
	u64 step = s2_level_gfns(level - 1) << PAGE_SHIFT;
	u64 first = READ_ONCE(table[0]) & ~marks;
	hfn_t hfn = entry_hfn(s2, first);
	unsigned int perm, i;
	u64 seen = 0;
	u64 value;

	if (!is_present(s2, first) || is_table(s2, first, level - 1) ||
	    hfn.v & (s2_level_gfns(level) - 1))
		return 0;
	for (i = 0; i < TABLE_ENTRIES; i++) {
		value = READ_ONCE(table[i]);
		if ((value & ~marks) != first + i * step)
			return 0;
		seen |= value & marks;
	}
	perm = fmt->perm(first);
	if (perm & S2_SPECIAL)
		return 0;
	if (perm & S2_WRITE)
		seen |= fmt->dirty;
	return fmt->leaf(hfn, level, perm) | seen;
}

int s2_merge(struct s2_table *s2, struct s2_update *u, gfn_t gfn,
	     enum s2_level level)
{
	struct s2_pos pos;
	u64 old, new;

	lockdep_assert_held(&s2->lock);
	if (!s2_gfn_is_valid(gfn) || level < S2_2M || level > s2->max_level)
		return -EINVAL;
	pos = walk(s2, gfn, level);
	old = pos.value;
	if (pos.level != level || !is_full_table(s2, &pos))
		return -ENOENT;
	new = merged_leaf(s2, entry_table(s2, old), level);
	if (!new)
		return -ENOENT;
	set_entry(&pos, new);
	bury_table(s2, u, old);
	return 0;
}

static bool clear_mark(struct s2_pos *pos, u64 mark)
{
	/* A format without the bit cannot tell: then all count as marked. */
	if (!mark)
		return true;
	if (!(pos->value & mark))
		return false;
	clear_bit(ilog2(mark), (unsigned long *)pos->entry);
	return true;
}

unsigned long s2_harvest(struct s2_table *s2, struct s2_update *u, gfn_t gfn,
			 u64 nr, enum s2_mark mark,
			 void (*report)(gfn_t gfn, enum s2_level level,
					void *arg),
			 void *arg)
{
	u64 bit = mark == S2_DIRTY ? s2->fmt->dirty : s2->fmt->accessed;
	unsigned long nr_reported = 0;
	u64 at, next;

	lockdep_assert_held(&s2->lock);
	if (!range_is_valid(gfn, nr))
		return 0;
	for (at = gfn.v; at < gfn.v + nr; at = next) {
		struct s2_pos pos = walk(s2, GFN(at), S2_4K);
		u64 size = s2_level_gfns(pos.level);

		next = (at | (size - 1)) + 1;
		if (!is_present(s2, pos.value) || !clear_mark(&pos, bit))
			continue;
		report(GFN(next - size), pos.level, arg);
		nr_reported++;
	}
	if (nr_reported)
		u->flush = true;
	return nr_reported;
}
