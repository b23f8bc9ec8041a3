// SPDX-License-Identifier: GPL-2.0-only
/*
 * memory_op: giving pages back and asking for them again, placing the shared
 * pages, and the memory map.  Pages of our own image serve as the victims.
 */
#include "hcheck.h"

#include <xen/grant_table.h>
#include <xen/memory.h>

#define NR	__HYPERVISOR_memory_op

static u8 page[8][4096] __page_aligned;
static u64 list[512] __page_aligned;

static u64 gfn_of(unsigned int i)
{
	return (u64)page[i] >> 12;
}

static s64 reserve_from(u32 cmd, const u64 *gfns, u64 nr, u32 order, u64 start)
{
	struct xen_memory_reservation r = {
		.nr_extents = nr,
		.extent_order = order,
		.domid = DOMID_SELF,
	};

	set_xen_guest_handle(r.extent_start, (xen_pfn_t *)gfns);
	return hypercall2(NR, cmd | start << 6, (u64)&r);
}

static s64 reserve(u32 cmd, const u64 *gfns, u64 nr, u32 order)
{
	return reserve_from(cmd, gfns, nr, order, 0);
}

static s64 decrease(u64 gfn)
{
	return reserve(XENMEM_decrease_reservation, &gfn, 1, 0);
}

static s64 populate(u64 gfn)
{
	return reserve(XENMEM_populate_physmap, &gfn, 1, 0);
}

static u64 look(u64 gfn)
{
	return READ_ONCE(*(u64 *)(gfn << 12));
}

static void put(u64 gfn, u64 v)
{
	WRITE_ONCE(*(u64 *)(gfn << 12), v);
}

static s64 add(u32 space, u64 idx, u64 gpfn)
{
	struct xen_add_to_physmap a = {
		.domid = DOMID_SELF,
		.space = space,
		.idx = idx,
		.gpfn = gpfn,
	};

	return hypercall2(NR, XENMEM_add_to_physmap, (u64)&a);
}

static s64 remove(u64 gfn)
{
	struct xen_remove_from_physmap r = {
		.domid = DOMID_SELF,
		.gpfn = gfn,
	};

	return hypercall2(NR, XENMEM_remove_from_physmap, (u64)&r);
}

static void test_balloon(void)
{
	u64 g = gfn_of(0), hole = GFN_HOLE + 1;

	put(g, 0x1234);
	check_hcall("decrease one page", decrease(g), 1);
	check_eq("a page given back reads ones", look(g), ~0ul);
	put(g, 0x5678);
	check_eq("a write to it is dropped", look(g), ~0ul);
	check_hcall("decrease it again", decrease(g), 0);
	check_hcall("populate it", populate(g), 1);
	check_eq("new RAM is zero", look(g), 0);
	put(g, 0x9abc);
	check_hcall("populate a populated page", populate(g), 1);
	check_eq("its content is kept", look(g), 0x9abc);
	check_hcall("populate a hole above the limit", populate(hole), 0);

	check_hcall("decrease to make room", decrease(g), 1);
	check_hcall("populate a hole within the limit", populate(hole), 1);
	put(hole, 0xdef0);
	check_eq("RAM in a hole holds data", look(hole), 0xdef0);
	check_hcall("limit reached", populate(g), 0);
	check_hcall("decrease the hole", decrease(hole), 1);
	check_hcall("populate the first page again", populate(g), 1);
}

static void test_balloon_lists(void)
{
	u64 l[4] = { gfn_of(0), gfn_of(1), gfn_of(2), gfn_of(3) };
	u64 bad[3] = { gfn_of(0), 1ul << 40, gfn_of(1) };

	check_hcall("decrease a page in the middle", decrease(l[2]), 1);
	check_hcall("a list stops at the absent page",
		    reserve(XENMEM_decrease_reservation, l, 4, 0), 2);
	check("the page after it is untouched", look(l[3]) != ~0ul);
	check_hcall("populate the list",
		    reserve(XENMEM_populate_physmap, l, 4, 0), 4);
	check_hcall("a start extent is honoured",
		    reserve_from(XENMEM_decrease_reservation, l, 4, 0, 3), 4);
	check_eq("only the last page is gone", look(l[3]), ~0ul);
	check("the first is there", look(l[0]) != ~0ul);
	check_hcall("populate the list again",
		    reserve(XENMEM_populate_physmap, l, 4, 0), 4);
	check_hcall("a list stops at a GFN that cannot exist",
		    reserve(XENMEM_decrease_reservation, bad, 3, 0), 1);
	check_hcall("the first page comes back", populate(l[0]), 1);
	check_hcall("an empty list",
		    reserve(XENMEM_decrease_reservation, l, 0, 0), 0);
	check_hcall("order 60", reserve(XENMEM_decrease_reservation, l, 1, 60),
		    0);
	check_either("GFN ~0", decrease(~0ul), 0, XEN_EINVAL);
	check_either("list of the wrong alignment, order 9",
		     reserve(XENMEM_populate_physmap, l, 1, 9), 0, XEN_EINVAL);
}

