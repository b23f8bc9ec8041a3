// SPDX-License-Identifier: GPL-2.0-only
/*
 * Builds the tables that a PVH guest reads: RSDP -> XSDT -> FADT -> DSDT and
 * FACS, and the MADT with one local APIC for each vCPU.
 *
 * The FADT is not a hardware-reduced one: it has the values with which Xen
 * starts its PVH guests, which every distribution's kernel has seen.  Its
 * port blocks exist only as numbers; the module answers ones there and drops
 * writes.  SMI_CMD is 0, so nobody tries to switch ACPI on.
 */
#include "acpi.h"

#include <stdbool.h>
#include <string.h>

#include "lodge.h"

#include "dsdt.hex"

#define LAPIC_BASE	0xfee00000u
#define APIC_ID_XAPIC_MAX	254	/* 255 is the broadcast id */

#define HEADER_SIZE	36
#define RSDP_SIZE	36
#define XSDT_SIZE	(HEADER_SIZE + 2 * 8)
#define FACS_SIZE	64
#define FADT_SIZE	268
#define MADT_HEAD_SIZE	(HEADER_SIZE + 8)

#define MADT_LAPIC	0
#define MADT_X2APIC	9
#define MADT_LAPIC_SIZE	8
#define MADT_X2APIC_SIZE	16

#define GAS_IO		1

/* Offsets from the start; the FACS must be aligned to 64 bytes. */
#define RSDP_AT		0
#define XSDT_AT		64
#define FACS_AT		128
#define FADT_AT		192
#define DSDT_AT		512
#define DSDT_ROOM	((sizeof(dsdt_aml_code) + 63) & ~63ul)
#define MADT_AT		(DSDT_AT + DSDT_ROOM)

#define FADT_FIRMWARE_CTRL	36
#define FADT_DSDT		40
#define FADT_X_FIRMWARE_CTRL	132
#define FADT_X_DSDT		140

/* Every FADT field that is not zero, but for the addresses. */
static const struct {
	uint16_t at;
	uint8_t size;
	uint32_t value;
} fadt_fields[] = {
	{ 46, 2, 9 },		/* SCI_INT */
	{ 56, 4, 0xb000 },	/* PM1a_EVT_BLK */
	{ 64, 4, 0xb004 },	/* PM1a_CNT_BLK */
	{ 80, 4, 0xafe0 },	/* GPE0_BLK */
	{ 88, 1, 4 },		/* PM1_EVT_LEN */
	{ 89, 1, 2 },		/* PM1_CNT_LEN */
	{ 92, 1, 4 },		/* GPE0_BLK_LEN */
	{ 96, 2, 0xfff },	/* P_LVL2_LAT: no C2 */
	{ 98, 2, 0xfff },	/* P_LVL3_LAT: no C3 */
	{ 109, 2, 0x24 },	/* IAPC_BOOT_ARCH: no VGA, no CMOS RTC */
	/*
	 * WBINVD, PROC_C1, PWR_BUTTON and SLP_BUTTON (neither is a fixed
	 * one), FIX_RTC, TMR_VAL_EXT, USE_PLATFORM_CLOCK
	 */
	{ 112, 4, 0x8175 },
	{ 148, 1, GAS_IO },	/* X_PM1a_EVT_BLK */
	{ 149, 1, 32 },
	{ 152, 4, 0xb000 },
	{ 172, 1, GAS_IO },	/* X_PM1a_CNT_BLK */
	{ 173, 1, 16 },
	{ 176, 4, 0xb004 },
	{ 220, 1, GAS_IO },	/* X_GPE0_BLK */
	{ 221, 1, 32 },
	{ 224, 4, 0xafe0 },
};

/* The module gives vCPU n the local APIC id 2n, as Xen does. */
static uint32_t apic_id(unsigned int vcpu)
{
	return 2 * vcpu;
}

static void put(uint8_t *to, uint64_t value, unsigned int size)
{
	memcpy(to, &value, size);
}

static uint8_t checksum(const uint8_t *data, size_t size)
{
	uint8_t sum = 0;

	while (size--)
		sum += *data++;
	return -sum;
}

static void put_header(uint8_t *table, const char *signature,
		       unsigned int revision, uint32_t size)
{
	memcpy(table, signature, 4);
	put(table + 4, size, 4);
	table[8] = revision;
	memcpy(table + 10, "LODGE\0LODGEDOM\1\0\0\0LDGE\1\0\0", 26);
}

static void seal(uint8_t *table, uint32_t size)
{
	table[9] = 0;
	table[9] = checksum(table, size);
}

