// SPDX-License-Identifier: GPL-2.0-only
/*
 * The reservation is kept by counting: what is reserved and not yet populated
 * by all domains together never exceeds what the host had available when the
 * last reservation was made.  No page is set aside for it.
 */
#include "mmu/reserve.h"

#include <linux/atomic.h>
#include <linux/cred.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "types.h"

static unsigned long uid_limit_mb;
module_param(uid_limit_mb, ulong, 0644);
MODULE_PARM_DESC(uid_limit_mb,
		 "MiB of guest memory that one user may reserve, 0 no limit; root has none");

/* What one user has reserved, over all its domains. */
struct ram_owner {
	struct list_head link;
	kuid_t uid;
	unsigned int nr_domains;
	u64 pages;
};

/* Protects the list, each owner, and nr_reserved.  Above s2.lock. */
static DEFINE_SPINLOCK(reserve_lock);
static LIST_HEAD(owners);
static u64 nr_reserved;

/* How many of the reserved pages exist already. */
static atomic64_t nr_populated = ATOMIC64_INIT(0);

void reserve_count_populated(s64 pages)
{
	atomic64_add(pages, &nr_populated);
}

static u64 host_room(void)
{
	s64 promised, room;

	lockdep_assert_held(&reserve_lock);
	promised = nr_reserved - atomic64_read(&nr_populated);
	room = si_mem_available() - promised;
	return max_t(s64, room, 0);
}

static u64 uid_room(kuid_t uid, u64 used)
{
	u64 limit = READ_ONCE(uid_limit_mb);

	if (!limit || uid_eq(uid, GLOBAL_ROOT_UID))
		return U64_MAX;
	limit = min_t(u64, limit, U64_MAX >> 20) << (20 - PAGE_SHIFT);
	return limit > used ? limit - used : 0;
}

/* Worst case: every 2 MiB need a table of 4 KiB pages. */
static u64 with_tables(u64 pages)
{
	return pages + pages / GFNS_PER_2M;
}

int reserve_take(struct ram_owner *owner, u64 pages)
{
	int err = 0;

	spin_lock(&reserve_lock);
	if (pages > uid_room(owner->uid, owner->pages)) {
		err = -EDQUOT;
	} else if (with_tables(pages) > host_room()) {
		err = -ENOMEM;
	} else {
		owner->pages += pages;
		nr_reserved += pages;
	}
	spin_unlock(&reserve_lock);
	return err;
}

void reserve_drop(struct ram_owner *owner, u64 pages)
{
	if (!pages)
		return;
	spin_lock(&reserve_lock);
	owner->pages -= pages;
	nr_reserved -= pages;
	spin_unlock(&reserve_lock);
}

static struct ram_owner *find_owner(kuid_t uid)
{
	struct ram_owner *owner;

	lockdep_assert_held(&reserve_lock);
	list_for_each_entry(owner, &owners, link) {
		if (uid_eq(owner->uid, uid))
			return owner;
	}
	return NULL;
}

struct ram_owner *reserve_owner_get(kuid_t uid)
{
	struct ram_owner *owner, *new;

	new = kzalloc(sizeof(*new), GFP_KERNEL_ACCOUNT);
	if (!new)
		return NULL;
	new->uid = uid;
	spin_lock(&reserve_lock);
	owner = find_owner(uid);
	if (!owner) {
		list_add(&new->link, &owners);
		owner = new;
		new = NULL;
	}
	owner->nr_domains++;
	spin_unlock(&reserve_lock);
	kfree(new);
	return owner;
}

void reserve_owner_put(struct ram_owner *owner)
{
	spin_lock(&reserve_lock);
	if (--owner->nr_domains)
		owner = NULL;
	else
		list_del(&owner->link);
	spin_unlock(&reserve_lock);
	kfree(owner);
}

u64 reserve_available(kuid_t uid)
{
	struct ram_owner *owner;
	u64 room;

	spin_lock(&reserve_lock);
	owner = find_owner(uid);
	room = min(host_room(), uid_room(uid, owner ? owner->pages : 0));
	spin_unlock(&reserve_lock);
	return room << PAGE_SHIFT;
}

u64 reserve_total(void)
{
	u64 pages;

	spin_lock(&reserve_lock);
	pages = nr_reserved;
	spin_unlock(&reserve_lock);
	return pages << PAGE_SHIFT;
}
