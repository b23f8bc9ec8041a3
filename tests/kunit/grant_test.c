// SPDX-License-Identifier: GPL-2.0-only
/*
 * Grant tables in both of their forms: the busy bits that a guest sees and the
 * references to its pages against a model of plain counters, what is refused, a
 * guest that revokes and changes its entry all the while, and the change from
 * one form to the other.  The guest's memory is a handful of pages here, and of
 * its frames where it has the table there is a list.
 */
#include <kunit/test.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/prandom.h>

/* What a guest does between the two looks at an entry of version 2. */
static void (*between_looks)(void);

static bool try_cmpxchg_after_guest(atomic_t *busy, int *before, int after)
{
	if (between_looks)
		between_looks();
	return atomic_try_cmpxchg(busy, before, after);
}

#define atomic_try_cmpxchg	try_cmpxchg_after_guest

#include "../../kmod/ring/grant.c"
#include "../../kmod/ring/grant_entry.c"
#include "../../kmod/ring/grant_pin.c"

#define NR_GFNS		8
#define GFN_READ_ONLY	6	/* may not be written to */
#define GFN_UNTOUCHED	7	/* has no page until somebody sleeps for it */
#define NR_FRAMES	4	/* of the table */
#define GFN_TABLE	0x100	/* the first of NR_PLACES */
#define NR_PLACES	16
#define RANDOM_STEPS	20000
#define NR_MODEL_REFS	5
#define NR_MODEL_PINS	32

static struct page *pages[NR_GFNS];
static bool untouched;
static struct page *places[NR_PLACES];	/* of the module, by frame */

int guest_ram_pin(struct guest_ram *ram, gfn_t gfn, bool write, bool atomic,
		  struct page **page)
{
	if (gfn.v >= NR_GFNS || (write && gfn.v == GFN_READ_ONLY))
		return -EFAULT;
	if (gfn.v == GFN_UNTOUCHED && untouched) {
		if (atomic)
			return -EAGAIN;
		untouched = false;
	}
	*page = pages[gfn.v];
	get_page(*page);
	return 0;
}

int guest_ram_map_special(struct guest_ram *ram, gfn_t gfn, struct page *page,
			  unsigned int perm)
{
	if (gfn.v - GFN_TABLE >= NR_PLACES)
		return -EINVAL;
	if (places[gfn.v - GFN_TABLE])
		put_page(places[gfn.v - GFN_TABLE]);
	places[gfn.v - GFN_TABLE] = page;
	get_page(page);
	return 0;
}

void guest_ram_unmap_special(struct guest_ram *ram, gfn_t gfn,
			     struct page *page)
{
	if (places[gfn.v - GFN_TABLE] != page)
		return;
	places[gfn.v - GFN_TABLE] = NULL;
	put_page(page);
}

static unsigned int nr_places(void)
{
	unsigned int i, nr = 0;

	for (i = 0; i < NR_PLACES; i++)
		nr += !!places[i];
	return nr;
}

static const unsigned int versions[] = { 1, 2 };

KUNIT_ARRAY_PARAM(version, versions, NULL);

/* A case without parameter starts as a guest does. */
static int suite_init(struct kunit *test)
{
	struct domain *d = kunit_kzalloc(test, sizeof(*d), GFP_KERNEL);
	const unsigned int *version = test->param_value ?: &versions[0];
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, d);
	for (i = 0; i < NR_GFNS; i++) {
		pages[i] = alloc_page(GFP_KERNEL | __GFP_ZERO);
		KUNIT_ASSERT_NOT_NULL(test, pages[i]);
	}
	untouched = true;
	KUNIT_ASSERT_EQ(test, 0, grant_init(d));
	test->priv = d;
	KUNIT_ASSERT_EQ(test, 0, grant_grow(d, NR_FRAMES));
	KUNIT_ASSERT_EQ(test, 0, grant_set_version(d, *version));
	return 0;
}

static void suite_exit(struct kunit *test)
{
	struct domain *d = test->priv;
	unsigned int i;

	if (!d)
		return;
	for (i = 0; i < NR_GFNS; i++) {
		KUNIT_EXPECT_EQ(test, 1, page_count(pages[i]));
		put_page(pages[i]);
	}
	for (i = 0; i < NR_PLACES; i++)
		if (places[i])
			guest_ram_unmap_special(NULL, GFN(GFN_TABLE + i),
						places[i]);
	KUNIT_EXPECT_EQ(test, 0u, d->grant.nr_used);
	grant_destroy(d);
}

/* --- the guest's view of its table ---------------------------------------- */

static bool is_v2(struct domain *d)
{
	return d->grant.version == 2;
}

static u32 nr_refs(struct domain *d)
{
	return d->grant.nr_frames * (is_v2(d) ? 256 : 512);
}

