// SPDX-License-Identifier: GPL-2.0-only
/*
 * What grant I/O refuses: each field of a request out of range, each kind of
 * file that cannot do what is asked, and how what is left is done.
 */
#include <kunit/test.h>
#include <linux/limits.h>
#include <linux/module.h>

#include "../../kmod/ring/io_check.c"

#define NR_ENTRIES	8
#define COUNT		5

static struct io_ring *make_ring(struct kunit *test)
{
	struct io_ring *ring = kunit_kzalloc(test, sizeof(*ring), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, ring);
	ring->nr_entries = NR_ENTRIES;
	ring->count = COUNT;
	return ring;
}

/* --- requests ------------------------------------------------------------- */

/* Of each operation one that is right, and then what is changed of it. */
static const struct lodge_io_request right[] = {
	[LODGE_IO_NONE] = { .nr_indices = 1, .fd = -1 },
	[LODGE_IO_READ] = { .nr_indices = 1, .nr_segments = 2 },
	[LODGE_IO_WRITE] = { .nr_indices = 1, .nr_segments = 2 },
	[LODGE_IO_SYNC] = { .nr_indices = 1 },
	[LODGE_IO_DISCARD] = { .nr_indices = 1, .length = 512 },
	[LODGE_IO_RECEIVE] = {
		.nr_indices = 4, .nr_segments = 4, .packet_indices = 3,
		.inline_length = 10, .extra_byte = 10,
	},
};

#define FIELD(name, number, is) \
	{ offsetof(struct lodge_io_request, name), \
	  sizeof(((struct lodge_io_request *)0)->name), number, is }

struct change {
	size_t at, size;
	u64 to;
	int ret;
};

static void change_field(struct lodge_io_request *req, const struct change *c)
{
	/* Little endian, as the processor is. */
	memcpy((void *)req + c->at, &c->to, c->size);
}

static void check_changes(struct kunit *test, u32 operation,
			  const struct change *changes, unsigned int nr)
{
	static struct lodge_io_segment segs[LODGE_IO_MAX_SEGMENTS];
	struct io_ring *ring = make_ring(test);
	struct lodge_io_request req;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(segs); i++)
		segs[i].length = 1;
	req = right[operation];
	req.operation = operation;
	req.ring_index = COUNT;
	KUNIT_EXPECT_EQ_MSG(test, 0, io_check_request(ring, &req, segs),
			    "operation %u as it should be", operation);
	for (i = 0; i < nr; i++) {
		req = right[operation];
		req.operation = operation;
		req.ring_index = COUNT;
		change_field(&req, &changes[i]);
		KUNIT_EXPECT_EQ_MSG(test, changes[i].ret,
				    io_check_request(ring, &req, segs),
				    "operation %u, change %u", operation, i);
	}
}

#define CHECK_CHANGES(test, operation, changes) \
	check_changes(test, operation, changes, ARRAY_SIZE(changes))

static void io_check_common_fields(struct kunit *test)
{
	static const struct change changes[] = {
		FIELD(ring_index, COUNT - 1, -ESTALE),
		FIELD(ring_index, COUNT + 1, -ESTALE),
		FIELD(ring_index, ~0u, -ESTALE),
		FIELD(nr_indices, 0, -EINVAL),
		FIELD(nr_indices, NR_ENTRIES + 1, -EINVAL),
		FIELD(nr_indices, ~0u, -EINVAL),
		FIELD(operation, LODGE_IO_RECEIVE + 1, -EINVAL),
		FIELD(operation, ~0u, -EINVAL),
		FIELD(reserved, 1, -EINVAL),
		FIELD(nr_segments, LODGE_IO_MAX_SEGMENTS + 1, -E2BIG),
		FIELD(nr_segments, 0xffff, -E2BIG),
		FIELD(inline_length, LODGE_IO_INLINE + 1, -EINVAL),
		FIELD(inline_length, 0xffff, -EINVAL),
		FIELD(packet_indices, 1, -EINVAL),
		FIELD(extra_byte, 1, -EINVAL),
		FIELD(offset, 1ull << 63, -EINVAL),
		FIELD(offset, ~0ull, -EINVAL),
		FIELD(length, 1ull << 63, -EINVAL),
	};
	unsigned int i;

	/* NONE has a rule for each of these fields, and so has RECEIVE. */
	for (i = LODGE_IO_READ; i <= LODGE_IO_DISCARD; i++)
		CHECK_CHANGES(test, i, changes);
}

