// SPDX-License-Identifier: GPL-2.0-only
/*
 * One operation of grant I/O from its taking to its end: files that end it in
 * the call, from an interrupt before the call returns, or long after it; grants
 * that are refused; and that pages are let go before the result is shown, and
 * every reference afterwards.  The table and the checks are fakes.
 */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/irq_work.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/wait.h>

#include "fake_io.h"

#include "../../kmod/ring/io_op.c"

#define NR_ENTRIES	128
#define MANY		64
#define LIMIT		(30 * HZ)
#define RACES		500

/* --- the parts around it -------------------------------------------------- */

static atomic_t domain_refs, ring_refs;
static int check_ret, way_ret, receive_ret;
static enum io_way chosen_way;
static unsigned int nr_received;

void domain_get(struct domain *d)
{
	atomic_inc(&domain_refs);
}

/* What goes with the last one, if a test has set it. */
static struct io_queue *freed_with_domain;

void domain_put(struct domain *d)
{
	if (atomic_dec_and_test(&domain_refs))
		io_queue_free(xchg(&freed_with_domain, NULL));
}

void io_ring_get(struct io_ring *ring)
{
	atomic_inc(&ring_refs);
}

void io_ring_put(struct io_ring *ring)
{
	/* Whoever lets go last has let go of the rest. */
	atomic_dec(&ring_refs);
}

void grant_unpin_list(struct domain *d, const struct grant_pin *pins,
		      unsigned int nr)
{
	while (nr)
		grant_unpin(d, &pins[--nr]);
}

int io_check_request(const struct io_ring *ring,
		     const struct lodge_io_request *req,
		     const struct lodge_io_segment *segs)
{
	return check_ret;
}

int io_choose_way(const struct file *file, const struct lodge_io_request *req,
		  enum io_way *way)
{
	*way = chosen_way;
	return way_ret;
}

int io_receive(struct io_ring *ring, const struct lodge_io_request *req,
	       const struct lodge_io_segment *segs, struct file *file)
{
	nr_received++;
	return receive_ret;
}

/* --- the table ------------------------------------------------------------ */

static struct shown {
	u32 state;
	s32 result;
	u64 asked_in;
	u32 inline_length;
	u8 inline_data[LODGE_IO_INLINE];
	u32 order;		/* of becoming done */
	int held;		/* pages, by then */
} shown[NR_ENTRIES];
static atomic_t nr_done;
static unsigned int nr_taken, nr_wrong;
static DECLARE_WAIT_QUEUE_HEAD(done_wait);

int io_table_find_free(const struct io_ring *ring)
{
	u32 i;

	for (i = 0; i < ring->nr_entries; i++)
		if (READ_ONCE(shown[i].state) == LODGE_IO_FREE)
			return i;
	return -EAGAIN;
}

void io_table_take(struct io_ring *ring, u32 entry,
		   const struct lodge_io_request *req, u32 nr_indices)
{
	nr_taken++;
	nr_wrong += shown[entry].state != LODGE_IO_FREE;
	shown[entry].state = LODGE_IO_BUSY;
	ring->count += nr_indices;
}

void io_table_done(struct io_ring *ring, u32 entry, s32 result,
		   const u8 *inline_data, u32 inline_length, u64 asked_in)
{
	struct shown *s = &shown[entry];

	/* Where locks may be taken that an interrupt must not take. */
	nr_wrong += !in_task() || irqs_disabled();
	nr_wrong += s->state != LODGE_IO_BUSY;
	s->result = result;
	s->asked_in = asked_in;
	s->inline_length = inline_length;
	if (inline_length)
		memcpy(s->inline_data, inline_data, inline_length);
	s->order = atomic_inc_return(&nr_done);
	s->held = atomic_read(&fake_nr_held);
	/* As the real one: the state last. */
	smp_store_release(&s->state, LODGE_IO_DONE);
	wake_up_all(&done_wait);
}

void io_table_take_done(struct io_ring *ring, u32 entry,
			const struct lodge_io_request *req, u32 nr_indices,
			s32 result)
{
	io_table_take(ring, entry, req, nr_indices);
	io_table_done(ring, entry, result, NULL, 0, ring->turn);
}

/* What was done is let go by all, too, a little later. */
static bool all_is_let_go(struct file *file)
{
	return !atomic_read(&ring_refs) && !atomic_read(&domain_refs) &&
	       atomic_long_read(&file->f_count) == 1;
}

/* --- the file ------------------------------------------------------------- */

enum how {
	IN_THE_CALL,
	BEFORE_IT_RETURNS,	/* the interrupt that ends it */
	AFTERWARDS,
	BY_THE_OTHER_CPU,	/* as soon as it can */
};

