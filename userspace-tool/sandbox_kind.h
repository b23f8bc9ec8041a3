/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kinds of sandboxes: one for each kind of back end.
 */
#ifndef LODGE_SANDBOX_KIND_H
#define LODGE_SANDBOX_KIND_H

enum sandbox_kind {
	SANDBOX_CONSOLE,
	SANDBOX_STORE,
	SANDBOX_BLOCK,
	SANDBOX_NET,
	SANDBOX_ENTROPY,
	NR_SANDBOX_KINDS
};

#endif /* LODGE_SANDBOX_KIND_H */
