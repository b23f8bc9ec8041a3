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
#include <linux/pfn_t.h>
#include <linux/pid.h>
#include <linux/poll.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#include <uapi/lodge.h>

#include "domain.h"
#include "ring/attach_file.h"
#include "ring/evtchn.h"

void attach_file_put(struct attach_file *af)
{
	if (!refcount_dec_and_test(&af->refs))
		return;
	put_pid(af->pid);
	domain_put(af->domain);
	kfree(af->io_buffer);
	kfree(af);
}

/* From here on the file reaches nothing of the domain. */
static void disarm(struct attach_file *af)
{
	lockdep_assert_held_write(&af->lock);
	/* Another holder may have the slot already. */
	if (af->revoked)
		return;
	WRITE_ONCE(af->revoked, true);
	/* A fault that comes later finds revoked under the lock. */
	if (af->mapping)
		unmap_mapping_range(af->mapping, 0, 0, 1);
	attach_maps_retire(af);
	attach_io_retire(af);
}

static void attach_file_revoke(struct attach_file *af)
{
	down_write(&af->lock);
	disarm(af);
	up_write(&af->lock);

	attach_slot_release(af->slot, af);
	wake_up_all(&af->wait);
}

static void slot_revoke(struct attach_slot *slot)
{
	struct attach_file *af = attach_slot_holder(slot);

	if (!af)
		return;
	attach_file_revoke(af);
	attach_file_put(af);
}

static long ioctl_eventfd(struct attach_file *af, void __user *user)
{
	struct lodge_attach_eventfd arg;
	struct eventfd_ctx *ctx = NULL;

	if (copy_from_user(&arg, user, sizeof(arg)))
		return -EFAULT;
	if (arg.size != sizeof(arg) || arg.reserved ||
	    arg.channel >= af->slot->nr_channels || arg.fd < -1)
		return -EINVAL;
	arg.channel = array_index_nospec(arg.channel, af->slot->nr_channels);
	if (arg.fd >= 0) {
		ctx = eventfd_ctx_fdget(arg.fd);
		if (IS_ERR(ctx))
			return PTR_ERR(ctx);
	}
	return attach_slot_set_eventfd(af->slot, af, arg.channel, ctx);
}

static long ioctl_notify(struct attach_file *af, void __user *user)
{
	struct attach_slot *slot = af->slot;
	u32 channel, port;

	if (get_user(channel, (u32 __user *)user))
		return -EFAULT;
	if (channel >= slot->nr_channels)
		return -EINVAL;
	channel = array_index_nospec(channel, slot->nr_channels);
	if (READ_ONCE(af->revoked))
		return -ENODEV;
	/* 0: the guest closed its end; its loss, not an error of ours. */
	port = READ_ONCE(slot->channel[channel].port);
	if (port)
		evtchn_raise(af->domain, port);
	return 0;
}

/* Only a device's holder chooses ports. */
static int check_device_channel(const struct attach_file *af, u32 channel)
{
	if (attach_slot_is_fixed(af->slot))
		return -EPERM;
	return channel < af->slot->nr_channels ? 0 : -EINVAL;
}

/* The lock keeps a holder that is being revoked from the next one's channel. */
static long ioctl_bind(struct attach_file *af, void __user *user)
{
	struct attach_slot *slot = af->slot;
	struct lodge_attach_bind arg;
	int ret;

	if (copy_from_user(&arg, user, sizeof(arg)))
		return -EFAULT;
	if (arg.size != sizeof(arg) || arg.reserved)
		return -EINVAL;
	ret = check_device_channel(af, arg.channel);
	if (ret)
		return ret;
	arg.channel = array_index_nospec(arg.channel, slot->nr_channels);

	down_write(&af->lock);
	ret = af->revoked ? -ENODEV :
	      evtchn_connect_slot(af->domain, slot, arg.channel, arg.port);
	up_write(&af->lock);
	return ret;
}

static long ioctl_unbind(struct attach_file *af, void __user *user)
{
	struct attach_slot *slot = af->slot;
	u32 channel;
	int ret;

	if (get_user(channel, (u32 __user *)user))
		return -EFAULT;
	ret = check_device_channel(af, channel);
	if (ret)
		return ret;
	channel = array_index_nospec(channel, slot->nr_channels);

	down_write(&af->lock);
	if (af->revoked)
		ret = -ENODEV;
	else
		evtchn_disconnect_slot(af->domain, slot, channel);
	up_write(&af->lock);
	return ret;
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
	case LODGE_ATTACH_BIND:
		return ioctl_bind(af, user);
	case LODGE_ATTACH_UNBIND:
		return ioctl_unbind(af, user);
	case LODGE_GRANT_COPY:
		return attach_grant_copy(af, user);
	case LODGE_GRANT_MAP:
		return attach_grant_map(af, user);
	case LODGE_GRANT_UNMAP:
		return attach_grant_unmap(af, user);
	case LODGE_IO_OPEN:
		return attach_io_open(af, user);
	case LODGE_IO_SUBMIT:
		return attach_io_submit(af, user);
	case LODGE_IO_CLOSE:
		return attach_io_close(af, user);
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
	return attach_io_page(af, pgoff);
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
	pfn_t pfn;

	down_read(&af->lock);
	page = af->revoked ? NULL : attach_page(af, vmf->pgoff);
	if (page) {
		/* As with VM_IO: a pipe, or I/O in flight, would keep it. */
		pfn = __pfn_to_pfn_t(page_to_pfn(page), 0);
		ret = vmf_insert_mixed(vmf->vma, vmf->address & PAGE_MASK, pfn);
	}
	up_read(&af->lock);
	return ret;
}

