// SPDX-License-Identifier: GPL-2.0-only
/*
 * The way of a hypercall from registers to handler and back: who may call,
 * which registers carry what in both widths, what becomes of the answers that
 * are not numbers, and lists of calls.
 */
#include <kunit/test.h>
#include <linux/module.h>

#include "../../kmod/xen/hypercall.c"

/* Guest memory: gva 0 .. sizeof(memory), nothing beyond. */
static u8 memory[4096];
static struct {
	u64 a1, a2, a3;
	bool compat;
	unsigned int nr;
} last;
static long next_result;
static unsigned int nr_poll_finish;
static int latched;
static bool read_only;
static unsigned int nr_pauses;

static struct vendor_ops fake_vendor;
struct vendor_ops *vendor = &fake_vendor;

static long handler(struct vcpu *vcpu, u64 a1, u64 a2, u64 a3, bool compat)
{
	last.a1 = a1;
	last.a2 = a2;
	last.a3 = a3;
	last.compat = compat;
	last.nr++;
	return next_result;
}

#define FAKE_HANDLER(name)						\
long name(struct vcpu *vcpu, u64 a1, u64 a2, u64 a3, bool compat)	\
{									\
	return handler(vcpu, a1, a2, a3, compat);			\
}

FAKE_HANDLER(xen_memory_op)
FAKE_HANDLER(xen_set_timer_op)
FAKE_HANDLER(xen_version)
FAKE_HANDLER(xen_console_io)
FAKE_HANDLER(xen_grant_table_op)
FAKE_HANDLER(xen_vm_assist)
FAKE_HANDLER(xen_vcpu_op)
FAKE_HANDLER(xen_sched_op)
FAKE_HANDLER(xen_event_channel_op)
FAKE_HANDLER(xen_hvm_op)

void xen_poll_finish(struct vcpu *vcpu)
{
	nr_poll_finish++;
}

void xen_latch_layout(struct domain *d, bool compat)
{
	latched = compat;
}

enum vmexit_action domain_pause_for_memory(struct domain *d, const char *what)
{
	nr_pauses++;
	return VMEXIT_RESUME;
}

static bool in_memory(u64 addr, size_t len)
{
	return addr <= sizeof(memory) && len <= sizeof(memory) - addr;
}

int guest_mem_write(struct guest_ram *ram, gpa_t gpa, const void *src,
		    size_t len, bool atomic)
{
	if (!in_memory(gpa, len))
		return -EFAULT;
	memcpy(memory + gpa, src, len);
	return 0;
}

int vcpu_copy_from_guest(struct vcpu *vcpu, void *dst, gva_t gva, size_t len)
{
	if (!in_memory(gva, len))
		return -EFAULT;
	memcpy(dst, memory + gva, len);
	return 0;
}

int vcpu_copy_to_guest(struct vcpu *vcpu, gva_t gva, const void *src,
		       size_t len)
{
	if (!in_memory(gva, len) || read_only)
		return -EFAULT;
	memcpy(memory + gva, src, len);
	return 0;
}

static struct vcpu *make_vcpu(struct kunit *test)
{
	struct vcpu *vcpu = kunit_kzalloc(test, sizeof(*vcpu), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, vcpu);
	vcpu->domain = kunit_kzalloc(test, sizeof(struct domain), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, vcpu->domain);
	memset(&last, 0, sizeof(last));
	memset(memory, 0, sizeof(memory));
	next_result = 0;
	nr_poll_finish = 0;
	read_only = false;
	nr_pauses = 0;
	return vcpu;
}

static struct vmexit make_exit(bool long_mode)
{
	return (struct vmexit){
		.kind = VMEXIT_HYPERCALL,
		.hypercall.long_mode = long_mode,
	};
}

static void xen_hypercall_passes_64bit_arguments(struct kunit *test)
{
	struct vcpu *vcpu = make_vcpu(test);
	struct vmexit x = make_exit(true);

	vcpu->gpr[GPR_RAX] = __HYPERVISOR_memory_op;
	vcpu->gpr[GPR_RDI] = 0x1111111122222222;
	vcpu->gpr[GPR_RSI] = 0x3333333344444444;
	vcpu->gpr[GPR_RDX] = 0x5555555566666666;
	next_result = 0x123456789a;
	KUNIT_EXPECT_EQ(test, VMEXIT_SKIP_INSN, xen_hypercall(vcpu, &x));
	KUNIT_EXPECT_EQ(test, 0x1111111122222222, last.a1);
	KUNIT_EXPECT_EQ(test, 0x3333333344444444, last.a2);
	KUNIT_EXPECT_EQ(test, 0x5555555566666666, last.a3);
	KUNIT_EXPECT_FALSE(test, last.compat);
	KUNIT_EXPECT_EQ(test, 0x123456789a, vcpu->gpr[GPR_RAX]);
}

