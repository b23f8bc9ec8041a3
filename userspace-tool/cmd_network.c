// SPDX-License-Identifier: GPL-2.0-only
/*
 * lodge network-attach, network-detach and network-list.
 */
#include "backend/net.h"
#include "cmd_device.h"
#include "command.h"
#include "device_vif.h"
#include "json.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

int cmd_network_attach(const struct invocation *inv)
{
	return device_attach(inv->command->name, inv->args[0], DEVICE_VIF,
			     inv->args + 1, inv->nr_args - 1);
}

int cmd_network_detach(const struct invocation *inv)
{
	struct failure failure;
	uint64_t number;

	if (device_number("DEVID", inv->args[1], UINT32_MAX - 1, &number,
			  &failure)) {
		failure_hint(&failure, "`lodge network-list %s` tells the numbers",
			     inv->args[0]);
		return msg_failure(inv->command->name, inv->args[0], &failure);
	}
	return device_detach(inv->command->name, inv->args[0], DEVICE_VIF,
			     number, !!option(inv, 'F'));
}

/* --- the list --- */

static const struct {
	const char *name;
	enum net_counter counter;
} numbers[] = {
	{ "tx_packets", NET_TX_PACKETS },
	{ "tx_bytes", NET_TX_BYTES },
	{ "tx_errors", NET_TX_ERRORS },
	{ "tx_refused", NET_TX_REFUSED },
	{ "rx_packets", NET_RX_PACKETS },
	{ "rx_bytes", NET_RX_BYTES },
	{ "rx_errors", NET_RX_ERRORS },
};

static const char *mode_name(const struct vif *vif)
{
	return vif->mode == VIF_NAT ? "nat" :
		vif->mode == VIF_ROUTED ? "routed" : "bridge";
}

static void format_mac(const struct vif *vif, char mac[18])
{
	snprintf(mac, 18, "%02x:%02x:%02x:%02x:%02x:%02x", vif->mac[0],
		 vif->mac[1], vif->mac[2], vif->mac[3], vif->mac[4],
		 vif->mac[5]);
}

static void add_text(struct json_object *o, const char *key, const char *text)
{
	json_object_object_add(o, key, json_object_new_string(text));
}

static void add_object(const struct device_view *view, const struct vif *vif,
		       struct json_object *array)
{
	struct json_object *o = json_object_new_object();
	const char *ip = view->config->values[VIF_KEY_IP];
	char mac[18];
	size_t i;

	format_mac(vif, mac);
	json_object_object_add(o, "devid",
			       json_object_new_int64(view->config->devid));
	add_text(o, "mac", mac);
	add_text(o, "mode", mode_name(vif));
	add_text(o, "vifname", vif->name);
	add_text(o, "ip", ip ? ip : "");
	json_object_object_add(o, "antispoof",
			       json_object_new_boolean(vif->antispoof));
	add_text(o, "state", view->state);
	json_object_object_add(o, "pid", json_object_new_int(view->pid));
	for (i = 0; i < ARRAY_SIZE(numbers); i++)
		json_object_object_add(o, numbers[i].name,
				       json_object_new_int64(view->count[numbers[i].counter]));
	device_add_rings(view, o);
	json_object_array_add(array, o);
}

static void print_line(const struct device_view *view,
		       struct json_object *array)
{
	const uint64_t *n = view->count;
	struct failure failure;
	struct vif vif;
	char mac[18];

	if (net_vif(view->config, &view->domain, &vif, &failure))
		return;
	if (array) {
		add_object(view, &vif, array);
		return;
	}
	format_mac(&vif, mac);
	printf("%-3u %-17s %-10s %-6s %-14s %9llu %9llu %8llu %8llu %6llu\n",
	       view->config->devid, mac, view->state, mode_name(&vif),
	       vif.name, (unsigned long long)n[NET_TX_PACKETS],
	       (unsigned long long)n[NET_RX_PACKETS],
	       (unsigned long long)(n[NET_TX_BYTES] >> 20),
	       (unsigned long long)(n[NET_RX_BYTES] >> 20),
	       (unsigned long long)(n[NET_TX_ERRORS] + n[NET_TX_REFUSED] +
				    n[NET_RX_ERRORS]));
}

int cmd_network_list(const struct invocation *inv)
{
	struct json_object *array = option(inv, 'j') ? json_object_new_array() :
		NULL;
	int status;

	if (!array)
		printf("%-3s %-17s %-10s %-6s %-14s %9s %9s %8s %8s %6s\n",
		       "Idx", "MAC", "State", "Mode", "Device", "Sent",
		       "Received", "MiB sent", "MiB rcvd", "Errors");
	status = device_list(inv->command->name, inv->args[0], DEVICE_VIF,
			     print_line, array);
	if (array && status == EXIT_DONE)
		json_print(array);
	return status;
}
