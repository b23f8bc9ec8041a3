// SPDX-License-Identifier: GPL-2.0-only
/*
 * Somebody at a terminal: runs a command on a pseudo-terminal of its own and
 * does what the lines on standard input say:
 *
 * see TEXT	wait until TEXT has been shown since the last line
 * type TEXT	type it, and return
 * leave	type Ctrl-]
 * wait N	be so many seconds patient from now on, instead of 120
 *
 * Then it waits for the command's end and says its exit status, and whether
 * the terminal still is as it was.  Ends with 1 if a text did not come.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

static time_t limit = 120;
static char shown[1 << 20];
static size_t nr_shown;
static size_t from;

static void die(const char *what)
{
	fprintf(stderr, "typist: %s: %s\n", what, strerror(errno));
	exit(125);
}

static void show_end(void)
{
	const size_t most = 400;

	fwrite(shown + (nr_shown > most ? nr_shown - most : 0), 1,
	       nr_shown > most ? most : nr_shown, stdout);
}

/* Some more of what the terminal shows; 0 when nobody is left to show it. */
static int look(int master)
{
	struct pollfd p = { .fd = master, .events = POLLIN };
	ssize_t n;

	if (nr_shown == sizeof(shown) - 1)
		die("too much was shown");
	if (poll(&p, 1, 1000) <= 0)
		return 1;
	n = read(master, shown + nr_shown, sizeof(shown) - 1 - nr_shown);
	if (n <= 0)
		return 0;
	nr_shown += n;
	return 1;
}

static void see(int master, const char *text)
{
	time_t end = time(NULL) + limit;
	char *at;

	while (!(at = memmem(shown + from, nr_shown - from, text,
			     strlen(text)))) {
		if (look(master) && time(NULL) < end)
			continue;
		show_end();
		printf("\nnever seen: %s\n", text);
		exit(1);
	}
	from = at + strlen(text) - shown;
}

static void type(int master, const char *text, size_t n)
{
	if (write(master, text, n) != (ssize_t)n)
		die("write");
}

static void act(int master, char *line)
{
	size_t n = strcspn(line, "\n");

	line[n] = '\0';
	if (!strncmp(line, "see ", 4)) {
		see(master, line + 4);
	} else if (!strncmp(line, "type ", 5)) {
		line[n] = '\r';
		type(master, line + 5, n + 1 - 5);
	} else if (!strcmp(line, "leave")) {
		type(master, "\x1d", 1);
	} else if (!strncmp(line, "wait ", 5)) {
		limit = atoi(line + 5);
	} else {
		fprintf(stderr, "typist: what is \"%s\"?\n", line);
		exit(2);
	}
}

static pid_t start(int slave, char **argv)
{
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (pid)
		return pid;
	setsid();
	ioctl(slave, TIOCSCTTY, 0);
	dup2(slave, 0);
	dup2(slave, 1);
	dup2(slave, 2);
	execvp(argv[0], argv);
	_exit(127);
}

int main(int argc, char **argv)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	struct termios before, after;
	char line[256];
	int slave, status;
	pid_t pid;

	if (argc < 2)
		return 2;
	if (master < 0 || grantpt(master) || unlockpt(master))
		die("no terminal");
	slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0 || tcgetattr(slave, &before))
		die("no terminal");
	pid = start(slave, argv + 1);
	while (fgets(line, sizeof(line), stdin))
		act(master, line);
	while (!waitpid(pid, &status, WNOHANG))
		look(master);
	if (tcgetattr(slave, &after))
		die("tcgetattr");
	printf("status %d\nterminal %s\n", WIFEXITED(status) ?
	       WEXITSTATUS(status) : 128 + WTERMSIG(status),
	       before.c_lflag == after.c_lflag &&
	       before.c_oflag == after.c_oflag ? "as before" : "changed");
	return 0;
}
