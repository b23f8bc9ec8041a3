/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The promise, made at a domain's creation, that the host can back what the
 * guest was told it has; counted for each user and for the host.
 */
#ifndef LODGE_MMU_RESERVE_H
#define LODGE_MMU_RESERVE_H

#include <linux/types.h>
#include <linux/uidgid.h>

struct ram_owner;

/* What @uid's domains reserve together.  NULL: no memory. */
struct ram_owner *reserve_owner_get(kuid_t uid);
void reserve_owner_put(struct ram_owner *owner);

/**
 * reserve_take() - promise @pages more to a domain of @owner
 *
 * Return: 0, -ENOMEM (the host's available memory cannot back them), -EDQUOT
 * (the user's limit, a module parameter).
 */
int reserve_take(struct ram_owner *owner, u64 pages);
void reserve_drop(struct ram_owner *owner, u64 pages);

/* So many of the pages that were promised exist now, or no longer do. */
void reserve_count_populated(s64 pages);

/* Bytes that @uid may still reserve, and bytes reserved by all. */
u64 reserve_available(kuid_t uid);
u64 reserve_total(void);

#endif /* LODGE_MMU_RESERVE_H */
