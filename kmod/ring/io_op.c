// SPDX-License-Identifier: GPL-2.0-only
/*
 * One operation of grant I/O, from the holder's request to the result in the
 * table.  Taking it is one step for the holder and bounded: the request is
 * checked, its pages are held, the entry is busy.  From then on it belongs to
 * the module.  It is started outside of all locks, since a file may take its
 * time, and ends in process context, whoever lives:
 *
 *   direct   O_DIRECT on a regular file or a block device: asynchronous
 *   queued   everything else on these: one after the other, in a worker
 *   at once  character devices: inside the holder's call, without waiting
 */
#include "ring/io.h"

#include <linux/atomic.h>
#include <linux/bvec.h>
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/falloc.h>
#include <linux/file.h>
#include <linux/ioprio.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uio.h>

#include "domain.h"
#include "ring/attach.h"
#include "ring/grant.h"

/* So many segments need no memory of their own: a plain disk request's. */
#define SMALL_SEGMENTS	11

/*
 * An operation under way.  It holds its file, its pages, its ring and its
 * domain.  One thread at a time has it; in the block layer's hands it has two
 * holders, and who lets go last ends it.
 */
struct io_op {
	struct kiocb iocb;
	struct io_ring *ring;
	struct file *file;
	/* Of who asked; queued ones only. */
	const struct cred *cred;
	struct mem_cgroup *memcg;
	enum io_way way;
	u32 operation;
	u32 entry;
	atomic_t holders;		/* direct ones only */
	bool counted;			/* its file system counts it as a writer */
	u64 asked_in;			/* turn of who waits in a call, or 0 */
	long result;
	loff_t offset;
	u64 length;			/* bytes to move or to discard */
	union {
		struct llist_node ended;
		struct list_head queued;
	};
	unsigned int nr_segments;	/* counted against the ring's limit */
	unsigned int nr_pins;
	unsigned int nr_bvecs;
	u16 inline_length;
	struct grant_pin *pins;
	struct bio_vec *bvecs;
	u8 inline_data[LODGE_IO_INLINE];
	struct grant_pin small_pins[SMALL_SEGMENTS];
	struct bio_vec small_bvecs[SMALL_SEGMENTS + 1];
};

/*
 * A domain's workers: so many of its rings wait for files at a time, the others
 * for their turn.  Each worker is a thread that counts against no limit of the
 * user's.
 */
#define MAX_WORKERS	64

/* A ring has so many operations done before it is another one's turn. */
#define TURN		32

/* For ends: short, and never behind what waits for a file. */
static struct workqueue_struct *end_queue;

/* --- pages ---------------------------------------------------------------- */

/* 0, -ENOMEM, -EFAULT a segment is not granted as it must be. */
static int op_pin(struct io_op *op, const struct lodge_io_segment *segs)
{
	struct domain *d = op->ring->slot->domain;
	bool write = op->operation == LODGE_IO_READ;
	unsigned int i;
	int err;

	for (i = 0; i < op->nr_segments; i++) {
		struct grant_pin *pin = &op->pins[op->nr_pins];

		err = grant_pin(d, segs[i].grant, segs[i].offset,
				segs[i].length, write, pin);
		if (err)
			return err == -ENOMEM ? err : -EFAULT;
		op->nr_pins++;
		op->bvecs[op->nr_bvecs++] = (struct bio_vec){
			.bv_page = pin->page,
			.bv_offset = segs[i].offset,
			.bv_len = segs[i].length,
		};
		op->length += segs[i].length;
		cond_resched();
	}
	return 0;
}

static void op_unpin(struct io_op *op)
{
	grant_unpin_list(op->ring->slot->domain, op->pins, op->nr_pins);
	op->nr_pins = 0;
}

static void op_iter(struct io_op *op, struct iov_iter *iter)
{
	iov_iter_bvec(iter, op->operation == LODGE_IO_READ ? READ : WRITE,
		      op->bvecs, op->nr_bvecs, op->length);
}

/* --- life ----------------------------------------------------------------- */

/* Segments of busy entries are memory of the host's: a ring's are bounded. */
static bool charge_segments(struct io_ring *ring, unsigned int nr)
{
	if (atomic_add_return(nr, &ring->nr_segments) <= LODGE_IO_RING_SEGMENTS)
		return true;
	atomic_sub(nr, &ring->nr_segments);
	return false;
}

