// SPDX-License-Identifier: GPL-2.0-only
/*
 * The sandbox of back ends: what a process that is in one has left, and what
 * kills it.  As root and as a user.
 */
#include "sandbox.h"

#include "run_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <lodge.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))
#define UID		1890000007u
#define NOBODY		65534u

static int failed;

static void result(const char *name, const char *why)
{
	if (why)
		printf("not ok %s: %s\n", name, why);
	else
		printf("ok %s\n", name);
	fflush(stdout);
	failed |= !!why;
}

/* --- a process in a sandbox --- */

static int to_child[2], to_parent[2];

static void enter(enum sandbox_kind kind)
{
	struct sandbox box = { .kind = kind, .uid = UID };
	const char *step;

	sandbox_keep(&box, to_child[0]);
	sandbox_keep(&box, -1);
	sandbox_keep(&box, to_parent[1]);
	if (sandbox_enter(&box, &step))
		_exit(100);
}

/* Forks one of @kind that runs @act in it; @user: not as root. */
static pid_t start(enum sandbox_kind kind, bool user, void (*act)(void *),
		   void *arg)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid)
		return pid;
	if (user && syscall(SYS_setresuid, NOBODY, NOBODY, NOBODY))
		_exit(101);
	enter(kind);
	act(arg);
	_exit(0);
}

static int status_of(pid_t pid)
{
	int status = -1;

	waitpid(pid, &status, 0);
	return status;
}

/* --- calls that kill --- */

/*
 * Raw calls, with arguments that do no harm.  Those of which a filter looks at
 * an argument are meant by name.
 */
static const struct call {
	const char *name;
	long args[5];
} calls[] = {
	{ "open", { SYS_open, (long)"/etc/passwd", O_RDONLY } },
	{ "openat", { SYS_openat, AT_FDCWD, (long)"/etc/passwd", O_RDONLY } },
	{ "openat2", { SYS_openat2, AT_FDCWD, (long)"/etc/passwd", 0, 24 } },
	{ "dev_lodge", { SYS_openat, AT_FDCWD, (long)"/dev/lodge", O_RDWR } },
	{ "ptrace", { SYS_ptrace, PTRACE_TRACEME } },
	{ "process_vm_readv", { SYS_process_vm_readv, 1 } },
	{ "socket_unix", { SYS_socket, AF_UNIX, SOCK_STREAM } },
	{ "socket_datagram", { SYS_socket, AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC |
			       SOCK_NONBLOCK } },
	{ "socket_inet", { SYS_socket, AF_INET, SOCK_STREAM } },
	{ "connect", { SYS_connect, 0, 0, 0 } },
	{ "connect_long", { SYS_connect, 0, 0, 20 } },
	{ "bind", { SYS_bind, 0, 0, 0 } },
	{ "execve", { SYS_execve, (long)"/bin/true", 0, 0 } },
	{ "fork", { SYS_fork } },
	{ "clone", { SYS_clone, SIGCHLD } },
	{ "clone3", { SYS_clone3 } },
	{ "mprotect", { SYS_mprotect, 0, 0, PROT_EXEC } },
	{ "mmap_exec", { SYS_mmap, 0, 4096, PROT_READ | PROT_EXEC,
			 MAP_PRIVATE | MAP_ANONYMOUS } },
	{ "memfd_create", { SYS_memfd_create, (long)"", 0 } },
	{ "ioctl_domain_open", { SYS_ioctl, 0, LODGE_DOMAIN_OPEN } },
	{ "ioctl_attach", { SYS_ioctl, 0, LODGE_ATTACH } },
	{ "ioctl_terminal", { SYS_ioctl, 0, TIOCSTI } },
	{ "fcntl_lock", { SYS_fcntl, 0, F_SETLK } },
	{ "fcntl_owner", { SYS_fcntl, 0, F_SETOWN, 1 } },
	{ "kill", { SYS_kill, 1, 0 } },
	{ "tgkill", { SYS_tgkill, 1, 1, 0 } },
	{ "pidfd_open", { SYS_pidfd_open, 1, 0 } },
	{ "pidfd_getfd", { SYS_pidfd_getfd, 0, 0, 0 } },
	{ "setuid", { SYS_setuid, 0 } },
	{ "prctl", { SYS_prctl, 4 } },
	{ "seccomp", { SYS_seccomp } },
	{ "unshare", { SYS_unshare, 0 } },
	{ "setns", { SYS_setns, 0, 0 } },
	{ "mount", { SYS_mount } },
	{ "chroot", { SYS_chroot, (long)"/" } },
	{ "chdir", { SYS_chdir, (long)"/" } },
	{ "unlink", { SYS_unlink, (long)"/none/there" } },
	{ "rename", { SYS_rename, (long)"/none", (long)"/there" } },
	{ "stat", { SYS_stat, (long)"/none/there", 0 } },
	{ "setrlimit", { SYS_prlimit64, 0, 0, 0 } },
	{ "bpf", { SYS_bpf } },
	{ "io_uring", { SYS_io_uring_setup } },
	{ "userfaultfd", { SYS_userfaultfd } },
	{ "perf_event_open", { SYS_perf_event_open } },
	{ "x32", { 0x40000000 | SYS_getpid } },
};