static void xen_hypercall_masks_32bit_arguments(struct kunit *test)
{
	struct vcpu *vcpu = make_vcpu(test);
	struct vmexit x = make_exit(false);

	vcpu->gpr[GPR_RAX] = 0xffffffff00000000 | __HYPERVISOR_sched_op;
	vcpu->gpr[GPR_RBX] = 0x1111111122222222;
	vcpu->gpr[GPR_RCX] = 0x3333333344444444;
	vcpu->gpr[GPR_RDX] = 0x5555555566666666;
	next_result = -EINVAL;
	KUNIT_EXPECT_EQ(test, VMEXIT_SKIP_INSN, xen_hypercall(vcpu, &x));
	KUNIT_EXPECT_EQ(test, 0x22222222, last.a1);
	KUNIT_EXPECT_EQ(test, 0x44444444, last.a2);
	KUNIT_EXPECT_EQ(test, 0x66666666, last.a3);
	KUNIT_EXPECT_TRUE(test, last.compat);
	KUNIT_EXPECT_EQ(test, 0xffffffea, vcpu->gpr[GPR_RAX]);
}

static void xen_hypercall_bounds_the_number(struct kunit *test)
{
	static const u64 numbers[] = {
		0, 1, 7, 16, 33, 35, 63, 64, 127, 0x100000000 | 17, ~0ull,
		1ull << 63,
	};
	struct vcpu *vcpu = make_vcpu(test);
	struct vmexit x = make_exit(true);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		vcpu->gpr[GPR_RAX] = numbers[i];
		KUNIT_EXPECT_EQ(test, VMEXIT_SKIP_INSN,
				xen_hypercall(vcpu, &x));
		KUNIT_EXPECT_EQ_MSG(test, (u64)-ENOSYS, vcpu->gpr[GPR_RAX],
				    "number %llx", numbers[i]);
	}
	KUNIT_EXPECT_EQ(test, 0, last.nr);
}

static void xen_hypercall_checks_privilege(struct kunit *test)
{
	static const struct {
		u8 cpl;
		bool real, vm86, allowed;
	} cases[] = {
		{ 0, false, false, true },
		{ 1, false, false, false },
		{ 3, false, false, false },
		{ 0, true, false, true },
		{ 3, true, false, true },
		{ 3, false, true, false },
		{ 0, false, true, false },
	};
	struct vcpu *vcpu = make_vcpu(test);
	struct vmexit x = make_exit(false);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		x.hypercall.cpl = cases[i].cpl;
		x.hypercall.real_mode = cases[i].real;
		x.hypercall.vm86 = cases[i].vm86;
		vcpu->gpr[GPR_RAX] = __HYPERVISOR_xen_version;
		KUNIT_EXPECT_EQ(test, VMEXIT_SKIP_INSN,
				xen_hypercall(vcpu, &x));
		KUNIT_EXPECT_EQ_MSG(test, (u32)(cases[i].allowed ? 0 : -EPERM),
				    vcpu->gpr[GPR_RAX], "case %u", i);
	}
}

static void xen_hypercall_turns_answers_to_actions(struct kunit *test)
{
	static const struct {
		long result;
		enum vmexit_action action;
		u64 rax;
	} cases[] = {
		{ XEN_HC_AGAIN, VMEXIT_AGAIN, __HYPERVISOR_sched_op },
		{ XEN_HC_RESTART, VMEXIT_RESUME, __HYPERVISOR_sched_op },
		{ XEN_HC_BLOCK, VMEXIT_BLOCK, 0 },
		{ XEN_HC_STOPPED, VMEXIT_STOPPED, 0 },
		{ XEN_HC_NOMEM, VMEXIT_RESUME, __HYPERVISOR_sched_op },
		{ -MAX_ERRNO, VMEXIT_SKIP_INSN, (u64)-MAX_ERRNO },
		{ LONG_MAX, VMEXIT_SKIP_INSN, LONG_MAX },
	};
	struct vcpu *vcpu = make_vcpu(test);
	struct vmexit x = make_exit(true);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		vcpu->gpr[GPR_RAX] = __HYPERVISOR_sched_op;
		next_result = cases[i].result;
		KUNIT_EXPECT_EQ_MSG(test, cases[i].action,
				    xen_hypercall(vcpu, &x), "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, cases[i].rax, vcpu->gpr[GPR_RAX],
				    "case %u", i);
	}
	KUNIT_EXPECT_EQ(test, 1, nr_pauses);
}