static enum how how;
static ssize_t file_says;		/* 0: as many as were asked for */
static u8 medium[4 * PAGE_SIZE];
static struct kiocb *started;
static long start_result;
static bool started_nowait;
static int held_at_start;
static const struct cred *started_as;
static struct task_struct *started_by;
static struct irq_work interrupt;
static unsigned int nr_synced;
static loff_t fallocated_at, fallocated;
static struct completion may_go;	/* queued ones wait for it */
static bool must_wait;
static bool must_kill;			/* the next caller, and then give up */

static void on_interrupt(struct irq_work *work)
{
	struct kiocb *iocb = started;

	started = NULL;
	iocb->ki_complete(iocb, start_result);
}

static ssize_t begin_io(struct kiocb *iocb, ssize_t n)
{
	started_nowait = iocb->ki_flags & IOCB_NOWAIT;
	held_at_start = atomic_read(&fake_nr_held);
	started_as = current_cred();
	started_by = current;
	if (file_says)
		n = file_says;
	if (must_kill) {
		must_kill = false;
		sigaddset(&current->pending.signal, SIGKILL);
		set_thread_flag(TIF_SIGPENDING);
		file_says = 0;
		return n;
	}
	if (must_wait)
		wait_for_completion_timeout(&may_go, LIMIT);
	if (how == IN_THE_CALL || is_sync_kiocb(iocb))
		return n;
	start_result = n;
	/* The other CPU looks for this, and finds the rest. */
	smp_store_release(&started, iocb);
	if (how == BEFORE_IT_RETURNS) {
		irq_work_queue(&interrupt);
		irq_work_sync(&interrupt);
	}
	return -EIOCBQUEUED;
}

static ssize_t test_read(struct kiocb *iocb, struct iov_iter *to)
{
	size_t n = iov_iter_count(to);

	n = copy_to_iter(medium + iocb->ki_pos, n, to);
	return begin_io(iocb, n);
}

static ssize_t test_write(struct kiocb *iocb, struct iov_iter *from)
{
	size_t n = iov_iter_count(from);

	n = copy_from_iter(medium + iocb->ki_pos, n, from);
	return begin_io(iocb, n);
}

static int test_fsync(struct file *file, loff_t start, loff_t end, int datasync)
{
	nr_synced++;
	return file_says;
}

static long test_fallocate(struct file *file, int mode, loff_t at,
			   loff_t length)
{
	nr_wrong += mode != (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE);
	fallocated_at = at;
	fallocated = length;
	return file_says;
}

static const struct file_operations test_fops = {
	.read_iter = test_read,
	.write_iter = test_write,
	.fsync = test_fsync,
	.fallocate = test_fallocate,
};

/* --- one test ------------------------------------------------------------- */

struct setting {
	struct io_ring *ring;
	struct io_queue *queue;
	struct file *file;
	struct lodge_io_request req;
	struct lodge_io_segment segs[LODGE_IO_MAX_SEGMENTS];
};

static void ring_init(struct io_ring *ring, struct io_queue *q)
{
	ring->io_queue = q;
	spin_lock_init(&ring->lock);
	init_llist_head(&ring->ended);
	INIT_WORK(&ring->end_work, io_end_work);
	spin_lock_init(&ring->queue_lock);
	INIT_LIST_HEAD(&ring->queue);
	INIT_WORK(&ring->queue_work, io_queue_work);
}

static int suite_init(struct kunit *test)
{
	struct setting *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, s);
	KUNIT_ASSERT_EQ(test, 0, io_init());
	s->queue = io_queue_alloc(1);
	KUNIT_ASSERT_NOT_NULL(test, s->queue);
	fake_grants_init(test);
	s->ring = fake_ring(test, NR_ENTRIES);
	ring_init(s->ring, s->queue);
	s->file = fake_file(test, S_IFBLK, &test_fops);
	for (i = 0; i < LODGE_IO_MAX_SEGMENTS; i++) {
		s->segs[i].grant = i % FAKE_REFS;
		s->segs[i].length = 8;
	}
	memset(shown, 0, sizeof(shown));
	for (i = 0; i < sizeof(medium); i++)
		medium[i] = i * 5 + (i >> 8);
	atomic_set(&domain_refs, 0);
	atomic_set(&ring_refs, 0);
	atomic_set(&nr_done, 0);
	nr_taken = 0;
	nr_wrong = 0;
	nr_synced = 0;
	nr_received = 0;
	check_ret = 0;
	way_ret = 0;
	receive_ret = 0;
	chosen_way = IO_DIRECT;
	how = IN_THE_CALL;
	file_says = 0;
	must_wait = false;
	started = NULL;
	init_completion(&may_go);
	init_irq_work(&interrupt, on_interrupt);
	test->priv = s;
	return 0;
}

static void suite_exit(struct kunit *test)
{
	struct setting *s = test->priv;

	complete_all(&may_go);
	if (s)
		io_queue_free(s->queue);
	io_exit();
	if (!s)
		return;
	KUNIT_EXPECT_EQ(test, 0u, nr_wrong);
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&s->ring->nr_segments));
	KUNIT_EXPECT_TRUE(test, all_is_let_go(s->file));
	fake_grants_exit(test);
}

