// SPDX-License-Identifier: GPL-2.0-only
/*
 * The store's request engine inside a test program.  See store_engine.h.
 */
#include "store_engine.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "store/conn.h"

static const unsigned char uuid[16] = {
	0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77,
	0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff,
};

const struct store_setup test_setup = {
	.domid = DOMID, .name = "web1", .uuid = uuid, .memory_kib = 65536,
	.maxmem_kib = 131072, .vcpus = 1, .maxvcpus = 3, .store_port = 1,
	.console_port = 2, .start_time = 1700000000,
};

struct engine {
	struct store store;
	struct store_channel channel;
	struct xenstore_domain_interface page;
	uint64_t recovery[512];
	struct byte_ring out, in;	/* the guest's ends */
	struct conn *host;
	int host_fd;
};

static void *map_recovery(void *ctx)
{
	return ((struct engine *)ctx)->recovery;
}

static struct byte_ring ring(char *buf, XENSTORE_RING_IDX *cons,
			     XENSTORE_RING_IDX *prod)
{
	return (struct byte_ring){
		.buf = (uint8_t *)buf,
		.size = XENSTORE_RING_SIZE,
		.cons = (_Atomic uint32_t *)cons,
		.prod = (_Atomic uint32_t *)prod,
	};
}

struct engine *engine_create(void)
{
	struct engine *e = calloc(1, sizeof(*e));
	int fds[2];

	if (!e || socketpair(AF_UNIX, SOCK_STREAM, 0, fds))
		abort();
	e->channel.map_recovery = map_recovery;
	e->channel.ctx = e;
	e->channel.records = -1;
	e->store.channel = &e->channel;
	e->store.setup = &test_setup;
	e->store.domid = DOMID;
	e->store.tree = tree_create(DOMID);
	e->host = conn_create(&e->store, 0, fds[0]);
	e->host_fd = fds[1];
	e->store.guest = conn_create(&e->store, DOMID, -1);
	if (!e->store.tree || !e->host || !e->store.guest)
		abort();
	e->out = ring(e->page.req, &e->page.req_cons, &e->page.req_prod);
	e->in = ring(e->page.rsp, &e->page.rsp_cons, &e->page.rsp_prod);
	e->store.guest->kept = true;
	e->store.guest->requests = e->out;
	e->store.guest->responses = e->in;
	return e;
}

void engine_destroy(struct engine *e)
{
	state_close(&e->store);
	e->store.guest->kept = false;
	while (e->store.conns)
		conn_destroy(e->store.conns);
	tree_destroy(e->store.tree);
	close(e->host_fd);
	free(e);
}

static void take_turn(struct engine *e)
{
	struct conn *conn;

	e->store.guest->readable = true;
	e->host->readable = true;
	for (conn = e->store.conns; conn; conn = conn->next) {
		conn_receive(conn);
		conn_send(conn);
	}
}

size_t engine_guest(struct engine *e, const void *data, size_t len,
		    uint8_t *out, size_t size)
{
	const uint8_t *at = data;
	uint8_t buf[XENSTORE_RING_SIZE];
	unsigned int idle = 0;
	size_t came = 0;
	ssize_t n, m;

	/* One turn sends what the one before it made. */
	while (idle < 3 && !e->store.guest->broken) {
		n = ring_write_bytes(&e->out, at, len);
		take_turn(e);
		m = ring_read_bytes(&e->in, buf, sizeof(buf));
		if (n < 0 || m < 0)
			break;
		if (came + m <= size && m)
			memcpy(out + came, buf, m);
		came += m;
		at += n;
		len -= n;
		idle = n || m ? 0 : idle + 1;
	}
	return came;
}

void engine_host(struct engine *e, const void *data, size_t len)
{
	char buf[8192];

	if (send(e->host_fd, data, len, MSG_NOSIGNAL) != (ssize_t)len)
		return;
	take_turn(e);
	take_turn(e);
	while (recv(e->host_fd, buf, sizeof(buf), MSG_DONTWAIT) > 0)
		;
}
