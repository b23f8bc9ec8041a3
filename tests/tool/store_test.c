// SPDX-License-Identifier: GPL-2.0-only
/*
 * The store without a module: the server runs in a child, on a page of shared
 * memory and a Unix socket, and this program is its guest and its clients.
 * store_test GROUP runs one group of checks; store_test -s SOCKET serves
 * clients until its standard input ends, so that Xen's own tools can be used.
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
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <xen/io/xs_wire.h>

#include "lib/ring.h"
#include "sandbox.h"
#include "store/store.h"

#define DOMID	7
#define HOME	"/local/domain/7"
#define UUID	"00112233-4455-6677-8899-aabbccddeeff"
#define TIMEOUT_MS	10000

static unsigned int nr_failed, group_failed;

#define CHECK(cond) check(cond, #cond, __LINE__)

static bool check(bool ok, const char *what, int line)
{
	if (ok)
		return true;
	nr_failed++;
	group_failed++;
	fprintf(stderr, "FAIL line %d: %s\n", line, what);
	return false;
}

/* --- the server --- */

static struct xenstore_domain_interface *page;
static void *recovery;
static int to_store, to_guest, hangup[2];
static char socket_path[64], records[80];
static pid_t server;

static void kick(void *ctx)
{
	uint64_t one = 1;

	(void)ctx;
	if (write(to_guest, &one, sizeof(one)) < 0)
		_exit(3);
}

static void *map_recovery(void *ctx)
{
	(void)ctx;
	return recovery;
}

/* What the server says in its log: read back by test_limits(). */
static int log_fd = -1;

static void write_log(const char *line)
{
	if (dprintf(log_fd, "%s\n", line) < 0)
		_exit(3);
}

static int listen_at(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strncpy(a.sun_path, path, sizeof(a.sun_path) - 1);
	unlink(path);
	if (bind(fd, (struct sockaddr *)&a, sizeof(a)) || listen(fd, 8)) {
		perror(path);
		exit(2);
	}
	return fd;
}

/* In the sandbox of a domain's store, in a build of its own. */
static void confine(const struct store_channel *channel, int listen_fd,
		    int ready_fd)
{
#ifdef CONFINED
	struct sandbox box = { .kind = SANDBOX_STORE, .uid = 65534 };
	const char *step;

	sandbox_keep(&box, channel->event_fd);
	sandbox_keep(&box, channel->hangup_fd);
	sandbox_keep(&box, channel->records);
	sandbox_keep(&box, listen_fd);
	sandbox_keep(&box, ready_fd);
	sandbox_keep(&box, to_guest);
	sandbox_keep(&box, log_fd);
	if (sandbox_enter(&box, &step)) {
		printf("not ok confined: %s\n", step);
		exit(2);
	}
#else
	(void)channel;
	(void)listen_fd;
	(void)ready_fd;
#endif
}

static int serve(int listen_fd, int ready_fd)
{
	static const unsigned char uuid[16] = {
		0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77,
		0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff,
	};
	const struct store_setup setup = {
		.domid = DOMID, .name = "web1", .uuid = uuid,
		.memory_kib = 65536, .maxmem_kib = 131072, .vcpus = 1,
		.maxvcpus = 3, .store_port = 1, .console_port = 2,
	};
	const struct store_channel channel = {
		.page = page, .event_fd = to_store, .hangup_fd = hangup[0],
		.kick = kick, .map_recovery = map_recovery, .records = open(records, O_RDWR | O_CREAT, 0600),
		.log = log_fd < 0 ? NULL : write_log,
	};

	confine(&channel, listen_fd, ready_fd);
	return store_serve(&channel, listen_fd, &setup, ready_fd);
}

/* On the pages that are there. */
static void fork_server(const char *path)
{
	int listen_fd = listen_at(path), ready[2];
	char byte;

	if (pipe(hangup) || pipe(ready))
		exit(2);
	fflush(stdout);
	server = fork();
	if (!server) {
		close(hangup[1]);
		exit(serve(listen_fd, ready[1]));
	}
	close(hangup[0]);
	close(ready[1]);
	CHECK(read(ready[0], &byte, 1) == 1);
	close(ready[0]);
	close(listen_fd);
}

static void start_server(const char *path)
{
	snprintf(records, sizeof(records), "%s.db", path);
	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	recovery = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	to_store = eventfd(0, EFD_NONBLOCK);
	to_guest = eventfd(0, EFD_NONBLOCK);
	if (page == MAP_FAILED || recovery == MAP_FAILED)
		exit(2);
	fork_server(path);
}

static void stop_server(void)
{
	int status;

	close(hangup[1]);
	CHECK(waitpid(server, &status, 0) == server);
	CHECK(WIFEXITED(status) && !WEXITSTATUS(status));
	munmap(page, 4096);
	munmap(recovery, 4096);
	close(to_store);
	close(to_guest);
}

