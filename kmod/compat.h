/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Differences between host kernels, each in one place: every #if on a kernel
 * version or option that changes an interface stands here.
 */
#ifndef LODGE_COMPAT_H
#define LODGE_COMPAT_H

#include <asm/reboot.h>

/*
 * The kernel has one slot for a callback that leaves VMX at a crash, and only
 * if it could be used by KVM for Intel.
 */
#if IS_ENABLED(CONFIG_KVM_INTEL)
static inline void compat_emergency_register(void (*fn)(void))
{
	cpu_emergency_register_virt_callback(fn);
}

static inline void compat_emergency_unregister(void (*fn)(void))
{
	cpu_emergency_unregister_virt_callback(fn);
}
#else
static inline void compat_emergency_register(void (*fn)(void)) { }
static inline void compat_emergency_unregister(void (*fn)(void)) { }
#endif

#endif /* LODGE_COMPAT_H */
