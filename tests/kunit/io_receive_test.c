// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packets into places of a ring: which places a packet of a size takes, where
 * its bytes go, which pages are held meanwhile, and what ends it. The packets
 * come from a list of sizes, the table is a list of what was entered.
 */
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/prandom.h>

#include "fake_io.h"

#include "../../kmod/ring/io_receive.c"

#define NR_ENTRIES	32
#define MAX_PACKETS	32
#define HEADER		10
#define HEADER_EXTRA	10	/* its last byte asks for the extra place */
#define RANDOM_ROUNDS	400

/* --- the table ------------------------------------------------------------ */

static struct entered {
	u32 ring_index, nr_indices;
	s32 result;
	u64 asked_in;
	u32 inline_length;
	u8 inline_data[LODGE_IO_INLINE];
	int held;		/* pages, when it was entered */
} entered[NR_ENTRIES];
static unsigned int nr_entered, nr_free;
static u32 free_entry;		/* what is given out */

int io_table_find_free(const struct io_ring *ring)
{
	return nr_entered < nr_free ? (int)free_entry : -EAGAIN;
}

void io_table_take(struct io_ring *ring, u32 entry,
		   const struct lodge_io_request *req, u32 nr_indices)
{
	entered[nr_entered] = (struct entered){
		.ring_index = req->ring_index,
		.nr_indices = nr_indices,
		.result = 1 << 30,
	};
	ring->count += nr_indices;
}

void io_table_done(struct io_ring *ring, u32 entry, s32 result,
		   const u8 *inline_data, u32 inline_length, u64 asked_in)
{
	struct entered *e = &entered[nr_entered++];

	e->result = result;
	e->asked_in = asked_in;
	e->inline_length = inline_length;
	memcpy(e->inline_data, inline_data, inline_length);
	e->held = atomic_read(&fake_nr_held);
	free_entry++;
}

/* --- the packets ---------------------------------------------------------- */

static struct packet {
	ssize_t size;		/* or what the file says instead */
	u8 extra;		/* byte HEADER_EXTRA of it */
} packets[MAX_PACKETS];
static unsigned int nr_packets, nr_read, nr_reads;
static size_t asked_size;	/* at the last read */
static bool may_wait;
static int most_held;

static u8 byte_of(unsigned int packet, size_t at)
{
	if (at == HEADER_EXTRA - 1)
		return packets[packet].extra;
	return packet * 31 + at * 7 + (at >> 8);
}

static ssize_t packet_read(struct kiocb *iocb, struct iov_iter *to)
{
	size_t at, size = iov_iter_count(to);
	u8 byte;

	nr_reads++;
	asked_size = size;
	may_wait |= !(iocb->ki_flags & IOCB_NOWAIT);
	most_held = max(most_held, atomic_read(&fake_nr_held));
	if (nr_read == nr_packets)
		return -EAGAIN;
	if (packets[nr_read].size < 0)
		return packets[nr_read++].size;
	size = min_t(size_t, size, packets[nr_read].size);
	for (at = 0; at < size; at++) {
		byte = byte_of(nr_read, at);
		if (copy_to_iter(&byte, 1, to) != 1)
			return -EFAULT;
	}
	nr_read++;
	return size;
}

static const struct file_operations packet_fops = { .read_iter = packet_read };

/* --- one test ------------------------------------------------------------- */

struct setting {
	struct io_ring *ring;
	struct file *file;
	struct lodge_io_request req;
	struct lodge_io_segment segs[FAKE_REFS];
};

static int suite_init(struct kunit *test)
{
	struct setting *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, s);
	fake_grants_init(test);
	s->ring = fake_ring(test, NR_ENTRIES);
	s->ring->count = 100;
	s->file = fake_file(test, S_IFCHR, &packet_fops);
	for (i = 0; i < FAKE_REFS; i++) {
		s->segs[i].grant = i;
		s->segs[i].length = PAGE_SIZE;
	}
	nr_entered = 0;
	nr_free = NR_ENTRIES;
	free_entry = 4;
	nr_packets = 0;
	nr_read = 0;
	nr_reads = 0;
	may_wait = false;
	most_held = 0;
	test->priv = s;
	return 0;
}