/* --- both kinds of client --- */

/* fd >= 0: a socket; else the guest's end of the page. */
struct client {
	int fd;
	struct byte_ring out, in;
	struct xsd_sockmsg hdr;	/* of the last answer */
	char data[4097];
	char event[64][4097];	/* "path token" */
	unsigned int nr_events;
};

static struct client guest, host;

static void init_guest(struct client *c)
{
	memset(c, 0, sizeof(*c));
	c->fd = -1;
	c->out = (struct byte_ring){
		(uint8_t *)page->req, 1024,
		(_Atomic uint32_t *)&page->req_cons,
		(_Atomic uint32_t *)&page->req_prod };
	c->in = (struct byte_ring){
		(uint8_t *)page->rsp, 1024,
		(_Atomic uint32_t *)&page->rsp_cons,
		(_Atomic uint32_t *)&page->rsp_prod };
}

static void connect_to(struct client *c, const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	memset(c, 0, sizeof(*c));
	c->fd = socket(AF_UNIX, SOCK_STREAM, 0);
	strncpy(a.sun_path, path, sizeof(a.sun_path) - 1);
	if (connect(c->fd, (struct sockaddr *)&a, sizeof(a)))
		exit(2);
}

static void notify_store(void)
{
	uint64_t one = 1;

	CHECK(write(to_store, &one, sizeof(one)) == sizeof(one));
}

/* Sleeps until the store has notified. */
static bool wait_guest(void)
{
	struct pollfd p = { .fd = to_guest, .events = POLLIN };
	uint64_t count;

	if (poll(&p, 1, TIMEOUT_MS) != 1)
		return false;
	return read(to_guest, &count, sizeof(count)) == sizeof(count);
}

static bool move(struct client *c, void *data, size_t len, bool out)
{
	char *at = data;
	ssize_t n;

	while (len) {
		if (c->fd >= 0)
			n = out ? send(c->fd, at, len, MSG_NOSIGNAL) :
				  recv(c->fd, at, len, 0);
		else
			n = out ? ring_write_bytes(&c->out, at, len) :
				  ring_read_bytes(&c->in, at, len);
		if (n < 0 || (!n && c->fd >= 0))
			return false;
		if (n && c->fd < 0)
			notify_store();
		if (!n && !wait_guest())
			return false;
		at += n;
		len -= n;
	}
	return true;
}

/* The next message; an event is put aside. */
static bool receive(struct client *c)
{
	if (!move(c, &c->hdr, sizeof(c->hdr), false) || c->hdr.len > 4096 ||
	    !move(c, c->data, c->hdr.len, false))
		return false;
	c->data[c->hdr.len] = 0;
	if (c->hdr.type != XS_WATCH_EVENT || c->nr_events == 64)
		return true;
	snprintf(c->event[c->nr_events], sizeof(c->event[0]), "%s", c->data);
	strcat(c->event[c->nr_events], " ");
	strcat(c->event[c->nr_events++], c->data + strlen(c->data) + 1);
	return true;
}

static bool send_request(struct client *c, uint32_t type, uint32_t tx,
			 const void *data, uint32_t len)
{
	static uint32_t id;
	struct xsd_sockmsg h = { type, ++id, tx, len };

	return move(c, &h, sizeof(h), true) &&
	       move(c, (void *)data, len, true);
}

/*
 * One request and its answer: "" or the error's name.  The payload is a
 * string literal: its own NUL ends the last argument.
 */
static const char *request(struct client *c, uint32_t type, uint32_t tx,
			   const void *data, uint32_t len)
{
	static uint32_t id;

	id++;
	if (!send_request(c, type, tx, data, len))
		return "cannot send";
	do {
		if (!receive(c))
			return "no answer";
	} while (c->hdr.type == XS_WATCH_EVENT);
	if (c->hdr.type == XS_ERROR)
		return c->data;
	if (c->hdr.type != type || c->hdr.tx_id != tx)
		return "wrong answer";
	return "";
}

#define ASK(c, type, s)		request(c, type, 0, s, sizeof(s))
#define ASK_TX(c, type, tx, s)	request(c, type, tx, s, sizeof(s))
#define SET(c, tx, s)		request(c, XS_WRITE, tx, s, sizeof(s) - 1)
#define OK(answer)		CHECK(!strcmp(answer, ""))
#define FAILS(answer, error)	CHECK(!strcmp(answer, error))
#define DATA(c, s) \
	CHECK((c)->hdr.len == sizeof(s) - 1 && !memcmp((c)->data, s, sizeof(s) - 1))

static uint32_t start_txn(struct client *c)
{
	OK(ASK(c, XS_TRANSACTION_START, ""));
	return strtoul(c->data, NULL, 10);
}

