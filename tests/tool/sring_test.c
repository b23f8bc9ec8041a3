// SPDX-License-Identifier: GPL-2.0-only
/*
 * Request rings over an I/O table: a guest, a table and a holder that take
 * turns at random, where the holder dies before and after each call that it
 * makes; then guests that keep no rule.  sring_test layouts prints the tables
 * of fields, for a comparison with Xen's headers.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io_model.h"
#include "lib/sring.h"
#include "sring_front.h"

#define MAX_BATCH	8
#define MAX_PARTS	3	/* places of the ring that one entry takes */

/* What the table keeps for the answer. */
struct opaque {
	uint32_t nr;
	uint32_t id[MAX_PARTS];
};

_Static_assert(sizeof(struct opaque) <= IO_OPAQUE_BYTES, "it fits");

static _Alignas(SRING_PAGE_BYTES) uint8_t pages[16 * SRING_PAGE_BYTES];
static int failed;

static void check(const char *name, const char *wrong)
{
	if (!wrong) {
		printf("ok %s\n", name);
		return;
	}
	printf("not ok %s: %s\n", name, wrong);
	failed = 1;
}

static const struct kind {
	const char *name;
	const struct sring_layout *layout;
	unsigned int nr_pages;
	uint32_t nr_entries;
	unsigned int id;
	unsigned int rsp_id;
} kinds[] = {
	{ "blk64", &sring_blk_x86_64, 1, 32, BLK_ID, BLK_RSP_ID },
	{ "blk32", &sring_blk_x86_32, 1, 32, BLK_ID, BLK_RSP_ID },
	{ "blk64_4_pages", &sring_blk_x86_64, 4, 128, BLK_ID, BLK_RSP_ID },
	{ "blk32_16_pages", &sring_blk_x86_32, 16, 512, BLK_ID, BLK_RSP_ID },
	{ "net_tx", &sring_net_tx, 1, 256, NET_TX_ID, NET_TX_RSP_ID },
	{ "net_rx", &sring_net_rx, 1, 256, NET_RX_ID, NET_RX_RSP_ID },
};

#define NR_KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* --- a world: guest, table, holder --- */

static struct {
	const struct kind *kind;
	struct front front;
	struct io_model model;
	struct sring ring;
	bool kick_front, kick_back;
	bool asked[SRING_MAX_ENTRIES], moved[SRING_MAX_ENTRIES];
	uint32_t nr_asked, nr_answered, nr_moved, nr_deaths;
	uint32_t window;	/* most requests that the guest has out */
	uint32_t wanted;	/* requests; then the guest asks for no more */
	bool mortal;
	bool hostile;
	jmp_buf death;
	const char *wrong;
	unsigned int seed;
} w;

static uint32_t any(uint32_t n)
{
	return (uint32_t)rand_r(&w.seed) % n;
}

static void must(bool good, const char *what)
{
	if (!good && !w.wrong)
		w.wrong = what;
}

static void moved(const uint8_t *bytes)
{
	struct opaque opaque;
	uint32_t i, id;

	memcpy(&opaque, bytes, sizeof(opaque));
	w.nr_moved++;
	for (i = 0; i < opaque.nr && !w.hostile; i++) {
		id = opaque.id[i] % SRING_MAX_ENTRIES;
		must(w.asked[id], "executed, and nobody asked");
		must(!w.moved[id], "executed twice");
		w.moved[id] = true;
	}
}

static void guest_asks(void)
{
	uint8_t request[SRING_MAX_REQUEST] = { 0 };
	uint32_t n = any(2) ? 1 : any(MAX_BATCH), id;

	while (n-- && front_has_room(&w.front) &&
	       w.nr_asked - w.nr_answered < w.window) {
		for (id = any(w.window); w.asked[id];)
			id = (id + 1) % w.window;
		w.asked[id] = true;
		w.moved[id] = false;
		w.nr_asked++;
		sring_put(w.kind->layout, request, w.kind->id, 0, id);
		front_put(&w.front, request);
	}
	if (front_push(&w.front))
		w.kick_back = true;
}

