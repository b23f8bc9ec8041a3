/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the trip through the modes writes down, at a fixed low address that
 * real mode can reach.  Shared by trip.S and main.c.
 */
#ifndef LODGE_GUEST_TRIP_H
#define LODGE_GUEST_TRIP_H

#define TRIP_CODE	0x8000
#define TRIP_NOTES	0x9800
#define TRIP_STACK	0xa000

/* Offsets of 32-bit notes. */
#define NOTE_COMPAT_EFER	0
#define NOTE_UNPAGED_EFER	4
#define NOTE_UNPAGED_CR0	8
#define NOTE_UNPAGED_CALL	12
#define NOTE_NO_PAE_TRAP	16
#define NOTE_LME_EFER		20
#define NOTE_BAD_PDPTE_TRAP	24
#define NOTE_PAE_READ		28
#define NOTE_PAE_CALL		32
#define NOTE_PAE_EFER		36
#define NOTE_TWO_LEVEL_READ	40
#define NOTE_TWO_LEVEL_CALL	44
#define NOTE_16BIT_SP		48
#define NOTE_REAL_CR0		52
#define NOTE_REAL_CALL		56
#define NOTE_REAL_CPUID		60
#define NOTE_REAL_INT		64
#define NOTE_REAL_UD		68
#define NOTE_REAL_GP		72
#define NOTE_REAL_GP_SP		76
#define NOTE_REAL_IN		80
#define NOTE_REAL_FAR		84
#define NOTE_BACK_EFER		88
#define NOTE_UNPAGED_WRMSR_TRAP	92
#define NOTE_PAE_AGAIN_READ	96
#define NOTE_BIG_REAL		100
#define NOTE_CALL_TRAP		104
#define NOTE_PAE_RELOAD_TRAP	108
#define NOTE_PAE_OFF_ON_TRAP	112
#define NOTE_BYTES		128

#endif
