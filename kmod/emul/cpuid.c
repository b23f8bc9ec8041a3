// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a guest sees of its CPU.  The policy is the table cpuid_policy[]: one
 * row for each register that is not zero, with the host's bits that pass and
 * the bits that are set regardless.  At load it is combined with this host's
 * CPU into finished answers, so that an exit costs an index and four copies.
 * Nothing is shown that the module neither switches nor emulates.
 */
#include "emul/cpuid.h"

#include <linux/log2.h>
#include <linux/nospec.h>

#include <asm/cpufeature.h>
#include <asm/fpu/types.h>
#include <asm/fpu/xcr.h>
#include <asm/processor.h>
#include <asm/tsc.h>

#include <xen/interface/xen.h>

#include "domain.h"
#include "emul/emul.h"
#include "vcpu.h"

/* The largest leaves that guests see.  0x16 saves them a PIT calibration. */
#define CPUID_MAX_BASIC		0x16u
#define CPUID_MAX_EXTENDED	0x80000008u

#define XEN_CPUID_BASE		0x40000000u
#define XEN_CPUID_MAX		(XEN_CPUID_BASE + 5)
#define XEN_CPUID_MSR		0x40000000u
#define XEN_CPUID_TSC_RELIABLE	BIT(1)
#define XEN_CPUID_TSC_RDTSCP	BIT(2)
#define XEN_CPUID_TSC_NATIVE	2	/* tsc_mode: never emulated */
#define XEN_CPUID_IOMMU_GRANTS	BIT(2)
#define XEN_CPUID_VCPU_ID	BIT(3)
#define XEN_CPUID_DOMID		BIT(4)

enum { EAX, EBX, ECX, EDX };

/* A row whose host value the host's kernel knows no better than the CPU. */
#define CAPS_NONE		0xff

/**
 * struct cpuid_policy - one register of one leaf
 * @leaf: CPUID leaf
 * @subleaf: and sub-leaf
 * @reg: EAX .. EDX
 * @caps: word of the host kernel's feature bits that has the same layout; a
 *	feature that the host switched off is not passed
 * @pass: bits taken from the host's CPU
 * @set: bits that are always one
 */
struct cpuid_policy {
	u32 leaf;
	u8 subleaf;
	u8 reg;
	u8 caps;
	u32 pass;
	u32 set;
};

#define F(name)		BIT(X86_FEATURE_##name & 31)
#define ALL		0xffffffffu

