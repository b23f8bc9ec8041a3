/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The state of vCPU 0 as the PVH boot protocol has it: flat 32-bit protected
 * mode without paging.  For programs that drive the module without the tool.
 */
#ifndef TESTS_FLAT_START_H
#define TESTS_FLAT_START_H

#include "../uapi/lodge.h"

static inline void flat_start(struct lodge_vcpu_state *state, __u64 rip)
{
	int i;

	state->size = sizeof(*state);
	state->flags = LODGE_VCPU_ONLINE;
	state->rip = rip;
	state->rflags = 2;
	state->cr0 = 0x11;
	state->xcr0 = 1;
	state->dr[6] = 0xffff0ff0;
	state->dr[7] = 0x400;
	for (i = LODGE_ES; i <= LODGE_GS; i++) {
		state->seg[i].limit = 0xffffffff;
		state->seg[i].attr = i == LODGE_CS ? 0xc09b : 0xc093;
	}
	state->seg[LODGE_TR].limit = 0x67;
	state->seg[LODGE_TR].attr = 0x8b;
	state->seg[LODGE_LDTR].attr = LODGE_SEG_UNUSABLE;
}

#endif /* TESTS_FLAT_START_H */
