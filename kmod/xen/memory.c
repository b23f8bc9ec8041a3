// SPDX-License-Identifier: GPL-2.0-only
/*
 * memory_op: what a guest changes in its own frames.  It puts the module's
 * pages where it wants them, gives memory back and takes it again.  Lists are
 * worked off in passes, between which the vCPU looks at signals: the number
 * of extents done travels in the upper bits of the command, as Xen has it.
 */
#include <linux/gfp.h>
#include <linux/mm.h>

#include <xen/interface/xen.h>
#include <xen/interface/memory.h>

#include "domain.h"
#include "mmu/guest_ram.h"
#include "ring/grant.h"
#include "vcpu.h"
#include "xen/hypercall.h"

#define CMD_BITS	6
#define CMD_MASK	((1ull << CMD_BITS) - 1)

#define PASS_FRAMES	512u	/* frames of one pass; also the largest extent */
#define EXTENT_ORDER_MAX	9
#define PASS_BATCH	64u	/* elements of one add_to_physmap_batch pass */

/* Not named by the kernel's copy of the interface. */
#define XENMEM_maximum_gpfn	14

#define E820_RAM	1
#define E820_RESERVED	2
#define E820_NVS	4

/* The structures that differ in layout, and the form that we work with. */
struct reservation {
	u64 extents;
	u64 nr;
	u32 order;
	u32 flags;
	u16 domid;
};

struct reservation32 {
	u32 extents;
	u32 nr;
	u32 order;
	u32 flags;
	u16 domid;
};

struct add {
	u16 domid;
	u16 size;
	u32 space;
	u64 idx;
	u64 gfn;
};

struct add32 {
	u16 domid;
	u16 size;
	u32 space;
	u32 idx;
	u32 gfn;
};

struct batch {
	u16 domid;
	u16 space;
	u16 size;
	u16 extra;
	u64 idxs;
	u64 gfns;
	u64 errs;
};

struct batch32 {
	u16 domid;
	u16 space;
	u16 size;
	u16 extra;
	u32 idxs;
	u32 gfns;
	u32 errs;
};

struct remove {
	u16 domid;
	u64 gfn;
};

struct remove32 {
	u16 domid;
	u32 gfn;
};

struct e820 {
	u64 addr;
	u64 size;
	u32 type;
} __packed;

static long fetch_reservation(struct vcpu *vcpu, gva_t arg, bool compat,
			      struct reservation *r)
{
	struct reservation32 r32;
	long ret;

	if (!compat)
		return xen_fetch(vcpu, r, arg, sizeof(*r));
	ret = xen_fetch(vcpu, &r32, arg, sizeof(r32));
	if (ret)
		return ret;
	*r = (struct reservation){
		.extents = r32.extents,
		.nr = r32.nr,
		.order = r32.order,
		.domid = r32.domid,
	};
	return 0;
}

/* Elements @start .. of a guest's list of longs. */
static long fetch_longs(struct vcpu *vcpu, gva_t list, u64 start,
			unsigned int nr, bool compat, u64 *out)
{
	u32 *out32 = (u32 *)out;
	unsigned int i;
	long ret;

	if (!compat)
		return xen_fetch(vcpu, out, list + start * sizeof(u64),
				 nr * sizeof(u64));
	ret = xen_fetch(vcpu, out32, list + start * sizeof(u32),
			nr * sizeof(u32));
	if (ret)
		return ret;
	/* In place, from the end: the wide elements overtake the narrow. */
	for (i = nr; i-- > 0; )
		out[i] = out32[i];
	return 0;
}

/*
 * A pass over extents: *@done says how many are.  Return: 0, or why it stopped
 * there; an extent half done can be repeated if that was -ENOMEM: populating
 * passes over what is there, and emptying wants memory for the first frame of
 * an aligned extent at most.
 */
static int decrease_pass(struct domain *d, gfn_t *gfns, unsigned int nr,
			 unsigned int order, unsigned int *done)
{
	unsigned int i;
	int err;

	if (!order) {
		*done = guest_ram_empty_batch(&d->ram, gfns, nr, &err);
		return err;
	}
	/* A pass of larger extents is short: see pass_size(). */
	for (i = 1; i < 1u << order; i++)
		gfns[i].v = gfns[0].v + i;
	*done = guest_ram_empty_batch(&d->ram, gfns, 1u << order, &err) >>
		order;
	return err;
}

