// SPDX-License-Identifier: GPL-2.0-only
/*
 * Grants in use: the busy bits that a guest sees and the references to its
 * pages against a model of plain counters, what is refused, and a guest that
 * revokes and changes its entry all the while.  The guest's memory is a handful
 * of pages here.
 */
#include <kunit/test.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/prandom.h>

#include "../../kmod/ring/grant_pin.c"

#define NR_GFNS		8
#define GFN_READ_ONLY	6	/* may not be written to */
#define GFN_UNTOUCHED	7	/* has no page until somebody sleeps for it */
#define RANDOM_STEPS	20000
#define NR_MODEL_REFS	4
#define NR_MODEL_PINS	32

static struct page *pages[NR_GFNS];
static bool untouched;
static unsigned int nr_dirty;

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

void guest_ram_mark_dirty(struct guest_ram *ram, gfn_t gfn, struct page *page)
{
	nr_dirty++;
}

static int suite_init(struct kunit *test)
{
	struct domain *d = kunit_kzalloc(test, sizeof(*d), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, d);
	spin_lock_init(&d->grant.use_lock);
	for (i = 0; i < NR_GFNS; i++) {
		pages[i] = alloc_page(GFP_KERNEL | __GFP_ZERO);
		KUNIT_ASSERT_NOT_NULL(test, pages[i]);
	}
	for (i = 0; i < 2; i++) {
		d->grant.frames[i] = alloc_page(GFP_KERNEL | __GFP_ZERO);
		KUNIT_ASSERT_NOT_NULL(test, d->grant.frames[i]);
	}
	d->grant.nr_frames = 2;
	untouched = true;
	nr_dirty = 0;
	test->priv = d;
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
	for (i = 0; i < 2; i++)
		put_page(d->grant.frames[i]);
	grant_use_free(&d->grant);
}

/* The guest's view of its table. */
static struct grant_entry_v1 *guest_entry(struct domain *d, u32 ref)
{
	struct grant_entry_v1 *frame = page_address(d->grant.frames[ref / 512]);

	return &frame[ref % 512];
}

static void guest_grant(struct domain *d, u32 ref, u32 gfn, u16 flags)
{
	struct grant_entry_v1 *entry = guest_entry(d, ref);

	entry->domid = 0;
	entry->frame = gfn;
	/* As a guest does: the rest, then the flags. */
	smp_store_release(&entry->flags, GTF_permit_access | flags);
}

static u16 guest_busy(struct domain *d, u32 ref)
{
	return READ_ONCE(guest_entry(d, ref)->flags) &
	       (GTF_reading | GTF_writing);
}

static void grant_pin_sets_bits_until_the_last_goes(struct kunit *test)
{
	struct grant_pin read, again, write;
	struct domain *d = test->priv;

	guest_grant(d, 20, 3, 0);
	KUNIT_ASSERT_EQ(test, 0, grant_pin(d, 20, false, &read));
	KUNIT_EXPECT_PTR_EQ(test, pages[3], read.page);
	KUNIT_EXPECT_EQ(test, GTF_reading, guest_busy(d, 20));
	KUNIT_ASSERT_EQ(test, 0, grant_pin(d, 20, true, &write));
	KUNIT_EXPECT_PTR_EQ(test, pages[3], write.page);
	KUNIT_EXPECT_EQ(test, GTF_reading | GTF_writing, guest_busy(d, 20));
	KUNIT_ASSERT_EQ(test, 0, grant_pin(d, 20, false, &again));
	KUNIT_EXPECT_EQ(test, 2, page_count(pages[3]));
	KUNIT_EXPECT_EQ(test, 0u, nr_dirty);
	grant_unpin(d, &write);
	KUNIT_EXPECT_EQ(test, 1u, nr_dirty);
	KUNIT_EXPECT_EQ(test, GTF_reading, guest_busy(d, 20));
	grant_unpin(d, &read);
	KUNIT_EXPECT_EQ(test, GTF_reading, guest_busy(d, 20));
	grant_unpin(d, &again);
	KUNIT_EXPECT_EQ(test, 0, guest_busy(d, 20));
	KUNIT_EXPECT_EQ(test, GTF_permit_access, guest_entry(d, 20)->flags);
	KUNIT_EXPECT_EQ(test, 1u, nr_dirty);
}