/* Take a request with @nr_segments of the test's. */
static int take(struct kunit *test, u32 operation, u16 nr_segments,
		struct io_op **op)
{
	struct setting *s = test->priv;

	s->req.ring_index = s->ring->count;
	s->req.nr_indices = 1;
	s->req.operation = operation;
	s->req.nr_segments = nr_segments;
	return io_take(s->ring, &s->req, s->segs, s->file, op);
}

static int submit(struct kunit *test, u32 operation, u16 nr_segments)
{
	struct io_op *op;
	int err = take(test, operation, nr_segments, &op);

	if (op)
		io_issue(op);
	return err;
}

static bool is_done(u32 entry)
{
	/* Pairs with io_table_done(). */
	return smp_load_acquire(&shown[entry].state) == LODGE_IO_DONE;
}

static void wait_done(struct kunit *test, u32 entry)
{
	KUNIT_ASSERT_GT(test, wait_event_timeout(done_wait, is_done(entry),
						 LIMIT), 0l);
}

/* --- taking --------------------------------------------------------------- */

static void io_take_passes_refusals_on(struct kunit *test)
{
	struct setting *s = test->priv;
	struct io_op *op = ERR_PTR(-1);
	unsigned int i;

	check_ret = -ESTALE;
	KUNIT_EXPECT_EQ(test, -ESTALE, take(test, LODGE_IO_READ, 1, &op));
	KUNIT_EXPECT_NULL(test, op);
	check_ret = 0;
	way_ret = -EOPNOTSUPP;
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP, take(test, LODGE_IO_READ, 1, &op));
	way_ret = 0;
	for (i = 0; i < NR_ENTRIES; i++)
		shown[i].state = LODGE_IO_BUSY;
	KUNIT_EXPECT_EQ(test, -EAGAIN, take(test, LODGE_IO_READ, 1, &op));
	KUNIT_EXPECT_EQ(test, -EAGAIN, take(test, LODGE_IO_NONE, 0, &op));
	KUNIT_EXPECT_NULL(test, op);
	KUNIT_EXPECT_EQ(test, 0u, nr_taken);
	KUNIT_EXPECT_EQ(test, 0u, s->ring->count);
}

static void io_take_ends_none_at_once(struct kunit *test)
{
	struct setting *s = test->priv;
	struct io_op *op;

	/* Not even a file is looked at. */
	way_ret = -EBADF;
	s->req.nr_indices = 1;
	s->req.operation = LODGE_IO_NONE;
	KUNIT_EXPECT_EQ(test, 0,
			io_take(s->ring, &s->req, s->segs, NULL, &op));
	KUNIT_EXPECT_NULL(test, op);
	KUNIT_EXPECT_TRUE(test, is_done(0));
	KUNIT_EXPECT_EQ(test, 0, shown[0].result);
	KUNIT_EXPECT_EQ(test, 1u, s->ring->count);
}

static void io_take_receives(struct kunit *test)
{
	struct io_op *op;

	receive_ret = -ENOMEM;
	KUNIT_EXPECT_EQ(test, -ENOMEM, take(test, LODGE_IO_RECEIVE, 1, &op));
	KUNIT_EXPECT_NULL(test, op);
	KUNIT_EXPECT_EQ(test, 1u, nr_received);
}

static void io_take_refused_grant(struct kunit *test)
{
	static const int errors[] = {
		-ENOENT, -EACCES, -ENXIO, -EBUSY, -EAGAIN,
	};
	struct setting *s = test->priv;
	struct io_op *op;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(errors); i++) {
		fake_grant_error[2] = errors[i];
		KUNIT_EXPECT_EQ(test, 0, take(test, LODGE_IO_WRITE, 4, &op));
		KUNIT_EXPECT_NULL(test, op);
		KUNIT_EXPECT_TRUE(test, is_done(i));
		KUNIT_EXPECT_EQ(test, -EFAULT, shown[i].result);
		KUNIT_EXPECT_EQ(test, i + 1, s->ring->count);
		KUNIT_EXPECT_EQ(test, 0, atomic_read(&fake_nr_held));
		KUNIT_EXPECT_TRUE(test, all_is_let_go(s->file));
	}
}

/* Reading from the file is writing to the page. */
static void io_take_asks_for_writable_grants(struct kunit *test)
{
	fake_grant_writable[1] = false;
	KUNIT_EXPECT_EQ(test, 0, submit(test, LODGE_IO_WRITE, 2));
	KUNIT_EXPECT_EQ(test, 16, shown[0].result);
	KUNIT_EXPECT_EQ(test, 0, submit(test, LODGE_IO_READ, 2));
	KUNIT_EXPECT_EQ(test, -EFAULT, shown[1].result);
}

