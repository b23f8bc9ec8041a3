// SPDX-License-Identifier: GPL-2.0-only
/*
 * The calls of grant I/O, and the memory that its tables show to a holder.
 * What the holder hands in is copied first, without the file's lock: its memory
 * may be such that reading it never ends, and a revoke must not wait for that.
 */
#include <linux/blkdev.h>
#include <linux/err.h>
#include <linux/eventfd.h>
#include <linux/file.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/nospec.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#include <uapi/lodge.h>

#include "domain.h"
#include "ring/attach.h"
#include "ring/attach_file.h"
#include "ring/io.h"

/* Holds the numbers to retire, then the segments of one request. */
union io_buffer {
	u32 retire[LODGE_IO_MAX_ENTRIES];
	struct lodge_io_segment segs[LODGE_IO_MAX_SEGMENTS];
};

#define TABLE_PAGE	(LODGE_MMAP_IO_TABLE >> PAGE_SHIFT)
#define STATED_PAGE	(LODGE_MMAP_IO_STATED >> PAGE_SHIFT)
#define STRIDE_PAGES	(LODGE_MMAP_IO_STRIDE >> PAGE_SHIFT)

/* The lock, in either way, and whoever has it may use the ring. */
static int lock_holder(struct attach_file *af)
{
	down_read(&af->lock);
	if (!af->revoked)
		return 0;
	up_read(&af->lock);
	return -ENODEV;
}

static struct io_ring *find_ring(struct attach_file *af, u32 ring)
{
	lockdep_assert_held(&af->lock);
	if (ring >= LODGE_IO_MAX_RINGS)
		return NULL;
	return af->slot->io[array_index_nospec(ring, LODGE_IO_MAX_RINGS)];
}

/* --- open and close ------------------------------------------------------- */

static int open_ring(struct attach_file *af, const struct lodge_io_open *arg,
		     struct eventfd_ctx **ctx)
{
	struct io_ring *ring = find_ring(af, arg->ring);
	u32 i = array_index_nospec(arg->ring, LODGE_IO_MAX_RINGS);

	lockdep_assert_held_write(&af->lock);
	if (af->revoked)
		return -ENODEV;
	if (ring && ring->nr_entries != arg->nr_entries)
		return -EINVAL;
	/* Not with the first submission, which shall not fail for want of it. */
	if (!af->io_buffer)
		af->io_buffer = kmalloc(sizeof(union io_buffer),
					GFP_KERNEL_ACCOUNT);
	if (!af->io_buffer)
		return -ENOMEM;
	if (!ring) {
		ring = io_ring_alloc(af->slot, af->domain->attach.io_queue,
				     arg->nr_entries);
		if (IS_ERR(ring))
			return PTR_ERR(ring);
		af->slot->io[i] = ring;
	}
	io_ring_set_eventfd(ring, *ctx);
	*ctx = NULL;
	return 0;
}

long attach_io_open(struct attach_file *af, void __user *user)
{
	struct eventfd_ctx *ctx = NULL;
	struct lodge_io_open arg;
	int err;

	if (copy_from_user(&arg, user, sizeof(arg)))
		return -EFAULT;
	if (arg.size != sizeof(arg) || arg.ring >= LODGE_IO_MAX_RINGS ||
	    arg.nr_entries > LODGE_IO_MAX_ENTRIES ||
	    !is_power_of_2(arg.nr_entries) || arg.eventfd < -1)
		return -EINVAL;
	if (attach_slot_is_fixed(af->slot))
		return -EPERM;
	if (arg.eventfd >= 0) {
		ctx = eventfd_ctx_fdget(arg.eventfd);
		if (IS_ERR(ctx))
			return PTR_ERR(ctx);
	}
	err = -EINTR;
	if (!mutex_lock_killable(&af->io_lock)) {
		down_write(&af->lock);
		err = open_ring(af, &arg, &ctx);
		up_write(&af->lock);
		mutex_unlock(&af->io_lock);
	}
	if (ctx)
		eventfd_ctx_put(ctx);
	return err;
}

