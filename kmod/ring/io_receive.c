// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packets from a tap or the like into places of a ring.  How many places a
 * packet needs is known only when it was read, and where the next one begins
 * only after that.  So reading it and raising the count are one step here, in
 * the holder's call: a packet that has left the tap is in the table.
 *
 * Most packets need far fewer places than the longest, and to hold a page costs
 * more than to receive a short packet.  So only as many pages are held as the
 * last packets needed.  What is longer goes on into pages of the ring's own, and
 * from there into the guest's.
 */
#include <linux/bvec.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/uio.h>

#include "ring/attach.h"
#include "ring/grant.h"
#include "ring/io.h"

/* Pages of a ring's own, at most: a network packet's are fewer. */
#define SPILL_MAX	32

/*
 * Places that were offered.  Those from next up to pinned have their pages
 * held: the next packet finds those that the last one did not need.
 */
struct receive {
	struct io_ring *ring;
	const struct lodge_io_request *req;
	const struct lodge_io_segment *segs;
	struct file *file;
	u32 next;
	u32 pinned;
	struct grant_pin *pins;		/* one for each place */
	struct bio_vec *bvecs;		/* one packet's */
	u8 header[LODGE_IO_INLINE];
};

static void unpin_up_to(struct receive *r, u32 end)
{
	end = min(end, r->pinned);
	for (; r->next < end; r->next++)
		grant_unpin(r->ring->slot->domain, &r->pins[r->next]);
}

/* 0, -ENOMEM, -EFAULT the place r->pinned is not granted. */
static int pin_up_to(struct receive *r, u32 end)
{
	const struct lodge_io_segment *seg;
	int err;

	for (; r->pinned < end; r->pinned++) {
		seg = &r->segs[r->pinned];
		err = grant_pin(r->ring->slot->domain, seg->grant, seg->offset,
				seg->length, true, &r->pins[r->pinned]);
		if (err)
			return err == -ENOMEM ? err : -EFAULT;
	}
	return 0;
}

/* The packet's places: all of a window, but the second one when it is kept. */
static bool place_has_data(const struct receive *r, u32 i)
{
	return !(r->req->extra_byte && i == 1);
}

/* --- the ring's own pages ------------------------------------------------- */

void io_receive_free(struct io_ring *ring)
{
	u32 i;

	for (i = 0; i < ring->nr_spill; i++)
		put_page(ring->spill[i]);
	kfree(ring->spill);
	ring->spill = NULL;
	ring->nr_spill = 0;
}

/* Have @nr; false when all of a packet's places must be held instead. */
static bool make_spill(struct io_ring *ring, u32 nr)
{
	if (nr <= ring->nr_spill)
		return true;
	if (nr > SPILL_MAX)
		return false;
	if (!ring->spill)
		ring->spill = kcalloc(SPILL_MAX, sizeof(*ring->spill),
				      GFP_KERNEL_ACCOUNT);
	if (!ring->spill)
		return false;
	for (; ring->nr_spill < nr; ring->nr_spill++) {
		ring->spill[ring->nr_spill] = alloc_page(GFP_KERNEL_ACCOUNT |
							 __GFP_NOWARN);
		if (!ring->spill[ring->nr_spill])
			return false;
	}
	return true;
}

/* So many places are held before a packet is read. */
static u32 choose_window(struct io_ring *ring, u32 longest)
{
	if (!make_spill(ring, longest))
		return longest;
	return clamp_t(u32, ring->expected, 1, longest);
}

/* After a long packet another one is likely, after some short ones it is not. */
static void note_places(struct io_ring *ring, u32 used)
{
	if (used >= ring->expected)
		ring->expected = used;
	else
		ring->expected = (ring->expected + used) / 2;
}

/* --- one packet ----------------------------------------------------------- */

static struct page *place_page(const struct receive *r, u32 i, u32 window)
{
	return i < window ? r->pins[r->next + i].page : r->ring->spill[i];
}

static ssize_t read_packet(struct receive *r, u32 window)
{
	struct kiocb iocb = {
		.ki_filp = r->file,
		.ki_flags = r->file->f_iocb_flags | IOCB_NOWAIT,
	};
	struct iov_iter iter;
	size_t length = 0;
	u32 i, nr = 0;

	if (r->req->inline_length)
		r->bvecs[nr++] = (struct bio_vec){
			.bv_page = virt_to_page(r->header),
			.bv_offset = offset_in_page(r->header),
			.bv_len = r->req->inline_length,
		};
	for (i = 0; i < r->req->packet_indices; i++) {
		const struct lodge_io_segment *seg = &r->segs[r->next + i];

		if (!place_has_data(r, i))
			continue;
		r->bvecs[nr++] = (struct bio_vec){
			.bv_page = place_page(r, i, window),
			.bv_offset = seg->offset,
			.bv_len = seg->length,
		};
	}
	for (i = 0; i < nr; i++)
		length += r->bvecs[i].bv_len;
	iov_iter_bvec(&iter, READ, r->bvecs, nr, length);
	return io_result(vfs_iocb_iter_read(r->file, &iocb, &iter));
}

