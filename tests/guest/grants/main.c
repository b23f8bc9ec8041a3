// SPDX-License-Identifier: GPL-2.0-only
/*
 * A front end without a protocol: grants pages, allocates ports for domain 0,
 * and then does what the host's half (tests/system/grants.c, io.c) tells it to.
 */
#include "hcheck.h"

#include <xen/grant_table.h>
#include <xen/memory.h>

#include "protocol.h"

#define GFN_GRANT	(GFN_HOLE + 8)
#define GFN_UNTOUCHED	0x3c0ul	/* near the end of 4 MiB */

static union {
	struct control control;
	u8 bytes[4096];
} shared __page_aligned;

static u8 data[NR_DATA][4096] __page_aligned;
static grant_entry_v1_t *table[2];
static u32 ports[NR_PORTS];

static grant_entry_v1_t *entry_of(u32 ref)
{
	return ref < 512 ? &table[0][ref] : &table[1][ref % 512];
}

static void *page_of(u32 ref)
{
	return (void *)((u64)READ_ONCE(entry_of(ref)->frame) << 12);
}

static void grant(u32 ref, u16 domid, u64 gfn, u16 flags)
{
	grant_entry_v1_t *entry = entry_of(ref);

	entry->domid = domid;
	entry->frame = gfn;
	barrier();	/* stores are seen in order: the rest, then the flags */
	WRITE_ONCE(entry->flags, GTF_permit_access | flags);
}

static s64 add_frame(u64 idx, u64 gfn)
{
	struct xen_add_to_physmap a = {
		.domid = DOMID_SELF,
		.space = XENMAPSPACE_grant_table,
		.idx = idx,
		.gpfn = gfn,
	};

	table[idx] = (void *)(gfn << 12);
	return hypercall2(__HYPERVISOR_memory_op, XENMEM_add_to_physmap,
			  (u64)&a);
}

static void grant_all(void)
{
	u32 i;

	check_hcall("first grant frame", add_frame(0, GFN_GRANT), 0);
	check_hcall("second grant frame", add_frame(1, GFN_GRANT + 1), 0);
	for (i = 0; i < NR_DATA; i++)
		grant(REF_DATA + i, 0, (u64)data[i] >> 12, 0);
	grant(REF_FAR, 0, (u64)data[0] >> 12, 0);
	grant(REF_READ_ONLY, 0, (u64)data[1] >> 12, GTF_readonly);
	grant(REF_FOREIGN, 5, (u64)data[2] >> 12, 0);
	grant(REF_NO_RAM, 0, GFN_HOLE, 0);
	grant(REF_UNTOUCHED, 0, GFN_UNTOUCHED, 0);
	grant(REF_CONTROL, 0, (u64)&shared >> 12, 0);
}

static u32 alloc_port(u32 i)
{
	evtchn_alloc_unbound(DOMID_SELF, 0, &ports[i]);
	evtchn_set_mask(ports[i], false);
	shared.control.ports[i] = ports[i];
	return ports[i];
}

/* Xen's rule: not while somebody uses it. */
static u32 revoke(u32 ref)
{
	grant_entry_v1_t *entry = entry_of(ref);
	u16 flags = READ_ONCE(entry->flags);

	while (!(flags & (GTF_reading | GTF_writing))) {
		if (__atomic_compare_exchange_n(&entry->flags, &flags, 0,
						false, __ATOMIC_SEQ_CST,
						__ATOMIC_SEQ_CST))
			return 0;
	}
	return 1;
}

static u32 reserve(u32 cmd, u32 ref)
{
	xen_pfn_t gfn = READ_ONCE(entry_of(ref)->frame);
	struct xen_memory_reservation r = {
		.nr_extents = 1,
		.domid = DOMID_SELF,
	};

	set_xen_guest_handle(r.extent_start, &gfn);
	return hypercall2(__HYPERVISOR_memory_op, cmd, (u64)&r);
}

static u32 count_bad(const u8 *page, u8 value)
{
	u32 i, bad = 0;

	for (i = 0; i < 4096; i++)
		bad += READ_ONCE(page[i]) != value;
	return bad;
}

static u32 swap_frame(u32 ref, u32 gfn)
{
	u32 old = READ_ONCE(entry_of(ref)->frame);

	WRITE_ONCE(entry_of(ref)->frame, gfn);
	return old;
}

static u32 port_status(u32 port)
{
	struct evtchn_status st;

	return evtchn_status(DOMID_SELF, port, &st) ? ~0u : st.status;
}

static u32 obey(u32 command, u32 ref, u32 value)
{
	switch (command) {
	case CMD_FILL:
		memset(page_of(ref), value, 4096);
		return 0;
	case CMD_READ:
		return READ_ONCE(*(u32 *)page_of(ref));
	case CMD_COUNT_BAD:
		return count_bad(page_of(ref), value);
	case CMD_FLAGS:
		return READ_ONCE(entry_of(ref)->flags);
	case CMD_REVOKE:
		return revoke(ref);
	case CMD_FORCE:
		WRITE_ONCE(entry_of(ref)->flags, value);
		return 0;
	case CMD_SET_FRAME:
		return swap_frame(ref, value);
	case CMD_BALLOON:
		return reserve(XENMEM_decrease_reservation, ref);
	case CMD_POPULATE:
		return reserve(XENMEM_populate_physmap, ref);
	case CMD_SEND:
		return evtchn_send(ports[value % NR_PORTS]);
	case CMD_EVENTS:
		return event_count[ports[value % NR_PORTS]];
	case CMD_CLOSE:
		return evtchn_close(ports[value % NR_PORTS]);
	case CMD_ALLOC:
		return alloc_port(value % NR_PORTS);
	case CMD_STATUS:
		return port_status(ports[value % NR_PORTS]);
	default:
		return 0;
	}
}

static void wait_for_event(u32 seen)
{
	irq_disable();
	while (event_count[ports[0]] == seen) {
		irq_enable_and_halt();
		irq_disable();
	}
	irq_enable();
}

static u32 serve(void)
{
	volatile struct control *c = &shared.control;
	u32 number, seen, last = 0, obeyed = 0;
	bool end = false;

	while (!end) {
		seen = event_count[ports[0]];
		number = c->number;
		if (number == last) {
			wait_for_event(seen);
			continue;
		}
		last = number;
		obeyed++;
		end = c->command == CMD_END;
		c->result = obey(c->command, c->ref, c->value);
		barrier();
		c->answered = number;
		evtchn_send(ports[0]);
	}
	return obeyed;
}

void test_main(void)
{
	u32 i;

	if (!need_xen())
		return;
	hcheck_init();
	check("events", xen_init_events());
	for (i = 0; i < NR_PORTS; i++)
		alloc_port(i);
	grant_all();
	barrier();
	shared.control.magic = GRANTS_MAGIC;
	print("ready\n");
	check("commands came", serve() > 10);
}
