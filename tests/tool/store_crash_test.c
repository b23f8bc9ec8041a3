// SPDX-License-Identifier: GPL-2.0-only
/*
 * The store is killed at every instant, and nobody may notice.  This program
 * is the guest, and a client of the host, of a server in a child that is
 * killed and started anew, with the same ring page, recovery area and records.
 * What comes out of the ring must be, byte for byte, what the same engine says
 * that runs in this process, keeps nothing and is not killed (store_engine.h).
 * A run ends with requests for all that the tree holds.
 *
 * The server's code is built with crash points (store/crash_point.h), and each
 * system call by which LMDB writes has one before, in the middle and behind.
 *
 * SEED=N repeats the random runs; STEP=N has the systematic runs try every Nth
 * crash point only.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <xen/io/xs_wire.h>

#include "lib/ring.h"
#include "store/crash_point.h"
#include "store/store.h"
#include "store_engine.h"

#define REQUESTS_MAX	512
#define TIMEOUT_MS	20000
#define FIRST_INDEX	-700u
#define HOME		"/local/domain/7"

/* --- crash points, in the server --- */

static struct shared {
	struct xenstore_domain_interface page;
	uint8_t fill[4096 - sizeof(struct xenstore_domain_interface)];
	uint64_t recovery[512];
	uint64_t countdown;	/* 0: no kill */
	uint64_t passed;	/* points, by all servers of a run */
	uint64_t writes;	/* of LMDB, as far as we are in them */
} *shared;

static bool is_server;

void crash_point(void)
{
	if (!is_server)
		return;
	shared->passed++;
	if (shared->countdown && !--shared->countdown)
		kill(getpid(), SIGKILL);
}

ssize_t __real_pwrite(int fd, const void *data, size_t len, off_t at);
ssize_t __wrap_pwrite(int fd, const void *data, size_t len, off_t at);
ssize_t __real_writev(int fd, const struct iovec *parts, int nr);
ssize_t __wrap_writev(int fd, const struct iovec *parts, int nr);
int __real_ftruncate(int fd, off_t size);
int __wrap_ftruncate(int fd, off_t size);

/* A kill may come between two pages of one call, but not within a page. */
ssize_t __wrap_pwrite(int fd, const void *data, size_t len, off_t at)
{
	ssize_t ret;

	shared->writes++;
	crash_point();
	if (len > 4096 && is_server &&
	    __real_pwrite(fd, data, 4096, at) != 4096)
		return -1;
	if (len > 4096)
		crash_point();
	ret = __real_pwrite(fd, data, len, at);
	crash_point();
	return ret;
}

ssize_t __wrap_writev(int fd, const struct iovec *parts, int nr)
{
	off_t at = lseek(fd, 0, SEEK_CUR);
	ssize_t ret;

	shared->writes++;
	crash_point();
	if (nr > 1 && is_server) {
		if (__real_writev(fd, parts, nr / 2) < 0)
			return -1;
		crash_point();
		lseek(fd, at, SEEK_SET);
	}
	ret = __real_writev(fd, parts, nr);
	crash_point();
	return ret;
}

int __wrap_ftruncate(int fd, off_t size)
{
	int ret;

	crash_point();
	ret = __real_ftruncate(fd, size);
	crash_point();
	return ret;
}

/* --- the server --- */

static int to_store, to_guest, hangup[2], listen_fd;
static char dir[64], socket_path[96], records[96];
static pid_t server;
static int server_fd = -1;
static unsigned int nr_kills;

static void kick(void *ctx)
{
	uint64_t one = 1;

	(void)ctx;
	if (write(to_guest, &one, sizeof(one)) < 0)
		_exit(3);
	crash_point();
}

static void *map_recovery(void *ctx)
{
	(void)ctx;
	return shared->recovery;
}

static void serve(void)
{
	const struct store_channel channel = {
		.page = &shared->page, .event_fd = to_store,
		.hangup_fd = hangup[0], .kick = kick,
		.map_recovery = map_recovery, .records = open(records, O_RDWR | O_CREAT, 0600),
	};

	is_server = true;
	close(hangup[1]);
	_exit(store_serve(&channel, listen_fd, &test_setup, -1) ? 4 : 0);
}

