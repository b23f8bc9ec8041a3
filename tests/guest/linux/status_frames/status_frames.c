// SPDX-License-Identifier: GPL-2.0-only
/*
 * For a Linux guest whose grant table is of version 2.  Linux asks where the
 * status frames are in PV guests only, and in others its pointer to them stays
 * NULL, which the first grant that ends finds out.  This puts the frames in the
 * place of pages of its own and sets the pointer.  It must be loaded before the
 * first device comes, and stays.
 */
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/module.h>

#include <xen/interface/xen.h>
#include <xen/interface/memory.h>
#include <xen/page.h>

#include <asm/xen/hypercall.h>

#define ORDER		3	/* all that a table of 64 frames can have */
#define STATUS		0x80000000ul

static unsigned long pointer;
module_param(pointer, ulong, 0);
MODULE_PARM_DESC(pointer, "address of the kernel's pointer to the frames");

static int __init status_frames_init(void)
{
	unsigned long pages = __get_free_pages(GFP_KERNEL, ORDER);
	struct xen_add_to_physmap add = {
		.domid = DOMID_SELF,
		.space = XENMAPSPACE_grant_table,
	};
	unsigned int i;
	int err;

	if (!pointer)
		return -EINVAL;
	if (!pages)
		return -ENOMEM;
	for (i = 0; i < 1 << ORDER; i++) {
		add.idx = STATUS | i;
		add.gpfn = virt_to_gfn((void *)(pages + i * PAGE_SIZE));
		err = HYPERVISOR_memory_op(XENMEM_add_to_physmap, &add);
		/* The pages are lost: what was in their place is gone. */
		if (err)
			return err;
	}
	WRITE_ONCE(*(unsigned long *)pointer, pages);
	return 0;
}
module_init(status_frames_init);

MODULE_DESCRIPTION("status frames of version 2 grant tables");
MODULE_LICENSE("GPL");