/* An area's pages leave the holder's page tables; later faults find none. */
static void unmap_ring(struct attach_file *af, u32 ring)
{
	const loff_t at = ring * LODGE_MMAP_IO_STRIDE;

	if (!af->mapping)
		return;
	unmap_mapping_range(af->mapping, LODGE_MMAP_IO_TABLE + at,
			    LODGE_MMAP_IO_STRIDE, 1);
	unmap_mapping_range(af->mapping, LODGE_MMAP_IO_STATED + at,
			    LODGE_MMAP_IO_STRIDE, 1);
}

static int close_ring(struct attach_file *af, u32 i)
{
	struct io_ring *ring = find_ring(af, i);

	lockdep_assert_held_write(&af->lock);
	if (af->revoked)
		return -ENODEV;
	if (!ring)
		return -EINVAL;
	if (!io_ring_is_idle(ring))
		return -EBUSY;
	i = array_index_nospec(i, LODGE_IO_MAX_RINGS);
	af->slot->io[i] = NULL;
	unmap_ring(af, i);
	io_ring_put(ring);
	return 0;
}

long attach_io_close(struct attach_file *af, void __user *user)
{
	u32 ring;
	int err;

	if (get_user(ring, (u32 __user *)user))
		return -EFAULT;
	if (attach_slot_is_fixed(af->slot))
		return -EPERM;
	if (mutex_lock_killable(&af->io_lock))
		return -EINTR;
	down_write(&af->lock);
	err = close_ring(af, ring);
	up_write(&af->lock);
	mutex_unlock(&af->io_lock);
	return err;
}

void attach_io_retire(struct attach_file *af)
{
	unsigned int i;

	lockdep_assert_held_write(&af->lock);
	for (i = 0; i < LODGE_IO_MAX_RINGS; i++)
		if (af->slot->io[i])
			io_ring_set_eventfd(af->slot->io[i], NULL);
}

/* --- submit --------------------------------------------------------------- */

/*
 * Both halves return 0 or the errno of the call, and put why they stopped into
 * @arg->error, how far they got into @arg's counts.
 */
static int retire_all(struct attach_file *af, struct lodge_io_submit *arg)
{
	union io_buffer *buf = af->io_buffer;
	struct io_ring *ring;
	u32 i, nr = arg->nr_retire;
	int err;

	arg->nr_retire = 0;
	if (copy_from_user(buf->retire, u64_to_user_ptr(arg->retire),
			   nr * sizeof(*buf->retire))) {
		arg->error = EFAULT;
		return 0;
	}
	err = lock_holder(af);
	if (err)
		return err;
	ring = find_ring(af, arg->ring);
	for (i = 0; i < nr && !arg->error; i++) {
		arg->error = -io_table_retire(ring, buf->retire[i]);
		arg->nr_retire += !arg->error;
	}
	up_read(&af->lock);
	return 0;
}

static int copy_request(struct attach_file *af, u64 at,
			struct lodge_io_request *req)
{
	union io_buffer *buf = af->io_buffer;

	if (copy_from_user(req, u64_to_user_ptr(at), sizeof(*req)))
		return -EFAULT;
	/* Checked again where the rest is: io_take() says E2BIG. */
	if (req->nr_segments > LODGE_IO_MAX_SEGMENTS)
		return 0;
	if (copy_from_user(buf->segs, u64_to_user_ptr(req->segments),
			   req->nr_segments * sizeof(*buf->segs)))
		return -EFAULT;
	return 0;
}

/*
 * *@refused: why the table did not take it.  What it took is started without
 * the lock: a file may take its time, and the entry is there whatever happens
 * to the holder.
 */
static int submit_one(struct attach_file *af, u32 ring,
		      const struct lodge_io_request *req, int *refused)
{
	union io_buffer *buf = af->io_buffer;
	struct file *file = NULL;
	struct io_op *op = NULL;
	int err;

	if (req->fd >= 0)
		file = fget(req->fd);
	err = lock_holder(af);
	if (!err) {
		*refused = io_take(find_ring(af, ring), req, buf->segs, file,
				   &op);
		up_read(&af->lock);
	}
	if (file)
		fput(file);
	if (op)
		io_issue(op);
	return err;
}

