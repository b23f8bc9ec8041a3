/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Address-space identifiers: which translations in a CPU's TLB belong to which
 * vCPU.  Each CPU hands its own numbers out in turn; when they are used up it
 * starts again in a new generation, with one flush of everything.  So a vCPU
 * that comes to a CPU, or whose translations are stale, just takes a new one.
 * Knows no hardware.
 */
#ifndef LODGE_SVM_ASID_H
#define LODGE_SVM_ASID_H

#include <linux/types.h>

/**
 * struct asid_space - the numbers of one CPU
 * @generation: 1 and up
 * @next: the number to hand out next; 0 is the host's
 * @last: the largest there is
 */
struct asid_space {
	u64 generation;
	u32 next;
	u32 last;
};

/**
 * struct asid - a vCPU's number
 * @generation: in which it was handed out, 0 if it has none
 * @id: the number
 */
struct asid {
	u64 generation;
	u32 id;
};

/* A CPU's beginning, or its new one: nothing in its TLB counts any more. */
static inline void asid_space_reset(struct asid_space *s, u32 nr_asids)
{
	s->generation++;
	s->last = nr_asids - 1;
	/* The first one that is asked for flushes. */
	s->next = nr_asids;
}

static inline bool asid_is_valid(const struct asid_space *s,
				 const struct asid *a)
{
	return a->generation == s->generation;
}

static inline void asid_drop(struct asid *a)
{
	a->generation = 0;
}

/**
 * asid_take() - a number that nothing in the TLB has
 *
 * Return: true if that is so only after a flush of everything.
 */
static inline bool asid_take(struct asid_space *s, struct asid *a)
{
	bool flush = s->next > s->last;

	if (flush) {
		s->generation++;
		s->next = 1;
	}
	a->generation = s->generation;
	a->id = s->next++;
	return flush;
}

#endif /* LODGE_SVM_ASID_H */
