// SPDX-License-Identifier: GPL-2.0-only
/*
 * A domain's directory under /run/lodge.  See run_dir.h for what is in it and
 * how `lock` tells who is alive.
 */
#include "run_dir.h"

#include "fd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#define RUN_DIR		"/run/lodge"
#define LOG_DIR		"/var/log/lodge"
#define BASE_MODE	01770

const char *run_base(void)
{
	const char *base = getenv("LODGE_RUN_DIR");

	return base && *base == '/' && strlen(base) < 100 ? base : RUN_DIR;
}

/* mkdir with its parents; an existing directory is fine. */
static int make_path(const char *path, mode_t mode)
{
	char copy[128];
	char *slash;

	if (!mkdir(path, mode))
		return 0;
	if (errno != ENOENT)
		return errno == EEXIST ? -EEXIST : -errno;
	snprintf(copy, sizeof(copy), "%s", path);
	for (slash = strchr(copy + 1, '/'); slash;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(copy, 0755) && errno != EEXIST)
			return -errno;
		*slash = '/';
	}
	return mkdir(path, mode) ? -errno : 0;
}

/*
 * The shared folders belong to the group that may open the device, so that its
 * members can have domains; the sticky bit keeps them off each other's.
 */
static int make_base(const char *path)
{
	struct stat node;
	int err = make_path(path, 0700);

	if (err)
		return err == -EEXIST ? 0 : err;
	if (!geteuid() && !stat(LODGE_DEVICE, &node) &&
	    (chown(path, 0, node.st_gid) || chmod(path, BASE_MODE)))
		return -errno;
	return 0;
}

const char *log_dir(void)
{
	const char *base = getenv("LODGE_LOG_DIR");

	return base && *base == '/' && strlen(base) < 100 ? base : LOG_DIR;
}

int log_dir_create(void)
{
	return make_base(log_dir());
}

static int set_path(struct run_dir *dir, const char *name)
{
	dir->fd = -1;
	dir->lock_fd = -1;
	if ((size_t)snprintf(dir->path, sizeof(dir->path), "%s/%s", run_base(),
			     name) >= sizeof(dir->path))
		return -ENAMETOOLONG;
	/* The module may have other ideas of a name; these lead elsewhere. */
	return !*name || *name == '.' || strchr(name, '/') ? -EINVAL : 0;
}

const char *run_dir_file(const struct run_dir *dir, const char *file)
{
	static char path[sizeof(dir->path) + 32];

	snprintf(path, sizeof(path), "%s/%s", dir->path, file);
	return path;
}

static int open_files(struct run_dir *dir, int flags)
{
	struct stat st;

	dir->fd = open(dir->path,
		       O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_RDONLY);
	if (dir->fd < 0)
		return -errno;
	/* The base is shared: trust only a directory that is ours. */
	if (fstat(dir->fd, &st) || (st.st_uid != geteuid() && geteuid()))
		return -EACCES;
	dir->lock_fd = openat(dir->fd, "lock",
			      O_RDWR | O_NOFOLLOW | O_CLOEXEC | flags, 0600);
	return dir->lock_fd < 0 ? -errno : 0;
}

int run_dir_open(struct run_dir *dir, const char *name)
{
	int err = set_path(dir, name);

	if (!err)
		err = open_files(dir, 0);
	if (err)
		run_dir_close(dir);
	return err;
}

void run_dir_close(struct run_dir *dir)
{
	close_fd(&dir->lock_fd);
	close_fd(&dir->fd);
}

/* The directory holds plain files, links and a socket only. */
void run_dir_remove(struct run_dir *dir)
{
	DIR *entries = dir->fd < 0 ? NULL : fdopendir(dup(dir->fd));
	struct dirent *entry;

	if (!entries)
		return;
	rewinddir(entries);
	while ((entry = readdir(entries)))
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
			unlinkat(dir->fd, entry->d_name, 0);
	closedir(entries);
	rmdir(dir->path);
}

void run_dir_remove_empty(const char *name)
{
	struct run_dir dir;

	if (!set_path(&dir, name))
		rmdir(dir.path);
}

static const char * const mark_files[] = {
	[MARK_DESTROYED] = "destroyed",
	[MARK_RESTARTING] = "restarting",
};