static void suite_exit(struct kunit *test)
{
	struct setting *s = test->priv;

	io_receive_free(s->ring);
	fake_grants_exit(test);
	KUNIT_EXPECT_FALSE(test, may_wait);
}

static void add_packet(ssize_t size, u8 extra)
{
	packets[nr_packets].size = size;
	packets[nr_packets++].extra = extra;
}

static int receive(struct kunit *test, u32 places, u16 window, bool extra)
{
	struct setting *s = test->priv;

	s->req = (struct lodge_io_request){
		.ring_index = s->ring->count,
		.operation = LODGE_IO_RECEIVE,
		.nr_indices = places,
		.nr_segments = places,
		.packet_indices = window,
		.inline_length = HEADER,
		.extra_byte = extra ? HEADER_EXTRA : 0,
	};
	return io_receive(s->ring, &s->req, s->segs, s->file);
}

#define expect_entry(test, i, index, nr, res) do {			\
	KUNIT_EXPECT_EQ_MSG(test, (u32)(index), entered[i].ring_index,	\
			    "entry %u", i);				\
	KUNIT_EXPECT_EQ_MSG(test, (u32)(nr), entered[i].nr_indices,	\
			    "entry %u", i);				\
	KUNIT_EXPECT_EQ_MSG(test, (s32)(res), entered[i].result,	\
			    "entry %u", i);				\
} while (0)

/* Bytes from @at on of packet @packet are in @ref's page from @offset on. */
static void expect_bytes(struct kunit *test, unsigned int packet, size_t at,
			 u32 ref, u32 offset, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (fake_bytes(ref)[offset + i] != byte_of(packet, at + i)) {
			KUNIT_FAIL(test, "packet %u, byte %zu", packet, at + i);
			return;
		}
	}
}

/* --- places --------------------------------------------------------------- */

static void receive_one_place_each(struct kunit *test)
{
	struct setting *s = test->priv;

	add_packet(HEADER + 60, 0);
	add_packet(HEADER + 4096, 0);
	add_packet(HEADER, 0);
	add_packet(3, 0);
	KUNIT_EXPECT_EQ(test, 0, receive(test, 8, 1, false));
	KUNIT_ASSERT_EQ(test, 4u, nr_entered);
	expect_entry(test, 0, 100, 1, HEADER + 60);
	expect_entry(test, 1, 101, 1, HEADER + 4096);
	expect_entry(test, 2, 102, 1, HEADER);
	expect_entry(test, 3, 103, 1, 3);
	expect_bytes(test, 0, HEADER, 0, 0, 60);
	expect_bytes(test, 1, HEADER, 1, 0, 4096);
	KUNIT_EXPECT_EQ(test, 0, fake_bytes(0)[60]);
	KUNIT_EXPECT_EQ(test, 104u, s->ring->count);
	KUNIT_EXPECT_EQ(test, (u32)HEADER, entered[0].inline_length);
	KUNIT_EXPECT_EQ(test, (u32)HEADER, entered[2].inline_length);
	KUNIT_EXPECT_EQ(test, 3u, entered[3].inline_length);
	KUNIT_EXPECT_EQ(test, byte_of(1, 4), entered[1].inline_data[4]);
	KUNIT_EXPECT_EQ(test, s->ring->turn, entered[0].asked_in);
	/* One window is held at a time, none when an entry is there. */
	KUNIT_EXPECT_EQ(test, 1, most_held);
	KUNIT_EXPECT_EQ(test, 0, entered[0].held);
}

