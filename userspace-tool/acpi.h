/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ACPI tables of a domain.  Linux finds its CPUs and its local APIC by
 * them, and without them its timer.
 */
#ifndef LODGE_TOOL_ACPI_H
#define LODGE_TOOL_ACPI_H

#include <stddef.h>
#include <stdint.h>

/* Bytes that acpi_build() needs for @vcpus vCPUs; 0 if they are too many. */
size_t acpi_size(unsigned int vcpus);

/*
 * Builds all tables into zero-filled memory of acpi_size(@vcpus) bytes that
 * the guest will see at @gpa (64-byte aligned, below 4 GiB).  The RSDP comes
 * first, at @gpa itself.
 */
void acpi_build(void *buf, uint32_t gpa, unsigned int vcpus);

#endif /* LODGE_TOOL_ACPI_H */
