// SPDX-License-Identifier: GPL-2.0-only
/*
 * A hundred thousand random hypercalls: mostly numbers that exist, arguments
 * that are right in part.  Left out is only what ends or stops this domain by
 * its meaning, or takes away the way on which the verdict comes out.  None may
 * write anywhere but where it was told to, and afterwards all is as it was.
 *
 * Interrupts stay off: whatever events it asks for, none are taken.
 */
#include "hcheck.h"

#include <xen/grant_table.h>
#include <xen/memory.h>

#define CALLS		100000
#define ARGUMENT_PAGES	3
#define CANARY_PAGES	16
#define MULTI		6	/* calls of a multicall */

/* RAM that the program does not use: its end. */
#define SPARE_GFN	0x700ul
#define SPARE_FRAMES	0x100ul

/*
 * Arguments are reached by the window only, where an absent page follows: a call
 * that is told of too many stops there and not behind our stack.
 */
static u8 argument_pages[ARGUMENT_PAGES * PAGE_SIZE] __page_aligned;
static u8 *arguments;
static u8 canary[CANARY_PAGES * PAGE_SIZE] __page_aligned;
/* No pointer goes here, so no call of the list changes what follows it. */
static multicall_entry_t list[MULTI] __page_aligned;

static u64 seed = 0x9e3779b97f4a7c15;

static u64 random(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static u64 below(u64 n)
{
	return random() % n;
}

/* --- arguments --- */

static u64 any_pointer(void)
{
	switch (below(8)) {
	case 0:
		return NON_CANONICAL + below(4096);
	case 1:
		return (u64)window_address(below(8)) + below(4096);
	case 2:
		/* The last bytes before a page that may be absent. */
		return (u64)window_address(1 + below(4)) - below(64);
	case 3:
		return (u64)arguments + below(ARGUMENT_PAGES) * PAGE_SIZE + 4096 - below(64);
	default:
		return (u64)arguments + 8 * below(ARGUMENT_PAGES * PAGE_SIZE / 8);
	}
}

static u64 any_word(void);

/* Nothing of ours is there, however many elements a call is told of. */
static u64 no_pointer(void)
{
	return any_word() | 1ull << 46;
}

static u64 any_word(void)
{
	switch (below(10)) {
	case 0:
		return random();
	case 1:
		return 1ull << below(64);
	case 2:
		return -below(16);
	case 3:
		return SPARE_GFN + below(SPARE_FRAMES);
	case 4:
		return GFN_HOLE + below(64);
	case 5:
	case 6:
		return any_pointer();
	case 7:
		/* Two halves, since many fields have 32 bits or 16. */
		return below(16) << 32 | DOMID_SELF;
	default:
		return below(36);
	}
}

static void map_arguments(void)
{
	unsigned int i;

	for (i = 0; i < ARGUMENT_PAGES; i++)
		window_map(HC_FREE + i,
			   (u64)argument_pages + i * PAGE_SIZE, PTE_W);
	arguments = window_address(HC_FREE);
}

static void fill_arguments(void)
{
	u64 *words = (u64 *)(arguments + below(ARGUMENT_PAGES) * PAGE_SIZE);
	unsigned int i;

	for (i = 0; i < 32; i++)
		words[i] = any_word();
	for (i = 0; i < 8; i++)
		WRITE_ONCE(*(u64 *)(arguments + 8 * below(ARGUMENT_PAGES * PAGE_SIZE / 8)),
			   any_word());
}

/* --- calls --- */

struct call {
	u64 nr;
	u64 args[5];
};

/* What would be the end of the test, and not because of a mistake. */
static bool is_left_out(const struct call *c)
{
	u32 cmd = c->args[0];

	switch ((u32)c->nr) {
	case __HYPERVISOR_sched_op:
		return cmd != SCHEDOP_yield && cmd < 16;
	case __HYPERVISOR_sched_op_compat:
	case __HYPERVISOR_console_io:
		return true;
	case __HYPERVISOR_vcpu_op:
		return cmd == VCPUOP_down || cmd == VCPUOP_send_nmi;
	case __HYPERVISOR_event_channel_op:
		return cmd == EVTCHNOP_close || cmd == EVTCHNOP_reset;
	}
	return false;
}

static u64 any_number(void)
{
	static const u8 used[] = {
		__HYPERVISOR_memory_op, __HYPERVISOR_xen_version,
		__HYPERVISOR_grant_table_op, __HYPERVISOR_vcpu_op,
		__HYPERVISOR_sched_op, __HYPERVISOR_event_channel_op,
		__HYPERVISOR_hvm_op, __HYPERVISOR_physdev_op,
		__HYPERVISOR_set_timer_op,
	};

	switch (below(16)) {
	case 0:
		return below(64);
	case 1:
		return any_word();
	default:
		return used[below(sizeof(used))];
	}
}

static void choose(struct call *c)
{
	unsigned int i;

	do {
		do
			c->nr = any_number();
		while ((u32)c->nr == __HYPERVISOR_multicall);
		c->args[0] = below(8) ? below(13) : below(2) ? below(36) : any_word();
		c->args[1] = below(4) ? any_pointer() : no_pointer();
		for (i = 2; i < 5; i++)
			c->args[i] = below(2) ? below(4) : any_word();
	} while (is_left_out(c));
}

static s64 call_many(void)
{
	unsigned int nr = below(MULTI), i;
	struct call c;

	for (i = 0; i < nr; i++) {
		choose(&c);
		list[i].op = c.nr;
		memcpy(list[i].args, c.args, sizeof(c.args));
	}
	return hypercall2(__HYPERVISOR_multicall,
			  below(8) ? (u64)list : any_word(), nr);
}

/* --- the verdict --- */

static u8 canary_byte(u64 at)
{
	return at * 131 >> 3 ^ at;
}

static void fill_canary(void)
{
	u64 i;

	for (i = 0; i < sizeof(canary); i++)
		canary[i] = canary_byte(i);
}

static u64 spoilt_canaries(void)
{
	u64 i, n = 0;

	for (i = 0; i < sizeof(canary); i++)
		n += READ_ONCE(canary[i]) != canary_byte(i);
	return n;
}

static u32 done, refused, faults, unknown;

static void count(s64 ret)
{
	if (ret >= 0)
		done++;
	else if (ret == XEN_EFAULT)
		faults++;
	else if (ret == XEN_ENOSYS)
		unknown++;
	else
		refused++;
}

void test_main(void)
{
	struct call c;
	u32 i;

	if (!need_xen())
		return;
	hcheck_init();
	map_arguments();
	fill_canary();
	for (i = 0; i < CALLS; i++) {
		fill_arguments();
		if (below(32)) {
			choose(&c);
			count(hypercall5(c.nr, c.args[0], c.args[1], c.args[2],
					 c.args[3], c.args[4]));
		} else {
			count(call_many());
		}
	}
	check_eq("bytes changed that no call was given", spoilt_canaries(), 0);
	print("%u done, %u refused, %u bad pointers, %u unknown\n", done,
	      refused, faults, unknown);
	check("calls were done", done > CALLS / 20);
	check("calls were refused", refused > CALLS / 20);
	check("pointers were bad", faults > CALLS / 50);
	check_hcall("a call that is right", hypercall2(__HYPERVISOR_xen_version,
						       0, 0) > 0, 1);
}
