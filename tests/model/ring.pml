/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ring between a front end and a back end whose holder may be killed at
 * any step, the module's I/O table, and the successor's way back in.
 * docs/grant-io.md tells the protocol and the argument; this is the argument
 * made checkable, for an endless stream of requests.
 *
 * Each statement is a step at which the holder may die; what stands in atomic
 * is one call of the module, or one access of the front end that no other
 * access can split.  A variable whose name begins with g_ belongs to no
 * program: only the assertions look at it.
 *
 * Each of these names, when it is defined, puts in a mistake that the protocol
 * rules out; ring.test has spin find every one of them:
 * RETIRED_FIRST STATED_LATE KEPT_STATEMENTS REUSED_STATEMENT COUNT_LATE
 * COUNT_OF_HOLDER DROPPED_TABLE ENTRY_BY_SLOT ANSWERED_UNSUBMITTED UNMAP_LATE
 * LATE_STORE UNKICKED_BACK UNKICKED_FRONT UNCHECKED_SLEEP RETIRED_LATE
 */

#define N	2		/* entries of the ring, and of the table */
#define M	(2 * N)		/* an index wraps to 0 here */
#define NOT	255		/* no response index is stated */

#define FREE	0		/* states of an entry of the table */
#define BUSY	1
#define DONE	2

/*
 * What makes a search smaller.  COARSE: the holder dies between groups of
 * steps only.  ALWAYS_TOLD: no notification is suppressed.  ALL_MOVE: no
 * request is for nothing.
 */
#ifdef COARSE
#define GROUP	atomic
#else
#define GROUP
#endif

#define inc(x)		x = (x + 1) % M
#define behind(a, b)	(((b) + M - (a)) % M)	/* how far a is behind b */
#define below(a, b)	(behind(a, b) >= 1 && behind(a, b) <= N)

/* --- the shared page --- */

typedef cell {
	bool is_response;
	byte id;
	bool nothing;		/* a request for which nothing is to be moved */
};

cell slot[N];
byte req_prod, rsp_prod;
byte req_event = 1, rsp_event = 1;

/* --- event channels: levels, as the module keeps them --- */

bool kick_front, kick_back;

/* A push from one index to another: is the far end to be told? */
inline tell(event, from, to, kick)
{
#ifdef ALWAYS_TOLD
	kick = true
#else
	if
	:: behind(event, to) < behind(from, to) -> kick = true
	:: else
	fi
#endif
}

/* --- the module --- */

typedef entry {
	byte state;
	byte id;		/* the opaque bytes: what the answer needs */
	byte said;		/* response index that was stated, or NOT */
};

entry table[N];
byte submitted;			/* index of the next request it will take */

typedef transfer {
	bool flies;		/* submitted to the file, has not ended */
	byte id;
};

transfer io[N];			/* the file's view; it knows no holder */

/* --- the holder, and who ends it --- */

bool killed;
bool calm;			/* nobody is killed any more */

#ifdef LATE_STORE
bool late;			/* a store of the dead holder is still to come */
byte late_value;
#endif

/* --- what the assertions know, by id --- */

bool g_asked[N], g_moved[N], g_granted[N];

/* --- the front end --- */

byte rsp_cons;

inline produce()
{
	/* Free ids are all alike, so which one it takes makes no difference. */
	id = (!g_asked[0] -> 0 : N - 1);
	g_asked[id] = true;
	g_moved[id] = false;
	slot[prod % N].is_response = false;
	slot[prod % N].id = id;
	if
	:: slot[prod % N].nothing = false
#ifndef ALL_MOVE
	:: slot[prod % N].nothing = true
#endif
	fi;
	id = 0;
	inc(prod)
}

inline consume()
{
	d_step {
		id = slot[rsp_cons % N].id;
		/* Each request is answered once, when it was executed. */
		assert(slot[rsp_cons % N].is_response);
		assert(g_asked[id]);
		assert(g_moved[id]);
		/* What Linux calls "grant still in use by backend". */
		assert(!g_granted[id]);
		g_asked[id] = false;
		slot[rsp_cons % N].is_response = false;
		slot[rsp_cons % N].id = 0;
		id = 0;
		inc(rsp_cons)
	}
}

#define ROOM		(behind(rsp_cons, prod) < N && \
			 (!g_asked[0] || !g_asked[N - 1]))
#define OUTSTANDING	(rsp_cons != prod)

proctype front()
{
	byte id, prod, pushed;

	do
	:: rsp_cons != rsp_prod ->
		consume()
	:: atomic {
		rsp_cons == rsp_prod && ROOM ->
			produce();
			if
			:: ROOM -> produce()
			:: true
			fi;
			pushed = req_prod;
			req_prod = prod
	   }
		tell(req_event, pushed, prod, kick_back);
		pushed = 0
	:: rsp_cons == rsp_prod && OUTSTANDING ->
#ifndef ALWAYS_TOLD
		rsp_event = (rsp_cons + 1) % M;
#endif
		if
		:: rsp_cons != rsp_prod
		:: else ->
			atomic { kick_front -> kick_front = false }
		fi
	od
}

