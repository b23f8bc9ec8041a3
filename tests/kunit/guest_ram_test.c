// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guest RAM with real pages under a real second stage: reservation, first
 * touch, ballooning, special pages, pins, copies, and all of them at once from
 * several threads.  Every page that is allocated is counted until it is freed,
 * so each case ends with a count of zero.
 */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/gfp.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/prandom.h>

static atomic_t nr_pages_out;
static bool fail_2m;
static bool fail_all;

static struct page *test_alloc_pages(gfp_t gfp, unsigned int order)
{
	struct page *page;

	if ((order && fail_2m) || fail_all)
		return NULL;
	page = alloc_pages(gfp, order);
	if (page)
		atomic_add(1 << order, &nr_pages_out);
	return page;
}

static void test_free_page(struct page *page)
{
	atomic_dec(&nr_pages_out);
	__free_pages(page, 0);
}

static void test_put_page(struct page *page)
{
	if (!put_page_testzero(page))
		return;
	init_page_count(page);
	test_free_page(page);
}

#undef alloc_page
#undef __free_page
#define alloc_pages(gfp, order)	test_alloc_pages(gfp, order)
#define alloc_page(gfp)		test_alloc_pages(gfp, 0)
#define __free_page(page)	test_free_page(page)
#define put_page(page)		test_put_page(page)

#include "../../kmod/mmu/reserve.c"
#include "../../kmod/mmu/guest_mem.c"
#include "../../kmod/mmu/s2.c"
#include "../../kmod/mmu/ept.c"
#include "../../kmod/mmu/guest_ram.c"
#include "../../kmod/mmu/ram_change.c"
#include "../../kmod/mmu/ram_fill.c"

#define MIB		(1ull << 20)
#define TEST_BYTES	(6 * MIB + 5 * PAGE_SIZE)
#define TEST_UID	1000

struct ram_ctx {
	struct guest_ram ram;
	atomic_t nr_flushes;
	u64 reserved_before;
};

static void count_flush(void *arg)
{
	struct ram_ctx *c = arg;

	lockdep_assert_not_held(&c->ram.s2.lock);
	atomic_inc(&c->nr_flushes);
}

static int create(struct ram_ctx *c, u64 bytes)
{
	memset(&c->ram, 0, sizeof(c->ram));
	return guest_ram_create(&c->ram, &ept_format, S2_1G, bytes,
				KUIDT_INIT(TEST_UID), count_flush, c);
}

static struct s2_leaf leaf_at(struct ram_ctx *c, u64 gfn)
{
	struct s2_leaf leaf;

	look(&c->ram, GFN(gfn), &leaf);
	return leaf;
}

#define EXPECT_COUNTS(test, c, pages, special, reserved) do {		\
	struct guest_ram *_r = &(c)->ram;				\
	KUNIT_EXPECT_EQ(test, atomic64_read(&_r->nr_pages), (s64)(pages)); \
	KUNIT_EXPECT_EQ(test, atomic64_read(&_r->nr_special), (s64)(special)); \
	KUNIT_EXPECT_EQ(test, atomic64_read(&_r->reserved_pages),	\
			(s64)(reserved));				\
} while (0)

#define TEST_FRAMES	(TEST_BYTES / PAGE_SIZE)
#define ALL_RESERVED	(TEST_FRAMES + ACPI_PAGES)

/* --- reservation ------------------------------------------------------------ */

static void guest_ram_create_reserves(struct kunit *test)
{
	struct ram_ctx *c = test->priv;

	KUNIT_EXPECT_EQ(test, reserve_total() - c->reserved_before,
			(u64)ALL_RESERVED << PAGE_SHIFT);
	EXPECT_COUNTS(test, c, 0, 0, ALL_RESERVED);
}

static void guest_ram_create_refuses_too_much(struct kunit *test)
{
	struct ram_ctx *c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);
	u64 reserved = reserve_total();
	u64 room;

	KUNIT_EXPECT_EQ(test, -ENOMEM, create(c, LODGE_MEMORY_MAX));
	guest_ram_destroy(&c->ram);
	KUNIT_EXPECT_EQ(test, reserve_total(), reserved);
	/* Promised and not yet there is not available a second time. */
	room = reserve_available(KUIDT_INIT(0)) / 4 * 3 & PAGE_MASK;
	KUNIT_ASSERT_EQ(test, 0, create(c, room));
	KUNIT_EXPECT_LT(test, reserve_available(KUIDT_INIT(0)), room);
	KUNIT_EXPECT_EQ(test, -ENOMEM,
			reserve_take(c->ram.owner, room >> PAGE_SHIFT));
	guest_ram_destroy(&c->ram);
	KUNIT_EXPECT_EQ(test, reserve_total(), reserved);
}

static void guest_ram_create_obeys_uid_limit(struct kunit *test)
{
	struct ram_ctx *c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);

	uid_limit_mb = 16;
	KUNIT_EXPECT_EQ(test, -EDQUOT, create(c, 16 * MIB));
	KUNIT_EXPECT_EQ(test, 0, create(c, 4 * MIB));
	KUNIT_EXPECT_EQ(test, reserve_available(KUIDT_INIT(TEST_UID)),
			16 * MIB - 4 * MIB - TEST_BYTES - 2 * LODGE_ACPI_SIZE);
	KUNIT_EXPECT_GT(test, reserve_available(KUIDT_INIT(0)), 16 * MIB);
	KUNIT_EXPECT_EQ(test, reserve_available(KUIDT_INIT(TEST_UID + 1)),
			16 * MIB);
	guest_ram_destroy(&c->ram);
	uid_limit_mb = 0;
}