static void receive_as_many_as_a_packet_needs(struct kunit *test)
{
	struct setting *s = test->priv;

	add_packet(HEADER + 4097, 0);
	add_packet(HEADER + 3 * 4096, 0);
	add_packet(HEADER + 1, 0);
	add_packet(HEADER + 2 * 4096, 0);
	KUNIT_EXPECT_EQ(test, 0, receive(test, 16, 3, false));
	KUNIT_ASSERT_EQ(test, 4u, nr_entered);
	expect_entry(test, 0, 100, 2, HEADER + 4097);
	expect_entry(test, 1, 102, 3, HEADER + 3 * 4096);
	expect_entry(test, 2, 105, 1, HEADER + 1);
	expect_entry(test, 3, 106, 2, HEADER + 2 * 4096);
	expect_bytes(test, 0, HEADER, 0, 0, 4096);
	expect_bytes(test, 0, HEADER + 4096, 1, 0, 1);
	expect_bytes(test, 1, HEADER + 2 * 4096, 4, 0, 4096);
	expect_bytes(test, 2, HEADER, 5, 0, 1);
	expect_bytes(test, 3, HEADER + 4096, 7, 0, 4096);
	KUNIT_EXPECT_EQ(test, 108u, s->ring->count);
	/*
	 * As many are held as the last one needed.  What a packet left is the
	 * next one's, held all the while.
	 */
	KUNIT_EXPECT_EQ(test, 3, most_held);
	KUNIT_EXPECT_EQ(test, 0, entered[0].held);
	KUNIT_EXPECT_EQ(test, 0, entered[1].held);
	KUNIT_EXPECT_EQ(test, 2, entered[2].held);
	KUNIT_EXPECT_EQ(test, 0, entered[3].held);
}

/* Those that come after a long one find as much held, for a while. */
static void receive_holds_what_it_expects(struct kunit *test)
{
	static const int held[] = { 0, 3, 1, 0, 0 };
	unsigned int i;

	add_packet(HEADER + 4 * 4096, 0);
	for (i = 1; i < ARRAY_SIZE(held); i++)
		add_packet(HEADER + 1, 0);
	KUNIT_EXPECT_EQ(test, 0, receive(test, 4, 4, false));
	for (i = 1; i < ARRAY_SIZE(held); i++)
		KUNIT_EXPECT_EQ(test, 0, receive(test, 4, 4, false));
	KUNIT_ASSERT_EQ(test, (unsigned int)ARRAY_SIZE(held), nr_entered);
	expect_bytes(test, 0, HEADER + 3 * 4096, 3, 0, 4096);
	for (i = 0; i < ARRAY_SIZE(held); i++)
		KUNIT_EXPECT_EQ_MSG(test, held[i], entered[i].held,
				    "packet %u", i);
}

/* More than a ring has pages for are all held. */
static void receive_holds_all_of_very_many(struct kunit *test)
{
	struct setting *s = test->priv;
	static struct lodge_io_segment segs[SPILL_MAX + 1];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(segs); i++)
		segs[i] = (struct lodge_io_segment){ i % FAKE_REFS, 0, 64 };
	s->req = (struct lodge_io_request){
		.ring_index = s->ring->count,
		.operation = LODGE_IO_RECEIVE,
		.nr_indices = ARRAY_SIZE(segs),
		.nr_segments = ARRAY_SIZE(segs),
		.packet_indices = ARRAY_SIZE(segs),
		.inline_length = HEADER,
	};
	add_packet(HEADER + 65, 0);
	KUNIT_EXPECT_EQ(test, 0, io_receive(s->ring, &s->req, segs, s->file));
	expect_entry(test, 0, 100, 2, HEADER + 65);
	KUNIT_EXPECT_EQ(test, (int)ARRAY_SIZE(segs), most_held);
	KUNIT_EXPECT_EQ(test, 0u, s->ring->nr_spill);
}

/* The second place is a response without data, if the header wants one. */
static void receive_with_an_extra_place(struct kunit *test)
{
	add_packet(HEADER + 100, 0);
	add_packet(HEADER + 100, 1);
	add_packet(HEADER + 4097, 0);
	add_packet(HEADER + 4096, 255);
	add_packet(HEADER + 2 * 4096, 7);
	KUNIT_EXPECT_EQ(test, 0, receive(test, 16, 3, true));
	KUNIT_ASSERT_EQ(test, 5u, nr_entered);
	expect_entry(test, 0, 100, 1, HEADER + 100);
	expect_entry(test, 1, 101, 2, HEADER + 100);
	expect_entry(test, 2, 103, 3, HEADER + 4097);
	expect_entry(test, 3, 106, 2, HEADER + 4096);
	expect_entry(test, 4, 108, 3, HEADER + 2 * 4096);
	expect_bytes(test, 1, HEADER, 1, 0, 100);
	KUNIT_EXPECT_EQ(test, 0, fake_bytes(2)[0]);
	expect_bytes(test, 2, HEADER, 3, 0, 4096);
	KUNIT_EXPECT_EQ(test, 0, fake_bytes(4)[0]);
	expect_bytes(test, 2, HEADER + 4096, 5, 0, 1);
	expect_bytes(test, 4, HEADER + 4096, 10, 0, 4096);
	/* That place has no room for data. */
	KUNIT_EXPECT_EQ(test, (size_t)HEADER + 2 * 4096, asked_size);
}