static const struct cpuid_policy cpuid_policy[] = {
	{ 0x00, 0, EAX, CAPS_NONE, 0, CPUID_MAX_BASIC },
	{ 0x00, 0, EBX, CAPS_NONE, ALL },
	{ 0x00, 0, ECX, CAPS_NONE, ALL },
	{ 0x00, 0, EDX, CAPS_NONE, ALL },

	{ 0x01, 0, EAX, CAPS_NONE, ALL },
	{ 0x01, 0, EBX, CAPS_NONE, 0x0000ffff },
	{ 0x01, 0, ECX, CPUID_1_ECX,
	  F(XMM3) | F(PCLMULQDQ) | F(SSSE3) | F(FMA) | F(CX16) | F(PCID) |
	  F(XMM4_1) | F(XMM4_2) | F(MOVBE) | F(POPCNT) | F(AES) | F(XSAVE) |
	  F(AVX) | F(F16C) | F(RDRAND),
	  F(X2APIC) | F(HYPERVISOR) },
	{ 0x01, 0, EDX, CPUID_1_EDX,
	  F(FPU) | F(VME) | F(DE) | F(PSE) | F(TSC) | F(MSR) | F(PAE) |
	  F(CX8) | F(SEP) | F(PGE) | F(CMOV) | F(PSE36) | F(CLFLUSH) |
	  F(MMX) | F(FXSR) | F(XMM) | F(XMM2) | F(SELFSNOOP),
	  F(APIC) | F(MTRR) | F(PAT) | F(HT) },

	{ 0x02, 0, EAX, CAPS_NONE, ALL },
	{ 0x02, 0, EBX, CAPS_NONE, ALL },
	{ 0x02, 0, ECX, CAPS_NONE, ALL },
	{ 0x02, 0, EDX, CAPS_NONE, ALL },

	/* 4 and 0xB tell of caches and topology: computed.  6: ARAT only. */
	{ 0x06, 0, EAX, CAPS_NONE, 0, BIT(2) },

	/* EAX is the largest sub-leaf.  No TSC_ADJUST, SGX, TSX, MPX, PT. */
	{ 0x07, 0, EAX, CAPS_NONE, 0, 1 },
	{ 0x07, 0, EBX, CPUID_7_0_EBX,
	  F(FSGSBASE) | F(BMI1) | F(AVX2) | F(FDP_EXCPTN_ONLY) | F(SMEP) |
	  F(BMI2) | F(ERMS) | F(INVPCID) | F(ZERO_FCS_FDS) | F(AVX512F) |
	  F(AVX512DQ) | F(RDSEED) | F(ADX) | F(SMAP) | F(AVX512IFMA) |
	  F(CLFLUSHOPT) | F(CLWB) | F(AVX512PF) | F(AVX512ER) |
	  F(AVX512CD) | F(SHA_NI) | F(AVX512BW) | F(AVX512VL) },
	/* No PKU: the protection-key register is not switched. */
	{ 0x07, 0, ECX, CPUID_7_ECX,
	  F(AVX512VBMI) | F(UMIP) | F(AVX512_VBMI2) | F(GFNI) | F(VAES) |
	  F(VPCLMULQDQ) | F(AVX512_VNNI) | F(AVX512_BITALG) |
	  F(AVX512_VPOPCNTDQ) | F(RDPID) | F(CLDEMOTE) | F(MOVDIRI) |
	  F(MOVDIR64B) },
	{ 0x07, 0, EDX, CPUID_7_EDX,
	  F(AVX512_4VNNIW) | F(AVX512_4FMAPS) | F(FSRM) |
	  F(AVX512_VP2INTERSECT) | F(MD_CLEAR) | F(SERIALIZE) |
	  F(AVX512_FP16) | F(SPEC_CTRL) | F(INTEL_STIBP) |
	  F(ARCH_CAPABILITIES) | F(SPEC_CTRL_SSBD) },
	{ 0x07, 1, EAX, CPUID_7_1_EAX,
	  F(AVX_VNNI) | F(AVX512_BF16) |
	  BIT(10) | BIT(11) | BIT(12) /* fast short REP MOVS, STOS, CMPS */ },

	/* 0xD: sizes are computed.  No XSAVES, no XFD. */
	{ 0x0d, 1, EAX, CPUID_D_1_EAX,
	  F(XSAVEOPT) | F(XSAVEC) | F(XGETBV1) },

	/* 0x15 stays zero: it would set the rate of the local APIC's timer. */
	{ 0x16, 0, EAX, CAPS_NONE, 0xffff },
	{ 0x16, 0, EBX, CAPS_NONE, 0xffff },
	{ 0x16, 0, ECX, CAPS_NONE, 0xffff },

	{ 0x80000000, 0, EAX, CAPS_NONE, 0, CPUID_MAX_EXTENDED },
	{ 0x80000000, 0, EBX, CAPS_NONE, ALL },
	{ 0x80000000, 0, ECX, CAPS_NONE, ALL },
	{ 0x80000000, 0, EDX, CAPS_NONE, ALL },
	{ 0x80000001, 0, EAX, CAPS_NONE, ALL },
	{ 0x80000001, 0, EBX, CAPS_NONE, ALL },
	{ 0x80000001, 0, ECX, CPUID_8000_0001_ECX,
	  F(LAHF_LM) | F(CR8_LEGACY) | F(ABM) | F(SSE4A) | F(MISALIGNSSE) |
	  F(3DNOWPREFETCH) | F(XOP) | F(FMA4) | F(TBM) },
	{ 0x80000001, 0, EDX, CPUID_8000_0001_EDX,
	  F(SYSCALL) | F(NX) | F(MMXEXT) | F(GBPAGES) | F(RDTSCP) | F(LM) |
	  F(3DNOWEXT) | F(3DNOW) },
	{ 0x80000002, 0, EAX, CAPS_NONE, ALL },
	{ 0x80000002, 0, EBX, CAPS_NONE, ALL },
	{ 0x80000002, 0, ECX, CAPS_NONE, ALL },
	{ 0x80000002, 0, EDX, CAPS_NONE, ALL },
	{ 0x80000003, 0, EAX, CAPS_NONE, ALL },
	{ 0x80000003, 0, EBX, CAPS_NONE, ALL },
	{ 0x80000003, 0, ECX, CAPS_NONE, ALL },
	{ 0x80000003, 0, EDX, CAPS_NONE, ALL },
	{ 0x80000004, 0, EAX, CAPS_NONE, ALL },
	{ 0x80000004, 0, EBX, CAPS_NONE, ALL },
	{ 0x80000004, 0, ECX, CAPS_NONE, ALL },
	{ 0x80000004, 0, EDX, CAPS_NONE, ALL },
	{ 0x80000005, 0, EAX, CAPS_NONE, ALL },
	{ 0x80000005, 0, EBX, CAPS_NONE, ALL },
	{ 0x80000005, 0, ECX, CAPS_NONE, ALL },
	{ 0x80000005, 0, EDX, CAPS_NONE, ALL },
	{ 0x80000006, 0, EAX, CAPS_NONE, ALL },
	{ 0x80000006, 0, EBX, CAPS_NONE, ALL },
	{ 0x80000006, 0, ECX, CAPS_NONE, ALL },
	{ 0x80000006, 0, EDX, CAPS_NONE, ALL },
	{ 0x80000007, 0, EDX, CAPS_NONE, BIT(8) /* invariant TSC */ },
	{ 0x80000008, 0, EAX, CAPS_NONE, 0xffff },
	{ 0x80000008, 0, EBX, CPUID_8000_0008_EBX,
	  F(CLZERO) | F(XSAVEERPTR) | F(AMD_IBPB) | F(AMD_IBRS) |
	  F(AMD_STIBP) | F(AMD_STIBP_ALWAYS_ON) | F(AMD_SSBD) |
	  F(AMD_SSB_NO) | F(BTC_NO) },
};

