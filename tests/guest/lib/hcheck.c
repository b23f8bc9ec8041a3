// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bad pointers of all kinds.
 */
#include "hcheck.h"

static u8 edge_page[4096] __page_aligned;

void hcheck_init(void)
{
	window_map(HC_PAGE, (u64)edge_page, PTE_W);
	window_unmap(HC_ABSENT);
	window_map(HC_READ_ONLY, (u64)edge_page, 0);
	window_map(HC_NO_RAM, GFN_HOLE << 12, PTE_W);
}

void *hcheck_edge(size_t n)
{
	return (u8 *)window_address(HC_ABSENT) - n;
}

static void check_pointer(const char *name, const char *kind, u64 nr,
			  const u64 *args, unsigned int ptr, u64 bad)
{
	char buf[96];
	u64 a[5];
	s64 ret;

	memcpy(a, args, sizeof(a));
	a[ptr] = bad;
	format(buf, sizeof(buf), "%s, %s pointer", name, kind);
	ret = hypercall5(nr, a[0], a[1], a[2], a[3], a[4]);
	check_hcall(buf, ret, XEN_EFAULT);
}

void check_bad_pointers(const char *name, u64 nr, const u64 *args,
			unsigned int ptr)
{
	memset(edge_page, 0, sizeof(edge_page));
	check_pointer(name, "unmapped", nr, args, ptr,
		      (u64)window_address(HC_ABSENT));
	check_pointer(name, "non-canonical", nr, args, ptr, NON_CANONICAL);
	check_pointer(name, "high", nr, args, ptr, 0xffffffffffff0000ul);
	check_pointer(name, "RAM-less", nr, args, ptr,
		      (u64)window_address(HC_NO_RAM));
	check_pointer(name, "straddling", nr, args, ptr,
		      (u64)hcheck_edge(1));
}

void check_bad_out_pointers(const char *name, u64 nr, const u64 *args,
			    unsigned int ptr)
{
	check_bad_pointers(name, nr, args, ptr);
	check_pointer(name, "read-only", nr, args, ptr,
		      (u64)window_address(HC_READ_ONLY));
}

bool check_either(const char *name, s64 got, s64 a, s64 b)
{
	if (got == a || got == b)
		report_ok(name);
	else
		report_fail(name, "result, got %ld want %ld or %ld", got, a, b);
	return got == a || got == b;
}

bool check_negative(const char *name, s64 got)
{
	if (got < 0)
		report_ok(name);
	else
		report_fail(name, "result, got %ld want an error", got);
	return got < 0;
}

bool guard_is_intact(const u8 *buf, size_t n, size_t size)
{
	for (; n < size; n++) {
		if (buf[n] != GUARD)
			return false;
	}
	return true;
}