static void io_check_read_and_write(struct kunit *test)
{
	static const struct change changes[] = {
		FIELD(nr_indices, NR_ENTRIES, 0),
		FIELD(nr_segments, 0, -EINVAL),
		FIELD(nr_segments, LODGE_IO_MAX_SEGMENTS, 0),
		FIELD(inline_length, LODGE_IO_INLINE, 0),
		FIELD(offset, S64_MAX, 0),
		FIELD(length, 1, -EINVAL),
		FIELD(fd, ~0u, 0),
	};

	CHECK_CHANGES(test, LODGE_IO_READ, changes);
	CHECK_CHANGES(test, LODGE_IO_WRITE, changes);
}

static void io_check_none(struct kunit *test)
{
	static const struct change changes[] = {
		FIELD(nr_indices, NR_ENTRIES, 0),
		FIELD(ring_index, COUNT + 1, -ESTALE),
		FIELD(fd, 0, -EINVAL),
		FIELD(fd, -2u, -EINVAL),
		FIELD(offset, 1, -EINVAL),
		FIELD(length, 1, -EINVAL),
		FIELD(nr_segments, 1, -EINVAL),
		FIELD(inline_length, 1, -EINVAL),
		FIELD(packet_indices, 1, -EINVAL),
		FIELD(extra_byte, 1, -EINVAL),
	};

	CHECK_CHANGES(test, LODGE_IO_NONE, changes);
}

static void io_check_sync_and_discard(struct kunit *test)
{
	static const struct change sync[] = {
		FIELD(offset, 1, -EINVAL),
		FIELD(length, 1, -EINVAL),
		FIELD(nr_segments, 1, -EINVAL),
		FIELD(inline_length, 1, -EINVAL),
	};
	static const struct change discard[] = {
		FIELD(offset, S64_MAX - 512, 0),
		FIELD(offset, S64_MAX - 511, -EINVAL),
		FIELD(length, 0, -EINVAL),
		FIELD(length, S64_MAX, 0),
		FIELD(nr_segments, 1, -EINVAL),
		FIELD(inline_length, 1, -EINVAL),
	};

	CHECK_CHANGES(test, LODGE_IO_SYNC, sync);
	CHECK_CHANGES(test, LODGE_IO_DISCARD, discard);
}

static void io_check_receive(struct kunit *test)
{
	static const struct change changes[] = {
		FIELD(ring_index, COUNT + 1, -ESTALE),
		FIELD(nr_indices, 3, -EINVAL),
		FIELD(nr_segments, 5, -EINVAL),
		FIELD(packet_indices, 0, -EINVAL),
		FIELD(packet_indices, 1, -EINVAL),	/* no room for extra */
		FIELD(packet_indices, 2, 0),
		FIELD(packet_indices, 4, 0),
		FIELD(packet_indices, 5, -EINVAL),
		FIELD(packet_indices, 0xffff, -EINVAL),
		FIELD(extra_byte, 0, 0),
		FIELD(extra_byte, 1, 0),
		FIELD(extra_byte, 11, -EINVAL),
		FIELD(extra_byte, 255, -EINVAL),
		FIELD(inline_length, 9, -EINVAL),
		FIELD(inline_length, LODGE_IO_INLINE, 0),
		FIELD(inline_length, LODGE_IO_INLINE + 1, -EINVAL),
		FIELD(length, 1, -EINVAL),
		FIELD(reserved, 1, -EINVAL),
	};

	CHECK_CHANGES(test, LODGE_IO_RECEIVE, changes);
}