/* Leaves whose answer depends on the vCPU or on the sub-leaf. */
enum cpuid_kind {
	CPUID_STATIC,
	CPUID_FEATURES,		/* 1 */
	CPUID_CACHE,		/* 4 */
	CPUID_EXT_FEATURES,	/* 7 */
	CPUID_TOPOLOGY,		/* 0xB */
	CPUID_XSTATE,		/* 0xD */
	CPUID_AMD_CORES,	/* 0x80000008, ECX */
};

struct cpuid_leaf {
	struct cpuid_regs_out regs;
	u32 kind;
};

/* Basic leaves 0..0x1f, then extended leaves 0x80000000..0x8000001f. */
#define CPUID_RANGE		32u

static struct cpuid_leaf cpuid_leaves[2 * CPUID_RANGE] __ro_after_init;
static struct cpuid_regs_out cpuid_leaf_7_1 __ro_after_init;
static struct cpuid_regs_out cpuid_leaf_d_1 __ro_after_init;
static struct cpuid_regs_out cpuid_caches[8] __ro_after_init;

/* Guest-visible bits in the host kernel's layout, for cpuid_guest_has(). */
static u32 cpuid_caps[NR_CPUID_WORDS] __ro_after_init;

/* Components of the extended state: 0..7 are all that a guest may have. */
#define XSTATE_LEGACY_SIZE	576u
#define XSTATE_ALIGNED		BIT(1)

struct xstate_component {
	u32 size;
	u32 offset;
	u32 flags;
};

static struct xstate_component xstate_components[8] __ro_after_init;
static u64 xcr0_allowed __ro_after_init;