/* Of a page that is granted in part, the segment is asked for and no more. */
static void io_take_asks_for_its_bytes(struct kunit *test)
{
	struct setting *s = test->priv;

	s->segs[1].offset = 100;
	fake_grant_end[1] = 108;
	KUNIT_EXPECT_EQ(test, 0, submit(test, LODGE_IO_WRITE, 2));
	KUNIT_EXPECT_EQ(test, 16, shown[0].result);
	fake_grant_end[1] = 107;
	KUNIT_EXPECT_EQ(test, 0, submit(test, LODGE_IO_WRITE, 2));
	KUNIT_EXPECT_EQ(test, -EFAULT, shown[1].result);
}

static void io_take_without_memory(struct kunit *test)
{
	struct setting *s = test->priv;
	struct io_op *op;

	fake_grant_error[3] = -ENOMEM;
	KUNIT_EXPECT_EQ(test, -ENOMEM, take(test, LODGE_IO_WRITE, 4, &op));
	KUNIT_EXPECT_NULL(test, op);
	KUNIT_EXPECT_EQ(test, 0u, nr_taken);
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&fake_nr_held));
	KUNIT_EXPECT_TRUE(test, all_is_let_go(s->file));
}

static void io_take_bounds_segments(struct kunit *test)
{
	const unsigned int nr = LODGE_IO_RING_SEGMENTS / LODGE_IO_MAX_SEGMENTS;
	struct setting *s = test->priv;
	struct io_op *ops[17], *more;
	unsigned int i;

	KUNIT_ASSERT_LT(test, nr, (unsigned int)ARRAY_SIZE(ops));
	for (i = 0; i < nr; i++)
		KUNIT_ASSERT_EQ(test, 0, take(test, LODGE_IO_READ,
					      LODGE_IO_MAX_SEGMENTS, &ops[i]));
	KUNIT_EXPECT_EQ(test, (int)LODGE_IO_RING_SEGMENTS,
			atomic_read(&fake_nr_held));
	KUNIT_EXPECT_EQ(test, -EAGAIN, take(test, LODGE_IO_READ, 1, &more));
	KUNIT_EXPECT_NULL(test, more);
	/* What has none needs no room. */
	KUNIT_EXPECT_EQ(test, 0, take(test, LODGE_IO_NONE, 0, &more));
	KUNIT_EXPECT_EQ(test, nr + 1, s->ring->count);
	io_issue(ops[0]);
	KUNIT_EXPECT_EQ(test, 0, submit(test, LODGE_IO_READ,
					LODGE_IO_MAX_SEGMENTS));
	for (i = 1; i < nr; i++)
		io_issue(ops[i]);
}

/* --- moving --------------------------------------------------------------- */

static void io_writes_what_is_granted(struct kunit *test)
{
	struct setting *s = test->priv;
	unsigned int i, bad = 0;

	for (i = 0; i < PAGE_SIZE; i++) {
		fake_bytes(4)[i] = i * 3;
		fake_bytes(6)[i] = i * 11;
	}
	memset(s->req.inline_data, 0x77, 12);
	s->req.inline_length = 12;
	s->req.offset = 100;
	s->segs[0] = (struct lodge_io_segment){ 4, 1000, 3096 };
	s->segs[1] = (struct lodge_io_segment){ 6, 0, 4096 };
	s->segs[2] = (struct lodge_io_segment){ 4, 5, 1 };
	KUNIT_EXPECT_EQ(test, 0, submit(test, LODGE_IO_WRITE, 3));
	KUNIT_EXPECT_EQ(test, 12 + 3096 + 4096 + 1, shown[0].result);
	KUNIT_EXPECT_EQ(test, 0u, shown[0].inline_length);
	KUNIT_EXPECT_EQ(test, 3, held_at_start);
	for (i = 0; i < 12; i++)
		bad += medium[100 + i] != 0x77;
	for (i = 0; i < 3096; i++)
		bad += medium[112 + i] != (u8)((1000 + i) * 3);
	for (i = 0; i < 4096; i++)
		bad += medium[112 + 3096 + i] != (u8)(i * 11);
	bad += medium[112 + 3096 + 4096] != 15;
	KUNIT_EXPECT_EQ(test, 0u, bad);
}

static void io_reads_into_what_is_granted(struct kunit *test)
{
	struct setting *s = test->priv;

	memset(s->req.inline_data, 0x77, LODGE_IO_INLINE);
	s->req.inline_length = LODGE_IO_INLINE;
	s->req.offset = 5;
	s->segs[0] = (struct lodge_io_segment){ 7, 100, 50 };
	s->segs[1] = (struct lodge_io_segment){ 8, 4095, 1 };
	KUNIT_EXPECT_EQ(test, 0, submit(test, LODGE_IO_READ, 2));
	KUNIT_EXPECT_EQ(test, LODGE_IO_INLINE + 51, (u32)shown[0].result);
	KUNIT_EXPECT_EQ(test, LODGE_IO_INLINE, shown[0].inline_length);
	KUNIT_EXPECT_EQ(test, 0, memcmp(shown[0].inline_data, medium + 5,
					LODGE_IO_INLINE));
	KUNIT_EXPECT_EQ(test, 0, memcmp(fake_bytes(7) + 100,
					medium + 5 + LODGE_IO_INLINE, 50));
	KUNIT_EXPECT_EQ(test, 0, fake_bytes(7)[99]);
	KUNIT_EXPECT_EQ(test, 0, fake_bytes(7)[150]);
	KUNIT_EXPECT_EQ(test, medium[5 + LODGE_IO_INLINE + 50],
			fake_bytes(8)[4095]);
}