/* A packet that needs one page, and no header. */
static void io_check_plain_receive(struct kunit *test)
{
	struct lodge_io_request req = {
		.ring_index = COUNT, .operation = LODGE_IO_RECEIVE,
		.nr_indices = 1, .nr_segments = 1, .packet_indices = 1,
	};
	const struct lodge_io_segment seg = { .length = PAGE_SIZE };
	struct io_ring *ring = make_ring(test);

	KUNIT_EXPECT_EQ(test, 0, io_check_request(ring, &req, &seg));
	req.nr_indices = NR_ENTRIES + 1;
	req.nr_segments = NR_ENTRIES + 1;
	KUNIT_EXPECT_EQ(test, -EINVAL, io_check_request(ring, &req, &seg));
}

static void io_check_segment_bounds(struct kunit *test)
{
	static const struct {
		u16 offset, length;
		int ret;
	} cases[] = {
		{ 0, 1, 0 },
		{ 0, 4096, 0 },
		{ 4095, 1, 0 },
		{ 1, 4095, 0 },
		{ 0, 0, -EINVAL },
		{ 4095, 0, -EINVAL },
		{ 0, 4097, -EINVAL },
		{ 1, 4096, -EINVAL },
		{ 4095, 2, -EINVAL },
		{ 4096, 1, -EINVAL },
		{ 4096, 0, -EINVAL },
		{ 0xffff, 0xffff, -EINVAL },
		{ 0xffff, 1, -EINVAL },
		{ 0, 0xffff, -EINVAL },
	};
	struct lodge_io_request req = {
		.ring_index = COUNT, .operation = LODGE_IO_WRITE,
		.nr_indices = 1, .nr_segments = 3,
	};
	struct io_ring *ring = make_ring(test);
	unsigned int i, at;

	for (i = 0; i < ARRAY_SIZE(cases) * 3; i++) {
		struct lodge_io_segment segs[3] = {
			{ .length = 1 }, { .length = 1 }, { .length = 1 },
		};

		at = i % 3;
		segs[at].offset = cases[i / 3].offset;
		segs[at].length = cases[i / 3].length;
		KUNIT_EXPECT_EQ_MSG(test, cases[i / 3].ret,
				    io_check_request(ring, &req, segs),
				    "case %u, segment %u", i / 3, at);
	}
}

/* They are not even there then. */
static void io_check_leaves_too_many_segments(struct kunit *test)
{
	struct lodge_io_request req = {
		.ring_index = COUNT, .operation = LODGE_IO_READ,
		.nr_indices = 1, .nr_segments = LODGE_IO_MAX_SEGMENTS + 1,
	};

	KUNIT_EXPECT_EQ(test, -E2BIG,
			io_check_request(make_ring(test), &req, NULL));
}

/* --- files ---------------------------------------------------------------- */

static ssize_t no_iter(struct kiocb *iocb, struct iov_iter *iter)
{
	return 0;
}

static int no_fsync(struct file *file, loff_t start, loff_t end, int datasync)
{
	return 0;
}

static long no_fallocate(struct file *file, int mode, loff_t at, loff_t length)
{
	return 0;
}

static const struct file_operations can_all = {
	.read_iter = no_iter,
	.write_iter = no_iter,
	.fsync = no_fsync,
	.fallocate = no_fallocate,
};

static const struct file_operations can_nothing;

#define RW	(FMODE_READ | FMODE_WRITE)
#define DIRECT	(RW | FMODE_CAN_ODIRECT)

struct file_case {
	umode_t mode;
	fmode_t f_mode;
	unsigned int f_flags;
	const struct file_operations *fops;
	u32 operations;		/* bits */
	u64 offset;
	int ret;
	enum io_way way;	/* if @ret is 0 */
};

#define READ_OP		BIT(LODGE_IO_READ)
#define WRITE_OP	BIT(LODGE_IO_WRITE)
#define SYNC_OP		BIT(LODGE_IO_SYNC)
#define DISCARD_OP	BIT(LODGE_IO_DISCARD)
#define RECEIVE_OP	BIT(LODGE_IO_RECEIVE)
#define MOVE_OPS	(READ_OP | WRITE_OP)
#define DISK_OPS	(MOVE_OPS | SYNC_OP | DISCARD_OP)
#define CHAR_OPS	(MOVE_OPS | RECEIVE_OP)
#define ALL_OPS		(DISK_OPS | RECEIVE_OP)

