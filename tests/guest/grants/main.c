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
static grant_entry_v1_t *table_v1;
static grant_entry_v2_t *table_v2;
static volatile u16 *status;
static u32 version = 1;
static u32 ports[NR_PORTS];

/* Flags and domain id are at the same place in both versions. */
static grant_entry_header_t *entry_of(u32 ref)
{
	return version == 2 ? &table_v2[ref].hdr : (void *)&table_v1[ref];
}

static u64 frame_of(u32 ref)
{
	return version == 2 ? READ_ONCE(table_v2[ref].full_page.frame) :
			      READ_ONCE(table_v1[ref].frame);
}

static void set_frame(u32 ref, u64 gfn)
{
	if (version == 2)
		WRITE_ONCE(table_v2[ref].full_page.frame, gfn);
	else
		WRITE_ONCE(table_v1[ref].frame, gfn);
}

static void *page_of(u32 ref)
{
	return (void *)(frame_of(ref) << 12);
}

static u16 busy_bits(u32 ref)
{
	return (version == 2 ? status[ref] : READ_ONCE(entry_of(ref)->flags)) &
	       (GTF_reading | GTF_writing);
}

static void grant(u32 ref, u16 domid, u64 gfn, u16 flags)
{
	grant_entry_header_t *entry = entry_of(ref);

	entry->domid = domid;
	set_frame(ref, gfn);
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

	return hypercall2(__HYPERVISOR_memory_op, XENMEM_add_to_physmap,
			  (u64)&a);
}

static void grant_all(void)
{
	u32 i;

	for (i = 0; i < NR_DATA; i++)
		grant(REF_DATA + i, 0, (u64)data[i] >> 12, 0);
	grant(REF_FAR, 0, (u64)data[0] >> 12, 0);
	grant(REF_READ_ONLY, 0, (u64)data[1] >> 12, GTF_readonly);
	grant(REF_FOREIGN, 5, (u64)data[2] >> 12, 0);
	grant(REF_NO_RAM, 0, GFN_HOLE, 0);
	grant(REF_UNTOUCHED, 0, GFN_UNTOUCHED, 0);
	if (version == 2) {
		table_v2[REF_SUB_PAGE].sub_page.page_off = SUB_PAGE_OFFSET;
		table_v2[REF_SUB_PAGE].sub_page.length = SUB_PAGE_LENGTH;
		grant(REF_SUB_PAGE, 0, (u64)data[0] >> 12, GTF_sub_page);
		table_v2[REF_TRANSITIVE].transitive.trans_domid = 0;
		table_v2[REF_TRANSITIVE].transitive.gref = REF_DATA;
		entry_of(REF_TRANSITIVE)->flags = GTF_transitive;
		grant(REF_FAR_FRAME, 0, 1ul << 32 | (u64)data[0] >> 12, 0);
	}
	grant(REF_CONTROL, 0, (u64)&shared >> 12, 0);
}

/* As many frames as REF_FAR needs in either version, then those of status. */
static void add_frames(void)
{
	u32 i;

	for (i = 0; i < 4; i++)
		check_hcall("a grant frame", add_frame(i, GFN_GRANT + i), 0);
	table_v1 = (void *)(GFN_GRANT << 12);
	table_v2 = (void *)(GFN_GRANT << 12);
	status = (void *)((GFN_GRANT + 4) << 12);
}

/* Those that use grants of the old version go on with those of the new. */
static s64 use_version(u32 wanted)
{
	struct gnttab_set_version v = { .version = wanted };
	s64 ret = hypercall3(__HYPERVISOR_grant_table_op, GNTTABOP_set_version,
			     (u64)&v, 1);

	if (ret || version == wanted)
		return ret;
	version = wanted;
	if (version == 2)
		check_hcall("the status frame",
			    add_frame(XENMAPIDX_grant_table_status,
				      GFN_GRANT + 4), 0);
	grant_all();
	return 0;
}

static u32 alloc_port(u32 i)
{
	evtchn_alloc_unbound(DOMID_SELF, 0, &ports[i]);
	evtchn_set_mask(ports[i], false);
	shared.control.ports[i] = ports[i];
	return ports[i];
}

/* Xen's rules: not while somebody uses it. */
static u32 revoke_v1(u32 ref)
{
	grant_entry_header_t *entry = entry_of(ref);
	u16 flags = READ_ONCE(entry->flags);

	while (!(flags & (GTF_reading | GTF_writing))) {
		if (__atomic_compare_exchange_n(&entry->flags, &flags, 0,
						false, __ATOMIC_SEQ_CST,
						__ATOMIC_SEQ_CST))
			return 0;
	}
	return 1;
}

static u32 revoke_v2(u32 ref)
{
	grant_entry_header_t *entry = entry_of(ref);
	u16 flags = READ_ONCE(entry->flags);

	WRITE_ONCE(entry->flags, 0);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (!busy_bits(ref))
		return 0;
	WRITE_ONCE(entry->flags, flags);
	return 1;
}

/* Version 2 leaves the flags to the guest. */
static u32 flags_of(u32 ref)
{
	u32 flags = READ_ONCE(entry_of(ref)->flags);

	if (version == 2 && flags & (GTF_reading | GTF_writing))
		report_fail("flags of version 2", "%x has busy bits", flags);
	return flags | busy_bits(ref);
}

static u32 reserve(u32 cmd, u32 ref)
{
	xen_pfn_t gfn = frame_of(ref);
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
	u32 old = frame_of(ref);

	set_frame(ref, gfn);
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
		return flags_of(ref);
	case CMD_REVOKE:
		return version == 2 ? revoke_v2(ref) : revoke_v1(ref);
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
	case CMD_VERSION:
		return use_version(value);
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
	add_frames();
	grant_all();
	barrier();
	shared.control.magic = GRANTS_MAGIC;
	print("ready\n");
	check("commands came", serve() > 10);
}