/* The list's page is followed by nothing: the call must stop there. */
static void test_balloon_bad_lists(void)
{
	u64 *l = window_map(HC_FREE, (u64)list, PTE_W);
	unsigned int i;
	s64 ret;

	for (i = 0; i < 512; i++)
		l[i] = gfn_of(i % 8);
	window_unmap(HC_FREE + 1);
	ret = reserve(XENMEM_populate_physmap, l, 1000, 0);
	check("list that runs into a hole",
	      (ret >= 0 && ret <= 512) || ret == XEN_EFAULT);
	ret = reserve(XENMEM_populate_physmap, l, ~0ul, 0);
	check("2^64 - 1 extents", ret <= 512);
	ret = reserve(XENMEM_populate_physmap, l, 1ul << 32 | 1, 0);
	check("2^32 + 1 extents", ret <= 512);
	check_either("unmapped list",
		     reserve(XENMEM_populate_physmap,
			     window_address(HC_ABSENT), 1, 0), 0, XEN_EFAULT);
	check_either("non-canonical list",
		     reserve(XENMEM_populate_physmap,
			     (u64 *)NON_CANONICAL, 1, 0), 0, XEN_EFAULT);
	check_either("unmapped reservation",
		     hypercall2(NR, XENMEM_populate_physmap,
				(u64)window_address(HC_ABSENT)), 0,
		     XEN_EFAULT);
}

/* Long lists are worked off in passes, which the registers must not show. */
static void test_balloon_passes(void)
{
	u64 *l = window_map(HC_FREE, (u64)list, PTE_W);
	u64 cmd = XENMEM_populate_physmap, rdx = 0x1122334455667788;
	struct xen_memory_reservation r = {
		.nr_extents = 1024,
		.domid = DOMID_SELF,
	};
	u64 arg = (u64)&r;
	unsigned int i;
	s64 ret = NR;

	for (i = 0; i < 512; i++)
		l[i] = gfn_of(i % 8);
	window_map(HC_FREE + 1, (u64)list, PTE_W);
	set_xen_guest_handle(r.extent_start, (xen_pfn_t *)l);
	if (use_vmmcall)
		__asm__ volatile("vmmcall" : "+a"(ret), "+D"(cmd), "+S"(arg),
				 "+d"(rdx) :: "memory");
	else
		__asm__ volatile("vmcall" : "+a"(ret), "+D"(cmd), "+S"(arg),
				 "+d"(rdx) :: "memory");
	check_hcall("1024 extents", ret, 1024);
	check_eq("RDX is no argument and stays", rdx, 0x1122334455667788);
	window_unmap(HC_FREE + 1);
}

static void test_compat(void)
{
	u32 gfn = (u32)gfn_of(1);
	struct {
		u32 list, nr, order, flags;
		u16 domid, pad;
	} r = { (u32)(u64)&gfn, 1, 0, 0, DOMID_SELF, 0 };

	check_eq("32-bit decrease",
		 hypercall_compat(NR, XENMEM_decrease_reservation,
				  (u32)(u64)&r, 0, 0, 0), 1);
	check_eq("32-bit decrease took the page", look(gfn), ~0ul);
	check_eq("32-bit populate",
		 hypercall_compat(NR, XENMEM_populate_physmap,
				  (u32)(u64)&r, 0, 0, 0), 1);
	check_eq("32-bit populate gave a page", look(gfn), 0);
}

static void test_shared_info(void)
{
	u64 a = gfn_of(4), b = gfn_of(5);
	u64 mask = offsetof(shared_info_t, evtchn_mask);

	check_hcall("shared_info", add(XENMAPSPACE_shared_info, 0, a), 0);
	check_hcall("shared_info, repeated", add(XENMAPSPACE_shared_info, 0, a),
		    0);
	*(u64 *)((a << 12) + mask) = 0x1122334455667788;
	check("its clock is valid",
	      ((shared_info_t *)(a << 12))->vcpu_info[0].time.tsc_to_system_mul);
	check_hcall("shared_info, moved", add(XENMAPSPACE_shared_info, 0, b),
		    0);
	check_eq("its content moved along", *(u64 *)((b << 12) + mask),
		 0x1122334455667788);
	check_eq("the frame it left is empty", look(a), ~0ul);
	check_hcall("the frame can be populated", populate(a), 1);
	check_eq("and holds zero", look(a), 0);
	check_hcall("shared_info, index 1", add(XENMAPSPACE_shared_info, 1, a),
		    XEN_EINVAL);
	check_hcall("shared_info, GFN 2^52",
		    add(XENMAPSPACE_shared_info, 0, 1ul << 52), XEN_EINVAL);
	check_hcall("shared_info, GFN ~0",
		    add(XENMAPSPACE_shared_info, 0, ~0ul), XEN_EINVAL);
	check_hcall("remove shared_info", remove(b), 0);
	check_eq("the frame is empty then", look(b), ~0ul);
	check_hcall("remove it again", remove(b), XEN_ENOENT);
	check_hcall("and it can come back",
		    add(XENMAPSPACE_shared_info, 0, b), 0);
	check_eq("with its content", *(u64 *)((b << 12) + mask),
		 0x1122334455667788);
}

