/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The second-stage table of a domain: guest frame to host frame, with
 * permissions.  It is the only record of which page sits at which guest
 * frame; a not-present entry says whether the frame was never touched or was
 * emptied on purpose.  The walker knows no entry bits: they are data in
 * struct s2_format (ept.c, npt.c).
 *
 * A change goes through a struct s2_update, which carries what may not be
 * done under the lock: table pages are allocated before, the flush and the
 * freeing of unlinked tables come after.
 *
 *	s2_update_init(&u);
 *	err = s2_update_prepare(s2, &u, n);		may sleep
 *	spin_lock(&s2->lock);
 *	err = s2_map(s2, &u, ...);	-EAGAIN: prepare more, try again
 *	spin_unlock(&s2->lock);
 *	s2_update_finish(s2, &u);			may sleep
 *	...only now release the pages that were taken out
 */
#ifndef LODGE_MMU_S2_H
#define LODGE_MMU_S2_H

#include <linux/bits.h>
#include <linux/list.h>
#include <linux/spinlock.h>

#include "types.h"

/* Sizes of a leaf; also the number of levels below and with it. */
enum s2_level {
	S2_4K = 1,
	S2_2M = 2,
	S2_1G = 3,
};

#define S2_LEVELS	4

/* Spare tables that any change of one frame can do with. */
#define S2_MAX_SPARE	(S2_LEVELS - 1)

#define S2_READ		BIT(0)
#define S2_WRITE	BIT(1)
#define S2_EXEC		BIT(2)
#define S2_RWX		(S2_READ | S2_WRITE | S2_EXEC)

/* Not a permission: a mark for the owner of the table, kept with a leaf. */
#define S2_SPECIAL	BIT(3)

/**
 * struct s2_format - one hardware's entry bits, as data and pure functions
 * @name: for logs
 * @leaf: entry that maps @hfn with @perm at @level; accessed and dirty clear
 * @table: entry that points to a lower table
 * @perm: S2_* of a leaf, S2_SPECIAL included
 * @present: an entry with any of these bits is present
 * @large: a present entry above the lowest level with this bit is a leaf
 * @address: bits that hold the host-physical address
 * @accessed, @dirty: the hardware's bits in a leaf, 0 if it has none
 * @emptied: bit that hardware ignores in a not-present entry
 */
struct s2_format {
	const char *name;
	u64 (*leaf)(hfn_t hfn, enum s2_level level, unsigned int perm);
	u64 (*table)(hfn_t hfn);
	unsigned int (*perm)(u64 entry);
	u64 present;
	u64 large;
	u64 address;
	u64 accessed;
	u64 dirty;
	u64 emptied;
};

/**
 * struct s2_table - a domain's second stage
 * @fmt: c
 * @max_level: c: largest leaf the hardware maps
 * @root: c: the top table's page
 * @lock: protects every entry against other writers and the pages that
 *	entries point to against being released while a reader takes its
 *	reference.  Leaf of the lock order; never taken in interrupts.
 * @nr_tables: s: table pages, the root included
 * @flush: c: called without @lock after permissions were taken away or a
 *	present entry was changed; returns when no host CPU can use the old
 *	translation any more.  May sleep.
 * @flush_arg: c
 */
struct s2_table {
	const struct s2_format *fmt;
	enum s2_level max_level;
	struct page *root;
	spinlock_t lock;	/* s: entries, nr_tables, pages behind them */
	unsigned long nr_tables;
	void (*flush)(void *arg);
	void *flush_arg;
};

/**
 * struct s2_leaf - what a look into the table found
 * @hfn: host frame of the very gfn that was asked for
 * @level: size of the entry that decides, present or not.  Up to S2_LEVELS
 *	for one that is not: nothing was ever mapped in that whole block.
 * @perm: S2_*
 * @present: @hfn and @perm are valid
 * @emptied: not present, and emptied on purpose: no first touch fills it
 */
struct s2_leaf {
	hfn_t hfn;
	enum s2_level level;
	unsigned int perm;
	bool present;
	bool emptied;
};

/**
 * struct s2_update - what a change of the table carries across the lock
 * @spare: empty table pages, by page->lru
 * @dead: unlinked tables, which hardware may still walk until the flush
 * @nr_spare: pages on @spare
 * @flush: the hardware may hold translations that are no longer true
 */
struct s2_update {
	struct list_head spare;
	struct list_head dead;
	unsigned int nr_spare;
	bool flush;
};

/* The two bits that hardware sets in a leaf. */
enum s2_mark {
	S2_ACCESSED,
	S2_DIRTY,
};

/* Frames in a leaf of this size. */
static inline u64 s2_level_gfns(unsigned int level)
{
	return 1ull << (9 * (level - 1));
}

static inline bool s2_gfn_is_valid(gfn_t gfn)
{
	return gfn.v < 1ull << (GPA_BITS - PAGE_SHIFT);
}

/**
 * s2_init() - an empty table
 * @max_level: largest leaf that s2_map() and s2_merge() may make
 *
 * Return: 0, -ENOMEM
 */
int s2_init(struct s2_table *s2, const struct s2_format *fmt,
	    enum s2_level max_level, void (*flush)(void *), void *arg);

