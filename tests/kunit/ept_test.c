// SPDX-License-Identifier: GPL-2.0-only
/*
 * Intel's entry bits, against the numbers of the manual ("Format of an EPT
 * Page-Table Entry" and its neighbours): what hardware would call a
 * misconfiguration must not come out for any permission that the walker
 * accepts.
 */
#include <kunit/test.h>
#include <linux/module.h>

#include "../../kmod/mmu/ept.c"

static void ept_leaf_has_manual_bits(struct kunit *test)
{
	static const struct {
		u64 hfn;
		enum s2_level level;
		unsigned int perm;
		u64 entry;
	} cases[] = {
		{ 0x12345, S2_4K, S2_RWX, 0x12345077 },
		{ 0x12345, S2_4K, S2_READ, 0x12345071 },
		{ 0x12345, S2_4K, S2_READ | S2_WRITE, 0x12345073 },
		{ 0x12345, S2_4K, S2_READ | S2_EXEC, 0x12345075 },
		{ 0x12200, S2_2M, S2_RWX, 0x122000f7 },
		{ 0x40000, S2_1G, S2_READ, 0x400000f1 },
		{ 0xffffffffffull, S2_4K, S2_RWX, 0xffffffffff077ull },
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		KUNIT_EXPECT_EQ_MSG(test, cases[i].entry,
				    ept_format.leaf(HFN(cases[i].hfn),
						    cases[i].level,
						    cases[i].perm),
				    "case %d", i);
}

static void ept_perm_returns_what_leaf_got(struct kunit *test)
{
	unsigned int perm;

	for (perm = 0; perm < 16; perm++) {
		u64 entry = ept_format.leaf(HFN(5), S2_4K, perm);

		KUNIT_EXPECT_EQ(test, perm, ept_format.perm(entry));
		entry |= ept_format.accessed | ept_format.dirty;
		KUNIT_EXPECT_EQ(test, perm, ept_format.perm(entry));
		KUNIT_EXPECT_EQ(test, 5ull, (entry & ept_format.address) >> 12);
	}
}

/* Bits 62:52 of a leaf are ignored but for those that newer features use. */
static void ept_special_is_ignored_by_hardware(struct kunit *test)
{
	u64 entry = ept_format.leaf(HFN(5), S2_4K, S2_READ | S2_SPECIAL);
	u64 plain = ept_format.leaf(HFN(5), S2_4K, S2_READ);

	KUNIT_EXPECT_NE(test, entry, plain);
	KUNIT_EXPECT_EQ(test, 0ull, (entry ^ plain) & ~GENMASK_ULL(56, 52));
}

static void ept_table_is_no_leaf(struct kunit *test)
{
	u64 entry = ept_format.table(HFN(0x777));

	KUNIT_EXPECT_EQ(test, entry, 0x777007ull);
	KUNIT_EXPECT_EQ(test, 0ull, entry & ept_format.large);
}

static void ept_emptied_is_not_present(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, 7ull, ept_format.present);
	KUNIT_EXPECT_EQ(test, 0ull, ept_format.emptied & ept_format.present);
	KUNIT_EXPECT_NE(test, 0ull, ept_format.emptied);
	/* Bit 63 of a not-present entry decides about #VE. */
	KUNIT_EXPECT_EQ(test, 0ull, ept_format.emptied & BIT_ULL(63));
	KUNIT_EXPECT_EQ(test, BIT_ULL(8), ept_format.accessed);
	KUNIT_EXPECT_EQ(test, BIT_ULL(9), ept_format.dirty);
}

/* The same entries; only the bits that the CPU does not set are missing. */
static void ept_no_ad_differs_in_marks_only(struct kunit *test)
{
	struct s2_format copy = ept_format_no_ad;

	KUNIT_EXPECT_EQ(test, 0ull, copy.accessed | copy.dirty);
	copy.accessed = ept_format.accessed;
	copy.dirty = ept_format.dirty;
	copy.name = ept_format.name;
	KUNIT_EXPECT_EQ(test, 0, memcmp(&copy, &ept_format, sizeof(copy)));
}

static void ept_pointer_has_manual_bits(struct kunit *test)
{
	struct s2_table s2 = { .root = pfn_to_page(1) };

	KUNIT_EXPECT_EQ(test, 0x105eull, ept_pointer(&s2, true));
	KUNIT_EXPECT_EQ(test, 0x101eull, ept_pointer(&s2, false));
}

static struct kunit_case ept_test_cases[] = {
	KUNIT_CASE(ept_leaf_has_manual_bits),
	KUNIT_CASE(ept_perm_returns_what_leaf_got),
	KUNIT_CASE(ept_special_is_ignored_by_hardware),
	KUNIT_CASE(ept_table_is_no_leaf),
	KUNIT_CASE(ept_emptied_is_not_present),
	KUNIT_CASE(ept_no_ad_differs_in_marks_only),
	KUNIT_CASE(ept_pointer_has_manual_bits),
	{}
};

static struct kunit_suite ept_test_suite = {
	.name = "lodge_ept",
	.test_cases = ept_test_cases,
};

kunit_test_suite(ept_test_suite);

MODULE_LICENSE("GPL");
