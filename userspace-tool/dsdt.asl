// SPDX-License-Identifier: GPL-2.0-only
//
// The differentiated definition block of a domain.  A domain has no device
// that ACPI would describe: its devices come by XenStore and its CPUs by the
// MADT.  It names no \_S5 either: a guest powers off by halting its last CPU
// with interrupts off, and a sleep state without working PM1 registers would
// make it wait for them first.
//
DefinitionBlock ("dsdt.aml", "DSDT", 2, "LODGE", "LODGEDOM", 1)
{
	Scope (\_SB)
	{
	}
}
