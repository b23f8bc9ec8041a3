/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What C and assembly say to each other about one entry.
 */
#ifndef LODGE_SVM_SVM_ENTER_H
#define LODGE_SVM_SVM_ENTER_H

/* flags */
#define SVM_ENTER_SPEC_CTRL	1	/* swap SPEC_CTRL around the guest */

/* result */
#define SVM_ENTERED		0
#define SVM_ENTER_CPU_OFF	1

#ifndef __ASSEMBLY__
#include "types.h"

unsigned int svm_enter_guest(u64 *gpr, hpa_t vmcb, hpa_t host_vmcb,
			     unsigned int flags, u32 guest_spec_ctrl,
			     u32 host_spec_ctrl);
#endif

#endif /* LODGE_SVM_SVM_ENTER_H */
