/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a domain shall be: from a file with xl.cfg's keys, from options, or
 * from the copy that the keeper keeps for restarts.
 */
#ifndef LODGE_CONFIG_H
#define LODGE_CONFIG_H

#include "device_config.h"
#include "msg.h"

#include <lodge.h>
#include <stdint.h>

enum end_action {
	ACTION_DESTROY,
	ACTION_RESTART,
	ACTION_PRESERVE,
};

/**
 * struct domain_config - what a domain shall be
 * @name: as LODGE_DOMAIN_CREATE takes it; empty until known
 * @uuid: valid when @has_uuid
 * @memory: MiB that the guest shall use (memory/target)
 * @maxmem: MiB that its memory map shows
 * @vcpus: online from the start
 * @maxvcpus: that it has
 * @kernel: absolute path
 * @ramdisk: absolute path, or NULL
 * @cmdline: the whole command line, or NULL
 * @on_end: indexed by enum lodge_shutdown_reason
 * @devices: list of its devices
 *
 * A zero in a number means "not given" until domain_domain_config_complete() has run.
 */
struct domain_config {
	char name[LODGE_NAME_LEN];
	uint8_t uuid[16];
	int has_uuid;
	uint64_t memory;
	uint64_t maxmem;
	unsigned int vcpus;
	unsigned int maxvcpus;
	char *kernel;
	char *ramdisk;
	char *cmdline;
	enum end_action on_end[6];
	struct device_config *devices;
};

void domain_config_init(struct domain_config *config);
void domain_config_release(struct domain_config *config);

/*
 * Read @path into @config.  Unknown keys are reported by msg_warn() with file
 * and line when @warn is set.  0 or -1.
 */
int domain_config_read(struct domain_config *config, const char *path, int warn,
		       struct failure *failure);

/* Setters for the options of the command line; 0 or -1. */
int domain_config_set_name(struct domain_config *config, const char *text,
			   struct failure *failure);
int domain_config_set_memory(struct domain_config *config, const char *text,
			     struct failure *failure);
int domain_config_set_vcpus(struct domain_config *config, const char *text,
			    struct failure *failure);
int domain_config_set_path(char **path, const char *text,
			   struct failure *failure);
int domain_config_set_text(char **field, const char *text, struct failure *failure);

/* Fill in what was not given and check the whole.  0 or -1. */
int domain_config_complete(struct domain_config *config, struct failure *failure);

/* Write @config in the form that domain_config_read() reads, to @fd. */
int domain_config_write(const struct domain_config *config, int fd);

const char *domain_config_action_name(enum end_action action);
enum end_action domain_config_action(const struct domain_config *config,
				     uint32_t shutdown_reason);

#endif /* LODGE_CONFIG_H */
