// SPDX-License-Identifier: GPL-2.0-only
/*
 * A uuid as text.  See uuid.h.
 */
#include "uuid.h"

void uuid_format(const uint8_t uuid[16], char text[UUID_TEXT])
{
	static const char hex[] = "0123456789abcdef";
	char *at = text;
	int i;

	for (i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*at++ = '-';
		*at++ = hex[uuid[i] >> 4];
		*at++ = hex[uuid[i] & 15];
	}
	*at = '\0';
}
