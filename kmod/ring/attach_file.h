/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files about attaching share: the open file, and the slot's side of
 * it.
 */
#ifndef LODGE_RING_ATTACH_FILE_H
#define LODGE_RING_ATTACH_FILE_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/rwsem.h>
#include <linux/types.h>
#include <linux/wait.h>

struct address_space;
struct attach_slot;
struct domain;
struct eventfd_ctx;
struct page;
struct pid;
struct vm_area_struct;

/*
 * Lifetime: the open file holds a reference, and whoever revokes takes one
 * while it looks at the slot; the file holds one of the domain.
 * Lock order: io_lock, then mmap_lock, then lock, then the locks of unmapping.
 */
struct attach_file {
	refcount_t refs;
	struct domain *domain;		/* c */
	struct attach_slot *slot;	/* c */
	struct pid *pid;		/* c: who attached */
	/*
	 * Who holds it for reading may use the domain's pages if the file is
	 * not revoked; all who do are bounded.
	 */
	struct rw_semaphore lock;
	bool revoked;			/* lock to write; read anywhere */
	struct address_space *mapping;	/* lock: of the open file, once mapped */
	struct list_head maps;		/* lock: of granted pages */
	unsigned int nr_mapped;		/* lock: pages in maps */
	/*
	 * One call of grant I/O at a time; outside of mmap_lock and lock, since
	 * it is held while the caller's memory is read.
	 */
	struct mutex io_lock;
	void *io_buffer;		/* io_lock: what was read there */
	wait_queue_head_t wait;
};

/* What is behind an open file, with one reference; NULL: no memory. */
struct attach_file *attach_file_alloc(struct domain *d,
				      struct attach_slot *slot);
void attach_file_put(struct attach_file *af);

/**
 * attach_slot_lookup() - the slot of a role and a device id
 *
 * Return: it; NULL for a device that nobody has attached to yet; ERR_PTR
 * -EINVAL no such slot can be.
 */
struct attach_slot *attach_slot_lookup(struct domain *d, u32 role, u32 devid);

/* The same, and make it if it can be; ERR_PTR also -ENOSPC, -ENOMEM. */
struct attach_slot *attach_slot_get(struct domain *d, u32 role, u32 devid);

/**
 * attach_slot_take() - enter @af as the holder, or say who is
 * @holder: out, with -EBUSY: a reference to its pid
 *
 * Return: 0, -EBUSY, -ENODEV the domain was destroyed.
 */
int attach_slot_take(struct attach_slot *slot, struct attach_file *af,
		     struct pid **holder);

/* Free the slot for the next holder, if @af still has it. */
void attach_slot_release(struct attach_slot *slot, struct attach_file *af);

/* The slot's holder with a reference, or NULL. */
struct attach_file *attach_slot_holder(struct attach_slot *slot);

/* The guest looks at its side; the holder is told when it binds an eventfd. */
void attach_slot_raise(struct attach_slot *slot);

/**
 * attach_slot_set_eventfd() - have a channel signal @ctx, or nothing
 * @channel: below slot->nr_channels
 * @ctx: reference of the caller, used up in any case
 *
 * Return: 0, -ENODEV @af is not the holder any more.
 */
int attach_slot_set_eventfd(struct attach_slot *slot, struct attach_file *af,
			    u32 channel, struct eventfd_ctx *ctx);

/* Have a recovery area: 0, -ENOMEM.  The caller is the holder. */
int attach_slot_make_recovery(struct attach_slot *slot);

/* grant_copy.c: the ioctl. */
long attach_grant_copy(struct attach_file *af, void __user *user);

/* attach_map.c: the ioctls. */
long attach_grant_map(struct attach_file *af, void __user *user);
long attach_grant_unmap(struct attach_file *af, void __user *user);

/*
 * mmap() at LODGE_MMAP_GRANTS and beyond; the lock is held for writing.
 * 0, -EINVAL no map is there, -EACCES writing to one that is for reading.
 */
int attach_map_mmap(struct attach_file *af, struct vm_area_struct *vma);

/*
 * Give all granted pages back, the lock held for writing.  They are in no page
 * table, and the file is revoked, so that no others come.
 */
void attach_maps_retire(struct attach_file *af);

/* attach_io.c: the ioctls. */
long attach_io_open(struct attach_file *af, void __user *user);
long attach_io_submit(struct attach_file *af, void __user *user);
long attach_io_close(struct attach_file *af, void __user *user);

/*
 * mmap() of a table or of what was stated; the lock is held for writing.
 * 0, -EINVAL no such area is there, -EACCES a table is for reading.
 */
int attach_io_mmap(struct attach_file *af, struct vm_area_struct *vma);

/* The page behind an offset of such an area, or NULL; the lock is held. */
struct page *attach_io_page(struct attach_file *af, pgoff_t pgoff);

/* The holder goes, the lock held for writing: nobody is signalled any more. */
void attach_io_retire(struct attach_file *af);

#endif /* LODGE_RING_ATTACH_FILE_H */
