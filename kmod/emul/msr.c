// SPDX-License-Identifier: GPL-2.0-only
/*
 * Model-specific registers.  The policy is the table msr_rows[]: a range of
 * MSRs, what reading and what writing does; everything that is not in it is
 * #GP(0), as on a CPU without that MSR.  At load the rows are entered into an
 * index over the two ranges where MSRs live, so that an exit finds its row
 * with one load.
 *
 * The MSRs that hardware switches do not exit as a rule.  They have rows all
 * the same, since a vendor may have to intercept one.
 */
#include <linux/nospec.h>

#include <asm/cpufeature.h>
#include <asm/msr.h>
#include <asm/mtrr.h>
#include <asm/page.h>
#include <asm/tsc.h>

#include "domain.h"
#include "emul/cpuid.h"
#include "emul/emul.h"
#include "emul/lapic.h"
#include "vcpu.h"
#include "xen/guest_if.h"

#define XEN_HYPERCALL_MSR	0x40000000u

/* Fast strings; no branch trace store, no PEBS. */
#define MISC_ENABLE_VALUE	(MSR_IA32_MISC_ENABLE_FAST_STRING | \
				 MSR_IA32_MISC_ENABLE_BTS_UNAVAIL | \
				 MSR_IA32_MISC_ENABLE_PEBS_UNAVAIL)

/* Eight variable ranges, fixed ranges, write-combining. */
#define NR_VARIABLE_MTRRS	8
#define NR_FIXED_MTRRS		11
#define MTRR_CAP_VALUE		(NR_VARIABLE_MTRRS | BIT(8) | BIT(10))
#define MTRR_DEF_TYPE_RESET	0xc06u	/* on, fixed on, write-back */
#define MTRR_DEF_TYPE_MASK	0xcffu
#define MTRR_FIXED_RESET	0x0606060606060606ull
#define MTRR_VALID		BIT(11)

/* What a guest may know of this host's vulnerabilities. */
#define ARCH_CAPABILITIES_MASK \
	(ARCH_CAP_RDCL_NO | ARCH_CAP_IBRS_ALL | ARCH_CAP_RSBA | \
	 ARCH_CAP_SKIP_VMENTRY_L1DFLUSH | ARCH_CAP_SSB_NO | ARCH_CAP_MDS_NO | \
	 ARCH_CAP_PSCHANGE_MC_NO | ARCH_CAP_TAA_NO | ARCH_CAP_SBDR_SSDP_NO | \
	 ARCH_CAP_FBSDP_NO | ARCH_CAP_PSDP_NO | ARCH_CAP_FB_CLEAR | \
	 ARCH_CAP_RRSBA | ARCH_CAP_BHI_NO | ARCH_CAP_PBRSB_NO | \
	 ARCH_CAP_GDS_NO | ARCH_CAP_RFDS_NO | ARCH_CAP_RFDS_CLEAR)

/*
 * Actions.  They return 0, -EINVAL for #GP(0), -EAGAIN when they must be able
 * to sleep and have changed nothing, or -ENOMEM when they can be repeated.
 */
typedef int (*msr_read_fn)(struct vcpu *vcpu, u32 msr, u64 *value);
typedef int (*msr_write_fn)(struct vcpu *vcpu, u32 msr, u64 value);

static int read_zero(struct vcpu *vcpu, u32 msr, u64 *value)
{
	*value = 0;
	return 0;
}

static int write_ignored(struct vcpu *vcpu, u32 msr, u64 value)
{
	return 0;
}

static int write_zero(struct vcpu *vcpu, u32 msr, u64 value)
{
	return value ? -EINVAL : 0;
}

/* Registers of the control block */

static enum vcpu_reg msr_reg(u32 msr)
{
	switch (msr) {
	case MSR_IA32_SYSENTER_CS:
		return VREG_SYSENTER_CS;
	case MSR_IA32_SYSENTER_ESP:
		return VREG_SYSENTER_ESP;
	case MSR_IA32_SYSENTER_EIP:
		return VREG_SYSENTER_EIP;
	case MSR_IA32_CR_PAT:
		return VREG_PAT;
	case MSR_IA32_DEBUGCTLMSR:
		return VREG_DEBUGCTL;
	case MSR_STAR:
		return VREG_STAR;
	case MSR_LSTAR:
		return VREG_LSTAR;
	case MSR_CSTAR:
		return VREG_CSTAR;
	case MSR_SYSCALL_MASK:
		return VREG_SFMASK;
	case MSR_TSC_AUX:
		return VREG_TSC_AUX;
	case MSR_KERNEL_GS_BASE:
		return VREG_KERNEL_GS_BASE;
	default:
		return VREG_EFER;
	}
}

