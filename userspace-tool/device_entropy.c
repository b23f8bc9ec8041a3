// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sources of entropy.  See device_entropy.h.
 */
#include "device_entropy.h"

#include <stdio.h>

const char * const device_entropy_keys[] = {
	[ENTROPY_SOURCE] = "source",
	[NR_ENTROPY_KEYS] = NULL,
};

int device_entropy_check(struct device_config *d, unsigned int index,
			 struct failure *failure)
{
	const char *source = d->values[ENTROPY_SOURCE];

	if (!source && device_config_set(d, ENTROPY_SOURCE, "/dev/urandom",
					 failure))
		return -1;
	if (source && *source != '/')
		return failure_set(failure, "source %.180s is no absolute path",
				   source);
	/* The place in the list numbers it. */
	d->devid = index;
	snprintf(d->label, sizeof(d->label), "%u", index);
	return 0;
}