static const struct file_case file_cases[] = {
	{ S_IFREG, RW, 0, &can_all, DISK_OPS, 512, 0, IO_QUEUED },
	{ S_IFBLK, RW, 0, &can_all, DISK_OPS, 512, 0, IO_QUEUED },
	{ S_IFREG, RW, 0, &can_all, RECEIVE_OP, 0, -EOPNOTSUPP, 0 },
	{ S_IFBLK, RW, O_NONBLOCK, &can_all, RECEIVE_OP, 0, -EOPNOTSUPP, 0 },
	/* O_DIRECT, and a file that takes the flag but cannot. */
	{ S_IFREG, DIRECT, O_DIRECT, &can_all, MOVE_OPS, 512, 0, IO_DIRECT },
	{ S_IFBLK, DIRECT, O_DIRECT, &can_all, MOVE_OPS, 512, 0, IO_DIRECT },
	{ S_IFREG, RW, O_DIRECT, &can_all, MOVE_OPS, 0, 0, IO_QUEUED },
	{ S_IFREG, DIRECT, 0, &can_all, MOVE_OPS, 0, 0, IO_QUEUED },
	{ S_IFREG, DIRECT, O_DIRECT, &can_all, SYNC_OP | DISCARD_OP, 0, 0,
	  IO_QUEUED },
	/* Not opened for it. */
	{ S_IFREG, FMODE_READ, 0, &can_all, WRITE_OP | DISCARD_OP, 0, -EBADF,
	  0 },
	{ S_IFREG, FMODE_READ, 0, &can_all, READ_OP | SYNC_OP, 0, 0,
	  IO_QUEUED },
	{ S_IFBLK, FMODE_WRITE, 0, &can_all, READ_OP, 0, -EBADF, 0 },
	{ S_IFREG, FMODE_READ | FMODE_CAN_ODIRECT, O_DIRECT, &can_all,
	  WRITE_OP, 0, -EBADF, 0 },
	/* Of a kind that cannot. */
	{ S_IFREG, RW, 0, &can_nothing, DISK_OPS, 0, -EOPNOTSUPP, 0 },
	{ S_IFCHR, RW, O_NONBLOCK, &can_nothing, CHAR_OPS, 0, -EOPNOTSUPP, 0 },
	{ S_IFDIR, FMODE_READ, O_NONBLOCK, &can_all, ALL_OPS, 0, -EOPNOTSUPP,
	  0 },
	{ S_IFIFO, RW, O_NONBLOCK, &can_all, ALL_OPS, 0, -EOPNOTSUPP, 0 },
	{ S_IFSOCK, RW, O_NONBLOCK, &can_all, ALL_OPS, 0, -EOPNOTSUPP, 0 },
	{ S_IFLNK, RW, O_NONBLOCK, &can_all, ALL_OPS, 0, -EOPNOTSUPP, 0 },
	{ 0, RW, O_NONBLOCK, &can_all, ALL_OPS, 0, -EOPNOTSUPP, 0 },
	/* Characters: only without waiting, and without places. */
	{ S_IFCHR, RW, 0, &can_all, ALL_OPS, 0, -EOPNOTSUPP, 0 },
	{ S_IFCHR, RW, O_DIRECT, &can_all, ALL_OPS, 0, -EOPNOTSUPP, 0 },
	{ S_IFCHR, RW, O_NONBLOCK, &can_all, MOVE_OPS, 0, 0, IO_AT_ONCE },
	/* Who shares the file may take this flag away while it is received. */
	{ S_IFCHR, RW, O_NONBLOCK, &can_all, RECEIVE_OP, 0, -EOPNOTSUPP, 0 },
	{ S_IFCHR, RW | FMODE_NOWAIT, 0, &can_all, CHAR_OPS, 0, 0,
	  IO_AT_ONCE },
	{ S_IFCHR, RW | FMODE_NOWAIT, 0, &can_all, CHAR_OPS, 1, -EINVAL, 0 },
	{ S_IFCHR, RW, O_NONBLOCK, &can_all, SYNC_OP | DISCARD_OP, 0,
	  -EOPNOTSUPP, 0 },
	{ S_IFCHR, FMODE_READ, O_NONBLOCK, &can_all, WRITE_OP, 0, -EBADF, 0 },
	{ S_IFCHR, FMODE_WRITE | FMODE_NOWAIT, 0, &can_all,
	  READ_OP | RECEIVE_OP, 0, -EBADF, 0 },
};

