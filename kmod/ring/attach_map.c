// SPDX-License-Identifier: GPL-2.0-only
/*
 * Granted pages in a back end's address space, for protocols that must look at
 * them: shared rings mostly.  A map is a run of grants at an offset of the
 * attach file.  Its grants are in use, with their busy bits set, from
 * LODGE_GRANT_MAP until it is taken back, its last mapping is gone, or the file
 * is hung up.
 *
 * When the busy bits go, nobody may reach the pages any more.  So they enter
 * the page tables without the kernel's get_user_pages() being able to take
 * references of its own: a pipe, or I/O in flight, would keep the page for a
 * holder that has lost it.
 */
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/pfn_t.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include <uapi/lodge.h>

#include "domain.h"
#include "ring/attach.h"
#include "ring/attach_file.h"
#include "ring/grant.h"

#define FIRST_PAGE	(LODGE_MMAP_GRANTS >> PAGE_SHIFT)
#define END_PAGE	((LODGE_MMAP_GRANTS + LODGE_MMAP_GRANTS_SIZE) >> \
			 PAGE_SHIFT)

/* Lifetime: the file's list holds a reference, and so does each mapping. */
struct grant_map {
	struct list_head link;		/* f: in attach_file.maps, by first */
	refcount_t refs;
	pgoff_t first;			/* c */
	unsigned int nr;		/* c */
	bool write;			/* c */
	bool retired;			/* f: off the list, pins given back */
	unsigned int nr_vmas;		/* f */
	bool touched;			/* a: set once */
	struct grant_pin pins[];	/* until retired */
};

/* f: attach_file.lock */

static void map_put(struct grant_map *map)
{
	if (refcount_dec_and_test(&map->refs))
		kvfree(map);
}

/* Nothing of it is in any page table, or will be. */
static void map_retire(struct attach_file *af, struct grant_map *map)
{
	lockdep_assert_held_write(&af->lock);
	map->retired = true;
	list_del(&map->link);
	af->nr_mapped -= map->nr;
	grant_unpin_list(af->domain, map->pins, map->nr);
	map_put(map);
}

void attach_maps_retire(struct attach_file *af)
{
	struct grant_map *map, *next;

	list_for_each_entry_safe(map, next, &af->maps, link) {
		map_retire(af, map);
		cond_resched();
	}
}

/* --- the holder's mappings ------------------------------------------------ */

static vm_fault_t map_fault(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	struct attach_file *af = vma->vm_file->private_data;
	struct grant_map *map = vma->vm_private_data;
	vm_fault_t ret = VM_FAULT_SIGBUS;
	pgoff_t i = vmf->pgoff - map->first;
	unsigned long pfn;

	down_read(&af->lock);
	WRITE_ONCE(map->touched, true);
	if (!map->retired && i < map->nr) {
		pfn = page_to_pfn(map->pins[i].page);
		ret = vmf_insert_mixed(vma, vmf->address & PAGE_MASK,
				       __pfn_to_pfn_t(pfn, 0));
	}
	up_read(&af->lock);
	return ret;
}

/* A mapping was moved or cut in two. */
static void map_open(struct vm_area_struct *vma)
{
	struct attach_file *af = vma->vm_file->private_data;
	struct grant_map *map = vma->vm_private_data;

	refcount_inc(&map->refs);
	down_write(&af->lock);
	map->nr_vmas++;
	up_write(&af->lock);
}

/* A call of mmap() that fails in the end comes here, too, and ends nothing. */
static void map_close(struct vm_area_struct *vma)
{
	struct attach_file *af = vma->vm_file->private_data;
	struct grant_map *map = vma->vm_private_data;

	down_write(&af->lock);
	if (!--map->nr_vmas && map->touched && !map->retired)
		map_retire(af, map);
	up_write(&af->lock);
	map_put(map);
}

static const struct vm_operations_struct map_vm_ops = {
	.fault = map_fault,
	.open = map_open,
	.close = map_close,
};

static struct grant_map *find_map(struct attach_file *af, pgoff_t first)
{
	struct grant_map *map;

	lockdep_assert_held(&af->lock);
	list_for_each_entry(map, &af->maps, link)
		if (map->first == first)
			return map;
	return NULL;
}

