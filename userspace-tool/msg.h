/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tool says to people.  These are the only functions that print an
 * error; everything below them returns 0 or -errno, or fills a struct failure.
 */
#ifndef LODGE_MSG_H
#define LODGE_MSG_H

#include "compiler.h"

enum exit_status {
	EXIT_DONE = 0,
	EXIT_REFUSED = 1,	/* understood, but refused or failed */
	EXIT_USAGE = 2,
};

/**
 * struct failure - why something did not work, in words
 * @text: what is wrong, to stand after "lodge: VERB OBJECT: "
 * @hint: what to do about it, or empty
 */
struct failure {
	char text[256];
	char hint[256];
};

/* Fill @failure; return -1, so that a caller can return the call. */
__printf(2, 3)
int failure_set(struct failure *failure, const char *fmt, ...);
__printf(2, 3)
void failure_hint(struct failure *failure, const char *fmt, ...);

/* "lodge: VERB OBJECT: text"; @object may be NULL. */
__printf(3, 4)
void msg_error(const char *verb, const char *object, const char *fmt, ...);
__printf(1, 2)
void msg_hint(const char *fmt, ...);
__printf(1, 2)
void msg_warn(const char *fmt, ...);

/* Print @failure as an error of @verb on @object; returns EXIT_REFUSED. */
int msg_failure(const char *verb, const char *object,
		const struct failure *failure);

/* Words for an errno (positive or negative); last resort of a message. */
const char *msg_errno(int err);

#endif /* LODGE_MSG_H */
