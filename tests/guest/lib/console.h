/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guest's console.
 */
#ifndef LODGE_GUEST_CONSOLE_H
#define LODGE_GUEST_CONSOLE_H

#include "types.h"

void console_init(void);
void console_write(const char *s, size_t n);

/* Wait until the reader took everything, at most @ms. False: it did not. */
bool console_drain(unsigned int ms);

/* The shared ring page and its event channel; NULL and 0 without Xen. */
struct xencons_interface;
extern struct xencons_interface *console_ring;
extern u32 console_port;

#endif
