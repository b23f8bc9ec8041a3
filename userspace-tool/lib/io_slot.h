/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The I/O table of a ring that the module keeps in a device's slot: struct
 * io_table over the calls and mappings of the attach file.
 */
#ifndef LODGE_LIB_IO_SLOT_H
#define LODGE_LIB_IO_SLOT_H

#include "io_table.h"

#include <stddef.h>

struct lodge_io_entry;
struct lodge_io_stated;
struct lodge_io_table;

/**
 * struct io_slot - a holder's view of one table
 * @attach_fd: the attach file, which the caller keeps open
 * @ring: its number in the slot
 * @nr_entries: places of the ring
 * @head: mapped, written by the module
 * @entries: behind the head
 * @stated: mapped, written by the holders
 */
struct io_slot {
	int attach_fd;
	unsigned int ring;
	uint32_t nr_entries;
	const struct lodge_io_table *head;
	const struct lodge_io_entry *entries;
	struct lodge_io_stated *stated;
};

/*
 * Have the table of ring @ring, a new one or what the last holder left, for a
 * ring of @nr_entries places, and put it into @table, which @slot must outlive.
 * @eventfd is signalled when something is done that io_table_ops.submit() did
 * not wait for; -1: nothing.  0 or -errno.
 */
int io_slot_open(struct io_slot *slot, int attach_fd, unsigned int ring,
		 uint32_t nr_entries, int eventfd, struct io_table *table);

/* Unmap it, and leave it to the next holder. */
void io_slot_leave(struct io_slot *slot);

/* End it: -EBUSY while an entry is not free; 0: it is unmapped, too. */
int io_slot_close(struct io_slot *slot);

#endif /* LODGE_LIB_IO_SLOT_H */
