// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copies between the module and guest-physical memory.  A copy of up to one
 * page happens under the second stage's lock, which keeps the page from being
 * released meanwhile: cheaper than a reference, and it works with interrupts
 * off.
 */
#include "mmu/guest_mem.h"

#include <linux/errno.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/string.h>

#include "mmu/guest_ram.h"

/* Host address of @gpa's byte; good until the lock is dropped. */
static void *leaf_address(const struct s2_leaf *leaf, gpa_t gpa)
{
	return page_address(hfn_page(leaf->hfn)) + offset_in_page(gpa);
}

int guest_mem_fetch(struct guest_ram *ram, gpa_t gpa, unsigned int size,
		    u64 *value)
{
	struct s2_leaf leaf;
	const void *from;

	lockdep_assert_held(&ram->s2.lock);
	s2_lookup(&ram->s2, gpa_gfn(gpa), &leaf);
	if (!leaf.present) {
		*value = 0;
		return guest_ram_is_untouched(ram, gpa_gfn(gpa), &leaf) ?
			0 : -EFAULT;
	}
	from = leaf_address(&leaf, gpa);
	*value = size == 8 ? READ_ONCE(*(const u64 *)from) :
			     READ_ONCE(*(const u32 *)from);
	return 0;
}

static int read_page(struct guest_ram *ram, gpa_t gpa, void *dst, size_t len)
{
	struct s2_leaf leaf;
	int err = 0;

	spin_lock(&ram->s2.lock);
	s2_lookup(&ram->s2, gpa_gfn(gpa), &leaf);
	if (leaf.present)
		memcpy(dst, leaf_address(&leaf, gpa), len);
	else if (guest_ram_is_untouched(ram, gpa_gfn(gpa), &leaf))
		memset(dst, 0, len);
	else
		err = -EFAULT;
	spin_unlock(&ram->s2.lock);
	return err;
}

int guest_mem_read(struct guest_ram *ram, gpa_t gpa, void *dst, size_t len)
{
	size_t n;
	int err;

	for (; len; gpa += n, dst += n, len -= n) {
		n = bytes_in_page(gpa, len);
		err = read_page(ram, gpa, dst, n);
		if (err)
			return err;
	}
	return 0;
}

/* Return: 0; -EAGAIN the page must come first; -EFAULT. */
static int write_page(struct guest_ram *ram, gpa_t gpa, const void *src,
		      size_t len)
{
	struct s2_leaf leaf;
	int err = 0;

	spin_lock(&ram->s2.lock);
	s2_touch(&ram->s2, gpa_gfn(gpa), S2_WRITE, &leaf);
	if (leaf.present && leaf.perm & S2_WRITE)
		memcpy(leaf_address(&leaf, gpa), src, len);
	else if (guest_ram_is_untouched(ram, gpa_gfn(gpa), &leaf))
		err = -EAGAIN;
	else
		err = -EFAULT;
	spin_unlock(&ram->s2.lock);
	return err;
}

static int fault_in(struct guest_ram *ram, gpa_t gpa)
{
	int err = guest_ram_fault_page(ram, gpa);

	return err && err != -ENOMEM ? -EFAULT : err;
}

static int check_page(struct guest_ram *ram, gfn_t gfn, bool atomic)
{
	struct s2_leaf leaf;

	spin_lock(&ram->s2.lock);
	s2_lookup(&ram->s2, gfn, &leaf);
	spin_unlock(&ram->s2.lock);
	if (leaf.present)
		return leaf.perm & S2_WRITE ? 0 : -EFAULT;
	if (!guest_ram_is_untouched(ram, gfn, &leaf))
		return -EFAULT;
	return atomic ? -EAGAIN : 0;
}

int guest_mem_check_write(struct guest_ram *ram, gpa_t gpa, size_t len,
			  bool atomic)
{
	size_t n;
	int err;

	for (; len; gpa += n, len -= n) {
		n = bytes_in_page(gpa, len);
		err = check_page(ram, gpa_gfn(gpa), atomic);
		if (err)
			return err;
	}
	return 0;
}

int guest_mem_write(struct guest_ram *ram, gpa_t gpa, const void *src,
		    size_t len, bool atomic)
{
	size_t n;
	int err;

	/* Within one page the write itself is the check. */
	if (len > bytes_in_page(gpa, len)) {
		err = guest_mem_check_write(ram, gpa, len, atomic);
		if (err)
			return err;
	}
	for (; len; gpa += n, src += n, len -= n) {
		n = bytes_in_page(gpa, len);
		while ((err = write_page(ram, gpa, src, n)) == -EAGAIN) {
			if (atomic)
				return -EAGAIN;
			err = fault_in(ram, gpa);
			if (err)
				return err;
		}
		if (err)
			return err;
	}
	return 0;
}
