// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of grant I/O: what holders see of it, what may be retired, who is
 * signalled, and long random lives against a model of plain arrays.
 */
#include <kunit/test.h>
#include <linux/eventfd.h>
#include <linux/limits.h>
#include <linux/module.h>
#include <linux/prandom.h>

/* One whose counter and references can be looked at. */
struct eventfd_ctx {
	unsigned int count, puts;
};

static void fake_signal(struct eventfd_ctx *ctx)
{
	ctx->count++;
}

static void fake_put(struct eventfd_ctx *ctx)
{
	ctx->puts++;
}

#define eventfd_signal(ctx, n)	fake_signal(ctx)
#define eventfd_ctx_put(ctx)	fake_put(ctx)

#include "../../kmod/ring/io_table.c"

#define NR_ENTRIES	16
#define RANDOM_STEPS	40000

void io_end_work(struct work_struct *work)
{
}

void io_queue_work(struct work_struct *work)
{
}

void io_receive_free(struct io_ring *ring)
{
}

static int suite_init(struct kunit *test)
{
	test->priv = io_ring_alloc(NULL, NULL, NR_ENTRIES);
	KUNIT_ASSERT_FALSE(test, IS_ERR(test->priv));
	return 0;
}

static void suite_exit(struct kunit *test)
{
	if (!IS_ERR_OR_NULL(test->priv))
		io_ring_put(test->priv);
}

/* As a holder's mapping has them. */
static struct lodge_io_entry *holder_entry(struct io_ring *ring, u32 entry)
{
	return (void *)ring->shown + 128 * (1 + entry);
}

/* Takes a request at the count, in the first free entry. */
static u32 take(struct kunit *test, u32 nr_indices, u8 mark)
{
	struct io_ring *ring = test->priv;
	struct lodge_io_request req = { .ring_index = ring->count };
	int entry = io_table_find_free(ring);

	KUNIT_ASSERT_GE(test, entry, 0);
	memset(req.opaque, mark, sizeof(req.opaque));
	io_table_take(ring, entry, &req, nr_indices);
	return entry;
}

static void done(struct io_ring *ring, u32 entry, s32 result)
{
	io_table_done(ring, entry, result, NULL, 0, 0);
}

static void io_table_is_empty_at_first(struct kunit *test)
{
	static const u32 sizes[] = { 1, 2, 32, LODGE_IO_MAX_ENTRIES };
	struct io_ring *ring;
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		ring = io_ring_alloc(NULL, NULL, sizes[i]);
		KUNIT_ASSERT_FALSE(test, IS_ERR(ring));
		KUNIT_EXPECT_EQ(test, sizes[i], ring->shown->nr_entries);
		KUNIT_EXPECT_EQ(test, 0u, ring->shown->count);
		KUNIT_EXPECT_EQ(test, 0, io_table_find_free(ring));
		KUNIT_EXPECT_TRUE(test, io_ring_is_idle(ring));
		KUNIT_EXPECT_EQ(test, 128 * (1 + (size_t)sizes[i]),
				io_ring_shown_size(sizes[i]));
		KUNIT_EXPECT_EQ(test, 8 * (size_t)sizes[i],
				io_ring_stated_size(sizes[i]));
		for (j = 0; j < sizes[i]; j++)
			KUNIT_EXPECT_EQ(test, (u32)LODGE_IO_FREE,
					holder_entry(ring, j)->state);
		io_ring_put(ring);
	}
}

static void io_table_shows_what_is_taken(struct kunit *test)
{
	struct io_ring *ring = test->priv;
	const u8 read[] = { 1, 2, 3, 4 };
	struct lodge_io_entry *shown;
	u32 entry;

	ring->count = 77;
	entry = take(test, 3, 0xab);
	shown = holder_entry(ring, entry);
	KUNIT_EXPECT_EQ(test, 80u, ring->count);
	KUNIT_EXPECT_EQ(test, 80u, ring->shown->count);
	KUNIT_EXPECT_FALSE(test, io_ring_is_idle(ring));
	KUNIT_EXPECT_EQ(test, (u32)LODGE_IO_BUSY, shown->state);
	KUNIT_EXPECT_EQ(test, 77u, shown->ring_index);
	KUNIT_EXPECT_EQ(test, 3u, shown->nr_indices);
	KUNIT_EXPECT_EQ(test, 0xab, shown->opaque[LODGE_IO_OPAQUE - 1]);

	io_table_done(ring, entry, 4096, read, sizeof(read), 0);
	KUNIT_EXPECT_EQ(test, (u32)LODGE_IO_DONE, shown->state);
	KUNIT_EXPECT_EQ(test, 4096, shown->result);
	KUNIT_EXPECT_EQ(test, 4u, shown->inline_length);
	KUNIT_EXPECT_EQ(test, 0, memcmp(shown->inline_data, read, 4));
	KUNIT_EXPECT_FALSE(test, io_ring_is_idle(ring));
	KUNIT_EXPECT_EQ(test, 80u, ring->shown->count);

	KUNIT_EXPECT_EQ(test, 0, io_table_retire(ring, entry));
	KUNIT_EXPECT_EQ(test, (u32)LODGE_IO_FREE, shown->state);
	KUNIT_EXPECT_TRUE(test, io_ring_is_idle(ring));

	/* The next one there has nothing of this one. */
	KUNIT_EXPECT_EQ(test, entry, take(test, 1, 0));
	KUNIT_EXPECT_EQ(test, 0, shown->result);
	KUNIT_EXPECT_EQ(test, 0u, shown->inline_length);
	KUNIT_EXPECT_EQ(test, 0, shown->opaque[0]);
}