/* No more of the inline bytes are shown than were read. */
static void io_shows_what_was_read(struct kunit *test)
{
	static const struct {
		ssize_t says;
		u32 inline_length;
	} cases[] = {
		{ 3, 3 }, { 64, 64 }, { 65, 64 }, { -EIO, 0 }, { -EINVAL, 0 },
	};
	struct setting *s = test->priv;
	unsigned int i;

	s->req.inline_length = LODGE_IO_INLINE;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		file_says = cases[i].says;
		KUNIT_EXPECT_EQ(test, 0, submit(test, LODGE_IO_READ, 1));
		KUNIT_EXPECT_EQ(test, cases[i].says, (ssize_t)shown[i].result);
		KUNIT_EXPECT_EQ(test, cases[i].inline_length,
				shown[i].inline_length);
	}
}

static void io_moves_many_segments(struct kunit *test)
{
	struct setting *s = test->priv;
	unsigned int i, bad = 0;

	for (i = 0; i < LODGE_IO_MAX_SEGMENTS; i++)
		s->segs[i].offset = 8 * (i / FAKE_REFS);
	KUNIT_EXPECT_EQ(test, 0, submit(test, LODGE_IO_READ,
					LODGE_IO_MAX_SEGMENTS));
	KUNIT_EXPECT_EQ(test, 8 * (int)LODGE_IO_MAX_SEGMENTS, shown[0].result);
	for (i = 0; i < LODGE_IO_MAX_SEGMENTS; i++)
		bad += memcmp(fake_bytes(i % FAKE_REFS) + 8 * (i / FAKE_REFS),
			      medium + 8 * i, 8) != 0;
	KUNIT_EXPECT_EQ(test, 0u, bad);
}

/* --- at once -------------------------------------------------------------- */

static void io_at_once_does_not_wait(struct kunit *test)
{
	struct setting *s = test->priv;

	chosen_way = IO_AT_ONCE;
	KUNIT_EXPECT_EQ(test, 0, submit(test, LODGE_IO_WRITE, 2));
	KUNIT_EXPECT_TRUE(test, is_done(0));
	KUNIT_EXPECT_TRUE(test, started_nowait);
	KUNIT_EXPECT_PTR_EQ(test, current, started_by);
	KUNIT_EXPECT_EQ(test, 16, shown[0].result);
	KUNIT_EXPECT_EQ(test, 0, shown[0].held);
	KUNIT_EXPECT_EQ(test, s->ring->turn, shown[0].asked_in);
	file_says = -EAGAIN;
	KUNIT_EXPECT_EQ(test, 0, submit(test, LODGE_IO_READ, 2));
	KUNIT_EXPECT_EQ(test, -EAGAIN, shown[1].result);
}

static void io_restarts_nothing(struct kunit *test)
{
	static const int codes[] = {
		-ERESTARTSYS, -ERESTARTNOINTR, -ERESTARTNOHAND,
		-ERESTART_RESTARTBLOCK,
	};
	unsigned int i;

	chosen_way = IO_AT_ONCE;
	for (i = 0; i < ARRAY_SIZE(codes); i++) {
		file_says = codes[i];
		KUNIT_EXPECT_EQ(test, 0, submit(test, LODGE_IO_WRITE, 1));
		KUNIT_EXPECT_EQ(test, -EINTR, shown[i].result);
	}
}

/* --- direct --------------------------------------------------------------- */

static void io_direct_ends_in_the_call(struct kunit *test)
{
	struct setting *s = test->priv;

	KUNIT_EXPECT_EQ(test, 0, submit(test, LODGE_IO_WRITE, 2));
	KUNIT_EXPECT_TRUE(test, is_done(0));
	KUNIT_EXPECT_FALSE(test, started_nowait);
	KUNIT_EXPECT_EQ(test, 0, shown[0].held);
	KUNIT_EXPECT_EQ(test, s->ring->turn, shown[0].asked_in);
	file_says = -ENOSPC;
	KUNIT_EXPECT_EQ(test, 0, submit(test, LODGE_IO_WRITE, 2));
	KUNIT_EXPECT_EQ(test, -ENOSPC, shown[1].result);
	KUNIT_EXPECT_TRUE(test, all_is_let_go(s->file));
}

