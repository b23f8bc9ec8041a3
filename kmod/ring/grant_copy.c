// SPDX-License-Identifier: GPL-2.0-only
/*
 * Batched copies between a back end's memory and pages that the guest grants.
 * Each segment stands for itself: it is fetched once, its grant is used for the
 * time of the copy, and it gets a result of its own.
 *
 * A revoke waits for the segment that is being copied, and must not wait for
 * anything that the holder has a hand in.  So the copy itself takes no page
 * faults; what is missing on the holder's side is brought in between two tries.
 */
#include <linux/compiler.h>
#include <linux/mm.h>
#include <linux/nospec.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#include <uapi/lodge.h>

#include "domain.h"
#include "ring/attach.h"
#include "ring/attach_file.h"
#include "ring/grant.h"

/* A copy that finds its page gone again that often is given up. */
#define FAULT_TRIES	16

static bool segment_is_valid(const struct lodge_grant_segment *seg)
{
	return !(seg->flags & ~LODGE_GRANT_TO_GUEST) && seg->length &&
	       seg->offset < PAGE_SIZE &&
	       seg->length <= PAGE_SIZE - seg->offset;
}

/* Return: 0, -EAGAIN the holder's page is not there. */
static int copy_pinned(struct page *page, const struct lodge_grant_segment *seg)
{
	void __user *user = u64_to_user_ptr(seg->data);
	void *at = page_address(page) + seg->offset;
	unsigned long left;

	pagefault_disable();
	if (seg->flags & LODGE_GRANT_TO_GUEST)
		left = __copy_from_user_inatomic(at, user, seg->length);
	else
		left = __copy_to_user_inatomic(user, at, seg->length);
	pagefault_enable();
	return left ? -EAGAIN : 0;
}

static int copy_once(struct attach_file *af,
		     const struct lodge_grant_segment *seg)
{
	struct grant_pin pin;
	int err;

	/* Held for reading, it keeps the file from being revoked. */
	down_read(&af->lock);
	if (af->revoked) {
		err = -ENODEV;
		goto unlock;
	}
	err = grant_pin(af->domain, seg->ref, seg->offset, seg->length,
			seg->flags & LODGE_GRANT_TO_GUEST, &pin);
	/* For the caller -EAGAIN is about the holder's page. */
	if (err) {
		err = err == -EAGAIN ? -EBUSY : err;
		goto unlock;
	}
	err = copy_pinned(pin.page, seg);
	grant_unpin(af->domain, &pin);
unlock:
	up_read(&af->lock);
	return err;
}

static int fault_in(const struct lodge_grant_segment *seg)
{
	void __user *user = u64_to_user_ptr(seg->data);

	if (seg->flags & LODGE_GRANT_TO_GUEST)
		return fault_in_readable(user, seg->length) ? -EFAULT : 0;
	return fault_in_writeable(user, seg->length) ? -EFAULT : 0;
}

static int copy_segment(struct attach_file *af,
			const struct lodge_grant_segment *seg)
{
	unsigned int i;
	int err;

	if (!segment_is_valid(seg))
		return -EINVAL;
	if (!access_ok(u64_to_user_ptr(seg->data), seg->length))
		return -EFAULT;
	for (i = 0; i < FAULT_TRIES; i++) {
		err = copy_once(af, seg);
		if (err != -EAGAIN)
			return err;
		err = fault_in(seg);
		if (err)
			return err;
	}
	return -EFAULT;
}

/* One segment of the caller's array; what fails here ends the batch. */
static int copy_next(struct attach_file *af,
		     struct lodge_grant_segment __user *user)
{
	struct lodge_grant_segment seg;
	int err;

	if (copy_from_user(&seg, user, sizeof(seg)))
		return -EFAULT;
	err = copy_segment(af, &seg);
	if (err == -ENODEV)
		return err;
	return put_user(err, &user->status);
}

long attach_grant_copy(struct attach_file *af, void __user *user)
{
	struct lodge_grant_segment __user *segments;
	struct lodge_grant_copy __user *arg_user = user;
	struct lodge_grant_copy arg;
	int err = 0;
	u32 done;

	if (copy_from_user(&arg, user, sizeof(arg)))
		return -EFAULT;
	if (arg.size != sizeof(arg) || !arg.count ||
	    arg.count > LODGE_GRANT_COPY_MAX)
		return -EINVAL;
	if (attach_slot_is_fixed(af->slot))
		return -EPERM;
	segments = u64_to_user_ptr(arg.segments);
	for (done = 0; done < arg.count && !err; done += !err) {
		if (signal_pending(current))
			err = -EINTR;
		else
			err = copy_next(af, &segments[done]);
		cond_resched();
	}
	if (!done)
		return err;
	return put_user(done, &arg_user->count);
}
