// SPDX-License-Identifier: GPL-2.0-only
/*
 * The keeper's wait for the first request to the store.  See keeper_store.h.
 * It takes the slot, so that it hears of the guest's notifications, and looks
 * at nothing that the guest wrote: neither the ring page is mapped nor a
 * client accepted.  Whoever comes next takes the slot anew and looks at all of
 * it, as after a death.  So it is no loss when this keeper dies: the next one
 * starts a store.
 */
#include "keeper_store.h"

#include "fd.h"
#include "keeper.h"
#include "lib/attach.h"

#include <stdint.h>
#include <unistd.h>

/*
 * A new binding is signalled at once, for what was sent while nobody listened.
 * Here nothing was: the runner is started last, and no vCPU has run.
 */
static int hear_guest(struct keeper_store *s)
{
	uint64_t count;

	s->event_fd = attach_bind(s->attach_fd, 0);
	return s->event_fd >= 0 &&
	       read(s->event_fd, &count, sizeof(count)) == sizeof(count);
}

int keeper_store_wait(struct keeper *k)
{
	struct keeper_store *s = &k->store;

	if (!k->is_new || k->config.devices)
		return 0;
	s->attach_fd = attach_slot(k->domain_fd, LODGE_ROLE_STORE, 0, NULL);
	if (s->attach_fd >= 0 && hear_guest(s))
		return 1;
	/* The store will meet the same, and tell. */
	keeper_store_end_wait(k);
	return 0;
}

int keeper_store_waits(const struct keeper *k)
{
	return k->store.attach_fd >= 0;
}

void keeper_store_end_wait(struct keeper *k)
{
	close_fd(&k->store.attach_fd);
	close_fd(&k->store.event_fd);
}

void keeper_store_poll(const struct keeper *k, struct pollfd *p)
{
	const struct keeper_store *s = &k->store;

	/* It hangs up when somebody takes the slot away. */
	p[0] = (struct pollfd){ .fd = s->attach_fd };
	p[1] = (struct pollfd){ .fd = s->event_fd, .events = POLLIN };
	p[2] = (struct pollfd){
		.fd = keeper_store_waits(k) ? k->listen_fd : -1,
		.events = POLLIN,
	};
}

void keeper_store_handle(struct keeper *k, const struct pollfd *p)
{
	int i;

	for (i = 0; i < KEEPER_STORE_POLL; i++)
		if (p[i].revents)
			keeper_store_end_wait(k);
}
