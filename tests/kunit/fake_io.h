/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the suites of grant I/O share: grants that are a handful of pages and
 * count who holds them, and a file that is nothing but its operations.
 */
#ifndef LODGE_TEST_FAKE_IO_H
#define LODGE_TEST_FAKE_IO_H

#include <kunit/test.h>
#include <linux/atomic.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/string.h>

#include "domain.h"
#include "ring/attach.h"
#include "ring/grant.h"
#include "ring/io.h"

#define FAKE_REFS	16	/* reference i grants page i */

static struct page *fake_page[FAKE_REFS];
static int fake_grant_error[FAKE_REFS];
static bool fake_grant_writable[FAKE_REFS];
static u32 fake_grant_end[FAKE_REFS];	/* bytes before it are granted */
static atomic_t fake_held[FAKE_REFS];	/* by reference */
static atomic_t fake_nr_held;

int grant_pin(struct domain *d, u32 ref, u32 offset, u32 length, bool write,
	      struct grant_pin *pin)
{
	if (ref >= FAKE_REFS)
		return -ENOENT;
	if (fake_grant_error[ref])
		return fake_grant_error[ref];
	if ((write && !fake_grant_writable[ref]) ||
	    offset + length > fake_grant_end[ref])
		return -EACCES;
	*pin = (struct grant_pin){
		.page = fake_page[ref],
		.ref = ref,
		.write = write,
	};
	atomic_inc(&fake_held[ref]);
	atomic_inc(&fake_nr_held);
	return 0;
}

void grant_unpin(struct domain *d, const struct grant_pin *pin)
{
	atomic_dec(&fake_held[pin->ref]);
	atomic_dec(&fake_nr_held);
}

static u8 *fake_bytes(u32 ref)
{
	return page_address(fake_page[ref]);
}

static void fake_grants_init(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < FAKE_REFS; i++) {
		fake_page[i] = alloc_page(GFP_KERNEL | __GFP_ZERO);
		KUNIT_ASSERT_NOT_NULL(test, fake_page[i]);
		fake_grant_error[i] = 0;
		fake_grant_writable[i] = true;
		fake_grant_end[i] = PAGE_SIZE;
		atomic_set(&fake_held[i], 0);
	}
	atomic_set(&fake_nr_held, 0);
}

/* Nothing is held when a test is over, whatever it did. */
static void fake_grants_exit(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < FAKE_REFS; i++) {
		KUNIT_EXPECT_EQ(test, 0, atomic_read(&fake_held[i]));
		if (fake_page[i])
			put_page(fake_page[i]);
		fake_page[i] = NULL;
	}
}

static struct io_ring *fake_ring(struct kunit *test, u32 nr_entries)
{
	struct io_ring *ring = kunit_kzalloc(test, sizeof(*ring), GFP_KERNEL);
	struct attach_slot *slot =
		kunit_kzalloc(test, sizeof(*slot), GFP_KERNEL);
	struct domain *d = kunit_kzalloc(test, sizeof(*d), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, ring);
	KUNIT_ASSERT_NOT_NULL(test, slot);
	KUNIT_ASSERT_NOT_NULL(test, d);
	slot->domain = d;
	ring->slot = slot;
	ring->nr_entries = nr_entries;
	refcount_set(&ring->refs, 1);
	refcount_set(&d->refs, 1);
	ring->turn = 3;
	return ring;
}

/* Of a kind that the kernel's own calls take, and that nobody is told about. */
static struct file *fake_file(struct kunit *test, umode_t mode,
			      const struct file_operations *fops)
{
	struct file *file = kunit_kzalloc(test, sizeof(*file), GFP_KERNEL);
	struct inode *inode = kunit_kzalloc(test, sizeof(*inode), GFP_KERNEL);
	struct super_block *sb = kunit_kzalloc(test, sizeof(*sb), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, file);
	KUNIT_ASSERT_NOT_NULL(test, inode);
	KUNIT_ASSERT_NOT_NULL(test, sb);
	sb->s_maxbytes = MAX_LFS_FILESIZE;
	inode->i_sb = sb;
	inode->i_mode = mode | 0600;
	inode->i_mapping = &inode->i_data;
	inode->i_data.host = inode;
	file->f_inode = inode;
	file->f_mapping = inode->i_mapping;
	file->f_mode = FMODE_READ | FMODE_WRITE | FMODE_CAN_READ |
		       FMODE_CAN_WRITE | FMODE_NONOTIFY | FMODE_NOWAIT;
	file->f_op = fops;
	atomic_long_set(&file->f_count, 1);
	return file;
}

#endif /* LODGE_TEST_FAKE_IO_H */
