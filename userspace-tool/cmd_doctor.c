// SPDX-License-Identifier: GPL-2.0-only
/*
 * lodge doctor: what this host has and lacks, each line with its remedy.  The
 * facts come from host.c; here they become findings.
 */
#include "command.h"
#include "dev.h"
#include "host.h"
#include "json.h"
#include "msg.h"
#include "net/dhcp.h"
#include "net/tap.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MAX_FINDINGS	24

enum verdict {
	FINDING_OK,
	FINDING_NOTE,		/* worth knowing; nothing is in the way */
	FINDING_UNKNOWN,	/* this user cannot see it */
	FINDING_MISSING,	/* domains cannot run */
};

static const char * const words[] = {
	[FINDING_OK] = "ok",
	[FINDING_NOTE] = "note",
	[FINDING_UNKNOWN] = "unknown",
	[FINDING_MISSING] = "missing",
};

struct finding {
	enum verdict verdict;
	const char *what;
	char detail[128];
	char remedy[160];
};

/**
 * struct checkup - all findings, in the order of the checks
 */
struct checkup {
	struct host host;
	struct finding findings[MAX_FINDINGS];
	unsigned int count;
};

__printf(4, 5)
static struct finding *add(struct checkup *c, enum verdict verdict,
			   const char *what, const char *fmt, ...)
{
	struct finding *f = &c->findings[c->count];
	va_list args;

	if (c->count < MAX_FINDINGS - 1)
		c->count++;
	f->verdict = verdict;
	f->what = what;
	f->remedy[0] = '\0';
	va_start(args, fmt);
	vsnprintf(f->detail, sizeof(f->detail), fmt, args);
	va_end(args);
	return f;
}

static void remedy(struct finding *f, const char *text)
{
	snprintf(f->remedy, sizeof(f->remedy), "%s", text);
}

static void check_cpu(struct checkup *c)
{
	const struct host *h = &c->host;
	struct finding *f;

	switch (h->vendor) {
	case HOST_INTEL:
		f = add(c, h->has_vmx ? FINDING_OK : FINDING_MISSING, "cpu",
			"Intel, %s", h->has_vmx ? "VMX" : "no VMX");
		break;
	case HOST_AMD:
		f = add(c, h->has_svm ? FINDING_OK : FINDING_MISSING, "cpu",
			"AMD, %s", h->has_svm ? "SVM" : "no SVM");
		break;
	default:
		f = add(c, FINDING_MISSING, "cpu", "%s", h->vendor_name[0] ?
			h->vendor_name : "unknown vendor");
		remedy(f, "an x86-64 CPU with VMX and EPT, or SVM and NPT, is needed");
		return;
	}
	if (f->verdict == FINDING_OK)
		return;
	remedy(f, h->is_guest ?
	       "this host is a guest: turn on nested virtualization outside" :
	       "turn on virtualization in the firmware, if the CPU has it");
}

static void firmware_unknown(struct checkup *c, const char *what)
{
	struct finding *f = add(c, FINDING_UNKNOWN, "firmware",
				"%s is not readable", what);

	remedy(f, geteuid() ? "run as root" :
	       "modprobe msr, so that it can be read");
}

/* Bit 4: SVM is disabled. */
static void check_vm_cr(struct checkup *c)
{
	const struct host *h = &c->host;
	struct finding *f;

	if (!h->vm_cr_known) {
		firmware_unknown(c, "the VM_CR register");
	} else if (h->vm_cr & 0x10) {
		f = add(c, FINDING_MISSING, "firmware", "SVM is off");
		remedy(f, "turn on virtualization (SVM, AMD-V) in the firmware");
	} else {
		add(c, FINDING_OK, "firmware", "SVM is on");
	}
}

static void check_feature_control(struct checkup *c)
{
	const struct host *h = &c->host;
	struct finding *f;

	if (!h->feature_control_known) {
		firmware_unknown(c, "the feature control register");
	} else if ((h->feature_control & 1) && !(h->feature_control & 4)) {
		f = add(c, FINDING_MISSING, "firmware", "VMX is locked off");
		remedy(f, "turn on virtualization (VT-x) in the firmware");
	} else {
		add(c, FINDING_OK, "firmware", "VMX is %s",
		    h->feature_control & 1 ? "on" :
		    "not locked, the module turns it on");
	}
}