static void op_free(struct io_op *op)
{
	struct io_ring *ring = op->ring;
	struct domain *d = ring->slot->domain;

	op_unpin(op);
	if (op->bvecs != op->small_bvecs)
		kvfree(op->bvecs);
	if (op->pins != op->small_pins)
		kvfree(op->pins);
	if (op->cred)
		put_cred(op->cred);
	mem_cgroup_put(op->memcg);
	fput(op->file);
	atomic_sub(op->nr_segments, &ring->nr_segments);
	kfree(op);
	io_ring_put(ring);
	/* The slot may go with it. */
	domain_put(d);
}

static int op_alloc_vectors(struct io_op *op)
{
	op->pins = op->small_pins;
	op->bvecs = op->small_bvecs;
	if (op->nr_segments <= SMALL_SEGMENTS)
		return 0;
	op->pins = kvmalloc_array(op->nr_segments, sizeof(*op->pins),
				  GFP_KERNEL_ACCOUNT);
	op->bvecs = kvmalloc_array(op->nr_segments + 1, sizeof(*op->bvecs),
				   GFP_KERNEL_ACCOUNT);
	return op->pins && op->bvecs ? 0 : -ENOMEM;
}

/* Everything but the pages; ERR_PTR -EAGAIN too many segments, -ENOMEM. */
static struct io_op *op_alloc(struct io_ring *ring,
			      const struct lodge_io_request *req,
			      struct file *file)
{
	struct io_op *op;

	if (!charge_segments(ring, req->nr_segments))
		return ERR_PTR(-EAGAIN);
	op = kmalloc(sizeof(*op), GFP_KERNEL_ACCOUNT);
	if (!op) {
		atomic_sub(req->nr_segments, &ring->nr_segments);
		return ERR_PTR(-ENOMEM);
	}
	memset(op, 0, offsetof(struct io_op, small_pins));
	io_ring_get(ring);
	domain_get(ring->slot->domain);
	op->ring = ring;
	op->file = get_file(file);
	op->operation = req->operation;
	op->offset = req->offset;
	op->length = req->length;
	op->nr_segments = req->nr_segments;
	op->inline_length = req->inline_length;
	if (op_alloc_vectors(op)) {
		op_free(op);
		return ERR_PTR(-ENOMEM);
	}
	if (req->inline_length) {
		memcpy(op->inline_data, req->inline_data, req->inline_length);
		op->bvecs[op->nr_bvecs++] = (struct bio_vec){
			.bv_page = virt_to_page(op->inline_data),
			.bv_offset = offset_in_page(op->inline_data),
			.bv_len = req->inline_length,
		};
		op->length = req->inline_length;
	}
	return op;
}

static void op_end_write(struct io_op *op)
{
	if (op->counted)
		kiocb_end_write(&op->iocb);
	op->counted = false;
}

/* The result is there.  The grants are let go before anybody can see it. */
static void op_end(struct io_op *op)
{
	u32 shown = 0;

	op_end_write(op);
	op_unpin(op);
	if (op->operation == LODGE_IO_READ && op->result > 0)
		shown = min_t(long, op->result, op->inline_length);
	io_table_done(op->ring, op->entry, io_result(op->result),
		      op->inline_data, shown, op->asked_in);
	op_free(op);
}

/* --- direct --------------------------------------------------------------- */

/*
 * The last holder of two ends it: the submitter, or this, in any context.  A
 * worker may end what is in the list, and the domain with it, before this has
 * returned: io_exit() waits for that.
 */
static void direct_complete(struct kiocb *iocb, long result)
{
	struct io_op *op = container_of(iocb, struct io_op, iocb);
	struct io_ring *ring = op->ring;

	op->result = result;
	if (!atomic_dec_and_test(&op->holders))
		return;
	/* The operation holds the ring until the worker has ended it. */
	if (llist_add(&op->ended, &ring->ended))
		queue_work(end_queue, &ring->end_work);
}

void io_end_work(struct work_struct *work)
{
	struct io_ring *ring = container_of(work, struct io_ring, end_work);
	struct io_op *op, *next;

	/* The last one may take the ring along: nothing of it is used then. */
	llist_for_each_entry_safe(op, next, llist_del_all(&ring->ended),
				  ended) {
		op->asked_in = 0;
		op_end(op);
	}
}

static ssize_t op_start(struct io_op *op)
{
	struct iov_iter iter;

	op_iter(op, &iter);
	if (op->operation == LODGE_IO_READ)
		return vfs_iocb_iter_read(op->file, &op->iocb, &iter);
	return vfs_iocb_iter_write(op->file, &op->iocb, &iter);
}

