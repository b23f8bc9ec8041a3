// SPDX-License-Identifier: GPL-2.0-only
/*
 * The front end of backend/entropy.c: finds it in the store, shares a ring with
 * it, and asks for random bytes, also for what makes no sense.  The host kills
 * the back end meanwhile; each request must be answered once all the same.
 */
#include "hcheck.h"

#include <xen/grant_table.h>
#include <xen/hvm/params.h>
#include <xen/io/xenbus.h>
#include <xen/memory.h>

#include "store.h"

#define GFN_GRANT	(GFN_HOLE + 8)
#define REF_RING	8
#define REF_DATA	9
#define NR_DATA		16
#define PLACES		128u
#define REQUESTS	4000u
#define FRONT		"device/entropy/0/"

/* As in docs/writing-a-backend.md. */
struct request {
	u64 id;
	u32 grant;
	u16 offset;
	u16 length;
};

struct response {
	u64 id;
	u32 status;
	u32 bytes;
};

static union {
	struct {
		u32 req_prod, req_event, rsp_prod, rsp_event;
		u8 pad[48];
		union {
			struct request req;
			struct response rsp;
		} place[PLACES];
	};
	u8 bytes[4096];
} ring __page_aligned;

static u8 data[NR_DATA][4096] __page_aligned;
static grant_entry_v1_t *table;
static char back[80];
static u32 port, req_prod, rsp_cons;

static void grant(u32 ref, const void *page)
{
	table[ref].domid = 0;
	table[ref].frame = (u64)page >> 12;
	barrier();	/* stores are seen in order: the rest, then the flags */
	WRITE_ONCE(table[ref].flags, GTF_permit_access);
}

static bool map_grants(void)
{
	struct xen_add_to_physmap a = {
		.domid = DOMID_SELF,
		.space = XENMAPSPACE_grant_table,
		.gpfn = GFN_GRANT,
	};
	u32 i;

	if (hypercall2(__HYPERVISOR_memory_op, XENMEM_add_to_physmap, (u64)&a))
		return false;
	table = (void *)(GFN_GRANT << 12);
	grant(REF_RING, &ring);
	for (i = 0; i < NR_DATA; i++)
		grant(REF_DATA + i, data[i]);
	return true;
}

static u32 back_state(void)
{
	char path[96], value[16] = "";

	format(path, sizeof(path), "%s/state", back);
	return store_read(path, value, sizeof(value)) ? 0 : value[0] - '0';
}

/* The back end's own pace: it may just have been killed. */
static bool wait_for(u32 state)
{
	u32 i;

	for (i = 0; i < 100000; i++)
		if (back_state() == state)
			return true;
	return false;
}

static bool put_number(const char *node, u32 number)
{
	char path[64], value[16];

	format(path, sizeof(path), FRONT "%s", node);
	format(value, sizeof(value), "%u", number);
	return !store_write(path, value);
}

static void connect(void)
{
	check("a back end", !store_read(FRONT "backend", back, sizeof(back)));
	check("it waits", wait_for(XenbusStateInitWait));
	check("grants", map_grants());
	check_hcall("port", evtchn_alloc_unbound(DOMID_SELF, 0, &port), 0);
	evtchn_set_mask(port, false);
	ring.req_event = 1;
	ring.rsp_event = 1;
	check("nodes", put_number("ring-ref", REF_RING) &&
	      put_number("event-channel", port) &&
	      put_number("state", XenbusStateInitialised));
	check("connected", wait_for(XenbusStateConnected));
	check("so are we", put_number("state", XenbusStateConnected));
}

static void ask(u64 id, u32 ref, u16 offset, u16 length)
{
	struct request *req = &ring.place[req_prod % PLACES].req;

	req->id = id;
	req->grant = ref;
	req->offset = offset;
	req->length = length;
	req_prod++;
}

/* Show what was asked, and notify as the protocol of rings has it. */
static void push(u32 old)
{
	__sync_synchronize();	/* requests, then the index */
	WRITE_ONCE(ring.req_prod, req_prod);
	__sync_synchronize();	/* the index, then the other's wish */
	if (req_prod - READ_ONCE(ring.req_event) < req_prod - old)
		evtchn_send(port);
}

