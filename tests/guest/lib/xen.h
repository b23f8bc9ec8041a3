/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Xen as this guest uses it: is it there, hypercalls by both ways in, the
 * shared info page, event upcalls and the clock.  The numbers come from Xen's
 * own public headers.
 */
#ifndef LODGE_GUEST_XEN_H
#define LODGE_GUEST_XEN_H

#include "cpu.h"

#define __XEN_INTERFACE_VERSION__ 0x00040e00
#include <xen/xen.h>
#include <xen/event_channel.h>
#include <xen/sched.h>
#include <xen/vcpu.h>

/* Xen's error numbers, negated as hypercalls return them. */
#define XEN_EPERM	(-1l)
#define XEN_ENOENT	(-2l)
#define XEN_ESRCH	(-3l)
#define XEN_ENXIO	(-6l)
#define XEN_E2BIG	(-7l)
#define XEN_EACCES	(-13l)
#define XEN_EFAULT	(-14l)
#define XEN_EBUSY	(-16l)
#define XEN_EEXIST	(-17l)
#define XEN_EINVAL	(-22l)
#define XEN_ENOSPC	(-28l)
#define XEN_ENOSYS	(-38l)
#define XEN_ENODATA	(-61l)
#define XEN_ETIME	(-62l)
#define XEN_EOPNOTSUPP	(-95l)

#define UPCALL_VECTOR	0xf3

extern bool have_xen;
extern u32 xen_base;		/* first Xen CPUID leaf */
extern u8 use_vmmcall;		/* AMD and Hygon */
extern u32 xen_domid, xen_vcpu_id;

static inline s64 hypercall5(u64 nr, u64 a1, u64 a2, u64 a3, u64 a4, u64 a5)
{
	register u64 r10 __asm__("r10") = a4;
	register u64 r8 __asm__("r8") = a5;
	s64 ret;

	if (use_vmmcall)
		__asm__ volatile("vmmcall"
				 : "=a"(ret)
				 : "a"(nr), "D"(a1), "S"(a2), "d"(a3),
				   "r"(r10), "r"(r8) : "memory");
	else
		__asm__ volatile("vmcall"
				 : "=a"(ret)
				 : "a"(nr), "D"(a1), "S"(a2), "d"(a3),
				   "r"(r10), "r"(r8) : "memory");
	return ret;
}

static inline s64 hypercall2(u64 nr, u64 a1, u64 a2)
{
	return hypercall5(nr, a1, a2, 0, 0, 0);
}

static inline s64 hypercall3(u64 nr, u64 a1, u64 a2, u64 a3)
{
	return hypercall5(nr, a1, a2, a3, 0, 0);
}

/* Through the hypercall page, once xen_map_hypercall_page() has been called */
s64 hypercall_page(u32 nr, u64 a1, u64 a2, u64 a3);
u32 xen_map_hypercall_page(void);
extern u8 hypercall_page_mem[4096];

/* From a 32-bit code segment */
u32 hypercall_compat(u32 nr, u32 a1, u32 a2, u32 a3, u32 a4, u32 a5);

void xen_detect(void);
s64 hvm_get_param(u32 index, u64 *value);
s64 hvm_set_param(u32 index, u64 value);

/* shared_info is mapped over a page of ours on the first call. */
extern shared_info_t *shared_info;
extern vcpu_info_t *vcpu_info;
s64 xen_map_shared_info(void);
s64 xen_register_vcpu_info(void);

/* Nanoseconds by the vCPU's time record. */
u64 xen_now(void);
u64 time_scale(u64 ticks, u32 mul, s8 shift);
u64 time_record_now(const vcpu_time_info_t *t, u64 *tsc);

/*
 * Event channels.  xen_init_events() maps shared_info, masks every port and
 * asks for upcalls on UPCALL_VECTOR.  The handler counts upcalls and events by
 * port and clears what it has seen.
 */
#define NR_COUNTED_PORTS	1024

extern volatile u64 upcall_count;
extern volatile u32 event_count[NR_COUNTED_PORTS];
extern void (*event_hook)(u32 port);

bool xen_init_events(void);
s64 evtchn_op(u32 cmd, void *arg);
s64 evtchn_bind_virq(u32 virq, u32 vcpu, u32 *port);
s64 evtchn_bind_ipi(u32 vcpu, u32 *port);
s64 evtchn_alloc_unbound(u16 dom, u16 remote, u32 *port);
s64 evtchn_bind_interdomain(u16 dom, u32 remote, u32 *port);
s64 evtchn_close(u32 port);
s64 evtchn_send(u32 port);
s64 evtchn_unmask(u32 port);
s64 evtchn_status(u16 dom, u32 port, struct evtchn_status *st);
void evtchn_set_mask(u32 port, bool masked);
bool evtchn_is_pending(u32 port);
void evtchn_clear(u32 port);

/* The own vCPU's singleshot timer, absolute in xen_now() time. */
s64 timer_set(u64 deadline, u32 flags);
s64 timer_stop(void);

#endif