/**
 * s2_destroy() - free every table
 * @s2: nobody uses it any more, no CPU has it loaded
 * @release: called for each present leaf, hfn being its first frame
 * @arg: for @release
 *
 * It does not flush: whoever loads a root on a CPU for the first time drops
 * what that CPU may know of an earlier table at the same address.
 */
void s2_destroy(struct s2_table *s2,
		void (*release)(const struct s2_leaf *leaf, void *arg),
		void *arg);

void s2_update_init(struct s2_update *u);

/**
 * s2_update_prepare() - have at least @nr spare tables
 *
 * May sleep.  Return: 0, -ENOMEM (what was there before stays).
 */
int s2_update_prepare(struct s2_table *s2, struct s2_update *u,
		      unsigned int nr);

/**
 * s2_update_finish() - flush if needed, then free dead and spare tables
 *
 * Call it without the lock, on every path.  After it @u is as after
 * s2_update_init(), and pages that were taken out may be released.
 */
void s2_update_finish(struct s2_table *s2, struct s2_update *u);

/**
 * s2_lookup() - which page is at @gfn
 *
 * Needs the lock; @leaf stays true as long as it is held, no longer.
 */
void s2_lookup(struct s2_table *s2, gfn_t gfn, struct s2_leaf *leaf);

/**
 * s2_touch() - s2_lookup(), and mark the leaf as hardware would
 * @access: S2_*; nothing is marked unless the leaf allows it all
 *
 * For accesses that the module makes in the guest's stead.
 */
void s2_touch(struct s2_table *s2, gfn_t gfn, unsigned int access,
	      struct s2_leaf *leaf);

/**
 * s2_map() - put a leaf where nothing is
 * @gfn: aligned to @level
 * @hfn: aligned to @level
 * @level: size, at most s2->max_level
 * @perm: S2_READ at least
 *
 * No flush follows from it: what is not present is not cached.  An emptied
 * 4 KiB frame may be mapped; a bigger leaf needs a block without any mark.
 * Return: 0; -EEXIST something is there; -EAGAIN more spare tables are
 * needed; -EINVAL.  Nothing has changed on error.
 */
int s2_map(struct s2_table *s2, struct s2_update *u, gfn_t gfn, hfn_t hfn,
	   enum s2_level level, unsigned int perm);

/**
 * s2_unmap() - forget one 4 KiB frame, as if it had never been touched
 * @old: what was there before; the caller releases it after the flush
 *
 * A bigger leaf is split; tables that hold nothing any more go.
 * Return: 0; -EAGAIN more spare tables are needed; -EINVAL.
 */
int s2_unmap(struct s2_table *s2, struct s2_update *u, gfn_t gfn,
	     struct s2_leaf *old);

/**
 * s2_empty() - s2_unmap(), and keep a mark that it was done on purpose
 *
 * Works in a block that was never touched too, at the cost of its tables.
 */
int s2_empty(struct s2_table *s2, struct s2_update *u, gfn_t gfn,
	     struct s2_leaf *old);

/**
 * s2_protect() - set the permissions of what is present in a range
 * @nr: frames; leaves that stick out are split.  The caller bounds it, since
 *	the lock is held all the while.
 *
 * Return: 0; -EAGAIN more spare tables are needed (a part may have been done:
 * call again with the same arguments); -EINVAL.
 */
int s2_protect(struct s2_table *s2, struct s2_update *u, gfn_t gfn, u64 nr,
	       unsigned int perm);

/**
 * s2_split() - make the leaf at @gfn no bigger than @level
 *
 * Accessed and dirty go to every part.  Return: 0, also where nothing is
 * present; -EAGAIN; -EINVAL.
 */
int s2_split(struct s2_table *s2, struct s2_update *u, gfn_t gfn,
	     enum s2_level level);

/**
 * s2_merge() - make one leaf of @level out of the 512 below it
 * @gfn: anywhere in the block
 * @level: S2_2M or S2_1G
 *
 * Writable leaves come out dirty: hardware may be writing through the old
 * table right now, and a write must not be missed.
 * Return: 0; -ENOENT they are not 512 leaves of one permission on one
 * aligned run of host frames, or special; -EINVAL.
 */
int s2_merge(struct s2_table *s2, struct s2_update *u, gfn_t gfn,
	     enum s2_level level);

/**
 * s2_harvest() - report and clear a hardware mark in a range
 * @nr: frames, bounded by the caller; a leaf that sticks out counts whole
 * @mark: which
 * @report: called under the lock: first frame and size of each marked leaf
 * @arg: for @report
 *
 * A write after the s2_update_finish() that follows is seen by the next
 * harvest.  Return: leaves reported.
 */
unsigned long s2_harvest(struct s2_table *s2, struct s2_update *u, gfn_t gfn,
			 u64 nr, enum s2_mark mark,
			 void (*report)(gfn_t gfn, enum s2_level level,
					void *arg),
			 void *arg);

static inline hpa_t s2_root_hpa(const struct s2_table *s2)
{
	return hfn_hpa(page_hfn(s2->root));
}

#endif /* LODGE_MMU_S2_H */
