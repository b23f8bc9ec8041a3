// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages that a guest grants to the host, from the first use to the last.  The
 * entry in the guest's table is shared with the guest, which may change it at
 * any time: it is claimed, which sets its busy bits, then what it grants is
 * read once, and the busy bits stay until the last user is gone.  How often a
 * grant is used is counted here, where the guest cannot reach.
 */
#include "ring/grant.h"

#include <linux/mm.h>
#include <linux/nospec.h>
#include <linux/slab.h>

#include <xen/interface/xen.h>
#include <xen/interface/grant_table.h>

#include "domain.h"
#include "mmu/guest_ram.h"
#include "ring/grant_entry.h"

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

/* What a user wants. */
struct request {
	u32 ref;
	u32 offset;
	u32 length;
	bool write;
};

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

/* --- pinning -------------------------------------------------------------- */

static bool is_used(const struct grant_use *use)
{
	return use->readers || use->writers;
}

/* Count a user in, or out. */
static void count_use(struct grant_table *g, struct grant_use *use,
		      const struct grant_pin *pin, int change)
{
	const bool counts = pin->ref >= GNTTAB_NR_RESERVED_ENTRIES;

	lockdep_assert_held(&g->use_lock);
	g->nr_used -= counts && is_used(use);
	if (pin->write)
		use->writers += change;
	else
		use->readers += change;
	g->nr_used += counts && is_used(use);
}

/* Take back the bits that nobody needs. */
static void settle_busy(const struct grant_entry *entry,
			const struct grant_use *use)
{
	if (!is_used(use))
		grant_entry_clear(entry, GTF_reading | GTF_writing);
	else if (!use->writers)
		grant_entry_clear(entry, GTF_writing);
}

/* The first user finds the page, later ones must mean the same frame. */
static int find_page(struct domain *d, struct grant_use *use, u64 frame,
		     bool write)
{
	int err;

	if (frame > U32_MAX)
		return -ENXIO;
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

/* The page of what @terms grant, if they grant what is asked for. */
static int use_page(struct domain *d, struct grant_use *use,
		    const struct request *req, const struct grant_terms *terms)
{
	int err;

	if (req->offset < terms->offset ||
	    req->offset + req->length > terms->offset + terms->length)
		return -EACCES;
	err = find_page(d, use, terms->frame, req->write);
	if (!err && req->write && !use->writers && use->readers)
		err = check_writable(d, use);
	return err;
}

/*
 * One look with the lock held: claim the entry, then see what it grants.
 * Return: as grant_pin(), and -EAGAIN with *@missing the frame that must get
 * memory first.
 */
static int pin_once(struct domain *d, const struct request *req,
		    struct grant_pin *pin, gfn_t *missing)
{
	struct grant_table *g = &d->grant;
	struct grant_use *use = find_use(g, req->ref);
	struct grant_terms terms;
	struct grant_entry entry;
	int err;

	lockdep_assert_held(&g->use_lock);
	/* Looked up here: the version may change without the lock. */
	if (!grant_entry_find(g, req->ref, &entry))
		return -ENOENT;
	if ((req->write ? use->writers : use->readers) == U16_MAX)
		return -EBUSY;
	err = grant_entry_claim(&entry, req->write, &terms);
	if (err)
		return err;
	err = use_page(d, use, req, &terms);
	if (err) {
		settle_busy(&entry, use);
		*missing = GFN(terms.frame);
		return err;
	}
	*pin = (struct grant_pin){
		.page = use->page,
		.ref = req->ref,
		.write = req->write,
	};
	count_use(g, use, pin, 1);
	return 0;
}

static int try_pin(struct domain *d, const struct request *req,
		   struct grant_pin *pin)
{
	struct grant_table *g = &d->grant;
	gfn_t missing = GFN(GRANT_NO_GFN);
	struct page *page;
	int err;

	spin_lock(&g->use_lock);
	err = pin_once(d, req, pin, &missing);
	spin_unlock(&g->use_lock);
	if (err != -EAGAIN || missing.v == GRANT_NO_GFN)
		return err;
	/* RAM that was never touched; the guest grants it all the same. */
	err = guest_ram_pin(&d->ram, missing, req->write, false, &page);
	if (err)
		return err == -EFAULT ? -ENXIO : err;
	guest_ram_unpin(page);
	return -EAGAIN;
}

int grant_pin(struct domain *d, u32 ref, u32 offset, u32 length, bool write,
	      struct grant_pin *pin)
{
	const struct request req = { ref, offset, length, write };
	struct grant_table *g = &d->grant;
	unsigned int i;
	int err = 0;

	if (ref >= GRANT_MAX_REFS)
		return -ENOENT;
	if (!find_use(g, ref))
		err = make_use(g, ref);
	if (err)
		return err;
	for (i = 0; i < PIN_TRIES; i++) {
		err = try_pin(d, &req, pin);
		if (err != -EAGAIN)
			break;
	}
	return err;
}

void grant_unpin(struct domain *d, const struct grant_pin *pin)
{
	struct grant_table *g = &d->grant;
	struct grant_use *use = find_use(g, pin->ref);
	struct grant_entry entry;
	struct page *page = NULL;

	spin_lock(&g->use_lock);
	count_use(g, use, pin, -1);
	/* A table does not shrink while one of its entries is in use. */
	if (grant_entry_find(g, pin->ref, &entry))
		settle_busy(&entry, use);
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
		err = grant_pin(d, refs[i], 0, PAGE_SIZE, write, &pins[i]);
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
