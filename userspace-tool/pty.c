// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pseudo-terminal of a domain's console.  See pty.h.
 */
#include "pty.h"

#include "fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

static void pty_close(struct pty *pty)
{
	close_fd(&pty->master);
	close_fd(&pty->slave);
}

static int set_raw(int fd)
{
	struct termios t;

	if (tcgetattr(fd, &t))
		return -1;
	cfmakeraw(&t);
	return tcsetattr(fd, TCSANOW, &t);
}

int pty_open(struct pty *pty, char path[32])
{
	int unlocked = 0, err;
	unsigned int number;

	pty->slave = -1;
	pty->master = open("/dev/ptmx",
			   O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	if (pty->master < 0)
		return -errno;
	if (ioctl(pty->master, TIOCSPTLCK, &unlocked) ||
	    ioctl(pty->master, TIOCGPTN, &number))
		goto fail;
	pty->slave = ioctl(pty->master, TIOCGPTPEER,
			   O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (pty->slave < 0 || set_raw(pty->slave))
		goto fail;
	snprintf(path, 32, "/dev/pts/%u", number);
	return 0;
fail:
	err = -errno;
	pty_close(pty);
	return err;
}
