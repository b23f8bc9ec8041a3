/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A front end's dealings with its back end, one device at a time: nodes and
 * states in the store, and the pages that it grants.
 */
#ifndef LODGE_GUEST_FRONT_H
#define LODGE_GUEST_FRONT_H

#include "types.h"

/* The device's folder, as "device/vif/0"; the grant table lies at @grant_gfn. */
bool front_init(const char *folder, u64 grant_gfn);

/* The guest's table of grants. */
u16 front_grant_flags(u32 ref);
void front_grant(u32 ref, const void *page);

/* The back end's state; 0 there is none. */
u32 front_back_state(void);

/* Wait until the back end is in @state; false if it never is. */
bool front_wait(u32 state);

/* Write a node of the device's folder. */
bool front_put(const char *node, u32 number);

#endif