static void guest_hears(void)
{
	uint8_t response[SRING_MAX_REQUEST];
	uint32_t id;

	if (!w.kick_front)
		return;
	w.kick_front = false;
	do {
		while (front_get(&w.front, response)) {
			id = sring_get(w.kind->layout, response,
				       w.kind->rsp_id, 0) % SRING_MAX_ENTRIES;
			must(w.asked[id], "answered, and nobody asked");
			must(w.moved[id], "answered before it was executed");
			w.asked[id] = false;
			w.nr_answered++;
		}
	} while (front_sleep(&w.front));
}

/* What the guest and the files do between two steps of the holder. */
static void others(void)
{
	if (w.nr_asked < w.wanted && !any(3))
		guest_asks();
	if (!any(3))
		guest_hears();
	if (!any(3) && io_model_complete(&w.model, any(4)))
		w.kick_back = true;
}

static void on_step(void)
{
	if (w.hostile)
		return;
	others();
	if (w.mortal && !any(60))
		longjmp(w.death, 1);
}

/* --- the holder --- */

/* One entry of up to MAX_PARTS requests.  1, or what sring_fetch() said. */
static int make_request(struct io_request *r)
{
	uint32_t parts = 1 + any(MAX_PARTS), index;
	uint8_t copy[SRING_MAX_REQUEST];
	struct opaque opaque = { 0 };
	int ret = 1;

	memset(r, 0, sizeof(*r));
	while (opaque.nr < parts) {
		ret = sring_fetch(&w.ring, copy, &index);
		if (ret <= 0)
			break;
		opaque.id[opaque.nr++] = sring_get(w.kind->layout, copy,
						   w.kind->id, 0);
		r->ring_index = index + 1 - opaque.nr;
	}
	r->nr_indices = opaque.nr;
	r->operation = opaque.id[0] % 7 ? IO_WRITE : IO_NONE;
	memcpy(r->opaque, &opaque, sizeof(opaque));
	return opaque.nr && ret >= 0 ? 1 : ret;
}

static int take_requests(void)
{
	struct io_request requests[MAX_BATCH];
	uint32_t n = 0, wanted = 1 + any(MAX_BATCH);
	int ret = 1;

	while (n < wanted) {
		ret = make_request(&requests[n]);
		if (ret <= 0)
			break;
		n++;
	}
	if (ret < 0 || !n)
		return ret;
	ret = sring_submit(&w.ring, requests, n);
	return ret < 0 ? ret : ret == (int)n;
}

static int publish(void)
{
	int ret = sring_publish(&w.ring);

	if (ret > 0)
		w.kick_front = true;
	return ret < 0 ? ret : 0;
}

static int answer(uint32_t entry, const uint8_t *bytes)
{
	uint8_t responses[MAX_PARTS * SRING_MAX_REQUEST] = { 0 };
	const struct sring_layout *layout = w.kind->layout;
	struct opaque opaque;
	uint32_t i;

	memcpy(&opaque, bytes, sizeof(opaque));
	for (i = 0; i < opaque.nr; i++)
		sring_put(layout, responses + i * layout->response_size,
			  w.kind->rsp_id, 0, opaque.id[i]);
	return sring_answer(&w.ring, entry, responses);
}

static int answer_requests(void)
{
	struct io_entry entry;
	uint32_t i = any(2) ? 0 : any(w.kind->nr_entries);
	int ret;

	while ((ret = sring_next_done(&w.ring, &i, &entry)) == 1) {
		ret = answer(i, entry.opaque);
		if (!ret && !any(4))
			ret = publish();
		if (ret)
			return ret;
	}
	/* What is written may be published later, after other requests. */
	return ret || any(4) == 0 ? ret : publish();
}

static bool has_done(void)
{
	struct io_entry entry;
	uint32_t i = 0;

	return sring_next_done(&w.ring, &i, &entry) == 1;
}

/* As long as there is work; then asleep.  0 or -errno. */
static int serve(void)
{
	int ret, more;

	w.kick_back = false;
	do {
		do {
			more = take_requests();
			if (more < 0)
				return more;
			ret = answer_requests();
			if (ret)
				return ret;
		} while (more || has_done());
		ret = publish();
		if (ret)
			return ret;
		ret = sring_sleep(&w.ring);
	} while (ret > 0);
	return ret;
}

