// SPDX-License-Identifier: GPL-2.0-only
/*
 * xen_version: what a guest may know of its hypervisor, and which features of
 * the interface it may use.  vm_assist, the other switchboard, is here too.
 */
#include <linux/string.h>

#include <xen/interface/xen.h>
#include <xen/interface/features.h>
#include <xen/interface/version.h>

#include "domain.h"
#include "vcpu.h"
#include "xen/guest_if.h"
#include "xen/hypercall.h"

/* Sizes that the interface gives; buffers are written whole. */
#define EXTRAVERSION_LEN	16
#define CHANGESET_LEN		64
#define BIG_TEXT_LEN		1024	/* capabilities, command line */

#define CAPABILITIES	"xen-3.0-x86_64 hvm-3.0-x86_32 hvm-3.0-x86_32p hvm-3.0-x86_64 "

#define FEATURES	(BIT(XENFEAT_writable_page_tables) | \
			 BIT(XENFEAT_auto_translated_physmap) | \
			 BIT(XENFEAT_hvm_callback_vector) | \
			 BIT(XENFEAT_hvm_safe_pvclock) | \
			 BIT(XENFEAT_not_direct_mapped))

struct compile_info {
	char compiler[64];
	char by[16];
	char domain[32];
	char date[32];
};

/* Text in a buffer of @size bytes, the rest zero. */
static long store_text(struct vcpu *vcpu, gva_t gva, const char *text,
		       size_t size)
{
	char buf[128];
	size_t done, n;
	long ret;

	for (done = 0; done < size; done += n) {
		n = min(size - done, sizeof(buf));
		memset(buf, 0, sizeof(buf));
		if (!done)
			strscpy(buf, text, n);
		ret = xen_store(vcpu, gva + done, buf, n);
		if (ret)
			return ret;
	}
	return 0;
}

static long compile_info(struct vcpu *vcpu, gva_t arg)
{
	static const struct compile_info info = {
		.compiler = "gcc",
		.by = "lodge",
	};

	return xen_store(vcpu, arg, &info, sizeof(info));
}

static long platform_parameters(struct vcpu *vcpu, gva_t arg, bool compat)
{
	u64 virt_start = 0;

	return xen_store(vcpu, arg, &virt_start, compat ? 4 : 8);
}

static long get_features(struct vcpu *vcpu, gva_t arg)
{
	struct xen_feature_info info;
	long ret;

	ret = xen_fetch(vcpu, &info, arg, sizeof(info));
	if (ret)
		return ret;
	if (info.submap_idx >= XENFEAT_NR_SUBMAPS)
		return -EINVAL;
	info.submap = FEATURES;
	return xen_store(vcpu, arg, &info, sizeof(info));
}

static noinline long slow_version(struct vcpu *vcpu, u64 cmd, gva_t arg,
				  bool compat)
{
	if (vcpu->atomic)
		return XEN_HC_AGAIN;
	switch (cmd) {
	case XENVER_extraversion:
		return store_text(vcpu, arg, ".0-lodge", EXTRAVERSION_LEN);
	case XENVER_compile_info:
		return compile_info(vcpu, arg);
	case XENVER_capabilities:
		return store_text(vcpu, arg, CAPABILITIES, BIG_TEXT_LEN);
	case XENVER_changeset:
		return store_text(vcpu, arg, "unavailable", CHANGESET_LEN);
	case XENVER_platform_parameters:
		return platform_parameters(vcpu, arg, compat);
	case XENVER_get_features:
		return get_features(vcpu, arg);
	case XENVER_pagesize:
		return arg ? -EINVAL : PAGE_SIZE;
	case XENVER_guest_handle:
		return xen_store(vcpu, arg, vcpu->domain->uuid,
				 sizeof(vcpu->domain->uuid));
	case XENVER_commandline:
		return store_text(vcpu, arg, "", BIG_TEXT_LEN);
	case XENVER_build_id:
		return -ENODATA;
	default:
		return -ENOSYS;
	}
}

long xen_version(struct vcpu *vcpu, u64 cmd, u64 arg, u64 a3, bool compat)
{
	cmd = (u32)cmd;
	if (likely(cmd == XENVER_version))
		return XEN_GUEST_VERSION;
	return slow_version(vcpu, cmd, arg, compat);
}

long xen_vm_assist(struct vcpu *vcpu, u64 cmd, u64 type, u64 a3, bool compat)
{
	struct domain *d = vcpu->domain;
	unsigned int i;

	cmd = (u32)cmd;
	type = (u32)type;
	if (cmd != VMASST_CMD_enable && cmd != VMASST_CMD_disable)
		return -ENOSYS;
	if (type != VMASST_TYPE_runstate_update_flag)
		return -EINVAL;
	for (i = 0; i < d->nr_vcpus; i++)
		WRITE_ONCE(d->vcpus[i]->xen.runstate_update_flag,
			   cmd == VMASST_CMD_enable);
	return 0;
}
