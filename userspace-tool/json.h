/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the commands with --json share.
 */
#ifndef LODGE_JSON_H
#define LODGE_JSON_H

struct json_object;

/* Print @o for people and programs, and let go of it. */
void json_print(struct json_object *o);

#endif /* LODGE_JSON_H */
