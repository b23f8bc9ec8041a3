// SPDX-License-Identifier: GPL-2.0-only
/*
 * Instructions that touch what is not RAM, as whole runs: code is fetched,
 * decoded and executed on a small identity-mapped memory with a hole, and
 * string I/O beside it.  The decoder has a suite of its own; here it is only
 * linked in.
 */
#include <linux/module.h>

#include "fake_vcpu.h"

#include "../../kmod/emul/code.c"
#include "../../kmod/emul/insn.c"
#include "../../kmod/emul/linear.c"
#include "../../kmod/emul/mmio.c"
#include "../../kmod/emul/pio.c"

/* RAM is [0, RAM_SIZE); FAULT is not mapped; the rest maps to a hole. */
#define RAM_SIZE	0x3000ull
#define HOLE		0x10000ull
#define FAULT		0x20000ull
#define FAULT_END	0x30000ull
#define CODE		0x1000ull

static u8 *fake_ram;
static char fake_console[256];
static size_t fake_console_len;
static bool fake_lapic_page;
static u32 fake_lapic_regs[0x100];

int guest_virt_to_phys(struct guest_ram *ram, const struct guest_paging *pg,
		       gva_t gva, bool write, gpa_t *gpa)
{
	if (gva >= FAULT && gva < FAULT_END)
		return -EFAULT;
	*gpa = gva;
	return 0;
}

int guest_mem_read(struct guest_ram *ram, gpa_t gpa, void *dst, size_t len)
{
	if (gpa + len > RAM_SIZE)
		return -EFAULT;
	memcpy(dst, fake_ram + gpa, len);
	return 0;
}

int guest_mem_write(struct guest_ram *ram, gpa_t gpa, const void *src,
		    size_t len, bool atomic)
{
	if (gpa + len > RAM_SIZE)
		return -EFAULT;
	memcpy(fake_ram + gpa, src, len);
	return 0;
}

void vcpu_paging(struct vcpu *vcpu, struct guest_paging *pg)
{
	memset(pg, 0, sizeof(*pg));
}

bool lapic_has_mmio(const struct vcpu *vcpu)
{
	return fake_lapic_page;
}

u32 lapic_mmio_read(struct vcpu *vcpu, u32 offset)
{
	return fake_lapic_regs[offset >> 4];
}

void lapic_mmio_write(struct vcpu *vcpu, u32 offset, u32 value)
{
	fake_lapic_regs[offset >> 4] = value;
}

enum vmexit_action domain_pause_for_memory(struct domain *d, const char *what)
{
	return VMEXIT_RESUME;
}

void domain_log_guest(struct domain *d, const char *text, size_t len)
{
	if (fake_console_len + len > sizeof(fake_console))
		return;
	memcpy(fake_console + fake_console_len, text, len);
	fake_console_len += len;
}

static struct vcpu *mmio_vcpu(struct kunit *test)
{
	struct vcpu *vcpu = fake_domain(test, 1);

	fake_ram = kunit_kzalloc(test, RAM_SIZE, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, fake_ram);
	fake_console_len = 0;
	fake_lapic_page = false;
	fake_regs[VREG_EFER] = EFER_LMA;
	fake_segs[VSEG_CS].attr = SEG_ATTR_L;
	fake_regs[VREG_RIP] = CODE;
	return vcpu;
}

static enum vmexit_action run(struct vcpu *vcpu, const void *code, size_t len)
{
	struct vmexit x = { .kind = VMEXIT_S2_FAULT, .s2.gpa = HOLE };

	memcpy(fake_ram + CODE, code, len);
	fake_advanced = 0;
	fake_vector = -1;
	return emul_mmio(vcpu, &x);
}

#define RUN(vcpu, bytes)	run(vcpu, bytes, sizeof(bytes) - 1)

