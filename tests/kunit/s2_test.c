// SPDX-License-Identifier: GPL-2.0-only
/*
 * The second-stage walker against a model: an array with one element a frame,
 * in two windows of 1 GiB, one at each end of the guest-physical space.  Long
 * random sequences of every operation go to both; each result, the number of
 * table pages and, in the end, what is released must be the same.  Everything
 * runs once with Intel's entry bits, once with AMD's and once with invented
 * ones, since the walker must not know any.
 */
#include <kunit/test.h>
#include <linux/gfp.h>
#include <linux/module.h>
#include <linux/prandom.h>
#include <linux/vmalloc.h>

/* Table pages are counted, and an allocation can be made to fail. */
static int nr_table_pages;
static int fail_alloc_after = -1;

static struct page *test_alloc_page(gfp_t gfp)
{
	struct page *page;

	if (fail_alloc_after >= 0 && fail_alloc_after-- == 0)
		return NULL;
	page = alloc_pages(gfp, 0);
	if (page)
		nr_table_pages++;
	return page;
}

static void test_free_page(struct page *page)
{
	nr_table_pages--;
	__free_pages(page, 0);
}

#undef alloc_page
#define alloc_page(gfp)		test_alloc_page(gfp)
#undef __free_page
#define __free_page(page)	test_free_page(page)

#include "../../kmod/mmu/s2.c"
#include "../../kmod/mmu/ept.c"
#include "../../kmod/mmu/npt.c"

/* --- a format that has nothing in common with EPT ------------------------- */

#define ODD_PRESENT	BIT_ULL(0)
#define ODD_READ_ONLY	BIT_ULL(62)
#define ODD_NO_EXEC	BIT_ULL(63)
#define ODD_SPECIAL	BIT_ULL(11)
#define ODD_LARGE	BIT_ULL(3)

static u64 odd_leaf(hfn_t hfn, enum s2_level level, unsigned int perm)
{
	return hfn_hpa(hfn) | ODD_PRESENT |
	       (perm & S2_WRITE ? 0 : ODD_READ_ONLY) |
	       (perm & S2_EXEC ? 0 : ODD_NO_EXEC) |
	       (perm & S2_SPECIAL ? ODD_SPECIAL : 0) |
	       (level == S2_4K ? 0 : ODD_LARGE);
}

static u64 odd_table(hfn_t hfn)
{
	return hfn_hpa(hfn) | ODD_PRESENT;
}

static unsigned int odd_perm(u64 entry)
{
	return S2_READ | (entry & ODD_READ_ONLY ? 0 : S2_WRITE) |
	       (entry & ODD_NO_EXEC ? 0 : S2_EXEC) |
	       (entry & ODD_SPECIAL ? S2_SPECIAL : 0);
}

static const struct s2_format odd_format = {
	.name = "odd",
	.leaf = odd_leaf,
	.table = odd_table,
	.perm = odd_perm,
	.present = ODD_PRESENT,
	.large = ODD_LARGE,
	.address = GENMASK_ULL(51, 12),
	.accessed = BIT_ULL(5),
	.dirty = BIT_ULL(6),
	.emptied = BIT_ULL(1),
};

/* --- the model ------------------------------------------------------------ */

#define WINDOW		GFNS_PER_1G
#define NR_WINDOWS	2
#define NR_FRAMES	(WINDOW * NR_WINDOWS)

/* level 0: nothing there; an emptied frame has level 1 and no permissions. */
struct frame {
	u64 hfn;
	u8 perm;
	u8 level;
	bool emptied;
	bool accessed;
	bool dirty;
};

enum op_kind {
	OP_MAP, OP_UNMAP, OP_EMPTY, OP_PROTECT, OP_SPLIT, OP_MERGE, OP_TOUCH,
	OP_HARVEST, OP_LOOKUP,
	NR_OPS
};

static const char * const op_names[NR_OPS] = {
	"map", "unmap", "empty", "protect", "split", "merge", "touch",
	"harvest", "lookup",
};

struct op {
	enum op_kind kind;
	u64 idx;		/* index into the model */
	u64 nr;
	u64 hfn;
	unsigned int level;
	unsigned int perm;	/* or the access */
	enum s2_mark mark;
};

struct s2_ctx {
	struct kunit *test;
	struct s2_table s2;
	struct frame *frames;
	struct rnd_state rnd;
	unsigned long nr_flushes;
	bool update_flush;	/* the update of the last operation wanted one */
	struct s2_leaf leaf;	/* out of the last operation */
	unsigned long result;
	u64 reported;		/* sum over the leaves reported by a harvest */
	unsigned long done[NR_OPS];
};

static u64 idx_gfn(u64 idx)
{
	if (idx < WINDOW)
		return idx;
	return (1ull << (GPA_BITS - PAGE_SHIFT)) - NR_FRAMES + idx;
}

static u64 leaf_start(u64 idx, unsigned int level)
{
	return idx & ~(s2_level_gfns(level) - 1);
}