static void host_cpuid(u32 leaf, u32 subleaf, struct cpuid_regs_out *out)
{
	u32 max = cpuid_eax(leaf & 0x80000000u);

	/* Beyond its largest leaf a CPU may answer with some other leaf. */
	if (leaf > max) {
		*out = (struct cpuid_regs_out){};
		return;
	}
	cpuid_count(leaf, subleaf, &out->eax, &out->ebx, &out->ecx, &out->edx);
}

static u32 *cpuid_reg(struct cpuid_regs_out *regs, unsigned int reg)
{
	switch (reg) {
	case EAX:
		return &regs->eax;
	case EBX:
		return &regs->ebx;
	case ECX:
		return &regs->ecx;
	default:
		return &regs->edx;
	}
}

static struct cpuid_regs_out *cpuid_row(u32 leaf, u32 subleaf)
{
	u32 i = (leaf & (CPUID_RANGE - 1)) + (leaf >> 31) * CPUID_RANGE;

	if (leaf == 0x7 && subleaf == 1)
		return &cpuid_leaf_7_1;
	if (leaf == 0xd && subleaf == 1)
		return &cpuid_leaf_d_1;
	return &cpuid_leaves[i].regs;
}

static u32 policy_value(const struct cpuid_policy *p)
{
	struct cpuid_regs_out host;
	u32 value;

	host_cpuid(p->leaf, p->subleaf, &host);
	value = *cpuid_reg(&host, p->reg) & p->pass;
	if (p->caps != CAPS_NONE)
		value &= boot_cpu_data.x86_capability[p->caps];
	return value | p->set;
}

/* Take a feature away after the policy gave it. */
static void cpuid_clear_feature(unsigned int feature)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cpuid_policy); i++) {
		const struct cpuid_policy *p = &cpuid_policy[i];

		if (p->caps == feature / 32)
			*cpuid_reg(cpuid_row(p->leaf, p->subleaf), p->reg) &=
				~BIT(feature % 32);
	}
	cpuid_caps[feature / 32] &= ~BIT(feature % 32);
}

static const u16 features_of_xsave[] = {
	X86_FEATURE_XSAVE, X86_FEATURE_XSAVEOPT, X86_FEATURE_XSAVEC,
	X86_FEATURE_XGETBV1,
};

static const u16 features_of_avx[] = {
	X86_FEATURE_AVX, X86_FEATURE_AVX2, X86_FEATURE_FMA, X86_FEATURE_F16C,
	X86_FEATURE_VAES, X86_FEATURE_VPCLMULQDQ, X86_FEATURE_AVX_VNNI,
	X86_FEATURE_XOP, X86_FEATURE_FMA4,
};

static const u16 features_of_avx512[] = {
	X86_FEATURE_AVX512F, X86_FEATURE_AVX512DQ, X86_FEATURE_AVX512IFMA,
	X86_FEATURE_AVX512PF, X86_FEATURE_AVX512ER, X86_FEATURE_AVX512CD,
	X86_FEATURE_AVX512BW, X86_FEATURE_AVX512VL, X86_FEATURE_AVX512VBMI,
	X86_FEATURE_AVX512_VBMI2, X86_FEATURE_AVX512_VNNI,
	X86_FEATURE_AVX512_BITALG, X86_FEATURE_AVX512_VPOPCNTDQ,
	X86_FEATURE_AVX512_4VNNIW, X86_FEATURE_AVX512_4FMAPS,
	X86_FEATURE_AVX512_VP2INTERSECT, X86_FEATURE_AVX512_FP16,
	X86_FEATURE_AVX512_BF16,
};

static void clear_features(const u16 *features, unsigned int nr)
{
	while (nr--)
		cpuid_clear_feature(*features++);
}

