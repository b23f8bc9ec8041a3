/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The tree that a domain finds when it starts.
 */
#ifndef LODGE_STORE_SETUP_H
#define LODGE_STORE_SETUP_H

#include "store.h"
#include "tree.h"

/* Fills an empty tree.  0 or a negative errno. */
int setup_tree(struct tree *tree, const struct store_setup *setup);

#endif /* LODGE_STORE_SETUP_H */