static bool frame_is_present(const struct frame *f)
{
	return f->perm;
}

/* Lower the leaf around @idx to @level. */
static bool model_split(struct s2_ctx *c, u64 idx, unsigned int level)
{
	bool split = false;
	u64 start, i;

	while (frame_is_present(&c->frames[idx]) &&
	       c->frames[idx].level > level) {
		start = leaf_start(idx, c->frames[idx].level);
		for (i = s2_level_gfns(c->frames[idx].level); i-- > 0;)
			c->frames[start + i].level--;
		split = true;
	}
	return split;
}

static int model_map(struct s2_ctx *c, const struct op *op)
{
	u64 nr = s2_level_gfns(op->level);
	struct frame *f = &c->frames[op->idx];
	u64 i;

	for (i = 0; i < nr; i++) {
		if (frame_is_present(&f[i]) || (op->level > 1 && f[i].emptied))
			return -EEXIST;
	}
	for (i = 0; i < nr; i++) {
		f[i] = (struct frame){
			.hfn = op->hfn + i,
			.perm = op->perm,
			.level = op->level,
		};
	}
	return 0;
}

static void model_take_out(struct s2_ctx *c, const struct op *op)
{
	struct frame *f = &c->frames[op->idx];

	model_split(c, op->idx, S2_4K);
	*f = (struct frame){ 0 };
	if (op->kind == OP_EMPTY) {
		f->level = 1;
		f->emptied = true;
	}
}

/* Returns whether a flush is due. */
static bool model_protect(struct s2_ctx *c, const struct op *op)
{
	u64 end = op->idx + op->nr;
	bool flush = false;
	u64 i, start;
	struct frame *f;

	for (i = op->idx; i < end; i++) {
		f = &c->frames[i];
		if (!frame_is_present(f) || (f->perm & S2_RWX) == op->perm)
			continue;
		for (;;) {
			start = leaf_start(i, f->level);
			if (start >= op->idx &&
			    start + s2_level_gfns(f->level) <= end)
				break;
			model_split(c, i, f->level - 1);
			flush = true;
		}
	}
	for (i = op->idx; i < end; i++) {
		f = &c->frames[i];
		if (!frame_is_present(f))
			continue;
		flush |= (f->perm & S2_RWX) & ~op->perm;
		f->perm = op->perm | (f->perm & S2_SPECIAL);
	}
	return flush;
}

static int model_merge(struct s2_ctx *c, const struct op *op)
{
	u64 nr = s2_level_gfns(op->level);
	struct frame *f = &c->frames[leaf_start(op->idx, op->level)];
	bool accessed = false, dirty = f->perm & S2_WRITE;
	u64 i;

	for (i = 0; i < nr; i++) {
		if (!frame_is_present(&f[i]) || f[i].level != op->level - 1 ||
		    f[i].hfn != f[0].hfn + i || f[i].perm != f[0].perm)
			return -ENOENT;
		accessed |= f[i].accessed;
		dirty |= f[i].dirty;
	}
	if (f[0].hfn & (nr - 1) || f[0].perm & S2_SPECIAL)
		return -ENOENT;
	for (i = 0; i < nr; i++) {
		f[i].level = op->level;
		f[i].accessed = accessed;
		f[i].dirty = dirty;
	}
	return 0;
}

static void model_touch(struct s2_ctx *c, const struct op *op)
{
	struct frame *f = &c->frames[op->idx];
	u64 nr, i;

	if (!frame_is_present(f) || op->perm & ~f->perm)
		return;
	nr = s2_level_gfns(f->level);
	f = &c->frames[leaf_start(op->idx, f->level)];
	for (i = 0; i < nr; i++) {
		f[i].accessed = true;
		f[i].dirty |= !!(op->perm & S2_WRITE);
	}
}

static unsigned long model_harvest(struct s2_ctx *c, const struct op *op,
				   u64 *reported)
{
	unsigned long nr = 0;
	u64 i, j, start, size;

	for (i = op->idx; i < op->idx + op->nr; i = start + size) {
		struct frame *f = &c->frames[i];

		size = f->level ? s2_level_gfns(f->level) : 1;
		start = f->level ? leaf_start(i, f->level) : i;
		if (!(op->mark == S2_DIRTY ? f->dirty : f->accessed))
			continue;
		nr++;
		*reported += idx_gfn(start) * 5 + f->level;
		for (j = start; j < start + size; j++) {
			if (op->mark == S2_DIRTY)
				c->frames[j].dirty = false;
			else
				c->frames[j].accessed = false;
		}
	}
	return nr;
}

/* --- comparing -------------------------------------------------------------- */