static void check_file(struct kunit *test, struct file *file, unsigned int i,
		       u32 operation)
{
	const struct file_case *c = &file_cases[i];
	const struct lodge_io_request req = {
		.operation = operation,
		.offset = c->offset,
	};
	enum io_way way = IO_QUEUED;

	file_inode(file)->i_mode = c->mode | 0600;
	file->f_mode = c->f_mode;
	file->f_flags = c->f_flags;
	file->f_op = c->fops;
	KUNIT_EXPECT_EQ_MSG(test, c->ret, io_choose_way(file, &req, &way),
			    "case %u, operation %u", i, operation);
	if (!c->ret)
		KUNIT_EXPECT_EQ_MSG(test, c->way, way,
				    "case %u, operation %u", i, operation);
}

static void io_choose_way_by_file(struct kunit *test)
{
	struct file *file = kunit_kzalloc(test, sizeof(*file), GFP_KERNEL);
	struct inode *inode = kunit_kzalloc(test, sizeof(*inode), GFP_KERNEL);
	unsigned int i;
	u32 operation;

	KUNIT_ASSERT_NOT_NULL(test, file);
	KUNIT_ASSERT_NOT_NULL(test, inode);
	file->f_inode = inode;
	for (i = 0; i < ARRAY_SIZE(file_cases); i++)
		for (operation = 0; operation < 32; operation++)
			if (file_cases[i].operations & BIT(operation))
				check_file(test, file, i, operation);
}

static void io_choose_way_of_a_tap(struct kunit *test)
{
	const struct lodge_io_request req = { .operation = LODGE_IO_RECEIVE };
	struct file *file = kunit_kzalloc(test, sizeof(*file), GFP_KERNEL);
	struct inode *inode = kunit_kzalloc(test, sizeof(*inode), GFP_KERNEL);
	enum io_way way;

	KUNIT_ASSERT_NOT_NULL(test, file);
	KUNIT_ASSERT_NOT_NULL(test, inode);
	file->f_inode = inode;
	file->f_mode = RW;
	file->f_op = &can_all;
	inode->i_mode = S_IFCHR | 0600;
	inode->i_rdev = MKDEV(MISC_MAJOR, TUN_MINOR);
	KUNIT_EXPECT_EQ(test, 0, io_choose_way(file, &req, &way));
	KUNIT_EXPECT_EQ(test, IO_AT_ONCE, way);
	inode->i_rdev = MKDEV(MISC_MAJOR, TUN_MINOR + 1);
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP, io_choose_way(file, &req, &way));
}

static void io_choose_way_needs_a_file(struct kunit *test)
{
	const struct lodge_io_request req = { .operation = LODGE_IO_READ };
	enum io_way way;

	KUNIT_EXPECT_EQ(test, -EBADF, io_choose_way(NULL, &req, &way));
}

static struct kunit_case io_check_cases[] = {
	KUNIT_CASE(io_check_common_fields),
	KUNIT_CASE(io_check_read_and_write),
	KUNIT_CASE(io_check_none),
	KUNIT_CASE(io_check_sync_and_discard),
	KUNIT_CASE(io_check_receive),
	KUNIT_CASE(io_check_plain_receive),
	KUNIT_CASE(io_check_segment_bounds),
	KUNIT_CASE(io_check_leaves_too_many_segments),
	KUNIT_CASE(io_choose_way_by_file),
	KUNIT_CASE(io_choose_way_of_a_tap),
	KUNIT_CASE(io_choose_way_needs_a_file),
	{}
};

static struct kunit_suite io_check_suite = {
	.name = "lodge_io_check",
	.test_cases = io_check_cases,
};

kunit_test_suite(io_check_suite);

MODULE_LICENSE("GPL");
