// SPDX-License-Identifier: GPL-2.0-only
/*
 * grant_table_op as a guest without back ends uses it: sizes, versions, the
 * frames in the physical map; the operations of a back end on our own grants.
 * What back ends do with grants of either version is in "grants".
 */
#include "hcheck.h"

#include <xen/grant_table.h>
#include <xen/memory.h>

#define NR		__HYPERVISOR_grant_table_op
#define NO_DOMAIN	0x7abc
#define GFN_GRANT	(GFN_HOLE + 8)

static u8 page[4][4096] __page_aligned;
static grant_entry_v1_t *table;

static s64 grant_op(u32 cmd, void *arg, u32 count)
{
	return hypercall3(NR, cmd, (u64)arg, count);
}

static s64 add_frame(u64 idx, u64 gfn)
{
	struct xen_add_to_physmap a = {
		.domid = DOMID_SELF,
		.space = XENMAPSPACE_grant_table,
		.idx = idx,
		.gpfn = gfn,
	};

	return hypercall2(__HYPERVISOR_memory_op, XENMEM_add_to_physmap,
			  (u64)&a);
}

static u32 max_frames;

static void test_query(void)
{
	struct gnttab_query_size q = { .dom = DOMID_SELF, .status = 77 };

	check_hcall("query_size", grant_op(GNTTABOP_query_size, &q, 1), 0);
	check_hcall("its status", q.status, GNTST_okay);
	check("a frame exists", q.nr_frames >= 1);
	check("it may grow", q.max_nr_frames >= q.nr_frames);
	max_frames = q.max_nr_frames;
	q.dom = NO_DOMAIN;
	check_hcall("query_size of no domain",
		    grant_op(GNTTABOP_query_size, &q, 1), 0);
	check_hcall("its status", q.status, GNTST_bad_domain);
}

static s64 set_version(u32 v)
{
	struct gnttab_set_version sv = { .version = v };

	return grant_op(GNTTABOP_set_version, &sv, 1);
}

static u32 get_version(void)
{
	struct gnttab_get_version gv = { .dom = DOMID_SELF };

	check_hcall("get_version", grant_op(GNTTABOP_get_version, &gv, 1), 0);
	return gv.version;
}

static void test_versions(void)
{
	struct gnttab_set_version sv = { .version = 3 };
	struct gnttab_get_version gv = { .dom = NO_DOMAIN };

	check_hcall("set_version 1", set_version(1), 0);
	check_eq("it is 1", get_version(), 1);
	check_hcall("set_version 0", set_version(0), XEN_EINVAL);
	check_hcall("set_version 2^32 - 1", set_version(~0u), XEN_EINVAL);
	check_hcall("set_version 2", set_version(2), 0);
	check_eq("it is 2", get_version(), 2);
	check_hcall("set_version 2, repeated", set_version(2), 0);
	check_hcall("set_version 3",
		    grant_op(GNTTABOP_set_version, &sv, 1), XEN_EINVAL);
	check_eq("it tells the one we have", sv.version, 2);
	check_negative("get_version of no domain",
		       grant_op(GNTTABOP_get_version, &gv, 1));
	check_hcall("back to 1", set_version(1), 0);
	check_eq("it is 1", get_version(), 1);
}

static void test_frames(void)
{
	u32 i;

	check_hcall("frame 0", add_frame(0, GFN_GRANT), 0);
	check_hcall("frame 0, repeated", add_frame(0, GFN_GRANT), 0);
	table = (void *)(GFN_GRANT << 12);
	for (i = 8; i < 512; i++) {
		if (table[i].flags || table[i].domid || table[i].frame)
			break;
	}
	check_eq("entries from 8 on are zero", i, 512);
	table[100].frame = 0x1234;
	check_hcall("frame 0, moved", add_frame(0, GFN_GRANT + 1), 0);
	check_eq("the old place is empty", READ_ONCE(table[100].frame), ~0u);
	table = (void *)((GFN_GRANT + 1) << 12);
	check_eq("entries persist", READ_ONCE(table[100].frame), 0x1234);
	check_hcall("the last frame", add_frame(max_frames - 1, GFN_GRANT + 2),
		    0);
	check_hcall("one too many", add_frame(max_frames, GFN_GRANT + 3),
		    XEN_EINVAL);
	check_hcall("frame 2^32", add_frame(1ul << 32, GFN_GRANT + 3),
		    XEN_EINVAL);
}