static void test_other_spaces(void)
{
	u64 hole = GFN_HOLE + 2, ram = gfn_of(6);

	check_hcall("grant frame 0 in a hole",
		    add(XENMAPSPACE_grant_table, 0, hole), 0);
	check("it is there", look(hole) != ~0ul);
	check_hcall("remove it", remove(hole), 0);
	check_eq("the hole is a hole again", look(hole), ~0ul);
	check_hcall("remove a hole", remove(hole), XEN_ENOENT);
	check_hcall("grant frame 2^20",
		    add(XENMAPSPACE_grant_table, 1 << 20, hole), XEN_EINVAL);
	check_hcall("grant status frame under version 1",
		    add(XENMAPSPACE_grant_table, 0x80000000, hole),
		    XEN_EINVAL);
	check_eq("the hole stays a hole", look(hole), ~0ul);
	put(ram, 0x4242);
	check_hcall("move a RAM page", add(XENMAPSPACE_gmfn, ram, hole), 0);
	check_eq("its content moved", look(hole), 0x4242);
	check_eq("its old frame is empty", look(ram), ~0ul);
	check_hcall("move it back", add(XENMAPSPACE_gmfn, hole, ram), 0);
	check_eq("its content is back", look(ram), 0x4242);
	check_negative("move a page that is not there",
		       add(XENMAPSPACE_gmfn, hole, ram));
	check_eq("which changed nothing", look(ram), 0x4242);
	check_negative("foreign page", add(XENMAPSPACE_gmfn_foreign, 0, hole));
	check_negative("device memory", add(XENMAPSPACE_dev_mmio, 0, hole));
	check_negative("space 99", add(99, 0, hole));
}

static void test_batch(void)
{
	xen_ulong_t idxs[2] = { 0, 1 << 20 };
	xen_pfn_t gpfns[2] = { GFN_HOLE + 2, GFN_HOLE + 3 };
	int errs[2] = { 77, 77 };
	struct xen_add_to_physmap_batch b = {
		.domid = DOMID_SELF,
		.space = XENMAPSPACE_grant_table,
		.size = 2,
	};
	s64 ret;

	set_xen_guest_handle(b.idxs, idxs);
	set_xen_guest_handle(b.gpfns, gpfns);
	set_xen_guest_handle(b.errs, errs);
	ret = hypercall2(NR, XENMEM_add_to_physmap_batch, (u64)&b);
	check_hcall("batch", ret, 0);
	check_hcall("batch, first item", errs[0], 0);
	check_hcall("batch, second item", errs[1], XEN_EINVAL);
	set_xen_guest_handle(b.idxs, window_address(HC_ABSENT));
	ret = hypercall2(NR, XENMEM_add_to_physmap_batch, (u64)&b);
	check_hcall("batch with bad indices", ret, XEN_EFAULT);
	check_hcall("undo the batch", remove(GFN_HOLE + 2), 0);
}

struct e820 {
	u64 addr, size;
	u32 type;
} __packed;

static struct e820 map[128];

static bool is_covered(u64 start, u64 end, u32 nr, u32 type)
{
	u32 i;

	for (i = 0; i < nr; i++) {
		if (map[i].type == type && map[i].addr <= start &&
		    map[i].addr + map[i].size >= end)
			return true;
	}
	return false;
}

static void compare_map(u32 nr)
{
	const struct hvm_memmap_table_entry *e =
		(void *)start_info()->memmap_paddr;
	struct sweep s = { "memory_map as in start_info" };
	u32 i;

	for (i = 0; i < nr && i < start_info()->memmap_entries; i++) {
		s.checked++;
		if (e[i].addr != map[i].addr || e[i].size != map[i].size ||
		    e[i].type != map[i].type)
			sweep_fail(&s, "entry %u, got %lx+%lx/%u", i,
				   map[i].addr, map[i].size, map[i].type);
	}
	if (nr != start_info()->memmap_entries)
		sweep_fail(&s, "entries, got %u want %u", nr,
			   start_info()->memmap_entries);
	sweep_end(&s);
}