static bool same_frame(struct s2_ctx *c, u64 idx, const struct s2_leaf *leaf)
{
	const struct frame *f = &c->frames[idx];

	if (leaf->present != frame_is_present(f) || leaf->emptied != f->emptied)
		return false;
	if (!leaf->present)
		return leaf->perm == 0 && (!f->emptied || leaf->level == S2_4K);
	return leaf->perm == f->perm && leaf->hfn.v == f->hfn &&
	       leaf->level == f->level;
}

static bool same_marks(struct s2_ctx *c, u64 idx)
{
	struct s2_pos pos = walk(&c->s2, GFN(idx_gfn(idx)), S2_4K);
	const struct frame *f = &c->frames[idx];

	if (!frame_is_present(f))
		return true;
	return !!(pos.value & c->s2.fmt->accessed) == f->accessed &&
	       !!(pos.value & c->s2.fmt->dirty) == f->dirty;
}

static bool idx_is_same(struct s2_ctx *c, u64 idx, struct s2_leaf *leaf)
{
	bool same;

	spin_lock(&c->s2.lock);
	s2_lookup(&c->s2, GFN(idx_gfn(idx)), leaf);
	same = same_frame(c, idx, leaf) && same_marks(c, idx);
	spin_unlock(&c->s2.lock);
	return same;
}

/* Inside one big entry the model must be uniform. */
static bool span_is_uniform(struct s2_ctx *c, u64 start, u64 nr)
{
	const struct frame *f = &c->frames[start];
	u64 i;

	for (i = 1; i < nr; i++) {
		if (f[i].level != f->level || f[i].perm != f->perm ||
		    f[i].emptied || (f->perm && f[i].hfn != f->hfn + i))
			return false;
	}
	return true;
}

static void check_all(struct s2_ctx *c)
{
	struct kunit *test = c->test;
	struct s2_leaf leaf;
	u64 idx, size;

	for (idx = 0; idx < NR_FRAMES; idx += size) {
		if (!idx_is_same(c, idx, &leaf))
			KUNIT_FAIL(test, "gfn %llx differs", idx_gfn(idx));
		size = min_t(u64, s2_level_gfns(leaf.level), WINDOW);
		if (size > 1 && !span_is_uniform(c, idx, size))
			KUNIT_FAIL(test, "block at gfn %llx differs",
				   idx_gfn(idx));
		cond_resched();
	}
}

/* A table is there if and only if something below it is. */
static unsigned long model_tables(struct s2_ctx *c)
{
	unsigned long nr = 1;
	u64 w, b, i;

	for (w = 0; w < NR_FRAMES; w += WINDOW) {
		bool any = false, any_table = false;

		for (b = w; b < w + WINDOW; b += GFNS_PER_2M) {
			for (i = b; i < b + GFNS_PER_2M; i++) {
				if (c->frames[i].level)
					break;
			}
			if (i == b + GFNS_PER_2M)
				continue;
			any = true;
			any_table |= c->frames[i].level < S2_1G;
			nr += c->frames[i].level == S2_4K;
		}
		nr += any + any_table;
	}
	return nr;
}

/* --- running operations ------------------------------------------------------- */

static void report_leaf(gfn_t gfn, enum s2_level level, void *arg)
{
	struct s2_ctx *c = arg;

	c->reported += gfn.v * 5 + level;
}

static int call_op(struct s2_ctx *c, const struct op *op, struct s2_update *u)
{
	gfn_t gfn = GFN(idx_gfn(op->idx));

	switch (op->kind) {
	case OP_MAP:
		return s2_map(&c->s2, u, gfn, HFN(op->hfn), op->level,
			      op->perm);
	case OP_UNMAP:
		return s2_unmap(&c->s2, u, gfn, &c->leaf);
	case OP_EMPTY:
		return s2_empty(&c->s2, u, gfn, &c->leaf);
	case OP_PROTECT:
		return s2_protect(&c->s2, u, gfn, op->nr, op->perm);
	case OP_SPLIT:
		return s2_split(&c->s2, u, gfn, op->level);
	case OP_MERGE:
		return s2_merge(&c->s2, u, gfn, op->level);
	case OP_TOUCH:
		s2_touch(&c->s2, gfn, op->perm, &c->leaf);
		return 0;
	case OP_HARVEST:
		c->reported = 0;
		c->result = s2_harvest(&c->s2, u, gfn, op->nr, op->mark,
				       report_leaf, c);
		return 0;
	default:
		s2_lookup(&c->s2, gfn, &c->leaf);
		return 0;
	}
}

/*
 * Start with too few tables now and then: -EAGAIN must leave the frame as it
 * was, and one more table each time must be enough in the end.
 */