#define STATUS(nr)	(XENMAPIDX_grant_table_status | (u64)(nr))
#define RESERVED	GNTTAB_NR_RESERVED_ENTRIES

static u32 count_set(const volatile u32 *words, u32 first, u32 end)
{
	u32 i, set = 0;

	for (i = first; i < end; i++)
		set += words[i] != 0;
	return set;
}

/* Frame 0 is at the place where test_frames() put it. */
static void test_conversion(void)
{
	grant_entry_v2_t *v2 = (void *)table;
	u16 *status = (void *)((GFN_GRANT + 4) << 12);

	table[2].domid = 7;
	table[2].frame = 0x123;
	table[2].flags = GTF_permit_access | GTF_readonly;
	table[RESERVED] = table[2];
	check_hcall("to version 2", set_version(2), 0);
	check("a reserved entry is kept", v2[2].hdr.domid == 7 &&
	      v2[2].hdr.flags == (GTF_permit_access | GTF_readonly) &&
	      v2[2].full_page.frame == 0x123);
	check_eq("the others are empty",
		 count_set((void *)table, RESERVED * 4, 1024), 0);
	check_hcall("the status frame", add_frame(STATUS(0), GFN_GRANT + 4), 0);
	check_eq("it is empty", count_set((void *)status, 0, 1024), 0);
	v2[3] = v2[2];
	v2[3].hdr.flags |= GTF_sub_page;
	v2[4].transitive.trans_domid = 0;
	v2[4].hdr.flags = GTF_transitive;
	v2[5] = v2[2];
	v2[5].full_page.frame = 1ul << 32;
	v2[RESERVED] = v2[2];
	check_hcall("to version 1", set_version(1), 0);
	check("a reserved entry is kept", table[2].domid == 7 &&
	      table[2].flags == (GTF_permit_access | GTF_readonly) &&
	      table[2].frame == 0x123);
	check_eq("the others are empty",
		 count_set((void *)table, 3 * 2, 1024), 0);
	check_eq("the status frame is gone", READ_ONCE(*status), 0xffff);
	table[2].flags = 0;
}

static void test_status_frames(void)
{
	const u64 at = GFN_GRANT + 4;
	struct gnttab_get_status_frames gs = { .dom = DOMID_SELF };
	u16 *status = (void *)(at << 12);
	u32 nr = (max_frames + 7) / 8;

	check_hcall("a status frame of version 1", add_frame(STATUS(0), at),
		    XEN_EINVAL);
	check_hcall("to version 2", set_version(2), 0);
	check_hcall("the first status frame", add_frame(STATUS(0), at), 0);
	check_hcall("and again", add_frame(STATUS(0), at), 0);
	WRITE_ONCE(status[100], 0x1234);
	check_hcall("it moves", add_frame(STATUS(0), at + 1), 0);
	check_eq("the old place is empty", READ_ONCE(status[100]), 0xffff);
	status = (void *)((at + 1) << 12);
	check_eq("status persists", READ_ONCE(status[100]), 0x1234);
	check_hcall("the last status frame", add_frame(STATUS(nr - 1), at + 2),
		    0);
	check_hcall("one too many", add_frame(STATUS(nr), at + 3), XEN_EINVAL);
	check_hcall("status frame 2^31 - 1", add_frame(STATUS(~0u), at + 3),
		    XEN_EINVAL);
	check_hcall("status frame 2^32",
		    add_frame(STATUS(1ul << 32), at + 3), XEN_EINVAL);
	check_hcall("a grant frame too many", add_frame(max_frames, at + 3),
		    XEN_EINVAL);
	check_hcall("get_status_frames, for PV alone",
		    grant_op(GNTTABOP_get_status_frames, &gs, 1), XEN_ENOSYS);
	check_hcall("back to 1", set_version(1), 0);
	check_eq("no status frame is left", READ_ONCE(status[100]), 0xffff);
}

