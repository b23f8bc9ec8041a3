// SPDX-License-Identifier: GPL-2.0-only
/*
 * Network interfaces, as xl's configurations describe them.  See device_vif.h.
 */
#include "device_vif.h"

#include "compiler.h"
#include "device_config.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MTU_LEAST	68
#define MTU_MOST	65521		/* a packet with its header has 65535 bytes */
#define DEVID_MOST	1000

const char * const device_vif_keys[] = {
	[VIF_KEY_MAC] = "mac",
	[VIF_KEY_BRIDGE] = "bridge",
	[VIF_KEY_IP] = "ip",
	[VIF_KEY_MODE] = "mode",
	[VIF_KEY_SCRIPT] = "script",
	[VIF_KEY_VIFNAME] = "vifname",
	[VIF_KEY_MTU] = "mtu",
	[VIF_KEY_RATE] = "rate",
	[VIF_KEY_ANTISPOOF] = "antispoof",
	[VIF_KEY_DEVID] = "devid",
	[VIF_KEY_TYPE] = "type",
	[VIF_KEY_MODEL] = "model",
	[VIF_KEY_BACKEND] = "backend",
	[NR_VIF_KEYS] = NULL,
};

_Static_assert(NR_VIF_KEYS <= DEVICE_KEYS_MAX, "no room for the values");

/* --- values --- */

static int parse_mac(const char *text, uint8_t *mac)
{
	unsigned int i;
	char *end;

	for (i = 0; i < 6; i++) {
		if (!isxdigit((unsigned char)text[0]) ||
		    !isxdigit((unsigned char)text[1]))
			return -1;
		mac[i] = strtoul((char[]){ text[0], text[1], 0 }, &end, 16);
		if (text[2] != (i < 5 ? ':' : '\0'))
			return -1;
		text += 3;
	}
	return 0;
}

static int read_mac(const char *text, struct vif *vif, struct failure *failure)
{
	if (!text)
		return 0;
	if (parse_mac(text, vif->mac)) {
		failure_set(failure, "mac \"%.40s\" is no MAC address", text);
		failure_hint(failure, "as 00:16:3e:01:02:03");
		return -1;
	}
	if (vif->mac[0] & 1)
		return failure_set(failure, "mac %s is a group's, not one guest's",
				   text);
	return 0;
}

/* The last word of a path: xl's scripts are named after what they do. */
static int script_mode(const char *script)
{
	static const struct {
		const char *name;
		enum vif_mode mode;
	} scripts[] = {
		{ "vif-bridge", VIF_BRIDGE }, { "vif-nat", VIF_NAT },
		{ "vif-route", VIF_ROUTED },
	};
	const char *name = strrchr(script, '/');
	size_t i;

	name = name ? name + 1 : script;
	for (i = 0; i < ARRAY_SIZE(scripts); i++)
		if (!strcmp(name, scripts[i].name))
			return scripts[i].mode;
	return -1;
}

static int word_mode(const char *word)
{
	static const char * const words[] = {
		[VIF_BRIDGE] = "bridge",
		[VIF_NAT] = "nat",
		[VIF_ROUTED] = "routed",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(words); i++)
		if (!strcmp(word, words[i]))
			return i;
	return -1;
}

static int read_mode(char * const *values, struct vif *vif,
		     struct failure *failure)
{
	const char *word = values[VIF_KEY_MODE];
	const char *script = values[VIF_KEY_SCRIPT];
	int mode = word ? word_mode(word) : script ? script_mode(script) :
		VIF_BRIDGE;

	if (mode < 0 && word)
		return failure_set(failure, "mode \"%.20s\" is none of bridge, nat, routed",
				   word);
	if (mode < 0) {
		failure_set(failure, "script \"%.40s\": lodge runs no scripts",
			    script);
		failure_hint(failure, "vif-bridge, vif-nat and vif-route stand for mode=bridge, mode=nat and mode=routed");
		return -1;
	}
	vif->mode = mode;
	if (values[VIF_KEY_BRIDGE] && mode != VIF_BRIDGE)
		return failure_set(failure, "a bridge is given, and a mode that needs none");
	return 0;
}

/* As the kernel takes it for a device. */
static int read_name(const char *key, const char *text, char *name,
		     struct failure *failure)
{
	size_t i, n = text ? strlen(text) : 0;

	if (!text)
		return 0;
	for (i = 0; i < n; i++)
		if (!isgraph((unsigned char)text[i]) || text[i] == '/' ||
		    text[i] == ':' || text[i] == '%')
			break;
	if (i < n || n >= IFNAMSIZ || !strcmp(text, ".") || !strcmp(text, ".."))
		return failure_set(failure, "%s \"%.40s\" is no name of a network device",
				   key, text);
	strcpy(name, text);
	return 0;
}

/* "vif3.0": as a domain's number makes it; what has such a name may be removed. */
static int check_chosen(const char *name, struct failure *failure)
{
	static const char digits[] = "0123456789";
	const char *number = name + 3, *dot;

	if (strncmp(name, "vif", 3))
		return 0;
	dot = number + strspn(number, digits);
	if (dot == number || *dot != '.' || !dot[1] ||
	    dot[1 + strspn(dot + 1, digits)])
		return 0;
	failure_set(failure, "vifname %s is one of those that lodge makes from a domain's number",
		    name);
	failure_hint(failure, "another name, or none");
	return -1;
}

static int parse_address(const char *text, struct ip_address *address)
{
	address->family = strchr(text, ':') ? AF_INET6 : AF_INET;
	return inet_pton(address->family, text, address->bytes) == 1 ? 0 : -1;
}