static struct grant_entry_v1 *guest_v1(struct domain *d, u32 ref)
{
	struct grant_entry_v1 *frame =
		page_address(d->grant.shared[ref / 512].page);

	return &frame[ref % 512];
}

static union grant_entry_v2 *guest_v2(struct domain *d, u32 ref)
{
	union grant_entry_v2 *frame =
		page_address(d->grant.shared[ref / 256].page);

	return &frame[ref % 256];
}

/* Flags and domain id are at the same place in both. */
static struct grant_entry_header *guest_entry(struct domain *d, u32 ref)
{
	return is_v2(d) ? &guest_v2(d, ref)->hdr : (void *)guest_v1(d, ref);
}

static u16 *guest_status(struct domain *d, u32 ref)
{
	u16 *status = page_address(d->grant.status[ref / 2048].page);

	return &status[ref % 2048];
}

static void guest_set_frame(struct domain *d, u32 ref, u64 gfn)
{
	if (is_v2(d))
		WRITE_ONCE(guest_v2(d, ref)->full_page.frame, gfn);
	else
		WRITE_ONCE(guest_v1(d, ref)->frame, gfn);
}

static u64 guest_frame(struct domain *d, u32 ref)
{
	return is_v2(d) ? guest_v2(d, ref)->full_page.frame :
			  guest_v1(d, ref)->frame;
}

static void guest_grant(struct domain *d, u32 ref, u64 gfn, u16 flags)
{
	struct grant_entry_header *entry = guest_entry(d, ref);

	entry->domid = 0;
	guest_set_frame(d, ref, gfn);
	/* As a guest does: the rest, then the flags. */
	smp_store_release(&entry->flags, GTF_permit_access | flags);
}

static u16 guest_busy(struct domain *d, u32 ref)
{
	u16 *word = is_v2(d) ? guest_status(d, ref) :
			       &guest_entry(d, ref)->flags;

	return READ_ONCE(*word) & (GTF_reading | GTF_writing);
}

/* A revoke by the rules: false if the grant is in use. */
static bool guest_revoke(struct domain *d, u32 ref)
{
	struct grant_entry_header *entry = guest_entry(d, ref);
	u16 flags = READ_ONCE(entry->flags);

	if (is_v2(d)) {
		WRITE_ONCE(entry->flags, 0);
		smp_mb();	/* flags, then status: claim_v2() */
		return !guest_busy(d, ref);
	}
	return !(flags & (GTF_reading | GTF_writing)) &&
	       cmpxchg(&entry->flags, flags, 0) == flags;
}

static int pin_page(struct domain *d, u32 ref, bool write,
		    struct grant_pin *pin)
{
	return grant_pin(d, ref, 0, PAGE_SIZE, write, pin);
}

/* --- pins ------------------------------------------------------------------ */

static void grant_pin_sets_bits_until_the_last_goes(struct kunit *test)
{
	struct grant_pin read, again, write;
	struct domain *d = test->priv;

	guest_grant(d, 20, 3, 0);
	KUNIT_ASSERT_EQ(test, 0, pin_page(d, 20, false, &read));
	KUNIT_EXPECT_PTR_EQ(test, pages[3], read.page);
	KUNIT_EXPECT_EQ(test, GTF_reading, guest_busy(d, 20));
	KUNIT_ASSERT_EQ(test, 0, pin_page(d, 20, true, &write));
	KUNIT_EXPECT_PTR_EQ(test, pages[3], write.page);
	KUNIT_EXPECT_EQ(test, GTF_reading | GTF_writing, guest_busy(d, 20));
	KUNIT_ASSERT_EQ(test, 0, pin_page(d, 20, false, &again));
	KUNIT_EXPECT_EQ(test, 2, page_count(pages[3]));
	grant_unpin(d, &write);
	KUNIT_EXPECT_EQ(test, GTF_reading, guest_busy(d, 20));
	grant_unpin(d, &read);
	KUNIT_EXPECT_EQ(test, GTF_reading, guest_busy(d, 20));
	grant_unpin(d, &again);
	KUNIT_EXPECT_EQ(test, 0, guest_busy(d, 20));
	KUNIT_EXPECT_EQ(test, GTF_permit_access, guest_entry(d, 20)->flags);
}

