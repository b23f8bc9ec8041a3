// SPDX-License-Identifier: GPL-2.0-only
/*
 * Control and debug registers: the rules as tables, then whole instructions
 * with what has to follow from them: long mode, PAE entries, flushes.
 */
#include <linux/module.h>

#include "fake_vcpu.h"

#include "../../kmod/emul/cr.c"

#define PE	X86_CR0_PE
#define PG	X86_CR0_PG
#define PAGED	(X86_CR0_PE | X86_CR0_PG)
#define CR4_OK	(X86_CR4_PAE | X86_CR4_PSE | X86_CR4_PGE | X86_CR4_PCIDE | \
		 X86_CR4_SMEP | X86_CR4_DE | X86_CR4_OSXSAVE)
#define LM	(EFER_LME | EFER_LMA)

static u64 fake_pdptr[4];
static int fake_read_result;
static u64 fake_read_gpa;
static u64 fake_cr4;
static u64 fake_tpr;

u64 cpuid_cr4_allowed(void)
{
	return CR4_OK;
}

u64 cpuid_xcr0_allowed(void)
{
	return 0xe7;
}

u8 cpuid_phys_bits(void)
{
	return 40;
}

void cpuid_cr4_changed(struct vcpu *vcpu, u64 cr4)
{
	fake_cr4 = cr4;
}

u64 lapic_read_cr8(const struct vcpu *vcpu)
{
	return fake_tpr;
}

void lapic_write_cr8(struct vcpu *vcpu, u64 value)
{
	fake_tpr = value;
}

int guest_mem_read(struct guest_ram *ram, gpa_t gpa, void *dst, size_t len)
{
	fake_read_gpa = gpa;
	if (!fake_read_result)
		memcpy(dst, fake_pdptr, len);
	return fake_read_result;
}

