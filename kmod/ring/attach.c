// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attach files: one back end's hold on one slot.  The slot outlives every
 * holder, and a holder can be thrown out at any time (it may be stopped or
 * stuck), so each file has an inode of its own through which its mappings are
 * taken away before the next holder is let in.
 */
#include "ring/attach.h"

#include <linux/anon_inodes.h>
#include <linux/eventfd.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/nospec.h>
#include <linux/pid.h>
#include <linux/poll.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#include <uapi/lodge.h>
#include <xen/interface/xen.h>
#include <xen/interface/hvm/params.h>

#include "domain.h"
#include "ring/evtchn.h"

/*
 * Lifetime: the open file holds a reference, and whoever revokes takes one
 * while it looks at the slot; the file holds one of the domain.
 * Lock order: mmap_lock, then lock, then the locks of unmapping.
 */
struct attach_file {
	refcount_t refs;
	struct domain *domain;		/* c */
	struct attach_slot *slot;	/* c */
	struct pid *pid;		/* c: who attached */
	struct mutex lock;
	bool revoked;			/* lock to write; read anywhere */
	struct address_space *mapping;	/* lock: of the open file, once mapped */
	wait_queue_head_t wait;
};

static void attach_file_put(struct attach_file *af)
{
	if (!refcount_dec_and_test(&af->refs))
		return;
	put_pid(af->pid);
	domain_put(af->domain);
	kfree(af);
}

/* The slot's holder with a reference, or NULL. */
static struct attach_file *slot_get_holder(struct attach_slot *slot)
{
	struct attach_file *af;
	unsigned long flags;

	spin_lock_irqsave(&slot->lock, flags);
	af = slot->holder;
	/* A holder in the slot still has its file's reference. */
	if (af)
		refcount_inc(&af->refs);
	spin_unlock_irqrestore(&slot->lock, flags);
	return af;
}

/* Free the slot for the next holder, if @af still has it. */
static void slot_release(struct attach_slot *slot, struct attach_file *af)
{
	struct eventfd_ctx *eventfd[ATTACH_MAX_CHANNELS] = { NULL };
	unsigned long flags;
	unsigned int i;

	spin_lock_irqsave(&slot->lock, flags);
	if (slot->holder == af) {
		slot->holder = NULL;
		for (i = 0; i < ATTACH_MAX_CHANNELS; i++)
			swap(eventfd[i], slot->eventfd[i]);
	}
	spin_unlock_irqrestore(&slot->lock, flags);

	for (i = 0; i < ATTACH_MAX_CHANNELS; i++) {
		if (eventfd[i])
			eventfd_ctx_put(eventfd[i]);
	}
}

/* From here on the file reaches nothing of the domain. */
static void attach_file_revoke(struct attach_file *af)
{
	mutex_lock(&af->lock);
	WRITE_ONCE(af->revoked, true);
	/* A fault that comes later finds revoked under the lock. */
	if (af->mapping)
		unmap_mapping_range(af->mapping, 0, 0, 1);
	mutex_unlock(&af->lock);

	slot_release(af->slot, af);
	wake_up_all(&af->wait);
}

static void slot_revoke(struct attach_slot *slot)
{
	struct attach_file *af = slot_get_holder(slot);

	if (!af)
		return;
	attach_file_revoke(af);
	attach_file_put(af);
}

void attach_signal(struct attach_slot *slot, u32 channel)
{
	unsigned long flags;

	channel = array_index_nospec(channel, ATTACH_MAX_CHANNELS);
	spin_lock_irqsave(&slot->lock, flags);
	if (slot->eventfd[channel])
		eventfd_signal(slot->eventfd[channel], 1);
	spin_unlock_irqrestore(&slot->lock, flags);
}

/*
 * Bind @ctx (or nothing) to a channel.  A new binding is signalled at once:
 * what the guest sent while nobody listened must be looked at.
 */
