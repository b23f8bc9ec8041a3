/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The pseudo-terminal that a domain's console shows up on.  The keeper makes
 * it and holds both ends, so that it outlives the console helper and whoever
 * looks at it.
 */
#ifndef LODGE_PTY_H
#define LODGE_PTY_H

struct pty {
	int master;
	int slave;
};

/*
 * A new one, raw and without echo.  @path gets the slave's name.  Returns 0 or
 * -errno.
 */
int pty_open(struct pty *pty, char path[32]);

#endif /* LODGE_PTY_H */
