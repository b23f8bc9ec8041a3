/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of this program share: shared rings as plain memory, the
 * grants that requests name (garbage.c), connections (link.c), and a second
 * vCPU that rewrites what the first has asked for (second.c).
 */
#ifndef LODGE_GUEST_HOSTILE_H
#define LODGE_GUEST_HOSTILE_H

#include "hcheck.h"

#include <xen/io/xenbus.h>

#define LOOKS		20000	/* at the store, for what must come */
#define GFN_GRANT	(GFN_HOLE + 8)	/* the table's page */

/* The grants.  Rings keep theirs, the others are anything at any time. */
enum {
	REF_RING = 8,		/* and the next, of a second ring */
	REF_READ_ONLY_RING = 10,
	REF_LIST,		/* two pages of indirect segments */
	REF_DATA = 16,
	NR_DATA = 16,
	REF_FOREIGN = 40,	/* to another domain */
	REF_NO_RAM,
	REF_HOLE,
	REF_TABLE,		/* the table itself, for reading */
	REF_SHARED_INFO,	/* for reading */
	REF_TRANSITIVE,
	REF_ODD_TYPE,
	REF_SELF,		/* the first ring's own page */
	REF_NONE,		/* the first that grants nothing */
};

#define REF_BEHIND	512	/* the table ends there */

/* A ring's page, whatever the protocol. */
struct ring_page {
	u32 req_prod, req_event, rsp_prod, rsp_event;
	u8 unused[48];
	u8 entries[4096 - 64];
};

/* How requests and responses look. */
struct ring_kind {
	u32 size, nr;			/* bytes and number of places */
	/* Write a request, or all of a packet; of @n places it took so many. */
	u32 (*make)(struct ring_page *page, u32 at, u32 n);
};

extern const struct ring_kind blk_kind, tx_kind, rx_kind;
extern struct ring_page rings[2];
extern u8 data[NR_DATA][4096];

static inline u8 *ring_place(struct ring_page *page,
			     const struct ring_kind *kind, u32 index)
{
	return page->entries + index % kind->nr * kind->size;
}

/* --- garbage.c ------------------------------------------------------------ */

/* One for each vCPU. */
struct dice {
	u64 seed;
};

extern struct dice dice;
u64 roll(struct dice *d);
u32 below(u32 n);

/* Requests may also name the ring's own page. */
extern bool self_is_data;

/* Grant it all anew.  Nothing is in use. */
void make_grants(void);
/* One of the grants becomes another kind of grant; not those of rings. */
void change_grant(struct dice *d);
/* New bytes for pages and lists; some of it are packets' heads. */
void fill_pages(void);

/* --- link.c --------------------------------------------------------------- */

struct device {
	const char *name;		/* for people */
	const char *folder;
	bool is_net;
};

/* Empty rings, nodes as they should be; false: it never waited for us. */
bool link_begin(const struct device *dev);
/* Say that we are there; the back end's state then. */
u32 link_go(void);
/* A node with any text. */
void link_node(const char *node, const char *text);
u32 link_back_state(void);
void link_kick(void);
/* Close from whatever state, and end the channel; false: it did not close. */
bool link_end(bool politely);
/* No ring's grant is in use. */
bool link_is_let_go(void);

/* --- second.c ------------------------------------------------------------- */

/* False: there is no second vCPU. */
bool second_start(void);
/* Have it write into @page, also into its indices or not; NULL: have it stop. */
void second_scribble(struct ring_page *page, bool indices);

#endif /* LODGE_GUEST_HOSTILE_H */
