// SPDX-License-Identifier: GPL-2.0-only
/*
 * Facts about the host.  A source that is not there leaves its facts unknown.
 */
#include "host.h"

#include "net/tap.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MSR_FEATURE_CONTROL	0x3a
#define MSR_VM_CR		0xc0010114
#define MSR_VMX_PROCBASED_CTLS	0x482
#define MSR_VMX_PROCBASED_CTLS2	0x48b
#define MSR_VMX_EPT_VPID_CAP	0x48c

/* Allowed-1 halves of the control registers. */
#define CTLS_SECONDARY		(1ull << (32 + 31))
#define CTLS2_EPT		(1ull << (32 + 1))
#define CTLS2_VPID		(1ull << (32 + 5))
#define CTLS2_UNRESTRICTED	(1ull << (32 + 7))

#define EPT_4_LEVELS		(1ull << 6)
#define EPT_2M_PAGES		(1ull << 16)

/* Is @word one of the words of @line? */
static int has_word(const char *line, const char *word)
{
	size_t n = strlen(word);
	const char *at = line;

	while ((at = strstr(at, word))) {
		if ((at == line || at[-1] == ' ' || at[-1] == '\t') &&
		    (at[n] == ' ' || at[n] == '\n' || !at[n]))
			return 1;
		at += n;
	}
	return 0;
}

static void take_vendor(struct host *h, const char *line)
{
	const char *value = strchr(line, ':');

	if (!value)
		return;
	snprintf(h->vendor_name, sizeof(h->vendor_name), "%.*s",
		 (int)strcspn(value + 2, "\n"), value + 2);
	if (!strcmp(h->vendor_name, "GenuineIntel"))
		h->vendor = HOST_INTEL;
	else if (!strcmp(h->vendor_name, "AuthenticAMD") ||
		 !strcmp(h->vendor_name, "HygonGenuine"))
		h->vendor = HOST_AMD;
}

static void look_at_cpu(struct host *h)
{
	FILE *file = fopen("/proc/cpuinfo", "re");
	char *line = NULL;
	size_t size = 0;

	while (file && getline(&line, &size, file) > 1) {
		if (!strncmp(line, "vendor_id", 9)) {
			take_vendor(h, line);
		} else if (!strncmp(line, "flags", 5)) {
			h->has_vmx = has_word(line, "vmx");
			h->has_svm = has_word(line, "svm");
			h->npt = has_word(line, "npt");
			h->next_rip = has_word(line, "nrip_save");
			h->is_guest = has_word(line, "hypervisor");
		} else if (!strncmp(line, "vmx flags", 9)) {
			h->ept = has_word(line, "ept");
			h->vpid = has_word(line, "vpid");
			h->unrestricted = has_word(line, "unrestricted_guest");
		}
	}
	free(line);
	if (file)
		fclose(file);
}

static int read_msr(int fd, uint32_t msr, uint64_t *value)
{
	return pread(fd, value, sizeof(*value), msr) == sizeof(*value);
}

/* The registers know it better than the kernel's list of flags. */
static void look_at_msrs(struct host *h)
{
	int fd = h->has_vmx || h->has_svm ?
		open("/dev/cpu/0/msr", O_RDONLY | O_CLOEXEC) : -1;
	uint64_t ctls, ctls2, ept;

	if (fd < 0)
		return;
	if (h->has_svm) {
		h->vm_cr_known = read_msr(fd, MSR_VM_CR, &h->vm_cr);
		close(fd);
		return;
	}
	h->feature_control_known = read_msr(fd, MSR_FEATURE_CONTROL,
					    &h->feature_control);
	if (read_msr(fd, MSR_VMX_PROCBASED_CTLS, &ctls)) {
		if (!(ctls & CTLS_SECONDARY) ||
		    !read_msr(fd, MSR_VMX_PROCBASED_CTLS2, &ctls2))
			ctls2 = 0;
		h->ept = !!(ctls2 & CTLS2_EPT);
		h->vpid = !!(ctls2 & CTLS2_VPID);
		h->unrestricted = !!(ctls2 & CTLS2_UNRESTRICTED);
	}
	/* The register is there only where EPT or VPID is. */
	if (h->ept == 1 && read_msr(fd, MSR_VMX_EPT_VPID_CAP, &ept)) {
		h->ept_4_levels = !!(ept & EPT_4_LEVELS);
		h->ept_2m_pages = !!(ept & EPT_2M_PAGES);
	}
	close(fd);
}

/* A module is listed in /proc/modules with its use count in column 3. */
static void look_at_modules(struct host *h)
{
	FILE *file = fopen("/proc/modules", "re");
	char name[64];
	int users;

	while (file && fscanf(file, "%63s %*s %d%*[^\n]", name, &users) == 2) {
		if (!strcmp(name, "lodge"))
			h->module_loaded = 1;
		if (strcmp(name, "kvm_intel") && strcmp(name, "kvm_amd"))
			continue;
		h->kvm_loaded = 1;
		h->kvm_name = name[4] == 'i' ? "kvm_intel" : "kvm_amd";
		h->kvm_users = users;
	}
	if (file)
		fclose(file);
}

static void look_at_memory(struct host *h)
{
	FILE *file = fopen("/proc/meminfo", "re");
	char line[128];

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "MemAvailable: %llu", &h->available_kib) == 1)
			break;
	if (file)
		fclose(file);
}

static void look_at_cgroup(struct host *h)
{
	char line[512], path[600];
	unsigned long long bytes;
	FILE *file;

	h->cgroup_v2 = !access("/sys/fs/cgroup/cgroup.controllers", F_OK);
	file = h->cgroup_v2 ? fopen("/proc/self/cgroup", "re") : NULL;
	path[0] = '\0';
	while (file && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		if (!strncmp(line, "0::", 3))
			snprintf(path, sizeof(path),
				 "/sys/fs/cgroup%s/memory.max", line + 3);
	}
	if (file)
		fclose(file);
	file = path[0] ? fopen(path, "re") : NULL;
	if (!file)
		return;
	if (fscanf(file, "%llu", &bytes) == 1)
		h->cgroup_limit_kib = bytes >> 10;
	fclose(file);
}

/* A built-in nbd has its folder, too: it has parameters. */
static void look_at_devices(struct host *h)
{
	h->has_tun = !access(TUN_DEVICE, F_OK);
	h->has_nbd = !access("/sys/module/nbd", F_OK);
}

void host_look(struct host *h)
{
	memset(h, 0, sizeof(*h));
	h->ept = HOST_UNKNOWN;
	h->ept_4_levels = HOST_UNKNOWN;
	h->ept_2m_pages = HOST_UNKNOWN;
	h->unrestricted = HOST_UNKNOWN;
	h->vpid = HOST_UNKNOWN;
	look_at_cpu(h);
	look_at_msrs(h);
	look_at_modules(h);
	look_at_memory(h);
	look_at_cgroup(h);
	look_at_devices(h);
}
