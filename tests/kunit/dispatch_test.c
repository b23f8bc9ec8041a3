// SPDX-License-Identifier: GPL-2.0-only
/*
 * The dispatcher's table and its rules: every kind has a row, an instruction
 * is skipped only when its interpreter says so, and a call that has to be
 * repeated has changed nothing.
 */
#include <linux/module.h>

#include "fake_vcpu.h"

#include "../../kmod/dispatch.c"

/* What the interpreters of other files answer, and which was asked last. */
static enum vmexit_action fake_action;
static const char *fake_asked;
static unsigned int fake_nr_asked;
static int fake_ram_result;
static unsigned int fake_ram_access;
static bool fake_paused;
static int fake_shutdown_reason;

#define FAKE_INTERPRETER(name)						\
enum vmexit_action name(struct vcpu *vcpu, const struct vmexit *x)	\
{									\
	fake_asked = #name;						\
	fake_nr_asked++;						\
	return fake_action;						\
}

FAKE_INTERPRETER(emul_cpuid)
FAKE_INTERPRETER(emul_rdmsr)
FAKE_INTERPRETER(emul_wrmsr)
FAKE_INTERPRETER(emul_io)
FAKE_INTERPRETER(emul_cr)
FAKE_INTERPRETER(emul_dr)
FAKE_INTERPRETER(emul_xsetbv)
FAKE_INTERPRETER(emul_hlt)
FAKE_INTERPRETER(emul_mmio)
FAKE_INTERPRETER(xen_hypercall)

/* What the bytes at RIP say; kind 0 when they cannot be read now. */
static struct vmexit fake_decoded;

enum vmexit_action emul_decode(struct vcpu *vcpu, struct vmexit *x)
{
	if (!fake_decoded.kind)
		return VMEXIT_AGAIN;
	*x = fake_decoded;
	return VMEXIT_RESUME;
}

int guest_ram_fault(struct guest_ram *ram, gpa_t gpa, unsigned int access)
{
	fake_ram_access = access;
	return fake_ram_result;
}

void domain_log(struct domain *d, const char *fmt, ...)
{
}

void domain_pause(struct domain *d)
{
	fake_paused = true;
}

enum vmexit_action domain_shutdown(struct domain *d, unsigned int reason,
				   const char *fmt, ...)
{
	fake_shutdown_reason = reason;
	return VMEXIT_STOPPED;
}

void vcpu_log_state(struct vcpu *vcpu)
{
}

/* Whether another vCPU waits for a CPU, and how often one was let run. */
static bool fake_yield_helps;
static unsigned int fake_yields;

bool vcpu_yield_helps(const struct vcpu *vcpu)
{
	return fake_yield_helps;
}

void vcpu_yield(struct vcpu *vcpu)
{
	fake_yields++;
}

static bool fake_injecting;

static bool fake_injection_pending(struct vcpu *vcpu)
{
	return fake_injecting;
}

static int dispatch_init(struct kunit *test)
{
	fake_injecting = false;
	fake_vendor.injection_pending = fake_injection_pending;
	fake_domain(test, 1);
	fake_action = VMEXIT_RESUME;
	fake_asked = "";
	fake_nr_asked = 0;
	fake_ram_result = 0;
	fake_ram_access = 0;
	fake_paused = false;
	fake_shutdown_reason = -1;
	fake_yield_helps = false;
	fake_yields = 0;
	return 0;
}

static void vmexit_table_has_a_row_for_every_kind(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < NR_VMEXIT_KINDS; i++) {
		KUNIT_EXPECT_PTR_NE_MSG(test, vmexit_table[i].interpret, NULL,
					"kind %u", i);
		KUNIT_EXPECT_NOT_NULL(test, vmexit_name(i));
	}
}

/* The counts go to userspace by name: short enough, and each its own. */
static void vmexit_name_is_fit_for_userspace(struct kunit *test)
{
	unsigned int i, j;

	KUNIT_EXPECT_LE(test, (int)NR_VMEXIT_KINDS, LODGE_NR_EXIT_COUNTS);
	for (i = 0; i < NR_VMEXIT_KINDS; i++) {
		const char *name = vmexit_name(i);

		KUNIT_ASSERT_NOT_NULL(test, name);
		KUNIT_EXPECT_GT(test, strlen(name), 0ul);
		KUNIT_EXPECT_LT(test, strlen(name),
				(size_t)LODGE_EXIT_NAME_LEN);
		for (j = 0; j < i; j++)
			KUNIT_EXPECT_NE_MSG(test, strcmp(name, vmexit_name(j)),
					    0, "%u and %u", i, j);
	}
	KUNIT_EXPECT_NULL(test, vmexit_name(NR_VMEXIT_KINDS));
}

