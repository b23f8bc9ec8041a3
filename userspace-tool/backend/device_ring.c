// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device's rings and channels.  Which of them are open is written down where
 * the next process finds it, before they are opened: a ring's I/O table lives
 * on in the module, and must be closed by somebody before the guest can have a
 * new one.
 */
#include "backend/device.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "fd.h"
#include "helper.h"
#include "lib/attach.h"
#include "log.h"

#define RECORD_VERSION	1

/**
 * struct device_record - what the next process must know
 * @version: 0: nobody was here before
 * @channels: a bit for each that is bound
 * @nr_entries: of the rings' tables; 0: not open
 * @closing: they close, and some may be closed: to open those again would take
 *	requests anew that were taken before
 */
struct device_record {
	uint32_t version;
	uint32_t channels;
	uint32_t nr_entries[DEVICE_RINGS];
	uint32_t closing;
};

int device_map_record(struct device *d)
{
	unsigned int i;

	d->record = attach_map_recovery(d->attach_fd);
	if (!d->record)
		return -errno;
	if (d->record->version != RECORD_VERSION)
		memset(d->record, 0, sizeof(*d->record));
	d->record->version = RECORD_VERSION;
	for (i = 0; i < DEVICE_RINGS; i++)
		d->rings[i].io_fd = -1;
	for (i = 0; i < DEVICE_CHANNELS; i++)
		d->channel_fd[i] = -1;
	return 0;
}

bool device_has_rings(const struct device *d)
{
	unsigned int i;

	for (i = 0; i < DEVICE_RINGS; i++)
		if (d->record->nr_entries[i])
			return true;
	return d->record->channels;
}

bool device_is_closing(const struct device *d)
{
	return d->record->closing;
}

/* --- opening --- */

/* While rings close, their events only say that it is worth another try. */
static void on_done(struct device *d, unsigned int ring)
{
	if (d->connected)
		d->rings[ring].handle(d, ring);
	else
		d->again = true;
}

static int open_table(struct device *d, unsigned int ring, uint32_t nr_entries)
{
	struct device_ring *r = &d->rings[ring];
	int err;

	r->io_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (r->io_fd < 0)
		return -errno;
	d->record->nr_entries[ring] = nr_entries;
	err = io_slot_open(&r->slot, d->attach_fd, ring, nr_entries, r->io_fd,
			   &r->table);
	if (!err)
		err = device_add_event(d, r->io_fd, EPOLLIN, true, on_done,
				       ring);
	if (err)
		close_fd(&r->io_fd);
	return err;
}

int device_open_ring(struct device *d, unsigned int ring, const uint32_t *refs,
		     unsigned int nr_pages, const struct sring_layout *layout,
		     void (*handle)(struct device *d, unsigned int ring))
{
	struct device_ring *r = &d->rings[ring];
	uint32_t nr_entries = sring_count(layout, nr_pages);
	uint32_t before = d->record->nr_entries[ring];
	int err;

	if (!nr_entries || (before && before != nr_entries)) {
		device_fault(d, "the %s ring has %u pages", layout->name,
			     nr_pages);
		return -1;
	}
	r->handle = handle;
	r->nr_pages = nr_pages;
	r->pages = attach_map_grants(d->attach_fd, refs, nr_pages, 1);
	if (!r->pages) {
		device_fault(d, "the %s ring's pages (grant %u) cannot be mapped: %s",
			     layout->name, refs[0], msg_errno(errno));
		return -1;
	}
	err = open_table(d, ring, nr_entries);
	if (err) {
		device_fault(d, "no I/O table: %s", msg_errno(err));
		return -1;
	}
	err = sring_open(&r->sring, r->pages, nr_pages, layout, &r->table);
	if (err)
		device_ring_error(d, ring, err);
	return err ? -1 : 0;
}

int device_bind(struct device *d, unsigned int channel, uint32_t port,
		void (*handle)(struct device *d, unsigned int channel))
{
	int fd, err;

	d->record->channels |= 1u << channel;
	err = attach_bind_port(d->attach_fd, channel, port);
	if (err) {
		device_fault(d, "event channel %u cannot be bound: %s", port,
			     msg_errno(err));
		return -1;
	}
	fd = attach_bind(d->attach_fd, channel);
	if (fd >= 0)
		err = device_add_event(d, fd, EPOLLIN, true, handle, channel);
	if (fd < 0 || err) {
		device_fault(d, "event channel %u: %s", port,
			     msg_errno(fd < 0 ? fd : err));
		close_fd(&fd);
		return -1;
	}
	d->channel_fd[channel] = fd;
	return 0;
}