static int read_reg(struct vcpu *vcpu, u32 msr, u64 *value)
{
	*value = vcpu_read_reg(vcpu, msr_reg(msr));
	return 0;
}

static int write_reg(struct vcpu *vcpu, u32 msr, u64 value)
{
	vcpu_write_reg(vcpu, msr_reg(msr), value);
	return 0;
}

static int write_reg_low(struct vcpu *vcpu, u32 msr, u64 value)
{
	if (value >> 32)
		return -EINVAL;
	return write_reg(vcpu, msr, value);
}

static int write_reg_address(struct vcpu *vcpu, u32 msr, u64 value)
{
	if (!__is_canonical_address(value, 48))
		return -EINVAL;
	return write_reg(vcpu, msr, value);
}

static int read_base(struct vcpu *vcpu, u32 msr, u64 *value)
{
	struct vcpu_segment seg;

	vendor->read_seg(vcpu, msr == MSR_FS_BASE ? VSEG_FS : VSEG_GS, &seg);
	*value = seg.base;
	return 0;
}

static int write_base(struct vcpu *vcpu, u32 msr, u64 value)
{
	enum vcpu_seg which = msr == MSR_FS_BASE ? VSEG_FS : VSEG_GS;
	struct vcpu_segment seg;

	if (!__is_canonical_address(value, 48))
		return -EINVAL;
	vendor->read_seg(vcpu, which, &seg);
	seg.base = value;
	vendor->write_seg(vcpu, which, &seg);
	return 0;
}

/**
 * efer_next() - what a write to EFER makes of it
 * @old: EFER now
 * @value: what is written
 * @allowed: bits that the CPUID policy permits
 * @paging: CR0.PG is set
 * @next: the new EFER; LMA is kept, it follows CR0.PG
 *
 * Return: 0 or -EINVAL for #GP.
 */
static int efer_next(u64 old, u64 value, u64 allowed, bool paging, u64 *next)
{
	if (value & ~allowed)
		return -EINVAL;
	if (paging && ((old ^ value) & EFER_LME))
		return -EINVAL;
	*next = (value & ~(u64)EFER_LMA) | (old & EFER_LMA);
	return 0;
}

static int write_efer(struct vcpu *vcpu, u32 msr, u64 value)
{
	bool paging = vcpu_read_reg(vcpu, VREG_CR0) & X86_CR0_PG;
	u64 old = vcpu_read_reg(vcpu, VREG_EFER);
	u64 next;

	if (efer_next(old, value, cpuid_efer_allowed(), paging, &next))
		return -EINVAL;
	vcpu_write_reg(vcpu, VREG_EFER, next);
	/* A cached entry may hold an execute-disable bit that was reserved. */
	if ((old ^ next) & EFER_NX)
		set_bit(VCPU_REQ_FLUSH_VCPU, &vcpu->requests);
	return 0;
}

/* BTF alone exists; a guest's wish for branch records is dropped. */
static int write_debugctl(struct vcpu *vcpu, u32 msr, u64 value)
{
	if (value & ~(u64)(DEBUGCTLMSR_LBR | DEBUGCTLMSR_BTF))
		return -EINVAL;
	vcpu_write_reg(vcpu, VREG_DEBUGCTL, value & DEBUGCTLMSR_BTF);
	return 0;
}

/* Time */

static int read_tsc(struct vcpu *vcpu, u32 msr, u64 *value)
{
	*value = rdtsc_ordered() + vcpu_read_reg(vcpu, VREG_TSC_OFFSET);
	return 0;
}

/* The guest moves its TSC, not its time: the record must follow. */
static int write_tsc(struct vcpu *vcpu, u32 msr, u64 value)
{
	u64 now = rdtsc_ordered() + vcpu_read_reg(vcpu, VREG_TSC_OFFSET);

	WRITE_ONCE(vcpu->tsc_adjust, vcpu->tsc_adjust + value - now);
	vcpu_write_reg(vcpu, VREG_TSC_OFFSET, xen_tsc_offset(vcpu));
	xen_time_update(vcpu);
	return 0;
}

/* Identification */

static int read_microcode(struct vcpu *vcpu, u32 msr, u64 *value)
{
	/* Never zero: that would say "no microcode was ever loaded". */
	*value = (u64)max(boot_cpu_data.microcode, 1u) << 32;
	return 0;
}

