// SPDX-License-Identifier: GPL-2.0-only
/*
 * A model of the module's I/O table.  See io_model.h.
 */
#include "io_model.h"

#include <errno.h>
#include <string.h>

static void step(struct io_model *m)
{
	if (m->step)
		m->step();
}

static void rule(struct io_model *m, bool kept, const char *what)
{
	if (!kept && !m->broken)
		m->broken = what;
}

static uint32_t count(struct io_model *m, enum io_state state)
{
	uint32_t i, n = 0;

	for (i = 0; i < m->nr_entries; i++)
		n += m->entries[i].state == state;
	return n;
}

static uint32_t get_submitted(void *table)
{
	struct io_model *m = table;
	uint32_t submitted;

	step(m);
	pthread_mutex_lock(&m->lock);
	submitted = m->submitted;
	pthread_mutex_unlock(&m->lock);
	return submitted;
}

/* With the lock held.  Taken whole, with the count. */
static bool take(struct io_model *m, const struct io_request *request)
{
	struct io_entry *e = m->entries;

	if (m->nr_entries - count(m, IO_FREE) >= m->room)
		return false;
	while (e->state != IO_FREE)
		e++;
	memset(e, 0, sizeof(*e));
	e->state = IO_BUSY;
	e->ring_index = request->ring_index;
	e->nr_indices = request->nr_indices;
	memcpy(e->opaque, request->opaque, sizeof(e->opaque));
	m->submitted += request->nr_indices;
	if (request->operation == IO_NONE) {
		e->state = IO_DONE;
		m->moved(e->opaque);
	}
	return true;
}

/* Places that a packet takes which fills @segments. */
static uint32_t places(const struct io_request *request, uint32_t segments,
		       const struct io_entry *e)
{
	if (!request->extra_byte)
		return segments;
	if (segments > 1)
		return segments + 1;
	return e->inline_data[request->extra_byte - 1] ? 2 : 1;
}

/* With the lock held: one packet, at @place of those that are offered. */
static uint32_t receive_one(struct io_model *m,
			    const struct io_request *request, uint32_t place)
{
	struct io_segment segments[IO_MAX_SEGMENTS];
	struct io_entry *e = m->entries;
	uint32_t i, n = 0;

	while (e->state != IO_FREE)
		e++;
	memset(e, 0, sizeof(*e));
	for (i = 0; i < request->packet_indices; i++)
		if (i != 1 || !request->extra_byte)
			segments[n++] = request->segments[place + i];
	n = m->receive(request, segments, e);
	if (!n)
		return 0;
	e->state = IO_DONE;
	e->inline_length = request->inline_length;
	e->ring_index = m->submitted;
	e->nr_indices = e->result == -EFAULT ? n : places(request, n, e);
	m->submitted += e->nr_indices;
	return e->nr_indices;
}

static void receive(struct io_model *m, const struct io_request *request)
{
	uint32_t place = 0, n = 1;

	rule(m, request->packet_indices && request->nr_segments ==
	     request->nr_indices && request->extra_byte <=
	     request->inline_length, "a wrong offer");
	while (n && request->nr_indices - place >= request->packet_indices) {
		n = receive_one(m, request, place);
		place += n;
	}
}

static int submit_receive(struct io_model *m, const struct io_request *request)
{
	step(m);
	pthread_mutex_lock(&m->lock);
	rule(m, request->ring_index == m->submitted, "offered out of order");
	receive(m, request);
	pthread_mutex_unlock(&m->lock);
	step(m);
	return 1;
}

static int retire(void *table, const uint32_t *entries, uint32_t nr)
{
	struct io_model *m = table;
	uint32_t i;

	for (i = 0; i < nr; i++) {
		step(m);
		pthread_mutex_lock(&m->lock);
		rule(m, m->entries[entries[i]].state == IO_DONE,
		     "retired before it was done");
		memset(&m->entries[entries[i]], 0, sizeof(struct io_entry));
		pthread_mutex_unlock(&m->lock);
	}
	step(m);
	return 0;
}

static int submit(void *table, const uint32_t *entries, uint32_t nr_retire,
		  const struct io_request *requests, uint32_t nr)
{
	struct io_model *m = table;
	bool taken = true;
	uint32_t i;

	retire(m, entries, nr_retire);
	if (requests[0].operation == IO_RECEIVE)
		return submit_receive(m, requests);

	for (i = 0; i < nr; i++) {
		/* A holder that dies in the call leaves what it got so far. */
		step(m);
		pthread_mutex_lock(&m->lock);
		rule(m, requests[i].ring_index == m->submitted &&
		     requests[i].nr_indices, "submitted out of order");
		taken = take(m, &requests[i]);
		pthread_mutex_unlock(&m->lock);
		if (!taken)
			break;
	}
	step(m);
	return (int)i;
}

static int read_entry(void *table, uint32_t entry, struct io_entry *out)
{
	struct io_model *m = table;

	pthread_mutex_lock(&m->lock);
	*out = m->entries[entry];
	pthread_mutex_unlock(&m->lock);
	return 0;
}

static int state_index(void *table, uint32_t entry, uint32_t rsp_index)
{
	struct io_model *m = table;
	struct io_entry *e = &m->entries[entry];

	step(m);
	pthread_mutex_lock(&m->lock);
	rule(m, e->state == IO_DONE, "an index stated before it was done");
	rule(m, !e->stated, "stated twice");
	e->stated = true;
	e->rsp_index = rsp_index;
	pthread_mutex_unlock(&m->lock);
	step(m);
	return 0;
}

static int withdraw(void *table, uint32_t entry)
{
	struct io_model *m = table;

	step(m);
	pthread_mutex_lock(&m->lock);
	m->entries[entry].stated = false;
	pthread_mutex_unlock(&m->lock);
	step(m);
	return 0;
}

bool io_model_complete(struct io_model *m, uint32_t nth)
{
	bool found = false;
	uint32_t i;

	pthread_mutex_lock(&m->lock);
	for (i = 0; i < m->nr_entries && !found; i++) {
		if (m->entries[i].state != IO_BUSY || nth--)
			continue;
		m->moved(m->entries[i].opaque);
		m->entries[i].state = IO_DONE;
		found = true;
	}
	pthread_mutex_unlock(&m->lock);
	return found;
}

uint32_t io_model_count(struct io_model *m, enum io_state state)
{
	uint32_t n;

	pthread_mutex_lock(&m->lock);
	n = count(m, state);
	pthread_mutex_unlock(&m->lock);
	return n;
}

void io_model_init(struct io_model *m, uint32_t nr_entries, uint32_t submitted)
{
	memset(m, 0, sizeof(*m));
	pthread_mutex_init(&m->lock, NULL);
	m->nr_entries = nr_entries;
	m->room = nr_entries;
	m->submitted = submitted;
}

struct io_table io_model_table(struct io_model *m)
{
	static const struct io_table_ops ops = {
		.submitted = get_submitted,
		.submit = submit,
		.read = read_entry,
		.state_index = state_index,
		.withdraw = withdraw,
		.retire = retire,
	};

	return (struct io_table){ &ops, m, m->nr_entries };
}
