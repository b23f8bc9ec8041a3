// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which event goes in next, against a vendor that only writes down what it is
 * told: the double-fault rules as a table, then the order of events, and that
 * none is lost while another one has the entry.
 */
#include <kunit/test.h>
#include <linux/module.h>

#include "../../kmod/vcpu_event.c"

/* The vendor: what it allows, and what it was told. */
static bool can_nmi, can_interrupt, delivery_pending;
static struct vcpu_event injected;
static unsigned int nr_injected;
static bool nmi_window, interrupt_window;

/* The local APIC and the poll of Xen's scheduler interface. */
static int apic_vector;
static int accepted_vector;
static bool poll_done;

static struct vcpu_info info;

static bool vendor_can_inject(struct vcpu *vcpu, enum vcpu_event_class class)
{
	return class == EVENT_NMI ? can_nmi : can_interrupt;
}

static void vendor_inject(struct vcpu *vcpu, const struct vcpu_event *event)
{
	injected = *event;
	nr_injected++;
}

static bool vendor_injection_pending(struct vcpu *vcpu)
{
	return delivery_pending;
}

/* What an exit interrupted, and has to be taken back. */
static struct vcpu_event interrupted;
static bool was_interrupted;

static bool vendor_take_back(struct vcpu *vcpu, struct vcpu_event *event)
{
	bool was = was_interrupted;

	*event = interrupted;
	was_interrupted = false;
	return was;
}

static void vendor_request_window(struct vcpu *vcpu,
				  enum vcpu_event_class class)
{
	if (class == EVENT_NMI)
		nmi_window = true;
	else
		interrupt_window = true;
}

static u64 written[NR_VREGS];

static void vendor_write_reg(struct vcpu *vcpu, enum vcpu_reg reg, u64 value)
{
	written[reg] = value;
}

static struct vendor_ops fake_vendor = {
	.write_reg = vendor_write_reg,
	.can_inject = vendor_can_inject,
	.inject = vendor_inject,
	.injection_pending = vendor_injection_pending,
	.take_back = vendor_take_back,
	.request_window = vendor_request_window,
};

struct vendor_ops *vendor = &fake_vendor;

int lapic_pending_vector(struct vcpu *vcpu)
{
	return apic_vector;
}

void lapic_accept_vector(struct vcpu *vcpu, u8 vector)
{
	accepted_vector = vector;
	apic_vector = -1;
}

static int returned_vector;

void lapic_return_vector(struct vcpu *vcpu, u8 vector)
{
	returned_vector = vector;
}

bool xen_poll_is_done(struct vcpu *vcpu)
{
	return poll_done;
}

#define CALLBACK	0xf3
#define TIMER		0x30

static void forget(void)
{
	memset(&injected, 0, sizeof(injected));
	nr_injected = 0;
	nmi_window = false;
	interrupt_window = false;
	accepted_vector = -1;
	returned_vector = -1;
	was_interrupted = false;
}

static int event_init(struct kunit *test)
{
	struct vcpu *vcpu = kunit_kzalloc(test, sizeof(*vcpu), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, vcpu);
	vcpu->domain = kunit_kzalloc(test, sizeof(struct domain), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, vcpu->domain);
	vcpu->domain->xen.callback_vector = CALLBACK;
	memset(&info, 0, sizeof(info));
	vcpu->xen.info = &info;
	vcpu->online = true;
	can_nmi = true;
	can_interrupt = true;
	delivery_pending = false;
	apic_vector = -1;
	poll_done = false;
	forget();
	test->priv = vcpu;
	return 0;
}

static void set_apic(struct vcpu *vcpu, int vector)
{
	apic_vector = vector;
	vcpu->lapic.has_irr = vector >= 0;
}

