/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One entry of a grant table, in whichever of the two forms the guest has
 * chosen.  Nothing else knows that there are two.
 */
#ifndef LODGE_RING_GRANT_ENTRY_H
#define LODGE_RING_GRANT_ENTRY_H

#include <linux/atomic.h>
#include <linux/types.h>

struct grant_format;
struct grant_table;

/* It is shared with the guest, which may change any of it at any time. */
struct grant_entry {
	const struct grant_format *format;
	void *shared;
	atomic_t *busy;		/* the word that its busy bits are in ... */
	unsigned int shift;	/* ... from this bit on */
};

/**
 * struct grant_terms - what an entry grants, read once
 * @frame: the guest's number, any
 * @offset: the first byte that is granted
 * @length: bytes that are, which may be none or more than the page has
 */
struct grant_terms {
	u64 frame;
	u32 offset;
	u32 length;
};

/* False: the table has no such entry.  use_lock is held while @e is used. */
bool grant_entry_find(struct grant_table *g, u32 ref, struct grant_entry *e);

/**
 * grant_entry_claim() - set the busy bits of an entry that grants access
 * @write: for writing, too
 * @terms: out, on success: read after the bits were there
 *
 * Return: 0; -ENOENT it grants nothing; -EACCES not to domain 0, or not for
 * writing; -EAGAIN the guest keeps changing it.  With an error the bits are as
 * before.
 */
int grant_entry_claim(const struct grant_entry *e, bool write,
		      struct grant_terms *terms);

/* Take busy bits back; all accesses to the page are over. */
void grant_entry_clear(const struct grant_entry *e, u32 bits);

/**
 * grant_entry_convert() - empty the table and go on in the other form
 * @g: the table, whose lock is held; with status frames when going to 2
 * @version: 1 or 2
 *
 * The reserved entries are kept, as far as the new form can say the same.
 * Return: 0, -EBUSY any other entry is in use.
 */
int grant_entry_convert(struct grant_table *g, unsigned int version);

#endif /* LODGE_RING_GRANT_ENTRY_H */
