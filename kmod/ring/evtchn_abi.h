/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What evtchn.c has each ABI do.  An ABI is how a guest sees its ports: where
 * their pending and mask bits are, and how it learns which to look at.  It
 * knows nothing of what a port is bound to.
 */
#ifndef LODGE_RING_EVTCHN_ABI_H
#define LODGE_RING_EVTCHN_ABI_H

#include <linux/types.h>

struct domain;

/*
 * evtchn_2l.c: bits in shared_info.  Any context, no lock.  A port that the
 * ABI has no bit for is never pending.
 */
u32 evtchn_2l_limit(const struct domain *d);
/* Return: it was not pending before. */
bool evtchn_2l_raise(struct domain *d, u32 port, unsigned int vcpu);
void evtchn_2l_unmask(struct domain *d, u32 port, unsigned int vcpu);
bool evtchn_2l_is_pending(struct domain *d, u32 port);
void evtchn_2l_clear(struct domain *d, u32 port);

#endif /* LODGE_RING_EVTCHN_ABI_H */