static void op_set_iocb(struct io_op *op)
{
	op->iocb.ki_filp = op->file;
	op->iocb.ki_pos = op->offset;
	op->iocb.ki_flags = op->file->f_iocb_flags;
	op->iocb.ki_ioprio = get_current_ioprio();
}

static void issue_queued(struct io_op *op);

/*
 * A file may do without the disk, in the holder's thread, and give up when the
 * holder is killed.  That is no result: a worker, whom nobody kills, does it
 * again.
 */
static bool is_cut_off(const struct io_op *op, ssize_t n)
{
	return fatal_signal_pending(current) &&
	       (n >= 0 ? n < op->length : io_result(n) == -EINTR);
}

static void issue_direct(struct io_op *op)
{
	ssize_t n;

	atomic_set(&op->holders, 2);
	op->iocb.ki_complete = direct_complete;
	n = op_start(op);
	if (n != -EIOCBQUEUED && is_cut_off(op, n)) {
		op_end_write(op);
		issue_queued(op);
		return;
	}
	if (n != -EIOCBQUEUED) {
		op->result = n;
		atomic_dec(&op->holders);
	}
	/* What ended at once needs no worker. */
	if (atomic_dec_and_test(&op->holders))
		op_end(op);
}

/* --- queued --------------------------------------------------------------- */

static long run_move(struct io_op *op)
{
	struct iov_iter iter;
	ssize_t n;

	op_iter(op, &iter);
	if (op->operation == LODGE_IO_READ)
		return vfs_iter_read(op->file, &iter, &op->offset, 0);
	file_start_write(op->file);
	n = vfs_iter_write(op->file, &iter, &op->offset, 0);
	file_end_write(op->file);
	return n;
}

static long run_queued(struct io_op *op)
{
	switch (op->operation) {
	case LODGE_IO_SYNC:
		return vfs_fsync(op->file, 0);
	case LODGE_IO_DISCARD:
		return vfs_fallocate(op->file, FALLOC_FL_PUNCH_HOLE |
				     FALLOC_FL_KEEP_SIZE, op->offset,
				     op->length);
	default:
		return run_move(op);
	}
}

/* Quotas, reserved blocks, whose the page cache is: as if the holder did it. */
static void run_for_holder(struct io_op *op)
{
	struct mem_cgroup *old_memcg = set_active_memcg(op->memcg);
	const struct cred *old_cred = override_creds(op->cred);

	op->result = run_queued(op);
	revert_creds(old_cred);
	set_active_memcg(old_memcg);
}

static void free_io_queue(struct work_struct *work)
{
	struct io_queue *q = container_of(work, struct io_queue, free_work);

	/* Only for workers that are on their way out. */
	destroy_workqueue(q->workers);
	kfree(q);
}

struct io_queue *io_queue_alloc(u32 domid)
{
	struct io_queue *q = kmalloc(sizeof(*q), GFP_KERNEL_ACCOUNT);

	if (!q)
		return NULL;
	/* What hibernation has put into its image must not be written after. */
	q->workers = alloc_workqueue("lodge-io/%u", WQ_UNBOUND | WQ_FREEZABLE,
				     MAX_WORKERS, domid);
	if (!q->workers) {
		kfree(q);
		return NULL;
	}
	INIT_WORK(&q->free_work, free_io_queue);
	return q;
}

void io_queue_free(struct io_queue *q)
{
	if (q)
		queue_work(end_queue, &q->free_work);
}

static struct io_op *queue_next(struct io_ring *ring)
{
	struct io_op *op;

	spin_lock(&ring->queue_lock);
	op = list_first_entry_or_null(&ring->queue, struct io_op, queued);
	if (op)
		list_del(&op->queued);
	spin_unlock(&ring->queue_lock);
	return op;
}

void io_queue_work(struct work_struct *work)
{
	struct io_ring *ring = container_of(work, struct io_ring, queue_work);
	unsigned int i;
	struct io_op *op;

	for (i = 0; i < TURN; i++) {
		op = queue_next(ring);
		if (!op)
			break;
		run_for_holder(op);
		op_end(op);
		cond_resched();
	}
	/* The slot may be gone by now, the queue waits for us. */
	if (i < TURN || !queue_work(ring->io_queue->workers, work))
		io_ring_put(ring);
}

