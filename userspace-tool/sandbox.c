// SPDX-License-Identifier: GPL-2.0-only
/*
 * The sandbox of a back end.  See sandbox.h for the contract.  All of it is
 * one-way, and one process's own: nothing has to be undone, whoever dies.
 *
 * No namespaces: what they would separate is reached by calls that the filter
 * does not have, and making them costs more than starting the process.
 */
#include "sandbox.h"

#include "compiler.h"
#include "fd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SUBUID_FILE	"/etc/subuid"
#define SUBUID_NAME	"lodge:"
#define MIB		(1ull << 20)

/**
 * struct limits - what a kind needs at most
 * @data: bytes of private memory, beside the stack
 * @space: bytes of addresses, or RLIM_INFINITY
 * @file_size: that a file may grow to
 * @files: that are open, or that are waited for at the same time
 */
struct limits {
	rlim_t data;
	rlim_t space;
	rlim_t file_size;
	rlim_t files;
};

static const struct limits limits[NR_SANDBOX_KINDS] = {
	/* It allocates nothing; its logs end at 4 MiB. */
	[SANDBOX_CONSOLE] = { 0, RLIM_INFINITY, 5 * MIB, 8 },
	/*
	 * LMDB maps 256 MiB, which is its file's limit.  A guest that uses all
	 * of its quotas comes to half of the memory.
	 */
	[SANDBOX_STORE] = { 512 * MIB, 1024 * MIB, 257 * MIB, 96 },
	/*
	 * The module moves a guest's data in the name of the process, so an
	 * image may grow.
	 */
	[SANDBOX_BLOCK] = { 64 * MIB, 256 * MIB, RLIM_INFINITY, 128 },
	/* A tap and a source are no files that grow; the log is. */
	[SANDBOX_NET] = { 64 * MIB, 256 * MIB, 5 * MIB, 128 },
	[SANDBOX_ENTROPY] = { 64 * MIB, 256 * MIB, 5 * MIB, 128 },
};

uint32_t sandbox_parse_subuid(const char *text)
{
	unsigned long long first, count;

	for (; text; text = strchr(text, '\n')) {
		text += *text == '\n';
		if (strncmp(text, SUBUID_NAME, strlen(SUBUID_NAME)) ||
		    sscanf(text + strlen(SUBUID_NAME), "%llu:%llu", &first,
			   &count) != 2)
			continue;
		/* Not root, and not the number that means no user. */
		if (first && count >= SANDBOX_NR_UIDS &&
		    first < UINT32_MAX - SANDBOX_NR_UIDS)
			return first;
	}
	return SANDBOX_FIRST_UID;
}

/* Reads at most @size - 1 bytes; a NUL follows.  0 or -errno. */
static int read_start(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, text, size - 1);
	close(fd);
	text[n < 0 ? 0 : n] = '\0';
	return n < 0 ? -EIO : 0;
}

uint32_t sandbox_first_uid(void)
{
	char text[4096];

	if (read_start(SUBUID_FILE, text, sizeof(text)))
		text[0] = '\0';
	return sandbox_parse_subuid(text);
}

void sandbox_keep(struct sandbox *box, int fd)
{
	if (fd >= 0 && box->nr_files < SANDBOX_FILES)
		box->files[box->nr_files++] = fd;
}

/* A limit that is lower than ours stays: it may not be raised, or is put back. */
static int set_limit(int what, rlim_t most)
{
	const struct rlimit limit = { most, most };
	struct rlimit before;

	if (prlimit(0, what, &limit, &before))
		return errno == EPERM ? 0 : -errno;
	if (before.rlim_max >= most)
		return 0;
	return prlimit(0, what, &before, NULL) ? -errno : 0;
}

static int set_limits(const struct sandbox *box)
{
	const struct limits *l = &limits[box->kind];
	const struct {
		int what;
		rlim_t most;
	} all[] = {
		{ RLIMIT_DATA, l->data },
		{ RLIMIT_AS, l->space },
		{ RLIMIT_FSIZE, l->file_size },
		{ RLIMIT_NOFILE, l->files },
		{ RLIMIT_NPROC, 0 },
		{ RLIMIT_MEMLOCK, 0 },
		{ RLIMIT_CORE, 0 },
	};
	size_t i;
	int err = 0;

	/* A file that is full is an error of write() and no more. */
	signal(SIGXFSZ, SIG_IGN);
	for (i = 0; i < ARRAY_SIZE(all) && !err; i++)
		err = set_limit(all[i].what, all[i].most);
	return err;
}

/* Without the C library's wrappers: they are for processes with threads. */
static int set_user(const struct sandbox *box)
{
	if (geteuid())
		return 0;
	if (syscall(SYS_setgroups, 0, NULL) ||
	    syscall(SYS_setresgid, box->uid, box->uid, box->uid) ||
	    syscall(SYS_setresuid, box->uid, box->uid, box->uid))
		return -errno;
	return 0;
}

/* The change of the user took them from root; its owner may have some, too. */
static int drop_capabilities(const struct sandbox *box)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	const struct __user_cap_data_struct none[2] = { 0 };

	(void)box;
	return syscall(SYS_capset, &head, none) ? -errno : 0;
}

static int give_up_privileges(const struct sandbox *box)
{
	(void)box;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ? -errno : 0;
}

/* No debugger, not even of the same user.  The change of the user resets it. */
static int hide_memory(const struct sandbox *box)
{
	(void)box;
	return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) ? -errno : 0;
}

static int set_filter(const struct sandbox *box)
{
	const struct sock_fprog *filter = &sandbox_filters[box->kind];

	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, filter) ? -errno : 0;
}

int sandbox_enter(const struct sandbox *box, const char **step)
{
	static const struct {
		const char *what;
		int (*take)(const struct sandbox *box);
	} steps[] = {
		{ "limits", set_limits },
		{ "a user of its own", set_user },
		{ "no capabilities", drop_capabilities },
		{ "no new privileges", give_up_privileges },
		{ "no debuggers", hide_memory },
		{ "a system call filter", set_filter },
	};
	size_t i;
	int err = 0;

	fd_close_others(box->files, box->nr_files);
	for (i = 0; i < ARRAY_SIZE(steps) && !err; i++) {
		*step = steps[i].what;
		err = steps[i].take(box);
	}
	return err;
}

/* "KEY:\tNUMBER"; -1 where there is none. */
static long long status_number(const char *text, const char *key)
{
	const char *at = strstr(text, key);

	return at ? strtoll(at + strlen(key), NULL, 10) : -1;
}

int sandbox_look(int pid, struct sandbox_status *status)
{
	char path[32], text[4096];
	const char *uid;
	int err;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	err = read_start(path, text, sizeof(text));
	if (err)
		return err;
	/* Real, effective, and so on. */
	uid = strstr(text, "\nUid:");
	if (!uid || sscanf(uid, " Uid: %*u %u", &status->uid) != 1)
		return -EIO;
	status->is_filtered = status_number(text, "\nSeccomp:") == 2;
	status->no_new_privs = status_number(text, "\nNoNewPrivs:") == 1;
	return 0;
}