static int read_feature_control(struct vcpu *vcpu, u32 msr, u64 *value)
{
	*value = FEAT_CTL_LOCKED;
	return 0;
}

static int read_misc_enable(struct vcpu *vcpu, u32 msr, u64 *value)
{
	*value = MISC_ENABLE_VALUE;
	return 0;
}

/* The TSC counts at the nominal rate; else a guest reports a firmware bug. */
static int read_hwcr(struct vcpu *vcpu, u32 msr, u64 *value)
{
	*value = BIT_ULL(24);
	return 0;
}

/* Access to all of PCI configuration space: on, so that nobody writes it. */
static int read_nb_cfg(struct vcpu *vcpu, u32 msr, u64 *value)
{
	*value = BIT_ULL(46);
	return 0;
}

/* LFENCE serializes; the host sees to it that it does. */
static int read_de_cfg(struct vcpu *vcpu, u32 msr, u64 *value)
{
	*value = BIT_ULL(1);
	return 0;
}

/* Speculation controls */

static int read_arch_capabilities(struct vcpu *vcpu, u32 msr, u64 *value)
{
	u64 host;

	if (rdmsrl_safe(MSR_IA32_ARCH_CAPABILITIES, &host))
		host = 0;
	*value = host & ARCH_CAPABILITIES_MASK;
	return 0;
}

/* Intel tells of the first with the MSR; AMD has a feature for each bit. */
static u64 spec_ctrl_allowed(void)
{
	u64 bits = 0;

	if (cpuid_guest_has(X86_FEATURE_SPEC_CTRL) ||
	    cpuid_guest_has(X86_FEATURE_AMD_IBRS))
		bits |= SPEC_CTRL_IBRS;
	if (cpuid_guest_has(X86_FEATURE_INTEL_STIBP) ||
	    cpuid_guest_has(X86_FEATURE_AMD_STIBP))
		bits |= SPEC_CTRL_STIBP;
	if (cpuid_guest_has(X86_FEATURE_SPEC_CTRL_SSBD) ||
	    cpuid_guest_has(X86_FEATURE_AMD_SSBD))
		bits |= SPEC_CTRL_SSBD;
	return bits;
}

static int read_spec_ctrl(struct vcpu *vcpu, u32 msr, u64 *value)
{
	if (!spec_ctrl_allowed())
		return -EINVAL;
	*value = vcpu->spec_ctrl;
	return 0;
}

/* The vendor loads it around each entry. */
static int write_spec_ctrl(struct vcpu *vcpu, u32 msr, u64 value)
{
	if (!spec_ctrl_allowed() || (value & ~spec_ctrl_allowed()))
		return -EINVAL;
	vcpu->spec_ctrl = value;
	return 0;
}

static int write_pred_cmd(struct vcpu *vcpu, u32 msr, u64 value)
{
	if (!cpuid_guest_has(X86_FEATURE_SPEC_CTRL) &&
	    !cpuid_guest_has(X86_FEATURE_AMD_IBPB))
		return -EINVAL;
	if (value & ~(u64)PRED_CMD_IBPB)
		return -EINVAL;
	if (value)
		wrmsrl(MSR_IA32_PRED_CMD, PRED_CMD_IBPB);
	return 0;
}

/* Memory types.  With EPT the MTRRs change nothing: kept, never used. */

static bool memory_type_is_valid(u8 type, bool pat)
{
	/* UC, WC, WT, WP, WB; the PAT has UC- besides. */
	return type <= 7 && (BIT(type) & (pat ? 0xf3 : 0x73));
}

static bool memory_types_are_valid(u64 value, bool pat)
{
	unsigned int i;

	for (i = 0; i < 8; i++)
		if (!memory_type_is_valid(value >> (8 * i), pat))
			return false;
	return true;
}

static int write_pat(struct vcpu *vcpu, u32 msr, u64 value)
{
	if (!memory_types_are_valid(value, true))
		return -EINVAL;
	vcpu_write_reg(vcpu, VREG_PAT, value);
	return 0;
}

static int read_mtrr_cap(struct vcpu *vcpu, u32 msr, u64 *value)
{
	*value = MTRR_CAP_VALUE;
	return 0;
}

static int read_mtrr_def_type(struct vcpu *vcpu, u32 msr, u64 *value)
{
	*value = vcpu->mtrr_def_type;
	return 0;
}

