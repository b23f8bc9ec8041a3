/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Virtualization on the host's CPUs: on while a domain exists, off otherwise.
 */
#ifndef LODGE_CPU_H
#define LODGE_CPU_H

#include <linux/types.h>

int cpu_virt_init(void);
void cpu_virt_exit(void);

/**
 * cpu_virt_get() - have virtualization switched on everywhere
 *
 * Counted; the first call switches it on.  May sleep.
 * Return: 0, -EBUSY another hypervisor holds it (logged), -EIO, -ESHUTDOWN the
 * host goes down
 */
int cpu_virt_get(void);
void cpu_virt_put(void);

/* The host goes down: virtualization is off and stays off. */
bool cpu_virt_is_ending(void);

#endif /* LODGE_CPU_H */