static int submit_all(struct attach_file *af, struct lodge_io_submit *arg)
{
	u32 nr = arg->nr_requests;
	struct lodge_io_request req;
	u64 at = arg->requests;
	int refused = 0, err = 0;

	arg->nr_requests = 0;
	while (arg->nr_requests < nr) {
		refused = fatal_signal_pending(current) ? -EINTR :
			  copy_request(af, at, &req);
		if (!refused)
			err = submit_one(af, arg->ring, &req, &refused);
		if (err || refused)
			break;
		arg->nr_requests++;
		at += sizeof(req);
		cond_resched();
	}
	arg->error = -refused;
	return err;
}

static int check_submit(struct attach_file *af,
			const struct lodge_io_submit *arg)
{
	struct io_ring *ring;
	int err = lock_holder(af);

	if (err)
		return err;
	ring = find_ring(af, arg->ring);
	/* The one before us may have left a table that we have not opened. */
	if (!ring || !af->io_buffer || arg->nr_retire > ring->nr_entries ||
	    arg->nr_requests > ring->nr_entries)
		err = -EINVAL;
	up_read(&af->lock);
	return err;
}

/* With io_lock held the ring stays: only this file could close it. */
static int submit(struct attach_file *af, struct lodge_io_submit *arg)
{
	struct blk_plug plug;
	int err = check_submit(af, arg);

	lockdep_assert_held(&af->io_lock);
	if (err)
		return err;
	arg->error = 0;
	if (arg->nr_retire)
		err = retire_all(af, arg);
	if (err)
		return err;
	if (arg->error) {
		arg->nr_requests = 0;
		return 0;
	}
	blk_start_plug(&plug);
	err = submit_all(af, arg);
	blk_finish_plug(&plug);
	return err;
}

long attach_io_submit(struct attach_file *af, void __user *user)
{
	struct lodge_io_submit arg;
	int err;

	if (copy_from_user(&arg, user, sizeof(arg)))
		return -EFAULT;
	if (arg.size != sizeof(arg) || arg.reserved)
		return -EINVAL;
	if (attach_slot_is_fixed(af->slot))
		return -EPERM;
	if (mutex_lock_killable(&af->io_lock))
		return -EINTR;
	err = submit(af, &arg);
	mutex_unlock(&af->io_lock);
	if (err)
		return err;
	return copy_to_user(user, &arg, sizeof(arg)) ? -EFAULT : 0;
}

/* --- mmap ----------------------------------------------------------------- */

/*
 * The area of a ring that an offset of the file falls into.
 * @size: out: its bytes.  @at: out: the page's place in it.
 */
static void *find_area(struct attach_file *af, pgoff_t pgoff, size_t *size,
		       pgoff_t *at)
{
	const bool stated = pgoff >= STATED_PAGE;
	struct io_ring *ring;

	if (pgoff < TABLE_PAGE)
		return NULL;
	pgoff -= stated ? STATED_PAGE : TABLE_PAGE;
	if (pgoff / STRIDE_PAGES >= LODGE_IO_MAX_RINGS)
		return NULL;
	ring = find_ring(af, pgoff / STRIDE_PAGES);
	if (!ring)
		return NULL;
	*at = pgoff % STRIDE_PAGES;
	*size = stated ? io_ring_stated_size(ring->nr_entries) :
		io_ring_shown_size(ring->nr_entries);
	return stated ? (void *)ring->stated : (void *)ring->shown;
}

struct page *attach_io_page(struct attach_file *af, pgoff_t pgoff)
{
	size_t size;
	pgoff_t at;
	void *area = find_area(af, pgoff, &size, &at);

	if (!area || at >= PAGE_ALIGN(size) >> PAGE_SHIFT)
		return NULL;
	return vmalloc_to_page(area + (at << PAGE_SHIFT));
}

int attach_io_mmap(struct attach_file *af, struct vm_area_struct *vma)
{
	size_t size;
	pgoff_t at;

	if (!find_area(af, vma->vm_pgoff, &size, &at) ||
	    at + vma_pages(vma) > PAGE_ALIGN(size) >> PAGE_SHIFT)
		return -EINVAL;
	if (vma->vm_pgoff >= STATED_PAGE)
		return 0;
	/* mremap() to the other area needs the same offset: it has another. */
	if (vma->vm_flags & VM_WRITE)
		return -EACCES;
	vma->vm_flags &= ~VM_MAYWRITE;
	return 0;
}