static void cr0_is_valid_follows_the_manual(struct kunit *test)
{
	static const struct {
		struct cr_state s;
		u64 new;
		bool ok;
	} cases[] = {
		{ { .cr0 = 0 }, PE, true },
		{ { .cr0 = PE }, PAGED, true },
		{ { .cr0 = PE }, 0, true },
		{ { .cr0 = 0 }, PG, false },
		{ { .cr0 = PAGED }, PG, false },
		{ { .cr0 = PE }, PE | X86_CR0_NW, false },
		{ { .cr0 = PE }, PE | X86_CR0_NW | X86_CR0_CD, true },
		{ { .cr0 = PE }, PE | 1ull << 32, false },
		{ { .cr0 = PE, .efer = EFER_LME }, PAGED, false },
		{ { .cr0 = PE, .efer = EFER_LME, .cr4 = X86_CR4_PAE },
		  PAGED, true },
		{ { .cr0 = PE, .efer = EFER_LME, .cr4 = X86_CR4_PAE,
		    .cs_l = true }, PAGED, false },
		{ { .cr0 = PAGED, .efer = LM, .cr4 = X86_CR4_PAE,
		    .cs_l = true }, PE, false },
		{ { .cr0 = PAGED, .efer = LM, .cr4 = X86_CR4_PAE },
		  PE, true },
		{ { .cr0 = PAGED, .efer = LM,
		    .cr4 = X86_CR4_PAE | X86_CR4_PCIDE }, PE, false },
		{ { .cr0 = PAGED, .efer = LM, .cs_l = true,
		    .cr4 = X86_CR4_PAE | X86_CR4_PCIDE },
		  PAGED | X86_CR0_WP, true },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		KUNIT_EXPECT_EQ_MSG(test, cases[i].ok,
				    cr0_is_valid(&cases[i].s, cases[i].new),
				    "case %u", i);
}

static void cr4_is_valid_follows_the_manual(struct kunit *test)
{
	static const struct {
		struct cr_state s;
		u64 new;
		bool ok;
	} cases[] = {
		{ { .cr4 = 0 }, X86_CR4_PAE | X86_CR4_PGE, true },
		{ { .cr4 = 0 }, X86_CR4_VMXE, false },
		{ { .cr4 = 0 }, X86_CR4_LA57, false },
		{ { .cr4 = 0 }, 1ull << 63, false },
		{ { .cr4 = X86_CR4_PAE }, 0, true },
		{ { .cr4 = X86_CR4_PAE, .efer = LM }, 0, false },
		{ { .cr4 = X86_CR4_PAE, .efer = LM },
		  X86_CR4_PAE | X86_CR4_PCIDE, true },
		{ { .cr4 = X86_CR4_PAE, .efer = LM, .cr3 = 0x1001 },
		  X86_CR4_PAE | X86_CR4_PCIDE, false },
		{ { .cr4 = X86_CR4_PAE },
		  X86_CR4_PAE | X86_CR4_PCIDE, false },
		{ { .cr4 = X86_CR4_PAE | X86_CR4_PCIDE, .efer = LM,
		    .cr3 = 0x1001 }, X86_CR4_PAE | X86_CR4_PCIDE, true },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		KUNIT_EXPECT_EQ_MSG(test, cases[i].ok,
				    cr4_is_valid(&cases[i].s, cases[i].new,
						 CR4_OK),
				    "case %u", i);
}

static void xcr0_is_valid_wants_whole_sets(struct kunit *test)
{
	static const struct {
		u64 value;
		bool ok;
	} cases[] = {
		{ 0, false }, { 1, true }, { 2, false }, { 3, true },
		{ 5, false }, { 7, true }, { 0xe7, true }, { 0x67, false },
		{ 0xe3, false }, { 0x1f, false }, { 0x207, false },
		{ 7 | 1ull << 63, false },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		KUNIT_EXPECT_EQ_MSG(test, cases[i].ok,
				    xcr0_is_valid(cases[i].value, 0xe7),
				    "%#llx", cases[i].value);
}

static void pdptr_is_valid_checks_reserved_bits(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, pdptr_is_valid(0, 40));
	KUNIT_EXPECT_TRUE(test, pdptr_is_valid(0xfffffffffffffffeull, 40));
	KUNIT_EXPECT_TRUE(test, pdptr_is_valid(0xfffffff019ull, 40));
	KUNIT_EXPECT_FALSE(test, pdptr_is_valid(0x1003, 40));
	KUNIT_EXPECT_FALSE(test, pdptr_is_valid(0x1021, 40));
	KUNIT_EXPECT_FALSE(test, pdptr_is_valid(0x1101, 40));
	KUNIT_EXPECT_FALSE(test, pdptr_is_valid(1ull << 40 | 1, 40));
	KUNIT_EXPECT_TRUE(test, pdptr_is_valid(0x1e01, 40));
}

static void cr0_after_lmsw_keeps_pe(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, (u64)PE, cr0_after_lmsw(PE, 0));
	KUNIT_EXPECT_EQ(test, (u64)PE, cr0_after_lmsw(0, 0xfff1));
	KUNIT_EXPECT_EQ(test, (u64)(PAGED | X86_CR0_TS),
			cr0_after_lmsw(PAGED | X86_CR0_MP | X86_CR0_EM, 8));
}

static enum vmexit_action mov_to(struct vcpu *vcpu, u8 cr, u64 value)
{
	struct vmexit x = {
		.kind = VMEXIT_CR_ACCESS,
		.cr = { .op = CR_OP_WRITE, .cr = cr, .gpr = GPR_RBX },
	};

	fake_vector = -1;
	vcpu->requests = 0;
	vcpu->gpr[GPR_RBX] = value;
	return emul_cr(vcpu, &x);
}

static void emul_cr_enters_and_leaves_long_mode(struct kunit *test)
{
	struct vcpu *vcpu = fake_domain(test, 1);

	fake_regs[VREG_CR0] = PE;
	fake_regs[VREG_CR4] = X86_CR4_PAE;
	fake_regs[VREG_EFER] = EFER_LME;
	fake_segs[VSEG_TR].attr = 0x83;
	KUNIT_EXPECT_EQ(test, VMEXIT_SKIP_INSN, mov_to(vcpu, 0, PAGED));
	KUNIT_EXPECT_EQ(test, (u64)(PAGED | X86_CR0_ET), fake_regs[VREG_CR0]);
	KUNIT_EXPECT_EQ(test, (u64)LM, fake_regs[VREG_EFER]);
	KUNIT_EXPECT_EQ(test, 0x8bu, fake_segs[VSEG_TR].attr);
	KUNIT_EXPECT_TRUE(test, test_bit(VCPU_REQ_FLUSH_VCPU,
					 &vcpu->requests));

	/* In 64-bit code there is no way out; the source has 64 bits. */
	fake_segs[VSEG_CS].attr = SEG_ATTR_L;
	KUNIT_EXPECT_EQ(test, VMEXIT_RESUME, mov_to(vcpu, 0, PE));
	KUNIT_EXPECT_EQ(test, 13, fake_vector);
	KUNIT_EXPECT_EQ(test, VMEXIT_RESUME,
			mov_to(vcpu, 0, PAGED | 1ull << 32));
	KUNIT_EXPECT_EQ(test, (u64)LM, fake_regs[VREG_EFER]);

	fake_segs[VSEG_CS].attr = SEG_ATTR_DB;
	KUNIT_EXPECT_EQ(test, VMEXIT_SKIP_INSN,
			mov_to(vcpu, 0, PE | 1ull << 32));
	KUNIT_EXPECT_EQ(test, (u64)EFER_LME, fake_regs[VREG_EFER]);
}

/* AMD's CPUs look at them when they walk; nothing is checked before. */
static void emul_cr_leaves_pae_entries_in_memory(struct kunit *test)
{
	struct vcpu *vcpu = fake_domain(test, 1);

	fake_vendor.holds_pdptrs = false;
	fake_regs[VREG_CR0] = PE;
	fake_regs[VREG_CR4] = X86_CR4_PAE;
	fake_regs[VREG_PDPTR0] = 1;
	memcpy(fake_pdptr, (u64[]){ 0x1021, 0x2002, 0x3001, ~0ull }, 32);
	KUNIT_EXPECT_EQ(test, VMEXIT_SKIP_INSN, mov_to(vcpu, 0, PAGED));
	KUNIT_EXPECT_EQ(test, VMEXIT_SKIP_INSN,
			mov_to(vcpu, 4, X86_CR4_PAE | X86_CR4_PGE));
	KUNIT_EXPECT_EQ(test, 1ull, fake_regs[VREG_PDPTR0]);
	fake_vendor.holds_pdptrs = true;
}

static void emul_cr_loads_pae_entries(struct kunit *test)
{
	struct vcpu *vcpu = fake_domain(test, 1);

	fake_regs[VREG_CR0] = PE;
	fake_regs[VREG_CR3] = 0x12345ff8;
	fake_regs[VREG_CR4] = X86_CR4_PAE;
	memcpy(fake_pdptr, (u64[]){ 0x1001, 0, 0x3001, 0 }, 32);
	KUNIT_EXPECT_EQ(test, VMEXIT_SKIP_INSN, mov_to(vcpu, 0, PAGED));
	KUNIT_EXPECT_EQ(test, 0x12345fe0ull, fake_read_gpa);
	KUNIT_EXPECT_EQ(test, 0x1001ull, fake_regs[VREG_PDPTR0]);
	KUNIT_EXPECT_EQ(test, 0x3001ull, fake_regs[VREG_PDPTR2]);

	fake_pdptr[3] = 3;
	KUNIT_EXPECT_EQ(test, VMEXIT_RESUME,
			mov_to(vcpu, 4, X86_CR4_PAE | X86_CR4_PGE));
	KUNIT_EXPECT_EQ(test, 13, fake_vector);
	KUNIT_EXPECT_EQ(test, (u64)X86_CR4_PAE, fake_regs[VREG_CR4]);
	/* No reload for a bit that has nothing to do with it. */
	KUNIT_EXPECT_EQ(test, VMEXIT_SKIP_INSN,
			mov_to(vcpu, 4, X86_CR4_PAE | X86_CR4_DE));

	/* Entries in a hole are ones: reserved bits. */
	fake_read_result = -EFAULT;
	KUNIT_EXPECT_EQ(test, VMEXIT_RESUME,
			mov_to(vcpu, 4, X86_CR4_PAE | X86_CR4_PGE));
	KUNIT_EXPECT_EQ(test, 13, fake_vector);
	fake_read_result = 0;
}

static void emul_cr_write_of_cr4_is_seen(struct kunit *test)
{
	struct vcpu *vcpu = fake_domain(test, 1);

	KUNIT_EXPECT_EQ(test, VMEXIT_SKIP_INSN,
			mov_to(vcpu, 4, X86_CR4_OSXSAVE));
	KUNIT_EXPECT_EQ(test, (u64)X86_CR4_OSXSAVE, fake_cr4);
	KUNIT_EXPECT_FALSE(test, test_bit(VCPU_REQ_FLUSH_VCPU,
					  &vcpu->requests));
	mov_to(vcpu, 4, X86_CR4_PGE);
	KUNIT_EXPECT_TRUE(test, test_bit(VCPU_REQ_FLUSH_VCPU,
					 &vcpu->requests));
	KUNIT_EXPECT_EQ(test, VMEXIT_RESUME, mov_to(vcpu, 4, X86_CR4_VMXE));
	KUNIT_EXPECT_EQ(test, 13, fake_vector);
}

static void emul_cr_reads_and_cr8(struct kunit *test)
{
	struct vmexit x = {
		.cr = { .op = CR_OP_READ, .cr = 8, .gpr = GPR_RSP },
	};
	struct vcpu *vcpu = fake_domain(test, 1);

	KUNIT_EXPECT_EQ(test, VMEXIT_SKIP_INSN, mov_to(vcpu, 8, 9));
	KUNIT_EXPECT_EQ(test, 9ull, fake_tpr);
	KUNIT_EXPECT_EQ(test, VMEXIT_RESUME, mov_to(vcpu, 8, 16));
	KUNIT_EXPECT_EQ(test, 13, fake_vector);
	KUNIT_EXPECT_EQ(test, VMEXIT_SKIP_INSN, emul_cr(vcpu, &x));
	KUNIT_EXPECT_EQ(test, 9ull, fake_regs[VREG_RSP]);
	x.cr.op = CR_OP_CLTS;
	fake_regs[VREG_CR0] = PE | X86_CR0_TS;
	KUNIT_EXPECT_EQ(test, VMEXIT_SKIP_INSN, emul_cr(vcpu, &x));
	KUNIT_EXPECT_EQ(test, (u64)PE, fake_regs[VREG_CR0]);
	KUNIT_EXPECT_EQ(test, VMEXIT_RESUME, mov_to(vcpu, 2, 0));
	KUNIT_EXPECT_EQ(test, 6, fake_vector);
}

static void emul_xsetbv_checks(struct kunit *test)
{
	static const struct {
		u64 cr4;
		u32 ss_attr;
		u32 rcx;
		u64 value;
		int vector;	/* 0: done */
	} cases[] = {
		{ X86_CR4_OSXSAVE, 0x93, 0, 7, 0 },
		{ 0, 0x93, 0, 7, 6 },
		{ X86_CR4_OSXSAVE, 0xf3, 0, 7, 13 },
		{ X86_CR4_OSXSAVE, 0x93, 1, 7, 13 },
		{ X86_CR4_OSXSAVE, 0x93, 0, 4, 13 },
	};
	struct vmexit x = { .kind = VMEXIT_XSETBV };
	struct vcpu *vcpu = fake_domain(test, 1);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		fake_vector = 0;
		vcpu->xcr0 = 1;
		fake_regs[VREG_CR4] = cases[i].cr4;
		fake_segs[VSEG_SS].attr = cases[i].ss_attr;
		vcpu->gpr[GPR_RCX] = cases[i].rcx;
		vcpu_set_edx_eax(vcpu, cases[i].value);
		KUNIT_EXPECT_EQ(test, cases[i].vector ? VMEXIT_RESUME :
							VMEXIT_SKIP_INSN,
				emul_xsetbv(vcpu, &x));
		KUNIT_EXPECT_EQ(test, cases[i].vector, fake_vector);
		KUNIT_EXPECT_EQ(test, cases[i].vector ? 1ull : 7ull,
				vcpu->xcr0);
	}
	vcpu->atomic = true;
	fake_segs[VSEG_SS].attr = 0;
	fake_regs[VREG_CR4] = X86_CR4_OSXSAVE;
	vcpu_set_edx_eax(vcpu, 3);
	vcpu->gpr[GPR_RCX] = 0;
	KUNIT_EXPECT_EQ(test, VMEXIT_AGAIN, emul_xsetbv(vcpu, &x));
}