static void guest_ram_covers_edges(struct kunit *test)
{
	static const struct {
		u64 gfn;
		bool covered;
	} cases[] = {
		{ 0, true },
		{ TEST_FRAMES - 1, true },
		{ TEST_FRAMES, false },
		{ (LODGE_ACPI_BASE >> PAGE_SHIFT) - 1, false },
		{ LODGE_ACPI_BASE >> PAGE_SHIFT, true },
		{ (LODGE_ACPI_BASE >> PAGE_SHIFT) + ACPI_PAGES - 1, true },
		{ (LODGE_ACPI_BASE >> PAGE_SHIFT) + ACPI_PAGES, false },
		{ LODGE_HIGHMEM_BASE >> PAGE_SHIFT, false },
		{ 1ull << 36, false },
		{ U64_MAX, false },
		{ 1ull << 52, false },
	};
	struct ram_ctx *c = test->priv;
	struct guest_ram big = {
		.low_end = LODGE_LOWMEM_MAX,
		.high_end = LODGE_HIGHMEM_BASE + MIB,
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		KUNIT_EXPECT_EQ_MSG(test, cases[i].covered,
				    guest_ram_covers(&c->ram,
						     GFN(cases[i].gfn)),
				    "gfn %llx", cases[i].gfn);
	KUNIT_EXPECT_FALSE(test, guest_ram_covers(&big, GFN(0xf0000)));
	KUNIT_EXPECT_TRUE(test, guest_ram_covers(&big, GFN(0xeffff)));
	KUNIT_EXPECT_TRUE(test, guest_ram_covers(&big, GFN(0x1000ff)));
	KUNIT_EXPECT_FALSE(test, guest_ram_covers(&big, GFN(0x100100)));
	KUNIT_EXPECT_FALSE(test, ram_covers_2m(&big, GFN(0x100000)));
}

/* --- first touch -------------------------------------------------------------- */

static void guest_ram_fault_takes_2m(struct kunit *test)
{
	struct ram_ctx *c = test->priv;
	struct s2_leaf leaf;

	KUNIT_EXPECT_EQ(test, 0, guest_ram_fault(&c->ram, 0x201234, S2_WRITE));
	leaf = leaf_at(c, 0x200);
	KUNIT_EXPECT_TRUE(test, leaf.present);
	KUNIT_EXPECT_EQ(test, (int)leaf.level, (int)S2_2M);
	KUNIT_EXPECT_EQ(test, leaf.perm, (unsigned int)S2_RWX);
	KUNIT_EXPECT_PTR_EQ(test, NULL,
			    memchr_inv(page_address(hfn_page(leaf.hfn)), 0,
				       2 * MIB));
	EXPECT_COUNTS(test, c, 512, 0, ALL_RESERVED);
	/* The end of memory is no whole block. */
	KUNIT_EXPECT_EQ(test, 0, guest_ram_fault(&c->ram, 6 * MIB, S2_READ));
	KUNIT_EXPECT_EQ(test, (int)leaf_at(c, 6 * 256).level, (int)S2_4K);
	KUNIT_EXPECT_EQ(test, 0, guest_ram_fault(&c->ram, LODGE_ACPI_BASE,
						 S2_READ));
	EXPECT_COUNTS(test, c, 514, 0, ALL_RESERVED);
	/* The lowest block would fit, but is touched here and there only. */
	KUNIT_EXPECT_EQ(test, 0, guest_ram_fault(&c->ram, 0x1000, S2_READ));
	KUNIT_EXPECT_EQ(test, (int)leaf_at(c, 1).level, (int)S2_4K);
	EXPECT_COUNTS(test, c, 515, 0, ALL_RESERVED);
	/* Nothing of it took a translation away. */
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&c->nr_flushes));
}

static void guest_ram_fault_falls_back_to_4k(struct kunit *test)
{
	struct ram_ctx *c = test->priv;
	u64 gfn;

	fail_2m = true;
	for (gfn = 512; gfn < 1024; gfn++)
		KUNIT_EXPECT_EQ(test, 0, guest_ram_fault(&c->ram, gfn << 12,
							 S2_WRITE));
	fail_2m = false;
	KUNIT_EXPECT_EQ(test, (int)leaf_at(c, 517).level, (int)S2_4K);
	EXPECT_COUNTS(test, c, 512, 0, ALL_RESERVED);
}

static void guest_ram_fault_refuses(struct kunit *test)
{
	struct ram_ctx *c = test->priv;
	struct page *page = alloc_page(GFP_KERNEL);

	KUNIT_EXPECT_EQ(test, -ENXIO, guest_ram_fault(&c->ram, TEST_BYTES,
						      S2_READ));
	KUNIT_EXPECT_EQ(test, -ENXIO, guest_ram_fault(&c->ram, 0xfee00000,
						      S2_READ));
	KUNIT_EXPECT_EQ(test, -ENXIO, guest_ram_fault(&c->ram, ~0ull, S2_READ));
	KUNIT_EXPECT_EQ(test, 0, guest_ram_map_special(&c->ram, GFN(0xfeffc),
						       page, S2_READ));
	KUNIT_EXPECT_EQ(test, 0, guest_ram_fault(&c->ram, 0xfeffc000ull,
						 S2_READ));
	KUNIT_EXPECT_EQ(test, -EACCES, guest_ram_fault(&c->ram, 0xfeffc000ull,
						       S2_WRITE));
	KUNIT_EXPECT_EQ(test, -EACCES, guest_ram_fault(&c->ram, 0xfeffc000ull,
						       S2_EXEC));
	put_page(page);
}

/* What another vCPU does between the look and the lock decides. */
static void guest_ram_fault_loses_race(struct kunit *test)
{
	struct s2_leaf untouched = { .level = S2_LEVELS };
	struct s2_leaf emptied = { .level = S2_4K, .emptied = true };
	struct ram_ctx *c = test->priv;

	KUNIT_EXPECT_EQ(test, 0, guest_ram_empty(&c->ram, GFN(7)));
	KUNIT_EXPECT_EQ(test, -EEXIST, add_leaf(&c->ram, GFN(7), S2_4K,
						&untouched));
	KUNIT_EXPECT_TRUE(test, leaf_at(c, 7).emptied);
	KUNIT_EXPECT_EQ(test, -EEXIST, add_leaf(&c->ram, GFN(0), S2_2M,
						&untouched));
	KUNIT_EXPECT_EQ(test, -EEXIST, add_leaf(&c->ram, GFN(8), S2_4K,
						&emptied));
	KUNIT_EXPECT_EQ(test, 0, guest_ram_fault(&c->ram, 2 * MIB, S2_READ));
	KUNIT_EXPECT_EQ(test, -EEXIST, add_leaf(&c->ram, GFN(512), S2_2M,
						&untouched));
	KUNIT_EXPECT_EQ(test, -EEXIST, add_leaf(&c->ram, GFN(513), S2_4K,
						&untouched));
	/* Fewer tables than the look had seen: not enough, look again. */
	untouched.level = S2_4K;
	KUNIT_EXPECT_EQ(test, -EEXIST,
			add_leaf(&c->ram, GFN(LODGE_ACPI_BASE >> PAGE_SHIFT),
				 S2_4K, &untouched));
	EXPECT_COUNTS(test, c, 512, 0, ALL_RESERVED - 1);
}

