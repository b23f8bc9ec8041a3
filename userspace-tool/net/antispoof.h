/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a guest may send: packets from its own MAC and its own addresses.  The
 * host's kernel enforces it where packets come in from the tap, before bridge
 * or routing see them.
 */
#ifndef LODGE_NET_ANTISPOOF_H
#define LODGE_NET_ANTISPOOF_H

#include "net/vif.h"

/*
 * Put up the rules, whose table is named after the interface; they go with it,
 * but for the empty table.  0 or -errno.
 */
int antispoof_make(const struct vif *vif);
void antispoof_undo(const struct vif *vif);

#endif /* LODGE_NET_ANTISPOOF_H */
