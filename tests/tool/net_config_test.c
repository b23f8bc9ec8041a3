// SPDX-License-Identifier: GPL-2.0-only
/*
 * What can be said of a network interface without a domain: its configuration,
 * and what follows from it.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/net.h"
#include "device_config.h"
#include "device_vif.h"

static int failed;

static void check(const char *name, bool good)
{
	printf("%s %s%s\n", good ? "ok" : "not ok", name,
	       good ? "" : ": it did not hold");
	failed |= !good;
}

/* What it becomes, or the complaint with a "!" before it. */
static const char *normalised(const char *text, unsigned int index)
{
	static char result[600];
	struct failure failure = { .text = "" };
	struct device_config *d;
	char *whole;

	d = device_config_parse(DEVICE_VIF, text, index, &failure);
	if (!d) {
		snprintf(result, sizeof(result), "!%s", failure.text);
		return result;
	}
	whole = device_config_text(d);
	snprintf(result, sizeof(result), "%u %s", d->devid, whole);
	free(whole);
	device_config_free(d);
	return result;
}

static const struct {
	const char *text, *wanted;
} cases[] = {
	{ "", "3 devid=3" },
	{ "bridge=br0", "3 bridge=br0, devid=3" },
	{ "devid=7", "7 devid=7" },
	{ "mac=00:16:3e:aa:bb:cc, bridge=br0,type=vif",
	  "3 mac=00:16:3e:aa:bb:cc, bridge=br0, devid=3, type=vif" },
	{ "mode=nat,ip=10.76.0.5,antispoof",
	  "3 ip=10.76.0.5, mode=nat, antispoof=1, devid=3" },
	{ "script=vif-nat", "3 script=vif-nat, devid=3" },
	{ "script=/etc/xen/scripts/vif-route,ip=10.0.0.1 2001:db8::1",
	  "3 ip=10.0.0.1 2001:db8::1, script=/etc/xen/scripts/vif-route, devid=3" },
	{ "rate=10MB/s@20ms,mtu=9000,vifname=web0",
	  "3 vifname=web0, mtu=9000, rate=10MB/s@20ms, devid=3" },
	{ "detaching=1, devid=2", "2 detaching=1, devid=2" },
	{ "mac=00:16:3e:aa:bb", "!mac \"00:16:3e:aa:bb\" is no MAC address" },
	{ "mac=00:16:3e:aa:bb:cc:dd",
	  "!mac \"00:16:3e:aa:bb:cc:dd\" is no MAC address" },
	{ "mac=00:16:3e:aa:bb:c-", "!mac \"00:16:3e:aa:bb:c-\" is no MAC address" },
	{ "mac=0:1", "!mac \"0:1\" is no MAC address" },
	{ "mac=01:16:3e:aa:bb:cc",
	  "!mac 01:16:3e:aa:bb:cc is a group's, not one guest's" },
	{ "mode=magic", "!mode \"magic\" is none of bridge, nat, routed" },
	{ "script=mine", "!script \"mine\": lodge runs no scripts" },
	{ "mode=nat,bridge=br0", "!a bridge is given, and a mode that needs none" },
	{ "mode=routed", "!mode=routed needs the guest's address" },
	{ "ip=10.0.0.256", "!ip: \"10.0.0.256\" is no IP address" },
	{ "ip=10.0.0.1 x", "!ip: \"x\" is no IP address" },
	{ "bridge=a/b", "!bridge \"a/b\" is no name of a network device" },
	{ "vifname=0123456789abcdef",
	  "!vifname \"0123456789abcdef\" is no name of a network device" },
	{ "vifname=..", "!vifname \"..\" is no name of a network device" },
	{ "vifname=vif3.0",
	  "!vifname vif3.0 is one of those that lodge makes from a domain's number" },
	{ "vifname=vif3.x", "3 vifname=vif3.x, devid=3" },
	{ "vifname=vif.1", "3 vifname=vif.1, devid=3" },
	{ "vifname=vif3.", "3 vifname=vif3., devid=3" },
	{ "vifname=vi", "3 vifname=vi, devid=3" },
	{ "mtu=67", "!mtu is 67: 68 is the least" },
	{ "mtu=65522", "!mtu is 65522: 65521 is the most" },
	{ "mtu=x", "!mtu: \"x\" is no number" },
	{ "rate=10", "!rate \"10\" is no rate" },
	{ "rate=10MB", "!rate \"10MB\" is no rate" },
	{ "rate=MB/s", "!rate \"MB/s\" is no rate" },
	{ "rate=0B/s", "!rate \"0B/s\" is no rate" },
	{ "rate=10MB/s@", "!rate \"10MB/s@\" is no rate" },
	{ "rate=99999999999GB/s", "!rate \"99999999999GB/s\" is no rate" },
	{ "antispoof=2", "!antispoof=2 is neither 0 nor 1" },
	{ "devid=9999", "!devid is 9999: 1000 is the most" },
	{ "frob=1", "!a network interface has no \"frob\"" },
	{ "mac", "!mac \"1\" is no MAC address" },
	{ "bridge=a,bridge=b", "!bridge is given twice" },
};

