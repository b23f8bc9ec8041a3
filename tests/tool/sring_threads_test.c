// SPDX-License-Identifier: GPL-2.0-only
/*
 * Request rings between threads: a guest, a file and a back end that sleep
 * until they are notified, with suppressed notifications; then a guest that
 * writes all over the ring while the back end works.  For the thread
 * sanitizer as well.  A notification that is lost ends in a time limit.
 */
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io_model.h"
#include "lib/sring.h"
#include "sring_front.h"

#define NR_REQUESTS	200000u
#define NR_HOSTILE	20000u
#define TIME_LIMIT	240	/* seconds */

static _Alignas(SRING_PAGE_BYTES) uint8_t pages[SRING_PAGE_BYTES];
static const struct sring_layout *const layout = &sring_blk_x86_64;

static struct front front;
static struct sring ring;
static struct io_model model;
static sem_t kick_front, kick_back, kick_file;
static _Atomic uint32_t executed, answered, notified;
static _Atomic bool ended;
static int failed;

static void check(const char *name, bool good)
{
	printf(good ? "ok %s\n" : "not ok %s: it did not hold\n", name);
	if (!good)
		failed = 1;
}

static void moved(const uint8_t *opaque)
{
	(void)opaque;
	executed++;
}

static void *run_file(void *unused)
{
	while (!ended) {
		sem_wait(&kick_file);
		while (io_model_complete(&model, 0))
			;
		sem_post(&kick_back);
	}
	return unused;
}

/* --- the back end --- */

static int take_request(void)
{
	uint8_t copy[SRING_MAX_REQUEST];
	struct io_request request = { .operation = IO_WRITE, .nr_indices = 1 };
	int ret = sring_fetch(&ring, copy, &request.ring_index);

	if (ret != 1)
		return ret;
	memcpy(request.opaque, copy + layout->fields[BLK_ID].offset, 8);
	ret = sring_submit(&ring, &request, 1);
	if (ret == 1)
		sem_post(&kick_file);
	return ret;
}

static int answer_requests(void)
{
	uint8_t response[SRING_MAX_REQUEST] = { 0 };
	struct io_entry entry;
	uint32_t i = 0;
	int ret;

	while ((ret = sring_next_done(&ring, &i, &entry)) == 1) {
		memcpy(response, entry.opaque, 8);
		ret = sring_answer(&ring, i, response);
		if (ret)
			return ret;
	}
	if (!ret)
		ret = sring_publish(&ring);
	if (ret == 1) {
		notified++;
		sem_post(&kick_front);
	}
	return ret < 0 ? ret : 0;
}

static int serve(void)
{
	int ret;

	do {
		while ((ret = take_request()) == 1)
			;
		if (ret < 0 || answer_requests())
			return -1;
		ret = sring_sleep(&ring);
	} while (ret == 1);
	return ret;
}

static void *run_back(void *unused)
{
	while (!ended) {
		sem_wait(&kick_back);
		if (serve())
			break;
	}
	return unused;
}

/* --- the guest --- */

static bool hear(bool *seen)
{
	uint8_t response[SRING_MAX_REQUEST];
	bool good = true;
	uint64_t id;

	do {
		while (front_get(&front, response)) {
			memcpy(&id, response, sizeof(id));
			good &= id < NR_REQUESTS && !seen[id];
			if (id < NR_REQUESTS)
				seen[id] = true;
			answered++;
		}
	} while (front_sleep(&front));
	return good;
}

static bool run_front(void)
{
	bool *seen = calloc(NR_REQUESTS, sizeof(*seen));
	uint8_t request[SRING_MAX_REQUEST] = { 0 };
	uint64_t id = 0;
	bool good = seen;

	while (good && answered < NR_REQUESTS) {
		while (id < NR_REQUESTS && front_has_room(&front)) {
			sring_put(layout, request, BLK_ID, 0, id++);
			front_put(&front, request);
			if (!(id % 5) && front_push(&front))
				sem_post(&kick_back);
		}
		if (front_push(&front))
			sem_post(&kick_back);
		good &= hear(seen);
		/* Room, or nothing out: what it heard it need not wait for. */
		if (answered < NR_REQUESTS &&
		    (id == NR_REQUESTS || !front_has_room(&front)))
			sem_wait(&kick_front);
	}
	free(seen);
	return good;
}

static void run_hostile(void)
{
	uint8_t request[SRING_MAX_REQUEST] = { 0 };
	unsigned int seed = 1;
	uint32_t i;

	/* One by the rules, so that the back end is at work. */
	front_put(&front, request);
	front_push(&front);
	sem_post(&kick_back);
	sem_wait(&kick_front);
	for (i = 0; i < NR_HOSTILE; i++) {
		front.words[4 + rand_r(&seed) % 1020] = rand_r(&seed);
		if (!(rand_r(&seed) % 4))
			front.words[REQ_PROD]++;
		sem_post(&kick_back);
		if (!(i % 16))
			usleep(10);
	}
}

/* --- both --- */

static void start(uint32_t index, pthread_t *back, pthread_t *file)
{
	struct io_table table;

	ended = false;
	executed = 0;
	sem_init(&kick_front, 0, 0);
	sem_init(&kick_back, 0, 1);
	sem_init(&kick_file, 0, 0);
	front_init(&front, pages, 1, layout, index);
	io_model_init(&model, front.nr_entries, index);
	model.moved = moved;
	table = io_model_table(&model);
	check("open", !sring_open(&ring, pages, 1, layout, &table));
	pthread_create(back, NULL, run_back, NULL);
	pthread_create(file, NULL, run_file, NULL);
}

static void stop(pthread_t back, pthread_t file)
{
	ended = true;
	sem_post(&kick_back);
	sem_post(&kick_file);
	pthread_join(back, NULL);
	pthread_join(file, NULL);
}

static void honest(void)
{
	pthread_t back, file;
	bool good;

	start(0xffff0000, &back, &file);
	good = run_front();
	stop(back, file);
	check("each_answered_once", good && answered == NR_REQUESTS);
	check("each_executed_once", executed == NR_REQUESTS && !model.broken);
	check("some_notifications_are_spared", notified < NR_REQUESTS);
}

static void hostile(void)
{
	pthread_t back, file;

	start(0, &back, &file);
	run_hostile();
	stop(back, file);
	/* It produced more than the ring holds, since it takes no answers. */
	check("hostile_guest", !model.broken && executed > 0 &&
	      (!ring.reason[0] || strstr(ring.reason, "request index")));
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	alarm(TIME_LIMIT);
	honest();
	hostile();
	return failed;
}