/* The caller is a holder, so the domain stays, whoever is faster. */
static void issue_queued(struct io_op *op)
{
	struct io_ring *ring = op->ring;

	op->cred = get_current_cred();
	op->memcg = get_mem_cgroup_from_mm(current->mm);
	op->asked_in = 0;
	/* The worker's reference: the operations' go as they end. */
	io_ring_get(ring);
	spin_lock(&ring->queue_lock);
	list_add_tail(&op->queued, &ring->queue);
	spin_unlock(&ring->queue_lock);
	if (!queue_work(ring->io_queue->workers, &ring->queue_work))
		io_ring_put(ring);
}

/* --- at once -------------------------------------------------------------- */

static void run_at_once(struct io_op *op)
{
	op_set_iocb(op);
	op->iocb.ki_flags |= IOCB_NOWAIT;
	op->result = op_start(op);
}

/* --- the two steps -------------------------------------------------------- */

/* It with all that it needs, or an ERR_PTR() of io_take()'s errors. */
static struct io_op *op_prepare(struct io_ring *ring,
				const struct lodge_io_request *req,
				const struct lodge_io_segment *segs,
				struct file *file, enum io_way way)
{
	struct io_op *op = op_alloc(ring, req, file);
	int err;

	if (IS_ERR(op))
		return op;
	op->way = way;
	op->asked_in = ring->turn;
	err = op_pin(op, segs);
	if (!err)
		return op;
	op_free(op);
	return ERR_PTR(err);
}

static int take_op(struct io_ring *ring, const struct lodge_io_request *req,
		   const struct lodge_io_segment *segs, struct file *file,
		   enum io_way way, struct io_op **out)
{
	struct io_op *op = op_prepare(ring, req, segs, file, way);
	int entry = io_table_find_free(ring);

	/* A guest that grants nothing has its request done all the same. */
	if (op == ERR_PTR(-EFAULT)) {
		io_table_take_done(ring, entry, req, req->nr_indices, -EFAULT);
		return 0;
	}
	if (IS_ERR(op))
		return PTR_ERR(op);
	op->entry = entry;
	io_table_take(ring, entry, req, req->nr_indices);
	*out = op;
	return 0;
}

int io_take(struct io_ring *ring, const struct lodge_io_request *req,
	    const struct lodge_io_segment *segs, struct file *file,
	    struct io_op **out)
{
	enum io_way way;
	int err;

	*out = NULL;
	err = io_check_request(ring, req, segs);
	if (err)
		return err;
	err = io_table_find_free(ring);
	if (err < 0)
		return err;
	if (req->operation == LODGE_IO_NONE) {
		io_table_take_done(ring, err, req, req->nr_indices, 0);
		return 0;
	}
	err = io_choose_way(file, req, &way);
	if (err)
		return err;
	if (req->operation == LODGE_IO_RECEIVE)
		return io_receive(ring, req, segs, file);
	return take_op(ring, req, segs, file, way, out);
}

/* A file system that is being frozen makes its writers wait: not the holder. */
static bool may_write_now(struct io_op *op)
{
	struct inode *inode = file_inode(op->file);

	if (op->operation != LODGE_IO_WRITE || !S_ISREG(inode->i_mode))
		return true;
	if (!sb_start_write_trylock(inode->i_sb))
		return false;
	/* It is given back by another thread: for lockdep it is not held. */
	__sb_writers_release(inode->i_sb, SB_FREEZE_WRITE);
	op->counted = true;
	return true;
}

void io_issue(struct io_op *op)
{
	switch (op->way) {
	case IO_AT_ONCE:
		run_at_once(op);
		op_end(op);
		break;
	case IO_DIRECT:
		op_set_iocb(op);
		if (may_write_now(op)) {
			issue_direct(op);
			break;
		}
		fallthrough;
	case IO_QUEUED:
		issue_queued(op);
		break;
	}
}

int io_init(void)
{
	end_queue = alloc_workqueue("lodge-io-end", WQ_HIGHPRI, 0);
	return end_queue ? 0 : -ENOMEM;
}

/*
 * The domains are gone, what they had has ended or been queued here.  Waits for
 * the last workers to return, those of the domains' queues included.
 */
void io_exit(void)
{
	destroy_workqueue(end_queue);
	/*
	 * And for those who have called direct_complete() and not left it yet:
	 * in an interrupt, or preempted.
	 */
	synchronize_rcu_tasks();
}