static void xen_hypercall_restarts_with_the_rest(struct kunit *test)
{
	struct vcpu *vcpu = make_vcpu(test);
	struct vmexit x = make_exit(true);

	vcpu->gpr[GPR_RAX] = __HYPERVISOR_memory_op;
	xen_restart(vcpu, 0x100000001, 2, 3);
	next_result = XEN_HC_RESTART;
	KUNIT_EXPECT_EQ(test, VMEXIT_RESUME, xen_hypercall(vcpu, &x));
	KUNIT_EXPECT_EQ(test, 0x100000001, vcpu->gpr[GPR_RDI]);
	KUNIT_EXPECT_EQ(test, 2, vcpu->gpr[GPR_RSI]);
	KUNIT_EXPECT_EQ(test, 3, vcpu->gpr[GPR_RDX]);
	x = make_exit(false);
	KUNIT_EXPECT_EQ(test, VMEXIT_RESUME, xen_hypercall(vcpu, &x));
	KUNIT_EXPECT_EQ(test, 1, vcpu->gpr[GPR_RBX]);
	KUNIT_EXPECT_EQ(test, 2, vcpu->gpr[GPR_RCX]);
	KUNIT_EXPECT_EQ(test, __HYPERVISOR_memory_op, vcpu->gpr[GPR_RAX]);
}

static void xen_multicall_stores_each_result(struct kunit *test)
{
	struct vcpu *vcpu = make_vcpu(test);
	struct multicall64 *e = (void *)memory;

	e[0].op = __HYPERVISOR_xen_version;
	e[1].op = __HYPERVISOR_multicall;
	e[2].op = 63;
	e[3].op = __HYPERVISOR_hvm_op;
	e[3].arg[2] = 99;
	next_result = 42;
	KUNIT_EXPECT_EQ(test, 0l, xen_multicall(vcpu, 0, 4, 0, false));
	KUNIT_EXPECT_EQ(test, 42, e[0].result);
	KUNIT_EXPECT_EQ(test, (u64)-EINVAL, e[1].result);
	KUNIT_EXPECT_EQ(test, (u64)-ENOSYS, e[2].result);
	KUNIT_EXPECT_EQ(test, 42, e[3].result);
	KUNIT_EXPECT_EQ(test, 99, last.a3);
	KUNIT_EXPECT_EQ(test, 2, last.nr);
}

static void xen_multicall_has_the_32bit_layout(struct kunit *test)
{
	struct vcpu *vcpu = make_vcpu(test);
	struct multicall32 *e = (void *)memory;

	e[1].op = __HYPERVISOR_sched_op;
	e[1].arg[0] = 5;
	e[1].arg[1] = 0xffffffff;
	next_result = -EPERM;
	KUNIT_EXPECT_EQ(test, 0l, xen_multicall(vcpu, 32, 1, 0, true));
	KUNIT_EXPECT_EQ(test, (u32)-EPERM, e[1].result);
	KUNIT_EXPECT_EQ(test, 5, last.a1);
	KUNIT_EXPECT_EQ(test, 0xffffffff, last.a2);
}

static void xen_multicall_faults_at_a_bad_list(struct kunit *test)
{
	struct vcpu *vcpu = make_vcpu(test);

	KUNIT_EXPECT_EQ(test, -EFAULT, xen_multicall(vcpu, sizeof(memory), 1,
						     0, false));
	/* The first fits, the second does not. */
	KUNIT_EXPECT_EQ(test, -EFAULT,
			xen_multicall(vcpu, sizeof(memory) - 64, 0x80000000,
				      0, false));
	KUNIT_EXPECT_EQ(test, (u64)-ENOSYS, *(u64 *)(memory + 4096 - 56));
	KUNIT_EXPECT_EQ(test, 0l, xen_multicall(vcpu, sizeof(memory), 0, 0,
						false));
}

