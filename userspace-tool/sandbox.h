/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a back end is left with once it holds all that it needs, and before it
 * has looked at a byte of its guest: the files that it named, a user of its
 * domain's own, no privilege, and the system calls of its kind.
 */
#ifndef LODGE_SANDBOX_H
#define LODGE_SANDBOX_H

#include "sandbox_kind.h"

#include <linux/filter.h>
#include <stdint.h>

#define SANDBOX_FILES	64

/*
 * The users of domains: 32768 numbers, one for each domid, which nobody else
 * on the host may have.  The first is that of the line "lodge:FIRST:COUNT" in
 * /etc/subuid, or this, in a range that systemd's list of user numbers calls
 * unused.
 */
#define SANDBOX_FIRST_UID	1890000000u
#define SANDBOX_NR_UIDS		32768u

/* The system calls of each kind, made when the tool is built. */
extern const struct sock_fprog sandbox_filters[NR_SANDBOX_KINDS];

/**
 * struct sandbox - of one process
 * @kind: which limits and system calls
 * @uid: its user and group, if we may choose
 * @files: those that it keeps, beside the first three
 * @nr_files: how many
 */
struct sandbox {
	enum sandbox_kind kind;
	uint32_t uid;
	int files[SANDBOX_FILES];
	unsigned int nr_files;
};

/* The first of the users that @text, which is /etc/subuid, gives to us. */
uint32_t sandbox_parse_subuid(const char *text);
uint32_t sandbox_first_uid(void);

/* @fd stays open; -1 is nothing. */
void sandbox_keep(struct sandbox *box, int fd);

/*
 * Enter, for good.  0, or -errno with @step set to what could not be done:
 * then the process has to end.
 */
int sandbox_enter(const struct sandbox *box, const char **step);

/**
 * struct sandbox_status - what the kernel says about a process
 * @uid: its effective user
 * @is_filtered: a system call filter holds
 * @no_new_privs: it cannot get privileges
 */
struct sandbox_status {
	uint32_t uid;
	int is_filtered;
	int no_new_privs;
};

/* 0 or -errno. */
int sandbox_look(int pid, struct sandbox_status *status);

#endif /* LODGE_SANDBOX_H */
