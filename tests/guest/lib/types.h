/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Names for the integers and the few helpers that every file wants.
 */
#ifndef LODGE_GUEST_TYPES_H
#define LODGE_GUEST_TYPES_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int8_t s8;
typedef int16_t s16;
typedef int32_t s32;
typedef int64_t s64;

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define PAGE_SIZE	4096ul
#define SIZE_2M		0x200000ul
#define BIT(n)		(1ul << (n))

#define barrier()	__asm__ volatile("" ::: "memory")
#define __aligned(n)	__attribute__((aligned(n)))
#define __packed	__attribute__((packed))
#define __noreturn	__attribute__((noreturn))
#define noinline	__attribute__((noinline))
#define __noclone	__attribute__((noclone))
#define __page_aligned	__aligned(4096)
#define READ_ONCE(x)	(*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v) (*(volatile __typeof__(x) *)&(x) = (v))

void *memset(void *dst, int c, size_t n);
void *memcpy(void *dst, const void *src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);

#endif
