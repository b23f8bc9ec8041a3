// SPDX-License-Identifier: GPL-2.0-only
/*
 * A front end that means no good.  It connects disks and a network interface,
 * and then its rings say what must not be: indices that nobody can have, random
 * requests and pages, requests that change while they are looked at, grants of
 * all kinds.  The back end may stop the device, and must where the indices are
 * impossible; what only asks for nonsense is answered, each request once.  Then
 * the front end closes and connects again, as it may.  In the end the rings of
 * console and store have their turn.
 *
 * The kernel's command line may have seed=N and rounds=N.  That the rest of the
 * host does not notice is for the host to see.
 */
#include "hostile.h"

#include <xen/grant_table.h>
#include <xen/hvm/params.h>
#include <xen/io/blkif.h>
#include <xen/io/console.h>

#define xen_mb()	__sync_synchronize()
#define xen_rmb()	__sync_synchronize()
#define xen_wmb()	__sync_synchronize()
#include <xen/io/netif.h>
#include <xen/io/xs_wire.h>

#include "store.h"

#define BURSTS		8
#define A_FEW_LOOKS	20

enum outcome {
	ANY,
	LIVES,
	STOPS,
};

/* The ring that an attack is on, and how far we are in it. */
struct target {
	struct ring_page *page;
	const struct ring_kind *kind;
	bool answered;		/* requests are answered without our doing more */
	u32 prod;
};

struct attack {
	const char *name;
	void (*run)(const struct device *dev, struct target *t);
	enum outcome disk, net;
};

static const struct device devices[] = {
	{ "disk", "device/vbd/51712", false },
	{ "read-only-disk", "device/vbd/51728", false },
	{ "network", "device/vif/0", true },
};

static struct sweep sweep;
static u32 nr_stopped, nr_answered, rounds = 2;
static bool has_second;

/* --- requests --- */

static void show(struct target *t)
{
	__sync_synchronize();	/* requests, then the index */
	WRITE_ONCE(t->page->req_prod, t->prod);
	__sync_synchronize();	/* the index, then the event */
	link_kick();
}

static void ask_sane(const struct device *dev, struct target *t)
{
	u8 *place = ring_place(t->page, t->kind, t->prod);

	memset(place, 0, t->kind->size);
	if (dev->is_net) {
		*(struct netif_tx_request *)place = (struct netif_tx_request){
			.gref = REF_DATA,
			.size = 60,
		};
	} else {
		*(struct blkif_request *)place = (struct blkif_request){
			.operation = BLKIF_OP_READ,
			.nr_segments = 1,
			.seg[0] = { .gref = REF_DATA },
		};
	}
	t->prod++;
	show(t);
}

/* As many as fit, or fewer; the sum of a disk's ids. */
static u64 ask_nonsense(struct target *t)
{
	u32 n, used = 0;
	u64 sum = 0;

	do {
		n = t->kind->make(t->page, t->prod, t->kind->nr - used);
		if (t->kind == &blk_kind)
			sum += ((struct blkif_request *)ring_place(t->page,
				t->kind, t->prod))->id;
		t->prod += n;
		used += n;
	} while (used < t->kind->nr && below(40));
	show(t);
	return sum;
}

static bool is_stopped(void)
{
	return link_back_state() == XenbusStateClosing;
}

/* False: the device was stopped, or they are not answered. */
static bool wait_answers(const struct target *t, u32 looks)
{
	u32 i;

	for (i = 0; i < looks; i++) {
		if (READ_ONCE(t->page->rsp_prod) == t->prod) {
			nr_answered++;
			return true;
		}
		if (is_stopped())
			return false;
	}
	return false;
}

static u64 answered_sum(const struct target *t, u32 from)
{
	u64 sum = 0;

	for (; from != t->prod; from++)
		sum += ((struct blkif_response *)ring_place(t->page, t->kind,
							    from))->id;
	return sum;
}

/* --- attacks --- */

static void nonsense(const struct device *dev, struct target *t)
{
	u32 i, from;
	u64 sum;

	(void)dev;
	for (i = 0; i < BURSTS; i++) {
		from = t->prod;
		fill_pages();
		sum = ask_nonsense(t);
		/* Of what it receives only the host knows when. */
		if (!t->answered)
			return;
		if (!wait_answers(t, LOOKS))
			return sweep_fail(&sweep, "%u of %u answered",
					  t->page->rsp_prod, t->prod);
		if (t->kind == &blk_kind && answered_sum(t, from) != sum)
			sweep_fail(&sweep, "other ids in the answers");
	}
}

