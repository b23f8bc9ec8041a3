/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A domain whose guest has allocated ports for domain 0 and granted it pages,
 * and then has shut itself down: what back ends attach to, for programs that
 * drive the module without the tool.
 */
#ifndef TESTS_FUZZ_GRANT_GUEST_H
#define TESTS_FUZZ_GRANT_GUEST_H

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../flat_start.h"

#define GRANT_GUEST_MEMORY	0x200000
#define GRANT_GUEST_CODE	0x100000
#define GRANT_GUEST_PORT	3	/* the first of them */
#define GRANT_GUEST_PORTS	6
#define GRANT_GUEST_REF		8	/* the first; odd ones are read-only */
#define GRANT_GUEST_REFS	16
#define GRANT_GUEST_GFN		0x148	/* of the first; the others follow */

extern const unsigned char grant_guest_start[], grant_guest_end[];
extern const unsigned char grant_guest_call[];

#define GRANT_GUEST_AT(label)	"0x100000 + " label " - grant_guest_start"
#define GRANT_GUEST_HYPERCALL(nr, cmd, arg)				\
	"mov $" #nr ", %eax\n mov $" #cmd ", %ebx\n"			\
	"mov $" GRANT_GUEST_AT(arg) ", %ecx\n call gg_call\n"

asm(".pushsection .rodata\n"
    ".code32\n"
    "grant_guest_start:\n"
    "mov $0x102000, %esp\n"
    "mov $6, %edi\n"
    "1:\n"
    GRANT_GUEST_HYPERCALL(32, 6, "gg_alloc_unbound")
    "dec %edi\n jnz 1b\n"
    GRANT_GUEST_HYPERCALL(12, 7, "gg_map_grant_table")
    "mov $8, %ecx\n"
    "2: lea 0x140(%ecx), %eax\n mov %eax, 0x180004(, %ecx, 8)\n"
    "mov %ecx, %eax\n and $1, %eax\n shl $2, %eax\n or $1, %eax\n"
    "mov %eax, 0x180000(, %ecx, 8)\n"
    "inc %ecx\n cmp $24, %ecx\n jb 2b\n"
    GRANT_GUEST_HYPERCALL(29, 2, "gg_poweroff")
    "3: hlt\n jmp 3b\n"
    "gg_call: push %edi\n"
    "grant_guest_call: vmcall\n"
    "pop %edi\n ret\n"
    ".balign 8\n"
    "gg_alloc_unbound: .short 0x7ff0, 0\n .long 0\n"
    "gg_map_grant_table: .short 0x7ff0, 0\n .long 1, 0, 0x180\n"
    "gg_poweroff: .long 0\n"
    "grant_guest_end:\n"
    ".code64\n"
    ".popsection\n");

static inline int grant_guest_load(int dev, int domain)
{
	struct lodge_info info = { .size = sizeof(info) };
	unsigned char code[4096];
	struct lodge_memory m = {
		.size = sizeof(m),
		.gpa = GRANT_GUEST_CODE,
		.length = grant_guest_end - grant_guest_start,
		.data = (uintptr_t)code,
	};

	if (ioctl(dev, LODGE_INFO, &info))
		return -1;
	memcpy(code, grant_guest_start, m.length);
	/* AMD's instruction differs in its last byte. */
	if (info.vendor == LODGE_VENDOR_SVM)
		code[grant_guest_call - grant_guest_start + 2] = 0xd9;
	return ioctl(domain, LODGE_WRITE_MEMORY, &m);
}

/* Run it to its end, unless somebody keeps it from getting there. */
static inline int grant_guest_run(int domain)
{
	struct lodge_vcpu_open open = { .size = sizeof(open) };
	struct lodge_vcpu_state state = { 0 };
	int ret, tries = 0;

	if (ioctl(domain, LODGE_VCPU_OPEN, &open))
		return -1;
	flat_start(&state, GRANT_GUEST_CODE);
	ret = ioctl(open.fd, LODGE_VCPU_SET_STATE, &state);
	if (!ret)
		ret = ioctl(domain, LODGE_DOMAIN_UNPAUSE, 0);
	if (!ret) {
		do
			ret = ioctl(open.fd, LODGE_VCPU_RUN, 0);
		while (ret && errno == EINTR && ++tries < 200);
	}
	close(open.fd);
	return ret;
}

/* The domain's file, or -1: the module refused something. */
static inline int grant_guest_make(int dev, const char *name)
{
	struct lodge_domain_create create = {
		.size = sizeof(create),
		.domid = LODGE_DOMID_ANY,
		.nr_vcpus = 1,
		.memory = GRANT_GUEST_MEMORY,
	};

	snprintf(create.name, sizeof(create.name), "%s", name);
	if (ioctl(dev, LODGE_DOMAIN_CREATE, &create))
		return -1;
	if (!grant_guest_load(dev, create.fd) && !grant_guest_run(create.fd))
		return create.fd;
	ioctl(create.fd, LODGE_DOMAIN_DESTROY, 0);
	close(create.fd);
	return -1;
}

#endif /* TESTS_FUZZ_GRANT_GUEST_H */
