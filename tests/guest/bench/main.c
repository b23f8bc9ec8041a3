// SPDX-License-Identifier: GPL-2.0-only
/*
 * What an exit costs, seen from the guest.  The same image runs as a domain
 * and as a guest of KVM started by its PVH note; the CPUID leaves decide where
 * the lines go and how it ends.
 */
#include "guest.h"
#include "measure.h"

#include <xen/version.h>

#include "work.h"

#define ROUNDS		64
#define BATCH		64
#define TOUCH_BASE	0x2000000ul	/* 32 MiB */
#define TOUCH_SIZE	0x4000000ul	/* 64 MiB */
#define CHASE_BASE	0x400000ul

static void op_nothing(void)
{
	barrier();
}

static void op_cpuid(void)
{
	cpuid(0, 0);
}

/* xen_version(XENVER_version), or any number for KVM, which refuses it. */
static void op_hypercall(void)
{
	s64 ret;

	if (use_vmmcall)
		__asm__ volatile("vmmcall" : "=a"(ret)
				 : "a"(have_xen ? __HYPERVISOR_xen_version :
						  1000), "D"(0), "S"(0),
				   "b"(0), "c"(0), "d"(0) : "memory");
	else
		__asm__ volatile("vmcall" : "=a"(ret)
				 : "a"(have_xen ? __HYPERVISOR_xen_version :
						  1000), "D"(0), "S"(0),
				   "b"(0), "c"(0), "d"(0) : "memory");
}

static void try_hypercall(void *arg)
{
	op_hypercall();
}

static void op_msr(void)
{
	rdmsr(MSR_APIC_BASE);
}

static void op_port(void)
{
	inb(0x80);
}

static volatile u32 self_ipis;

static bool self_ipi(struct regs *r)
{
	self_ipis++;
	lapic_write(LAPIC_EOI, 0);
	return true;
}

static void op_self_ipi(void)
{
	u32 seen = self_ipis;
	u64 end = time_deadline(1000);

	lapic_send_self(0x40);
	while (self_ipis == seen && !time_after(end))
		cpu_relax();
}

static u32 ipi_port;

static void op_event(void)
{
	u64 seen = upcall_count;
	u64 end = time_deadline(1000);

	evtchn_send(ipi_port);
	while (upcall_count == seen && !time_after(end))
		cpu_relax();
}

static void bench_lapic(void)
{
	if (!(cpuid(1, 0).ecx & BIT(21)))
		return;
	lapic_enable();
	lapic_write(LAPIC_SVR, 0x1ff);
	lapic_write(LAPIC_TPR, 0);
	trap_hook[0x40] = self_ipi;
	irq_enable();
	measure("self_ipi", op_self_ipi, ROUNDS, BATCH);
	irq_disable();
}

static void bench_events(void)
{
	if (!have_xen || !xen_init_events() ||
	    evtchn_bind_ipi(xen_vcpu_id, &ipi_port))
		return;
	evtchn_unmask(ipi_port);
	irq_enable();
	measure("evtchn_send_to_upcall", op_event, ROUNDS, BATCH);
	irq_disable();
}

static u64 ram_end(void)
{
	const struct hvm_memmap_table_entry *e =
		(void *)start_info()->memmap_paddr;
	u64 end = 0;
	u32 i;

	for (i = 0; i < start_info()->memmap_entries; i++) {
		if (e[i].type == XEN_HVM_MEMMAP_TYPE_RAM &&
		    e[i].addr <= 0x100000 && e[i].addr + e[i].size > end)
			end = e[i].addr + e[i].size;
	}
	return end;
}

/* Each page is touched once, so there are no batches: the whole is timed. */
static void bench_first_touch(void)
{
	u64 best = ~0ul, start, t, gpa;
	u32 pages = TOUCH_SIZE / PAGE_SIZE;

	if (ram_end() < TOUCH_BASE + TOUCH_SIZE) {
		print("# first_touch needs 96 MiB\n");
		return;
	}
	start = measure_ticks();
	for (gpa = TOUCH_BASE; gpa < TOUCH_BASE + TOUCH_SIZE; gpa += SIZE_2M) {
		u64 page;

		t = measure_ticks();
		for (page = gpa; page < gpa + SIZE_2M; page += PAGE_SIZE)
			WRITE_ONCE(*(u64 *)page, page);
		t = measure_since(t);
		if (t < best)
			best = t;
	}
	t = measure_since(start);
	measure_result("first_touch_page", t / pages, best / 512);
	t = measure_ticks();
	for (gpa = TOUCH_BASE; gpa < TOUCH_BASE + TOUCH_SIZE; gpa += PAGE_SIZE)
		WRITE_ONCE(*(u64 *)gpa, gpa);
	t = measure_since(t);
	measure_result("second_touch_page", t / pages, t / pages);
}

static void op_compute(void)
{
	work_compute();
}

static void *chase_at;

static void op_chase(void)
{
	chase_at = work_chase(chase_at);
}

static void bench_chase(void)
{
	if (ram_end() < CHASE_BASE + WORK_CHASE_SIZE)
		return;
	chase_at = work_chase_prepare((void *)CHASE_BASE);
	measure("pointer_chase_100k", op_chase, 8, 1);
}

void test_main(void)
{
	measure_init();
	print("# bench on %s, NAME AVERAGE MINIMUM in ticks\n",
	      have_xen ? "xen" : "kvm");
	measure("nothing", op_nothing, ROUNDS, BATCH);
	measure("cpuid", op_cpuid, ROUNDS, BATCH);
	if (!trap_try(try_hypercall, NULL))
		measure("hypercall", op_hypercall, ROUNDS, BATCH);
	measure("rdmsr_apic_base", op_msr, ROUNDS, BATCH);
	measure("in_port_80", op_port, ROUNDS, BATCH);
	bench_first_touch();
	bench_events();
	bench_lapic();
	measure("compute_100k", op_compute, 8, 1);
	bench_chase();
	report_ok("bench");
}