/* --- ballooning --------------------------------------------------------------- */

static void guest_ram_empty_and_populate(struct kunit *test)
{
	struct ram_ctx *c = test->priv;
	char byte;

	/* Never touched, then touched: both are given back. */
	KUNIT_EXPECT_EQ(test, 0, guest_ram_empty(&c->ram, GFN(7)));
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&c->nr_flushes));
	KUNIT_EXPECT_EQ(test, 0, guest_ram_fault(&c->ram, 0x8000, S2_WRITE));
	KUNIT_EXPECT_EQ(test, 0, guest_ram_empty(&c->ram, GFN(8)));
	KUNIT_EXPECT_EQ(test, 1, atomic_read(&c->nr_flushes));
	EXPECT_COUNTS(test, c, 0, 0, ALL_RESERVED - 2);
	KUNIT_EXPECT_EQ(test, -ENOENT, guest_ram_empty(&c->ram, GFN(8)));
	KUNIT_EXPECT_EQ(test, -ENOENT, guest_ram_empty(&c->ram,
						       GFN(TEST_FRAMES)));
	KUNIT_EXPECT_EQ(test, -ENOENT, guest_ram_empty(&c->ram,
						       GFN(U64_MAX)));
	KUNIT_EXPECT_EQ(test, -ENXIO, guest_ram_fault(&c->ram, 0x7000, S2_READ));
	KUNIT_EXPECT_EQ(test, -EFAULT, guest_mem_read(&c->ram, 0x8000, &byte,
						      1));
	KUNIT_EXPECT_EQ(test, -EFAULT, guest_mem_write(&c->ram, 0x8000, "", 1,
						       false));
	KUNIT_EXPECT_EQ(test, 0, guest_ram_populate(&c->ram, GFN(8)));
	KUNIT_EXPECT_EQ(test, 0, guest_ram_populate(&c->ram, GFN(8)));
	EXPECT_COUNTS(test, c, 1, 0, ALL_RESERVED - 1);
	KUNIT_EXPECT_EQ(test, 0, guest_ram_populate(&c->ram, GFN(0x300)));
	EXPECT_COUNTS(test, c, 513, 0, ALL_RESERVED - 1);
}

static void guest_ram_populate_needs_reservation(struct kunit *test)
{
	struct ram_ctx *c = test->priv;

	KUNIT_EXPECT_EQ(test, 0, guest_ram_empty(&c->ram, GFN(7)));
	uid_limit_mb = 1;
	KUNIT_EXPECT_EQ(test, -ENOSPC, guest_ram_populate(&c->ram, GFN(7)));
	uid_limit_mb = 0;
	EXPECT_COUNTS(test, c, 0, 0, ALL_RESERVED - 1);
	KUNIT_EXPECT_EQ(test, 0, guest_ram_populate(&c->ram, GFN(7)));
	EXPECT_COUNTS(test, c, 1, 0, ALL_RESERVED);
}

#define HOLE_GFN	0x40000ull

static void guest_ram_populate_fills_hole(struct kunit *test)
{
	struct ram_ctx *c = test->priv;
	unsigned long tables;
	u64 word = 0x1234, got = 0;

	KUNIT_EXPECT_EQ(test, -ENOSPC, guest_ram_populate(&c->ram,
							  GFN(HOLE_GFN)));
	EXPECT_COUNTS(test, c, 0, 0, ALL_RESERVED);
	KUNIT_EXPECT_EQ(test, 0, guest_ram_empty(&c->ram, GFN(7)));
	tables = c->ram.s2.nr_tables;
	KUNIT_EXPECT_EQ(test, guest_ram_nr_allotted(&c->ram),
			c->ram.max_pages - 1);
	KUNIT_EXPECT_EQ(test, 0, guest_ram_populate(&c->ram, GFN(HOLE_GFN)));
	KUNIT_EXPECT_EQ(test, 0, guest_ram_populate(&c->ram, GFN(HOLE_GFN)));
	EXPECT_COUNTS(test, c, 1, 0, ALL_RESERVED);
	KUNIT_EXPECT_EQ(test, guest_ram_nr_allotted(&c->ram),
			c->ram.max_pages);
	KUNIT_EXPECT_EQ(test, leaf_at(c, HOLE_GFN).perm, (unsigned int)S2_RWX);
	KUNIT_EXPECT_EQ(test, 0, guest_mem_write(&c->ram, HOLE_GFN << 12,
						 &word, 8, true));
	KUNIT_EXPECT_EQ(test, 0, guest_mem_read(&c->ram, HOLE_GFN << 12, &got,
						8));
	KUNIT_EXPECT_EQ(test, got, word);
	/* Its room is taken, until it is given back. */
	KUNIT_EXPECT_EQ(test, -ENOSPC, guest_ram_populate(&c->ram, GFN(7)));
	KUNIT_EXPECT_EQ(test, 0, guest_ram_empty(&c->ram, GFN(HOLE_GFN)));
	KUNIT_EXPECT_EQ(test, -ENOENT, guest_ram_empty(&c->ram,
						       GFN(HOLE_GFN)));
	EXPECT_COUNTS(test, c, 0, 0, ALL_RESERVED - 1);
	KUNIT_EXPECT_EQ(test, c->ram.s2.nr_tables, tables);
	KUNIT_EXPECT_EQ(test, -ENXIO, guest_ram_fault(&c->ram, HOLE_GFN << 12,
						      S2_READ));
	KUNIT_EXPECT_EQ(test, 0, guest_ram_populate(&c->ram, GFN(7)));
	EXPECT_COUNTS(test, c, 1, 0, ALL_RESERVED);
}

static void guest_ram_populate_refuses(struct kunit *test)
{
	const u64 special = LODGE_SPECIAL_BASE >> PAGE_SHIFT;
	const u64 end = special + (LODGE_SPECIAL_SIZE >> PAGE_SHIFT);
	const struct {
		u64 gfn;
		int err;
	} cases[] = {
		{ TEST_FRAMES, 0 },
		{ special - 1, 0 },
		{ special, -ENXIO },
		{ end - 1, -ENXIO },
		{ end, 0 },
		{ 0xfee00, -ENXIO },
		{ 1ull << 36, -ENXIO },
		{ (1ull << 52) + 7, -ENXIO },
		{ U64_MAX, -ENXIO },
	};
	struct ram_ctx *c = test->priv;
	int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		KUNIT_EXPECT_EQ(test, 0, guest_ram_empty(&c->ram, GFN(i)));
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		KUNIT_EXPECT_EQ_MSG(test, cases[i].err,
				    guest_ram_populate(&c->ram,
						       GFN(cases[i].gfn)),
				    "gfn %llx", cases[i].gfn);
	EXPECT_COUNTS(test, c, 3, 0, ALL_RESERVED - ARRAY_SIZE(cases) + 3);
}