static void dispatch_asks_the_interpreter_of_the_kind(struct kunit *test)
{
	static const struct {
		enum vmexit_kind kind;
		const char *name;
	} cases[] = {
		{ VMEXIT_CPUID, "emul_cpuid" },
		{ VMEXIT_HYPERCALL, "xen_hypercall" },
		{ VMEXIT_MSR_READ, "emul_rdmsr" },
		{ VMEXIT_MSR_WRITE, "emul_wrmsr" },
		{ VMEXIT_IO, "emul_io" },
		{ VMEXIT_CR_ACCESS, "emul_cr" },
		{ VMEXIT_DR_ACCESS, "emul_dr" },
		{ VMEXIT_XSETBV, "emul_xsetbv" },
		{ VMEXIT_HLT, "emul_hlt" },
	};
	struct vcpu *vcpu = test->priv;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct vmexit x = { .kind = cases[i].kind };

		KUNIT_EXPECT_EQ(test, VMEXIT_RESUME, dispatch(vcpu, &x));
		KUNIT_EXPECT_STREQ(test, cases[i].name, fake_asked);
		KUNIT_EXPECT_EQ(test, 1ull, vcpu->nr_exits[x.kind]);
	}
}

/* What each answer of an interpreter does to RIP and to the count. */
static void dispatch_settles_each_action(struct kunit *test)
{
	static const struct {
		enum vmexit_action action, result;
		unsigned int advanced, counted;
	} cases[] = {
		{ VMEXIT_RESUME, VMEXIT_RESUME, 0, 1 },
		{ VMEXIT_SKIP_INSN, VMEXIT_RESUME, 3, 1 },
		{ VMEXIT_AGAIN, VMEXIT_AGAIN, 0, 0 },
		{ VMEXIT_BLOCK, VMEXIT_BLOCK, 3, 1 },
		{ VMEXIT_STOPPED, VMEXIT_STOPPED, 0, 1 },
	};
	const struct vmexit x = { .kind = VMEXIT_CPUID, .insn_len = 3 };
	struct vcpu *vcpu = test->priv;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		fake_clear();
		vcpu->nr_exits[VMEXIT_CPUID] = 0;
		fake_action = cases[i].action;
		KUNIT_EXPECT_EQ_MSG(test, cases[i].result, dispatch(vcpu, &x),
				    "action %u", cases[i].action);
		KUNIT_EXPECT_EQ_MSG(test, cases[i].advanced, fake_advanced,
				    "action %u", cases[i].action);
		KUNIT_EXPECT_EQ_MSG(test, (u64)cases[i].counted,
				    vcpu->nr_exits[VMEXIT_CPUID],
				    "action %u", cases[i].action);
	}
}

/* Once the bytes are there, all goes as if the CPU had told; only once. */
static void dispatch_completes_an_undecoded_exit(struct kunit *test)
{
	const struct vmexit x = { .kind = VMEXIT_UNDECODED, .insn = VMEXIT_HLT };
	struct vcpu *vcpu = test->priv;

	fake_decoded = (struct vmexit){};
	KUNIT_EXPECT_EQ(test, VMEXIT_AGAIN, dispatch(vcpu, &x));
	KUNIT_EXPECT_EQ(test, 0u, fake_nr_asked);
	fake_decoded = (struct vmexit){ .kind = VMEXIT_HLT, .insn_len = 3 };
	fake_action = VMEXIT_SKIP_INSN;
	KUNIT_EXPECT_EQ(test, VMEXIT_RESUME, dispatch(vcpu, &x));
	KUNIT_EXPECT_STREQ(test, "emul_hlt", fake_asked);
	KUNIT_EXPECT_EQ(test, 3u, fake_advanced);
	fake_action = VMEXIT_BLOCK;
	KUNIT_EXPECT_EQ(test, VMEXIT_BLOCK, dispatch(vcpu, &x));
	KUNIT_EXPECT_EQ(test, 6u, fake_advanced);
	KUNIT_EXPECT_EQ(test, 2ull, vcpu->nr_exits[VMEXIT_HLT]);
}

static void dispatch_atomic_changes_nothing_for_a_sleeper(struct kunit *test)
{
	struct vcpu *vcpu = test->priv, *before;
	struct vmexit x = { .insn_len = 2 };
	unsigned int i;

	before = kunit_kzalloc(test, sizeof(*before), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, before);
	vcpu->atomic = true;
	fake_yield_helps = true;
	memcpy(before, vcpu, sizeof(*before));
	for (i = 0; i < NR_VMEXIT_KINDS; i++) {
		if (!vmexit_table[i].sleeps && i != VMEXIT_PAUSE &&
		    i != VMEXIT_CPU_OFF)
			continue;
		x.kind = i;
		KUNIT_EXPECT_EQ_MSG(test, VMEXIT_AGAIN, dispatch(vcpu, &x),
				    "kind %u", i);
	}
	KUNIT_EXPECT_EQ(test, 0, memcmp(before, vcpu, sizeof(*before)));
	KUNIT_EXPECT_EQ(test, 0u, fake_nr_asked);
	KUNIT_EXPECT_EQ(test, 0u, fake_advanced);
	KUNIT_EXPECT_EQ(test, -1, fake_vector);
	KUNIT_EXPECT_FALSE(test, fake_crashed);
	KUNIT_EXPECT_EQ(test, -1, fake_shutdown_reason);
}

