/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef LODGE_RSEQ_H
#define LODGE_RSEQ_H

/*
 * Give back the restartable sequences that the C library registers for each
 * thread; children of the thread have none then.  With them the kernel has work
 * to do on the way to user mode whenever the thread was switched out, so each
 * wait of a vCPU would end its run.  No code of ours uses them.
 */
void rseq_give_back(void);

#endif /* LODGE_RSEQ_H */