static int slot_set_eventfd(struct attach_slot *slot, struct attach_file *af,
			    u32 channel, struct eventfd_ctx *ctx)
{
	unsigned long flags;

	spin_lock_irqsave(&slot->lock, flags);
	if (slot->holder != af) {
		spin_unlock_irqrestore(&slot->lock, flags);
		if (ctx)
			eventfd_ctx_put(ctx);
		return -ENODEV;
	}
	swap(slot->eventfd[channel], ctx);
	if (slot->eventfd[channel])
		eventfd_signal(slot->eventfd[channel], 1);
	spin_unlock_irqrestore(&slot->lock, flags);

	if (ctx)
		eventfd_ctx_put(ctx);
	return 0;
}

static long ioctl_eventfd(struct attach_file *af, void __user *user)
{
	struct lodge_attach_eventfd arg;
	struct eventfd_ctx *ctx = NULL;

	if (copy_from_user(&arg, user, sizeof(arg)))
		return -EFAULT;
	if (arg.size != sizeof(arg) || arg.reserved ||
	    arg.channel >= ATTACH_MAX_CHANNELS || arg.fd < -1)
		return -EINVAL;
	arg.channel = array_index_nospec(arg.channel, ATTACH_MAX_CHANNELS);
	if (arg.fd >= 0) {
		ctx = eventfd_ctx_fdget(arg.fd);
		if (IS_ERR(ctx))
			return PTR_ERR(ctx);
	}
	return slot_set_eventfd(af->slot, af, arg.channel, ctx);
}

static long ioctl_notify(struct attach_file *af, void __user *user)
{
	u32 channel, port;

	if (get_user(channel, (u32 __user *)user))
		return -EFAULT;
	if (channel >= ATTACH_MAX_CHANNELS)
		return -EINVAL;
	channel = array_index_nospec(channel, ATTACH_MAX_CHANNELS);
	if (READ_ONCE(af->revoked))
		return -ENODEV;
	/* 0: the guest closed its end; its loss, not an error of ours. */
	port = READ_ONCE(af->slot->port[channel]);
	if (port)
		evtchn_raise(af->domain, port);
	return 0;
}

static long attach_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct attach_file *af = file->private_data;
	void __user *user = (void __user *)arg;

	switch (cmd) {
	case LODGE_ATTACH_EVENTFD:
		return ioctl_eventfd(af, user);
	case LODGE_ATTACH_NOTIFY:
		return ioctl_notify(af, user);
	default:
		return -ENOTTY;
	}
}

static __poll_t attach_poll(struct file *file, poll_table *wait)
{
	struct attach_file *af = file->private_data;

	poll_wait(file, &af->wait, wait);
	return READ_ONCE(af->revoked) ? EPOLLHUP : 0;
}

/*
 * The page behind an offset of the file.  The offset was checked at mmap(),
 * but mremap() and partial unmapping move it about.
 */
static struct page *attach_page(struct attach_file *af, pgoff_t pgoff)
{
	struct attach_slot *slot = af->slot;
	const pgoff_t first = LODGE_MMAP_RECOVERY >> PAGE_SHIFT;

	if (pgoff == LODGE_MMAP_RING >> PAGE_SHIFT)
		return slot->ring;
	if (slot->recovery && pgoff >= first &&
	    pgoff - first < LODGE_RECOVERY_SIZE >> PAGE_SHIFT)
		return vmalloc_to_page(slot->recovery +
				       ((pgoff - first) << PAGE_SHIFT));
	return NULL;
}

/*
 * Pages enter the mapping here and not in mmap(): a mapping can be found by
 * revoke only after mmap() has returned.
 */
static vm_fault_t attach_fault(struct vm_fault *vmf)
{
	struct attach_file *af = vmf->vma->vm_file->private_data;
	vm_fault_t ret = VM_FAULT_SIGBUS;
	struct page *page;
	int err;

	mutex_lock(&af->lock);
	page = af->revoked ? NULL : attach_page(af, vmf->pgoff);
	if (page) {
		err = vm_insert_page(vmf->vma, vmf->address & PAGE_MASK, page);
		/* EBUSY: another thread faulted the same page in. */
		if (!err || err == -EBUSY)
			ret = VM_FAULT_NOPAGE;
		else if (err == -ENOMEM)
			ret = VM_FAULT_OOM;
	}
	mutex_unlock(&af->lock);
	return ret;
}

