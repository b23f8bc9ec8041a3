/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a network interface shall be: the keys of xl's network specification
 * and a few of our own.
 */
#ifndef LODGE_DEVICE_VIF_H
#define LODGE_DEVICE_VIF_H

#include "device_config.h"
#include "net/vif.h"

#include <stdbool.h>

enum vif_key {
	VIF_KEY_MAC,
	VIF_KEY_BRIDGE,
	VIF_KEY_IP,		/* addresses with blanks between */
	VIF_KEY_MODE,		/* "bridge", "nat" or "routed" */
	VIF_KEY_SCRIPT,		/* xl's way to say the mode */
	VIF_KEY_VIFNAME,
	VIF_KEY_MTU,
	VIF_KEY_RATE,		/* "10MB/s", "100Mb/s@20ms" */
	VIF_KEY_ANTISPOOF,	/* "0" or "1" */
	VIF_KEY_DEVID,
	VIF_KEY_TYPE,		/* taken and forgotten, as the next ones */
	VIF_KEY_MODEL,
	VIF_KEY_BACKEND,
	NR_VIF_KEYS
};

extern const char * const device_vif_keys[];

int device_vif_check(struct device_config *device, unsigned int index,
		     struct failure *failure);

/*
 * What the configuration says; what it leaves open stays zero: name, alias and
 * MAC.  0 or -1.
 */
int device_vif_read(const struct device_config *device, struct vif *vif,
		    struct failure *failure);

/* Whether the MAC is given; @vif has it then. */
bool device_vif_has_mac(const struct device_config *device);

/* Bytes a second that the guest may send; 0: as many as it likes. */
uint64_t device_vif_rate(const struct device_config *device);

#endif /* LODGE_DEVICE_VIF_H */
