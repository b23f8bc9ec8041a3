/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Selectors of the guest's descriptor table, shared by assembly and C.
 */
#ifndef LODGE_GUEST_HEAD_H
#define LODGE_GUEST_HEAD_H

#define SEL_CODE64	0x08
#define SEL_DATA	0x10
#define SEL_CODE32	0x18
#define SEL_CODE16	0x20
#define SEL_DATA16	0x28
#define SEL_USER_CODE32	0x33
#define SEL_USER_DATA	0x3b
#define SEL_USER_CODE64	0x43
#define SEL_ABSENT	0x48
#define SEL_TSS		0x50
#define SEL_FREE	0x60
#define GDT_ENTRIES	14

#endif