static const char *end_txn(struct client *c, uint32_t tx, bool commit)
{
	return request(c, XS_TRANSACTION_END, tx, commit ? "T" : "F", 2);
}

/* A barrier: all events caused before are here after an answer. */
static bool has_event(struct client *c, const char *event)
{
	unsigned int i;

	OK(ASK(c, XS_GET_DOMAIN_PATH, "0"));
	for (i = 0; i < c->nr_events; i++) {
		if (!strcmp(c->event[i], event))
			return true;
	}
	return false;
}

/* --- groups --- */

static void test_initial_tree(void)
{
	OK(ASK(&guest, XS_READ, "domid"));
	DATA(&guest, "7");
	OK(ASK(&guest, XS_READ, HOME "/name"));
	DATA(&guest, "web1");
	OK(ASK(&guest, XS_READ, "vm"));
	DATA(&guest, "/vm/" UUID);
	OK(ASK(&guest, XS_READ, "/vm/" UUID "/uuid"));
	DATA(&guest, UUID);
	OK(ASK(&guest, XS_READ, "memory/static-max"));
	DATA(&guest, "131072");
	OK(ASK(&guest, XS_READ, "memory/target"));
	DATA(&guest, "65536");
	OK(ASK(&guest, XS_READ, "cpu/2/availability"));
	DATA(&guest, "offline");
	OK(ASK(&guest, XS_READ, "control/platform-feature-xs_reset_watches"));
	DATA(&guest, "1");
	OK(ASK(&guest, XS_READ, "console/ring-ref"));
	DATA(&guest, "1044479");
	OK(ASK(&guest, XS_READ, "store/port"));
	DATA(&guest, "1");
	OK(ASK(&guest, XS_DIRECTORY, "device"));
	DATA(&guest, "vbd\0vif\0suspend\0");
	OK(ASK(&guest, XS_GET_PERMS, "control/shutdown"));
	DATA(&guest, "n7\0");
	OK(ASK(&guest, XS_GET_PERMS, "name"));
	DATA(&guest, "n0\0r7\0");
	OK(ASK(&host, XS_READ, "name"));
	DATA(&host, "Domain-0");
	OK(ASK(&guest, XS_GET_DOMAIN_PATH, "7"));
	DATA(&guest, HOME "\0");
	OK(ASK(&guest, XS_IS_DOMAIN_INTRODUCED, "7"));
	DATA(&guest, "T\0");
	OK(ASK(&guest, XS_IS_DOMAIN_INTRODUCED, "8"));
	DATA(&guest, "F\0");
}

static void test_nodes(void)
{
	OK(SET(&guest, 0, "data/a/b/c\0hello"));
	DATA(&guest, "OK\0");
	OK(ASK(&guest, XS_READ, "data/a/b/c"));
	DATA(&guest, "hello");
	OK(ASK(&host, XS_READ, HOME "/data/a/b"));
	CHECK(!host.hdr.len);
	OK(SET(&guest, 0, "data/a\0x\0y"));
	OK(ASK(&guest, XS_READ, "data/a"));
	DATA(&guest, "x\0y");
	OK(SET(&guest, 0, "data/a\0"));
	OK(ASK(&guest, XS_READ, "data/a"));
	DATA(&guest, "");
	OK(ASK(&guest, XS_MKDIR, "data/a/d"));
	OK(ASK(&guest, XS_MKDIR, "data/a/d"));
	OK(ASK(&guest, XS_DIRECTORY, "data/a"));
	DATA(&guest, "b\0d\0");
	OK(ASK(&guest, XS_RM, "data/a/b"));
	FAILS(ASK(&guest, XS_READ, "data/a/b/c"), "ENOENT");
	OK(ASK(&guest, XS_DIRECTORY, "data/a"));
	DATA(&guest, "d\0");
	OK(ASK(&guest, XS_RM, "data/a/b"));
	FAILS(ASK(&guest, XS_RM, "data/no/b"), "ENOENT");
	FAILS(ASK(&host, XS_RM, "/"), "EINVAL");
	OK(ASK(&guest, XS_RM, "data/a"));
	OK(ASK(&guest, XS_DIRECTORY, "data"));
	DATA(&guest, "");
}