static int attach(void)
{
	const struct io_table table = io_model_table(&w.model);

	w.kick_back = true;
	w.kick_front = true;
	return sring_open(&w.ring, pages, w.kind->nr_pages, w.kind->layout,
			  &table);
}

/* --- honest guests --- */

static void init_world(const struct kind *kind, uint32_t start,
		       unsigned int seed)
{
	memset(&w, 0, sizeof(w));
	w.kind = kind;
	w.seed = seed;
	w.window = any(3) ? kind->nr_entries : 1 + any(kind->nr_entries);
	front_init(&w.front, pages, kind->nr_pages, kind->layout, start);
	io_model_init(&w.model, kind->nr_entries, start);
	w.model.moved = moved;
	w.model.step = on_step;
	if (!any(3))
		w.model.room = 1 + any(kind->nr_entries);
}

/* One life of a holder, or some of its wakings. */
static void live(bool *held)
{
	if (setjmp(w.death)) {
		w.nr_deaths++;
		*held = false;
		return;
	}
	if (!*held) {
		must(!attach(), "the ring could not be opened");
		*held = true;
	}
	if (w.kick_back)
		must(!serve(), "the holder was stopped");
}

static bool is_still(void)
{
	return !w.kick_front && !w.kick_back &&
	       !io_model_count(&w.model, IO_BUSY);
}

/* Until the guest asked for so many, and all is still. */
static void run_until(uint32_t wanted, bool *held)
{
	const bool mortal = w.mortal;
	uint32_t i;

	w.wanted = wanted;
	for (i = 0; i < 100 * wanted && !w.wrong; i++) {
		others();
		live(held);
		if (w.nr_asked < wanted)
			continue;
		if (!w.mortal && *held && is_still())
			break;
		/* Nobody is saved from an oversleep by the next holder. */
		w.mortal = false;
	}
	must(w.nr_answered == w.nr_asked, "somebody waits for ever");
	must(w.nr_asked >= wanted, "the guest got stuck");
	w.mortal = mortal;
}

static void run_world(uint32_t nr_requests)
{
	const bool mortal = w.mortal;
	bool held = false;

	while (w.nr_asked < nr_requests && !w.wrong)
		run_until(w.nr_asked + 1 + any(100), &held);
	must(!w.model.broken, w.model.broken);
	/* The last answers are out, and still in the table: for the next one. */
	w.mortal = false;
	must(io_model_count(&w.model, IO_DONE) == w.ring.nr_out &&
	     w.ring.nr_out == w.ring.nr_batch, "not all are out");
	must(attach() == 0, "the next holder");
	w.mortal = mortal;
	must(io_model_count(&w.model, IO_FREE) == w.kind->nr_entries,
	     "entries are left in the table");
}

static void honest(const struct kind *kind, bool mortal)
{
	static const uint32_t starts[] = { 0, 0xffffff80, 0x7fffffc0 };
	uint32_t deaths = 0;
	unsigned int seed;
	char name[64];

	for (seed = 1; seed <= 60 && !w.wrong; seed++) {
		init_world(kind, starts[seed % 3], seed);
		w.mortal = mortal;
		run_world(1500);
		deaths += w.nr_deaths;
	}
	must(!mortal || deaths > 1000, "hardly a death");
	snprintf(name, sizeof(name), "%s_%s", mortal ? "deaths" : "traffic",
		 kind->name);
	check(name, w.wrong);
	w.wrong = NULL;
}

/* --- shapes and arguments --- */

static void counts(void)
{
	const char *wrong = NULL;
	size_t i;

	for (i = 0; i < NR_KINDS; i++)
		if (sring_count(kinds[i].layout, kinds[i].nr_pages) !=
		    kinds[i].nr_entries)
			wrong = kinds[i].name;
	if (sring_count(&sring_blk_x86_64, 2) != 64 ||
	    sring_count(&sring_blk_x86_64, 8) != 256)
		wrong = "a disk of 2 or 8 pages";
	if (sring_count(&sring_blk_x86_64, 0) ||
	    sring_count(&sring_blk_x86_64, 3) ||
	    sring_count(&sring_blk_x86_64, 32) || sring_count(&sring_net_tx, 2))
		wrong = "a number of pages that there is not";
	check("count_of_entries", wrong);
}

