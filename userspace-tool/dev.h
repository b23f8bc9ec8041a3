/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One wrapper for each call of the module.  They fill in sizes, return 0 (or a
 * file descriptor) or -errno, and print nothing.
 */
#ifndef LODGE_DEV_H
#define LODGE_DEV_H

#include <lodge.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

int dev_open(void);
int dev_get_info(int dev_fd, struct lodge_info *info);

/* The caller fills domid, nr_vcpus, memory, uuid and name. */
int dev_domain_create(int dev_fd, struct lodge_domain_create *create);

/* Open by id; or by @name when @domid is LODGE_DOMID_ANY. */
int dev_domain_open(int dev_fd, uint32_t domid, const char *name);

/* Returns 0 to go on. */
typedef int (*dev_domain_fn)(const struct lodge_domain_info *info, void *ctx);

/*
 * Call @fn for each domain of the caller, in the order of ids.  0, -errno, or
 * what @fn returned, which ends it if that is not 0.
 */
int dev_visit_domains(int dev_fd, dev_domain_fn fn, void *ctx);

int dev_domain_get_info(int domain_fd, struct lodge_domain_info *info);
int dev_domain_pause(int domain_fd);
int dev_domain_unpause(int domain_fd);
int dev_domain_shutdown(int domain_fd, uint32_t reason);
int dev_domain_destroy(int domain_fd);
/* Throw out who holds the slot, if anybody does. */
int dev_domain_revoke(int domain_fd, uint32_t role, uint32_t devid);
int dev_domain_get_stats(int domain_fd, struct lodge_domain_stats *stats);

/* Write all of @data, or fail; -EFAULT when @gpa is no memory. */
int dev_write_memory(int domain_fd, uint64_t gpa, const void *data,
		     size_t length);

/* Write the hypervisor's log of the domain to @out_fd. */
int dev_domain_copy_log(int domain_fd, int out_fd);

int dev_vcpu_open(int domain_fd, uint32_t id);
int dev_vcpu_set_state(int vcpu_fd, struct lodge_vcpu_state *state);
int dev_vcpu_run(int vcpu_fd);

#endif /* LODGE_DEV_H */