/* The kinds that the dispatcher settles itself. */
static void dispatch_settles_simple_kinds(struct kunit *test)
{
	static const struct {
		enum vmexit_kind kind;
		enum vmexit_action result;
		unsigned int advanced;
		int vector;
		bool crashed;
	} cases[] = {
		{ VMEXIT_HOST, VMEXIT_RESUME, 0, -1 },
		{ VMEXIT_WINDOW, VMEXIT_RESUME, 0, -1 },
		{ VMEXIT_PAUSE, VMEXIT_RESUME, 2, -1 },
		{ VMEXIT_CACHE, VMEXIT_RESUME, 2, -1 },
		{ VMEXIT_UNDEFINED, VMEXIT_RESUME, 0, X86_TRAP_UD },
		{ VMEXIT_PRIVILEGED, VMEXIT_RESUME, 0, X86_TRAP_GP },
		{ VMEXIT_MACHINE_CHECK, VMEXIT_RESUME, 0, -1 },
		{ VMEXIT_CPU_OFF, VMEXIT_RESUME, 0, -1 },
		{ VMEXIT_TASK_SWITCH, VMEXIT_STOPPED, 0, -1, true },
		{ VMEXIT_ENTRY_FAILED, VMEXIT_STOPPED, 0, -1, true },
		{ VMEXIT_FAULTY, VMEXIT_STOPPED, 0, -1, true },
	};
	struct vcpu *vcpu = test->priv;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct vmexit x = {
			.kind = cases[i].kind,
			.insn_len = 2,
		};
		const char *name = vmexit_name(x.kind);

		fake_clear();
		KUNIT_EXPECT_EQ_MSG(test, cases[i].result, dispatch(vcpu, &x),
				    "%s", name);
		KUNIT_EXPECT_EQ_MSG(test, cases[i].advanced, fake_advanced,
				    "%s", name);
		KUNIT_EXPECT_EQ_MSG(test, cases[i].vector, fake_vector,
				    "%s", name);
		KUNIT_EXPECT_EQ_MSG(test, cases[i].crashed, fake_crashed,
				    "%s", name);
	}
}

/* Only where that helps, and only where it may sleep. */
static void handle_pause_lets_another_vcpu_run(struct kunit *test)
{
	const struct vmexit x = { .kind = VMEXIT_PAUSE, .insn_len = 2 };
	struct vcpu *vcpu = test->priv;

	vcpu->atomic = true;
	KUNIT_EXPECT_EQ(test, VMEXIT_RESUME, dispatch(vcpu, &x));
	KUNIT_EXPECT_EQ(test, 2u, fake_advanced);
	fake_yield_helps = true;
	KUNIT_EXPECT_EQ(test, VMEXIT_AGAIN, dispatch(vcpu, &x));
	KUNIT_EXPECT_EQ(test, 2u, fake_advanced);
	KUNIT_EXPECT_EQ(test, 0u, fake_yields);
	vcpu->atomic = false;
	KUNIT_EXPECT_EQ(test, VMEXIT_RESUME, dispatch(vcpu, &x));
	KUNIT_EXPECT_EQ(test, 4u, fake_advanced);
	KUNIT_EXPECT_EQ(test, 1u, fake_yields);
	KUNIT_EXPECT_EQ(test, 2ull, vcpu->nr_exits[VMEXIT_PAUSE]);
}

