/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a test program includes.  It defines test_main(); the runtime has set
 * up paging, traps and the console before, and calls report_done() after.
 */
#ifndef LODGE_GUEST_GUEST_H
#define LODGE_GUEST_GUEST_H

#include "console.h"
#include "cpu.h"
#include "lapic.h"
#include "print.h"
#include "report.h"
#include "time.h"
#include "trap.h"
#include "window.h"
#include "xen.h"

#include <xen/arch-x86/hvm/start_info.h>

extern u64 start_info_gpa;
extern u8 image_end[];

void test_main(void);

static inline const struct hvm_start_info *start_info(void)
{
	return (const void *)start_info_gpa;
}

/* QEMU's emulator: good for paging and traps, it checks few reserved bits. */
static inline bool cpu_is_tcg(void)
{
	return cpuid(0x40000000, 0).ebx == 0x54474354;	/* "TCGT" */
}

/* False, with a line that says so, when the program needs Xen in vain. */
static inline bool need_xen(void)
{
	if (!have_xen)
		print("skip: no Xen CPUID leaves\n");
	return have_xen;
}

#endif