static void test_rights(void)
{
	FAILS(SET(&guest, 0, "name\0evil"), "EACCES");
	FAILS(SET(&guest, 0, "device/new\0x"), "EACCES");
	FAILS(SET(&guest, 0, "/local/domain/0/x\0x"), "EACCES");
	FAILS(ASK(&guest, XS_READ, "/local/domain/0/name"), "EACCES");
	FAILS(ASK(&guest, XS_READ, "/local/domain/0/none"), "EACCES");
	FAILS(ASK(&guest, XS_DIRECTORY, "/"), "EACCES");
	FAILS(ASK(&guest, XS_READ, "none"), "ENOENT");
	FAILS(ASK(&guest, XS_RM, "name"), "EACCES");
	FAILS(ASK(&guest, XS_MKDIR, "cpu"), "EACCES");
	FAILS(ASK(&guest, XS_SET_PERMS, "name\0b7"), "EACCES");
	OK(SET(&guest, 0, "data/p\0x"));
	OK(ASK(&guest, XS_GET_PERMS, "data/p"));
	DATA(&guest, "n7\0");
	FAILS(ASK(&guest, XS_SET_PERMS, "data/p\0n0"), "EPERM");
	OK(ASK(&guest, XS_SET_PERMS, "data/p\0n7\0r3\0b4"));
	OK(ASK(&guest, XS_GET_PERMS, "data/p"));
	DATA(&guest, "n7\0r3\0b4\0");
	FAILS(ASK(&guest, XS_SET_PERMS, "data/p\0n7\0r1\0r2\0r3\0r4\0r5"),
	      "ENOSPC");
	FAILS(ASK(&guest, XS_SET_PERMS, "data/p\0x7"), "EINVAL");
	FAILS(ASK(&guest, XS_SET_PERMS, "data/p\0n"), "EINVAL");
	FAILS(ASK(&guest, XS_SET_PERMS, "data/p"), "EINVAL");
	OK(ASK(&host, XS_SET_PERMS, HOME "/data/p\0n0"));
	FAILS(ASK(&guest, XS_READ, "data/p"), "EACCES");
	/* Perms of the host's making: write only, read only. */
	OK(ASK(&host, XS_SET_PERMS, HOME "/data/p\0n0\0w7"));
	OK(SET(&guest, 0, "data/p\0y"));
	FAILS(ASK(&guest, XS_READ, "data/p"), "EACCES");
	OK(ASK(&host, XS_SET_PERMS, HOME "/data/p\0r0"));
	OK(ASK(&guest, XS_READ, "data/p"));
	FAILS(SET(&guest, 0, "data/p\0z"), "EACCES");
	OK(ASK(&host, XS_RM, HOME "/data/p"));
	FAILS(ASK(&guest, XS_CONTROL, "help"), "EACCES");
	FAILS(ASK(&guest, XS_INTRODUCE, "1\0" "1\0" "1"), "EACCES");
	FAILS(ASK(&guest, XS_RELEASE, "7"), "EACCES");
	FAILS(ASK(&guest, XS_SET_TARGET, "7\0" "1"), "EACCES");
}

static void test_watches(void)
{
	guest.nr_events = 0;
	OK(ASK(&guest, XS_WATCH, "data/w\0t1"));
	DATA(&guest, "OK\0");
	CHECK(guest.nr_events == 0);
	CHECK(has_event(&guest, "data/w t1"));
	FAILS(ASK(&guest, XS_WATCH, "data/w\0t1"), "EEXIST");
	OK(ASK(&guest, XS_WATCH, HOME "/data/w\0t2"));
	OK(SET(&host, 0, HOME "/data/w/x/y\0z"));
	OK(ASK(&host, XS_SET_PERMS, HOME "/data/w/x/y\0r0"));
	CHECK(has_event(&guest, "data/w/x/y t1"));
	CHECK(has_event(&guest, HOME "/data/w/x/y t2"));
	guest.nr_events = 0;
	OK(ASK(&guest, XS_WATCH, "data/w/x/y\0t3"));
	CHECK(has_event(&guest, "data/w/x/y t3"));
	guest.nr_events = 0;
	OK(ASK(&host, XS_RM, HOME "/data/w"));
	CHECK(has_event(&guest, "data/w/x/y t3"));
	CHECK(has_event(&guest, "data/w t1"));
	CHECK(!has_event(&guest, "data/w/x/y t1"));
	CHECK(!has_event(&guest, "data/w/x t1"));
	OK(ASK(&guest, XS_UNWATCH, "data/w\0t1"));
	FAILS(ASK(&guest, XS_UNWATCH, "data/w\0t1"), "ENOENT");
	guest.nr_events = 0;
	OK(SET(&host, 0, HOME "/data/w\0z"));
	CHECK(has_event(&guest, HOME "/data/w t2"));
	CHECK(!has_event(&guest, "data/w t1"));
	/* Nobody hears of what it may not read. */
	OK(ASK(&guest, XS_WATCH, "/local/domain/0\0t4"));
	guest.nr_events = 0;
	OK(SET(&host, 0, "/local/domain/0/secret\0z"));
	CHECK(!has_event(&guest, "/local/domain/0/secret t4"));
	OK(ASK(&guest, XS_RESET_WATCHES, ""));
	OK(SET(&host, 0, HOME "/data/w\0z2"));
	CHECK(!has_event(&guest, HOME "/data/w t2"));
	FAILS(ASK(&guest, XS_WATCH, "data/w"), "EINVAL");
	FAILS(ASK(&guest, XS_WATCH, "data/w\0t\0u"), "EINVAL");
}