static void xen_multicall_goes_in_batches(struct kunit *test)
{
	struct vcpu *vcpu = make_vcpu(test);
	struct multicall32 *e = (void *)memory;
	unsigned int i;

	for (i = 0; i < 100; i++)
		e[i].op = __HYPERVISOR_xen_version;
	KUNIT_EXPECT_EQ(test, XEN_HC_RESTART,
			xen_multicall(vcpu, 0, 100, 0, true));
	KUNIT_EXPECT_EQ(test, 64, last.nr);
	KUNIT_EXPECT_EQ(test, 64 * 32, vcpu->xen.restart[0]);
	KUNIT_EXPECT_EQ(test, 36, vcpu->xen.restart[1]);
	KUNIT_EXPECT_EQ(test, 0l, xen_multicall(vcpu, vcpu->xen.restart[0],
						vcpu->xen.restart[1], 0, true));
	KUNIT_EXPECT_EQ(test, 100, last.nr);
}

static void xen_multicall_comes_back_to_a_restart(struct kunit *test)
{
	struct vcpu *vcpu = make_vcpu(test);
	struct multicall64 *e = (void *)memory;

	e[0].op = __HYPERVISOR_memory_op;
	xen_restart(vcpu, 1, 2, 3);
	next_result = XEN_HC_RESTART;
	KUNIT_EXPECT_EQ(test, XEN_HC_RESTART,
			xen_multicall(vcpu, 0, 2, 7, false));
	KUNIT_EXPECT_EQ(test, 1, e[0].arg[0]);
	KUNIT_EXPECT_EQ(test, 2, e[0].arg[1]);
	KUNIT_EXPECT_EQ(test, 3, e[0].arg[2]);
	KUNIT_EXPECT_EQ(test, 0, vcpu->xen.restart[0]);
	KUNIT_EXPECT_EQ(test, 2, vcpu->xen.restart[1]);
	KUNIT_EXPECT_EQ(test, 7, vcpu->xen.restart[2]);
}

/* What came before it is not made again. */
static void xen_multicall_pauses_at_its_entry(struct kunit *test)
{
	struct vcpu *vcpu = make_vcpu(test);
	struct multicall64 *e = (void *)memory;

	e[0].op = 63;
	e[1].op = __HYPERVISOR_memory_op;
	e[1].result = 99;
	next_result = XEN_HC_NOMEM;
	KUNIT_EXPECT_EQ(test, XEN_HC_RESTART,
			xen_multicall(vcpu, 0, 3, 7, false));
	KUNIT_EXPECT_EQ(test, 1, nr_pauses);
	KUNIT_EXPECT_EQ(test, (u64)-ENOSYS, e[0].result);
	KUNIT_EXPECT_EQ(test, 99, e[1].result);
	KUNIT_EXPECT_EQ(test, sizeof(*e), vcpu->xen.restart[0]);
	KUNIT_EXPECT_EQ(test, 2, vcpu->xen.restart[1]);
}

static void xen_multicall_blocks_at_its_end_only(struct kunit *test)
{
	struct vcpu *vcpu = make_vcpu(test);
	struct multicall64 *e = (void *)memory;

	e[0].op = __HYPERVISOR_sched_op;
	e[1].op = __HYPERVISOR_sched_op;
	next_result = XEN_HC_BLOCK;
	KUNIT_EXPECT_EQ(test, XEN_HC_BLOCK,
			xen_multicall(vcpu, 0, 2, 0, false));
	KUNIT_EXPECT_EQ(test, 2, last.nr);
	KUNIT_EXPECT_EQ(test, 1, nr_poll_finish);
}

/* The list can be read, but the result of the wait not written. */
static void xen_multicall_ends_a_poll_that_faults(struct kunit *test)
{
	struct vcpu *vcpu = make_vcpu(test);
	struct multicall64 *e = (void *)memory;

	e->op = __HYPERVISOR_sched_op;
	next_result = XEN_HC_BLOCK;
	read_only = true;
	KUNIT_EXPECT_EQ(test, -EFAULT, xen_multicall(vcpu, 0, 1, 0, false));
	KUNIT_EXPECT_EQ(test, 1, last.nr);
	KUNIT_EXPECT_EQ(test, 1, nr_poll_finish);
}

