// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages that a guest grants to the host, from the first use to the last.  The
 * entry in the guest's table is shared with the guest, which may change it at
 * any time: it is claimed with a compare-and-exchange of flags and domain id
 * together, the frame is read after that, and the busy bits stay until the last
 * user is gone.  How often a grant is used is counted here, where the guest
 * cannot reach.
 */
#include "ring/grant.h"

#include <linux/atomic.h>
#include <linux/mm.h>
#include <linux/nospec.h>
#include <linux/slab.h>

#include <xen/interface/xen.h>
#include <xen/interface/grant_table.h>

#include "domain.h"
#include "mmu/guest_ram.h"

/* A guest that changes its entry that often while we look means no good. */
#define CLAIM_TRIES	5
#define PIN_TRIES	5

/*
 * One grant in use.  page and gfn are valid while there is a user; the page's
 * reference belongs to all of them together.
 */
struct grant_use {
	struct page *page;
	u32 gfn;
	u16 readers;		/* that only read */
	u16 writers;
};

/*
 * The first word of an entry, as the guest sees it: flags below, domain id
 * above.  The second one is the frame.
 */
struct shared_entry {
	atomic_t word;		/* g */
	u32 frame;		/* g */
};

#define WORD_FLAGS(word)	((u16)(word))
#define WORD_DOMID(word)	((u16)((u32)(word) >> 16))

static struct shared_entry *shared_entry(struct grant_table *g, u32 ref)
{
	struct shared_entry *frame;

	BUILD_BUG_ON(sizeof(struct shared_entry) !=
		     sizeof(struct grant_entry_v1));
	/* Pairs with grow_locked(): the frame, then the number. */
	if (ref / GRANT_PER_FRAME >= smp_load_acquire(&g->nr_frames))
		return NULL;
	ref = array_index_nospec(ref, GRANT_MAX_REFS);
	frame = page_address(g->frames[ref / GRANT_PER_FRAME]);
	return &frame[ref % GRANT_PER_FRAME];
}

/* --- counts of use -------------------------------------------------------- */

/* NULL: nothing of that block was ever used. */
static struct grant_use *find_use(struct grant_table *g, u32 ref)
{
	struct grant_use **blocks, *block;

	ref = array_index_nospec(ref, GRANT_MAX_REFS);
	/* Pairs with publish(): the zeroes, then the pointer. */
	blocks = smp_load_acquire(&g->use);
	if (!blocks)
		return NULL;
	/* And so does this. */
	block = smp_load_acquire(&blocks[ref / GRANT_USE_BLOCK]);
	return block ? &block[ref % GRANT_USE_BLOCK] : NULL;
}

/* Put zeroed memory at *@place, unless somebody was faster. */
static int publish(void *place, size_t nr, size_t size)
{
	void *mem = kcalloc(nr, size, GFP_GUEST);

	if (!mem)
		return -ENOMEM;
	/* Pairs with find_use(). */
	if (cmpxchg_release((void **)place, NULL, mem))
		kfree(mem);
	return 0;
}

static int make_use(struct grant_table *g, u32 ref)
{
	int err = 0;

	ref = array_index_nospec(ref, GRANT_MAX_REFS);
	if (!READ_ONCE(g->use))
		err = publish(&g->use, GRANT_NR_BLOCKS, sizeof(*g->use));
	if (!err)
		err = publish(&g->use[ref / GRANT_USE_BLOCK], GRANT_USE_BLOCK,
			      sizeof(struct grant_use));
	return err;
}

void grant_use_free(struct grant_table *g)
{
	unsigned int i;

	if (!g->use)
		return;
	for (i = 0; i < GRANT_NR_BLOCKS; i++)
		kfree(g->use[i]);
	kfree(g->use);
}

/* --- the guest's entry ---------------------------------------------------- */

static int check_word(u32 word, bool write)
{
	if ((WORD_FLAGS(word) & GTF_type_mask) != GTF_permit_access)
		return -ENOENT;
	if (WORD_DOMID(word))
		return -EACCES;
	return write && WORD_FLAGS(word) & GTF_readonly ? -EACCES : 0;
}

/* Set the busy bits of an entry that grants what is asked for. */
static int claim(struct shared_entry *entry, bool write)
{
	const u32 busy = GTF_reading | (write ? GTF_writing : 0);
	u32 word = atomic_read(&entry->word);
	unsigned int i;
	int err;

	for (i = 0; i < CLAIM_TRIES; i++) {
		err = check_word(word, write);
		if (err)
			return err;
		if (atomic_try_cmpxchg(&entry->word, &word, word | busy))
			return 0;
	}
	return -EAGAIN;
}

static void clear_busy(struct shared_entry *entry, u32 bits)
{
	/* Whatever was read or written in the page comes before. */
	smp_mb__before_atomic();
	atomic_andnot(bits, &entry->word);
}