/* XCR0 bits for guests: those the host uses, of the kinds that we switch. */
static u64 host_xcr0_allowed(void)
{
	u64 xcr0;

	if (!boot_cpu_has(X86_FEATURE_OSXSAVE) ||
	    !boot_cpu_has(X86_FEATURE_XSAVE))
		return 0;
	xcr0 = xgetbv(XCR_XFEATURE_ENABLED_MASK);
	xcr0 &= XFEATURE_MASK_FPSSE | XFEATURE_MASK_YMM | XFEATURE_MASK_AVX512;
	if (!(xcr0 & XFEATURE_MASK_YMM) ||
	    (xcr0 & XFEATURE_MASK_AVX512) != XFEATURE_MASK_AVX512)
		xcr0 &= ~(u64)XFEATURE_MASK_AVX512;
	return xcr0;
}

static void init_xstate(void)
{
	struct cpuid_regs_out host;
	unsigned int i;

	xcr0_allowed = host_xcr0_allowed();
	for (i = 2; i < ARRAY_SIZE(xstate_components); i++) {
		xstate_components[i] = (struct xstate_component){};
		if (!(xcr0_allowed & BIT_ULL(i)))
			continue;
		host_cpuid(0xd, i, &host);
		xstate_components[i].size = host.eax;
		xstate_components[i].offset = host.ebx;
		xstate_components[i].flags = host.ecx & XSTATE_ALIGNED;
	}
	if (!xcr0_allowed)
		clear_features(features_of_xsave,
			       ARRAY_SIZE(features_of_xsave));
	if (!(xcr0_allowed & XFEATURE_MASK_YMM))
		clear_features(features_of_avx, ARRAY_SIZE(features_of_avx));
	if (!(xcr0_allowed & XFEATURE_MASK_AVX512))
		clear_features(features_of_avx512,
			       ARRAY_SIZE(features_of_avx512));
}

static void init_clock_leaves(void)
{
	u32 mhz = DIV_ROUND_CLOSEST(tsc_khz, 1000);
	struct cpuid_regs_out *freq = cpuid_row(0x16, 0);

	/*
	 * A guest that finds no rate here times a PIT that does not exist.
	 * The rate that counts is the TSC's, and the host has measured it.
	 */
	if (!freq->eax)
		*freq = (struct cpuid_regs_out){ min(mhz, 0xffffu),
						 min(mhz, 0xffffu), 100, 0 };
	if (check_tsc_unstable())
		cpuid_row(0x80000007, 0)->edx = 0;
}

static void init_address_widths(void)
{
	struct cpuid_regs_out *row = cpuid_row(0x80000008, 0);
	u32 phys = boot_cpu_data.x86_phys_bits;

	phys = clamp_t(u32, phys, 36, GPA_BITS);
	row->eax = (48u << 8) | phys;
}

bool cpuid_is_amd(void)
{
	return boot_cpu_data.x86_vendor == X86_VENDOR_AMD ||
	       boot_cpu_data.x86_vendor == X86_VENDOR_HYGON;
}

void cpuid_init(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cpuid_policy); i++) {
		const struct cpuid_policy *p = &cpuid_policy[i];
		u32 value = policy_value(p);

		*cpuid_reg(cpuid_row(p->leaf, p->subleaf), p->reg) = value;
		if (p->caps != CAPS_NONE)
			cpuid_caps[p->caps] = value;
	}
	for (i = 0; i < ARRAY_SIZE(cpuid_caches); i++)
		host_cpuid(0x4, i, &cpuid_caches[i]);

	cpuid_leaves[0x1].kind = CPUID_FEATURES;
	cpuid_leaves[0x4].kind = CPUID_CACHE;
	cpuid_leaves[0x7].kind = CPUID_EXT_FEATURES;
	cpuid_leaves[0xb].kind = CPUID_TOPOLOGY;
	cpuid_leaves[0xd].kind = CPUID_XSTATE;
	if (cpuid_is_amd())
		cpuid_leaves[CPUID_RANGE + 8].kind = CPUID_AMD_CORES;

	for (i = 0; i < ARRAY_SIZE(vendor->hidden) && vendor->hidden[i]; i++)
		cpuid_clear_feature(vendor->hidden[i]);
	init_xstate();
	init_clock_leaves();
	init_address_widths();
}

