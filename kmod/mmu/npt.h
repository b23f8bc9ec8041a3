/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * AMD's nested page tables as a format of the second-stage walker.
 */
#ifndef LODGE_MMU_NPT_H
#define LODGE_MMU_NPT_H

#include "mmu/s2.h"

extern const struct s2_format npt_format;

#endif /* LODGE_MMU_NPT_H */
