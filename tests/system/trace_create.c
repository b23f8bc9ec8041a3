// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs `lodge create` and lets something happen to it at one exact point,
 * which a script that looks from outside would hit once in a thousand times.
 *
 * trace_create keeper N CMD...	kills the keeper at its Nth fork, 0: at once
 * trace_create signal N CMD...	sends signal N when the domain has been made
 *
 * Ends as CMD ends; 128 and the signal, where one killed it.
 */
#include <errno.h>
#include <lodge.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

static void die(const char *what)
{
	fprintf(stderr, "trace_create: %s: %s\n", what, strerror(errno));
	exit(125);
}

static void trace(long request, pid_t pid, long data)
{
	if (ptrace(request, pid, NULL, data) && errno != ESRCH)
		die("ptrace");
}

static pid_t start(char **argv)
{
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (!pid) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) || raise(SIGSTOP))
			_exit(125);
		execv(argv[0], argv);
		_exit(127);
	}
	if (waitpid(pid, NULL, 0) != pid)
		die(argv[0]);
	return pid;
}

static int end_of(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) :
		128 + WTERMSIG(status);
}

/* The first process that the tool forks is the keeper. */
static int kill_keeper(pid_t tool, int at)
{
	pid_t keeper = 0, pid;
	int status, event, forks = 0;

	trace(PTRACE_SETOPTIONS, tool, PTRACE_O_TRACEFORK);
	trace(PTRACE_CONT, tool, 0);
	for (;;) {
		pid = waitpid(-1, &status, __WALL);
		if (pid < 0)
			die("waitpid");
		if (!WIFSTOPPED(status)) {
			if (pid == tool)
				return end_of(status);
			continue;
		}
		event = status >> 16;
		if (pid != tool && !keeper)
			keeper = pid;
		if (pid != tool && pid != keeper) {
			trace(PTRACE_DETACH, pid, 0);
			continue;
		}
		forks += pid == keeper && event == PTRACE_EVENT_FORK;
		if (pid == keeper && forks == at)
			kill(keeper, SIGKILL);
		trace(PTRACE_CONT, pid,
		      event || WSTOPSIG(status) == SIGSTOP ||
		      WSTOPSIG(status) == SIGTRAP ? 0 : WSTOPSIG(status));
	}
}

static int has_created(pid_t pid)
{
	struct user_regs_struct regs;

	trace(PTRACE_GETREGS, pid, (long)&regs);
	return regs.orig_rax == SYS_ioctl && regs.rsi == LODGE_DOMAIN_CREATE &&
		!regs.rax;
}

/* On its way into a system call, RAX is -ENOSYS. */
static int send_signal(pid_t pid, int signal)
{
	int status, sent = 0;

	trace(PTRACE_SETOPTIONS, pid, PTRACE_O_TRACESYSGOOD);
	trace(PTRACE_SYSCALL, pid, 0);
	while (waitpid(pid, &status, 0) == pid && WIFSTOPPED(status)) {
		if (!sent && WSTOPSIG(status) == (SIGTRAP | 0x80) &&
		    has_created(pid)) {
			sent = 1;
			kill(pid, signal);
			trace(PTRACE_DETACH, pid, 0);
		} else {
			trace(PTRACE_SYSCALL, pid, 0);
		}
	}
	return end_of(status);
}

int main(int argc, char **argv)
{
	int number;

	if (argc < 4)
		return 2;
	number = atoi(argv[2]);
	if (!strcmp(argv[1], "keeper"))
		return kill_keeper(start(argv + 3), number);
	return send_signal(start(argv + 3), number);
}
