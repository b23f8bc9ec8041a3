/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The second-stage table of a domain: guest frame to host frame, with
 * permissions.  It is the only record of which page sits at which guest
 * frame; a not-present entry says whether the frame was never touched or was
 * emptied on purpose.  The walker knows no entry bits: they are data in
 * struct s2_format (ept.c now, another format beside it later).
 */
#ifndef LODGE_MMU_S2_H
#define LODGE_MMU_S2_H

#include <linux/spinlock.h>

#include "types.h"

/* Sizes of a leaf; also the number of levels below and with it. */
enum s2_level {
	S2_4K = 1,
	S2_2M = 2,
	S2_1G = 3,
};

#define S2_LEVELS	4

#define S2_READ		(1u << 0)
#define S2_WRITE	(1u << 1)
#define S2_EXEC		(1u << 2)
#define S2_RWX		(S2_READ | S2_WRITE | S2_EXEC)

/**
 * struct s2_format - one hardware's entry bits, as data and pure functions
 * @name: for logs
 * @leaf: entry that maps @hfn with @perm at @level; accessed and dirty clear
 * @table: entry that points to a lower table
 * @is_present, @is_leaf, @hfn, @perm: read an entry
 * @accessed, @dirty: the hardware's bits in a leaf, 0 if it has none
 * @software_mask: bits that hardware ignores in a not-present entry
 */
struct s2_format {
	const char *name;
	u64 (*leaf)(hfn_t hfn, enum s2_level level, unsigned int perm);
	u64 (*table)(hfn_t hfn);
	bool (*is_present)(u64 entry);
	bool (*is_leaf)(u64 entry, enum s2_level level);
	hfn_t (*hfn)(u64 entry);
	unsigned int (*perm)(u64 entry);
	u64 accessed;
	u64 dirty;
	u64 software_mask;
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
	spinlock_t lock;
	unsigned long nr_tables;
	void (*flush)(void *arg);
	void *flush_arg;
};

/**
 * struct s2_leaf - what s2_lookup() found
 * @hfn: host frame of the very gfn that was asked for
 * @level: size of the leaf that maps it
 * @perm: S2_*
 * @present: @hfn, @level and @perm are valid
 * @emptied: not present, and emptied on purpose: no first touch fills it
 */
struct s2_leaf {
	hfn_t hfn;
	enum s2_level level;
	unsigned int perm;
	bool present;
	bool emptied;
};

int s2_init(struct s2_table *s2, const struct s2_format *fmt,
	    enum s2_level max_level, void (*flush)(void *), void *arg);

/* release is called for each present leaf: first hfn and size. */
void s2_destroy(struct s2_table *s2,
		void (*release)(hfn_t hfn, enum s2_level level, void *arg),
		void *arg);

static inline hpa_t s2_root_hpa(const struct s2_table *s2)
{
	return hfn_hpa(page_hfn(s2->root));
}

#endif /* LODGE_MMU_S2_H */
