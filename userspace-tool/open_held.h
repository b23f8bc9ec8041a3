/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The two names that the linker's --wrap=open gives to open().
 */
#ifndef LODGE_OPEN_HELD_H
#define LODGE_OPEN_HELD_H

/* The C library's. */
int __real_open(const char *path, int flags, ...);

/* What everybody calls. */
int __wrap_open(const char *path, int flags, ...);

#endif /* LODGE_OPEN_HELD_H */