static void index_ahead(const struct device *dev, struct target *t)
{
	(void)dev;
	t->prod = t->page->rsp_prod + t->kind->nr + 1 +
		  (below(2) ? below(4) : below(1u << 31));
	show(t);
}

static void index_back(const struct device *dev, struct target *t)
{
	ask_sane(dev, t);
	if (!wait_answers(t, LOOKS))
		sweep_fail(&sweep, "not served before");
	t->prod -= 1 + below(t->kind->nr);
	show(t);
}

static u32 any_index(const struct target *t)
{
	switch (below(3)) {
	case 0:
		return (u32)roll(&dice);
	case 1:
		return t->prod + below(8) - 4;
	default:
		return t->prod + below(t->kind->nr + 2);
	}
}

static void indices(const struct device *dev, struct target *t)
{
	u32 *words = (u32 *)t->page, i;

	(void)dev;
	for (i = 0; i < 8 * BURSTS; i++) {
		WRITE_ONCE(words[below(4)], any_index(t));
		link_kick();
		if (i % BURSTS == 0 && is_stopped())
			return;
	}
}

static void whole_page(const struct device *dev, struct target *t)
{
	u32 *words = (u32 *)t->page, i, j;

	(void)dev;
	for (i = 0; i < BURSTS && !is_stopped(); i++) {
		for (j = 4; j < 1024; j++)
			WRITE_ONCE(words[j], (u32)roll(&dice));
		/* Some that the back end will look at, the first time. */
		t->prod += i ? (u32)roll(&dice) : t->kind->nr;
		show(t);
	}
}

/* The back end's own index of answers is in memory that we can write to. */
static void answers_overwritten(const struct device *dev, struct target *t)
{
	u32 i;

	(void)dev;
	for (i = 0; i < BURSTS && !is_stopped(); i++) {
		ask_nonsense(t);
		WRITE_ONCE(t->page->rsp_prod, any_index(t));
		memset(t->page->entries, (int)roll(&dice), 2048);
		WRITE_ONCE(t->page->rsp_event, any_index(t));
		link_kick();
	}
}

static void race(struct target *t, bool with_indices)
{
	u32 i;

	second_scribble(t->page, with_indices);
	for (i = 0; i < BURSTS; i++) {
		fill_pages();
		ask_nonsense(t);
		if (!t->answered ||
		    !wait_answers(t, with_indices ? A_FEW_LOOKS : LOOKS))
			break;
	}
	second_scribble(NULL, false);
}

static void changing_requests(const struct device *dev, struct target *t)
{
	(void)dev;
	race(t, false);
}

static void changing_indices(const struct device *dev, struct target *t)
{
	(void)dev;
	race(t, true);
}

static void own_page_as_data(const struct device *dev, struct target *t)
{
	u32 i;

	(void)dev;
	self_is_data = true;
	for (i = 0; i < BURSTS; i++) {
		fill_pages();
		ask_nonsense(t);
		if (!wait_answers(t, A_FEW_LOOKS))
			break;
	}
	self_is_data = false;
}

static void changing_grants(const struct device *dev, struct target *t)
{
	u32 i, j;

	(void)dev;
	for (i = 0; i < BURSTS; i++) {
		ask_nonsense(t);
		for (j = 0; j < 64; j++)
			change_grant(&dice);
		if (!t->answered)
			return;
		if (!wait_answers(t, LOOKS))
			return sweep_fail(&sweep, "%u of %u answered",
					  t->page->rsp_prod, t->prod);
	}
}

/* Ports that are ours and others, and nothing new in any ring. */
static void events(const struct device *dev, struct target *t)
{
	u32 i;

	for (i = 0; i < 100 * BURSTS; i++) {
		if (below(2))
			link_kick();
		else
			evtchn_send(below(64));
	}
	ask_sane(dev, t);
	if (!wait_answers(t, LOOKS))
		sweep_fail(&sweep, "not served after events");
}

static void leave(const struct device *dev, struct target *t)
{
	static const char *const states[] = { "1", "6", "x", "99", "", "-1" };
	const char *state = states[below(ARRAY_SIZE(states))];
	u32 i;

	(void)dev;
	ask_nonsense(t);
	link_node("state", state);
	if (*state != '1')
		return;
	for (i = 0; i < LOOKS; i++)
		if (link_back_state() == XenbusStateInitWait)
			return;
	sweep_fail(&sweep, "no offer");
}