static void start_server(uint64_t countdown)
{
	fflush(stdout);
	shared->countdown = countdown;
	server = fork();
	if (!server)
		serve();
	server_fd = pidfd_open(server, 0);
}

/* Its status when it has ended; -1 while it lives. */
static int reap_server(bool wait)
{
	int status;

	if (waitpid(server, &status, wait ? 0 : WNOHANG) != server)
		return -1;
	close(server_fd);
	return status;
}

/* --- a run --- */

enum { KILL_NOT, KILL_ONCE, KILL_OFTEN, KILL_BY_TIME };

static uint64_t state;
static int kill_mode;
static const char *failure;
static unsigned int turn;

static uint32_t pick(uint32_t n)
{
	state = state * 6364136223846793005ull + 1442695040888963407ull;
	return (state >> 33) % n;
}

static void fail(const char *what)
{
	if (!failure)
		failure = what;
}

static uint64_t next_countdown(void)
{
	return kill_mode == KILL_OFTEN ? 1 + pick(80) : 0;
}

static bool was_killed(int status)
{
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

/* A server that was killed is followed by another; any other end is wrong. */
static void look_after_server(void)
{
	int status = reap_server(false);

	if (status < 0)
		return;
	if (!was_killed(status))
		fail("the server ended by itself");
	nr_kills++;
	start_server(next_countdown());
}

static void spin(unsigned int n)
{
	volatile unsigned int i;

	for (i = 0; i < n; i++)
		;
}

/* Sleeps until the store has kicked, died, or told the client something. */
static bool wait_change(int client)
{
	struct pollfd p[] = {
		{ .fd = to_guest, .events = POLLIN },
		{ .fd = server_fd, .events = POLLIN },
		{ .fd = client, .events = POLLIN },
	};
	uint64_t count;

	if (kill_mode == KILL_BY_TIME && !pick(6)) {
		spin(pick(30000));
		kill(server, SIGKILL);
	}
	if (poll(p, 3, TIMEOUT_MS) <= 0) {
		fail("nothing happens any more");
		return false;
	}
	if (p[0].revents && read(to_guest, &count, sizeof(count)) < 0)
		fail("read");
	if (p[1].revents)
		look_after_server();
	return !failure;
}

static struct byte_ring guest_out, guest_in;

static void init_run(void)
{
	memset(shared, 0, sizeof(*shared));
	/* They wrap soon. */
	shared->page.req_cons = FIRST_INDEX;
	shared->page.req_prod = FIRST_INDEX;
	shared->page.rsp_cons = FIRST_INDEX;
	shared->page.rsp_prod = FIRST_INDEX;
	guest_out = (struct byte_ring){
		(uint8_t *)shared->page.req, 1024,
		(_Atomic uint32_t *)&shared->page.req_cons,
		(_Atomic uint32_t *)&shared->page.req_prod };
	guest_in = (struct byte_ring){
		(uint8_t *)shared->page.rsp, 1024,
		(_Atomic uint32_t *)&shared->page.rsp_cons,
		(_Atomic uint32_t *)&shared->page.rsp_prod };
	to_store = eventfd(0, EFD_NONBLOCK);
	to_guest = eventfd(0, EFD_NONBLOCK);
	if (to_store < 0 || to_guest < 0 || pipe(hangup))
		exit(2);
	/* The records of the last run stay: they are another domain's. */
	failure = NULL;
	turn = 0;
}

static void exit_run(void)
{
	int status;

	shared->countdown = 0;
	close(hangup[1]);
	status = reap_server(true);
	if (was_killed(status))
		nr_kills++;
	else if (status)
		fail("the server ended badly");
	close(hangup[0]);
	close(to_store);
	close(to_guest);
}

/* --- requests --- */

/* Of the guest, or a write by the host's client with a value of its own. */
struct step {
	bool host;
	uint32_t len;
	uint8_t *data;
	size_t out_end;		/* of all answers up to here */
};

static struct step steps[REQUESTS_MAX];
static unsigned int nr_steps;
static uint8_t wanted[1 << 20], got[1 << 20];
static size_t nr_wanted, nr_got;

static void add_step(bool host, uint32_t type, uint32_t tx, const void *payload,
		     uint32_t len)
{
	struct xsd_sockmsg hdr = { type, nr_steps + 1, tx, len };
	struct step *s = &steps[nr_steps++];

	s->host = host;
	s->len = sizeof(hdr) + len;
	s->data = malloc(s->len);
	memcpy(s->data, &hdr, sizeof(hdr));
	memcpy(s->data + sizeof(hdr), payload, len);
}

#define GUEST(type, tx, s)	add_step(false, type, tx, s, sizeof(s))

static void add_host_write(const char *path)
{
	char buf[128];
	int n = sprintf(buf, "%s%cby the host, %u", path, 0, nr_steps);

	add_step(true, XS_WRITE, 0, buf, n);
}

static void add_large_write(uint32_t tx, const char *path, unsigned int len)
{
	char buf[4096];
	int n = sprintf(buf, "%s", path) + 1;

	memset(buf + n, 'a' + nr_steps % 26, len);
	add_step(false, XS_WRITE, tx, buf, n + len);
}

static const char * const paths[] = {
	"data", "data/a", "data/b", "data/a/c", "data/a/d", "data/b/e",
	"data/a/c/f", "data/b/e/g", HOME "/data/a/d/h", HOME "/data/host/x",
	HOME "/data/host/y", "data/host",
};

#define NR_PATHS	(sizeof(paths) / sizeof(paths[0]))

static const char *pick_path(void)
{
	return paths[pick(NR_PATHS)];
}

/* What the tree holds is asked for in the end. */
static void add_dump(void)
{
	unsigned int i;

	for (i = 0; i < NR_PATHS; i++) {
		add_step(false, XS_READ, 0, paths[i], strlen(paths[i]) + 1);
		add_step(false, XS_DIRECTORY, 0, paths[i],
			 strlen(paths[i]) + 1);
		add_step(false, XS_GET_PERMS, 0, paths[i],
			 strlen(paths[i]) + 1);
	}
}

static void add_fixed_steps(void)
{
	GUEST(XS_READ, 0, "name");
	GUEST(XS_READ, 0, "vm");
	GUEST(XS_READ, 0, "/vm/00112233-4455-6677-8899-aabbccddeeff/start_time");
	GUEST(XS_WATCH, 0, "data/a\0one");
	add_step(false, XS_WRITE, 0, "data/a/c\0v", 10);
	GUEST(XS_WATCH, 0, HOME "/data\0two");
	add_large_write(0, "data/b", 1900);
	GUEST(XS_READ, 0, "data/b");
	GUEST(XS_TRANSACTION_START, 0, "");
	GUEST(XS_READ, 1, "data/a/c");
	add_step(false, XS_WRITE, 1, "data/a/c\0w", 10);
	GUEST(XS_MKDIR, 1, "data/b/e/g");
	GUEST(XS_TRANSACTION_START, 0, "");
	GUEST(XS_READ, 2, "data/a/c");
	add_large_write(2, "data/b/e", 1200);
	add_host_write(HOME "/data/host/x");
	GUEST(XS_TRANSACTION_END, 1, "T");
	GUEST(XS_TRANSACTION_END, 2, "T");
	GUEST(XS_SET_PERMS, 0, "data/b\0n7\0r3");
	GUEST(XS_RM, 0, "data/a");
	GUEST(XS_UNWATCH, 0, "data/a\0one");
	add_large_write(0, "data//b", 1500);
	GUEST(XS_READ, 0, "data/b");
	GUEST(XS_TRANSACTION_START, 0, "");
	GUEST(XS_MKDIR, 3, "data/a/d");
	GUEST(XS_RESET_WATCHES, 0, "");
	GUEST(XS_TRANSACTION_END, 3, "T");
	add_host_write(HOME "/data/host/y");
	GUEST(XS_DIRECTORY, 0, "data");
	add_dump();
}

static uint32_t nr_txns;

static void add_random_step(void)
{
	static const uint8_t types[] = {
		XS_READ, XS_READ, XS_DIRECTORY, XS_GET_PERMS, XS_MKDIR, XS_RM,
		XS_WATCH, XS_WATCH, XS_UNWATCH, XS_TRANSACTION_START,
		XS_TRANSACTION_END, XS_TRANSACTION_END, XS_SET_PERMS, XS_WRITE,
		XS_WRITE, XS_WRITE, XS_WRITE, XS_DIRECTORY_PART,
	};
	uint32_t type = types[pick(sizeof(types))];
	uint32_t tx = nr_txns && pick(2) ? 1 + pick(nr_txns) : 0;
	char buf[256];
	int n = sprintf(buf, "%s", pick_path()) + 1;

	/* Mostly one that is open, if any is. */
	if (tx && nr_txns > 3 && pick(4))
		tx = nr_txns - pick(3);
	switch (type) {
	case XS_WATCH:
	case XS_UNWATCH:
		n += sprintf(buf + n, "t%u", pick(3)) + 1;
		tx = 0;
		break;
	case XS_TRANSACTION_START:
		n = sprintf(buf, "%s", "") + 1;
		tx = 0;
		nr_txns++;
		break;
	case XS_TRANSACTION_END:
		n = sprintf(buf, "%s", pick(4) ? "T" : "F") + 1;
		break;
	case XS_SET_PERMS:
		n += sprintf(buf + n, "%c7", "nrwb"[pick(4)]) + 1;
		n += sprintf(buf + n, "r%u", pick(9)) + 1;
		break;
	case XS_DIRECTORY_PART:
		n += sprintf(buf + n, "0") + 1;
		break;
	case XS_WRITE:
		if (!pick(5)) {
			buf[n - 1] = 0;
			add_large_write(tx, buf, pick(1990));
			return;
		}
		n += sprintf(buf + n, "value %u", pick(1000));
	}
	add_step(false, type, tx, buf, n);
}

static void make_random_steps(unsigned int nr, bool with_host)
{
	nr_txns = 0;
	while (nr_steps < nr) {
		if (with_host && !pick(8))
			add_host_write(pick(2) ? HOME "/data/host/x" :
						 HOME "/data/host/y");
		else if (!pick(60))
			GUEST(XS_RESET_WATCHES, 0, "");
		else
			add_random_step();
	}
	add_dump();
}

static void free_steps(void)
{
	while (nr_steps)
		free(steps[--nr_steps].data);
}

/* What all of it must say. */
static void ask_engine(void)
{
	struct engine *e = engine_create();
	unsigned int i;

	nr_wanted = 0;
	for (i = 0; i < nr_steps; i++) {
		if (steps[i].host)
			engine_host(e, steps[i].data, steps[i].len);
		nr_wanted += engine_guest(e, steps[i].data,
					  steps[i].host ? 0 : steps[i].len,
					  wanted + nr_wanted,
					  sizeof(wanted) - nr_wanted);
		steps[i].out_end = nr_wanted;
	}
	engine_destroy(e);
	if (nr_wanted > sizeof(wanted))
		exit(2);
}

/* --- the guest --- */

static void notify_store(void)
{
	uint64_t one = 1;

	if (write(to_store, &one, sizeof(one)) < 0)
		fail("write");
}

/* The guest notifies as Linux does: only when the ring was full. */
static void take_answers(void)
{
	uint32_t before = *guest_in.cons;
	ssize_t n = ring_read_bytes(&guest_in, got + nr_got,
				    sizeof(got) - nr_got);

	if (n < 0)
		fail("the store spoilt the ring");
	if (n <= 0)
		return;
	nr_got += n;
	if (*guest_in.prod - before >= guest_in.size)
		notify_store();
}

/* Waits for all bytes up to @end. */
static void take_answers_up_to(size_t end)
{
	take_answers();
	while (!failure && nr_got < end && wait_change(-1))
		take_answers();
}

/* As Linux does: the header first, and notify only if the ring was empty. */
static void ask(const struct step *s)
{
	const uint32_t head = sizeof(struct xsd_sockmsg);
	uint32_t done = 0, before;
	ssize_t n;

	while (!failure) {
		before = *guest_out.prod;
		n = ring_write_bytes(&guest_out, s->data + done,
				     (done < head ? head : s->len) - done);
		if (n < 0)
			fail("the store spoilt the ring");
		if (n > 0 && before == *guest_out.cons)
			notify_store();
		done += n > 0 ? n : 0;
		take_answers();
		if (done == s->len)
			return;
		if (n <= 0)
			wait_change(-1);
	}
}

/* --- the client --- */

static int connect_client(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strncpy(a.sun_path, socket_path, sizeof(a.sun_path) - 1);
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)))
		exit(2);
	return fd;
}

