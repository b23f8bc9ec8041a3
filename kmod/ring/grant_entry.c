// SPDX-License-Identifier: GPL-2.0-only
/*
 * The two forms of an entry in a guest's grant table.  Version 1 has the busy
 * bits among the flags, so an entry is claimed by a compare-and-exchange.
 * Version 2 has them in frames of their own: they are set, and then the flags
 * are looked at again, while a guest that revokes clears the flags and then
 * looks at the bits.  So one of the two sees the other.
 */
#include "ring/grant_entry.h"

#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/mm.h>
#include <linux/nospec.h>
#include <linux/spinlock.h>

#include <xen/interface/xen.h>
#include <xen/interface/grant_table.h>

#include "ring/grant.h"

/* A guest that changes its entry that often while we look means no good. */
#define CLAIM_TRIES	5

#define BUSY_BITS	(GTF_reading | GTF_writing)

/* The first word: flags below, domain id above. */
#define HEAD(flags, domid)	((u32)(flags) | (u32)(domid) << 16)
#define HEAD_FLAGS(head)	((u16)(head))
#define HEAD_DOMID(head)	((u16)((u32)(head) >> 16))

struct entry_v1 {
	atomic_t head;
	u32 frame;
};

/* offset and length count with GTF_sub_page only. */
struct entry_v2 {
	atomic_t head;
	u16 offset;
	u16 length;
	u64 frame;
};

/* A reserved entry on its way from one form to the other. */
struct kept_entry {
	u16 flags;		/* with the busy bits */
	u16 domid;
	u32 frame;
};

struct grant_format {
	unsigned int per_frame;
	/* Set e->shared, busy and shift; the table has @ref. */
	void (*find)(struct grant_table *g, u32 ref, struct grant_entry *e);
	int (*claim)(const struct grant_entry *e, bool write,
		     struct grant_terms *terms);
	void (*save)(const struct grant_entry *e, struct kept_entry *kept);
	void (*load)(const struct grant_entry *e,
		     const struct kept_entry *kept);
};

static int check_head(u32 head, bool write)
{
	/* A transitive one names a grant to us, and nobody gives us any. */
	if ((HEAD_FLAGS(head) & GTF_type_mask) != GTF_permit_access)
		return -ENOENT;
	if (HEAD_DOMID(head))
		return -EACCES;
	return write && HEAD_FLAGS(head) & GTF_readonly ? -EACCES : 0;
}

static u32 wanted_bits(bool write)
{
	return GTF_reading | (write ? GTF_writing : 0);
}

/* --- version 1 ------------------------------------------------------------ */

static void find_v1(struct grant_table *g, u32 ref, struct grant_entry *e)
{
	struct entry_v1 *frame;

	BUILD_BUG_ON(sizeof(struct entry_v1) != sizeof(struct grant_entry_v1));
	frame = page_address(g->shared[ref / GRANT_PER_FRAME_V1].page);
	e->shared = &frame[ref % GRANT_PER_FRAME_V1];
	e->busy = &frame[ref % GRANT_PER_FRAME_V1].head;
	e->shift = 0;
}

static int claim_v1(const struct grant_entry *e, bool write,
		    struct grant_terms *terms)
{
	struct entry_v1 *entry = e->shared;
	u32 head = atomic_read(&entry->head);
	unsigned int i;
	int err;

	for (i = 0; i < CLAIM_TRIES; i++) {
		err = check_head(head, write);
		if (err)
			return err;
		if (!atomic_try_cmpxchg(&entry->head, &head,
					head | wanted_bits(write)))
			continue;
		/* The exchange orders this after the flags. */
		terms->frame = READ_ONCE(entry->frame);
		terms->offset = 0;
		terms->length = PAGE_SIZE;
		return 0;
	}
	return -EAGAIN;
}

static void save_v1(const struct grant_entry *e, struct kept_entry *kept)
{
	struct entry_v1 *entry = e->shared;
	u32 head = atomic_read(&entry->head);

	kept->flags = HEAD_FLAGS(head);
	kept->domid = HEAD_DOMID(head);
	kept->frame = READ_ONCE(entry->frame);
}

static void load_v1(const struct grant_entry *e, const struct kept_entry *kept)
{
	struct entry_v1 *entry = e->shared;

	WRITE_ONCE(entry->frame, kept->frame);
	atomic_set_release(&entry->head, HEAD(kept->flags, kept->domid));
}

/* --- version 2 ------------------------------------------------------------ */

static void find_v2(struct grant_table *g, u32 ref, struct grant_entry *e)
{
	struct entry_v2 *frame;
	atomic_t *status;

	BUILD_BUG_ON(sizeof(struct entry_v2) != sizeof(union grant_entry_v2));
	BUILD_BUG_ON(offsetof(struct entry_v2, frame) !=
		     offsetof(union grant_entry_v2, sub_page.frame));
	frame = page_address(g->shared[ref / GRANT_PER_FRAME_V2].page);
	e->shared = &frame[ref % GRANT_PER_FRAME_V2];
	/* Two entries' status makes a word that we can change at once. */
	status = page_address(g->status[ref / GRANT_PER_STATUS].page);
	e->busy = &status[ref % GRANT_PER_STATUS / 2];
	e->shift = ref % 2 * 16;
}