static int populate_extent(struct domain *d, gfn_t gfn, unsigned int order)
{
	unsigned int i;
	int err;

	if (gfn.v & ((1u << order) - 1))
		return -EINVAL;
	for (i = 0; i < 1u << order; i++, gfn.v++) {
		err = guest_ram_populate(&d->ram, gfn);
		if (err)
			return err;
	}
	return 0;
}

static int populate_pass(struct domain *d, gfn_t *gfns, unsigned int nr,
			 unsigned int order, unsigned int *done)
{
	int err;

	for (*done = 0; *done < nr; ++*done) {
		err = populate_extent(d, gfns[*done], order);
		if (err)
			return err;
	}
	return 0;
}

/* As many extents as make a pass of bounded length. */
static unsigned int pass_size(const struct reservation *r, u64 start)
{
	u64 left = r->nr - start;

	return r->order ? 1 : min_t(u64, left, PASS_FRAMES);
}

/*
 * One pass over a list of extents.  A list that cannot be read or an extent
 * that cannot be served ends it: the guest is told how many are done.  It is
 * not told so for want of memory, which is the host's: Linux takes a count that
 * is short for a bug.
 */
static long change_reservation(struct vcpu *vcpu, unsigned int cmd, u64 start,
			       gva_t arg, bool compat)
{
	const u64 max_nr = (compat ? U32_MAX : (u64)LONG_MAX) >> CMD_BITS;
	struct domain *d = vcpu->domain;
	struct reservation r;
	unsigned int nr, done = 0;
	gfn_t *gfns;
	long ret;
	int err;

	ret = fetch_reservation(vcpu, arg, compat, &r);
	if (!ret)
		ret = xen_check_domid(d, r.domid);
	if (ret)
		return ret;
	if (r.order > EXTENT_ORDER_MAX || r.nr > max_nr || start >= r.nr)
		return start;

	gfns = (gfn_t *)__get_free_page(GFP_GUEST);
	if (!gfns)
		return XEN_HC_NOMEM;
	nr = pass_size(&r, start);
	err = fetch_longs(vcpu, r.extents, start, nr, compat, (u64 *)gfns);
	if (!err)
		err = cmd == XENMEM_populate_physmap ?
			populate_pass(d, gfns, nr, r.order, &done) :
			decrease_pass(d, gfns, nr, r.order, &done);
	free_page((unsigned long)gfns);

	start += done;
	if (err == -ENOMEM)
		domain_pause_for_memory(d, "a change of its reservation");
	else if (err || start == r.nr)
		return start;
	return xen_restart(vcpu, cmd | start << CMD_BITS, arg, 0);
}

static long map_shared_info(struct domain *d, u64 gfn)
{
	struct domain_xen *x = &d->xen;
	u64 old;
	int ret;

	mutex_lock(&x->lock);
	ret = guest_ram_map_special(&d->ram, GFN(gfn), x->shared_info,
				    S2_READ | S2_WRITE);
	if (!ret) {
		old = x->shared_gfn;
		x->shared_gfn = gfn;
		if (old != XEN_NO_GFN && old != gfn)
			guest_ram_unmap_special(&d->ram, GFN(old),
						x->shared_info);
	}
	mutex_unlock(&x->lock);
	return ret;
}

static long add_one(struct domain *d, u32 space, u64 idx, u64 gfn)
{
	switch (space) {
	case XENMAPSPACE_shared_info:
		return idx ? -EINVAL : map_shared_info(d, gfn);
	case XENMAPSPACE_grant_table:
		return grant_map_frame(d, idx, gfn);
	case XENMAPSPACE_gmfn:
		return guest_ram_move(&d->ram, GFN(idx), GFN(gfn));
	case XENMAPSPACE_gmfn_range:
		return -EOPNOTSUPP;
	case XENMAPSPACE_gmfn_foreign:
	case XENMAPSPACE_dev_mmio:
		return -EPERM;
	default:
		return -ENOSYS;
	}
}