static int run_op(struct s2_ctx *c, const struct op *op)
{
	struct kunit *test = c->test;
	unsigned long flushes = c->nr_flushes;
	struct s2_update u;
	struct s2_leaf leaf;
	int err;

	s2_update_init(&u);
	err = s2_update_prepare(&c->s2, &u,
				prandom_u32_state(&c->rnd) % S2_LEVELS);
	KUNIT_ASSERT_EQ(test, err, 0);
	spin_lock(&c->s2.lock);
	while ((err = call_op(c, op, &u)) == -EAGAIN) {
		spin_unlock(&c->s2.lock);
		if (op->kind != OP_PROTECT)
			KUNIT_ASSERT_TRUE(test, idx_is_same(c, op->idx, &leaf));
		KUNIT_ASSERT_LT(test, u.nr_spare, S2_MAX_SPARE);
		KUNIT_ASSERT_EQ(test, 0, s2_update_prepare(&c->s2, &u,
							   u.nr_spare + 1));
		spin_lock(&c->s2.lock);
	}
	spin_unlock(&c->s2.lock);
	c->update_flush = u.flush;
	s2_update_finish(&c->s2, &u);
	KUNIT_ASSERT_EQ(test, c->nr_flushes - flushes, c->update_flush);
	c->done[op->kind] += !err;
	return err;
}

static void check_op(struct s2_ctx *c, const struct op *op)
{
	struct kunit *test = c->test;
	const struct frame before = c->frames[op->idx];
	bool flush = false;
	u64 reported = 0;
	int err = 0;

	c->result = 0;
	if (op->kind != OP_PROTECT && op->kind != OP_HARVEST)
		KUNIT_ASSERT_TRUE(test, idx_is_same(c, op->idx, &c->leaf));
	err = run_op(c, op);
	switch (op->kind) {
	case OP_MAP:
		KUNIT_EXPECT_EQ(test, err, model_map(c, op));
		break;
	case OP_UNMAP:
	case OP_EMPTY:
		KUNIT_EXPECT_EQ(test, err, 0);
		KUNIT_EXPECT_TRUE(test, same_frame(c, op->idx, &c->leaf));
		model_take_out(c, op);
		flush = frame_is_present(&before);
		break;
	case OP_PROTECT:
		KUNIT_EXPECT_EQ(test, err, 0);
		flush = model_protect(c, op);
		break;
	case OP_SPLIT:
		KUNIT_EXPECT_EQ(test, err, 0);
		flush = model_split(c, op->idx, op->level);
		break;
	case OP_MERGE:
		KUNIT_EXPECT_EQ(test, err, model_merge(c, op));
		flush = !err;
		break;
	case OP_TOUCH:
		KUNIT_EXPECT_TRUE(test, same_frame(c, op->idx, &c->leaf));
		model_touch(c, op);
		break;
	case OP_HARVEST:
		KUNIT_EXPECT_EQ(test, c->result,
				model_harvest(c, op, &reported));
		KUNIT_EXPECT_EQ(test, c->reported, reported);
		flush = c->result;
		break;
	default:
		KUNIT_EXPECT_TRUE(test, same_frame(c, op->idx, &c->leaf));
		break;
	}
	/* Taking a table away asks for a flush too, even if it was empty. */
	if (op->kind == OP_UNMAP)
		KUNIT_EXPECT_TRUE(test, !flush || c->update_flush);
	else
		KUNIT_EXPECT_EQ(test, c->update_flush, flush);
	if (!idx_is_same(c, op->idx, &c->leaf))
		KUNIT_FAIL(test, "after %s at gfn %llx level %u: differs",
			   op_names[op->kind], idx_gfn(op->idx), op->level);
}

/* --- choosing operations ------------------------------------------------------ */

static u32 rnd(struct s2_ctx *c, u32 below)
{
	return prandom_u32_state(&c->rnd) % below;
}

/* Mostly a few blocks at the edges of the windows, so that things meet. */
static u64 pick_idx(struct s2_ctx *c)
{
	static const u16 blocks[] = { 0, 1, 510, 511 };
	static const u16 offsets[] = { 0, 1, 255, 510, 511 };
	u64 idx = rnd(c, NR_WINDOWS) * WINDOW;

	if (rnd(c, 32))
		idx += blocks[rnd(c, ARRAY_SIZE(blocks))] * GFNS_PER_2M;
	else
		idx += rnd(c, 512) * GFNS_PER_2M;
	if (rnd(c, 3))
		return idx + offsets[rnd(c, ARRAY_SIZE(offsets))];
	return idx + rnd(c, GFNS_PER_2M);
}

/* Where a frame goes unless it is to spoil a merge. */
static u64 home_hfn(u64 idx)
{
	return 8 * GFNS_PER_1G + idx;
}

static unsigned int pick_perm(struct s2_ctx *c)
{
	static const u8 perms[] = {
		S2_RWX, S2_RWX, S2_RWX, S2_READ, S2_READ | S2_WRITE,
		S2_READ | S2_EXEC,
	};

	return perms[rnd(c, ARRAY_SIZE(perms))];
}

static unsigned int pick_level(struct s2_ctx *c)
{
	if (!rnd(c, 500))
		return S2_1G;
	return rnd(c, 3) ? S2_4K : S2_2M;
}

