/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Formatted output, and where it goes: the console ring of a Xen domain,
 * console_io before that is up, and without Xen the debug port 0xe9 or the
 * first serial port.
 */
#ifndef LODGE_GUEST_PRINT_H
#define LODGE_GUEST_PRINT_H

#include "types.h"

#define __printf(a, b)	__attribute__((format(printf, a, b)))

/* %s %c %d %u %x %p %%, with l, zero padding and width */
int format(char *buf, size_t size, const char *fmt, ...) __printf(3, 4);
int vformat(char *buf, size_t size, const char *fmt, va_list ap);
void print(const char *fmt, ...) __printf(1, 2);
void print_raw(const char *s, size_t n);

#endif
