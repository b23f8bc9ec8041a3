// SPDX-License-Identifier: GPL-2.0-only
/*
 * Logs: dates, and what happens to a full one, with names and without.
 * Usage: log_test FOLDER, which is empty.
 */
#include "log.c"

#include <stdlib.h>

static const char *folder;
static int failed;

/* run_dir.c's, which the log asks. */
const char *log_dir(void)
{
	return folder;
}

int log_dir_create(void)
{
	return -EPERM;
}

static void result(const char *name, int ok)
{
	printf("%s %s%s\n", ok ? "ok" : "not ok", name,
	       ok ? "" : ": see log_test.c");
	failed |= !ok;
}

/* All days for some centuries, as the C library has them. */
static int dates_are_right(void)
{
	char ours[64], libs[64];
	struct tm tm;
	time_t t;

	for (t = 0; t < 400ll * 366 * 86400; t += 86399) {
		format_time(ours, sizeof(ours), t);
		gmtime_r(&t, &tm);
		strftime(libs, sizeof(libs), "%Y-%m-%dT%H:%M:%SZ", &tm);
		if (strcmp(ours, libs)) {
			printf("%s, not %s\n", ours, libs);
			return 0;
		}
	}
	return 1;
}

static off_t size_of(const char *path)
{
	struct stat st;

	return stat(path, &st) ? -1 : st.st_size;
}

static char block[64 << 10];

/* Fills @log, and one block more; each block is of another letter. */
static int fill(struct log_file *log)
{
	int i;

	for (i = 0; i <= LOG_MOST / (int)sizeof(block); i++) {
		memset(block, 'a' + i % 26, sizeof(block));
		if (log_append(log, block, sizeof(block)))
			return 0;
	}
	return 1;
}

/* The old file has all of the first part, in order; the new one the rest. */
static int is_rotated(const struct log_file *log)
{
	char old[OLD_PATH], c;
	int fd, i, ok = 1;

	old_path(log, old);
	fd = open(old, O_RDONLY);
	for (i = 0; i < LOG_MOST / (int)sizeof(block); i++)
		ok &= pread(fd, &c, 1, i * (off_t)sizeof(block)) == 1 &&
			c == 'a' + i % 26;
	close(fd);
	return ok && size_of(old) == LOG_MOST &&
		size_of(log->path) == sizeof(block);
}

static int named_log_goes_on(void)
{
	struct log_file log;

	log_init(&log, "named", "console");
	return size_of(log.path) < 0 && fill(&log) && is_rotated(&log);
}

static int held_log_goes_on(void)
{
	struct log_file log, next;
	int ok;

	log_init(&log, "held", "console");
	ok = !log_hold(&log) && fill(&log) && is_rotated(&log);
	/* The next process, and what an old log says does not stay longer. */
	log_init(&next, "held", "console");
	return ok && !log_hold(&next) && next.size == sizeof(block) &&
		!log_append(&next, block, 1) &&
		size_of(next.path) == sizeof(block) + 1;
}

static int refused_log_is_silent(void)
{
	struct log_file log;

	log_init(&log, "none/there", "console");
	return log_hold(&log) == -ENOENT && log_append(&log, "x", 1) == -EBADF;
}

static int events_stop_when_full(void)
{
	off_t size;
	int i;

	log_events_of("held");
	if (log_hold_events() < 0)
		return 0;
	log_event("%s", "first");
	size = size_of(events.path);
	for (i = 0; i < LOG_MOST / (int)sizeof(block); i++)
		log_append(&events, block, sizeof(block));
	log_event("%s", "last");
	return size > 20 && size_of(events.path) == size + LOG_MOST;
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	folder = argv[1];
	result("dates", dates_are_right());
	result("named_log_goes_on", named_log_goes_on());
	result("held_log_goes_on", held_log_goes_on());
	result("refused_log_is_silent", refused_log_is_silent());
	result("events_stop_when_full", events_stop_when_full());
	return failed;
}
