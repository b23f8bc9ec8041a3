// SPDX-License-Identifier: GPL-2.0-only
/*
 * grant_table_op: what a guest does with its own table.  It has no one to map
 * grants from, so mapping and copying are not offered.
 */
#include <linux/nospec.h>
#include <linux/types.h>

#include <xen/interface/xen.h>
#include <xen/interface/grant_table.h>

#include "domain.h"
#include "ring/grant.h"
#include "vcpu.h"
#include "xen/hypercall.h"

#define PASS_ELEMENTS	32	/* between two looks at signals */

struct setup_table64 {
	u16 dom;
	u32 nr_frames;
	s16 status;
	u64 frame_list;
};

struct setup_table32 {
	u16 dom;
	u32 nr_frames;
	s16 status;
	u32 frame_list;
};

struct query_size {
	u16 dom;
	u32 nr_frames;
	u32 max_nr_frames;
	s16 status;
};

struct get_version {
	u16 dom;
	u16 pad;
	u32 version;
};

static s16 domid_status(const struct domain *d, u16 domid)
{
	switch (xen_check_domid(d, domid)) {
	case 0:
		return GNTST_okay;
	case -EPERM:
		return GNTST_permission_denied;
	default:
		return GNTST_bad_domain;
	}
}

static long query_size(struct vcpu *vcpu, gva_t arg, bool compat)
{
	struct domain *d = vcpu->domain;
	struct query_size op;
	long ret;

	ret = xen_fetch(vcpu, &op, arg, sizeof(op));
	if (ret)
		return ret;
	op.status = domid_status(d, op.dom);
	if (op.status == GNTST_okay) {
		op.nr_frames = READ_ONCE(d->grant.nr_frames);
		op.max_nr_frames = GRANT_MAX_FRAMES;
	}
	return xen_store(vcpu, arg, &op, sizeof(op));
}

/* Grow the table and tell where the guest has put its frames. */
static long setup_frames(struct vcpu *vcpu, u32 nr_frames, gva_t list,
			 bool compat, s16 *status)
{
	struct domain *d = vcpu->domain;
	const size_t size = compat ? sizeof(u32) : sizeof(u64);
	unsigned int i;
	long ret;
	u64 gfn;

	*status = GNTST_general_error;
	if (nr_frames > GRANT_MAX_FRAMES)
		return 0;
	ret = grant_grow(d, nr_frames);
	if (ret)
		return xen_answer(ret);
	for (i = 0; i < nr_frames; i++) {
		gfn = READ_ONCE(d->grant.shared[i].gfn);
		ret = xen_store(vcpu, list + i * size, &gfn, size);
		if (ret)
			return ret;
	}
	*status = GNTST_okay;
	return 0;
}

static long setup_table(struct vcpu *vcpu, gva_t arg, bool compat)
{
	const size_t status_at = offsetof(struct setup_table64, status);
	struct setup_table64 op;
	struct setup_table32 op32;
	s16 status;
	long ret;

	if (compat) {
		ret = xen_fetch(vcpu, &op32, arg, sizeof(op32));
		op = (struct setup_table64){
			.dom = op32.dom,
			.nr_frames = op32.nr_frames,
			.frame_list = op32.frame_list,
		};
	} else {
		ret = xen_fetch(vcpu, &op, arg, sizeof(op));
	}
	if (ret)
		return ret;
	status = domid_status(vcpu->domain, op.dom);
	if (status == GNTST_okay)
		ret = setup_frames(vcpu, op.nr_frames, op.frame_list, compat,
				   &status);
	if (ret)
		return ret;
	return xen_store(vcpu, arg + status_at, &status, sizeof(status));
}

/* Whatever comes of it, the guest is told the version that it has. */
static long set_version(struct vcpu *vcpu, gva_t arg, bool compat)
{
	struct domain *d = vcpu->domain;
	long ret, err = -EINVAL;
	u32 version;

	ret = xen_fetch(vcpu, &version, arg, sizeof(version));
	if (ret)
		return ret;
	if (version == 1 || version == 2)
		err = xen_answer(grant_set_version(d, version));
	if (err == XEN_HC_NOMEM)
		return err;
	version = READ_ONCE(d->grant.version);
	ret = xen_store(vcpu, arg, &version, sizeof(version));
	return ret ? ret : err;
}

static long get_version(struct vcpu *vcpu, gva_t arg, bool compat)
{
	struct domain *d = vcpu->domain;
	struct get_version op;
	long ret;

	ret = xen_fetch(vcpu, &op, arg, sizeof(op));
	if (!ret)
		ret = xen_check_domid(d, op.dom);
	if (ret)
		return ret;
	op.version = READ_ONCE(d->grant.version);
	return xen_store(vcpu, arg, &op, sizeof(op));
}

struct grant_op {
	long (*one)(struct vcpu *vcpu, gva_t arg, bool compat);
	u8 size;		/* of an element of the array */
	u8 size32;
};

static const struct grant_op grant_ops[] = {
	[GNTTABOP_setup_table] = {
		setup_table,
		sizeof(struct setup_table64), sizeof(struct setup_table32)
	},
	[GNTTABOP_query_size] = {
		query_size, sizeof(struct query_size), sizeof(struct query_size)
	},
	[GNTTABOP_set_version] = { set_version, sizeof(u32), sizeof(u32) },
	[GNTTABOP_get_version] = {
		get_version,
		sizeof(struct get_version), sizeof(struct get_version)
	},
};

/* An array of any length: what is left of it goes on after a restart. */
long xen_grant_table_op(struct vcpu *vcpu, u64 cmd, u64 arg, u64 count,
			bool compat)
{
	const struct grant_op *op;
	unsigned int i;
	u32 left = count;
	long ret;

	cmd = (u32)cmd;
	if (cmd >= ARRAY_SIZE(grant_ops))
		return -ENOSYS;
	op = &grant_ops[array_index_nospec(cmd, ARRAY_SIZE(grant_ops))];
	if (!op->one)
		return -ENOSYS;
	if (left > S32_MAX)
		return -EINVAL;
	if (vcpu->atomic)
		return XEN_HC_AGAIN;
	for (i = 0; i < PASS_ELEMENTS && left; i++, left--) {
		ret = op->one(vcpu, arg, compat);
		if (ret)
			return ret;
		arg += compat ? op->size32 : op->size;
	}
	return left ? xen_restart(vcpu, cmd, arg, left) : 0;
}
