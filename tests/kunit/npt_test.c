// SPDX-License-Identifier: GPL-2.0-only
/*
 * AMD's entry bits, against the numbers of the manual ("4-Kbyte PTE - Long
 * Mode" and its neighbours, and "Nested Paging" for what it asks of them).
 */
#include <kunit/test.h>
#include <linux/module.h>

#include "../../kmod/mmu/npt.c"

#define NX	BIT_ULL(63)

static void npt_leaf_has_manual_bits(struct kunit *test)
{
	static const struct {
		u64 hfn;
		enum s2_level level;
		unsigned int perm;
		u64 entry;
	} cases[] = {
		{ 0x12345, S2_4K, S2_RWX, 0x12345007 },
		{ 0x12345, S2_4K, S2_READ, 0x12345005 | NX },
		{ 0x12345, S2_4K, S2_READ | S2_WRITE, 0x12345007 | NX },
		{ 0x12345, S2_4K, S2_READ | S2_EXEC, 0x12345005 },
		{ 0x12200, S2_2M, S2_RWX, 0x12200087 },
		{ 0x40000, S2_1G, S2_READ, 0x40000085 | NX },
		{ 0xffffffffffull, S2_4K, S2_RWX, 0xffffffffff007ull },
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		KUNIT_EXPECT_EQ_MSG(test, cases[i].entry,
				    npt_format.leaf(HFN(cases[i].hfn),
						    cases[i].level,
						    cases[i].perm),
				    "case %d", i);
}

static void npt_perm_returns_what_leaf_got(struct kunit *test)
{
	unsigned int perm;

	for (perm = 0; perm < 16; perm++) {
		u64 entry = npt_format.leaf(HFN(5), S2_4K, perm | S2_READ);

		KUNIT_EXPECT_EQ(test, perm | S2_READ, npt_format.perm(entry));
		entry |= npt_format.accessed | npt_format.dirty;
		KUNIT_EXPECT_EQ(test, perm | S2_READ, npt_format.perm(entry));
		KUNIT_EXPECT_EQ(test, 5ull, (entry & npt_format.address) >> 12);
	}
}

/* Bits 11:9 are available to software. */
static void npt_special_is_ignored_by_hardware(struct kunit *test)
{
	u64 entry = npt_format.leaf(HFN(5), S2_4K, S2_READ | S2_SPECIAL);
	u64 plain = npt_format.leaf(HFN(5), S2_4K, S2_READ);

	KUNIT_EXPECT_NE(test, entry, plain);
	KUNIT_EXPECT_EQ(test, 0ull, (entry ^ plain) & ~GENMASK_ULL(11, 9));
}

/* Every nested walk is a user's, and rights are decided by the leaf. */
static void npt_table_is_no_leaf(struct kunit *test)
{
	u64 entry = npt_format.table(HFN(0x777));

	KUNIT_EXPECT_EQ(test, entry, 0x777007ull);
	KUNIT_EXPECT_EQ(test, 0ull, entry & npt_format.large);
}

static void npt_emptied_is_not_present(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, 1ull, npt_format.present);
	KUNIT_EXPECT_EQ(test, 0ull, npt_format.emptied & npt_format.present);
	KUNIT_EXPECT_NE(test, 0ull, npt_format.emptied);
	KUNIT_EXPECT_EQ(test, BIT_ULL(5), npt_format.accessed);
	KUNIT_EXPECT_EQ(test, BIT_ULL(6), npt_format.dirty);
}

static struct kunit_case npt_test_cases[] = {
	KUNIT_CASE(npt_leaf_has_manual_bits),
	KUNIT_CASE(npt_perm_returns_what_leaf_got),
	KUNIT_CASE(npt_special_is_ignored_by_hardware),
	KUNIT_CASE(npt_table_is_no_leaf),
	KUNIT_CASE(npt_emptied_is_not_present),
	{}
};

static struct kunit_suite npt_test_suite = {
	.name = "lodge_npt",
	.test_cases = npt_test_cases,
};

kunit_test_suite(npt_test_suite);

MODULE_LICENSE("GPL");