/* Asked for nothing, recv() would wait for a byte all the same. */
static bool receive_whole(int fd, void *data, size_t len)
{
	return !len || recv(fd, data, len, MSG_WAITALL) == (ssize_t)len;
}

/* One request; the answer's length, or -1 when the server was killed. */
static int ask_as_client(const void *data, uint32_t len, char *answer)
{
	struct xsd_sockmsg hdr;
	int fd = connect_client(), ret = -1;
	struct pollfd p = { .fd = fd, .events = POLLIN };

	if (send(fd, data, len, MSG_NOSIGNAL) == (ssize_t)len) {
		do {
			take_answers();
		} while (wait_change(fd) && poll(&p, 1, 0) <= 0);
		if (!failure && receive_whole(fd, &hdr, sizeof(hdr)) &&
		    receive_whole(fd, answer, hdr.len))
			ret = hdr.len;
	}
	close(fd);
	return ret;
}

/* Was it written before the server died?  It has a value of its own. */
static bool is_written(const struct step *s)
{
	const char *path = (char *)s->data + sizeof(struct xsd_sockmsg);
	size_t path_len = strlen(path) + 1;
	size_t len = s->len - sizeof(struct xsd_sockmsg) - path_len;
	struct xsd_sockmsg hdr = { XS_READ, 1, 0, path_len };
	char buf[256], answer[4096];
	int n;

	memcpy(buf, &hdr, sizeof(hdr));
	memcpy(buf + sizeof(hdr), path, path_len);
	do {
		n = ask_as_client(buf, sizeof(hdr) + path_len, answer);
	} while (n < 0 && !failure);
	return n == (int)len && !memcmp(answer, path + path_len, len);
}