static void check_feature(struct checkup *c, const char *what, int has,
			  int needed, const char *detail)
{
	struct finding *f;

	if (has == HOST_UNKNOWN) {
		f = add(c, FINDING_UNKNOWN, what, "not visible to this user");
		remedy(f, geteuid() ? "run as root" :
		       "modprobe msr, so that it can be read");
	} else if (has) {
		add(c, FINDING_OK, what, "%s", detail);
	} else if (needed) {
		f = add(c, FINDING_MISSING, what, "not there");
		remedy(f, "a CPU from 2010 on has it; an outer hypervisor must offer it");
	} else {
		f = add(c, FINDING_NOTE, what, "not there");
		remedy(f, "domains run without it, more slowly");
	}
}

/* All that only an Intel processor can have or lack. */
static void check_vmx(struct checkup *c)
{
	const struct host *h = &c->host;

	if (!h->has_vmx)
		return;
	check_feature_control(c);
	check_feature(c, "ept", h->ept, 1, "second-level page tables");
	if (h->ept) {
		check_feature(c, "ept levels", h->ept_4_levels, 1,
			      "tables of 4 levels");
		check_feature(c, "ept pages", h->ept_2m_pages, 1,
			      "pages of 2 MiB");
	}
	check_feature(c, "unrestricted", h->unrestricted, 1,
		      "guests may run without paging");
	check_feature(c, "vpid", h->vpid, 0, "tagged TLB");
}

/* The same for AMD's. */
static void check_svm(struct checkup *c)
{
	const struct host *h = &c->host;

	if (!h->has_svm)
		return;
	check_vm_cr(c);
	check_feature(c, "npt", h->npt, 1, "second-level page tables");
	check_feature(c, "next-rip", h->next_rip, 0,
		      "exits tell the next instruction");
}

static void check_module(struct checkup *c)
{
	struct finding *f;

	if (c->host.module_loaded) {
		add(c, FINDING_OK, "module", "lodge is loaded");
		return;
	}
	f = add(c, FINDING_MISSING, "module", "lodge is not loaded");
	remedy(f, "modprobe lodge, or insmod lodge.ko");
}

static void check_device(struct checkup *c)
{
	struct lodge_info info;
	struct finding *f;
	int fd = dev_open();
	int err;

	if (fd < 0) {
		f = add(c, FINDING_MISSING, "device", "%s: %s", LODGE_DEVICE,
			msg_errno(fd));
		remedy(f, fd == -EACCES || fd == -EPERM ?
		       "be root, or join the group that the node belongs to" :
		       "it comes with the module");
		return;
	}
	err = dev_get_info(fd, &info);
	close(fd);
	if (err || info.abi_version != LODGE_ABI_VERSION) {
		f = add(c, FINDING_MISSING, "device",
			"the module speaks another interface version");
		remedy(f, "use tool and module of one version");
		return;
	}
	add(c, FINDING_OK, "device", "%s, %u domain%s", LODGE_DEVICE,
	    info.nr_domains, info.nr_domains == 1 ? "" : "s");
	add(c, FINDING_OK, "reservable",
	    "%llu MiB may still be reserved for domains",
	    (unsigned long long)info.memory_free >> 20);
}

static void check_kvm(struct checkup *c)
{
	const struct host *h = &c->host;
	struct finding *f;

	if (!h->kvm_loaded) {
		add(c, FINDING_OK, "kvm", "not loaded");
	} else if (h->kvm_users > 0) {
		f = add(c, FINDING_MISSING, "kvm", "%s is in use by %d",
			h->kvm_name, h->kvm_users);
		remedy(f, "end KVM's guests: KVM and lodge exclude each other");
	} else {
		f = add(c, FINDING_NOTE, "kvm", "%s is loaded, not in use",
			h->kvm_name);
		snprintf(f->remedy, sizeof(f->remedy),
			 "fine before Linux 6.12; from 6.12 on: modprobe -r %s",
			 h->kvm_name);
	}
}

static void check_memory(struct checkup *c)
{
	unsigned long long mib = c->host.available_kib >> 10;
	struct finding *f;

	if (mib >= 64) {
		add(c, FINDING_OK, "memory", "%llu MiB available", mib);
		return;
	}
	f = add(c, FINDING_NOTE, "memory", "%llu MiB available", mib);
	remedy(f, "only tiny domains will fit");
}

