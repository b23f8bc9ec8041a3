/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Only one process at a time makes or undoes what domains share in the host's
 * network: its NAT bridge, and names of interfaces.
 */
#ifndef LODGE_NET_LOCK_H
#define LODGE_NET_LOCK_H

#include "msg.h"

/*
 * Wait for the lock, but not for ever.  Returns a file, which is to be closed
 * to let others have it, or -errno with @failure set.  It does not nest.
 */
int net_lock(struct failure *failure);

#endif /* LODGE_NET_LOCK_H */
