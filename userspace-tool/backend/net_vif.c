// SPDX-License-Identifier: GPL-2.0-only
/*
 * A network interface as its configuration and its domain make it.  See net.h.
 */
#include "backend/net.h"

#include <stdio.h>
#include <string.h>

#include "device_vif.h"
#include "uuid.h"

/* FNV-1a: short, and it spreads what differs in a few bits. */
static uint32_t hash(uint32_t h, const uint8_t *bytes, size_t n)
{
	for (; n; n--, bytes++)
		h = (h ^ *bytes) * 16777619u;
	return h;
}

/* In Xen's range, and there in the half whose addresses nobody assigns. */
static void make_mac(const struct device_config *config,
		     const struct device_domain *domain, uint8_t *mac)
{
	const uint8_t number[4] = { config->devid >> 24, config->devid >> 16,
				    config->devid >> 8, config->devid };
	uint32_t h = hash(2166136261u, domain->uuid, 16);

	h = hash(h, number, sizeof(number));
	h ^= h >> 24;
	mac[0] = 0x00;
	mac[1] = 0x16;
	mac[2] = 0x3e;
	mac[3] = h >> 16 & 0x7f;
	mac[4] = h >> 8;
	mac[5] = h;
}

int net_vif(const struct device_config *config,
	    const struct device_domain *domain, struct vif *vif,
	    struct failure *failure)
{
	char uuid[UUID_TEXT];

	if (device_vif_read(config, vif, failure))
		return -1;
	if (!device_vif_has_mac(config))
		make_mac(config, domain, vif->mac);
	if (!vif->name[0]) {
		snprintf(vif->name, sizeof(vif->name), "vif%u.%u",
			 domain->domid, config->devid);
		vif->owned_name = true;
	}
	uuid_format(domain->uuid, uuid);
	snprintf(vif->alias, sizeof(vif->alias), VIF_ALIAS "%s %u, interface %u",
		 uuid, domain->domid, config->devid);
	return 0;
}
