/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The address types of lodge, and the conversions between them.
 *
 *   gva  guest virtual (linear) address    what guest code uses
 *   gpa  guest-physical address            after the guest's own page tables
 *   gfn  guest frame number                gpa >> 12
 *   hpa  host-physical address             after the second stage (s2)
 *   hfn  host frame number                 hpa >> 12, the host kernel's pfn
 *
 * Frames are one-member structs, so that the compiler refuses to mix guest
 * and host frames; addresses are plain integers, since they are added to.
 */
#ifndef LODGE_TYPES_H
#define LODGE_TYPES_H

#include <linux/mm.h>
#include <linux/types.h>

typedef u64 gva_t;
typedef u64 gpa_t;
typedef u64 hpa_t;

typedef struct { u64 v; } gfn_t;
typedef struct { u64 v; } hfn_t;

#define GFN(x)	((gfn_t){ (x) })
#define HFN(x)	((hfn_t){ (x) })

/* Pages in one leaf of each size. */
#define GFNS_PER_2M	512ull
#define GFNS_PER_1G	(512ull * 512)

/* Largest guest-physical address plus one: four levels of 9 bits. */
#define GPA_BITS	48

static inline gfn_t gpa_gfn(gpa_t gpa)
{
	return GFN(gpa >> PAGE_SHIFT);
}

static inline gpa_t gfn_gpa(gfn_t gfn)
{
	return gfn.v << PAGE_SHIFT;
}

static inline hfn_t hpa_hfn(hpa_t hpa)
{
	return HFN(hpa >> PAGE_SHIFT);
}

static inline hpa_t hfn_hpa(hfn_t hfn)
{
	return hfn.v << PAGE_SHIFT;
}

static inline hfn_t page_hfn(const struct page *page)
{
	return HFN(page_to_pfn(page));
}

static inline struct page *hfn_page(hfn_t hfn)
{
	return pfn_to_page(hfn.v);
}

#endif /* LODGE_TYPES_H */
