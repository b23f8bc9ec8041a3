/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Random bytes from the host.  docs/writing-a-backend.md goes through it.
 */
#ifndef LODGE_BACKEND_ENTROPY_H
#define LODGE_BACKEND_ENTROPY_H

struct backend;

extern const struct backend backend_entropy;

#endif /* LODGE_BACKEND_ENTROPY_H */