static void pick_op(struct s2_ctx *c, struct op *op)
{
	*op = (struct op){
		.kind = rnd(c, NR_OPS),
		.idx = pick_idx(c),
		.level = pick_level(c),
		.perm = pick_perm(c),
		.mark = rnd(c, 2) ? S2_DIRTY : S2_ACCESSED,
	};
	if (op->kind == OP_MAP) {
		op->idx = leaf_start(op->idx, op->level);
		op->hfn = home_hfn(op->idx);
		if (!rnd(c, 8))
			op->hfn ^= s2_level_gfns(op->level);
		if (!rnd(c, 8))
			op->perm |= S2_SPECIAL;
	}
	if (op->kind == OP_MERGE && op->level == S2_4K)
		op->level = S2_2M;
	op->nr = 1 + rnd(c, rnd(c, 4) ? 8 : 1200);
	op->nr = min_t(u64, op->nr, WINDOW - op->idx % WINDOW);
}

static void put_home(struct s2_ctx *c, u64 idx, unsigned int level)
{
	struct op op = { .kind = OP_UNMAP, .idx = idx, .level = level };

	if (frame_is_present(&c->frames[idx])) {
		if (c->frames[idx].hfn == home_hfn(idx) &&
		    !(c->frames[idx].perm & S2_SPECIAL))
			return;
		check_op(c, &op);
	}
	op.kind = OP_MAP;
	op.perm = S2_RWX;
	op.hfn = home_hfn(idx);
	check_op(c, &op);
}

static void merge_block(struct s2_ctx *c, u64 start, unsigned int level)
{
	struct op op = {
		.kind = OP_PROTECT, .idx = start, .perm = S2_RWX,
		.nr = s2_level_gfns(level), .level = level,
	};

	if (rnd(c, 8))
		check_op(c, &op);
	op.kind = OP_MERGE;
	check_op(c, &op);
}

static void fill_and_merge_2m(struct s2_ctx *c, u64 start)
{
	u64 i;

	for (i = 0; i < GFNS_PER_2M; i++)
		put_home(c, start + i, S2_4K);
	if (c->frames[start].level == S2_4K)
		merge_block(c, start, S2_2M);
}

static bool block_is_untouched(struct s2_ctx *c, u64 start)
{
	u64 i;

	for (i = 0; i < GFNS_PER_2M; i++) {
		if (c->frames[start + i].level)
			return false;
	}
	return true;
}

static void fill_and_merge_1g(struct s2_ctx *c, u64 start)
{
	u64 i;

	for (i = start; i < start + WINDOW; i += GFNS_PER_2M) {
		if (block_is_untouched(c, i))
			put_home(c, i, S2_2M);
		else
			fill_and_merge_2m(c, i);
	}
	if (c->frames[start].level == S2_2M)
		merge_block(c, start, S2_1G);
}

static void count_flush(void *arg)
{
	struct s2_ctx *c = arg;

	lockdep_assert_not_held(&c->s2.lock);
	c->nr_flushes++;
}

/* What a release must come to, and what it came to. */
struct release_sum {
	u64 nr;
	u64 hfns;
};

static void sum_release(const struct s2_leaf *leaf, void *arg)
{
	struct release_sum *sum = arg;
	u64 i;

	for (i = 0; i < s2_level_gfns(leaf->level); i++) {
		sum->nr++;
		sum->hfns += leaf->hfn.v + i;
	}
}

static void check_destroy(struct s2_ctx *c)
{
	struct release_sum want = { 0 }, got = { 0 };
	struct kunit *test = c->test;
	u64 i;

	for (i = 0; i < NR_FRAMES; i++) {
		want.nr += frame_is_present(&c->frames[i]);
		want.hfns += c->frames[i].hfn;
	}
	KUNIT_EXPECT_EQ(test, nr_table_pages, c->s2.nr_tables);
	s2_destroy(&c->s2, sum_release, &got);
	KUNIT_EXPECT_EQ(test, got.nr, want.nr);
	KUNIT_EXPECT_EQ(test, got.hfns, want.hfns);
	KUNIT_EXPECT_EQ(test, c->s2.nr_tables, 0ul);
	KUNIT_EXPECT_EQ(test, nr_table_pages, 0);
}

#define NR_RANDOM_OPS	20000

static void random_sequence(struct kunit *test, const struct s2_format *fmt,
			    u64 seed)
{
	struct s2_ctx *c = test->priv;
	struct op op;
	int i;

	kunit_info(test, "format %s, seed %llx", fmt->name, seed);
	memset(c->frames, 0, NR_FRAMES * sizeof(*c->frames));
	memset(c->done, 0, sizeof(c->done));
	prandom_seed_state(&c->rnd, seed);
	KUNIT_ASSERT_EQ(test, 0, s2_init(&c->s2, fmt, S2_1G, count_flush, c));
	for (i = 0; i < NR_RANDOM_OPS && test->status == KUNIT_SUCCESS; i++) {
		pick_op(c, &op);
		check_op(c, &op);
		if (i % 400 == 399)
			fill_and_merge_2m(c, leaf_start(pick_idx(c), S2_2M));
		if (i % 10000 == 5000)
			fill_and_merge_1g(c, leaf_start(pick_idx(c), S2_1G));
		if (i % 10000 == 9999) {
			check_all(c);
			KUNIT_EXPECT_EQ(test, c->s2.nr_tables,
					model_tables(c));
		}
		cond_resched();
	}
	for (i = 0; i < NR_OPS; i++)
		KUNIT_EXPECT_GT_MSG(test, c->done[i], 20ul, "%s is idle",
				    op_names[i]);
	check_destroy(c);
}