static void check_cgroup(struct checkup *c)
{
	const struct host *h = &c->host;
	struct finding *f;

	if (h->cgroup_v2 && !h->cgroup_limit_kib) {
		add(c, FINDING_OK, "cgroup", "version 2, no memory limit");
		return;
	}
	if (!h->cgroup_v2) {
		f = add(c, FINDING_NOTE, "cgroup",
			"no version 2 hierarchy; guests count to nobody's limit");
		remedy(f, "to limit guests: mount -t cgroup2 cgroup2 /sys/fs/cgroup");
		return;
	}
	f = add(c, FINDING_NOTE, "cgroup",
		"this session is limited to %llu MiB, its guests included",
		h->cgroup_limit_kib >> 10);
	remedy(f, "for more: raise memory.max, or systemd-run --scope lodge create");
}

static void check_terminals(struct checkup *c)
{
	struct finding *f;

	if (!access("/dev/ptmx", R_OK | W_OK) && !access("/dev/pts/ptmx", F_OK)) {
		add(c, FINDING_OK, "terminals", "devpts is mounted");
		return;
	}
	f = add(c, FINDING_MISSING, "terminals",
		"no pseudo-terminals for consoles");
	remedy(f, "mount -t devpts devpts /dev/pts");
}

/* What devices need: none is in the way of a domain that has no such device. */
static void check_devices(struct checkup *c)
{
	struct finding *f;

	if (c->host.has_tun) {
		add(c, FINDING_OK, "interfaces", "%s is there", TUN_DEVICE);
	} else {
		f = add(c, FINDING_NOTE, "interfaces", "no %s", TUN_DEVICE);
		remedy(f, "for domains with a network: modprobe tun");
	}
	if (dhcp_is_installed()) {
		add(c, FINDING_OK, "dhcp", "dnsmasq is installed");
	} else {
		f = add(c, FINDING_NOTE, "dhcp", "dnsmasq is not installed");
		remedy(f, "guests behind NAT set their addresses themselves, or: apt-get install dnsmasq-base");
	}
	if (c->host.has_nbd) {
		add(c, FINDING_OK, "nbd", "the kernel connects to NBD servers");
	} else {
		f = add(c, FINDING_NOTE, "nbd", "the kernel's nbd is not loaded");
		remedy(f, "for disks with a target nbd:..., as of qemu-nbd: modprobe nbd");
	}
}

static int print_text(const struct checkup *c)
{
	int status = EXIT_DONE;
	unsigned int i;

	for (i = 0; i < c->count; i++) {
		const struct finding *f = &c->findings[i];

		printf("%-8s %-13s %s\n", words[f->verdict], f->what,
		       f->detail);
		if (f->remedy[0])
			printf("%22s %s\n", "->", f->remedy);
		if (f->verdict == FINDING_MISSING)
			status = EXIT_REFUSED;
	}
	puts(status ? "This host cannot run domains as it is." :
	     "This host can run domains.");
	return status;
}

static void put(struct json_object *o, const char *key, const char *text)
{
	json_object_object_add(o, key, json_object_new_string(text));
}

static int print_json(const struct checkup *c)
{
	struct json_object *array = json_object_new_array();
	struct json_object *o;
	int status = EXIT_DONE;
	unsigned int i;

	for (i = 0; i < c->count; i++) {
		const struct finding *f = &c->findings[i];

		o = json_object_new_object();
		put(o, "check", f->what);
		put(o, "verdict", words[f->verdict]);
		put(o, "detail", f->detail);
		put(o, "remedy", f->remedy);
		json_object_array_add(array, o);
		if (f->verdict == FINDING_MISSING)
			status = EXIT_REFUSED;
	}
	json_print(array);
	return status;
}

int cmd_doctor(const struct invocation *inv)
{
	struct checkup c = { .count = 0 };

	host_look(&c.host);
	check_cpu(&c);
	check_vmx(&c);
	check_svm(&c);
	check_module(&c);
	check_device(&c);
	check_kvm(&c);
	check_memory(&c);
	check_cgroup(&c);
	check_terminals(&c);
	check_devices(&c);
	return option(inv, 'j') ? print_json(&c) : print_text(&c);
}