static enum vmexit_action dr_access(struct vcpu *vcpu, u8 dr, bool read,
				    u64 value)
{
	struct vmexit x = {
		.kind = VMEXIT_DR_ACCESS,
		.dr = { .dr = dr, .gpr = GPR_RAX, .read = read },
	};

	fake_vector = -1;
	vcpu->gpr[GPR_RAX] = value;
	return emul_dr(vcpu, &x);
}

static void emul_dr_moves_values(struct kunit *test)
{
	struct vcpu *vcpu = fake_domain(test, 1);

	fake_segs[VSEG_CS].attr = SEG_ATTR_L;
	fake_regs[VREG_EFER] = LM;
	fake_regs[VREG_DR7] = 0x400;
	KUNIT_EXPECT_EQ(test, VMEXIT_SKIP_INSN,
			dr_access(vcpu, 2, false, 0xffff888000000000));
	KUNIT_EXPECT_TRUE(test, vcpu->dr_dirty);
	dr_access(vcpu, 2, true, 0);
	KUNIT_EXPECT_EQ(test, 0xffff888000000000ull, vcpu->gpr[GPR_RAX]);
	dr_access(vcpu, 6, false, 0);
	dr_access(vcpu, 4, true, 1);
	KUNIT_EXPECT_EQ(test, 0xffff0ff0ull, vcpu->gpr[GPR_RAX]);
	dr_access(vcpu, 5, false, 0xffffdbff);
	KUNIT_EXPECT_EQ(test, 0xffff07ffull, fake_regs[VREG_DR7]);
	dr_access(vcpu, 7, true, 1);
	KUNIT_EXPECT_EQ(test, 0xffff07ffull, vcpu->gpr[GPR_RAX]);
}

