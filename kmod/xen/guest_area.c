// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guest structures that the module writes at times when the guest does not
 * ask: runstate and time areas.  Their linear address is translated once, at
 * registration, and the pages are held from then on.
 */
#include "xen/vcpu_info.h"

#include <linux/mm.h>
#include <linux/string.h>

#include "domain.h"
#include "mmu/guest_mem.h"
#include "mmu/guest_ram.h"
#include "vcpu.h"

static int pin_page(struct vcpu *vcpu, const struct guest_paging *pg,
		    gva_t gva, struct page **page)
{
	struct guest_ram *ram = &vcpu->domain->ram;
	gpa_t gpa;
	int ret;

	ret = guest_virt_to_phys(ram, pg, gva, true, &gpa);
	if (!ret)
		ret = guest_ram_pin(ram, gpa_gfn(gpa), true, false, page);
	return ret;
}

int guest_area_pin(struct vcpu *vcpu, struct guest_area *area, gva_t gva,
		   u16 size)
{
	struct guest_area new = { .offset = offset_in_page(gva), .size = size };
	struct guest_paging pg;
	int ret;

	vcpu_paging(vcpu, &pg);
	ret = pin_page(vcpu, &pg, gva, &new.page[0]);
	if (ret)
		return ret;
	if (new.offset + size > PAGE_SIZE) {
		ret = pin_page(vcpu, &pg, gva + size - 1, &new.page[1]);
		if (ret) {
			guest_ram_unpin(new.page[0]);
			return ret;
		}
	}
	*area = new;
	return 0;
}

void guest_area_unpin(struct guest_area *area)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(area->page); i++) {
		if (area->page[i])
			guest_ram_unpin(area->page[i]);
		area->page[i] = NULL;
	}
}

void guest_area_write(const struct guest_area *area, unsigned int offset,
		      const void *src, unsigned int len)
{
	unsigned int start = area->offset + offset;
	unsigned int first = 0;

	if (start < PAGE_SIZE) {
		first = min_t(unsigned int, len, PAGE_SIZE - start);
		memcpy(page_address(area->page[0]) + start, src, first);
		start = PAGE_SIZE;
	}
	if (len > first)
		memcpy(page_address(area->page[1]) + start - PAGE_SIZE,
		       src + first, len - first);
}