static void s2_random_ept(struct kunit *test)
{
	random_sequence(test, &ept_format, 0x10d6e);
	random_sequence(test, &ept_format, 0x5eed2);
}

static void s2_random_npt(struct kunit *test)
{
	random_sequence(test, &npt_format, 0x10d6e);
	random_sequence(test, &npt_format, 0xa3d64);
}

static void s2_random_odd(struct kunit *test)
{
	random_sequence(test, &odd_format, 0x10d6e);
	random_sequence(test, &odd_format, 0xabcdef);
}

/* --- single rules --------------------------------------------------------------- */

static void start_plain(struct kunit *test, enum s2_level max_level)
{
	struct s2_ctx *c = test->priv;

	memset(c->frames, 0, NR_FRAMES * sizeof(*c->frames));
	prandom_seed_state(&c->rnd, 1);
	KUNIT_ASSERT_EQ(test, 0, s2_init(&c->s2, &ept_format, max_level,
					 count_flush, c));
}

static void s2_map_refuses_bad_arguments(struct kunit *test)
{
	static const struct {
		u64 gfn;
		u64 hfn;
		unsigned int level;
		unsigned int perm;
	} cases[] = {
		{ 1, 512, S2_2M, S2_RWX },
		{ 512, 1, S2_2M, S2_RWX },
		{ 512, 0, S2_1G, S2_RWX },
		{ 0, 512, S2_1G, S2_RWX },
		{ 0, 0, S2_LEVELS, S2_RWX },
		{ 0, 0, 0, S2_RWX },
		{ 1ull << 36, 0, S2_4K, S2_RWX },
		{ U64_MAX, 0, S2_4K, S2_RWX },
		{ 0, 0, S2_4K, 0 },
		{ 0, 0, S2_4K, S2_WRITE },
		{ 0, 0, S2_4K, S2_EXEC },
		{ 0, 0, S2_4K, S2_READ | BIT(4) },
	};
	struct s2_ctx *c = test->priv;
	struct s2_update u;
	int i, err;

	start_plain(test, S2_1G);
	s2_update_init(&u);
	KUNIT_ASSERT_EQ(test, 0, s2_update_prepare(&c->s2, &u, S2_MAX_SPARE));
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		spin_lock(&c->s2.lock);
		err = s2_map(&c->s2, &u, GFN(cases[i].gfn), HFN(cases[i].hfn),
			     cases[i].level, cases[i].perm);
		spin_unlock(&c->s2.lock);
		KUNIT_EXPECT_EQ_MSG(test, err, -EINVAL, "case %d", i);
	}
	s2_update_finish(&c->s2, &u);
	KUNIT_EXPECT_EQ(test, c->s2.nr_tables, 1ul);
	check_destroy(c);
}

static void s2_map_respects_max_level(struct kunit *test)
{
	struct s2_ctx *c = test->priv;
	struct op op = {
		.kind = OP_MAP, .level = S2_1G, .perm = S2_RWX, .idx = 0,
		.hfn = home_hfn(0),
	};

	start_plain(test, S2_2M);
	KUNIT_EXPECT_EQ(test, -EINVAL, run_op(c, &op));
	op.level = S2_2M;
	KUNIT_EXPECT_EQ(test, 0, run_op(c, &op));
	KUNIT_EXPECT_EQ(test, 0, model_map(c, &op));
	op = (struct op){ .kind = OP_MERGE, .level = S2_1G };
	KUNIT_EXPECT_EQ(test, -EINVAL, run_op(c, &op));
	check_destroy(c);
}

/* The guest asks for one frame of a block that nobody ever touched. */
static void s2_empty_marks_untouched_block(struct kunit *test)
{
	struct s2_ctx *c = test->priv;
	struct op op = { .kind = OP_EMPTY, .idx = 3 };
	struct s2_leaf leaf;

	start_plain(test, S2_1G);
	check_op(c, &op);
	KUNIT_EXPECT_TRUE(test, idx_is_same(c, 3, &leaf));
	KUNIT_EXPECT_TRUE(test, leaf.emptied);
	KUNIT_EXPECT_TRUE(test, idx_is_same(c, 4, &leaf));
	KUNIT_EXPECT_FALSE(test, leaf.emptied);
	KUNIT_EXPECT_EQ(test, c->s2.nr_tables, 4ul);
	op.kind = OP_UNMAP;
	check_op(c, &op);
	KUNIT_EXPECT_EQ(test, c->s2.nr_tables, 1ul);
	check_destroy(c);
}