static int claim_v2(const struct grant_entry *e, bool write,
		    struct grant_terms *terms)
{
	const u32 bits = wanted_bits(write) << e->shift;
	int before = atomic_read(e->busy);
	struct entry_v2 *entry = e->shared;
	unsigned int i = 0;
	u32 head;
	int err;

	err = check_head(atomic_read(&entry->head), write);
	if (err)
		return err;
	/*
	 * A full barrier.  Pairs with the one of a guest that revokes: flags
	 * there, then status.  Not until it succeeds: the guest can write there.
	 */
	while (!atomic_try_cmpxchg(e->busy, &before, before | bits))
		if (++i == CLAIM_TRIES)
			return -EAGAIN;
	/* The rest of the entry belongs to the flags that are read here. */
	head = atomic_read_acquire(&entry->head);
	err = check_head(head, write);
	if (err) {
		atomic_andnot(bits & ~before, e->busy);
		return err;
	}
	terms->frame = READ_ONCE(entry->frame);
	terms->offset = 0;
	terms->length = PAGE_SIZE;
	if (HEAD_FLAGS(head) & GTF_sub_page) {
		terms->offset = READ_ONCE(entry->offset);
		terms->length = READ_ONCE(entry->length);
	}
	return 0;
}

/* Only what version 1 can say as well. */
static void save_v2(const struct grant_entry *e, struct kept_entry *kept)
{
	struct entry_v2 *entry = e->shared;
	u32 head = atomic_read(&entry->head);
	u64 frame = READ_ONCE(entry->frame);

	*kept = (struct kept_entry){ 0 };
	if ((HEAD_FLAGS(head) & (GTF_type_mask | GTF_sub_page)) !=
	    GTF_permit_access || frame > U32_MAX)
		return;
	kept->flags = HEAD_FLAGS(head) & ~BUSY_BITS;
	kept->flags |= (u32)atomic_read(e->busy) >> e->shift & BUSY_BITS;
	kept->domid = HEAD_DOMID(head);
	kept->frame = frame;
}

static void load_v2(const struct grant_entry *e, const struct kept_entry *kept)
{
	struct entry_v2 *entry = e->shared;

	WRITE_ONCE(entry->frame, kept->frame);
	atomic_or((u32)(kept->flags & BUSY_BITS) << e->shift, e->busy);
	atomic_set_release(&entry->head,
			   HEAD(kept->flags & ~BUSY_BITS, kept->domid));
}

/* --- the choice ----------------------------------------------------------- */

static const struct grant_format formats[] = {
	[1] = { GRANT_PER_FRAME_V1, find_v1, claim_v1, save_v1, load_v1 },
	[2] = { GRANT_PER_FRAME_V2, find_v2, claim_v2, save_v2, load_v2 },
};

bool grant_entry_find(struct grant_table *g, u32 ref, struct grant_entry *e)
{
	const struct grant_format *format = &formats[g->version];

	lockdep_assert_held(&g->use_lock);
	/* Pairs with grow_locked(): the frame, then the number. */
	if (ref / format->per_frame >= smp_load_acquire(&g->nr_frames))
		return false;
	ref = array_index_nospec(ref, format->per_frame * GRANT_MAX_FRAMES);
	e->format = format;
	format->find(g, ref, e);
	return true;
}

int grant_entry_claim(const struct grant_entry *e, bool write,
		      struct grant_terms *terms)
{
	return e->format->claim(e, write, terms);
}

void grant_entry_clear(const struct grant_entry *e, u32 bits)
{
	/* Whatever was read or written in the page comes before. */
	smp_mb__before_atomic();
	atomic_andnot(bits << e->shift, e->busy);
}

/* The lock is held for 64 pages at most. */
int grant_entry_convert(struct grant_table *g, unsigned int version)
{
	struct kept_entry kept[GNTTAB_NR_RESERVED_ENTRIES];
	struct grant_entry e;
	unsigned int i;

	lockdep_assert_held(&g->lock);
	spin_lock(&g->use_lock);
	if (g->nr_used) {
		spin_unlock(&g->use_lock);
		return -EBUSY;
	}
	for (i = 0; i < ARRAY_SIZE(kept); i++) {
		grant_entry_find(g, i, &e);
		e.format->save(&e, &kept[i]);
	}
	for (i = 0; i < g->nr_frames; i++)
		clear_page(page_address(g->shared[i].page));
	WRITE_ONCE(g->version, version);
	for (i = 0; i < ARRAY_SIZE(kept); i++) {
		grant_entry_find(g, i, &e);
		e.format->load(&e, &kept[i]);
	}
	spin_unlock(&g->use_lock);
	return 0;
}
