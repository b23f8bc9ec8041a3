// SPDX-License-Identifier: GPL-2.0-only
/*
 * Domain files and vCPU files.  Rights were checked when the file was opened;
 * a file keeps its domain's structures alive, not the domain.
 */
#include <linux/anon_inodes.h>
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/nospec.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "dev.h"
#include "domain.h"
#include "vcpu.h"

/* A domain file remembers which change of state its reader has seen. */
struct domain_file {
	struct domain *domain;
	int seen;		/* a: READ_ONCE/WRITE_ONCE, a hint for poll */
};

static long call_info(void *object, unsigned long arg)
{
	struct domain_file *f = object;
	struct lodge_domain_info *info = kmalloc(sizeof(*info), GFP_KERNEL);
	int err;

	if (!info)
		return -ENOMEM;
	err = dev_fetch(info, arg, sizeof(*info));
	if (!err) {
		WRITE_ONCE(f->seen, atomic_read(&f->domain->state_seq));
		domain_info(f->domain, info);
		err = dev_store(arg, info, sizeof(*info));
	}
	kfree(info);
	return err;
}

/* The calls that have no argument. */
static long plain_call(void *object, unsigned long arg,
		       void (*call)(struct domain *d))
{
	struct domain_file *f = object;

	if (arg)
		return -EINVAL;
	call(f->domain);
	return 0;
}

static long call_pause(void *object, unsigned long arg)
{
	return plain_call(object, arg, domain_pause);
}

static long call_unpause(void *object, unsigned long arg)
{
	return plain_call(object, arg, domain_unpause);
}

static long call_destroy(void *object, unsigned long arg)
{
	return plain_call(object, arg, domain_destroy);
}

static long call_shutdown(void *object, unsigned long arg)
{
	struct domain_file *f = object;
	u32 reason;

	if (get_user(reason, (u32 __user *)arg))
		return -EFAULT;
	if (reason > LODGE_SHUTDOWN_SOFT_RESET)
		return -EINVAL;
	domain_shutdown(f->domain, reason, "by request of the host");
	return 0;
}

/*
 * One page at a time through a bounce page, so that a guest page is never
 * touched where the caller's memory could fault.
 */
static ssize_t copy_memory(struct domain *d, const struct lodge_memory *m,
			   bool write)
{
	u8 *bounce = (u8 *)__get_free_page(GFP_KERNEL);
	u64 done = 0;
	int err = 0;

	if (!bounce)
		return -ENOMEM;
	while (done < m->length && !err) {
		u64 gpa = m->gpa + done;
		size_t n = min_t(u64, m->length - done,
				 PAGE_SIZE - offset_in_page(gpa));
		void __user *user = u64_to_user_ptr(m->data + done);

		if (fatal_signal_pending(current)) {
			err = -EINTR;
		} else if (write) {
			if (!done || IS_ALIGNED(gpa, SZ_2M))
				guest_ram_expect_write(&d->ram, gpa,
						       m->length - done);
			err = copy_from_user(bounce, user, n) ? -EFAULT :
			      guest_mem_write(&d->ram, gpa, bounce, n, false);
		} else {
			err = guest_mem_read(&d->ram, gpa, bounce, n);
			if (!err && copy_to_user(user, bounce, n))
				err = -EFAULT;
		}
		if (!err)
			done += n;
		cond_resched();
	}
	free_page((unsigned long)bounce);
	return done ? done : err;
}

static long transfer(struct domain_file *f, unsigned long arg, bool write)
{
	struct lodge_memory m;
	ssize_t n;
	int err = dev_fetch(&m, arg, sizeof(m));

	if (err)
		return err;
	if (m.flags || m.gpa + m.length < m.gpa)
		return -EINVAL;
	if (READ_ONCE(f->domain->dying))
		return -ENODEV;
	n = copy_memory(f->domain, &m, write);
	if (n < 0)
		return n;
	m.length = n;
	return dev_store(arg, &m, sizeof(m));
}

static long call_read_memory(void *object, unsigned long arg)
{
	return transfer(object, arg, false);
}

static long call_write_memory(void *object, unsigned long arg)
{
	return transfer(object, arg, true);
}