/* A guest that spreads its pages must not make the host pay for it. */
static void guest_ram_populate_bounds_tables(struct kunit *test)
{
	const u64 step = GFNS_PER_1G, nr = 1ull << (36 - 30);
	struct ram_ctx *c = test->priv;
	int err = 0;
	u64 i, gfn;

	/* As if the domain were smaller. */
	c->ram.max_tables = 64;
	for (i = 0; i < nr; i++)
		KUNIT_EXPECT_EQ(test, 0, guest_ram_empty(&c->ram, GFN(i)));
	for (i = 2; i < nr && !err; i++)
		err = guest_ram_populate(&c->ram, GFN(i * step + 5));
	KUNIT_EXPECT_EQ(test, err, -ENOSPC);
	KUNIT_EXPECT_LE(test, c->ram.s2.nr_tables,
			64ul + S2_MAX_SPARE);
	/* Where tables are there is room; and RAM itself always gets it. */
	gfn = 2 * step + 6;
	KUNIT_EXPECT_EQ(test, 0, guest_ram_populate(&c->ram, GFN(gfn)));
	KUNIT_EXPECT_EQ(test, 0, guest_ram_populate(&c->ram, GFN(3)));
	KUNIT_EXPECT_EQ(test, 0, guest_ram_populate(&c->ram,
						    GFN(TEST_FRAMES - 1)));
}

/* --- moving ------------------------------------------------------------------- */

static void guest_ram_move_into_hole(struct kunit *test)
{
	struct ram_ctx *c = test->priv;
	u64 ram = 0x207, hole = HOLE_GFN, word = 0x4242, got = 0;
	struct s2_leaf leaf;
	struct s2_pos pos;

	KUNIT_EXPECT_EQ(test, 0, guest_ram_fault(&c->ram, ram << 12, S2_WRITE));
	KUNIT_EXPECT_EQ(test, 0, guest_mem_write(&c->ram, ram << 12, &word, 8,
						 true));
	leaf = leaf_at(c, ram);
	KUNIT_EXPECT_EQ(test, 0, guest_ram_move(&c->ram, GFN(ram), GFN(hole)));
	KUNIT_EXPECT_EQ(test, leaf_at(c, hole).hfn.v, leaf.hfn.v);
	KUNIT_EXPECT_EQ(test, leaf_at(c, hole).perm, (unsigned int)S2_RWX);
	KUNIT_EXPECT_TRUE(test, leaf_at(c, ram).emptied);
	KUNIT_EXPECT_EQ(test, 1, atomic_read(&c->nr_flushes));
	EXPECT_COUNTS(test, c, 512, 0, ALL_RESERVED);
	KUNIT_EXPECT_EQ(test, 0, guest_mem_read(&c->ram, hole << 12, &got, 8));
	KUNIT_EXPECT_EQ(test, got, word);
	/* What is new at a frame counts as written. */
	pos = walk(&c->ram.s2, GFN(hole), S2_4K);
	KUNIT_EXPECT_TRUE(test, pos.value & ept_format.dirty);
	KUNIT_EXPECT_EQ(test, -ENOSPC, guest_ram_populate(&c->ram, GFN(ram)));
	KUNIT_EXPECT_EQ(test, 0, guest_ram_move(&c->ram, GFN(hole),
						GFN(hole + 1)));
	KUNIT_EXPECT_FALSE(test, leaf_at(c, hole).present);
	KUNIT_EXPECT_EQ(test, 0, guest_ram_move(&c->ram, GFN(hole + 1),
						GFN(ram)));
	KUNIT_EXPECT_EQ(test, leaf_at(c, ram).hfn.v, leaf.hfn.v);
	KUNIT_EXPECT_FALSE(test, leaf_at(c, hole + 1).present);
	EXPECT_COUNTS(test, c, 512, 0, ALL_RESERVED);
}

static void guest_ram_move_releases_target(struct kunit *test)
{
	struct ram_ctx *c = test->priv;
	struct page *page = alloc_page(GFP_KERNEL | __GFP_ZERO);
	u64 hfn;

	KUNIT_EXPECT_EQ(test, 0, guest_ram_fault(&c->ram, 2 * MIB, S2_WRITE));
	KUNIT_EXPECT_EQ(test, 0, guest_ram_map_special(&c->ram, GFN(HOLE_GFN),
						       page, S2_READ));
	EXPECT_COUNTS(test, c, 512, 1, ALL_RESERVED);
	hfn = leaf_at(c, 0x201).hfn.v;
	KUNIT_EXPECT_EQ(test, 0, guest_ram_move(&c->ram, GFN(0x201),
						GFN(HOLE_GFN)));
	KUNIT_EXPECT_EQ(test, 1, page_count(page));
	KUNIT_EXPECT_EQ(test, leaf_at(c, HOLE_GFN).hfn.v, hfn);
	EXPECT_COUNTS(test, c, 512, 0, ALL_RESERVED);
	/* Onto RAM: there is one page less then, and room for one. */
	KUNIT_EXPECT_EQ(test, 0, guest_ram_move(&c->ram, GFN(0x202),
						GFN(0x203)));
	EXPECT_COUNTS(test, c, 511, 0, ALL_RESERVED - 1);
	/* Untouched RAM moves as the zeros that it reads as. */
	KUNIT_EXPECT_EQ(test, 0, guest_ram_move(&c->ram, GFN(TEST_FRAMES - 1),
						GFN(HOLE_GFN + 1)));
	KUNIT_EXPECT_TRUE(test, leaf_at(c, HOLE_GFN + 1).present);
	KUNIT_EXPECT_TRUE(test, leaf_at(c, TEST_FRAMES - 1).emptied);
	EXPECT_COUNTS(test, c, 512, 0, ALL_RESERVED - 1);
	put_page(page);
}

