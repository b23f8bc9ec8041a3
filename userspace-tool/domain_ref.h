/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the commands share: from the DOMAIN that a user typed to an open
 * domain, with the errors that belong to it.
 */
#ifndef LODGE_DOMAIN_REF_H
#define LODGE_DOMAIN_REF_H

#include <lodge.h>

/* /dev/lodge, or -1 after an error message. */
int ref_open_device(const char *verb, const char *object);

/* The domain of that name or id, or -errno without a word. */
int ref_find_domain(const char *text);

/* The domain of that name or id, or -1 after an error message. */
int ref_open_domain(const char *verb, const char *text);

/*
 * The same, and its state in @info.
 */
int ref_open_info(const char *verb, const char *text,
		  struct lodge_domain_info *info);

/* An ioctl on @text failed with @err: say so; returns EXIT_REFUSED. */
int ref_error(const char *verb, const char *text, int err);

/* "powered off", "crashed", ... */
const char *ref_shutdown_words(unsigned int reason);

#endif /* LODGE_DOMAIN_REF_H */