static void test_setup_table(void)
{
	xen_pfn_t frames[4];
	struct gnttab_setup_table s = {
		.dom = DOMID_SELF,
		.nr_frames = max_frames + 1,
	};
	s64 ret;

	set_xen_guest_handle(s.frame_list, frames);
	ret = grant_op(GNTTABOP_setup_table, &s, 1);
	if (ret == XEN_ENOSYS)
		return;
	check_hcall("setup_table of too much", ret, 0);
	check("its status is an error", s.status < 0);
}

static void test_map_refusals(void)
{
	struct gnttab_map_grant_ref m = {
		.host_addr = (u64)page[0],
		.flags = GNTMAP_host_map,
		.ref = 0x7fffffff,
		.dom = DOMID_SELF,
	};
	struct gnttab_unmap_grant_ref u = {
		.host_addr = (u64)page[0],
		.handle = 0x7fffffff,
	};
	s64 ret = grant_op(GNTTABOP_map_grant_ref, &m, 1);

	if (ret != XEN_ENOSYS) {
		check_hcall("map of a reference out of range", ret, 0);
		check("its status is an error", m.status < 0);
		m.ref = 20;
		m.dom = NO_DOMAIN;
		check_hcall("map from no domain",
			    grant_op(GNTTABOP_map_grant_ref, &m, 1), 0);
		check("its status is an error", m.status < 0);
	}
	ret = grant_op(GNTTABOP_unmap_grant_ref, &u, 1);
	if (ret != XEN_ENOSYS) {
		check_hcall("unmap of no handle", ret, 0);
		check("its status is an error", u.status < 0);
	}
}

static void test_copy(void)
{
	struct gnttab_copy c = {
		.source = { .u.gmfn = (u64)page[0] >> 12, .domid = DOMID_SELF },
		.dest = { .u.gmfn = (u64)page[1] >> 12, .domid = DOMID_SELF,
			  .offset = 8 },
		.len = 16,
	};
	s64 ret;

	memset(page[0], 0x5a, 64);
	memset(page[1], 0, 64);
	ret = grant_op(GNTTABOP_copy, &c, 1);
	if (ret == XEN_ENOSYS)
		return;
	check_hcall("copy between own pages", ret, 0);
	check_hcall("its status", c.status, GNTST_okay);
	check("it copied what it should", !page[1][7] && page[1][8] == 0x5a &&
	      page[1][23] == 0x5a && !page[1][24]);
	c.len = 4096;
	grant_op(GNTTABOP_copy, &c, 1);
	check_hcall("copy over the page's end", c.status, GNTST_bad_copy_arg);
	c.len = 0xffff;
	c.dest.offset = 0xffff;
	grant_op(GNTTABOP_copy, &c, 1);
	check_hcall("copy at offset 65535", c.status, GNTST_bad_copy_arg);
}

static void test_refusals(void)
{
	static const struct {
		const char *name;
		u32 cmd;
	} ops[] = {
		{ "query_size", GNTTABOP_query_size },
		{ "set_version", GNTTABOP_set_version },
		{ "get_version", GNTTABOP_get_version },
	};
	struct gnttab_query_size *q = window_address(HC_PAGE);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ops); i++)
		check_bad_pointers(ops[i].name, NR,
				   HARGS(ops[i].cmd, 0, 1), 1);
	memset(q, 0, 4096);
	for (i = 0; i < 256; i++)
		q[i].dom = DOMID_SELF;
	check_either("array that runs into a hole",
		     grant_op(GNTTABOP_query_size, q, 257), XEN_EFAULT,
		     XEN_EINVAL);
	check_either("2^31 of them", grant_op(GNTTABOP_query_size, q, 1u << 31),
		     XEN_EFAULT, XEN_EINVAL);
	check_either("2^32 - 1 of them", grant_op(GNTTABOP_query_size, q, ~0u),
		     XEN_EFAULT, XEN_EINVAL);
	check_either("none of them", grant_op(GNTTABOP_query_size, q, 0), 0,
		     XEN_EINVAL);
	check_hcall("command 4", grant_op(GNTTABOP_transfer, q, 1),
		    XEN_ENOSYS);
	check_hcall("command 99", grant_op(99, q, 1), XEN_ENOSYS);
}

void test_main(void)
{
	if (!need_xen())
		return;
	hcheck_init();
	test_query();
	test_versions();
	test_frames();
	test_conversion();
	test_status_frames();
	test_setup_table();
	test_map_refusals();
	test_copy();
	test_refusals();
}