bool cpuid_guest_has(unsigned int feature)
{
	return cpuid_caps[feature / 32] & BIT(feature % 32);
}

u8 cpuid_phys_bits(void)
{
	return cpuid_leaves[CPUID_RANGE + 8].regs.eax;
}

u64 cpuid_xcr0_allowed(void)
{
	return xcr0_allowed;
}

u64 cpuid_efer_allowed(void)
{
	u64 efer = 0;

	if (cpuid_guest_has(X86_FEATURE_SYSCALL))
		efer |= EFER_SCE;
	if (cpuid_guest_has(X86_FEATURE_LM))
		efer |= EFER_LME | EFER_LMA;
	if (cpuid_guest_has(X86_FEATURE_NX))
		efer |= EFER_NX;
	return efer;
}

/* CR4 bits and the feature that brings each. */
static const struct {
	u32 cr4;
	u16 feature;
} cr4_features[] = {
	{ X86_CR4_VME | X86_CR4_PVI, X86_FEATURE_VME },
	{ X86_CR4_TSD, X86_FEATURE_TSC },
	{ X86_CR4_DE, X86_FEATURE_DE },
	{ X86_CR4_PSE, X86_FEATURE_PSE },
	{ X86_CR4_PAE, X86_FEATURE_PAE },
	{ X86_CR4_PGE, X86_FEATURE_PGE },
	{ X86_CR4_OSFXSR, X86_FEATURE_FXSR },
	{ X86_CR4_OSXMMEXCPT, X86_FEATURE_XMM },
	{ X86_CR4_UMIP, X86_FEATURE_UMIP },
	{ X86_CR4_FSGSBASE, X86_FEATURE_FSGSBASE },
	{ X86_CR4_PCIDE, X86_FEATURE_PCID },
	{ X86_CR4_OSXSAVE, X86_FEATURE_XSAVE },
	{ X86_CR4_SMEP, X86_FEATURE_SMEP },
	{ X86_CR4_SMAP, X86_FEATURE_SMAP },
};

u64 cpuid_cr4_allowed(void)
{
	/* PCE is older than its CPUID leaf; RDPMC exits whatever it says. */
	u64 cr4 = X86_CR4_PCE;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cr4_features); i++)
		if (cpuid_guest_has(cr4_features[i].feature))
			cr4 |= cr4_features[i].cr4;
	return cr4;
}

void cpuid_cr4_changed(struct vcpu *vcpu, u64 cr4)
{
	vcpu->cpuid_1_ecx = cr4 & X86_CR4_OSXSAVE ? F(OSXSAVE) : 0;
}

/*
 * Topology: one package; APIC ids are even because bit 0 is the thread of a
 * core and every vCPU is the first thread of its own core, as Xen has it.
 */
static u32 topology_width(const struct vcpu *vcpu)
{
	return order_base_2(vcpu->domain->nr_vcpus) + 1;
}

static void read_features(const struct vcpu *vcpu, struct cpuid_regs_out *out)
{
	u32 ids = 1u << topology_width(vcpu);

	*out = cpuid_leaves[0x1].regs;
	out->ebx |= (min(ids, 255u) << 16) | (vcpu->apic_id << 24);
	out->ecx |= vcpu->cpuid_1_ecx;
	/* Switching the APIC off by its base hides it, as hardware does. */
	if (!(vcpu->lapic.base & MSR_IA32_APICBASE_ENABLE))
		out->edx &= ~F(APIC);
}

#define CACHE_TYPE_MASK		0x1fu
#define CACHE_LEVEL(eax)	(((eax) >> 5) & 7)
#define CACHE_OWN_BITS		GENMASK(13, 0)

static void read_cache(const struct vcpu *vcpu, u32 subleaf,
		       struct cpuid_regs_out *out)
{
	u32 width = topology_width(vcpu);
	u32 sharing;