static int write_mtrr_def_type(struct vcpu *vcpu, u32 msr, u64 value)
{
	if ((value & ~(u64)MTRR_DEF_TYPE_MASK) ||
	    !memory_type_is_valid(value, false))
		return -EINVAL;
	vcpu->mtrr_def_type = value;
	return 0;
}

/* Slot in vcpu->mtrr: 16 variable MSRs, then the 11 fixed ones in order. */
static unsigned int mtrr_slot(u32 msr)
{
	unsigned int slot;

	if (msr < MSR_MTRRfix64K_00000)
		slot = msr - MTRRphysBase_MSR(0);
	else if (msr == MSR_MTRRfix64K_00000)
		slot = 2 * NR_VARIABLE_MTRRS;
	else if (msr <= MSR_MTRRfix16K_A0000)
		slot = 2 * NR_VARIABLE_MTRRS + 1 + msr - MSR_MTRRfix16K_80000;
	else
		slot = 2 * NR_VARIABLE_MTRRS + 3 + msr - MSR_MTRRfix4K_C0000;
	return array_index_nospec(slot, 2 * NR_VARIABLE_MTRRS +
					NR_FIXED_MTRRS);
}

static int read_mtrr(struct vcpu *vcpu, u32 msr, u64 *value)
{
	*value = vcpu->mtrr[mtrr_slot(msr)];
	return 0;
}

static int write_mtrr_fixed(struct vcpu *vcpu, u32 msr, u64 value)
{
	if (!memory_types_are_valid(value, false))
		return -EINVAL;
	vcpu->mtrr[mtrr_slot(msr)] = value;
	return 0;
}

static int write_mtrr_variable(struct vcpu *vcpu, u32 msr, u64 value)
{
	u64 allowed = GENMASK_ULL(cpuid_phys_bits() - 1, PAGE_SHIFT);
	bool mask = msr & 1;

	allowed |= mask ? MTRR_VALID : 0xff;
	if ((value & ~allowed) || (!mask && !memory_type_is_valid(value, false)))
		return -EINVAL;
	vcpu->mtrr[mtrr_slot(msr)] = value;
	return 0;
}

void msr_vcpu_init(struct vcpu *vcpu)
{
	unsigned int i;

	memset(vcpu->mtrr, 0, sizeof(vcpu->mtrr));
	for (i = 0; i < NR_FIXED_MTRRS; i++)
		vcpu->mtrr[2 * NR_VARIABLE_MTRRS + i] = MTRR_FIXED_RESET;
	vcpu->mtrr_def_type = MTRR_DEF_TYPE_RESET;
	vcpu->spec_ctrl = 0;
}

/* Local APIC and Xen */

static int read_apic_base(struct vcpu *vcpu, u32 msr, u64 *value)
{
	*value = vcpu->lapic.base;
	return 0;
}

static int write_apic_base(struct vcpu *vcpu, u32 msr, u64 value)
{
	return lapic_base_write(vcpu, value);
}

static int write_hypercall_page(struct vcpu *vcpu, u32 msr, u64 value)
{
	return xen_hypercall_page_write(vcpu, value);
}

/* Whose CPUs have an MSR; who is not AMD counts as Intel. */
enum msr_maker {
	MSR_ANY,
	MSR_INTEL,
	MSR_AMD,
};

/**
 * struct msr_row - the policy for a range of MSRs
 * @first: first MSR
 * @last: and last
 * @feature: X86_FEATURE_* without which the row does not exist; 0 none
 * @read: NULL: #GP
 * @write: NULL: #GP
 * @maker: enum msr_maker, likewise
 */
struct msr_row {
	u32 first;
	u32 last;
	u16 feature;
	msr_read_fn read;
	msr_write_fn write;
	u8 maker;
};