static void test_memory_map(void)
{
	struct xen_memory_map m = { .nr_entries = 128 };
	s64 ret;

	set_xen_guest_handle(m.buffer, (void *)map);
	ret = hypercall2(NR, XENMEM_memory_map, (u64)&m);
	if (ret == XEN_ENOSYS && start_info()->memmap_entries) {
		print("# memory_map is left to start_info\n");
		return;
	}
	check_hcall("memory_map", ret, 0);
	check_range("memory_map entries", m.nr_entries, 1, 127);
	compare_map(m.nr_entries);
	check("low memory is RAM", is_covered(0, 0xa0000, m.nr_entries, 1));
	check("the image is RAM", is_covered(0x100000, (u64)image_end,
					     m.nr_entries, 1));
	check("special pages are reserved",
	      is_covered(0xfeff8000, 0xff000000, m.nr_entries, 2));
	memset(map, GUARD, sizeof(map));
	m.nr_entries = 1;
	ret = hypercall2(NR, XENMEM_memory_map, (u64)&m);
	check_hcall("memory_map with room for one", ret, 0);
	check("it wrote no more than one",
	      guard_is_intact((u8 *)map, sizeof(map[0]), sizeof(map)));
	check_bad_pointers("memory_map", NR, HARGS(XENMEM_memory_map), 1);
	m.nr_entries = 128;
	set_xen_guest_handle(m.buffer, window_address(HC_ABSENT));
	check_hcall("memory_map into a hole",
		    hypercall2(NR, XENMEM_memory_map, (u64)&m), XEN_EFAULT);
}

static void test_numbers(void)
{
	domid_t self = DOMID_SELF, other = 0x7abc;
	s64 now, max, top;

	now = hypercall2(NR, XENMEM_current_reservation, (u64)&self);
	max = hypercall2(NR, XENMEM_maximum_reservation, (u64)&self);
	top = hypercall2(NR, XENMEM_maximum_gpfn, (u64)&self);
	check("current_reservation", now > (s64)((u64)image_end >> 12));
	check("maximum_reservation", max >= now);
	check("maximum_gpfn", top >= (s64)((u64)image_end >> 12));
	check("maximum_ram_page",
	      hypercall2(NR, XENMEM_maximum_ram_page, 0) > 0);
	check_hcall("current_reservation of no domain",
		    hypercall2(NR, XENMEM_current_reservation, (u64)&other),
		    XEN_ESRCH);
	check_bad_pointers("current_reservation", NR,
			   HARGS(XENMEM_current_reservation), 1);
	check_bad_pointers("maximum_reservation", NR,
			   HARGS(XENMEM_maximum_reservation), 1);
	check_bad_pointers("maximum_gpfn", NR, HARGS(XENMEM_maximum_gpfn), 1);
}

static void test_refusals(void)
{
	static u8 zero[256];
	struct xen_add_to_physmap a = {
		.domid = 0x7abc,
		.gpfn = GFN_HOLE,
	};
	struct xen_remove_from_physmap r = { .domid = 0x7abc };

	check_hcall("add_to_physmap for no domain",
		    hypercall2(NR, XENMEM_add_to_physmap, (u64)&a), XEN_ESRCH);
	check_hcall("remove_from_physmap for no domain",
		    hypercall2(NR, XENMEM_remove_from_physmap, (u64)&r),
		    XEN_ESRCH);
	check_bad_pointers("add_to_physmap", NR, HARGS(XENMEM_add_to_physmap),
			   1);
	check_bad_pointers("remove_from_physmap", NR,
			   HARGS(XENMEM_remove_from_physmap), 1);
	check_bad_pointers("add_to_physmap_batch", NR,
			   HARGS(XENMEM_add_to_physmap_batch), 1);
	check_negative("machine_memory_map",
		       hypercall2(NR, XENMEM_machine_memory_map, (u64)zero));
	check("exchange of nothing",
	      hypercall2(NR, XENMEM_exchange, (u64)zero) <= 0);
	check_negative("machphys_mapping",
		       hypercall2(NR, XENMEM_machphys_mapping, (u64)zero));
	check_negative("acquire_resource", hypercall2(NR, 28, (u64)zero));
	check_hcall("command 63", hypercall2(NR, 63, (u64)zero), XEN_ENOSYS);
}

void test_main(void)
{
	if (!need_xen())
		return;
	hcheck_init();
	test_memory_map();
	test_balloon();
	test_balloon_lists();
	test_balloon_bad_lists();
	test_balloon_passes();
	test_compat();
	test_shared_info();
	test_other_spaces();
	test_batch();
	test_numbers();
	test_refusals();
}