/* What a file gives up since its caller is killed is done all the same. */
static void io_direct_is_not_cut_off(struct kunit *test)
{
	static const struct {
		ssize_t says;
		bool again;
	} cases[] = {
		{ -EINTR, true }, { -ERESTARTSYS, true }, { 1, true },
		{ 15, true }, { 16, false }, { -EIO, false },
	};
	struct setting *s = test->priv;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		file_says = cases[i].says;
		must_kill = true;
		KUNIT_EXPECT_EQ(test, 0, submit(test, LODGE_IO_WRITE, 2));
		sigdelset(&current->pending.signal, SIGKILL);
		clear_thread_flag(TIF_SIGPENDING);
		wait_done(test, i);
		KUNIT_EXPECT_EQ(test, cases[i].again, started_by != current);
		KUNIT_EXPECT_EQ(test, cases[i].again ? 16 : cases[i].says,
				(ssize_t)shown[i].result);
		KUNIT_EXPECT_EQ(test, 0, shown[i].held);
	}
	/* Without a signal it is the file's last word. */
	file_says = -EINTR;
	KUNIT_EXPECT_EQ(test, 0, submit(test, LODGE_IO_WRITE, 2));
	KUNIT_EXPECT_EQ(test, -EINTR, shown[i].result);
	flush_workqueue(s->queue->workers);
	KUNIT_EXPECT_TRUE(test, all_is_let_go(s->file));
}

static void io_direct_ends_before_the_call_returns(struct kunit *test)
{
	struct setting *s = test->priv;

	how = BEFORE_IT_RETURNS;
	KUNIT_EXPECT_EQ(test, 0, submit(test, LODGE_IO_READ, 2));
	/* The caller ends it itself, so nobody needs to be woken. */
	KUNIT_EXPECT_TRUE(test, is_done(0));
	KUNIT_EXPECT_EQ(test, 16, shown[0].result);
	KUNIT_EXPECT_EQ(test, 0, shown[0].held);
	KUNIT_EXPECT_EQ(test, s->ring->turn, shown[0].asked_in);
	KUNIT_EXPECT_TRUE(test, all_is_let_go(s->file));
}

static void io_direct_ends_after_the_call(struct kunit *test)
{
	struct setting *s = test->priv;

	how = AFTERWARDS;
	KUNIT_EXPECT_EQ(test, 0, submit(test, LODGE_IO_READ, 2));
	KUNIT_ASSERT_NOT_NULL(test, started);
	KUNIT_EXPECT_FALSE(test, is_done(0));
	KUNIT_EXPECT_EQ(test, 2, atomic_read(&fake_nr_held));
	KUNIT_EXPECT_EQ(test, 1, atomic_read(&ring_refs));
	KUNIT_EXPECT_EQ(test, 1, atomic_read(&domain_refs));
	irq_work_queue(&interrupt);
	wait_done(test, 0);
	KUNIT_EXPECT_EQ(test, 16, shown[0].result);
	/* Nobody waits in a call. */
	KUNIT_EXPECT_EQ(test, 0ull, shown[0].asked_in);
	KUNIT_EXPECT_EQ(test, 0, shown[0].held);
	flush_workqueue(end_queue);
	KUNIT_EXPECT_TRUE(test, all_is_let_go(s->file));
}

/* Several that end while the worker has not come to it yet. */
static void io_direct_ends_many(struct kunit *test)
{
	struct kiocb *iocbs[MANY];
	struct setting *s = test->priv;
	unsigned int i;

	how = AFTERWARDS;
	for (i = 0; i < MANY; i++) {
		KUNIT_ASSERT_EQ(test, 0, submit(test, LODGE_IO_READ, 1 + i));
		iocbs[i] = started;
	}
	for (i = 0; i < MANY; i++)
		iocbs[i]->ki_complete(iocbs[i], 1000 + i);
	flush_workqueue(end_queue);
	for (i = 0; i < MANY; i++) {
		KUNIT_EXPECT_TRUE(test, is_done(i));
		KUNIT_EXPECT_EQ(test, 1000 + (int)i, shown[i].result);
	}
	KUNIT_EXPECT_TRUE(test, all_is_let_go(s->file));
}

/* Ends each operation as soon as it finds it. */
static int end_on_the_other_cpu(void *arg)
{
	struct kiocb *iocb;

	while (!kthread_should_stop()) {
		/* Pairs with begin_io(). */
		iocb = smp_load_acquire(&started);
		if (iocb) {
			WRITE_ONCE(started, NULL);
			iocb->ki_complete(iocb, start_result);
		}
		cond_resched();
	}
	return 0;
}

static void io_direct_races(struct kunit *test)
{
	struct setting *s = test->priv;
	struct task_struct *other;
	unsigned int i, in_call = 0;

	how = BY_THE_OTHER_CPU;
	other = kthread_run(end_on_the_other_cpu, NULL, "io-end");
	KUNIT_ASSERT_FALSE(test, IS_ERR(other));
	for (i = 0; i < RACES; i++) {
		if (submit(test, LODGE_IO_READ, 1 + i % 20))
			break;
		if (!wait_event_timeout(done_wait, is_done(0), LIMIT))
			break;
		nr_wrong += shown[0].result != 8 * (1 + (int)i % 20);
		in_call += shown[0].asked_in != 0;
		shown[0].state = LODGE_IO_FREE;
	}
	kthread_stop(other);
	flush_workqueue(end_queue);
	KUNIT_EXPECT_EQ(test, (unsigned int)RACES, i);
	kunit_info(test, "%u of %u ended in the call", in_call, RACES);
	KUNIT_EXPECT_TRUE(test, all_is_let_go(s->file));
}