static const struct attack attacks[] = {
	{ "nonsense", nonsense, LIVES, LIVES },
	{ "index ahead", index_ahead, STOPS, STOPS },
	{ "index back", index_back, STOPS, STOPS },
	{ "indices", indices, ANY, ANY },
	{ "whole page", whole_page, ANY, ANY },
	{ "answers overwritten", answers_overwritten, ANY, ANY },
	{ "changing requests", changing_requests, LIVES, ANY },
	{ "changing indices", changing_indices, ANY, ANY },
	{ "changing grants", changing_grants, LIVES, LIVES },
	{ "own page as data", own_page_as_data, ANY, ANY },
	{ "events", events, LIVES, LIVES },
	{ "leave", leave, ANY, ANY },
};

/* --- nodes that cannot be --- */

struct bad_node {
	const char *node, *text;
};

static const struct bad_node bad_disk_nodes[] = {
	{ "ring-ref", "x" }, { "ring-ref", "4294967295" },
	{ "ring-ref", "99999999999" }, { "ring-ref", "-1" },
	{ "ring-ref", "10" }, { "ring-ref", "40" }, { "ring-ref", "41" },
	{ "ring-ref", "45" }, { "event-channel", "0" },
	{ "event-channel", "1" }, { "event-channel", "99999" },
	{ "event-channel", "" }, { "multi-queue-num-queues", "0" },
	{ "multi-queue-num-queues", "5" }, { "multi-queue-num-queues", "2" },
	{ "protocol", "z80-abi" },
};

static const struct bad_node bad_net_nodes[] = {
	{ "tx-ring-ref", "x" }, { "rx-ring-ref", "4294967295" },
	{ "tx-ring-ref", "10" }, { "rx-ring-ref", "40" },
	{ "rx-ring-ref", "45" }, { "event-channel", "0" },
	{ "event-channel", "1" }, { "event-channel", "99999" },
	{ "request-rx-copy", "0" }, { "feature-rx-notify", "0" },
};

/* --- one connection --- */

static struct target pick_target(const struct device *dev, bool second_ring)
{
	if (!dev->is_net)
		return (struct target){ &rings[0], &blk_kind, true, 0 };
	if (second_ring)
		return (struct target){ &rings[1], &rx_kind, false, 0 };
	return (struct target){ &rings[0], &tx_kind, true, 0 };
}

static void end_connection(const char *what, bool politely)
{
	if (!link_end(politely))
		sweep_fail(&sweep, "%s: not closed", what);
	else if (!link_is_let_go())
		sweep_fail(&sweep, "%s: a ring is still in use", what);
}

/* Given time, since it says so after it has seen the ring. */
static bool comes_to_stop(void)
{
	u32 i;

	for (i = 0; i < LOOKS; i++)
		if (is_stopped())
			return true;
	return false;
}

static void judge(const char *what, enum outcome expected)
{
	bool stopped = expected == STOPS ? comes_to_stop() : is_stopped();

	nr_stopped += stopped;
	if (stopped ? expected == LIVES : expected == STOPS)
		sweep_fail(&sweep, "%s: %s", what,
			   stopped ? "stopped" : "not stopped");
}

static bool connect(const struct device *dev, const char *what)
{
	u32 state;

	sweep.checked++;
	if (!link_begin(dev)) {
		sweep_fail(&sweep, "%s: it does not wait", what);
		return false;
	}
	state = link_go();
	if (state != XenbusStateConnected)
		sweep_fail(&sweep, "%s: state %u", what, state);
	return state == XenbusStateConnected;
}

static void attack_once(const struct device *dev, const struct attack *a,
			u32 round)
{
	const bool sane_first = a->run == index_back || a->run == events;
	struct target t = pick_target(dev, round % 2 && !sane_first);

	if (connect(dev, a->name)) {
		a->run(dev, &t);
		if (a->run != leave)
			judge(a->name, dev->is_net ? a->net : a->disk);
	}
	end_connection(a->name, round % 3 && !is_stopped());
}

static void connect_badly(const struct device *dev, const struct bad_node *bad)
{
	sweep.checked++;
	if (!link_begin(dev)) {
		sweep_fail(&sweep, "%s %s: it does not wait", bad->node,
			   bad->text);
		return;
	}
	link_node(bad->node, bad->text);
	link_go();
	judge(bad->node, STOPS);
	end_connection(bad->node, false);
}