static void grant_pin_refuses(struct kunit *test)
{
	struct domain *d = test->priv;
	const u32 last = nr_refs(d) - 1;
	const struct {
		u32 ref;
		u16 flags, domid;
		u64 frame;
		bool write;
		int ret;
	} cases[] = {
		{ 8, 0, 0, 1, false, -ENOENT },
		{ 8, GTF_accept_transfer, 0, 1, false, -ENOENT },
		{ 8, GTF_transitive, 0, 1, false, -ENOENT },
		{ 8, GTF_transitive | GTF_readonly, 0, 1, false, -ENOENT },
		{ 8, GTF_permit_access, 1, 1, false, -EACCES },
		{ 8, GTF_permit_access, DOMID_SELF, 1, false, -EACCES },
		{ 8, GTF_permit_access | GTF_readonly, 0, 1, true, -EACCES },
		{ 8, GTF_permit_access | GTF_readonly, 0, 1, false, 0 },
		{ 8, GTF_permit_access, 0, NR_GFNS, false, -ENXIO },
		{ 8, GTF_permit_access, 0, ~0u, true, -ENXIO },
		{ 8, GTF_permit_access, 0, GFN_READ_ONLY, true, -ENXIO },
		{ 8, GTF_permit_access, 0, GFN_READ_ONLY, false, 0 },
		{ 0, GTF_permit_access, 0, 1, true, 0 },
		{ last, GTF_permit_access, 0, 1, true, 0 },
		{ last, GTF_permit_access | 0xe0, 0, 1, true, 0 },
	};
	struct grant_pin pin;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct grant_entry_header *entry = guest_entry(d, cases[i].ref);

		entry->flags = cases[i].flags;
		entry->domid = cases[i].domid;
		guest_set_frame(d, cases[i].ref, cases[i].frame);
		KUNIT_EXPECT_EQ_MSG(test, cases[i].ret,
				    pin_page(d, cases[i].ref, cases[i].write,
					     &pin), "case %u", i);
		if (!cases[i].ret)
			grant_unpin(d, &pin);
		/* Whatever came of it, the entry is as the guest wrote it. */
		KUNIT_EXPECT_EQ_MSG(test, cases[i].flags, entry->flags,
				    "case %u", i);
		KUNIT_EXPECT_EQ(test, cases[i].domid, entry->domid);
		KUNIT_EXPECT_EQ(test, cases[i].frame,
				guest_frame(d, cases[i].ref));
		KUNIT_EXPECT_EQ(test, 0, guest_busy(d, cases[i].ref));
	}
	KUNIT_EXPECT_EQ(test, -ENOENT, pin_page(d, last + 1, false, &pin));
	KUNIT_EXPECT_EQ(test, -ENOENT,
			pin_page(d, GRANT_MAX_REFS - 1, false, &pin));
	KUNIT_EXPECT_EQ(test, -ENOENT,
			pin_page(d, GRANT_MAX_REFS, false, &pin));
	KUNIT_EXPECT_EQ(test, -ENOENT, pin_page(d, ~0u, true, &pin));
}

/* What the guest changes in an entry in use does not reach its users. */
static void grant_pin_keeps_to_the_page_in_use(struct kunit *test)
{
	struct domain *d = test->priv;
	struct grant_pin pin, other;
	struct page *page = pages[3];

	guest_grant(d, 8, 3, 0);
	KUNIT_ASSERT_EQ(test, 0, pin_page(d, 8, false, &pin));
	guest_set_frame(d, 8, 4);
	KUNIT_EXPECT_EQ(test, -EBUSY, pin_page(d, 8, false, &other));
	KUNIT_EXPECT_EQ(test, GTF_reading, guest_busy(d, 8));
	guest_set_frame(d, 8, 3);
	/* Another page came to the frame: the old one is not for writing. */
	pages[3] = pages[5];
	KUNIT_EXPECT_EQ(test, -EBUSY, pin_page(d, 8, true, &other));
	pages[3] = page;
	KUNIT_EXPECT_EQ(test, GTF_reading, guest_busy(d, 8));
	/* Revoked by force, it is not given to anybody else. */
	WRITE_ONCE(guest_entry(d, 8)->flags, 0);
	KUNIT_EXPECT_EQ(test, -ENOENT, pin_page(d, 8, false, &other));
	KUNIT_EXPECT_EQ(test, 2, page_count(page));
	grant_unpin(d, &pin);
	KUNIT_EXPECT_EQ(test, 0, guest_entry(d, 8)->flags);
}

static void grant_pin_fills_untouched_frames(struct kunit *test)
{
	struct domain *d = test->priv;
	struct grant_pin pin;

	guest_grant(d, 9, GFN_UNTOUCHED, 0);
	KUNIT_ASSERT_EQ(test, 0, pin_page(d, 9, true, &pin));
	KUNIT_EXPECT_FALSE(test, untouched);
	KUNIT_EXPECT_PTR_EQ(test, pages[GFN_UNTOUCHED], pin.page);
	grant_unpin(d, &pin);
	KUNIT_EXPECT_EQ(test, 0, guest_busy(d, 9));
}