void device_notify(struct device *d, unsigned int channel)
{
	/* Fails only when the slot is gone, which poll() will tell, too. */
	attach_notify(d->attach_fd, channel);
}

void device_wake(struct device *d, unsigned int channel)
{
	const uint64_t one = 1;

	/* Fails only when it is full of wakes already. */
	if (write(d->channel_fd[channel], &one, sizeof(one)) < 0)
		return;
}

void device_ring_error(struct device *d, unsigned int ring, int err)
{
	if (err == -EPROTO) {
		device_fault(d, "%s", d->rings[ring].sring.reason);
		return;
	}
	if (err != -ENODEV)
		log_event("%s: ring %u: %s", device_config_name(d->config),
			  ring, msg_errno(err));
	/* What a ring holds is in the module; the next process finds it. */
	_exit(err == -ENODEV ? 0 : HELPER_SETUP_FAILED);
}

/* Indices are of 32 bits and run freely; so do these sums. */
void device_count_rings(struct device *d)
{
	uint32_t taken = 0, answered = 0;
	unsigned int i;

	if (!d->connected)
		return;
	for (i = 0; i < DEVICE_RINGS; i++) {
		if (!d->rings[i].pages)
			continue;
		taken += d->rings[i].sring.submitted;
		answered += d->rings[i].sring.published;
	}
	d->stats->taken = taken;
	d->stats->answered = answered;
}

/* --- closing --- */

/* Retire what is done, without an answer.  How many go on, or -errno. */
static int retire_all(const struct io_table *table)
{
	struct io_entry entry;
	int err, busy = 0;
	uint32_t i;

	for (i = 0; i < table->nr_entries; i++) {
		err = table->ops->read(table->table, i, &entry);
		if (!err && entry.state == IO_DONE)
			err = table->ops->retire(table->table, &i, 1);
		if (err)
			return err;
		busy += entry.state == IO_BUSY;
	}
	return busy;
}

/* 1 busy, 0 closed, -errno. */
static int close_ring(struct device *d, unsigned int ring)
{
	struct device_ring *r = &d->rings[ring];
	uint32_t nr_entries = d->record->nr_entries[ring];
	int err;

	if (nr_entries && nr_entries <= SRING_MAX_ENTRIES) {
		err = r->io_fd < 0 ? open_table(d, ring, nr_entries) : 0;
		if (!err)
			err = retire_all(&r->table);
		if (err)
			return err < 0 ? err : 1;
		err = io_slot_close(&r->slot);
		if (err)
			return err == -EBUSY ? 1 : err;
	}
	device_remove_event(d, r->io_fd);
	close_fd(&r->io_fd);
	if (r->pages)
		attach_unmap_grants(r->pages, r->nr_pages);
	r->pages = NULL;
	d->record->nr_entries[ring] = 0;
	return 0;
}

static int close_channel(struct device *d, unsigned int channel)
{
	int err = attach_unbind_port(d->attach_fd, channel);

	if (err)
		return err;
	device_remove_event(d, d->channel_fd[channel]);
	close_fd(&d->channel_fd[channel]);
	d->record->channels &= ~(1u << channel);
	return 0;
}

int device_close_rings(struct device *d)
{
	unsigned int i;
	int err, busy = 0;

	if (d->connected) {
		d->connected = false;
		d->backend->disconnect(d);
	}
	d->record->closing = device_has_rings(d);
	for (i = 0; i < DEVICE_RINGS; i++) {
		if (!d->record->nr_entries[i] && !d->rings[i].pages)
			continue;
		err = close_ring(d, i);
		if (err < 0)
			return err;
		busy |= err;
	}
	for (i = 0; i < DEVICE_CHANNELS && !busy; i++) {
		if (!(d->record->channels & 1u << i))
			continue;
		err = close_channel(d, i);
		if (err)
			return err;
	}
	d->record->closing = busy;
	return busy;
}
