/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What evtchn.c has each ABI do.  An ABI is how a guest sees its ports: where
 * their pending and mask bits are, and how it learns which to look at.  It
 * knows nothing of what a port is bound to.
 */
#ifndef LODGE_RING_EVTCHN_ABI_H
#define LODGE_RING_EVTCHN_ABI_H

#include <linux/atomic.h>
#include <linux/bitops.h>
#include <linux/types.h>

struct domain;

/*
 * Bits of 32-bit words that the guest can write to.  One locked instruction
 * each: atomic_fetch_or() and the like have a loop that a guest could keep
 * going.  The kernel's bit operations want a long: the aligned one that the
 * word is a half of, which neither leaves the page nor straddles a cache line
 * (which would trap on hosts that detect split locks).
 */
static inline unsigned long *long_of(atomic_t *word, unsigned int *bit)
{
	unsigned long addr = (unsigned long)word;

	if (addr & sizeof(*word))
		*bit += 32;
	return (unsigned long *)(addr & ~(sizeof(long) - 1));
}

static inline bool word_test_and_set(atomic_t *word, unsigned int bit)
{
	unsigned long *aligned = long_of(word, &bit);

	return test_and_set_bit(bit, aligned);
}

static inline void word_clear(atomic_t *word, unsigned int bit)
{
	unsigned long *aligned = long_of(word, &bit);

	clear_bit(bit, aligned);
}

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
/* The same; return: it was pending. */
bool evtchn_2l_take(struct domain *d, u32 port);

/*
 * evtchn_fifo.c: words in pages of the guest, queues for each vCPU.  Any
 * context, but for what is said below.  While the domain's ABI is another,
 * nothing is pending and nothing happens.
 */
/* Return: it was not pending before. */
bool evtchn_fifo_raise(struct domain *d, u32 port, unsigned int vcpu,
		       unsigned int priority);
void evtchn_fifo_unmask(struct domain *d, u32 port, unsigned int vcpu,
			unsigned int priority);
/* Put it on its queue, if it is pending, not masked and not on one. */
void evtchn_fifo_relink(struct domain *d, u32 port, unsigned int vcpu,
			unsigned int priority);
bool evtchn_fifo_is_pending(struct domain *d, u32 port);
/* Return: it became pending when it had no word, which is forgotten. */
bool evtchn_fifo_take_early(struct domain *d, u32 port);
/* Under evtchn_table.lock. */
void evtchn_fifo_clear(struct domain *d, u32 port);
/* Under evtchn_table.lock.  Is it on a queue, as the guest has it? */
bool evtchn_fifo_is_linked(struct domain *d, u32 port);

/*
 * May sleep.  The first control block makes FIFO the domain's ABI.
 * Return: 0; -EINVAL no RAM there, a bad offset, or @vcpu has one; -ENOMEM
 */
int evtchn_fifo_init_control(struct domain *d, unsigned int vcpu, u64 gfn,
			     u32 offset);
/*
 * May sleep.  The ports [*first, *first + *nr) get words.
 * Return: 0; -EOPNOTSUPP the ABI is another; -ENOSPC all ports have words;
 * -EINVAL no RAM there; -ENOMEM
 */
int evtchn_fifo_expand(struct domain *d, u64 gfn, u32 *first, u32 *nr);
/* May sleep.  Back to 2-level; the guest's pages are given back. */
void evtchn_fifo_stop(struct domain *d);
/* The same when nobody can raise any more. */
void evtchn_fifo_destroy(struct domain *d);

#endif /* LODGE_RING_EVTCHN_ABI_H */