static void test_transactions(void)
{
	uint32_t t1, t2;

	OK(SET(&host, 0, HOME "/data/n\0one"));
	OK(ASK(&host, XS_SET_PERMS, HOME "/data/n\0n7"));
	t1 = start_txn(&guest);
	OK(ASK_TX(&guest, XS_READ, t1, "data/n"));
	OK(SET(&guest, t1, "data/n\0two"));
	OK(SET(&guest, t1, "data/new/sub\0x"));
	OK(ASK_TX(&guest, XS_READ, t1, "data/n"));
	DATA(&guest, "two");
	OK(ASK(&guest, XS_READ, "data/n"));
	DATA(&guest, "one");
	FAILS(ASK(&guest, XS_READ, "data/new"), "ENOENT");
	FAILS(ASK_TX(&guest, XS_TRANSACTION_START, t1, ""), "EBUSY");
	host.nr_events = 0;
	OK(ASK(&host, XS_WATCH, HOME "/data\0w"));
	OK(end_txn(&guest, t1, true));
	CHECK(has_event(&host, HOME "/data/n w"));
	CHECK(has_event(&host, HOME "/data/new/sub w"));
	OK(ASK(&host, XS_UNWATCH, HOME "/data\0w"));
	OK(ASK(&guest, XS_READ, "data/n"));
	DATA(&guest, "two");
	FAILS(end_txn(&guest, t1, true), "ENOENT");

	/* What was read has changed: conflict, and nothing is written. */
	t1 = start_txn(&guest);
	OK(ASK_TX(&guest, XS_READ, t1, "data/n"));
	OK(SET(&guest, t1, "data/m\0x"));
	OK(SET(&host, 0, HOME "/data/n\0three"));
	OK(ASK_TX(&guest, XS_READ, t1, "data/n"));
	DATA(&guest, "two");
	FAILS(end_txn(&guest, t1, true), "EAGAIN");
	FAILS(ASK(&guest, XS_READ, "data/m"), "ENOENT");

	/* A missing node that appeared is a conflict, too. */
	t1 = start_txn(&guest);
	FAILS(ASK_TX(&guest, XS_READ, t1, "data/later"), "ENOENT");
	OK(SET(&host, 0, HOME "/data/later\0x"));
	FAILS(end_txn(&guest, t1, true), "EAGAIN");

	/* The node was there at the first look, its parent is not. */
	OK(SET(&guest, 0, "data/p/q\0x"));
	t1 = start_txn(&guest);
	OK(ASK_TX(&guest, XS_READ, t1, "data/p/q"));
	OK(ASK(&guest, XS_RM, "data/p"));
	OK(ASK_TX(&guest, XS_RM, t1, "data/p/q"));
	FAILS(end_txn(&guest, t1, true), "EAGAIN");

	/* Two that touch different nodes both succeed. */
	t1 = start_txn(&guest);
	t2 = start_txn(&guest);
	CHECK(t1 && t2 && t1 != t2);
	OK(SET(&guest, t1, "data/n\0t1"));
	OK(SET(&guest, t2, "data/later/x\0t2") + 0);
	OK(end_txn(&guest, t1, true));
	FAILS(end_txn(&guest, t2, false), "");
	OK(ASK(&guest, XS_READ, "data/n"));
	DATA(&guest, "t1");

	t1 = start_txn(&guest);
	OK(ASK_TX(&guest, XS_RM, t1, "data/new"));
	FAILS(ASK_TX(&guest, XS_READ, t1, "data/new/sub"), "ENOENT");
	OK(ASK(&guest, XS_READ, "data/new/sub"));
	OK(end_txn(&guest, t1, true));
	FAILS(ASK(&guest, XS_READ, "data/new/sub"), "ENOENT");
	FAILS(ASK_TX(&guest, XS_READ, 4711, "data/n"), "ENOENT");
	FAILS(ASK(&guest, XS_TRANSACTION_END, "T"), "ENOENT");
	OK(ASK(&host, XS_RM, HOME "/data/later"));
	OK(ASK(&host, XS_RM, HOME "/data/n"));
}