static void receive_ignores_the_last_header(struct kunit *test)
{
	add_packet(HEADER + 1, 1);
	add_packet(HEADER - 1, 0);
	KUNIT_EXPECT_EQ(test, 0, receive(test, 8, 2, true));
	KUNIT_ASSERT_EQ(test, 2u, nr_entered);
	expect_entry(test, 0, 100, 2, HEADER + 1);
	expect_entry(test, 1, 102, 1, HEADER - 1);
}

static void receive_into_parts_of_pages(struct kunit *test)
{
	struct setting *s = test->priv;

	s->segs[0].offset = 100;
	s->segs[0].length = 50;
	s->segs[1].offset = 4095;
	s->segs[1].length = 1;
	s->segs[2].length = 200;
	add_packet(HEADER + 52, 0);
	KUNIT_EXPECT_EQ(test, 0, receive(test, 3, 3, false));
	KUNIT_ASSERT_EQ(test, 1u, nr_entered);
	expect_entry(test, 0, 100, 3, HEADER + 52);
	expect_bytes(test, 0, HEADER, 0, 100, 50);
	expect_bytes(test, 0, HEADER + 50, 1, 4095, 1);
	expect_bytes(test, 0, HEADER + 51, 2, 0, 1);
	KUNIT_EXPECT_EQ(test, 0, fake_bytes(0)[99]);
	KUNIT_EXPECT_EQ(test, 0, fake_bytes(0)[150]);
	KUNIT_EXPECT_EQ(test, 0, fake_bytes(1)[4094]);
	KUNIT_EXPECT_EQ(test, 0, fake_bytes(2)[1]);
}

/* --- ends ----------------------------------------------------------------- */

static void receive_reads_only_what_fits(struct kunit *test)
{
	struct setting *s = test->priv;
	unsigned int i;

	for (i = 0; i < 5; i++)
		add_packet(HEADER + 1, 0);
	/* After the third, one place is left: not enough for any packet. */
	KUNIT_EXPECT_EQ(test, 0, receive(test, 4, 2, false));
	KUNIT_EXPECT_EQ(test, 3u, nr_entered);
	KUNIT_EXPECT_EQ(test, 3u, nr_read);
	KUNIT_EXPECT_EQ(test, 103u, s->ring->count);
	KUNIT_EXPECT_EQ(test, 0, receive(test, 2, 2, false));
	KUNIT_EXPECT_EQ(test, 4u, nr_entered);
	expect_entry(test, 3, 103, 1, HEADER + 1);
}

static void receive_reads_only_what_has_an_entry(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < 5; i++)
		add_packet(HEADER + 1, 0);
	nr_free = 2;
	KUNIT_EXPECT_EQ(test, 0, receive(test, 8, 1, false));
	KUNIT_EXPECT_EQ(test, 2u, nr_entered);
	KUNIT_EXPECT_EQ(test, 2u, nr_reads);
}

static void receive_without_packets(struct kunit *test)
{
	struct setting *s = test->priv;

	KUNIT_EXPECT_EQ(test, 0, receive(test, 8, 4, true));
	KUNIT_EXPECT_EQ(test, 0u, nr_entered);
	KUNIT_EXPECT_EQ(test, 100u, s->ring->count);
	KUNIT_EXPECT_EQ(test, 1u, nr_reads);
	KUNIT_EXPECT_EQ(test, 1, most_held);
}

static void receive_enters_an_error(struct kunit *test)
{
	add_packet(HEADER + 1, 0);
	add_packet(-EIO, 0);
	add_packet(HEADER + 1, 0);
	KUNIT_EXPECT_EQ(test, 0, receive(test, 8, 2, true));
	KUNIT_ASSERT_EQ(test, 2u, nr_entered);
	expect_entry(test, 1, 101, 1, -EIO);
	KUNIT_EXPECT_EQ(test, 0u, entered[1].inline_length);
	KUNIT_EXPECT_EQ(test, 2u, nr_reads);
}