static void xen_multicall_waits_until_it_may_sleep(struct kunit *test)
{
	struct vcpu *vcpu = make_vcpu(test);

	vcpu->atomic = true;
	KUNIT_EXPECT_EQ(test, XEN_HC_AGAIN,
			xen_multicall(vcpu, 0, 1, 0, false));
	KUNIT_EXPECT_EQ(test, 0, last.nr);
}

static u64 fake_efer;
static u32 fake_cs_attr;

static u64 fake_read_reg(struct vcpu *vcpu, enum vcpu_reg reg)
{
	return fake_efer;
}

static void fake_read_seg(struct vcpu *vcpu, enum vcpu_seg seg,
			  struct vcpu_segment *s)
{
	s->attr = fake_cs_attr;
}

static void hypercall_page_has_its_stubs(struct kunit *test)
{
	static const u8 stub[] = { 0xb8, 17, 0, 0, 0, 0x0f, 0x01, 0xc1, 0xc3 };
	static const u8 iret[] = { 0x0f, 0x0b };
	struct vcpu *vcpu = make_vcpu(test);

	memcpy(fake_vendor.hypercall_insn, "\x0f\x01\xc1", 3);
	fake_vendor.read_reg = fake_read_reg;
	fake_vendor.read_seg = fake_read_seg;
	fake_efer = EFER_LMA;
	fake_cs_attr = SEG_ATTR_L;
	latched = -1;
	KUNIT_EXPECT_EQ(test, -EINVAL, xen_hypercall_page_write(vcpu, 1));
	KUNIT_EXPECT_EQ(test, -EINVAL, xen_hypercall_page_write(vcpu, 0x1000));
	KUNIT_EXPECT_EQ(test, -1, latched);
	KUNIT_EXPECT_EQ(test, 0, xen_hypercall_page_write(vcpu, 0));
	KUNIT_EXPECT_EQ(test, 0, memcmp(memory + 17 * 32, stub, sizeof(stub)));
	KUNIT_EXPECT_EQ(test, 0, memcmp(memory + 23 * 32, iret, sizeof(iret)));
	KUNIT_EXPECT_EQ(test, 0, latched);

	memcpy(fake_vendor.hypercall_insn, "\x0f\x01\xd9", 3);
	fake_cs_attr = 0;
	KUNIT_EXPECT_EQ(test, 0, xen_hypercall_page_write(vcpu, 0));
	KUNIT_EXPECT_EQ(test, 0xd9, memory[127 * 32 + 7]);
	KUNIT_EXPECT_EQ(test, 127, memory[127 * 32 + 1]);
	KUNIT_EXPECT_EQ(test, 1, latched);

	vcpu->atomic = true;
	KUNIT_EXPECT_EQ(test, -EAGAIN, xen_hypercall_page_write(vcpu, 0));
}

static struct kunit_case hypercall_cases[] = {
	KUNIT_CASE(xen_hypercall_passes_64bit_arguments),
	KUNIT_CASE(xen_hypercall_masks_32bit_arguments),
	KUNIT_CASE(xen_hypercall_bounds_the_number),
	KUNIT_CASE(xen_hypercall_checks_privilege),
	KUNIT_CASE(xen_hypercall_turns_answers_to_actions),
	KUNIT_CASE(xen_hypercall_restarts_with_the_rest),
	KUNIT_CASE(xen_multicall_stores_each_result),
	KUNIT_CASE(xen_multicall_has_the_32bit_layout),
	KUNIT_CASE(xen_multicall_faults_at_a_bad_list),
	KUNIT_CASE(xen_multicall_goes_in_batches),
	KUNIT_CASE(xen_multicall_comes_back_to_a_restart),
	KUNIT_CASE(xen_multicall_pauses_at_its_entry),
	KUNIT_CASE(xen_multicall_blocks_at_its_end_only),
	KUNIT_CASE(xen_multicall_ends_a_poll_that_faults),
	KUNIT_CASE(xen_multicall_waits_until_it_may_sleep),
	KUNIT_CASE(hypercall_page_has_its_stubs),
	{}
};

static struct kunit_suite hypercall_suite = {
	.name = "lodge_hypercall",
	.test_cases = hypercall_cases,
};

kunit_test_suite(hypercall_suite);

MODULE_LICENSE("GPL");
