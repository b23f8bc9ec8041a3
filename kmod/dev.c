// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/lodge: what the module offers, creating, finding and listing domains.
 * Who may open the node may create; a domain is its owner's and root's.
 */
#include "dev.h"

#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>

#include <asm/tsc.h>

#include "domain.h"
#include "mmu/reserve.h"
#include "vendor.h"

#define MAX_LIST	1024u

long dev_dispatch(const struct dev_ioctl *table, unsigned int nr,
		  unsigned int cmd, void *object, unsigned long arg)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (table[i].cmd == cmd)
			return table[i].call(object, arg);
	return -ENOTTY;
}

int dev_store_file(struct file *file, unsigned long arg, const void *src,
		   u32 size, s32 *fd)
{
	int err;

	if (IS_ERR(file))
		return PTR_ERR(file);
	err = get_unused_fd_flags(O_CLOEXEC);
	if (err < 0)
		goto put_file;
	*fd = err;
	err = dev_store(arg, src, size);
	if (err)
		goto put_fd;
	fd_install(*fd, file);
	return 0;

put_fd:
	put_unused_fd(*fd);
put_file:
	fput(file);
	return err;
}

static bool may_open(const struct domain *d)
{
	return uid_eq(d->owner, current_euid()) || capable(CAP_SYS_ADMIN);
}

static long call_info(void *unused, unsigned long arg)
{
	struct lodge_info info;
	int err = dev_fetch(&info, arg, sizeof(info));

	if (err)
		return err;
	info = (struct lodge_info){
		.size = sizeof(info),
		.abi_version = LODGE_ABI_VERSION,
		.vendor = vendor->uapi_vendor,
		.max_vcpus = LODGE_MAX_VCPUS,
		.nr_domains = domain_count(),
		.tsc_khz = tsc_khz,
		.memory_free = reserve_available(current_euid()),
		.memory_reserved = reserve_total(),
	};
	strscpy(info.version, THIS_MODULE->version, sizeof(info.version));
	return dev_store(arg, &info, sizeof(info));
}

static long call_create(void *unused, unsigned long arg)
{
	struct lodge_domain_create create;
	struct domain *d;
	int err = dev_fetch(&create, arg, sizeof(create));

	if (err)
		return err;
	err = domain_create(&create, &d);
	if (err)
		return err;
	err = dev_store_file(dev_domain_file(d), arg, &create, sizeof(create),
			     &create.fd);
	/* Without the answer nobody knows of the domain. */
	if (err)
		domain_destroy(d);
	domain_put(d);
	return err;
}

static long call_open(void *unused, unsigned long arg)
{
	struct lodge_domain_open open;
	struct domain *d;
	int err = dev_fetch(&open, arg, sizeof(open));

	if (err)
		return err;
	if (open.reserved0 || strnlen(open.name, sizeof(open.name)) ==
			      sizeof(open.name))
		return -EINVAL;
	d = domain_lookup(open.domid, open.name);
	if (!d)
		return -ENOENT;
	err = -EACCES;
	if (!may_open(d))
		goto put;
	err = dev_store_file(dev_domain_file(d), arg, &open, sizeof(open),
			     &open.fd);
put:
	domain_put(d);
	return err;
}

static int list_one(struct domain *d, u64 user, u32 index)
{
	struct lodge_domain_info *info = kmalloc(sizeof(*info), GFP_KERNEL);
	int err = -EFAULT;

	if (!info)
		return -ENOMEM;
	domain_info(d, info);
	if (!copy_to_user(u64_to_user_ptr(user + index * sizeof(*info)), info,
			  sizeof(*info)))
		err = 0;
	kfree(info);
	return err;
}

static long call_list(void *unused, unsigned long arg)
{
	struct lodge_domain_list list;
	u32 room, next;
	int err = dev_fetch(&list, arg, sizeof(list));

	if (err)
		return err;
	if (list.reserved || !list.count || list.count > MAX_LIST)
		return -EINVAL;
	room = list.count;
	list.count = 0;
	next = list.first;
	while (list.count < room) {
		struct domain *d = domain_next(next);

		if (!d)
			break;
		next = d->id + 1;
		if (may_open(d))
			err = list_one(d, list.infos, list.count++);
		domain_put(d);
		if (err)
			return err;
	}
	return dev_store(arg, &list, sizeof(list));
}

static const struct dev_ioctl calls[] = {
	{ LODGE_INFO, call_info },
	{ LODGE_DOMAIN_CREATE, call_create },
	{ LODGE_DOMAIN_OPEN, call_open },
	{ LODGE_DOMAIN_LIST, call_list },
};

static long lodge_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return dev_dispatch(calls, ARRAY_SIZE(calls), cmd, NULL, arg);
}

static const struct file_operations lodge_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = lodge_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.llseek = noop_llseek,
};

static struct miscdevice lodge_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "lodge",
	.mode = 0660,
	.fops = &lodge_fops,
};

int dev_init(void)
{
	return misc_register(&lodge_misc);
}

void dev_exit(void)
{
	misc_deregister(&lodge_misc);
}