static void wrong_calls(void)
{
	struct io_request requests[2] = { 0 };
	uint8_t copy[SRING_MAX_REQUEST] = { 0 };
	uint32_t index;

	init_world(&kinds[0], 0xffffffff, 1);
	w.hostile = true;	/* the test alone takes steps */
	w.model.room = w.kind->nr_entries;
	must(!attach(), "open");
	front_put(&w.front, copy);
	front_put(&w.front, copy);
	front_push(&w.front);
	must(sring_fetch(&w.ring, copy, &index) == 1 && index == 0xffffffff,
	     "first request");
	requests[0].ring_index = 0;
	requests[0].nr_indices = 1;
	requests[1].nr_indices = 1;
	must(sring_submit(&w.ring, requests, 1) == -EINVAL, "wrong index");
	must(sring_fetch(&w.ring, copy, &index) == 1 && index == 0xffffffff,
	     "fetched again");
	requests[0].ring_index = 0xffffffff;
	must(sring_submit(&w.ring, requests, 2) == -EINVAL, "not fetched");
	must(sring_fetch(&w.ring, copy, &index) == 1, "fetched once more");
	requests[0].nr_indices = 2;
	must(sring_submit(&w.ring, requests, 1) == -EINVAL, "one not fetched");
	must(sring_fetch(&w.ring, copy, &index) == 1, "fetched another time");
	requests[0].nr_indices = 0;
	must(sring_submit(&w.ring, requests, 1) == -EINVAL, "no request");
	must(sring_fetch(&w.ring, copy, &index) == 1, "fetched at last");
	requests[0].nr_indices = 1;
	requests[0].operation = IO_WRITE;
	must(sring_submit(&w.ring, requests, 1) == 1, "right index");
	must(sring_answer(&w.ring, 0, copy) == -EINVAL, "answer while busy");
	must(sring_answer(&w.ring, 1, copy) == -EINVAL, "answer a free entry");
	must(sring_answer(&w.ring, 32, copy) == -EINVAL, "answer beyond");
	must(sring_publish(&w.ring) == 0, "nothing to publish");
	io_model_complete(&w.model, 0);
	must(!sring_answer(&w.ring, 0, copy), "answer");
	must(sring_answer(&w.ring, 0, copy) == -EINVAL, "answer twice");
	must(sring_publish(&w.ring) == 1, "publish");
	must(sring_sleep(&w.ring) == 1, "the second request");
	check("wrong_calls", w.wrong);
}

/* --- guests that keep no rule --- */

/* The table says that responses stand up to here; the page says otherwise. */
static void spoilt_at_open(void)
{
	static const struct {
		uint32_t req, rsp;
		bool good;
	} cases[] = {
		{ 100, 100, true }, { 132, 100, true }, { 133, 100, false },
		{ 99, 100, false }, { 100, 99, false }, { 101, 101, false },
		{ 0, 100, false }, { 0x80000064, 100, false },
		{ 100, 0xffffffff, false },
	};
	size_t i;

	w.wrong = NULL;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]) && !w.wrong; i++) {
		init_world(&kinds[0], 100, 1);
		w.hostile = true;
		w.front.words[REQ_PROD] = cases[i].req;
		w.front.words[RSP_PROD] = cases[i].rsp;
		must(attach() == (cases[i].good ? 0 : -EPROTO),
		     "wrong verdict about indices at open");
		must(!w.ring.reason[0] == cases[i].good, "reason at open");
	}
	check("spoilt_indices_at_open", w.wrong);
}

