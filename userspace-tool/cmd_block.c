// SPDX-License-Identifier: GPL-2.0-only
/*
 * lodge block-attach, block-detach, block-list and block-resize.
 */
#include "backend/blk.h"
#include "cmd_device.h"
#include "command.h"
#include "device_vbd.h"
#include "json.h"

#include <json-c/json.h>
#include <stdio.h>

int cmd_block_attach(const struct invocation *inv)
{
	return device_attach(inv->command->name, inv->args[0], DEVICE_VBD,
			     inv->args + 1, inv->nr_args - 1);
}

/* 0, or an exit status after a message. */
static int get_number(const struct invocation *inv, uint32_t *number)
{
	if (!device_vbd_number(inv->args[1], number))
		return 0;
	msg_error(inv->command->name, inv->args[0], "\"%s\" is no disk",
		  inv->args[1]);
	msg_hint("as in the configuration: xvda, xvdb, ...");
	return EXIT_REFUSED;
}

int cmd_block_detach(const struct invocation *inv)
{
	uint32_t number;
	int status = get_number(inv, &number);

	return status ? : device_detach(inv->command->name, inv->args[0],
					DEVICE_VBD, number,
					!!option(inv, 'F'));
}

int cmd_block_resize(const struct invocation *inv)
{
	uint32_t number;
	int status = get_number(inv, &number);

	return status ? : device_reload(inv->command->name, inv->args[0],
					DEVICE_VBD, number);
}

/* --- the list --- */

static const struct {
	const char *name;
	enum blk_counter counter;
} numbers[] = {
	{ "reads", BLK_READS },
	{ "writes", BLK_WRITES },
	{ "flushes", BLK_FLUSHES },
	{ "discards", BLK_DISCARDS },
	{ "bytes_read", BLK_BYTES_READ },
	{ "bytes_written", BLK_BYTES_WRITTEN },
	{ "errors", BLK_ERRORS },
	{ "refused", BLK_REFUSED },
};

static void add_object(const struct device_view *view,
		       struct json_object *array)
{
	struct json_object *o = json_object_new_object();
	char *const *values = view->config->values;
	size_t i;

	json_object_object_add(o, "vdev",
			       json_object_new_string(view->config->label));
	json_object_object_add(o, "devid",
			       json_object_new_int64(view->config->devid));
	json_object_object_add(o, "target",
			       json_object_new_string(values[VBD_TARGET]));
	json_object_object_add(o, "access",
			       json_object_new_string(values[VBD_ACCESS]));
	json_object_object_add(o, "state",
			       json_object_new_string(view->state));
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
	char *const *values = view->config->values;
	const uint64_t *n = view->count;

	if (array) {
		add_object(view, array);
		return;
	}
	printf("%-8s %-10s %-6s %10llu %10llu %8llu %8llu %6llu  %s\n",
	       view->config->label, view->state, values[VBD_ACCESS],
	       (unsigned long long)n[BLK_READS],
	       (unsigned long long)n[BLK_WRITES],
	       (unsigned long long)(n[BLK_BYTES_READ] >> 20),
	       (unsigned long long)(n[BLK_BYTES_WRITTEN] >> 20),
	       (unsigned long long)(n[BLK_ERRORS] + n[BLK_REFUSED]),
	       values[VBD_TARGET]);
}

int cmd_block_list(const struct invocation *inv)
{
	struct json_object *array = option(inv, 'j') ? json_object_new_array() :
		NULL;
	int status;

	if (!array)
		printf("%-8s %-10s %-6s %10s %10s %8s %8s %6s  %s\n", "Vdev",
		       "State", "Access", "Reads", "Writes", "MiB read",
		       "MiB writ", "Errors", "Target");
	status = device_list(inv->command->name, inv->args[0], DEVICE_VBD,
			     print_line, array);
	if (array && status == EXIT_DONE)
		json_print(array);
	return status;
}