static void grant_pin_refuses(struct kunit *test)
{
	static const struct {
		u32 ref;
		u16 flags, domid;
		u32 frame;
		bool write;
		int ret;
	} cases[] = {
		{ 8, 0, 0, 1, false, -ENOENT },
		{ 8, GTF_accept_transfer, 0, 1, false, -ENOENT },
		{ 8, GTF_transitive, 0, 1, false, -ENOENT },
		{ 8, GTF_permit_access, 1, 1, false, -EACCES },
		{ 8, GTF_permit_access, DOMID_SELF, 1, false, -EACCES },
		{ 8, GTF_permit_access | GTF_readonly, 0, 1, true, -EACCES },
		{ 8, GTF_permit_access | GTF_readonly, 0, 1, false, 0 },
		{ 8, GTF_permit_access, 0, NR_GFNS, false, -ENXIO },
		{ 8, GTF_permit_access, 0, ~0u, true, -ENXIO },
		{ 8, GTF_permit_access, 0, GFN_READ_ONLY, true, -ENXIO },
		{ 8, GTF_permit_access, 0, GFN_READ_ONLY, false, 0 },
		{ 0, GTF_permit_access, 0, 1, true, 0 },
		{ 1023, GTF_permit_access, 0, 1, true, 0 },
		{ 1023, GTF_permit_access | 0xe0, 0, 1, true, 0 },
	};
	struct domain *d = test->priv;
	struct grant_pin pin;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct grant_entry_v1 *entry = guest_entry(d, cases[i].ref);

		entry->flags = cases[i].flags;
		entry->domid = cases[i].domid;
		entry->frame = cases[i].frame;
		KUNIT_EXPECT_EQ_MSG(test, cases[i].ret,
				    grant_pin(d, cases[i].ref, cases[i].write,
					      &pin), "case %u", i);
		if (!cases[i].ret)
			grant_unpin(d, &pin);
		/* Whatever came of it, the entry is as the guest wrote it. */
		KUNIT_EXPECT_EQ_MSG(test, cases[i].flags, entry->flags,
				    "case %u", i);
		KUNIT_EXPECT_EQ(test, cases[i].domid, entry->domid);
		KUNIT_EXPECT_EQ(test, cases[i].frame, entry->frame);
	}
	KUNIT_EXPECT_EQ(test, -ENOENT, grant_pin(d, 1024, false, &pin));
	KUNIT_EXPECT_EQ(test, -ENOENT,
			grant_pin(d, GRANT_MAX_REFS, false, &pin));
	KUNIT_EXPECT_EQ(test, -ENOENT, grant_pin(d, ~0u, true, &pin));
}

/* What the guest changes in an entry in use does not reach its users. */
static void grant_pin_keeps_to_the_page_in_use(struct kunit *test)
{
	struct domain *d = test->priv;
	struct grant_pin pin, other;
	struct page *page = pages[3];

	guest_grant(d, 8, 3, 0);
	KUNIT_ASSERT_EQ(test, 0, grant_pin(d, 8, false, &pin));
	guest_entry(d, 8)->frame = 4;
	KUNIT_EXPECT_EQ(test, -EBUSY, grant_pin(d, 8, false, &other));
	KUNIT_EXPECT_EQ(test, GTF_reading, guest_busy(d, 8));
	guest_entry(d, 8)->frame = 3;
	/* Another page came to the frame: the old one is not for writing. */
	pages[3] = pages[5];
	KUNIT_EXPECT_EQ(test, -EBUSY, grant_pin(d, 8, true, &other));
	pages[3] = page;
	KUNIT_EXPECT_EQ(test, GTF_reading, guest_busy(d, 8));
	/* Revoked by force, it is not given to anybody else. */
	WRITE_ONCE(guest_entry(d, 8)->flags, 0);
	KUNIT_EXPECT_EQ(test, -ENOENT, grant_pin(d, 8, false, &other));
	KUNIT_EXPECT_EQ(test, 2, page_count(page));
	grant_unpin(d, &pin);
	KUNIT_EXPECT_EQ(test, 0, guest_entry(d, 8)->flags);
}

static void grant_pin_fills_untouched_frames(struct kunit *test)
{
	struct domain *d = test->priv;
	struct grant_pin pin;

	guest_grant(d, 9, GFN_UNTOUCHED, 0);
	KUNIT_ASSERT_EQ(test, 0, grant_pin(d, 9, true, &pin));
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
		if (grant_pin(d, 9, true, &pin))
			break;
	}
	KUNIT_EXPECT_EQ(test, (unsigned int)U16_MAX, i);
	KUNIT_EXPECT_EQ(test, -EBUSY, grant_pin(d, 9, true, &pin));
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