/*
 * A packet of @n bytes is in @used places, of which @window were held: hold the
 * others, and give them their bytes.
 */
static int take_spill(struct receive *r, u32 window, u32 used, ssize_t n)
{
	size_t left = max_t(ssize_t, n - r->req->inline_length, 0), length;
	int err = pin_up_to(r, r->next + used);
	u32 i;

	if (err)
		return err;
	for (i = 0; i < used; i++) {
		const struct lodge_io_segment *seg = &r->segs[r->next + i];

		if (!place_has_data(r, i))
			continue;
		length = min_t(size_t, left, seg->length);
		left -= length;
		if (i >= window)
			memcpy_page(r->pins[r->next + i].page, seg->offset,
				    r->ring->spill[i], seg->offset, length);
	}
	return 0;
}

/* How many places a packet of @n bytes has used. */
static u32 used_places(const struct receive *r, ssize_t n)
{
	ssize_t left = n - r->req->inline_length;
	const u8 extra = r->req->extra_byte;
	u32 i, used = 1;

	for (i = 0; i < r->req->packet_indices && left > 0; i++) {
		if (!place_has_data(r, i))
			continue;
		left -= r->segs[r->next + i].length;
		used = i + 1;
	}
	/* A packet without that byte leaves the last one's there. */
	if (used == 1 && extra && n >= extra && r->header[extra - 1])
		used = 2;
	return used;
}

/* @nr places become an entry that is done.  Their pages are let go first. */
static void add_entry(struct receive *r, u32 nr, ssize_t result)
{
	struct lodge_io_request req = *r->req;
	int entry = io_table_find_free(r->ring);
	u32 shown = result > 0 ?
		min_t(u32, result, r->req->inline_length) : 0;

	unpin_up_to(r, r->next + nr);
	req.ring_index = r->ring->count;
	io_table_take(r->ring, entry, &req, nr);
	io_table_done(r->ring, entry, result, r->header, shown, r->ring->turn);
}

/* The place r->pinned is not granted: what came for it is lost, if it came. */
static void refuse_place(struct receive *r)
{
	add_entry(r, r->pinned - r->next + 1, -EFAULT);
	r->pinned++;
	r->next = r->pinned;
}

/* 1 go on; 0 there are no more; -ENOMEM. */
static int enter_packet(struct receive *r, u32 window, ssize_t n)
{
	u32 used = used_places(r, n);
	int err = used > window ? take_spill(r, window, used, n) : 0;

	note_places(r->ring, used);
	if (err == -EFAULT) {
		refuse_place(r);
		return 1;
	}
	if (err) {
		add_entry(r, 1, err);
		return err;
	}
	add_entry(r, used, n);
	return 1;
}

/* 1 go on; 0 there are no more; -ENOMEM. */
static int receive_one(struct receive *r)
{
	u32 window = choose_window(r->ring, r->req->packet_indices);
	ssize_t n;
	int err;

	if (io_table_find_free(r->ring) < 0)
		return 0;
	err = pin_up_to(r, r->next + window);
	if (err == -EFAULT) {
		refuse_place(r);
		return 1;
	}
	if (err)
		return err;
	/* The last packet may have left more of them. */
	window = min_t(u32, r->pinned - r->next, r->req->packet_indices);
	n = read_packet(r, window);
	if (n == -EAGAIN)
		return 0;
	if (n >= 0)
		return enter_packet(r, window, n);
	add_entry(r, 1, n);
	return 0;
}

static int receive_all(struct receive *r)
{
	const u32 first = r->ring->count;
	int more;

	do {
		more = receive_one(r);
		cond_resched();
	} while (more > 0 &&
		 r->req->nr_indices - r->next >= r->req->packet_indices);
	unpin_up_to(r, r->pinned);
	/* What was taken stands, whatever the next one lacked. */
	return r->ring->count == first ? more : 0;
}

static void receive_free(struct receive *r)
{
	if (!r)
		return;
	kvfree(r->bvecs);
	kvfree(r->pins);
	kfree(r);
}

int io_receive(struct io_ring *ring, const struct lodge_io_request *req,
	       const struct lodge_io_segment *segs, struct file *file)
{
	struct receive *r = kzalloc(sizeof(*r), GFP_KERNEL_ACCOUNT);
	int err = -ENOMEM;

	if (!r)
		return -ENOMEM;
	r->ring = ring;
	r->req = req;
	r->segs = segs;
	r->file = file;
	r->pins = kvmalloc_array(req->nr_indices, sizeof(*r->pins),
				 GFP_KERNEL_ACCOUNT);
	r->bvecs = kvmalloc_array(req->packet_indices + 1, sizeof(*r->bvecs),
				  GFP_KERNEL_ACCOUNT);
	if (r->pins && r->bvecs)
		err = receive_all(r);
	receive_free(r);
	return min(err, 0);
}