static void emul_mmio_hole_reads_ones(struct kunit *test)
{
	struct vcpu *vcpu = mmio_vcpu(test);

	vcpu->gpr[GPR_RDI] = HOLE;
	vcpu->gpr[GPR_RAX] = 0x1234567812345678;
	/* mov (%rdi),%eax */
	KUNIT_EXPECT_EQ(test, VMEXIT_RESUME, RUN(vcpu, "\x8b\x07"));
	KUNIT_EXPECT_EQ(test, 0xffffffffull, vcpu->gpr[GPR_RAX]);
	KUNIT_EXPECT_EQ(test, 2u, fake_advanced);
	/* movzbl (%rdi),%eax; mov (%rdi),%ah; movsbq */
	RUN(vcpu, "\x0f\xb6\x07");
	KUNIT_EXPECT_EQ(test, 0xffull, vcpu->gpr[GPR_RAX]);
	RUN(vcpu, "\x8a\x27");
	KUNIT_EXPECT_EQ(test, 0xffffull, vcpu->gpr[GPR_RAX]);
	RUN(vcpu, "\x48\x0f\xbe\x07");
	KUNIT_EXPECT_EQ(test, ~0ull, vcpu->gpr[GPR_RAX]);
	/* mov %eax,(%rdi); or $1,(%rdi): dropped, flags set */
	KUNIT_EXPECT_EQ(test, VMEXIT_RESUME, RUN(vcpu, "\x89\x07"));
	KUNIT_EXPECT_EQ(test, VMEXIT_RESUME, RUN(vcpu, "\x83\x0f\x01"));
	KUNIT_EXPECT_EQ(test, (u64)(X86_EFLAGS_SF | X86_EFLAGS_PF),
			fake_regs[VREG_RFLAGS]);
	KUNIT_EXPECT_FALSE(test, fake_crashed);
}

static void emul_mmio_straddle_is_taken_apart(struct kunit *test)
{
	struct vcpu *vcpu = mmio_vcpu(test);

	memcpy(fake_ram + RAM_SIZE - 2, "\x11\x22", 2);
	vcpu->gpr[GPR_RDI] = RAM_SIZE - 2;
	RUN(vcpu, "\x8b\x07");
	KUNIT_EXPECT_EQ(test, 0xffff2211ull, vcpu->gpr[GPR_RAX]);
	vcpu->gpr[GPR_RAX] = 0x44332211;
	RUN(vcpu, "\x87\x07");	/* xchg */
	KUNIT_EXPECT_EQ(test, 0xffff2211ull, vcpu->gpr[GPR_RAX]);
	KUNIT_EXPECT_EQ(test, 0x11, (int)fake_ram[RAM_SIZE - 2]);
	KUNIT_EXPECT_EQ(test, 0x22, (int)fake_ram[RAM_SIZE - 1]);
}

static void emul_mmio_strings_count_exactly(struct kunit *test)
{
	struct vcpu *vcpu = mmio_vcpu(test);

	/* rep movsb from the hole, backward, over the end of one batch */
	vcpu->gpr[GPR_RSI] = HOLE + 99;
	vcpu->gpr[GPR_RDI] = 99;
	vcpu->gpr[GPR_RCX] = 100;
	fake_regs[VREG_RFLAGS] = X86_EFLAGS_DF;
	KUNIT_EXPECT_EQ(test, VMEXIT_RESUME, RUN(vcpu, "\xf3\xa4"));
	KUNIT_EXPECT_EQ(test, 0u, fake_advanced);
	KUNIT_EXPECT_EQ(test, 100ull - STRING_BATCH, vcpu->gpr[GPR_RCX]);
	KUNIT_EXPECT_EQ(test, VMEXIT_RESUME, RUN(vcpu, "\xf3\xa4"));
	KUNIT_EXPECT_EQ(test, 2u, fake_advanced);
	KUNIT_EXPECT_EQ(test, 0ull, vcpu->gpr[GPR_RCX]);
	KUNIT_EXPECT_EQ(test, HOLE - 1, vcpu->gpr[GPR_RSI]);
	KUNIT_EXPECT_EQ(test, ~0ull, vcpu->gpr[GPR_RDI]);
	KUNIT_EXPECT_EQ(test, 0xff, (int)fake_ram[0]);
	KUNIT_EXPECT_EQ(test, 0xff, (int)fake_ram[99]);
	KUNIT_EXPECT_EQ(test, 0, (int)fake_ram[100]);

	/* 32-bit addresses: counts and indices of 32 bits, zero-extended */
	fake_regs[VREG_RFLAGS] = 0;
	vcpu->gpr[GPR_RDI] = 0xffffffff00010000;
	vcpu->gpr[GPR_RCX] = 0xffffffff00000002;
	KUNIT_EXPECT_EQ(test, VMEXIT_RESUME, RUN(vcpu, "\x67\xf3\xab"));
	KUNIT_EXPECT_EQ(test, 0x10008ull, vcpu->gpr[GPR_RDI]);
	KUNIT_EXPECT_EQ(test, 0ull, vcpu->gpr[GPR_RCX]);
}