static void grant_pin_counts_have_an_end(struct kunit *test)
{
	struct domain *d = test->priv;
	struct grant_pin pin;
	unsigned int i;

	guest_grant(d, 9, 2, 0);
	for (i = 0; i < U16_MAX; i++) {
		if (pin_page(d, 9, true, &pin))
			break;
	}
	KUNIT_EXPECT_EQ(test, (unsigned int)U16_MAX, i);
	KUNIT_EXPECT_EQ(test, -EBUSY, pin_page(d, 9, true, &pin));
	pin.page = pages[2];
	pin.ref = 9;
	pin.write = true;
	while (i--)
		grant_unpin(d, &pin);
	KUNIT_EXPECT_EQ(test, 0, guest_busy(d, 9));
}

static void grant_pin_list_is_all_or_nothing(struct kunit *test)
{
	static const u32 refs[] = { 10, 600, 10, 11 };
	struct grant_pin pins[4];
	struct domain *d = test->priv;

	guest_grant(d, 10, 1, 0);
	guest_grant(d, 600, 2, 0);
	guest_grant(d, 11, 3, GTF_readonly);
	KUNIT_EXPECT_EQ(test, -EACCES,
			grant_pin_list(d, refs, 4, true, pins));
	KUNIT_EXPECT_EQ(test, 0, guest_busy(d, 10));
	KUNIT_EXPECT_EQ(test, 0, guest_busy(d, 600));
	KUNIT_ASSERT_EQ(test, 0, grant_pin_list(d, refs, 4, false, pins));
	KUNIT_EXPECT_PTR_EQ(test, pages[1], pins[2].page);
	KUNIT_EXPECT_EQ(test, GTF_reading, guest_busy(d, 11));
	grant_unpin_list(d, pins, 4);
	KUNIT_EXPECT_EQ(test, 0, guest_busy(d, 10));
	KUNIT_EXPECT_EQ(test, 0, guest_busy(d, 11));
}

/* What a range of a page may be used for, by what is granted of it. */
static void grant_pin_keeps_to_the_range(struct kunit *test)
{
	static const struct {
		u16 flags, at, granted;
		u32 offset, length;
		int ret;
	} cases[] = {
		{ 0, 0, 0, 0, PAGE_SIZE, 0 },
		{ 0, 100, 8, 4095, 1, 0 },
		{ GTF_sub_page, 100, 8, 100, 8, 0 },
		{ GTF_sub_page, 100, 8, 107, 1, 0 },
		{ GTF_sub_page, 100, 8, 108, 1, -EACCES },
		{ GTF_sub_page, 100, 8, 99, 1, -EACCES },
		{ GTF_sub_page, 100, 8, 99, 9, -EACCES },
		{ GTF_sub_page, 100, 8, 100, 9, -EACCES },
		{ GTF_sub_page, 100, 8, 0, PAGE_SIZE, -EACCES },
		{ GTF_sub_page, 100, 0, 100, 1, -EACCES },
		{ GTF_sub_page, 0, PAGE_SIZE, 0, PAGE_SIZE, 0 },
		{ GTF_sub_page, 0xffff, 0xffff, 4095, 1, -EACCES },
		{ GTF_sub_page, 4000, 0xffff, 4000, 96, 0 },
		{ GTF_sub_page | GTF_readonly, 0, 64, 0, 64, 0 },
	};
	struct domain *d = test->priv;
	struct grant_pin pin;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, 0, grant_set_version(d, 2));
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		guest_v2(d, 9)->sub_page.page_off = cases[i].at;
		guest_v2(d, 9)->sub_page.length = cases[i].granted;
		guest_grant(d, 9, 2, cases[i].flags);
		KUNIT_EXPECT_EQ_MSG(test, cases[i].ret,
				    grant_pin(d, 9, cases[i].offset,
					      cases[i].length, false, &pin),
				    "case %u", i);
		if (!cases[i].ret)
			grant_unpin(d, &pin);
		KUNIT_EXPECT_EQ(test, 0, guest_busy(d, 9));
	}
	guest_grant(d, 9, 1ull << 32 | 2, 0);
	KUNIT_EXPECT_EQ(test, -ENXIO, pin_page(d, 9, false, &pin));
	guest_grant(d, 9, ~0ull, 0);
	KUNIT_EXPECT_EQ(test, -ENXIO, pin_page(d, 9, true, &pin));
	KUNIT_EXPECT_EQ(test, 0, guest_busy(d, 9));
}