/* --- queued --------------------------------------------------------------- */

static void io_queued_runs_in_a_worker(struct kunit *test)
{
	struct setting *s = test->priv;
	const struct cred *old;
	struct cred *cred;

	chosen_way = IO_QUEUED;
	cred = prepare_creds();
	KUNIT_ASSERT_NOT_NULL(test, cred);
	old = override_creds(cred);
	s->req.offset = 16;
	KUNIT_EXPECT_EQ(test, 0, submit(test, LODGE_IO_WRITE, 2));
	revert_creds(old);
	wait_done(test, 0);
	KUNIT_EXPECT_EQ(test, 16, shown[0].result);
	KUNIT_EXPECT_EQ(test, 0, shown[0].held);
	KUNIT_EXPECT_EQ(test, 0ull, shown[0].asked_in);
	KUNIT_EXPECT_PTR_EQ(test, (const struct cred *)cred, started_as);
	KUNIT_EXPECT_PTR_NE(test, current, started_by);
	put_cred(cred);
	KUNIT_EXPECT_EQ(test, 0, medium[16] | medium[31]);
	s->req.offset = 0;
	KUNIT_EXPECT_EQ(test, 0, submit(test, LODGE_IO_READ, 1));
	wait_done(test, 1);
	KUNIT_EXPECT_EQ(test, 0, memcmp(fake_bytes(0), medium, 8));
	flush_workqueue(s->queue->workers);
	KUNIT_EXPECT_TRUE(test, all_is_let_go(s->file));
}

static void io_queued_keeps_order(struct kunit *test)
{
	struct setting *s = test->priv;
	unsigned int i;

	chosen_way = IO_QUEUED;
	must_wait = true;
	for (i = 0; i < 20; i++)
		KUNIT_ASSERT_EQ(test, 0, submit(test, LODGE_IO_WRITE, 1 + i));
	/* The first may be with the file, none has ended. */
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&nr_done));
	KUNIT_EXPECT_EQ(test, 210, atomic_read(&fake_nr_held));
	must_wait = false;
	complete_all(&may_go);
	for (i = 0; i < 20; i++) {
		wait_done(test, i);
		KUNIT_EXPECT_EQ(test, i + 1, shown[i].order);
	}
	flush_workqueue(s->queue->workers);
	KUNIT_EXPECT_TRUE(test, all_is_let_go(s->file));
}

static void io_queued_syncs_and_discards(struct kunit *test)
{
	struct setting *s = test->priv;

	chosen_way = IO_QUEUED;
	KUNIT_EXPECT_EQ(test, 0, submit(test, LODGE_IO_SYNC, 0));
	wait_done(test, 0);
	KUNIT_EXPECT_EQ(test, 1u, nr_synced);
	KUNIT_EXPECT_EQ(test, 0, shown[0].result);
	file_says = -EIO;
	KUNIT_EXPECT_EQ(test, 0, submit(test, LODGE_IO_SYNC, 0));
	wait_done(test, 1);
	KUNIT_EXPECT_EQ(test, -EIO, shown[1].result);
	file_says = 0;
	s->req.offset = 1 << 20;
	s->req.length = 12345;
	KUNIT_EXPECT_EQ(test, 0, submit(test, LODGE_IO_DISCARD, 0));
	wait_done(test, 2);
	KUNIT_EXPECT_EQ(test, 0, shown[2].result);
	KUNIT_EXPECT_EQ(test, 1ll << 20, fallocated_at);
	KUNIT_EXPECT_EQ(test, 12345ll, fallocated);
	flush_workqueue(s->queue->workers);
}

static struct io_ring *another_ring(struct kunit *test, struct io_queue *q)
{
	struct io_ring *ring = fake_ring(test, NR_ENTRIES);

	ring_init(ring, q);
	return ring;
}

static void submit_to(struct kunit *test, struct io_ring *ring, u32 operation,
		      u16 nr_segments)
{
	struct setting *s = test->priv;
	struct io_ring *own = s->ring;

	s->ring = ring;
	KUNIT_EXPECT_EQ(test, 0, submit(test, operation, nr_segments));
	s->ring = own;
}

