// SPDX-License-Identifier: GPL-2.0-only
/*
 * Makes a process that waits in a system call make another one.
 *
 * force_call PID		open("/etc/passwd"), as a guest would that has
 *			taken it over; prints what became of the process: "it is
 *			dead" or "it lives"
 * force_call PID close FD	while it waits in epoll_pwait(), which tells it
 *			then that nothing came; status 3: it is somewhere else
 */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define WAIT_MS	5000

static void die(const char *what)
{
	fprintf(stderr, "force_call: %s: %s\n", what, strerror(errno));
	exit(125);
}

static void trace(long request, pid_t pid, void *data)
{
	if (ptrace(request, pid, NULL, data))
		die("ptrace");
}

/* Its name goes below what its stack uses. */
static void set_call(pid_t pid, struct user_regs_struct *regs)
{
	static const char path[16] = "/etc/passwd";
	const char *to = (char *)regs->rsp - 1024;
	long word;
	size_t i;

	for (i = 0; i < sizeof(path); i += sizeof(word)) {
		memcpy(&word, path + i, sizeof(word));
		if (ptrace(PTRACE_POKEDATA, pid, to + i, word))
			die("ptrace");
	}
	regs->rax = SYS_open;
	regs->rdi = (long)to;
	regs->rsi = 0;
}

static void set_close(pid_t pid, struct user_regs_struct *regs, int fd)
{
	if (regs->orig_rax != SYS_epoll_pwait || (long)regs->rax >= 0) {
		trace(PTRACE_DETACH, pid, NULL);
		exit(3);
	}
	regs->rax = SYS_close;
	regs->rdi = fd;
}

int main(int argc, char **argv)
{
	struct user_regs_struct regs;
	const bool closes = argc == 4 && !strcmp(argv[2], "close");
	pid_t pid = argc == 2 || closes ? atoi(argv[1]) : 0;
	struct pollfd end = { .events = POLLIN };
	int status;

	if (pid <= 0)
		return 2;
	end.fd = pidfd_open(pid, 0);
	if (end.fd < 0)
		die("pidfd_open");
	trace(PTRACE_SEIZE, pid, NULL);
	trace(PTRACE_INTERRUPT, pid, NULL);
	if (waitpid(pid, &status, 0) != pid)
		die("waitpid");
	trace(PTRACE_GETREGS, pid, &regs);
	if (closes)
		set_close(pid, &regs, atoi(argv[3]));
	else
		set_call(pid, &regs);
	/* The SYSCALL that it is in is executed again, and no call resumed. */
	regs.rip -= 2;
	regs.orig_rax = -1;
	trace(PTRACE_SETREGS, pid, &regs);
	/* While it is traced, its parent does not learn how it ended. */
	trace(PTRACE_DETACH, pid, NULL);
	if (closes)
		return 0;
	if (poll(&end, 1, WAIT_MS) == 1) {
		printf("it is dead\n");
		return 0;
	}
	printf("it lives\n");
	return 1;
}