/* Two entries share a word of status, and the guest's bits are its own. */
static void grant_pin_leaves_other_status(struct kunit *test)
{
	struct domain *d = test->priv;
	struct grant_pin even, odd;

	KUNIT_ASSERT_EQ(test, 0, grant_set_version(d, 2));
	guest_grant(d, 10, 1, 0);
	guest_grant(d, 11, 2, 0);
	*guest_status(d, 10) = 0x8001;
	*guest_status(d, 11) = 0x4002;
	KUNIT_ASSERT_EQ(test, 0, pin_page(d, 10, true, &even));
	KUNIT_ASSERT_EQ(test, 0, pin_page(d, 11, false, &odd));
	KUNIT_EXPECT_EQ(test, 0x8001 | GTF_reading | GTF_writing,
			*guest_status(d, 10));
	KUNIT_EXPECT_EQ(test, 0x4002 | GTF_reading, *guest_status(d, 11));
	grant_unpin(d, &even);
	KUNIT_EXPECT_EQ(test, 0x8001, *guest_status(d, 10));
	KUNIT_EXPECT_EQ(test, 0x4002 | GTF_reading, *guest_status(d, 11));
	grant_unpin(d, &odd);
	KUNIT_EXPECT_EQ(test, 0x4002, *guest_status(d, 11));
	KUNIT_EXPECT_EQ(test, GTF_permit_access, guest_entry(d, 10)->flags);
}

static struct domain *hasty_domain;

static void revoke_hastily(void)
{
	WRITE_ONCE(guest_entry(hasty_domain, 11)->flags, 0);
	guest_set_frame(hasty_domain, 11, GFN_UNTOUCHED);
}

static void grant_another_hastily(void)
{
	revoke_hastily();
	guest_grant(hasty_domain, 11, 4, 0);
}

/* The guest has seen that nobody uses it, just before somebody does. */
static void grant_pin_looks_twice(struct kunit *test)
{
	struct domain *d = test->priv;
	struct grant_pin pin, other;

	KUNIT_ASSERT_EQ(test, 0, grant_set_version(d, 2));
	hasty_domain = d;
	guest_grant(d, 11, 3, 0);
	between_looks = revoke_hastily;
	KUNIT_EXPECT_EQ(test, -ENOENT, pin_page(d, 11, true, &pin));
	KUNIT_EXPECT_EQ(test, 0, guest_busy(d, 11));
	KUNIT_EXPECT_TRUE(test, untouched);

	guest_grant(d, 11, 3, 0);
	between_looks = grant_another_hastily;
	KUNIT_EXPECT_EQ(test, 0, pin_page(d, 11, false, &pin));
	KUNIT_EXPECT_PTR_EQ(test, pages[4], pin.page);

	/* What others have of it they keep. */
	between_looks = revoke_hastily;
	KUNIT_EXPECT_EQ(test, -ENOENT, pin_page(d, 11, true, &other));
	KUNIT_EXPECT_EQ(test, GTF_reading, guest_busy(d, 11));
	between_looks = NULL;
	grant_unpin(d, &pin);
	KUNIT_EXPECT_EQ(test, 0, guest_busy(d, 11));
}

/* --- frames ---------------------------------------------------------------- */

#define STATUS(nr)	(1ull << 31 | (nr))

static void grant_map_frame_by_version(struct kunit *test)
{
	static const u64 wrong[] = {
		GRANT_MAX_FRAMES, 1ull << 32, STATUS(GRANT_MAX_STATUS),
		STATUS(1ull << 32), STATUS(0x7fffffff), ~0ull,
	};
	struct domain *d = test->priv;
	struct grant_table *g = &d->grant;
	unsigned int i, version;

	KUNIT_EXPECT_EQ(test, -EINVAL, grant_map_frame(d, STATUS(0), 0x100));
	for (version = 1; version <= 2; version++) {
		KUNIT_ASSERT_EQ(test, 0, grant_set_version(d, version));
		for (i = 0; i < ARRAY_SIZE(wrong); i++)
			KUNIT_EXPECT_EQ(test, -EINVAL,
					grant_map_frame(d, wrong[i], 0x100));
		KUNIT_EXPECT_EQ(test, (unsigned int)NR_FRAMES, g->nr_frames);
		KUNIT_EXPECT_EQ(test, version - 1, g->nr_status);
	}
	KUNIT_EXPECT_EQ(test, 0, grant_map_frame(d, STATUS(0), 0x102));
	KUNIT_EXPECT_PTR_EQ(test, g->status[0].page, places[2]);
	KUNIT_EXPECT_EQ(test, 0, grant_map_frame(d, STATUS(0), 0x103));
	KUNIT_EXPECT_PTR_EQ(test, g->status[0].page, places[3]);
	KUNIT_EXPECT_EQ(test, 1u, nr_places());
	KUNIT_EXPECT_EQ(test, 0, grant_map_frame(d, 0, 0x104));
	KUNIT_EXPECT_PTR_EQ(test, g->shared[0].page, places[4]);
	/* Frames of entries and of their status bring each other. */
	KUNIT_EXPECT_EQ(test, 0, grant_map_frame(d, 8, 0x105));
	KUNIT_EXPECT_EQ(test, 9u, g->nr_frames);
	KUNIT_EXPECT_EQ(test, 2u, g->nr_status);
	KUNIT_EXPECT_EQ(test, 0, grant_map_frame(d, STATUS(2), 0x106));
	KUNIT_EXPECT_EQ(test, 24u, g->nr_frames);
	KUNIT_EXPECT_EQ(test, 3u, g->nr_status);
	KUNIT_EXPECT_EQ(test, 0, grant_map_frame(d, STATUS(7), 0x107));
	KUNIT_EXPECT_EQ(test, 64u, g->nr_frames);
	KUNIT_EXPECT_EQ(test, 8u, g->nr_status);
	KUNIT_EXPECT_EQ(test, 5u, nr_places());
	/* The status goes with its version. */
	KUNIT_EXPECT_EQ(test, 0, grant_set_version(d, 1));
	KUNIT_EXPECT_EQ(test, 0u, g->nr_status);
	KUNIT_EXPECT_EQ(test, 2u, nr_places());
	KUNIT_EXPECT_PTR_EQ(test, g->shared[0].page, places[4]);
	KUNIT_EXPECT_EQ(test, -EINVAL, grant_map_frame(d, STATUS(0), 0x100));
	KUNIT_EXPECT_EQ(test, 0, grant_set_version(d, 2));
	KUNIT_EXPECT_EQ(test, 8u, g->nr_status);
	KUNIT_EXPECT_EQ(test, 2u, nr_places());
}