static void spoilt_later(void)
{
	static const uint32_t bad[] = {
		33, 0x80000000, 0xffffffff, 0, 1,
	};
	uint8_t copy[SRING_MAX_REQUEST] = { 0 };
	struct io_request request = { .operation = IO_WRITE, .nr_indices = 1 };
	uint32_t index;
	size_t i;

	w.wrong = NULL;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]) && !w.wrong; i++) {
		init_world(&kinds[0], 0, 1);
		w.hostile = true;
		w.model.room = w.kind->nr_entries;
		must(!attach(), "open");
		w.front.words[REQ_PROD] = 2;
		must(sring_fetch(&w.ring, copy, &index) == 1, "first");
		must(sring_submit(&w.ring, &request, 1) == 1, "submit");
		must(sring_fetch(&w.ring, copy, &index) == 1, "second");
		w.front.words[REQ_PROD] = bad[i];
		must(sring_fetch(&w.ring, copy, &index) == -EPROTO, "fetch");
		must(w.ring.reason[0], "no reason");
		w.front.words[REQ_PROD] = 2;
		must(sring_submit(&w.ring, &request, 1) == -EPROTO &&
		     sring_answer(&w.ring, 0, copy) == -EPROTO &&
		     sring_publish(&w.ring) == -EPROTO &&
		     sring_sleep(&w.ring) == -EPROTO, "it goes on");
		must(sring_abandon(&w.ring) == 1, "one transfer goes on");
		io_model_complete(&w.model, 0);
		must(sring_abandon(&w.ring) == 0, "all retired");
		must(strstr(w.ring.reason, "request index"), "first reason");
	}
	check("spoilt_indices_later", w.wrong);
}

static void scribble(void)
{
	uint32_t nr_words = w.kind->nr_pages * SRING_PAGE_BYTES / 4;
	uint32_t near = w.ring.fetched + any(80) - 40;

	w.front.words[4 + any(nr_words - 4)] = (uint32_t)rand_r(&w.seed);
	if (!any(3))
		w.front.words[REQ_PROD] = w.ring.fetched + any(4);
	if (!any(150))
		w.front.words[any(4)] = near;
	if (!any(1500))
		w.front.words[any(4)] = (uint32_t)rand_r(&w.seed);
}

/*
 * Whatever it writes: the table's rules are kept, nothing beside the ring is
 * touched, and what is stopped says why.
 */
static void random_writes(const struct kind *kind)
{
	uint32_t stopped = 0, executed = 0, i;
	unsigned int seed;
	char name[64];

	w.wrong = NULL;
	for (seed = 1; seed <= 400 && !w.wrong; seed++) {
		init_world(kind, 0xffffffc0, seed);
		w.hostile = true;
		w.model.room = kind->nr_entries;
		for (i = 0; i < 300; i++) {
			if ((!i || !any(20)) && attach())
				break;
			scribble();
			if (take_requests() < 0 || answer_requests())
				break;
			io_model_complete(&w.model, any(8));
			scribble();
			if (sring_sleep(&w.ring) < 0)
				break;
		}
		stopped += w.ring.reason[0] != 0;
		executed += w.nr_moved;
		must(i == 300 || w.ring.reason[0], "stopped without a reason");
		must(!w.model.broken, w.model.broken);
	}
	must(stopped > 100 && stopped < 400, "all were stopped, or hardly one");
	must(executed > 10000, "hardly a request was executed");
	snprintf(name, sizeof(name), "hostile_%s", kind->name);
	check(name, w.wrong);
}

/* --- for the comparison with Xen's headers --- */

static void print_field(const char *name, const struct sring_layout *layout,
			unsigned int field)
{
	printf("%s %u\n", name, layout->fields[field].offset);
}

#define ROW(layout, field) print_field(#field, layout, field)

static void print_blk(const struct sring_layout *l)
{
	ROW(l, BLK_OPERATION);
	ROW(l, BLK_NR_SEGMENTS);
	ROW(l, BLK_HANDLE);
	ROW(l, BLK_ID);
	ROW(l, BLK_SECTOR);
	ROW(l, BLK_SEG_GRANT);
	ROW(l, BLK_SEG_FIRST);
	ROW(l, BLK_SEG_LAST);
	ROW(l, BLK_DISCARD_FLAG);
	ROW(l, BLK_DISCARD_SECTORS);
	ROW(l, BLK_INDIRECT_OPERATION);
	ROW(l, BLK_INDIRECT_NR_SEGMENTS);
	ROW(l, BLK_INDIRECT_HANDLE);
	ROW(l, BLK_INDIRECT_GRANT);
	ROW(l, BLK_RSP_ID);
	ROW(l, BLK_RSP_OPERATION);
	ROW(l, BLK_RSP_STATUS);
	printf("BLK_REQUEST %u\nBLK_RESPONSE %u\n", l->request_size,
	       l->response_size);
}

