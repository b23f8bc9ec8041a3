// SPDX-License-Identifier: GPL-2.0-only
/*
 * The front end of backend/entropy.c: finds it in the store, shares a ring with
 * it, and asks for random bytes, also for what makes no sense.  The host kills
 * the back end meanwhile; each request must be answered once all the same.
 */
#include "hcheck.h"

#include <xen/grant_table.h>
#include <xen/io/xenbus.h>

#include "front.h"
#include "store.h"

#define GFN_GRANT	(GFN_HOLE + 8)
#define REF_RING	8
#define REF_DATA	9
#define NR_DATA		16
#define PLACES		128u
#define REQUESTS	4000u
#define FRONT		"device/entropy/0"

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
static u32 port, req_prod, rsp_cons;

static void connect(void)
{
	u32 i;

	check("a back end and grants", front_init(FRONT, GFN_GRANT));
	check("it waits", front_wait(XenbusStateInitWait));
	front_grant(REF_RING, &ring);
	for (i = 0; i < NR_DATA; i++)
		front_grant(REF_DATA + i, data[i]);
	check_hcall("port", evtchn_alloc_unbound(DOMID_SELF, 0, &port), 0);
	evtchn_set_mask(port, false);
	ring.req_event = 1;
	ring.rsp_event = 1;
	check("nodes", front_put("ring-ref", REF_RING) &&
	      front_put("event-channel", port) &&
	      front_put("state", XenbusStateInitialised));
	check("connected", front_wait(XenbusStateConnected));
	check("so are we", front_put("state", XenbusStateConnected));
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
	check("closing", front_put("state", XenbusStateClosing));
	check("it closes", front_wait(XenbusStateClosing));
	check("closed", front_put("state", XenbusStateClosed));
	check("it has closed", front_wait(XenbusStateClosed));
	check_eq("the ring's grant is free", front_grant_flags(REF_RING),
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