/* --- the file: each transfer takes its time, whoever lives --- */

proctype file(byte e)
{
	do
	:: GROUP {
		io[e].flies ->
			d_step {
				/* The table names it, and it is not done yet. */
				assert(table[e].state == BUSY);
				assert(table[e].id == io[e].id);
				assert(g_asked[io[e].id]);
				assert(!g_moved[io[e].id]);
				g_moved[io[e].id] = true
			}
#ifndef UNMAP_LATE
			g_granted[io[e].id] = false;
#endif
			d_step {
				io[e].flies = false;
				io[e].id = 0;
				table[e].state = DONE;
				kick_back = true
			}
	   }
	od
}

/* --- calls of the module: one atomic step each --- */

/* The entry's place was chosen: e.  The request's copy: id, nothing. */
inline enter_into_table()
{
	assert(table[e].state == FREE);
#ifndef REUSED_STATEMENT
	assert(table[e].said == NOT);
#endif
	table[e].id = id;
	if
	:: nothing ->
		table[e].state = DONE;
		/* A request for nothing is done by being taken. */
		assert(g_asked[id] && !g_moved[id]);
		g_moved[id] = true
	:: else ->
		table[e].state = BUSY;
		g_granted[id] = true;
		io[e].id = id;
		io[e].flies = true
	fi
}

inline choose_entry()
{
#ifdef ENTRY_BY_SLOT
	e = cons % N
#else
	if
	:: table[0].state == FREE -> e = 0
	:: table[0].state != FREE && table[N - 1].state == FREE -> e = N - 1
	fi
#endif
}

inline submit()
{
#ifdef COUNT_LATE
	atomic { choose_entry(); enter_into_table() }
	atomic { assert(cons == submitted); inc(submitted) }
#else
	atomic {
#ifdef COUNT_OF_HOLDER
		submitted = cons;
#endif
		assert(cons == submitted);
		choose_entry();
		enter_into_table();
		inc(submitted)
	}
#endif
	d_step {
#ifndef COUNT_OF_HOLDER
		/* Nobody looks at it again, so spin need not tell them apart. */
		slot[cons % N].id = 0;
		slot[cons % N].nothing = false;
#endif
		inc(cons); id = 0; e = 0; nothing = false
	}
}

inline retire(x)
{
	d_step {
		out = out & ~(1 << x);
#ifdef UNMAP_LATE
		g_granted[table[x].id] = false;
#endif
		assert(table[x].state == DONE);
		table[x].state = FREE;
		table[x].id = 0;
#ifndef REUSED_STATEMENT
		table[x].said = NOT
#endif
	}
}

/* --- the back end --- */

#define is_published(x)	(table[x].said != NOT && \
			 below(table[x].said, published))
#define unanswered(x)	(table[x].state != FREE && !is_published(x) -> 1 : 0)

#ifdef KEPT_STATEMENTS
#define is_stated(x)	(table[x].state != FREE && is_published(x))
#else
#define is_stated(x)	(table[x].state != FREE && table[x].said != NOT)
#endif

/* Out already: done with.  Else nothing is known of it but its result. */
inline settle(x)
{
	if
	:: below(table[x].said, published) -> retire(x)
	:: else -> table[x].said = NOT
	fi
}

inline take_over()
{
	GROUP {
		d_step {
			published = rsp_prod;
#ifdef COUNT_OF_HOLDER
			/* As back ends do that have the ring and no more. */
			cons = published;
#else
			cons = submitted;
#endif
#ifndef TRUSTING
			/* The table tells where the responses must stand. */
			assert(behind(published, cons) ==
			       unanswered(0) + unanswered(N - 1));
#endif
			rsp = published
		}
		do
		:: is_stated(0) -> settle(0)
		:: is_stated(N - 1) -> settle(N - 1)
		:: !is_stated(0) && !is_stated(N - 1) -> break
		od;
		published = 0
	}
}

inline fetch()
{
	d_step {
		/* It stands intact until it is submitted. */
		assert(!slot[cons % N].is_response);
		id = slot[cons % N].id;
		nothing = slot[cons % N].nothing
	}
}

/* Is a page held of a request that one of the responses from..to answers? */
#define granted_at(x, from, to)	\
	(behind(from, x) < behind(from, to) && g_granted[slot[(x) % N].id])
#define granted_in(from, to)	\
	(granted_at(from, from, to) || granted_at((from + 1) % M, from, to) || \
	 granted_at((from + N - 1) % M, from, to))

inline publish()
{
#ifdef LATE_STORE
	d_step { late_value = rsp; late = true }
#endif
	d_step {
		published = rsp_prod;
		/* Responses never pass the submitted count. */
		assert(behind(rsp, submitted) <= N);
		/* No response goes out whose pages are still held. */
		assert(!granted_in(published, rsp));
		rsp_prod = rsp;
#ifdef LATE_STORE
		late = false;
		late_value = 0
#endif
	}
	tell(rsp_event, published, rsp, kick_front);
	published = 0
}