static void print_net(void)
{
	const struct sring_layout *l = &sring_net_tx;

	ROW(l, NET_TX_GRANT);
	ROW(l, NET_TX_OFFSET);
	ROW(l, NET_TX_FLAGS);
	ROW(l, NET_TX_ID);
	ROW(l, NET_TX_SIZE);
	ROW(l, NET_TX_EXTRA_TYPE);
	ROW(l, NET_TX_EXTRA_FLAGS);
	ROW(l, NET_TX_EXTRA_GSO_SIZE);
	ROW(l, NET_TX_EXTRA_GSO_TYPE);
	ROW(l, NET_TX_EXTRA_GSO_FEATURES);
	ROW(l, NET_TX_RSP_ID);
	ROW(l, NET_TX_RSP_STATUS);
	printf("NET_TX_REQUEST %u\nNET_TX_RESPONSE %u\n", l->request_size,
	       l->response_size);
	l = &sring_net_rx;
	ROW(l, NET_RX_ID);
	ROW(l, NET_RX_GRANT);
	ROW(l, NET_RX_RSP_ID);
	ROW(l, NET_RX_RSP_OFFSET);
	ROW(l, NET_RX_RSP_FLAGS);
	ROW(l, NET_RX_RSP_STATUS);
	ROW(l, NET_RX_EXTRA_TYPE);
	ROW(l, NET_RX_EXTRA_FLAGS);
	ROW(l, NET_RX_EXTRA_GSO_SIZE);
	ROW(l, NET_RX_EXTRA_GSO_TYPE);
	ROW(l, NET_RX_EXTRA_GSO_FEATURES);
	printf("NET_RX_REQUEST %u\nNET_RX_RESPONSE %u\n", l->request_size,
	       l->response_size);
}

static void fields(void)
{
	uint8_t copy[SRING_MAX_REQUEST] = { 0 };
	const char *wrong = NULL;

	sring_put(&sring_blk_x86_32, copy, BLK_SEG_GRANT, 10, 0x12345678);
	sring_put(&sring_blk_x86_32, copy, BLK_SEG_LAST, 10, 7);
	sring_put(&sring_blk_x86_32, copy, BLK_ID, 0, 0x0123456789abcdefull);
	if (sring_get(&sring_blk_x86_32, copy, BLK_SEG_GRANT, 10) !=
	    0x12345678 || copy[105] != 7 || copy[4] != 0xef || copy[11] != 1)
		wrong = "a field is elsewhere";
	memset(copy, 0xff, sizeof(copy));
	sring_put(&sring_blk_x86_64, copy, BLK_SEG_GRANT, 11, 0);
	sring_put(&sring_blk_x86_64, copy, NR_BLK_FIELDS, 0, 0);
	if (copy[111] != 0xff || copy[0] != 0xff ||
	    sring_get(&sring_blk_x86_64, copy, BLK_SEG_GRANT, 11) ||
	    sring_get(&sring_blk_x86_64, copy, BLK_ID, 1) ||
	    sring_get(&sring_blk_x86_64, copy, NR_BLK_FIELDS, 0))
		wrong = "a field that does not exist is one";
	check("fields", wrong);
}

int main(int argc, char **argv)
{
	size_t i;

	if (argc == 3 && !strcmp(argv[1], "layouts")) {
		print_blk(!strcmp(argv[2], "32") ? &sring_blk_x86_32 :
			  &sring_blk_x86_64);
		print_net();
		return 0;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	counts();
	fields();
	wrong_calls();
	spoilt_at_open();
	spoilt_later();
	for (i = 0; i < NR_KINDS; i++)
		random_writes(&kinds[i]);
	w.wrong = NULL;
	for (i = 0; i < NR_KINDS; i++) {
		honest(&kinds[i], false);
		honest(&kinds[i], true);
	}
	return failed;
}