static void build_rsdp(uint8_t *rsdp, uint32_t gpa)
{
	memcpy(rsdp, "RSD PTR ", 8);
	memcpy(rsdp + 9, "LODGE", 5);
	rsdp[15] = 2;
	put(rsdp + 20, RSDP_SIZE, 4);
	put(rsdp + 24, gpa + XSDT_AT, 8);
	rsdp[8] = checksum(rsdp, 20);
	rsdp[32] = checksum(rsdp, RSDP_SIZE);
}

static void build_xsdt(uint8_t *xsdt, uint32_t gpa)
{
	put_header(xsdt, "XSDT", 1, XSDT_SIZE);
	put(xsdt + HEADER_SIZE, gpa + FADT_AT, 8);
	put(xsdt + HEADER_SIZE + 8, gpa + MADT_AT, 8);
	seal(xsdt, XSDT_SIZE);
}

static void build_facs(uint8_t *facs)
{
	memcpy(facs, "FACS", 4);
	put(facs + 4, FACS_SIZE, 4);
	facs[32] = 1;
}

static void build_fadt(uint8_t *fadt, uint32_t gpa)
{
	size_t i;

	put_header(fadt, "FACP", 5, FADT_SIZE);
	for (i = 0; i < sizeof(fadt_fields) / sizeof(fadt_fields[0]); i++)
		put(fadt + fadt_fields[i].at, fadt_fields[i].value,
		    fadt_fields[i].size);
	put(fadt + FADT_FIRMWARE_CTRL, gpa + FACS_AT, 4);
	put(fadt + FADT_DSDT, gpa + DSDT_AT, 4);
	/* ACPI: X_FIRMWARE_CTRL is zero when the 32-bit field is used. */
	put(fadt + FADT_X_DSDT, gpa + DSDT_AT, 8);
	seal(fadt, FADT_SIZE);
}

static bool needs_x2apic(unsigned int vcpu)
{
	return apic_id(vcpu) > APIC_ID_XAPIC_MAX;
}

static size_t madt_size(unsigned int vcpus)
{
	size_t size = MADT_HEAD_SIZE;
	unsigned int i;

	for (i = 0; i < vcpus; i++)
		size += needs_x2apic(i) ? MADT_X2APIC_SIZE : MADT_LAPIC_SIZE;
	return size;
}

/* Linux takes the processor UID for the vCPU id. */
static unsigned int put_cpu(uint8_t *at, unsigned int vcpu)
{
	if (!needs_x2apic(vcpu)) {
		at[0] = MADT_LAPIC;
		at[1] = MADT_LAPIC_SIZE;
		at[2] = vcpu;
		at[3] = apic_id(vcpu);
		put(at + 4, 1, 4);
		return MADT_LAPIC_SIZE;
	}
	at[0] = MADT_X2APIC;
	at[1] = MADT_X2APIC_SIZE;
	put(at + 4, apic_id(vcpu), 4);
	put(at + 8, 1, 4);
	put(at + 12, vcpu, 4);
	return MADT_X2APIC_SIZE;
}

static void build_madt(uint8_t *madt, unsigned int vcpus)
{
	size_t size = madt_size(vcpus);
	uint8_t *at = madt + MADT_HEAD_SIZE;
	unsigned int i;

	put_header(madt, "APIC", 2, size);
	put(madt + 36, LAPIC_BASE, 4);
	/* PCAT_COMPAT: Linux takes the 8259 for granted and does not probe. */
	put(madt + 40, 1, 4);
	for (i = 0; i < vcpus; i++)
		at += put_cpu(at, i);
	seal(madt, size);
}

size_t acpi_size(unsigned int vcpus)
{
	size_t size;

	/* The window's size bounds the count before anything is summed. */
	if (!vcpus || vcpus > LODGE_ACPI_SIZE / MADT_LAPIC_SIZE)
		return 0;
	size = MADT_AT + madt_size(vcpus);
	return size <= LODGE_ACPI_SIZE ? size : 0;
}

void acpi_build(void *buf, uint32_t gpa, unsigned int vcpus)
{
	uint8_t *to = buf;

	build_rsdp(to + RSDP_AT, gpa);
	build_xsdt(to + XSDT_AT, gpa);
	build_facs(to + FACS_AT);
	build_fadt(to + FADT_AT, gpa);
	memcpy(to + DSDT_AT, dsdt_aml_code, sizeof(dsdt_aml_code));
	build_madt(to + MADT_AT, vcpus);
}