static void receive_restarts_nothing(struct kunit *test)
{
	add_packet(-ERESTARTSYS, 0);
	KUNIT_EXPECT_EQ(test, 0, receive(test, 8, 2, false));
	KUNIT_ASSERT_EQ(test, 1u, nr_entered);
	expect_entry(test, 0, 100, 1, -EINTR);
}

/* /dev/null and the like: it ends when the places do. */
static void receive_empty_packets(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < MAX_PACKETS; i++)
		add_packet(0, 0);
	KUNIT_EXPECT_EQ(test, 0, receive(test, 8, 1, true));
	KUNIT_EXPECT_EQ(test, 8u, nr_entered);
	expect_entry(test, 7, 107, 1, 0);
}

/* --- grants that are refused ---------------------------------------------- */

static void receive_refused_place(struct kunit *test)
{
	struct setting *s = test->priv;

	fake_grant_error[1] = -ENOENT;
	add_packet(HEADER + 1, 0);
	add_packet(HEADER + 1, 0);
	/* The second one finds no place held, so it waits for the third. */
	KUNIT_EXPECT_EQ(test, 0, receive(test, 8, 3, false));
	KUNIT_ASSERT_EQ(test, 3u, nr_entered);
	expect_entry(test, 0, 100, 1, HEADER + 1);
	expect_entry(test, 1, 101, 1, -EFAULT);
	expect_entry(test, 2, 102, 1, HEADER + 1);
	KUNIT_EXPECT_EQ(test, 0, entered[1].held);
	expect_bytes(test, 1, HEADER, 2, 0, 1);
	KUNIT_EXPECT_EQ(test, 103u, s->ring->count);
}

/* A packet that has begun in good places and goes on in a bad one is lost. */
static void receive_refused_later_place(struct kunit *test)
{
	struct setting *s = test->priv;

	fake_grant_error[2] = -ENOENT;
	add_packet(HEADER + 2 * 4096 + 1, 0);
	add_packet(HEADER + 4097, 0);
	KUNIT_EXPECT_EQ(test, 0, receive(test, 8, 3, false));
	KUNIT_ASSERT_EQ(test, 2u, nr_entered);
	expect_entry(test, 0, 100, 3, -EFAULT);
	expect_entry(test, 1, 103, 2, HEADER + 4097);
	KUNIT_EXPECT_EQ(test, 0, entered[0].held);
	expect_bytes(test, 1, HEADER, 3, 0, 4096);
	expect_bytes(test, 1, HEADER + 4096, 4, 0, 1);
	KUNIT_EXPECT_EQ(test, 105u, s->ring->count);
}

static void receive_all_refused(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < FAKE_REFS; i++)
		fake_grant_writable[i] = false;
	add_packet(HEADER + 1, 0);
	KUNIT_EXPECT_EQ(test, 0, receive(test, 8, 2, false));
	/* Behind the seventh there are not two any more. */
	KUNIT_EXPECT_EQ(test, 7u, nr_entered);
	expect_entry(test, 6, 106, 1, -EFAULT);
	KUNIT_EXPECT_EQ(test, 0u, nr_reads);
}

static void receive_without_memory(struct kunit *test)
{
	struct setting *s = test->priv;

	fake_grant_error[2] = -ENOMEM;
	add_packet(HEADER + 1, 0);
	add_packet(HEADER + 1, 0);
	add_packet(HEADER + 1, 0);
	KUNIT_EXPECT_EQ(test, 0, receive(test, 8, 1, false));
	KUNIT_EXPECT_EQ(test, 2u, nr_entered);
	KUNIT_EXPECT_EQ(test, 102u, s->ring->count);
	/* Nothing was taken this time, so that it can be told. */
	s->segs[0].grant = 2;
	KUNIT_EXPECT_EQ(test, -ENOMEM, receive(test, 8, 1, false));
	KUNIT_EXPECT_EQ(test, 2u, nr_entered);
}