static void do_call(void *arg)
{
	const long *a = ((const struct call *)arg)->args;

	syscall(a[0], a[1], a[2], a[3], a[4], -1, 0);
}

/* getpid() of the 32-bit interface: its number is another call's in ours. */
static void do_32bit(void *arg)
{
	long ret = 20;

	(void)arg;
	asm volatile("int $0x80" : "+a" (ret) : : "memory");
}

static bool is_killed(pid_t pid)
{
	int status = status_of(pid);

	return WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
}

static void test_kills(const char *kind_name, enum sandbox_kind kind, bool user)
{
	char name[64], why[1024] = "";
	size_t i;

	for (i = 0; i < ARRAY_SIZE(calls); i++)
		if (!is_killed(start(kind, user, do_call, (void *)&calls[i])))
			snprintf(why + strlen(why), sizeof(why) - strlen(why),
				 "%s ", calls[i].name);
	if (!is_killed(start(kind, user, do_32bit, NULL)))
		strcat(why, "int80");
	snprintf(name, sizeof(name), "%s_%scalls", kind_name,
		 user ? "user_" : "");
	result(name, *why ? why : NULL);
}

/* --- what it looks like --- */

static void wait_for_parent(void *arg)
{
	char byte;

	(void)arg;
	if (write(to_parent[1], "x", 1) != 1 ||
	    read(to_child[0], &byte, 1) != 1)
		_exit(102);
}

static char status_text[8192];

static void read_proc(pid_t pid, const char *file)
{
	char path[64];
	int fd, n;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	fd = open(path, O_RDONLY);
	n = read(fd, status_text, sizeof(status_text) - 1);
	status_text[n < 0 ? 0 : n] = '\0';
	close(fd);
}

static bool says(const char *line)
{
	return strstr(status_text, line);
}

/* Only the first three and the two that it was to keep. */
static bool has_five_files(pid_t pid)
{
	char path[64];
	struct stat st;
	int fd, nr = 0;

	for (fd = 0; fd < 256; fd++) {
		snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, fd);
		nr += !lstat(path, &st);
	}
	return nr == 5;
}

static bool is_hidden(pid_t pid)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d/environ", pid);
	return !stat(path, &st) && !st.st_uid;
}

