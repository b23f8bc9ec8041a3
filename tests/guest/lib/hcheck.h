/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What every test of a hypercall does: bad pointers in the place of each good
 * one, results that may be one of two, and buffers that show how far a copy
 * went.
 */
#ifndef LODGE_GUEST_HCHECK_H
#define LODGE_GUEST_HCHECK_H

#include "guest.h"

/* Window pages that the checks use; tests take theirs from HC_FREE on. */
enum {
	HC_PAGE,		/* mapped; the next one is not */
	HC_ABSENT,
	HC_READ_ONLY,
	HC_NO_RAM,		/* mapped to a frame without RAM */
	HC_FREE,
};

/* A guest frame that no memory map names: between ACPI and special pages. */
#define GFN_HOLE	0xfd000ul

void hcheck_init(void);

/* The last @n bytes before the absent page. */
void *hcheck_edge(size_t n);

/*
 * The hypercall must answer -EFAULT for each kind of bad pointer. @args[ptr]
 * is the pointer; it is restored.
 */
void check_bad_pointers(const char *name, u64 nr, const u64 *args,
			unsigned int ptr);

/* The same where the hypervisor only writes: a read-only page is bad too. */
void check_bad_out_pointers(const char *name, u64 nr, const u64 *args,
			    unsigned int ptr);

bool check_either(const char *name, s64 got, s64 a, s64 b);
bool check_negative(const char *name, s64 got);

#define HARGS(...)	((const u64[5]){ __VA_ARGS__ })

#define GUARD		0xa5

/* Bytes [n, size) of a buffer filled with GUARD before are still GUARD. */
bool guard_is_intact(const u8 *buf, size_t n, size_t size);

#endif