#ifdef ANSWERED_UNSUBMITTED
/* A request for nothing needs no I/O: so why should it be submitted? */
inline answer_at_once()
{
	d_step {
		g_moved[id] = true;
		slot[rsp % N].is_response = true;
		slot[rsp % N].id = id;
		inc(rsp)
	}
	publish();
	atomic { inc(submitted) }
	d_step { inc(cons); id = 0; nothing = false }
}
#endif

/* Entries whose answers are written; and whose answers are published. */
#define in_batch(x)	((batch >> (x)) & 1)
#define is_out(x)	((out >> (x)) & 1)

inline retire_out()
{
	do
	:: is_out(0) -> retire(0)
	:: is_out(N - 1) -> retire(N - 1)
	:: !out -> break
	od
}

/* In the same call as the submission, and before it. */
inline retire_before()
{
#ifdef RETIRED_LATE
	/* One of them may wait for another time. */
	if
	:: is_out(N - 1) -> retire(N - 1)
	:: else -> retire_out()
	fi
#else
	retire_out()
#endif
}

inline take_requests()
{
	do
	:: cons != req_prod ->
		assert(behind(rsp, req_prod) <= N);
		GROUP {
			fetch();
			retire_before();
#ifdef ANSWERED_UNSUBMITTED
			if
			:: nothing -> answer_at_once()
			:: else -> submit()
			fi
#else
			submit()
#endif
		}
	:: else -> break
	od
}

inline end_batch()
{
#ifdef RETIRED_FIRST
	atomic { out = out | batch; batch = 0 }
	GROUP { retire_out() }
	publish()
#else
	publish();
#ifdef STATED_LATE
	do
	:: in_batch(0) && said_of[0] != NOT ->
		d_step { table[0].said = said_of[0]; said_of[0] = NOT }
	:: in_batch(N - 1) && said_of[N - 1] != NOT ->
		d_step {
			table[N - 1].said = said_of[N - 1];
			said_of[N - 1] = NOT
		}
	:: else -> break
	od;
#endif
	atomic { out = out | batch; batch = 0 }
#endif
}

inline answer(x)
{
	GROUP {
#ifdef STATED_LATE
		said_of[x] = rsp;
#else
		table[x].said = rsp;
#endif
		d_step {
			slot[rsp % N].is_response = true;
			slot[rsp % N].id = table[x].id;
			slot[rsp % N].nothing = false;
			batch = batch | (1 << x);
			inc(rsp)
		}
	}
}

#define is_answerable(x)	(table[x].state == DONE && !in_batch(x) && \
				 !is_out(x))

/* In any order, and in as many batches as it likes. */
inline answer_requests()
{
	do
	:: is_answerable(0) -> answer(0)
	:: is_answerable(N - 1) -> answer(N - 1)
	:: batch -> end_batch()
	:: !batch && !is_answerable(0) && !is_answerable(N - 1) -> break
	od
}

inline serve()
{
	do
	:: atomic { kick_back -> kick_back = false }
again:
		take_requests();
		answer_requests();
		/* Say from where on to be told, and look once more. */
#ifndef ALWAYS_TOLD
		req_event = (cons + 1) % M;
#endif
#ifndef UNCHECKED_SLEEP
		if
		:: cons != req_prod -> goto again
		:: else
		fi
#endif
	od
}

/* The module's part in the change of holders: DEATH and ATTACH. */
inline change_holder()
{
	d_step {
		killed = false;
#ifdef DROPPED_TABLE
		table[0].state = FREE;
		table[0].said = NOT;
		table[N - 1].state = FREE;
		table[N - 1].said = NOT;
#endif
#ifndef UNKICKED_BACK
		kick_back = true;
#endif
#ifndef UNKICKED_FRONT
		kick_front = true;
#endif
		e = 0; cons = 0; rsp = 0; published = 0; batch = 0;
		out = 0; id = 0; nothing = false
	}
}

proctype back()
{
	byte e, cons, rsp, published, batch, out, id;
	bool nothing;
#ifdef STATED_LATE
	byte said_of[N];
#endif

holder:
	{
		take_over();
		serve()
	} unless {
		killed
	}
	change_holder();
	goto holder
}

/* As often as it likes, at any step; at some time perhaps no more. */
proctype killer()
{
	do
	:: !killed ->
		killed = true
	:: calm = true; break
	od
}

#ifdef LATE_STORE
/* The store of a holder that lost the slot, if its mapping stayed. */
proctype ghost()
{
	byte value;

	do
	:: atomic { late && killed -> value = late_value; late = false }
		rsp_prod = value;
		value = 0
	od
}
#endif

init {
	atomic {
		table[0].said = NOT;
		table[N - 1].said = NOT;
		run file(0);
		run file(N - 1);
		run back();
		run front();
#ifdef LATE_STORE
		run ghost();
#endif
		run killer()
	}
}

/* --- progress: when nobody is killed any more, all are answered --- */

ltl first_id { [] ((calm && g_asked[0]) -> <> !g_asked[0]) }
ltl last_id { [] ((calm && g_asked[N - 1]) -> <> !g_asked[N - 1]) }
