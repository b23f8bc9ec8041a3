// SPDX-License-Identifier: GPL-2.0-only
/*
 * From a configuration to a paused domain that is ready to run: the one place
 * that creates domains, for `lodge create` and for a restart by the keeper.
 */
#include "build.h"

#include "dev.h"
#include "pvh_load.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static int from_pvh_error(struct failure *failure, const struct pvh_error *err)
{
	failure_set(failure, "%s", err->text);
	failure_hint(failure, "%s", err->hint);
	return -1;
}

int build_open_image(const struct domain_config *config,
		     struct pvh_image **image, struct failure *failure)
{
	const struct pvh_boot boot = {
		.kernel = config->kernel,
		.ramdisk = config->ramdisk,
		.cmdline = config->cmdline,
		.memory = config->maxmem << 20,
		.vcpus = config->maxvcpus,
	};
	struct pvh_error err;

	err.text[0] = '\0';
	err.hint[0] = '\0';
	if (pvh_image_open(&boot, image, &err))
		return from_pvh_error(failure, &err);
	return 0;
}

int build_open_device(struct failure *failure)
{
	int fd = dev_open();

	if (fd >= 0)
		return fd;
	failure_set(failure, "cannot open %s: %s", LODGE_DEVICE, msg_errno(fd));
	if (fd == -ENOENT || fd == -ENXIO || fd == -ENODEV)
		failure_hint(failure, "is the module loaded? `lodge doctor` tells");
	else if (fd == -EACCES || fd == -EPERM)
		failure_hint(failure,
			     "be root, or a member of the group that %s belongs to",
			     LODGE_DEVICE);
	return -1;
}

static int create_refused(const struct domain_config *config, int dev, int err,
			  struct failure *failure)
{
	unsigned long long mib = config->maxmem;
	struct lodge_info info;

	switch (-err) {
	case EEXIST:
		failure_set(failure, "a domain of this name exists");
		failure_hint(failure, "another name: -n NAME; `lodge list` shows all");
		break;
	case ENOMEM:
		failure_set(failure, "the host cannot back %llu MiB of memory",
			    mib);
		if (!dev_get_info(dev, &info))
			failure_hint(failure, "%llu MiB may be reserved now",
				     (unsigned long long)info.memory_free >> 20);
		break;
	case EDQUOT:
		failure_set(failure, "%llu MiB are beyond your memory limit",
			    mib);
		failure_hint(failure, "the limit is a parameter of the module");
		break;
	case EBUSY:
		failure_set(failure,
			    "virtualization is in use by another hypervisor");
		failure_hint(failure,
			     "`dmesg` names it; for KVM: end its guests, then modprobe -r kvm_intel kvm_amd");
		break;
	case ENOSPC:
		failure_set(failure, "no domain id is free");
		break;
	case EINVAL:
		if (!dev_get_info(dev, &info) &&
		    config->maxvcpus > info.max_vcpus) {
			failure_set(failure,
				    "%u vCPUs: this module gives at most %u",
				    config->maxvcpus, info.max_vcpus);
			break;
		}
		fallthrough;
	default:
		failure_set(failure, "the module refuses the domain: %s",
			    msg_errno(err));
	}
	return -1;
}

static int create_domain(const struct domain_config *config,
			 const struct pvh_image *image, uint32_t *domid,
			 struct failure *failure)
{
	struct lodge_domain_create create = {
		/* 32-bit Linux knows no x2APIC. */
		.flags = pvh_image_is_x86_64(image) ? 0 : LODGE_DOMAIN_XAPIC,
		.domid = LODGE_DOMID_ANY,
		.nr_vcpus = config->maxvcpus,
		.memory = config->maxmem << 20,
		.fd = -1,
	};
	int dev = build_open_device(failure);
	int err;

	if (dev < 0)
		return -1;
	memcpy(create.uuid, config->uuid, sizeof(create.uuid));
	memcpy(create.name, config->name, sizeof(create.name));
	err = dev_domain_create(dev, &create);
	if (err)
		create_refused(config, dev, err, failure);
	close(dev);
	*domid = create.domid;
	return err ? -1 : create.fd;
}

static int write_domain(void *ctx, uint64_t gpa, const void *data,
			size_t length)
{
	return dev_write_memory(*(int *)ctx, gpa, data, length);
}

/* Type 3/11/11 as VMX has it: flat 32-bit code and data, a busy 32-bit TSS. */
#define FLAT_CODE	0xc09b
#define FLAT_DATA	0xc093
#define BUSY_TSS	0x008b

static void set_segment(struct lodge_vcpu_state *state, enum lodge_seg seg,
			uint32_t limit, uint32_t attr)
{
	state->seg[seg].limit = limit;
	state->seg[seg].attr = attr;
}

/* The state that Xen's PVH boot ABI gives vCPU 0. */
static void pvh_start_state(struct lodge_vcpu_state *state,
			    const struct pvh_entry *entry)
{
	enum lodge_seg seg;

	memset(state, 0, sizeof(*state));
	state->flags = LODGE_VCPU_ONLINE;
	state->rip = entry->eip;
	state->gpr[LODGE_RBX] = entry->start_info;
	state->rflags = 0x2;
	state->cr0 = 0x11;	/* PE, ET */
	state->xcr0 = 1;
	state->dr[6] = 0xffff0ff0;
	state->dr[7] = 0x400;
	for (seg = LODGE_ES; seg <= LODGE_GS; seg++)
		set_segment(state, seg, 0xffffffff, FLAT_DATA);
	set_segment(state, LODGE_CS, 0xffffffff, FLAT_CODE);
	set_segment(state, LODGE_TR, 0x67, BUSY_TSS);
	set_segment(state, LODGE_LDTR, 0, LODGE_SEG_UNUSABLE);
}

static int set_start_state(int domain, const struct pvh_entry *entry,
			   struct failure *failure)
{
	struct lodge_vcpu_state state;
	int vcpu = dev_vcpu_open(domain, 0);
	int err = vcpu;

	if (vcpu >= 0) {
		pvh_start_state(&state, entry);
		err = dev_vcpu_set_state(vcpu, &state);
		close(vcpu);
	}
	if (err)
		return failure_set(failure, "start state of vCPU 0: %s",
				   msg_errno(err));
	return 0;
}

static int load(int domain, struct pvh_image *image, struct failure *failure)
{
	struct pvh_entry entry;
	struct pvh_error err;

	err.text[0] = '\0';
	err.hint[0] = '\0';
	if (pvh_image_load(image, write_domain, &domain, &entry, &err))
		return from_pvh_error(failure, &err);
	return set_start_state(domain, &entry, failure);
}

int build_domain(const struct domain_config *config, struct pvh_image *image,
		 uint32_t *domid, struct failure *failure)
{
	int domain = create_domain(config, image, domid, failure);
	int err = domain < 0 ? -1 : load(domain, image, failure);

	/* A fork follows, and what is not mapped need not be copied. */
	pvh_image_close(image);
	if (domain < 0 || !err)
		return domain;
	dev_domain_destroy(domain);
	close(domain);
	return -1;
}