int attach_map_mmap(struct attach_file *af, struct vm_area_struct *vma)
{
	struct grant_map *map;

	lockdep_assert_held_write(&af->lock);
	map = find_map(af, vma->vm_pgoff);
	if (!map || map->nr != vma_pages(vma))
		return -EINVAL;
	if (!map->write && vma->vm_flags & VM_WRITE)
		return -EACCES;
	if (!map->write)
		vma->vm_flags &= ~VM_MAYWRITE;
	refcount_inc(&map->refs);
	map->nr_vmas++;
	vma->vm_private_data = map;
	vma->vm_ops = &map_vm_ops;
	return 0;
}

/* --- the ioctls ----------------------------------------------------------- */

/* Into the list, at the first gap that is large enough. */
static int map_place(struct attach_file *af, struct grant_map *map)
{
	struct list_head *before = &af->maps;
	pgoff_t first = FIRST_PAGE;
	struct grant_map *other;

	lockdep_assert_held_write(&af->lock);
	list_for_each_entry(other, &af->maps, link) {
		if (other->first - first >= map->nr) {
			before = &other->link;
			break;
		}
		first = other->first + other->nr;
	}
	if (END_PAGE - first < map->nr)
		return -ENOSPC;
	map->first = first;
	list_add_tail(&map->link, before);
	return 0;
}

static int map_add(struct attach_file *af, struct grant_map *map,
		   const u32 *refs)
{
	int err;

	lockdep_assert_held_write(&af->lock);
	if (af->revoked)
		return -ENODEV;
	if (map->nr > LODGE_GRANT_MAPPED_MAX - af->nr_mapped)
		return -ENOSPC;
	err = grant_pin_list(af->domain, refs, map->nr, map->write, map->pins);
	if (err)
		return err == -EAGAIN ? -EBUSY : err;
	err = map_place(af, map);
	if (err)
		grant_unpin_list(af->domain, map->pins, map->nr);
	else
		af->nr_mapped += map->nr;
	return err;
}

static struct grant_map *map_alloc(const struct lodge_grant_map *arg)
{
	struct grant_map *map;

	map = kvzalloc(struct_size(map, pins, arg->count), GFP_KERNEL_ACCOUNT);
	if (!map)
		return NULL;
	refcount_set(&map->refs, 1);
	map->nr = arg->count;
	map->write = arg->flags & LODGE_GRANT_MAP_WRITE;
	return map;
}

static int map_refs(struct attach_file *af, struct lodge_grant_map *arg,
		    const u32 *refs)
{
	struct grant_map *map = map_alloc(arg);
	int err;

	if (!map)
		return -ENOMEM;
	down_write(&af->lock);
	err = map_add(af, map, refs);
	/* Once the lock is dropped another thread may take it back. */
	arg->offset = (u64)map->first << PAGE_SHIFT;
	up_write(&af->lock);
	if (err)
		map_put(map);
	return err;
}

static int unmap_at(struct attach_file *af, u64 offset)
{
	struct grant_map *map = NULL;
	int err = 0;

	down_write(&af->lock);
	if (PAGE_ALIGNED(offset))
		map = find_map(af, offset >> PAGE_SHIFT);
	if (af->revoked) {
		err = -ENODEV;
	} else if (!map) {
		err = -EINVAL;
	} else {
		/* A fault that comes later finds it retired. */
		if (af->mapping)
			unmap_mapping_range(af->mapping, offset,
					    (u64)map->nr << PAGE_SHIFT, 1);
		map_retire(af, map);
	}
	up_write(&af->lock);
	return err;
}

long attach_grant_map(struct attach_file *af, void __user *user)
{
	struct lodge_grant_map arg;
	u32 *refs;
	int err;

	if (copy_from_user(&arg, user, sizeof(arg)))
		return -EFAULT;
	if (arg.size != sizeof(arg) || arg.reserved || !arg.count ||
	    arg.count > LODGE_GRANT_MAP_MAX ||
	    arg.flags & ~LODGE_GRANT_MAP_WRITE)
		return -EINVAL;
	if (attach_slot_is_fixed(af->slot))
		return -EPERM;
	refs = memdup_user(u64_to_user_ptr(arg.refs),
			   arg.count * sizeof(*refs));
	if (IS_ERR(refs))
		return PTR_ERR(refs);
	err = map_refs(af, &arg, refs);
	kfree(refs);
	if (err)
		return err;
	if (copy_to_user(user, &arg, sizeof(arg))) {
		unmap_at(af, arg.offset);
		return -EFAULT;
	}
	return 0;
}

long attach_grant_unmap(struct attach_file *af, void __user *user)
{
	u64 offset;

	if (copy_from_user(&offset, user, sizeof(offset)))
		return -EFAULT;
	return unmap_at(af, offset);
}