static void grant_set_version_keeps_the_reserved(struct kunit *test)
{
	struct domain *d = test->priv;
	struct grant_pin pin;
	u32 i;

	for (i = 0; i < nr_refs(d); i++)
		guest_grant(d, i, i % 5, i % 2 ? GTF_readonly : 0);
	guest_entry(d, 6)->domid = 77;
	guest_entry(d, 7)->flags = GTF_accept_transfer;
	KUNIT_ASSERT_EQ(test, 0, pin_page(d, 4, true, &pin));
	KUNIT_ASSERT_EQ(test, 0, grant_set_version(d, 2));
	for (i = 0; i < 7; i++) {
		KUNIT_EXPECT_EQ(test,
				GTF_permit_access | (i % 2 ? GTF_readonly : 0),
				guest_entry(d, i)->flags);
		KUNIT_EXPECT_EQ(test, i == 6 ? 77 : 0,
				guest_entry(d, i)->domid);
		KUNIT_EXPECT_EQ(test, i % 5, guest_frame(d, i));
		KUNIT_EXPECT_EQ(test,
				i == 4 ? GTF_reading | GTF_writing : 0,
				*guest_status(d, i));
	}
	KUNIT_EXPECT_EQ(test, GTF_accept_transfer, guest_entry(d, 7)->flags);
	for (i = 8; i < nr_refs(d); i++)
		if (guest_entry(d, i)->flags || guest_entry(d, i)->domid ||
		    guest_frame(d, i) || *guest_status(d, i))
			break;
	KUNIT_EXPECT_EQ(test, nr_refs(d), i);

	guest_entry(d, 1)->flags |= GTF_sub_page;
	guest_entry(d, 2)->flags = GTF_transitive;
	guest_set_frame(d, 3, 1ull << 32);
	guest_grant(d, 8, 1, 0);
	KUNIT_ASSERT_EQ(test, 0, grant_set_version(d, 1));
	for (i = 0; i < nr_refs(d); i++) {
		if (i == 0 || i == 5)
			KUNIT_EXPECT_EQ(test, i % 5, guest_frame(d, i));
		else if (i == 4)
			KUNIT_EXPECT_EQ(test,
					GTF_permit_access | GTF_reading |
					GTF_writing, guest_entry(d, i)->flags);
		else if (i == 6)
			KUNIT_EXPECT_EQ(test, 77, guest_entry(d, i)->domid);
		else if (guest_entry(d, i)->flags || guest_entry(d, i)->domid ||
			 guest_frame(d, i))
			break;
	}
	KUNIT_EXPECT_EQ(test, nr_refs(d), i);
	grant_unpin(d, &pin);
	KUNIT_EXPECT_EQ(test, 0, guest_busy(d, 4));
}

/* --- against a model ------------------------------------------------------ */

struct model {
	struct grant_pin pins[NR_MODEL_PINS];
	bool used[NR_MODEL_PINS];
	unsigned int nr_switched;
	unsigned int nr_refused;
};

/* On both sides of a block of counts, and one that a new version keeps. */
static const u32 model_ref[NR_MODEL_REFS] = { 3, 254, 255, 256, 257 };

#define MODEL_READ_ONLY	1	/* index */

static u16 model_busy(const struct model *m, u32 ref)
{
	u16 busy = 0;
	unsigned int i;

	for (i = 0; i < NR_MODEL_PINS; i++) {
		if (m->used[i] && m->pins[i].ref == ref)
			busy |= GTF_reading |
				(m->pins[i].write ? GTF_writing : 0);
	}
	return busy;
}

