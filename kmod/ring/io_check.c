// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a holder asks of grant I/O, checked before anything happens: the request
 * itself, and whether its file can do it, and how.
 */
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/kdev_t.h>
#include <linux/major.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>

#include "ring/io.h"

static bool op_moves(u32 operation)
{
	return operation == LODGE_IO_READ || operation == LODGE_IO_WRITE ||
	       operation == LODGE_IO_RECEIVE;
}

/* --- checks --------------------------------------------------------------- */

static int check_place(const struct io_ring *ring,
		       const struct lodge_io_request *req)
{
	if (req->operation > LODGE_IO_RECEIVE || req->reserved ||
	    !req->nr_indices ||
	    req->nr_indices > ring->nr_entries ||
	    req->inline_length > LODGE_IO_INLINE)
		return -EINVAL;
	if (req->offset > S64_MAX || req->length > S64_MAX - req->offset)
		return -EINVAL;
	if (req->nr_segments > LODGE_IO_MAX_SEGMENTS)
		return -E2BIG;
	return 0;
}

static int check_operation(const struct lodge_io_request *req)
{
	if (op_moves(req->operation)) {
		if (!(req->nr_segments || req->inline_length) || req->length)
			return -EINVAL;
	} else if (req->nr_segments || req->inline_length) {
		return -EINVAL;
	}
	switch (req->operation) {
	case LODGE_IO_NONE:
		return req->fd != -1 || req->offset || req->length ? -EINVAL : 0;
	case LODGE_IO_SYNC:
		return req->offset || req->length ? -EINVAL : 0;
	case LODGE_IO_DISCARD:
		return req->length ? 0 : -EINVAL;
	default:
		return 0;
	}
}

/* Segment i is the page of place i; a packet's header is read separately. */
static int check_packets(const struct lodge_io_request *req)
{
	if (req->operation != LODGE_IO_RECEIVE)
		return req->packet_indices || req->extra_byte ? -EINVAL : 0;
	if (req->nr_indices != req->nr_segments || !req->packet_indices ||
	    req->packet_indices > req->nr_indices ||
	    req->extra_byte > req->inline_length ||
	    (req->extra_byte && req->packet_indices < 2))
		return -EINVAL;
	return 0;
}

static int check_segments(const struct lodge_io_request *req,
			  const struct lodge_io_segment *segs)
{
	unsigned int i;

	for (i = 0; i < req->nr_segments; i++)
		if (segs[i].offset >= PAGE_SIZE ||
		    segs[i].length > PAGE_SIZE - segs[i].offset ||
		    !segs[i].length)
			return -EINVAL;
	return 0;
}

int io_check_request(const struct io_ring *ring,
		     const struct lodge_io_request *req,
		     const struct lodge_io_segment *segs)
{
	int err = check_place(ring, req);

	if (!err)
		err = check_operation(req);
	if (!err)
		err = check_packets(req);
	if (!err)
		err = check_segments(req, segs);
	if (err)
		return err;
	return req->ring_index == ring->count ? 0 : -ESTALE;
}

/* May the file be read, or written to, by an iterator? */
static int check_moves(const struct file *file, u32 operation)
{
	const struct file_operations *fop = file->f_op;

	if (operation != LODGE_IO_WRITE) {
		if (!(file->f_mode & FMODE_READ))
			return -EBADF;
		return fop->read_iter ? 0 : -EOPNOTSUPP;
	}
	if (!(file->f_mode & FMODE_WRITE))
		return -EBADF;
	return fop->write_iter ? 0 : -EOPNOTSUPP;
}

/* A regular file or a block device. */
static int choose_disk_way(const struct file *file,
			   const struct lodge_io_request *req, enum io_way *way)
{
	const struct file_operations *fop = file->f_op;

	*way = IO_QUEUED;
	switch (req->operation) {
	case LODGE_IO_RECEIVE:
		return -EOPNOTSUPP;
	case LODGE_IO_SYNC:
		return fop->fsync ? 0 : -EOPNOTSUPP;
	case LODGE_IO_DISCARD:
		if (!(file->f_mode & FMODE_WRITE))
			return -EBADF;
		return fop->fallocate ? 0 : -EOPNOTSUPP;
	default:
		if (READ_ONCE(file->f_flags) & O_DIRECT &&
		    file->f_mode & FMODE_CAN_ODIRECT)
			*way = IO_DIRECT;
		return check_moves(file, req->operation);
	}
}

/*
 * Packets are received while the holder cannot be revoked.  O_NONBLOCK is no
 * promise then: who shares the file can take it back.  A tap heeds IOCB_NOWAIT,
 * though Linux before 6.4 has it not say so.
 */
static bool never_waits(const struct file *file)
{
	return file->f_mode & FMODE_NOWAIT ||
	       file_inode(file)->i_rdev == MKDEV(MISC_MAJOR, TUN_MINOR);
}

/* Served while the holder waits, so it must be one that does not block. */
static bool may_be_quick(const struct file *file, u32 operation)
{
	return never_waits(file) || (operation != LODGE_IO_RECEIVE &&
				     READ_ONCE(file->f_flags) & O_NONBLOCK);
}

int io_choose_way(const struct file *file, const struct lodge_io_request *req,
		  enum io_way *way)
{
	umode_t mode;

	if (!file)
		return -EBADF;
	mode = file_inode(file)->i_mode;
	if (S_ISREG(mode) || S_ISBLK(mode))
		return choose_disk_way(file, req, way);
	*way = IO_AT_ONCE;
	if (!S_ISCHR(mode) || !op_moves(req->operation) ||
	    !may_be_quick(file, req->operation))
		return -EOPNOTSUPP;
	return req->offset ? -EINVAL : check_moves(file, req->operation);
}