static void emul_mmio_second_operand_may_fault(struct kunit *test)
{
	struct vcpu *vcpu = mmio_vcpu(test);

	vcpu->gpr[GPR_RSI] = HOLE;
	vcpu->gpr[GPR_RDI] = FAULT - 4;
	vcpu->gpr[GPR_RCX] = 3;
	KUNIT_EXPECT_EQ(test, VMEXIT_RESUME, RUN(vcpu, "\xf3\xa5"));
	KUNIT_EXPECT_EQ(test, 14, fake_vector);
	KUNIT_EXPECT_EQ(test, 2u, fake_error);
	KUNIT_EXPECT_EQ(test, FAULT, fake_fault_gva);
	/* One element was done, the second left no trace. */
	KUNIT_EXPECT_EQ(test, 2ull, vcpu->gpr[GPR_RCX]);
	KUNIT_EXPECT_EQ(test, HOLE + 4, vcpu->gpr[GPR_RSI]);
	KUNIT_EXPECT_EQ(test, 0u, fake_advanced);

	vcpu->gpr[GPR_RDI] = 0x800000000000;
	RUN(vcpu, "\xa5");
	KUNIT_EXPECT_EQ(test, 13, fake_vector);
}

static void emul_mmio_lapic_page_has_registers(struct kunit *test)
{
	struct vcpu *vcpu = mmio_vcpu(test);

	fake_lapic_page = true;
	vcpu->gpr[GPR_RDI] = LAPIC_BASE + 0x300;
	vcpu->gpr[GPR_RAX] = 0x46f6;
	RUN(vcpu, "\x89\x07");
	KUNIT_EXPECT_EQ(test, 0x46f6u, fake_lapic_regs[0x30]);
	RUN(vcpu, "\x8a\x47\x01");	/* mov 1(%rdi),%al */
	KUNIT_EXPECT_EQ(test, 0x4646ull, vcpu->gpr[GPR_RAX]);
	/* A 16-bit store is dropped. */
	RUN(vcpu, "\x66\x89\x07");
	KUNIT_EXPECT_EQ(test, 0x46f6u, fake_lapic_regs[0x30]);
	fake_lapic_page = false;
	RUN(vcpu, "\x8b\x07");
	KUNIT_EXPECT_EQ(test, 0xffffffffull, vcpu->gpr[GPR_RAX]);
}

static void emul_mmio_refuses(struct kunit *test)
{
	struct vmexit x = { .kind = VMEXIT_S2_FAULT, .s2.gpa = HOLE };
	struct vcpu *vcpu = mmio_vcpu(test);

	KUNIT_EXPECT_EQ(test, VMEXIT_STOPPED, RUN(vcpu, "\x0f\x6f\x07"));
	x.s2.exec = true;
	KUNIT_EXPECT_EQ(test, VMEXIT_STOPPED, emul_mmio(vcpu, &x));
	x.s2.exec = false;
	x.s2.walk = true;
	KUNIT_EXPECT_EQ(test, VMEXIT_STOPPED, emul_mmio(vcpu, &x));
	x.s2.walk = false;
	vcpu->atomic = true;
	KUNIT_EXPECT_EQ(test, VMEXIT_AGAIN, emul_mmio(vcpu, &x));
	vcpu->atomic = false;
	/* Code that ends with the mapped world. */
	fake_regs[VREG_RIP] = RAM_SIZE - 2;
	memcpy(fake_ram + RAM_SIZE - 2, "\x8b\x07", 2);
	vcpu->gpr[GPR_RDI] = HOLE;
	KUNIT_EXPECT_EQ(test, VMEXIT_RESUME, emul_mmio(vcpu, &x));
}

