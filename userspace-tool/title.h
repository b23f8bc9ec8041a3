/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What `ps` and `top` show for the domain's processes: they are forks of one
 * binary, so each says itself what it is and for whom it works.
 */
#ifndef LODGE_TITLE_H
#define LODGE_TITLE_H

/* Call once, from main(): the argument area is where titles go. */
void title_init(int argc, char **argv);

/* Show this process as "lodge-ROLE NAME". */
void title_set(const char *role, const char *name);

#endif /* LODGE_TITLE_H */