static const struct vm_operations_struct attach_vm_ops = {
	.fault = attach_fault,
};

static bool mmap_range_is_valid(struct vm_area_struct *vma)
{
	unsigned long pages = vma_pages(vma);
	const pgoff_t first = LODGE_MMAP_RECOVERY >> PAGE_SHIFT;
	const unsigned long max = LODGE_RECOVERY_SIZE >> PAGE_SHIFT;

	if (vma->vm_pgoff == LODGE_MMAP_RING >> PAGE_SHIFT)
		return pages == 1;
	return vma->vm_pgoff >= first && vma->vm_pgoff - first < max &&
	       pages <= max - (vma->vm_pgoff - first);
}

/* Most holders need no recovery area: it comes with its first mapping. */
static int slot_make_recovery(struct attach_slot *slot)
{
	if (!slot->recovery)
		slot->recovery = __vmalloc(LODGE_RECOVERY_SIZE,
					   GFP_KERNEL_ACCOUNT | __GFP_ZERO |
					   __GFP_NOWARN);
	return slot->recovery ? 0 : -ENOMEM;
}

static int attach_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct attach_file *af = file->private_data;
	int ret = 0;

	if (!mmap_range_is_valid(vma) || !(vma->vm_flags & VM_SHARED) ||
	    (vma->vm_flags & VM_EXEC))
		return -EINVAL;

	mutex_lock(&af->lock);
	if (af->revoked)
		ret = -ENODEV;
	else if (vma->vm_pgoff >= LODGE_MMAP_RECOVERY >> PAGE_SHIFT)
		ret = slot_make_recovery(af->slot);
	if (!ret)
		af->mapping = file->f_mapping;
	mutex_unlock(&af->lock);
	if (ret)
		return ret;

	vma->vm_flags |= VM_MIXEDMAP | VM_DONTCOPY | VM_DONTEXPAND |
			 VM_DONTDUMP;
	vma->vm_flags &= ~VM_MAYEXEC;
	vma->vm_ops = &attach_vm_ops;
	return 0;
}

static int attach_release(struct inode *inode, struct file *file)
{
	struct attach_file *af = file->private_data;

	/* The inode goes after this; a revoke that runs now waits for us. */
	mutex_lock(&af->lock);
	WRITE_ONCE(af->revoked, true);
	af->mapping = NULL;
	mutex_unlock(&af->lock);

	slot_release(af->slot, af);
	attach_file_put(af);
	return 0;
}

static const struct file_operations attach_fops = {
	.owner = THIS_MODULE,
	.release = attach_release,
	.unlocked_ioctl = attach_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.mmap = attach_mmap,
	.poll = attach_poll,
	.llseek = noop_llseek,
};

/* ERR_PTR: -ENOSYS roles that are to come, -EINVAL what never exists. */
static struct attach_slot *slot_lookup(struct domain *d, u32 role, u32 devid)
{
	unsigned int i;

	if (role == LODGE_ROLE_BLOCK || role == LODGE_ROLE_NET)
		return ERR_PTR(-ENOSYS);
	for (i = 0; i < ATTACH_MAX_SLOTS; i++) {
		if (d->slots[i].role == role && d->slots[i].devid == devid)
			return &d->slots[i];
	}
	return ERR_PTR(-EINVAL);
}

/* Enter @af as the holder, or say who is. */
static int slot_take(struct attach_slot *slot, struct attach_file *af,
		     struct pid **holder)
{
	unsigned long flags;
	int ret = 0;

	spin_lock_irqsave(&slot->lock, flags);
	/* dying is set before attach_hangup() takes this lock. */
	if (READ_ONCE(slot->domain->dying)) {
		ret = -ENODEV;
	} else if (slot->holder) {
		*holder = get_pid(slot->holder->pid);
		ret = -EBUSY;
	} else {
		slot->holder = af;
	}
	spin_unlock_irqrestore(&slot->lock, flags);
	return ret;
}

static struct attach_file *attach_file_alloc(struct domain *d,
					     struct attach_slot *slot)
{
	struct attach_file *af = kzalloc(sizeof(*af), GFP_KERNEL_ACCOUNT);

