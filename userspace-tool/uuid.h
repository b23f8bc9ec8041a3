/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A uuid as text.
 */
#ifndef LODGE_UUID_H
#define LODGE_UUID_H

#include <stdint.h>

#define UUID_TEXT	37	/* 36 characters and the NUL */

void uuid_format(const uint8_t uuid[16], char text[UUID_TEXT]);

#endif /* LODGE_UUID_H */
