// SPDX-License-Identifier: GPL-2.0-only
/*
 * lodge version: of the tool and, where it is loaded, of the module.
 */
#include "command.h"
#include "dev.h"
#include "json.h"
#include "msg.h"
#include "version.h"

#include <json-c/json.h>
#include <stdio.h>
#include <unistd.h>

static const char *vendor_name(unsigned int vendor)
{
	return vendor == LODGE_VENDOR_VMX ? "VMX" :
		vendor == LODGE_VENDOR_SVM ? "SVM" : "unknown";
}

static void print_text(const struct lodge_info *info)
{
	printf("lodge %s (interface %d)\n", LODGE_TOOL_VERSION,
	       LODGE_ABI_VERSION);
	if (info)
		printf("module %s (interface %u, %s)\n", info->version,
		       info->abi_version, vendor_name(info->vendor));
}

static void put_text(struct json_object *o, const char *key, const char *text)
{
	json_object_object_add(o, key, json_object_new_string(text));
}

static void put_number(struct json_object *o, const char *key, unsigned int n)
{
	json_object_object_add(o, key, json_object_new_int64(n));
}

static void print_json(const struct lodge_info *info)
{
	struct json_object *o = json_object_new_object();
	struct json_object *m;

	put_text(o, "version", LODGE_TOOL_VERSION);
	put_number(o, "interface", LODGE_ABI_VERSION);
	if (info) {
		m = json_object_new_object();
		put_text(m, "version", info->version);
		put_number(m, "interface", info->abi_version);
		put_text(m, "vendor", vendor_name(info->vendor));
		json_object_object_add(o, "module", m);
	}
	json_print(o);
}

/* That the module is not there is no error: the tool has a version too. */
int cmd_version(const struct invocation *inv)
{
	struct lodge_info info;
	int dev = dev_open();
	int known = dev >= 0 && !dev_get_info(dev, &info);

	if (known)
		info.version[sizeof(info.version) - 1] = '\0';
	if (dev >= 0)
		close(dev);
	if (option(inv, 'j'))
		print_json(known ? &info : NULL);
	else
		print_text(known ? &info : NULL);
	return EXIT_DONE;
}