static void write_as_client(const struct step *s)
{
	char answer[4096];

	while (ask_as_client(s->data, s->len, answer) < 0 && !failure) {
		if (is_written(s))
			break;
	}
}

/* --- comparing --- */

static size_t message_size(const uint8_t *at)
{
	struct xsd_sockmsg hdr;

	memcpy(&hdr, at, sizeof(hdr));
	return sizeof(hdr) + hdr.len;
}

static bool is_event(const uint8_t *at)
{
	return ((const struct xsd_sockmsg *)at)->type == XS_WATCH_EVENT;
}

/* An event that still waits stands for the next one that says the same. */
static bool was_told(size_t end, const uint8_t *event, size_t size)
{
	size_t at, n;

	for (at = 0; at + sizeof(struct xsd_sockmsg) <= end; at += n) {
		n = message_size(got + at);
		if (n == size && !memcmp(got + at, event, size))
			return true;
	}
	return false;
}

/* Of a guest that does not wait for its answers. */
static bool is_same_but_for_repeats(void)
{
	size_t w, g = 0, n;

	for (w = 0; w < nr_wanted; w += n) {
		n = message_size(wanted + w);
		if (g + n <= nr_got && !memcmp(wanted + w, got + g, n))
			g += n;
		else if (!is_event(wanted + w) || !was_told(g, wanted + w, n))
			return false;
	}
	return g == nr_got;
}