static void guest_ram_move_refuses(struct kunit *test)
{
	static const struct {
		u64 from;
		u64 to;
		int err;
	} cases[] = {
		{ 0x201, 0x201, 0 },
		{ 0x201, 0xfee00, -EINVAL },
		{ 0x201, LODGE_SPECIAL_BASE >> PAGE_SHIFT, -EINVAL },
		{ 0x201, 1ull << 36, -EINVAL },
		{ 0x201, U64_MAX, -EINVAL },
		{ HOLE_GFN, 0x201, -EACCES },
		{ HOLE_GFN, HOLE_GFN, -EACCES },
		{ HOLE_GFN + 1, 0x201, -EINVAL },
		{ HOLE_GFN + 1, HOLE_GFN + 1, -EINVAL },
		{ 7, 0x201, -EINVAL },
		{ (1ull << 52) + 0x201, 0x202, -EINVAL },
		{ U64_MAX, 0x201, -EINVAL },
	};
	struct ram_ctx *c = test->priv;
	struct page *page = alloc_page(GFP_KERNEL | __GFP_ZERO);
	int i;

	KUNIT_EXPECT_EQ(test, 0, guest_ram_fault(&c->ram, 2 * MIB, S2_WRITE));
	KUNIT_EXPECT_EQ(test, 0, guest_ram_empty(&c->ram, GFN(7)));
	KUNIT_EXPECT_EQ(test, 0, guest_ram_map_special(&c->ram, GFN(HOLE_GFN),
						       page, S2_READ));
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		KUNIT_EXPECT_EQ_MSG(test, cases[i].err,
				    guest_ram_move(&c->ram, GFN(cases[i].from),
						   GFN(cases[i].to)),
				    "case %d", i);
	KUNIT_EXPECT_EQ(test, (int)leaf_at(c, 0x201).level, (int)S2_2M);
	EXPECT_COUNTS(test, c, 512, 1, ALL_RESERVED - 1);
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&c->nr_flushes));
	guest_ram_unmap_special(&c->ram, GFN(HOLE_GFN), page);
	put_page(page);
}

static void guest_ram_empty_batch_flushes_once(struct kunit *test)
{
	struct ram_ctx *c = test->priv;
	gfn_t *gfns = kunit_kcalloc(test, 512, sizeof(*gfns), GFP_KERNEL);
	unsigned int i;
	int err;

	KUNIT_EXPECT_EQ(test, 0, guest_ram_fault(&c->ram, 4 * MIB,
						 S2_WRITE));
	KUNIT_EXPECT_EQ(test, 0, guest_ram_fault(&c->ram, 2 * MIB, S2_WRITE));
	for (i = 0; i < 512; i++)
		gfns[i] = GFN(512 + i * 2);
	KUNIT_EXPECT_EQ(test, 512u,
			guest_ram_empty_batch(&c->ram, gfns, 512, &err));
	KUNIT_EXPECT_EQ(test, 0, err);
	KUNIT_EXPECT_EQ(test, 1, atomic_read(&c->nr_flushes));
	EXPECT_COUNTS(test, c, 512, 0, ALL_RESERVED - 512);
	/* It stops where nothing is: the count is what the guest is told. */
	gfns[0] = GFN(513);
	gfns[1] = GFN(515);
	KUNIT_EXPECT_EQ(test, 2u,
			guest_ram_empty_batch(&c->ram, gfns, 512, &err));
	KUNIT_EXPECT_EQ(test, -ENOENT, err);
	KUNIT_EXPECT_EQ(test, 0u,
			guest_ram_empty_batch(&c->ram, gfns, 0, &err));
	KUNIT_EXPECT_EQ(test, 0, err);
	EXPECT_COUNTS(test, c, 510, 0, ALL_RESERVED - 514);
}

/* Memory is given back when it is scarce: that must not need any. */
static void guest_ram_empty_needs_memory_to_split_only(struct kunit *test)
{
	struct ram_ctx *c = test->priv;
	const gfn_t gfns[] = { GFN(0), GFN(1), GFN(512), GFN(513) };
	int err;

	KUNIT_EXPECT_EQ(test, 0, guest_ram_fault(&c->ram, 0, S2_WRITE));
	KUNIT_EXPECT_EQ(test, 0, guest_ram_fault(&c->ram, 2 * MIB, S2_WRITE));
	fail_all = true;
	KUNIT_EXPECT_EQ(test, 2u,
			guest_ram_empty_batch(&c->ram, gfns, 4, &err));
	KUNIT_EXPECT_EQ(test, -ENOMEM, err);
	fail_all = false;
	KUNIT_EXPECT_EQ(test, 2u,
			guest_ram_empty_batch(&c->ram, gfns + 2, 2, &err));
	KUNIT_EXPECT_EQ(test, 0, err);
	EXPECT_COUNTS(test, c, 510, 0, ALL_RESERVED - 4);
}

/* --- special pages ------------------------------------------------------------- */

static void guest_ram_map_special_over_ram(struct kunit *test)
{
	struct ram_ctx *c = test->priv;
	struct page *page = alloc_page(GFP_KERNEL | __GFP_ZERO);
	unsigned int rw = S2_READ | S2_WRITE;

	KUNIT_EXPECT_EQ(test, 0, guest_ram_fault(&c->ram, 2 * MIB,
						 S2_WRITE));
	KUNIT_EXPECT_EQ(test, 0, guest_ram_map_special(&c->ram, GFN(513), page,
						       rw));
	KUNIT_EXPECT_EQ(test, 2, page_count(page));
	KUNIT_EXPECT_EQ(test, 1, atomic_read(&c->nr_flushes));
	EXPECT_COUNTS(test, c, 511, 1, ALL_RESERVED - 1);
	KUNIT_EXPECT_EQ(test, 0, guest_ram_map_special(&c->ram, GFN(513), page,
						       rw));
	KUNIT_EXPECT_EQ(test, 1, atomic_read(&c->nr_flushes));
	KUNIT_EXPECT_EQ(test, 2, page_count(page));
	KUNIT_EXPECT_EQ(test, 0, guest_mem_write(&c->ram, 0x201ffe, "abcd", 4,
						 true));
	KUNIT_EXPECT_EQ(test, 0, memcmp(page_address(page) + 0xffe, "ab", 2));
	/* Another page there is not ours to take away. */
	guest_ram_unmap_special(&c->ram, GFN(514), page);
	EXPECT_COUNTS(test, c, 511, 1, ALL_RESERVED - 1);
	guest_ram_unmap_special(&c->ram, GFN(513), page);
	KUNIT_EXPECT_EQ(test, 1, page_count(page));
	EXPECT_COUNTS(test, c, 511, 0, ALL_RESERVED - 1);
	KUNIT_EXPECT_EQ(test, -ENXIO, guest_ram_fault(&c->ram, 0x201000,
						      S2_READ));
	put_page(page);
}