static const char *wrong_with(pid_t pid, bool user)
{
	struct sandbox_status status;

	if (sandbox_look(pid, &status) ||
	    status.uid != (user ? NOBODY : UID) || !status.is_filtered ||
	    !status.no_new_privs)
		return "sandbox_look";
	read_proc(pid, "status");
	if (!user && (!says("\nUid:\t1890000007\t1890000007\t1890000007\t1890000007\n") ||
		      !says("\nGid:\t1890000007\t1890000007\t1890000007\t1890000007\n") ||
		      !says("\nGroups:\t \n")))
		return "user and groups";
	if (!says("\nCapInh:\t0000000000000000\n") ||
	    !says("\nCapPrm:\t0000000000000000\n") ||
	    !says("\nCapEff:\t0000000000000000\n") ||
	    !says("\nCapAmb:\t0000000000000000\n"))
		return "capabilities";
	read_proc(pid, "limits");
	if (!says("Max core file size        0 ") ||
	    !says("Max processes             0                    0 "))
		return "limits";
	if (!has_five_files(pid))
		return "files";
	return is_hidden(pid) ? NULL : "not hidden";
}

static void test_looks(const char *kind_name, enum sandbox_kind kind, bool user)
{
	pid_t pid = start(kind, user, wait_for_parent, NULL);
	const char *why = "it does not run";
	char name[64], byte;

	if (read(to_parent[0], &byte, 1) == 1)
		why = wrong_with(pid, user);
	if (write(to_child[1], "x", 1) != 1 || status_of(pid))
		why = why ? why : "it does not go on";
	snprintf(name, sizeof(name), "%s_%slooks", kind_name,
		 user ? "user_" : "");
	result(name, why);
}

/* --- what it may do --- */

static void need(bool ok, int which)
{
	if (!ok)
		_exit(which);
}

static void use_memory(void *arg)
{
	char *p = malloc(1 << 20);

	(void)arg;
	need(p, 1);
	p = realloc(p, 8 << 20);
	need(p, 2);
	free(p);
	p = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	need(p != MAP_FAILED && !munmap(p, 4096), 3);
	need(!malloc(600ull << 20), 4);
}

/* A file beyond its limit is an error, and nobody dies. */
static void fill_file(void *arg)
{
	(void)arg;
	need(write(STDOUT_FILENO, "x", 1) == 1, 1);
	need(write(STDOUT_FILENO, "x", 1) < 0 && errno == EFBIG, 2);
}

static void test_file_limit(const char *name, enum sandbox_kind kind,
			    bool user, rlim_t most)
{
	int out = dup(STDOUT_FILENO), status;
	FILE *file = tmpfile();

	fflush(stdout);
	dup2(fileno(file), STDOUT_FILENO);
	lseek(STDOUT_FILENO, most - 1, SEEK_SET);
	status = status_of(start(kind, user, fill_file, NULL));
	dup2(out, STDOUT_FILENO);
	close(out);
	fclose(file);
	result(name, status ? "see fill_file()" : NULL);
}

/* Who starts lodge may have less.  Not every root can have it back: a fork. */
static void test_lower_limit(void)
{
	const struct rlimit lower = { 1 << 20, 1 << 20 };
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid) {
		failed |= !!status_of(pid);
		return;
	}
	need(!setrlimit(RLIMIT_FSIZE, &lower), 1);
	test_file_limit("console_lower_file", SANDBOX_CONSOLE, false, 1 << 20);
	test_file_limit("block_lower_file", SANDBOX_BLOCK, false, 1 << 20);
	test_file_limit("block_user_lower_file", SANDBOX_BLOCK, true, 1 << 20);
	_exit(failed);
}

static void test_limits(void)
{
	int status = status_of(start(SANDBOX_STORE, false, use_memory, NULL));

	result("store_memory", status ? "see use_memory()" : NULL);
	test_file_limit("console_file", SANDBOX_CONSOLE, false, 5 << 20);
	test_file_limit("net_file", SANDBOX_NET, false, 5 << 20);
	test_file_limit("entropy_file", SANDBOX_ENTROPY, false, 5 << 20);
	test_lower_limit();
}

/* --- the lock file in the run directory --- */

#define ROLE	7u

