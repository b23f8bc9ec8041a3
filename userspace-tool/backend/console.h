/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The back end of the guest's primary console.
 */
#ifndef LODGE_BACKEND_CONSOLE_H
#define LODGE_BACKEND_CONSOLE_H

struct run_dir;
struct sandbox;

/*
 * Serve the console ring of @attach_fd until the domain ends or SIGTERM asks
 * for the end: to and from the terminal @master, and into the domain's log.
 * It is confined to @box and what it has been given here.  One byte to
 * @ready_fd says that it serves.  Returns the exit status.
 */
int console_run(int attach_fd, int master, const struct run_dir *dir,
		const char *name, struct sandbox *box, int ready_fd);

#endif /* LODGE_BACKEND_CONSOLE_H */