static void test_quotas(void)
{
	char buf[4096];
	unsigned int i;
	int n;

	for (i = 0; i < 10; i++)
		start_txn(&guest);
	FAILS(ASK(&guest, XS_TRANSACTION_START, ""), "ENOSPC");
	OK(ASK(&guest, XS_RESET_WATCHES, ""));
	start_txn(&guest);
	OK(ASK(&guest, XS_RESET_WATCHES, ""));
	for (i = 0; i < 128; i++) {
		n = sprintf(buf, "data%ct%u", 0, i);
		OK(request(&guest, XS_WATCH, 0, buf, n + 1));
	}
	FAILS(ASK(&guest, XS_WATCH, "data\0one-more"), "E2BIG");
	OK(ASK(&guest, XS_RESET_WATCHES, ""));
	memset(buf, 'v', sizeof(buf));
	strcpy(buf, "data/v");
	OK(request(&guest, XS_WRITE, 0, buf, 7 + 2000));
	FAILS(request(&guest, XS_WRITE, 0, buf, 7 + 2048), "ENOSPC");
	for (i = 0; i < 2000; i++) {
		n = sprintf(buf, "data/%u/%u", i / 100, i);
		if (strcmp(request(&guest, XS_MKDIR, 0, buf, n + 1), ""))
			break;
	}
	CHECK(i > 900 && i < 1000);
	FAILS(request(&guest, XS_MKDIR, 0, buf, n + 1), "ENOSPC");
	OK(ASK(&guest, XS_RM, "data/0"));
	OK(request(&guest, XS_MKDIR, 0, buf, n + 1));
	OK(ASK(&guest, XS_RM, "data"));
	OK(ASK(&host, XS_MKDIR, HOME "/data"));
	OK(ASK(&host, XS_SET_PERMS, HOME "/data\0n7"));
}