/* One block of 512 leaves, whole but for what a case says. */
static void s2_merge_refuses_what_does_not_fit(struct kunit *test)
{
	static const struct {
		const char *name;
		u64 shift;		/* of all host frames */
		unsigned int perm;	/* of all */
		u64 odd;		/* this frame is the odd one */
		u64 odd_hfn;		/* its host frame is off by this much */
		unsigned int odd_perm;
		int err;
	} cases[] = {
		{ "whole", 0, S2_RWX, 0, 0, S2_RWX, 0 },
		{ "read-only", 0, S2_READ, 0, 0, S2_READ, 0 },
		{ "not aligned", 1, S2_RWX, 0, 0, S2_RWX, -ENOENT },
		{ "not aligned by half", 256, S2_RWX, 0, 0, S2_RWX, -ENOENT },
		{ "special", 0, S2_READ | S2_SPECIAL, 0, 0,
		  S2_READ | S2_SPECIAL, -ENOENT },
		{ "first elsewhere", 0, S2_RWX, 0, 512, S2_RWX, -ENOENT },
		{ "last elsewhere", 0, S2_RWX, 511, 512, S2_RWX, -ENOENT },
		{ "other rights", 0, S2_RWX, 100, 0, S2_READ, -ENOENT },
		{ "one is special", 0, S2_RWX, 511, 0, S2_RWX | S2_SPECIAL,
		  -ENOENT },
	};
	struct s2_ctx *c = test->priv;
	struct op op;
	int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		start_plain(test, S2_1G);
		for (op.idx = 0; op.idx < GFNS_PER_2M; op.idx++) {
			bool odd = op.idx == cases[i].odd;

			op.kind = OP_MAP;
			op.level = S2_4K;
			op.hfn = home_hfn(op.idx) + cases[i].shift +
				 (odd ? cases[i].odd_hfn : 0);
			op.perm = odd ? cases[i].odd_perm : cases[i].perm;
			check_op(c, &op);
		}
		op = (struct op){ .kind = OP_MERGE, .level = S2_2M };
		KUNIT_EXPECT_EQ_MSG(test, run_op(c, &op), cases[i].err, "%s",
				    cases[i].name);
		check_destroy(c);
	}
}

/* A page that wanders over the address space must not leave tables behind. */
static void s2_unmap_prunes_tables(struct kunit *test)
{
	struct s2_ctx *c = test->priv;
	struct s2_leaf old;
	struct s2_update u;
	u64 gfn;
	int i;

	start_plain(test, S2_1G);
	s2_update_init(&u);
	for (i = 0; i < 1000; i++) {
		gfn = ((u64)prandom_u32_state(&c->rnd) << 4) + i % 16;
		KUNIT_ASSERT_EQ(test, 0, s2_update_prepare(&c->s2, &u,
							   S2_MAX_SPARE));
		spin_lock(&c->s2.lock);
		KUNIT_EXPECT_EQ(test, 0, s2_map(&c->s2, &u, GFN(gfn), HFN(7),
						S2_4K, S2_READ));
		KUNIT_EXPECT_EQ(test, c->s2.nr_tables, 4ul);
		KUNIT_EXPECT_EQ(test, 0, s2_unmap(&c->s2, &u, GFN(gfn), &old));
		KUNIT_EXPECT_EQ(test, c->s2.nr_tables, 1ul);
		spin_unlock(&c->s2.lock);
		KUNIT_EXPECT_EQ(test, old.hfn.v, 7ull);
		/* Not before the flush: a CPU may be walking them. */
		KUNIT_EXPECT_EQ(test, nr_table_pages, 4);
		s2_update_finish(&c->s2, &u);
		KUNIT_EXPECT_EQ(test, nr_table_pages, 1);
	}
	check_destroy(c);
}

static void s2_invalid_gfn_is_refused(struct kunit *test)
{
	struct s2_ctx *c = test->priv;
	gfn_t gfn = GFN(1ull << 36);
	struct s2_leaf leaf;
	struct s2_update u;

	start_plain(test, S2_1G);
	s2_update_init(&u);
	spin_lock(&c->s2.lock);
	s2_lookup(&c->s2, gfn, &leaf);
	KUNIT_EXPECT_FALSE(test, leaf.present || leaf.emptied);
	s2_touch(&c->s2, GFN(U64_MAX), S2_READ, &leaf);
	KUNIT_EXPECT_FALSE(test, leaf.present || leaf.emptied);
	KUNIT_EXPECT_EQ(test, -EINVAL, s2_unmap(&c->s2, &u, gfn, &leaf));
	KUNIT_EXPECT_EQ(test, -EINVAL, s2_empty(&c->s2, &u, gfn, &leaf));
	KUNIT_EXPECT_EQ(test, -EINVAL, s2_split(&c->s2, &u, gfn, S2_4K));
	KUNIT_EXPECT_EQ(test, -EINVAL, s2_merge(&c->s2, &u, gfn, S2_2M));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			s2_protect(&c->s2, &u, GFN(gfn.v - 1), 2, S2_READ));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			s2_protect(&c->s2, &u, GFN(1), U64_MAX, S2_READ));
	KUNIT_EXPECT_EQ(test, 0ul,
			s2_harvest(&c->s2, &u, GFN(1), U64_MAX, S2_DIRTY,
				   report_leaf, c));
	spin_unlock(&c->s2.lock);
	s2_update_finish(&c->s2, &u);
	check_destroy(c);
}