/* As if nothing had been. */
static void check_served(const struct device *dev)
{
	struct target t = pick_target(dev, false);

	if (!connect(dev, "in the end"))
		return;
	ask_sane(dev, &t);
	if (!wait_answers(&t, LOOKS))
		sweep_fail(&sweep, "not served in the end");
	end_connection("in the end", true);
}

static void attack_device(const struct device *dev)
{
	const struct bad_node *bad = dev->is_net ? bad_net_nodes :
						   bad_disk_nodes;
	u32 i, nr_bad = dev->is_net ? ARRAY_SIZE(bad_net_nodes) :
				      ARRAY_SIZE(bad_disk_nodes);
	u32 round;

	sweep = (struct sweep){ .name = dev->name };
	nr_stopped = 0;
	nr_answered = 0;
	for (round = 0; round < rounds; round++)
		for (i = 0; i < ARRAY_SIZE(attacks); i++)
			attack_once(dev, &attacks[i], round);
	for (i = 0; i < nr_bad; i++)
		connect_badly(dev, &bad[i]);
	check_served(dev);
	print("%s: %u connections, %u stopped, %u bursts answered\n",
	      dev->name, sweep.checked, nr_stopped, nr_answered);
	sweep_end(&sweep);
}

/* --- console and store --- */

/* Bytes first; then indices that may be, and such as cannot. */
static void spoil_bytes(u8 *bytes, u32 n, u32 *index, u32 port)
{
	u32 i, j;

	for (i = 0; i < 4 * BURSTS; i++) {
		for (j = 0; j < n; j++)
			WRITE_ONCE(bytes[j], (u8)(roll(&dice) >> 24));
		__sync_synchronize();	/* bytes, then the index */
		WRITE_ONCE(*index, READ_ONCE(*index) +
			   (below(2) ? below(n) : (u32)roll(&dice)));
		evtchn_send(port);
		for (j = 0; j < 100; j++)
			hypercall2(__HYPERVISOR_sched_op, SCHEDOP_yield, 0);
	}
}

static void spoil_console(struct xencons_interface *r)
{
	u32 *words[] = { &r->in_cons, &r->in_prod, &r->out_cons, &r->out_prod };
	u32 i;

	for (i = 0; i < BURSTS; i++)
		spoil_bytes((u8 *)r->out, sizeof(r->out), words[below(4)],
			    console_port);
}

static void spoil_store(void)
{
	struct xenstore_domain_interface *r;
	u64 gfn = 0, port = 0;
	u32 i;

	hvm_get_param(HVM_PARAM_STORE_PFN, &gfn);
	hvm_get_param(HVM_PARAM_STORE_EVTCHN, &port);
	r = (void *)(gfn << 12);
	for (i = 0; i < BURSTS; i++) {
		u32 *words[] = { &r->req_cons, &r->req_prod, &r->rsp_cons,
				 &r->rsp_prod };

		spoil_bytes((u8 *)r->req, sizeof(r->req), words[below(4)],
			    (u32)port);
	}
}

/* --- the whole --- */

static u64 number_of(const char *line, const char *key, u64 absent)
{
	const size_t n = strlen(key);
	u64 value = 0;

	for (; line && *line; line++) {
		if (memcmp(line, key, n))
			continue;
		for (line += n; *line >= '0' && *line <= '9'; line++)
			value = value * 10 + (u64)(*line - '0');
		return value;
	}
	return absent;
}

static void read_command_line(void)
{
	const char *line = (const char *)start_info()->cmdline_paddr;

	rounds = (u32)number_of(line, "rounds=", rounds);
	dice.seed ^= number_of(line, "seed=", 0) * 0x9e3779b97f4a7c15;
	print("seed %lx, %u rounds\n", dice.seed, rounds);
}

void test_main(void)
{
	struct xencons_interface *console;
	u32 i;

	if (!need_xen())
		return;
	read_command_line();
	hcheck_init();
	check("events", xen_init_events());
	if (!check("store", store_init()))
		return;
	has_second = second_start();
	print("second vCPU: %s\n", has_second ? "yes" : "no");
	for (i = 0; i < ARRAY_SIZE(devices); i++)
		attack_device(&devices[i]);
	console_drain(2000);
	/* What is said from here on is in the hypervisor's log. */
	console = console_ring;
	console_ring = NULL;
	print("spoils\n");
	spoil_store();
	if (console)
		spoil_console(console);
}
