/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How test back ends (tests/system) and the guest program talk: a page that the
 * guest grants by a reference both know.  The host writes a command with a new
 * number and notifies the first channel; the guest obeys, answers with that
 * number, and notifies back.
 */
#ifndef LODGE_GUEST_GRANTS_PROTOCOL_H
#define LODGE_GUEST_GRANTS_PROTOCOL_H

#include <linux/types.h>

#define GRANTS_MAGIC	0x73746e61u
#define NR_PORTS	4	/* the first is for commands */

/* References; each data page is granted by the one of its own. */
enum {
	REF_CONTROL = 8,
	REF_DATA = 9,		/* the first of NR_DATA */
	NR_DATA = 16,
	REF_READ_ONLY = 30,
	REF_FOREIGN,		/* to another domain */
	REF_NO_RAM,
	REF_UNTOUCHED,		/* RAM that the guest never touched */
	REF_NOTHING,
	/* Those that version 2 alone has; version 1 grants nothing there. */
	REF_SUB_PAGE,		/* SUB_PAGE_LENGTH bytes of REF_DATA's page */
	REF_TRANSITIVE,
	REF_FAR_FRAME,		/* a frame beyond 32 bits */
	REF_FAR = 1000,		/* in a frame that the guest adds; page as DATA */
};

#define SUB_PAGE_OFFSET	100
#define SUB_PAGE_LENGTH	8

enum command {
	CMD_FILL = 1,	/* @ref's page with @value */
	CMD_READ,	/* result: the first word of @ref's page */
	CMD_COUNT_BAD,	/* result: bytes of @ref's page that are not @value */
	CMD_FLAGS,	/* result: flags of @ref with the busy bits */
	CMD_REVOKE,	/* result: 0 done, 1 in use, as front ends do it */
	CMD_FORCE,	/* set the flags of @ref to @value, come what may */
	CMD_SET_FRAME,	/* of @ref, to @value; result: what it was */
	CMD_BALLOON,	/* give @ref's page up; result: frames given */
	CMD_POPULATE,	/* and take another; result: frames taken */
	CMD_SEND,	/* on port index @value */
	CMD_EVENTS,	/* result: events on port index @value so far */
	CMD_CLOSE,	/* port index @value */
	CMD_ALLOC,	/* port index @value anew; result: the port */
	CMD_STATUS,	/* result: EVTCHNOP_status of port index @value */
	CMD_VERSION,	/* use version @value; result: 0, or the error */
	CMD_END,
};

struct control {
	__u32 magic;
	__u32 ports[NR_PORTS];
	__u32 number;	/* the host writes from here on */
	__u32 command;
	__u32 ref;
	__u32 value;
	__u32 answered;	/* the guest writes: number, after result */
	__u32 result;
};

#endif /* LODGE_GUEST_GRANTS_PROTOCOL_H */