static long call_log(void *object, unsigned long arg)
{
	struct domain_file *f = object;
	struct lodge_log l;
	char *buf;
	int err = dev_fetch(&l, arg, sizeof(l));

	if (err)
		return err;
	l.length = min_t(u32, l.length, PAGE_SIZE);
	buf = kmalloc(PAGE_SIZE, GFP_KERNEL);
	if (!buf)
		return -ENOMEM;
	l.length = domain_log_read(f->domain, &l.offset, buf, l.length);
	err = copy_to_user(u64_to_user_ptr(l.data), buf, l.length) ?
	      -EFAULT : dev_store(arg, &l, sizeof(l));
	kfree(buf);
	return err;
}

static u64 sum_exits(const struct domain *d, enum vmexit_kind kind)
{
	u64 sum = 0;
	unsigned int i;

	for (i = 0; i < d->nr_vcpus; i++)
		sum += READ_ONCE(d->vcpus[i]->nr_exits[kind]);
	return sum;
}

static long call_stats(void *object, unsigned long arg)
{
	struct domain_file *f = object;
	struct lodge_domain_stats *s;
	unsigned int i;
	int err;

	BUILD_BUG_ON(NR_VMEXIT_KINDS > LODGE_NR_EXIT_COUNTS);
	s = kzalloc(sizeof(*s), GFP_KERNEL);
	if (!s)
		return -ENOMEM;
	err = dev_fetch(s, arg, sizeof(*s));
	if (err)
		goto free;
	memset(s, 0, sizeof(*s));
	s->size = sizeof(*s);
	s->nr = NR_VMEXIT_KINDS;
	for (i = 0; i < NR_VMEXIT_KINDS; i++) {
		strscpy(s->exits[i].name, vmexit_name(i), LODGE_EXIT_NAME_LEN);
		s->exits[i].count = sum_exits(f->domain, i);
	}
	err = dev_store(arg, s, sizeof(*s));
free:
	kfree(s);
	return err;
}

static struct file *vcpu_file(struct vcpu *vcpu);

static long call_vcpu_open(void *object, unsigned long arg)
{
	struct domain_file *f = object;
	struct domain *d = f->domain;
	struct lodge_vcpu_open open;
	int err = dev_fetch(&open, arg, sizeof(open));

	if (err)
		return err;
	if (open.reserved || open.id >= d->nr_vcpus)
		return -EINVAL;
	if (READ_ONCE(d->dying))
		return -ENODEV;
	open.id = array_index_nospec(open.id, d->nr_vcpus);
	return dev_store_file(vcpu_file(d->vcpus[open.id]), arg, &open,
			      sizeof(open), &open.fd);
}

static long call_attach(void *object, unsigned long arg)
{
	struct domain_file *f = object;
	struct lodge_attach attach;
	int ret, err = dev_fetch(&attach, arg, sizeof(attach));

	if (err)
		return err;
	if (attach.flags || attach.reserved[0] || attach.reserved[1])
		return -EINVAL;
	ret = attach_open(f->domain, &attach);
	if (ret < 0 && ret != -EBUSY)
		return ret;
	attach.fd = ret;
	/* With -EBUSY the caller learns who holds it. */
	err = dev_store(arg, &attach, sizeof(attach));
	/* The kernel offers modules no file of this kind without a number. */
	if (err && ret >= 0)
		close_fd(ret);
	return err ?: min(ret, 0);
}

static long call_revoke(void *object, unsigned long arg)
{
	struct domain_file *f = object;
	struct lodge_slot slot;
	int err = dev_fetch(&slot, arg, sizeof(slot));

	if (err)
		return err;
	if (slot.reserved)
		return -EINVAL;
	return attach_revoke(f->domain, slot.role, slot.devid);
}

