/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guest's XenStore, one request at a time, without watches.
 */
#ifndef LODGE_GUEST_STORE_H
#define LODGE_GUEST_STORE_H

#include "types.h"

bool store_init(void);

/* 0, or not; the value gets a NUL behind it. */
int store_read(const char *path, char *value, size_t size);
int store_write(const char *path, const char *value);

/* The halves of a read, for who does something else in between. */
void store_ask(const char *path);
bool store_has_answer(void);
int store_answer(char *value, size_t size);

#endif
