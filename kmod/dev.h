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

/* dev_domain.c: a new file for a domain, which takes a reference; ERR_PTR. */
struct file *dev_domain_file(struct domain *d);

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

/**
 * dev_store_file() - answer with a structure that names a new file
 * @file: the file, or ERR_PTR; it is used up in any case
 * @arg: user pointer
 * @src: the structure
 * @size: its size
 * @fd: the member of it that takes the descriptor
 *
 * The descriptor is the caller's only when the answer is: a thread that
 * guesses its number meanwhile finds nothing there.
 * Return: 0, -errno and no file
 */
int dev_store_file(struct file *file, unsigned long arg, const void *src,
		   u32 size, s32 *fd);

#endif /* LODGE_DEV_H */