/* SDM, "Interrupt 8 - Double Fault Exception (#DF)", every pair. */
static void makes_double_fault_follows_the_manual(struct kunit *test)
{
	static const u8 contributory[] = {
		X86_TRAP_DE, X86_TRAP_TS, X86_TRAP_NP, X86_TRAP_SS,
		X86_TRAP_GP,
	};
	u8 first, second;

	for (first = 0; first < 32; first++)
		for (second = 0; second < 32; second++) {
			bool c1 = memchr(contributory, first, 5);
			bool c2 = memchr(contributory, second, 5);
			bool pf1 = first == X86_TRAP_PF;
			bool pf2 = second == X86_TRAP_PF;

			KUNIT_EXPECT_EQ_MSG(test, (c1 && c2) ||
					    (pf1 && (pf2 || c2)),
					    makes_double_fault(first, second),
					    "%u then %u", first, second);
		}
}

static void vcpu_inject_exception_promotes_to_double_fault(struct kunit *test)
{
	struct vcpu *vcpu = test->priv;

	vcpu_inject_pf(vcpu, 0x1234, 2);
	KUNIT_EXPECT_EQ(test, 0x1234ull, written[VREG_CR2]);
	KUNIT_EXPECT_EQ(test, (int)X86_TRAP_PF, (int)vcpu->exception.vector);
	KUNIT_EXPECT_EQ(test, 2u, vcpu->exception.error);
	KUNIT_EXPECT_EQ(test, VMEXIT_RESUME, vcpu_inject_gp(vcpu));
	KUNIT_EXPECT_EQ(test, (int)X86_TRAP_DF, (int)vcpu->exception.vector);
	KUNIT_EXPECT_TRUE(test, vcpu->exception.has_error);
	KUNIT_EXPECT_EQ(test, 0u, vcpu->exception.error);
}

static void vcpu_inject_exception_replaces_a_benign_one(struct kunit *test)
{
	struct vcpu *vcpu = test->priv;

	vcpu_inject_gp(vcpu);
	vcpu_inject_ud(vcpu);
	KUNIT_EXPECT_EQ(test, (int)X86_TRAP_UD, (int)vcpu->exception.vector);
	KUNIT_EXPECT_FALSE(test, vcpu->exception.has_error);
}

/* One event an entry; the rest waits with a window, in this order. */
static void vcpu_inject_pending_keeps_the_order(struct kunit *test)
{
	struct vcpu *vcpu = test->priv;

	vcpu_inject_gp(vcpu);
	vcpu->nmi_pending = true;
	info.evtchn_upcall_pending = 1;
	set_apic(vcpu, TIMER);

	vcpu_inject_pending(vcpu);
	KUNIT_EXPECT_EQ(test, 1u, nr_injected);
	KUNIT_EXPECT_EQ(test, EVENT_EXCEPTION, injected.class);
	KUNIT_EXPECT_EQ(test, (int)X86_TRAP_GP, (int)injected.vector);
	KUNIT_EXPECT_TRUE(test, nmi_window);
	KUNIT_EXPECT_TRUE(test, interrupt_window);

	forget();
	vcpu_inject_pending(vcpu);
	KUNIT_EXPECT_EQ(test, 1u, nr_injected);
	KUNIT_EXPECT_EQ(test, EVENT_NMI, injected.class);
	KUNIT_EXPECT_FALSE(test, nmi_window);
	KUNIT_EXPECT_TRUE(test, interrupt_window);
	KUNIT_EXPECT_FALSE(test, vcpu->nmi_pending);

	forget();
	vcpu_inject_pending(vcpu);
	KUNIT_EXPECT_EQ(test, 1u, nr_injected);
	KUNIT_EXPECT_EQ(test, EVENT_INTERRUPT, injected.class);
	KUNIT_EXPECT_EQ(test, CALLBACK, (int)injected.vector);
	KUNIT_EXPECT_EQ(test, -1, accepted_vector);

	/* The guest takes the level back; only then comes the APIC's. */
	info.evtchn_upcall_pending = 0;
	forget();
	vcpu_inject_pending(vcpu);
	KUNIT_EXPECT_EQ(test, 1u, nr_injected);
	KUNIT_EXPECT_EQ(test, TIMER, (int)injected.vector);
	KUNIT_EXPECT_EQ(test, TIMER, accepted_vector);
}