int run_dir_mark(const struct run_dir *dir, enum run_mark mark)
{
	int fd = openat(dir->fd, mark_files[mark],
			O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

int run_dir_has_mark(const struct run_dir *dir, enum run_mark mark)
{
	return !faccessat(dir->fd, mark_files[mark], F_OK,
			  AT_SYMLINK_NOFOLLOW);
}

void run_dir_clear_mark(const struct run_dir *dir, enum run_mark mark)
{
	unlinkat(dir->fd, mark_files[mark], 0);
}

int64_t run_dir_owner(const struct run_dir *dir)
{
	struct stat st;

	return fstat(dir->fd, &st) ? -errno : (int64_t)st.st_uid;
}

static struct flock role_lock(uint64_t role, short type)
{
	return (struct flock){
		.l_type = type,
		.l_whence = SEEK_SET,
		.l_start = (off_t)role,
		.l_len = 1,
	};
}

static short role_lock_type(uint64_t role)
{
	return role == ROLE_VIEWER ? F_RDLCK : F_WRLCK;
}

int run_dir_take_role(const struct run_dir *dir, uint64_t role)
{
	struct flock lock = role_lock(role, role_lock_type(role));

	if (!fcntl(dir->lock_fd, F_SETLK, &lock))
		return 0;
	return errno == EACCES ? -EAGAIN : -errno;
}

/* One that is not our own. */
static pid_t role_holder(const struct run_dir *dir, uint64_t role)
{
	struct flock lock = role_lock(role, F_WRLCK);

	if (fcntl(dir->lock_fd, F_GETLK, &lock) || lock.l_type == F_UNLCK)
		return 0;
	return lock.l_pid;
}

/* Closing any of its files takes a process's locks away: this one comes first. */
static int reopen_for_reading(const struct run_dir *dir)
{
	int fd = openat(dir->fd, "lock", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	int err;

	if (fd < 0)
		return -errno;
	err = dup3(fd, dir->lock_fd, O_CLOEXEC) < 0 ? -errno : 0;
	close(fd);
	return err;
}

/*
 * A file that is open for reading can have shared locks only.  Who has one
 * looks whether it is alone; of two that come at once, both may lose.
 */
int run_dir_take_confined_role(const struct run_dir *dir, uint64_t role)
{
	struct flock lock = role_lock(role, F_RDLCK);
	int err = reopen_for_reading(dir);

	if (err)
		return err;
	if (role_holder(dir, role))
		return -EAGAIN;
	if (fcntl(dir->lock_fd, F_SETLK, &lock))
		return errno == EACCES ? -EAGAIN : -errno;
	if (!role_holder(dir, role))
		return 0;
	run_dir_drop_role(dir, role);
	return -EAGAIN;
}

void run_dir_drop_role(const struct run_dir *dir, uint64_t role)
{
	struct flock lock = role_lock(role, F_UNLCK);

	fcntl(dir->lock_fd, F_SETLK, &lock);
}

int run_dir_open_holder(const struct run_dir *dir, uint64_t role, pid_t *pid)
{
	pid_t holder;
	int fd;

	while ((holder = role_holder(dir, role)) > 0) {
		fd = pidfd_open(holder, 0);
		/*
		 * The pid may have changed hands before pidfd_open().  That
		 * it has the role still, with the pidfd open, settles it.
		 */
		if (fd >= 0 && role_holder(dir, role) == holder) {
			if (pid)
				*pid = holder;
			return fd;
		}
		if (fd >= 0)
			close(fd);
		else if (errno != ESRCH)
			return -1;
	}
	return -1;
}

int run_dir_share(const struct run_dir *dir, const char *file, gid_t group)
{
	if (fchown(dir->fd, -1, group) || fchmod(dir->fd, 0710) ||
	    fchownat(dir->fd, file, -1, group, AT_SYMLINK_NOFOLLOW) ||
	    fchmodat(dir->fd, file, 0660, 0))
		return -errno;
	return 0;
}

int run_dir_has_holder(const struct run_dir *dir, enum run_role role)
{
	return role_holder(dir, role) > 0;
}

int run_dir_awaits_restart(const struct run_dir *dir)
{
	return run_dir_has_mark(dir, MARK_RESTARTING) &&
		!run_dir_has_mark(dir, MARK_DESTROYED) &&
		!run_dir_has_holder(dir, ROLE_KEEPER);
}

static void no_action(int signal)
{
	(void)signal;
}

/* The alarm's only effect is that fcntl() returns. */
void run_dir_wait_viewers(const struct run_dir *dir, unsigned int seconds)
{
	struct sigaction action = { .sa_handler = no_action };
	struct flock lock = role_lock(ROLE_VIEWER, F_WRLCK);

	if (!run_dir_has_holder(dir, ROLE_VIEWER))
		return;
	sigaction(SIGALRM, &action, NULL);
	alarm(seconds);
	if (!fcntl(dir->lock_fd, F_SETLKW, &lock))
		run_dir_drop_role(dir, ROLE_VIEWER);
	alarm(0);
}

/*
 * The name is ours by the module's word, so a keeper that still has this
 * directory is the old one, about to remove it.  Wait for it, then clear what
 * is left; what it leaves may be nothing.
 */
static int clear_old(struct run_dir *dir)
{
	struct pollfd poll_fd = { .events = POLLIN };
	int err = open_files(dir, O_CREAT);

	if (err)
		goto out;
	poll_fd.fd = run_dir_open_holder(dir, ROLE_KEEPER, NULL);
	if (poll_fd.fd >= 0) {
		if (poll(&poll_fd, 1, 10000) == 0)
			err = -EBUSY;
		close(poll_fd.fd);
	}
	if (!err)
		run_dir_remove(dir);
out:
	run_dir_close(dir);
	return err == -ENOENT ? 0 : err;
}

static int make_dir(struct run_dir *dir)
{
	int tries, err = 0;

	for (tries = 0; tries < 8 && !err; tries++) {
		if (!mkdir(dir->path, 0700)) {
			err = open_files(dir, O_CREAT);
			if (err != -ENOENT)
				return err;
			/* An old keeper's last rmdir() hit ours. */
			run_dir_close(dir);
			err = 0;
		} else if (errno == ENOENT) {
			err = make_base(run_base());
		} else {
			err = errno == EEXIST ? clear_old(dir) : -errno;
		}
	}
	return err ? err : -EBUSY;
}

/* Somebody may have taken the name before us; else the base refuses us. */
static void explain_refusal(const struct run_dir *dir, int err,
			    struct failure *failure)
{
	struct stat st;

	failure_set(failure, "cannot make %s: %s", dir->path, msg_errno(err));
	if (!lstat(dir->path, &st) && st.st_uid != geteuid()) {
		failure_set(failure, "cannot make %s: it belongs to user %u",
			    dir->path, st.st_uid);
		failure_hint(failure,
			     "another name: -n NAME; or have root remove it");
	} else if (err == -EACCES && geteuid()) {
		failure_hint(failure, "as root: install -d -m 1770 -g lodge %s",
			     run_base());
	}
}

int run_dir_create(struct run_dir *dir, const char *name,
		   struct failure *failure)
{
	int err = set_path(dir, name);

	if (!err)
		err = make_dir(dir);
	if (!err)
		return 0;
	run_dir_close(dir);
	explain_refusal(dir, err, failure);
	return -1;
}

/* Written aside and renamed: a reader finds the old or the new, whole. */
int run_dir_save_config(const struct run_dir *dir,
			const struct domain_config *config)
{
	int fd = openat(dir->fd, "config.new",
			O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	int err;

	if (fd < 0)
		return -errno;
	err = domain_config_write(config, fd);
	close(fd);
	if (!err && renameat(dir->fd, "config.new", dir->fd, "config"))
		err = -errno;
	return err;
}

int run_dir_has_config(const struct run_dir *dir)
{
	return !faccessat(dir->fd, "config", F_OK, AT_SYMLINK_NOFOLLOW);
}

int run_dir_load_config(const struct run_dir *dir,
			struct domain_config *config, struct failure *failure)
{
	domain_config_init(config);
	return domain_config_read(config, run_dir_file(dir, "config"), 0,
				  failure);
}

int run_dir_load_domid(const struct run_dir *dir, uint32_t *domid)
{
	char text[16], *end;
	ssize_t n = readlinkat(dir->fd, "domid", text, sizeof(text) - 1);

	if (n < 0)
		return -errno;
	text[n] = '\0';
	*domid = strtoul(text, &end, 10);
	return *end ? -EINVAL : 0;
}

/* What is right already is not written: there may be no room. */
int run_dir_save_domid(const struct run_dir *dir, uint32_t domid)
{
	uint32_t saved;
	char text[12];

	snprintf(text, sizeof(text), "%u", domid);
	if (!symlinkat(text, dir->fd, "domid"))
		return 0;
	if (errno != EEXIST)
		return -errno;
	if (!run_dir_load_domid(dir, &saved) && saved == domid)
		return 0;
	unlinkat(dir->fd, "domid.new", 0);
	if (symlinkat(text, dir->fd, "domid.new") ||
	    renameat(dir->fd, "domid.new", dir->fd, "domid"))
		return -errno;
	return 0;
}

int run_dir_open_console(const struct run_dir *dir)
{
	static const char prefix[] = "/dev/pts/";
	char target[32];
	ssize_t n = readlinkat(dir->fd, "console", target, sizeof(target) - 1);
	int fd;

	if (n < 0)
		return -errno;
	target[n] = '\0';
	/* The domain's owner made the link; root may be the one who looks. */
	if (strncmp(target, prefix, strlen(prefix)) ||
	    strspn(target + strlen(prefix), "0123456789") !=
	    strlen(target + strlen(prefix)))
		return -EINVAL;
	fd = open(target, O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

int run_dir_link_console(const struct run_dir *dir, const char *target)
{
	int err = symlinkat(target, dir->fd, "console");

	/* An earlier keeper's. */
	if (err && errno == EEXIST && !unlinkat(dir->fd, "console", 0))
		err = symlinkat(target, dir->fd, "console");
	return err ? -errno : 0;
}