static void configurations(void)
{
	char name[32];
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *got = normalised(cases[i].text, 3);

		snprintf(name, sizeof(name), "config_%zu", i);
		if (strcmp(got, cases[i].wanted))
			printf("  \"%s\" gave \"%s\"\n", cases[i].text, got);
		check(name, !strcmp(got, cases[i].wanted));
		/* What was written is read as the same, in any place. */
		if (*got != '!')
			check(name, !strcmp(normalised(strchr(cases[i].wanted,
							      ' ') + 1, 9),
					    cases[i].wanted));
	}
	check("number_is_left_open",
	      !strcmp(strchr(normalised("bridge=a", DEVICE_INDEX_LATER), ' '),
		      " bridge=a"));
}

static struct vif interface(const char *text, unsigned int devid, uint8_t seed)
{
	const uint8_t uuid[16] = { seed };
	const struct device_domain domain = { .domid = 5, .uuid = uuid };
	struct failure failure;
	struct device_config *d;
	struct vif vif = { .mtu = 0 };

	d = device_config_parse(DEVICE_VIF, text, devid, &failure);
	if (!d || net_vif(d, &domain, &vif, &failure))
		check(text, false);
	device_config_free(d);
	return vif;
}

static uint64_t rate(const char *text)
{
	struct failure failure;
	struct device_config *d = device_config_parse(DEVICE_VIF, text, 0,
						      &failure);
	uint64_t bytes = d ? device_vif_rate(d) : 0;

	device_config_free(d);
	return bytes;
}

static void what_follows(void)
{
	struct vif a = interface("", 0, 1), b = interface("", 1, 1);
	struct vif c = interface("", 0, 2), again = interface("", 0, 1);

	check("mac_in_xens_range", a.mac[0] == 0 && a.mac[1] == 0x16 &&
	      a.mac[2] == 0x3e && !(a.mac[3] & 0x80));
	check("mac_is_stable", !memcmp(a.mac, again.mac, 6));
	check("mac_by_number", memcmp(a.mac, b.mac, 6));
	check("mac_by_domain", memcmp(a.mac, c.mac, 6));
	check("mac_given", !memcmp(interface("mac=02:03:04:05:06:07", 0, 1).mac,
				   "\2\3\4\5\6\7", 6));
	check("name", !strcmp(b.name, "vif5.1") && b.owned_name);
	b = interface("vifname=web", 1, 1);
	check("name_given", !strcmp(b.name, "web") && !b.owned_name);
	check("alias_by_domain", strcmp(a.alias, c.alias));
	check("antispoof_off", !a.antispoof);
	check("antispoof_with_ip", interface("ip=10.0.0.1", 0, 1).antispoof);
	check("antispoof_refused",
	      !interface("ip=10.0.0.1,antispoof=0", 0, 1).antispoof);
	check("antispoof_alone", interface("antispoof=1", 0, 1).antispoof);
	check("mode_of_script", interface("script=vif-nat", 0, 1).mode ==
	      VIF_NAT);
	b = interface("ip= 10.0.0.1\t 2001:db8::1 ", 0, 1);
	check("addresses", b.nr_addresses == 2 &&
	      b.addresses[0].family == AF_INET &&
	      b.addresses[0].bytes[0] == 10 &&
	      b.addresses[1].family == AF_INET6);
	check("rate_bytes", rate("rate=10MB/s") == 10000000);
	check("rate_bits", rate("rate=8Kb/s@50ms") == 1000);
	check("rate_plain", rate("rate=77B/s") == 77 && !rate(""));
}

int main(void)
{
	configurations();
	what_follows();
	return failed;
}
