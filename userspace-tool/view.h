/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A look at a domain's console: for `lodge console` and `create --console`.
 */
#ifndef LODGE_VIEW_H
#define LODGE_VIEW_H

#include "config.h"
#include "run_dir.h"

/**
 * struct view - one look
 * @verb: for messages
 * @name: the domain's
 * @dir: its run directory, open
 * @config: tells whether an end is followed by a restart
 * @domain_fd: an open file of our own, used up by view_run()
 * @slave: the console's terminal
 */
struct view {
	const char *verb;
	const char *name;
	struct run_dir *dir;
	const struct domain_config *config;
	int domain_fd;
	int slave;
};

/* Open the terminal and register as a viewer; 0, or -1 after a message. */
int view_open(struct view *view);

/*
 * Copy both ways until the domain has ended or the user types Ctrl-].
 * EXIT_DONE for that and for a power-off, EXIT_REFUSED for any other end.
 */
int view_run(struct view *view);

#endif /* LODGE_VIEW_H */