static void guest_ram_map_special_in_hole(struct kunit *test)
{
	struct ram_ctx *c = test->priv;
	struct page *page = alloc_page(GFP_KERNEL | __GFP_ZERO);
	unsigned long tables = c->ram.s2.nr_tables;
	u64 gfn = 0x200000000ull >> PAGE_SHIFT;
	char byte = 1;

	KUNIT_EXPECT_EQ(test, 0, guest_ram_map_special(&c->ram, GFN(gfn), page,
						       S2_READ));
	KUNIT_EXPECT_EQ(test, 0, guest_mem_read(&c->ram, gfn << 12, &byte, 1));
	KUNIT_EXPECT_EQ(test, -EFAULT, guest_mem_write(&c->ram, gfn << 12,
						       &byte, 1, true));
	KUNIT_EXPECT_EQ(test, 0, guest_ram_empty(&c->ram, GFN(gfn)));
	KUNIT_EXPECT_EQ(test, -ENOENT, guest_ram_empty(&c->ram, GFN(gfn)));
	EXPECT_COUNTS(test, c, 0, 0, ALL_RESERVED);
	KUNIT_EXPECT_EQ(test, c->ram.s2.nr_tables, tables);
	KUNIT_EXPECT_EQ(test, -EINVAL, guest_ram_map_special(&c->ram,
							     GFN(0xfee00),
							     page, S2_READ));
	KUNIT_EXPECT_EQ(test, -EINVAL, guest_ram_map_special(&c->ram,
							     GFN(1ull << 36),
							     page, S2_READ));
	KUNIT_EXPECT_EQ(test, -EINVAL, guest_ram_map_special(&c->ram, GFN(1),
							     page, S2_RWX));
	KUNIT_EXPECT_EQ(test, 1, page_count(page));
	put_page(page);
}

/* --- pins and copies --------------------------------------------------------- */

static void guest_ram_pin_outlives_frame(struct kunit *test)
{
	struct ram_ctx *c = test->priv;
	struct page *page, *again;

	KUNIT_EXPECT_EQ(test, -EAGAIN, guest_ram_pin(&c->ram, GFN(9), true,
						     true, &page));
	KUNIT_EXPECT_EQ(test, -EFAULT, guest_ram_pin(&c->ram, GFN(TEST_FRAMES),
						     true, false, &page));
	KUNIT_ASSERT_EQ(test, 0, guest_ram_pin(&c->ram, GFN(9), true, false,
					       &page));
	KUNIT_EXPECT_EQ(test, 2, page_count(page));
	KUNIT_EXPECT_EQ(test, 0, guest_ram_pin(&c->ram, GFN(9), true, true,
					       &again));
	KUNIT_EXPECT_PTR_EQ(test, page, again);
	guest_ram_unpin(again);
	KUNIT_EXPECT_EQ(test, 0, guest_ram_empty(&c->ram, GFN(9)));
	KUNIT_EXPECT_EQ(test, 1, page_count(page));
	guest_ram_destroy(&c->ram);
	KUNIT_EXPECT_EQ(test, 1, atomic_read(&nr_pages_out));
	guest_ram_unpin(page);
}

static void guest_mem_read_populates_nothing(struct kunit *test)
{
	struct ram_ctx *c = test->priv;
	u8 *buf = kunit_kmalloc(test, 3 * PAGE_SIZE, GFP_KERNEL);

	memset(buf, 0xff, 3 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, 0, guest_mem_read(&c->ram, 0x1234, buf,
						3 * PAGE_SIZE));
	KUNIT_EXPECT_PTR_EQ(test, NULL, memchr_inv(buf, 0, 3 * PAGE_SIZE));
	EXPECT_COUNTS(test, c, 0, 0, ALL_RESERVED);
	KUNIT_EXPECT_EQ(test, -EFAULT, guest_mem_read(&c->ram, TEST_BYTES - 4,
						      buf, 8));
	KUNIT_EXPECT_EQ(test, -EFAULT, guest_mem_read(&c->ram, ~0ull - 3, buf,
						      8));
}

static void guest_mem_write_changes_all_or_nothing(struct kunit *test)
{
	struct ram_ctx *c = test->priv;
	u64 edge = 2 * MIB - 4;
	char buf[8];

	KUNIT_EXPECT_EQ(test, -EAGAIN, guest_mem_write(&c->ram, edge, "abcdefgh",
						       8, true));
	KUNIT_EXPECT_EQ(test, 0, guest_ram_fault(&c->ram, edge, S2_WRITE));
	KUNIT_EXPECT_EQ(test, -EAGAIN, guest_mem_write(&c->ram, edge, "abcdefgh",
						       8, true));
	KUNIT_EXPECT_EQ(test, 0, guest_mem_read(&c->ram, edge, buf, 8));
	KUNIT_EXPECT_PTR_EQ(test, NULL, memchr_inv(buf, 0, 8));
	KUNIT_EXPECT_EQ(test, 0, guest_mem_write(&c->ram, edge, "abcdefgh", 8,
						 false));
	KUNIT_EXPECT_EQ(test, 0, guest_mem_read(&c->ram, edge, buf, 8));
	KUNIT_EXPECT_EQ(test, 0, memcmp(buf, "abcdefgh", 8));
	KUNIT_EXPECT_EQ(test, -EFAULT, guest_mem_write(&c->ram, TEST_BYTES - 4,
						       "abcdefgh", 8, false));
	KUNIT_EXPECT_EQ(test, 0, guest_mem_read(&c->ram, TEST_BYTES - 4, buf,
						4));
	KUNIT_EXPECT_PTR_EQ(test, NULL, memchr_inv(buf, 0, 4));
}

/* What the module writes comes page by page, whatever the block is like. */
static void guest_mem_write_populates_one_page(struct kunit *test)
{
	struct ram_ctx *c = test->priv;

	KUNIT_EXPECT_EQ(test, 0, guest_mem_write(&c->ram, 2 * MIB + 0x1ffe,
						 "abcd", 4, false));
	KUNIT_EXPECT_EQ(test, (int)leaf_at(c, 0x201).level, (int)S2_4K);
	EXPECT_COUNTS(test, c, 2, 0, ALL_RESERVED);
	KUNIT_EXPECT_EQ(test, 0, guest_ram_fault_page(&c->ram, 4 * MIB));
	KUNIT_EXPECT_EQ(test, 0, guest_ram_fault_page(&c->ram, 4 * MIB));
	EXPECT_COUNTS(test, c, 3, 0, ALL_RESERVED);
	KUNIT_EXPECT_EQ(test, -ENXIO, guest_ram_fault_page(&c->ram,
							   TEST_BYTES));
}