	*out = (struct cpuid_regs_out){};
	if (subleaf >= ARRAY_SIZE(cpuid_caches))
		return;
	subleaf = array_index_nospec(subleaf, ARRAY_SIZE(cpuid_caches));
	if (!(cpuid_caches[subleaf].eax & CACHE_TYPE_MASK))
		return;
	*out = cpuid_caches[subleaf];
	/* Ids that share it, and cores of the package, both less one. */
	sharing = CACHE_LEVEL(out->eax) < 3 ? 1 : (1u << width) - 1;
	out->eax &= CACHE_OWN_BITS;
	out->eax |= (sharing << 14) | ((BIT(width - 1) - 1) << 26);
}

#define TOPOLOGY_THREAD		(1u << 8)
#define TOPOLOGY_CORE		(2u << 8)

static void read_topology(const struct vcpu *vcpu, u32 subleaf,
			  struct cpuid_regs_out *out)
{
	*out = (struct cpuid_regs_out){
		.ecx = subleaf & 0xff,
		.edx = vcpu->apic_id,
	};
	if (subleaf == 0) {
		out->eax = 1;
		out->ebx = 1;
		out->ecx |= TOPOLOGY_THREAD;
	} else if (subleaf == 1) {
		out->eax = topology_width(vcpu);
		out->ebx = vcpu->domain->nr_vcpus;
		out->ecx |= TOPOLOGY_CORE;
	}
}

/* How an AMD guest learns the same: cores less one, and bits of an APIC id. */
static void read_amd_cores(const struct vcpu *vcpu, struct cpuid_regs_out *out)
{
	*out = cpuid_leaves[CPUID_RANGE + 8].regs;
	out->ecx = (topology_width(vcpu) << 12) |
		   (vcpu->domain->nr_vcpus - 1);
}

/* Size of the save area for @xcr0, in the standard or the compact form. */
static u32 xstate_size(u64 xcr0, bool compact)
{
	u32 size = XSTATE_LEGACY_SIZE;
	unsigned int i;

	for (i = 2; i < ARRAY_SIZE(xstate_components); i++) {
		const struct xstate_component *c = &xstate_components[i];

		if (!(xcr0 & BIT_ULL(i)))
			continue;
		if (!compact) {
			size = max(size, c->offset + c->size);
			continue;
		}
		if (c->flags & XSTATE_ALIGNED)
			size = ALIGN(size, 64);
		size += c->size;
	}
	return size;
}

static void read_xstate(const struct vcpu *vcpu, u32 subleaf,
			struct cpuid_regs_out *out)
{
	const struct xstate_component *c;

	*out = (struct cpuid_regs_out){};
	if (!xcr0_allowed)
		return;
	if (subleaf == 0) {
		out->eax = xcr0_allowed;
		out->ebx = xstate_size(vcpu->xcr0, false);
		out->ecx = xstate_size(xcr0_allowed, false);
		out->edx = xcr0_allowed >> 32;
	} else if (subleaf == 1) {
		out->eax = cpuid_leaf_d_1.eax;
		if (cpuid_guest_has(X86_FEATURE_XSAVEC))
			out->ebx = xstate_size(vcpu->xcr0, true);
	} else if (subleaf < ARRAY_SIZE(xstate_components)) {
		subleaf = array_index_nospec(subleaf,
					     ARRAY_SIZE(xstate_components));
		c = &xstate_components[subleaf];
		out->eax = c->size;
		out->ebx = c->offset;
		out->ecx = c->flags;
	}
}

static void read_xen_tsc(const struct vcpu *vcpu, u32 subleaf,
			 struct cpuid_regs_out *out)
{
	const struct xen_clock *clock = &vcpu->domain->xen.clock;

	if (subleaf == 0) {
		out->eax = clock->stable ? XEN_CPUID_TSC_RELIABLE : 0;
		if (cpuid_guest_has(X86_FEATURE_RDTSCP))
			out->eax |= XEN_CPUID_TSC_RDTSCP;
		out->ebx = XEN_CPUID_TSC_NATIVE;
		out->ecx = tsc_khz;
	} else if (subleaf == 1) {
		/* The offset is zero: guest TSC and guest time start as one. */
		out->ecx = clock->mul;
		out->edx = (u8)clock->shift;
	} else if (subleaf == 2) {
		out->eax = tsc_khz;
	}
}

