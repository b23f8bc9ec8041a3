// SPDX-License-Identifier: GPL-2.0-only
/*
 * What `ps` and `top` show for the domain's processes.  The title overwrites
 * the argument strings, which lie one behind the other on the stack.
 */
#include "title.h"

#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

static char *area;
static size_t area_size;

void title_init(int argc, char **argv)
{
	char *end = argv[0] + strlen(argv[0]) + 1;
	int i;

	/* A caller may have made argv of strings that do not adjoin. */
	for (i = 1; i < argc && argv[i] == end; i++)
		end += strlen(end) + 1;
	area = argv[0];
	area_size = end - argv[0];
}

void title_set(const char *role, const char *name)
{
	char text[96];
	size_t n;

	snprintf(text, sizeof(text), "lodge-%s %s", role, name);
	if (area_size) {
		n = strlen(text);
		n = n < area_size ? n : area_size - 1;
		memset(area, 0, area_size);
		memcpy(area, text, n);
	}
	text[strcspn(text, " ")] = '\0';
	prctl(PR_SET_NAME, text);
}
