// SPDX-License-Identifier: GPL-2.0-only
/*
 * Output to the console ring of the domain.  The reader may be slow or gone:
 * each wait for room is bounded, and what does not fit goes to console_io, so
 * that a test's verdict is never lost and never hangs.
 */
#include "xen.h"

#include <xen/io/console.h>
#include <xen/hvm/params.h>

#include "console.h"
#include "cpu.h"
#include "time.h"

#define SERIAL	0x3f8

struct xencons_interface *console_ring;
u32 console_port;

static bool debug_port;

static void plain_write(const char *s, size_t n)
{
	unsigned int tries;

	for (; n; n--, s++) {
		if (debug_port) {
			outb((u8)*s, 0xe9);
			continue;
		}
		for (tries = 0; tries < 10000; tries++) {
			if (inb(SERIAL + 5) & 0x20)
				break;
		}
		outb((u8)*s, SERIAL);
	}
}

static u32 ring_put(const char *s, size_t n)
{
	struct xencons_interface *r = console_ring;
	u32 prod = r->out_prod;
	u32 room = sizeof(r->out) - (prod - READ_ONCE(r->out_cons));
	u32 i;

	if (room > sizeof(r->out))
		room = 0;
	__sync_synchronize();	/* the reader is done with what it consumed */
	for (i = 0; i < n && i < room; i++)
		r->out[(prod + i) & (sizeof(r->out) - 1)] = s[i];
	__sync_synchronize();	/* bytes before the index that shows them */
	WRITE_ONCE(r->out_prod, prod + i);
	return i;
}

static void ring_kick(void)
{
	struct evtchn_send send = { .port = console_port };

	hypercall2(__HYPERVISOR_event_channel_op, EVTCHNOP_send, (u64)&send);
}

static void ring_write(const char *s, size_t n)
{
	u64 end = time_deadline(2000);
	u32 put;

	while (n) {
		put = ring_put(s, n);
		if (put)
			ring_kick();
		s += put;
		n -= put;
		if (n && time_after(end))
			break;
		if (n)
			hypercall2(__HYPERVISOR_sched_op, SCHEDOP_yield, 0);
	}
	if (n)
		hypercall3(__HYPERVISOR_console_io, CONSOLEIO_write, n, (u64)s);
}

void console_write(const char *s, size_t n)
{
	if (!have_xen)
		plain_write(s, n);
	else if (console_ring)
		ring_write(s, n);
	else
		hypercall3(__HYPERVISOR_console_io, CONSOLEIO_write, n, (u64)s);
}

bool console_drain(unsigned int ms)
{
	u64 end = time_deadline(ms);

	if (!console_ring)
		return true;
	while (READ_ONCE(console_ring->out_cons) != console_ring->out_prod) {
		if (time_after(end))
			return false;
		hypercall2(__HYPERVISOR_sched_op, SCHEDOP_yield, 0);
	}
	return true;
}

void console_init(void)
{
	u64 gfn, port;

	if (!have_xen) {
		debug_port = inb(0xe9) == 0xe9;
		return;
	}
	if (hvm_get_param(HVM_PARAM_CONSOLE_PFN, &gfn) || !gfn ||
	    hvm_get_param(HVM_PARAM_CONSOLE_EVTCHN, &port) || !port)
		return;
	if (gfn >= 0x100000)
		return;
	console_port = (u32)port;
	console_ring = (void *)(gfn << 12);
}