static void handle_s2_fault_follows_the_allocator(struct kunit *test)
{
	static const struct {
		int err;
		enum vmexit_action result;
		const char *asked;
		bool paused, crashed;
	} cases[] = {
		{ 0, VMEXIT_RESUME, "" },
		{ -ENXIO, VMEXIT_STOPPED, "emul_mmio" },
		{ -ENOMEM, VMEXIT_RESUME, "", true },
		{ -EACCES, VMEXIT_STOPPED, "", false, true },
		{ -EFAULT, VMEXIT_STOPPED, "", false, true },
	};
	const struct vmexit x = {
		.kind = VMEXIT_S2_FAULT,
		.s2 = { .gpa = 0x5000, .read = true, .write = true },
	};
	struct vcpu *vcpu = test->priv;
	unsigned int i;

	/* Whatever emulation answers comes back as it is. */
	fake_action = VMEXIT_STOPPED;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		fake_clear();
		fake_asked = "";
		fake_paused = false;
		fake_ram_result = cases[i].err;
		KUNIT_EXPECT_EQ_MSG(test, cases[i].result, dispatch(vcpu, &x),
				    "error %d", cases[i].err);
		KUNIT_EXPECT_STREQ(test, cases[i].asked, fake_asked);
		KUNIT_EXPECT_EQ(test, cases[i].paused, fake_paused);
		KUNIT_EXPECT_EQ(test, cases[i].crashed, fake_crashed);
		KUNIT_EXPECT_EQ(test, S2_READ | S2_WRITE, fake_ram_access);
	}

	/* No instruction made the access, so there is none to emulate. */
	fake_clear();
	fake_asked = "";
	fake_injecting = true;
	fake_ram_result = -ENXIO;
	KUNIT_EXPECT_EQ(test, VMEXIT_STOPPED, dispatch(vcpu, &x));
	KUNIT_EXPECT_STREQ(test, "", fake_asked);
	KUNIT_EXPECT_TRUE(test, fake_crashed);
}

static void handle_exception_gives_it_back(struct kunit *test)
{
	struct vcpu *vcpu = test->priv;
	struct vmexit x = {
		.kind = VMEXIT_EXCEPTION,
		.exception = { .vector = X86_TRAP_AC, .has_error = true,
			       .error = 0 },
	};

	KUNIT_EXPECT_EQ(test, VMEXIT_RESUME, dispatch(vcpu, &x));
	KUNIT_EXPECT_EQ(test, (int)X86_TRAP_AC, fake_vector);
	KUNIT_EXPECT_EQ(test, 0u, fake_advanced);

	/* INT1 is a trap: it comes after its instruction. */
	x.insn_len = 1;
	x.exception.vector = X86_TRAP_DB;
	x.exception.has_error = false;
	KUNIT_EXPECT_EQ(test, VMEXIT_RESUME, dispatch(vcpu, &x));
	KUNIT_EXPECT_EQ(test, (int)X86_TRAP_DB, fake_vector);
	KUNIT_EXPECT_EQ(test, 1u, fake_advanced);
}

static void handle_exception_sets_dr6_of_a_debug_trap(struct kunit *test)
{
	const struct vmexit x = {
		.kind = VMEXIT_EXCEPTION,
		.exception = { .vector = X86_TRAP_DB,
			       .payload = DR_STEP | DR_TRAP1 | DR6_BD |
					  1ull << 40 },
	};
	struct vcpu *vcpu = test->priv;

	vcpu->dr6 = 0xffff0ff0 | DR_TRAP0;
	fake_regs[VREG_DR7] = 0x2400;
	KUNIT_EXPECT_EQ(test, VMEXIT_RESUME, dispatch(vcpu, &x));
	KUNIT_EXPECT_EQ(test, 0xffff0ff0ull | DR_STEP | DR_TRAP1 | DR6_BD,
			vcpu->dr6);
	KUNIT_EXPECT_EQ(test, 0x400ull, fake_regs[VREG_DR7]);
}

static void handle_triple_fault_is_a_reboot(struct kunit *test)
{
	const struct vmexit x = { .kind = VMEXIT_TRIPLE_FAULT };

	KUNIT_EXPECT_EQ(test, VMEXIT_STOPPED, dispatch(test->priv, &x));
	KUNIT_EXPECT_EQ(test, (int)LODGE_SHUTDOWN_REBOOT,
			fake_shutdown_reason);
}

static struct kunit_case dispatch_cases[] = {
	KUNIT_CASE(vmexit_table_has_a_row_for_every_kind),
	KUNIT_CASE(vmexit_name_is_fit_for_userspace),
	KUNIT_CASE(dispatch_asks_the_interpreter_of_the_kind),
	KUNIT_CASE(dispatch_settles_each_action),
	KUNIT_CASE(dispatch_completes_an_undecoded_exit),
	KUNIT_CASE(dispatch_atomic_changes_nothing_for_a_sleeper),
	KUNIT_CASE(dispatch_settles_simple_kinds),
	KUNIT_CASE(handle_pause_lets_another_vcpu_run),
	KUNIT_CASE(handle_s2_fault_follows_the_allocator),
	KUNIT_CASE(handle_exception_gives_it_back),
	KUNIT_CASE(handle_exception_sets_dr6_of_a_debug_trap),
	KUNIT_CASE(handle_triple_fault_is_a_reboot),
	{}
};

static struct kunit_suite dispatch_suite = {
	.name = "lodge_dispatch",
	.init = dispatch_init,
	.test_cases = dispatch_cases,
};

kunit_test_suite(dispatch_suite);

MODULE_LICENSE("GPL");