/* One line for each limit that was hit, also by the groups before. */
static bool log_has(const char *what, unsigned int value)
{
	static char text[65536];
	char line[128];
	ssize_t n = pread(log_fd, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = 0;
	snprintf(line, sizeof(line), "limit reached: %s: %u\n", what, value);
	return strstr(text, line);
}

/* The server does it in its own time. */
static void wait_log(const char *what, unsigned int value)
{
	int tries;

	for (tries = 0; tries < 500 && !log_has(what, value); tries++)
		usleep(10000);
	CHECK(log_has(what, value));
}

static void test_limits(void)
{
	static char buf[4096];
	unsigned int i, n;
	uint32_t tx;

	tx = start_txn(&guest);
	for (i = 0, n = 0; i < 2000; i++) {
		n = sprintf(buf, "data/none/%u", i);
		if (strcmp(request(&guest, XS_READ, tx, buf, n + 1), "ENOENT"))
			break;
	}
	CHECK(i > 1000 && i < 1024 && !strcmp(guest.data, "ENOSPC"));
	OK(end_txn(&guest, tx, false));

	/* 20 answers wait, more requests with them, until somebody reads. */
	for (i = 0; i < 100; i++)
		CHECK(send_request(&guest, XS_READ, 0, "name", 5));
	wait_log("messages that wait for their reader", 20);
	for (i = 0; i < 100; i++)
		CHECK(receive(&guest) && guest.hdr.type == XS_READ);

	memset(buf, 'a', sizeof(buf));
	FAILS(request(&guest, XS_READ, 0, buf, 2100), "EINVAL");
	buf[2099] = 0;
	FAILS(request(&guest, XS_READ, 0, buf, 2100), "EINVAL");
	buf[2099] = 'a';
	buf[3099] = 0;
	buf[0] = '/';
	FAILS(request(&guest, XS_READ, 0, buf, 3100), "EINVAL");

	memset(buf, 'v', sizeof(buf));
	for (i = 0; i < 5000; i++) {
		n = sprintf(buf, HOME "/data/big/%u", i) + 1;
		if (strcmp(request(&host, XS_WRITE, 0, buf, 4096), ""))
			break;
		memset(buf, 'v', n);
	}
	CHECK(i > 3500 && i < 4200 && !strcmp(host.data, "ENOSPC"));
	OK(ASK(&guest, XS_READ, "name"));
	OK(ASK(&host, XS_RM, HOME "/data/big"));
	OK(SET(&host, 0, HOME "/data/big\0x"));
	OK(ASK(&host, XS_RM, HOME "/data/big"));

	CHECK(log_has("nodes of a guest", 1000));
	CHECK(log_has("bytes of a guest's node", 2048));
	CHECK(log_has("permissions of a guest's node", 5));
	CHECK(log_has("watches of a guest", 128));
	CHECK(log_has("open transactions of a guest", 10));
	CHECK(log_has("nodes that a transaction touches", 1024));
	CHECK(log_has("bytes of a path", 3072));
	CHECK(log_has("bytes of a relative path", 2048));
	CHECK(log_has("bytes of all nodes", 16 << 20));
}

/* Larger than the ring, and a directory that needs more than one message. */
static void test_large(void)
{
	static char buf[4096], all[32768];
	unsigned int i, offset = 0, n;

	memset(buf, 'L', sizeof(buf));
	n = sprintf(buf, HOME "/data/large") + 1;
	OK(request(&host, XS_WRITE, 0, buf, 4096));
	OK(ASK(&host, XS_SET_PERMS, HOME "/data/large\0r0"));
	OK(ASK(&guest, XS_READ, "data/large"));
	CHECK(guest.hdr.len == 4096 - n);
	for (i = 0; i < guest.hdr.len; i++) {
		if (guest.data[i] != 'L')
			break;
	}
	CHECK(i == guest.hdr.len);
	for (i = 0; i < 500; i++) {
		n = sprintf(buf, HOME "/data/dir/a-longer-name-%u", i);
		OK(request(&host, XS_MKDIR, 0, buf, n + 1));
	}
	FAILS(ASK(&host, XS_DIRECTORY, HOME "/data/dir"), "E2BIG");
	do {
		n = sprintf(buf, HOME "/data/dir%c%u", 0, offset);
		OK(request(&host, XS_DIRECTORY_PART, 0, buf, n + 1));
		n = strlen(host.data) + 1;
		memcpy(all + offset, host.data + n, host.hdr.len - n);
		offset += host.hdr.len - n;
	} while (host.hdr.len > n + 1 && (all[offset - 1] || all[offset - 2]) &&
		 offset < 20000);
	for (i = 0, n = 0; all[n]; n += strlen(all + n) + 1, i++) {
		sprintf(buf, "a-longer-name-%u", i);
		CHECK(!strcmp(all + n, buf));
	}
	CHECK(i == 500);
	OK(ASK(&host, XS_RM, HOME "/data/dir"));
	OK(ASK(&host, XS_RM, HOME "/data/large"));
}

static void test_bad_requests(void)
{
	char path[3200];

	FAILS(ASK(&guest, 20, "x"), "ENOSYS");
	FAILS(ASK(&guest, 23, "x"), "ENOSYS");
	FAILS(ASK(&guest, 0xffffffff, "x"), "ENOSYS");
	FAILS(ASK(&guest, XS_WATCH_EVENT, "x\0y"), "ENOSYS");
	FAILS(ASK(&guest, XS_ERROR, "x"), "ENOSYS");
	FAILS(request(&guest, XS_READ, 0, "", 0), "EINVAL");
	FAILS(request(&guest, XS_READ, 0, "name", 4), "EINVAL");
	FAILS(ASK(&guest, XS_READ, "name\0name"), "EINVAL");
	FAILS(ASK(&guest, XS_READ, ""), "EINVAL");
	FAILS(ASK(&guest, XS_READ, "name/"), "EINVAL");
	FAILS(ASK(&guest, XS_READ, "a//b"), "EINVAL");
	FAILS(ASK(&guest, XS_READ, "a b"), "EINVAL");
	FAILS(ASK(&guest, XS_READ, "a.b"), "EINVAL");
	FAILS(ASK(&guest, XS_READ, "@releaseDomain"), "EINVAL");
	FAILS(request(&guest, XS_WRITE, 0, "name", 4), "EINVAL");
	FAILS(ASK(&guest, XS_GET_DOMAIN_PATH, "x"), "EINVAL");
	FAILS(ASK(&guest, XS_GET_DOMAIN_PATH, "-1"), "EINVAL");
	FAILS(ASK(&guest, XS_GET_DOMAIN_PATH, "99999999999999999999"),
	      "EINVAL");
	FAILS(ASK(&guest, XS_DIRECTORY_PART, "device\0x"), "EINVAL");
	memset(path, 'a', sizeof(path));
	path[2049] = 0;
	FAILS(request(&guest, XS_READ, 0, path, 2050), "EINVAL");
	path[0] = '/';
	path[2049] = 'a';
	path[3073] = 0;
	FAILS(request(&guest, XS_READ, 0, path, 3074), "EINVAL");
}

static void test_broken_clients(void)
{
	struct xsd_sockmsg h = { XS_READ, 1, 0, 4097 };
	static struct client c;
	char byte;

	connect_to(&c, socket_path);
	CHECK(move(&c, &h, sizeof(h), true));
	CHECK(recv(c.fd, &byte, 1, 0) <= 0);
	close(c.fd);
	/* One that goes in the middle of a request, in a transaction. */
	connect_to(&c, socket_path);
	start_txn(&c);
	OK(ASK(&c, XS_WATCH, "/\0t"));
	h.len = 100;
	CHECK(move(&c, &h, sizeof(h), true));
	close(c.fd);
	OK(ASK(&guest, XS_READ, "name"));
	OK(ASK(&host, XS_READ, "name"));
}

static uint32_t next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005ull + 1442695040888963407ull;
	return *state >> 33;
}

static void restart_server(void)
{
	stop_server();
	close(host.fd);
	start_server(socket_path);
	connect_to(&host, socket_path);
	init_guest(&guest);
}