/* Sleep until there is a response. */
static void wait_response(void)
{
	for (;;) {
		irq_disable();
		WRITE_ONCE(ring.rsp_event, rsp_cons + 1);
		__sync_synchronize();	/* our wish, then the index */
		if (READ_ONCE(ring.rsp_prod) != rsp_cons)
			break;
		irq_enable_and_halt();
	}
	irq_enable();
}

static struct response next_response(void)
{
	struct response rsp;

	wait_response();
	__sync_synchronize();	/* the index, then what is there */
	rsp = ring.place[rsp_cons % PLACES].rsp;
	rsp_cons++;
	return rsp;
}

static struct response ask_one(u32 ref, u16 offset, u16 length)
{
	u32 old = req_prod;

	ask(77, ref, offset, length);
	push(old);
	return next_response();
}

static u32 nr_zeros(const u8 *bytes, u32 n)
{
	u32 i, zeros = 0;

	for (i = 0; i < n; i++)
		zeros += !READ_ONCE(bytes[i]);
	return zeros;
}

static void test_bytes(void)
{
	struct response rsp = ask_one(REF_DATA, 0, 4096);

	check_eq("id", rsp.id, 77);
	check_eq("status", rsp.status, 0);
	check_eq("bytes", rsp.bytes, 4096);
	check("they look random", nr_zeros(data[0], 4096) < 100);
	memset(data[1], 0, 4096);
	rsp = ask_one(REF_DATA + 1, 100, 1000);
	check_eq("part", rsp.bytes, 1000);
	check_eq("nothing before", nr_zeros(data[1], 100), 100);
	check_eq("nothing behind", nr_zeros(data[1] + 1100, 2996), 2996);
	check("bytes in it", nr_zeros(data[1] + 100, 1000) < 100);
}

static void test_refusals(void)
{
	check_eq("no bytes", ask_one(REF_DATA, 0, 0).status, 1);
	check_eq("beyond the page", ask_one(REF_DATA, 4000, 97).status, 1);
	check_eq("no such grant", ask_one(400, 0, 16).status, 2);
	check_eq("and goes on", ask_one(REF_DATA, 4000, 96).status, 0);
}

/* Full rings, while the host kills the back end. */
static void test_deaths(void)
{
	static u8 answers[REQUESTS];
	u32 asked = 0, answered = 0, old, once = 0, bad = 0, i;
	struct response rsp;

	print("asks\n");
	while (answered < REQUESTS) {
		old = req_prod;
		for (; asked < REQUESTS && req_prod - rsp_cons < PLACES; asked++)
			ask(asked, REF_DATA + asked % NR_DATA, 0, 4096);
		if (req_prod != old)
			push(old);
		rsp = next_response();
		answered++;
		bad += rsp.status || rsp.bytes != 4096 || rsp.id >= REQUESTS;
		if (rsp.id < REQUESTS)
			answers[rsp.id]++;
	}
	for (i = 0; i < REQUESTS; i++)
		once += answers[i] == 1;
	check_eq("answered once", once, REQUESTS);
	check_eq("bad answers", bad, 0);
	check_eq("responses without a request", READ_ONCE(ring.rsp_prod),
		 req_prod);
}

static void disconnect(void)
{
	check("closing", put_number("state", XenbusStateClosing));
	check("it closes", wait_for(XenbusStateClosing));
	check("closed", put_number("state", XenbusStateClosed));
	check("it has closed", wait_for(XenbusStateClosed));
	check_eq("the ring's grant is free", READ_ONCE(table[REF_RING].flags),
		 GTF_permit_access);
}

void test_main(void)
{
	if (!need_xen())
		return;
	hcheck_init();
	check("events", xen_init_events());
	if (!check("store", store_init()))
		return;
	connect();
	test_bytes();
	test_refusals();
	test_deaths();
	disconnect();
}