static void io_table_takes_done(struct kunit *test)
{
	struct lodge_io_request req = { .ring_index = 0 };
	struct io_ring *ring = test->priv;
	struct eventfd_ctx ctx = {};

	io_ring_set_eventfd(ring, &ctx);
	io_table_take_done(ring, 5, &req, 2, -EFAULT);
	KUNIT_EXPECT_EQ(test, (u32)LODGE_IO_DONE, holder_entry(ring, 5)->state);
	KUNIT_EXPECT_EQ(test, -EFAULT, holder_entry(ring, 5)->result);
	KUNIT_EXPECT_EQ(test, 2u, ring->shown->count);
	KUNIT_EXPECT_EQ(test, 1u, ctx.count);
	KUNIT_EXPECT_EQ(test, 0, io_table_retire(ring, 5));
	io_ring_set_eventfd(ring, NULL);
}

static void io_table_retires_only_what_is_done(struct kunit *test)
{
	struct io_ring *ring = test->priv;
	u32 entry = take(test, 1, 0);

	ring->stated[entry].stated = 1;
	KUNIT_EXPECT_EQ(test, -EBUSY, io_table_retire(ring, entry));
	KUNIT_EXPECT_EQ(test, (u32)LODGE_IO_BUSY,
			holder_entry(ring, entry)->state);
	KUNIT_EXPECT_EQ(test, 1u, ring->stated[entry].stated);
	/* What a holder could do to its mapping is not what counts. */
	holder_entry(ring, entry)->state = LODGE_IO_DONE;
	KUNIT_EXPECT_EQ(test, -EBUSY, io_table_retire(ring, entry));
	KUNIT_EXPECT_FALSE(test, io_ring_is_idle(ring));

	done(ring, entry, 0);
	KUNIT_EXPECT_EQ(test, 0, io_table_retire(ring, entry));
	KUNIT_EXPECT_EQ(test, -EINVAL, io_table_retire(ring, entry));
	KUNIT_EXPECT_EQ(test, -EINVAL, io_table_retire(ring, entry + 1));
	KUNIT_EXPECT_EQ(test, -EINVAL, io_table_retire(ring, NR_ENTRIES));
	KUNIT_EXPECT_EQ(test, -EINVAL, io_table_retire(ring, U32_MAX));
}

static void io_table_clears_a_statement(struct kunit *test)
{
	struct io_ring *ring = test->priv;
	u32 first = take(test, 1, 0), second = take(test, 1, 0);

	done(ring, first, 0);
	done(ring, second, 0);
	ring->stated[first].rsp_index = 9;
	ring->stated[first].stated = 0xffffffff;
	ring->stated[second].stated = 1;
	KUNIT_EXPECT_EQ(test, 0, io_table_retire(ring, first));
	KUNIT_EXPECT_EQ(test, 0u, ring->stated[first].stated);
	KUNIT_EXPECT_EQ(test, 1u, ring->stated[second].stated);
}

static void io_table_is_full_in_the_end(struct kunit *test)
{
	struct io_ring *ring = test->priv;
	unsigned int i;

	for (i = 0; i < NR_ENTRIES; i++)
		take(test, 1, 0);
	KUNIT_EXPECT_EQ(test, -EAGAIN, io_table_find_free(ring));
	done(ring, 11, 0);
	/* Done is not free. */
	KUNIT_EXPECT_EQ(test, -EAGAIN, io_table_find_free(ring));
	KUNIT_EXPECT_EQ(test, 0, io_table_retire(ring, 11));
	KUNIT_EXPECT_EQ(test, 11, io_table_find_free(ring));
}

static void io_table_count_wraps(struct kunit *test)
{
	struct io_ring *ring = test->priv;
	u32 entry;

	ring->count = U32_MAX - 1;
	entry = take(test, 5, 0);
	KUNIT_EXPECT_EQ(test, U32_MAX - 1,
			holder_entry(ring, entry)->ring_index);
	KUNIT_EXPECT_EQ(test, 3u, ring->count);
	KUNIT_EXPECT_EQ(test, 3u, ring->shown->count);
}

