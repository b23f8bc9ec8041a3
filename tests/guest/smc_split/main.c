// SPDX-License-Identifier: GPL-2.0-only
/*
 * Code that rewrites itself, and pages that change under large mappings: a
 * page in the middle of a 2 MiB range is given back and asked for again, so
 * that the hypervisor must split its mapping; what was there must be gone, the
 * neighbours untouched, and new code must run at once.
 */
#include "hcheck.h"

#include <xen/memory.h>

/* A 2 MiB range of RAM above the image, and the start of the next one. */
#define AREA		0x400000ul
#define AREA_PAGES	512

static s64 change(u32 cmd, u64 gfn)
{
	struct xen_memory_reservation r = {
		.nr_extents = 1,
		.domid = DOMID_SELF,
	};

	set_xen_guest_handle(r.extent_start, &gfn);
	return hypercall2(__HYPERVISOR_memory_op, cmd, (u64)&r);
}

/* mov $value,%eax; ret */
static void emit(u64 at, u32 value)
{
	u8 *p = (u8 *)at;

	p[0] = 0xb8;
	memcpy(p + 1, &value, 4);
	p[5] = 0xc3;
}

static u32 call(u64 at)
{
	u32 ret;

	__asm__ volatile("call *%1" : "=a"(ret) : "r"(at) : "memory");
	return ret;
}

static void test_rewrite(u64 at, const char *name)
{
	struct sweep s = { name };
	u32 i;

	for (i = 0; i < 1000; i++) {
		emit(at, i * 7 + 1);
		s.checked++;
		if (call(at) != i * 7 + 1)
			sweep_fail(&s, "round %u", i);
	}
	sweep_end(&s);
}

static void fill(void)
{
	u64 i;

	for (i = 0; i < AREA_PAGES; i++)
		WRITE_ONCE(*(u64 *)(AREA + i * PAGE_SIZE + 64), i);
}

static void check_filled(const char *name, u64 hole)
{
	struct sweep s = { name };
	u64 i, v, want;

	for (i = 0; i < AREA_PAGES; i++) {
		v = READ_ONCE(*(u64 *)(AREA + i * PAGE_SIZE + 64));
		want = i == hole ? ~0ul : i;
		s.checked++;
		if (v != want)
			sweep_fail(&s, "page %lu, got %lx want %lx", i, v,
				   want);
	}
	sweep_end(&s);
}

static void test_split(u64 nr)
{
	u64 at = AREA + nr * PAGE_SIZE;
	char name[64];
	u32 i, bad = 0;

	fill();
	emit(at, 1);
	check_eq("code before the split", call(at), 1);
	check_hcall("give the page back",
		    change(XENMEM_decrease_reservation, at >> 12), 1);
	format(name, sizeof(name), "neighbours of page %lu", nr);
	check_filled(name, nr);
	check_hcall("ask for it again",
		    change(XENMEM_populate_physmap, at >> 12), 1);
	check_eq("it is a new page", READ_ONCE(*(u64 *)at), 0);
	emit(at, 2);
	check_eq("new code runs", call(at), 2);
	WRITE_ONCE(*(u64 *)(at + 64), nr);
	check_filled(name, ~0ul);
	for (i = 0; i < 50; i++) {
		change(XENMEM_decrease_reservation, at >> 12);
		change(XENMEM_populate_physmap, at >> 12);
		emit(at, i + 100);
		bad += call(at) != i + 100;
	}
	check_eq("50 rounds of it", bad, 0);
	WRITE_ONCE(*(u64 *)(at + 64), nr);
}

/* Code whose bytes lie on both sides of the boundary. */
static void test_boundary(void)
{
	u64 at = AREA + SIZE_2M - 3;

	test_rewrite(at, "code over a 2 MiB boundary");
	if (!have_xen)
		return;
	emit(at, 0x11223344);
	check_hcall("give back the page behind it",
		    change(XENMEM_decrease_reservation,
			   (AREA + SIZE_2M) >> 12), 1);
	check_hcall("and ask for it again",
		    change(XENMEM_populate_physmap,
			   (AREA + SIZE_2M) >> 12), 1);
	check_eq("the near half is kept", READ_ONCE(*(u8 *)(at + 2)), 0x33);
	check_eq("the far half is new", READ_ONCE(*(u8 *)(at + 3)), 0);
	test_rewrite(at, "code over the boundary after a split");
}

/* Every second page goes and comes. */
static void test_comb(void)
{
	struct sweep s = { "every second page" };
	u64 i, v, given = 0, taken = 0;

	fill();
	for (i = 0; i < AREA_PAGES; i += 2)
		given += change(XENMEM_decrease_reservation,
				(AREA >> 12) + i) == 1;
	check_eq("every second page given back", given, AREA_PAGES / 2);
	for (i = 0; i < AREA_PAGES; i++) {
		v = READ_ONCE(*(u64 *)(AREA + i * PAGE_SIZE + 64));
		s.checked++;
		if (v != (i & 1 ? i : ~0ul))
			sweep_fail(&s, "page %lu, got %lx", i, v);
	}
	sweep_end(&s);
	for (i = 0; i < AREA_PAGES; i += 2)
		taken += change(XENMEM_populate_physmap,
				(AREA >> 12) + i) == 1;
	check_eq("and taken again", taken, AREA_PAGES / 2);
	fill();
	check_filled("the whole range holds data", ~0ul);
}

void test_main(void)
{
	hcheck_init();
	test_rewrite(AREA + 0x1000, "code in one page");
	test_boundary();
	if (!have_xen)
		return;
	test_split(7);
	test_split(0);
	test_split(511);
	test_comb();
}