/* With nothing pending the vendor is not even asked. */
static void vcpu_inject_pending_leaves_an_idle_vcpu_alone(struct kunit *test)
{
	struct vcpu *vcpu = test->priv;

	vcpu_inject_pending(vcpu);
	vcpu->domain->xen.callback_vector = 0;
	info.evtchn_upcall_pending = 1;
	vcpu_inject_pending(vcpu);
	KUNIT_EXPECT_EQ(test, 0u, nr_injected);
	KUNIT_EXPECT_FALSE(test, nmi_window || interrupt_window);
}

/* What cannot go in now asks for a window and stays. */
static void vcpu_inject_pending_loses_nothing(struct kunit *test)
{
	static const struct {
		bool nmi, upcall, apic;		/* pending */
		bool can_nmi, can_irq, busy;	/* the guest's state */
		bool nmi_in, nmi_window, irq_in, irq_window;
	} cases[] = {
		{ .nmi = true, .nmi_window = true },
		{ .nmi = true, .can_nmi = true, .nmi_in = true },
		{ .nmi = true, .can_nmi = true, .busy = true,
		  .nmi_window = true },
		{ .upcall = true, .irq_window = true },
		{ .upcall = true, .can_irq = true, .irq_in = true },
		{ .upcall = true, .can_irq = true, .busy = true,
		  .irq_window = true },
		{ .apic = true, .irq_window = true },
		{ .apic = true, .can_irq = true, .irq_in = true },
		{ .apic = true, .can_irq = true, .busy = true,
		  .irq_window = true },
		/* A blocked NMI does not hold an interrupt back. */
		{ .nmi = true, .apic = true, .can_irq = true,
		  .nmi_window = true, .irq_in = true },
		{ .nmi = true, .apic = true, .can_nmi = true, .can_irq = true,
		  .nmi_in = true, .irq_window = true },
	};
	struct vcpu *vcpu = test->priv;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		forget();
		vcpu->nmi_pending = cases[i].nmi;
		info.evtchn_upcall_pending = cases[i].upcall;
		set_apic(vcpu, cases[i].apic ? TIMER : -1);
		can_nmi = cases[i].can_nmi;
		can_interrupt = cases[i].can_irq;
		delivery_pending = cases[i].busy;
		vcpu_inject_pending(vcpu);

		KUNIT_EXPECT_EQ_MSG(test, cases[i].nmi_in + cases[i].irq_in,
				    (int)nr_injected, "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, cases[i].nmi && !cases[i].nmi_in,
				    vcpu->nmi_pending, "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, cases[i].nmi_window, nmi_window,
				    "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, cases[i].irq_window,
				    interrupt_window, "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, cases[i].apic && !cases[i].irq_in,
				    apic_vector >= 0, "case %u", i);
	}
}

static void interrupt_delivery(enum vcpu_event_class class, u8 vector)
{
	interrupted = (struct vcpu_event){ .class = class, .vector = vector };
	was_interrupted = true;
}

/* The exit with an exception cut the delivery of another event short. */
static void vcpu_inject_pending_owes_the_interrupted(struct kunit *test)
{
	struct vcpu *vcpu = test->priv;

	interrupt_delivery(EVENT_NMI, X86_TRAP_NMI);
	vcpu_inject_exception(vcpu, X86_TRAP_DB, false, 0);
	vcpu_inject_pending(vcpu);
	KUNIT_EXPECT_EQ(test, X86_TRAP_DB, injected.vector);
	KUNIT_EXPECT_TRUE(test, vcpu->nmi_pending);
	KUNIT_EXPECT_TRUE(test, nmi_window);

	vcpu->nmi_pending = false;
	forget();
	interrupt_delivery(EVENT_INTERRUPT, TIMER);
	vcpu_inject_exception(vcpu, X86_TRAP_AC, true, 0);
	vcpu_inject_pending(vcpu);
	KUNIT_EXPECT_EQ(test, X86_TRAP_AC, injected.vector);
	KUNIT_EXPECT_EQ(test, TIMER, returned_vector);

	/* The upcall's vector is not the APIC's. */
	forget();
	interrupt_delivery(EVENT_INTERRUPT, CALLBACK);
	vcpu_inject_exception(vcpu, X86_TRAP_AC, true, 0);
	vcpu_inject_pending(vcpu);
	KUNIT_EXPECT_EQ(test, -1, returned_vector);
}