/* --- who is told ---------------------------------------------------------- */

static void io_table_signals_who_does_not_wait(struct kunit *test)
{
	struct io_ring *ring = test->priv;
	struct eventfd_ctx ctx = {};
	u32 waits, sleeps;

	io_ring_set_eventfd(ring, &ctx);
	KUNIT_EXPECT_EQ(test, 1u, ctx.count);
	waits = take(test, 1, 0);
	sleeps = take(test, 1, 0);
	KUNIT_EXPECT_EQ(test, 1u, ctx.count);
	io_table_done(ring, waits, 0, NULL, 0, ring->turn);
	KUNIT_EXPECT_EQ(test, 1u, ctx.count);
	io_table_done(ring, sleeps, 0, NULL, 0, 0);
	KUNIT_EXPECT_EQ(test, 2u, ctx.count);
	io_ring_set_eventfd(ring, NULL);
	KUNIT_EXPECT_EQ(test, 1u, ctx.puts);
}

/* It was asked by one who has lost the slot since. */
static void io_table_signals_the_next_holder(struct kunit *test)
{
	struct eventfd_ctx first = {}, second = {};
	struct io_ring *ring = test->priv;
	u64 asked_in;
	u32 entry;

	io_ring_set_eventfd(ring, &first);
	asked_in = ring->turn;
	entry = take(test, 1, 0);
	io_ring_set_eventfd(ring, NULL);
	KUNIT_EXPECT_EQ(test, 1u, first.puts);
	io_ring_set_eventfd(ring, &second);
	KUNIT_EXPECT_EQ(test, 1u, second.count);
	io_table_done(ring, entry, 0, NULL, 0, asked_in);
	KUNIT_EXPECT_EQ(test, 1u, first.count);
	KUNIT_EXPECT_EQ(test, 2u, second.count);
	io_ring_set_eventfd(ring, NULL);
}

static void io_table_does_without_eventfd(struct kunit *test)
{
	struct eventfd_ctx first = {}, second = {};
	struct io_ring *ring = test->priv;
	u32 entry = take(test, 1, 0);

	done(ring, entry, 0);
	io_ring_set_eventfd(ring, &first);
	io_ring_set_eventfd(ring, &second);
	KUNIT_EXPECT_EQ(test, 1u, first.puts);
	KUNIT_EXPECT_EQ(test, 0u, second.puts);
	/* The last reference lets go of what is still set. */
	io_ring_get(ring);
	io_ring_put(ring);
	KUNIT_EXPECT_EQ(test, 0u, second.puts);
	io_ring_put(ring);
	test->priv = NULL;
	KUNIT_EXPECT_EQ(test, 1u, second.puts);
}

/* --- against a model ------------------------------------------------------ */

struct model_entry {
	u32 state, ring_index, nr_indices;
	s32 result;
	u8 mark;
	u32 inline_length;
	u32 stated;
};

struct model {
	struct rnd_state rnd;
	struct model_entry entries[NR_ENTRIES];
	struct eventfd_ctx ctx;
	unsigned int signalled;
	u32 count;
	u32 nr[3];
};

static u32 below(struct model *m, u32 n)
{
	return prandom_u32_state(&m->rnd) % n;
}

static void model_take(struct kunit *test, struct model *m)
{
	struct io_ring *ring = test->priv;
	struct lodge_io_request req = { .ring_index = m->count };
	int entry = io_table_find_free(ring);
	struct model_entry *e;

	if (entry < 0) {
		KUNIT_EXPECT_EQ(test, (u32)NR_ENTRIES,
				m->nr[LODGE_IO_BUSY] + m->nr[LODGE_IO_DONE]);
		return;
	}
	e = &m->entries[entry];
	KUNIT_EXPECT_EQ(test, (u32)LODGE_IO_FREE, e->state);
	*e = (struct model_entry){
		.state = LODGE_IO_BUSY,
		.ring_index = m->count,
		.nr_indices = 1 + below(m, NR_ENTRIES),
		.mark = below(m, 256),
		.stated = e->stated,
	};
	memset(req.opaque, e->mark, sizeof(req.opaque));
	io_table_take(ring, entry, &req, e->nr_indices);
	m->count += e->nr_indices;
	m->nr[LODGE_IO_BUSY]++;
}