static void model_grant(struct domain *d, unsigned int i)
{
	guest_grant(d, model_ref[i], i,
		    i == MODEL_READ_ONLY ? GTF_readonly : 0);
}

static void model_pin(struct kunit *test, struct model *m, u32 r)
{
	unsigned int i = (r >> 8) % NR_MODEL_PINS;
	unsigned int nr = (r >> 16) % NR_MODEL_REFS;
	struct domain *d = test->priv;
	bool write = r & 1;
	bool refused = write && nr == MODEL_READ_ONLY;

	if (m->used[i]) {
		grant_unpin(d, &m->pins[i]);
		m->used[i] = false;
	} else {
		KUNIT_EXPECT_EQ(test, refused ? -EACCES : 0,
				pin_page(d, model_ref[nr], write,
					 &m->pins[i]));
		m->used[i] = !refused;
	}
}

static void model_unpin_most(struct domain *d, struct model *m)
{
	unsigned int i;

	for (i = 0; i < NR_MODEL_PINS; i++) {
		if (!m->used[i] || m->pins[i].ref == model_ref[0])
			continue;
		grant_unpin(d, &m->pins[i]);
		m->used[i] = false;
	}
}

static void model_switch(struct kunit *test, struct model *m)
{
	struct domain *d = test->priv;
	const unsigned int version = 3 - d->grant.version;
	unsigned int i;
	u16 busy = 0;

	for (i = 1; i < NR_MODEL_REFS; i++)
		busy |= model_busy(m, model_ref[i]);
	KUNIT_EXPECT_EQ(test, busy ? -EBUSY : 0,
			grant_set_version(d, version));
	KUNIT_EXPECT_EQ(test, busy ? 3 - version : version, d->grant.version);
	KUNIT_EXPECT_EQ(test, d->grant.version - 1, d->grant.nr_status);
	m->nr_switched += !busy;
	m->nr_refused += !!busy;
	for (i = 1; i < NR_MODEL_REFS && !busy; i++) {
		KUNIT_EXPECT_EQ(test, 0, guest_entry(d, model_ref[i])->flags);
		model_grant(d, i);
	}
}

static void model_step(struct kunit *test, struct model *m, u32 r)
{
	switch (r >> 1 & 63) {
	case 0:
		model_unpin_most(test->priv, m);
		model_switch(test, m);
		break;
	case 1:
		model_switch(test, m);
		break;
	default:
		model_pin(test, m, r);
	}
}

static bool model_agrees(struct domain *d, const struct model *m)
{
	unsigned int i;
	u16 busy;

	for (i = 0; i < NR_MODEL_REFS; i++) {
		busy = model_busy(m, model_ref[i]);
		if (guest_busy(d, model_ref[i]) != busy ||
		    page_count(pages[i]) != 1 + !!busy)
			return false;
	}
	return true;
}

static void grant_table_matches_model(struct kunit *test)
{
	struct model *m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);
	struct domain *d = test->priv;
	struct rnd_state rnd;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, m);
	prandom_seed_state(&rnd, 7);
	for (i = 0; i < NR_MODEL_REFS; i++)
		model_grant(d, i);
	for (i = 0; i < RANDOM_STEPS; i++) {
		model_step(test, m, prandom_u32_state(&rnd));
		if (!model_agrees(d, m)) {
			KUNIT_FAIL(test, "differs at step %u", i);
			break;
		}
	}
	KUNIT_EXPECT_GT(test, m->nr_switched, 100u);
	KUNIT_EXPECT_GT(test, m->nr_refused, 100u);
	for (i = 0; i < NR_MODEL_PINS; i++)
		if (m->used[i])
			grant_unpin(d, &m->pins[i]);
}

/* --- against a guest that races ------------------------------------------- */

#define RACE_REF	31
#define GFN_SECRET	5
#define RACE_TURNS	50000

static atomic_t revoked;	/* odd while the guest does not grant it */
static unsigned int nr_revoked;

/*
 * A guest that follows the rules: it revokes when nobody uses the grant, names
 * a page that is not for others meanwhile, and grants the first one again.
 */
static int revoke_again_and_again(void *arg)
{
	struct domain *d = arg;

	while (!kthread_should_stop()) {
		if (!guest_revoke(d, RACE_REF)) {
			cond_resched();
			continue;
		}
		atomic_inc_return(&revoked);
		nr_revoked++;
		guest_set_frame(d, RACE_REF, GFN_SECRET);
		cond_resched();
		guest_set_frame(d, RACE_REF, 1);
		atomic_inc_return(&revoked);
		guest_grant(d, RACE_REF, 1, 0);
		cond_resched();
	}
	return 0;
}