/* --- against a model ------------------------------------------------------ */

struct model {
	struct grant_pin pins[NR_MODEL_PINS];
	bool used[NR_MODEL_PINS];
};

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

static void model_step(struct kunit *test, struct model *m, u32 r)
{
	unsigned int i = (r >> 8) % NR_MODEL_PINS;
	u32 ref = 254 + (r >> 16) % NR_MODEL_REFS;
	struct domain *d = test->priv;
	bool write = r & 1;
	bool refused = write && ref == 254;

	if (m->used[i]) {
		grant_unpin(d, &m->pins[i]);
		m->used[i] = false;
	} else {
		KUNIT_EXPECT_EQ(test, refused ? -EACCES : 0,
				grant_pin(d, ref, write, &m->pins[i]));
		m->used[i] = !refused;
	}
}

/* The references are on both sides of a block of counts. */
static void grant_pin_matches_model(struct kunit *test)
{
	struct model *m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);
	struct domain *d = test->priv;
	struct rnd_state rnd;
	unsigned int i, ref;

	KUNIT_ASSERT_NOT_NULL(test, m);
	prandom_seed_state(&rnd, 7);
	for (ref = 0; ref < NR_MODEL_REFS; ref++)
		guest_grant(d, 254 + ref, ref, ref ? 0 : GTF_readonly);
	for (i = 0; i < RANDOM_STEPS; i++) {
		model_step(test, m, prandom_u32_state(&rnd));
		for (ref = 0; ref < NR_MODEL_REFS; ref++) {
			u16 busy = model_busy(m, 254 + ref);

			if (guest_busy(d, 254 + ref) != busy ||
			    page_count(pages[ref]) != 1 + !!busy)
				break;
		}
		if (ref < NR_MODEL_REFS) {
			KUNIT_FAIL(test, "reference %u differs at step %u",
				   254 + ref, i);
			break;
		}
	}
	for (i = 0; i < NR_MODEL_PINS; i++)
		if (m->used[i])
			grant_unpin(d, &m->pins[i]);
}

/* --- against a guest that races ------------------------------------------- */

#define RACE_REF	30
#define GFN_SECRET	5

static atomic_t revoked;	/* odd while the guest does not grant it */
static unsigned int nr_revoked;

/*
 * A guest that follows the rules: it revokes when nobody uses the grant, names
 * a page that is not for others meanwhile, and grants the first one again.
 */
static int revoke_again_and_again(void *arg)
{
	struct grant_entry_v1 *entry = guest_entry(arg, RACE_REF);
	u16 flags;

	while (!kthread_should_stop()) {
		flags = READ_ONCE(entry->flags);
		if (flags & (GTF_reading | GTF_writing) ||
		    cmpxchg(&entry->flags, flags, 0) != flags) {
			cond_resched();
			continue;
		}
		atomic_inc_return(&revoked);
		nr_revoked++;
		WRITE_ONCE(entry->frame, GFN_SECRET);
		cond_resched();
		WRITE_ONCE(entry->frame, 1);
		atomic_inc_return(&revoked);
		/* As in guest_grant(). */
		smp_store_release(&entry->flags, GTF_permit_access);
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
	for (i = 0; i < 200000; i++) {
		err = grant_pin(d, RACE_REF, i & 1, &pin);
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

static struct kunit_case grant_pin_cases[] = {
	KUNIT_CASE(grant_pin_sets_bits_until_the_last_goes),
	KUNIT_CASE(grant_pin_refuses),
	KUNIT_CASE(grant_pin_keeps_to_the_page_in_use),
	KUNIT_CASE(grant_pin_fills_untouched_frames),
	KUNIT_CASE(grant_pin_counts_have_an_end),
	KUNIT_CASE(grant_pin_list_is_all_or_nothing),
	KUNIT_CASE(grant_pin_matches_model),
	KUNIT_CASE(grant_pin_survives_a_racing_guest),
	{}
};

static struct kunit_suite grant_pin_suite = {
	.name = "lodge_grant_pin",
	.init = suite_init,
	.exit = suite_exit,
	.test_cases = grant_pin_cases,
};

kunit_test_suite(grant_pin_suite);

MODULE_LICENSE("GPL");
