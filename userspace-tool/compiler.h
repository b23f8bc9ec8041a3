/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Short names for what the compiler offers, as the kernel calls them.
 */
#ifndef LODGE_COMPILER_H
#define LODGE_COMPILER_H

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))
#define __printf(fmt, args)	__attribute__((format(printf, fmt, args)))
#define __noreturn		__attribute__((noreturn))
#define fallthrough		__attribute__((fallthrough))

#endif /* LODGE_COMPILER_H */