static void emul_io_ports_are_absent(struct kunit *test)
{
	static const struct {
		u8 size;
		u64 rax;
	} cases[] = {
		{ 1, 0x12345678123456ff }, { 2, 0x123456781234ffff },
		{ 4, 0xffffffff },
	};
	struct vcpu *vcpu = mmio_vcpu(test);
	struct vmexit x = { .kind = VMEXIT_IO, .io = { .port = 0x3f8 } };
	unsigned int i;

	x.io.in = true;
	vcpu->atomic = true;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		vcpu->gpr[GPR_RAX] = 0x1234567812345678;
		x.io.size = cases[i].size;
		KUNIT_EXPECT_EQ(test, VMEXIT_SKIP_INSN, emul_io(vcpu, &x));
		KUNIT_EXPECT_EQ(test, cases[i].rax, vcpu->gpr[GPR_RAX]);
	}
	x.io = (typeof(x.io)){ .port = 0xe9, .size = 1 };
	vcpu->gpr[GPR_RAX] = 'x';
	KUNIT_EXPECT_EQ(test, VMEXIT_SKIP_INSN, emul_io(vcpu, &x));
	KUNIT_EXPECT_EQ(test, 1ul, fake_console_len);
	KUNIT_EXPECT_EQ(test, 'x', fake_console[0]);
}

static void emul_io_strings_move_data(struct kunit *test)
{
	struct vcpu *vcpu = mmio_vcpu(test);
	struct vmexit x = { .kind = VMEXIT_IO, .io = {
		.port = 0xe9, .size = 1, .addr_size = 8, .string = true,
		.rep = true, .gva = 0x20 } };

	/* rep outsb */
	memcpy(fake_ram + 0x20, "hello", 5);
	vcpu->gpr[GPR_RSI] = 0x20;
	vcpu->gpr[GPR_RCX] = 5;
	KUNIT_EXPECT_EQ(test, VMEXIT_SKIP_INSN, emul_io(vcpu, &x));
	KUNIT_EXPECT_EQ(test, 5ul, fake_console_len);
	KUNIT_EXPECT_EQ(test, 0, memcmp(fake_console, "hello", 5));
	KUNIT_EXPECT_EQ(test, 0x25ull, vcpu->gpr[GPR_RSI]);
	KUNIT_EXPECT_EQ(test, 0ull, vcpu->gpr[GPR_RCX]);
	/* count zero: nothing at all, whatever the address */
	x.io.gva = FAULT;
	KUNIT_EXPECT_EQ(test, VMEXIT_SKIP_INSN, emul_io(vcpu, &x));

	/* rep insw with 16-bit addresses: DI wraps within its segment */
	x.io = (typeof(x.io)){ .port = 0x1f0, .size = 2, .addr_size = 2,
			       .string = true, .rep = true, .in = true,
			       .gva = 0xfffe };
	vcpu->gpr[GPR_RDI] = 0xaaaa0000fffe;
	vcpu->gpr[GPR_RCX] = 0xbbbb00000002;
	KUNIT_EXPECT_EQ(test, VMEXIT_SKIP_INSN, emul_io(vcpu, &x));
	KUNIT_EXPECT_EQ(test, 0xaaaa00000002ull, vcpu->gpr[GPR_RDI]);
	KUNIT_EXPECT_EQ(test, 0xbbbb00000000ull, vcpu->gpr[GPR_RCX]);
	KUNIT_EXPECT_EQ(test, 0xff, (int)fake_ram[0]);
	KUNIT_EXPECT_EQ(test, 0xff, (int)fake_ram[1]);
	KUNIT_EXPECT_EQ(test, 0, (int)fake_ram[2]);

	vcpu->atomic = true;
	KUNIT_EXPECT_EQ(test, VMEXIT_AGAIN, emul_io(vcpu, &x));
}

#define DATA_RW		0x93u
#define DATA_DOWN	0x97u
#define DATA_RO		0x91u
#define CODE_X		0x99u
#define CODE_RX		0x9bu