/* Sorted. */
static const struct msr_row msr_rows[] = {
	{ MSR_IA32_P5_MC_ADDR, MSR_IA32_P5_MC_TYPE, 0,
	  read_zero, write_ignored },
	{ MSR_IA32_TSC, MSR_IA32_TSC, 0, read_tsc, write_tsc },
	{ MSR_IA32_APICBASE, MSR_IA32_APICBASE, 0,
	  read_apic_base, write_apic_base },
	{ MSR_IA32_FEAT_CTL, MSR_IA32_FEAT_CTL, 0,
	  read_feature_control, NULL, MSR_INTEL },
	{ MSR_IA32_SPEC_CTRL, MSR_IA32_SPEC_CTRL, 0,
	  read_spec_ctrl, write_spec_ctrl },
	{ MSR_IA32_PRED_CMD, MSR_IA32_PRED_CMD, 0, NULL, write_pred_cmd },
	{ MSR_IA32_UCODE_WRITE, MSR_IA32_UCODE_WRITE, 0, NULL, write_ignored },
	{ MSR_IA32_UCODE_REV, MSR_IA32_UCODE_REV, 0,
	  read_microcode, write_zero },
	{ MSR_PLATFORM_INFO, MSR_PLATFORM_INFO, 0,
	  read_zero, NULL, MSR_INTEL },
	{ MSR_MTRRcap, MSR_MTRRcap, 0, read_mtrr_cap, NULL },
	{ MSR_IA32_ARCH_CAPABILITIES, MSR_IA32_ARCH_CAPABILITIES,
	  X86_FEATURE_ARCH_CAPABILITIES, read_arch_capabilities, NULL },
	{ MSR_MISC_FEATURES_ENABLES, MSR_MISC_FEATURES_ENABLES, 0,
	  read_zero, write_zero },
	{ MSR_IA32_SYSENTER_CS, MSR_IA32_SYSENTER_CS, 0,
	  read_reg, write_reg_low },
	{ MSR_IA32_SYSENTER_ESP, MSR_IA32_SYSENTER_EIP, 0,
	  read_reg, write_reg_address },
	{ MSR_IA32_PERF_STATUS, MSR_IA32_PERF_STATUS, 0,
	  read_zero, NULL, MSR_INTEL },
	{ MSR_IA32_PERF_CTL, MSR_IA32_PERF_CTL, 0,
	  read_zero, write_ignored, MSR_INTEL },
	{ MSR_IA32_THERM_STATUS, MSR_IA32_THERM_STATUS, 0,
	  read_zero, NULL, MSR_INTEL },
	{ MSR_IA32_MISC_ENABLE, MSR_IA32_MISC_ENABLE, 0,
	  read_misc_enable, write_ignored },
	{ MSR_IA32_DEBUGCTLMSR, MSR_IA32_DEBUGCTLMSR, 0,
	  read_reg, write_debugctl },
	{ MSR_IA32_LASTBRANCHFROMIP, MSR_IA32_LASTINTTOIP, 0,
	  read_zero, write_ignored },
	{ MTRRphysBase_MSR(0), MTRRphysMask_MSR(NR_VARIABLE_MTRRS - 1), 0,
	  read_mtrr, write_mtrr_variable },
	{ MSR_MTRRfix64K_00000, MSR_MTRRfix64K_00000, 0,
	  read_mtrr, write_mtrr_fixed },
	{ MSR_MTRRfix16K_80000, MSR_MTRRfix16K_A0000, 0,
	  read_mtrr, write_mtrr_fixed },
	{ MSR_MTRRfix4K_C0000, MSR_MTRRfix4K_F8000, 0,
	  read_mtrr, write_mtrr_fixed },
	{ MSR_IA32_CR_PAT, MSR_IA32_CR_PAT, 0, read_reg, write_pat },
	{ MSR_MTRRdefType, MSR_MTRRdefType, 0,
	  read_mtrr_def_type, write_mtrr_def_type },
	{ 0x800, 0x83f, 0, lapic_msr_read, lapic_msr_write },
	{ XEN_HYPERCALL_MSR, XEN_HYPERCALL_MSR, 0,
	  read_zero, write_hypercall_page },
	{ MSR_EFER, MSR_EFER, 0, read_reg, write_efer },
	{ MSR_STAR, MSR_STAR, 0, read_reg, write_reg },
	{ MSR_LSTAR, MSR_CSTAR, 0, read_reg, write_reg_address },
	{ MSR_SYSCALL_MASK, MSR_SYSCALL_MASK, 0, read_reg, write_reg_low },
	{ MSR_FS_BASE, MSR_GS_BASE, 0, read_base, write_base },
	{ MSR_KERNEL_GS_BASE, MSR_KERNEL_GS_BASE, 0,
	  read_reg, write_reg_address },
	{ MSR_TSC_AUX, MSR_TSC_AUX, X86_FEATURE_RDTSCP,
	  read_reg, write_reg_low },
	{ MSR_AMD64_SYSCFG, MSR_AMD64_SYSCFG, 0,
	  read_zero, write_ignored, MSR_AMD },
	{ MSR_K7_HWCR, MSR_K7_HWCR, 0, read_hwcr, write_ignored, MSR_AMD },
	{ MSR_AMD64_NB_CFG, MSR_AMD64_NB_CFG, 0,
	  read_nb_cfg, write_ignored, MSR_AMD },
	{ MSR_AMD64_DE_CFG, MSR_AMD64_DE_CFG, 0,
	  read_de_cfg, write_ignored, MSR_AMD },
};