static void run_in_step(void)
{
	unsigned int i;

	for (i = 0; i < nr_steps && !failure; i++) {
		turn = i;
		if (steps[i].host)
			write_as_client(&steps[i]);
		else
			ask(&steps[i]);
		take_answers_up_to(steps[i].out_end);
		if (nr_got != steps[i].out_end ||
		    memcmp(got, wanted, nr_got))
			fail("wrong answer");
	}
}

/* Events may be fewer, so the last answer says when all is there. */
static bool has_last_answer(void)
{
	struct xsd_sockmsg hdr;
	size_t at, n;

	for (at = 0; at + sizeof(hdr) <= nr_got; at += n) {
		memcpy(&hdr, got + at, sizeof(hdr));
		n = sizeof(hdr) + hdr.len;
		if (hdr.req_id == nr_steps && at + n <= nr_got)
			return true;
	}
	return false;
}

static void run_ahead(void)
{
	unsigned int i;

	for (i = 0; i < nr_steps && !failure; i++) {
		turn = i;
		ask(&steps[i]);
	}
	take_answers();
	while (!failure && !has_last_answer() && wait_change(-1))
		take_answers();
	if (!failure && !is_same_but_for_repeats())
		fail("wrong answers");
}

/* The passed crash points, or 0 after a failure. */
static uint64_t run(int mode, uint64_t countdown, bool ahead)
{
	uint64_t passed;

	init_run();
	kill_mode = mode;
	nr_got = 0;
	start_server(mode == KILL_OFTEN ? next_countdown() : countdown);
	if (ahead)
		run_ahead();
	else
		run_in_step();
	passed = shared->passed;
	exit_run();
	if (failure)
		printf("# %s at step %u of %u, countdown %llu\n", failure, turn,
		       nr_steps, (unsigned long long)countdown);
	return failure ? 0 : passed;
}