static void read_xen(const struct vcpu *vcpu, u32 leaf, u32 subleaf,
		     struct cpuid_regs_out *out)
{
	*out = (struct cpuid_regs_out){};
	switch (leaf - XEN_CPUID_BASE) {
	case 0:		/* "XenVMMXenVMM" */
		out->eax = XEN_CPUID_MAX;
		out->ebx = 0x566e6558;
		out->ecx = 0x65584d4d;
		out->edx = 0x4d4d566e;
		break;
	case 1:
		out->eax = XEN_GUEST_VERSION;
		break;
	case 2:
		out->eax = 1;
		out->ebx = XEN_CPUID_MSR;
		break;
	case 3:
		read_xen_tsc(vcpu, subleaf, out);
		break;
	case 4:
		if (subleaf)
			break;
		out->eax = XEN_CPUID_IOMMU_GRANTS | XEN_CPUID_VCPU_ID |
			   XEN_CPUID_DOMID;
		out->ebx = vcpu->id;
		out->ecx = vcpu->domain->id;
		break;
	}
}

/* The finished row of a leaf, NULL for leaves outside the two ranges. */
static __always_inline const struct cpuid_leaf *cpuid_leaf(u32 leaf)
{
	u32 i = leaf;

	if (unlikely((leaf & 0x7fffffffu) >= CPUID_RANGE))
		return NULL;
	/*
	 * The compiler knows by now that the mask does nothing.  The CPU may
	 * guess past the test above, and then it bounds the index.
	 */
	OPTIMIZER_HIDE_VAR(i);
	i = (i & (CPUID_RANGE - 1)) | (i >> 31) * CPUID_RANGE;
	return &cpuid_leaves[i];
}

void cpuid_read(struct vcpu *vcpu, u32 leaf, u32 subleaf,
		struct cpuid_regs_out *out)
{
	const struct cpuid_leaf *row = cpuid_leaf(leaf);

	if (!row) {
		read_xen(vcpu, leaf, subleaf, out);
		return;
	}
	switch (row->kind) {
	case CPUID_FEATURES:
		read_features(vcpu, out);
		break;
	case CPUID_CACHE:
		read_cache(vcpu, subleaf, out);
		break;
	case CPUID_TOPOLOGY:
		read_topology(vcpu, subleaf, out);
		break;
	case CPUID_XSTATE:
		read_xstate(vcpu, subleaf, out);
		break;
	case CPUID_AMD_CORES:
		read_amd_cores(vcpu, out);
		break;
	case CPUID_EXT_FEATURES:
		if (subleaf == 0)
			*out = row->regs;
		else if (subleaf == 1)
			*out = cpuid_leaf_7_1;
		else
			*out = (struct cpuid_regs_out){};
		break;
	default:
		*out = row->regs;
		break;
	}
}

static __always_inline void cpuid_answer(struct vcpu *vcpu,
					 const struct cpuid_regs_out *regs)
{
	vcpu->gpr[GPR_RAX] = regs->eax;
	vcpu->gpr[GPR_RBX] = regs->ebx;
	vcpu->gpr[GPR_RCX] = regs->ecx;
	vcpu->gpr[GPR_RDX] = regs->edx;
}

static noinline void cpuid_answer_computed(struct vcpu *vcpu)
{
	struct cpuid_regs_out out;

	cpuid_read(vcpu, vcpu->gpr[GPR_RAX], vcpu->gpr[GPR_RCX], &out);
	cpuid_answer(vcpu, &out);
}

enum vmexit_action emul_cpuid(struct vcpu *vcpu, const struct vmexit *x)
{
	const struct cpuid_leaf *row = cpuid_leaf(vcpu->gpr[GPR_RAX]);

	if (likely(row && row->kind == CPUID_STATIC))
		cpuid_answer(vcpu, &row->regs);
	else
		cpuid_answer_computed(vcpu);
	return VMEXIT_SKIP_INSN;
}