static void model_done(struct kunit *test, struct model *m, u32 entry)
{
	struct model_entry *e = &m->entries[entry];
	struct io_ring *ring = test->priv;
	u8 read[LODGE_IO_INLINE];
	bool waits = below(m, 2);

	if (e->state != LODGE_IO_BUSY)
		return;
	e->state = LODGE_IO_DONE;
	e->result = (s32)below(m, 1 << 20) - (1 << 10);
	e->inline_length = below(m, LODGE_IO_INLINE + 1);
	memset(read, e->mark, sizeof(read));
	io_table_done(ring, entry, e->result, read, e->inline_length,
		      waits ? ring->turn : 0);
	m->signalled += !waits;
	m->nr[LODGE_IO_BUSY]--;
	m->nr[LODGE_IO_DONE]++;
}

static void model_retire(struct kunit *test, struct model *m, u32 entry)
{
	static const int expected[] = {
		[LODGE_IO_FREE] = -EINVAL,
		[LODGE_IO_BUSY] = -EBUSY,
		[LODGE_IO_DONE] = 0,
	};
	struct model_entry *e = &m->entries[entry];

	KUNIT_EXPECT_EQ(test, expected[e->state],
			io_table_retire(test->priv, entry));
	if (e->state != LODGE_IO_DONE)
		return;
	e->state = LODGE_IO_FREE;
	e->stated = 0;
	m->nr[LODGE_IO_DONE]--;
}

static void model_step(struct kunit *test, struct model *m)
{
	struct io_ring *ring = test->priv;
	u32 entry = below(m, NR_ENTRIES);

	switch (below(m, 4)) {
	case 0:
		model_take(test, m);
		break;
	case 1:
		model_done(test, m, entry);
		break;
	case 2:
		model_retire(test, m, entry);
		break;
	default:
		/* A holder may write there whenever it likes. */
		m->entries[entry].stated = below(m, 3);
		ring->stated[entry].stated = m->entries[entry].stated;
	}
}

static bool entry_differs(struct io_ring *ring, const struct model_entry *e,
			  u32 entry)
{
	const struct lodge_io_entry *shown = holder_entry(ring, entry);
	const bool is_free = e->state == LODGE_IO_FREE;

	if (shown->state != e->state || ring->state[entry] != e->state ||
	    ring->stated[entry].stated != e->stated ||
	    test_bit(entry, ring->free) != is_free)
		return true;
	if (is_free)
		return false;
	return shown->ring_index != e->ring_index ||
	       shown->nr_indices != e->nr_indices ||
	       shown->result != e->result ||
	       shown->inline_length != e->inline_length ||
	       memchr_inv(shown->opaque, e->mark, sizeof(shown->opaque)) ||
	       memchr_inv(shown->inline_data, e->mark, e->inline_length);
}

static bool differs(struct io_ring *ring, const struct model *m)
{
	u32 i;

	for (i = 0; i < NR_ENTRIES; i++)
		if (entry_differs(ring, &m->entries[i], i))
			return true;
	return ring->count != m->count || ring->shown->count != m->count ||
	       ring->shown->nr_entries != NR_ENTRIES ||
	       m->ctx.count != m->signalled ||
	       io_ring_is_idle(ring) !=
		!(m->nr[LODGE_IO_BUSY] + m->nr[LODGE_IO_DONE]);
}

static void io_table_matches_model(struct kunit *test)
{
	struct model *m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);
	struct io_ring *ring = test->priv;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, m);
	prandom_seed_state(&m->rnd, 11);
	/* It wraps on the way. */
	m->count = U32_MAX - RANDOM_STEPS / 2;
	ring->count = m->count;
	ring->shown->count = m->count;
	io_ring_set_eventfd(ring, &m->ctx);
	m->signalled = 1;
	for (i = 0; i < RANDOM_STEPS; i++) {
		model_step(test, m);
		if (differs(ring, m)) {
			KUNIT_FAIL(test, "it differs at step %u", i);
			break;
		}
	}
	KUNIT_EXPECT_LT(test, m->count, (u32)S32_MAX);
	io_ring_set_eventfd(ring, NULL);
}

static struct kunit_case io_table_cases[] = {
	KUNIT_CASE(io_table_is_empty_at_first),
	KUNIT_CASE(io_table_shows_what_is_taken),
	KUNIT_CASE(io_table_takes_done),
	KUNIT_CASE(io_table_retires_only_what_is_done),
	KUNIT_CASE(io_table_clears_a_statement),
	KUNIT_CASE(io_table_is_full_in_the_end),
	KUNIT_CASE(io_table_count_wraps),
	KUNIT_CASE(io_table_signals_who_does_not_wait),
	KUNIT_CASE(io_table_signals_the_next_holder),
	KUNIT_CASE(io_table_does_without_eventfd),
	KUNIT_CASE(io_table_matches_model),
	{}
};

static struct kunit_suite io_table_suite = {
	.name = "lodge_io_table",
	.init = suite_init,
	.exit = suite_exit,
	.test_cases = io_table_cases,
};

kunit_test_suite(io_table_suite);

MODULE_LICENSE("GPL");