/* Requests that are nearly right, of every type, from both sides. */
static void test_noise(void)
{
	static const char * const words[] = {
		"data", "data/a", "data/a/b", "name", "/", "device", "T", "F",
		"n7", "b0", "1", "2", "0", "@releaseDomain", "", HOME, "t",
		"data/a/b/c/d/e/f", "//", "99999",
	};
	uint64_t state = getenv("SEED") ? atoll(getenv("SEED")) : getpid();
	const char *word;
	char buf[256];
	unsigned int i, n, len;

	printf("noise: SEED=%llu\n", (unsigned long long)state);
	for (i = 0; i < 20000; i++) {
		for (n = next_random(&state) % 4, len = 0; n; n--) {
			word = words[next_random(&state) %
				     (sizeof(words) / sizeof(words[0]))];
			len += sprintf(buf + len, "%s", word);
			buf[len++] = 0;
		}
		if (len && !(next_random(&state) % 8))
			buf[next_random(&state) % len] = next_random(&state);
		guest.nr_events = 0;
		host.nr_events = 0;
		if (!strcmp(request(i % 4 ? &guest : &host,
				    next_random(&state) % 25,
				    next_random(&state) % 12, buf, len),
			    "no answer")) {
			CHECK(!"answered");
			break;
		}
		/* The watches of both sides must not pile up. */
		if (!(i % 16))
			has_event(i % 32 ? &host : &guest, "");
	}
	/* The host's noise may have removed anything. */
	restart_server();
}

static void wait_error(void)
{
	while (!page->error && wait_guest())
		;
	CHECK(page->error == XENSTORE_ERROR_PROTO);
}

/* What the guest has spoilt does not spoil the next process. */
static void kill_server(void)
{
	uint32_t prod = page->rsp_prod;

	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
	close(hangup[1]);
	close(host.fd);
	fork_server(socket_path);
	connect_to(&host, socket_path);
	OK(ASK(&host, XS_READ, HOME "/name"));
	CHECK(page->error == XENSTORE_ERROR_PROTO);
	CHECK(page->rsp_prod == prod);
}

/* Guests that break the ring lose their store; the host's tools do not. */
static void test_broken_ring(void)
{
	struct xsd_sockmsg h = { XS_READ, 1, 0, 0x80000000 };
	unsigned int i;

	CHECK(move(&guest, &h, sizeof(h), true));
	wait_error();
	OK(ASK(&host, XS_READ, HOME "/name"));
	kill_server();

	restart_server();
	page->req_prod = 5000;
	notify_store();
	wait_error();
	OK(ASK(&host, XS_READ, HOME "/name"));
	DATA(&host, "web1");
	kill_server();

	/* Does not read its answers, and spoils the indices of those. */
	restart_server();
	for (i = 0; i < 65; i++)	/* more than the answers' ring holds */
		CHECK(send_request(&guest, XS_READ, 0, "name", 5));
	OK(ASK(&host, XS_READ, HOME "/name"));
	page->rsp_cons = 77777;
	notify_store();
	wait_error();
	OK(ASK(&host, XS_READ, HOME "/name"));
	kill_server();
}

static void test_end(void)
{
	host.nr_events = 0;
	OK(ASK(&host, XS_WATCH, "@releaseDomain\0r"));
	CHECK(has_event(&host, "@releaseDomain r"));
	host.nr_events = 0;
	stop_server();
	CHECK(receive(&host) && host.nr_events == 1);
	CHECK(!receive(&host));
}

static const struct {
	const char *name;
	void (*run)(void);
} groups[] = {
	{ "initial_tree", test_initial_tree },
	{ "nodes", test_nodes },
	{ "rights", test_rights },
	{ "watches", test_watches },
	{ "transactions", test_transactions },
	{ "quotas", test_quotas },
	{ "limits", test_limits },
	{ "large", test_large },
	{ "bad_requests", test_bad_requests },
	{ "broken_clients", test_broken_clients },
	{ "noise", test_noise },
	{ "broken_ring", test_broken_ring },
	{ "end", test_end },
};

static int serve_at(const char *path)
{
	char byte;

	start_server(path);
	puts("ready");
	fflush(stdout);
	while (read(0, &byte, 1) > 0)
		;
	stop_server();
	unlink(records);
	return nr_failed ? 1 : 0;
}

int main(int argc, char **argv)
{
	unsigned int i;

	signal(SIGPIPE, SIG_IGN);
	if (argc > 2 && !strcmp(argv[1], "-s"))
		return serve_at(argv[2]);
	snprintf(socket_path, sizeof(socket_path), "/tmp/store_test.%d",
		 getpid());
	log_fd = fileno(tmpfile());
	start_server(socket_path);
	init_guest(&guest);
	connect_to(&host, socket_path);
	for (i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		if (argc > 1 && strcmp(argv[1], groups[i].name))
			continue;
		group_failed = 0;
		groups[i].run();
		if (group_failed)
			printf("not ok %s: %u checks failed\n",
			       groups[i].name, group_failed);
		else
			printf("ok %s\n", groups[i].name);
		fflush(stdout);
	}
	unlink(socket_path);
	unlink(records);
	return nr_failed ? 1 : 0;
}
