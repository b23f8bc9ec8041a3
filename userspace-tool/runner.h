/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The runner: lends a domain the threads that its vCPUs run in, and starts a
 * new keeper when the keeper dies.
 */
#ifndef LODGE_RUNNER_H
#define LODGE_RUNNER_H

struct keeper;

/* The runner's main; returns its exit status when the domain is gone. */
int runner_run(struct keeper *keeper);

#endif /* LODGE_RUNNER_H */