static void guest_ram_expect_write_sizes(struct kunit *test)
{
	static const struct {
		u64 gpa;
		u64 len;
		u64 pages;	/* that are there afterwards */
	} cases[] = {
		{ 2 * MIB, 0, 0 },
		{ 2 * MIB, 100, 0 },
		{ 2 * MIB, BIG_WRITE - 1, 0 },
		{ 2 * MIB, BIG_WRITE, 512 },
		{ 0, 2 * MIB, 512 },
		{ 3 * MIB, U64_MAX - 3 * MIB, 512 },
		/* Much in all, little in this block. */
		{ 4 * MIB - BIG_WRITE + 1, 2 * MIB, 0 },
		{ 4 * MIB - BIG_WRITE, 2 * MIB, 512 },
		/* No whole block of RAM, and none at all. */
		{ 6 * MIB, BIG_WRITE, 0 },
		{ 8 * MIB, BIG_WRITE, 0 },
		{ LODGE_ACPI_BASE, BIG_WRITE, 0 },
		{ ~0ull << 21, 2 * MIB, 0 },
	};
	struct ram_ctx *c = test->priv;
	int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		guest_ram_expect_write(&c->ram, cases[i].gpa, cases[i].len);
		KUNIT_EXPECT_EQ_MSG(test, cases[i].pages,
				    (u64)atomic64_read(&c->ram.nr_pages),
				    "case %d", i);
		guest_ram_destroy(&c->ram);
		KUNIT_ASSERT_EQ(test, 0, create(c, TEST_BYTES));
	}
	/* In a block that is not untouched any more nothing comes. */
	KUNIT_EXPECT_EQ(test, 0, guest_ram_empty(&c->ram, GFN(0x205)));
	guest_ram_expect_write(&c->ram, 2 * MIB, 2 * MIB);
	KUNIT_EXPECT_EQ(test, 0, guest_ram_fault_page(&c->ram, 4 * MIB));
	guest_ram_expect_write(&c->ram, 4 * MIB, 2 * MIB);
	EXPECT_COUNTS(test, c, 1, 0, ALL_RESERVED - 1);
	/* No block to be had is no error. */
	fail_2m = true;
	guest_ram_expect_write(&c->ram, 0, 2 * MIB);
	fail_2m = false;
	EXPECT_COUNTS(test, c, 1, 0, ALL_RESERVED - 1);
}

/* A write of ours must show as a write of the guest's would. */
static void guest_mem_write_marks_dirty(struct kunit *test)
{
	struct ram_ctx *c = test->priv;
	struct s2_pos pos;
	char byte = 0;

	KUNIT_EXPECT_EQ(test, 0, guest_ram_fault(&c->ram, 0, S2_WRITE));
	KUNIT_EXPECT_EQ(test, 0, guest_mem_read(&c->ram, 0, &byte, 1));
	pos = walk(&c->ram.s2, GFN(0), S2_4K);
	KUNIT_EXPECT_FALSE(test, pos.value & ept_format.dirty);
	KUNIT_EXPECT_EQ(test, 0, guest_mem_write(&c->ram, 0, &byte, 1, true));
	pos = walk(&c->ram.s2, GFN(0), S2_4K);
	KUNIT_EXPECT_TRUE(test, pos.value & ept_format.dirty);
}

static void guest_mem_fetch_reads_words(struct kunit *test)
{
	struct ram_ctx *c = test->priv;
	u64 word = 0x8877665544332211ull, got = 1;

	spin_lock(&c->ram.s2.lock);
	KUNIT_EXPECT_EQ(test, 0, guest_mem_fetch(&c->ram, 8, 8, &got));
	spin_unlock(&c->ram.s2.lock);
	KUNIT_EXPECT_EQ(test, got, 0ull);
	KUNIT_EXPECT_EQ(test, 0, guest_mem_write(&c->ram, 8, &word, 8, false));
	spin_lock(&c->ram.s2.lock);
	KUNIT_EXPECT_EQ(test, 0, guest_mem_fetch(&c->ram, 8, 8, &got));
	KUNIT_EXPECT_EQ(test, got, word);
	KUNIT_EXPECT_EQ(test, 0, guest_mem_fetch(&c->ram, 12, 4, &got));
	KUNIT_EXPECT_EQ(test, got, word >> 32);
	KUNIT_EXPECT_EQ(test, -EFAULT, guest_mem_fetch(&c->ram, TEST_BYTES, 8,
						       &got));
	spin_unlock(&c->ram.s2.lock);
}

/* --- all at once ------------------------------------------------------------------ */

#define NR_THREADS	4
#define NR_TURNS	3000
#define RACE_VALUE	0x5a5a5a5a5a5a5a5aull

struct racer {
	struct ram_ctx *c;
	struct page *special;
	struct completion done;
	u64 seed;
	unsigned int errors;
};

/* Sixteen frames around the edge of two blocks, and four in a hole. */
static u64 race_gfn(struct rnd_state *rnd)
{
	u64 n = prandom_u32_state(rnd) % 20;

	return n < 16 ? 512 - 8 + n : HOLE_GFN + n - 16;
}

static void race_once(struct racer *r, struct rnd_state *rnd)
{
	struct guest_ram *ram = &r->c->ram;
	u64 gfn = race_gfn(rnd);
	struct page *page;
	u64 value = RACE_VALUE;
	int err = 0;

	switch (prandom_u32_state(rnd) % 9) {
	case 0:
	case 1:
		err = guest_ram_fault(ram, gfn << 12, S2_WRITE);
		break;
	case 2:
		err = guest_ram_empty(ram, GFN(gfn));
		break;
	case 3:
		err = guest_ram_populate(ram, GFN(gfn));
		break;
	case 4:
		err = guest_ram_pin(ram, GFN(gfn), true, false, &page);
		if (!err)
			guest_ram_unpin(page);
		break;
	case 5:
		err = guest_mem_write(ram, gfn << 12, &value, 8, false);
		break;
	case 6:
		err = guest_mem_read(ram, gfn << 12, &value, 8);
		/* Fresh, or what any of us wrote. */
		r->errors += !err && value && value != RACE_VALUE;
		break;
	case 7:
		err = guest_ram_move(ram, GFN(gfn), GFN(race_gfn(rnd)));
		if (err == -EINVAL || err == -EACCES)
			err = 0;
		break;
	default:
		/* Now and then, so that frames are mostly RAM. */
		if (prandom_u32_state(rnd) % 4)
			break;
		err = guest_ram_map_special(ram, GFN(gfn), r->special,
					    S2_READ);
		guest_ram_unmap_special(ram, GFN(gfn), r->special);
		break;
	}
	/* -ENOSPC may be: another thread is about to take the room. */
	r->errors += err == -ENOMEM || err == -EINVAL;
}