static const struct dev_ioctl domain_calls[] = {
	{ LODGE_DOMAIN_INFO, call_info },
	{ LODGE_DOMAIN_PAUSE, call_pause },
	{ LODGE_DOMAIN_UNPAUSE, call_unpause },
	{ LODGE_DOMAIN_SHUTDOWN, call_shutdown },
	{ LODGE_DOMAIN_DESTROY, call_destroy },
	{ LODGE_READ_MEMORY, call_read_memory },
	{ LODGE_WRITE_MEMORY, call_write_memory },
	{ LODGE_DOMAIN_LOG, call_log },
	{ LODGE_DOMAIN_STATS, call_stats },
	{ LODGE_VCPU_OPEN, call_vcpu_open },
	{ LODGE_ATTACH, call_attach },
	{ LODGE_REVOKE, call_revoke },
};

static long domain_ioctl(struct file *file, unsigned int cmd,
			 unsigned long arg)
{
	return dev_dispatch(domain_calls, ARRAY_SIZE(domain_calls), cmd,
			    file->private_data, arg);
}

static __poll_t domain_poll(struct file *file, poll_table *wait)
{
	struct domain_file *f = file->private_data;
	struct domain *d = f->domain;
	__poll_t events = 0;

	poll_wait(file, &d->state_wait, wait);
	if (atomic_read(&d->state_seq) != READ_ONCE(f->seen))
		events |= EPOLLIN | EPOLLRDNORM;
	if (READ_ONCE(d->dying))
		events |= EPOLLHUP;
	return events;
}

static int domain_release(struct inode *inode, struct file *file)
{
	struct domain_file *f = file->private_data;

	domain_put(f->domain);
	kfree(f);
	return 0;
}

static const struct file_operations domain_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = domain_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.poll = domain_poll,
	.release = domain_release,
	.llseek = noop_llseek,
};

struct file *dev_domain_file(struct domain *d)
{
	struct domain_file *f = kzalloc(sizeof(*f), GFP_KERNEL_ACCOUNT);
	struct file *file;

	if (!f)
		return ERR_PTR(-ENOMEM);
	f->domain = d;
	domain_get(d);
	file = anon_inode_getfile("[lodge-domain]", &domain_fops, f, O_RDWR);
	if (IS_ERR(file)) {
		domain_put(d);
		kfree(f);
	}
	return file;
}

static long call_run(void *object, unsigned long arg)
{
	struct vcpu *vcpu = object;

	if (arg)
		return -EINVAL;
	if (READ_ONCE(vcpu->domain->dying))
		return -ENODEV;
	return vcpu_run(vcpu);
}

static long call_get_state(void *object, unsigned long arg)
{
	struct lodge_vcpu_state *st = kmalloc(sizeof(*st), GFP_KERNEL);
	int err;

	if (!st)
		return -ENOMEM;
	err = dev_fetch(st, arg, sizeof(*st));
	if (!err)
		err = vcpu_get_state(object, st);
	if (!err)
		err = dev_store(arg, st, sizeof(*st));
	kfree(st);
	return err;
}

static long call_set_state(void *object, unsigned long arg)
{
	struct lodge_vcpu_state *st = kmalloc(sizeof(*st), GFP_KERNEL);
	int err;

	if (!st)
		return -ENOMEM;
	err = dev_fetch(st, arg, sizeof(*st));
	if (!err)
		err = vcpu_set_state(object, st);
	kfree(st);
	return err;
}

static const struct dev_ioctl vcpu_calls[] = {
	{ LODGE_VCPU_RUN, call_run },
	{ LODGE_VCPU_GET_STATE, call_get_state },
	{ LODGE_VCPU_SET_STATE, call_set_state },
};

static long vcpu_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return dev_dispatch(vcpu_calls, ARRAY_SIZE(vcpu_calls), cmd,
			    file->private_data, arg);
}

static int vcpu_release(struct inode *inode, struct file *file)
{
	struct vcpu *vcpu = file->private_data;

	domain_put(vcpu->domain);
	return 0;
}

static const struct file_operations vcpu_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = vcpu_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.release = vcpu_release,
	.llseek = noop_llseek,
};

static struct file *vcpu_file(struct vcpu *vcpu)
{
	struct file *file;

	domain_get(vcpu->domain);
	file = anon_inode_getfile("[lodge-vcpu]", &vcpu_fops, vcpu, O_RDWR);
	if (IS_ERR(file))
		domain_put(vcpu->domain);
	return file;
}