/* Take back the bits that nobody needs. */
static void settle_busy(struct shared_entry *entry, const struct grant_use *use)
{
	if (!use->writers && !use->readers)
		clear_busy(entry, GTF_reading | GTF_writing);
	else if (!use->writers)
		clear_busy(entry, GTF_writing);
}

/* --- pinning -------------------------------------------------------------- */

static bool is_used(const struct grant_use *use)
{
	return use->readers || use->writers;
}

/* The first user finds the page, later ones must mean the same frame. */
static int find_page(struct domain *d, struct grant_use *use, u32 frame,
		     bool write)
{
	int err;

	if (is_used(use))
		return use->gfn == frame ? 0 : -EBUSY;
	err = guest_ram_pin(&d->ram, GFN(frame), write, true, &use->page);
	if (err)
		return err == -EFAULT ? -ENXIO : err;
	use->gfn = frame;
	return 0;
}

/* May it be written to?  The first user may have been content with reading. */
static int check_writable(struct domain *d, const struct grant_use *use)
{
	struct page *page;
	int err;

	err = guest_ram_pin(&d->ram, GFN(use->gfn), true, true, &page);
	if (err)
		return -ENXIO;
	/* Another page is there by now: the one in use is nobody's any more. */
	if (page != use->page)
		err = -EBUSY;
	guest_ram_unpin(page);
	return err;
}

/*
 * One look with the lock held: claim the entry, then read its frame.
 * Return: as grant_pin(), and -EAGAIN with *@missing the frame that must get
 * memory first.
 */
static int pin_once(struct domain *d, struct shared_entry *entry,
		    struct grant_use *use, bool write, gfn_t *missing)
{
	u32 frame;
	int err;

	lockdep_assert_held(&d->grant.use_lock);
	if ((write ? use->writers : use->readers) == U16_MAX)
		return -EBUSY;
	err = claim(entry, write);
	if (err)
		return err;
	/* The compare-and-exchange of claim() orders this after the flags. */
	frame = READ_ONCE(entry->frame);
	err = find_page(d, use, frame, write);
	if (!err && write && !use->writers && use->readers)
		err = check_writable(d, use);
	if (err) {
		settle_busy(entry, use);
		*missing = GFN(frame);
		return err;
	}
	if (write)
		use->writers++;
	else
		use->readers++;
	return 0;
}

static int pin_entry(struct domain *d, struct shared_entry *entry,
		     struct grant_use *use, bool write, struct grant_pin *pin)
{
	struct grant_table *g = &d->grant;
	gfn_t missing = GFN(GRANT_NO_GFN);
	struct page *page;
	int err;

	spin_lock(&g->use_lock);
	err = pin_once(d, entry, use, write, &missing);
	if (!err)
		pin->page = use->page;
	spin_unlock(&g->use_lock);
	if (err != -EAGAIN || missing.v == GRANT_NO_GFN)
		return err;
	/* RAM that was never touched; the guest grants it all the same. */
	err = guest_ram_pin(&d->ram, missing, write, false, &page);
	if (err)
		return err == -EFAULT ? -ENXIO : err;
	guest_ram_unpin(page);
	return -EAGAIN;
}

int grant_pin(struct domain *d, u32 ref, bool write, struct grant_pin *pin)
{
	struct grant_table *g = &d->grant;
	struct shared_entry *entry = shared_entry(g, ref);
	unsigned int i;
	int err = 0;

	if (!entry)
		return -ENOENT;
	if (!find_use(g, ref))
		err = make_use(g, ref);
	if (err)
		return err;
	pin->ref = ref;
	pin->write = write;
	for (i = 0; i < PIN_TRIES; i++) {
		err = pin_entry(d, entry, find_use(g, ref), write, pin);
		if (err != -EAGAIN)
			break;
	}
	return err;
}

void grant_unpin(struct domain *d, const struct grant_pin *pin)
{
	struct grant_table *g = &d->grant;
	struct grant_use *use = find_use(g, pin->ref);
	struct page *page = NULL;

	spin_lock(&g->use_lock);
	/* A look for dirty pages may have come since it was pinned. */
	if (pin->write)
		guest_ram_mark_dirty(&d->ram, GFN(use->gfn), use->page);
	if (pin->write)
		use->writers--;
	else
		use->readers--;
	settle_busy(shared_entry(g, pin->ref), use);
	if (!is_used(use))
		swap(page, use->page);
	spin_unlock(&g->use_lock);
	if (page)
		guest_ram_unpin(page);
}

int grant_pin_list(struct domain *d, const u32 *refs, unsigned int nr,
		   bool write, struct grant_pin *pins)
{
	unsigned int i;
	int err;

	for (i = 0; i < nr; i++) {
		err = grant_pin(d, refs[i], write, &pins[i]);
		if (err) {
			grant_unpin_list(d, pins, i);
			return err;
		}
		cond_resched();
	}
	return 0;
}

void grant_unpin_list(struct domain *d, const struct grant_pin *pins,
		      unsigned int nr)
{
	while (nr)
		grant_unpin(d, &pins[--nr]);
}