static void write_to_lock(void *arg)
{
	const struct run_dir *dir = arg;
	struct sandbox box = { .kind = SANDBOX_BLOCK, .uid = UID };
	const char *step;

	need(!run_dir_take_confined_role(dir, ROLE), 1);
	sandbox_keep(&box, to_child[0]);
	sandbox_keep(&box, to_parent[1]);
	sandbox_keep(&box, dir->lock_fd);
	need(!sandbox_enter(&box, &step), 2);
	need(write(dir->lock_fd, "x", 1) < 0 && errno == EBADF, 3);
	wait_for_parent(NULL);
}

static void take_role(void *arg)
{
	need(run_dir_take_confined_role(arg, ROLE) == -EAGAIN, 1);
}

static pid_t fork_for(void (*act)(void *), void *arg)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid)
		return pid;
	act(arg);
	_exit(0);
}

static const char *wrong_with_lock(struct run_dir *dir, pid_t pid)
{
	pid_t holder = 0;
	char byte;
	int fd;

	if (read(to_parent[0], &byte, 1) != 1)
		return "it does not run";
	fd = run_dir_open_holder(dir, ROLE, &holder);
	if (fd < 0 || holder != pid)
		return "it does not have its role";
	close(fd);
	if (run_dir_take_role(dir, ROLE) != -EAGAIN ||
	    status_of(fork_for(take_role, dir)))
		return "another takes its role";
	return NULL;
}

static void test_lock(void)
{
	struct failure failure;
	struct run_dir dir;
	const char *why;
	pid_t pid;

	if (run_dir_create(&dir, "test", &failure)) {
		result("lock", failure.text);
		return;
	}
	pid = fork_for(write_to_lock, &dir);
	/* A child that ends early is an end of file. */
	close(to_parent[1]);
	why = wrong_with_lock(&dir, pid);
	if (write(to_child[1], "x", 1) != 1 || status_of(pid))
		why = why ? why : "see write_to_lock()";
	if (run_dir_has_holder(&dir, ROLE))
		why = why ? why : "the dead has a role";
	result("lock", why);
	run_dir_remove(&dir);
}

/* --- the users of domains --- */

static void test_subuid(void)
{
	static const struct {
		const char *text;
		uint32_t first;
	} cases[] = {
		{ "", SANDBOX_FIRST_UID },
		{ "lodge:200000:32768\n", 200000 },
		{ "bob:100000:65536\nlodge:200000:65536", 200000 },
		{ "xlodge:200000:65536\n", SANDBOX_FIRST_UID },
		{ "lodge:200000:32767\n", SANDBOX_FIRST_UID },
		{ "lodge:0:65536\n", SANDBOX_FIRST_UID },
		{ "lodge:-5:65536\n", SANDBOX_FIRST_UID },
		{ "lodge:4294967000:65536\n", SANDBOX_FIRST_UID },
		{ "lodge:many\nlodge:300000:32768\n", 300000 },
	};
	const char *why = NULL;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		if (sandbox_parse_subuid(cases[i].text) != cases[i].first)
			why = cases[i].text;
	result("subuid", why);
}

int main(void)
{
	static const char * const names[NR_SANDBOX_KINDS] = {
		[SANDBOX_CONSOLE] = "console",
		[SANDBOX_STORE] = "store",
		[SANDBOX_BLOCK] = "block",
		[SANDBOX_NET] = "net",
		[SANDBOX_ENTROPY] = "entropy",
	};
	size_t i;

	test_subuid();
	if (pipe(to_child) || pipe(to_parent))
		return 2;
	if (geteuid()) {
		printf("skip users: only root can change the user\n");
		return failed;
	}
	for (i = 0; i < NR_SANDBOX_KINDS; i++) {
		test_looks(names[i], i, false);
		test_looks(names[i], i, true);
		test_kills(names[i], i, false);
		test_kills(names[i], i, true);
	}
	test_limits();
	test_lock();
	return failed;
}
