// SPDX-License-Identifier: GPL-2.0-only
/*
 * The lock order, executed once.  Under PROVE_LOCKING every lock class of a
 * domain is taken here in the one right order before the first guest runs, so
 * that lockdep objects to the first place that does it otherwise, whether or
 * not the two ever meet.
 */
#include "lockorder.h"