static void segment_allows_follows_the_manual(struct kunit *test)
{
	static const struct {
		u32 attr;
		u32 limit;
		u64 offset;
		unsigned int len;
		bool read;
		bool write;
	} cases[] = {
		{ DATA_RW, 15, 12, 4, true, true },
		{ DATA_RW, 15, 13, 4, false, false },
		{ DATA_RW, ~0u, 0xffffffff, 1, true, true },
		{ DATA_RW, ~0u, 0xffffffff, 2, false, false },
		{ DATA_RW | SEG_ATTR_UNUSABLE, ~0u, 0, 1, false, false },
		{ DATA_RO, 15, 0, 1, true, false },
		{ CODE_X, 15, 0, 1, false, false },
		{ CODE_RX, 15, 0, 1, true, false },
		/* conforming, with the bit that is expand-down for data */
		{ CODE_RX | 4, 15, 0, 1, true, false },
		{ DATA_DOWN, 15, 15, 1, false, false },
		{ DATA_DOWN, 15, 16, 1, true, true },
		{ DATA_DOWN, 15, 0xffff, 1, true, true },
		{ DATA_DOWN, 15, 0xffff, 2, false, false },
		{ DATA_DOWN | SEG_ATTR_DB, 15, 0xffff, 2, true, true },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct vcpu_segment s = {
			.attr = cases[i].attr, .limit = cases[i].limit,
		};

		KUNIT_EXPECT_EQ_MSG(test, cases[i].read,
				    segment_allows(&s, cases[i].offset,
						   cases[i].len, false),
				    "reading, case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, cases[i].write,
				    segment_allows(&s, cases[i].offset,
						   cases[i].len, true),
				    "writing, case %u", i);
	}
}

static void emul_io_strings_keep_to_their_segment(struct kunit *test)
{
	struct vcpu *vcpu = mmio_vcpu(test);
	struct vmexit x = { .kind = VMEXIT_IO, .io = {
		.port = 0x80, .size = 1, .addr_size = 4, .string = true,
		.rep = true, .in = true, .gva = 8, .seg = VSEG_ES } };

	/* rep insb: what fits has happened */
	fake_segs[VSEG_CS].attr = SEG_ATTR_DB;
	fake_segs[VSEG_ES] = (struct vcpu_segment){
		.attr = DATA_RW, .limit = 15 };
	vcpu->gpr[GPR_RDI] = 8;
	vcpu->gpr[GPR_RCX] = 100;
	KUNIT_EXPECT_EQ(test, VMEXIT_RESUME, emul_io(vcpu, &x));
	KUNIT_EXPECT_EQ(test, X86_TRAP_GP, fake_vector);
	KUNIT_EXPECT_EQ(test, 16ull, vcpu->gpr[GPR_RDI]);
	KUNIT_EXPECT_EQ(test, 92ull, vcpu->gpr[GPR_RCX]);
	KUNIT_EXPECT_EQ(test, 0xff, (int)fake_ram[15]);
	KUNIT_EXPECT_EQ(test, 0, (int)fake_ram[16]);

	/* ss outsb */
	x.io.in = false;
	x.io.seg = VSEG_SS;
	fake_segs[VSEG_SS] = fake_segs[VSEG_ES];
	x.io.gva = 16;
	vcpu->gpr[GPR_RSI] = 16;
	KUNIT_EXPECT_EQ(test, VMEXIT_RESUME, emul_io(vcpu, &x));
	KUNIT_EXPECT_EQ(test, X86_TRAP_SS, fake_vector);
	KUNIT_EXPECT_EQ(test, 0u, fake_error);
}

static struct kunit_case mmio_cases[] = {
	KUNIT_CASE(emul_mmio_hole_reads_ones),
	KUNIT_CASE(emul_mmio_straddle_is_taken_apart),
	KUNIT_CASE(emul_mmio_strings_count_exactly),
	KUNIT_CASE(emul_mmio_second_operand_may_fault),
	KUNIT_CASE(emul_mmio_lapic_page_has_registers),
	KUNIT_CASE(emul_mmio_refuses),
	KUNIT_CASE(emul_io_ports_are_absent),
	KUNIT_CASE(emul_io_strings_move_data),
	KUNIT_CASE(segment_allows_follows_the_manual),
	KUNIT_CASE(emul_io_strings_keep_to_their_segment),
	{}
};

static struct kunit_suite mmio_suite = {
	.name = "lodge_mmio",
	.test_cases = mmio_cases,
};

kunit_test_suite(mmio_suite);

MODULE_LICENSE("GPL");
