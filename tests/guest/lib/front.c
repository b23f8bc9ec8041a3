// SPDX-License-Identifier: GPL-2.0-only
/*
 * A front end's dealings with its back end, see front.h.
 */
#include "front.h"

#include "guest.h"
#include "store.h"

#include <xen/grant_table.h>
#include <xen/memory.h>

static const char *front;
static char back[80];
static grant_entry_v1_t *table;

static bool map_grants(u64 gfn)
{
	struct xen_add_to_physmap a = {
		.domid = DOMID_SELF,
		.space = XENMAPSPACE_grant_table,
		.gpfn = gfn,
	};

	table = (void *)(gfn << 12);
	return !hypercall2(__HYPERVISOR_memory_op, XENMEM_add_to_physmap,
			   (u64)&a);
}

bool front_init(const char *folder, u64 grant_gfn)
{
	char path[64];

	front = folder;
	format(path, sizeof(path), "%s/backend", front);
	return !store_read(path, back, sizeof(back)) && map_grants(grant_gfn);
}

u16 front_grant_flags(u32 ref)
{
	return READ_ONCE(table[ref].flags);
}

void front_grant(u32 ref, const void *page)
{
	table[ref].domid = 0;
	table[ref].frame = (u64)page >> 12;
	__sync_synchronize();	/* what is granted, then that it is */
	WRITE_ONCE(table[ref].flags, GTF_permit_access);
}

u32 front_back_state(void)
{
	char path[96], value[16] = "";

	format(path, sizeof(path), "%s/state", back);
	return store_read(path, value, sizeof(value)) ? 0 : value[0] - '0';
}

/* The back end's own pace: it may just have been killed. */
bool front_wait(u32 state)
{
	u32 i;

	for (i = 0; i < 100000; i++)
		if (front_back_state() == state)
			return true;
	return false;
}

bool front_put(const char *node, u32 number)
{
	char path[64], value[16];

	format(path, sizeof(path), "%s/%s", front, node);
	format(value, sizeof(value), "%u", number);
	return !store_write(path, value);
}
