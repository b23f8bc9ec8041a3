// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the commands with --json share.  See json.h.
 */
#include "json.h"

#include <json-c/json.h>
#include <stdio.h>

void json_print(struct json_object *o)
{
	puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PRETTY |
					    JSON_C_TO_STRING_SPACED |
					    JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(o);
}
