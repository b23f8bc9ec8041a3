// SPDX-License-Identifier: GPL-2.0-only
/*
 * xen_version: every command with a good and with bad pointers, by both ways
 * into the hypervisor and from 32-bit code.
 */
#include "hcheck.h"

#include <xen/features.h>
#include <xen/version.h>

#define NR	__HYPERVISOR_xen_version

static u8 buf[2048];

static s64 fill(u32 cmd)
{
	memset(buf, GUARD, sizeof(buf));
	return hypercall2(NR, cmd, (u64)buf);
}

static bool is_padded(size_t from, size_t to)
{
	size_t n = from;

	while (n < to && buf[n])
		n++;
	if (n == to)
		return false;
	for (; n < to; n++) {
		if (buf[n])
			return false;
	}
	return true;
}

static bool has_text(const char *want, size_t size)
{
	size_t len = strlen(want), i;

	for (i = 0; i + len <= size; i++) {
		if (!memcmp(buf + i, want, len))
			return true;
	}
	return false;
}

static void test_version(void)
{
	s64 v = hypercall2(NR, XENVER_version, 0);
	s64 page;

	check("version is 4 or later", v >> 16 >= 4);
	check_eq("version as in CPUID", v, cpuid(xen_base + 1, 0).eax);
	check_trap("hypercall page can be placed", xen_map_hypercall_page(), 0);
	page = hypercall_page(NR, XENVER_version, 0, 0);
	check_hcall("version by hypercall page", page, v);
	check_eq("version from 32-bit code",
		 hypercall_compat(NR, XENVER_version, 0, 0, 0, 0), v);
	check_hcall("version ignores its pointer",
		    hypercall2(NR, XENVER_version, NON_CANONICAL), v);
}

static void test_strings(void)
{
	check_hcall("extraversion", fill(XENVER_extraversion), 0);
	check("extraversion is padded", is_padded(0, 16));
	check("extraversion is 16 bytes", guard_is_intact(buf, 16, 2048));

	check_hcall("compile_info", fill(XENVER_compile_info), 0);
	check("compile_info is padded",
	      is_padded(0, 64) && is_padded(64, 80) && is_padded(80, 112) &&
	      is_padded(112, 144));
	check("compile_info is 144 bytes", guard_is_intact(buf, 144, 2048));

	check_hcall("capabilities", fill(XENVER_capabilities), 0);
	check("capabilities name hvm-3.0-x86_64",
	      has_text("hvm-3.0-x86_64", 1024));
	check("capabilities are padded", is_padded(0, 1024));
	check("capabilities are 1024 bytes", guard_is_intact(buf, 1024, 2048));

	check_hcall("changeset", fill(XENVER_changeset), 0);
	check("changeset is padded", is_padded(0, 64));
	check("changeset is 64 bytes", guard_is_intact(buf, 64, 2048));

	check_hcall("commandline", fill(XENVER_commandline), 0);
	check("commandline is terminated", strlen((char *)buf) < 1024);
	check("commandline is 1024 bytes", guard_is_intact(buf, 1024, 2048));

	check_hcall("guest_handle", fill(XENVER_guest_handle), 0);
	check("guest_handle is 16 bytes", guard_is_intact(buf, 16, 2048));
}

static void test_platform_parameters(void)
{
	check_hcall("platform_parameters", fill(XENVER_platform_parameters), 0);
	check("platform_parameters are 8 bytes",
	      guard_is_intact(buf, 8, 2048));
	memset(buf, GUARD, sizeof(buf));
	check_eq("32-bit platform_parameters",
		 hypercall_compat(NR, XENVER_platform_parameters, (u32)(u64)buf,
				  0, 0, 0), 0);
	check("32-bit platform_parameters are 4 bytes",
	      guard_is_intact(buf, 4, 2048));
}

static void test_features(void)
{
	xen_feature_info_t fi = { .submap_idx = 0 };
	u32 must = BIT(XENFEAT_auto_translated_physmap) |
		   BIT(XENFEAT_hvm_callback_vector) |
		   BIT(XENFEAT_hvm_safe_pvclock);

	check_hcall("get_features", hypercall2(NR, XENVER_get_features,
					       (u64)&fi), 0);
	check_eq("features that must be there", fi.submap & must, must);
	check_eq("features that must not be there",
		 fi.submap & (BIT(XENFEAT_hvm_pirqs) | BIT(XENFEAT_dom0)), 0);
	fi.submap_idx = 1;
	check_hcall("get_features, index 1",
		    hypercall2(NR, XENVER_get_features, (u64)&fi), XEN_EINVAL);
	fi.submap_idx = ~0u;
	check_hcall("get_features, index ~0",
		    hypercall2(NR, XENVER_get_features, (u64)&fi), XEN_EINVAL);
}

static void test_refusals(void)
{
	static const struct {
		const char *name;
		u32 cmd;
	} out[] = {
		{ "extraversion", XENVER_extraversion },
		{ "compile_info", XENVER_compile_info },
		{ "capabilities", XENVER_capabilities },
		{ "changeset", XENVER_changeset },
		{ "platform_parameters", XENVER_platform_parameters },
		{ "get_features", XENVER_get_features },
		{ "guest_handle", XENVER_guest_handle },
		{ "commandline", XENVER_commandline },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(out); i++)
		check_bad_out_pointers(out[i].name, NR, HARGS(out[i].cmd), 1);
	check_hcall("pagesize", hypercall2(NR, XENVER_pagesize, 0), 4096);
	check_hcall("pagesize with a pointer",
		    hypercall2(NR, XENVER_pagesize, (u64)buf), XEN_EINVAL);
	check_either("build_id", hypercall2(NR, XENVER_build_id, 0),
		     XEN_EPERM, XEN_ENODATA);
	check_hcall("unknown command", hypercall2(NR, 11, (u64)buf),
		    XEN_ENOSYS);
	check_hcall("huge command", hypercall2(NR, 0x7fffffff, (u64)buf),
		    XEN_ENOSYS);
}

void test_main(void)
{
	if (!need_xen())
		return;
	hcheck_init();
	test_version();
	test_strings();
	test_platform_parameters();
	test_features();
	test_refusals();
}