static long add_to_physmap(struct vcpu *vcpu, gva_t arg, bool compat)
{
	struct domain *d = vcpu->domain;
	struct add32 op32;
	struct add op;
	long ret;

	if (compat) {
		ret = xen_fetch(vcpu, &op32, arg, sizeof(op32));
		op = (struct add){
			.domid = op32.domid,
			.space = op32.space,
			.idx = op32.idx,
			.gfn = op32.gfn,
		};
	} else {
		ret = xen_fetch(vcpu, &op, arg, sizeof(op));
	}
	if (!ret)
		ret = xen_check_domid(d, op.domid);
	return ret ? ret : xen_answer(add_one(d, op.space, op.idx, op.gfn));
}

static long fetch_batch(struct vcpu *vcpu, gva_t arg, bool compat,
			struct batch *op)
{
	struct batch32 op32;
	long ret;

	if (!compat)
		return xen_fetch(vcpu, op, arg, sizeof(*op));
	ret = xen_fetch(vcpu, &op32, arg, sizeof(op32));
	if (ret)
		return ret;
	*op = (struct batch){
		.domid = op32.domid,
		.space = op32.space,
		.size = op32.size,
		.idxs = op32.idxs,
		.gfns = op32.gfns,
		.errs = op32.errs,
	};
	return 0;
}

/*
 * The place for the answer comes first: an element that has moved a page
 * cannot be repeated.
 */
static long batch_element(struct vcpu *vcpu, const struct batch *op, u64 i,
			  bool compat)
{
	gva_t answer = op->errs + i * sizeof(s32);
	u64 idx, gfn;
	s32 err = 0;
	long ret;

	ret = fetch_longs(vcpu, op->idxs, i, 1, compat, &idx);
	if (!ret)
		ret = fetch_longs(vcpu, op->gfns, i, 1, compat, &gfn);
	if (!ret)
		ret = xen_store(vcpu, answer, &err, sizeof(err));
	if (ret)
		return ret;
	err = add_one(vcpu->domain, op->space, idx, gfn);
	if (err == -ENOMEM)
		return XEN_HC_NOMEM;
	return xen_store(vcpu, answer, &err, sizeof(err));
}

static long add_to_physmap_batch(struct vcpu *vcpu, u64 start, gva_t arg,
				 bool compat)
{
	struct batch op;
	u64 end;
	long ret;

	ret = fetch_batch(vcpu, arg, compat, &op);
	if (!ret)
		ret = xen_check_domid(vcpu->domain, op.domid);
	if (ret)
		return ret;
	if (op.space == XENMAPSPACE_gmfn_foreign)
		return -EPERM;
	if (start > op.size)
		return -EINVAL;
	end = min_t(u64, op.size, start + PASS_BATCH);
	for (; start < end; start++) {
		ret = batch_element(vcpu, &op, start, compat);
		if (ret == XEN_HC_NOMEM) {
			domain_pause_for_memory(vcpu->domain,
						"a batch of frames");
			break;
		}
		if (ret)
			return ret;
	}
	if (start == op.size)
		return 0;
	return xen_restart(vcpu, XENMEM_add_to_physmap_range |
				 start << CMD_BITS, arg, 0);
}

static long remove_from_physmap(struct vcpu *vcpu, gva_t arg, bool compat)
{
	struct domain *d = vcpu->domain;
	struct remove32 op32;
	struct remove op;
	long ret;

	if (compat) {
		ret = xen_fetch(vcpu, &op32, arg, sizeof(op32));
		op = (struct remove){ .domid = op32.domid, .gfn = op32.gfn };
	} else {
		ret = xen_fetch(vcpu, &op, arg, sizeof(op));
	}
	if (!ret)
		ret = xen_check_domid(d, op.domid);
	if (ret)
		return ret;
	ret = guest_ram_empty(&d->ram, GFN(op.gfn));
	if (ret)
		return ret == -ENOMEM ? XEN_HC_NOMEM : -ENOENT;
	return 0;
}

/* Questions that name a domain. */
static long check_domid_arg(struct vcpu *vcpu, gva_t arg)
{
	u16 domid;
	long ret;

	ret = xen_fetch(vcpu, &domid, arg, sizeof(domid));
	return ret ? ret : xen_check_domid(vcpu->domain, domid);
}