/* One domain's files never answer; it has more rings than workers. */
static void io_queued_is_not_held_up_by_others(struct kunit *test)
{
	struct setting *s = test->priv;
	struct io_queue *other = io_queue_alloc(2);
	unsigned int i, nr = MAX_WORKERS + 8;

	KUNIT_ASSERT_NOT_NULL(test, other);
	chosen_way = IO_QUEUED;
	must_wait = true;
	for (i = 0; i < nr; i++)
		submit_to(test, another_ring(test, other), LODGE_IO_WRITE, 1);
	/* A sync does not wait for the test's file. */
	KUNIT_EXPECT_EQ(test, 0, submit(test, LODGE_IO_SYNC, 0));
	wait_done(test, nr);
	KUNIT_EXPECT_EQ(test, 1, atomic_read(&nr_done));
	must_wait = false;
	complete_all(&may_go);
	for (i = 0; i < nr; i++)
		wait_done(test, i);
	flush_workqueue(s->queue->workers);
	/* Waits for no work, but for those who have not returned. */
	io_queue_free(other);
	flush_workqueue(end_queue);
	KUNIT_EXPECT_TRUE(test, all_is_let_go(s->file));
}

/* A ring that always has something to do gives its worker away. */
static void io_queued_takes_turns(struct kunit *test)
{
	struct workqueue_struct *one = alloc_workqueue("one", WQ_UNBOUND, 1);
	struct setting *s = test->priv;
	struct workqueue_struct *many = s->queue->workers;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, one);
	s->queue->workers = one;
	chosen_way = IO_QUEUED;
	must_wait = true;
	for (i = 0; i < 3 * TURN; i++)
		KUNIT_EXPECT_EQ(test, 0, submit(test, LODGE_IO_WRITE, 1));
	submit_to(test, another_ring(test, s->queue), LODGE_IO_WRITE, 1);
	complete_all(&may_go);
	for (i = 0; i <= 3 * TURN; i++)
		wait_done(test, i);
	/* The first may have been queued twice before the second came. */
	KUNIT_EXPECT_LE(test, shown[3 * TURN].order, 2u * TURN + 1);
	KUNIT_EXPECT_GT(test, shown[3 * TURN].order, (u32)TURN);
	KUNIT_EXPECT_EQ(test, 3u * TURN + 1, shown[3 * TURN - 1].order);
	/* Also what the last worker has queued again. */
	drain_workqueue(one);
	KUNIT_EXPECT_TRUE(test, all_is_let_go(s->file));
	s->queue->workers = many;
	destroy_workqueue(one);
}

/* What ends last may free the queue that it ran in. */
static void io_queue_ends_with_its_worker(struct kunit *test)
{
	struct setting *s = test->priv;
	struct io_queue *own = io_queue_alloc(3);

	KUNIT_ASSERT_NOT_NULL(test, own);
	freed_with_domain = own;
	chosen_way = IO_QUEUED;
	submit_to(test, another_ring(test, own), LODGE_IO_WRITE, 1);
	wait_done(test, 0);
	/* As unloading does: it ends when all of it has ended. */
	io_queue_free(s->queue);
	s->queue = NULL;
	io_exit();
	KUNIT_EXPECT_NULL(test, freed_with_domain);
	KUNIT_EXPECT_TRUE(test, all_is_let_go(s->file));
	KUNIT_ASSERT_EQ(test, 0, io_init());
}

static struct kunit_case io_op_cases[] = {
	KUNIT_CASE(io_take_passes_refusals_on),
	KUNIT_CASE(io_take_ends_none_at_once),
	KUNIT_CASE(io_take_receives),
	KUNIT_CASE(io_take_refused_grant),
	KUNIT_CASE(io_take_asks_for_writable_grants),
	KUNIT_CASE(io_take_asks_for_its_bytes),
	KUNIT_CASE(io_take_without_memory),
	KUNIT_CASE(io_take_bounds_segments),
	KUNIT_CASE(io_writes_what_is_granted),
	KUNIT_CASE(io_reads_into_what_is_granted),
	KUNIT_CASE(io_shows_what_was_read),
	KUNIT_CASE(io_moves_many_segments),
	KUNIT_CASE(io_at_once_does_not_wait),
	KUNIT_CASE(io_restarts_nothing),
	KUNIT_CASE(io_direct_ends_in_the_call),
	KUNIT_CASE(io_direct_is_not_cut_off),
	KUNIT_CASE(io_direct_ends_before_the_call_returns),
	KUNIT_CASE(io_direct_ends_after_the_call),
	KUNIT_CASE(io_direct_ends_many),
	KUNIT_CASE(io_direct_races),
	KUNIT_CASE(io_queued_runs_in_a_worker),
	KUNIT_CASE(io_queued_keeps_order),
	KUNIT_CASE(io_queued_syncs_and_discards),
	KUNIT_CASE(io_queued_is_not_held_up_by_others),
	KUNIT_CASE(io_queued_takes_turns),
	KUNIT_CASE(io_queue_ends_with_its_worker),
	{}
};

static struct kunit_suite io_op_suite = {
	.name = "lodge_io_op",
	.init = suite_init,
	.exit = suite_exit,
	.test_cases = io_op_cases,
};

kunit_test_suite(io_op_suite);

MODULE_LICENSE("GPL");