static void emul_dr_faults(struct kunit *test)
{
	struct vcpu *vcpu = fake_domain(test, 1);

	fake_segs[VSEG_CS].attr = SEG_ATTR_L;
	fake_regs[VREG_EFER] = LM;
	dr_access(vcpu, 7, false, 1ull << 32);
	KUNIT_EXPECT_EQ(test, 13, fake_vector);
	dr_access(vcpu, 6, false, 1ull << 32);
	KUNIT_EXPECT_EQ(test, 13, fake_vector);
	fake_regs[VREG_CR4] = X86_CR4_DE;
	dr_access(vcpu, 4, true, 0);
	KUNIT_EXPECT_EQ(test, 6, fake_vector);
	fake_segs[VSEG_SS].attr = 0xf3;
	dr_access(vcpu, 0, true, 0);
	KUNIT_EXPECT_EQ(test, 13, fake_vector);
	fake_segs[VSEG_SS].attr = 0x93;
	fake_regs[VREG_DR7] = 0x2401;
	dr_access(vcpu, 0, true, 0);
	KUNIT_EXPECT_EQ(test, 1, fake_vector);
	KUNIT_EXPECT_EQ(test, 0x401ull, fake_regs[VREG_DR7]);
	KUNIT_EXPECT_EQ(test, 0xffff2ff0ull, vcpu->dr6);
	vcpu->atomic = true;
	KUNIT_EXPECT_EQ(test, VMEXIT_AGAIN, dr_access(vcpu, 0, false, 1));
	KUNIT_EXPECT_EQ(test, 0ull, vcpu->dr[0]);
}

static struct kunit_case cr_cases[] = {
	KUNIT_CASE(cr0_is_valid_follows_the_manual),
	KUNIT_CASE(cr4_is_valid_follows_the_manual),
	KUNIT_CASE(xcr0_is_valid_wants_whole_sets),
	KUNIT_CASE(pdptr_is_valid_checks_reserved_bits),
	KUNIT_CASE(cr0_after_lmsw_keeps_pe),
	KUNIT_CASE(emul_cr_enters_and_leaves_long_mode),
	KUNIT_CASE(emul_cr_loads_pae_entries),
	KUNIT_CASE(emul_cr_leaves_pae_entries_in_memory),
	KUNIT_CASE(emul_cr_write_of_cr4_is_seen),
	KUNIT_CASE(emul_cr_reads_and_cr8),
	KUNIT_CASE(emul_xsetbv_checks),
	KUNIT_CASE(emul_dr_moves_values),
	KUNIT_CASE(emul_dr_faults),
	{}
};

static struct kunit_suite cr_suite = {
	.name = "lodge_cr",
	.test_cases = cr_cases,
};

kunit_test_suite(cr_suite);

MODULE_LICENSE("GPL");