static const struct vm_operations_struct attach_vm_ops = {
	.fault = attach_fault,
};

static bool mmap_range_is_valid(const struct attach_file *af,
				struct vm_area_struct *vma)
{
	const unsigned long pages = vma_pages(vma);
	const pgoff_t first = LODGE_MMAP_RECOVERY >> PAGE_SHIFT;
	const unsigned long max = LODGE_RECOVERY_SIZE >> PAGE_SHIFT;

	if (vma->vm_pgoff == LODGE_MMAP_RING >> PAGE_SHIFT)
		return pages == 1 && af->slot->ring;
	return vma->vm_pgoff >= first && vma->vm_pgoff - first < max &&
	       pages <= max - (vma->vm_pgoff - first);
}

static int mmap_area(struct attach_file *af, struct vm_area_struct *vma)
{
	vma->vm_ops = &attach_vm_ops;
	if (vma->vm_pgoff >= LODGE_MMAP_IO_TABLE >> PAGE_SHIFT)
		return attach_io_mmap(af, vma);
	if (!mmap_range_is_valid(af, vma))
		return -EINVAL;
	if (vma->vm_pgoff >= LODGE_MMAP_RECOVERY >> PAGE_SHIFT)
		return attach_slot_make_recovery(af->slot);
	return 0;
}

static int attach_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct attach_file *af = file->private_data;
	int ret;

	if (!(vma->vm_flags & VM_SHARED) || vma->vm_flags & VM_EXEC)
		return -EINVAL;
	/* With VM_IO no child gets it, whatever it asks of madvise(). */
	vma->vm_flags |= VM_MIXEDMAP | VM_IO | VM_DONTCOPY | VM_DONTEXPAND |
			 VM_DONTDUMP;
	vma->vm_flags &= ~VM_MAYEXEC;

	down_write(&af->lock);
	if (af->revoked)
		ret = -ENODEV;
	else if (vma->vm_pgoff >= LODGE_MMAP_GRANTS >> PAGE_SHIFT)
		ret = attach_map_mmap(af, vma);
	else
		ret = mmap_area(af, vma);
	if (!ret)
		af->mapping = file->f_mapping;
	up_write(&af->lock);
	return ret;
}

static int attach_release(struct inode *inode, struct file *file)
{
	struct attach_file *af = file->private_data;

	/* The inode goes after this; a revoke that runs now waits for us. */
	down_write(&af->lock);
	disarm(af);
	af->mapping = NULL;
	up_write(&af->lock);

	attach_slot_release(af->slot, af);
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

struct attach_file *attach_file_alloc(struct domain *d,
				      struct attach_slot *slot)
{
	struct attach_file *af = kzalloc(sizeof(*af), GFP_KERNEL_ACCOUNT);

	if (!af)
		return NULL;
	refcount_set(&af->refs, 1);
	init_rwsem(&af->lock);
	INIT_LIST_HEAD(&af->maps);
	mutex_init(&af->io_lock);
	init_waitqueue_head(&af->wait);
	domain_get(d);
	af->domain = d;
	af->slot = slot;
	af->pid = get_pid(task_tgid(current));
	return af;
}

int attach_open(struct domain *d, struct lodge_attach *arg)
{
	struct pid *holder = NULL;
	struct attach_slot *slot;
	struct attach_file *af;
	int ret;

	if (arg->flags || arg->reserved[0] || arg->reserved[1])
		return -EINVAL;
	slot = attach_slot_get(d, arg->role, arg->devid);
	if (IS_ERR(slot))
		return PTR_ERR(slot);
	af = attach_file_alloc(d, slot);
	if (!af)
		return -ENOMEM;

	ret = attach_slot_take(slot, af, &holder);
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
	attach_slot_raise(slot);
	return ret;

release_slot:
	attach_slot_release(slot, af);
put_file:
	attach_file_put(af);
	return ret;
}

int attach_revoke(struct domain *d, u32 role, u32 devid)
{
	struct attach_slot *slot = attach_slot_lookup(d, role, devid);

	if (IS_ERR(slot))
		return PTR_ERR(slot);
	/* Nobody holds what nobody ever attached to. */
	if (slot)
		slot_revoke(slot);
	return 0;
}

void attach_hangup(struct domain *d)
{
	struct attach_table *t = &d->attach;
	unsigned int i;

	/*
	 * A slot that is not there yet has no holder either: who makes it
	 * after this sees that the domain is dying.
	 */
	mutex_lock(&t->lock);
	for (i = 0; i < ATTACH_MAX_SLOTS && t->slot[i]; i++)
		slot_revoke(t->slot[i]);
	mutex_unlock(&t->lock);
}