static u64 maximum_gfn(const struct domain *d)
{
	u64 end = LODGE_SPECIAL_BASE + LODGE_SPECIAL_SIZE;

	if (d->ram.high_end > LODGE_HIGHMEM_BASE)
		end = d->ram.high_end;
	return (end >> PAGE_SHIFT) - 1;
}

static long current_reservation(struct vcpu *vcpu, gva_t arg)
{
	long ret = check_domid_arg(vcpu, arg);

	return ret ? ret : (long)guest_ram_nr_allotted(&vcpu->domain->ram);
}

static unsigned int make_memory_map(const struct domain *d, struct e820 *map)
{
	unsigned int n = 0;

	map[n++] = (struct e820){ 0, d->ram.low_end, E820_RAM };
	map[n++] = (struct e820){ LODGE_ACPI_BASE, LODGE_ACPI_SIZE, E820_NVS };
	map[n++] = (struct e820){ LODGE_SPECIAL_BASE, LODGE_SPECIAL_SIZE,
				  E820_RESERVED };
	if (d->ram.high_end > LODGE_HIGHMEM_BASE)
		map[n++] = (struct e820){
			LODGE_HIGHMEM_BASE,
			d->ram.high_end - LODGE_HIGHMEM_BASE,
			E820_RAM
		};
	return n;
}

static long memory_map(struct vcpu *vcpu, gva_t arg, bool compat)
{
	struct e820 map[4];
	struct {
		u32 nr;
		u32 buffer32;
	} head;
	u64 buffer;
	u32 nr;
	long ret;

	ret = xen_fetch(vcpu, &head, arg, sizeof(head));
	buffer = head.buffer32;
	if (!ret && !compat)
		ret = xen_fetch(vcpu, &buffer, arg + 8, sizeof(buffer));
	if (ret)
		return ret;
	nr = min_t(u32, head.nr, make_memory_map(vcpu->domain, map));
	ret = xen_store(vcpu, buffer, map, nr * sizeof(*map));
	if (!ret)
		ret = xen_store(vcpu, arg, &nr, sizeof(nr));
	return ret;
}

static long memory_op(struct vcpu *vcpu, u64 cmd, gva_t arg, bool compat)
{
	const u64 start = cmd >> CMD_BITS;
	struct domain *d = vcpu->domain;
	long ret;

	cmd &= CMD_MASK;
	switch (cmd) {
	case XENMEM_decrease_reservation:
	case XENMEM_populate_physmap:
		return change_reservation(vcpu, cmd, start, arg, compat);
	case XENMEM_increase_reservation:
		return start;	/* memory comes to a frame, or not at all */
	case XENMEM_maximum_ram_page:
		return maximum_gfn(d);
	case XENMEM_current_reservation:
		return current_reservation(vcpu, arg);
	case XENMEM_maximum_reservation:
		ret = check_domid_arg(vcpu, arg);
		return ret ? ret : (long)d->ram.max_pages;
	case XENMEM_maximum_gpfn:
		ret = check_domid_arg(vcpu, arg);
		return ret ? ret : (long)maximum_gfn(d);
	case XENMEM_add_to_physmap:
		return add_to_physmap(vcpu, arg, compat);
	case XENMEM_add_to_physmap_range:
		return add_to_physmap_batch(vcpu, start, arg, compat);
	case XENMEM_remove_from_physmap:
		return remove_from_physmap(vcpu, arg, compat);
	case XENMEM_memory_map:
		return memory_map(vcpu, arg, compat);
	case XENMEM_machine_memory_map:
		return -EPERM;
	default:
		return -ENOSYS;
	}
}

long xen_memory_op(struct vcpu *vcpu, u64 cmd, u64 arg, u64 a3, bool compat)
{
	long ret;

	if (vcpu->atomic)
		return XEN_HC_AGAIN;
	ret = memory_op(vcpu, cmd, arg, compat);
	/* No argument of this call: the register stays as it is. */
	if (ret == XEN_HC_RESTART)
		vcpu->xen.restart[2] = a3;
	return ret;
}
