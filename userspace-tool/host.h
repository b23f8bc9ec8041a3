/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Facts about the host, as /proc, /sys and the CPU's registers tell them.
 */
#ifndef LODGE_HOST_H
#define LODGE_HOST_H

#include <stdint.h>

#define HOST_UNKNOWN	(-1)

enum host_vendor {
	HOST_OTHER,
	HOST_INTEL,
	HOST_AMD,
};

/**
 * struct host - facts
 * @vendor_name: as the CPU says it
 * @is_guest: this host is a guest itself
 * @has_vmx: CPUID says so; off in firmware may hide it
 * @has_svm: the same
 * @ept: 1, 0 or HOST_UNKNOWN; so are the next four
 * @ept_4_levels: EPT's tables may have four levels
 * @ept_2m_pages: EPT may map 2 MiB at a time
 * @npt: likewise; @next_rip: exits tell the next instruction
 * @vm_cr: MSR VM_CR, when @vm_cr_known
 * @feature_control: IA32_FEATURE_CONTROL, when @feature_control_known
 * @module_loaded: lodge.ko
 * @kvm_loaded: the vendor's half of KVM, named by @kvm_name
 * @kvm_users: its use count
 * @has_tun: the node that taps are made with
 * @has_nbd: the kernel has NBD devices
 * @available_kib: MemAvailable
 * @cgroup_limit_kib: memory.max of our cgroup, 0 for none
 */
struct host {
	enum host_vendor vendor;
	char vendor_name[32];
	int is_guest;
	int has_vmx;
	int has_svm;
	int ept;
	int ept_4_levels;
	int ept_2m_pages;
	int unrestricted;
	int vpid;
	int npt;
	int next_rip;
	int vm_cr_known;
	uint64_t vm_cr;
	int feature_control_known;
	uint64_t feature_control;
	int module_loaded;
	int kvm_loaded;
	const char *kvm_name;
	int kvm_users;
	int has_tun;
	int has_nbd;
	unsigned long long available_kib;
	int cgroup_v2;
	unsigned long long cgroup_limit_kib;
};

void host_look(struct host *host);

#endif /* LODGE_HOST_H */