/* The packet has been read: it is lost, and the table knows. */
static void receive_without_memory_later(struct kunit *test)
{
	struct setting *s = test->priv;

	fake_grant_error[1] = -ENOMEM;
	add_packet(HEADER + 4097, 0);
	KUNIT_EXPECT_EQ(test, 0, receive(test, 8, 3, false));
	KUNIT_ASSERT_EQ(test, 1u, nr_entered);
	expect_entry(test, 0, 100, 1, -ENOMEM);
	KUNIT_EXPECT_EQ(test, 101u, s->ring->count);
}

/* --- at random ------------------------------------------------------------ */

static u32 expected_places(const struct packet *p, u16 window, bool extra)
{
	size_t room = HEADER + PAGE_SIZE * (window - extra);
	size_t size = min_t(size_t, p->size, room);
	u32 pages = size <= HEADER ? 1 : DIV_ROUND_UP(size - HEADER, PAGE_SIZE);

	if (!extra)
		return pages;
	if (pages > 1)
		return pages + 1;
	return size >= HEADER && p->extra ? 2 : 1;
}

/* What was entered against what each packet must have taken. */
static bool round_is_right(struct kunit *test, u32 first, u32 places,
			   u16 window, bool extra)
{
	struct setting *s = test->priv;
	u32 used = 0, nr;
	unsigned int i;

	for (i = 0; i < nr_entered; i++) {
		nr = expected_places(&packets[i], window, extra);
		if (entered[i].ring_index != first + used ||
		    entered[i].nr_indices != nr)
			return false;
		used += nr;
	}
	if (s->ring->count != first + used || used > places ||
	    atomic_read(&fake_nr_held))
		return false;
	/* It must not have stopped early. */
	return nr_entered == nr_packets || places - used < window;
}

static void receive_at_random(struct kunit *test)
{
	struct setting *s = test->priv;
	struct rnd_state rnd;
	unsigned int round, i;
	u32 places, first;
	u16 window;
	bool extra;

	prandom_seed_state(&rnd, 5);
	for (round = 0; round < RANDOM_ROUNDS; round++) {
		places = 1 + prandom_u32_state(&rnd) % FAKE_REFS;
		window = 1 + prandom_u32_state(&rnd) % places;
		extra = window > 1 && prandom_u32_state(&rnd) & 1;
		nr_entered = 0;
		nr_read = 0;
		nr_packets = 0;
		for (i = prandom_u32_state(&rnd) % 4; i; i--)
			add_packet(prandom_u32_state(&rnd) % (3 * PAGE_SIZE),
				   prandom_u32_state(&rnd) & 1);
		first = U32_MAX - 5 + round;
		s->ring->count = first;
		if (receive(test, places, window, extra) ||
		    !round_is_right(test, first, places, window, extra)) {
			KUNIT_FAIL(test, "round %u: %u places, window %u, %d",
				   round, places, window, extra);
			break;
		}
	}
}

static struct kunit_case io_receive_cases[] = {
	KUNIT_CASE(receive_one_place_each),
	KUNIT_CASE(receive_as_many_as_a_packet_needs),
	KUNIT_CASE(receive_holds_what_it_expects),
	KUNIT_CASE(receive_holds_all_of_very_many),
	KUNIT_CASE(receive_with_an_extra_place),
	KUNIT_CASE(receive_ignores_the_last_header),
	KUNIT_CASE(receive_into_parts_of_pages),
	KUNIT_CASE(receive_reads_only_what_fits),
	KUNIT_CASE(receive_reads_only_what_has_an_entry),
	KUNIT_CASE(receive_without_packets),
	KUNIT_CASE(receive_enters_an_error),
	KUNIT_CASE(receive_restarts_nothing),
	KUNIT_CASE(receive_empty_packets),
	KUNIT_CASE(receive_refused_place),
	KUNIT_CASE(receive_refused_later_place),
	KUNIT_CASE(receive_all_refused),
	KUNIT_CASE(receive_without_memory),
	KUNIT_CASE(receive_without_memory_later),
	KUNIT_CASE(receive_at_random),
	{}
};

static struct kunit_suite io_receive_suite = {
	.name = "lodge_io_receive",
	.init = suite_init,
	.exit = suite_exit,
	.test_cases = io_receive_cases,
};

kunit_test_suite(io_receive_suite);

MODULE_LICENSE("GPL");
