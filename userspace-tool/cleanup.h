/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The last of a domain that has been destroyed.
 */
#ifndef LODGE_CLEANUP_H
#define LODGE_CLEANUP_H

#include "run_dir.h"

/*
 * Returns when neither a process nor a file of the domain is left, and nothing
 * that was made for its devices: waits for its keeper to tidy up, or does it
 * where there is none.  0 or -ETIMEDOUT.
 */
int cleanup_domain(struct run_dir *dir);

/*
 * The same for what an earlier domain left, whose name the module has just
 * given to us.
 */
void cleanup_earlier(const char *name);

#endif /* LODGE_CLEANUP_H */
