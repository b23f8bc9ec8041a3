/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The lock order of the module, taught to lockdep at load.
 */
#ifndef LODGE_LOCKORDER_H
#define LODGE_LOCKORDER_H

#ifdef CONFIG_PROVE_LOCKING
void lockorder_teach(void);
#else
static inline void lockorder_teach(void) { }
#endif

#endif /* LODGE_LOCKORDER_H */
