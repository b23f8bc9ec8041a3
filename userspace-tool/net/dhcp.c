// SPDX-License-Identifier: GPL-2.0-only
/*
 * DHCP and DNS for the guests of the NAT bridge.  See dhcp.h.  What must be
 * known of it stands in a folder beside the run directories: its pid, what it
 * has given to whom, and what is reserved, a file for each interface.
 *
 * A pid file may be stale; so a process counts as ours only if its command line
 * names that very file.
 */
#include "net/dhcp.h"

#include "compiler.h"
#include "fd.h"
#include "run_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#define PROGRAM		"/usr/sbin/dnsmasq"
#define START_MS	5000
#define END_MS		2000
#define LEASE		"1h"
#define TEXT		160

bool dhcp_is_installed(void)
{
	return !access(PROGRAM, X_OK);
}

/* --- the folder --- */

static const char *folder(void)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s-nat", run_base());
	return path;
}

/* One that somebody else could write to is none. */
static int open_own(int at, const char *path)
{
	int fd = openat(at, path,
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return -errno;
	if (!fstat(fd, &st) && st.st_uid == geteuid() && !(st.st_mode & 022))
		return fd;
	close(fd);
	return -EACCES;
}

/* dnsmasq reads in it when it is no longer root. */
static int make_own(int at, const char *path)
{
	int fd;

	if (mkdirat(at, path, 0700) && errno != EEXIST)
		return -errno;
	fd = open_own(at, path);
	if (fd >= 0 && fchmod(fd, 0755))
		close_fd(&fd);
	return fd;
}

static int open_hosts(bool make)
{
	int base = make ? make_own(AT_FDCWD, folder()) :
		open_own(AT_FDCWD, folder());
	int fd = base;

	if (base >= 0)
		fd = make ? make_own(base, "hosts") : open_own(base, "hosts");
	close_fd(&base);
	return fd;
}

static void empty_hosts(void)
{
	int hosts = open_hosts(false);
	DIR *dir = hosts < 0 ? NULL : fdopendir(hosts);
	const struct dirent *entry;

	if (!dir)
		return close_fd(&hosts);
	while ((entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
			unlinkat(hosts, entry->d_name, 0);
	closedir(dir);
}

static void remove_folder(void)
{
	static const char * const files[] = { "pid", "leases", "new" };
	int base = open_own(AT_FDCWD, folder());
	size_t i;

	if (base < 0)
		return;
	empty_hosts();
	unlinkat(base, "hosts", AT_REMOVEDIR);
	for (i = 0; i < ARRAY_SIZE(files); i++)
		unlinkat(base, files[i], 0);
	close(base);
	rmdir(folder());
}

/* --- the process --- */

static void set_pid_option(char *option, size_t size)
{
	snprintf(option, size, "--pid-file=%s/pid", folder());
}

static ssize_t read_file(int at, const char *path, char *text, size_t size)
{
	int fd = openat(at, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, size - 1);

	close_fd(&fd);
	text[n > 0 ? n : 0] = '\0';
	return n;
}

static bool is_ours(pid_t pid)
{
	char path[32], line[2048], option[TEXT];
	ssize_t n, at;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
	set_pid_option(option, sizeof(option));
	n = read_file(AT_FDCWD, path, line, sizeof(line));
	for (at = 0; at < n; at += strlen(line + at) + 1)
		if (!strcmp(line + at, option))
			return true;
	return false;
}

/* A pidfd, or -1.  What it names is looked at when it can no longer change. */
static int find(void)
{
	int base = open_own(AT_FDCWD, folder()), pidfd;
	char text[24];
	pid_t pid;

	if (base < 0)
		return -1;
	pid = read_file(base, "pid", text, sizeof(text)) > 0 ? atoi(text) : 0;
	close(base);
	pidfd = pid > 0 ? pidfd_open(pid, 0) : -1;
	if (pidfd >= 0 && !is_ours(pid))
		close_fd(&pidfd);
	return pidfd;
}

void dhcp_stop(void)
{
	int pidfd = find();

	if (pidfd >= 0) {
		pidfd_send_signal(pidfd, SIGTERM, NULL, 0);
		if (!pidfd_has_ended(pidfd, END_MS)) {
			pidfd_send_signal(pidfd, SIGKILL, NULL, 0);
			pidfd_has_ended(pidfd, END_MS);
		}
		close(pidfd);
	}
	remove_folder();
}

/* --- starting it --- */

static void __noreturn execute(char * const *argv, int said)
{
	int null = open("/dev/null", O_RDWR);

	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	dup2(said, STDERR_FILENO);
	fd_close_others(NULL, 0);
	signal(SIGPIPE, SIG_DFL);
	umask(022);
	execve(PROGRAM, argv, (char *[]){ NULL });
	_exit(127);
}

static int ms_since(const struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - start->tv_sec) * 1000 +
		(now.tv_nsec - start->tv_nsec) / 1000000;
}

/* Its first words, until nobody is left who could say more; or time is up. */
static int listen_to(int fd, char *said, size_t size)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char more[TEXT];
	struct timespec start;
	size_t got = 0;
	ssize_t n = 1;
	int left;

	clock_gettime(CLOCK_MONOTONIC, &start);
	while (n > 0 || (n < 0 && errno == EINTR)) {
		left = START_MS - ms_since(&start);
		if (left <= 0 || !poll(&p, 1, left))
			return -ETIMEDOUT;
		n = read(fd, more, sizeof(more));
		if (n > 0 && got < size - 1) {
			if ((size_t)n > size - 1 - got)
				n = size - 1 - got;
			memcpy(said + got, more, n);
			got += n;
		}
	}
	said[got] = '\0';
	said[strcspn(said + 1, "\n") + 1] = '\0';
	return 0;
}

/* It leaves its parent when it serves.  0, or -errno with the reason in @said. */
static int run(char * const *argv, char *said, size_t size)
{
	int out[2], status = 0, err;
	pid_t pid;

	*said = '\0';
	if (pipe2(out, O_CLOEXEC))
		return -errno;
	pid = fork();
	if (!pid)
		execute(argv, out[1]);
	close(out[1]);
	err = pid < 0 ? -errno : listen_to(out[0], said, size);
	close(out[0]);
	if (pid < 0)
		return err;
	if (err)
		kill(pid, SIGKILL);
	if (waitpid(pid, &status, 0) < 0)
		return -errno;
	return err ? err : status ? -EIO : 0;
}

/* Debian's package has a user for it; else it becomes nobody by itself. */
static bool has_user(void)
{
	FILE *users = fopen("/etc/passwd", "re");
	char line[256];
	bool found = false;

	while (users && !found && fgets(line, sizeof(line), users))
		found = !strncmp(line, "dnsmasq:", 8);
	if (users)
		fclose(users);
	return found;
}

/*
 * @dns: it is asked for names, too, and asks whom the host asks.  Without, the
 * host has another server for that, which the guests are told of.
 */
static int start(const char *bridge, const struct ip_address *host, bool dns,
		 char *said, size_t size)
{
	char pid[TEXT], leases[TEXT], hosts[TEXT], interface[TEXT], range[TEXT];
	char * const argv[] = {
		PROGRAM, "--conf-file=/dev/null", pid, leases, hosts,
		interface, "--except-interface=lo", "--bind-interfaces", range,
		"--dhcp-authoritative", "--dhcp-ignore-names", "--no-ping",
		"--quiet-dhcp", "--no-hosts", "--domain-needed",
		"--bogus-priv",
		dns ? "--port=53" : "--port=0",
		dns ? "--cache-size=150" :
			"--dhcp-option=option:dns-server,0.0.0.0",
		has_user() ? "--user=dnsmasq" : NULL, NULL,
	};
	const uint8_t *a = host->bytes;

	set_pid_option(pid, sizeof(pid));
	snprintf(leases, sizeof(leases), "--dhcp-leasefile=%s/leases",
		 folder());
	snprintf(hosts, sizeof(hosts), "--dhcp-hostsdir=%s/hosts", folder());
	snprintf(interface, sizeof(interface), "--interface=%s", bridge);
	snprintf(range, sizeof(range),
		 "--dhcp-range=%u.%u.%u.%u,%u.%u.%u.%u,255.255.255.0," LEASE,
		 a[0], a[1], a[2], DHCP_FIRST, a[0], a[1], a[2], DHCP_LAST);
	return run(argv, said, size);
}

int dhcp_start(const char *bridge, const struct ip_address *host,
	       struct failure *failure)
{
	int fd = find(), err;
	char said[TEXT];

	if (fd >= 0)
		return fd;
	if (!dhcp_is_installed())
		return -ENOENT;
	fd = open_hosts(true);
	if (fd < 0) {
		failure_set(failure, "%s: %s", folder(), msg_errno(fd));
		return fd;
	}
	close(fd);
	err = start(bridge, host, true, said, sizeof(said));
	if (err && err != -ETIMEDOUT)
		err = start(bridge, host, false, said, sizeof(said));
	fd = err ? -1 : find();
	if (fd >= 0)
		return fd;
	failure_set(failure, "dnsmasq does not start: %s", *said ? said :
		    msg_errno(err ? err : -ESRCH));
	return err ? err : -ESRCH;
}

/* --- reservations --- */

/* It looks at its folder itself, when a file is put there whole. */
int dhcp_reserve(const char *interface, const uint8_t *mac,
		 const struct ip_address *address)
{
	int hosts = open_hosts(true), fd, err = 0;
	const uint8_t *a = address->bytes;

	if (hosts < 0)
		return hosts;
	fd = openat(hosts, "../new", O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW |
		    O_CLOEXEC, 0644);
	if (fd < 0 || fchmod(fd, 0644) ||
	    dprintf(fd, "%02x:%02x:%02x:%02x:%02x:%02x,%u.%u.%u.%u\n", mac[0],
		    mac[1], mac[2], mac[3], mac[4], mac[5], a[0], a[1], a[2],
		    a[3]) < 0 || renameat(hosts, "../new", hosts, interface))
		err = -errno;
	close_fd(&fd);
	close(hosts);
	return err;
}

/* Of files that have gone it learns by this signal only. */
void dhcp_release(const char *interface)
{
	int hosts = open_hosts(false), pidfd;
	bool gone = hosts >= 0 && !unlinkat(hosts, interface, 0);

	close_fd(&hosts);
	pidfd = gone ? find() : -1;
	if (pidfd >= 0)
		pidfd_send_signal(pidfd, SIGHUP, NULL, 0);
	close_fd(&pidfd);
}
