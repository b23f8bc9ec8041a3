/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The keeper: one process per domain that starts the domain's helpers,
 * restarts those that die, and carries out what the configuration says about
 * the domain's end.  It holds nothing that the domain cannot live without: a
 * new keeper adopts whatever still runs.
 */
#ifndef LODGE_KEEPER_H
#define LODGE_KEEPER_H

#include "config.h"
#include "helper.h"
#include "keeper_device.h"
#include "keeper_dhcp.h"
#include "keeper_nbd.h"
#include "keeper_store.h"
#include "pty.h"
#include "run_dir.h"

/**
 * struct keeper - what the processes of one domain know
 * @config: for restarts
 * @dir: the domain's run directory
 * @domid: its id
 * @first_uid: of the users of domains
 * @domain_fd: the domain file
 * @pty: its console's terminal; -1 in both: none yet
 * @listen_fd: the store's listening socket, or -1
 * @control_fd: the listening socket for orders, or -1
 * @client: who waits for an answer
 * @devices: and their processes
 * @dhcp: the server behind the NAT bridge
 * @nbd: connections of disks
 * @store: the wait for the first request to it
 * @ready: pipe: a helper writes one byte when it serves
 * @report_fd: the keeper's only, until it has told who spawned it how it went
 * @helpers: indexed by enum run_role; those of ROLE_RUNNER to ROLE_STORE used
 * @is_new: the domain has not run yet: what cannot be started ends it
 * @stopped: the shutdown was handled and the domain is preserved
 * @restarts: quick ones in a row
 * @started_ns: when this keeper's domain started
 *
 * A fork inherits all of it; each process uses the part that it needs.
 */
struct keeper {
	struct domain_config config;
	struct run_dir dir;
	uint32_t domid;
	uint32_t first_uid;
	int domain_fd;
	struct pty pty;
	int listen_fd;
	int control_fd;
	struct keeper_client client;
	struct keeper_device *devices;
	struct keeper_dhcp dhcp;
	struct keeper_nbd nbd;
	struct keeper_store store;
	int ready[2];
	int report_fd;
	struct helper helpers[NR_ROLES];
	int is_new;
	int stopped;
	unsigned int restarts;
	uint64_t started_ns;
};

/* All file descriptors -1, all helpers down. */
void keeper_init(struct keeper *keeper);

/*
 * Fork a keeper for a domain and wait till its helpers serve.  It starts what
 * does not run yet and adopts the rest; with @unpause the domain then runs.
 * Without a domain file it ends a restart that an earlier keeper began.
 * 0, or -1 with no keeper and none of the helpers it started left.
 */
int keeper_spawn(struct keeper *keeper, int unpause, struct failure *failure);

/*
 * For the runner: fork a keeper that adopts the domain, and do not wait.
 * Returns its pid or -errno.
 */
pid_t keeper_respawn(struct keeper *keeper);

#endif /* LODGE_KEEPER_H */
