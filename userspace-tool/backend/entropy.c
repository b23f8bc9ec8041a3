// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random bytes from the host, into pages that the guest grants: the smallest
 * back end there is; docs/writing-a-backend.md goes through it.  It knows nothing
 * that is not in the ring, in the I/O table or in the store.
 */
#include "backend/entropy.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "backend/device.h"
#include "device_entropy.h"
#include "fd.h"

#define TURN		64	/* requests before others have theirs */

enum entropy_status {
	ENTROPY_OK,
	ENTROPY_BAD_REQUEST,
	ENTROPY_NO_BYTES,	/* of the source, or of the grant */
};

/* What an entry says about its response: the opaque bytes. */
struct note {
	uint64_t id;
	uint64_t is_bad;
};

_Static_assert(sizeof(struct note) == IO_OPAQUE_BYTES, "it is all of them");

static void make_entry(const void *copy, uint32_t index, int fd,
		       struct io_segment *segment, struct io_request *request)
{
	struct note note = { .id = sring_get(&sring_entropy, copy, ENTROPY_ID, 0) };
	uint32_t offset = sring_get(&sring_entropy, copy, ENTROPY_OFFSET, 0);
	uint32_t length = sring_get(&sring_entropy, copy, ENTROPY_LENGTH, 0);

	note.is_bad = !length || offset + length > SRING_PAGE_BYTES;
	segment->grant = sring_get(&sring_entropy, copy, ENTROPY_GRANT, 0);
	segment->offset = offset;
	segment->length = length;
	*request = (struct io_request){
		.ring_index = index,
		.nr_indices = 1,
		.operation = note.is_bad ? IO_NONE : IO_READ,
		.fd = note.is_bad ? -1 : fd,
		.nr_segments = !note.is_bad,
		.segments = note.is_bad ? NULL : segment,
	};
	memcpy(request->opaque, &note, sizeof(note));
}

static void make_response(const struct io_entry *entry, void *response)
{
	uint32_t bytes = entry->result > 0 ? entry->result : 0;
	enum entropy_status status = bytes ? ENTROPY_OK : ENTROPY_NO_BYTES;
	struct note note;

	memcpy(&note, entry->opaque, sizeof(note));
	if (note.is_bad)
		status = ENTROPY_BAD_REQUEST;
	sring_put(&sring_entropy, response, ENTROPY_RSP_ID, 0, note.id);
	sring_put(&sring_entropy, response, ENTROPY_RSP_STATUS, 0, status);
	sring_put(&sring_entropy, response, ENTROPY_RSP_BYTES, 0, bytes);
}

/* --- the ring --- */

/* Answer what is done; how many, or the ring's error. */
static int answer(struct device *d, struct sring *ring)
{
	uint8_t response[SRING_MAX_REQUEST];
	struct io_entry e;
	uint32_t entry = 0;
	int err, n = 0;

	for (; (err = sring_next_done(ring, &entry, &e)) > 0; entry++, n++) {
		make_response(&e, response);
		err = sring_answer(ring, entry, response);
		if (err)
			return err;
	}
	if (!err)
		err = sring_publish(ring);
	if (err > 0)
		device_notify(d, 0);
	if (n)
		device_progress(d);
	return err < 0 ? err : n;
}

/*
 * One request, and all answers: the source answers at once, so what was
 * submitted is done.  1: go on; 0: nothing is left.
 */
static int step(struct device *d, struct sring *ring)
{
	uint8_t copy[SRING_MAX_REQUEST];
	struct io_segment segment;
	struct io_request request;
	int took, answered;
	uint32_t index;

	took = sring_fetch(ring, copy, &index);
	if (took > 0) {
		make_entry(copy, index, d->files.fd[0], &segment, &request);
		took = sring_submit(ring, &request, 1);
	}
	if (took < 0)
		return took;
	answered = answer(d, ring);
	if (answered)
		return answered < 0 ? answered : 1;
	return took ? 1 : sring_sleep(ring);
}

/* A guest that never stops asking leaves others their turn. */
static void serve(struct device *d, unsigned int ring)
{
	int i, more = 1;

	for (i = 0; i < TURN && more > 0; i++)
		more = step(d, &d->rings[ring].sring);
	if (more < 0)
		device_ring_error(d, ring, more);
	else if (more)
		device_wake(d, 0);
}

static void on_notify(struct device *d, unsigned int channel)
{
	if (d->connected)
		serve(d, channel);
}

static void kick(struct device *d)
{
	on_notify(d, 0);
}

/* --- the device --- */

static int open_source(const struct device_config *config,
		       const struct device_domain *domain,
		       struct device_files *files, struct failure *failure)
{
	const char *path = config->values[ENTROPY_SOURCE];
	struct stat st;

	(void)domain;
	files->fd[0] = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (files->fd[0] < 0)
		return failure_set(failure, "cannot open %.180s: %s", path,
				   msg_errno(errno));
	if (!fstat(files->fd[0], &st) && S_ISCHR(st.st_mode))
		return 0;
	close_fd(&files->fd[0]);
	return failure_set(failure, "%.180s is no character device", path);
}

static void put_features(struct device *d)
{
	device_put(d, XENBUS_BACK, "version", "1");
}

static void put_nothing(struct device *d)
{
	(void)d;
}

static int connect_front(struct device *d)
{
	uint32_t ref, port;

	if (xenbus_get_u32(&d->bus, "ring-ref", &ref) ||
	    xenbus_get_u32(&d->bus, "event-channel", &port)) {
		device_fault(d, "no ring-ref or no event-channel");
		return -1;
	}
	if (device_open_ring(d, 0, &ref, 1, &sring_entropy, serve))
		return -1;
	return device_bind(d, 0, port, on_notify);
}

const struct backend backend_entropy = {
	.name = "entropy",
	.sandbox = SANDBOX_ENTROPY,
	.connect_states = 1u << XENBUS_INITIALISED | 1u << XENBUS_CONNECTED,
	.open = open_source,
	.put_nodes = put_nothing,
	.put_features = put_features,
	.connect = connect_front,
	.put_info = put_nothing,
	.kick = kick,
	.disconnect = put_nothing,
};
