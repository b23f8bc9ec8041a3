/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The device node and the files that are reached through it.
 */
#ifndef LODGE_DEV_H
#define LODGE_DEV_H

#include <linux/errno.h>
#include <linux/types.h>
#include <linux/uaccess.h>

struct domain;
struct file;

int dev_init(void);
void dev_exit(void);

/* dev_domain.c: a new file descriptor for a domain; takes a reference. */
int dev_domain_fd(struct domain *d);

/**
 * struct dev_ioctl - one row of an ioctl table
 * @cmd: the request number
 * @call: the handler; @arg is the user's argument as it came
 */
struct dev_ioctl {
	unsigned int cmd;
	long (*call)(void *object, unsigned long arg);
};

/* Find @cmd in a table and call it; -ENOTTY. */
long dev_dispatch(const struct dev_ioctl *table, unsigned int nr,
		  unsigned int cmd, void *object, unsigned long arg);

/**
 * dev_fetch() - copy a structure in whose first member is its size
 * @dst: structure
 * @arg: user pointer
 * @size: sizeof(*dst)
 *
 * Return: 0, -EFAULT, -EINVAL when the size in it is another
 */
static inline int dev_fetch(void *dst, unsigned long arg, u32 size)
{
	if (copy_from_user(dst, (void __user *)arg, size))
		return -EFAULT;
	return *(u32 *)dst == size ? 0 : -EINVAL;
}

static inline int dev_store(unsigned long arg, const void *src, u32 size)
{
	return copy_to_user((void __user *)arg, src, size) ? -EFAULT : 0;
}

/*
 * Answer with a structure that names the new descriptor @fd, or -errno in its
 * place; if the caller's memory takes no answer, the descriptor is closed.
 */
int dev_store_fd(int fd, unsigned long arg, const void *src, u32 size);

#endif /* LODGE_DEV_H */