	if (!af)
		return NULL;
	refcount_set(&af->refs, 1);
	mutex_init(&af->lock);
	init_waitqueue_head(&af->wait);
	domain_get(d);
	af->domain = d;
	af->slot = slot;
	af->pid = get_pid(task_tgid(current));
	return af;
}

/* The guest looks at its side; the holder is told when it binds an eventfd. */
static void slot_raise(struct attach_slot *slot)
{
	unsigned int i;

	for (i = 0; i < ATTACH_MAX_CHANNELS; i++) {
		u32 port = READ_ONCE(slot->port[i]);

		if (port)
			evtchn_raise(slot->domain, port);
	}
}

int attach_open(struct domain *d, struct lodge_attach *arg)
{
	struct pid *holder = NULL;
	struct attach_slot *slot;
	struct attach_file *af;
	int ret;

	if (arg->flags || arg->reserved[0] || arg->reserved[1])
		return -EINVAL;
	slot = slot_lookup(d, arg->role, arg->devid);
	if (IS_ERR(slot))
		return PTR_ERR(slot);
	af = attach_file_alloc(d, slot);
	if (!af)
		return -ENOMEM;

	ret = slot_take(slot, af, &holder);
	if (ret) {
		arg->holder = pid_vnr(holder);
		put_pid(holder);
		goto put_file;
	}
	/* The only exported way to an inode of its own. */
	ret = anon_inode_getfd_secure("[lodge-attach]", &attach_fops, af,
				      O_RDWR | O_CLOEXEC, NULL);
	if (ret < 0)
		goto release_slot;
	/* af is the file's: another thread may have closed it already. */
	slot_raise(slot);
	return ret;

release_slot:
	slot_release(slot, af);
put_file:
	attach_file_put(af);
	return ret;
}

int attach_revoke(struct domain *d, u32 role, u32 devid)
{
	struct attach_slot *slot = slot_lookup(d, role, devid);

	if (IS_ERR(slot))
		return PTR_ERR(slot);
	slot_revoke(slot);
	return 0;
}

void attach_hangup(struct domain *d)
{
	unsigned int i;

	for (i = 0; i < ATTACH_MAX_SLOTS; i++)
		slot_revoke(&d->slots[i]);
}

static int slot_init(struct domain *d, struct attach_slot *slot, u32 role,
		     u64 gfn)
{
	int ret;

	slot->domain = d;
	slot->role = role;
	spin_lock_init(&slot->lock);
	slot->ring = alloc_page(GFP_KERNEL_ACCOUNT | __GFP_ZERO);
	if (!slot->ring)
		return -ENOMEM;
	ret = guest_ram_map_special(&d->ram, GFN(gfn), slot->ring,
				    S2_READ | S2_WRITE);
	if (ret)
		return ret;
	return evtchn_bind_slot(d, slot, 0, &slot->port[0]);
}

/* Where the guest asks for its store and console. */
static void set_params(struct domain *d)
{
	u64 *params = d->xen.params;

	params[HVM_PARAM_STORE_PFN] = LODGE_STORE_GFN;
	params[HVM_PARAM_STORE_EVTCHN] = d->slots[0].port[0];
	params[HVM_PARAM_CONSOLE_PFN] = LODGE_CONSOLE_GFN;
	params[HVM_PARAM_CONSOLE_EVTCHN] = d->slots[1].port[0];
}

int attach_init(struct domain *d)
{
	int ret;

	ret = slot_init(d, &d->slots[0], LODGE_ROLE_STORE, LODGE_STORE_GFN);
	if (!ret)
		ret = slot_init(d, &d->slots[1], LODGE_ROLE_CONSOLE,
				LODGE_CONSOLE_GFN);
	if (ret)
		attach_exit(d);
	else
		set_params(d);
	return ret;
}

/* The guest's mapping of a ring page has a reference of its own. */
void attach_exit(struct domain *d)
{
	unsigned int i;

	for (i = 0; i < ATTACH_MAX_SLOTS; i++) {
		struct attach_slot *slot = &d->slots[i];

		if (slot->ring)
			put_page(slot->ring);
		slot->ring = NULL;
		vfree(slot->recovery);
		slot->recovery = NULL;
	}
}