/* --- checks --- */

static bool report(const char *name, bool ok)
{
	printf("%sok %s%s\n", ok ? "" : "not ", name,
	       ok ? "" : ": see above");
	fflush(stdout);
	return ok;
}

static bool kill_everywhere(void)
{
	uint64_t step = strtoull(getenv("STEP") ?: "1", NULL, 10);
	uint64_t nr_points, at;

	add_fixed_steps();
	ask_engine();
	nr_points = run(KILL_NOT, 0, false);
	if (!shared->writes)
		fail("LMDB does not write by the calls that are wrapped");
	nr_kills = 0;
	for (at = 1; nr_points && at <= nr_points && !failure; at += step)
		run(KILL_ONCE, at, false);
	printf("# %llu crash points, %u kills\n",
	       (unsigned long long)nr_points, nr_kills);
	free_steps();
	return nr_points && !failure && nr_kills > nr_points / step / 2;
}

static bool kill_often(const char *name, int mode, bool ahead, int nr_runs)
{
	bool ok = true;
	uint64_t seed;

	nr_kills = 0;
	while (nr_runs-- && ok) {
		seed = state;
		make_random_steps(150, !ahead);
		ask_engine();
		ok = run(mode, 0, ahead) > 0;
		free_steps();
		if (!ok)
			printf("# repeat with SEED=%llu %s\n",
			       (unsigned long long)seed, name);
	}
	printf("# %s: %u kills\n", name, nr_kills);
	return ok && nr_kills > 20;
}

static void set_up(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	signal(SIGPIPE, SIG_IGN);
	snprintf(dir, sizeof(dir), "/dev/shm/store_crash.%d", getpid());
	if (mkdir(dir, 0700)) {
		perror(dir);
		exit(2);
	}
	snprintf(socket_path, sizeof(socket_path), "%s/socket", dir);
	snprintf(records, sizeof(records), "%s/store.db", dir);
	strncpy(a.sun_path, socket_path, sizeof(a.sun_path) - 1);
	listen_fd = socket(AF_UNIX, SOCK_STREAM, 0);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (bind(listen_fd, (struct sockaddr *)&a, sizeof(a)) ||
	    listen(listen_fd, 64) || shared == MAP_FAILED)
		exit(2);
}

int main(int argc, char **argv)
{
	const char *only = argc > 1 ? argv[1] : "";
	bool ok = true;

	state = getenv("SEED") ? strtoull(getenv("SEED"), NULL, 10) :
				 (uint64_t)getpid() * 7919;
	printf("crash: SEED=%llu\n", (unsigned long long)state);
	set_up();
	if (!*only || !strcmp(only, "everywhere"))
		ok &= report("crash_everywhere", kill_everywhere());
	if (!*only || !strcmp(only, "often"))
		ok &= report("crash_often",
			     kill_often("often", KILL_OFTEN, false, 10));
	if (!*only || !strcmp(only, "ahead"))
		ok &= report("crash_ahead",
			     kill_often("ahead", KILL_OFTEN, true, 10));
	if (!*only || !strcmp(only, "by_time"))
		ok &= report("crash_by_time",
			     kill_often("by_time", KILL_BY_TIME, false, 10));
	unlink(records);
	unlink(socket_path);
	rmdir(dir);
	return !ok;
}
