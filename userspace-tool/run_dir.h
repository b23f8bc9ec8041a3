/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A domain's directory under /run/lodge: its saved configuration, the console
 * link, the store's socket and records, and the file `lock`, which tells who is
 * alive.
 *
 * Each process of the domain holds a POSIX lock on its own byte of `lock`.
 * The kernel drops it when the process dies, however it dies, and names its
 * pid to who asks: no pid file can be stale.  The rule that comes with it: a
 * process never closes a file descriptor of `lock` that is not the last thing
 * it does, because any close drops all locks of that process.
 */
#ifndef LODGE_RUN_DIR_H
#define LODGE_RUN_DIR_H

#include "config.h"

#include <sys/types.h>

enum run_role {
	ROLE_KEEPER,
	ROLE_RUNNER,
	ROLE_CONSOLE,
	ROLE_STORE,
	ROLE_VIEWER,	/* a `lodge console`: any number, shared */
};

#define NR_ROLES	5

/*
 * The role of a device's back end: a byte far behind the others, the same for
 * every process that ever serves this device.
 */
static inline uint64_t run_role_device(unsigned int class, uint32_t devid)
{
	return (uint64_t)(class + 1) << 32 | devid;
}

/**
 * struct run_dir - one domain's directory, open
 * @path: "/run/lodge/NAME"
 * @fd: of the directory; all files in it are reached through it
 * @lock_fd: of `lock`, or -1
 */
struct run_dir {
	char path[192];
	int fd;
	int lock_fd;
};

/*
 * Make the directory for a domain whose name the module has just given to us.
 * What an earlier domain of that name left is removed; an earlier keeper that
 * is still at it is waited for.  0 or -1.
 */
int run_dir_create(struct run_dir *dir, const char *name,
		   struct failure *failure);

/* Open one that exists.  0 or -errno. */
int run_dir_open(struct run_dir *dir, const char *name);
void run_dir_close(struct run_dir *dir);

/*
 * Let another user, who is in @group alone and has the directory as its current
 * one, reach the socket @file in it and nothing else.  Only root can.  0 or
 * -errno.
 */
int run_dir_share(const struct run_dir *dir, const char *file, gid_t group);

/* Remove it with all that is in it. */
void run_dir_remove(struct run_dir *dir);
/* Remove one that cannot be opened, since its maker died before the lock. */
void run_dir_remove_empty(const char *name);

/*
 * Marks say what a keeper is not to forget when it dies: they are files.
 * MARK_DESTROYED: `lodge destroy` was here, no restart may follow.
 * MARK_RESTARTING: the old domain goes, the new one is not complete yet.
 */
enum run_mark {
	MARK_DESTROYED,
	MARK_RESTARTING,
};

int run_dir_mark(const struct run_dir *dir, enum run_mark mark);
void run_dir_clear_mark(const struct run_dir *dir, enum run_mark mark);
int run_dir_has_mark(const struct run_dir *dir, enum run_mark mark);

/*
 * A role is an enum run_role or what run_role_device() gives.  0, or -errno
 * (-EAGAIN: another process has the role).
 */
int run_dir_take_role(const struct run_dir *dir, uint64_t role);

/*
 * The same for a process that will be confined: from then on it cannot write to
 * the lock file, which would fill the memory that /run is made of.
 */
int run_dir_take_confined_role(const struct run_dir *dir, uint64_t role);
void run_dir_drop_role(const struct run_dir *dir, uint64_t role);

/*
 * Open a pidfd of the process that has @role.  Returns it, or -1 when nobody
 * has it.  @pid may be NULL.
 */
int run_dir_open_holder(const struct run_dir *dir, uint64_t role, pid_t *pid);

/* Whether anybody has @role. */
int run_dir_has_holder(const struct run_dir *dir, enum run_role role);

/* Wait until nobody has ROLE_VIEWER, at most @seconds. */
void run_dir_wait_viewers(const struct run_dir *dir, unsigned int seconds);

int run_dir_save_config(const struct run_dir *dir,
			const struct domain_config *config);
int run_dir_has_config(const struct run_dir *dir);
int run_dir_load_config(const struct run_dir *dir,
			struct domain_config *config, struct failure *failure);

/*
 * Names of what is made for devices follow from the domain's id: so it is kept,
 * for who tidies up when the domain is gone: as a link, which is there with its
 * content or not at all.  0 or -errno.
 */
int run_dir_save_domid(const struct run_dir *dir, uint32_t domid);
int run_dir_load_domid(const struct run_dir *dir, uint32_t *domid);

/* Open the terminal that `console` links to; the fd or -errno. */
int run_dir_open_console(const struct run_dir *dir);

/* Point `console` to @target. */
int run_dir_link_console(const struct run_dir *dir, const char *target);

/* "PATH/FILE" in a static buffer. */
const char *run_dir_file(const struct run_dir *dir, const char *file);

/* A restart was begun, and no keeper lives that would end it. */
int run_dir_awaits_restart(const struct run_dir *dir);

/* The user whose domain it is, or -errno. */
int64_t run_dir_owner(const struct run_dir *dir);

/* The folder of all run directories. */
const char *run_base(void);

/* The folder of logs, whether it is there or not. */
const char *log_dir(void);
int log_dir_create(void);

#endif /* LODGE_RUN_DIR_H */