static void vcpu_inject_pending_doubles_a_fault(struct kunit *test)
{
	struct vcpu *vcpu = test->priv;

	interrupt_delivery(EVENT_EXCEPTION, X86_TRAP_PF);
	vcpu_inject_exception(vcpu, X86_TRAP_GP, true, 0x18);
	vcpu_inject_pending(vcpu);
	KUNIT_EXPECT_EQ(test, X86_TRAP_DF, injected.vector);
	KUNIT_EXPECT_TRUE(test, injected.has_error);
	KUNIT_EXPECT_EQ(test, 0u, injected.error);

	forget();
	interrupt_delivery(EVENT_EXCEPTION, X86_TRAP_PF);
	vcpu_inject_exception(vcpu, X86_TRAP_DB, false, 0);
	vcpu_inject_pending(vcpu);
	KUNIT_EXPECT_EQ(test, X86_TRAP_DB, injected.vector);
}

static void vcpu_has_wake_event_follows_if(struct kunit *test)
{
	static const struct {
		bool offline, exception, nmi, poll, block_if, upcall, apic;
		bool wakes;
	} cases[] = {
		{ .wakes = false },
		{ .exception = true, .wakes = true },
		{ .nmi = true, .wakes = true },
		{ .poll = true, .wakes = true },
		{ .upcall = true, .wakes = false },
		{ .apic = true, .wakes = false },
		{ .block_if = true, .upcall = true, .wakes = true },
		{ .block_if = true, .apic = true, .wakes = true },
		{ .block_if = true, .wakes = false },
		{ .offline = true, .exception = true, .nmi = true,
		  .poll = true, .block_if = true, .upcall = true,
		  .apic = true, .wakes = false },
	};
	struct vcpu *vcpu = test->priv;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		vcpu->online = !cases[i].offline;
		vcpu->exception_pending = cases[i].exception;
		vcpu->nmi_pending = cases[i].nmi;
		poll_done = cases[i].poll;
		vcpu->block_if = cases[i].block_if;
		info.evtchn_upcall_pending = cases[i].upcall;
		set_apic(vcpu, cases[i].apic ? TIMER : -1);
		KUNIT_EXPECT_EQ_MSG(test, cases[i].wakes,
				    vcpu_has_wake_event(vcpu), "case %u", i);
	}
}

static struct kunit_case event_cases[] = {
	KUNIT_CASE(makes_double_fault_follows_the_manual),
	KUNIT_CASE(vcpu_inject_exception_promotes_to_double_fault),
	KUNIT_CASE(vcpu_inject_exception_replaces_a_benign_one),
	KUNIT_CASE(vcpu_inject_pending_keeps_the_order),
	KUNIT_CASE(vcpu_inject_pending_leaves_an_idle_vcpu_alone),
	KUNIT_CASE(vcpu_inject_pending_loses_nothing),
	KUNIT_CASE(vcpu_inject_pending_owes_the_interrupted),
	KUNIT_CASE(vcpu_inject_pending_doubles_a_fault),
	KUNIT_CASE(vcpu_has_wake_event_follows_if),
	{}
};

static struct kunit_suite event_suite = {
	.name = "lodge_vcpu_event",
	.init = event_init,
	.test_cases = event_cases,
};

kunit_test_suite(event_suite);

MODULE_LICENSE("GPL");