static int read_addresses(const char *text, struct vif *vif,
			  struct failure *failure)
{
	char word[INET6_ADDRSTRLEN];
	size_t n;

	for (; text && *(text += strspn(text, " \t")); text += n) {
		n = strcspn(text, " \t");
		snprintf(word, sizeof(word), "%.*s",
			 (int)(n < sizeof(word) ? n : sizeof(word)), text);
		if (vif->nr_addresses == VIF_ADDRESSES)
			return failure_set(failure, "ip has more than %d addresses",
					   VIF_ADDRESSES);
		if (parse_address(word, &vif->addresses[vif->nr_addresses++]))
			return failure_set(failure, "ip: \"%.40s\" is no IP address",
					   word);
	}
	if (vif->mode == VIF_ROUTED && !vif->nr_addresses) {
		failure_set(failure, "mode=routed needs the guest's address");
		failure_hint(failure, "ip=ADDRESS");
		return -1;
	}
	return 0;
}

/* Who says which addresses are the guest's wants it to have no others. */
static int read_antispoof(const char *text, struct vif *vif,
			  struct failure *failure)
{
	if (text && strcmp(text, "0") && strcmp(text, "1"))
		return failure_set(failure, "antispoof=%.20s is neither 0 nor 1",
				   text);
	vif->antispoof = text ? *text == '1' : vif->nr_addresses;
	return 0;
}

static int read_mtu(const char *text, struct vif *vif, struct failure *failure)
{
	uint64_t value;

	if (!text)
		return 0;
	if (device_number("mtu", text, MTU_MOST, &value, failure))
		return -1;
	if (value < MTU_LEAST)
		return failure_set(failure, "mtu is %s: %d is the least", text,
				   MTU_LEAST);
	vif->mtu = value;
	return 0;
}

/*
 * "10MB/s": bytes; "10Mb/s": bits.  An interval behind "@", over which xl has
 * the rate counted, is checked and forgotten: ours is a second.  -1: wrong.
 */
static int parse_rate(const char *text, uint64_t *bytes)
{
	char *end;
	uint64_t n, unit = 1;

	if (!isdigit((unsigned char)*text))
		return -1;
	n = strtoull(text, &end, 10);
	if (*end && strchr("KMG", *end))
		unit = *end == 'K' ? 1000 : *end == 'M' ? 1000000 : 1000000000;
	end += unit > 1;
	if ((*end != 'B' && *end != 'b') || strncmp(end + 1, "/s", 2) ||
	    n > 1000000000000 / unit)
		return -1;
	*bytes = n * unit / (*end == 'b' ? 8 : 1);
	end += 3;
	if (!*end)
		return *bytes ? 0 : -1;
	if (*end++ != '@' || !isdigit((unsigned char)*end))
		return -1;
	end += strspn(end, "0123456789");
	end += *end == 'm' || *end == 'u';
	return strcmp(end, "s") || !*bytes ? -1 : 0;
}

static int check_rate(const char *text, struct failure *failure)
{
	uint64_t bytes;

	if (!text || !parse_rate(text, &bytes))
		return 0;
	failure_set(failure, "rate \"%.40s\" is no rate", text);
	failure_hint(failure, "10MB/s, 500Kb/s, 1GB/s@20ms: B is bytes, b bits");
	return -1;
}

uint64_t device_vif_rate(const struct device_config *device)
{
	const char *text = device->values[VIF_KEY_RATE];
	uint64_t bytes = 0;

	return text && !parse_rate(text, &bytes) ? bytes : 0;
}

bool device_vif_has_mac(const struct device_config *device)
{
	return device->values[VIF_KEY_MAC];
}

int device_vif_read(const struct device_config *d, struct vif *vif,
		    struct failure *failure)
{
	char * const *v = d->values;

	memset(vif, 0, sizeof(*vif));
	if (read_mac(v[VIF_KEY_MAC], vif, failure) ||
	    read_mode(v, vif, failure) ||
	    read_name("bridge", v[VIF_KEY_BRIDGE], vif->bridge, failure) ||
	    read_name("vifname", v[VIF_KEY_VIFNAME], vif->name, failure) ||
	    check_chosen(vif->name, failure) ||
	    read_addresses(v[VIF_KEY_IP], vif, failure) ||
	    read_antispoof(v[VIF_KEY_ANTISPOOF], vif, failure) ||
	    read_mtu(v[VIF_KEY_MTU], vif, failure))
		return -1;
	return 0;
}

/*
 * The number is kept with the device, so that it does not change when another
 * one of the list goes.
 */
static int set_devid(struct device_config *d, unsigned int index,
		     struct failure *failure)
{
	const char *text = d->values[VIF_KEY_DEVID];
	char number[16];
	uint64_t value = index;

	if (text && device_number("devid", text, DEVID_MOST, &value, failure))
		return -1;
	d->devid = value;
	snprintf(d->label, sizeof(d->label), "%u", d->devid);
	if (text || index == DEVICE_INDEX_LATER)
		return 0;
	snprintf(number, sizeof(number), "%u", index);
	return device_config_set(d, VIF_KEY_DEVID, number, failure);
}

int device_vif_check(struct device_config *d, unsigned int index,
		     struct failure *failure)
{
	struct vif vif;

	if (device_vif_read(d, &vif, failure) ||
	    check_rate(d->values[VIF_KEY_RATE], failure))
		return -1;
	return set_devid(d, index, failure);
}