static int race(void *arg)
{
	struct racer *r = arg;
	struct rnd_state rnd;
	int i;

	prandom_seed_state(&rnd, r->seed);
	for (i = 0; i < NR_TURNS; i++) {
		race_once(r, &rnd);
		cond_resched();
	}
	complete(&r->done);
	return 0;
}

/* What the table says must be what the counters say. */
static void check_counters(struct kunit *test, struct ram_ctx *c)
{
	u64 pages = 0, special = 0, given_back = 0, in_hole = 0;
	struct s2_leaf leaf;
	u64 gfn;

	for (gfn = 0; gfn < TEST_FRAMES; gfn++) {
		leaf = leaf_at(c, gfn);
		if (leaf.present && leaf.perm & S2_SPECIAL)
			special++;
		else
			pages += leaf.present;
		given_back += leaf.emptied ||
			      (leaf.present && leaf.perm & S2_SPECIAL);
	}
	for (gfn = HOLE_GFN; gfn < HOLE_GFN + 4; gfn++)
		in_hole += leaf_at(c, gfn).present;
	EXPECT_COUNTS(test, c, pages + in_hole, special,
		      ALL_RESERVED - given_back + in_hole);
}

static void guest_ram_survives_threads(struct kunit *test)
{
	struct racer *racers = kunit_kcalloc(test, NR_THREADS, sizeof(*racers),
					     GFP_KERNEL);
	struct ram_ctx *c = test->priv;
	struct task_struct *task;
	int i, round;

	for (round = 0; round < 4; round++) {
		/* The later rounds begin untouched, as 4 KiB pages. */
		fail_2m = round & 1;
		for (i = 0; i < NR_THREADS; i++) {
			racers[i].c = c;
			racers[i].seed = round * NR_THREADS + i;
			racers[i].special = alloc_page(GFP_KERNEL | __GFP_ZERO);
			init_completion(&racers[i].done);
			task = kthread_run(race, &racers[i], "ram_race%d", i);
			KUNIT_ASSERT_FALSE(test, IS_ERR(task));
		}
		for (i = 0; i < NR_THREADS; i++) {
			wait_for_completion(&racers[i].done);
			KUNIT_EXPECT_EQ(test, racers[i].errors, 0u);
		}
		check_counters(test, c);
		for (i = 0; i < NR_THREADS; i++) {
			KUNIT_EXPECT_EQ(test, 1,
					page_count(racers[i].special));
			put_page(racers[i].special);
		}
		guest_ram_destroy(&c->ram);
		KUNIT_EXPECT_EQ(test, 0, atomic_read(&nr_pages_out));
		KUNIT_ASSERT_EQ(test, 0, create(c, TEST_BYTES));
	}
	fail_2m = false;
}

static int guest_ram_test_init(struct kunit *test)
{
	struct ram_ctx *c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);

	if (!c)
		return -ENOMEM;
	atomic_set(&nr_pages_out, 0);
	c->reserved_before = reserve_total();
	test->priv = c;
	return create(c, TEST_BYTES);
}

static void guest_ram_test_exit(struct kunit *test)
{
	struct ram_ctx *c = test->priv;

	guest_ram_destroy(&c->ram);
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&nr_pages_out));
	KUNIT_EXPECT_EQ(test, 0ll, (s64)atomic64_read(&nr_populated));
	KUNIT_EXPECT_EQ(test, reserve_total(), c->reserved_before);
	KUNIT_EXPECT_TRUE(test, list_empty(&owners));
	fail_2m = false;
	uid_limit_mb = 0;
}

static struct kunit_case guest_ram_test_cases[] = {
	KUNIT_CASE(guest_ram_create_reserves),
	KUNIT_CASE(guest_ram_create_refuses_too_much),
	KUNIT_CASE(guest_ram_create_obeys_uid_limit),
	KUNIT_CASE(guest_ram_covers_edges),
	KUNIT_CASE(guest_ram_fault_takes_2m),
	KUNIT_CASE(guest_ram_fault_falls_back_to_4k),
	KUNIT_CASE(guest_ram_fault_refuses),
	KUNIT_CASE(guest_ram_fault_loses_race),
	KUNIT_CASE(guest_ram_empty_and_populate),
	KUNIT_CASE(guest_ram_populate_needs_reservation),
	KUNIT_CASE(guest_ram_populate_fills_hole),
	KUNIT_CASE(guest_ram_populate_refuses),
	KUNIT_CASE(guest_ram_populate_bounds_tables),
	KUNIT_CASE(guest_ram_empty_batch_flushes_once),
	KUNIT_CASE(guest_ram_empty_needs_memory_to_split_only),
	KUNIT_CASE(guest_ram_move_into_hole),
	KUNIT_CASE(guest_ram_move_releases_target),
	KUNIT_CASE(guest_ram_move_refuses),
	KUNIT_CASE(guest_ram_map_special_over_ram),
	KUNIT_CASE(guest_ram_map_special_in_hole),
	KUNIT_CASE(guest_ram_pin_outlives_frame),
	KUNIT_CASE(guest_mem_read_populates_nothing),
	KUNIT_CASE(guest_mem_write_changes_all_or_nothing),
	KUNIT_CASE(guest_mem_write_populates_one_page),
	KUNIT_CASE(guest_ram_expect_write_sizes),
	KUNIT_CASE(guest_mem_write_marks_dirty),
	KUNIT_CASE(guest_mem_fetch_reads_words),
	KUNIT_CASE(guest_ram_survives_threads),
	{}
};

static struct kunit_suite guest_ram_test_suite = {
	.name = "lodge_guest_ram",
	.init = guest_ram_test_init,
	.exit = guest_ram_test_exit,
	.test_cases = guest_ram_test_cases,
};

kunit_test_suite(guest_ram_test_suite);

MODULE_LICENSE("GPL");