/*
 * Row number plus one for MSRs 0..0xfff, 0xc0000000..0xc00001ff, the one of
 * Xen, and AMD's 0xc0010000..0xc001001f and 0xc0011020..0xc001102f; zero where
 * nothing is.
 */
#define MSR_LOW_SIZE		0x1000u
#define MSR_HIGH_FIRST		0xc0000000u
#define MSR_HIGH_SIZE		0x200u
#define MSR_XEN_SLOT		(MSR_LOW_SIZE + MSR_HIGH_SIZE)
#define MSR_AMD_FIRST		0xc0010000u
#define MSR_AMD_SIZE		0x20u
#define MSR_AMD_SLOT		(MSR_XEN_SLOT + 1)
#define MSR_AMD_CFG_FIRST	0xc0011020u
#define MSR_AMD_CFG_SIZE	0x10u
#define MSR_AMD_CFG_SLOT	(MSR_AMD_SLOT + MSR_AMD_SIZE)
#define MSR_INDEX_SIZE		(MSR_AMD_CFG_SLOT + MSR_AMD_CFG_SIZE)

static u8 msr_index[MSR_INDEX_SIZE] __ro_after_init;

/* Slot of an MSR in msr_index[]; MSR_INDEX_SIZE for none. */
static __always_inline u32 msr_slot(u32 msr)
{
	if (likely(msr < MSR_LOW_SIZE))
		return msr;
	if (msr - MSR_HIGH_FIRST < MSR_HIGH_SIZE)
		return msr - MSR_HIGH_FIRST + MSR_LOW_SIZE;
	if (msr == XEN_HYPERCALL_MSR)
		return MSR_XEN_SLOT;
	if (msr - MSR_AMD_FIRST < MSR_AMD_SIZE)
		return msr - MSR_AMD_FIRST + MSR_AMD_SLOT;
	if (msr - MSR_AMD_CFG_FIRST < MSR_AMD_CFG_SIZE)
		return msr - MSR_AMD_CFG_FIRST + MSR_AMD_CFG_SLOT;
	return MSR_INDEX_SIZE;
}

void msr_init(void)
{
	enum msr_maker maker = cpuid_is_amd() ? MSR_AMD : MSR_INTEL;
	unsigned int i;
	u32 msr;

	BUILD_BUG_ON(ARRAY_SIZE(msr_rows) > 255);
	for (i = 0; i < ARRAY_SIZE(msr_rows); i++) {
		const struct msr_row *row = &msr_rows[i];

		if (row->feature && !cpuid_guest_has(row->feature))
			continue;
		if (row->maker && row->maker != maker)
			continue;
		for (msr = row->first; msr <= row->last; msr++)
			msr_index[msr_slot(msr)] = i + 1;
	}
}

static __always_inline const struct msr_row *msr_lookup(u32 msr)
{
	u32 slot = msr_slot(msr);
	u8 row;

	if (slot >= MSR_INDEX_SIZE)
		return NULL;
	row = msr_index[array_index_nospec(slot, MSR_INDEX_SIZE)];
	return row ? &msr_rows[row - 1] : NULL;
}

enum vmexit_action emul_rdmsr(struct vcpu *vcpu, const struct vmexit *x)
{
	u32 msr = vcpu->gpr[GPR_RCX];
	const struct msr_row *row = msr_lookup(msr);
	u64 value;

	if (!row || !row->read || row->read(vcpu, msr, &value))
		return vcpu_inject_gp(vcpu);
	vcpu_set_edx_eax(vcpu, value);
	return VMEXIT_SKIP_INSN;
}

enum vmexit_action emul_wrmsr(struct vcpu *vcpu, const struct vmexit *x)
{
	u32 msr = vcpu->gpr[GPR_RCX];
	const struct msr_row *row = msr_lookup(msr);
	int err;

	if (!row || !row->write)
		return vcpu_inject_gp(vcpu);
	err = row->write(vcpu, msr, vcpu_edx_eax(vcpu));
	if (likely(!err))
		return VMEXIT_SKIP_INSN;
	if (err == -EAGAIN)
		return VMEXIT_AGAIN;
	if (err == -ENOMEM)
		return domain_pause_for_memory(vcpu->domain,
					       "the hypercall page");
	return vcpu_inject_gp(vcpu);
}