static void grant_pin_survives_a_racing_guest(struct kunit *test)
{
	unsigned int i, pinned = 0, wrong = 0;
	struct domain *d = test->priv;
	struct task_struct *guest;
	struct grant_pin pin;
	int seen, err;

	guest_grant(d, RACE_REF, 1, 0);
	atomic_set(&revoked, 0);
	nr_revoked = 0;
	guest = kthread_run(revoke_again_and_again, d, "revoke");
	KUNIT_ASSERT_FALSE(test, IS_ERR(guest));
	for (i = 0; i < RACE_TURNS; i++) {
		err = pin_page(d, RACE_REF, i & 1, &pin);
		if (!err) {
			seen = atomic_read(&revoked);
			pinned++;
			wrong += seen & 1 || pin.page != pages[1];
			if (i % 16 == 0)
				cond_resched();
			wrong += atomic_read(&revoked) != seen;
			grant_unpin(d, &pin);
		} else if (err != -ENOENT && err != -EAGAIN) {
			wrong++;
		}
		if (i % 64 == 0)
			cond_resched();
	}
	kthread_stop(guest);
	KUNIT_EXPECT_EQ(test, 0u, wrong);
	KUNIT_EXPECT_GT(test, pinned, 1000u);
	KUNIT_EXPECT_GT(test, nr_revoked, 100u);
	KUNIT_EXPECT_EQ(test, 0, guest_busy(d, RACE_REF));
}

static unsigned int nr_switched, nr_switch_errors;

static int switch_again_and_again(void *arg)
{
	struct domain *d = arg;
	int err;

	while (!kthread_should_stop()) {
		err = grant_set_version(d, 3 - d->grant.version);
		if (!err) {
			nr_switched++;
			guest_grant(d, RACE_REF, 1, 0);
		} else if (err != -EBUSY) {
			nr_switch_errors++;
		}
		cond_resched();
	}
	return 0;
}

static void grant_pin_survives_racing_versions(struct kunit *test)
{
	unsigned int i, pinned = 0, wrong = 0, version;
	struct domain *d = test->priv;
	struct task_struct *guest;
	struct grant_pin pin;
	int err;

	guest_grant(d, RACE_REF, 1, 0);
	nr_switched = 0;
	nr_switch_errors = 0;
	guest = kthread_run(switch_again_and_again, d, "switch");
	KUNIT_ASSERT_FALSE(test, IS_ERR(guest));
	for (i = 0; i < RACE_TURNS; i++) {
		err = pin_page(d, RACE_REF, i & 1, &pin);
		if (!err) {
			version = READ_ONCE(d->grant.version);
			pinned++;
			wrong += pin.page != pages[1];
			if (i % 16 == 0)
				cond_resched();
			wrong += READ_ONCE(d->grant.version) != version;
			grant_unpin(d, &pin);
		} else if (err != -ENOENT && err != -EAGAIN) {
			wrong++;
		}
		if (i % 64 == 0)
			cond_resched();
	}
	kthread_stop(guest);
	KUNIT_EXPECT_EQ(test, 0u, wrong);
	KUNIT_EXPECT_EQ(test, 0u, nr_switch_errors);
	KUNIT_EXPECT_GT(test, pinned, 1000u);
	KUNIT_EXPECT_GT(test, nr_switched, 100u);
	KUNIT_EXPECT_EQ(test, 0, guest_busy(d, RACE_REF));
}

#define CASE_BY_VERSION(name)	KUNIT_CASE_PARAM(name, version_gen_params)

static struct kunit_case grant_cases[] = {
	CASE_BY_VERSION(grant_pin_sets_bits_until_the_last_goes),
	CASE_BY_VERSION(grant_pin_refuses),
	CASE_BY_VERSION(grant_pin_keeps_to_the_page_in_use),
	CASE_BY_VERSION(grant_pin_fills_untouched_frames),
	KUNIT_CASE(grant_pin_counts_have_an_end),
	CASE_BY_VERSION(grant_pin_list_is_all_or_nothing),
	KUNIT_CASE(grant_pin_keeps_to_the_range),
	KUNIT_CASE(grant_pin_leaves_other_status),
	KUNIT_CASE(grant_pin_looks_twice),
	KUNIT_CASE(grant_map_frame_by_version),
	KUNIT_CASE(grant_set_version_keeps_the_reserved),
	KUNIT_CASE(grant_table_matches_model),
	CASE_BY_VERSION(grant_pin_survives_a_racing_guest),
	KUNIT_CASE(grant_pin_survives_racing_versions),
	{}
};

static struct kunit_suite grant_suite = {
	.name = "lodge_grant",
	.init = suite_init,
	.exit = suite_exit,
	.test_cases = grant_cases,
};

kunit_test_suite(grant_suite);

MODULE_LICENSE("GPL");