/* A CPU that marks nothing: whatever may have been written is reported. */
static void s2_harvest_without_marks_reports_all(struct kunit *test)
{
	struct s2_ctx *c = test->priv;
	struct op op = {
		.kind = OP_MAP, .level = S2_2M, .perm = S2_RWX, .idx = 512,
		.hfn = home_hfn(512),
	};
	struct s2_leaf leaf;
	struct s2_update u;
	int turn;

	start_plain(test, S2_1G);
	c->s2.fmt = &ept_format_no_ad;
	KUNIT_EXPECT_EQ(test, 0, run_op(c, &op));
	KUNIT_EXPECT_EQ(test, 0, model_map(c, &op));
	s2_update_init(&u);
	spin_lock(&c->s2.lock);
	s2_touch(&c->s2, GFN(513), S2_WRITE, &leaf);
	KUNIT_EXPECT_TRUE(test, leaf.present);
	KUNIT_EXPECT_EQ(test, 0ull, walk(&c->s2, GFN(513), S2_4K).value &
			(ept_format.accessed | ept_format.dirty));
	for (turn = 0; turn < 2; turn++) {
		KUNIT_EXPECT_EQ(test, 1ul,
				s2_harvest(&c->s2, &u, GFN(0), 2048, S2_DIRTY,
					   report_leaf, c));
		KUNIT_EXPECT_EQ(test, 1ul,
				s2_harvest(&c->s2, &u, GFN(0), 2048,
					   S2_ACCESSED, report_leaf, c));
	}
	KUNIT_EXPECT_TRUE(test, u.flush);
	spin_unlock(&c->s2.lock);
	s2_update_finish(&c->s2, &u);
	check_destroy(c);
}

static void s2_update_prepare_survives_enomem(struct kunit *test)
{
	struct s2_ctx *c = test->priv;
	struct s2_update u;

	start_plain(test, S2_1G);
	s2_update_init(&u);
	fail_alloc_after = 2;
	KUNIT_EXPECT_EQ(test, -ENOMEM, s2_update_prepare(&c->s2, &u, 3));
	KUNIT_EXPECT_EQ(test, u.nr_spare, 2u);
	s2_update_finish(&c->s2, &u);
	KUNIT_EXPECT_EQ(test, nr_table_pages, 1);
	check_destroy(c);
	fail_alloc_after = 0;
	KUNIT_EXPECT_EQ(test, -ENOMEM, s2_init(&c->s2, &ept_format, S2_1G,
					       count_flush, c));
	fail_alloc_after = -1;
}

static int s2_test_init(struct kunit *test)
{
	struct s2_ctx *c;

	c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);
	if (!c)
		return -ENOMEM;
	c->frames = vmalloc(NR_FRAMES * sizeof(*c->frames));
	if (!c->frames)
		return -ENOMEM;
	c->test = test;
	test->priv = c;
	nr_table_pages = 0;
	fail_alloc_after = -1;
	return 0;
}

static void s2_test_exit(struct kunit *test)
{
	struct s2_ctx *c = test->priv;

	if (c)
		vfree(c->frames);
}

static struct kunit_case s2_test_cases[] = {
	KUNIT_CASE(s2_map_refuses_bad_arguments),
	KUNIT_CASE(s2_map_respects_max_level),
	KUNIT_CASE(s2_empty_marks_untouched_block),
	KUNIT_CASE(s2_unmap_prunes_tables),
	KUNIT_CASE(s2_merge_refuses_what_does_not_fit),
	KUNIT_CASE(s2_invalid_gfn_is_refused),
	KUNIT_CASE(s2_harvest_without_marks_reports_all),
	KUNIT_CASE(s2_update_prepare_survives_enomem),
	KUNIT_CASE(s2_random_ept),
	KUNIT_CASE(s2_random_npt),
	KUNIT_CASE(s2_random_odd),
	{}
};

static struct kunit_suite s2_test_suite = {
	.name = "lodge_s2",
	.init = s2_test_init,
	.exit = s2_test_exit,
	.test_cases = s2_test_cases,
};

kunit_test_suite(s2_test_suite);

MODULE_LICENSE("GPL");
