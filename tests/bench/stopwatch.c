// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ticks from a command's fork to its end, or to the moment when a text appears
 * in its output.  The command is forked and executed ROUNDS times; what ends
 * its work is run between rounds and not counted.
 */
#include "bench.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

struct stopwatch {
	const char *name;
	const char *text;	/* NULL: until the command's end */
	const char *after;	/* shell command after each round */
	const char *copy;	/* file for the command's output */
	int rounds;
	char **command;
};

/* Read until @text has been there; false at the output's end. */
static int wait_for(int fd, const char *text, FILE *copy)
{
	static char seen[1 << 16];
	size_t length = 0, keep = strlen(text);
	ssize_t n;

	while ((n = read(fd, seen + length, sizeof(seen) - 1 - length)) > 0) {
		if (copy)
			fwrite(seen + length, 1, n, copy);
		length += n;
		seen[length] = '\0';
		if (memmem(seen, length, text, keep))
			return 1;
		/* The text may be cut in two. */
		if (length > sizeof(seen) / 2) {
			memmove(seen, seen + length - keep, keep);
			length = keep;
		}
	}
	return 0;
}

static void drain(int fd, FILE *copy)
{
	char rest[4096];
	ssize_t n;

	while ((n = read(fd, rest, sizeof(rest))) > 0)
		if (copy)
			fwrite(rest, 1, n, copy);
}

static void finish(pid_t pid, const struct stopwatch *s)
{
	int status;

	if (s->after && system(s->after))
		fprintf(stderr, "%s failed\n", s->after);
	if (waitpid(pid, &status, 0) != pid)
		die("waitpid");
	/* Who had to be ended may say so. */
	if (!status || s->after)
		return;
	fprintf(stderr, "%s ended with status %#x\n", s->command[0], status);
	exit(1);
}

static pid_t start(const struct stopwatch *s, int out)
{
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (pid)
		return pid;
	if (out >= 0)
		dup2(out, 1);
	execv(s->command[0], s->command);
	_exit(127);
}

static uint64_t until_end(const struct stopwatch *s)
{
	uint64_t t = ticks();
	pid_t pid = start(s, -1);
	int status;

	if (waitpid(pid, &status, 0) != pid || status)
		die("%s: status %#x", s->command[0], status);
	return ticks() - t;
}

static uint64_t until_text(const struct stopwatch *s)
{
	FILE *copy = s->copy ? fopen(s->copy, "w") : NULL;
	int fds[2], found;
	uint64_t t;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC))
		die("pipe");
	t = ticks();
	pid = start(s, fds[1]);
	close(fds[1]);
	found = wait_for(fds[0], s->text, copy);
	t = ticks() - t;
	/* A reader must be there until the end. */
	if (copy)
		fflush(copy);
	if (!fork()) {
		drain(fds[0], copy);
		if (copy)
			fflush(copy);
		_exit(0);
	}
	close(fds[0]);
	finish(pid, s);
	while (wait(NULL) > 0)
		;
	if (copy)
		fclose(copy);
	if (!found) {
		fprintf(stderr, "%s never printed \"%s\"\n", s->command[0],
			s->text);
		exit(1);
	}
	return t;
}

static void usage(void)
{
	fputs("usage: stopwatch [-t TEXT] [-a AFTER] [-o FILE] NAME ROUNDS COMMAND [ARGUMENT...]\n",
	      stderr);
	exit(2);
}

int main(int argc, char **argv)
{
	uint64_t best = ~0ull, sum = 0, t;
	struct stopwatch s = { 0 };
	int c, i;

	while ((c = getopt(argc, argv, "+t:a:o:")) != -1) {
		if (c == 't')
			s.text = optarg;
		else if (c == 'a')
			s.after = optarg;
		else if (c == 'o')
			s.copy = optarg;
		else
			usage();
	}
	if (argc - optind < 3)
		usage();
	s.name = argv[optind];
	s.rounds = atoi(argv[optind + 1]);
	s.command = argv + optind + 2;
	if (s.rounds < 1)
		usage();
	for (i = 0; i < s.rounds; i++) {
		t = s.text ? until_text(&s) : until_end(&s);
		printf("# %s %llu\n", s.name, (unsigned long long)t);
		sum += t;
		if (t < best)
			best = t;
	}
	result(s.name, sum / s.rounds, best);
	return 0;
}
