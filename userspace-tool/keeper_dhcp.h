/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The keeper's care for the DHCP server of the NAT bridge: each keeper of a
 * domain that has an interface there watches it, and whoever sees its end first
 * starts another.
 */
#ifndef LODGE_KEEPER_DHCP_H
#define LODGE_KEEPER_DHCP_H

#include <stdint.h>

struct keeper;

/**
 * struct keeper_dhcp - what a keeper knows of it
 * @pidfd: -1: it is not watched
 * @started_ns: since when
 * @retry_ns: not to be looked for before this time
 * @told: why there is none stands in the log
 */
struct keeper_dhcp {
	int pidfd;
	uint64_t started_ns;
	uint64_t retry_ns;
	int told;
};

/* Start or find it if that is due.  The time when the next look is. */
uint64_t keeper_dhcp_start_due(struct keeper *keeper, uint64_t now);

/* Its pidfd says that it has ended. */
void keeper_dhcp_ended(struct keeper *keeper);

#endif /* LODGE_KEEPER_DHCP_H */
